//! What the program writes to: colours, width, and the one way to print an error.

use crate::error::Error;
use crate::plan::Author;
use crate::state::host_name;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

/// What the program writes to.
#[derive(Clone, Debug)]
pub struct Terminal {
    /// Whether to colour what goes to standard error.
    pub colour: bool,
    /// Whether somebody watches standard error, so that bars may move.
    pub interactive: bool,
    /// How many columns standard output has; nothing where it isn't a terminal, which nothing is
    /// cut for.
    pub width: Option<usize>,
    /// How long compiling took, for the first line of a run; nothing in a built program.
    pub compiled_in: Option<Duration>,
    /// The git commit of the program; empty where it isn't known.
    pub commit: String,
}

impl Terminal {
    /// Looks at the streams of the process and at `NO_COLOR`.
    pub fn detect() -> Self {
        let interactive = std::io::stderr().is_terminal();
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let columns = std::env::var("COLUMNS")
            .ok()
            .and_then(|columns| columns.parse().ok());
        Self {
            colour: interactive && !no_colour,
            interactive,
            width: std::io::stdout()
                .is_terminal()
                .then(|| columns.unwrap_or(80)),
            compiled_in: None,
            commit: String::new(),
        }
    }

    /// Neither colours nor bars, and nothing cut: for tests and other programs.
    pub fn plain() -> Self {
        Self {
            colour: false,
            interactive: false,
            width: None,
            compiled_in: None,
            commit: String::new(),
        }
    }

    /// Who gives commands here, with the program's commit.
    pub fn author(&self) -> Author {
        let variable = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let user = variable("USER").or_else(|| variable("LOGNAME"));
        let user = user.unwrap_or_else(|| "somebody".to_owned());
        Author {
            name: format!("{user}@{}", host_name()),
            commit: self.commit.clone(),
        }
    }
}

/// Prints an error as all commands do and gives its exit code.
pub fn report(error: &Error, terminal: &Terminal) -> ExitCode {
    let head = format!("error[{}]", error.code);
    let head = if terminal.colour {
        format!("\u{1b}[1;31m{head}\u{1b}[0m")
    } else {
        head
    };
    let mut text = format!("{head}: {}\n", error.message);
    if let Some(hint) = &error.hint {
        text.push_str(&format!("hint: {hint}\n"));
    }
    say(&text);
    error.exit_code()
}

/// Writes to standard error.
pub(super) fn say(text: &str) {
    // Nobody is left to be told that standard error can't be written.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Writes data to standard output. A reader that has gone, as `head` does, is no error.
pub(super) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes a JSON document to standard output.
pub(super) fn print_json(document: &serde_json::Value) {
    print(&format!("{document:#}\n"));
}

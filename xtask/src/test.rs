//! `cargo xtask test`: everything that must hold before a change is merged.
//!
//! It needs cargo and nothing else. rustfmt and clippy are parts that a minimal toolchain lacks: without them the step
//! is left out with a note, except where the variable `CI` is set.

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use crate::extensions;
use crate::tidy;
use crate::toolchain::{Cargo, spoken};

/// A part of the toolchain that runs before the tests.
struct Lint {
    /// The cargo command; it asks the same command for its version to learn whether it is installed.
    command: &'static str,
    /// All arguments, the command first.
    arguments: &'static [&'static str],
    /// The name under which rustup installs it.
    component: &'static str,
}

const LINTS: [Lint; 2] = [
    Lint {
        command: "fmt",
        arguments: &["fmt", "--all", "--check"],
        component: "rustfmt",
    },
    Lint {
        command: "clippy",
        arguments: &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--keep-going",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ],
        component: "clippy",
    },
];

/// Runs all checks and tests, or with `filters` only the tests whose names contain one of them.
///
/// # Errors
/// Names the steps that failed; their output is on the screen by then.
pub fn run(cargo: &Cargo, root: &Path, filters: &[String]) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let mut failed = Vec::new();
    if filters.is_empty() {
        step("tidy", &mut failed, || tidy::run(root));
        for lint in &LINTS {
            step(lint.command, &mut failed, || run_lint(cargo, lint));
        }
    }
    step("tests", &mut failed, || run_tests(cargo, filters));
    let time = spoken(started.elapsed());
    if failed.is_empty() {
        eprintln!("xtask: all passed in {time}");
        Ok(())
    } else {
        Err(format!("failed after {time}: {}", failed.join(", ")).into())
    }
}

/// Runs one step, says how long it took, and keeps its name if it failed, so that one run shows all that is wrong.
fn step(
    name: &'static str,
    failed: &mut Vec<&'static str>,
    work: impl FnOnce() -> Result<(), Box<dyn Error>>,
) {
    eprintln!("xtask: {name}");
    let started = Instant::now();
    let outcome = work();
    let time = spoken(started.elapsed());
    match outcome {
        Ok(()) => eprintln!("xtask: {name} took {time}"),
        Err(error) => {
            eprintln!("xtask: {name} failed after {time}: {error}");
            failed.push(name);
        }
    }
}

fn run_lint(cargo: &Cargo, lint: &Lint) -> Result<(), Box<dyn Error>> {
    let mut version = cargo.command(&[lint.command, "--version"]);
    if !version
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?
        .success()
    {
        let note = format!("not installed (`rustup component add {}`)", lint.component);
        if env::var_os("CI").is_some() {
            return Err(note.into());
        }
        eprintln!("xtask: {} is {note}, left out", lint.command);
        return Ok(());
    }
    succeed(cargo, lint.arguments)
}

/// Names the folder of the corpora that some tests read: queries of others, which aren't part of the repository.
pub const CORPORA: &str = "DBGO_CORPORA";

/// The corpora: where the variable says, else in `shared/corpora` beside the repository. Without them the tests that
/// read them say that they were skipped.
pub fn corpora(root: &Path) -> Option<PathBuf> {
    let named = env::var_os(CORPORA)
        .filter(|named| !named.is_empty())
        .map(PathBuf::from);
    let folder = named.unwrap_or_else(|| root.join("../shared/corpora"));
    folder.canonicalize().ok()
}

/// The tests run `dbgo` as its users do, so it is built first; `DBGO_BIN` tells them where it is. Without the engine's
/// extensions some tests are left out, except where the variable `CI` is set.
fn run_tests(cargo: &Cargo, filters: &[String]) -> Result<(), Box<dyn Error>> {
    let dbgo = cargo.build_dbgo()?;
    let mut arguments = vec!["test", "--workspace", "--no-fail-fast", "--"];
    arguments.extend(filters.iter().map(String::as_str));
    let mut command = cargo.command(&arguments);
    command.env("DBGO_BIN", dbgo);
    if let Some(corpora) = corpora(cargo.root()) {
        command.env(CORPORA, corpora);
    }
    for extensions in [&extensions::GENERATORS, &extensions::LAKE] {
        match extensions.folder() {
            Ok(folder) => {
                command.env(extensions.variable, folder);
            }
            Err(error) if env::var_os("CI").is_some() => return Err(error),
            Err(error) => eprintln!("xtask: no extensions for {}: {error}", extensions.purpose),
        }
    }
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err("a test failed or did not compile".into())
    }
}

fn succeed(cargo: &Cargo, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let status = cargo.command(arguments).status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`cargo {}` failed", arguments.join(" ")).into())
    }
}

//! `state`

use super::apply::asked;
use super::run::carrying_out;
use super::terminal::{Terminal, say};
use crate::config::{self, Lookup};
use crate::error::{Code, Error, Kind, Result};
use crate::execute::{Mending, RunOptions, mend};
use crate::project::Project;
use crate::state::{State, StateAddress};
use clap::{Args, Subcommand};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Copy, move and mend the state database
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  state export shop.jsonl
  state import shop.jsonl
  state migrate")]
pub struct StateArguments {
    /// What to do with it
    #[command(subcommand)]
    pub command: StateCommand,
}

/// What can be done with a state database.
#[derive(Clone, Debug, Subcommand)]
pub enum StateCommand {
    /// Write what belongs to the project as lines of JSON (`dbgo/state/1`)
    Export {
        /// The file to write, which must not be there yet; standard output if none is named
        file: Option<PathBuf>,
        /// Write all projects of the state
        #[arg(long)]
        all: bool,
    },
    /// Read what `export` wrote into a state that has nothing of it
    Import {
        /// The file to read; standard input if none is named
        file: Option<PathBuf>,
    },
    /// Bring a state that an older version made to this version's layout
    Migrate {
        /// Where everything is written to before; `.dbgo/state-backup.jsonl` if nothing is said
        #[arg(long, value_name = "FILE")]
        backup: Option<PathBuf>,
    },
    /// Read all that is known of what was built anew from the engine's ledger
    Reconcile {
        /// An environment that lives on the engine; the project's default without it
        #[arg(long)]
        env: Option<String>,
    },
    /// Take over an engine that another state database wrote, which mustn't be used for it any more
    Adopt {
        /// An environment that lives on the engine; the project's default without it
        #[arg(long)]
        env: Option<String>,
        /// Don't ask
        #[arg(long)]
        yes: bool,
    },
    /// Forget what is known of models, so that the next run builds them from nothing
    Forget {
        /// The models
        #[arg(value_name = "MODEL", required = true)]
        models: Vec<String>,
        /// An environment that lives on their engine; the project's default without it
        #[arg(long)]
        env: Option<String>,
        /// Also those whose rows can't be computed again
        #[arg(long)]
        destroy_history: bool,
        /// Don't ask
        #[arg(long)]
        yes: bool,
    },
}

impl StateCommand {
    /// The environment whose engine it opens, if it opens one.
    pub fn environment(&self) -> Option<Option<&String>> {
        match self {
            StateCommand::Export { .. }
            | StateCommand::Import { .. }
            | StateCommand::Migrate { .. } => None,
            StateCommand::Reconcile { env }
            | StateCommand::Adopt { env, .. }
            | StateCommand::Forget { env, .. } => Some(env.as_ref()),
        }
    }
}

/// Copies, moves or mends the state database.
pub fn state(project: &Project, arguments: &StateArguments, terminal: &Terminal) -> ExitCode {
    super::finish(try_state(project, arguments, terminal), terminal)
}

fn try_state(
    project: &Project,
    arguments: &StateArguments,
    terminal: &Terminal,
) -> Result<ExitCode> {
    let lookup = Lookup::new(project.folder().unwrap_or_else(|| Path::new(".")))?;
    let address = config::state_address(project, &lookup)?;
    match &arguments.command {
        StateCommand::Export { file, all } => {
            let only = (!all).then(|| project.def.name.as_str());
            export(&existing(&address)?, only, file.as_deref())?;
        }
        StateCommand::Import { file } => import(&address, file.as_deref())?,
        StateCommand::Migrate { backup } => {
            let backup = match backup {
                Some(file) => file.clone(),
                None => unused(&project.resolve_path(".dbgo/state-backup.jsonl")),
            };
            migrate(&existing(&address)?, &backup)?;
        }
        StateCommand::Reconcile { env } => {
            mend_with(project, (&Mending::Reconcile, env.as_ref()), terminal)?;
        }
        StateCommand::Adopt { env, yes } => {
            let question = "take the engine over from the state that wrote it last";
            if agreed(*yes, question, terminal)? {
                mend_with(project, (&Mending::Adopt, env.as_ref()), terminal)?;
            }
        }
        StateCommand::Forget {
            models,
            env,
            destroy_history,
            yes,
        } => {
            let mending = Mending::Forget {
                models: models.clone(),
                destroy_history: *destroy_history,
            };
            let question = format!("forget what is known of `{}`", models.join("`, `"));
            if agreed(*yes, &question, terminal)? {
                mend_with(project, (&mending, env.as_ref()), terminal)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn agreed(yes: bool, question: &str, terminal: &Terminal) -> Result<bool> {
    if yes {
        return Ok(true);
    }
    asked(question, terminal, || {
        let message = format!("nobody can be asked whether to {question}");
        Error::new(Kind::Refused, Code::NeedsConfirmation, message).hint("`--yes` agrees to it")
    })
}

fn mend_with(
    project: &Project,
    (mending, environment): (&Mending, Option<&String>),
    terminal: &Terminal,
) -> Result<()> {
    let run = RunOptions {
        environment: environment.cloned(),
        author: terminal.author(),
        ..RunOptions::default()
    };
    let mended = carrying_out(terminal, |interrupt, _| {
        mend(project, (mending, &run), interrupt)
    })?;
    for note in &mended.notes {
        say(&format!("  {note}\n"));
    }
    for (word, versions) in [("found", &mended.found), ("forgot", &mended.forgotten)] {
        for version in versions {
            say(&format!("  {word} {version}\n"));
        }
    }
    let what = match (mending, mended.found.len() + mended.forgotten.len()) {
        (Mending::Adopt, _) => format!("`{}` belongs to this state now", mended.engine),
        (_, 0) => format!("the state is as `{}` says", mended.engine),
        (_, 1) => "1 version of a model is known otherwise now".to_owned(),
        (_, count) => format!("{count} versions of models are known otherwise now"),
    };
    say(&format!("  {what}\n"));
    Ok(())
}

/// The address, unless nothing is there: opening it would make a state.
fn existing(address: &StateAddress) -> Result<StateAddress> {
    if address.is_missing() {
        let message = format!("there is no state in `{}` yet", address.shown());
        return Err(Error::new(Kind::Failed, Code::StateFailed, message));
    }
    Ok(address.clone())
}

fn export(address: &StateAddress, project: Option<&str>, file: Option<&Path>) -> Result<()> {
    let mut state = State::open(address)?;
    match file {
        None => state.export(project, &mut std::io::stdout().lock())?,
        Some(path) => state.export(project, &mut create(path)?)?,
    }
    state.close()
}

fn import(address: &StateAddress, file: Option<&Path>) -> Result<()> {
    let mut input: Box<dyn BufRead> = match file {
        None => Box::new(std::io::stdin().lock()),
        Some(path) => Box::new(BufReader::new(File::open(path).map_err(|error| {
            let message = format!("can't read `{}`: {error}", path.display());
            Error::new(Kind::Finding, Code::StateImport, message)
        })?)),
    };
    let mut state = State::open(address)?;
    state.import(&mut input)?;
    state.close()
}

fn migrate(address: &StateAddress, backup: &Path) -> Result<()> {
    let mut copied = false;
    let (from, to) = State::migrate(address, || {
        copied = true;
        Ok(Box::new(create(backup)?))
    })?;
    if copied {
        say(&format!(
            "the state has the layout {to} now, and had {from}; everything that was in it is in `{}`\n",
            backup.display()
        ));
    } else {
        say(&format!("the state has the layout {to} already\n"));
    }
    Ok(())
}

/// A new file: what is there is never overwritten.
fn create(path: &Path) -> Result<BufWriter<File>> {
    let created = File::create_new(path);
    created.map(BufWriter::new).map_err(|error| {
        let message = format!("can't write `{}`: {error}", path.display());
        Error::new(Kind::Failed, Code::StateFailed, message)
    })
}

/// The path, or one with a number where something is there.
fn unused(path: &Path) -> PathBuf {
    let numbered = (2..).map(|number| path.with_extension(format!("{number}.jsonl")));
    let mut candidates = std::iter::once(path.to_owned()).chain(numbered);
    candidates
        .find(|candidate| !candidate.exists())
        .unwrap_or_else(|| path.to_owned())
}

//! The commands of a built program, which the tool `dbgo` shares.
//!
//! Each takes a project, its own arguments and the terminal, prints, and gives the exit code.
//! Data goes to standard output, talk to standard error. Nothing here decides what a run does.

mod apply;
mod arguments;
mod change_arguments;
mod commands;
mod env;
mod intervals;
mod janitor;
mod preview;
mod program;
mod render;
mod run;
mod runs;
mod show;
mod signals;
mod state;
mod table;
mod terminal;

pub use apply::{apply, plan, plans, promote, restate};
pub use arguments::{RenderArguments, RunArguments, RunsArguments, ShowArguments};
pub use change_arguments::{
    ApplyArguments, EnvArguments, PlanArguments, PlansArguments, PromoteArguments, RestateArguments,
};
pub use commands::{About, RuntimeCommand};
pub use env::env;
pub use intervals::{IntervalsArguments, intervals};
pub use janitor::{JanitorArguments, janitor};
pub use preview::{Preview, PreviewOptions, largest_step, preview};
pub use program::main;
pub use render::{query_text, render};
pub use run::run;
pub use runs::runs;
pub use show::show;
pub use signals::on_signal;
pub use state::{StateArguments, StateCommand, state};
pub use terminal::{Terminal, report};

use crate::error::Result;
use std::process::ExitCode;

/// The exit code of a command's result, with its error printed.
fn finish(result: Result<ExitCode>, terminal: &Terminal) -> ExitCode {
    result.unwrap_or_else(|error| report(&error, terminal))
}

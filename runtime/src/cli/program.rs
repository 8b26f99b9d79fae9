//! The command line of a built program.

use super::arguments::RenderArguments;
use super::commands::RuntimeCommand;
use super::terminal::{Terminal, report};
use crate::error::Kind;
use crate::project::Project;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use dbgo_contract::{ProjectDef, ShardDef};
use std::process::ExitCode;

#[derive(Parser)]
#[command(
    about = "Run the data models that this program was compiled from",
    version
)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Render(RenderArguments),
    #[command(flatten)]
    Project(RuntimeCommand),
}

/// Reads the process's arguments, does what they say and gives the exit code.
///
/// Relative paths of the project start at the working directory.
pub fn main(def: &'static ProjectDef, shards: &[&'static ShardDef]) -> ExitCode {
    let name = def.name.as_str();
    // clap wants static text, and this is made once per process.
    let version: &'static str = Box::leak(version(def).into_boxed_str());
    let command = Program::command().name(name).version(version);
    let program = match command
        .try_get_matches()
        .and_then(|found| Program::from_arg_matches(&found))
    {
        Ok(program) => program,
        Err(error) => {
            // Nobody is left to be told where neither stream can be written.
            let _ = error.print();
            let usage = error.use_stderr();
            return ExitCode::from(if usage { Kind::Usage.exit_status() } else { 0 });
        }
    };
    let terminal = Terminal::detect();
    let project = match Project::new(def, shards) {
        Ok(project) => project,
        Err(error) => return report(&error, &terminal),
    };
    match program.command {
        Command::Render(arguments) => super::render(&project, &arguments, &terminal),
        Command::Project(command) => command.execute(&project, &terminal),
    }
}

/// The first digits of the project's hash and the version of the tool that made it.
fn version(def: &'static ProjectDef) -> String {
    let hash = def.hash.as_str();
    format!(
        "{} (dbgo {})",
        hash.get(..8).unwrap_or(hash),
        def.tool_version
    )
}

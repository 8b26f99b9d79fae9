//! `dbgo`: the tool. It knows both the compiler and the runtime, and nothing else does.

/// Most of the tool's work is many small values, made by several threads at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod arguments;
mod bodies;
mod commands;
mod embedded;
#[cfg(engine_on_demand)]
mod engine_library;
mod exit;
mod libraries;
mod library;
mod oracle;
mod report;
mod revision;
mod workspace;

use arguments::{Arguments, Command, SourcesArguments, SourcesCommand};
use clap::Parser;
use dbgo_runtime::cli::{RuntimeCommand, Terminal};
use std::process::ExitCode;
use workspace::Workspace;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    execute(&arguments).unwrap_or_else(|code| code)
}

fn execute(arguments: &Arguments) -> Result<ExitCode, ExitCode> {
    let directory = arguments.directory.as_path();
    match &arguments.command {
        Command::Init(init) => commands::init::init(directory, init),
        Command::Explain(explain) => Ok(commands::explain::explain(explain)),
        Command::Check(check) => commands::check::check(directory, check),
        Command::Graph(graph) => commands::graph::graph(directory, graph),
        Command::Lineage(lineage) => commands::lineage::lineage(directory, lineage),
        Command::Impact(impact) => commands::impact::impact(directory, impact),
        Command::Sources(SourcesArguments {
            command: SourcesCommand::Pull(pull),
        }) => commands::sources::pull(directory, pull),
        Command::Render(render) => commands::render::render(directory, render),
        Command::Build(build) => commands::build::build(directory, build),
        Command::Project(command) => {
            let workspace = Workspace::open(directory)?;
            use RuntimeCommand::{Runs, Show, State};
            if !matches!(command, Show(_) | Runs(_) | State(_)) {
                commands::placeholders::check(&workspace, command.about())?;
            }
            let commit = revision::commit(&workspace.root).unwrap_or_default();
            let loaded = workspace.load()?;
            let mut terminal = Terminal::detect();
            terminal.compiled_in = Some(loaded.compiled_in);
            terminal.commit = commit;
            Ok(command.execute(&loaded.project, &terminal))
        }
    }
}

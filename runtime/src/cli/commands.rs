//! The commands that a built program and the tool have in common: they need a compiled project, and
//! nothing of its sources.

use super::arguments::{RunArguments, RunsArguments, ShowArguments};
use super::change_arguments::{
    ApplyArguments, EnvArguments, PlanArguments, PlansArguments, PromoteArguments, RestateArguments,
};
use super::terminal::Terminal;
use crate::project::Project;
use clap::Subcommand;
use std::process::ExitCode;

/// A command on a compiled project.
#[derive(Debug, Subcommand)]
pub enum RuntimeCommand {
    /// Show what would change in an environment, and store it as a plan
    Plan(PlanArguments),
    /// Carry out a plan: bring an environment to this project
    Apply(ApplyArguments),
    /// List the last plans
    Plans(PlansArguments),
    /// Make an environment show what another one shows
    Promote(PromoteArguments),
    /// List, show, make and remove environments, and take them back to what they were
    Env(EnvArguments),
    /// Build what is missing or out of date, and publish it
    Run(RunArguments),
    /// Compute the rows of a model again in a range of time, and of all that read it
    Restate(RestateArguments),
    /// Show the rows of a model, seed or source
    Show(ShowArguments),
    /// List what was run, or the steps of one run
    Runs(RunsArguments),
}

impl RuntimeCommand {
    /// Does what it says, and gives the exit code.
    pub fn execute(&self, project: &Project, terminal: &Terminal) -> ExitCode {
        match self {
            RuntimeCommand::Plan(arguments) => super::plan(project, arguments, terminal),
            RuntimeCommand::Apply(arguments) => super::apply(project, arguments, terminal),
            RuntimeCommand::Plans(arguments) => super::plans(project, arguments, terminal),
            RuntimeCommand::Promote(arguments) => super::promote(project, arguments, terminal),
            RuntimeCommand::Env(arguments) => super::env(project, arguments, terminal),
            RuntimeCommand::Run(arguments) => super::run(project, arguments, terminal),
            RuntimeCommand::Restate(arguments) => super::restate(project, arguments, terminal),
            RuntimeCommand::Show(arguments) => super::show(project, arguments, terminal),
            RuntimeCommand::Runs(arguments) => super::runs(project, arguments, terminal),
        }
    }
}

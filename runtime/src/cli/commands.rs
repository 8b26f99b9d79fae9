//! The commands that a built program and the tool have in common: they need a compiled project, and
//! nothing of its sources.

use super::arguments::{RunArguments, RunsArguments, ShowArguments};
use super::change_arguments::{
    ApplyArguments, EnvArguments, EnvCommand, PlanArguments, PlansArguments, PromoteArguments,
    RestateArguments,
};
use super::intervals::IntervalsArguments;
use super::janitor::JanitorArguments;
use super::state::StateArguments;
use super::terminal::Terminal;
use crate::environments::looks_like_a_plan;
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
    /// Show which ranges of time the tables of models have, and which are missing
    Intervals(IntervalsArguments),
    /// Show the rows of a model, seed or source
    Show(ShowArguments),
    /// List what was run, or the steps of one run
    Runs(RunsArguments),
    /// Remove what nobody needs any more
    Janitor(JanitorArguments),
    /// Copy, move and mend the state database
    State(StateArguments),
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
            RuntimeCommand::Intervals(arguments) => super::intervals(project, arguments, terminal),
            RuntimeCommand::Show(arguments) => super::show(project, arguments, terminal),
            RuntimeCommand::Runs(arguments) => super::runs(project, arguments, terminal),
            RuntimeCommand::Janitor(arguments) => super::janitor(project, arguments, terminal),
            RuntimeCommand::State(arguments) => super::state(project, arguments, terminal),
        }
    }

    /// The environment whose engine it needs, as far as its arguments tell.
    pub fn about(&self) -> About<'_> {
        match self {
            RuntimeCommand::Plan(arguments) => About::of(arguments.environment.as_ref()),
            RuntimeCommand::Run(arguments) => About::of(arguments.environment.as_ref()),
            RuntimeCommand::Restate(arguments) => About::of(arguments.env.as_ref()),
            RuntimeCommand::Show(arguments) => About::of(arguments.env.as_ref()),
            RuntimeCommand::Promote(arguments) => About::Environment(&arguments.to),
            RuntimeCommand::Apply(arguments) => match &arguments.what {
                // Only the plan knows what it is for.
                Some(what) if looks_like_a_plan(what) => About::Nothing,
                what => About::of(what.as_ref()),
            },
            RuntimeCommand::Env(arguments) => match &arguments.command {
                EnvCommand::Create { environment, .. }
                | EnvCommand::Drop { environment, .. }
                | EnvCommand::Rollback { environment, .. } => About::Environment(environment),
                EnvCommand::List { .. } | EnvCommand::Show { .. } | EnvCommand::History { .. } => {
                    About::Nothing
                }
            },
            RuntimeCommand::Plans(_)
            | RuntimeCommand::Runs(_)
            | RuntimeCommand::Intervals(_)
            | RuntimeCommand::Janitor(_) => About::Nothing,
            RuntimeCommand::State(arguments) => match arguments.command.environment() {
                Some(environment) => About::of(environment),
                None => About::Nothing,
            },
        }
    }
}

/// What a command is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About<'c> {
    /// No environment's engine, or one that can't be told before the state is read.
    Nothing,
    /// The project's default environment.
    Default,
    /// The environment of this name, as it was given.
    Environment(&'c str),
}

impl<'c> About<'c> {
    fn of(environment: Option<&'c String>) -> Self {
        environment.map_or(About::Default, |name| About::Environment(name))
    }
}

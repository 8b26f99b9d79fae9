//! The arguments of the commands that change environments, with their help.

use crate::plan::PlanOptions;
use clap::{Args, Subcommand};

/// What a plan is made with
#[derive(Args, Clone, Debug, Default)]
pub struct PlanChoices {
    /// Change only these models
    #[arg(short, long, value_name = "SELECTOR", num_args = 1..)]
    pub select: Vec<String>,
    /// Leave these models as they are
    #[arg(long, value_name = "SELECTOR", num_args = 1..)]
    pub exclude: Vec<String>,
    /// Fill models from here on only, which makes previews of them: a date, or `30 days ago`
    #[arg(long, value_name = "TIME")]
    pub start: Option<String>,
    /// Fill models up to here, exclusive
    #[arg(long, value_name = "TIME")]
    pub end: Option<String>,
    /// Let changed models keep their tables and go on with the new query
    #[arg(long)]
    pub forward_only: bool,
    /// Build tables anew though nothing changed, but for those whose rows can't be computed again
    #[arg(long)]
    pub full_refresh: bool,
    /// Give up the rows of this model that can't be computed again, where it is built anew
    #[arg(long, value_name = "MODEL", num_args = 1..)]
    pub destroy_history: Vec<String>,
    /// Give models whose tables a protected environment shows tables of this environment's own
    #[arg(long, conflicts_with = "no_fork")]
    pub fork: bool,
    /// Show the tables that protected environments show again, in place of tables of its own
    #[arg(long)]
    pub no_fork: bool,
    /// Compute the rows of this model again, from `--start` to `--end`, and of all that read it
    #[arg(long, value_name = "MODEL", num_args = 1.., requires = "start")]
    pub restate: Vec<String>,
    /// The value of a variable
    #[arg(long, value_name = "NAME=VALUE")]
    pub var: Vec<String>,
}

impl PlanChoices {
    /// What a plan is made with.
    pub fn options(&self) -> PlanOptions {
        PlanOptions {
            select: self.select.clone(),
            exclude: self.exclude.clone(),
            start: self.start.clone(),
            end: self.end.clone(),
            forward_only: self.forward_only,
            full_refresh: self.full_refresh,
            destroy_history: self.destroy_history.clone(),
            fork: self.fork,
            no_fork: self.no_fork,
            restate: self.restate.clone(),
            variables: self.var.clone(),
        }
    }
}

/// Show what would change in an environment, and store it as a plan
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "\
Examples:
  plan                     what `apply` would do in the default environment
  plan prod --sql          with the difference of each query
  plan prod --detect       exit code 5 if anything would change

Exit codes: 0 ok, 2 usage, 3 refused, 4 the state database failed, 5 changes
(with --detect)")]
pub struct PlanArguments {
    /// The environment; the project's default without it
    #[arg(value_name = "ENV")]
    pub environment: Option<String>,
    /// What the plan is made with
    #[command(flatten)]
    pub choices: PlanChoices,
    /// Show the difference of each query
    #[arg(long)]
    pub sql: bool,
    /// Show all columns that are reached, and all models
    #[arg(long)]
    pub columns: bool,
    /// Open the engine as well, and look for tables and views that were altered by hand
    #[arg(long)]
    pub online: bool,
    /// Exit with 5 if anything would change, or with `--online` was altered by hand
    #[arg(long)]
    pub detect: bool,
    /// Write the plan as JSON (`dbgo/plan/1`)
    #[arg(long)]
    pub json: bool,
}

/// List the last plans
#[derive(Args, Clone, Debug)]
pub struct PlansArguments {
    /// Only those of this environment
    #[arg(value_name = "ENV")]
    pub environment: Option<String>,
    /// The most plans to list
    #[arg(short, long, value_name = "N", default_value_t = 20)]
    pub limit: u32,
    /// Write them as JSON (`dbgo/plans/1`)
    #[arg(long)]
    pub json: bool,
}

/// How a plan is carried out
#[derive(Args, Clone, Debug, Default)]
pub struct CarryOut {
    /// Ask nobody
    #[arg(short, long)]
    pub yes: bool,
    /// Make all views anew, and tables whose columns were altered by hand
    #[arg(long)]
    pub repair: bool,
    /// Build everything anew in a database that has nothing of what the state knows of
    #[arg(long)]
    pub rebuild: bool,
    /// How many models are built at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub workers: Option<u16>,
    /// Start nothing new after a failure
    #[arg(long)]
    pub fail_fast: bool,
    /// Wait for a database, or for tables, that another process holds, at most so many seconds
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "600")]
    pub wait: Option<u64>,
    /// Write what happened as JSON (`dbgo/run/1`)
    #[arg(long)]
    pub json: bool,
}

/// Carry out a plan: bring an environment to this project
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "\
Examples:
  apply                    plan for the default environment, ask, and do it
  apply 51c0e2d9           do just what this plan says
  apply prod --yes
  apply prod --continue    end what was begun and broken off
  apply --fork --select daily_delays
                           with a table of its own, which may be filled and
                           computed again without touching prod's

Exit codes: 0 ok, 1 a model failed, 2 usage, 3 refused, 4 the engine or the
state database failed, 130 interrupted")]
pub struct ApplyArguments {
    /// An environment, or the id of a plan; the project's default environment without it
    #[arg(value_name = "ENV|PLAN")]
    pub what: Option<String>,
    /// What a new plan is made with
    #[command(flatten)]
    pub choices: PlanChoices,
    /// How it is carried out
    #[command(flatten)]
    pub carry_out: CarryOut,
    /// End the plan that was begun in this environment and isn't done
    #[arg(long = "continue", conflicts_with = "abandon")]
    pub go_on: bool,
    /// Give up the plan that was begun in this environment and isn't done
    #[arg(long)]
    pub abandon: bool,
}

/// Make an environment show what another one shows
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  promote staging prod\n  promote dev_ana prod --yes")]
pub struct PromoteArguments {
    /// The environment that has it
    #[arg(value_name = "FROM")]
    pub from: String,
    /// The environment that gets it
    #[arg(value_name = "TO")]
    pub to: String,
    /// Overwrite what changed in the target since the other one was taken from it
    #[arg(long)]
    pub rebase: bool,
    /// How it is carried out
    #[command(flatten)]
    pub carry_out: CarryOut,
}

/// List, show, make and remove environments, and take them back to what they were
#[derive(Args, Clone, Debug)]
pub struct EnvArguments {
    /// What to do with them
    #[command(subcommand)]
    pub command: EnvCommand,
}

/// What can be done with environments.
#[derive(Subcommand, Clone, Debug)]
pub enum EnvCommand {
    /// List all environments
    List {
        /// Write them as JSON (`dbgo/environments/1`)
        #[arg(long)]
        json: bool,
    },
    /// Show an environment and its models
    Show {
        /// The environment; the project's default without it
        #[arg(value_name = "ENV")]
        environment: Option<String>,
        /// Write it as JSON (`dbgo/environment/1`)
        #[arg(long)]
        json: bool,
    },
    /// Make an environment that shows what another one does; no data is copied
    Create {
        /// The new environment
        #[arg(value_name = "ENV")]
        environment: String,
        /// The environment that it starts as
        #[arg(long, value_name = "BASE")]
        from: String,
        /// How it is carried out
        #[command(flatten)]
        carry_out: CarryOut,
    },
    /// Remove an environment's views and forget it; tables go later, if nobody needs them
    Drop {
        /// The environment
        #[arg(value_name = "ENV")]
        environment: String,
        /// Drop its table of this model too, whose rows can't be computed again, if nobody else shows it
        #[arg(long, value_name = "MODEL", num_args = 1..)]
        destroy_history: Vec<String>,
        /// Ask nobody
        #[arg(short, long)]
        yes: bool,
    },
    /// Take an environment back to what it showed before
    Rollback {
        /// The environment
        #[arg(value_name = "ENV")]
        environment: String,
        /// The revision; the one before the present one without it
        #[arg(long, value_name = "REVISION")]
        to: Option<u64>,
        /// How it is carried out
        #[command(flatten)]
        carry_out: CarryOut,
    },
    /// List what an environment showed, newest first
    History {
        /// The environment; the project's default without it
        #[arg(value_name = "ENV")]
        environment: Option<String>,
        /// The most revisions to list
        #[arg(short, long, value_name = "N", default_value_t = 20)]
        limit: u32,
        /// Write them as JSON (`dbgo/history/1`)
        #[arg(long)]
        json: bool,
    },
}

/// Compute the rows of a model again in a range of time, and of all that read it
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:\n  restate daily_delays --start 2024-01-01 --end 2024-02-01")]
pub struct RestateArguments {
    /// The models
    #[arg(value_name = "MODEL", required = true, num_args = 1..)]
    pub models: Vec<String>,
    /// The first instant
    #[arg(long, value_name = "TIME")]
    pub start: String,
    /// The instant after the last; now without it
    #[arg(long, value_name = "TIME")]
    pub end: Option<String>,
    /// The environment; the project's default without it
    #[arg(long, value_name = "ENV")]
    pub env: Option<String>,
    /// Do it in a table of this environment's own, where a protected environment shows the model's
    #[arg(long)]
    pub fork: bool,
    /// Give up the rows of this model that can't be computed again
    #[arg(long, value_name = "MODEL", num_args = 1..)]
    pub destroy_history: Vec<String>,
    /// How it is carried out
    #[command(flatten)]
    pub carry_out: CarryOut,
}

//! The arguments of the commands, with their help.

use clap::Args;

/// Build what is missing or changed, and publish it
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "\
Examples:
  run                                 everything that is missing or changed
  run --select +marts.daily_delays    one model and all that it reads
  run --select tag:marts,kind:table --exclude stg_*
  run --select result:failed          what failed the last time

Exit codes: 0 ok, 1 a model failed, 2 usage, 3 refused, 4 the engine or the
state database failed, 130 interrupted")]
pub struct RunArguments {
    /// The environment; the project's default without it
    #[arg(value_name = "ENV")]
    pub environment: Option<String>,
    /// Only these models: `name`, `stg_*`, `+name`, `name+`, `path:`, `tag:`, `kind:`, `owner:`,
    /// `source:`, `changed`, `result:failed`; a space is or, a comma is and
    #[arg(short, long, value_name = "SELECTOR", num_args = 1..)]
    pub select: Vec<String>,
    /// Not these models
    #[arg(long, value_name = "SELECTOR", num_args = 1..)]
    pub exclude: Vec<String>,
    /// Build tables anew though nothing changed, but for those whose rows can't be computed again
    #[arg(long)]
    pub full_refresh: bool,
    /// Give up the rows of this model that can't be computed again, where it is built anew
    #[arg(long, value_name = "MODEL", num_args = 1..)]
    pub destroy_history: Vec<String>,
    /// Make all views anew, and tables whose columns were altered by hand
    #[arg(long)]
    pub repair: bool,
    /// Build everything anew in a database that has nothing of what the state knows of
    #[arg(long)]
    pub rebuild: bool,
    /// How many models are built at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256), allow_negative_numbers = true)]
    pub workers: Option<u16>,
    /// Start nothing new after a failure
    #[arg(long)]
    pub fail_fast: bool,
    /// The value of a variable
    #[arg(long, value_name = "NAME=VALUE")]
    pub var: Vec<String>,
    /// Wait for a database, or for tables, that another process holds, at most so many seconds
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "600")]
    pub wait: Option<u64>,
    /// Write what happened as JSON (`dbgo/run/1`)
    #[arg(long)]
    pub json: bool,
}

/// Show rows of a model, a seed or a source
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  show daily_delays
  show marts.daily_delays --limit 100 --json")]
pub struct ShowArguments {
    /// The model: `name`, `schema.name` or its import path
    pub model: String,
    /// The environment; the project's default without it
    #[arg(long, value_name = "ENV")]
    pub env: Option<String>,
    /// The most rows to show
    #[arg(
        short,
        long,
        value_name = "N",
        default_value_t = 10,
        allow_negative_numbers = true
    )]
    pub limit: u64,
    /// Write the rows as JSON (`dbgo/show/1`)
    #[arg(long)]
    pub json: bool,
}

/// Show the SQL of a model as it would run
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  render daily_delays
  render daily_delays --incremental
  render daily_delays --var min_flights=10")]
pub struct RenderArguments {
    /// The model: `name`, `schema.name` or its import path
    pub model: String,
    /// The environment; the project's default without it
    #[arg(long, value_name = "ENV")]
    pub env: Option<String>,
    /// Only the query that adds rows to a table that is there
    #[arg(long, conflicts_with = "full_refresh")]
    pub incremental: bool,
    /// Only the query that builds the table anew on request
    #[arg(long)]
    pub full_refresh: bool,
    /// The value of a variable
    #[arg(long, value_name = "NAME=VALUE")]
    pub var: Vec<String>,
    /// Write the queries as JSON (`dbgo/render/1`)
    #[arg(long)]
    pub json: bool,
}

/// List the last runs, or what happened in one
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  runs
  runs 8f20a4d1 --json")]
pub struct RunsArguments {
    /// The run's id, or its first digits
    pub id: Option<String>,
    /// The most runs to list
    #[arg(
        short,
        long,
        value_name = "N",
        default_value_t = 20,
        allow_negative_numbers = true
    )]
    pub limit: u32,
    /// Write them as JSON (`dbgo/runs/1`)
    #[arg(long)]
    pub json: bool,
}

//! The command line of `dbgo`.

use clap::{Args, Parser, Subcommand, ValueEnum};
use dbgo_runtime::cli::{RenderArguments, RuntimeCommand};
use std::path::PathBuf;

/// dbgo turns a folder of SQL data models into compiled software.
#[derive(Debug, Parser)]
#[command(name = "dbgo", version, max_term_width = 100)]
#[command(after_help = "Start with `dbgo init shop --example`, then `cd shop` and `dbgo run`.")]
pub struct Arguments {
    /// The project's folder, or one below it
    #[arg(
        long,
        short = 'C',
        value_name = "DIR",
        global = true,
        default_value = "."
    )]
    pub directory: PathBuf,

    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a new project: settings, a seed and two models
    #[command(
        after_help = "Examples:\n  dbgo init shop\n  dbgo init flights --example\n  dbgo init --ci github"
    )]
    Init(InitArguments),
    /// Find every mistake in the project without running it
    #[command(
        after_help = "Examples:\n  dbgo check\n  dbgo check --fix\n  dbgo check --engine\n  dbgo check --format github --deny warnings"
    )]
    Check(CheckArguments),
    /// Show which model reads which
    #[command(
        after_help = "Examples:\n  dbgo graph | dot -Tsvg > graph.svg\n  dbgo graph --format mermaid"
    )]
    Graph(GraphArguments),
    /// Show what a model's columns are made of, and what is made of them
    #[command(
        after_help = "Examples:\n  dbgo lineage daily_delays\n  dbgo lineage marts.daily_delays.avg_departure_delay --up\n  dbgo lineage sources.raw.orders.amount --down --format mermaid"
    )]
    Lineage(LineageArguments),
    /// Show what breaks or changes if a model or one of its columns does
    #[command(
        after_help = "Examples:\n  dbgo impact stg_flights.departure_delay\n  dbgo impact staging.stg_flights --json\n  dbgo impact --since main"
    )]
    Impact(ImpactArguments),
    /// Show the SQL of a model, for each of its variants
    #[command(
        after_help = "Examples:\n  dbgo render daily_delays\n  dbgo render daily_delays --config"
    )]
    Render(RenderCommand),
    /// Make one executable of the project that needs neither sources nor a toolchain
    #[command(
        after_help = "Examples:\n  dbgo build\n  dbgo build --output dist\n  dbgo build --interfaces"
    )]
    Build(BuildArguments),
    /// Keep the files of sources true to the engine's tables
    Sources(SourcesArguments),
    /// Explain a kind of finding
    #[command(after_help = "Examples:\n  dbgo explain unknown-column\n  dbgo explain")]
    Explain(ExplainArguments),
    /// What a compiled project can do, this one and a built program.
    #[command(flatten)]
    Project(RuntimeCommand),
}

/// `dbgo sources`
#[derive(Debug, Args)]
pub struct SourcesArguments {
    /// What to do with them
    #[command(subcommand)]
    pub command: SourcesCommand,
}

/// What can be done with sources.
#[derive(Debug, Subcommand)]
pub enum SourcesCommand {
    /// Write the columns of the engine's tables into `sources/`
    #[command(
        after_help = "Examples:\n  dbgo sources pull raw.orders raw.customers\n  dbgo sources pull 'raw.*'\n  dbgo sources pull"
    )]
    Pull(PullArguments),
}

/// `dbgo sources pull`
#[derive(Debug, Args)]
pub struct PullArguments {
    /// Tables as `schema.name`, or all of a schema as `schema.*`; without any, those that have a file
    #[arg(value_name = "TABLE")]
    pub tables: Vec<String>,
    /// Say what differs and write nothing; exit with 1 if something does
    #[arg(long)]
    pub check: bool,
}

/// `dbgo init`
#[derive(Debug, Args)]
pub struct InitArguments {
    /// The folder to write to; made if it doesn't exist
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// Write the example project: flights from New York in 2013
    #[arg(long)]
    pub example: bool,
    /// Only write a workflow for continuous integration, for the project that is there
    #[arg(long, value_name = "HOST", value_enum, conflicts_with = "example")]
    pub ci: Option<CiHost>,
}

/// Who runs continuous integration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CiHost {
    /// GitHub Actions
    Github,
}

/// How findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// With the lines of the files that they point to
    Full,
    /// One line each
    Concise,
    /// As a JSON document
    Json,
    /// As commands of GitHub Actions, which show them beside the lines of a pull request
    Github,
    /// As a log of SARIF 2.1.0
    Sarif,
    /// As a report of JUnit: a test for each file, which fails if the file has an error
    Junit,
}

/// What makes `dbgo check` fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    /// Warnings as well as errors
    Warnings,
}

/// `dbgo check`
#[derive(Debug, Args)]
pub struct CheckArguments {
    /// How findings are shown
    #[arg(long, value_enum, default_value_t = Format::Full)]
    pub format: Format,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Have the engine prepare every query as well, over empty tables; `dbgo build` always does
    #[arg(long)]
    pub engine: bool,
    /// Fail on these as well
    #[arg(long, value_enum)]
    pub deny: Option<Deny>,
    /// Write the fixes of findings that have one answer into the files, then check again
    #[arg(long)]
    pub fix: bool,
}

/// How a graph is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// Graphviz
    Dot,
    /// Mermaid
    Mermaid,
    /// A JSON document
    Json,
}

/// `dbgo graph`
#[derive(Debug, Args)]
pub struct GraphArguments {
    /// How the graph is written
    #[arg(long, value_enum, default_value_t = GraphFormat::Dot)]
    pub format: GraphFormat,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
}

/// How lineage is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LineageFormat {
    /// For people
    Text,
    /// A JSON document
    Json,
    /// Mermaid
    Mermaid,
}

/// `dbgo lineage`
#[derive(Debug, Args)]
pub struct LineageArguments {
    /// The model, seed or source, by import path, relation or name; with a column, that alone
    #[arg(value_name = "MODEL[.COLUMN]")]
    pub name: String,
    /// Only what it is made of, down to sources and seeds
    #[arg(long)]
    pub up: bool,
    /// Only what is made of it
    #[arg(long)]
    pub down: bool,
    /// How it is written
    #[arg(long, value_enum, default_value_t = LineageFormat::Text)]
    pub format: LineageFormat,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
}

/// How an impact is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImpactFormat {
    /// For people
    Text,
    /// A JSON document
    Json,
    /// For the description of a pull request, with `--since`
    Markdown,
}

/// `dbgo impact`
#[derive(Debug, Args)]
pub struct ImpactArguments {
    /// The model, seed or source, by import path, relation or name; with a column, that alone
    #[arg(value_name = "MODEL[.COLUMN]", conflicts_with = "since")]
    pub name: Option<String>,
    /// All that differs from this revision of the git repository
    #[arg(long, value_name = "REVISION")]
    pub since: Option<String>,
    /// How it is written: `text`, and with `--since` `markdown`, unless said otherwise
    #[arg(long, value_enum)]
    pub format: Option<ImpactFormat>,
    /// The same as `--format json`
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
}

impl ImpactArguments {
    /// The format that is asked for.
    pub fn wanted(&self) -> Option<ImpactFormat> {
        match self.json {
            true => Some(ImpactFormat::Json),
            false => self.format,
        }
    }
}

/// `dbgo render`
#[derive(Debug, Args)]
pub struct RenderCommand {
    /// What the runtime takes as well
    #[command(flatten)]
    pub render: RenderArguments,
    /// Show each setting of the model and where it comes from
    #[arg(long)]
    pub config: bool,
}

/// `dbgo build`
#[derive(Debug, Args)]
pub struct BuildArguments {
    /// The folder for the executable and its library
    #[arg(long, short, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// The folder for compiled crates; `.dbgo/target` unless said otherwise. Projects may share one
    #[arg(long, value_name = "DIR")]
    pub target_dir: Option<PathBuf>,
    /// Only write the Rust that other programs read rows with
    #[arg(long, conflicts_with = "output")]
    pub interfaces: bool,
}

/// `dbgo explain`
#[derive(Debug, Args)]
pub struct ExplainArguments {
    /// The code, as in `error[unknown-column]`; without one, all are listed
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

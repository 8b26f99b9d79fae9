//! `dbgo.toml`: from its text to settings, every value with its place.
//!
//! The only reader of that file; a built program gets the settings through its definition.
//! `${VAR}` is checked for its form and left as it is: it is read when an engine or the state is
//! opened.

mod defaults;
mod engines;
pub mod environments;
mod placeholders;
mod read;
mod run;
mod table;

#[cfg(test)]
mod tests;

use crate::diagnostic::Diagnostic;
use crate::header::Config;
use crate::header::time::Duration;
use crate::span::{FileId, Span, Spanned};

pub use environments::{Environment, Publish, Views};

/// The settings of a project.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What state and physical names are keyed by: letters, digits and `_`.
    pub name: Spanned<String>,
    /// The dialect that models are written in.
    pub dialect: Dialect,
    /// `[defaults]` (folder: empty) and `[defaults."folder"]`, in the order of their folders.
    pub defaults: Vec<FolderDefaults>,
    /// `[vars]`, in the order of the file.
    pub variables: Vec<Variable>,
    /// The engines in the order of the file; at least one.
    pub engines: Vec<Engine>,
    /// `[state] url`.
    pub state_url: Option<Spanned<String>>,
    /// `[env] default`; `dev_${USER}` without one, and then its place is empty.
    pub default_environment: Spanned<String>,
    /// `[env.X]`, in the order of the file.
    pub environments: Vec<Environment>,
    /// `[run]`
    pub run: Run,
    /// `[retention]`
    pub retention: Retention,
    /// `[dev]`
    pub dev: Development,
}

/// How `dbgo dev` behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Development {
    /// A model is built as it is saved if nothing that its query reads has more rows than this.
    pub auto_rows: u64,
}

impl Default for Development {
    fn default() -> Self {
        Self {
            auto_rows: 1_000_000,
        }
    }
}

/// What surrounds every run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// How many models run at once; `None`: as many as the machine has processors.
    pub workers: Option<u32>,
    /// Statements that run before anything is built, in a transaction of their own.
    pub before: Vec<Spanned<String>>,
    /// Statements that run after everything is published, in a transaction of their own.
    pub after: Vec<Spanned<String>>,
    /// How long a lease holds without a sign of life; `None`: 30 seconds.
    pub lease: Option<Spanned<Duration>>,
    /// The longest that a publication waits for others; `None`: 5 minutes.
    pub publish_timeout: Option<Spanned<Duration>>,
}

/// How long what isn't needed any more is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Retention {
    /// Versions of models that no environment shows; `None`: 7 days.
    pub versions: Option<Spanned<Duration>>,
    /// What environments were, so that they can be rolled back; `None`: 90 days.
    pub history: Option<Spanned<Duration>>,
}

/// A SQL dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// DuckDB's.
    DuckDb,
}

impl Dialect {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Dialect::DuckDb => "duckdb",
        }
    }
}

/// The defaults of a folder.
#[derive(Clone, Debug, PartialEq)]
pub struct FolderDefaults {
    /// The folder relative to the project's, without a slash at its end; empty for the project.
    pub folder: String,
    /// Where the table begins.
    pub span: Span,
    /// What it says.
    pub config: Config,
}

/// One of `[vars]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// The name.
    pub name: Spanned<String>,
    /// The value.
    pub value: Spanned<VariableValue>,
}

/// The value of a variable.
#[derive(Clone, Debug, PartialEq)]
pub enum VariableValue {
    /// A single value.
    Scalar(Scalar),
    /// A list, which is a constant when compiling.
    List(Vec<Scalar>),
}

/// A single value.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// A text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Another number, as it was written.
    Number(String),
    /// `true` or `false`
    Bool(bool),
}

impl Scalar {
    /// The value as SQL writes it, a text with quotes.
    pub fn to_sql(&self) -> String {
        match self {
            Scalar::Text(text) => format!("'{}'", text.replace('\'', "''")),
            _ => self.to_text(),
        }
    }

    /// The value as text, without quotes.
    pub fn to_text(&self) -> String {
        match self {
            Scalar::Text(text) | Scalar::Number(text) => text.clone(),
            Scalar::Integer(number) => number.to_string(),
            Scalar::Bool(value) => value.to_string(),
        }
    }
}

/// A place where tables live.
#[derive(Clone, Debug, PartialEq)]
pub struct Engine {
    /// The name: `local` in `[engine.local]`.
    pub name: Spanned<String>,
    /// The type.
    pub kind: EngineKind,
    /// The database file, relative to the project's folder, or the address of a lake's catalogue, with
    /// `${VAR}` unexpanded.
    pub location: Spanned<String>,
    /// What else a type needs, by its key: `data` and `extensions` of a lake.
    pub options: Vec<(&'static str, Spanned<String>)>,
    /// The engine's own settings: `[engine.local.settings]`.
    pub settings: Vec<(Spanned<String>, Spanned<Scalar>)>,
}

/// The type of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineKind {
    /// A database file of DuckDB.
    DuckDb,
    /// Tables of DuckLake: a catalogue in Postgres, rows in files of Parquet.
    DuckLake,
}

impl EngineKind {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            EngineKind::DuckDb => "duckdb",
            EngineKind::DuckLake => "ducklake",
        }
    }

    /// The key that says where it is.
    pub const fn location_key(self) -> &'static str {
        match self {
            EngineKind::DuckDb => "path",
            EngineKind::DuckLake => "catalog",
        }
    }
}

/// Reads `dbgo.toml`.
///
/// All that can be read is in the result, beside the findings about the rest; what is missing or
/// wrong has its default.
pub fn parse(file: FileId, text: &str) -> (Settings, Vec<Diagnostic>) {
    read::parse(file, text)
}

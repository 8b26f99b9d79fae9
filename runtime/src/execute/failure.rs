//! Why a model wasn't built, and engine errors as errors of a command.

use crate::adapters::{EngineError, ErrorClass};
use crate::config::EngineSettings;
use crate::error::{Error, Kind};

/// Why a model wasn't built.
#[derive(Clone, Debug)]
pub struct Failure {
    /// One line.
    pub message: String,
    /// More lines; empty without any.
    pub detail: String,
    /// What it means for the whole run.
    pub kind: Kind,
}

impl Failure {
    /// A check of the model's rows, or of what it needs, that didn't hold.
    pub fn finding(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            detail: String::new(),
            kind: Kind::Finding,
        }
    }

    /// The same failure with more lines.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let mut lines = error.message.trim().lines();
        let message = lines.next().unwrap_or("the engine failed").to_owned();
        Self {
            message,
            detail: lines.collect::<Vec<_>>().join("\n"),
            kind: kind_of(&error.class),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self {
            message: error.message,
            detail: error
                .hint
                .map(|hint| format!("hint: {hint}"))
                .unwrap_or_default(),
            kind: error.kind,
        }
    }
}

fn kind_of(class: &ErrorClass) -> Kind {
    match class {
        ErrorClass::Interrupted => Kind::Interrupted,
        ErrorClass::Lost | ErrorClass::DiskFull | ErrorClass::Io => Kind::Failed,
        _ => Kind::Finding,
    }
}

/// An engine's error where it is opened or looked into. Its message may hold the location.
pub fn opening_failed(error: &EngineError, engine: &EngineSettings) -> Error {
    let error = EngineError {
        message: engine.conceal(&error.message),
        ..error.clone()
    };
    engine_failed(&error, &engine.shown)
}

/// An engine's error outside of any model, as one that ends the command.
pub fn engine_failed(error: &EngineError, shown: &str) -> Error {
    match &error.class {
        ErrorClass::HeldByOther { pid, program } => {
            let holder = match (pid, program) {
                (Some(pid), Some(program)) => format!("process {pid} (`{program}`)"),
                (Some(pid), None) => format!("process {pid}"),
                _ => "another process".to_owned(),
            };
            Error::new(
                Kind::Refused,
                "database-held",
                format!("`{shown}` is held by {holder}"),
            )
            .hint("a DuckDB file belongs to one process at a time; end the other one first")
        }
        ErrorClass::Interrupted => Error::new(Kind::Interrupted, "interrupted", "interrupted"),
        _ => Error::new(
            Kind::Failed,
            "engine-failed",
            format!("`{shown}`: {}", error.message.trim()),
        ),
    }
}

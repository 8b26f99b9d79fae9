//! Why a model wasn't built, and engine errors as errors of a command.

use super::audits::Found;
use crate::adapters::{EngineError, ErrorClass};
use crate::config::EngineSettings;
use crate::error::{Code, Error, Kind};

/// Why a model wasn't built.
#[derive(Clone, Debug)]
pub struct Failure {
    /// One line.
    pub message: String,
    /// More lines; empty without any.
    pub detail: String,
    /// What it means for the whole run. A refusal is that of everything: the lease is lost.
    pub kind: Kind,
    /// What the model's audits found, where they ran.
    pub audits: Vec<Found>,
}

impl Failure {
    /// A check of the model's rows, or of what it needs, that didn't hold.
    pub fn finding(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            detail: String::new(),
            kind: Kind::Finding,
            audits: Vec::new(),
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
        let text = match error.class {
            ErrorClass::Fenced => format!("{}\n{}", error.message, where_to_read(Code::Fenced)),
            _ => error.message,
        };
        let mut lines = text.trim().lines();
        let message = lines.next().unwrap_or("the engine failed").to_owned();
        Self {
            message,
            detail: lines.collect::<Vec<_>>().join("\n"),
            kind: kind_of(&error.class),
            audits: Vec::new(),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        // A model's line has no place for the code, which says where to read more.
        let mut detail = error
            .hint
            .map(|hint| format!("hint: {hint}\n"))
            .unwrap_or_default();
        detail.push_str(&where_to_read(error.code));
        Self {
            message: error.message,
            detail,
            // A refusal of one model is a failed model for the run.
            kind: match error.kind {
                Kind::Refused => Kind::Finding,
                kind => kind,
            },
            audits: Vec::new(),
        }
    }
}

fn where_to_read(code: Code) -> String {
    format!("note: `dbgo explain {code}` tells more")
}

fn kind_of(class: &ErrorClass) -> Kind {
    match class {
        ErrorClass::Interrupted => Kind::Interrupted,
        ErrorClass::Fenced => Kind::Refused,
        ErrorClass::Lost | ErrorClass::DiskFull | ErrorClass::Io | ErrorClass::Unreachable => {
            Kind::Failed
        }
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
                Code::DatabaseHeld,
                format!("`{shown}` is held by {holder}"),
            )
            .hint("a DuckDB file belongs to one process at a time; end the other one first")
        }
        ErrorClass::ExtensionMissing { name } => Error::new(
            Kind::Finding,
            Code::ExtensionMissing,
            format!("`{shown}`: {}", error.message),
        )
        .hint(format!(
            "the package `duckdb-extension-{}` of PyPI has it; name its folder: `extensions` of `[engine.X]`",
            name.replace('_', "-")
        )),
        ErrorClass::Unreachable => Error::new(
            Kind::Failed,
            Code::EngineFailed,
            format!("`{shown}`: {}", error.message),
        )
        .hint("is it the right address, and does the server run? `catalog` of `[engine.X]` names it"),
        ErrorClass::Interrupted => Error::new(Kind::Interrupted, Code::Interrupted, "interrupted"),
        ErrorClass::Fenced => Error::new(
            Kind::Refused,
            Code::Fenced,
            format!("`{shown}`: {}", error.message),
        )
        .hint("nothing was written after that; the other one goes on with what was built"),
        _ => Error::new(
            Kind::Failed,
            Code::EngineFailed,
            format!("`{shown}`: {}", error.message.trim()),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_class(class: ErrorClass) -> Error {
        engine_failed(&EngineError::new(class, "it broke\n"), "shop.duckdb")
    }

    #[test]
    fn errors_of_an_engine_are_told_by_their_class() {
        let interrupted = of_class(ErrorClass::Interrupted);
        assert_eq!(interrupted.to_string(), "error[interrupted]: interrupted");
        assert_eq!(interrupted.kind.exit_status(), 130);
        let full = of_class(ErrorClass::DiskFull);
        assert_eq!(
            full.to_string(),
            "error[engine-failed]: `shop.duckdb`: it broke"
        );
        assert_eq!(full.kind.exit_status(), 4);
        let held = of_class(ErrorClass::HeldByOther {
            pid: Some(7),
            program: Some("duckdb".to_owned()),
        });
        assert_eq!(
            held.message,
            "`shop.duckdb` is held by process 7 (`duckdb`)"
        );
        assert_eq!(held.kind.exit_status(), 3);
    }

    #[test]
    fn a_model_s_failure_says_where_to_read_more() {
        let error = Error::new(Kind::Finding, Code::NoTableYet, "no table").hint("make one");
        assert_eq!(
            Failure::from(error).detail,
            "hint: make one\nnote: `dbgo explain no-table-yet` tells more"
        );
    }
}

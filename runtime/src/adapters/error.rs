//! What an engine says when it fails, sorted by what the caller can do about it.
//!
//! The class decides (retry, exit code, message); the engine's own words are kept beside it and
//! are never interpreted anywhere but in an adapter's `errors` module.

use super::ledger::EngineMeta;
use crate::faults::Injected;
use std::fmt;

/// How many characters of a statement an error keeps.
const STATEMENT_CHARACTERS: usize = 400;

/// What kind of failure an engine reported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorClass {
    /// Another transaction was in the way. The whole transaction may be tried again.
    Retry,
    /// Somebody cancelled the statement.
    Interrupted,
    /// The statement took longer than the session's statement timeout.
    Timeout,
    /// Another process holds the database file.
    HeldByOther {
        /// The process, where the engine tells it.
        pid: Option<u32>,
        /// The program that the process runs, where the engine tells it.
        program: Option<String>,
    },
    /// An extension that the engine needs isn't there.
    ExtensionMissing {
        /// Its name: `ducklake`.
        name: String,
    },
    /// The server that an engine's catalogue is in can't be reached, or doesn't let anybody in.
    Unreachable,
    /// A row breaks a rule of its table: not null, a key, a check.
    Constraint,
    /// A value doesn't fit its type, or a computation has no result.
    Data,
    /// The statement can't be read, or names something that isn't there.
    Binder,
    /// An object exists already, or doesn't exist, or something depends on it.
    Catalog,
    /// The engine may not use more memory.
    OutOfMemory,
    /// There is no room on the disk.
    DiskFull,
    /// The file or folder can't be read or written.
    Io,
    /// The engine is gone: a lost connection, or a database that shut itself down.
    Lost,
    /// The lease under which this was to be written is somebody else's now.
    Fenced,
    /// Something this adapter doesn't offer, or that it refuses to do.
    Refused,
    /// Anything else.
    Other,
}

impl ErrorClass {
    /// Whether the whole transaction may be tried again as it is.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Retry)
    }

    /// A word for logs and JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Interrupted => "interrupted",
            Self::Timeout => "timeout",
            Self::HeldByOther { .. } => "held-by-other",
            Self::ExtensionMissing { .. } => "extension-missing",
            Self::Unreachable => "unreachable",
            Self::Constraint => "constraint",
            Self::Data => "data",
            Self::Binder => "binder",
            Self::Catalog => "catalog",
            Self::OutOfMemory => "out-of-memory",
            Self::DiskFull => "disk-full",
            Self::Io => "io",
            Self::Lost => "lost",
            Self::Fenced => "fenced",
            Self::Refused => "refused",
            Self::Other => "other",
        }
    }
}

/// A failure of an engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineError {
    /// What kind of failure it is.
    pub class: ErrorClass,
    /// What happened, in one line or a few, for people.
    pub message: String,
    /// The statement, shortened; empty where no statement is the cause.
    pub statement: String,
    /// The byte in the whole statement at which the engine points, where it does.
    pub position: Option<usize>,
    /// The engine's own words, whole.
    pub engine_text: String,
}

impl EngineError {
    /// An error with a message of our own.
    pub fn new(class: ErrorClass, message: impl Into<String>) -> Self {
        let message = message.into();
        Self {
            class,
            engine_text: message.clone(),
            message,
            statement: String::new(),
            position: None,
        }
    }

    /// The error of whoever writes under a lease that an engine doesn't know, or knows as a former
    /// one.
    pub fn fenced(token: u64, found: Option<&EngineMeta>) -> Self {
        let holder = match found {
            Some(meta) if meta.epoch == 0 => "nobody holds it".to_owned(),
            Some(meta) if meta.holder.is_empty() => format!("lease {} holds it", meta.epoch),
            Some(meta) => format!("{} holds it with lease {}", meta.holder, meta.epoch),
            None => "it has no `_dbgo.meta` any more".to_owned(),
        };
        let message = format!("lease {token} on the database isn't valid: {holder}");
        Self::new(ErrorClass::Fenced, message)
    }

    /// Says which statement it was. One that is named already stays.
    pub fn with_statement(mut self, statement: &str) -> Self {
        if self.statement.is_empty() {
            self.statement = shorten(statement);
        }
        self
    }
}

impl From<Injected> for EngineError {
    /// As if the engine were gone: the class after which nobody knows what was committed.
    fn from(injected: Injected) -> Self {
        Self::new(ErrorClass::Lost, injected.to_string())
    }
}

impl fmt::Display for EngineError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for EngineError {}

fn shorten(statement: &str) -> String {
    match statement.char_indices().nth(STATEMENT_CHARACTERS) {
        Some((end, _)) => format!("{}…", &statement[..end]),
        None => statement.to_owned(),
    }
}

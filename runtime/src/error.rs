//! What can go wrong, as data: a kind that decides the exit code, a code, a message and a hint.
//!
//! Nothing here prints; [`crate::cli`] does.

mod codes;

pub use codes::Code;

use crate::faults::Injected;
use std::fmt;
use std::process::ExitCode;

/// What an error means for whoever called the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Something is wrong with the project or its data: exit code 1.
    Finding,
    /// The command was called wrongly: exit code 2.
    Usage,
    /// Going on would overwrite or contradict something: exit code 3.
    Refused,
    /// The engine or the state database failed: exit code 4.
    Failed,
    /// Somebody interrupted: exit code 130.
    Interrupted,
}

impl Kind {
    /// The number that the process ends with.
    pub const fn exit_status(self) -> u8 {
        match self {
            Kind::Finding => 1,
            Kind::Usage => 2,
            Kind::Refused => 3,
            Kind::Failed => 4,
            Kind::Interrupted => 130,
        }
    }
}

/// An error that ends a command.
#[derive(Clone, Debug)]
pub struct Error {
    /// What it means for the caller.
    pub kind: Kind,
    /// What kind of error it is, for `dbgo explain`.
    pub code: Code,
    /// One sentence, lower case, without a period.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The result of what can end a command.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error without a hint.
    pub fn new(kind: Kind, code: Code, message: impl Into<String>) -> Self {
        Self {
            kind,
            code,
            message: message.into(),
            hint: None,
        }
    }

    /// The same error with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The code that the process ends with.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.kind.exit_status())
    }
}

impl From<Injected> for Error {
    fn from(injected: Injected) -> Self {
        Self::new(Kind::Failed, Code::StateFailed, injected.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "error[{}]: {}", self.code, self.message)?;
        if let Some(hint) = &self.hint {
            write!(formatter, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

//! The one error of every `FromStr` and checked constructor in this crate.

use std::fmt;

/// A text or number that is no value of the type it was to become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    expected: &'static str,
    found: String,
}

impl ParseError {
    pub(crate) fn new(expected: &'static str, found: impl Into<String>) -> Self {
        Self {
            expected,
            found: found.into(),
        }
    }

    /// What was to be made, such as `DATE`.
    pub fn expected(&self) -> &'static str {
        self.expected
    }

    /// The text that was given.
    pub fn found(&self) -> &str {
        &self.found
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a valid {}", self.found, self.expected)
    }
}

impl std::error::Error for ParseError {}

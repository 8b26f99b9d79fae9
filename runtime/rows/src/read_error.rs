//! Why a row or a value could not be read.

use std::fmt;

/// What was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReadErrorKind {
    /// A null where the type has none: the column was claimed to be `NOT
    /// NULL`, but isn't.
    Null,
    /// A value of another type.
    Type,
    /// A value of the right type that the Rust type can't hold: out of range,
    /// an unknown label, a missing field.
    Value,
    /// The data has no such column.
    MissingColumn,
    /// The Arrow data has a form that this crate doesn't know.
    Format,
}

/// A value that doesn't fit the Rust type that it was to become: the part of a
/// [`ReadError`] that is known without the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    pub(crate) kind: ReadErrorKind,
    /// Where inside the value, such as `.address.lines[2]`; empty at its root.
    pub(crate) path: String,
    pub(crate) expected: String,
    pub(crate) found: String,
}

impl Mismatch {
    /// A null where `expected` has none.
    pub fn null(expected: impl Into<String>) -> Self {
        Self::with_kind(ReadErrorKind::Null, expected, "NULL")
    }

    /// A value of another type than `expected`.
    pub fn of_type(expected: impl Into<String>, found: &crate::Value) -> Self {
        if found.is_null() {
            return Self::null(expected);
        }
        let found = format!("{} `{}`", found.type_name(), shortened(found));
        Self::with_kind(ReadErrorKind::Type, expected, found)
    }

    /// A value of the right type that `expected` can't hold.
    pub fn of_value(expected: impl Into<String>, found: impl fmt::Display) -> Self {
        let found = format!("`{}`", shortened(&found));
        Self::with_kind(ReadErrorKind::Value, expected, found)
    }

    pub(crate) fn missing_column() -> Self {
        Self::with_kind(ReadErrorKind::MissingColumn, "a column", "none")
    }

    pub(crate) fn with_kind(
        kind: ReadErrorKind,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self {
            kind,
            path: String::new(),
            expected: expected.into(),
            found: found.into(),
        }
    }

    /// The same mismatch, seen from one level further out: `step` is how the
    /// outer value leads to it, such as `.name` or `[3]`.
    #[must_use]
    pub fn inside(mut self, step: impl fmt::Display) -> Self {
        self.path = format!("{step}{}", self.path);
        self
    }

    /// What was wrong.
    pub fn kind(&self) -> ReadErrorKind {
        self.kind
    }
}

/// Messages show the beginning of a value, not megabytes of it.
fn shortened(value: &impl fmt::Display) -> String {
    const LONGEST: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "at `{}`: ", self.path)?;
        }
        write!(f, "expected {}, found {}", self.expected, self.found)
    }
}

impl std::error::Error for Mismatch {}

/// A row that could not be read as a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    model: &'static str,
    column: &'static str,
    sql_type: &'static str,
    mismatch: Box<Mismatch>,
}

impl ReadError {
    pub(crate) fn new(
        model: &'static str,
        column: &'static str,
        sql_type: &'static str,
        mismatch: Mismatch,
    ) -> Self {
        Self {
            model,
            column,
            sql_type,
            mismatch: Box::new(mismatch),
        }
    }

    /// What was wrong.
    pub fn kind(&self) -> ReadErrorKind {
        self.mismatch.kind
    }

    /// The model's name, as [`Model::NAME`](crate::Model::NAME).
    pub fn model(&self) -> &'static str {
        self.model
    }

    /// The column's name.
    pub fn column(&self) -> &'static str {
        self.column
    }

    /// The column's SQL type, as the model declares it.
    pub fn sql_type(&self) -> &'static str {
        self.sql_type
    }

    /// Where inside the column's value, such as `.address.lines[2]`; empty
    /// where the whole value is meant.
    pub fn path(&self) -> &str {
        &self.mismatch.path
    }

    /// What the Rust type takes.
    pub fn expected(&self) -> &str {
        &self.mismatch.expected
    }

    /// What was there: type and value, shortened.
    pub fn found(&self) -> &str {
        &self.mismatch.found
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            model,
            column,
            sql_type,
            mismatch,
        } = self;
        let path = &mismatch.path;
        match mismatch.kind {
            ReadErrorKind::MissingColumn => write!(
                f,
                "the data has no column `{column}` ({sql_type}) of `{model}`"
            ),
            ReadErrorKind::Null if path.is_empty() => write!(
                f,
                "column `{column}` of `{model}` is claimed to be `{sql_type} NOT NULL`, but holds a null"
            ),
            _ => write!(
                f,
                "column `{column}{path}` of `{model}` ({sql_type}): expected {}, found {}",
                mismatch.expected, mismatch.found
            ),
        }
    }
}

impl std::error::Error for ReadError {}

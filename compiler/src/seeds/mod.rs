//! Seeds: from the bytes of a CSV or Parquet file to columns.
//!
//! Types are inferred from all rows, as DuckDB's sniffer would, except that digits with a leading
//! zero are text; or they are declared, and every value is held against its type. No value is
//! kept: the engine reads the file itself.

mod csv_columns;
mod declared;
pub(crate) mod infer;
mod parquet_columns;

use crate::span::{Span, Spanned};
use crate::sql_type::SqlType;

pub use csv_columns::{csv_columns, csv_values};
pub use declared::seed_columns;
pub use parquet_columns::parquet_columns;

/// How a CSV is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvOptions {
    /// What separates values; one byte.
    pub delimiter: u8,
    /// What a value may be put between; one byte.
    pub quote: u8,
    /// The text that stands for a null, beside the empty one.
    pub null: Option<String>,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self {
            delimiter: b',',
            quote: b'"',
            null: None,
        }
    }
}

/// A column as the `CREATE TABLE` of a typing file declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredColumn {
    /// The name.
    pub name: Spanned<String>,
    /// The type.
    pub sql_type: SqlType,
    /// Whether it is declared `NOT NULL`.
    pub not_null: bool,
}

/// A column of a seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeedColumn {
    /// The name, and where it stands: in the CSV's header row, or in the typing file. A Parquet
    /// file has no places, so that the span is the empty one at its start.
    pub name: Spanned<String>,
    /// The type.
    pub sql_type: SqlType,
    /// Whether a row may have a null here. A CSV's column without a single null still may, unless
    /// it is declared `NOT NULL`.
    pub nullable: bool,
    /// The place of the declaration, where there is one.
    pub declared: Option<Span>,
}

//! Names, columns and files, as adapters take and give them.

use jiff::Timestamp;
use std::path::PathBuf;

/// The name of a table or view in an engine, unquoted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Relation {
    /// The catalog; `None`: the engine's own.
    pub catalog: Option<String>,
    /// The schema.
    pub schema: String,
    /// The name.
    pub name: String,
}

impl Relation {
    /// A relation in the engine's own catalog.
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            catalog: None,
            schema: schema.into(),
            name: name.into(),
        }
    }

    /// A relation in another catalog.
    pub fn in_catalog(
        catalog: impl Into<String>,
        schema: impl Into<String>,
        name: impl Into<String>,
    ) -> Self {
        Self {
            catalog: Some(catalog.into()),
            ..Self::new(schema, name)
        }
    }
}

/// A column's name and its type as the engine writes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Column {
    /// The name, unquoted.
    pub name: String,
    /// The type: `DECIMAL(18,2)`.
    pub sql_type: String,
}

impl Column {
    /// A column.
    pub fn new(name: impl Into<String>, sql_type: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            sql_type: sql_type.into(),
        }
    }
}

/// Tables and views, each with what it is.
pub type Names = Vec<(Relation, RelationKind)>;

/// What a relation of the catalog is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RelationKind {
    /// A table that holds rows.
    Table,
    /// A view.
    View,
}

/// A table or view as the engine's catalog has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogRelation {
    /// Its name, without a catalog.
    pub relation: Relation,
    /// What it is.
    pub kind: RelationKind,
    /// Its columns, in order. A view whose tables are gone may have none.
    pub columns: Vec<Column>,
}

/// A table or view with what a source's file says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogTable {
    /// Its name, without a catalog.
    pub relation: Relation,
    /// What the catalog remarks on it.
    pub comment: Option<String>,
    /// Its columns, in order.
    pub columns: Vec<CatalogColumn>,
}

/// A column of a [`CatalogTable`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogColumn {
    /// The name.
    pub name: String,
    /// The type, as the engine writes it.
    pub sql_type: String,
    /// Whether the engine itself refuses nulls.
    pub not_null: bool,
    /// What the catalog remarks on it.
    pub comment: Option<String>,
}

/// The column of a table that says when a row happened.
#[derive(Clone, Copy, Debug)]
pub struct TimeColumn<'a> {
    /// The name.
    pub name: &'a str,
    /// The type as the engine writes it: a date or a timestamp with or without a time zone.
    pub sql_type: &'a str,
}

/// New rows that are merged into a table by key, as a model steers it.
#[derive(Clone, Copy, Debug)]
pub struct Merge<'a> {
    /// The table.
    pub target: &'a Relation,
    /// The new rows; no key is twice or null in them.
    pub source: &'a Relation,
    /// The columns that both have.
    pub columns: &'a [&'a str],
    /// The columns that only the table has: a row that is replaced keeps their values.
    pub kept: &'a [&'a str],
    /// The columns of the key.
    pub key: &'a [&'a str],
    /// A condition over `this` and `new` under which a new row replaces the one with its key;
    /// where it doesn't hold, the new one is left out. Empty: always.
    pub on: &'a str,
    /// The columns that a matched row takes from the new one; empty: all.
    pub update: &'a [&'a str],
    /// When a row is removed instead of being replaced, and a new one isn't added; empty: never.
    pub delete_when: &'a str,
}

/// Rows of which a table keeps versions.
#[derive(Clone, Copy, Debug)]
pub struct VersionedRows<'a> {
    /// The table of versions. Of each key at most one has no end.
    pub target: &'a Relation,
    /// The rows as they are now; no key is twice or null in them.
    pub source: &'a Relation,
    /// The table that the rows of [`super::Dialect::beginning_versions`] are put into.
    pub beginning: &'a Relation,
    /// The columns that table and rows have, without those in which versions begin and end.
    pub columns: &'a [&'a str],
    /// The columns of the key.
    pub key: &'a [&'a str],
    /// What makes a new version.
    pub change: RowChange<'a>,
    /// The column in which a version begins.
    pub valid_from: &'a str,
    /// The column in which a version ends; null in the present one.
    pub valid_to: &'a str,
    /// The type of these two columns.
    pub time_type: &'a str,
    /// When the rows were read.
    pub now: Timestamp,
}

/// What makes a new version of a row.
#[derive(Clone, Copy, Debug)]
pub enum RowChange<'a> {
    /// A later value of this column than the present version has; it says when the version
    /// begins.
    Later(&'a str),
    /// Another value in one of these columns; the version begins when the rows were read.
    Different(&'a [&'a str]),
}

/// How a seed's or a source's file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// Separated values with a header line.
    Csv,
    /// Apache Parquet.
    Parquet,
    /// JSON: an array of objects, or an object per line.
    Json,
}

/// A seed's file and the columns declared for it.
#[derive(Clone, Debug)]
pub struct SeedFile {
    /// Where it is.
    pub path: PathBuf,
    /// How it is written.
    pub format: FileFormat,
    /// Every column of the file, in its order.
    pub columns: Vec<Column>,
    /// What separates the values of a CSV.
    pub delimiter: String,
    /// What surrounds a value of a CSV that holds a delimiter.
    pub quote: String,
    /// The text that stands for a null in a CSV.
    pub null: String,
}

/// Files that a source reads.
#[derive(Clone, Debug)]
pub struct SourceFiles {
    /// A path, a pattern or an address.
    pub location: String,
    /// How they are written.
    pub format: FileFormat,
    /// The declared columns; with none, those that the files have.
    pub columns: Vec<Column>,
}

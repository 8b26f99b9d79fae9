//! Names, columns and files, as adapters take and give them.

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

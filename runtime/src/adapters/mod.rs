//! Engines behind one object-safe trait: the only part of dbgo that sends SQL to an engine.
//!
//! | module | holds |
//! |---|---|
//! | [`session`] | [`Session`] and the [`Transaction`] guard, shared by all engines |
//! | [`dialect`] | [`Dialect`]: the SQL that dbgo itself writes |
//! | [`relation`] | names, columns, files |
//! | [`ledger`] | the rows of `_dbgo.ledger`, `_dbgo.meta` and `_dbgo.published` |
//! | [`error`] | [`EngineError`] and its classes |
//! | [`duckdb`] | the adapters for DuckDB: its files, and tables of DuckLake |
//!
//! An adapter has the files `connect`, `bookkeeping`, `catalog`, `ddl`, `dml`, `types` and `errors`. It declares
//! its [`Capabilities`]; nobody asks for its name to find out what it can do. What this is not: it
//! knows nothing of models, versions or plans, and never decides what runs.

use std::sync::Arc;
use std::time::Duration;

pub mod dialect;
pub mod duckdb;
pub mod error;
pub mod ledger;
pub mod relation;
pub mod session;

pub use ::duckdb::arrow;

pub use dialect::Dialect;
pub use error::{EngineError, ErrorClass};
pub use ledger::{
    BOOKKEEPING_FORMAT, BOOKKEEPING_SCHEMA, CommittedBatch, EngineMeta, Fence, LedgerEntry,
    PublishedRevision, TimeRange, is_bookkeeping,
};
pub use relation::{
    CatalogColumn, CatalogRelation, CatalogTable, Column, FileFormat, Merge, Relation,
    RelationKind, RowChange, SeedFile, SourceFiles, TimeColumn, VersionedRows,
};
pub use session::{Cancel, QueryResult, Session, Transaction};

/// What an engine can promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// A batch's rows and its ledger row are committed together or not at all.
    pub batch_atomic: bool,
    /// Many views change in one instant.
    pub publish_together: bool,
    /// A query in the transaction sees its rows, so that a check can refuse them.
    pub audit_before_commit: bool,
    /// The commit itself fails for a holder whose lease was taken over.
    pub fence_in_transaction: bool,
    /// `CREATE` and `DROP` can be rolled back.
    pub ddl_transactional: bool,
    /// Rows can be replaced by key.
    pub merge: bool,
    /// A table can be copied without copying its rows.
    pub clone: bool,
    /// Two tables can exchange their names in one instant.
    pub swap: bool,
    /// A view can be replaced under its readers.
    pub replace_view: bool,
    /// Several sessions can write at once.
    pub concurrent_writers: bool,
    /// Several processes can write at once, so that what is known of the engine may be another a moment
    /// later, and leases of tables keep them apart. Else whoever has it open is alone.
    pub many_processes: bool,
    /// The engine knows who may read what.
    pub grants: bool,
}

/// An opened engine. Clones of the `Arc` share it; it closes when the last one and the last
/// session are gone.
pub trait Adapter: Send + Sync {
    /// The type that a project's file names: `duckdb` or `ducklake`.
    fn kind(&self) -> &'static str;

    /// The engine's version: `v1.5.5`.
    fn version(&self) -> &str;

    /// What the engine can promise.
    fn capabilities(&self) -> Capabilities;

    /// The SQL that it understands.
    fn dialect(&self) -> &dyn Dialect;

    /// Opens a connection for one worker.
    fn session(&self) -> Result<Session, EngineError>;

    /// Writes everything that was committed to where it stays, after the last session's work. A
    /// commit is durable without it; it only saves the next open some work.
    fn flush(&self) -> Result<(), EngineError>;
}

/// How to open an engine.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// The engine's own settings, by name: `[engine.NAME.settings]`. The adapter's fixed session
    /// settings can't be changed by them.
    pub settings: Vec<(String, String)>,
    /// Open for reading only; the file must exist.
    pub read_only: bool,
    /// How long to wait for another process to let go of the database; `None`: not at all.
    pub wait: Option<Duration>,
    /// What else the type needs, by its key in `[engine.NAME]`.
    pub options: Vec<(String, String)>,
    /// The project: an engine may hold several.
    pub project: String,
}

impl OpenOptions {
    /// What else the type needs under a key.
    pub fn option(&self, key: &str) -> Option<&str> {
        let mut options = self.options.iter();
        let found = options.find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }
}

/// What tables of an engine can't hold, known without opening it.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// What people call the type of engine.
    pub name: &'static str,
    /// Why a column of a type can't be stored: the part of the type that can't be; `None` where it can.
    pub refuses: fn(&str) -> Option<String>,
    /// Whether tables can have indexes.
    pub indexes: bool,
}

/// What tables of engines of a type can't hold.
pub fn limits_of(kind: &str) -> Limits {
    match kind {
        duckdb::lake::KIND => duckdb::lake::LIMITS,
        _ => Limits {
            name: "DuckDB",
            refuses: |_| None,
            indexes: true,
        },
    }
}

/// Whether several processes can write an engine of a type at once.
pub fn is_for_many(kind: &str) -> bool {
    kind == duckdb::lake::KIND
}

/// The SQL of engines of a type, without any of them open; `None` for an unknown type.
pub fn dialect_of(kind: &str) -> Option<&'static dyn Dialect> {
    match kind {
        duckdb::KIND | duckdb::lake::KIND => Some(&duckdb::DuckDbDialect),
        _ => None,
    }
}

/// Opens an engine of a type at a location, or gives the one that this process has open there.
///
/// For DuckDB the location is a file's path, made where it is missing, or `:memory:` for a database
/// of its own that is gone with its last session. For DuckLake it is the address of a catalogue.
///
/// # Errors
/// [`ErrorClass::HeldByOther`] where another process has the file open; [`ErrorClass::Refused`]
/// for an unknown type, or where this process has the file open in another way.
pub fn open(
    kind: &str,
    location: &str,
    options: &OpenOptions,
) -> Result<Arc<dyn Adapter>, EngineError> {
    match kind {
        duckdb::KIND => Ok(Arc::new(duckdb::DuckDb::open(location, options)?)),
        duckdb::lake::KIND => Ok(Arc::new(duckdb::lake::DuckLake::open(location, options)?)),
        _ => Err(EngineError::new(
            ErrorClass::Refused,
            format!("there is no adapter for an engine of type `{kind}`"),
        )),
    }
}

//! Tables of DuckLake: a catalogue in Postgres, rows in files of Parquet, written by DuckDB in this process.
//!
//! It is the same engine as for a file, so that all SQL is the same; its tables are in an attached database
//! that any number of processes have open at once. What that changes is here and in what the adapter
//! promises: several fences at once, commits that conflict, and limits of what a table can hold.
//!
//! | module | holds |
//! |---|---|
//! | [`attach`] | loading the extensions, attaching the lake |
//! | [`bookkeeping`] | dbgo's own tables where nothing has a key: fences, ledger, publications |
//! | [`durable`] | files that are on the disk before a commit names them |
//! | [`types`] | the types that a table of a lake can't hold |

mod attach;
mod bookkeeping;
mod durable;
mod types;

use std::sync::{Arc, Mutex, PoisonError};

use self::bookkeeping::Lake;
use super::connect::{CAPABILITIES, refuse_fixed_settings};
use super::ddl::DuckDbDialect;
use super::registry::OpenDatabase;
use super::session::DuckDbConnection;
use crate::adapters::dialect::Dialect;
use crate::adapters::error::EngineError;
use crate::adapters::session::Session;
use crate::adapters::{Adapter, Capabilities, Limits, OpenOptions};

/// The engine type that a project's file names.
pub const KIND: &str = "ducklake";

/// What a table of a lake can't hold.
pub const LIMITS: Limits = Limits {
    name: "DuckLake",
    refuses: types::refused,
    indexes: false,
};

/// An opened lake.
///
/// Each session has an engine of its own with the lake attached to it. Sessions of one engine would share what
/// the extension keeps of the catalogue, and 1.5.5 lets a commit in one of them throw that away under the
/// others: they then name tables of schemas that there never were.
pub struct DuckLake {
    location: String,
    options: OpenOptions,
    version: String,
    /// The engine of the first session.
    first: Mutex<Option<Arc<OpenDatabase>>>,
    home: Arc<Lake>,
}

impl DuckLake {
    /// Loads the extensions and attaches the lake whose catalogue is at an address. One that isn't there yet
    /// is made, unless it is opened for reading only.
    ///
    /// # Errors
    /// [`crate::adapters::ErrorClass::ExtensionMissing`],
    /// [`crate::adapters::ErrorClass::Unreachable`], what else the engine says.
    pub fn open(location: &str, options: &OpenOptions) -> Result<Self, EngineError> {
        refuse_fixed_settings(&options.settings)?;
        let database = attached(location, options)?;
        let version = database.version()?;
        Ok(Self {
            location: location.to_owned(),
            options: options.clone(),
            version,
            first: Mutex::new(Some(database)),
            home: Arc::new(Lake::of(&options.project, options.option("data"))),
        })
    }
}

fn attached(location: &str, options: &OpenOptions) -> Result<Arc<OpenDatabase>, EngineError> {
    let connection = attach::attached(location, options)?;
    Ok(OpenDatabase::unregistered(connection))
}

impl Adapter for DuckLake {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn capabilities(&self) -> Capabilities {
        // The fence is another one: a row is inserted into the lease's own table, and the commit fails if that
        // was dropped.
        Capabilities {
            many_processes: true,
            ..CAPABILITIES
        }
    }

    fn dialect(&self) -> &dyn Dialect {
        &DuckDbDialect
    }

    fn session(&self) -> Result<Session, EngineError> {
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        let database = match first.take() {
            Some(database) => database,
            None => {
                drop(first);
                attached(&self.location, &self.options)?
            }
        };
        let home = (self.options.read_only, Arc::clone(&self.home) as _);
        let connection = DuckDbConnection::new(database, home)?;
        Ok(Session::new(Box::new(connection)))
    }

    fn flush(&self) -> Result<(), EngineError> {
        // A commit is where it stays; `CHECKPOINT` would rewrite the lake's files.
        Ok(())
    }
}

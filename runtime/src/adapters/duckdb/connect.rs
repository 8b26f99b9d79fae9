//! Opening a database, the settings that are the same everywhere, and the adapter itself.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::duckdb::{AccessMode, Config, Connection};

use super::bookkeeping::OwnFile;
use super::ddl::DuckDbDialect;
use super::errors::engine_error;
use super::registry::{self, OpenDatabase};
use super::session::DuckDbConnection;
use crate::adapters::dialect::Dialect;
use crate::adapters::error::{EngineError, ErrorClass};
use crate::adapters::session::Session;
use crate::adapters::{Adapter, Capabilities, OpenOptions};

/// The location of a database that has no file.
const IN_MEMORY: &str = ":memory:";

/// How long to wait between two attempts to open a file that another process holds.
const HELD_PAUSE: Duration = Duration::from_millis(100);

/// What every session sets, the type oracle's too, so that a query means the same wherever it
/// runs. A project can't change these.
///
/// | setting | why |
/// |---|---|
/// | `TimeZone` | all times are UTC; casts between timestamps with and without a zone depend on it |
/// | `Calendar` | the same for the fields of a timestamp with a zone |
/// | `integer_division`, `ieee_floating_point_ops`, `old_implicit_casting` | they change results and types |
/// | `default_order`, `default_null_order`, `order_by_non_integer_literal` | they change which rows a `LIMIT` takes |
/// | `scalar_subquery_error_on_multiple_rows` | a subquery with two rows must not take one at random |
/// | `preserve_identifier_case` | names come back as they were written |
/// | `preserve_insertion_order` | a table has its query's order, as users of the plain query see it |
/// | `arrow_lossless_conversion` | `HUGEINT`, `BIT`, `UUID`, `TIMETZ` and the like keep their type and value in Arrow |
/// | `produce_arrow_string_view`, `arrow_output_list_view`, `arrow_large_buffer_size` | one layout of text and lists to read |
/// | `errors_as_json` | errors tell their type and position |
pub const SESSION_SETTINGS: &[(&str, &str)] = &[
    ("TimeZone", "UTC"),
    ("Calendar", "gregorian"),
    ("integer_division", "false"),
    ("ieee_floating_point_ops", "true"),
    ("old_implicit_casting", "false"),
    ("default_order", "ASC"),
    ("default_null_order", "NULLS_LAST"),
    ("order_by_non_integer_literal", "false"),
    ("scalar_subquery_error_on_multiple_rows", "true"),
    ("preserve_identifier_case", "true"),
    ("preserve_insertion_order", "true"),
    ("arrow_lossless_conversion", "true"),
    ("produce_arrow_string_view", "false"),
    ("arrow_output_list_view", "false"),
    ("arrow_large_buffer_size", "false"),
    ("errors_as_json", "true"),
];

/// Settings that a library without ICU doesn't know; it computes in UTC anyway.
const NEEDS_ICU: &[&str] = &["TimeZone", "Calendar"];

/// What DuckDB promises of a database file.
pub(super) const CAPABILITIES: Capabilities = Capabilities {
    batch_atomic: true,
    publish_together: true,
    audit_before_commit: true,
    // The token is read in the transaction, and the process that has the file open is the only one that
    // can take it.
    fence_in_transaction: true,
    ddl_transactional: true,
    merge: true,
    clone: false,
    swap: true,
    replace_view: true,
    concurrent_writers: true,
    many_processes: false,
    grants: false,
};

/// An opened DuckDB database.
pub struct DuckDb {
    database: Arc<OpenDatabase>,
    version: String,
    read_only: bool,
}

impl DuckDb {
    /// Opens a file, or the one that this process has open under any of its names, or memory.
    ///
    /// # Errors
    /// See [`crate::adapters::open`].
    pub fn open(location: &str, options: &OpenOptions) -> Result<Self, EngineError> {
        refuse_fixed_settings(&options.settings)?;
        let database = if location.is_empty() || location == IN_MEMORY {
            OpenDatabase::unregistered(connect(Path::new(IN_MEMORY), options)?)
        } else {
            open_file(Path::new(location), options)?
        };
        let version = database.version()?;
        Ok(Self {
            database,
            version,
            read_only: options.read_only,
        })
    }
}

impl Adapter for DuckDb {
    fn kind(&self) -> &'static str {
        super::KIND
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn dialect(&self) -> &dyn Dialect {
        &DuckDbDialect
    }

    fn session(&self) -> Result<Session, EngineError> {
        let home = (self.read_only, Arc::new(OwnFile) as _);
        let connection = DuckDbConnection::new(Arc::clone(&self.database), home)?;
        Ok(Session::new(Box::new(connection)))
    }

    fn flush(&self) -> Result<(), EngineError> {
        if self.read_only {
            return Ok(());
        }
        self.database.checkpoint()
    }
}

/// Sets [`SESSION_SETTINGS`] on a connection.
pub(super) fn prepare_session(connection: &Connection) -> Result<(), EngineError> {
    let set = |(name, value): &(&str, &str)| format!("SET {name} = '{value}';");
    let all: String = SESSION_SETTINGS.iter().map(set).collect();
    if connection.execute_batch(&all).is_ok() {
        return Ok(());
    }
    for setting in SESSION_SETTINGS {
        let statement = set(setting);
        match connection.execute_batch(&statement) {
            Err(_) if NEEDS_ICU.contains(&setting.0) => {}
            result => result.map_err(|error| engine_error(&error, &statement))?,
        }
    }
    Ok(())
}

/// Opens a database with the settings of the options, and with no way to fetch an extension from
/// the network: what a query means must not depend on what can be downloaded.
pub(super) fn connect(path: &Path, options: &OpenOptions) -> Result<Connection, EngineError> {
    let configure = || -> ::duckdb::Result<Config> {
        let mut config = Config::default().with("autoinstall_known_extensions", "false")?;
        if options.read_only {
            config = config.access_mode(AccessMode::ReadOnly)?;
        }
        for (name, value) in &options.settings {
            config = config.with(name, value)?;
        }
        Ok(config)
    };
    let config = configure().map_err(|error| engine_error(&error, ""))?;
    Connection::open_with_flags(path, config).map_err(|error| engine_error(&error, ""))
}

fn open_file(path: &Path, options: &OpenOptions) -> Result<Arc<OpenDatabase>, EngineError> {
    let begun = Instant::now();
    loop {
        let result = registry::open(path, options);
        let held = matches!(
            &result,
            Err(EngineError {
                class: ErrorClass::HeldByOther { .. },
                ..
            })
        );
        let patience = options.wait.unwrap_or_default();
        if !held || begun.elapsed() >= patience {
            return result;
        }
        std::thread::sleep(HELD_PAUSE.min(patience.saturating_sub(begun.elapsed())));
    }
}

pub(super) fn refuse_fixed_settings(settings: &[(String, String)]) -> Result<(), EngineError> {
    let fixed = |name: &str| {
        SESSION_SETTINGS
            .iter()
            .any(|(fixed, _)| fixed.eq_ignore_ascii_case(name))
    };
    match settings.iter().find(|(name, _)| fixed(name)) {
        Some((name, _)) => Err(EngineError::new(
            ErrorClass::Refused,
            format!("the setting `{name}` is fixed, so that queries mean the same everywhere"),
        )),
        None => Ok(()),
    }
}

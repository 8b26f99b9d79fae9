//! Types of queries, told by the engine over empty tables.
//!
//! This is what fills in where the compiler's binder doesn't know: a session without a file, that
//! can't read any, with the fixed settings of every session and bounds on memory and time. It is
//! asked for names and types only; its nullability is wrong after outer joins.

use std::collections::HashMap;
use std::ffi::CStr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::bookkeeping::OwnFile;
use super::connect;
use super::ddl::{column_definition, identifier};
use super::registry::OpenDatabase;
use super::session::DuckDbConnection;
use crate::adapters::OpenOptions;
use crate::adapters::error::EngineError;
use crate::adapters::relation::Column;
use crate::adapters::session::Connection;

/// How much memory the session may use. Empty tables need next to none; a query that folds
/// constants may ask for any amount.
const MEMORY_LIMIT: &str = "256MB";

/// The longest that one question may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Everything that a [`TypeSession`]'s answers depend on besides the question: engine and settings.
pub fn type_session_identity() -> String {
    format!(
        "duckdb {} {:?} {MEMORY_LIMIT}",
        library_version(),
        connect::SESSION_SETTINGS
    )
}

/// The version of the engine's library, which is a file of its own beside this program.
fn library_version() -> String {
    // SAFETY: the function takes nothing and gives a text that is part of the library (`duckdb.h`).
    let version = unsafe { CStr::from_ptr(::duckdb::ffi::duckdb_library_version()) };
    version.to_string_lossy().into_owned()
}

/// An empty table, as the session has it.
type Columns = Vec<(String, String)>;

/// A closed in-memory session that answers what columns a query has.
pub struct TypeSession {
    connection: DuckDbConnection,
    /// By name in lower case, because the engine's names don't tell cases apart.
    tables: HashMap<String, Columns>,
}

impl TypeSession {
    /// Opens the session.
    ///
    /// # Errors
    /// Where the engine itself can't be opened.
    pub fn new() -> Result<Self, EngineError> {
        let setting = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let options = OpenOptions {
            settings: vec![
                // Before the outside is closed, after which it can't be set.
                setting("temp_directory", ""),
                setting("enable_external_access", "false"),
                setting("memory_limit", MEMORY_LIMIT),
                setting("threads", "1"),
            ],
            ..OpenOptions::default()
        };
        let driver = connect::connect(Path::new(":memory:"), &options)?;
        let mut connection = DuckDbConnection::new(
            OpenDatabase::unregistered(driver),
            (false, Arc::new(OwnFile) as _),
        )?;
        connection.set_statement_timeout(Some(TIMEOUT));
        Ok(Self {
            connection,
            tables: HashMap::new(),
        })
    }

    /// The names and types of a query's columns, over empty tables with the given names and
    /// columns and no others. Tables are kept, and used again where a later call gives the same
    /// columns.
    ///
    /// # Errors
    /// The engine's, with the byte of the query that it points to where it points to one.
    pub fn columns_of(
        &mut self,
        relations: &[(&str, &[(&str, &str)])],
        query: &str,
    ) -> Result<Vec<(String, String)>, EngineError> {
        self.hide_others(relations, query)?;
        for (name, columns) in relations {
            self.provide(name, columns)?;
        }
        let columns = self.connection.describe(query)?;
        Ok(columns
            .into_iter()
            .map(|column| (column.name, column.sql_type))
            .collect())
    }

    /// As [`columns_of`](Self::columns_of), of a query that is planned and optimized as well: some
    /// that bind are refused only then. A long chain of operators takes its time.
    ///
    /// # Errors
    /// The same.
    pub fn judge(
        &mut self,
        relations: &[(&str, &[(&str, &str)])],
        query: &str,
    ) -> Result<Vec<(String, String)>, EngineError> {
        let columns = self.columns_of(relations, query)?;
        self.connection.prepare(query)?;
        Ok(columns)
    }

    /// Drops the tables of earlier calls that the query could see though this call doesn't give
    /// them: those whose name stands anywhere in its text.
    fn hide_others(
        &mut self,
        relations: &[(&str, &[(&str, &str)])],
        query: &str,
    ) -> Result<(), EngineError> {
        let text = query.to_lowercase();
        let visible = |name: &String| {
            !relations
                .iter()
                .any(|(given, _)| given.to_lowercase() == *name)
                && text.contains(&name.replace('"', "\"\""))
        };
        let hidden: Vec<_> = self
            .tables
            .keys()
            .filter(|name| visible(name))
            .cloned()
            .collect();
        for name in hidden {
            self.tables.remove(&name);
            let drop = format!("DROP TABLE {}", identifier(&name));
            self.connection.execute(&drop)?;
        }
        Ok(())
    }

    /// Makes sure that a table has these columns.
    fn provide(&mut self, name: &str, columns: &[(&str, &str)]) -> Result<(), EngineError> {
        let key = name.to_lowercase();
        let wanted = || {
            columns
                .iter()
                .map(|(name, sql_type)| ((*name).to_owned(), (*sql_type).to_owned()))
        };
        if self
            .tables
            .get(name)
            .is_some_and(|known| known.len() == columns.len() && known.iter().cloned().eq(wanted()))
        {
            return Ok(());
        }
        let definitions: Vec<_> = wanted()
            .map(|(name, sql_type)| column_definition(&Column { name, sql_type }))
            .collect();
        let create = format!(
            "CREATE OR REPLACE TABLE {} ({})",
            identifier(name),
            definitions.join(", ")
        );
        self.tables.remove(&key);
        // In autocommit: there is no data here that a transaction could protect.
        self.connection.execute(&create)?;
        self.tables.insert(key, wanted().collect());
        Ok(())
    }
}

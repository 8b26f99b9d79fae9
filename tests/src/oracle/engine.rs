//! What the engine says to a statement: whether it prepares it, what columns it has, and in which
//! of them it yields nulls.

use dbgo_runtime::adapters::duckdb::SESSION_SETTINGS;
use duckdb::arrow::array::Array;
use duckdb::{Config, Connection, InterruptHandle};
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The longest that one statement may take.
const TIMEOUT: Duration = Duration::from_secs(2);

/// The longest that a query may run whose rows are looked at.
const ROWS_TIMEOUT: Duration = Duration::from_millis(400);

/// The most rows of a query that are looked at.
const MOST_ROWS: usize = 20_000;

/// An error of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The type of the exception: `Binder`, `Parser`, `Catalog`.
    pub kind: String,
    /// The first line of what it says.
    pub message: String,
    /// The byte of the statement that it points to.
    pub position: Option<usize>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} Error: {}", self.kind, self.message)
    }
}

/// An in-memory engine, closed to files and network, with the settings of every session of dbgo.
pub struct Engine {
    connection: Connection,
    watch: Arc<Watch>,
}

impl Engine {
    /// A new one, without anything in it. Its statements end when `watch` says so.
    ///
    /// # Errors
    /// If the engine can't be opened.
    pub fn open(watch: &Arc<Watch>) -> Result<Engine, String> {
        let open = || -> duckdb::Result<Connection> {
            let config = Config::default()
                .with("autoinstall_known_extensions", "false")?
                .with("temp_directory", "")?
                .with("enable_external_access", "false")?
                .with("memory_limit", "1GB")?
                .with("threads", "1")?;
            let connection = Connection::open_in_memory_with_flags(config)?;
            let settings: String = SESSION_SETTINGS
                .iter()
                .map(|(name, value)| format!("SET {name} = '{value}';"))
                .collect();
            connection.execute_batch(&settings)?;
            Ok(connection)
        };
        Ok(Engine {
            connection: open().map_err(|error| error.to_string())?,
            watch: Arc::clone(watch),
        })
    }

    /// The driver's connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// The engine's.
    pub fn execute(&self, sql: &str) -> Result<(), Refusal> {
        self.watched(TIMEOUT, || self.connection.execute_batch(sql))
    }

    /// Prepares a query: binds, plans and optimizes it, without running it.
    ///
    /// # Errors
    /// The engine's.
    pub fn prepare(&self, sql: &str) -> Result<(), Refusal> {
        self.watched(TIMEOUT, || self.connection.prepare(sql).map(|_| ()))
    }

    /// Names and types of a query's columns.
    ///
    /// # Errors
    /// The engine's.
    pub fn describe(&self, sql: &str) -> Result<Vec<(String, String)>, Refusal> {
        let describe = format!("DESCRIBE {sql}\n");
        self.watched(TIMEOUT, || {
            let mut statement = self.connection.prepare(&describe)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
    }

    /// Runs a query and says for each column whether a null came, of as many rows as may be looked
    /// at in the time that there is.
    ///
    /// # Errors
    /// The engine's.
    pub fn nulls(&self, sql: &str) -> Result<Vec<bool>, Refusal> {
        self.watched(ROWS_TIMEOUT, || {
            let mut statement = self.connection.prepare(sql)?;
            // The iterator panics where a portion can't be fetched, so that it isn't used.
            drop(statement.stream_arrow([])?);
            let mut nulls = Vec::new();
            let mut rows = 0;
            while let Some(portion) = statement.step()? {
                nulls.resize(portion.num_columns(), false);
                for (null, column) in nulls.iter_mut().zip(portion.columns()) {
                    *null |= column.logical_null_count() > 0;
                }
                rows += portion.len();
                if rows >= MOST_ROWS {
                    break;
                }
            }
            Ok(nulls)
        })
    }

    fn watched<T>(
        &self,
        timeout: Duration,
        work: impl FnOnce() -> duckdb::Result<T>,
    ) -> Result<T, Refusal> {
        self.watch
            .begin(timeout, self.connection.interrupt_handle());
        let result = work();
        self.watch.end();
        result.map_err(|error| refusal(&error))
    }
}

/// Reads the engine's error, which is JSON with the session's settings.
fn refusal(error: &duckdb::Error) -> Refusal {
    let text = match error {
        duckdb::Error::DuckDBFailure(_, Some(text)) => text.clone(),
        other => other.to_string(),
    };
    let object = text.find('{').map(|start| &text[start..]);
    let read = object.and_then(|object| serde_json::from_str::<Value>(object).ok());
    let (kind, message, position) = match read {
        Some(value) if value["exception_type"].is_string() => (
            value["exception_type"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            value["exception_message"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            value["position"].as_str().and_then(|at| at.parse().ok()),
        ),
        _ => match text.split_once(" Error: ") {
            Some((kind, message)) => (kind.to_owned(), message.to_owned(), None),
            None => (String::new(), text, None),
        },
    };
    Refusal {
        kind: kind.trim().to_owned(),
        message: message.lines().next().unwrap_or_default().trim().to_owned(),
        position,
    }
}

/// Ends statements that take too long: a thread that interrupts until they have ended.
pub struct Watch {
    running: Mutex<Option<(Instant, Arc<InterruptHandle>)>>,
    over: AtomicBool,
}

impl Watch {
    /// Starts the thread, which ends when [`Watch::stop`] is called.
    pub fn start() -> Arc<Watch> {
        let watch = Arc::new(Watch {
            running: Mutex::new(None),
            over: AtomicBool::new(false),
        });
        let own = Arc::clone(&watch);
        std::thread::spawn(move || {
            while !own.over.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(20));
                let running = own.running.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some((deadline, handle)) = running.as_ref()
                    && *deadline <= Instant::now()
                {
                    handle.interrupt();
                }
            }
        });
        watch
    }

    /// Ends the thread.
    pub fn stop(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    fn begin(&self, timeout: Duration, handle: Arc<InterruptHandle>) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Instant::now() + timeout, handle));
    }

    fn end(&self) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

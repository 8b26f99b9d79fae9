//! The rows that the engine gives, as text.

use duckdb::arrow::util::display::{ArrayFormatter, FormatOptions};
use duckdb::{Config, Connection};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// How long a query may take.
const PATIENCE: Duration = Duration::from_millis(1500);

/// An engine in memory, with one thread, so that it does the same each time.
pub struct Engine {
    connection: Connection,
}

/// Rows in the order of their texts.
pub type Rows = Vec<Vec<String>>;

/// What the engine says.
pub enum Answer {
    /// The rows, in the order of their texts.
    Rows(Rows),
    /// It refuses the query, fails, or takes too long.
    Nothing,
}

impl Engine {
    /// Opens one.
    pub fn open() -> Engine {
        let config = Config::default()
            .with("threads", "1")
            .and_then(|config| config.with("memory_limit", "1GB"))
            .expect("settings of the engine");
        let connection =
            Connection::open_in_memory_with_flags(config).expect("the engine can be opened");
        // Random tables give a subquery more rows than the benchmark's would.
        connection
            .execute_batch("set scalar_subquery_error_on_multiple_rows = false")
            .expect("a setting of the engine");
        Engine { connection }
    }

    /// Makes tables.
    pub fn fill(&self, statements: &str) {
        let filled = self.connection.execute_batch(statements);
        filled.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Asks for a query's rows.
    pub fn rows(&self, sql: &str) -> Answer {
        let handle = self.connection.interrupt_handle();
        let (done, waiting) = channel::<()>();
        let guard = thread::spawn(move || {
            if waiting.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                handle.interrupt();
            }
        });
        let rows = self.asked(sql);
        drop(done);
        let _ = guard.join();
        rows.map_or(Answer::Nothing, Answer::Rows)
    }

    fn asked(&self, sql: &str) -> Option<Rows> {
        let mut statement = self.connection.prepare(sql).ok()?;
        let options = FormatOptions::default().with_null("null");
        let mut rows = Vec::new();
        for batch in statement.query_arrow([]).ok()? {
            let columns: Vec<ArrayFormatter<'_>> = batch
                .columns()
                .iter()
                .map(|column| ArrayFormatter::try_new(column, &options).ok())
                .collect::<Option<_>>()?;
            for row in 0..batch.num_rows() {
                let values: Vec<String> = columns
                    .iter()
                    .map(|column| column.value(row).to_string())
                    .collect();
                rows.push(values);
            }
        }
        rows.sort();
        Some(rows)
    }
}

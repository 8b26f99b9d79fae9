//! One connection to an open database.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ::duckdb::Connection as Driver;
use ::duckdb::arrow::array::{Array, Int64Array, RecordBatch};

use super::bookkeeping::Home;
use super::errors::engine_error;
use super::interrupt::StatementWatch;
use super::registry::OpenDatabase;
use super::{bookkeeping, catalog, connect, statement, view_text};
use crate::adapters::error::EngineError;
use crate::adapters::ledger::{CommittedBatch, EngineMeta, Fence, LedgerEntry, PublishedRevision};
use crate::adapters::relation::{CatalogRelation, CatalogTable, Column, Relation, RelationKind};
use crate::adapters::session::{Access, Cancel, Connection, QueryResult, read_only_error};

/// A connection with its watch. The fields are dropped in this order: the registry may close the
/// file only after every connection to it.
pub(super) struct DuckDbConnection {
    driver: Driver,
    watch: Arc<StatementWatch>,
    timeout: Option<Duration>,
    read_only: bool,
    /// When the transaction began that writes, if one does.
    begun: Option<SystemTime>,
    home: Arc<dyn Home>,
    _database: Arc<OpenDatabase>,
}

impl DuckDbConnection {
    /// Connects, with the fixed session settings.
    pub(super) fn new(
        database: Arc<OpenDatabase>,
        (read_only, home): (bool, Arc<dyn Home>),
    ) -> Result<Self, EngineError> {
        let driver = database.connect()?;
        connect::prepare_session(&driver)?;
        home.prepare(&driver)?;
        let watch = StatementWatch::new(driver.interrupt_handle());
        Ok(Self {
            driver,
            watch,
            timeout: None,
            read_only,
            begun: None,
            home,
            _database: database,
        })
    }

    /// Binds, plans and optimizes a query, without running it.
    pub(super) fn prepare(&self, query: &str) -> Result<(), EngineError> {
        statement::require_single(query)?;
        self.watched(|driver| {
            let prepared = driver.prepare(query).map(|_| ());
            prepared.map_err(|error| engine_error(&error, query))
        })
    }

    fn watched<T>(
        &self,
        work: impl FnOnce(&Driver) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        self.watch.run(self.timeout, || work(&self.driver))
    }

    /// Begins or ends a transaction: never cancelled halfway.
    fn control(&self, command: &str) -> Result<(), EngineError> {
        self.driver
            .execute_batch(command)
            .map_err(|error| engine_error(&error, command))
    }
}

impl Connection for DuckDbConnection {
    fn begin(&mut self, access: Access) -> Result<(), EngineError> {
        self.watch.check()?;
        self.begun = (access == Access::Write).then(SystemTime::now);
        match access {
            Access::Write if self.read_only => Err(read_only_error()),
            Access::Write => self.control("BEGIN TRANSACTION"),
            Access::Read => self.control("BEGIN TRANSACTION READ ONLY"),
        }
    }

    fn commit(&mut self) -> Result<(), EngineError> {
        self.watch.check()?;
        if let Some(begun) = self.begun.take() {
            self.home.before_commit(begun)?;
        }
        self.control("COMMIT")
    }

    fn rollback(&mut self) -> Result<(), EngineError> {
        self.control("ROLLBACK")
    }

    fn execute(&mut self, statement: &str) -> Result<u64, EngineError> {
        statement::require_single(statement)?;
        self.watched(|driver| {
            run(driver, statement).map_err(|error| engine_error(&error, statement))
        })
    }

    /// As one text: a statement by itself is prepared before it is run, which takes half as long again.
    fn execute_together(&mut self, statements: &[String]) -> Result<(), EngineError> {
        for statement in statements {
            statement::require_single(statement)?;
        }
        if statements.is_empty() {
            return Ok(());
        }
        // A statement may end with a comment, or with a semicolon of its own.
        let text = statements.join("\n;\n");
        self.watched(|driver| {
            let result = driver.execute_batch(&text);
            result.map_err(|error| engine_error(&error, &text))
        })
    }

    fn query(&mut self, query: &str) -> Result<QueryResult, EngineError> {
        statement::require_single(query)?;
        self.watched(|driver| fetch(driver, query).map_err(|error| engine_error(&error, query)))
    }

    fn record(&mut self, entry: &LedgerEntry) -> Result<(), EngineError> {
        self.watched(|driver| self.home.record(driver, entry))
    }

    fn create_bookkeeping(&mut self, state_id: &str) -> Result<EngineMeta, EngineError> {
        self.watched(|driver| bookkeeping::create_bookkeeping(&*self.home, driver, state_id))
    }

    fn meta(&mut self) -> Result<Option<EngineMeta>, EngineError> {
        self.watched(bookkeeping::meta)
    }

    fn adopt(&mut self, state_id: &str) -> Result<(), EngineError> {
        self.watched(|driver| bookkeeping::adopt(driver, state_id))
    }

    fn fences(&mut self) -> Result<Vec<u64>, EngineError> {
        self.watched(|driver| self.home.fences(driver))
    }

    fn fence(&mut self, fence: &Fence<'_>) -> Result<u64, EngineError> {
        self.watched(|driver| self.home.fence(driver, fence))
    }

    fn hold_fence(&mut self, token: u64) -> Result<(), EngineError> {
        self.watched(|driver| self.home.hold_fence(driver, token))
    }

    fn renew_fence(&mut self, token: u64) -> Result<(), EngineError> {
        self.watched(|driver| self.home.renew_fence(driver, token))
    }

    fn record_published(&mut self, published: &PublishedRevision) -> Result<u64, EngineError> {
        self.watched(|driver| self.home.record_published(driver, published))
    }

    fn published(&mut self) -> Result<Vec<PublishedRevision>, EngineError> {
        self.watched(|driver| self.home.published(driver))
    }

    fn ledger_mark(&mut self) -> Result<String, EngineError> {
        self.watched(bookkeeping::ledger_mark)
    }

    fn ledger(&mut self) -> Result<Vec<CommittedBatch>, EngineError> {
        self.watched(|driver| self.home.ledger(driver))
    }

    fn forget_batches(&mut self, tables: &[&str]) -> Result<u64, EngineError> {
        self.watched(|driver| bookkeeping::forget_batches(driver, tables))
    }

    fn replace_batches(
        &mut self,
        removed: &[&str],
        changed: &[CommittedBatch],
    ) -> Result<(), EngineError> {
        self.watched(|driver| self.home.replace_batches(driver, removed, changed))
    }

    fn used_bytes(&mut self) -> Result<u64, EngineError> {
        if !self.read_only {
            self.home.checkpoint(&self.driver)?;
        }
        self.watched(|driver| self.home.used_bytes(driver))
    }

    fn committed_batch(&mut self, batch_id: &str) -> Result<Option<CommittedBatch>, EngineError> {
        self.watched(|driver| bookkeeping::committed_batch(driver, batch_id))
    }

    fn tables(&mut self) -> Result<Vec<CatalogTable>, EngineError> {
        self.watched(catalog::tables)
    }

    fn relations(&mut self, schemas: &[&str]) -> Result<Vec<CatalogRelation>, EngineError> {
        self.watched(|driver| catalog::relations(driver, schemas))
    }

    fn names(&mut self, schemas: &[&str]) -> Result<Vec<(Relation, RelationKind)>, EngineError> {
        self.watched(|driver| catalog::names(driver, schemas))
    }

    fn are_altered(
        &mut self,
        views: &[(Relation, String)],
    ) -> Result<Vec<Option<bool>>, EngineError> {
        self.watched(|driver| view_text::are_altered(driver, views))
    }

    fn describe(&mut self, query: &str) -> Result<Vec<Column>, EngineError> {
        statement::require_single(query)?;
        self.watched(|driver| catalog::describe(driver, query))
    }

    fn set_statement_timeout(&mut self, timeout: Option<Duration>) {
        self.timeout = timeout;
    }

    fn canceller(&self) -> Arc<dyn Cancel> {
        Arc::clone(&self.watch) as Arc<dyn Cancel>
    }
}

/// Runs a statement and gives the number of rows it changed. For `CREATE TABLE … AS` DuckDB gives
/// that number as a row with the column `Count` instead of a count of changed rows.
fn run(driver: &Driver, text: &str) -> ::duckdb::Result<u64> {
    let mut statement = driver.prepare(text)?;
    let changed = statement.execute([])? as u64;
    if changed > 0 || !statement::creates(text) {
        return Ok(changed);
    }
    let created = statement.step()?.and_then(|rows| {
        let counts = rows.column_by_name("Count")?;
        let counts = counts.as_any().downcast_ref::<Int64Array>()?;
        (counts.len() == 1).then(|| counts.value(0))
    });
    Ok(created.map_or(0, |count| count.unsigned_abs()))
}

/// Reads all rows. The driver's own iterator over batches panics where a portion can't be
/// fetched, which an interrupt can cause, so its portions are asked for one by one.
fn fetch(driver: &Driver, query: &str) -> ::duckdb::Result<QueryResult> {
    let mut statement = driver.prepare(query)?;
    statement.execute([])?;
    let mut batches = Vec::new();
    while let Some(portion) = statement.step()? {
        batches.push(RecordBatch::from(&portion));
    }
    Ok(QueryResult {
        schema: statement.schema(),
        batches,
    })
}

//! dbgo's own tables in a DuckDB database: meta with its fence, ledger, publications.

use std::time::SystemTime;

use ::duckdb::{Connection, Row, params};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ddl::string;
use super::errors::engine_error;
use crate::adapters::error::{EngineError, ErrorClass};
use crate::adapters::ledger::{
    BOOKKEEPING_FORMAT, BOOKKEEPING_SCHEMA, CommittedBatch, EngineMeta, Fence, LedgerEntry,
    PublishedRevision, TimeRange,
};

/// The ledger has two columns on purpose. Each batch's transaction inserts one row, and DuckDB
/// sets up and merges storage per column for it: with eleven columns 1,000 batches spent 1.1 to
/// 1.4 s there, with two 0.5 to 0.65 s. The key's index costs nothing that could be measured beside
/// that, and transactions with different keys don't conflict. Text for the insert instead of a
/// prepared statement: the tables that are created all the time make it bind anew in any case.
const CREATE: &str = "
CREATE SCHEMA IF NOT EXISTS _dbgo;
CREATE TABLE IF NOT EXISTS _dbgo.meta (
    state_id VARCHAR NOT NULL, format INTEGER NOT NULL,
    epoch BIGINT NOT NULL, holder VARCHAR NOT NULL, n BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS _dbgo.ledger (batch_id VARCHAR PRIMARY KEY, entry VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS _dbgo.published (
    project VARCHAR, environment VARCHAR, revision BIGINT NOT NULL, plan VARCHAR NOT NULL,
    project_version VARCHAR NOT NULL, published_at BIGINT NOT NULL,
    PRIMARY KEY (project, environment)
);
";

/// The column `entry` of the ledger: a JSON object. Times are microseconds since 1970 in UTC.
#[derive(Serialize, Deserialize)]
struct StoredEntry {
    run_id: String,
    model: String,
    version: String,
    physical_table: String,
    range: Option<(i64, i64)>,
    rows: u64,
    token: u64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    details: String,
    committed_at: i64,
}

impl StoredEntry {
    /// Takes the time from this process's clock, which is the engine's.
    fn new(entry: &LedgerEntry) -> Self {
        Self::at(entry, Timestamp::now())
    }

    fn at(entry: &LedgerEntry, committed_at: Timestamp) -> Self {
        let range = entry.range;
        Self {
            run_id: entry.run_id.clone(),
            model: entry.model.clone(),
            version: entry.version.clone(),
            physical_table: entry.physical_table.clone(),
            range: range.map(|range| (range.start.as_microsecond(), range.end.as_microsecond())),
            rows: entry.rows,
            token: entry.token,
            details: entry.details.clone(),
            committed_at: committed_at.as_microsecond(),
        }
    }

    /// The batch that this row of the ledger tells of.
    fn into_batch(self, batch_id: String) -> Result<CommittedBatch, EngineError> {
        let range = match self.range {
            Some((start, end)) => Some(TimeRange {
                start: instant(start)?,
                end: instant(end)?,
            }),
            None => None,
        };
        Ok(CommittedBatch {
            entry: LedgerEntry {
                batch_id,
                run_id: self.run_id,
                model: self.model,
                version: self.version,
                physical_table: self.physical_table,
                range,
                rows: self.rows,
                token: self.token,
                details: self.details,
            },
            committed_at: instant(self.committed_at)?,
        })
    }
}

fn instant(microseconds: i64) -> Result<Timestamp, EngineError> {
    Timestamp::from_microsecond(microseconds).map_err(unreadable)
}

/// A ledger row that isn't as this module writes it.
fn unreadable(error: impl std::fmt::Display) -> EngineError {
    EngineError::new(
        ErrorClass::Other,
        format!("the ledger holds a row that can't be read: {error}"),
    )
}

/// What differs between the places that hold the tables: a file, which one process has, and a lake.
pub(super) trait Home: Send + Sync {
    /// What a connection needs besides the fixed settings.
    fn prepare(&self, _driver: &Connection) -> Result<(), EngineError> {
        Ok(())
    }

    /// Brings to the disk what a transaction that began at an instant has written beside what its commit does.
    fn before_commit(&self, _begun: SystemTime) -> Result<(), EngineError> {
        Ok(())
    }

    /// The statements that create `_dbgo` and its tables where they are missing.
    fn create(&self) -> &'static str {
        CREATE
    }

    /// The tokens that there is a fence of each.
    fn fences(&self, _driver: &Connection) -> Result<Vec<u64>, EngineError> {
        Ok(Vec::new())
    }

    /// Gives a fence to a holder; gives the number of rows of meta that this changed.
    fn fence(&self, driver: &Connection, wanted: &Fence<'_>) -> Result<u64, EngineError> {
        fence(driver, wanted)
    }

    /// Fails if the fence isn't a token's, now or when the transaction is committed.
    fn hold_fence(&self, driver: &Connection, token: u64) -> Result<(), EngineError> {
        // The process that has the file open is the only one that can take the fence, so nobody
        // does between this and the commit.
        match meta(driver)? {
            Some(meta) if meta.epoch == token => Ok(()),
            found => Err(EngineError::fenced(token, found.as_ref())),
        }
    }

    /// Makes a token's fence anew, so that nothing can be committed any more that holds the one that was.
    fn renew_fence(&self, _driver: &Connection, _token: u64) -> Result<(), EngineError> {
        // The process that has the file open commits by itself, and knows what it did.
        Ok(())
    }

    /// Writes a row of the ledger.
    fn record(&self, driver: &Connection, entry: &LedgerEntry) -> Result<(), EngineError> {
        record(driver, entry)
    }

    /// The whole ledger in the order of its commits.
    fn ledger(&self, driver: &Connection) -> Result<Vec<CommittedBatch>, EngineError> {
        // They are written by this one's clock, one process after the other.
        let mut batches = read_ledger(driver, "")?;
        batches.sort_by(|one, other| {
            let key = |batch: &CommittedBatch| (batch.committed_at, batch.entry.batch_id.clone());
            key(one).cmp(&key(other))
        });
        Ok(batches)
    }

    /// Removes rows of the ledger, and writes others anew.
    fn replace_batches(
        &self,
        driver: &Connection,
        removed: &[&str],
        changed: &[CommittedBatch],
    ) -> Result<(), EngineError> {
        replace_batches(driver, removed, changed)
    }

    /// Writes what an environment's views show; gives the number of rows that this changed or added.
    fn record_published(
        &self,
        driver: &Connection,
        published: &PublishedRevision,
    ) -> Result<u64, EngineError> {
        record_published(driver, published)
    }

    /// Reads what the views of all environments show.
    fn published(&self, driver: &Connection) -> Result<Vec<PublishedRevision>, EngineError> {
        published(driver)
    }

    /// Writes everything that was committed to where it stays.
    fn checkpoint(&self, driver: &Connection) -> Result<(), EngineError> {
        const CHECKPOINT: &str = "CHECKPOINT";
        driver
            .execute_batch(CHECKPOINT)
            .map_err(|error| engine_error(&error, CHECKPOINT))
    }

    /// How many bytes the tables take.
    fn used_bytes(&self, driver: &Connection) -> Result<u64, EngineError> {
        super::catalog::used_bytes(driver)
    }
}

/// A database file, or memory.
pub(super) struct OwnFile;

impl Home for OwnFile {}

/// Creates `_dbgo` and its tables where they are missing, and reads the meta row.
pub(super) fn create_bookkeeping(
    home: &dyn Home,
    driver: &Connection,
    state_id: &str,
) -> Result<EngineMeta, EngineError> {
    let create = home.create();
    let work = || -> ::duckdb::Result<EngineMeta> {
        driver.execute_batch(create)?;
        driver.execute(
            "INSERT INTO _dbgo.meta (state_id, format, epoch, holder, n)
             SELECT ?, ?, 0, '', 0 WHERE NOT EXISTS (FROM _dbgo.meta)",
            params![state_id, BOOKKEEPING_FORMAT],
        )?;
        driver.query_row(META, [], meta_row)
    };
    work().map_err(|error| engine_error(&error, create.trim()))
}

const META: &str = "SELECT state_id, format, epoch, holder, n FROM _dbgo.meta";

fn meta_row(row: &Row<'_>) -> ::duckdb::Result<EngineMeta> {
    Ok(EngineMeta {
        state_id: row.get(0)?,
        format: row.get(1)?,
        epoch: row.get(2)?,
        holder: row.get(3)?,
        fences: row.get(4)?,
    })
}

/// Reads the meta row.
pub(super) fn meta(driver: &Connection) -> Result<Option<EngineMeta>, EngineError> {
    match driver.query_row(META, [], meta_row) {
        Ok(meta) => Ok(Some(meta)),
        Err(::duckdb::Error::QueryReturnedNoRows) => Ok(None),
        Err(error) => Err(engine_error(&error, META)),
    }
}

/// Writes another state database into the meta row.
pub(super) fn adopt(driver: &Connection, state_id: &str) -> Result<(), EngineError> {
    const ADOPT: &str = "UPDATE _dbgo.meta SET state_id = ?";
    driver
        .execute(ADOPT, params![state_id])
        .map(|_| ())
        .map_err(|error| engine_error(&error, ADOPT))
}

/// Gives the fence to a holder. It is one update and nothing else: with `RETURNING`, or as a delete
/// and an insert, DuckDB lets two transactions do it at once and silently loses one of them.
fn fence(driver: &Connection, wanted: &Fence<'_>) -> Result<u64, EngineError> {
    const FENCE: &str = "UPDATE _dbgo.meta SET epoch = $1, holder = $2, n = n + 1
        WHERE state_id = $3 AND (epoch < $1 OR (epoch = $1 AND holder = $2))";
    driver
        .execute(FENCE, params![wanted.token, wanted.holder, wanted.state_id])
        .map(|changed| changed as u64)
        .map_err(|error| engine_error(&error, FENCE))
}

/// Writes what an environment's views show. The update comes first for the same reason; of two
/// first publications at once, one fails by the key.
fn record_published(
    driver: &Connection,
    published: &PublishedRevision,
) -> Result<u64, EngineError> {
    const UPDATE: &str = "UPDATE _dbgo.published
        SET revision = $3, plan = $4, project_version = $5, published_at = $6
        WHERE project = $1 AND environment = $2 AND revision < $3";
    const INSERT: &str = "INSERT INTO _dbgo.published
        SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS
        (FROM _dbgo.published WHERE project = $1 AND environment = $2)";
    let run = |statement: &str| {
        let values = params![
            published.project,
            published.environment,
            published.revision,
            published.plan,
            published.project_version,
            published.published_at.as_microsecond(),
        ];
        driver
            .execute(statement, values)
            .map(|changed| changed as u64)
            .map_err(|error| engine_error(&error, statement))
    };
    match run(UPDATE)? {
        0 => run(INSERT),
        changed => Ok(changed),
    }
}

/// Reads what the views of all environments show. Of an environment with several rows it is the last.
fn published(driver: &Connection) -> Result<Vec<PublishedRevision>, EngineError> {
    if !has_table(driver, "published")? {
        return Ok(Vec::new());
    }
    const PUBLISHED: &str = "SELECT project, environment, revision, plan, project_version,
        published_at FROM _dbgo.published
        QUALIFY row_number() OVER (PARTITION BY project, environment ORDER BY revision DESC) = 1
        ORDER BY project, environment";
    let fail = |error| engine_error(&error, PUBLISHED);
    let mut statement = driver.prepare(PUBLISHED).map_err(fail)?;
    let mut rows = statement.query([]).map_err(fail)?;
    let mut published = Vec::new();
    while let Some(row) = rows.next().map_err(fail)? {
        published.push(PublishedRevision {
            project: row.get(0).map_err(fail)?,
            environment: row.get(1).map_err(fail)?,
            revision: row.get(2).map_err(fail)?,
            plan: row.get(3).map_err(fail)?,
            project_version: row.get(4).map_err(fail)?,
            published_at: instant(row.get(5).map_err(fail)?)?,
        });
    }
    Ok(published)
}

/// How many batches were committed, and a hash of which: it doesn't depend on their order.
pub(super) fn ledger_mark(driver: &Connection) -> Result<String, EngineError> {
    const MARK: &str = "SELECT concat(count(*), '-', bit_xor(hash(batch_id))) FROM _dbgo.ledger";
    driver
        .query_row(MARK, [], |row| row.get(0))
        .map_err(|error| engine_error(&error, MARK))
}

/// Writes a row of the ledger.
pub(super) fn record(driver: &Connection, entry: &LedgerEntry) -> Result<(), EngineError> {
    let stored = serde_json::to_string(&StoredEntry::new(entry)).map_err(unreadable)?;
    let insert = format!(
        "INSERT INTO _dbgo.ledger VALUES ({}, {})",
        string(&entry.batch_id),
        string(&stored)
    );
    driver
        .execute_batch(&insert)
        .map_err(|error| engine_error(&error, &insert))
}

/// Removes the rows about tables, and gives their number.
pub(super) fn forget_batches(driver: &Connection, tables: &[&str]) -> Result<u64, EngineError> {
    if tables.is_empty() {
        return Ok(0);
    }
    let names: Vec<String> = tables.iter().map(|name| string(name)).collect();
    // Without the functions for JSON, which not every build of the engine has. Names of tables are
    // letters, digits and underscores.
    let delete = format!(
        "DELETE FROM _dbgo.ledger
         WHERE regexp_extract(entry, '\"physical_table\":\"([^\"]*)\"', 1) IN ({})",
        names.join(", ")
    );
    driver
        .execute(&delete, [])
        .map(|rows| rows as u64)
        .map_err(|error| engine_error(&error, &delete))
}

/// Removes rows, and writes others anew. Their keys stay, so that it is an update, and no row is deleted and
/// inserted again in one transaction.
pub(super) fn replace_batches(
    driver: &Connection,
    removed: &[&str],
    changed: &[CommittedBatch],
) -> Result<(), EngineError> {
    let run = |statement: &str| {
        let done = driver.execute_batch(statement);
        done.map_err(|error| engine_error(&error, statement))
    };
    for batch in changed {
        let stored = StoredEntry::at(&batch.entry, batch.committed_at);
        let stored = serde_json::to_string(&stored).map_err(unreadable)?;
        run(&format!(
            "UPDATE _dbgo.ledger SET entry = {} WHERE batch_id = {}",
            string(&stored),
            string(&batch.entry.batch_id)
        ))?;
    }
    for ids in removed.chunks(1000) {
        let ids: Vec<String> = ids.iter().map(|id| string(id)).collect();
        run(&format!(
            "DELETE FROM _dbgo.ledger WHERE batch_id IN ({})",
            ids.join(", ")
        ))?;
    }
    Ok(())
}

/// One batch of the ledger.
pub(super) fn committed_batch(
    driver: &Connection,
    batch_id: &str,
) -> Result<Option<CommittedBatch>, EngineError> {
    let condition = format!("WHERE batch_id = {}", string(batch_id));
    Ok(read_ledger(driver, &condition)?.pop())
}

/// Rows of the ledger: those that a condition holds for, or in an order.
pub(super) fn read_ledger(
    driver: &Connection,
    condition: &str,
) -> Result<Vec<CommittedBatch>, EngineError> {
    if !has_table(driver, "ledger")? {
        return Ok(Vec::new());
    }
    let query = format!("SELECT batch_id, entry FROM {BOOKKEEPING_SCHEMA}.ledger {condition}");
    let fail = |error| engine_error(&error, &query);
    let mut statement = driver.prepare(&query).map_err(fail)?;
    let mut rows = statement.query([]).map_err(fail)?;
    let mut batches = Vec::new();
    while let Some(row) = rows.next().map_err(fail)? {
        let batch_id: String = row.get(0).map_err(fail)?;
        let entry: String = row.get(1).map_err(fail)?;
        let stored: StoredEntry = serde_json::from_str(&entry).map_err(unreadable)?;
        batches.push(stored.into_batch(batch_id)?);
    }
    Ok(batches)
}

/// Whether one of dbgo's own tables is there.
fn has_table(driver: &Connection, name: &str) -> Result<bool, EngineError> {
    let exists = format!(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database()
         AND schema_name = '{BOOKKEEPING_SCHEMA}' AND table_name = {}",
        string(name)
    );
    let count: i64 = driver
        .query_row(&exists, [], |row| row.get(0))
        .map_err(|error| engine_error(&error, &exists))?;
    Ok(count > 0)
}

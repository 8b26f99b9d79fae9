//! dbgo's own tables in a lake, where nothing has a key and several processes write.
//!
//! Each claim has a fence of its own: a table, into which every transaction of its holder inserts a row. Who
//! takes over drops it, and with that the holder's commit fails, whatever it wrote: DuckLake compares what a
//! transaction changed with all that was committed since it began, and an insert into a table that was
//! dropped is a conflict. Two inserts into one table are none, and so the ledger and the publications only
//! grow: an update would keep all others waiting.

use std::path::PathBuf;
use std::time::SystemTime;

use ::duckdb::{Connection, params};

use super::super::bookkeeping::{
    Home, committed_batch, meta, read_ledger, record, replace_batches,
};
use super::super::ddl::identifier;
use super::super::errors::engine_error;
use super::attach::CATALOG;
use super::durable;
use crate::adapters::error::{EngineError, ErrorClass};
use crate::adapters::ledger::{
    BOOKKEEPING_SCHEMA, CommittedBatch, Fence, LedgerEntry, PublishedRevision,
};

const CREATE: &str = "
CREATE SCHEMA IF NOT EXISTS _dbgo;
CREATE TABLE IF NOT EXISTS _dbgo.meta (
    state_id VARCHAR NOT NULL, format INTEGER NOT NULL,
    epoch BIGINT NOT NULL, holder VARCHAR NOT NULL, n BIGINT NOT NULL
);
CREATE TABLE IF NOT EXISTS _dbgo.ledger (batch_id VARCHAR NOT NULL, entry VARCHAR NOT NULL);
CREATE TABLE IF NOT EXISTS _dbgo.published (
    project VARCHAR NOT NULL, environment VARCHAR NOT NULL, revision BIGINT NOT NULL,
    plan VARCHAR NOT NULL, project_version VARCHAR NOT NULL, published_at BIGINT NOT NULL
);
";

/// How many digits of the hash of a project's name stand in the names of its fences.
const DIGITS: usize = 8;

/// A lake, as one project writes it.
pub(super) struct Lake {
    /// What the names of the project's fences begin with.
    prefix: String,
    /// The folder of the lake's files; nothing where they are elsewhere.
    folder: Option<PathBuf>,
}

impl Lake {
    /// The lake of a project, and where its files are.
    pub(super) fn of(project: &str, data: Option<&str>) -> Self {
        let hash = blake3::hash(project.as_bytes()).to_hex();
        Self {
            prefix: format!("{}{}_", FENCE, &hash[..DIGITS]),
            folder: data.filter(|data| !data.contains("://")).map(PathBuf::from),
        }
    }

    fn table(&self, token: u64) -> String {
        let name = identifier(&format!("{}{token}", self.prefix));
        format!("{BOOKKEEPING_SCHEMA}.{name}")
    }
}

/// What the names of all fences begin with.
pub(super) const FENCE: &str = "fence_";

impl Home for Lake {
    fn prepare(&self, driver: &Connection) -> Result<(), EngineError> {
        run(driver, &format!("USE {}", identifier(CATALOG))).map(|_| ())
    }

    fn before_commit(&self, begun: SystemTime) -> Result<(), EngineError> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        durable::sync(folder, begun).map_err(|error| {
            let message = format!(
                "the files in `{}` can't be synced: {error}",
                folder.display()
            );
            EngineError::new(ErrorClass::Io, message)
        })
    }

    fn create(&self) -> &'static str {
        CREATE
    }

    fn fences(&self, driver: &Connection) -> Result<Vec<u64>, EngineError> {
        const NAMES: &str = "SELECT table_name FROM duckdb_tables()
            WHERE database_name = current_database() AND schema_name = '_dbgo'
                AND starts_with(table_name, ?)";
        let work = || -> ::duckdb::Result<Vec<String>> {
            let mut statement = driver.prepare(NAMES)?;
            let names = statement.query_map([&self.prefix], |row| row.get(0))?;
            names.collect()
        };
        let names = work().map_err(|error| engine_error(&error, NAMES))?;
        let tokens = names.iter().filter_map(|name| {
            let digits = name.strip_prefix(&self.prefix)?;
            digits.parse().ok()
        });
        Ok(tokens.collect())
    }

    fn fence(&self, driver: &Connection, wanted: &Fence<'_>) -> Result<u64, EngineError> {
        for token in wanted.ended.iter().filter(|token| **token != wanted.token) {
            run(
                driver,
                &format!("DROP TABLE IF EXISTS {}", self.table(*token)),
            )?;
        }
        let own = self.table(wanted.token);
        run(
            driver,
            &format!("CREATE TABLE IF NOT EXISTS {own} (n BIGINT)"),
        )?;
        const META: &str = "UPDATE _dbgo.meta
            SET epoch = greatest(epoch, $1), holder = $2, n = n + 1 WHERE state_id = $3";
        driver
            .execute(META, params![wanted.token, wanted.holder, wanted.state_id])
            .map(|changed| changed as u64)
            .map_err(|error| engine_error(&error, META))
    }

    fn hold_fence(&self, driver: &Connection, token: u64) -> Result<(), EngineError> {
        let insert = format!("INSERT INTO {} VALUES (1)", self.table(token));
        match run(driver, &insert) {
            Ok(_) => Ok(()),
            Err(error) if error.class == ErrorClass::Catalog => Err(fenced(driver, token)),
            Err(error) => Err(error),
        }
    }

    fn renew_fence(&self, driver: &Connection, token: u64) -> Result<(), EngineError> {
        let own = self.table(token);
        match run(driver, &format!("DROP TABLE {own}")) {
            Ok(_) => run(driver, &format!("CREATE TABLE {own} (n BIGINT)")).map(|_| ()),
            Err(error) if error.class == ErrorClass::Catalog => Err(fenced(driver, token)),
            Err(error) => Err(error),
        }
    }

    fn record(&self, driver: &Connection, entry: &LedgerEntry) -> Result<(), EngineError> {
        // In place of a key. Of two transactions with one batch at once the fence lets one commit.
        if committed_batch(driver, &entry.batch_id)?.is_some() {
            let message = format!("the batch `{}` was committed before", entry.batch_id);
            return Err(EngineError::new(ErrorClass::Constraint, message));
        }
        record(driver, entry)
    }

    fn ledger(&self, driver: &Connection) -> Result<Vec<CommittedBatch>, EngineError> {
        // The rows' numbers are given at the commit; the clocks of several machines may differ.
        read_ledger(driver, "ORDER BY rowid")
    }

    fn replace_batches(
        &self,
        driver: &Connection,
        removed: &[&str],
        changed: &[CommittedBatch],
    ) -> Result<(), EngineError> {
        const OLD: &str = "DELETE FROM _dbgo.published AS old USING _dbgo.published AS later
            WHERE old.project = later.project AND old.environment = later.environment
                AND old.revision < later.revision";
        replace_batches(driver, removed, changed)?;
        run(driver, OLD).map(|_| ())
    }

    fn record_published(
        &self,
        driver: &Connection,
        published: &PublishedRevision,
    ) -> Result<u64, EngineError> {
        const INSERT: &str = "INSERT INTO _dbgo.published
            SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS (FROM _dbgo.published
            WHERE project = $1 AND environment = $2 AND revision >= $3)";
        let values = params![
            published.project,
            published.environment,
            published.revision,
            published.plan,
            published.project_version,
            published.published_at.as_microsecond(),
        ];
        driver
            .execute(INSERT, values)
            .map(|added| added as u64)
            .map_err(|error| engine_error(&error, INSERT))
    }

    fn checkpoint(&self, _driver: &Connection) -> Result<(), EngineError> {
        // It would rewrite the lake's files, under the feet of others.
        Ok(())
    }

    fn used_bytes(&self, driver: &Connection) -> Result<u64, EngineError> {
        const USED: &str =
            "SELECT coalesce(sum(file_size_bytes + delete_file_size_bytes), 0)::UBIGINT
            FROM ducklake_table_info('lake')";
        driver
            .query_row(USED, [], |row| row.get(0))
            .map_err(|error| engine_error(&error, USED))
    }
}

/// Somebody dropped the table of a lease.
fn fenced(driver: &Connection, token: u64) -> EngineError {
    // The transaction may be beyond reading anything; who it was is only for people.
    let holder = meta(driver).ok().flatten().map(|meta| meta.holder);
    let holder = holder.filter(|holder| !holder.is_empty());
    let by = holder.map_or(String::new(), |holder| {
        format!(", the last one by {holder}")
    });
    let message = format!("lease {token} on the lake was taken over{by}");
    EngineError::new(ErrorClass::Fenced, message)
}

fn run(driver: &Connection, statement: &str) -> Result<u64, EngineError> {
    driver
        .execute(statement, [])
        .map(|changed| changed as u64)
        .map_err(|error| engine_error(&error, statement))
}

//! A session and its transaction guard, the same for every engine.
//!
//! [`Session`] reads; only [`Transaction`] changes data, and it is the only thing that commits.
//! The guard doesn't trust the engine's answer to `COMMIT`: DuckDB reports success for the commit
//! of a failed transaction and stores nothing, and after a bind error in the middle it commits the
//! rest; Postgres answers the commit of a failed transaction with the tag `ROLLBACK` and no error.
//! So the first error of any statement makes the guard rollback-only, also one that the caller
//! swallowed, and [`Transaction::commit`] gives that error back.

use std::sync::Arc;
use std::time::Duration;

use super::arrow::array::RecordBatch;
use super::arrow::datatypes::SchemaRef;
use super::error::{EngineError, ErrorClass};
use super::ledger::{CommittedBatch, EngineMeta, Fence, LedgerEntry, PublishedRevision};
use super::relation::{CatalogRelation, CatalogTable, Column, Names, Relation, RelationKind};
use crate::faults::{Bug, Point, fail_point, is_seeded};

/// How often taking the fence and what else belongs to opening is tried again where others take it in the same instant.
const FENCE_RETRIES: u32 = 40;

/// The pause between two of these attempts.
const FENCE_PAUSE: Duration = Duration::from_millis(5);

/// The rows that a query gave.
#[derive(Clone, Debug)]
pub struct QueryResult {
    /// The columns, present also where there are no rows.
    pub schema: SchemaRef,
    /// The rows, in the engine's own portions.
    pub batches: Vec<RecordBatch>,
}

impl QueryResult {
    /// How many rows there are.
    pub fn row_count(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

/// Stops what a session does, from another thread.
pub trait Cancel: Send + Sync {
    /// Cancels the running statement, if one runs, and every later one of the session, with
    /// [`ErrorClass::Interrupted`]. A commit that has begun isn't cancelled: its result is known.
    fn cancel(&self);
}

/// One connection, as an adapter implements it. Nothing but [`Session`] calls this.
pub trait Connection: Send {
    /// Begins a transaction; a read-only one can't change data, which the engine itself watches.
    fn begin(&mut self, access: Access) -> Result<(), EngineError>;
    /// Commits the transaction.
    fn commit(&mut self) -> Result<(), EngineError>;
    /// Rolls the transaction back.
    fn rollback(&mut self) -> Result<(), EngineError>;
    /// Runs one statement and gives the number of rows it changed.
    fn execute(&mut self, statement: &str) -> Result<u64, EngineError>;
    /// Runs statements in order, of which nobody wants to know how many rows each changed. An engine may take
    /// them at once.
    fn execute_together(&mut self, statements: &[String]) -> Result<(), EngineError> {
        for statement in statements {
            self.execute(statement)?;
        }
        Ok(())
    }
    /// Runs one query and gives its rows.
    fn query(&mut self, query: &str) -> Result<QueryResult, EngineError>;
    /// Writes a row of the ledger.
    fn record(&mut self, entry: &LedgerEntry) -> Result<(), EngineError>;
    /// Creates `_dbgo` and its tables where they are missing, and reads the meta row.
    fn create_bookkeeping(&mut self, state_id: &str) -> Result<EngineMeta, EngineError>;
    /// Reads the meta row of tables that are there.
    fn meta(&mut self) -> Result<Option<EngineMeta>, EngineError>;
    /// Writes another state database into the meta row.
    fn adopt(&mut self, state_id: &str) -> Result<(), EngineError>;
    /// The tokens that the engine has a fence of each, where there are several at once.
    fn fences(&mut self) -> Result<Vec<u64>, EngineError> {
        Ok(Vec::new())
    }
    /// Gives a fence to a holder, and takes it from those whose leases have ended; gives the number of rows
    /// of meta that this changed.
    fn fence(&mut self, fence: &Fence<'_>) -> Result<u64, EngineError>;
    /// Looks at the fence of a token so that the transaction can't be committed if it is given away
    /// before; where nobody else can write while this connection lives, reading it is enough.
    fn hold_fence(&mut self, token: u64) -> Result<(), EngineError>;
    /// Gives a token's fence to it anew, so that no transaction that holds it can be committed any more; nothing where
    /// the engine's commits are this process's own.
    fn renew_fence(&mut self, _token: u64) -> Result<(), EngineError> {
        Ok(())
    }
    /// Writes what an environment's views show, unless a revision that isn't smaller is there;
    /// gives the number of rows that this changed or added.
    fn record_published(&mut self, published: &PublishedRevision) -> Result<u64, EngineError>;
    /// Reads what the views of all environments show; nothing where there is no such table.
    fn published(&mut self) -> Result<Vec<PublishedRevision>, EngineError>;
    /// Reads what tells this ledger from another one.
    fn ledger_mark(&mut self) -> Result<String, EngineError>;
    /// Reads the ledger; nothing where there is none.
    fn ledger(&mut self) -> Result<Vec<CommittedBatch>, EngineError>;
    /// Removes the rows of the ledger that are about tables which are dropped, and gives their number.
    fn forget_batches(&mut self, tables: &[&str]) -> Result<u64, EngineError>;
    /// Removes rows of the ledger by the ids of their batches, and writes others anew.
    fn replace_batches(
        &mut self,
        removed: &[&str],
        changed: &[CommittedBatch],
    ) -> Result<(), EngineError>;
    /// Writes out what waits for it, and reads how many bytes the database uses then.
    fn used_bytes(&mut self) -> Result<u64, EngineError>;
    /// Reads one row of the ledger.
    fn committed_batch(&mut self, batch_id: &str) -> Result<Option<CommittedBatch>, EngineError>;
    /// Reads tables and views of the given schemas.
    fn relations(&mut self, schemas: &[&str]) -> Result<Vec<CatalogRelation>, EngineError>;
    /// What the given schemas have, without columns.
    fn names(&mut self, schemas: &[&str]) -> Result<Vec<(Relation, RelationKind)>, EngineError>;
    /// Reads all tables and views of users.
    fn tables(&mut self) -> Result<Vec<CatalogTable>, EngineError>;
    /// Of each view whether it has another text than one that is made of its query now has; nothing where that
    /// can't be told. It may make things that the caller rolls back.
    fn are_altered(
        &mut self,
        views: &[(Relation, String)],
    ) -> Result<Vec<Option<bool>>, EngineError>;
    /// The columns that a query would give.
    fn describe(&mut self, query: &str) -> Result<Vec<Column>, EngineError>;
    /// The longest that one statement may take.
    fn set_statement_timeout(&mut self, timeout: Option<Duration>);
    /// Stops this connection's statements.
    fn canceller(&self) -> Arc<dyn Cancel>;
}

/// What a transaction may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read only.
    Read,
    /// Read and change.
    Write,
}

/// One worker's connection to an engine.
pub struct Session {
    connection: Box<dyn Connection>,
}

impl Session {
    /// Wraps an adapter's connection.
    pub fn new(connection: Box<dyn Connection>) -> Self {
        Self { connection }
    }

    /// Begins a transaction that may change data.
    ///
    /// # Errors
    /// [`ErrorClass::Refused`] where the engine is open for reading only.
    pub fn begin(&mut self) -> Result<Transaction<'_>, EngineError> {
        self.connection.begin(Access::Write)?;
        Ok(Transaction {
            connection: self.connection.as_mut(),
            first_error: None,
            open: true,
            withheld: Vec::new(),
        })
    }

    /// Runs a query that changes nothing, in a read-only transaction of its own.
    pub fn query(&mut self, query: &str) -> Result<QueryResult, EngineError> {
        self.read(|connection| connection.query(query))
    }

    /// How many bytes the engine's database uses, once everything that was committed is written out.
    ///
    /// # Errors
    /// What the engine says: also where somebody else's transaction keeps it from that.
    pub fn used_bytes(&mut self) -> Result<u64, EngineError> {
        self.connection.used_bytes()
    }

    /// The columns that a query would give, without running it.
    pub fn describe(&mut self, query: &str) -> Result<Vec<Column>, EngineError> {
        self.read(|connection| connection.describe(query))
    }

    /// The tables and views of the given schemas with their columns, in one query, ordered by
    /// schema and name. Schemas that don't exist have none.
    pub fn relations(&mut self, schemas: &[&str]) -> Result<Vec<CatalogRelation>, EngineError> {
        self.read(|connection| connection.relations(schemas))
    }

    /// Of each view whether it was altered by hand: its text isn't the one that it would have if it were made of
    /// its query now. Nothing where there is no such view, or where the query can't be read any more.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn are_altered(
        &mut self,
        views: &[(Relation, String)],
    ) -> Result<Vec<Option<bool>>, EngineError> {
        self.connection.begin(Access::Write)?;
        let result = self.connection.are_altered(views);
        let ended = self.connection.rollback();
        let found = result?;
        ended?;
        Ok(found)
    }

    /// All tables and views that aren't the engine's or dbgo's own, with their columns, ordered by
    /// schema and name.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn tables(&mut self) -> Result<Vec<CatalogTable>, EngineError> {
        self.read(|connection| connection.tables())
    }

    /// The tables and views of the given schemas: [`Session::relations`] in a fifth of the time,
    /// where nobody asks for columns.
    pub fn names(
        &mut self,
        schemas: &[&str],
    ) -> Result<Vec<(Relation, RelationKind)>, EngineError> {
        self.read(|connection| connection.names(schemas))
    }

    /// The whole ledger in the order of its commits; empty where the engine has none yet.
    pub fn ledger(&mut self) -> Result<Vec<CommittedBatch>, EngineError> {
        self.read(|connection| connection.ledger())
    }

    /// The whole ledger, and the tables and views of schemas, as they were at one instant.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn ledger_and_names(
        &mut self,
        schemas: &[&str],
    ) -> Result<(Vec<CommittedBatch>, Names), EngineError> {
        self.read(|connection| Ok((connection.ledger()?, connection.names(schemas)?)))
    }

    /// The batch of this id if it was committed. This is what decides after a commit in doubt.
    pub fn committed_batch(
        &mut self,
        batch_id: &str,
    ) -> Result<Option<CommittedBatch>, EngineError> {
        self.read(|connection| connection.committed_batch(batch_id))
    }

    /// Creates the schema `_dbgo` with `meta`, `ledger` and `published` where they are missing, in
    /// one transaction, and gives the meta row. An engine that has one already keeps it: compare its
    /// `state_id` with your own.
    pub fn create_bookkeeping(&mut self, state_id: &str) -> Result<EngineMeta, EngineError> {
        self.with_patience(|session| session.create_bookkeeping_once(state_id))
    }

    fn create_bookkeeping_once(&mut self, state_id: &str) -> Result<EngineMeta, EngineError> {
        let transaction = self.begin()?;
        let meta = transaction.connection.create_bookkeeping(state_id)?;
        fail_point(Point::BeforeBookkeepingCommit, "")?;
        transaction.commit()?;
        fail_point(Point::AfterBookkeepingCommit, "")?;
        Ok(meta)
    }

    /// The meta row of an engine whose tables were created.
    pub fn meta(&mut self) -> Result<Option<EngineMeta>, EngineError> {
        self.read(|connection| connection.meta())
    }

    /// Makes this engine belong to another state database.
    pub fn adopt(&mut self, state_id: &str) -> Result<(), EngineError> {
        self.with_patience(|session| session.adopt_once(state_id))
    }

    fn adopt_once(&mut self, state_id: &str) -> Result<(), EngineError> {
        let transaction = self.begin()?;
        transaction.connection.adopt(state_id)?;
        fail_point(Point::BeforeAdoptCommit, "")?;
        transaction.commit()?;
        fail_point(Point::AfterAdoptCommit, "")?;
        Ok(())
    }

    /// The tokens that the engine has a fence of, where there may be several: whoever holds one of them can
    /// commit. Those whose leases have ended are dropped by [`Session::take_fence`].
    ///
    /// # Errors
    /// Those of the engine.
    pub fn fences(&mut self) -> Result<Vec<u64>, EngineError> {
        self.read(|connection| connection.fences())
    }

    /// Takes the fence. Where one process at a time has the engine, every transaction that checks another
    /// token fails from here on; where several have it, those that check one of [`Fence::ended`].
    ///
    /// # Errors
    /// [`ErrorClass::Fenced`] where the engine belongs to another state database, or a token that
    /// isn't smaller is somebody else's; nothing is changed then.
    pub fn fence(&mut self, state_id: &str, token: u64, holder: &str) -> Result<(), EngineError> {
        self.take_fence(&Fence {
            state_id,
            token,
            holder,
            ended: &[],
        })
    }

    /// Takes the fence as [`Session::fence`], and takes it from those whose leases have ended.
    ///
    /// # Errors
    /// The same.
    pub fn take_fence(&mut self, fence: &Fence<'_>) -> Result<(), EngineError> {
        self.with_patience(|session| session.fence_once(fence))
    }

    /// Makes a token's fence anew: whatever was written under it and isn't committed yet never will be, also what a
    /// connection that is lost has sent.
    ///
    /// # Errors
    /// [`ErrorClass::Fenced`] where the fence isn't the token's any more.
    pub fn renew_fence(&mut self, token: u64) -> Result<(), EngineError> {
        self.with_patience(|session| session.renew_once(token))
    }

    fn renew_once(&mut self, token: u64) -> Result<(), EngineError> {
        let mut transaction = self.begin()?;
        transaction.guarded(|connection| connection.renew_fence(token))?;
        fail_point(Point::BeforeFenceCommit, "again")?;
        transaction.commit()?;
        fail_point(Point::AfterFenceCommit, "again")?;
        Ok(())
    }

    /// Does again what others were in the way of.
    fn with_patience<T>(
        &mut self,
        mut work: impl FnMut(&mut Self) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let mut attempt = 0;
        loop {
            match work(self) {
                Err(error) if error.class.is_retryable() && attempt < FENCE_RETRIES => {
                    // Others do the same, so that no two of them wait equally long.
                    let spread = std::process::id() % 7 + 1;
                    std::thread::sleep(FENCE_PAUSE * spread.min(attempt + 1));
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    fn fence_once(&mut self, fence: &Fence<'_>) -> Result<(), EngineError> {
        let (state_id, token) = (fence.state_id, fence.token);
        let mut transaction = self.begin()?;
        let changed = transaction.guarded(|connection| connection.fence(fence))?;
        if changed != 1 {
            let found = transaction.guarded(|connection| connection.meta())?;
            transaction.fail(match &found {
                Some(meta) if meta.state_id != state_id => EngineError::new(
                    ErrorClass::Fenced,
                    "the database belongs to another state database",
                ),
                _ => EngineError::fenced(token, found.as_ref()),
            });
        }
        fail_point(Point::BeforeFenceCommit, "")?;
        transaction.commit()?;
        fail_point(Point::AfterFenceCommit, "")?;
        Ok(())
    }

    /// What the views of each environment of each project show, ordered by both names; empty where
    /// nothing was published yet.
    pub fn published(&mut self) -> Result<Vec<PublishedRevision>, EngineError> {
        self.read(|connection| connection.published())
    }

    /// What tells the ledger of an engine whose tables were created from another one, and from
    /// itself before or after a batch. It is compared with one that was read earlier; in a
    /// different one the same batches may have another mark in another version of the engine.
    pub fn ledger_mark(&mut self) -> Result<String, EngineError> {
        self.read(|connection| connection.ledger_mark())
    }

    /// The longest that one statement of this session may take; `None`: no limit. A statement that
    /// takes longer fails with [`ErrorClass::Timeout`]. Commits have no limit.
    pub fn set_statement_timeout(&mut self, timeout: Option<Duration>) {
        self.connection.set_statement_timeout(timeout);
    }

    /// A handle that cancels this session's statements from another thread.
    pub fn canceller(&self) -> Arc<dyn Cancel> {
        self.connection.canceller()
    }

    fn read<T>(
        &mut self,
        work: impl FnOnce(&mut dyn Connection) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        self.connection.begin(Access::Read)?;
        let result = work(self.connection.as_mut());
        let ended = self.connection.rollback();
        let value = result?;
        ended?;
        Ok(value)
    }
}

/// A transaction that changes data. Dropped without [`Transaction::commit`], it is rolled back.
#[must_use = "a transaction that isn't committed is rolled back"]
pub struct Transaction<'session> {
    connection: &'session mut dyn Connection,
    first_error: Option<EngineError>,
    open: bool,
    /// Ledger rows that a seeded bug keeps out of the transaction.
    withheld: Vec<LedgerEntry>,
}

impl Transaction<'_> {
    /// Runs one statement and gives the number of rows it inserted, deleted or updated; for
    /// `CREATE TABLE … AS` the number of rows in the new table.
    ///
    /// # Errors
    /// Any error makes the transaction rollback-only: later statements are refused with the same
    /// error.
    pub fn execute(&mut self, statement: &str) -> Result<u64, EngineError> {
        self.guarded(|connection| connection.execute(statement))
    }

    /// Runs statements in order; gives the number of rows that the last one changed.
    pub fn execute_all<S: AsRef<str>>(&mut self, statements: &[S]) -> Result<u64, EngineError> {
        let mut rows = 0;
        for statement in statements {
            rows = self.execute(statement.as_ref())?;
        }
        Ok(rows)
    }

    /// Runs statements in order, in less time than one by one where there are many.
    pub fn execute_together(&mut self, statements: &[String]) -> Result<(), EngineError> {
        self.guarded(|connection| connection.execute_together(statements))
    }

    /// Runs one query and gives its rows. It sees what this transaction has changed.
    pub fn query(&mut self, query: &str) -> Result<QueryResult, EngineError> {
        self.guarded(|connection| connection.query(query))
    }

    /// The columns that a query would give. It sees tables that this transaction has created.
    pub fn describe(&mut self, query: &str) -> Result<Vec<Column>, EngineError> {
        self.guarded(|connection| connection.describe(query))
    }

    /// The tables and views of the given schemas, as this transaction sees them.
    pub fn relations(&mut self, schemas: &[&str]) -> Result<Vec<CatalogRelation>, EngineError> {
        self.guarded(|connection| connection.relations(schemas))
    }

    /// Writes the batch's ledger row, which becomes visible with the batch's rows or not at all.
    ///
    /// # Errors
    /// [`ErrorClass::Constraint`], here or at the commit, where the batch id was committed before.
    pub fn record(&mut self, entry: &LedgerEntry) -> Result<(), EngineError> {
        if is_seeded(Bug::IntervalBeforeCommit) || is_seeded(Bug::IntervalAfterWithoutLedger) {
            self.withheld.push(entry.clone());
            return Ok(());
        }
        self.record_now(entry)
    }

    /// Writes a ledger row also where a seeded bug would keep it out.
    pub(crate) fn record_now(&mut self, entry: &LedgerEntry) -> Result<(), EngineError> {
        self.guarded(|connection| connection.record(entry))
    }

    /// Takes the ledger rows that a seeded bug kept out of this transaction.
    pub(crate) fn take_withheld(&mut self) -> Vec<LedgerEntry> {
        std::mem::take(&mut self.withheld)
    }

    /// Removes the ledger's rows about tables that this transaction drops: read anew without them, the
    /// ledger would tell of tables that aren't there.
    ///
    /// # Errors
    /// What the engine says; the transaction is rollback-only then.
    pub fn forget_batches(&mut self, tables: &[&str]) -> Result<u64, EngineError> {
        self.guarded(|connection| connection.forget_batches(tables))
    }

    /// Removes rows of the ledger by the ids of their batches, and writes others anew under theirs.
    ///
    /// # Errors
    /// What the engine says; the transaction is rollback-only then.
    pub fn replace_batches(
        &mut self,
        removed: &[&str],
        changed: &[CommittedBatch],
    ) -> Result<(), EngineError> {
        self.guarded(|connection| connection.replace_batches(removed, changed))
    }

    /// Writes what an environment's views show, which becomes visible with them or not at all.
    ///
    /// # Errors
    /// [`ErrorClass::Constraint`], here or at the commit, where this revision or a later one is
    /// published.
    pub fn record_published(&mut self, published: &PublishedRevision) -> Result<(), EngineError> {
        self.guarded(|connection| match connection.record_published(published)? {
            1 => Ok(()),
            _ => Err(EngineError::new(
                ErrorClass::Constraint,
                format!(
                    "revision {} of `{}` or a later one is published already",
                    published.revision, published.environment
                ),
            )),
        })
    }

    /// What is published in an environment of a project, as this transaction sees it.
    pub fn published(
        &mut self,
        project: &str,
        environment: &str,
    ) -> Result<Option<PublishedRevision>, EngineError> {
        let all = self.guarded(|connection| connection.published())?;
        Ok(all
            .into_iter()
            .find(|found| found.project == project && found.environment == environment))
    }

    /// Checks that the fence is still this token's. It is the last thing before the commit of
    /// whatever was written under a lease.
    ///
    /// # Errors
    /// [`ErrorClass::Fenced`], which makes the transaction rollback-only, where it is not.
    pub fn check_fence(&mut self, token: u64) -> Result<(), EngineError> {
        if is_seeded(Bug::NoFence) {
            return Ok(());
        }
        self.guarded(|connection| connection.hold_fence(token))
    }

    /// Makes the transaction rollback-only with an error of the caller's: a check that failed.
    pub fn fail(&mut self, error: EngineError) {
        self.first_error.get_or_insert(error);
    }

    /// Commits, or rolls back and gives the first error where there was one.
    ///
    /// # Errors
    /// The first error of the transaction, or that of the commit itself. After
    /// [`ErrorClass::Lost`] from the commit the result is in doubt: ask
    /// [`Session::committed_batch`] of a new session.
    pub fn commit(mut self) -> Result<(), EngineError> {
        if let Some(error) = self.first_error.take() {
            // A failure to roll back tells less than the error that made it necessary.
            let _ = self.end();
            return Err(error);
        }
        match self.connection.commit() {
            Ok(()) => {
                self.open = false;
                Ok(())
            }
            Err(error) => {
                let _ = self.end();
                Err(error)
            }
        }
    }

    /// Rolls back.
    ///
    /// # Errors
    /// That of the rollback itself; the transaction has ended in any case.
    pub fn rollback(mut self) -> Result<(), EngineError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), EngineError> {
        self.open = false;
        self.connection.rollback()
    }

    fn guarded<T>(
        &mut self,
        work: impl FnOnce(&mut dyn Connection) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        if let Some(error) = &self.first_error {
            return Err(error.clone());
        }
        work(self.connection).inspect_err(|error| self.first_error = Some(error.clone()))
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.open {
            // Nothing can be reported from here; the engine forgets a transaction that it
            // couldn't roll back when the connection closes.
            let _ = self.end();
        }
    }
}

/// What [`Connection::begin`] says of an engine that is open for reading only.
pub(super) fn read_only_error() -> EngineError {
    EngineError::new(ErrorClass::Refused, "the database is open for reading only")
}

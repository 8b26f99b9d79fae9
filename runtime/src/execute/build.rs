//! One model's transactions: rows, checks and the ledger row together or not at all.

use super::adding;
use super::audit_tables;
use super::audits::{self, Found};
use super::batch::{Batch, Shape};
use super::batches;
use super::checks;
use super::commit::{Committer, LEAST_RETRIES, Stop, What};
use super::context::Context;
use super::details::{Details, object_of, supersedes};
use super::failure::Failure;
use super::interrupt::Interrupt;
use super::task::{Task, Work};
use crate::adapters::{
    Column, FileFormat, LedgerEntry, Relation as Name, SeedFile, Session, TimeRange, Transaction,
};
use crate::events::AuditOutcome;
use crate::project::{BatchFacts, SeedData};
use crate::situation::physical_relation;
use crate::state::{Change, Snapshot};
use dbgo_contract::{ColumnDef, SeedDef, SeedFormat};
use jiff::Timestamp;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What building came to.
#[derive(Debug, Default)]
pub struct Done {
    /// How many rows were written; none for a view.
    pub rows: Option<u64>,
    /// Whether they were added to a table that was there.
    pub added: bool,
    /// Filled intervals, all intervals, and their unit.
    pub intervals: Option<(u64, u64, String)>,
}

/// A worker: its session, and what it reports to.
pub struct Worker<'a> {
    pub context: &'a Context<'a>,
    pub session: Session,
    pub interrupt: Interrupt,
    /// Called with batches done and batches in all.
    pub progress: &'a dyn Fn(usize, usize),
    /// What the audits of the model that is being built have found.
    found: Vec<Found>,
}

impl<'a> Worker<'a> {
    /// A worker that has done nothing yet.
    pub fn new(
        context: &'a Context<'a>,
        (session, interrupt): (Session, Interrupt),
        progress: &'a dyn Fn(usize, usize),
    ) -> Self {
        Self {
            context,
            session,
            interrupt,
            progress,
            found: Vec::new(),
        }
    }

    /// Builds what a task says. `changes` gets what has to be written to the state, also where
    /// some of several batches were committed before one failed.
    pub fn build(&mut self, task: &Task, changes: &mut Vec<Change>) -> Result<Done, Failure> {
        self.session.set_statement_timeout(timeout(task));
        let mut result = self.work(task, changes);
        if let Err(failure) = &mut result {
            let found = std::mem::take(&mut failure.audits);
            self.found(found);
        }
        let mut found = std::mem::take(&mut self.found);
        audit_tables::store(self, task, &mut found, changes);
        self.found = found;
        result
    }

    /// Takes what the audits of one more batch found.
    pub fn found(&mut self, batch: Vec<Found>) {
        audits::join(&mut self.found, batch);
    }

    /// What the audits found, over all batches, in the order of the model's list.
    pub fn outcomes(&mut self) -> Vec<AuditOutcome> {
        let found = std::mem::take(&mut self.found);
        found.into_iter().map(|found| found.outcome).collect()
    }

    fn work(&mut self, task: &Task, changes: &mut Vec<Change>) -> Result<Done, Failure> {
        match &task.work {
            Work::Seed(seed) => self.seed(task, seed, changes),
            Work::View { sql, columns } => self.view(task, sql, columns, changes),
            Work::Table { sql, columns } => self.table(task, sql, columns, changes),
            Work::TimeRange(work) => batches::time_range(self, task, work, changes),
            Work::Adding(work) => adding::add(self, task, work, changes),
            Work::Audits { model, .. } => audits::audit_existing(self, task, *model, changes),
        }
    }

    fn seed(
        &mut self,
        task: &Task,
        seed: &'static SeedDef,
        changes: &mut Vec<Change>,
    ) -> Result<Done, Failure> {
        let data = self.context.project.seed_data(seed)?;
        let file = SeedOnDisk::new(data).map_err(|error| {
            Failure::finding(format!("can't unpack the seed `{}`: {error}", seed.file))
        })?;
        let query = self
            .context
            .dialect()
            .seed_query(&seed_file(seed, file.path()));
        self.table(task, &query, seed.columns.as_slice(), changes)
    }

    fn table(
        &mut self,
        task: &Task,
        query: &str,
        columns: &[ColumnDef],
        changes: &mut Vec<Change>,
    ) -> Result<Done, Failure> {
        let context = self.context;
        let dialect = context.dialect();
        let relation = physical_relation(&task.snapshot.physical);
        let create = dialect.create_table_as(&relation, query);
        let snapshot = &task.snapshot;
        let batch = Batch::new(context, task, &whole(context, &relation))?;
        let (rows, found) = self.transact(task, &snapshot.load, |transaction| {
            batch.begin(transaction)?;
            let rows = transaction.execute(&create)?;
            checks::not_null(transaction, dialect, &relation, &promised(columns))?;
            let found = batch.end(transaction)?;
            let entry = self::entry(context, snapshot, (&snapshot.load, true), None, rows);
            transaction.record(&entry)?;
            Ok((rows, found))
        })?;
        self.found(found);
        committed(snapshot, true, changes);
        Ok(Done {
            rows: Some(rows),
            ..Done::default()
        })
    }

    fn view(
        &mut self,
        task: &Task,
        query: &str,
        columns: &[ColumnDef],
        changes: &mut Vec<Change>,
    ) -> Result<Done, Failure> {
        let context = self.context;
        let dialect = context.dialect();
        let snapshot = &task.snapshot;
        let relation = physical_relation(&snapshot.physical);
        let create = dialect.create_or_replace_view(&relation, query);
        let batch = Batch::new(context, task, &whole(context, &relation))?;
        // The batch's id isn't the view's load, which changes with what the view reads.
        let id = format!("{}/{}/1", context.run_id, snapshot.model);
        let found = self.transact(task, &id, |transaction| {
            batch.begin(transaction)?;
            transaction.execute(&create)?;
            checks::not_null(transaction, dialect, &relation, &promised(columns))?;
            let found = batch.end(transaction)?;
            transaction.record(&entry(context, snapshot, (&id, true), None, 0))?;
            Ok(found)
        })?;
        self.found(found);
        committed(snapshot, true, changes);
        Ok(Done::default())
    }

    /// Runs work in a transaction and commits it; tries again what another transaction was in
    /// the way of, and asks the ledger where the result of a commit is in doubt.
    pub fn transact<T>(
        &mut self,
        task: &Task,
        batch: &str,
        work: impl FnMut(&mut Transaction<'_>) -> Result<T, Stop>,
    ) -> Result<T, Failure> {
        let committed = Committer {
            adapter: &*self.context.adapter,
            session: &mut self.session,
            interrupt: &self.interrupt,
            in_doubt: &self.context.in_doubt,
            token: self.context.token,
            timeout: timeout(task),
        }
        .transact((What::Batch, batch, task.retries.max(LEAST_RETRIES)), work);
        committed.map_err(|stop| match stop {
            Stop::Engine(error) => error.into(),
            Stop::Check(failure) => failure,
        })
    }
}

/// The shape of a batch that makes something new out of all rows.
fn whole<'a>(context: &Context<'_>, target: &'a Name) -> Shape<'a> {
    Shape {
        target,
        exists: false,
        rows: None,
        facts: BatchFacts {
            is_incremental: false,
            full_refresh: context.full_refresh,
        },
        range: None,
    }
}

fn timeout(task: &Task) -> Option<Duration> {
    let seconds = Some(task.timeout_seconds).filter(|seconds| *seconds > 0);
    seconds.map(Duration::from_secs)
}

/// The ledger row of a batch.
pub fn entry(
    context: &Context<'_>,
    snapshot: &Snapshot,
    (batch, current): (&str, bool),
    range: Option<TimeRange>,
    rows: u64,
) -> LedgerEntry {
    let details = Details {
        project: context.scope.project.clone(),
        snapshot: Some(snapshot.clone()),
        current,
        supersedes: supersedes(&context.known, snapshot),
        ..Details::default()
    };
    LedgerEntry {
        batch_id: batch.to_owned(),
        run_id: context.run_id.clone(),
        model: snapshot.model.clone(),
        version: snapshot.version.clone(),
        physical_table: snapshot.physical.clone(),
        range,
        rows,
        token: context.token,
        details: details.to_json(),
    }
}

/// What the state has to know of a committed batch.
pub fn committed(snapshot: &Snapshot, current: bool, changes: &mut Vec<Change>) {
    changes.push(Change::Object(object_of(snapshot, Timestamp::now())));
    if current {
        changes.push(Change::Snapshot(snapshot.clone()));
    }
}

/// The columns that promise no nulls.
pub fn promised(columns: &[ColumnDef]) -> Vec<&'static str> {
    columns
        .iter()
        .filter(|column| column.not_null)
        .map(|column| column.name.as_str())
        .collect()
}

fn seed_file(seed: &SeedDef, path: &Path) -> SeedFile {
    let or = |text: &'static str, default: &str| {
        if text.is_empty() {
            default.to_owned()
        } else {
            text.to_owned()
        }
    };
    SeedFile {
        path: path.to_owned(),
        format: match SeedFormat::from_number(seed.format) {
            Some(SeedFormat::Parquet) => FileFormat::Parquet,
            _ => FileFormat::Csv,
        },
        columns: seed
            .columns
            .iter()
            .map(|column| Column::new(column.name.as_str(), column.sql_type.as_str()))
            .collect(),
        delimiter: or(seed.delimiter.as_str(), ","),
        quote: or(seed.quote.as_str(), "\""),
        null: seed.null.to_string(),
    }
}

/// A seed's file: the project's own, or one written for as long as it is read.
struct SeedOnDisk {
    path: PathBuf,
    temporary: bool,
}

impl SeedOnDisk {
    fn new(data: SeedData) -> std::io::Result<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        match data {
            SeedData::File(path) => Ok(Self {
                path,
                temporary: false,
            }),
            SeedData::Bytes(bytes) => {
                let number = COUNT.fetch_add(1, Ordering::Relaxed);
                let name = format!("dbgo-seed-{}-{number}", random_name());
                let path = std::env::temp_dir().join(name);
                let mut file = create_private(&path)?;
                let seed = Self {
                    path,
                    temporary: true,
                };
                file.write_all(bytes)?;
                Ok(seed)
            }
        }
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

/// Text that nobody else can guess.
fn random_name() -> String {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let half = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", half(), half())
}

/// A new file that nobody else can read; an error if anything has that name, a link too.
fn create_private(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

impl Drop for SeedOnDisk {
    fn drop(&mut self) {
        if self.temporary {
            // What can't be removed is left to the system's own cleaning of its temporary files.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn an_unpacked_seed_is_nobody_else_s_and_doesn_t_stay() {
        let seed = SeedOnDisk::new(SeedData::Bytes(b"a\n1\n")).unwrap();
        let path = seed.path().to_owned();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(create_private(&path).is_err());
        drop(seed);
        assert!(!path.exists());
    }
}

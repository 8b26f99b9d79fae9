//! Reading what is built, what is published and what ran.

use super::database::{Database, Row, values};
use super::environments::environments;
use super::known::Known;
use super::layout::changes;
use super::open::State;
use super::records::{AuditRecord, Object, Published, RunSummary, Scope, Snapshot, StepRecord};
use crate::error::Result;
use crate::intervals::Range;
use std::collections::BTreeMap;

impl State {
    /// Reads what is known.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn known(&mut self, scope: &Scope) -> Result<Known> {
        let (known, count) = self.read(async |database| {
            let count = changes(database, &scope.project).await?;
            Ok((known(database, scope).await?, count))
        })?;
        self.seen = Some((scope.project.clone(), count));
        Ok(known)
    }

    /// Whether another process has changed the project's part of the state since it was read.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn is_stale(&mut self) -> Result<bool> {
        let Some((project, seen)) = self.seen.clone() else {
            return Ok(true);
        };
        let now = self.read(async |database| Ok(changes(database, &project).await?))?;
        Ok(now != seen)
    }

    /// The last runs of a project, newest first.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn runs(&mut self, project: &str, limit: u32) -> Result<Vec<RunSummary>> {
        self.read(async |database| {
            let rows = database.rows(RUNS, values![project, limit]).await?;
            let mut runs = rows.iter().map(run).collect::<sqlx::Result<Vec<_>>>()?;
            let rows = database.rows(COUNTS, values![project, limit]).await?;
            let mut counts: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
            for row in &rows {
                let of_run = counts.entry(row.text(0)?).or_default();
                of_run.insert(row.text(1)?, row.count(2)?);
            }
            for run in &mut runs {
                run.counts = counts.remove(&run.id).unwrap_or_default();
            }
            Ok(runs)
        })
    }

    /// Whether there is a run of this id, in any project.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn has_run(&mut self, id: &str) -> Result<bool> {
        self.read(async |database| {
            let statement = "SELECT 1 FROM runs WHERE id = $1";
            Ok(database.row(statement, values![id]).await?.is_some())
        })
    }

    /// The steps of a run in the order they ended.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn steps(&mut self, run: &str) -> Result<Vec<StepRecord>> {
        self.read(async |database| {
            let rows = database.rows(STEPS, values![run]).await?;
            Ok(rows.iter().map(step).collect::<sqlx::Result<_>>()?)
        })
    }

    /// What the audits of a run found, by model and audit; nothing for a run of another project.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn audits(&mut self, project: &str, run: &str) -> Result<Vec<AuditRecord>> {
        self.read(async |database| {
            let rows = database.rows(AUDITS, values![project, run]).await?;
            Ok(rows.iter().map(audit).collect::<sqlx::Result<_>>()?)
        })
    }
}

const RUNS: &str = "\
SELECT id, environment, command, plan, started_by, project_hash, started_at, duration_ms, status \
FROM runs WHERE project = $1 ORDER BY started_at DESC, id LIMIT $2";

const COUNTS: &str = "\
SELECT run, status, count(*) FROM steps WHERE run IN \
(SELECT id FROM runs WHERE project = $1 ORDER BY started_at DESC, id LIMIT $2) \
GROUP BY run, status";

const STEPS: &str = "\
SELECT position, model, version, kind, status, rows, duration_ms, note \
FROM steps WHERE run = $1 ORDER BY position";

const AUDITS: &str = "\
SELECT run, model, audit, severity, audits.status, failing_rows, sample, audited_at \
FROM audits JOIN runs ON runs.id = run WHERE project = $1 AND run = $2 ORDER BY model, audit";

const OBJECTS: &str = "\
SELECT physical, kind, model, version, generation, load, reads, uses, created_at, preview, \
tombstone, loaded_at FROM objects WHERE project = $1 AND engine = $2";

const SNAPSHOTS: &str = "\
SELECT model, version, preview, physical, kind, columns, definition, audits \
FROM snapshots WHERE project = $1 AND engine = $2";

const FILLED: &str = "\
SELECT physical, range_start, range_end FROM filled WHERE project = $1 AND engine = $2";

const PUBLISHED: &str = "\
SELECT environment, model, version, physical, view_schema, view_name, columns \
FROM published WHERE project = $1 AND engine = $2 ORDER BY environment, model";

const UNFINISHED: &str = "\
SELECT id FROM runs WHERE project = $1 AND engine = $2 AND status = 'running' \
ORDER BY started_at, id";

const LEDGER: &str = "SELECT mark FROM ledgers WHERE project = $1 AND engine = $2";

async fn known(database: &mut Database, scope: &Scope) -> sqlx::Result<Known> {
    let mut known = Known::default();
    let of_engine = values![&scope.project, &scope.engine];
    for row in database.table(OBJECTS, 12, of_engine).await? {
        let object = object(&row)?;
        known.objects.insert(object.physical.clone(), object);
    }
    for row in database.table(SNAPSHOTS, 8, of_engine).await? {
        known.add_snapshot(&snapshot(&row)?);
    }
    for row in database.table(FILLED, 3, of_engine).await? {
        let range = Range::new(row.instant(1)?, row.instant(2)?);
        let set = known.filled.entry(row.text(0)?).or_default();
        range.into_iter().for_each(|range| set.insert(range));
    }
    for row in database.table(PUBLISHED, 7, of_engine).await? {
        let (environment, entry) = published(&row)?;
        if environment == scope.environment {
            known.published.insert(entry.model.clone(), entry);
        } else {
            known.elsewhere.insert(&environment, entry);
        }
    }
    for row in database.rows(UNFINISHED, of_engine).await? {
        known.unfinished.push(row.text(0)?);
    }
    let ledger = database.row(LEDGER, of_engine).await?;
    known.ledger = ledger.map(|row| row.text(0)).transpose()?;
    for environment in environments(database, &scope.project).await? {
        let name = environment.name.clone();
        known.environments.insert(name, environment);
    }
    Ok(known)
}

fn object(row: &Row) -> sqlx::Result<Object> {
    Ok(Object {
        physical: row.text(0)?,
        kind: row.text(1)?,
        model: row.text(2)?,
        version: row.text(3)?,
        generation: row.count(4)?,
        load: row.text(5)?,
        reads: row.json(6)?,
        uses: row.json(7)?,
        created_at: row.instant(8)?,
        preview: row.text(9)?,
        tombstone: row.optional_instant(10)?,
        loaded_at: row.instant(11)?,
    })
}

/// A snapshot without what belongs to its table.
fn snapshot(row: &Row) -> sqlx::Result<Snapshot> {
    Ok(Snapshot {
        model: row.text(0)?,
        version: row.text(1)?,
        preview: row.text(2)?,
        physical: row.text(3)?,
        kind: row.text(4)?,
        columns: row.json(5)?,
        definition: row.text(6)?,
        audits: row.json(7)?,
        loaded_at: jiff::Timestamp::UNIX_EPOCH,
        generation: 0,
        load: String::new(),
        reads: BTreeMap::new(),
        uses: Vec::new(),
    })
}

fn published(row: &Row) -> sqlx::Result<(String, Published)> {
    let entry = Published {
        model: row.text(1)?,
        version: row.text(2)?,
        physical: row.text(3)?,
        view_schema: row.text(4)?,
        view_name: row.text(5)?,
        columns: row.text(6)?,
    };
    Ok((row.text(0)?, entry))
}

fn run(row: &Row) -> sqlx::Result<RunSummary> {
    let duration = row.optional_number(7)?;
    Ok(RunSummary {
        id: row.text(0)?,
        environment: row.text(1)?,
        command: row.text(2)?,
        plan: row.text(3)?,
        by: row.text(4)?,
        project_hash: row.text(5)?,
        started_at: row.instant(6)?,
        duration_ms: duration.map(i64::unsigned_abs),
        status: row.text(8)?,
        counts: BTreeMap::new(),
    })
}

fn step(row: &Row) -> sqlx::Result<StepRecord> {
    Ok(StepRecord {
        position: row.count(0)?,
        model: row.text(1)?,
        version: row.text(2)?,
        kind: row.text(3)?,
        status: row.text(4)?,
        rows: row.optional_number(5)?.map(i64::unsigned_abs),
        duration_ms: row.count(6)?,
        note: row.text(7)?,
    })
}

fn audit(row: &Row) -> sqlx::Result<AuditRecord> {
    Ok(AuditRecord {
        run: row.text(0)?,
        model: row.text(1)?,
        audit: row.text(2)?,
        severity: row.text(3)?,
        status: row.text(4)?,
        failing_rows: row.count(5)?,
        sample: row.text(6)?,
        at: row.instant(7)?,
    })
}

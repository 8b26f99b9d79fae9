//! What the state knows, read whole at the start of a command.

use super::open::State;
use super::records::{Object, Published, RunSummary, Scope, Snapshot, StepRecord};
use super::write::Change;
use crate::error::Result;
use crate::intervals::{IntervalSet, Range};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use std::collections::{BTreeMap, HashMap};

/// Everything that the state knows of one project on one engine in one environment.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Snapshots by model and version.
    pub snapshots: HashMap<(String, String), Snapshot>,
    /// Created things by physical name.
    pub objects: HashMap<String, Object>,
    /// Filled ranges by physical name.
    pub filled: HashMap<String, IntervalSet>,
    /// What the environment's views show, by model.
    pub published: BTreeMap<String, Published>,
    /// The physical names that views of any environment show.
    pub shown: Vec<String>,
    /// Runs that never ended, of which only the ledger knows what they did.
    pub unfinished: Vec<String>,
    /// The mark of the engine's ledger when the last run ended.
    pub ledger: Option<String>,
}

impl Known {
    /// Whether this engine was never written with this state.
    pub fn is_empty(&self) -> bool {
        self.snapshots.is_empty()
            && self.objects.is_empty()
            && self.published.is_empty()
            && self.unfinished.is_empty()
            && self.ledger.is_none()
    }

    /// Takes in a change, as writing it to the state and reading that again would.
    pub fn apply(&mut self, change: &Change, environment: &str) {
        match change {
            Change::Object(object) => {
                self.objects.insert(object.physical.clone(), object.clone());
            }
            Change::Snapshot(snapshot) => self.add_snapshot(snapshot),
            Change::Filled { physical, ranges } => {
                self.filled.insert(physical.clone(), ranges.clone());
            }
            Change::Published {
                environment: of,
                entry,
            } if of == environment => {
                self.published.insert(entry.model.clone(), entry.clone());
            }
            Change::Published { entry, .. } => self.shown.push(entry.physical.clone()),
            Change::Withdrawn {
                environment: of,
                model,
            } if of == environment => {
                self.published.remove(model);
            }
            Change::Dropped { physical } => {
                self.objects.remove(physical);
                self.filled.remove(physical);
                self.snapshots
                    .retain(|_, snapshot| snapshot.physical != *physical);
            }
            _ => {}
        }
    }

    /// A table belongs to the version that wrote it last: what an earlier one knew of its rows
    /// and columns isn't true any more.
    fn add_snapshot(&mut self, snapshot: &Snapshot) {
        let key = (snapshot.model.clone(), snapshot.version.clone());
        let known = self.snapshots.insert(key.clone(), snapshot.clone());
        if known.is_none_or(|known| known.physical != snapshot.physical) {
            self.snapshots
                .retain(|other, known| *other == key || known.physical != snapshot.physical);
        }
    }
}

impl State {
    /// Reads what is known.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn known(&mut self, scope: &Scope) -> Result<Known> {
        self.seen = self.wait(async |connection| data_version(connection).await)?;
        self.wait(async |connection| known(connection, scope).await)
    }

    /// Whether another process has changed the state since it was read.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn is_stale(&mut self) -> Result<bool> {
        let now = self.wait(async |connection| data_version(connection).await)?;
        Ok(now != self.seen)
    }

    /// The last runs of a project, newest first.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn runs(&mut self, project: &str, limit: u32) -> Result<Vec<RunSummary>> {
        self.wait(async |connection| {
            let rows = sqlx::query(
                "SELECT id, environment, project_hash, started_at, duration_ms, status \
                 FROM runs WHERE project = ?1 ORDER BY started_at DESC, id LIMIT ?2",
            )
            .bind(project)
            .bind(limit)
            .fetch_all(&mut *connection)
            .await?;
            let mut runs = Vec::with_capacity(rows.len());
            for row in rows {
                let id: String = row.try_get(0)?;
                let counts = counts(connection, &id).await?;
                runs.push(RunSummary {
                    id,
                    environment: row.try_get(1)?,
                    project_hash: row.try_get(2)?,
                    started_at: instant(row.try_get(3)?),
                    duration_ms: row.try_get::<Option<i64>, _>(4)?.map(i64::unsigned_abs),
                    status: row.try_get(5)?,
                    counts,
                });
            }
            Ok(runs)
        })
    }

    /// Whether there is a run of this id, in any project.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn has_run(&mut self, id: &str) -> Result<bool> {
        self.wait(async |connection| {
            let run = sqlx::query("SELECT 1 FROM runs WHERE id = ?1").bind(id);
            Ok(run.fetch_optional(connection).await?.is_some())
        })
    }

    /// The steps of a run in the order they ended.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn steps(&mut self, run: &str) -> Result<Vec<StepRecord>> {
        self.wait(async |connection| {
            let rows = sqlx::query(
                "SELECT position, model, version, kind, status, rows, duration_ms, note \
                 FROM steps WHERE run = ?1 ORDER BY position",
            )
            .bind(run)
            .fetch_all(connection)
            .await?;
            rows.iter().map(step).collect()
        })
    }
}

async fn data_version(connection: &mut SqliteConnection) -> sqlx::Result<i64> {
    sqlx::query("PRAGMA data_version")
        .fetch_one(connection)
        .await?
        .try_get(0)
}

async fn known(connection: &mut SqliteConnection, scope: &Scope) -> sqlx::Result<Known> {
    let mut known = Known::default();
    let (project, engine) = (scope.project.as_str(), scope.engine.as_str());
    let objects = sqlx::query(
        "SELECT physical, kind, model, version, uses FROM objects \
         WHERE project = ?1 AND engine = ?2",
    );
    for row in objects
        .bind(project)
        .bind(engine)
        .fetch_all(&mut *connection)
        .await?
    {
        let object = Object {
            physical: row.try_get(0)?,
            kind: row.try_get(1)?,
            model: row.try_get(2)?,
            version: row.try_get(3)?,
            uses: json(&row, 4)?,
        };
        known.objects.insert(object.physical.clone(), object);
    }
    let snapshots = sqlx::query(
        "SELECT model, version, physical, generation, kind, load, reads, columns, definition \
         FROM snapshots WHERE project = ?1 AND engine = ?2",
    );
    for row in snapshots
        .bind(project)
        .bind(engine)
        .fetch_all(&mut *connection)
        .await?
    {
        let physical: String = row.try_get(2)?;
        let uses = known
            .objects
            .get(&physical)
            .map(|object| object.uses.clone());
        let snapshot = Snapshot {
            model: row.try_get(0)?,
            version: row.try_get(1)?,
            physical,
            generation: row.try_get::<i64, _>(3)?.unsigned_abs(),
            kind: row.try_get(4)?,
            load: row.try_get(5)?,
            reads: json(&row, 6)?,
            columns: json(&row, 7)?,
            definition: row.try_get(8)?,
            uses: uses.unwrap_or_default(),
        };
        known
            .snapshots
            .insert((snapshot.model.clone(), snapshot.version.clone()), snapshot);
    }
    let filled = sqlx::query(
        "SELECT physical, range_start, range_end FROM filled WHERE project = ?1 AND engine = ?2",
    );
    for row in filled
        .bind(project)
        .bind(engine)
        .fetch_all(&mut *connection)
        .await?
    {
        let range = Range::new(instant(row.try_get(1)?), instant(row.try_get(2)?));
        let set = known.filled.entry(row.try_get(0)?).or_default();
        range.into_iter().for_each(|range| set.insert(range));
    }
    read_published(connection, scope, &mut known).await?;
    let unfinished = sqlx::query(
        "SELECT id FROM runs WHERE project = ?1 AND engine = ?2 AND status = 'running'",
    );
    for row in unfinished
        .bind(project)
        .bind(engine)
        .fetch_all(&mut *connection)
        .await?
    {
        known.unfinished.push(row.try_get(0)?);
    }
    let ledger = sqlx::query("SELECT mark FROM ledgers WHERE project = ?1 AND engine = ?2");
    known.ledger = ledger
        .bind(project)
        .bind(engine)
        .fetch_optional(connection)
        .await?
        .map(|row| row.try_get(0))
        .transpose()?;
    Ok(known)
}

async fn read_published(
    connection: &mut SqliteConnection,
    scope: &Scope,
    known: &mut Known,
) -> sqlx::Result<()> {
    let published = sqlx::query(
        "SELECT environment, model, version, physical, view_schema, view_name, columns \
         FROM published WHERE project = ?1 AND engine = ?2",
    );
    let rows = published
        .bind(&scope.project)
        .bind(&scope.engine)
        .fetch_all(connection)
        .await?;
    for row in rows {
        let entry = Published {
            model: row.try_get(1)?,
            version: row.try_get(2)?,
            physical: row.try_get(3)?,
            view_schema: row.try_get(4)?,
            view_name: row.try_get(5)?,
            columns: row.try_get(6)?,
        };
        if row.try_get::<String, _>(0)? == scope.environment {
            known.published.insert(entry.model.clone(), entry);
        } else {
            known.shown.push(entry.physical);
        }
    }
    Ok(())
}

async fn counts(
    connection: &mut SqliteConnection,
    run: &str,
) -> sqlx::Result<BTreeMap<String, u64>> {
    let rows = sqlx::query("SELECT status, count(*) FROM steps WHERE run = ?1 GROUP BY status")
        .bind(run)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get::<i64, _>(1)?.unsigned_abs())))
        .collect()
}

fn step(row: &SqliteRow) -> sqlx::Result<StepRecord> {
    Ok(StepRecord {
        position: row.try_get::<i64, _>(0)?.unsigned_abs(),
        model: row.try_get(1)?,
        version: row.try_get(2)?,
        kind: row.try_get(3)?,
        status: row.try_get(4)?,
        rows: row.try_get::<Option<i64>, _>(5)?.map(i64::unsigned_abs),
        duration_ms: row.try_get::<i64, _>(6)?.unsigned_abs(),
        note: row.try_get(7)?,
    })
}

fn json<T: DeserializeOwned>(row: &SqliteRow, index: usize) -> sqlx::Result<T> {
    let text: &str = row.try_get(index)?;
    serde_json::from_str(text).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// An instant from microseconds since 1970; only this module's own values are read so.
fn instant(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::UNIX_EPOCH)
}

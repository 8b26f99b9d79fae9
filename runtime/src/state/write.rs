//! Changes of the state, applied in groups: one transaction each, one statement for all changes
//! of a kind, which take their rows from a JSON array.

use super::open::State;
use super::records::{Object, Published, RunRecord, Scope, Snapshot, StepRecord};
use crate::error::Result;
use crate::intervals::IntervalSet;
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

/// One thing to write.
#[derive(Clone, Debug)]
pub enum Change {
    /// A run begins.
    RunStarted(RunRecord),
    /// A run ended.
    RunEnded {
        /// Its id.
        id: String,
        /// `done`, `failed`, `interrupted` or `broken off`.
        status: &'static str,
        /// How long it took in milliseconds.
        duration_ms: Option<u64>,
    },
    /// A model's step in a run ended.
    Step {
        /// The run.
        run: String,
        /// What became of the model.
        record: StepRecord,
    },
    /// A version is built.
    Snapshot(Snapshot),
    /// Something was created in the engine.
    Object(Object),
    /// The filled ranges of a physical table.
    Filled {
        /// The physical table.
        physical: String,
        /// All of its filled ranges.
        ranges: IntervalSet,
    },
    /// A user's view shows something else.
    Published {
        /// The environment that the view belongs to.
        environment: String,
        /// What it shows.
        entry: Published,
    },
    /// A user's view is gone.
    Withdrawn {
        /// The environment that the view belonged to.
        environment: String,
        /// The model whose view it was.
        model: String,
    },
    /// All that was known of the engine is given up, before anything else of the group is
    /// written.
    Forgotten,
    /// The state is in line with the engine's ledger.
    Ledger {
        /// What tells this ledger from another one.
        mark: String,
    },
    /// Something was dropped from the engine, or isn't there any more.
    Dropped {
        /// Its name in `_dbgo`.
        physical: String,
    },
}

impl State {
    /// Applies changes, all or none. They are written in order of their kinds: what was built
    /// before what was dropped; of several changes of one thing the last one counts.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn apply(&mut self, scope: &Scope, changes: &[Change]) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let groups = Groups::new(changes);
        self.wait(async |connection| {
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
            groups.write(&mut transaction, scope).await?;
            transaction.commit().await
        })
    }
}

/// Rows by the statement that takes them.
#[derive(Default)]
struct Groups {
    forgotten: Vec<Value>,
    ledgers: Vec<Value>,
    runs_started: Vec<Value>,
    runs_ended: Vec<Value>,
    steps: Vec<Value>,
    snapshots: Vec<Value>,
    objects: Vec<Value>,
    filled: Vec<Value>,
    ranges: Vec<Value>,
    published: Vec<Value>,
    withdrawn: Vec<Value>,
    dropped: Vec<Value>,
}

impl Groups {
    fn new(changes: &[Change]) -> Self {
        let mut groups = Self::default();
        for change in changes {
            groups.add(change);
        }
        groups
    }

    fn add(&mut self, change: &Change) {
        match change {
            Change::RunStarted(run) => self.runs_started.push(json!({
                "id": run.id, "hash": run.project_hash,
                "at": run.started_at.as_microsecond(),
            })),
            Change::RunEnded {
                id,
                status,
                duration_ms,
            } => self.runs_ended.push(json!({
                "id": id, "status": status, "duration": duration_ms,
            })),
            Change::Step { run, record } => self.steps.push(json!({ "run": run, "step": record })),
            Change::Snapshot(snapshot) => self.snapshots.push(json!({
                "model": snapshot.model, "version": snapshot.version,
                "physical": snapshot.physical, "generation": snapshot.generation,
                "kind": snapshot.kind, "load": snapshot.load, "reads": snapshot.reads,
                "columns": snapshot.columns, "definition": snapshot.definition,
            })),
            Change::Object(object) => self.objects.push(json!({
                "physical": object.physical, "kind": object.kind, "model": object.model,
                "version": object.version, "uses": object.uses,
            })),
            Change::Filled { physical, ranges } => {
                // Of several changes of one table the last one counts.
                self.ranges
                    .retain(|range| range["physical"] != json!(physical));
                self.filled.push(json!(physical));
                self.ranges.extend(ranges.ranges().iter().map(|range| {
                    json!({
                        "physical": physical,
                        "start": range.start.as_microsecond(),
                        "end": range.end.as_microsecond(),
                    })
                }));
            }
            Change::Published { environment, entry } => {
                let is_same = |row: &Value| {
                    row["environment"] == json!(environment) && row["model"] == json!(entry.model)
                };
                self.withdrawn.retain(|row| !is_same(row));
                let mut row = json!(entry);
                row["environment"] = json!(environment);
                self.published.push(row);
            }
            Change::Withdrawn { environment, model } => {
                let row = json!({ "environment": environment, "model": model });
                self.published.retain(|other| {
                    other["environment"] != row["environment"] || other["model"] != row["model"]
                });
                self.withdrawn.push(row);
            }
            Change::Forgotten => self.forgotten.push(Value::Null),
            Change::Ledger { mark } => self.ledgers.push(json!(mark)),
            Change::Dropped { physical } => self.dropped.push(json!(physical)),
        }
    }

    async fn write(self, connection: &mut SqliteConnection, scope: &Scope) -> sqlx::Result<()> {
        for (statement, rows) in [
            (FORGOTTEN_SNAPSHOTS, self.forgotten.clone()),
            (FORGOTTEN_OBJECTS, self.forgotten.clone()),
            (FORGOTTEN_RANGES, self.forgotten.clone()),
            (FORGOTTEN_PUBLISHED, self.forgotten),
            (RUNS_STARTED, self.runs_started),
            (STEPS, self.steps),
            (EARLIER_SNAPSHOTS, self.snapshots.clone()),
            (SNAPSHOTS, self.snapshots),
            (OBJECTS, self.objects),
            (FILLED, self.filled),
            (RANGES, self.ranges),
            (PUBLISHED, self.published),
            (WITHDRAWN, self.withdrawn),
            (DROPPED_RANGES, self.dropped.clone()),
            (DROPPED_SNAPSHOTS, self.dropped.clone()),
            (DROPPED, self.dropped),
            (RUNS_ENDED, self.runs_ended),
            (LEDGERS, self.ledgers),
        ] {
            if rows.is_empty() {
                continue;
            }
            sqlx::query(statement)
                .bind(Value::Array(rows).to_string())
                .bind(&scope.project)
                .bind(&scope.engine)
                .bind(&scope.environment)
                .execute(&mut *connection)
                .await?;
        }
        Ok(())
    }
}

const FORGOTTEN_SNAPSHOTS: &str = "DELETE FROM snapshots WHERE project = ?2 AND engine = ?3";

const FORGOTTEN_OBJECTS: &str = "DELETE FROM objects WHERE project = ?2 AND engine = ?3";

const FORGOTTEN_RANGES: &str = "DELETE FROM filled WHERE project = ?2 AND engine = ?3";

const FORGOTTEN_PUBLISHED: &str = "DELETE FROM published WHERE project = ?2 AND engine = ?3";

const LEDGERS: &str = "\
INSERT OR REPLACE INTO ledgers (project, engine, mark) \
SELECT ?2, ?3, value FROM json_each(?1)";

// A table belongs to the version that wrote it last.
const EARLIER_SNAPSHOTS: &str = "\
DELETE FROM snapshots WHERE project = ?2 AND engine = ?3 \
AND physical IN (SELECT value ->> 'physical' FROM json_each(?1))";

const RUNS_STARTED: &str = "\
INSERT OR REPLACE INTO runs (id, project, engine, environment, project_hash, started_at, status) \
SELECT value ->> 'id', ?2, ?3, ?4, value ->> 'hash', value ->> 'at', 'running' FROM json_each(?1)";

const RUNS_ENDED: &str = "\
UPDATE runs SET status = ended.value ->> 'status', duration_ms = ended.value ->> 'duration' \
FROM json_each(?1) AS ended \
WHERE runs.id = ended.value ->> 'id' AND runs.project = ?2";

const STEPS: &str = "\
INSERT OR REPLACE INTO steps \
(run, position, model, version, kind, status, rows, duration_ms, note) \
SELECT value ->> 'run', value ->> '$.step.position', value ->> '$.step.model', \
value ->> '$.step.version', value ->> '$.step.kind', value ->> '$.step.status', \
value ->> '$.step.rows', value ->> '$.step.duration_ms', value ->> '$.step.note' \
FROM json_each(?1)";

const SNAPSHOTS: &str = "\
INSERT OR REPLACE INTO snapshots \
(project, engine, model, version, physical, generation, kind, load, reads, columns, definition) \
SELECT ?2, ?3, value ->> 'model', value ->> 'version', value ->> 'physical', \
value ->> 'generation', value ->> 'kind', value ->> 'load', value -> 'reads', \
value -> 'columns', value ->> 'definition' FROM json_each(?1)";

const OBJECTS: &str = "\
INSERT OR REPLACE INTO objects (project, engine, physical, kind, model, version, uses) \
SELECT ?2, ?3, value ->> 'physical', value ->> 'kind', value ->> 'model', value ->> 'version', \
value -> 'uses' FROM json_each(?1)";

const FILLED: &str = "\
DELETE FROM filled WHERE project = ?2 AND engine = ?3 \
AND physical IN (SELECT value FROM json_each(?1))";

const RANGES: &str = "\
INSERT INTO filled (project, engine, physical, range_start, range_end) \
SELECT ?2, ?3, value ->> 'physical', value ->> 'start', value ->> 'end' FROM json_each(?1)";

const PUBLISHED: &str = "\
INSERT OR REPLACE INTO published \
(project, engine, environment, model, version, physical, view_schema, view_name, columns) \
SELECT ?2, ?3, value ->> 'environment', value ->> 'model', value ->> 'version', \
value ->> 'physical', value ->> 'view_schema', value ->> 'view_name', value ->> 'columns' FROM json_each(?1)";

const WITHDRAWN: &str = "\
DELETE FROM published WHERE project = ?2 AND engine = ?3 AND (environment, model) IN \
(SELECT value ->> 'environment', value ->> 'model' FROM json_each(?1))";

const DROPPED: &str = "\
DELETE FROM objects WHERE project = ?2 AND engine = ?3 \
AND physical IN (SELECT value FROM json_each(?1))";

const DROPPED_RANGES: &str = "\
DELETE FROM filled WHERE project = ?2 AND engine = ?3 \
AND physical IN (SELECT value FROM json_each(?1))";

const DROPPED_SNAPSHOTS: &str = "\
DELETE FROM snapshots WHERE project = ?2 AND engine = ?3 \
AND physical IN (SELECT value FROM json_each(?1))";

//! Writing changes: many at a time, each kind by one statement over all of its rows.

use super::database::{Database, Value, objects, whole};
use super::open::State;
use super::records::{AuditRecord, Object, Published, RunRecord, Scope, Snapshot, StepRecord};
use crate::error::Result;
use crate::intervals::IntervalSet;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// One thing to write.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// An audit ran.
    Audit(AuditRecord),
    /// A version is built. What belongs to its table is written by [`Change::Object`].
    Snapshot(Snapshot),
    /// A version wrote a table so that what all others knew of its rows and columns isn't true
    /// any more: their snapshots of the table go.
    Superseded {
        /// The table's name in `_dbgo`.
        physical: String,
        /// The import path of the model that it holds from now on.
        model: String,
        /// The version that it holds from now on.
        version: String,
    },
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
    /// Applies changes, all or none, as if one after the other: of several changes of one thing
    /// the last one counts.
    ///
    /// # Errors
    /// `state-failed`, `state-moved-on`.
    pub fn apply(&mut self, scope: &Scope, changes: &[Change]) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let group = Group::new(changes);
        let what = format!("apply {}", group.kinds());
        self.write((&scope.project, &what), async |database| {
            Ok(group.write(database, scope).await?)
        })
    }
}

/// The key of a row among those of its kind.
type Key = (String, String, String);

/// Rows by the statement that takes them, and by their keys: a statement takes no two rows of one
/// key.
#[derive(Default)]
pub(super) struct Group {
    forgotten: bool,
    ledger: Option<String>,
    runs_started: BTreeMap<Key, Json>,
    runs_ended: BTreeMap<Key, Json>,
    steps: BTreeMap<Key, Json>,
    audits: BTreeMap<Key, Json>,
    snapshots: BTreeMap<Key, Json>,
    /// Snapshots of this group that are gone again: so is what each of them took the place of.
    replaced: BTreeMap<Key, Json>,
    superseded: BTreeMap<Key, Json>,
    objects: BTreeMap<Key, Json>,
    filled: BTreeMap<Key, Json>,
    ranges: BTreeMap<String, Vec<Json>>,
    published: BTreeMap<Key, Json>,
    withdrawn: BTreeMap<Key, Json>,
    dropped: BTreeMap<Key, Json>,
}

fn key(one: &str, two: &str, three: &str) -> Key {
    (one.to_owned(), two.to_owned(), three.to_owned())
}

impl Group {
    pub(super) fn new(changes: &[Change]) -> Self {
        let mut group = Self::default();
        for change in changes {
            group.add(change);
        }
        group
    }

    fn add(&mut self, change: &Change) {
        match change {
            Change::RunStarted(run) => self.start_run(run),
            Change::RunEnded {
                id,
                status,
                duration_ms,
            } => {
                let row = json!({ "id": id, "status": status, "duration": duration_ms.map(whole) });
                self.runs_ended.insert(key(id, "", ""), row);
            }
            Change::Step { run, record } => self.add_step(run, record),
            Change::Audit(record) => self.add_audit(record),
            Change::Snapshot(snapshot) => self.add_snapshot(snapshot),
            Change::Superseded {
                physical,
                model,
                version,
            } => self.supersede(physical, model, version),
            Change::Object(object) => self.add_object(object),
            Change::Filled { physical, ranges } => self.fill(physical, ranges),
            Change::Published { environment, entry } => {
                let key = key(environment, &entry.model, "");
                self.withdrawn.remove(&key);
                let mut row = json!(entry);
                row["environment"] = json!(environment);
                self.published.insert(key, row);
            }
            Change::Withdrawn { environment, model } => {
                let key = key(environment, model, "");
                self.published.remove(&key);
                let row = json!({ "environment": environment, "model": model });
                self.withdrawn.insert(key, row);
            }
            Change::Forgotten => self.forget(),
            Change::Ledger { mark } => self.ledger = Some(mark.clone()),
            Change::Dropped { physical } => self.drop(physical),
        }
    }

    /// Which kinds of changes there are, in a few words.
    fn kinds(&self) -> String {
        let kinds = [
            ("forgotten", self.forgotten),
            ("run-started", !self.runs_started.is_empty()),
            ("steps", !self.steps.is_empty()),
            ("snapshots", !self.snapshots.is_empty()),
            ("filled", !self.filled.is_empty()),
            ("published", !self.published.is_empty()),
            ("dropped", !self.dropped.is_empty()),
            ("run-ended", !self.runs_ended.is_empty()),
        ];
        let there = kinds.into_iter().filter(|(_, is_there)| *is_there);
        there.map(|(kind, _)| kind).collect::<Vec<_>>().join(" ")
    }

    fn start_run(&mut self, run: &RunRecord) {
        let row = json!({
            "id": run.id, "hash": run.project_hash, "command": run.command, "plan": run.plan,
            "by": run.by, "at": run.started_at.as_microsecond(),
        });
        self.runs_started.insert(key(&run.id, "", ""), row);
    }

    fn add_step(&mut self, run: &str, step: &StepRecord) {
        let row = json!({
            "run": run, "position": whole(step.position), "model": step.model,
            "version": step.version, "kind": step.kind, "status": step.status,
            "rows": step.rows.map(whole), "duration": whole(step.duration_ms), "note": step.note,
        });
        let position = step.position.to_string();
        self.steps.insert(key(run, &position, ""), row);
    }

    fn add_audit(&mut self, audit: &AuditRecord) {
        let row = json!({
            "run": audit.run, "model": audit.model, "audit": audit.audit,
            "severity": audit.severity, "status": audit.status,
            "failing_rows": whole(audit.failing_rows), "sample": audit.sample,
            "at": audit.at.as_microsecond(),
        });
        let key = key(&audit.run, &audit.model, &audit.audit);
        self.audits.insert(key, row);
    }

    fn add_snapshot(&mut self, snapshot: &Snapshot) {
        let row = json!({
            "model": snapshot.model, "version": snapshot.version, "preview": snapshot.preview,
            "physical": snapshot.physical, "kind": snapshot.kind,
            "columns": json!(snapshot.columns).to_string(), "definition": snapshot.definition,
            "audits": json!(snapshot.audits).to_string(),
        });
        let key = key(&snapshot.model, &snapshot.version, &snapshot.preview);
        self.snapshots.insert(key, row);
    }

    fn supersede(&mut self, physical: &str, model: &str, version: &str) {
        self.retain_snapshots(|row| {
            row["physical"] != json!(physical)
                || row["model"] == json!(model) && row["version"] == json!(version)
        });
        let row = json!({ "physical": physical, "model": model, "version": version });
        self.superseded.insert(key(physical, model, version), row);
    }

    fn add_object(&mut self, object: &Object) {
        let key = key(&object.physical, "", "");
        let earlier = self.objects.get(&key).map(|row| row["created_at"].clone());
        let created_at = earlier.unwrap_or(json!(object.created_at.as_microsecond()));
        let row = json!({
            "physical": object.physical, "kind": object.kind, "model": object.model,
            "version": object.version, "generation": whole(object.generation),
            "load": object.load, "reads": json!(object.reads).to_string(),
            "uses": json!(object.uses).to_string(),
            "created_at": created_at, "preview": object.preview,
            "loaded_at": object.loaded_at.as_microsecond(),
            "tombstone": object.tombstone.map(jiff::Timestamp::as_microsecond),
        });
        self.objects.insert(key, row);
    }

    fn fill(&mut self, physical: &str, ranges: &IntervalSet) {
        let rows = ranges.ranges().iter().map(|range| {
            json!({
                "physical": physical,
                "start": range.start.as_microsecond(),
                "end": range.end.as_microsecond(),
            })
        });
        self.ranges.insert(physical.to_owned(), rows.collect());
        let row = json!({ "physical": physical });
        self.filled.insert(key(physical, "", ""), row);
    }

    fn drop(&mut self, physical: &str) {
        let key = key(physical, "", "");
        self.objects.remove(&key);
        self.ranges.remove(physical);
        self.retain_snapshots(|row| row["physical"] != json!(physical));
        self.dropped.insert(key, json!({ "physical": physical }));
    }

    fn retain_snapshots(&mut self, keep: impl Fn(&Json) -> bool) {
        let gone = self.snapshots.extract_if(.., |_, row| !keep(row));
        self.replaced.extend(gone);
    }

    fn forget(&mut self) {
        self.forgotten = true;
        self.snapshots.clear();
        self.replaced.clear();
        self.superseded.clear();
        self.objects.clear();
        self.filled.clear();
        self.ranges.clear();
        self.published.clear();
        self.withdrawn.clear();
        self.dropped.clear();
    }

    /// Writes the rows, in a transaction that has been begun: what goes before what comes.
    pub(super) async fn write(&self, database: &mut Database, scope: &Scope) -> sqlx::Result<()> {
        let ranges: Vec<Json> = self.ranges.values().flatten().cloned().collect();
        if self.forgotten {
            for statement in FORGOTTEN {
                let values = [&scope.project, &scope.engine].map(Value::from);
                database.run(statement, &values).await?;
            }
        }
        for (statement, rows) in [
            (DROPPED_RANGES, rows(&self.dropped)),
            (DROPPED_SNAPSHOTS, rows(&self.dropped)),
            (DROPPED, rows(&self.dropped)),
            (SUPERSEDED, rows(&self.superseded)),
            (REPLACED, rows(&self.replaced)),
            (WITHDRAWN, rows(&self.withdrawn)),
            (DROPPED_RANGES, rows(&self.filled)),
            (RUNS_STARTED, rows(&self.runs_started)),
            (STEPS, rows(&self.steps)),
            (AUDITS, rows(&self.audits)),
            (OBJECTS, rows(&self.objects)),
            (SNAPSHOTS, rows(&self.snapshots)),
            (RANGES, ranges),
            (PUBLISHED, rows(&self.published)),
            (RUNS_ENDED, rows(&self.runs_ended)),
            (LEDGER, ledger(self.ledger.as_deref())),
        ] {
            if rows.is_empty() {
                continue;
            }
            let values = [
                objects(rows),
                Value::from(&scope.project),
                Value::from(&scope.engine),
                Value::from(&scope.environment),
            ];
            database.run(statement, &values).await?;
        }
        Ok(())
    }
}

fn rows(of: &BTreeMap<Key, Json>) -> Vec<Json> {
    of.values().cloned().collect()
}

fn ledger(mark: Option<&str>) -> Vec<Json> {
    mark.map(|mark| json!({ "mark": mark }))
        .into_iter()
        .collect()
}

const FORGOTTEN: [&str; 4] = [
    "DELETE FROM snapshots WHERE project = $1 AND engine = $2",
    "DELETE FROM objects WHERE project = $1 AND engine = $2",
    "DELETE FROM filled WHERE project = $1 AND engine = $2",
    "DELETE FROM published WHERE project = $1 AND engine = $2",
];

const LEDGER: &str = "\
INSERT INTO ledgers (project, engine, mark) SELECT $2, $3, value ->> 'mark' FROM {rows} \
WHERE true ON CONFLICT (project, engine) DO UPDATE SET mark = excluded.mark";

const RUNS_STARTED: &str = "\
INSERT INTO runs (id, project, engine, environment, project_hash, command, plan, started_by, \
started_at, status) \
SELECT value ->> 'id', $2, $3, $4, value ->> 'hash', value ->> 'command', value ->> 'plan', \
value ->> 'by', CAST(value ->> 'at' AS BIGINT), 'running' FROM {rows} WHERE true \
ON CONFLICT (id) DO UPDATE SET project_hash = excluded.project_hash, command = excluded.command, \
plan = excluded.plan, started_by = excluded.started_by, started_at = excluded.started_at, \
status = excluded.status";

const RUNS_ENDED: &str = "\
UPDATE runs SET status = value ->> 'status', duration_ms = CAST(value ->> 'duration' AS BIGINT) \
FROM {rows} WHERE runs.id = value ->> 'id' AND runs.project = $2 \
AND (runs.status = 'running' OR value ->> 'status' <> 'broken off')";

const STEPS: &str = "\
INSERT INTO steps (run, position, model, version, kind, status, rows, duration_ms, note) \
SELECT value ->> 'run', CAST(value ->> 'position' AS BIGINT), value ->> 'model', \
value ->> 'version', value ->> 'kind', value ->> 'status', CAST(value ->> 'rows' AS BIGINT), \
CAST(value ->> 'duration' AS BIGINT), value ->> 'note' FROM {rows} WHERE true \
ON CONFLICT (run, position) DO UPDATE SET model = excluded.model, version = excluded.version, \
kind = excluded.kind, status = excluded.status, rows = excluded.rows, \
duration_ms = excluded.duration_ms, note = excluded.note";

const AUDITS: &str = "\
INSERT INTO audits (run, model, audit, severity, status, failing_rows, sample, audited_at) \
SELECT value ->> 'run', value ->> 'model', value ->> 'audit', value ->> 'severity', \
value ->> 'status', CAST(value ->> 'failing_rows' AS BIGINT), value ->> 'sample', \
CAST(value ->> 'at' AS BIGINT) FROM {rows} WHERE true \
ON CONFLICT (run, model, audit) DO UPDATE SET severity = excluded.severity, \
status = excluded.status, failing_rows = excluded.failing_rows, sample = excluded.sample, \
audited_at = excluded.audited_at";

const OBJECTS: &str = "\
INSERT INTO objects (project, engine, physical, kind, model, version, generation, load, reads, \
uses, created_at, preview, tombstone, loaded_at) \
SELECT $2, $3, value ->> 'physical', value ->> 'kind', value ->> 'model', value ->> 'version', \
CAST(value ->> 'generation' AS BIGINT), value ->> 'load', value ->> 'reads', value ->> 'uses', \
CAST(value ->> 'created_at' AS BIGINT), value ->> 'preview', \
CAST(value ->> 'tombstone' AS BIGINT), CAST(value ->> 'loaded_at' AS BIGINT) \
FROM {rows} WHERE true \
ON CONFLICT (project, engine, physical) DO UPDATE SET kind = excluded.kind, \
model = excluded.model, version = excluded.version, generation = excluded.generation, \
load = excluded.load, reads = excluded.reads, uses = excluded.uses, preview = excluded.preview, \
tombstone = excluded.tombstone, loaded_at = excluded.loaded_at";

const SNAPSHOTS: &str = "\
INSERT INTO snapshots (project, engine, model, version, preview, physical, kind, columns, \
definition, audits) \
SELECT $2, $3, value ->> 'model', value ->> 'version', value ->> 'preview', \
value ->> 'physical', value ->> 'kind', value ->> 'columns', value ->> 'definition', \
value ->> 'audits' FROM {rows} WHERE true \
ON CONFLICT (project, engine, model, version, preview) DO UPDATE SET \
physical = excluded.physical, kind = excluded.kind, columns = excluded.columns, \
definition = excluded.definition, audits = excluded.audits";

const SUPERSEDED: &str = "\
DELETE FROM snapshots WHERE project = $2 AND engine = $3 AND EXISTS (SELECT 1 FROM {rows} \
WHERE physical = value ->> 'physical' \
AND (model <> value ->> 'model' OR version <> value ->> 'version'))";

const REPLACED: &str = "\
DELETE FROM snapshots WHERE project = $2 AND engine = $3 AND EXISTS (SELECT 1 FROM {rows} \
WHERE model = value ->> 'model' AND version = value ->> 'version' \
AND preview = value ->> 'preview')";

const RANGES: &str = "\
INSERT INTO filled (project, engine, physical, range_start, range_end) \
SELECT $2, $3, value ->> 'physical', CAST(value ->> 'start' AS BIGINT), \
CAST(value ->> 'end' AS BIGINT) FROM {rows}";

const PUBLISHED: &str = "\
INSERT INTO published (project, engine, environment, model, version, physical, view_schema, \
view_name, columns) \
SELECT $2, $3, value ->> 'environment', value ->> 'model', value ->> 'version', \
value ->> 'physical', value ->> 'view_schema', value ->> 'view_name', value ->> 'columns' \
FROM {rows} WHERE true \
ON CONFLICT (project, engine, environment, model) DO UPDATE SET version = excluded.version, \
physical = excluded.physical, view_schema = excluded.view_schema, \
view_name = excluded.view_name, columns = excluded.columns";

const WITHDRAWN: &str = "\
DELETE FROM published WHERE project = $2 AND engine = $3 AND (environment, model) IN \
(SELECT value ->> 'environment', value ->> 'model' FROM {rows})";

const DROPPED: &str = "\
DELETE FROM objects WHERE project = $2 AND engine = $3 \
AND physical IN (SELECT value ->> 'physical' FROM {rows})";

const DROPPED_RANGES: &str = "\
DELETE FROM filled WHERE project = $2 AND engine = $3 \
AND physical IN (SELECT value ->> 'physical' FROM {rows})";

const DROPPED_SNAPSHOTS: &str = "\
DELETE FROM snapshots WHERE project = $2 AND engine = $3 \
AND physical IN (SELECT value ->> 'physical' FROM {rows})";

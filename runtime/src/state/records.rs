//! What was built and what ran, as values.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which part of the state a command is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The project's name.
    pub project: String,
    /// The engine's name.
    pub engine: String,
    /// The environment.
    pub environment: String,
}

/// One version of one model or seed, with the table that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The import path.
    pub model: String,
    /// The version.
    pub version: String,
    /// The table's or view's name in `_dbgo`.
    pub physical: String,
    /// The generation of it.
    pub generation: u64,
    /// `view`, `table`, `incremental` or `seed`.
    pub kind: String,
    /// The id of the batch that changed it last; its readers compare it.
    pub load: String,
    /// The load of everything that it read, by import path; a source that can't prove anything
    /// has an empty one.
    pub reads: BTreeMap<String, String>,
    /// Its columns in order: name and type.
    pub columns: Vec<(String, String)>,
    /// A fingerprint of a view's statement, physical names included; empty for others.
    pub definition: String,
    /// The physical names that a view reads; empty for others.
    pub uses: Vec<String>,
    /// When the run began that changed it last.
    #[serde(default)]
    pub loaded_at: Timestamp,
    /// Fingerprints of the audits that all of its rows were held to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audits: Vec<String>,
    /// The environment that it is a preview of, because its history was cut or it reads a
    /// preview; empty for one that others may use too.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub preview: String,
}

/// Something that was created in an engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Its name in `_dbgo`.
    pub physical: String,
    /// `view`, `table`, `incremental` or `seed`.
    pub kind: String,
    /// The import path of what it was created for.
    pub model: String,
    /// The version that it was created for.
    pub version: String,
    /// Which table of its version it is: 1, 2, …
    pub generation: u64,
    /// The id of the batch that changed it last.
    pub load: String,
    /// The load of everything that it read, by import path.
    pub reads: BTreeMap<String, String>,
    /// The physical names that a view reads.
    pub uses: Vec<String>,
    /// When the run began that changed it last.
    #[serde(default)]
    pub loaded_at: Timestamp,
    /// When it was created. Recording it again changes everything but this.
    pub created_at: Timestamp,
    /// The environment that it is a preview of; empty without one.
    pub preview: String,
    /// When it was decided that it is to be dropped; nobody uses it from then on.
    pub tombstone: Option<Timestamp>,
}

/// What a user's view shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The import path.
    pub model: String,
    /// The version.
    pub version: String,
    /// The name in `_dbgo` that the view reads.
    pub physical: String,
    /// The view's schema.
    pub view_schema: String,
    /// The view's name.
    pub view_name: String,
    /// A fingerprint of the columns that the view was created with.
    pub columns: String,
}

/// A run, as it begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Eight hexadecimal digits.
    pub id: String,
    /// The command: `run`, `apply`, …
    pub command: String,
    /// The plan that it carries out; empty without one.
    pub plan: String,
    /// Who started it.
    pub by: String,
    /// The hash of the project that ran.
    pub project_hash: String,
    /// When it began.
    pub started_at: Timestamp,
}

/// A run, as it is looked back on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Eight hexadecimal digits.
    pub id: String,
    /// The environment.
    pub environment: String,
    /// The command: `run`, `apply`, …
    pub command: String,
    /// The plan that it carried out; empty without one.
    pub plan: String,
    /// Who started it.
    pub by: String,
    /// The hash of the project that ran.
    pub project_hash: String,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took in milliseconds; nothing for one that never ended.
    pub duration_ms: Option<u64>,
    /// `running`, `done`, `failed`, `interrupted` or `broken off`.
    pub status: String,
    /// How many steps ended in each status.
    pub counts: BTreeMap<String, u64>,
}

/// What became of one model in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepRecord {
    /// The order in which steps ended.
    pub position: u64,
    /// The import path.
    pub model: String,
    /// The version.
    pub version: String,
    /// `view`, `table`, `incremental` or `seed`.
    pub kind: String,
    /// `built`, `unchanged`, `skipped`, `failed` or `interrupted`.
    pub status: String,
    /// How many rows were written.
    pub rows: Option<u64>,
    /// How long it took in milliseconds.
    pub duration_ms: u64,
    /// The error or the reason; empty without one.
    pub note: String,
}

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// The run.
    pub run: String,
    /// The import path of the model.
    pub model: String,
    /// The audit as it is written: `not_null(year)`.
    pub audit: String,
    /// `error` or `warn`.
    pub severity: String,
    /// `passed`, `warned` or `failed`.
    pub status: String,
    /// How many rows failed.
    pub failing_rows: u64,
    /// Some of them, as a JSON array.
    pub sample: String,
    /// When it was found.
    pub at: Timestamp,
}

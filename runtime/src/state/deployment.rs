//! Environments and what leads them from one project version to the next, as values.

use super::write::Change;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A name that points to a project version, on one engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// The name.
    pub name: String,
    /// The engine's name.
    pub engine: String,
    /// How often it was pointed to a project version; 0 if never.
    pub revision: u64,
    /// The project version; empty before the first one.
    pub project_version: String,
    /// The hash of the project that it is a version of; empty before the first one.
    pub project_hash: String,
    /// The git commit of it; empty without one.
    pub commit: String,
    /// The environment that it was made from; empty without one.
    pub base: String,
    /// The revision of the base that it was made from, or was brought in line with last.
    pub base_revision: u64,
    /// Whether it takes only plans that were stored or agreed to, and is read-only for others.
    pub protected: bool,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// Who changed it last.
    pub changed_by: String,
    /// When it may be dropped.
    pub expires_at: Option<Timestamp>,
    /// The plan that is being applied, or was until its process ended; empty without one.
    pub pending_plan: String,
    /// The JSON text of a publication that has begun; empty without one.
    pub intent: String,
}

/// What an environment pointed to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// The environment's revision.
    pub revision: u64,
    /// The project version.
    pub project_version: String,
    /// The hash of the project.
    pub project_hash: String,
    /// The git commit; empty without one.
    pub commit: String,
    /// The plan that led there; empty without one.
    pub plan: String,
    /// What was done: `apply`, `promote`, `rollback`, `create`, …
    pub action: String,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

/// A model in a project version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedModel {
    /// The import path.
    pub model: String,
    /// The version.
    pub version: String,
    /// The id of its definition: the hash of the document.
    pub definition: String,
    /// The schema of its relation.
    pub schema: String,
    /// The name of its relation.
    pub name: String,
    /// `view`, `table`, `incremental`, `scd2`, `ephemeral`, `seed` or `source`.
    pub kind: String,
}

/// A list of models with their versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectVersion {
    /// The hash of the list.
    pub id: String,
    /// The hash of the project that it was made of.
    pub project_hash: String,
    /// The git commit; empty without one.
    pub commit: String,
    /// When it was recorded first.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// The version of dbgo that made it.
    pub tool_version: String,
    /// The list.
    pub models: Vec<PinnedModel>,
}

/// A plan as it was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPlan {
    /// Eight or more hexadecimal digits.
    pub id: String,
    /// The environment that it changes.
    pub environment: String,
    /// The revision of the environment that it was made against.
    pub revision: u64,
    /// When.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// `new`, `applying`, `applied`, `failed`, `abandoned` or `stale`.
    pub status: String,
    /// All of it, as JSON.
    pub document: String,
}

/// A process that holds leases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The name of its machine.
    pub host: String,
    /// Its number.
    pub pid: u32,
    /// When it started, as the system counts; tells it from a later one with its number. 0 where
    /// the system doesn't say.
    pub process_start: u64,
    /// What tells the system's present start, and the processes that it can see, from others;
    /// empty where the system doesn't say.
    pub boot_id: String,
    /// Random digits.
    pub id: String,
    /// Who started it.
    pub user: String,
}

/// What keeps others from something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// What it is for: a table, whichever generation of it, [`environment_lease`] or [`ENGINE_LEASE`].
    pub name: String,
    /// The fencing token: larger than that of all earlier claims on the engine.
    pub token: u64,
    /// Who holds it.
    pub holder: Holder,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// When others may take it over.
    pub expires_at: Timestamp,
}

/// The name of the lease that every claim takes of its environment. No physical table has a `/`.
pub fn environment_lease(environment: &str) -> String {
    format!("environment/{environment}")
}

/// The name of the lease of whoever works on a whole engine, and lets nobody else work on it.
pub const ENGINE_LEASE: &str = "engine/";

/// What somebody who is about to change an environment asks for.
#[derive(Clone, Debug)]
pub struct Claim<'a> {
    /// The project.
    pub project: &'a str,
    /// The engine.
    pub engine: &'a str,
    /// The environment.
    pub environment: &'a str,
    /// The environment's revision that the plan was made against.
    pub expected_revision: u64,
    /// The plan.
    pub plan: &'a str,
    /// Who asks.
    pub holder: Holder,
    /// The tables that will be written, in any order; none where whoever has the engine open is alone.
    pub leases: Vec<String>,
    /// How long the leases last without a heartbeat.
    pub lease: Duration,
    /// The token of the engine's last holder, as the engine says.
    pub engine_epoch: u64,
    /// Whether the plan goes on that was begun before.
    pub resume: bool,
}

/// What a claim gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The token of all its leases.
    pub token: u64,
    /// The leases of others that were taken over, since they had expired or their holder is dead.
    pub taken_over: Vec<Lease>,
}

/// Why a claim gives nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such environment on this engine.
    Missing,
    /// The environment has another revision by now.
    Moved(Box<Environment>),
    /// Another plan was begun and isn't done, or this one, if nothing was said of going on.
    Pending {
        /// Its id.
        plan: String,
    },
    /// Somebody else holds a lease.
    Held(Box<Lease>),
    /// It was decided that a table is to be dropped.
    Buried {
        /// Its name.
        physical: String,
    },
}

/// Where an environment points to after a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointer {
    /// The project version.
    pub project_version: String,
    /// The hash of the project.
    pub project_hash: String,
    /// The git commit; empty without one.
    pub commit: String,
    /// What was done: `apply`, `promote`, `rollback`, `create`, …
    pub action: String,
}

/// The end of a change of an environment.
#[derive(Clone, Debug)]
pub struct Finish {
    /// The token of the claim.
    pub token: u64,
    /// Where the environment points to from now on; nothing leaves it and its revision as it is.
    pub pointer: Option<Pointer>,
    /// What becomes of the plan: `applied`, `failed`.
    pub plan_status: String,
    /// Who did it.
    pub by: String,
    /// What is written with it: what views show, the ledger's mark, …
    pub changes: Vec<Change>,
}

/// What is old enough to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Runs that began earlier go, with their steps and audits, unless they haven't ended.
    pub runs_since: Timestamp,
    /// Plans that were made earlier go, unless they are being applied.
    pub plans_since: Timestamp,
    /// Entries of environments' histories that are older go, but for the newest of each.
    pub history_since: Timestamp,
}

/// How much was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pruned {
    /// Runs.
    pub runs: u64,
    /// Plans.
    pub plans: u64,
    /// Entries of environments' histories.
    pub history: u64,
    /// Project versions that no environment and no history names.
    pub project_versions: u64,
    /// Definitions that no project version has.
    pub definitions: u64,
}

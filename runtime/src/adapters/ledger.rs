//! What the engine itself tells: who may write to it, what was committed, what is published.
//!
//! A batch's rows and its ledger row are in one transaction, so the row's existence decides
//! whether the batch happened; in the same way an environment's row in `_dbgo.published` changes
//! with its views. The fence is here and not in the state: a commit must fail by what the engine
//! knows, whatever its writer believes. This module holds the values; each adapter's
//! `bookkeeping` writes and reads them.

use jiff::Timestamp;

/// The schema of physical tables and of dbgo's own tables in an engine.
pub const BOOKKEEPING_SCHEMA: &str = "_dbgo";

/// Whether a name in [`BOOKKEEPING_SCHEMA`] is that of one of dbgo's own tables. A fence is
/// `fence_<8 hexadecimal digits>_<number>`, and a physical table has two `_` behind its schema.
pub fn is_bookkeeping(name: &str) -> bool {
    let is_fence = |rest: &str| {
        rest.split_once('_').is_some_and(|(project, token)| {
            project.len() == 8
                && project.bytes().all(|byte| byte.is_ascii_hexdigit())
                && !token.is_empty()
                && token.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    matches!(name, "meta" | "ledger" | "published")
        || name.strip_prefix("fence_").is_some_and(is_fence)
}

/// The layout of dbgo's own tables in an engine that this version reads and writes.
pub const BOOKKEEPING_FORMAT: u32 = 2;

/// A range of time `[start, end)` in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeRange {
    /// The first instant.
    pub start: Timestamp,
    /// The instant after the last.
    pub end: Timestamp,
}

/// A batch that is about to be committed: one row of `_dbgo.ledger`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The batch's id. At most one committed batch has it.
    pub batch_id: String,
    /// The run that the batch belongs to.
    pub run_id: String,
    /// The model's import path.
    pub model: String,
    /// The model's version, in hexadecimal digits.
    pub version: String,
    /// The physical table's name in `_dbgo`.
    pub physical_table: String,
    /// The range that the batch filled; `None` where the model has no time column.
    pub range: Option<TimeRange>,
    /// How many rows the batch wrote.
    pub rows: u64,
    /// The fencing token of the lease under which it was written.
    pub token: u64,
    /// Whatever the writer wants to find again with the batch, as JSON; empty where nothing.
    pub details: String,
}

/// A batch that was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedBatch {
    /// What was written.
    pub entry: LedgerEntry,
    /// When its ledger row was written, by the engine's clock: shortly before the commit.
    pub committed_at: Timestamp,
}

/// `_dbgo.meta`: who writes this engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineMeta {
    /// The state database that this engine belongs to.
    pub state_id: String,
    /// The layout of the tables in `_dbgo`.
    pub format: u32,
    /// The fencing token of the last holder; 0 before the first.
    pub epoch: u64,
    /// Who that is, for people; empty before the first.
    pub holder: String,
    /// How often the fence was set.
    pub fences: u64,
}

/// What takes a fence: the lease of a claim of a project.
#[derive(Clone, Copy, Debug)]
pub struct Fence<'a> {
    /// The state database that the engine belongs to.
    pub state_id: &'a str,
    /// The lease's token: larger than any that the engine has seen, or the last one again for the same
    /// holder.
    pub token: u64,
    /// Who holds it, for people.
    pub holder: &'a str,
    /// The tokens of leases that ended or were taken over, of those that [`super::Session::fences`] gave.
    pub ended: &'a [u64],
}

/// `_dbgo.published`: what an environment's views show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedRevision {
    /// The project's name: an engine may hold several.
    pub project: String,
    /// The environment.
    pub environment: String,
    /// The number of this publication among the environment's; it only grows.
    pub revision: u64,
    /// The id of the plan, or of the run, that published.
    pub plan: String,
    /// What is published: the hash of a project version.
    pub project_version: String,
    /// When its transaction wrote this, by the writer's clock.
    pub published_at: Timestamp,
}

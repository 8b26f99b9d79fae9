//! The ledger: what was committed, told by the engine itself.
//!
//! A batch's rows and its ledger row are in one transaction, so the row's existence decides
//! whether the batch happened. This module holds the values; each adapter's `dml` and `catalog`
//! write and read them.

use jiff::Timestamp;

/// The schema of physical tables and of dbgo's own tables in an engine.
pub const BOOKKEEPING_SCHEMA: &str = "_dbgo";

/// The layout of dbgo's own tables in an engine that this version reads and writes.
pub const BOOKKEEPING_FORMAT: u32 = 1;

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

/// `_dbgo.meta`: who wrote this engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineMeta {
    /// The state database that this engine belongs to.
    pub state_id: String,
    /// The layout of the tables in `_dbgo`.
    pub format: u32,
    /// The fencing epoch of the last holder.
    pub epoch: u64,
}

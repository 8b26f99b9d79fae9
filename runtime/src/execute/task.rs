//! What is built, once it is decided.

use crate::events::Subject;
use crate::intervals::{IntervalSet, Range};
use crate::project::{BatchFacts, Relation};
use crate::state::Snapshot;
use dbgo_contract::{ColumnDef, SeedDef};
use std::collections::HashMap;

/// Something to build.
pub struct Task {
    pub relation: Relation,
    pub subject: Subject,
    /// The snapshot that there will be.
    pub snapshot: Snapshot,
    /// The load that its readers will see; none where it is the snapshot's.
    pub load: Option<String>,
    /// The text of every relation that the query may read.
    pub texts: HashMap<Relation, String>,
    pub retries: u32,
    pub timeout_seconds: u64,
    /// Whether rows that are there already were held to all of the model's audits.
    pub audited: bool,
    pub work: Work,
}

/// How something is built.
pub enum Work {
    Seed(&'static SeedDef),
    View {
        sql: String,
        columns: &'static [ColumnDef],
    },
    Table {
        sql: String,
        columns: &'static [ColumnDef],
    },
    TimeRange(TimeRangeWork),
    Adding(Adding),
    /// Nothing is written; a model's audits run over the table that it keeps.
    Audits {
        model: usize,
        /// Why nothing else has to be done.
        reason: String,
    },
}

/// Ranges to fill.
pub struct TimeRangeWork {
    pub model: usize,
    pub batches: Vec<Range>,
    pub filled: IntervalSet,
    pub intervals: u64,
    pub all: u64,
    pub unit: String,
    pub exists: bool,
    /// Whether the table is an earlier version's, whose rows were never held to this contract.
    pub adopts: bool,
    /// Statements that give the table the query's columns.
    pub alterations: Vec<String>,
    /// Whether the table is a new generation that is read only once it is complete.
    pub aside: bool,
    pub full_refresh: bool,
}

/// Rows to merge or append.
pub struct Adding {
    pub model: usize,
    pub sql: String,
    pub exists: bool,
    pub facts: BatchFacts,
    /// Whether the table is an earlier version's, whose rows were never held to this contract.
    pub adopts: bool,
    /// Statements that give the table the query's columns.
    pub alterations: Vec<String>,
}

//! What a run tells while it goes on, as data, and the renderers that show it.
//!
//! A run hands each event to one listener, from one thread. Nothing here decides anything.

mod audits;
mod lines;
mod progress;

pub use audits::{AuditOutcome, AuditStatus};
pub use lines::{Lines, duration, grouped};
pub use progress::Progress;

use std::time::Duration;

/// A model or a seed, as people name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// `schema.name`.
    pub name: String,
    /// `view`, `table`, `incremental` or `seed`.
    pub kind: &'static str,
}

/// Something that happened in a run.
#[derive(Clone, Debug)]
pub enum Event {
    /// The run has opened everything and begins.
    RunStarted {
        /// The run's id.
        id: String,
        /// The environment.
        environment: String,
        /// The engine's type and its location as the project writes it.
        engine: (String, String),
        /// How many models the project has.
        models: usize,
        /// How many of them are to be looked at, seeds included.
        selected: usize,
        /// How many characters the longest of their names has.
        longest_name: usize,
        /// How many of the selected models have a version that isn't published here.
        changed: usize,
    },
    /// Something worth knowing that is no error.
    Note(String),
    /// Building began.
    Started(Subject),
    /// A batch of a model that has several was committed.
    BatchDone {
        /// Which model.
        subject: Subject,
        /// How many of its batches are done.
        done: usize,
        /// How many there are.
        of: usize,
    },
    /// An audit of a model ran over rows that were written, or would have been.
    Audited {
        /// The model.
        subject: Subject,
        /// What the audit found.
        outcome: AuditOutcome,
    },
    /// Building ended well.
    Built {
        /// What was built.
        subject: Subject,
        /// How many rows were written; none for a view.
        rows: Option<u64>,
        /// Whether the rows were added to a table that was there.
        added: bool,
        /// Intervals that were filled, and all that there are, with their unit.
        intervals: Option<(u64, u64, String)>,
        /// How long it took.
        duration: Duration,
    },
    /// There was nothing to do, and why.
    Unchanged {
        /// What was looked at.
        subject: Subject,
        /// The reason.
        reason: String,
    },
    /// It couldn't be built, because of something else.
    Skipped {
        /// What was skipped.
        subject: Subject,
        /// The reason.
        reason: String,
    },
    /// Building failed; nothing of it is left.
    Failed {
        /// What failed.
        subject: Subject,
        /// One line.
        message: String,
        /// More lines; empty without any.
        detail: String,
        /// How long it took.
        duration: Duration,
    },
    /// Building was cancelled; nothing is left of what wasn't committed.
    Cancelled {
        /// What was cancelled.
        subject: Subject,
        /// How many of its batches are committed and stay, and how many there are; none without
        /// batches.
        kept: Option<(usize, usize)>,
    },
    /// Views of the environment were changed together.
    Published {
        /// How many.
        views: usize,
    },
    /// Nothing was published, and why.
    NotPublished(String),
    /// The run ended.
    Finished(Summary),
}

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The run's id.
    pub id: String,
    /// How many were up to date.
    pub unchanged: usize,
    /// How many were built.
    pub built: usize,
    /// How many failed.
    pub failed: usize,
    /// How many were skipped.
    pub skipped: usize,
    /// How many were cancelled.
    pub cancelled: usize,
    /// How many views changed, of models that were built before too.
    pub published: usize,
    /// How long it took.
    pub duration: Duration,
}

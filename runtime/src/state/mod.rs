//! The state database: what was built, what is published, what ran.
//!
//! State is the truth about intent; an engine's ledger is the truth about what was committed,
//! and a run that ended badly is completed from it. This is the only module that writes SQL for
//! the state, and it knows nothing of engines.
//!
//! SQLite with a write-ahead log, `synchronous=FULL`; every writing transaction is
//! `BEGIN IMMEDIATE`, because a deferred one is refused at once when two processes write.

mod open;
mod read;
mod records;
mod write;
mod writer;

pub use open::State;
pub use read::Known;
pub use records::{Object, Published, RunRecord, RunSummary, Scope, Snapshot, StepRecord};
pub use write::Change;
pub use writer::Writer;

#[cfg(test)]
mod tests;

//! The state database: what was built, what is published, what environments point to, what ran.
//!
//! State is the truth about intent; an engine's ledger is the truth about what was committed,
//! and a run that ended badly is completed from it. This is the only module that writes SQL for
//! the state, and it knows nothing of engines. `docs/state.md` says what its tables are for.
//!
//! A state is a file of SQLite or a schema in Postgres, with the same statements. Every writing
//! transaction checks the layout, and takes its project's turn: whoever writes a project's part
//! does it alone, so that what was looked at holds until the commit. For that one row is locked in
//! Postgres, under READ COMMITTED, where each statement sees everything that was committed before
//! it; SERIALIZABLE would refuse at the end what this makes wait at the beginning.

mod claims;
mod connect;
mod database;
mod deployment;
mod elsewhere;
mod environments;
mod fault;
mod holder;
mod known;
mod layout;
mod look_back;
mod open;
mod plans;
mod read;
mod records;
mod retire;
mod sweep;
mod transfer;
mod write;
mod writer;

pub use crate::config::StateAddress;
pub use claims::ClaimResult;
pub use deployment::{
    Claim, Claimed, ENGINE_LEASE, Environment, Finish, HistoryEntry, Holder, Lease, PinnedModel,
    Pointer, ProjectVersion, Pruned, Refusal, Retention, StoredPlan, environment_lease,
};
pub use elsewhere::{Elsewhere, Shown};
pub use holder::host as host_name;
pub use known::Known;
pub use look_back::BrokenOff;
pub use open::State;
pub use records::{
    AuditRecord, Object, Published, RunRecord, RunSummary, Scope, Snapshot, StepRecord,
};
pub use retire::{KeptSince, ModelVersion, Needed};
pub use write::Change;
pub use writer::{Heartbeat, Writer};

#[cfg(test)]
mod tests;

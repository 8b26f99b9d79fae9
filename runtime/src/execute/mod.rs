//! A run: what has to be built, building it, publishing it.
//!
//! | module | holds |
//! |---|---|
//! | [`options`](RunOptions) | what a run is asked for and what it gives |
//! | `opening` | engine and state opened side by side, the ledger copied where state lacks it |
//! | `context` | all that is fixed while a run goes on |
//! | `inputs` | what each model reads: loads, and proofs that sources haven't changed |
//! | `leases`, `turns`, `with_others`, `tidying` | several processes on one engine: who writes which table, who waits, what is believed, and who tidies up |
//! | `decide`, `task` | whether a model is built, and how |
//! | `columns` | tables that outlive a change of their model's query |
//! | `build`, `batches`, `adding` | one model's transactions |
//! | `merge`, `scd2`, `staging` | how new rows get into a table |
//! | `batch`, `checks`, `indexes` | what else is in such a transaction |
//! | `audits`, `audit_tables` | a model's audits, and the rows that failed them |
//! | `around` | statements before and after a run |
//! | `schedule` | the graph over the workers |
//! | `mend` | what state and engine say of each other, put right |
//! | `pointers`, `overtaken` | promotions, and what they would take back |
//! | `publish` | the users' views |
//! | `sweep`, `retire`, `ledger`, `janitor` | what isn't needed any more |
//!
//! A table is built aside, as the next generation; an incremental one grows in place. Each
//! transaction holds rows, checks and its ledger row. Views of the users change together, last.

mod adding;
mod apply;
mod around;
mod audit_tables;
mod audits;
mod batch;
mod batches;
mod build;
mod checks;
mod claim;
mod columns;
mod commit;
mod context;
mod decide;
mod details;
mod drift;
mod dropping;
mod failure;
mod indexes;
mod inputs;
mod interrupt;
mod janitor;
mod job;
mod leases;
mod ledger;
mod mend;
mod merge;
mod opening;
mod options;
mod overtaken;
mod pointers;
mod preparing;
mod publish;
mod retire;
mod run;
mod scd2;
mod schedule;
mod slots;
mod staging;
mod sweep;
mod task;
mod tidying;
mod turns;
mod with_others;

pub use apply::{Applied, ApplyOptions, apply, open_state, plan_for};
pub use context::{HeldEngine, Opened, hold_engine, open_for_reading, read_tables};
pub use drift::drift;
pub use dropping::{DroppedEnvironment, drop_environment};
pub use interrupt::Interrupt;
pub use janitor::{Cleaned, Expired, JanitorOptions, Needless, NeedlessOf, Thing, janitor};
pub use mend::{Mended, Mending, mend};
pub use options::{RunOptions, RunOutcome};
pub use pointers::{PointerOptions, environment, plan_of, point, revision_before};
pub use run::run;
pub(crate) use slots::PhysicalSlots;

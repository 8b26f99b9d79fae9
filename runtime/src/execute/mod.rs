//! A run: what has to be built, building it, publishing it.
//!
//! | module | holds |
//! |---|---|
//! | [`options`](RunOptions) | what a run is asked for and what it gives |
//! | `opening` | engine and state opened side by side, the ledger copied where state lacks it |
//! | `context` | all that is fixed while a run goes on |
//! | `inputs` | what each model reads: loads, and proofs that sources haven't changed |
//! | `decide` | whether a model is built, and how |
//! | `columns` | tables that outlive a change of their model's query |
//! | `build`, `batches`, `adding` | one model's transactions |
//! | `merge`, `scd2`, `staging` | how new rows get into a table |
//! | `batch`, `checks`, `indexes` | what else is in such a transaction |
//! | `audits`, `audit_tables` | a model's audits, and the rows that failed them |
//! | `schedule` | the graph over the workers |
//! | `publish` | the users' views, and what isn't needed any more |
//!
//! A table is built aside, as the next generation; an incremental one grows in place. Each
//! transaction holds rows, checks and its ledger row. Views of the users change together, last.

mod adding;
mod audit_tables;
mod audits;
mod batch;
mod batches;
mod build;
mod checks;
mod columns;
mod commit;
mod context;
mod decide;
mod details;
mod failure;
mod indexes;
mod inputs;
mod interrupt;
mod merge;
mod naming;
mod opening;
mod options;
mod publish;
mod run;
mod scd2;
mod schedule;
mod slots;
mod staging;

pub use context::{Opened, open_for_reading, read_tables};
pub use interrupt::Interrupt;
pub use naming::{view_name, view_schema};
pub use options::{RunOptions, RunOutcome};
pub use run::run;
pub use slots::{ShownSlots, source_text};

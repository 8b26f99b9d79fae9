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
//! | `build`, `batches`, `batch`, `checks` | one model's transactions |
//! | `audits`, `audit_tables` | a model's audits, and the rows that failed them |
//! | `schedule` | the graph over the workers |
//! | `publish` | the users' views, and what isn't needed any more |
//!
//! A table is built aside, as the next generation; an incremental one grows in place. Each
//! transaction holds rows, checks and its ledger row. Views of the users change together, last.

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
mod inputs;
mod interrupt;
mod naming;
mod opening;
mod options;
mod publish;
mod run;
mod schedule;
mod slots;

pub use context::{Opened, open_for_reading, read_tables};
pub use interrupt::Interrupt;
pub use naming::{view_name, view_schema};
pub use options::{RunOptions, RunOutcome};
pub use run::run;
pub use slots::{ShownSlots, source_text};

//! The tool as its users call it: the executable `dbgo` on projects in folders of their own.
//!
//! `cargo xtask test` builds `dbgo` first and names it in `DBGO_BIN`. Without that variable these
//! tests can't run, and fail.

#[path = "tool/around.rs"]
mod around;
#[path = "tool/audits.rs"]
mod audits;
#[path = "tool/both_ways.rs"]
mod both_ways;
#[path = "tool/check.rs"]
mod check;
#[path = "tool/ci.rs"]
mod ci;
#[path = "tool/commands.rs"]
mod commands;
#[path = "tool/contend.rs"]
mod contend;
#[path = "tool/crash.rs"]
mod crash;
#[path = "tool/durable.rs"]
mod durable;
#[path = "tool/environments.rs"]
mod environments;
#[path = "tool/errors.rs"]
mod errors;
#[path = "tool/history.rs"]
mod history;
#[path = "tool/janitor.rs"]
mod janitor;
#[path = "tool/kept.rs"]
mod kept;
#[cfg(unix)]
#[path = "tool/lake.rs"]
mod lake;
#[cfg(unix)]
#[path = "tool/lake_faults.rs"]
mod lake_faults;
#[path = "tool/libraries.rs"]
mod libraries;
#[path = "tool/lineage.rs"]
mod lineage;
#[path = "tool/macros.rs"]
mod macros;
#[path = "tool/materializations.rs"]
mod materializations;
#[path = "tool/messages.rs"]
mod messages;
#[cfg(unix)]
#[path = "tool/paused.rs"]
mod paused;
#[path = "tool/place.rs"]
mod place;
#[path = "tool/refusals.rs"]
mod refusals;
#[path = "tool/runs.rs"]
mod runs;
#[path = "tool/schemas.rs"]
mod schemas;
#[path = "tool/sources.rs"]
mod sources;
#[path = "tool/state.rs"]
mod state;

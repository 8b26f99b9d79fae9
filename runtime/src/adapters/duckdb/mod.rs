//! DuckDB, in this process: a database file, memory, or a lake.
//!
//! | module | holds |
//! |---|---|
//! | [`connect`] | opening with settings, and the adapter itself |
//! | [`registry`] | the one open database per file |
//! | [`session`] | one connection: statements, transactions |
//! | [`interrupt`] | cancelling and statement timeouts |
//! | [`ddl`], [`dml`] | the SQL that creates, fills and changes |
//! | [`lake`] | tables of DuckLake, which several processes write at once |
//! | [`keyed`] | merges, partitions and versions of rows |
//! | [`catalog`] | reading tables and columns |
//! | [`bookkeeping`] | dbgo's own tables: the fence, the ledger, publications |
//! | [`types`] | [`TypeSession`]: types of queries over empty tables |
//! | [`errors`] | DuckDB's errors, sorted into classes |
//! | [`view_text`] | whether views are as they were made |
//! | [`wording`] | their messages, without long lists |
//! | [`statement`] | whether a text is one statement |

mod bookkeeping;
mod catalog;
mod connect;
mod ddl;
mod dml;
mod errors;
mod interrupt;
mod keyed;
pub mod lake;
mod registry;
mod session;
mod statement;
mod types;
mod view_text;
mod wording;

pub use connect::{DuckDb, SESSION_SETTINGS};
pub(super) use ddl::DuckDbDialect;
pub use types::{TypeSession, type_session_identity};

/// The engine type that a project's file names.
pub const KIND: &str = "duckdb";

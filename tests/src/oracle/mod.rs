//! The engine as the judge of our own parser and binder: each statement of a corpus is put before
//! both, in the state of the engine that the statements before it have made, and what differs is
//! counted and listed.
//!
//! A corpus is a sqllogictest file, or a file of JSON objects, one a line: the statement in `sql`,
//! where it comes from in `file` and `line`, its kind in `class`, and what it was expected to do in
//! `kind`. Statements of one `file` follow each other and share an in-memory engine that is new for
//! each file.
//!
//! | file | what |
//! |---|---|
//! | `corpus`, `logic_test` | the statements |
//! | `engine` | what the engine says |
//! | `catalog` | the relations that exist in the engine at a moment |
//! | `ours` | what our parser and binder say |
//! | `lend` | tables that a file lacks, lent by another one |
//! | `verdict` | the two, compared |
//! | `replay` | a whole corpus |
//! | `deviations` | what is let be |
//! | `benchmark` | TPC-H and TPC-DS against the types in `tests/oracle` |
//! | `report` | figures and lists as text |
//!
//! Nothing here is part of the product, and no rule of the compiler is decided here.

pub mod benchmark;
pub mod catalog;
pub mod corpus;
pub mod deviations;
pub mod engine;
pub mod lend;
pub mod logic_test;
pub mod ours;
pub mod replay;
pub mod report;
pub mod verdict;

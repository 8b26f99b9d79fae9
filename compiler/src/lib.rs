//! The compiler: from a folder of SQL models to typed Rust.
//!
//! A pipeline of pure stages; each is a function from values to a value and diagnostics.
//!
//! | stage | module | in → out |
//! |---|---|---|
//! | read | [`source`] | paths → texts |
//! | project | [`project`] | `dbgo.toml` → settings |
//! | header | [`header`] | text → pragmas |
//! | graph | [`graph`] | headers → who imports whom |
//! | seeds | [`seeds`] | CSV, Parquet → columns |
//! | expand | [`expand`] | loops, includes and macros → text |
//! | directives | [`directives`] | tokens → variants |
//! | audits | [`audit`] | calls in headers + `audits/` → texts of queries |
//! | parse | [`parse`] | a variant's tokens → tree |
//! | resolve, types | [`resolve`], [`types`] | tree + imports → columns and types |
//! | bound tree | [`bound`] | what the binder writes: names bound, stars expanded |
//! | fingerprint | [`fingerprint`] | bound tree → change profile: a hash per column, for rows, order, metadata |
//! | lineage | [`lineage`] | bound tree → for each column its inputs and how each is used |
//! | check | [`check`] | typed project → contracts, keys |
//! | print | [`print`] | directives + what fills them → pieces of SQL |
//! | codegen | [`codegen`] | typed project → files of Rust |
//! | emit | [`emit`] | files → disk, only what changed |
//! | build | [`build`] | crates → library or executable |
//!
//! [`driver`] runs them over a whole project up to [`typed`]; [`cache`] keeps results between runs.

pub mod audit;
pub mod bound;
pub mod build;
pub mod cache;
pub mod check;
pub mod codegen;
pub mod constant;
pub mod diagnostic;
pub mod directives;
pub mod driver;
pub mod emit;
pub mod expand;
pub mod fingerprint;
pub mod graph;
pub mod header;
pub mod lexer;
pub mod lineage;
pub mod name;
pub mod parallel;
pub mod parse;
pub mod print;
pub mod project;
pub mod pull;
pub mod resolve;
pub mod seeds;
pub mod source;
pub mod span;
pub mod sql_type;
pub mod token;
pub mod typed;
pub mod types;
pub mod wildcard;

//! Change profiles: equal under edits that mean nothing, different under those that mean
//! something, with the category that the edit has.
//!
//! `tests/oracle/meaning_changes.tsv` lists edits with what they mean. The edits that mean nothing
//! are made at random, of the queries of the language suites and, where `DBGO_CORPORA` names the
//! folder of `tpch.jsonl` and `tpcds.jsonl`, of those.

#[path = "profiles/benchmark.rs"]
mod benchmark;
#[path = "profiles/catalogue.rs"]
mod catalogue;
#[path = "profiles/neutral.rs"]
mod neutral;
#[path = "profiles/project.rs"]
mod project;
#[path = "profiles/sqlmesh.rs"]
mod sqlmesh;
#[path = "profiles/suites.rs"]
mod suites;

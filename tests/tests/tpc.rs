//! TPC-H and TPC-DS as dbgo projects: each query is a model, and its rows are those of the plain query.
//!
//! The tables are made by the engine's own generators at scale factor 0.01. The queries aren't part of dbgo:
//! `DBGO_CORPORA` names the folder of `tpch.jsonl` and `tpcds.jsonl`, where each line is an object with a query in
//! `sql` and a file name in `name`. `cargo xtask test` says where `dbgo` and the extensions with the generators are
//! (`DBGO_BIN`, `DBGO_TPC_EXTENSIONS`). What is missing is said, and the test is skipped.

#[path = "tpc/given.rs"]
mod given;
#[path = "tpc/inputs.rs"]
mod inputs;
#[path = "tpc/perturbed.rs"]
mod perturbed;
#[path = "tpc/project.rs"]
mod project;
#[path = "tpc/rows.rs"]
mod rows;

use given::Given;
use project::TpcProject;
use rows::{Rows, open, rows_of};

#[test]
fn models_of_tpc_h_have_the_rows_of_the_queries() {
    compare("tpch", "call dbgen(sf = 0.01)", 22);
}

#[test]
fn models_of_tpc_ds_have_the_rows_of_the_queries() {
    compare("tpcds", "call dsdgen(sf = 0.01)", 99);
}

fn compare(benchmark: &str, generate: &str, count: usize) {
    let Some(given) = Given::find(benchmark) else {
        return;
    };
    assert_eq!(given.queries.len(), count, "the corpus has all queries");
    let project = TpcProject::make(benchmark, generate, &given);
    project.dbgo(&given, "check");
    project.dbgo(&given, "run");

    let connection = open(&project.database());
    let mut wrong = Vec::new();
    let mut rows = 0;
    for (query, model) in given.queries.iter().zip(&project.models) {
        let expected = rows_of(&connection, &query.sql);
        let found = rows_of(&connection, &format!("select * from {model}"));
        rows += expected.rows.len();
        if let Some(difference) = difference(&expected, &found) {
            wrong.push(format!("{model}: {difference}"));
        }
    }
    println!("{benchmark}: {} queries, {rows} rows", given.queries.len());
    assert!(rows > count, "the tables are filled");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What differs, if anything does.
fn difference(expected: &Rows, found: &Rows) -> Option<String> {
    if expected.types != found.types {
        return Some(format!("types {:?}, not {:?}", found.types, expected.types));
    }
    if expected.rows.len() != found.rows.len() {
        return Some(format!(
            "{} rows, not {}",
            found.rows.len(),
            expected.rows.len()
        ));
    }
    let differing = expected
        .rows
        .iter()
        .zip(&found.rows)
        .find(|(expected, found)| expected != found);
    differing.map(|(expected, found)| format!("{found:?}, not {expected:?}"))
}

#[test]
fn differences_are_found() {
    let rows = |types: &[&str], rows: &[&str]| Rows {
        types: types.iter().map(|name| (*name).to_owned()).collect(),
        rows: rows
            .iter()
            .map(|value| vec![Some((*value).to_owned())])
            .collect(),
    };
    let one = rows(&["Int64"], &["1", "2"]);
    assert_eq!(difference(&one, &one), None);
    for other in [
        rows(&["Int32"], &["1", "2"]),
        rows(&["Int64"], &["1"]),
        rows(&["Int64"], &["1", "3"]),
    ] {
        assert!(difference(&one, &other).is_some());
    }
}

//! In memory and on disk, the same project gives the same results.

use crate::place::{Called, Place};
use std::path::Path;
use std::process::Command;

fn project() -> Place {
    Place::with(&[
        (
            "dbgo.toml",
            "name = \"both\"\n[engine.local]\ntype = \"duckdb\"\npath = \"both.duckdb\"\n[vars]\nleast = 15\n",
        ),
        (
            "seeds/orders.csv",
            "id,amount,day\n1,10,2024-01-01\n2,20,2024-01-02\n3,30,2024-01-03\n",
        ),
        (
            "models/marts/large.sql",
            "-- @config: materialized='table'\n-- @import: orders = seeds.orders\n-- @var: least integer\nselect * from :orders where amount >= :least\n",
        ),
        (
            "models/marts/daily.sql",
            "-- @config: materialized='incremental', time_column='day', start='2024-01-01', end='2024-01-04'\n-- @import: orders = seeds.orders\nselect day, sum(amount) as total from :orders where day >= :start_date and day < :end_date group by day\n",
        ),
        (
            "models/marts/seen.sql",
            "-- @config: materialized='incremental', unique_key='id'\n-- @import: orders = seeds.orders\nselect id, amount from :orders\n#if is_incremental\nwhere id not in (select id from :this)\n#endif\n",
        ),
    ])
}

/// All rows of all models, as JSON, in a fixed order.
fn rows(call: impl Fn(&[&str]) -> Called) -> Vec<serde_json::Value> {
    ["large", "daily", "seen"]
        .iter()
        .map(|model| {
            let shown = call(&["show", model, "--json"]).ends_with(0);
            let document: serde_json::Value = serde_json::from_str(&shown.out).expect("JSON");
            let mut rows: Vec<String> = document["rows"]
                .as_array()
                .expect("rows")
                .iter()
                .map(ToString::to_string)
                .collect();
            rows.sort();
            serde_json::json!({ "columns": document["columns"], "rows": rows })
        })
        .collect()
}

fn call(executable: &Path, folder: &Path, arguments: &[&str]) -> Called {
    let output = Command::new(executable)
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("USER", "ana")
        .output()
        .expect("the program starts");
    Called::of(&output)
}

#[test]
fn a_built_program_gives_the_same_rows_as_the_tool() {
    let place = project();
    place.dbgo(&["run"]).ends_with(0);
    let in_memory = rows(|arguments| place.dbgo(arguments));

    let built = Place::empty();
    let output = built.path().join("program").to_string_lossy().into_owned();
    // The crates that no project changes are compiled once for all tests.
    let target = concat!(env!("CARGO_TARGET_TMPDIR"), "/program/target");
    let build = place
        .dbgo(&["build", "--output", &output, "--target-dir", target])
        .ends_with(0);
    let executable = build
        .out
        .lines()
        .next()
        .expect("the executable's path")
        .to_owned();
    let elsewhere = Place::empty();
    let run = |arguments: &[&str]| call(Path::new(&executable), elsewhere.path(), arguments);
    let first = run(&["run"]).ends_with(0);
    assert!(first.err.contains("4 built"), "{}", first.err);
    assert_eq!(rows(run), in_memory);
    let again = run(&["run"]).ends_with(0);
    assert!(again.err.contains("4 up to date"), "{}", again.err);
}

//! Each command on a good project.

use crate::place::Place;

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn a_new_project_runs_and_shows_rows() {
    let place = Place::initialized(false);
    place.dbgo(&["check"]).ends_with(0);
    let run = place.dbgo(&["run"]).ends_with(0);
    assert!(run.err.contains("3 built"), "{}", run.err);
    let model = model_names(&place).pop().expect("a model");
    let shown = json(&place.dbgo(&["show", &model, "--json"]).ends_with(0).out);
    assert_eq!(shown["schema"], "dbgo/show/1");
    assert!(
        shown["rows"]
            .as_array()
            .is_some_and(|rows| !rows.is_empty())
    );
    let again = place.dbgo(&["run"]).ends_with(0);
    assert!(again.err.contains("3 up to date"), "{}", again.err);
    let runs = json(&place.dbgo(&["runs", "--json"]).ends_with(0).out);
    assert_eq!(runs["runs"].as_array().map(Vec::len), Some(2));
}

fn model_names(place: &Place) -> Vec<String> {
    let graph = json(&place.dbgo(&["graph", "--json"]).ends_with(0).out);
    let nodes = graph["nodes"].as_array().expect("nodes").clone();
    let is_model = |node: &&serde_json::Value| node["kind"] == "model";
    let relation = |node: &serde_json::Value| {
        Some(format!(
            "{}.{}",
            node["schema"].as_str()?,
            node["name"].as_str()?
        ))
    };
    nodes.iter().filter(is_model).filter_map(relation).collect()
}

#[test]
fn init_never_writes_over_a_file() {
    let place = Place::empty();
    place.write("dbgo.toml", "mine");
    let before = place.files();
    let refused = place.dbgo(&["init"]).ends_with(1);
    assert!(refused.err.contains("dbgo.toml"), "{}", refused.err);
    assert_eq!(place.files(), before);
}

#[test]
fn the_example_has_its_rows_and_stays_up_to_date() {
    let place = Place::initialized(true);
    let first = place.dbgo(&["run"]).ends_with(0);
    assert!(first.err.contains("181 of 181 days"), "{}", first.err);
    let shown = json(
        &place
            .dbgo(&["show", "marts.daily_delays", "--limit", "1", "--json"])
            .ends_with(0)
            .out,
    );
    assert_eq!(shown["row_count"], "181");
    // The first of January 2013 has 842 scheduled departures in the published data set.
    assert_eq!(shown["rows"][0][0], "2013-01-01");
    assert_eq!(shown["rows"][0][1], "842");
    let again = place.dbgo(&["run"]).ends_with(0);
    assert!(!again.err.contains("built"), "{}", again.err);
}

#[test]
fn sql_and_settings_are_shown() {
    let place = Place::with(&[(
        "models/a/one.sql",
        "-- @config: materialized='incremental', unique_key='id'\nselect 1 as id\n#if is_incremental\nwhere 1 not in (select id from :this)\n#endif\n",
    )]);
    let sql = place.dbgo(&["render", "one"]).ends_with(0).out;
    assert!(sql.contains("select 1 as id"), "{sql}");
    let config = place.dbgo(&["render", "one", "--config"]).ends_with(0).out;
    assert!(config.contains("models/a/one.sql:1:"), "{config}");
    let graph = place
        .dbgo(&["graph", "--format", "mermaid"])
        .ends_with(0)
        .out;
    assert!(graph.contains("a.one"), "{graph}");
}

#[test]
fn every_code_is_explained() {
    let place = Place::empty();
    let list = place.dbgo(&["explain"]).ends_with(0).out;
    for line in list.lines() {
        let code = line.split_whitespace().next().expect("a code");
        let page = place.dbgo(&["explain", code]).ends_with(0).out;
        assert!(page.contains(code), "{code}: {page}");
    }
    let unknown = place.dbgo(&["explain", "unknown-colum"]).ends_with(2);
    assert!(unknown.err.contains("unknown-column"), "{}", unknown.err);
}

//! What an incremental model keeps, and what makes it anew.

use crate::place::Place;

const MODEL: &str = "-- @config: materialized='incremental', unique_key='id'\n-- @import: orders = seeds.orders\nselect id, amount from :orders\n";

fn rows(place: &Place) -> Vec<String> {
    let shown = place.dbgo(&["show", "latest", "--json"]).ends_with(0);
    let document: serde_json::Value = serde_json::from_str(&shown.out).expect("JSON");
    let mut rows: Vec<String> = document["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(ToString::to_string)
        .collect();
    rows.sort();
    rows
}

#[test]
fn other_rows_in_a_seed_are_merged_and_comments_change_nothing() {
    let place = Place::with(&[
        ("seeds/orders.csv", "id,amount\n1,10\n2,20\n"),
        ("models/marts/latest.sql", MODEL),
    ]);
    place.dbgo(&["run"]).ends_with(0);
    assert_eq!(rows(&place), [r#"["1","10"]"#, r#"["2","20"]"#]);

    place.write("seeds/orders.csv", "id,amount\n2,25\n3,30\n");
    place.dbgo(&["run"]).ends_with(0);
    let merged = [r#"["1","10"]"#, r#"["2","25"]"#, r#"["3","30"]"#];
    assert_eq!(rows(&place), merged);

    place.write(
        "models/marts/latest.sql",
        &MODEL.replace("select id,", "-- the newest row of each\nselect   id,"),
    );
    let run = place.dbgo(&["run"]).ends_with(0);
    assert!(run.err.contains("2 up to date"), "{}", run.err);
    assert_eq!(rows(&place), merged);
}

//! What a header and a block of statements say of a model's rows, in a project that runs.

use crate::place::Place;

/// A model with an audit of the project's, a merge, an index and statements around its batches.
const FILES: [(&str, &str); 4] = [
    ("dbgo.toml", "name = \"shop\"\n"),
    (
        "seeds/events.csv",
        "id,amount,changed\n1,10,2024-01-02\n2,20,2024-01-02\n3,30,2024-01-02\n",
    ),
    (
        "audits/known.sql",
        "-- @param: child column\n-- @param: parent column\n-- @param: most integer = 100\n\
         select this.* from :this left join :parent on this.:child = :parent\n\
         where :parent is null or this.:child > :most\n",
    ),
    (
        "models/items.sql",
        "-- @config: materialized='incremental', unique_key='id'\n\
         -- @import: seeds.events\n\
         -- @var: step integer = 1\n\
         -- @merge: on :new.changed >= :this.changed, update except (note)\n\
         -- @merge: delete when :new.amount = 0\n\
         -- @index: unique (id)\n\
         -- @audit: not_null(id, amount)\n\
         -- @audit: known(id, :events.id, most := :step), where='id > 100'\n\
         -- @audit: accepted_values(amount, [0, 10, 11, 20, 21, 30]), severity='warn', warn_if='> 1'\n\
         #before\n#if is_incremental\n\
         update :this set note = this.note || '+' where this.id = 1;\n\
         #endif\n#end\n\
         select id, amount, changed, 'new' as note from :events\n\
         #after\n\
         update :this set amount = amount + :step where this.id in (select events.id from :events where events.id = 2)\n\
         #end\n",
    ),
];

fn rows(place: &Place) -> Vec<String> {
    let shown = place.dbgo(&["show", "items", "--json"]).ends_with(0);
    let document: serde_json::Value = serde_json::from_str(&shown.out).expect("JSON");
    let rows = document["rows"].as_array().expect("rows").iter();
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let mut rows: Vec<String> = rows
        .map(|row| {
            let values = row.as_array().expect("a row").iter();
            values.map(text).collect::<Vec<_>>().join(" ")
        })
        .collect();
    rows.sort();
    rows
}

#[test]
fn a_batch_is_merged_audited_and_has_statements_around_it() {
    let place = Place::with(&FILES);
    place.dbgo(&["run"]).ends_with(0);
    let first = [
        "1 10 2024-01-02 new",
        "2 21 2024-01-02 new",
        "3 30 2024-01-02 new",
    ];
    assert_eq!(rows(&place), first);
    // The first is newer, the second goes, the third is older and stays as it is.
    place.write(
        "seeds/events.csv",
        "id,amount,changed\n1,11,2024-01-03\n2,0,2024-01-03\n3,31,2024-01-01\n4,40,2024-01-01\n",
    );
    place.dbgo(&["run"]).ends_with(0);
    let second = [
        "1 11 2024-01-03 new+",
        "3 30 2024-01-02 new",
        "4 40 2024-01-01 new",
    ];
    assert_eq!(rows(&place), second);
    // A null is no value that could be merged: nothing is written.
    place.write(
        "seeds/events.csv",
        "id,amount,changed\n1,,2024-01-04\n5,50,2024-01-04\n",
    );
    let failed = place.dbgo(&["run"]).ends_with(1);
    assert!(
        failed.err.contains("not_null(id, amount)"),
        "{}",
        failed.err
    );
    assert_eq!(rows(&place), second);
}

#[test]
fn an_audit_of_the_project_fails_the_model_and_names_its_rows() {
    let place = Place::with(&FILES);
    place.write(
        "models/items.sql",
        "-- @config: materialized='table'\n-- @import: seeds.events\n\
         -- @audit: known(id, :events.id, 2)\n\
         select id, amount from :events\n",
    );
    let failed = place.dbgo(&["run"]).ends_with(1);
    assert!(
        failed.err.contains("known(id, :events.id, 2)") && failed.err.contains("id = 3"),
        "{}",
        failed.err
    );
}

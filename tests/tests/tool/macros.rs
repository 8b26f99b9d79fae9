//! Loops, includes and macros in a project that runs.

use crate::place::Place;
use std::collections::BTreeMap;

fn rows(place: &Place, model: &str) -> Vec<serde_json::Value> {
    let shown = place.dbgo(&["show", model, "--json"]).ends_with(0);
    let document: serde_json::Value = serde_json::from_str(&shown.out).expect("JSON");
    let mut rows = document["rows"].as_array().expect("rows").clone();
    rows.sort_by_key(ToString::to_string);
    rows
}

/// What one model depends on: a macro that calls another, a fragment, a list, a seed's values.
const FILES: [(&str, &str); 7] = [
    ("dbgo.toml", "name = \"shop\"\n[vars]\nextras = [\"x\"]\n"),
    ("macros/m.sql", "create macro outer_one(a) as inner_one(a);"),
    ("macros/n.sql", "create macro inner_one(a) as a + 1;"),
    ("fragments/f.sql", "${n} as by_fragment"),
    ("seeds/codes.csv", "code\na\n"),
    (
        "models/m.sql",
        "-- @config: materialized='table'\n-- @import: codes = seeds.codes\nselect\n    outer_one(10) as by_macro,\n\
         #for extra in extras\n    '${extra}' as extra,\n#endfor\n\
         #for code in :codes.code sep ','\n    '${code}' as by_seed,\n#endfor\n\
         #include 'fragments/f.sql' (n=1)\n",
    ),
    (
        "models/other.sql",
        "-- @config: materialized='table'\nselect 1 as id\n",
    ),
];

#[test]
fn what_a_model_writes_out_is_part_of_its_version_and_of_what_is_kept_of_it() {
    let place = Place::with(&FILES);
    place.dbgo(&["run"]).ends_with(0);
    let first = serde_json::json!(["11", "x", "a", "1"]);
    let shown = |place: &Place| {
        let rows = rows(place, "m");
        let values = rows[0].as_array().expect("a row").iter();
        let text = |value: &serde_json::Value| match value {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        serde_json::json!(values.map(text).collect::<Vec<String>>())
    };
    assert_eq!(shown(&place), first);
    let again = place.dbgo(&["run"]).ends_with(0);
    assert!(again.err.contains("up to date"), "{}", again.err);
    let changes = [
        (
            "macros/n.sql",
            "create macro inner_one(a) as a + 2;",
            ["12", "x", "a", "1"],
        ),
        (
            "dbgo.toml",
            "name = \"shop\"\n[vars]\nextras = [\"y\"]\n",
            ["12", "y", "a", "1"],
        ),
        ("seeds/codes.csv", "code\nb\n", ["12", "y", "b", "1"]),
        (
            "fragments/f.sql",
            "${n} + 1 as by_fragment",
            ["12", "y", "b", "2"],
        ),
    ];
    for (path, text, expected) in changes {
        place.write(path, text);
        // What is kept between runs must not hide the change, in a check as in a run.
        place.dbgo(&["check"]).ends_with(0);
        let run = place.dbgo(&["run"]).ends_with(0);
        assert_eq!(
            shown(&place),
            serde_json::json!(expected),
            "{path}\n{}",
            run.err
        );
    }
}

#[test]
fn a_macro_that_breaks_is_found_though_nothing_else_changed() {
    let place = Place::with(&FILES);
    place.dbgo(&["check"]).ends_with(0);
    place.dbgo(&["check"]).ends_with(0);
    place.write(
        "macros/n.sql",
        "create macro inner_one(a) as unknown_thing(a);",
    );
    let found = place.dbgo(&["check"]).ends_with(1);
    assert!(
        found.out.contains("macros/n.sql") || found.err.contains("macros/n.sql"),
        "{}\n{}",
        found.out,
        found.err
    );
    place.write("macros/n.sql", "create macro inner_one(a) as b;");
    let found = place.dbgo(&["check"]).ends_with(1);
    let said = found.out + &found.err;
    assert!(said.contains("malformed-macro"), "{said}");
}

#[test]
fn render_shows_what_is_written_out() {
    let place = Place::with(&FILES);
    let shown = place.dbgo(&["render", "m"]).ends_with(0).out;
    for part in [
        "((10 + 1))",
        "'x' as extra",
        "'a' as by_seed",
        "1 as by_fragment",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
}

/// Values of dbt_utils 1.3: `generate_surrogate_key` over the same columns.
#[test]
fn built_in_macros_give_what_they_say() {
    let place = Place::with(&[
        ("seeds/o.csv", "id,v,s\n1,2,a\n1,3,b\n2,1,\n"),
        (
            "models/keys.sql",
            "-- @import: o = seeds.o\nselect surrogate_key(id, s) as key, safe_divide(v, id - 1) as part from :o\n",
        ),
        (
            "models/latest.sql",
            "-- @import: o = seeds.o\nselect id, o.v from deduplicate(:o, id, v desc) as o\n",
        ),
        (
            "models/days.sql",
            "select count(*) as days, min(date_day) as first, max(date_day) as last\n\
             from date_spine('day', date '2024-01-01', date '2024-03-01')\n",
        ),
    ]);
    place.dbgo(&["run"]).ends_with(0);
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let texts = |model: &str| -> Vec<Vec<String>> {
        let rows = rows(&place, model);
        let row =
            |row: &serde_json::Value| row.as_array().map(|row| row.iter().map(text).collect());
        rows.iter().filter_map(row).collect()
    };
    let keys: BTreeMap<String, String> = texts("keys")
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    // The MD5 of `1-a`, `1-b` and `2-_dbt_utils_surrogate_key_null_`.
    let parts: Vec<(&str, &str)> = keys
        .iter()
        .map(|(key, part)| (key.as_str(), part.as_str()))
        .collect();
    assert_eq!(parts, KEYS);
    assert_eq!(texts("latest"), [["1", "3"], ["2", "1"]]);
    assert_eq!(texts("days"), [["60", "2024-01-01", "2024-02-29"]]);
}

const KEYS: [(&str, &str); 3] = [
    ("529273ab1940ae5faa7c2c7ee6507d66", "1.0"),
    ("75889a2c8cb0748f45cff2c802b71aa2", "null"),
    ("fd863b01647cb662580dd67b9839d8de", "null"),
];

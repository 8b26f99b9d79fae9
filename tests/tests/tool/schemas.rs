//! What commands write as JSON is what `docs/schemas` says of it.

use crate::place::Place;
use std::path::Path;

/// The documents that a project in use gives, with the file of each one's schema.
const COMMANDS: &[(&str, &[&str])] = &[
    ("plan", &["plan", "--json"]),
    ("run", &["run", "--json"]),
    ("plan", &["plan", "prod", "--json", "--sql", "--columns"]),
    ("run", &["apply", "prod", "--yes", "--json"]),
    ("run", &["apply", "prod", "--yes", "--json"]),
    ("plans", &["plans", "--json"]),
    ("runs", &["runs", "--json"]),
    ("environments", &["env", "list", "--json"]),
    ("environment", &["env", "show", "prod", "--json"]),
    ("history", &["env", "history", "prod", "--json"]),
    ("intervals", &["intervals", "--json"]),
    ("janitor", &["janitor", "--dry-run", "--json"]),
    ("janitor", &["janitor", "--yes", "--json"]),
];

fn shop() -> Place {
    Place::with(&[
        (
            "dbgo.toml",
            "name = \"shop\"\n[env.prod]\nprotected = true\n[retention]\nversions = \"1 s\"\n",
        ),
        ("seeds/orders.csv", "id,day\n1,2024-01-01\n2,2024-01-02\n"),
        (
            "models/daily.sql",
            "-- @config: materialized='incremental', time_column='day', start='2024-01-01', end='2024-01-03'\n\
             -- @import: seeds.orders\n\
             select day, count(*) as n from :orders where day >= :start_date and day < :end_date group by day\n",
        ),
        (
            "models/last.sql",
            "-- @config: materialized='table'\n-- @import: models.daily\nselect max(day) as day from :daily\n",
        ),
    ])
}

fn check(schema: &str, text: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas");
    let file = std::fs::read_to_string(folder.join(schema).with_extension("json")).unwrap();
    let schema_document = serde_json::from_str(&file).expect("JSON");
    let validator = jsonschema::validator_for(&schema_document).expect("a schema");
    let document: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let wrong: Vec<String> = validator
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(wrong.is_empty(), "{schema}: {wrong:#?}\n{text}");
}

#[test]
fn documents_are_as_their_schemas_say() {
    let place = shop();
    for (schema, words) in COMMANDS {
        check(schema, &place.dbgo(words).ends_with(0).out);
    }
    let runs = place.dbgo(&["runs", "--json"]).ends_with(0).out;
    let runs: serde_json::Value = serde_json::from_str(&runs).expect("JSON");
    let id = runs["runs"][0]["run"].as_str().expect("an id");
    check(
        "runs",
        &place.dbgo(&["runs", id, "--json"]).ends_with(0).out,
    );
    place.write(
        "models/last.sql",
        "-- @config: materialized='table'\n-- @import: models.daily\nselect min(day) as day, 1 as one from :daily\n",
    );
    check(
        "plan",
        &place
            .dbgo(&["plan", "prod", "--json", "--sql"])
            .ends_with(0)
            .out,
    );
    place.write(
        "models/last.sql",
        "-- @config: materialized='table'\nselect null.x\n",
    );
    place.dbgo(&["run"]).ends_with(1);
    place.write(
        "models/last.sql",
        "-- @config: materialized='table'\nselect error('broken') as x\n",
    );
    check("run", &place.dbgo(&["run", "--json"]).ends_with(1).out);
}

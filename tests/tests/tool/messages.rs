//! What a call says about what it was asked for and what it did.

use crate::place::{Called, Place};

fn says(called: &Called, text: &str) {
    assert!(
        called.err.contains(text),
        "`{text}` isn't in\n{}",
        called.err
    );
}

fn shop(more: &[(&str, &str)]) -> Place {
    let place = Place::with(more);
    place.write("seeds/orders.csv", "id,name\n1,a\n2,\n");
    place.write(
        "models/stg.sql",
        "-- @import: orders = seeds.orders\nselect id, name from :orders\n",
    );
    place
}

#[test]
fn what_is_built_beside_a_failure_can_be_published_without_it() {
    let bad = "-- @config: materialized='table'\n-- @column: name not null\n-- @import: models.stg\nselect id, name from :stg\n";
    let place = shop(&[("models/bad.sql", bad)]);
    let run = place.dbgo(&["run"]).ends_with(1);
    says(&run, "contract `not null` broken: `name` in 1 row");
    says(&run, "id = 2");
    assert!(!run.err.contains("old rows"), "{}", run.err);
    says(
        &run,
        "nothing was published: 2 changed models and a failure",
    );
    says(&run, "`--exclude 'models.bad+'`");
    let shown = place.dbgo(&["show", "stg"]).ends_with(1);
    says(&shown, "`main.stg` is built, but not published");
    let rest = place
        .dbgo(&["run", "--exclude", "models.bad+"])
        .ends_with(0);
    says(&rest, "2 up to date, 2 published in");
    // A model may be named by its file.
    place.dbgo(&["show", "models/stg.sql"]).ends_with(0);
    place.dbgo(&["show", "stg.sql"]).ends_with(0);
    let negative = place.dbgo(&["show", "stg", "--limit", "-1"]).ends_with(2);
    says(&negative, "invalid value '-1'");
    let rendered = place.dbgo(&["render", "stg", "--incremental"]).ends_with(0);
    says(&rendered, "isn't incremental");
}

#[test]
fn selectors_that_match_nothing_are_told() {
    let place = shop(&[]);
    let kind = place.dbgo(&["run", "--select", "kind:tabel"]).ends_with(2);
    says(&kind, "did you mean `kind:table`?");
    let seed = place.dbgo(&["run", "--select", "orders+"]).ends_with(2);
    says(&seed, "`orders` is a seed");
    says(&seed, "`source:orders+`");
    let nothing = place.dbgo(&["run", "--select", "+"]).ends_with(2);
    says(&nothing, "`+` names no model");
    for selector in ["tag:x", "zz*", "path:nope"] {
        let run = place.dbgo(&["run", "--select", selector]).ends_with(0);
        says(&run, &format!("no model matches `{selector}`"));
    }
    let some = place
        .dbgo(&["run", "--select", "source:orders+"])
        .ends_with(0);
    says(&some, "main.stg");
    let changed = place.dbgo(&["run", "--select", "changed"]).ends_with(0);
    assert!(!changed.err.contains("no model matches"), "{}", changed.err);
}

#[test]
fn a_missing_variable_is_told_before_anything_is_written() {
    let settings = "name = \"shop\"\n[engine.local]\ntype = \"duckdb\"\n[engine.local.settings]\nmemory_limit = \"${NO_SUCH_LIMIT}\"\n";
    let place = shop(&[("dbgo.toml", settings)]);
    let run = place.dbgo(&["run"]).ends_with(1);
    says(
        &run,
        "`${NO_SUCH_LIMIT}` in `memory_limit` of `[engine.local.settings]` in `dbgo.toml` has no value",
    );
    assert!(!place.path().join(".dbgo").exists());
}

#[test]
fn a_source_without_its_file_is_named() {
    let place = shop(&[
        (
            "sources/raw/events.sql",
            "-- @config: location='nofile.parquet'\ncreate table events (id bigint)\n",
        ),
        (
            "models/events.sql",
            "-- @config: materialized='table'\n-- @import: events = sources.raw.events\nselect id from :events\n",
        ),
    ]);
    let run = place.dbgo(&["run"]);
    assert_ne!(run.code, Some(0));
    says(&run, "`sources/raw/events.sql`");
}

#[test]
fn a_new_project_in_a_folder_with_blanks_is_reached() {
    let place = Place::empty();
    let init = place.dbgo(&["init", "my new shop"]).ends_with(0);
    says(&init, "`cd 'my new shop'` and `dbgo run`");
}

#[test]
fn what_is_not_built_yet_is_told_by_its_place() {
    let place = shop(&[]);
    let settings = place.read("dbgo.toml");
    place.write(
        "dbgo.toml",
        &format!("{settings}[engine.warehouse]\ntype = \"postgres\"\nurl = \"x\"\n"),
    );
    let run = place.dbgo(&["run"]).ends_with(1);
    says(&run, "not-built-yet");
    says(&run, "`postgres`");
}

//! `dbgo state`: copies of a state, and states elsewhere.

use crate::place::Place;
use dbgo_test_postgres::PASSWORD;

const SETTINGS: &str = "name = \"shop\"\n[env]\ndefault = \"dev_ana\"\n";

fn shop() -> Place {
    let place = Place::with(&[
        ("models/a/one.sql", "select 1 as id\n"),
        (
            "models/a/two.sql",
            "-- @config: materialized='table'\n-- @import: models.a.one\nselect id from :one\n",
        ),
    ]);
    place.write("dbgo.toml", SETTINGS);
    place
}

#[test]
fn a_state_is_copied_and_goes_on_elsewhere() {
    let place = shop();
    let missing = place.dbgo(&["state", "export"]).ends_with(4);
    assert!(missing.err.contains("there is no state"), "{}", missing.err);
    place.dbgo(&["run"]).ends_with(0);
    let runs = place.dbgo(&["runs", "--json"]).ends_with(0).out;
    let printed = place.dbgo(&["state", "export"]).ends_with(0).out;
    place.dbgo(&["state", "export", "copy.jsonl"]).ends_with(0);
    assert_eq!(place.read("copy.jsonl"), printed);
    let again = place.dbgo(&["state", "export", "copy.jsonl"]).ends_with(4);
    assert!(
        again.err.contains("can't write `copy.jsonl`"),
        "{}",
        again.err
    );
    let there = place.dbgo(&["state", "import", "copy.jsonl"]).ends_with(3);
    assert!(
        there.err.starts_with("error[state-import]"),
        "{}",
        there.err
    );

    let mut elsewhere = vec!["sqlite:other/state.db".to_owned()];
    if let Some(server) = dbgo_test_postgres::server() {
        elsewhere.push(server.fresh());
    }
    for url in elsewhere {
        place.write(
            "dbgo.toml",
            &format!("{SETTINGS}[state]\nurl = \"{url}\"\n"),
        );
        place.dbgo(&["state", "import", "copy.jsonl"]).ends_with(0);
        assert_eq!(place.dbgo(&["runs", "--json"]).ends_with(0).out, runs);
        let run = place.dbgo(&["run"]).ends_with(0);
        assert!(run.err.contains("2 up to date"), "{}", run.err);
        assert!(!run.err.contains(PASSWORD), "{}", run.err);
        place.dbgo(&["run", "--full-refresh"]).ends_with(0);
        let migrated = place.dbgo(&["state", "migrate"]).ends_with(0);
        assert_eq!(migrated.err, "the state has the layout 1 already\n");
    }
}

#[test]
fn a_state_that_can_not_be_reached_is_told_without_its_password() {
    let place = shop();
    let settings =
        format!("{SETTINGS}[state]\nurl = \"postgres://ana:${{SECRET}}@127.0.0.1:1/shop\"\n");
    place.write("dbgo.toml", &settings);
    let run = place
        .dbgo_with(&["run"], &[("SECRET", "hunter22")])
        .ends_with(4);
    assert!(run.err.starts_with("error[state-failed]: "), "{}", run.err);
    assert!(
        run.err
            .contains("hint: the state is in `postgres://ana@127.0.0.1:1/shop`"),
        "{}",
        run.err
    );
    assert!(!run.err.contains("hunter22"), "{}", run.err);
}

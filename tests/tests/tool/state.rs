//! `dbgo state`: copies of a state, and states elsewhere.

use crate::paused::{Paused, signal};
use crate::place::Place;
use dbgo_test_postgres::{PASSWORD, Server};

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

/// A project whose state is on a server, with a change that isn't applied, and the state's schema.
fn shop_on(server: &Server) -> (Place, String) {
    let place = shop();
    let url = server.fresh();
    place.write(
        "dbgo.toml",
        &format!("{SETTINGS}[state]\nurl = \"{url}\"\n"),
    );
    place.dbgo(&["apply", "--yes"]).ends_with(0);
    place.write(
        "models/a/two.sql",
        "-- @config: materialized='table'\n-- @import: models.a.one\nselect id + 1 as id from :one\n",
    );
    let (_, schema) = url.rsplit_once("schema=").expect("a schema");
    (place, schema.to_owned())
}

const SHOWN: &str = "select id from a__dev_ana.two";

#[test]
fn an_apply_shows_nothing_where_a_newer_version_changes_the_layout_meanwhile() {
    let Some(server) = dbgo_test_postgres::server() else {
        return;
    };
    let (place, schema) = shop_on(server);
    let point = "after-batch-commit@models.a.two=stop";
    let apply = Paused::at(&place, point, &["apply", "--yes"]);
    let layout = |version| format!("UPDATE layout SET version = {version}");
    server.execute(&schema, &layout(2)).expect("a layout");
    signal(apply.pid(), "-CONT");
    let stopped = apply.ended();
    assert_ne!(stopped.code, Some(0), "{}", stopped.err);
    assert!(stopped.err.contains("state-moved-on"), "{}", stopped.err);
    assert_eq!(place.sql(SHOWN), "1");
    server.execute(&schema, &layout(1)).expect("a layout");
    place.dbgo(&["apply", "--continue"]).ends_with(0);
    assert_eq!(place.sql(SHOWN), "2");
}

#[test]
fn an_apply_is_ended_after_the_state_s_server_was_restarted() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let (place, _) = shop_on(&server);
    let point = "after-batch-commit@models.a.two=stop";
    let apply = Paused::at(&place, point, &["apply", "--yes"]);
    server.kill().expect("a server");
    server.start_again().expect("a server");
    signal(apply.pid(), "-CONT");
    // It connects again, or says that it can't; either way it is all or nothing.
    let code = apply.ended().code;
    let shown = place.sql(SHOWN);
    match code {
        Some(0) => assert_eq!(shown, "2"),
        _ => {
            assert_eq!(shown, "1");
            place.dbgo(&["apply", "--continue"]).ends_with(0);
        }
    }
    assert_eq!(place.sql(SHOWN), "2");
}

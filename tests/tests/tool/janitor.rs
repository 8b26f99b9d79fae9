//! `dbgo janitor`: what goes, and what doesn't.

use crate::paused::{Paused, signal};
use crate::place::Place;
use std::thread::sleep;
use std::time::Duration;

/// Longer than what the settings of these tests keep anything for.
const LATER: Duration = Duration::from_millis(1100);

const SETTINGS: &str = "name = \"shop\"\n[env]\ndefault = \"test\"\n";
const FORGETFUL: &str = "[retention]\nversions = \"1 s\"\nhistory = \"1 s\"\n";

fn shop() -> Place {
    let place = Place::with(&[("dbgo.toml", SETTINGS)]);
    change(&place, 1);
    place.write(
        "models/b.sql",
        "-- @import: models.a\nselect id, id + 1 as next from :a\n",
    );
    place.write(
        "models/core/log.sql",
        "-- @config: materialized='incremental', strategy='append'\nselect 1 as id\n",
    );
    place
}

fn change(place: &Place, value: u32) {
    place.write(
        "models/a.sql",
        &format!("-- @config: materialized='table'\nselect {value} as id\n"),
    );
}

/// The names in `_dbgo` of the things that may go.
fn needless(place: &Place) -> Vec<String> {
    let shown = place.dbgo(&["janitor", "--dry-run", "--json"]).ends_with(0);
    let document: serde_json::Value = serde_json::from_str(&shown.out).expect("JSON");
    assert_eq!(document["cleaned"], serde_json::Value::Null);
    let engines = document["needless"]["engines"].as_array().expect("engines");
    let objects = engines
        .iter()
        .flat_map(|engine| engine["objects"].as_array().expect("objects"));
    let names = objects.map(|object| object["model"].as_str().expect("a name").to_owned());
    names.collect()
}

#[test]
fn versions_that_nobody_shows_go_when_they_are_old() {
    let place = shop();
    place.dbgo(&["run"]).ends_with(0);
    change(&place, 2);
    place.dbgo(&["run"]).ends_with(0);
    assert_eq!(needless(&place), [""; 0], "they are new");
    place.write("dbgo.toml", &format!("{SETTINGS}{FORGETFUL}"));
    place.sql("create table _dbgo.mine as select 1 as x");
    sleep(LATER);
    let expected = ["models.b", "models.a"];
    assert_eq!(needless(&place), expected);
    let asked = place.dbgo(&["janitor"]).ends_with(3);
    assert!(
        asked.err.contains("error[needs-confirmation]") && asked.err.contains("`mine`"),
        "{}",
        asked.err
    );
    assert_eq!(needless(&place), expected, "nothing was done");
    let done = place.dbgo(&["janitor", "--yes"]).ends_with(0);
    assert!(
        done.err.contains("dropped 2 tables and views"),
        "{}",
        done.err
    );
    assert_eq!(needless(&place), [""; 0]);
    let run = place.dbgo(&["run"]).ends_with(0);
    assert!(run.err.contains("3 up to date"), "{}", run.err);
    assert_eq!(place.sql("select x from _dbgo.mine"), "1");
}

#[test]
fn a_run_lets_old_versions_go_as_well() {
    let place = shop();
    place.write("dbgo.toml", &format!("{SETTINGS}{FORGETFUL}"));
    place.dbgo(&["run"]).ends_with(0);
    change(&place, 2);
    place.dbgo(&["run"]).ends_with(0);
    sleep(LATER);
    place.dbgo(&["run"]).ends_with(0);
    assert_eq!(needless(&place), [""; 0]);
    let count =
        "select count(*) from duckdb_tables() where table_name like '%a\\_\\_%' escape '\\'";
    assert_eq!(place.sql(count), "1");
}

#[test]
fn rows_that_cannot_be_computed_again_go_only_by_name() {
    let place = shop();
    place.write("dbgo.toml", &format!("{SETTINGS}{FORGETFUL}"));
    place.dbgo(&["run"]).ends_with(0);
    place.remove("models/core/log.sql");
    place.dbgo(&["run"]).ends_with(0);
    sleep(LATER);
    let kept = place.dbgo(&["janitor", "--yes"]).ends_with(0);
    assert!(
        kept.err.contains("their rows can't be computed again"),
        "{}",
        kept.err
    );
    let unknown = place.dbgo(&["janitor", "--yes", "--destroy-history", "core.lag"]);
    assert!(unknown.ends_with(2).err.contains("`core.lag`"));
    let other = place.dbgo(&["janitor", "--yes", "--destroy-history", "a"]);
    assert!(other.ends_with(2).err.contains("error[no-history]: `a`"));
    let done = place
        .dbgo(&["janitor", "--yes", "--destroy-history", "core.log"])
        .ends_with(0);
    assert!(done.err.contains("dropped 1 table"), "{}", done.err);
    // What the state forgot isn't read back from the engine.
    place.dbgo(&["run", "--full-refresh"]).ends_with(0);
    let shown = place.dbgo(&["janitor", "--dry-run"]).ends_with(0);
    assert!(!shown.err.contains("core"), "{}", shown.err);
}

#[test]
fn environments_that_have_expired_go_with_their_views() {
    let place = shop();
    place.write(
        "dbgo.toml",
        &format!("{SETTINGS}{FORGETFUL}[env.\"try_*\"]\nttl = \"1 s\"\n"),
    );
    place.dbgo(&["run"]).ends_with(0);
    place.dbgo(&["run", "try_one"]).ends_with(0);
    sleep(LATER);
    let done = place.dbgo(&["janitor", "--yes"]).ends_with(0);
    assert!(
        done.err.contains("the environment `try_one` expired")
            && done.err.contains("the environment `try_one` is gone"),
        "{}",
        done.err
    );
    let views = "select count(*) from duckdb_views() where schema_name like '%try_one'";
    assert_eq!(place.sql(views), "0");
    let run = place.dbgo(&["run"]).ends_with(0);
    assert!(run.err.contains("3 up to date"), "{}", run.err);
}

#[test]
fn a_janitor_that_dies_over_the_ledger_leaves_it_telling_the_same() {
    for (point, is_pruned) in [
        ("before-sweep-commit@ledger=kill", false),
        ("after-sweep-commit@ledger=kill", true),
    ] {
        let place = shop();
        place.write("dbgo.toml", &format!("{SETTINGS}{FORGETFUL}"));
        for _ in 0..3 {
            place.dbgo(&["run", "--repair"]).ends_with(0);
        }
        let count = || place.sql("select count(*) from _dbgo.ledger");
        let before = count();
        sleep(LATER);
        let died = place.dbgo_with(&["janitor", "--yes"], &[("DBGO_FAILPOINT", point)]);
        assert_ne!(died.code, Some(0), "{}", died.err);
        assert_eq!(count() != before, is_pruned, "{point}");
        let run = place.dbgo(&["run"]).ends_with(0);
        assert!(run.err.contains("3 up to date"), "{}", run.err);
        let done = place.dbgo(&["janitor", "--yes"]).ends_with(0);
        assert_eq!(
            done.err.contains(" 0 rows of ledgers"),
            is_pruned,
            "{}",
            done.err
        );
        place.dbgo(&["run"]).ends_with(0);
    }
}

/// Neither sees the other half done: who comes second is told who is at work.
#[test]
fn an_apply_and_a_janitor_keep_out_of_each_other_s_way() {
    let place = shop();
    place.dbgo(&["run"]).ends_with(0);
    change(&place, 2);
    place.dbgo(&["run"]).ends_with(0);
    place.write("dbgo.toml", &format!("{SETTINGS}{FORGETFUL}"));
    sleep(LATER);
    change(&place, 1);
    let apply = Paused::at(&place, "before-publication=stop", &["apply", "--yes"]);
    let janitor = place.dbgo(&["janitor", "--yes"]).ends_with(3);
    assert!(janitor.err.contains("[database-held]"), "{}", janitor.err);
    signal(apply.pid(), "-CONT");
    apply.ended().ends_with(0);

    sleep(LATER);
    let janitor = Paused::at(&place, "before-sweep-commit=stop", &["janitor", "--yes"]);
    // The version that is about to go is the one that is wanted.
    change(&place, 2);
    let apply = place.dbgo(&["apply", "--yes"]).ends_with(3);
    assert!(apply.err.contains("[database-held]"), "{}", apply.err);
    signal(janitor.pid(), "-CONT");
    janitor.ended().ends_with(0);
    place.dbgo(&["apply", "--yes"]).ends_with(0);
    assert_eq!(place.sql("select next from main__test.b"), "3");
}

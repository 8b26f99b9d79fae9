//! `before` and `after` of `[run]`.

use crate::place::Place;

const BEFORE: &str = "before = [\"create table if not exists log (said varchar)\", \
                      \"insert into log values ('before')\"]\n";

fn shop(settings: &str) -> Place {
    let place = Place::with(&[(
        "models/seen.sql",
        "-- @config: materialized='table'\n-- @import: sources.main.log\n\
         select count(*) as lines from :log\n",
    )]);
    place.write("sources/main/log.sql", "create table log (said varchar)\n");
    configure(&place, settings);
    place
}

fn configure(place: &Place, settings: &str) {
    place.write("dbgo.toml", &format!("name = \"shop\"\n[run]\n{settings}"));
}

fn log(place: &Place) -> String {
    place.sql("select string_agg(said, ' ') from (select said from log order by rowid)")
}

#[test]
fn statements_run_before_and_after_everything_else() {
    let after = "after = \"insert into log select 'after ' || lines from main__dev_ana.seen\"\n";
    let place = shop(&format!("{BEFORE}{after}"));
    place.dbgo(&["run"]).ends_with(0);
    assert_eq!(log(&place), "before after 1");
    // Also where there is nothing else to do.
    place.dbgo(&["run"]).ends_with(0);
    assert_eq!(log(&place), "before after 1 before after 3");
}

#[test]
fn what_fails_before_keeps_everything_from_starting_and_stores_nothing() {
    let place = shop(BEFORE);
    place.dbgo(&["run"]).ends_with(0);
    configure(
        &place,
        "before = [\"insert into log values ('lost')\", \"insert into nowhere values (1)\"]\n",
    );
    let failed = place.dbgo(&["run"]).ends_with(4);
    assert!(
        failed.err.contains("`before` of `[run]`: ") && failed.err.contains("nowhere"),
        "{}",
        failed.err
    );
    assert_eq!(log(&place), "before");
    assert!(!failed.err.contains("main.seen"), "{}", failed.err);
    configure(&place, BEFORE);
    place.dbgo(&["run"]).ends_with(0);
    assert_eq!(log(&place), "before before");
}

#[test]
fn what_fails_after_leaves_the_publication_and_says_so() {
    let place = shop(&format!(
        "{BEFORE}after = \"insert into nowhere values (1)\"\n"
    ));
    let failed = place.dbgo(&["run"]).ends_with(4);
    assert!(
        failed.err.contains("`after` of `[run]`: "),
        "{}",
        failed.err
    );
    assert_eq!(place.sql("select lines from main__dev_ana.seen"), "1");
}

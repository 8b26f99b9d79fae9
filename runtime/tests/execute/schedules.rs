//! Models that are due now and then.

use crate::fixture::*;
use crate::render;
use dbgo_runtime::config::StateAddress;
use dbgo_runtime::contract::Materialization::{Incremental, Table, View};
use dbgo_runtime::contract::*;
use dbgo_runtime::execute::RunOptions;
use dbgo_runtime::intervals::{IntervalSet, Range};
use dbgo_runtime::project::Project;
use dbgo_runtime::state::{Change, Known, Scope, State};
use jiff::{Timestamp, Zoned};

const DAYS: &[ColumnOf] = &[("day", "DATE", true), ("n", "INTEGER", false)];

/// The first of January, which nobody waits for here.
const YEARLY: &str = "0 0 1 1 *";

render!(read_days, |facts, sql| {
    sql.text("SELECT day, n FROM ");
    sql.relation_as(0);
});
render!(by_day, |facts, sql| {
    sql.text("SELECT day, n FROM ");
    sql.relation_as(0);
    sql.text(" WHERE day >= ");
    sql.start_date();
    sql.text(" AND day < ");
    sql.end_date();
});

fn project(place: &Place, kind: Materialization, end: &'static str) -> Project {
    let incremental = kind == Incremental;
    let render = if incremental { by_day } else { read_days };
    let days = ModelDef {
        cron: Str::new(YEARLY),
        incremental: match incremental {
            true => daily("2020-01-01", end),
            false => IncrementalDef::NONE,
        },
        ..model(
            "models.main.days",
            kind,
            &[("events", "sources.raw.events")],
            DAYS,
            render,
        )
    };
    place.project(vec![days], vec![], vec![place.source("events", "", DAYS)])
}

fn place() -> Place {
    let place = Place::new();
    place.execute(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.events AS SELECT day::DATE AS day, 1::INTEGER AS n FROM \
         range(TIMESTAMP '2019-12-30', now()::TIMESTAMP, INTERVAL 1 DAY) AS t(day)",
    ]);
    place
}

/// Changes what the state knows, as if time had passed.
fn change(place: &Place, of: impl Fn(&Known) -> Vec<Change>) {
    let scope = Scope {
        project: "shop".to_owned(),
        engine: "local".to_owned(),
        environment: "dev_test".to_owned(),
    };
    let address = StateAddress::Sqlite(place.path.join(".dbgo/state.db"));
    let mut state = State::open(&address).unwrap();
    let known = state.known(&scope).unwrap();
    state.apply(&scope, &of(&known)).unwrap();
    state.close().unwrap();
}

fn not_due() -> String {
    format!("not due before {}-01-01 00:00 UTC", Zoned::now().year() + 1)
}

#[test]
fn a_table_waits_until_it_is_due() {
    let place = place();
    let project = || project(&place, Table, "");
    assert_eq!(run_all(&project()).status("models.main.days"), "built");
    place.execute(&["INSERT INTO raw.events VALUES ('2030-01-01', 1)"]);
    let ran = run_all(&project());
    assert_eq!(ran.note("models.main.days"), not_due());
    let options = RunOptions {
        full_refresh: true,
        ..RunOptions::default()
    };
    let ran = run_with(&project(), &options).unwrap();
    assert_eq!(ran.status("models.main.days"), "built");
    // A year later.
    change(&place, |known| {
        let objects = known.objects.values().cloned();
        let earlier = objects.map(|mut object| {
            object.loaded_at = Timestamp::from_second(1_600_000_000).unwrap();
            Change::Object(object)
        });
        earlier.collect()
    });
    assert_eq!(run_all(&project()).status("models.main.days"), "built");
    assert_eq!(run_all(&project()).note("models.main.days"), not_due());
}

#[test]
fn a_table_filled_by_time_is_due_for_what_had_ended() {
    let place = place();
    run_all(&project(&place, Incremental, "2020-01-05"));
    // All the years since have ended when it was due last.
    let ran = run_all(&project(&place, Incremental, ""));
    assert_eq!(ran.status("models.main.days"), "built");
    assert_eq!(
        run_all(&project(&place, Incremental, "")).note("models.main.days"),
        not_due()
    );
    // What ended after that isn't due yet.
    change(&place, |known| {
        let (physical, filled) = known.filled.iter().next().unwrap();
        let start = filled.ranges()[0].start;
        let year = format!("{}-01-01T00:00:00Z", Zoned::now().year());
        let ranges: IntervalSet = Range::new(start, year.parse().unwrap())
            .into_iter()
            .collect();
        vec![Change::Filled {
            physical: physical.clone(),
            ranges,
        }]
    });
    assert_eq!(
        run_all(&project(&place, Incremental, "")).note("models.main.days"),
        not_due()
    );
}

#[test]
fn a_view_is_always_due() {
    let place = place();
    for _ in 0..2 {
        let ran = run_all(&project(&place, View, ""));
        assert_eq!(ran.status("models.main.days"), "built");
    }
}

//! Intervals that begin by the clocks of a time zone.

use crate::fixture::*;
use crate::render;
use dbgo_runtime::contract::Materialization::Incremental;
use dbgo_runtime::contract::*;
use dbgo_runtime::project::Project;

render!(by_instant, |facts, sql| {
    sql.text("SELECT seen, n FROM ");
    sql.relation_as(0);
    sql.text(" WHERE seen >= ");
    sql.start_ts();
    sql.text(" AND seen < ");
    sql.end_ts();
});
render!(by_date, |facts, sql| {
    sql.text("SELECT seen, n FROM ");
    sql.relation_as(0);
    sql.text(" WHERE seen >= ");
    sql.start_date();
    sql.text(" AND seen < ");
    sql.end_ts();
});

fn project(place: &Place, sql_type: &'static str, zone: &'static str, render: Render) -> Project {
    let columns: &[ColumnOf] = &[("seen", sql_type, true), ("n", "INTEGER", false)];
    let model = ModelDef {
        incremental: IncrementalDef {
            time_column: Str::new("seen"),
            interval_tz: Str::new(zone),
            batch_size: 1,
            ..daily("2024-03-30", "2024-04-02")
        },
        ..model(
            "models.main.seen",
            Incremental,
            &[("raw", "sources.raw.seen")],
            columns,
            render,
        )
    };
    place.project(vec![model], vec![], vec![place.source("seen", "", columns)])
}

/// One row for each half an hour (or each day, of dates), from two days before to two days after.
fn raw(sql_type: &str) -> Place {
    let place = Place::new();
    let (from, to) = ("TIMESTAMP '2024-03-28'", "TIMESTAMP '2024-04-04'");
    let rows = match sql_type {
        "DATE" => format!("range({from}, {to}, INTERVAL 1 DAY)"),
        _ => format!("range({from}, {to}, INTERVAL 30 MINUTE)"),
    };
    place.execute(&[
        "CREATE SCHEMA raw",
        &format!("CREATE TABLE raw.seen AS SELECT CAST(t AS {sql_type}) AS seen, 1::INTEGER AS n FROM {rows} AS r(t)"),
    ]);
    place
}

const BATCHES: &str = "SELECT entry ->> 'rows' FROM _dbgo.ledger WHERE batch_id LIKE '%/models.main.seen/%' \
     ORDER BY batch_id";
const ALL: &str =
    "SELECT min(seen)::VARCHAR, max(seen)::VARCHAR, count(*) FROM main__dev_test.seen";

#[test]
fn a_day_has_as_many_hours_as_the_clocks_of_the_zone_say() {
    for (zone, batches, all) in [
        (
            "",
            ["48", "48", "48"],
            "2024-03-30 00:00:00|2024-04-01 23:30:00|144",
        ),
        (
            "Europe/Berlin",
            ["48", "46", "48"],
            "2024-03-29 23:00:00|2024-04-01 21:30:00|142",
        ),
        (
            "America/New_York",
            ["48", "48", "48"],
            "2024-03-30 04:00:00|2024-04-02 03:30:00|144",
        ),
    ] {
        let place = raw("TIMESTAMP");
        let project = project(&place, "TIMESTAMP", zone, by_instant);
        let ran = run_all(&project);
        assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
        assert_eq!(place.query(BATCHES), batches, "{zone}");
        assert_eq!(place.query(ALL), [all], "{zone}");
        let note = run_all(&project).note("models.main.seen").to_owned();
        assert_eq!(note, "complete: 3 of 3 days");
    }
}

#[test]
fn dates_are_those_of_the_zone() {
    for zone in ["", "Europe/Berlin", "America/New_York", "Pacific/Auckland"] {
        let place = raw("DATE");
        let ran = run_all(&project(&place, "DATE", zone, by_date));
        assert_eq!(ran.outcome.trouble, None, "{zone}: {:?}", ran.outcome.steps);
        assert_eq!(place.query(BATCHES), ["1", "1", "1"], "{zone}");
        assert_eq!(place.query(ALL), ["2024-03-30|2024-04-01|3"], "{zone}");
    }
}

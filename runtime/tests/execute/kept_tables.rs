//! Tables that outlive a change of their model's query: histories, and models that go forward only.

use crate::fixture::*;
use crate::render;
use dbgo_runtime::contract::Materialization::Incremental;
use dbgo_runtime::contract::*;
use dbgo_runtime::error::Kind;
use dbgo_runtime::execute::RunOptions;
use dbgo_runtime::project::Project;

const DAYS: &[ColumnOf] = &[("day", "DATE", true), ("n", "INTEGER", false)];
const WIDE: &[ColumnOf] = &[("day", "DATE", true), ("n", "BIGINT", false)];
const MORE: &[ColumnOf] = &[
    ("day", "DATE", true),
    ("n", "INTEGER", false),
    ("double", "INTEGER", false),
];

render!(by_day, |facts, sql| {
    sql.text("SELECT day, n FROM ");
    sql.relation_as(0);
    sql.text(" WHERE day >= ");
    sql.start_date();
    sql.text(" AND day < ");
    sql.end_date();
});
render!(wide, |facts, sql| {
    sql.text("SELECT day, n + 5000000000 AS n FROM ");
    sql.relation_as(0);
    sql.text(" WHERE day >= ");
    sql.start_date();
    sql.text(" AND day < ");
    sql.end_date();
});
render!(more, |facts, sql| {
    sql.text("SELECT day, n, n * 2 AS double FROM ");
    sql.relation_as(0);
    sql.text(" WHERE day >= ");
    sql.start_date();
    sql.text(" AND day < ");
    sql.end_date();
});
render!(n_is_negative, |facts, sql| {
    sql.text("SELECT * FROM ");
    sql.this_as();
    sql.text(" WHERE n < 0");
});

fn events(place: &Place) {
    place.execute(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.events AS SELECT (DATE '2013-01-01' + i::INTEGER) AS day, i::INTEGER AS n FROM range(10) AS t(i)",
    ]);
}

fn days(
    place: &Place,
    end: &'static str,
    (columns, render): (&[ColumnOf], Render),
    of: impl Fn(ModelDef) -> ModelDef,
) -> Project {
    let model = ModelDef {
        incremental: daily("2013-01-01", end),
        ..model(
            "models.main.days",
            Incremental,
            &[("events", "sources.raw.events")],
            columns,
            render,
        )
    };
    place.project(
        vec![of(model)],
        vec![],
        vec![place.source("events", "", DAYS)],
    )
}

fn kept(model: ModelDef) -> ModelDef {
    ModelDef {
        history: History::Keep as u8,
        ..model
    }
}

fn kept_growing(model: ModelDef) -> ModelDef {
    ModelDef {
        on_schema_change: OnSchemaChange::Append as u8,
        ..kept(model)
    }
}

const ROWS: &str = "SELECT CAST(day AS VARCHAR), n FROM main__dev_test.days ORDER BY day";

#[test]
fn ranges_that_are_kept_are_not_filled_again() {
    let place = Place::new();
    events(&place);
    run_all(&days(&place, "2013-01-03", (DAYS, by_day), kept));
    place.execute(&["UPDATE raw.events SET n = n + 100"]);
    let options = RunOptions {
        full_refresh: true,
        ..RunOptions::default()
    };
    let growing = days(&place, "2013-01-04", (MORE, more), kept_growing);
    let ran = run_with(&growing, &options).unwrap();
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    assert_eq!(
        place.query("SELECT n, double FROM main__dev_test.days ORDER BY day"),
        ["0|null", "1|null", "102|204"]
    );
    assert_eq!(place.physical().len(), 1);
    let again = days(&place, "2013-01-04", (MORE, more), kept_growing);
    assert_eq!(
        run_all(&again).note("models.main.days"),
        "complete: 3 of 3 days"
    );
}

#[test]
fn a_column_is_widened_where_the_rule_lets_columns_change() {
    let place = Place::new();
    events(&place);
    run_all(&days(&place, "2013-01-03", (DAYS, by_day), kept));
    for rule in [OnSchemaChange::Fail, OnSchemaChange::Ignore] {
        let of = |model| ModelDef {
            on_schema_change: rule as u8,
            ..kept(model)
        };
        let project = days(&place, "2013-01-04", (WIDE, wide), of);
        let error = run_with(&project, &RunOptions::default()).err().unwrap();
        assert_eq!(
            (error.code.text(), error.kind),
            ("columns-changed", Kind::Refused)
        );
        assert!(error.hint.unwrap().contains("on_schema_change='append'"));
    }
    const DAY: &[Str] = &[Str::new("day")];
    let indexed = |model| ModelDef {
        indexes: list(vec![IndexDef {
            unique: true,
            columns: List::new(DAY),
        }]),
        ..kept_growing(model)
    };
    // A first index comes with the columns, and doesn't keep them from changing again.
    let ran = run_all(&days(&place, "2013-01-04", (WIDE, wide), indexed));
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    assert_eq!(
        place.query(ROWS),
        ["2013-01-01|0", "2013-01-02|1", "2013-01-03|5000000002"]
    );
    const WIDEST: &[ColumnOf] = &[("day", "DATE", true), ("n", "HUGEINT", false)];
    let ran = run_all(&days(&place, "2013-01-05", (WIDEST, wide), indexed));
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    assert_eq!(place.query(ROWS).len(), 4);
    let indexes = "SELECT count(*) FROM duckdb_indexes() WHERE index_name LIKE 'main__days%'";
    assert_eq!(place.query(indexes), ["1"]);
}

#[test]
fn a_kept_table_in_which_nothing_is_missing_is_held_to_new_promises() {
    let place = Place::new();
    events(&place);
    place.execute(&["UPDATE raw.events SET n = -1 WHERE day = '2013-01-02'"]);
    run_all(&days(&place, "2013-01-03", (DAYS, by_day), kept));
    let audited = |model| ModelDef {
        audits: list(vec![AuditDef {
            by_row: true,
            ..audit("positive(n)", n_is_negative)
        }]),
        ..kept_growing(model)
    };
    let ran = run_all(&days(&place, "2013-01-03", (MORE, more), audited));
    let note = ran.note("models.main.days");
    assert!(
        note.starts_with("audit `positive(n)` found 1 row"),
        "{note}"
    );
    assert_eq!(place.query("SELECT * FROM main__dev_test.days").len(), 2);

    let ran = run_all(&days(&place, "2013-01-03", (MORE, more), kept_growing));
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    assert_eq!(
        place.query("SELECT n, double FROM main__dev_test.days ORDER BY day"),
        ["0|null", "-1|null"]
    );
}

#[test]
fn forward_only_keeps_the_rows_unless_they_are_asked_for_anew() {
    let place = Place::new();
    events(&place);
    let forward = |model| ModelDef {
        forward_only: true,
        ..model
    };
    run_all(&days(&place, "2013-01-03", (DAYS, by_day), forward));
    place.execute(&["UPDATE raw.events SET n = n + 100"]);
    let changed = |model| ModelDef {
        on_schema_change: OnSchemaChange::Sync as u8,
        ..forward(model)
    };
    run_all(&days(&place, "2013-01-04", (WIDE, wide), changed));
    assert_eq!(
        place.query("SELECT n FROM main__dev_test.days ORDER BY day"),
        ["0", "1", "5000000102"]
    );
    let options = RunOptions {
        full_refresh: true,
        ..RunOptions::default()
    };
    run_with(
        &days(&place, "2013-01-04", (DAYS, by_day), forward),
        &options,
    )
    .unwrap();
    assert_eq!(
        place.query("SELECT n FROM main__dev_test.days ORDER BY day"),
        ["100", "101", "102"]
    );
}

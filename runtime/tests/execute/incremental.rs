//! Incremental models: ranges, keys, appended rows.

use crate::fixture::*;
use crate::render;
use dbgo_runtime::contract::Materialization::{Incremental, Table};
use dbgo_runtime::contract::*;
use dbgo_runtime::error::Kind;
use dbgo_runtime::execute::RunOptions;
use dbgo_runtime::project::Project;

const DAYS: &[ColumnOf] = &[("day", "DATE", true), ("n", "INTEGER", false)];

render!(by_day, |facts, sql| {
    sql.text("SELECT day, n FROM ");
    sql.relation_as(0);
    sql.text(" WHERE day >= ");
    sql.start_date();
    sql.text(" AND day < ");
    sql.end_ts();
});
render!(cast_n, |facts, sql| {
    sql.text("SELECT day, CASE WHEN n < 0 THEN error('negative') ELSE n END::INTEGER AS n FROM ");
    sql.relation_as(0);
    sql.text(" WHERE day >= ");
    sql.start_ts();
    sql.text(" AND day < ");
    sql.end_ts();
});
render!(without_bounds, |facts, sql| {
    sql.text("SELECT day, n FROM ");
    sql.relation_as(0);
});
render!(read_days, |facts, sql| {
    sql.text("SELECT day, n FROM ");
    sql.relation_as(0);
});

fn days(place: &Place, incremental: IncrementalDef, render: Render) -> Project {
    place.project(
        vec![
            ModelDef {
                incremental,
                ..model(
                    "models.main.days",
                    Incremental,
                    &[("events", "sources.raw.events")],
                    DAYS,
                    render,
                )
            },
            model(
                "models.main.copy",
                Table,
                &[("days", "models.main.days")],
                DAYS,
                read_days,
            ),
        ],
        vec![],
        vec![place.source("events", "", DAYS)],
    )
}

fn events(place: &Place) {
    place.execute(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.events AS SELECT (DATE '2013-01-01' + i::INTEGER) AS day, i::INTEGER AS n FROM range(10) AS t(i)",
    ]);
}

const ALL: &str = "SELECT min(day), max(day), count(*) FROM main__dev_test.days";

#[test]
fn only_missing_ranges_are_filled() {
    let place = Place::new();
    events(&place);
    let until = |end| IncrementalDef {
        batch_size: 2,
        ..daily("2013-01-01", end)
    };
    let ran = run_all(&days(&place, until("2013-01-06"), by_day));
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    assert_eq!(place.query(ALL), ["2013-01-01|2013-01-05|5"]);
    assert_eq!(
        place.query("SELECT count(*) FROM _dbgo.ledger WHERE batch_id LIKE '%/models.main.days/%'"),
        ["3"]
    );

    let ran = run_all(&days(&place, until("2013-01-06"), by_day));
    assert_eq!(ran.note("models.main.days"), "complete: 5 of 5 days");
    assert_eq!(
        ran.note("models.main.copy"),
        "unchanged: 1 input, same load"
    );

    // A later end is the same version, as it touches no row that is there.
    let ran = run_all(&days(&place, until("2013-01-09"), by_day));
    assert_eq!(ran.status("models.main.days"), "built");
    assert_eq!(ran.status("models.main.copy"), "built");
    assert_eq!(place.query(ALL), ["2013-01-01|2013-01-08|8"]);
    assert_eq!(
        place.query("SELECT count(*) FROM main__dev_test.copy"),
        ["8"]
    );
}

#[test]
fn lookback_replaces_rows_that_came_late() {
    let place = Place::new();
    events(&place);
    let until = |end| IncrementalDef {
        lookback: 2,
        ..daily("2013-01-01", end)
    };
    run_all(&days(&place, until("2013-01-04"), by_day));
    place.execute(&["INSERT INTO raw.events VALUES ('2013-01-01', 100), ('2013-01-03', 100)"]);
    run_all(&days(&place, until("2013-01-05"), by_day));
    assert_eq!(
        place.query("SELECT day, count(*) FROM main__dev_test.days GROUP BY day ORDER BY day"),
        [
            "2013-01-01|1",
            "2013-01-02|1",
            "2013-01-03|2",
            "2013-01-04|1"
        ]
    );
}

#[test]
fn rows_outside_a_batch_fail_it_or_are_dropped() {
    let place = Place::new();
    events(&place);
    let ran = run_all(&days(
        &place,
        daily("2013-01-01", "2013-01-04"),
        without_bounds,
    ));
    assert_eq!(ran.status("models.main.days"), "failed");
    let note = ran.note("models.main.days");
    assert!(
        note.starts_with("rows outside the batch's range: 7 rows"),
        "{note}"
    );
    assert!(place.physical().is_empty());
    let dropping = IncrementalDef {
        outside: Outside::Drop as u8,
        ..daily("2013-01-01", "2013-01-04")
    };
    let ran = run_all(&days(&place, dropping, without_bounds));
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    assert_eq!(place.query(ALL), ["2013-01-01|2013-01-03|3"]);
}

#[test]
fn a_model_whose_first_interval_has_not_ended_is_an_empty_table() {
    let place = Place::new();
    events(&place);
    let project = days(&place, daily("2999-01-01", ""), by_day);
    let ran = run_all(&project);
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    assert_eq!(place.query(ALL), ["null|null|0"]);
    let ran = run_all(&project);
    assert_eq!(ran.note("models.main.days"), "complete: 0 of 0 days");
}

#[test]
fn a_refresh_that_fails_leaves_the_table_as_it_was() {
    let place = Place::new();
    events(&place);
    let each_day = IncrementalDef {
        batch_size: 1,
        ..daily("2013-01-01", "2013-01-04")
    };
    let project = days(&place, each_day, cast_n);
    assert_eq!(run_all(&project).outcome.trouble, None);
    place.execute(&["UPDATE raw.events SET n = -1 WHERE day = '2013-01-02'"]);
    let options = RunOptions {
        full_refresh: true,
        ..selected(&["days"])
    };
    let ran = run_with(&project, &options).unwrap();
    assert_eq!(ran.status("models.main.days"), "failed");
    assert_eq!(
        place.query("SELECT min(n), count(*) FROM main__dev_test.days"),
        ["0|3"]
    );
    place.execute(&["UPDATE raw.events SET n = 7 WHERE n = -1"]);
    assert_eq!(run_with(&project, &options).unwrap().outcome.trouble, None);
    assert_eq!(
        place.query("SELECT max(n), count(*) FROM main__dev_test.days"),
        ["7|3"]
    );
    let tables = place.physical();
    assert_eq!(
        tables
            .iter()
            .filter(|name| name.starts_with("main__days"))
            .count(),
        1,
        "{tables:?}"
    );
}

#[test]
fn a_failed_batch_keeps_those_before_it() {
    let place = Place::new();
    events(&place);
    place.execute(&["INSERT INTO raw.events VALUES ('2013-01-03', NULL)"]);
    let each_day = || IncrementalDef {
        batch_size: 1,
        ..daily("2013-01-01", "2013-01-06")
    };
    const STRICT: &[ColumnOf] = &[("day", "DATE", true), ("n", "INTEGER", true)];
    let project = || {
        place.project(
            vec![ModelDef {
                incremental: each_day(),
                ..model(
                    "models.main.days",
                    Incremental,
                    &[("events", "sources.raw.events")],
                    STRICT,
                    by_day,
                )
            }],
            vec![],
            vec![place.source("events", "", DAYS)],
        )
    };
    let ran = run_all(&project());
    let note = ran.note("models.main.days");
    assert!(
        note.starts_with("2013-01-03: contract `not null` broken"),
        "{note}"
    );
    place.execute(&["DELETE FROM raw.events WHERE n IS NULL"]);
    let ran = run_all(&project());
    assert_eq!(ran.outcome.trouble, None);
    assert_eq!(
        ran.outcome.steps[0].rows,
        Some(3),
        "the first two days are not filled again"
    );
    assert_eq!(place.query(ALL), ["2013-01-01|2013-01-05|5"]);
}

#[test]
fn a_full_refresh_fills_a_new_generation() {
    let place = Place::new();
    events(&place);
    let each_day = IncrementalDef {
        batch_size: 2,
        ..daily("2013-01-01", "2013-01-06")
    };
    let project = days(&place, each_day, by_day);
    run_all(&project);
    place.execute(&["UPDATE raw.events SET n = n + 100"]);
    let options = RunOptions {
        full_refresh: true,
        ..selected(&["days"])
    };
    run_with(&project, &options).unwrap();
    assert_eq!(
        place.query("SELECT min(n) FROM main__dev_test.days"),
        ["100"]
    );
    assert_eq!(place.query(ALL), ["2013-01-01|2013-01-05|5"]);
    let tables = place.physical();
    assert_eq!(
        tables
            .iter()
            .filter(|name| name.starts_with("main__days"))
            .count(),
        1,
        "{tables:?}"
    );
    assert_eq!(run_all(&project).status("models.main.days"), "unchanged");
}

const ITEMS: &[ColumnOf] = &[("id", "INTEGER", true), ("v", "VARCHAR", false)];
const KEY: &[Str] = &[Str::new("id")];

render!(items, |facts, sql| {
    sql.text("SELECT id, v FROM ");
    sql.relation_as(0);
    if facts.is_incremental() {
        sql.text(" WHERE id >= (SELECT max(id) - 1 FROM ");
        sql.this_as();
        sql.text(")");
    }
});

fn keyed(place: &Place, incremental: IncrementalDef, of: &[ColumnOf], render: Render) -> Project {
    keyed_by_rule(place, incremental, of, render, OnSchemaChange::Fail)
}

fn keyed_by_rule(
    place: &Place,
    incremental: IncrementalDef,
    of: &[ColumnOf],
    render: Render,
    rule: OnSchemaChange,
) -> Project {
    place.project(
        vec![ModelDef {
            incremental,
            reads_this: true,
            on_schema_change: rule as u8,
            ..model(
                "models.main.items",
                Incremental,
                &[("raw", "sources.raw.items")],
                of,
                render,
            )
        }],
        vec![],
        vec![place.source("items", "", ITEMS)],
    )
}

fn raw_items(place: &Place) {
    place.execute(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.items AS SELECT i::INTEGER AS id, 'a' || i AS v FROM range(3) AS t(i)",
    ]);
}

#[test]
fn a_merge_replaces_rows_by_key_and_refuses_duplicates() {
    let place = Place::new();
    raw_items(&place);
    let project = keyed(&place, by_key(KEY), ITEMS, items);
    assert_eq!(run_all(&project).outcome.trouble, None);
    place.execute(&[
        "UPDATE raw.items SET v = 'b' || id",
        "INSERT INTO raw.items VALUES (3, 'b3')",
    ]);
    assert_eq!(run_all(&project).outcome.trouble, None);
    let rows = "SELECT id, v FROM main__dev_test.items ORDER BY id";
    assert_eq!(place.query(rows), ["0|a0", "1|b1", "2|b2", "3|b3"]);

    place.execute(&["INSERT INTO raw.items VALUES (3, 'c3')"]);
    let ran = run_all(&project);
    assert_eq!(ran.status("models.main.items"), "failed");
    let note = ran.note("models.main.items");
    assert!(
        note.contains("the key `id` isn't unique") && note.contains("id = 3 in 2 rows"),
        "{note}"
    );
    assert_eq!(place.query(rows), ["0|a0", "1|b1", "2|b2", "3|b3"]);
}

render!(more_items, |facts, sql| {
    sql.text("SELECT id, v, upper(v) AS loud FROM ");
    sql.relation_as(0);
    if facts.is_incremental() {
        sql.text(" WHERE id > (SELECT max(id) FROM ");
        sql.this_as();
        sql.text(")");
    }
});

#[test]
fn appended_rows_outlive_a_change_of_the_query() {
    const MORE: &[ColumnOf] = &[
        ("id", "INTEGER", true),
        ("v", "VARCHAR", false),
        ("loud", "VARCHAR", false),
    ];
    let place = Place::new();
    raw_items(&place);
    run_all(&keyed(&place, appended(), ITEMS, items));
    place.execute(&[
        "DELETE FROM raw.items",
        "INSERT INTO raw.items VALUES (7, 'x')",
    ]);
    let error = run_with(
        &keyed(&place, appended(), MORE, more_items),
        &RunOptions::default(),
    );
    let error = error.err().unwrap();
    assert_eq!(
        (error.code.text(), error.kind),
        ("columns-changed", Kind::Refused)
    );

    let growing = keyed_by_rule(&place, appended(), MORE, more_items, OnSchemaChange::Append);
    let ran = run_all(&growing);
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    let rows = "SELECT id, v, loud FROM main__dev_test.items ORDER BY id";
    assert_eq!(
        place.query(rows),
        ["0|a0|null", "1|a1|null", "2|a2|null", "7|x|X"]
    );

    let options = RunOptions {
        full_refresh: true,
        ..RunOptions::default()
    };
    run_with(&growing, &options).unwrap();
    assert_eq!(
        place.query("SELECT count(*) FROM main__dev_test.items"),
        ["4"]
    );
}

render!(ids, |facts, sql| {
    sql.text("SELECT id FROM ");
    sql.relation_as(0);
});
render!(reals, |facts, sql| {
    sql.text("SELECT id + 0.5::DOUBLE AS id, v FROM ");
    sql.relation_as(0);
});

#[test]
fn a_change_that_is_taken_back_gives_the_column_back() {
    let place = Place::new();
    raw_items(&place);
    let rule = OnSchemaChange::Sync;
    run_all(&keyed(&place, appended(), ITEMS, items));
    run_all(&keyed_by_rule(&place, appended(), &ITEMS[..1], ids, rule));
    let ran = run_all(&keyed_by_rule(&place, appended(), ITEMS, items, rule));
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    assert_eq!(
        place.query("SELECT count(*), count(v) FROM main__dev_test.items"),
        ["8|2"],
        "3 rows, 3 more without `v`, 2 more with it"
    );
}

#[test]
fn a_kept_table_never_takes_values_of_another_type() {
    const REALS: &[ColumnOf] = &[("id", "DOUBLE", true), ("v", "VARCHAR", false)];
    let place = Place::new();
    raw_items(&place);
    run_all(&keyed(&place, appended(), ITEMS, items));
    for rule in [
        OnSchemaChange::Fail,
        OnSchemaChange::Ignore,
        OnSchemaChange::Append,
        OnSchemaChange::Sync,
    ] {
        let project = keyed_by_rule(&place, appended(), REALS, reals, rule);
        let error = run_with(&project, &RunOptions::default()).err().unwrap();
        assert_eq!(
            (error.code.text(), error.kind),
            ("columns-changed", Kind::Refused)
        );
        assert!(
            error.message.contains("`id` from INTEGER to DOUBLE"),
            "{error}"
        );
    }
}

#[test]
fn rows_of_an_earlier_version_are_held_to_a_new_promise() {
    const PROMISED: &[ColumnOf] = &[("id", "INTEGER", true), ("v", "VARCHAR", true)];
    let place = Place::new();
    raw_items(&place);
    place.execute(&["UPDATE raw.items SET v = NULL"]);
    run_all(&keyed(&place, appended(), ITEMS, items));
    place.execute(&["UPDATE raw.items SET v = 'now'"]);
    let ran = run_all(&keyed(&place, appended(), PROMISED, items));
    let note = ran.note("models.main.items");
    assert!(note.contains("`v` in 3 rows"), "{note}");
}

#[test]
fn a_first_fill_that_failed_is_no_parent() {
    let place = Place::new();
    events(&place);
    place.execute(&["UPDATE raw.events SET n = -1 WHERE day = '2013-01-03'"]);
    let incremental = IncrementalDef {
        batch_size: 1,
        ..daily("2013-01-01", "2013-01-06")
    };
    let project = days(&place, incremental, cast_n);
    assert_eq!(run_all(&project).status("models.main.days"), "failed");
    let error = run_with(&project, &selected(&["copy"])).err().unwrap();
    assert_eq!(error.code.text(), "parent-not-built");
}

#[test]
fn rows_outside_are_not_kept_where_batches_are_done_again() {
    let place = Place::new();
    events(&place);
    let mut incremental = daily("2013-01-01", "2013-01-06");
    incremental.outside = Outside::Keep as u8;
    incremental.lookback = 1;
    let ran = run_all(&days(&place, incremental, without_bounds));
    assert!(ran.note("models.main.days").contains("`lookback`"));
}

render!(view_of_days, |facts, sql| {
    sql.text("SELECT day, n FROM ");
    sql.relation_as(0);
});

#[test]
fn a_view_s_promise_is_held_when_its_table_grows() {
    const PROMISED: &[ColumnOf] = &[("day", "DATE", true), ("n", "INTEGER", true)];
    let place = Place::new();
    events(&place);
    place.execute(&["UPDATE raw.events SET n = NULL WHERE day = '2013-01-05'"]);
    let project = |end| {
        place.project(
            vec![
                ModelDef {
                    incremental: daily("2013-01-01", end),
                    ..model(
                        "models.main.days",
                        Incremental,
                        &[("events", "sources.raw.events")],
                        DAYS,
                        by_day,
                    )
                },
                model(
                    "models.main.v",
                    Materialization::View,
                    &[("days", "models.main.days")],
                    PROMISED,
                    view_of_days,
                ),
            ],
            vec![],
            vec![place.source("events", "", DAYS)],
        )
    };
    run_all(&project("2013-01-04"));
    assert_eq!(
        run_all(&project("2013-01-04")).status("models.main.v"),
        "unchanged"
    );
    assert_eq!(
        run_all(&project("2013-01-05")).status("models.main.v"),
        "built"
    );
    let ran = run_all(&project("2013-01-06"));
    assert_eq!(ran.status("models.main.v"), "failed");
}

#[test]
fn a_renamed_model_keeps_its_history() {
    let place = Place::new();
    raw_items(&place);
    run_all(&keyed(&place, appended(), ITEMS, items));
    let renamed = place.project(
        vec![ModelDef {
            incremental: appended(),
            reads_this: true,
            ..model(
                "models.shop.things",
                Incremental,
                &[("raw", "sources.raw.items")],
                ITEMS,
                items,
            )
        }],
        vec![],
        vec![place.source("items", "", ITEMS)],
    );
    for rows in ["5", "7"] {
        let ran = run_all(&renamed);
        assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
        let count = "SELECT count(*) FROM shop__dev_test.things";
        assert_eq!(place.query(count), [rows], "3 rows, and 2 with each run");
    }
    assert_eq!(place.physical().len(), 1);
}

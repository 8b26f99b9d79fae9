//! Audits: what they look at, what they stop, what they leave behind.

use crate::fixture::*;
use crate::render;
use dbgo_runtime::contract::Materialization::{Incremental, Table, View};
use dbgo_runtime::contract::*;
use dbgo_runtime::error::Kind;
use dbgo_runtime::events::{AuditStatus, Event, Lines};
use dbgo_runtime::project::Project;

const PLANES: &[ColumnOf] = &[("tail", "VARCHAR", false), ("year", "INTEGER", false)];

render!(planes, |facts, sql| {
    sql.text("SELECT tail, year FROM ");
    sql.relation_as(0);
});
render!(year_is_null, |facts, sql| {
    sql.text("SELECT * FROM ");
    sql.this();
    sql.text(" AS t WHERE year IS NULL -- which none may be");
});
render!(tail_twice, |facts, sql| {
    sql.text("SELECT tail, count(*) AS times FROM ");
    sql.this_as();
    sql.text(" GROUP BY tail HAVING count(*) > 1");
});
render!(not_known, |facts, sql| {
    sql.text("SELECT year FROM ");
    sql.this_as();
    sql.text(" WHERE year NOT IN (SELECT year FROM ");
    sql.relation_as(1);
    sql.text(")");
});
render!(all_years, |facts, sql| {
    sql.text("SELECT year FROM ");
    sql.relation_as(0);
});
render!(broken, |facts, sql| {
    sql.text("SELECT 1 FROM ");
    sql.this_as();
    sql.text(" WHERE colour IS NULL");
});

fn raw(place: &Place, rows: &str) {
    place.execute(&[
        "CREATE SCHEMA IF NOT EXISTS raw",
        "CREATE OR REPLACE TABLE raw.planes (tail VARCHAR, year INTEGER)",
        &format!("INSERT INTO raw.planes VALUES {rows}"),
    ]);
}

fn project(place: &Place, kind: Materialization, audits: Vec<AuditDef>) -> Project {
    let model = ModelDef {
        audits: list(audits),
        ..model(
            "models.marts.planes",
            kind,
            &[("raw", "sources.raw.planes")],
            PLANES,
            planes,
        )
    };
    let raw = place.source("planes", "", PLANES);
    place.project(vec![model], vec![], vec![raw])
}

const YEARS: &str = "SELECT year FROM marts__dev_test.planes ORDER BY year";

#[test]
fn rows_that_fail_an_audit_are_not_written() {
    let place = Place::new();
    let audits = || {
        vec![
            audit("not_null(year)", year_is_null),
            audit("unique(tail)", tail_twice),
        ]
    };
    raw(&place, "('a', 2000), ('b', 2001)");
    let ran = run_all(&project(&place, Table, audits()));
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    let passed = ran.audits();
    assert!(
        passed
            .iter()
            .all(|found| found.status == AuditStatus::Passed)
    );
    assert_eq!(passed.len(), 2);

    raw(&place, "('a', 2000), ('b', NULL), ('c', NULL)");
    let ran = run_all(&project(&place, Table, audits()));
    assert_eq!(ran.outcome.trouble, Some(Kind::Finding));
    let note = ran.note("models.marts.planes");
    assert_eq!(
        note,
        "audit `not_null(year)` found 2 rows\ntail = b, year = null\ntail = c, year = null"
    );
    assert_eq!(place.query(YEARS), ["2000", "2001"]);
    assert_eq!(place.physical().len(), 1, "nothing is left of what failed");
    let told: Vec<(&str, &str, u64)> = (ran.audits().iter())
        .map(|found| (found.call.as_str(), found.status.word(), found.failing_rows))
        .collect();
    assert_eq!(
        told,
        [
            ("not_null(year)", "failed", 2),
            ("unique(tail)", "passed", 0)
        ]
    );

    raw(&place, "('a', 2000), ('a', NULL)");
    let ran = run_all(&project(&place, Table, audits()));
    let note = ran.note("models.marts.planes");
    assert!(note.starts_with("2 audits failed\n"), "{note}");
    assert!(
        note.contains("audit `unique(tail)` found 1 row\n  tail = a, times = 2"),
        "{note}"
    );
}

#[test]
fn an_audit_that_only_warns_lets_the_rows_pass() {
    let place = Place::new();
    raw(&place, "('a', 2000), ('b', NULL)");
    let warning = AuditDef {
        severity: Severity::Warn as u8,
        ..audit("not_null(year)", year_is_null)
    };
    let ran = run_all(&project(&place, Table, vec![warning]));
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    assert_eq!(place.query(YEARS), ["2000", "null"]);
    let lines = Lines::new(false, None);
    let told: Vec<String> = (ran.events.iter())
        .filter(|event| matches!(event, Event::Audited { .. }))
        .filter_map(|event| lines.text(event))
        .collect();
    assert_eq!(
        told,
        [
            "  ! marts.planes         audit `not_null(year)` found 1 row\n      tail = b, year = null"
        ]
    );
}

#[test]
fn thresholds_decide_between_warning_and_failing() {
    let place = Place::new();
    let limited = || AuditDef {
        warn_if: Str::new("> 1"),
        error_if: Str::new(">= 3"),
        ..audit("not_null(year)", year_is_null)
    };
    for (rows, status, trouble) in [
        ("('a', NULL)", "passed", None),
        ("('a', NULL), ('b', NULL)", "warned", None),
        (
            "('a', NULL), ('b', NULL), ('c', NULL)",
            "failed",
            Some(Kind::Finding),
        ),
    ] {
        raw(&place, rows);
        let ran = run_all(&project(&place, Table, vec![limited()]));
        assert_eq!(ran.outcome.trouble, trouble);
        assert_eq!(ran.audits()[0].status.word(), status);
    }
    let ran = run_all(&project(&place, Table, vec![limited()]));
    let note = ran.note("models.marts.planes");
    assert!(
        note.starts_with("audit `not_null(year)` found 3 rows (fails at `>= 3`)"),
        "{note}"
    );
}

#[test]
fn an_audit_by_row_sees_the_batch_and_others_the_whole_table() {
    let place = Place::new();
    raw(&place, "('a', 2000)");
    let appending = |by_row| {
        let audit = AuditDef {
            by_row,
            ..audit("not_null(year)", year_is_null)
        };
        let model = ModelDef {
            incremental: appended(),
            audits: list(vec![audit]),
            ..model(
                "models.marts.planes",
                Incremental,
                &[("raw", "sources.raw.planes")],
                PLANES,
                planes,
            )
        };
        place.project(
            vec![model],
            vec![],
            vec![place.source("planes", "", PLANES)],
        )
    };
    run_all(&appending(true));
    let table = place.physical()[0].clone();
    place.execute(&[&format!("UPDATE _dbgo.{table} SET year = NULL")]);
    assert_eq!(run_all(&appending(true)).outcome.trouble, None);
    let ran = run_all(&appending(false));
    assert_eq!(ran.outcome.trouble, Some(Kind::Finding));
    assert_eq!(place.query(YEARS), ["2000", "null"]);
    raw(&place, "('c', NULL)");
    let ran = run_all(&appending(true));
    assert_eq!(ran.outcome.trouble, Some(Kind::Finding));
    assert_eq!(place.query(YEARS), ["2000", "null"]);
}

const DAYS: &[ColumnOf] = &[("day", "DATE", true), ("n", "INTEGER", false)];

render!(by_day, |facts, sql| {
    sql.text("SELECT day, n FROM ");
    sql.relation_as(0);
    sql.text(" WHERE day >= ");
    sql.start_date();
    sql.text(" AND day < ");
    sql.end_date();
});
render!(n_is_odd, |facts, sql| {
    sql.text("SELECT day, n FROM ");
    sql.this_as();
    sql.text(" WHERE n % 2 = 1");
});

fn days(place: &Place, audit: AuditDef) -> Project {
    let model = ModelDef {
        incremental: IncrementalDef {
            batch_size: 1,
            ..daily("2013-01-01", "2013-01-05")
        },
        audits: list(vec![audit]),
        ..model(
            "models.marts.days",
            Incremental,
            &[("events", "sources.raw.events")],
            DAYS,
            by_day,
        )
    };
    place.project(vec![model], vec![], vec![place.source("events", "", DAYS)])
}

fn events(place: &Place) {
    place.execute(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.events AS SELECT (DATE '2013-01-01' + i::INTEGER) AS day, i::INTEGER AS n FROM range(4) AS t(i)",
    ]);
}

#[test]
fn what_an_audit_finds_in_several_batches_is_told_once() {
    let place = Place::new();
    events(&place);
    let warning = AuditDef {
        by_row: true,
        severity: Severity::Warn as u8,
        store_failures: true,
        ..audit("even(n)", n_is_odd)
    };
    let ran = run_all(&days(&place, warning));
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    let found = ran.audits();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].failing_rows, found[0].sample.len()), (2, 2));
    assert_eq!(
        place.query("SELECT * FROM _dbgo.marts__days__audit_1 ORDER BY n"),
        ["2013-01-02|1", "2013-01-04|3"]
    );
}

#[test]
fn a_batch_that_fails_an_audit_keeps_those_before_it() {
    let place = Place::new();
    events(&place);
    let strict = AuditDef {
        by_row: true,
        ..audit("even(n)", n_is_odd)
    };
    let ran = run_all(&days(&place, strict));
    let note = ran.note("models.marts.days");
    assert_eq!(
        note,
        "2013-01-02: audit `even(n)` found 1 row\nday = 2013-01-02, n = 1"
    );
    let rows = "SELECT count(*) FROM _dbgo.ledger WHERE batch_id LIKE '%/models.marts.days/%'";
    assert_eq!(place.query(rows), ["1"]);
}

#[test]
fn an_audit_reads_what_its_model_imports() {
    let place = Place::new();
    raw(&place, "('a', 2000), ('b', 1999)");
    let years = place.seed("years", "year\n2000\n", &[("year", "INTEGER", false)]);
    let model = ModelDef {
        audits: list(vec![audit("relationships(year, :years.year)", not_known)]),
        ..model(
            "models.marts.planes",
            Table,
            &[("raw", "sources.raw.planes"), ("years", "seeds.years")],
            PLANES,
            planes,
        )
    };
    let raw = place.source("planes", "", PLANES);
    let ran = run_all(&place.project(vec![model], vec![years], vec![raw]));
    let note = ran.note("models.marts.planes");
    assert!(note.ends_with("found 1 row\nyear = 1999"), "{note}");
}

#[test]
fn an_audit_that_cannot_run_fails_its_model_by_name() {
    let place = Place::new();
    raw(&place, "('a', 2000)");
    let ran = run_all(&project(&place, Table, vec![audit("painted()", broken)]));
    let note = ran.note("models.marts.planes");
    assert!(
        note.starts_with("audit `painted()`: Referenced column \"colour\" not found"),
        "{note}"
    );
    assert!(place.physical().is_empty());
}

#[test]
fn a_view_is_audited_again_when_what_it_shows_changed() {
    let place = Place::new();
    let audits = || vec![audit("not_null(year)", year_is_null)];
    raw(&place, "('a', 2000)");
    run_all(&project(&place, View, audits()));
    raw(&place, "('a', NULL)");
    let ran = run_all(&project(&place, View, audits()));
    assert_eq!(ran.outcome.trouble, Some(Kind::Finding));
}

#[test]
fn failing_rows_are_stored_though_their_batch_is_rolled_back() {
    let place = Place::new();
    let storing = || AuditDef {
        store_failures: true,
        ..audit("not_null(year)", year_is_null)
    };
    raw(&place, "('it''s, {x}', NULL), (NULL, NULL), ('c', 2000)");
    let ran = run_all(&project(&place, Table, vec![storing()]));
    let note = ran.note("models.marts.planes");
    assert!(
        ran.audits()[0].stored == "all of them are in `_dbgo.marts__planes__audit_1`",
        "{note}"
    );
    let stored = "SELECT tail, year FROM _dbgo.marts__planes__audit_1 ORDER BY tail";
    assert_eq!(place.query(stored), ["it's, {x}|null", "null|null"]);
    let types =
        "SELECT data_type FROM duckdb_columns() WHERE table_name = 'marts__planes__audit_1'";
    assert_eq!(place.query(types), ["VARCHAR", "INTEGER"]);

    // They stay until the audit finds others, and are known from the ledger alone.
    std::fs::remove_dir_all(place.path.join(".dbgo")).unwrap();
    raw(&place, "('c', 2000)");
    let ran = run_all(&project(&place, Table, vec![storing()]));
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    assert_eq!(place.query(stored).len(), 2);
    raw(&place, "('d', NULL)");
    run_all(&project(&place, Table, vec![storing()]));
    assert_eq!(place.query(stored), ["d|null"]);

    // Where the audit is gone, so are they, at the next publication.
    raw(&place, "('e', 2000)");
    run_all(&project(
        &place,
        Table,
        vec![audit("unique(tail)", tail_twice)],
    ));
    assert_eq!(place.physical().len(), 1, "{:?}", place.physical());
}

fn by_key_year() -> IncrementalDef {
    const YEAR: &[Str] = &[Str::new("year")];
    by_key(YEAR)
}

#[test]
fn an_audit_that_is_added_runs_over_the_table_that_is_kept() {
    let of = |place: &Place, audits: Vec<AuditDef>, grows: bool| {
        let model = ModelDef {
            audits: list(audits),
            ..model(
                "models.marts.planes",
                if grows { Incremental } else { Table },
                &[("years", "seeds.years")],
                &[("year", "INTEGER", false)],
                all_years,
            )
        };
        let model = ModelDef {
            incremental: if grows {
                by_key_year()
            } else {
                IncrementalDef::NONE
            },
            ..model
        };
        let years = place.seed("years", "year\n2000\n", &[("year", "INTEGER", false)]);
        place.project(vec![model], vec![years], vec![])
    };
    let strict = || vec![audit("not_null(year)", year_is_null)];
    for grows in [false, true] {
        let place = Place::new();
        run_all(&of(&place, vec![], grows));
        let ran = run_all(&of(&place, strict(), grows));
        assert_eq!(
            ran.note("models.marts.planes"),
            "unchanged: 1 input, same load; its rows pass all audits"
        );
        assert_eq!(ran.audits().len(), 1);
        let ran = run_all(&of(&place, strict(), grows));
        assert_eq!(
            ran.note("models.marts.planes"),
            "unchanged: 1 input, same load"
        );
        assert!(ran.audits().is_empty(), "once is enough");

        let table = place
            .physical()
            .into_iter()
            .find(|name| name.starts_with("marts__planes"));
        place.execute(&[&format!(
            "INSERT INTO _dbgo.{} VALUES (NULL)",
            table.unwrap()
        )]);
        let another = vec![audit("no_nulls(year)", year_is_null)];
        let ran = run_all(&of(&place, another, grows));
        assert_eq!(ran.outcome.trouble, Some(Kind::Finding));
        let note = ran.note("models.marts.planes");
        assert_eq!(note, "audit `no_nulls(year)` found 1 row\nyear = null");
    }
}

#[test]
fn a_batch_does_not_hide_rows_that_an_added_audit_never_saw() {
    let place = Place::new();
    events(&place);
    let until = |end, audits: Vec<AuditDef>| {
        let model = ModelDef {
            incremental: daily("2013-01-01", end),
            audits: list(audits),
            ..model(
                "models.marts.days",
                Incremental,
                &[("events", "sources.raw.events")],
                DAYS,
                by_day,
            )
        };
        place.project(vec![model], vec![], vec![place.source("events", "", DAYS)])
    };
    let even = || AuditDef {
        by_row: true,
        ..audit("even(n)", n_is_odd)
    };
    run_all(&until("2013-01-03", vec![]));
    let ran = run_all(&until("2013-01-04", vec![even()]));
    let note = ran.note("models.marts.days");
    assert_eq!(note, "audit `even(n)` found 1 row\nday = 2013-01-02, n = 1");
}

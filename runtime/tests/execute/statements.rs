//! Statements before and after a batch's rows, in its transaction.

use crate::fixture::*;
use crate::render;
use dbgo_runtime::contract::Materialization::{Ephemeral, Incremental, Table};
use dbgo_runtime::contract::*;
use dbgo_runtime::error::Kind;
use dbgo_runtime::project::Project;

const ITEMS: &[ColumnOf] = &[("id", "INTEGER", true), ("v", "VARCHAR", false)];

render!(items, |facts, sql| {
    sql.text("SELECT id, v FROM ");
    sql.relation_as(0);
});
render!(forget_first, |facts, sql| {
    sql.text("DELETE FROM ");
    sql.this();
    sql.text(" WHERE id = 0");
});
render!(forget_first_if_there, |facts, sql| {
    sql.text("-- nothing in a first batch\n");
    if facts.is_incremental() {
        sql.text("DELETE FROM ");
        sql.this();
        sql.text(" WHERE id = 0");
    }
});
render!(note_count, |facts, sql| {
    sql.text("INSERT INTO raw.log SELECT count(*), max(s.id) FROM ");
    sql.this_as();
    sql.text(" CROSS JOIN ");
    sql.relation_as(1);
});
render!(shout, |facts, sql| {
    sql.text("UPDATE ");
    sql.this();
    sql.text(" SET v = upper(v)");
});
render!(nonsense, |facts, sql| {
    sql.text("INSERT INTO raw.nowhere VALUES (1)");
});
render!(lower_case, |facts, sql| {
    sql.text("SELECT * FROM ");
    sql.this_as();
    sql.text(" WHERE v <> upper(v)");
});

fn place() -> Place {
    let place = Place::new();
    place.execute(&[
        "CREATE SCHEMA raw",
        "CREATE TABLE raw.items AS SELECT i::INTEGER AS id, 'a' || i AS v FROM range(3) AS t(i)",
        "CREATE TABLE raw.log (n INTEGER, m INTEGER)",
    ]);
    place
}

fn project(place: &Place, kind: Materialization, of: fn(ModelDef) -> ModelDef) -> Project {
    let items_of = |path, kind| {
        let imports: &[(&str, &str)] = &[("raw", "sources.raw.items"), ("s", "models.shop.some")];
        model(path, kind, imports, ITEMS, items)
    };
    let some = model(
        "models.shop.some",
        Ephemeral,
        &[("raw", "sources.raw.items")],
        ITEMS,
        items,
    );
    let strategy = match kind {
        Incremental => appended(),
        _ => IncrementalDef::NONE,
    };
    let model = ModelDef {
        incremental: strategy,
        ..items_of("models.shop.items", kind)
    };
    let raw = place.source("items", "", ITEMS);
    place.project(vec![of(model), some], vec![], vec![raw])
}

const ROWS: &str = "SELECT id, v FROM shop__dev_test.items ORDER BY id, v";

#[test]
fn statements_see_the_table_as_it_is_before_and_after_the_rows() {
    let place = place();
    let of = |model| ModelDef {
        before: list(vec![forget_first_if_there as Render]),
        after: list(vec![note_count as Render]),
        ..model
    };
    for _ in 0..2 {
        let ran = run_all(&project(&place, Incremental, of));
        assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    }
    // Three rows; then one is removed, and three are added.
    assert_eq!(
        place.query("SELECT n, m FROM raw.log ORDER BY n"),
        ["9|2", "15|2"]
    );
    assert_eq!(place.query(ROWS).len(), 5);
}

#[test]
fn a_table_that_is_not_there_is_not_read_before_it_is_made() {
    let place = place();
    let of = |model| ModelDef {
        before: list(vec![forget_first as Render]),
        ..model
    };
    let ran = run_all(&project(&place, Incremental, of));
    assert_eq!(ran.outcome.trouble, Some(Kind::Finding));
    let note = ran.note("models.shop.items");
    assert!(note.contains("no-table-yet"), "{note}");
    assert!(note.contains("#if is_incremental"), "{note}");
    // A table that is built aside has no rows before, in a later run neither.
    let ran = run_all(&project(&place, Table, of));
    assert!(ran.note("models.shop.items").contains("no-table-yet"));
}

#[test]
fn a_statement_that_fails_leaves_nothing_of_its_batch() {
    let place = place();
    let of = |model| ModelDef {
        after: list(vec![note_count as Render, nonsense as Render]),
        ..model
    };
    let ran = run_all(&project(&place, Table, of));
    let note = ran.note("models.shop.items");
    assert!(note.starts_with("`#after`: "), "{note}");
    assert!(note.contains("nowhere"), "{note}");
    assert!(place.physical().is_empty());
    assert_eq!(place.query("SELECT count(*) FROM raw.log"), ["0"]);
}

#[test]
fn audits_see_what_the_statements_behind_the_rows_changed() {
    let place = place();
    let of = |model| ModelDef {
        after: list(vec![shout as Render]),
        audits: list(vec![AuditDef {
            by_row: true,
            ..audit("upper_case(v)", lower_case)
        }]),
        ..model
    };
    let ran = run_all(&project(&place, Incremental, of));
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    assert_eq!(place.query(ROWS), ["0|A0", "1|A1", "2|A2"]);
}

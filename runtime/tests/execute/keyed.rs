//! Merges that the model steers, partitions, and indexes.

use crate::fixture::*;
use crate::render;
use dbgo_runtime::contract::Materialization::{Incremental, Table};
use dbgo_runtime::contract::*;
use dbgo_runtime::error::Kind;
use dbgo_runtime::project::Project;

const ITEMS: &[ColumnOf] = &[
    ("id", "INTEGER", true),
    ("v", "VARCHAR", false),
    ("n", "INTEGER", false),
];
const KEY: &[Str] = &[Str::new("id")];
const V: &[Str] = &[Str::new("v")];

render!(items, |facts, sql| {
    sql.text("SELECT id, v, n FROM ");
    sql.relation_as(0);
});

fn raw(place: &Place, rows: &str) {
    place.execute(&[
        "CREATE SCHEMA IF NOT EXISTS raw",
        "CREATE OR REPLACE TABLE raw.items (id INTEGER, v VARCHAR, n INTEGER)",
        &format!("INSERT INTO raw.items VALUES {rows}"),
    ]);
}

fn items_of(incremental: IncrementalDef) -> ModelDef {
    ModelDef {
        incremental,
        ..model(
            "models.shop.items",
            Incremental,
            &[("raw", "sources.raw.items")],
            ITEMS,
            items,
        )
    }
}

fn project(place: &Place, of: ModelDef) -> Project {
    place.project(vec![of], vec![], vec![place.source("items", "", ITEMS)])
}

fn merging(place: &Place, merge: MergeDef) -> Project {
    let of = ModelDef {
        merge,
        ..items_of(by_key(KEY))
    };
    project(place, of)
}

const ROWS: &str = "SELECT id, v, n FROM shop__dev_test.items ORDER BY id, v, n";

#[test]
fn only_some_columns_are_updated() {
    let place = Place::new();
    let merge = || MergeDef {
        update: List::new(V),
        ..MergeDef::NONE
    };
    raw(&place, "(1, 'a', 10), (2, 'b', 20)");
    run_all(&merging(&place, merge()));
    raw(&place, "(2, 'c', 99), (3, 'd', 30)");
    let ran = run_all(&merging(&place, merge()));
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    assert_eq!(ran.outcome.steps[0].rows, Some(2));
    assert_eq!(place.query(ROWS), ["1|a|10", "2|c|20", "3|d|30"]);
}

#[test]
fn rows_are_removed_on_a_condition() {
    let place = Place::new();
    let merge = || MergeDef {
        delete_when: Str::new("new.v = 'gone' -- or this.n < 0"),
        ..MergeDef::NONE
    };
    // In the first batch too, which matches nothing.
    raw(
        &place,
        "(1, 'a', 10), (2, 'b', 20), (9, 'gone', 0), (8, NULL, 0)",
    );
    let ran = run_all(&merging(&place, merge()));
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    assert_eq!(place.query(ROWS), ["1|a|10", "2|b|20", "8|null|0"]);
    raw(&place, "(2, 'gone', 20), (3, 'gone', 30), (8, 'h', 1)");
    run_all(&merging(&place, merge()));
    assert_eq!(place.query(ROWS), ["1|a|10", "8|h|1"]);
}

#[test]
fn a_condition_beside_the_key_says_which_row_stays() {
    let place = Place::new();
    let merge = |delete_when| MergeDef {
        on: Str::new("this.n < new.n -- or this.n is null"),
        delete_when: Str::new(delete_when),
        ..MergeDef::NONE
    };
    raw(&place, "(1, 'a', 10), (2, 'b', 20), (4, 'x', NULL)");
    run_all(&merging(&place, merge("")));
    raw(
        &place,
        "(1, 'c', 11), (2, 'd', 19), (3, 'e', 0), (4, 'y', 1)",
    );
    let ran = run_all(&merging(&place, merge("")));
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    assert_eq!(ran.outcome.steps[0].rows, Some(2));
    let rows = ["1|c|11", "2|b|20", "3|e|0", "4|x|null"];
    assert_eq!(place.query(ROWS), rows);
    // What isn't replaced isn't taken away either.
    let deleting = || merging(&place, merge("new.v = 'gone'"));
    run_all(&deleting());
    raw(&place, "(1, 'gone', 10), (2, 'gone', 21), (3, 'f', 5)");
    run_all(&deleting());
    raw(&place, "(1, 'gone', 10), (2, 'gone', 21), (3, 'f', 5)");
    run_all(&deleting());
    assert_eq!(place.query(ROWS), ["1|c|11", "3|f|5", "4|y|1"]);
}

#[test]
fn a_batch_replaces_the_partitions_that_it_touches() {
    const BY: &[Str] = &[Str::new("v"), Str::new("n")];
    let place = Place::new();
    let partitioned = || {
        project(
            &place,
            items_of(IncrementalDef {
                strategy: Strategy::Partition as u8,
                partition_by: List::new(BY),
                ..IncrementalDef::NONE
            }),
        )
    };
    raw(
        &place,
        "(1, 'a', 1), (2, 'a', 1), (3, 'a', 2), (4, NULL, 1), (5, NULL, NULL)",
    );
    run_all(&partitioned());
    raw(&place, "(6, 'a', 1), (7, NULL, NULL), (8, 'z', 0)");
    let ran = run_all(&partitioned());
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    assert_eq!(ran.outcome.steps[0].rows, Some(3));
    assert_eq!(
        place.query(ROWS),
        ["3|a|2", "4|null|1", "6|a|1", "7|null|null", "8|z|0"]
    );
    place.execute(&["DELETE FROM raw.items"]);
    run_all(&partitioned());
    assert_eq!(place.query(ROWS).len(), 5, "no rows touch no partition");
}

fn index(unique: bool, columns: &'static [Str]) -> IndexDef {
    IndexDef {
        unique,
        columns: List::new(columns),
    }
}

const INDEXES: &str = "SELECT expressions FROM duckdb_indexes() \
     WHERE schema_name = '_dbgo' AND index_name LIKE 'shop\\_\\_items%' ESCAPE '\\' ORDER BY ALL";

#[test]
fn indexes_are_made_with_the_table_and_kept_as_declared() {
    let place = Place::new();
    let indexed = |indexes| {
        let of = ModelDef {
            indexes: list(indexes),
            ..items_of(by_key(KEY))
        };
        project(&place, of)
    };
    raw(&place, "(1, 'a', 10), (2, 'b', 20)");
    let ran = run_all(&indexed(vec![index(true, KEY)]));
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    assert_eq!(place.query(INDEXES), ["[id]"]);
    // Keys are replaced in a table with a unique index, and other indexes come and go.
    raw(&place, "(2, 'c', 21), (3, 'd', 30)");
    let ran = run_all(&indexed(vec![index(true, KEY), index(false, V)]));
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    assert_eq!(place.query(INDEXES), ["[id]", "[v]"]);
    assert_eq!(place.query(ROWS), ["1|a|10", "2|c|21", "3|d|30"]);
    let found = |v| {
        place.query(&format!(
            "SELECT id FROM shop__dev_test.items WHERE v = '{v}'"
        ))
    };
    assert_eq!((found("b").len(), found("c").len()), (0, 1));
    for v in ["e", "f"] {
        raw(&place, &format!("(2, '{v}', 22), (3, 'd', 31)"));
        run_all(&indexed(vec![index(true, KEY), index(false, V)]));
        assert_eq!((found("c").len(), found(v).len()), (0, 1));
    }
    run_all(&indexed(vec![index(false, V)]));
    assert_eq!(place.query(INDEXES), ["[v]"]);
}

#[test]
fn a_unique_index_that_does_not_hold_names_its_values() {
    let place = Place::new();
    let indexed = |kind| {
        let of = ModelDef {
            indexes: list(vec![index(true, V)]),
            materialization: kind as u8,
            incremental: match kind {
                Incremental => appended(),
                _ => IncrementalDef::NONE,
            },
            ..items_of(appended())
        };
        project(&place, of)
    };
    raw(
        &place,
        "(1, 'a', 10), (2, 'a', 20), (3, NULL, 1), (4, NULL, 1)",
    );
    let ran = run_all(&indexed(Table));
    assert_eq!(ran.outcome.trouble, Some(Kind::Finding));
    assert_eq!(
        ran.note("models.shop.items"),
        "the unique index on `v` doesn't hold\nv = a in 2 rows"
    );
    raw(&place, "(1, 'a', 10), (3, NULL, 1), (4, NULL, 1)");
    assert_eq!(run_all(&indexed(Incremental)).outcome.trouble, None);
    let ran = run_all(&indexed(Incremental));
    let note = ran.note("models.shop.items");
    assert_eq!(
        note,
        "the unique index on `v` doesn't hold\nv = a in 2 rows"
    );
}

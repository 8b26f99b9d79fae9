//! Versions of rows, `scd2`: from the first run on, over changes of rows and of the query.

use crate::fixture::*;
use crate::render;
use dbgo_runtime::contract::Materialization::Scd2;
use dbgo_runtime::contract::*;
use dbgo_runtime::error::Kind;
use dbgo_runtime::execute::RunOptions;
use dbgo_runtime::project::Project;

const RAW: &[ColumnOf] = &[
    ("id", "INTEGER", false),
    ("city", "VARCHAR", false),
    ("seen", "TIMESTAMP", false),
];
const CUSTOMERS: &[ColumnOf] = &[
    ("id", "INTEGER", true),
    ("city", "VARCHAR", false),
    ("seen", "TIMESTAMP", false),
    ("valid_from", "TIMESTAMP", true),
    ("valid_to", "TIMESTAMP", false),
];
const WITH_SIZE: &[ColumnOf] = &[
    ("id", "INTEGER", true),
    ("city", "VARCHAR", false),
    ("seen", "TIMESTAMP", false),
    ("size", "INTEGER", false),
    ("valid_from", "TIMESTAMP", true),
    ("valid_to", "TIMESTAMP", false),
];
const ID: &[Str] = &[Str::new("id")];
const CITY: &[Str] = &[Str::new("city")];

render!(customers, |facts, sql| {
    sql.text("SELECT id, city, seen FROM ");
    sql.relation_as(0);
});
render!(with_size, |facts, sql| {
    sql.text("SELECT id, city, seen, length(city)::INTEGER AS size FROM ");
    sql.relation_as(0);
});
render!(open_twice, |facts, sql| {
    sql.text("SELECT id, count(*) AS open FROM ");
    sql.this_as();
    sql.text(" WHERE valid_to IS NULL GROUP BY id HAVING count(*) > 1");
});

fn by_time() -> Scd2Def {
    Scd2Def {
        unique_key: List::new(ID),
        updated_at: Str::new("seen"),
        check: List::new(&[]),
        hard_deletes: HardDeletes::Close as u8,
        valid_from: Str::new("valid_from"),
        valid_to: Str::new("valid_to"),
    }
}

fn project(place: &Place, of: ModelDef) -> Project {
    place.project(vec![of], vec![], vec![place.source("customers", "", RAW)])
}

fn customers_of(scd2: Scd2Def, columns: &[ColumnOf], render: Render) -> ModelDef {
    ModelDef {
        scd2,
        audits: list(vec![audit("one_present_version()", open_twice)]),
        ..model(
            "models.crm.customers",
            Scd2,
            &[("raw", "sources.raw.customers")],
            columns,
            render,
        )
    }
}

fn raw(place: &Place, rows: &str) {
    place.execute(&[
        "CREATE SCHEMA IF NOT EXISTS raw",
        "CREATE OR REPLACE TABLE raw.customers (id INTEGER, city VARCHAR, seen TIMESTAMP)",
        &format!("INSERT INTO raw.customers VALUES {rows}"),
    ]);
}

const VERSIONS: &str = "SELECT id, city, CAST(valid_from AS DATE), CAST(valid_to AS DATE) \
     FROM crm__dev_test.customers ORDER BY id, valid_from";

#[test]
fn versions_follow_the_time_of_the_change() {
    let place = Place::new();
    let project = || project(&place, customers_of(by_time(), CUSTOMERS, customers));
    raw(
        &place,
        "(1, 'Rome', '2024-01-01'), (2, 'Oslo', '2024-01-02')",
    );
    let ran = run_all(&project());
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    raw(
        &place,
        "(1, 'Bern', '2024-03-01'), (2, 'Lyon', '2024-01-01'), (3, 'Graz', '2024-02-01')",
    );
    let ran = run_all(&project());
    assert_eq!(ran.outcome.steps[0].rows, Some(2));
    let expected = [
        "1|Rome|2024-01-01|2024-03-01",
        "1|Bern|2024-03-01|null",
        "2|Oslo|2024-01-02|null",
        "3|Graz|2024-02-01|null",
    ];
    assert_eq!(place.query(VERSIONS), expected);
    // Once more, also where everything is asked for anew.
    let options = RunOptions {
        full_refresh: true,
        ..RunOptions::default()
    };
    for _ in 0..2 {
        assert_eq!(
            run_with(&project(), &options).unwrap().outcome.trouble,
            None
        );
        assert_eq!(place.query(VERSIONS), expected);
    }
    raw(
        &place,
        "(1, 'Bern', '2024-03-01'), (3, 'Graz', '2024-02-01')",
    );
    run_all(&project());
    let open = "SELECT count(*) FROM crm__dev_test.customers WHERE valid_to IS NULL";
    assert_eq!(place.query(open), ["2"], "what is gone has ended");
    let today = "SELECT count(*) FROM crm__dev_test.customers \
         WHERE id = 2 AND valid_to BETWEEN now()::TIMESTAMP - INTERVAL 1 HOUR AND now()::TIMESTAMP";
    assert_eq!(place.query(today), ["1"]);
}

#[test]
fn versions_follow_the_columns_that_are_looked_at() {
    let place = Place::new();
    let by_city = || Scd2Def {
        updated_at: Str::EMPTY,
        check: List::new(CITY),
        hard_deletes: HardDeletes::Ignore as u8,
        ..by_time()
    };
    let project = || project(&place, customers_of(by_city(), CUSTOMERS, customers));
    raw(&place, "(1, 'Rome', NULL), (2, NULL, NULL)");
    run_all(&project());
    raw(&place, "(1, 'Rome', '2024-01-01'), (2, 'Oslo', NULL)");
    let ran = run_all(&project());
    assert_eq!(ran.outcome.steps[0].rows, Some(1));
    raw(&place, "(2, 'Oslo', NULL)");
    run_all(&project());
    let rows = "SELECT id, city, valid_to IS NULL FROM crm__dev_test.customers ORDER BY ALL";
    assert_eq!(place.query(rows), ["1|Rome|1", "2|Oslo|1", "2|null|0"]);
}

#[test]
fn keys_and_times_have_to_be_there() {
    let place = Place::new();
    let project = || project(&place, customers_of(by_time(), CUSTOMERS, customers));
    for (rows, message) in [
        (
            "(1, 'a', '2024-01-01'), (1, 'b', '2024-01-02')",
            "the key `id` isn't unique",
        ),
        (
            "(NULL, 'a', '2024-01-01')",
            "contract `not null` broken: `id`",
        ),
        ("(1, 'a', NULL), (2, 'b', NULL)", "2 rows without `seen`"),
    ] {
        raw(&place, rows);
        let ran = run_all(&project());
        assert_eq!(ran.outcome.trouble, Some(Kind::Finding));
        let note = ran.note("models.crm.customers");
        assert!(note.starts_with(message), "{note}");
        assert!(place.physical().is_empty());
    }
}

#[test]
fn versions_outlive_a_change_of_the_query() {
    let place = Place::new();
    raw(&place, "(1, 'Rome', '2024-01-01')");
    run_all(&project(
        &place,
        customers_of(by_time(), CUSTOMERS, customers),
    ));
    raw(&place, "(1, 'Bern', '2024-03-01')");
    let error = run_with(
        &project(&place, customers_of(by_time(), WITH_SIZE, with_size)),
        &RunOptions::default(),
    );
    assert_eq!(error.err().unwrap().code.text(), "columns-changed");
    let growing = ModelDef {
        on_schema_change: OnSchemaChange::Append as u8,
        ..customers_of(by_time(), WITH_SIZE, with_size)
    };
    let ran = run_all(&project(&place, growing));
    assert_eq!(ran.outcome.trouble, None, "{:?}", ran.outcome.steps);
    let rows = "SELECT city, size FROM crm__dev_test.customers ORDER BY valid_from";
    assert_eq!(place.query(rows), ["Rome|null", "Bern|4"]);
}

#[test]
fn a_history_that_can_be_computed_again_is_built_anew() {
    let place = Place::new();
    let project = || {
        let of = ModelDef {
            history: History::Rebuild as u8,
            ..customers_of(by_time(), CUSTOMERS, customers)
        };
        project(&place, of)
    };
    raw(&place, "(1, 'Rome', '2024-01-01')");
    run_all(&project());
    raw(&place, "(1, 'Bern', '2024-03-01')");
    let options = RunOptions {
        full_refresh: true,
        ..RunOptions::default()
    };
    run_with(&project(), &options).unwrap();
    assert_eq!(place.query(VERSIONS), ["1|Bern|2024-03-01|null"]);
}

//! A hand-made example of what the compiler writes for a model, and what its
//! users do with it.

mod revenue;

use dbgo_rows::arrow::read_batch;
use dbgo_rows::{Model, ReadErrorKind, select_list};
use duckdb::Connection;

use self::revenue::{Revenue, RevenueAmount, RevenueStatus, columns};
use crate::engine::{open, query};

/// The model's rows, selected as the runtime does.
fn rows(connection: &Connection) -> Vec<Result<Revenue, dbgo_rows::ReadError>> {
    let sql = format!(
        "SELECT {} FROM {} ORDER BY 1",
        select_list::<Revenue>(),
        Revenue::NAME
    );
    let batches = query(connection, &sql);
    batches.iter().flat_map(read_batch::<Revenue>).collect()
}

fn build(connection: &Connection, rows: &str) {
    let columns: Vec<String> = Revenue::columns()
        .iter()
        .map(|column| format!("{} {}", column.name, column.sql_type))
        .collect();
    let sql = format!(
        "CREATE SCHEMA finance; CREATE TABLE finance.revenue ({}); INSERT INTO finance.revenue VALUES {rows}",
        columns.join(", ")
    );
    connection
        .execute_batch(&sql)
        .unwrap_or_else(|error| panic!("{error}\n{sql}"));
}

#[test]
fn a_model_is_read_from_the_engine() {
    let connection = open();
    build(
        &connection,
        "(1, 12.50, 'Ann', '2013-01-01 10:00:00', {'a': 1, 'b': ['x', NULL]}, MAP {'k': 2}, 'void', INTERVAL '1 month -1 hour', 5::INTEGER),
         (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    );
    let rows: Vec<Revenue> = rows(&connection)
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap();
    let first = &rows[0];
    assert_eq!(first.transaction_id, 1);
    assert_eq!(first.usd_amount, Some("12.5".parse().unwrap()));
    assert_eq!(first.customer.as_deref(), Some("Ann"));
    assert_eq!(first.paid_at, Some("2013-01-01 10:00:00".parse().unwrap()));
    let details = first.details.as_ref().unwrap();
    assert_eq!((details.a, details.b.as_ref().unwrap().len()), (Some(1), 2));
    assert_eq!(first.counts.as_ref().unwrap().value("k"), Some(&Some(2)));
    assert_eq!(first.status, Some(RevenueStatus::Void));
    assert_eq!(first.waited, Some("1 month -01:00:00".parse().unwrap()));
    assert_eq!(first.amount, Some(RevenueAmount::Num(Some(5))));
    assert_eq!(first.validate(), Ok(()));
    assert_eq!(rows[1].details, None);
    assert_eq!(
        columns::STATUS.name(),
        Revenue::columns()[columns::STATUS.index()].name
    );
}

#[test]
fn a_claim_that_does_not_hold_is_named() {
    let connection = open();
    build(
        &connection,
        "(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    );
    let error = rows(&connection).remove(0).unwrap_err();
    assert_eq!(error.kind(), ReadErrorKind::Null);
    assert_eq!(
        (error.model(), error.column()),
        ("finance.revenue", "transaction_id")
    );
    assert_eq!(
        error.to_string(),
        "column `transaction_id` of `finance.revenue` is claimed to be `BIGINT NOT NULL`, but holds a null"
    );
}

#[test]
fn other_data_is_named_too() {
    let connection = open();
    let read = |sql: &str| {
        let batches = query(&connection, sql);
        read_batch::<Revenue>(&batches[0])
            .next()
            .unwrap()
            .unwrap_err()
    };
    let missing = read("SELECT 1::BIGINT AS transaction_id");
    assert_eq!(missing.kind(), ReadErrorKind::MissingColumn);
    assert_eq!(
        missing.to_string(),
        "the data has no column `usd_amount` (DECIMAL(18,2)) of `finance.revenue`"
    );
    let mistyped = read("SELECT 'one' AS Transaction_ID");
    assert_eq!(
        mistyped.to_string(),
        "column `transaction_id` of `finance.revenue` (BIGINT): expected a BIGINT, found VARCHAR `one`"
    );
    let wide = read("SELECT 9223372036854775808::HUGEINT AS transaction_id");
    assert_eq!(wide.kind(), ReadErrorKind::Value);
}

//! Rows of a query as text that can be compared exactly.

use duckdb::arrow::util::display::{ArrayFormatter, FormatOptions};
use duckdb::{Config, Connection};
use std::path::Path;

/// All rows of a query, in the order of their text: two queries with the same rows have the same.
#[derive(Debug, PartialEq, Eq)]
pub struct Rows {
    /// The types of the columns.
    pub types: Vec<String>,
    /// The values; `None` is null.
    pub rows: Vec<Vec<Option<String>>>,
}

/// Opens a database with one thread: sums of floating-point numbers depend on who adds what first.
pub fn open(database: &Path) -> Connection {
    let config = Config::default()
        .with("threads", "1")
        .expect("a setting of the engine");
    Connection::open_with_flags(database, config).expect("the database opens")
}

/// Runs a query. A floating-point number is written so that no two of them share a text.
pub fn rows_of(connection: &Connection, sql: &str) -> Rows {
    try_rows_of(connection, sql).unwrap_or_else(|error| panic!("{error}\n{sql}"))
}

/// Runs a query that may fail.
pub fn try_rows_of(connection: &Connection, sql: &str) -> duckdb::Result<Rows> {
    let mut statement = connection.prepare(sql)?;
    let result = statement.query_arrow([])?;
    let types = result
        .get_schema()
        .fields()
        .iter()
        .map(|field| field.data_type().to_string())
        .collect();
    let mut rows = Vec::new();
    for batch in result {
        let options = FormatOptions::default();
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|column| {
                (
                    column,
                    ArrayFormatter::try_new(column, &options).expect("a printable type"),
                )
            })
            .collect();
        for row in 0..batch.num_rows() {
            let value = |(column, text): &(&duckdb::arrow::array::ArrayRef, ArrayFormatter<'_>)| {
                column.is_valid(row).then(|| text.value(row).to_string())
            };
            rows.push(columns.iter().map(value).collect());
        }
    }
    rows.sort();
    Ok(Rows { types, rows })
}

//! The real engine, set up as a reader of rows sets it up.

use duckdb::Connection;
use duckdb::arrow::record_batch::RecordBatch;

use dbgo_rows::arrow::ValueReader;
use dbgo_rows::{SESSION_SETTINGS, SqlType, Value, read_projection, sql_literal};

/// An empty database in memory whose session has the settings.
pub fn open() -> Connection {
    let connection = Connection::open_in_memory().expect("the engine opens");
    let settings = SESSION_SETTINGS.iter().chain(&[("TimeZone", "UTC")]);
    for (name, value) in settings {
        connection
            .execute_batch(&format!("SET {name} = '{value}'"))
            .expect("the engine knows the setting");
    }
    connection
}

/// The result of a query.
pub fn query(connection: &Connection, sql: &str) -> Vec<RecordBatch> {
    let mut statement = connection
        .prepare(sql)
        .unwrap_or_else(|error| panic!("{error}\n{sql}"));
    let batches = statement
        .query_arrow([])
        .unwrap_or_else(|error| panic!("{error}\n{sql}"));
    batches.collect()
}

/// The values of a query's column; `sql_type` as the reader is to know it.
pub fn column(batches: &[RecordBatch], index: usize, sql_type: Option<&SqlType>) -> Vec<Value> {
    let mut values = Vec::new();
    for batch in batches {
        let schema = batch.schema();
        let reader = ValueReader::new(schema.field(index), sql_type).expect("a known Arrow type");
        for row in 0..batch.num_rows() {
            let value = reader.read(batch.column(index), row);
            values.push(value.unwrap_or_else(|error| panic!("{error}: {schema:?}")));
        }
    }
    values
}

/// What came back for values that were stored.
pub struct Returned {
    /// Through Arrow.
    pub values: Vec<Value>,
    /// As the engine prints them; null for null.
    pub texts: Vec<Value>,
    /// `typeof` of each.
    pub types: Vec<Value>,
}

/// Stores values of one type in a table and reads them.
pub fn store_and_read(connection: &Connection, sql_type: &SqlType, values: &[Value]) -> Returned {
    let rows: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(index, value)| format!("({index}, {})", sql_literal(value, sql_type)))
        .collect();
    let rows = format!("SELECT * FROM (VALUES {}) AS rows (i, c)", rows.join(", "));
    let source = if holds_null_type(sql_type) {
        // no table has columns of this type, but a query does
        format!("({rows})")
    } else {
        let create = format!("CREATE OR REPLACE TABLE stored AS {rows}");
        connection
            .execute_batch(&create)
            .unwrap_or_else(|error| panic!("{error}\n{create}"));
        "stored".to_string()
    };
    let read = read_projection(sql_type, "c").unwrap_or_else(|| "c".to_string());
    let sql = format!("SELECT {read} AS c, CAST(c AS VARCHAR), typeof(c) FROM {source} ORDER BY i");
    let batches = query(connection, &sql);
    Returned {
        values: column(&batches, 0, Some(sql_type)),
        texts: column(&batches, 1, None),
        types: column(&batches, 2, None),
    }
}

/// Whether the type of a bare null is part of the type.
fn holds_null_type(sql_type: &SqlType) -> bool {
    contains(sql_type, &|part| *part == SqlType::Null)
}

/// Whether some part of the type, or the type itself, is such a one.
pub fn contains(sql_type: &SqlType, such: &dyn Fn(&SqlType) -> bool) -> bool {
    such(sql_type)
        || match sql_type {
            SqlType::List(element) | SqlType::Array(element, _) => contains(element, such),
            SqlType::Map(key, value) => contains(key, such) || contains(value, such),
            SqlType::Struct(members) | SqlType::Union(members) => {
                members.iter().any(|(_, member)| contains(member, such))
            }
            _ => false,
        }
}

/// Stores the values, reads them, and compares: values, types and texts.
pub fn assert_round_trip(connection: &Connection, sql_type: &SqlType, values: &[Value]) {
    let returned = store_and_read(connection, sql_type, values);
    assert_eq!(returned.values, values, "values of {sql_type}");
    for text in returned.types {
        let Value::Varchar(text) = text else {
            panic!("typeof gave {text:?}");
        };
        // a bare null of any type is of the type of null in a table-less query
        assert_eq!(text.parse::<SqlType>().as_ref(), Ok(sql_type), "{text}");
    }
    if prints_alike(sql_type) {
        let texts = values.iter().map(|value| match value {
            Value::Null => Value::Null,
            value => Value::Varchar(value.to_string()),
        });
        assert_eq!(
            returned.texts,
            texts.collect::<Vec<_>>(),
            "texts of {sql_type}"
        );
    }
}

/// Whether `Display` promises the engine's own text: not for digits of
/// floats, nor for the zero before the point of a decimal that has no other.
fn prints_alike(sql_type: &SqlType) -> bool {
    !contains(sql_type, &|part| match part {
        SqlType::Float | SqlType::Double => true,
        SqlType::Decimal { width, scale } => width == scale,
        _ => false,
    })
}

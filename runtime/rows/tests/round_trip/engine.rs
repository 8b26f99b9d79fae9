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
    let create = format!("CREATE OR REPLACE TABLE stored AS {rows}");
    connection
        .execute_batch(&create)
        .unwrap_or_else(|error| panic!("{error}\n{create}"));
    let read = read_projection(sql_type, "c").unwrap_or_else(|| "c".to_string());
    let sql = format!("SELECT {read} AS c, CAST(c AS VARCHAR), typeof(c) FROM stored ORDER BY i");
    let batches = query(connection, &sql);
    Returned {
        values: column(&batches, 0, Some(sql_type)),
        texts: column(&batches, 1, None),
        types: column(&batches, 2, None),
    }
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
        assert_eq!(text.parse::<SqlType>().as_ref(), Ok(sql_type), "{text}");
    }
    for (value, text) in values.iter().zip(returned.texts) {
        if prints_alike(value) {
            let expected = match value {
                Value::Null => Value::Null,
                value => Value::Varchar(value.to_string()),
            };
            assert_eq!(text, expected, "text of a {sql_type}");
        }
    }
}

/// Whether `Display` promises the engine's own text; see there.
fn prints_alike(value: &Value) -> bool {
    match value {
        Value::Float(_) | Value::Double(_) => false,
        Value::Decimal(number) => {
            number.unscaled().unsigned_abs() >= 10_u128.pow(u32::from(number.scale()))
        }
        Value::TimeTz(time) => {
            let offset = time.offset_seconds();
            offset % 60 == 0 || offset / 60 % 60 != 0
        }
        Value::TimestampTz(moment) => {
            !moment.is_finite() || (moment.micros() / 1_000).unsigned_abs() < 1 << 53
        }
        Value::List(values) | Value::Array(values) => values.iter().all(prints_alike),
        Value::Struct(fields) => fields.iter().all(|(_, field)| prints_alike(field)),
        Value::Map(pairs) => pairs
            .iter()
            .all(|(key, value)| prints_alike(key) && prints_alike(value)),
        Value::Union(_, value) => prints_alike(value),
        _ => true,
    }
}

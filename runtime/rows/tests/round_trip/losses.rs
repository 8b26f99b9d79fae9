//! What the export loses without the settings and projections: when one of
//! these fails, the engine has become better and the reader may ask for less.

use dbgo_rows::arrow::ValueReader;
use dbgo_rows::{ReadErrorKind, SqlType, Value, read_projection};

use crate::engine::{column, open, query};

fn plain(sql: &str, sql_type: &str) -> Value {
    let sql_type: SqlType = sql_type.parse().expect("a type");
    let batches = query(&open(), &format!("SELECT {sql}"));
    column(&batches, 0, Some(&sql_type)).remove(0)
}

#[test]
fn without_the_setting_types_are_lost() {
    let connection = open();
    connection
        .execute_batch("SET arrow_lossless_conversion = false")
        .expect("the engine knows the setting");
    let batches = query(
        &connection,
        "SELECT '12:00:00+01'::TIMETZ, '101'::BIT, (-1)::HUGEINT, '{}'::JSON",
    );
    assert_eq!(
        column(&batches, 0, None)[0],
        Value::Time("12:00:00".parse().expect("a time"))
    );
    assert!(matches!(column(&batches, 1, None)[0], Value::Blob(_)));
    assert!(matches!(column(&batches, 2, None)[0], Value::Decimal(_)));
    assert!(matches!(column(&batches, 3, None)[0], Value::Varchar(_)));
}

#[test]
fn huge_intervals_overflow_and_are_refused() {
    let batches = query(&open(), "SELECT to_microseconds(9223372036854775807)");
    let schema = batches[0].schema();
    let reader = ValueReader::new(schema.field(0), None).expect("a known Arrow type");
    let read = reader.read(batches[0].column(0), 0);
    // the remainder of the overflow; a multiple of 1,000 would go unseen
    assert!(
        read.as_ref().map_or_else(
            |error| error.kind() == ReadErrorKind::Value,
            |value| { value.to_string() != "2562047788:00:54.775807" }
        ),
        "{read:?}"
    );
}

#[test]
fn null_unions_look_like_null_members() {
    let null_union = plain("NULL::UNION(a INTEGER)", "UNION(a INTEGER)");
    let null_member = plain("union_value(a := NULL::INTEGER)", "UNION(a INTEGER)");
    assert_eq!(null_union, null_member);
}

#[test]
fn variants_are_read_as_text() {
    let variant = "{'a': 1::HUGEINT}::VARIANT";
    let projection = read_projection(&SqlType::Variant, variant).expect("a projection");
    assert_eq!(
        plain(&projection, "VARIANT"),
        Value::Varchar("{'a': 1}".to_string())
    );
}

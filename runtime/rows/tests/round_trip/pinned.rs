//! The edges of each type, one by one, in the engine.

use dbgo_rows::{
    BigNum, Bit, Blob, Date, Decimal, Interval, SqlType, Time, TimeTz, Timestamp, TimestampMs,
    TimestampNs, TimestampS, TimestampTz, Value,
};

use crate::engine::{assert_round_trip, column, open, query};
use crate::strategies::{DATE_DAYS, TIMESTAMP_MICROS, TIMESTAMP_NANOS};

fn parsed<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a valid text")
}

fn text(text: &str) -> Value {
    Value::Varchar(text.to_string())
}

/// Each type with its edges; a null is added to each.
fn edges() -> Vec<(&'static str, Vec<Value>)> {
    let mut edges = numbers();
    edges.extend(texts());
    edges.extend(times());
    edges.extend(nested());
    edges
}

fn numbers() -> Vec<(&'static str, Vec<Value>)> {
    let decimal = |text: &str| Value::Decimal(parsed::<Decimal>(text));
    vec![
        ("BOOLEAN", vec![false.into(), true.into()]),
        ("TINYINT", vec![i8::MIN.into(), i8::MAX.into()]),
        ("SMALLINT", vec![i16::MIN.into(), i16::MAX.into()]),
        ("INTEGER", vec![i32::MIN.into(), i32::MAX.into()]),
        ("BIGINT", vec![i64::MIN.into(), i64::MAX.into()]),
        (
            "HUGEINT",
            vec![i128::MIN.into(), (-1_i128).into(), i128::MAX.into()],
        ),
        ("UTINYINT", vec![0_u8.into(), u8::MAX.into()]),
        ("USMALLINT", vec![u16::MAX.into()]),
        ("UINTEGER", vec![u32::MAX.into()]),
        ("UBIGINT", vec![u64::MAX.into()]),
        ("UHUGEINT", vec![0_u128.into(), u128::MAX.into()]),
        (
            "FLOAT",
            vec![
                (-0.0_f32).into(),
                f32::NAN.into(),
                f32::INFINITY.into(),
                f32::NEG_INFINITY.into(),
                f32::MIN.into(),
                f32::MAX.into(),
                f32::MIN_POSITIVE.into(),
                f32::from_bits(1).into(),
            ],
        ),
        (
            "DOUBLE",
            vec![
                (-0.0_f64).into(),
                f64::NAN.into(),
                f64::INFINITY.into(),
                f64::NEG_INFINITY.into(),
                f64::MIN.into(),
                f64::MAX.into(),
                f64::from_bits(1).into(),
                0.1_f64.into(),
            ],
        ),
        (
            "DECIMAL(38,0)",
            vec![
                decimal("99999999999999999999999999999999999999"),
                decimal("-99999999999999999999999999999999999999"),
            ],
        ),
        (
            "DECIMAL(38,38)",
            vec![
                decimal("0.99999999999999999999999999999999999999"),
                decimal("-0.1"),
            ],
        ),
        (
            "DECIMAL(18,2)",
            vec![decimal("-0.01"), decimal("9999999999999999.99")],
        ),
        ("DECIMAL(4,1)", vec![decimal("999.9"), decimal("0.0")]),
        ("DECIMAL(9,9)", vec![decimal("0.000000001")]),
        (
            "BIGNUM",
            vec![
                BigNum::default().into(),
                parsed::<BigNum>("-255").into(),
                parsed::<BigNum>("-256").into(),
                parsed::<BigNum>(&"9".repeat(300)).into(),
            ],
        ),
    ]
}

fn texts() -> Vec<(&'static str, Vec<Value>)> {
    let bits = |text: &str| Value::Bit(parsed::<Bit>(text));
    vec![
        (
            "VARCHAR",
            vec![
                text(""),
                text("\0"),
                text("a\0b"),
                text("it's \"é\" 🦆\n"),
                text("NULL"),
            ],
        ),
        (
            "BLOB",
            vec![Blob(vec![]).into(), Blob(vec![0, 255, b'\\', b'\'']).into()],
        ),
        (
            "BIT",
            vec![bits("0"), bits("1"), bits("00000000"), bits("101010101")],
        ),
        (
            "UUID",
            vec![
                Value::Uuid(parsed("00000000-0000-0000-0000-000000000000")),
                Value::Uuid(parsed("80000000-0000-0000-0000-000000000000")),
                Value::Uuid(parsed("ffffffff-ffff-ffff-ffff-ffffffffffff")),
            ],
        ),
        (
            "JSON",
            vec![Value::Json(dbgo_rows::Json("{ \"a\" : 1.0 }".into()))],
        ),
        (
            "ENUM('', 'it''s', 'x')",
            vec![Value::Enum(String::new()), Value::Enum("it's".into())],
        ),
    ]
}

fn times() -> Vec<(&'static str, Vec<Value>)> {
    let date = |text: &str| Value::Date(parsed(text));
    let interval = |months, days, micros| {
        Value::Interval(Interval {
            months,
            days,
            micros,
        })
    };
    let seconds = 1_000_000;
    vec![
        (
            "DATE",
            vec![
                Date::INFINITY.into(),
                Date::NEGATIVE_INFINITY.into(),
                Date::from_days(*DATE_DAYS.start()).into(),
                Date::from_days(*DATE_DAYS.end()).into(),
                date("0001-12-31 (BC)"),
                date("-0043-03-15"),
                date("0001-01-01"),
                date("10000-02-29"),
            ],
        ),
        (
            "TIME",
            vec![
                Value::Time(parsed("24:00:00")),
                Value::Time(parsed("23:59:59.999999")),
            ],
        ),
        (
            "TIME_NS",
            vec![
                Value::TimeNs(parsed("24:00:00")),
                Value::TimeNs(parsed("00:00:00.000000001")),
            ],
        ),
        (
            "TIME WITH TIME ZONE",
            vec![
                Value::TimeTz(parsed("00:00:00+15:59:59")),
                Value::TimeTz(parsed("24:00:00-15:59:59")),
                TimeTz::new(Time::from_micros(1).expect("in a day"), -1)
                    .expect("small")
                    .into(),
            ],
        ),
        (
            "TIMESTAMP",
            vec![
                Timestamp::INFINITY.into(),
                Timestamp::NEGATIVE_INFINITY.into(),
                Timestamp::from_micros(*TIMESTAMP_MICROS.start()).into(),
                Timestamp::from_micros(*TIMESTAMP_MICROS.end()).into(),
                Timestamp::from_micros(-1).into(),
            ],
        ),
        (
            "TIMESTAMP_S",
            vec![
                TimestampS::INFINITY.into(),
                TimestampS::NEGATIVE_INFINITY.into(),
                TimestampS::from_seconds(TIMESTAMP_MICROS.start() / seconds).into(),
            ],
        ),
        (
            "TIMESTAMP_MS",
            vec![
                TimestampMs::INFINITY.into(),
                TimestampMs::NEGATIVE_INFINITY.into(),
                TimestampMs::from_millis(-1).into(),
            ],
        ),
        (
            "TIMESTAMP_NS",
            vec![
                TimestampNs::INFINITY.into(),
                TimestampNs::NEGATIVE_INFINITY.into(),
                TimestampNs::from_nanos(*TIMESTAMP_NANOS.start()).into(),
                TimestampNs::from_nanos(*TIMESTAMP_NANOS.end()).into(),
                TimestampNs::from_nanos(-1).into(),
            ],
        ),
        (
            "TIMESTAMP WITH TIME ZONE",
            vec![
                TimestampTz::INFINITY.into(),
                TimestampTz::NEGATIVE_INFINITY.into(),
                TimestampTz::from_micros(*TIMESTAMP_MICROS.start()).into(),
                TimestampTz::from_micros(*TIMESTAMP_MICROS.end()).into(),
                Value::TimestampTz(parsed("0044-03-15 (BC) 12:00:00+01")),
            ],
        ),
        (
            "INTERVAL",
            vec![
                interval(0, 0, 0),
                interval(i32::MIN, i32::MIN, i64::MIN),
                interval(i32::MAX, i32::MAX, i64::MAX),
                interval(-14, 1, -1),
                interval(1, -1, 3_600 * seconds),
                interval(0, 30, 0),
                interval(1, 0, 0),
            ],
        ),
    ]
}

fn nested() -> Vec<(&'static str, Vec<Value>)> {
    let list = |values: &[Value]| Value::List(values.to_vec());
    let member = |tag: &str, value: Value| Value::Union(tag.to_string(), Box::new(value));
    let pair = |a: Value, b: Value| Value::Struct(vec![("a".into(), a), ("b".into(), b)]);
    let huge = Value::Interval(Interval {
        months: 1,
        days: 0,
        micros: i64::MIN,
    });
    let text_null = || member("t", Value::Null);
    let json = || Value::Json(dbgo_rows::Json(r#"{"a": 1}"#.into()));
    vec![
        (
            "STRUCT(a JSON, b JSON[])",
            vec![pair(json(), list(&[json()]))],
        ),
        (
            "STRUCT(a INTERVAL, b INTEGER[2])[]",
            vec![list(&[
                Value::Null,
                pair(huge.clone(), Value::Array(vec![1.into(), Value::Null])),
            ])],
        ),
        (
            "STRUCT(a UNION(t VARCHAR), b INTEGER[2])",
            vec![pair(
                member("t", Value::Null),
                Value::Array(vec![1.into(), Value::Null]),
            )],
        ),
        (
            "VARCHAR[]",
            vec![
                list(&[]),
                list(&[Value::Null]),
                list(&[text(""), text("null"), text("a, b")]),
            ],
        ),
        (
            "INTEGER[][]",
            vec![
                list(&[]),
                list(&[Value::Null, list(&[]), list(&[1.into(), Value::Null])]),
            ],
        ),
        (
            "INTEGER[2]",
            vec![Value::Array(vec![Value::Null, 1.into()])],
        ),
        (
            "INTEGER[1][]",
            vec![list(&[Value::Array(vec![1.into()]), Value::Null])],
        ),
        (
            "STRUCT(a INTEGER, b VARCHAR[])",
            vec![
                pair(Value::Null, Value::Null),
                pair(1.into(), list(&[Value::Null])),
            ],
        ),
        (
            "MAP(VARCHAR, INTEGER)",
            vec![
                Value::Map(vec![]),
                Value::Map(vec![
                    (text(""), Value::Null),
                    (text("b=a"), 2.into()),
                    (text("a"), 1.into()),
                ]),
            ],
        ),
        (
            "MAP(HUGEINT, BIT)",
            vec![Value::Map(vec![(
                i128::MIN.into(),
                Value::Bit(parsed("1")),
            )])],
        ),
        (
            "MAP(INTEGER[], STRUCT(a UUID, b INTERVAL))",
            vec![Value::Map(vec![(
                list(&[1.into()]),
                pair(
                    Value::Uuid(parsed("80000000-0000-0000-0000-000000000000")),
                    huge.clone(),
                ),
            )])],
        ),
        (
            "UNION(i INTEGER, t VARCHAR)",
            vec![
                member("i", 1.into()),
                text_null(),
                member("i", Value::Null),
                member("t", text("x, y")),
            ],
        ),
        (
            "UNION(i INTEGER, t VARCHAR)[]",
            vec![
                list(&[Value::Null, text_null(), member("i", 3.into())]),
                list(&[]),
            ],
        ),
        (
            "UNION(w INTERVAL, u UNION(t VARCHAR))",
            vec![
                member("w", huge.clone()),
                member("u", text_null()),
                member("u", Value::Null),
            ],
        ),
        (
            "STRUCT(a INTERVAL[2], b MAP(INTERVAL, UNION(t INTERVAL)))",
            vec![pair(
                Value::Array(vec![Value::Null, huge.clone()]),
                Value::Map(vec![(huge.clone(), text_null())]),
            )],
        ),
    ]
}

fn assert_edges(session: &str) {
    let connection = open();
    connection
        .execute_batch(session)
        .expect("the engine knows the settings");
    for (sql_type, mut values) in edges() {
        let sql_type: SqlType = parsed(sql_type);
        values.push(Value::Null);
        assert_round_trip(&connection, &sql_type, &values);
    }
}

#[test]
fn edges_come_back() {
    assert_edges("");
}

#[test]
fn edges_come_back_in_large_buffers() {
    assert_edges("SET arrow_large_buffer_size = true");
}

#[test]
fn edges_come_back_as_views() {
    assert_edges(
        "SET arrow_output_version = '1.5'; SET produce_arrow_string_view = true; SET arrow_output_list_view = true",
    );
}

/// No table holds these two, but the result of a query may.
#[test]
fn what_only_queries_hold_comes_back() {
    let batches = query(&open(), "SELECT row(1, 'x'), NULL, [NULL], map([], [])");
    let unnamed = vec![(String::new(), 1.into()), (String::new(), text("x"))];
    assert_eq!(column(&batches, 0, None), [Value::Struct(unnamed)]);
    assert_eq!(column(&batches, 1, None), [Value::Null]);
    assert_eq!(column(&batches, 2, None), [Value::List(vec![Value::Null])]);
    assert_eq!(column(&batches, 3, None), [Value::Map(vec![])]);
}

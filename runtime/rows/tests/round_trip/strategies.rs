//! Arbitrary types, and arbitrary values of a type.

use dbgo_rows::{
    BigNum, Bit, Blob, Date, Decimal, Geometry, Interval, Json, SqlType, Time, TimeNs, TimeTz,
    Timestamp, TimestampMs, TimestampNs, TimestampS, TimestampTz, Uuid, Value,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::engine::contains;

/// A type and some values of it, nulls among them.
pub fn typed_values() -> impl Strategy<Value = (SqlType, Vec<Value>)> {
    sql_type().prop_flat_map(|sql_type| {
        let values = vec(value(&sql_type), 1..5);
        (Just(sql_type), values)
    })
}

pub fn sql_type() -> impl Strategy<Value = SqlType> {
    simple_type().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner
                .clone()
                .prop_map(|element| SqlType::List(Box::new(element))),
            (inner.clone(), 1..4_usize)
                .prop_map(|(element, length)| SqlType::Array(Box::new(element), length)),
            members(inner.clone()).prop_map(SqlType::Struct),
            vec(inner.clone(), 1..4).prop_map(|fields| {
                SqlType::Struct(
                    fields
                        .into_iter()
                        .map(|field| (String::new(), field))
                        .collect(),
                )
            }),
            members(inner.clone()).prop_map(SqlType::Union),
            (inner.clone(), inner)
                .prop_filter("a key has a type", |(key, _)| {
                    !contains(key, &|part| *part == SqlType::Null)
                })
                .prop_map(|(key, value)| SqlType::Map(Box::new(key), Box::new(value))),
        ]
    })
}

fn simple_type() -> impl Strategy<Value = SqlType> {
    let plain = proptest::sample::select(vec![
        SqlType::Null,
        SqlType::Boolean,
        SqlType::TinyInt,
        SqlType::SmallInt,
        SqlType::Integer,
        SqlType::BigInt,
        SqlType::HugeInt,
        SqlType::UTinyInt,
        SqlType::USmallInt,
        SqlType::UInteger,
        SqlType::UBigInt,
        SqlType::UHugeInt,
        SqlType::Float,
        SqlType::Double,
        SqlType::BigNum,
        SqlType::Varchar,
        SqlType::Blob,
        SqlType::Bit,
        SqlType::Date,
        SqlType::Time,
        SqlType::TimeNs,
        SqlType::TimeTz,
        SqlType::Timestamp,
        SqlType::TimestampS,
        SqlType::TimestampMs,
        SqlType::TimestampNs,
        SqlType::TimestampTz,
        SqlType::Interval,
        SqlType::Uuid,
        SqlType::Json,
        SqlType::Geometry,
    ]);
    prop_oneof![
        12 => plain,
        2 => (1..=38_u8).prop_flat_map(|width| {
            (0..=width).prop_map(move |scale| SqlType::Decimal { width, scale })
        }),
        1 => proptest::collection::btree_set("[a-z ,'\\\\é]{1,6}", 1..5)
            .prop_map(|labels| SqlType::Enum(labels.into_iter().collect())),
    ]
}

/// Named parts; names differ in more than case, and need quoting now and then.
fn members(inner: impl Strategy<Value = SqlType>) -> impl Strategy<Value = Vec<(String, SqlType)>> {
    let names = proptest::collection::btree_set("[a-z][a-z0-9_ \"'\\\\é.]{0,5}", 1..4);
    (names, vec(inner, 3)).prop_map(|(names, types)| names.into_iter().zip(types).collect())
}

/// A value of the type, or null.
pub fn value(sql_type: &SqlType) -> BoxedStrategy<Value> {
    if *sql_type == SqlType::Null {
        return Just(Value::Null).boxed();
    }
    prop_oneof![1 => Just(Value::Null), 6 => some_value(sql_type)].boxed()
}

fn some_value(sql_type: &SqlType) -> BoxedStrategy<Value> {
    match sql_type {
        SqlType::Null | SqlType::Variant => Just(Value::Null).boxed(),
        SqlType::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        SqlType::TinyInt => any::<i8>().prop_map(Value::TinyInt).boxed(),
        SqlType::SmallInt => any::<i16>().prop_map(Value::SmallInt).boxed(),
        SqlType::Integer => any::<i32>().prop_map(Value::Integer).boxed(),
        SqlType::BigInt => any::<i64>().prop_map(Value::BigInt).boxed(),
        SqlType::HugeInt => any::<i128>().prop_map(Value::HugeInt).boxed(),
        SqlType::UTinyInt => any::<u8>().prop_map(Value::UTinyInt).boxed(),
        SqlType::USmallInt => any::<u16>().prop_map(Value::USmallInt).boxed(),
        SqlType::UInteger => any::<u32>().prop_map(Value::UInteger).boxed(),
        SqlType::UBigInt => any::<u64>().prop_map(Value::UBigInt).boxed(),
        SqlType::UHugeInt => any::<u128>().prop_map(Value::UHugeInt).boxed(),
        SqlType::Float => proptest::num::f32::ANY.prop_map(Value::Float).boxed(),
        SqlType::Double => proptest::num::f64::ANY.prop_map(Value::Double).boxed(),
        SqlType::Decimal { width, scale } => decimal(*width, *scale),
        SqlType::BigNum => (any::<bool>(), vec(any::<u8>(), 0..40))
            .prop_map(|(negative, bytes)| Value::BigNum(BigNum::new(negative, &bytes)))
            .boxed(),
        SqlType::Enum(labels) => proptest::sample::select(labels.clone())
            .prop_map(Value::Enum)
            .boxed(),
        SqlType::List(element) => vec(value(element), 0..4).prop_map(Value::List).boxed(),
        SqlType::Array(element, length) => {
            vec(value(element), *length).prop_map(Value::Array).boxed()
        }
        SqlType::Struct(fields) => struct_value(fields),
        SqlType::Map(key, mapped) => map_value(key, mapped),
        SqlType::Union(members) => union_value(members),
        SqlType::Varchar | SqlType::Json | SqlType::Blob | SqlType::Bit | SqlType::Uuid => {
            bytes_value(sql_type)
        }
        SqlType::Geometry => geometry().prop_map(Value::Geometry).boxed(),
        _ => temporal_value(sql_type),
    }
}

fn decimal(width: u8, scale: u8) -> BoxedStrategy<Value> {
    let largest = 10_i128.pow(u32::from(width)) - 1;
    (-largest..=largest)
        .prop_filter_map("fits", move |unscaled| Decimal::new(unscaled, scale))
        .prop_map(Value::Decimal)
        .boxed()
}

fn bytes_value(sql_type: &SqlType) -> BoxedStrategy<Value> {
    match sql_type {
        // any character, NUL and those that structure uses among them
        SqlType::Varchar => prop_oneof![any::<String>(), "[a-z ,:=(){}\\[\\]'\"\\\\\\x00]{0,8}"]
            .prop_map(Value::Varchar)
            .boxed(),
        SqlType::Json => proptest::sample::select(vec![
            r#"{"a": 1}"#,
            r#"{ "b":[1,2.50, 1e400] , "a":null, "a":2 }"#,
            "[]",
            "null",
            "\"\\u0000'\"",
            "123456789012345678901234567890",
        ])
        .prop_map(|text| Value::Json(Json(text.to_string())))
        .boxed(),
        SqlType::Blob => vec(any::<u8>(), 0..12)
            .prop_map(|bytes| Value::Blob(Blob(bytes)))
            .boxed(),
        SqlType::Bit => vec(any::<bool>(), 1..40)
            .prop_map(|bits| Value::Bit(Bit(bits)))
            .boxed(),
        _ => any::<[u8; 16]>()
            .prop_map(|bytes| Value::Uuid(Uuid::from_bytes(bytes)))
            .boxed(),
    }
}

/// The first and last moment of the engine's timestamps, in microseconds:
/// 290309-12-22 (BC) 00:00:00 and one before the infinity.
pub const TIMESTAMP_MICROS: std::ops::RangeInclusive<i64> =
    -9_223_372_022_400_000_000..=i64::MAX - 1;

/// The same of nanoseconds: 1677-09-22 00:00:00.
pub const TIMESTAMP_NANOS: std::ops::RangeInclusive<i64> =
    -9_223_286_400_000_000_000..=i64::MAX - 1;

/// The first and last day of the engine's dates, 5877642-06-25 (BC).
pub const DATE_DAYS: std::ops::RangeInclusive<i32> = -i32::MAX + 1..=i32::MAX - 1;

fn temporal_value(sql_type: &SqlType) -> BoxedStrategy<Value> {
    // most in times that people use, some anywhere
    let micros = prop_oneof![TIMESTAMP_MICROS, -1_000_000_000_000..1_000_000_000_000_i64];
    let of_day = 0..=86_400_000_000_i64;
    match sql_type {
        SqlType::Date => prop_oneof![DATE_DAYS, -800_000..800_000]
            .prop_map(|days| Value::Date(Date::from_days(days)))
            .boxed(),
        SqlType::Time => of_day
            .prop_filter_map("in a day", Time::from_micros)
            .prop_map(Value::Time)
            .boxed(),
        SqlType::TimeNs => (0..=86_400_000_000_000_i64)
            .prop_filter_map("in a day", TimeNs::from_nanos)
            .prop_map(Value::TimeNs)
            .boxed(),
        SqlType::TimeTz => (of_day, -57_599..=57_599)
            .prop_filter_map("in a day", |(micros, offset)| {
                TimeTz::new(Time::from_micros(micros)?, offset)
            })
            .prop_map(Value::TimeTz)
            .boxed(),
        SqlType::TimestampS => micros
            .prop_map(|ticks| Value::TimestampS(TimestampS::from_seconds(ticks / 1_000_000)))
            .boxed(),
        SqlType::TimestampMs => micros
            .prop_map(|ticks| Value::TimestampMs(TimestampMs::from_millis(ticks / 1_000)))
            .boxed(),
        SqlType::Timestamp => micros
            .prop_map(|ticks| Value::Timestamp(Timestamp::from_micros(ticks)))
            .boxed(),
        SqlType::TimestampNs => prop_oneof![TIMESTAMP_NANOS, -1_000_000..1_000_000_i64]
            .prop_map(|ticks| Value::TimestampNs(TimestampNs::from_nanos(ticks)))
            .boxed(),
        SqlType::TimestampTz => micros
            .prop_map(|ticks| Value::TimestampTz(TimestampTz::from_micros(ticks)))
            .boxed(),
        _ => (any::<i32>(), any::<i32>(), any::<i64>())
            .prop_map(|(months, days, micros)| {
                Value::Interval(Interval {
                    months,
                    days,
                    micros,
                })
            })
            .boxed(),
    }
}

fn struct_value(fields: &[(String, SqlType)]) -> BoxedStrategy<Value> {
    let names: Vec<String> = fields.iter().map(|(name, _)| name.clone()).collect();
    let values: Vec<_> = fields.iter().map(|(_, field)| value(field)).collect();
    values
        .prop_map(move |values| Value::Struct(names.iter().cloned().zip(values).collect()))
        .boxed()
}

fn union_value(members: &[(String, SqlType)]) -> BoxedStrategy<Value> {
    let members = members.iter().map(|(name, member)| {
        let name = name.clone();
        value(member)
            .prop_map(move |value| Value::Union(name.clone(), Box::new(value)))
            .boxed()
    });
    proptest::strategy::Union::new(members.collect::<Vec<_>>()).boxed()
}

/// Keys are told apart by the engine's own equality, which takes more values
/// for one than ours; where it does, one key has to do.
fn map_value(key: &SqlType, mapped: &SqlType) -> BoxedStrategy<Value> {
    let loose = contains(key, &|part| {
        matches!(
            part,
            SqlType::Float
                | SqlType::Double
                | SqlType::Interval
                | SqlType::TimeTz
                | SqlType::Union(_)
        )
    });
    let count = if loose { 0..2 } else { 0..4_usize };
    vec((some_value(key), value(mapped)), count)
        .prop_map(|pairs| {
            let mut distinct: Vec<(Value, Value)> = Vec::new();
            for (key, value) in pairs {
                if distinct.iter().all(|(known, _)| *known != key) {
                    distinct.push((key, value));
                }
            }
            Value::Map(distinct)
        })
        .boxed()
}

/// Well-known binary of all seven kinds, as the engine writes it:
/// little-endian.
fn geometry() -> impl Strategy<Value = Geometry> {
    let shape = (0..4_u32).prop_flat_map(|dimensions| {
        let size = [2, 3, 3, 4][dimensions as usize];
        let vertex = move || vec(-1e6..1e6_f64, size);
        let header = move |kind: u32| header(dimensions * 1000 + kind);
        let point =
            move || vertex().prop_map(move |vertex| [header(1), vertices(&vertex)].concat());
        let line = move |kind| {
            vec(vertex(), 0..4).prop_map(move |line| [header(kind), counted(&line)].concat())
        };
        let polygon = move || {
            vec(vec(vertex(), 1..4), 0..3).prop_map(move |rings| {
                let rings: Vec<Vec<u8>> = rings.iter().map(|ring| counted(ring)).collect();
                [header(3), listed(&rings)].concat()
            })
        };
        let many = move |kind, parts: BoxedStrategy<Vec<u8>>| {
            vec(parts, 0..3).prop_map(move |parts| [header(kind), listed(&parts)].concat())
        };
        prop_oneof![
            point(),
            line(2),
            polygon(),
            many(4, point().boxed()),
            many(5, line(2).boxed()),
            many(6, polygon().boxed()),
            many(7, prop_oneof![point(), line(2), polygon()].boxed()),
        ]
    });
    shape.prop_map(Geometry)
}

fn header(code: u32) -> Vec<u8> {
    [&[1], code.to_le_bytes().as_slice()].concat()
}

fn vertices(numbers: &[f64]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect()
}

fn counted(line: &[Vec<f64>]) -> Vec<u8> {
    listed(
        &line
            .iter()
            .map(|vertex| vertices(vertex))
            .collect::<Vec<_>>(),
    )
}

fn listed(parts: &[Vec<u8>]) -> Vec<u8> {
    let count = u32::try_from(parts.len()).expect("few");
    [count.to_le_bytes().to_vec(), parts.concat()].concat()
}

//! The laws, for arbitrary types and values.

use dbgo_rows::arrow::{ValueReader, write_array};
use dbgo_rows::{BigNum, Decimal, ReadErrorKind, SqlType, Value};
use proptest::prelude::*;

use crate::engine::{assert_round_trip, contains, open};
use crate::strategies::{sql_type, typed_values};

/// Opened once: a case each would open it hundreds of times.
fn check_all(cases: u32, law: impl Fn(&duckdb::Connection, &SqlType, &[Value])) {
    let connection = open();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        // more by the variable PROPTEST_CASES
        cases: ProptestConfig::default().cases.max(cases),
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let result = runner.run(&typed_values(), |(sql_type, values)| {
        law(&connection, &sql_type, &values);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn what_the_engine_stores_comes_back() {
    check_all(600, |connection, sql_type, values| {
        if !only_in_queries(sql_type) {
            assert_round_trip(connection, sql_type, values);
        }
    });
}

/// Types that no table can have, and no cast can name.
fn only_in_queries(sql_type: &SqlType) -> bool {
    contains(sql_type, &|part| match part {
        SqlType::Null => true,
        SqlType::Struct(fields) => fields.iter().any(|(name, _)| name.is_empty()),
        _ => false,
    })
}

/// The parts of a value that Arrow can't say.
fn beyond_arrow(sql_type: &SqlType) -> bool {
    contains(sql_type, &|part| {
        matches!(part, SqlType::Interval | SqlType::Union(_))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_to_arrow_comes_back((sql_type, values) in typed_values()) {
        match write_array("column", &sql_type, &values) {
            Ok((field, array)) => {
                let reader = ValueReader::new(&field, Some(&sql_type)).unwrap();
                let read: Vec<Value> = (0..values.len())
                    .map(|row| reader.read(&array, row).unwrap())
                    .collect();
                if !contains(&sql_type, &|part| matches!(part, SqlType::Union(_))) {
                    prop_assert_eq!(read, values);
                }
            }
            Err(error) => {
                prop_assert!(beyond_arrow(&sql_type), "{}", error);
                prop_assert!(matches!(
                    error.kind(),
                    ReadErrorKind::Value | ReadErrorKind::Format
                ));
            }
        }
    }

    #[test]
    fn what_serde_writes_comes_back((sql_type, values) in typed_values()) {
        // JSON has no NaN, and serde_json rounds the last digit of others
        if !contains(&sql_type, &|part| matches!(part, SqlType::Float | SqlType::Double)) {
            let text = serde_json::to_string(&values).unwrap();
            prop_assert_eq!(serde_json::from_str::<Vec<Value>>(&text).unwrap(), values);
        }
    }

    #[test]
    fn types_read_what_they_write(sql_type in sql_type()) {
        prop_assert_eq!(sql_type.to_string().parse(), Ok(sql_type));
    }

    #[test]
    fn scalars_read_what_they_write((_, values) in typed_values()) {
        for value in values {
            let text = value.to_string();
            let read = match &value {
                Value::Date(_) => text.parse().map(Value::Date),
                Value::Time(_) => text.parse().map(Value::Time),
                Value::TimeNs(_) => text.parse().map(Value::TimeNs),
                Value::TimeTz(_) => text.parse().map(Value::TimeTz),
                Value::Timestamp(_) => text.parse().map(Value::Timestamp),
                Value::TimestampS(_) => text.parse().map(Value::TimestampS),
                Value::TimestampMs(_) => text.parse().map(Value::TimestampMs),
                Value::TimestampNs(_) => text.parse().map(Value::TimestampNs),
                Value::TimestampTz(_) => text.parse().map(Value::TimestampTz),
                Value::Interval(_) => text.parse().map(Value::Interval),
                Value::Decimal(_) => text.parse().map(Value::Decimal),
                Value::BigNum(_) => text.parse().map(Value::BigNum),
                Value::Bit(_) => text.parse().map(Value::Bit),
                Value::Uuid(_) => text.parse().map(Value::Uuid),
                _ => continue,
            };
            prop_assert_eq!(read, Ok(value));
        }
    }

    #[test]
    fn decimals_order_as_numbers(
        a in -10_000_i128..10_000, b in -10_000_i128..10_000, i in 0..5_u8, j in 0..5_u8,
    ) {
        let (left, right) = (Decimal::new(a, i).unwrap(), Decimal::new(b, j).unwrap());
        let exact = (a * 10_i128.pow(u32::from(j))).cmp(&(b * 10_i128.pow(u32::from(i))));
        prop_assert_eq!(left.cmp(&right), exact);
    }

    #[test]
    fn big_numbers_are_integers(a: i128, b: i128) {
        let (left, right) = (BigNum::from(a), BigNum::from(b));
        prop_assert_eq!(left.to_string(), a.to_string());
        prop_assert_eq!(left.cmp(&right), a.cmp(&b));
        prop_assert_eq!(i128::try_from(&left), Ok(a));
    }

    #[test]
    fn parsing_any_text_never_panics(text: String) {
        let _ = text.parse::<SqlType>();
        let _ = text.parse::<dbgo_rows::Date>();
        let _ = text.parse::<dbgo_rows::TimestampTz>();
        let _ = text.parse::<dbgo_rows::TimeTz>();
        let _ = text.parse::<dbgo_rows::Interval>();
        let _ = text.parse::<Decimal>();
        let _ = text.parse::<BigNum>();
        let _ = text.parse::<dbgo_rows::Uuid>();
    }

    #[test]
    fn parsing_what_looks_like_time_never_panics(text in "[-0-9:. ()BC+TZ]{0,40}") {
        let _ = text.parse::<dbgo_rows::Date>();
        let _ = text.parse::<dbgo_rows::TimestampNs>();
        let _ = text.parse::<dbgo_rows::TimestampTz>();
        let _ = text.parse::<dbgo_rows::TimeTz>();
        let _ = text.parse::<dbgo_rows::Interval>();
        let _ = text.parse::<Decimal>();
    }

    #[test]
    fn printing_any_bytes_as_geometry_never_panics(bytes: Vec<u8>, kind in 0..10_u8) {
        let _ = dbgo_rows::Geometry(bytes.clone()).to_string();
        let named = [&[1, kind, 0, 0, 0], bytes.as_slice()].concat();
        let _ = dbgo_rows::Geometry(named).to_string();
    }
}

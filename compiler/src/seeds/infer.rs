//! What type texts have, and whether a text fits a type.

use crate::header::time::{parse_date, parse_time};
use crate::sql_type::SqlType;

/// The types that all values of a column so far could have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidates {
    possible: u8,
    seen: bool,
}

type Test = fn(&str) -> bool;

/// The types that are inferred, the first that fits all values wins.
const TYPES: &[(SqlType, Test)] = &[
    (SqlType::Boolean, is_plain_boolean),
    (SqlType::BigInt, is_plain_bigint),
    (SqlType::Double, is_plain_double),
    (SqlType::Time, is_time),
    (SqlType::Date, is_date),
    (SqlType::Timestamp, is_timestamp),
    (SqlType::TimestampTz, is_timestamp_tz),
];

const BIGINT: u8 = 1 << 1;
const DOUBLE: u8 = 1 << 2;

impl Candidates {
    pub(super) const ALL: Candidates = Candidates {
        possible: (1 << TYPES.len()) - 1,
        seen: false,
    };

    /// Takes a value that isn't null.
    pub(super) fn see(&mut self, value: &str) {
        self.seen = true;
        if self.possible == 0 {
            return;
        }
        // Most columns hold whole numbers, and what is one is a number as well.
        if self.possible & BIGINT != 0 && is_plain_bigint(value) {
            self.possible &= BIGINT | DOUBLE;
            return;
        }
        for (index, (_, fits)) in TYPES.iter().enumerate() {
            let bit = 1 << index;
            if self.possible & bit != 0 && !fits(value) {
                self.possible &= !bit;
            }
        }
    }

    /// The type of the column; text where nothing else fits, or where all is null.
    pub(super) fn sql_type(self) -> SqlType {
        if !self.seen {
            return SqlType::Varchar;
        }
        let first = self.possible.trailing_zeros() as usize;
        TYPES
            .get(first)
            .map_or(SqlType::Varchar, |(sql_type, _)| sql_type.clone())
    }
}

/// Why a text doesn't fit a type; `None` if it does, or if only the engine can tell.
pub(crate) fn misfit(value: &str, sql_type: &SqlType) -> Option<String> {
    let fits = match sql_type {
        SqlType::Boolean => is_boolean(value),
        SqlType::TinyInt => value.parse::<i8>().is_ok(),
        SqlType::SmallInt => value.parse::<i16>().is_ok(),
        SqlType::Integer => value.parse::<i32>().is_ok(),
        SqlType::BigInt => value.parse::<i64>().is_ok(),
        SqlType::HugeInt => value.parse::<i128>().is_ok(),
        SqlType::UTinyInt => value.parse::<u8>().is_ok(),
        SqlType::USmallInt => value.parse::<u16>().is_ok(),
        SqlType::UInteger => value.parse::<u32>().is_ok(),
        SqlType::UBigInt => value.parse::<u64>().is_ok(),
        SqlType::UHugeInt => value.parse::<u128>().is_ok(),
        SqlType::Float | SqlType::Double => is_double(value),
        SqlType::Decimal(precision, scale) => return decimal_misfit(value, *precision, *scale),
        SqlType::Date => is_date(value) || is_infinite_time(value),
        SqlType::Time | SqlType::TimeNs => is_time(value),
        SqlType::Timestamp
        | SqlType::TimestampS
        | SqlType::TimestampMs
        | SqlType::TimestampNs
        | SqlType::TimestampTz => {
            is_date(value)
                || is_timestamp(value)
                || is_timestamp_tz(value)
                || is_infinite_time(value)
        }
        SqlType::Uuid => is_uuid(value),
        SqlType::Json => serde_json::from_str::<serde::de::IgnoredAny>(value).is_ok(),
        SqlType::Enum(words) => words.iter().any(|word| word == value),
        _ => true,
    };
    (!fits).then(String::new)
}

fn is_boolean(value: &str) -> bool {
    boolean(value).is_some()
}

/// The boolean that a cast of DuckDB makes of a text.
pub(crate) fn boolean(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" | "yes" | "y" => Some(true),
        "false" | "f" | "0" | "no" | "n" => Some(false),
        _ => None,
    }
}

/// The words that DuckDB's sniffer takes for booleans; a cast takes more.
fn is_plain_boolean(value: &str) -> bool {
    ["true", "false", "t", "f", "yes", "no"]
        .iter()
        .any(|word| value.eq_ignore_ascii_case(word))
}

/// A whole number without leading zeros, which would be lost.
fn is_plain_bigint(value: &str) -> bool {
    value.starts_with(|c: char| c.is_ascii_digit() || c == '-')
        && !has_leading_zero(value)
        && value.parse::<i64>().is_ok()
}

fn is_plain_double(value: &str) -> bool {
    value == "nan" || !has_leading_zero(value) && is_double(value)
}

fn has_leading_zero(value: &str) -> bool {
    let digits = value.trim_start_matches(['-', '+']).as_bytes();
    digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit()
}

/// A number in decimal digits; Rust's own reading takes words such as `inf` as well.
fn is_double(value: &str) -> bool {
    value
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'-' | b'+'))
        && value.parse::<f64>().is_ok_and(f64::is_finite)
}

/// More decimals than the type has would be lost, so that they are refused.
fn decimal_misfit(value: &str, precision: u8, scale: u8) -> Option<String> {
    let digits = value.trim_start_matches(['-', '+']);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let has_one_sign = value.len() - digits.len() <= 1;
    if !has_one_sign
        || whole.len() + fraction.len() == 0
        || !all_digits(whole)
        || !all_digits(fraction)
    {
        return Some(String::new());
    }
    let whole = whole.trim_start_matches('0').len();
    let fraction = fraction.trim_end_matches('0').len();
    if whole > usize::from(precision.saturating_sub(scale)) {
        return Some(format!("it has {whole} digits before the point"));
    }
    if fraction > usize::from(scale) {
        return Some(format!("it has {fraction} digits after the point"));
    }
    None
}

fn is_date(value: &str) -> bool {
    parse_date(value).is_some()
}

fn is_time(value: &str) -> bool {
    parse_time(value).is_some()
}

fn is_infinite_time(value: &str) -> bool {
    matches!(value, "infinity" | "-infinity" | "epoch")
}

/// `YYYY-MM-DD HH:MM[:SS[.ffffff]]`, also with `T`.
fn is_timestamp(value: &str) -> bool {
    if !value.is_char_boundary(10) || value.len() < 16 {
        return false;
    }
    let (date, rest) = value.split_at(10);
    rest.strip_prefix(['T', ' '])
        .is_some_and(|time| is_date(date) && parse_time(time).is_some())
}

/// A timestamp and `Z`, `+HH` or `+HH:MM`.
fn is_timestamp_tz(value: &str) -> bool {
    if let Some(local) = value.strip_suffix('Z') {
        return is_timestamp(local);
    }
    let Some(sign) = value.rfind(['+', '-']).filter(|sign| *sign > 10) else {
        return false;
    };
    let (local, offset) = value.split_at(sign);
    let two_digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let offset_is_good = match offset[1..].split_once(':') {
        Some((hours, minutes)) => two_digits(hours) && two_digits(minutes),
        None => two_digits(&offset[1..]),
    };
    offset_is_good && is_timestamp(local)
}

fn is_uuid(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_hexdigit).count();
    let dashes = value.bytes().filter(|byte| *byte == b'-').count();
    digits == 32 && digits + dashes == value.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inferred(values: &[&str]) -> SqlType {
        let mut candidates = Candidates::ALL;
        values.iter().for_each(|value| candidates.see(value));
        candidates.sql_type()
    }

    #[test]
    fn the_narrowest_type_that_fits_all() {
        assert_eq!(inferred(&[]), SqlType::Varchar);
        assert_eq!(inferred(&["true", "FALSE"]), SqlType::Boolean);
        assert_eq!(inferred(&["1", "-20", "0"]), SqlType::BigInt);
        assert_eq!(inferred(&["1", "2.5", "1e9"]), SqlType::Double);
        assert_eq!(inferred(&["1", "true"]), SqlType::Varchar);
        assert_eq!(inferred(&["007", "1"]), SqlType::Varchar);
        assert_eq!(inferred(&["00.5"]), SqlType::Varchar);
        assert_eq!(inferred(&["0.5", "-0.25"]), SqlType::Double);
        assert_eq!(inferred(&["9223372036854775808"]), SqlType::Double);
        assert_eq!(inferred(&["2013-01-01"]), SqlType::Date);
        assert_eq!(inferred(&["2013-02-30"]), SqlType::Varchar);
        assert_eq!(inferred(&["2013-01-01 06:00:00"]), SqlType::Timestamp);
        assert_eq!(inferred(&["2013-01-01T06:00:00Z"]), SqlType::TimestampTz);
        assert_eq!(inferred(&["2013-01-01 06:00:00+02"]), SqlType::TimestampTz);
        assert_eq!(inferred(&["06:00:00"]), SqlType::Time);
        assert_eq!(inferred(&["1.5", "nan"]), SqlType::Double);
        assert_eq!(inferred(&["y", "n"]), SqlType::Varchar);
        assert_eq!(inferred(&["größe", "-"]), SqlType::Varchar);
    }

    #[test]
    fn fits() {
        let good: &[(&str, SqlType)] = &[
            ("127", SqlType::TinyInt),
            ("007", SqlType::Integer),
            ("1.50", SqlType::Decimal(3, 1)),
            (".5", SqlType::Decimal(3, 1)),
            ("y", SqlType::Boolean),
            ("2013-01-01", SqlType::Timestamp),
            ("infinity", SqlType::Date),
            ("{\"a\": 1}", SqlType::Json),
            ("a", SqlType::Enum(vec!["a".to_owned()])),
            ("00000000-0000-0000-0000-000000000000", SqlType::Uuid),
        ];
        for (value, sql_type) in good {
            assert_eq!(misfit(value, sql_type), None, "{value} {sql_type:?}");
        }
        let bad: &[(&str, SqlType)] = &[
            ("128", SqlType::TinyInt),
            ("1.5", SqlType::Integer),
            ("100", SqlType::Decimal(3, 1)),
            ("1.55", SqlType::Decimal(3, 1)),
            ("--1", SqlType::Decimal(3, 1)),
            (".", SqlType::Decimal(3, 1)),
            ("2013-02-30", SqlType::Date),
            ("{a", SqlType::Json),
            ("b", SqlType::Enum(vec!["a".to_owned()])),
            ("1e", SqlType::Double),
        ];
        for (value, sql_type) in bad {
            assert!(misfit(value, sql_type).is_some(), "{value} {sql_type:?}");
        }
    }
}

//! The types of literals.
//!
//! Source: DuckDB's `Transformer::TransformValue` (`src/parser/transform/expression/transform_constant.cpp`).

use super::{Typed, Value};
use crate::parse::ast::Literal;
use crate::sql_type::SqlType;

/// The type of a literal.
pub fn typed(literal: &Literal) -> Typed {
    match literal {
        Literal::Null => Typed::of(SqlType::Null),
        Literal::Boolean(_) => Typed::not_null(SqlType::Boolean),
        Literal::Number(digits) => number(digits),
        Literal::Text(text) => Typed {
            value: Value::Text(text.clone()),
            ..Typed::not_null(SqlType::Varchar)
        },
        // The engine reads `x'41'` as a text with an `x` in front.
        Literal::Blob(_) => Typed::not_null(SqlType::Varchar),
    }
}

/// The type of a number as written: the narrowest of `INTEGER`, `BIGINT`, `HUGEINT` and
/// `UHUGEINT` that holds it, `DECIMAL` with a point, `DOUBLE` with an exponent or over 38 digits.
fn number(written: &str) -> Typed {
    let digits: String = written.chars().filter(|c| *c != '_').collect();
    let lower = digits.to_ascii_lowercase();
    let radix = |prefix: &str, radix: u32| {
        lower
            .strip_prefix(prefix)
            .and_then(|rest| i128::from_str_radix(rest, radix).ok())
    };
    if let Some(value) = radix("0x", 16)
        .or_else(|| radix("0b", 2))
        .or_else(|| radix("0o", 8))
    {
        return whole(value);
    }
    if lower.contains('e') {
        return Typed::not_null(SqlType::Double);
    }
    match lower.split_once('.') {
        None => match lower.parse::<i128>() {
            Ok(value) => whole(value),
            Err(_) if lower.parse::<u128>().is_ok() => Typed::not_null(SqlType::UHugeInt),
            Err(_) => Typed::not_null(SqlType::Double),
        },
        Some((before, after)) => {
            let leading = before.trim_start_matches('0').len();
            let whole_digits = if before.is_empty() {
                0
            } else {
                before.len().min(leading.max(1))
            };
            decimal(before.len(), whole_digits, after.len())
        }
    }
}

fn decimal(written: usize, whole: usize, scale: usize) -> Typed {
    let precision = (whole + scale).max(1);
    let sql_type = match (u8::try_from(precision), u8::try_from(scale)) {
        (Ok(precision), Ok(scale)) if precision <= 38 && written + usize::from(scale) <= 38 => {
            SqlType::Decimal(precision, scale)
        }
        _ if written + scale > 38 && precision <= 38 => SqlType::Unknown,
        _ => SqlType::Double,
    };
    Typed::not_null(sql_type)
}

/// The type of a whole number.
pub fn whole(value: i128) -> Typed {
    let sql_type = if i32::try_from(value).is_ok() {
        SqlType::Integer
    } else if i64::try_from(value).is_ok() {
        SqlType::BigInt
    } else {
        SqlType::HugeInt
    };
    Typed {
        value: Value::Integer(value),
        ..Typed::not_null(sql_type)
    }
}

/// The same number with the other sign. The type stays, `-2147483648` is a `BIGINT`; only the
/// least `BIGINT` is one.
pub fn negated(typed: &Typed) -> Option<Typed> {
    let Value::Integer(value) = typed.value else {
        return None;
    };
    let Some(negated) = value.checked_neg() else {
        // The opposite of the least `HUGEINT` is a number of the unsigned type alone.
        return Some(Typed::not_null(SqlType::UHugeInt));
    };
    let sql_type = match &typed.sql_type {
        SqlType::HugeInt if i64::try_from(negated).is_ok() => SqlType::BigInt,
        same => same.clone(),
    };
    Some(Typed {
        value: Value::Integer(negated),
        ..Typed::not_null(sql_type)
    })
}

/// Whether a number as written is the opposite of the least `HUGEINT`, which only the sign in front
/// of it makes one.
pub fn opposes_least(written: &str) -> bool {
    const OPPOSITE: u128 = i128::MIN.unsigned_abs();
    let digits: String = written.chars().filter(|c| *c != '_').collect();
    digits.parse() == Ok(OPPOSITE)
}

/// Whether a whole number is a value of an integer type.
pub fn fits(value: i128, sql_type: &SqlType) -> bool {
    use SqlType::*;
    match sql_type {
        TinyInt => i8::try_from(value).is_ok(),
        SmallInt => i16::try_from(value).is_ok(),
        Integer => i32::try_from(value).is_ok(),
        BigInt => i64::try_from(value).is_ok(),
        HugeInt => true,
        UTinyInt => u8::try_from(value).is_ok(),
        USmallInt => u16::try_from(value).is_ok(),
        UInteger => u32::try_from(value).is_ok(),
        UBigInt => u64::try_from(value).is_ok(),
        UHugeInt => value >= 0,
        _ => false,
    }
}

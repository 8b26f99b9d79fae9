//! Casts of values.
//!
//! Source: `src/function/cast` and `src/common/operator/cast_operators.cpp` of DuckDB 1.5.5.

use super::moments::STAMPED;
use super::numbers::{self, Read, bounds};
use super::{Constant, Datum, Evaluated, Stop, fails, intervals, moments, nested, texts};
use crate::sql_type::SqlType;

/// A value as another type.
pub(super) fn cast(value: &Constant, to: &SqlType) -> Evaluated {
    Ok(Constant::new(
        to.clone(),
        datum(&value.datum, &value.sql_type, to)?,
    ))
}

/// What a value is as another type.
pub(super) fn datum(datum: &Datum, from: &SqlType, to: &SqlType) -> Evaluated<Datum> {
    if to.any(&SqlType::is_vague) || from.any(&SqlType::is_vague) {
        return Err(Stop::Unknown);
    }
    if from == to || *datum == Datum::Null {
        return Ok(datum.clone());
    }
    match datum {
        Datum::Text(text) => from_text(text, from, to),
        Datum::Integer(number) => from_integer(*number, from, to),
        Datum::Decimal(digits) => from_decimal(*digits, from, to),
        Datum::Double(number) => from_double(*number, to),
        Datum::Boolean(value) => match to {
            SqlType::Varchar => Ok(Datum::Text(value.to_string())),
            to if to.is_integer() && bounds(to).is_some() => Ok(Datum::Integer(i128::from(*value))),
            _ => Err(Stop::Unknown),
        },
        Datum::List(members) => nested::list(members, from, to),
        Datum::Date(_) | Datum::Some => match to {
            SqlType::Varchar if !from.is_variant() => Ok(Datum::Some),
            SqlType::Timestamp => match datum {
                Datum::Date(days) if STAMPED.contains(days) => Ok(Datum::Some),
                Datum::Date(days) if days.abs() > STAMPED.end() + 3 => {
                    fails("the date is out of the range of `TIMESTAMP`")
                }
                _ => Err(Stop::Unknown),
            },
            _ => Err(Stop::Unknown),
        },
        Datum::Null => Ok(Datum::Null),
    }
}

fn not_this<T>(text: &str, to: &SqlType) -> Evaluated<T> {
    fails(format!("the text `{text}` is no `{to}`"))
}

fn read<T>(read: Read<T>, text: &str, to: &SqlType) -> Evaluated<T> {
    match read {
        Read::Is(value) => Ok(value),
        Read::Not => not_this(text, to),
        Read::Open => Err(Stop::Unknown),
    }
}

fn from_text(text: &str, from: &SqlType, to: &SqlType) -> Evaluated<Datum> {
    if *from != SqlType::Varchar {
        return Err(Stop::Unknown);
    }
    let fits = |fits: bool| match fits {
        true => Ok(Datum::Some),
        false => not_this(text, to),
    };
    match to {
        SqlType::Boolean => match numbers::boolean(text) {
            Some(value) => Ok(Datum::Boolean(value)),
            None => not_this(text, to),
        },
        to if to.is_integer() => read(numbers::integer(text, to), text, to).map(Datum::Integer),
        SqlType::Decimal(precision, scale) => {
            read(numbers::decimal(text, *precision, *scale), text, to).map(Datum::Decimal)
        }
        SqlType::Double | SqlType::Float => {
            read(numbers::double(text), text, to).map(Datum::Double)
        }
        SqlType::Date => {
            read(moments::date(text), text, to).map(|days| days.map_or(Datum::Some, Datum::Date))
        }
        SqlType::Time => read(moments::time(text), text, to).map(|()| Datum::Some),
        // What stands behind the time may be a zone, and the other precisions have other bounds.
        SqlType::Timestamp => read(moments::timestamp(text), text, to).map(|()| Datum::Some),
        SqlType::TimestampTz => match moments::date(text) {
            Read::Not => not_this(text, to),
            _ => read(moments::timestamp(text), text, to).map(|()| Datum::Some),
        },
        SqlType::Interval => read(intervals::interval(text), text, to).map(|()| Datum::Some),
        SqlType::Uuid => fits(texts::is_uuid(text)),
        SqlType::Blob => fits(texts::is_blob(text)),
        SqlType::Bit => fits(texts::is_bits(text)),
        SqlType::Json => texts::is_json(text).map_or(Err(Stop::Unknown), fits),
        SqlType::Enum(values) => fits(values.iter().any(|value| value == text)),
        to if to.is_nested() => nested::from_text(text, to),
        _ => Err(Stop::Unknown),
    }
}

fn out_of_range<T>(value: impl std::fmt::Display, to: &SqlType) -> Evaluated<T> {
    fails(format!("{value} is out of the range of `{to}`"))
}

fn from_integer(number: i128, from: &SqlType, to: &SqlType) -> Evaluated<Datum> {
    if bounds(from).is_none() {
        return Err(Stop::Unknown);
    }
    match to {
        SqlType::Boolean => Ok(Datum::Boolean(number != 0)),
        SqlType::Varchar => Ok(Datum::Text(number.to_string())),
        SqlType::Double => Ok(Datum::Double(number as f64)),
        SqlType::Float => Ok(Datum::Double(f64::from(number as f32))),
        SqlType::Decimal(precision, scale) => {
            scaled(number, 0, *precision, *scale).unwrap_or_else(|| out_of_range(number, to))
        }
        to => match bounds(to) {
            Some((least, greatest)) if (least..=greatest).contains(&number) => {
                Ok(Datum::Integer(number))
            }
            Some(_) => out_of_range(number, to),
            None => Err(Stop::Unknown),
        },
    }
}

fn power(exponent: u8) -> Option<i128> {
    10i128.checked_pow(u32::from(exponent))
}

/// Digits with another scale; `None` if they are too many.
fn scaled(digits: i128, from: u8, precision: u8, scale: u8) -> Option<Evaluated<Datum>> {
    let bound = power(precision)?;
    let moved = if scale >= from {
        power(scale - from).and_then(|power| digits.checked_mul(power))?
    } else {
        let divisor = power(from - scale)?;
        let half = divisor / 2 * digits.signum();
        match digits.checked_add(half) {
            Some(sum) => sum / divisor,
            None => return Some(Err(Stop::Unknown)),
        }
    };
    (moved.checked_abs()? < bound).then_some(Ok(Datum::Decimal(moved)))
}

/// A decimal as it is written.
fn shown(digits: i128, scale: u8) -> String {
    let scale = usize::from(scale);
    let sign = if digits < 0 { "-" } else { "" };
    let all = format!("{:0>width$}", digits.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = all.split_at(all.len() - scale);
    match fraction {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    }
}

fn from_decimal(digits: i128, from: &SqlType, to: &SqlType) -> Evaluated<Datum> {
    let SqlType::Decimal(_, scale) = *from else {
        return Err(Stop::Unknown);
    };
    let as_double = digits as f64 / 10f64.powi(i32::from(scale));
    match to {
        SqlType::Boolean => Ok(Datum::Boolean(digits != 0)),
        SqlType::Double | SqlType::Float => Ok(Datum::Double(as_double)),
        SqlType::Varchar
            if scale > 0 && digits.unsigned_abs() >= power(scale).unwrap_or(1).unsigned_abs() =>
        {
            Ok(Datum::Text(shown(digits, scale)))
        }
        SqlType::Varchar => Ok(Datum::Some),
        SqlType::Decimal(precision, target) => scaled(digits, scale, *precision, *target)
            .unwrap_or_else(|| out_of_range(shown(digits, scale), to)),
        to => {
            let (Some((least, greatest)), Some(Ok(Datum::Decimal(whole)))) =
                (bounds(to), scaled(digits, scale, 38, 0))
            else {
                return Err(Stop::Unknown);
            };
            match (least..=greatest).contains(&whole) {
                true => Ok(Datum::Integer(whole)),
                false => out_of_range(shown(digits, scale), to),
            }
        }
    }
}

fn from_double(number: f64, to: &SqlType) -> Evaluated<Datum> {
    match to {
        SqlType::Boolean => Ok(Datum::Boolean(number != 0.0)),
        SqlType::Double => Ok(Datum::Double(number)),
        SqlType::Float if number.is_finite() && number.abs() > 3.5e38 => out_of_range(number, to),
        SqlType::Float if number.abs() > 3.4e38 && number.is_finite() => Err(Stop::Unknown),
        SqlType::Float => Ok(Datum::Double(number)),
        SqlType::Varchar => Ok(Datum::Some),
        SqlType::Decimal(precision, scale) => {
            let moved = number * 10f64.powi(i32::from(*scale));
            let bound = 10f64.powi(i32::from(*precision));
            match moved.abs() {
                moved if !moved.is_finite() || moved > bound * 1.001 => out_of_range(number, to),
                // Close to the bound, and where digits get lost, rounding decides.
                moved if moved > bound * 0.999 || moved > 1e15 => Err(Stop::Unknown),
                _ => Ok(Datum::Decimal(moved.round() as i128)),
            }
        }
        to => {
            let Some((least, greatest)) = bounds(to) else {
                return Err(Stop::Unknown);
            };
            let (least, greatest) = (least as f64, greatest as f64);
            if !number.is_finite()
                || number < least * 1.001 - 1.0
                || number > greatest * 1.001 + 1.0
            {
                return out_of_range(number, to);
            }
            let near = number.abs() > 9e15 || (number < least + 1.0 || number > greatest - 1.0);
            let half = number.fract().abs() == 0.5;
            if near || half {
                return match number.fract() == 0.0 && number >= least && number <= greatest {
                    true if number.abs() < 9e15 => Ok(Datum::Integer(number as i128)),
                    _ => Err(Stop::Unknown),
                };
            }
            Ok(Datum::Integer(number.round() as i128))
        }
    }
}

//! Arithmetic, comparisons and patterns.
//!
//! Source: `src/function/scalar/operator` and `BoundComparisonExpression::TryBindComparison` of
//! DuckDB 1.5.5.

use super::casts::cast;
use super::numbers::bounds;
use super::{Constant, Datum, Evaluated, Stop, fails};
use crate::sql_type::{Common, SqlType};
use crate::types::call::{Outcome, call};
use crate::types::{common, literal};
use std::cmp::Ordering;

/// The type that values are compared as.
pub(super) fn comparison_type<'c>(
    values: impl IntoIterator<Item = &'c Constant>,
) -> Evaluated<SqlType> {
    let mut together: Option<Constant> = None;
    for value in values {
        together = Some(match together {
            None => value.clone(),
            Some(before) => {
                let sql_type = of_two(&before, value)?;
                let literal = before.literal && value.literal && sql_type == before.sql_type;
                Constant {
                    literal,
                    ..Constant::new(sql_type, before.datum)
                }
            }
        });
    }
    together
        .map(|together| together.sql_type)
        .ok_or(Stop::Unknown)
}

fn of_two(left: &Constant, right: &Constant) -> Evaluated<SqlType> {
    let is_text = |value: &Constant| value.sql_type == SqlType::Varchar && !value.literal;
    let switches = |value: &Constant| {
        value.sql_type.is_numeric()
            || value.sql_type.is_timestamp()
            || matches!(
                value.sql_type,
                SqlType::Boolean
                    | SqlType::Date
                    | SqlType::Time
                    | SqlType::TimeTz
                    | SqlType::Interval
            )
    };
    match (left, right) {
        // A text that isn't written out is compared as the other type with some types only.
        (text, other) | (other, text) if is_text(text) && other.sql_type != SqlType::Varchar => {
            match switches(other) {
                true => Ok(other.sql_type.clone()),
                false => Err(Stop::Unknown),
            }
        }
        _ => match common(&left.typed(), &right.typed()) {
            Common::Type(sql_type) => Ok(sql_type),
            _ => Err(Stop::Unknown),
        },
    }
}

/// `left operator right`
pub(super) fn comparison(operator: &str, left: &Constant, right: &Constant) -> Evaluated {
    let sql_type = comparison_type([left, right])?;
    if sql_type == SqlType::Null {
        return Ok(Constant::boolean(None));
    }
    let (left, right) = (cast(left, &sql_type)?, cast(right, &sql_type)?);
    if left.is_null() || right.is_null() {
        return Ok(Constant::boolean(None));
    }
    let order = match (&left.datum, &right.datum) {
        (Datum::Integer(left), Datum::Integer(right)) => left.cmp(right),
        (Datum::Decimal(left), Datum::Decimal(right)) => left.cmp(right),
        (Datum::Boolean(left), Datum::Boolean(right)) => left.cmp(right),
        (Datum::Date(left), Datum::Date(right)) => left.cmp(right),
        (Datum::Text(left), Datum::Text(right)) => left.as_bytes().cmp(right.as_bytes()),
        (Datum::Double(left), Datum::Double(right)) => match left.partial_cmp(right) {
            Some(order) if sql_type == SqlType::Double => order,
            _ => return Ok(Constant::new(SqlType::Boolean, Datum::Some)),
        },
        _ => return Ok(Constant::new(SqlType::Boolean, Datum::Some)),
    };
    Ok(Constant::boolean(Some(match operator {
        "=" | "==" => order == Ordering::Equal,
        "<>" | "!=" => order != Ordering::Equal,
        "<" => order == Ordering::Less,
        "<=" => order != Ordering::Greater,
        ">" => order == Ordering::Greater,
        ">=" => order != Ordering::Less,
        _ => return Err(Stop::Unknown),
    })))
}

/// `-value`
pub(super) fn negated(value: &Constant) -> Evaluated {
    let keeps = Constant::new(value.sql_type.clone(), Datum::Null);
    match &value.datum {
        Datum::Null if value.sql_type.is_numeric() => Ok(keeps),
        Datum::Integer(number) if value.literal => {
            let typed = literal::negated(&value.typed()).ok_or(Stop::Unknown)?;
            let number = number.checked_neg().ok_or(Stop::Unknown)?;
            Ok(Constant {
                sql_type: typed.sql_type,
                datum: Datum::Integer(number),
                literal: true,
            })
        }
        Datum::Integer(number) => {
            let (least, _) = bounds(&value.sql_type).ok_or(Stop::Unknown)?;
            match least {
                0 => Err(Stop::Unknown),
                least if *number == least => fails(format!("the opposite of {least} is too large")),
                _ => Ok(Constant {
                    datum: Datum::Integer(-number),
                    ..keeps
                }),
            }
        }
        Datum::Decimal(digits) => Ok(Constant {
            datum: Datum::Decimal(-digits),
            ..keeps
        }),
        Datum::Double(number) => Ok(Constant {
            datum: Datum::Double(-number),
            ..keeps
        }),
        _ => Err(Stop::Unknown),
    }
}

/// `+`, `-`, `*`, `/`, `//` and `%`
pub(super) fn arithmetic(operator: &str, left: &Constant, right: &Constant) -> Evaluated {
    if !matches!(operator, "+" | "-" | "*" | "/" | "//" | "%") {
        return Err(Stop::Unknown);
    }
    let Outcome::Type(sql_type) = call(operator, &[left.typed(), right.typed()]) else {
        return Err(Stop::Unknown);
    };
    if left.is_null() || right.is_null() {
        return Ok(Constant::new(sql_type, Datum::Null));
    }
    let numbers = left.sql_type.is_numeric() && right.sql_type.is_numeric();
    let datum = match &sql_type {
        _ if !numbers => return Err(Stop::Unknown),
        SqlType::Double => {
            let sides = (left.as_double(), right.as_double());
            let (Some(left), Some(right)) = sides else {
                return Err(Stop::Unknown);
            };
            Datum::Double(doubles(operator, left, right)?)
        }
        SqlType::Decimal(precision, _) => decimals(operator, left, right, &sql_type, *precision)?,
        sql_type if sql_type.is_integer() => {
            let sides = (cast(left, sql_type)?.datum, cast(right, sql_type)?.datum);
            let (Datum::Integer(left), Datum::Integer(right)) = sides else {
                return Err(Stop::Unknown);
            };
            integers(operator, left, right, sql_type)?
        }
        _ => return Err(Stop::Unknown),
    };
    Ok(Constant::new(sql_type, datum))
}

fn doubles(operator: &str, left: f64, right: f64) -> Evaluated<f64> {
    Ok(match operator {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" if right != 0.0 => left / right,
        // A session may ask for a null here.
        "/" => f64::INFINITY * left.signum(),
        _ => return Err(Stop::Unknown),
    })
}

fn integers(operator: &str, left: i128, right: i128, sql_type: &SqlType) -> Evaluated<Datum> {
    let (least, greatest) = bounds(sql_type).ok_or(Stop::Unknown)?;
    let result = match operator {
        "+" => left.checked_add(right),
        "-" => left.checked_sub(right),
        "*" => left.checked_mul(right),
        "//" | "%" if right == 0 => return Ok(Datum::Null),
        "//" => left.checked_div(right),
        "%" if right != -1 => left.checked_rem(right),
        _ => return Err(Stop::Unknown),
    };
    match result.filter(|result| (least..=greatest).contains(result)) {
        Some(result) => Ok(Datum::Integer(result)),
        None => fails(format!(
            "`{left} {operator} {right}` is out of the range of `{sql_type}`"
        )),
    }
}

fn decimals(
    operator: &str,
    left: &Constant,
    right: &Constant,
    sql_type: &SqlType,
    precision: u8,
) -> Evaluated<Datum> {
    let digits = |value: &Constant| match (&value.datum, &value.sql_type) {
        (Datum::Decimal(digits), _) => Ok(*digits),
        (Datum::Integer(number), _) => Ok(*number),
        _ => Err(Stop::Unknown),
    };
    let as_type = |value: &Constant| digits(&cast(value, sql_type)?);
    let result = match operator {
        "+" => as_type(left)?.checked_add(as_type(right)?),
        "-" => as_type(left)?.checked_sub(as_type(right)?),
        "*" => digits(left)?.checked_mul(digits(right)?),
        _ => return Err(Stop::Unknown),
    };
    let bound = 10i128
        .checked_pow(u32::from(precision))
        .ok_or(Stop::Unknown)?;
    match result.filter(|result| result.checked_abs().is_some_and(|result| result < bound)) {
        Some(digits) => Ok(Datum::Decimal(digits)),
        None => Err(Stop::Unknown),
    }
}

/// `left || right`, of texts.
pub(super) fn concatenated(left: &Constant, right: &Constant) -> Evaluated {
    let text = |value: &Constant| value.sql_type == SqlType::Varchar;
    if !text(left) || !text(right) {
        return Err(Stop::Unknown);
    }
    let datum = match (&left.datum, &right.datum) {
        (Datum::Null, _) | (_, Datum::Null) => Datum::Null,
        (Datum::Text(left), Datum::Text(right)) => Datum::Text(format!("{left}{right}")),
        _ => Datum::Some,
    };
    Ok(Constant::new(SqlType::Varchar, datum))
}

/// `value LIKE pattern`
pub(super) fn is_like(
    operator: &str,
    not: bool,
    value: &Constant,
    pattern: &Constant,
) -> Evaluated {
    let (Datum::Text(text), Datum::Text(pattern)) = (&value.datum, &pattern.datum) else {
        return Err(Stop::Unknown);
    };
    if operator != "like" {
        return Err(Stop::Unknown);
    }
    let (text, pattern): (Vec<char>, Vec<char>) =
        (text.chars().collect(), pattern.chars().collect());
    if text.len() * pattern.len() > 10_000 {
        return Err(Stop::Unknown);
    }
    Ok(Constant::boolean(Some(matches(&text, &pattern) != not)))
}

/// Whether a text fits a pattern of `%` and `_`: row by row of the table of their beginnings.
fn matches(text: &[char], pattern: &[char]) -> bool {
    let mut fits = vec![false; text.len() + 1];
    fits[0] = true;
    for letter in pattern {
        let mut next = vec![false; text.len() + 1];
        for place in 0..=text.len() {
            next[place] = match letter {
                '%' => fits[place] || place > 0 && next[place - 1],
                letter => {
                    place > 0 && fits[place - 1] && (*letter == '_' || *letter == text[place - 1])
                }
            };
        }
        fits = next;
    }
    fits[text.len()]
}

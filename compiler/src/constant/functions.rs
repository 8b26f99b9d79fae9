//! Calls of functions: those whose values decide, and those that fail.
//!
//! Source: `src/function/scalar` and `extension/core_functions/scalar` of DuckDB 1.5.5.

use super::casts::cast;
use super::evaluate::Evaluator;
use super::{Constant, Datum, Evaluated, Stop, all, fails, moments, texts};
use crate::parse::ast::Function;
use crate::sql_type::{Common, SqlType};
use crate::types::common_of;

/// A call.
pub(super) fn call(evaluator: Evaluator<'_>, function: &Function) -> Evaluated {
    let plain = function.over.is_none()
        && function.filter.is_none()
        && !function.distinct
        && function.order_by.is_empty()
        && function.within_group.is_empty()
        && function
            .arguments
            .iter()
            .all(|argument| argument.name.is_none());
    let (Some(name), true) = (function.name.last(), plain && function.name.len() == 1) else {
        return Err(Stop::Unknown);
    };
    let name = name.value.to_lowercase();
    if name == "try" {
        let [argument] = function.arguments.as_slice() else {
            return Err(Stop::Unknown);
        };
        return evaluator.value(&argument.value).map_err(|_| Stop::Unknown);
    }
    let values = function
        .arguments
        .iter()
        .map(|argument| evaluator.value(&argument.value));
    if matches!(name.as_str(), "coalesce" | "ifnull") {
        return coalesced(values);
    }
    let values = all(values)?;
    of_texts(&name, &values)
        .or_else(|stop| {
            if stop == Stop::Unknown {
                of_numbers(&name, &values)
            } else {
                Err(stop)
            }
        })
        .or_else(|stop| {
            if stop == Stop::Unknown {
                others(&name, &values)
            } else {
                Err(stop)
            }
        })
}

/// The first value that isn't null. The engine looks at no more of them than it needs.
fn coalesced(values: impl Iterator<Item = Evaluated>) -> Evaluated {
    let values: Vec<Evaluated> = values.collect();
    if values.contains(&Err(Stop::Unknown)) {
        return Err(Stop::Unknown);
    }
    let mut typed = Vec::new();
    let mut found: Option<Constant> = None;
    for value in values {
        let value = match (value, &found) {
            (Ok(value), _) => value,
            (Err(_), Some(_)) => return Err(Stop::Unknown),
            (Err(stop), None) => return Err(stop),
        };
        typed.push(value.typed());
        match (&value.datum, &found) {
            (Datum::Some, None) => return Err(Stop::Unknown),
            (Datum::Null, _) | (_, Some(_)) => {}
            _ => found = Some(value),
        }
    }
    match (common_of(&typed), found) {
        (Common::Type(sql_type), Some(value)) => cast(&value, &sql_type),
        (Common::Type(sql_type), None) => Ok(Constant::new(sql_type, Datum::Null)),
        _ => Err(Stop::Unknown),
    }
}

fn text(text: String) -> Evaluated {
    Ok(Constant::new(SqlType::Varchar, Datum::Text(text)))
}

fn of_texts(name: &str, values: &[Constant]) -> Evaluated {
    let all: Option<Vec<&str>> = values
        .iter()
        .map(|value| match &value.datum {
            Datum::Text(text) if value.sql_type == SqlType::Varchar => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let all = all.ok_or(Stop::Unknown)?;
    match (name, all.as_slice()) {
        ("lower" | "lcase", [one]) if one.is_ascii() => text(one.to_ascii_lowercase()),
        ("upper" | "ucase", [one]) if one.is_ascii() => text(one.to_ascii_uppercase()),
        ("concat", [_, ..]) => text(all.concat()),
        ("trim", [one]) => text(one.trim_matches(' ').to_owned()),
        ("length" | "len" | "strlen", [one]) if one.is_ascii() => Ok(Constant::new(
            SqlType::BigInt,
            Datum::Integer(i128::try_from(one.len()).unwrap_or(0)),
        )),
        ("json", [one]) => match texts::is_json(one) {
            Some(true) => Ok(Constant::new(SqlType::Json, Datum::Some)),
            Some(false) => fails(format!("the text `{one}` is no JSON")),
            None => Err(Stop::Unknown),
        },
        ("unhex" | "from_hex", [one]) if one.is_ascii() => {
            match one.bytes().find(|byte| !byte.is_ascii_hexdigit()) {
                Some(byte) => fails(format!("`{}` is no hexadecimal digit", char::from(byte))),
                None => Ok(Constant::new(SqlType::Blob, Datum::Some)),
            }
        }
        _ => Err(Stop::Unknown),
    }
}

/// A function of a number that isn't defined for all of them.
fn undefined(name: &str, number: f64) -> bool {
    match name {
        "sqrt" => number < 0.0,
        "ln" | "log" | "log10" | "log2" => number <= 0.0,
        "acos" | "asin" => number.abs() > 1.0,
        _ => false,
    }
}

fn of_numbers(name: &str, values: &[Constant]) -> Evaluated {
    let [value] = values else {
        return Err(Stop::Unknown);
    };
    let cast_text;
    let mut value = value;
    if value.literal && value.sql_type == SqlType::Varchar {
        // Of the functions below these have one overload, and take a text as its number.
        if !matches!(name, "sqrt" | "ln" | "log10" | "log2" | "acos" | "asin") {
            return Err(Stop::Unknown);
        }
        cast_text = cast(value, &SqlType::Double)?;
        value = &cast_text;
    }
    let number = value.as_double().filter(|_| value.sql_type.is_numeric());
    let number = number.ok_or(Stop::Unknown)?;
    match (name, &value.datum) {
        ("sqrt" | "ln" | "log" | "log10" | "log2" | "acos" | "asin", _) => {
            if undefined(name, number) {
                return fails(format!("`{name}` isn't defined for {number}"));
            }
            let result = match name {
                "sqrt" => Datum::Double(number.sqrt()),
                _ => Datum::Some,
            };
            Ok(Constant::new(SqlType::Double, result))
        }
        ("abs", Datum::Integer(_)) => match number < 0.0 {
            true => super::operators::negated(&Constant {
                literal: false,
                ..value.clone()
            }),
            false => Ok(Constant {
                literal: false,
                ..value.clone()
            }),
        },
        ("chr", Datum::Integer(code)) if value.sql_type == SqlType::Integer => match code {
            1..=127 => text(char::from(u8::try_from(*code).unwrap_or(0)).to_string()),
            code if *code < 0 || *code > 0x10_ffff || (0xd800..0xe000).contains(code) => {
                fails(format!("{code} is the code of no character"))
            }
            _ => Err(Stop::Unknown),
        },
        ("factorial", Datum::Integer(factor)) if value.sql_type == SqlType::Integer => match factor
        {
            ..=-1 => fails("there is no factorial of a negative number"),
            0..=33 => Ok(Constant::new(SqlType::HugeInt, Datum::Some)),
            _ => fails(format!("the factorial of {factor} is out of range")),
        },
        _ => Err(Stop::Unknown),
    }
}

fn others(name: &str, values: &[Constant]) -> Evaluated {
    let integers: Option<Vec<i64>> = values
        .iter()
        .map(|value| match value.datum {
            Datum::Integer(number) => i64::try_from(number).ok(),
            _ => None,
        })
        .collect();
    match (name, integers.as_deref()) {
        ("make_date", Some([year, month, day])) => match moments::is_day(*year, *month, *day) {
            Some(true) => Ok(Constant::new(SqlType::Date, Datum::Some)),
            Some(false) => fails(format!("{year}-{month}-{day} is no date")),
            None => Err(Stop::Unknown),
        },
        _ => Err(Stop::Unknown),
    }
}

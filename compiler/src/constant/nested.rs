//! Lists and structs, also as texts.
//!
//! Source: `src/function/cast/vector_cast_helpers.cpp` and `list_casts.cpp` of DuckDB 1.5.5. Of the
//! texts only plain ones are read: without quotes, escapes and brackets within.

use super::casts::datum;
use super::{Datum, Evaluated, Stop, fails};
use crate::sql_type::SqlType;

/// A list or struct as another type.
pub(super) fn list(members: &[Datum], from: &SqlType, to: &SqlType) -> Evaluated<Datum> {
    let each = |from: &SqlType, to: &SqlType| -> Evaluated<Datum> {
        let members = members.iter().map(|member| datum(member, from, to));
        members.collect::<Evaluated<Vec<_>>>().map(Datum::List)
    };
    match (from, to) {
        (SqlType::List(from) | SqlType::Array(from, _), SqlType::List(to)) => each(from, to),
        (SqlType::List(_) | SqlType::Array(..), SqlType::Array(_, size))
            if members.len() != *size as usize =>
        {
            let count = members.len();
            fails(format!("a list of {count} is no array of {size}"))
        }
        (SqlType::List(from) | SqlType::Array(from, _), SqlType::Array(to, _)) => each(from, to),
        (_, SqlType::Varchar) => Ok(Datum::Some),
        _ => Err(Stop::Unknown),
    }
}

/// A text as a list, an array or a struct.
pub(super) fn from_text(text: &str, to: &SqlType) -> Evaluated<Datum> {
    let trimmed = text.trim_matches([' ', '\t', '\n', '\r']);
    match to {
        SqlType::List(element) => elements(trimmed, element, to).map(Datum::List),
        SqlType::Array(element, size) => {
            let members = elements(trimmed, element, to)?;
            match members.len() == *size as usize {
                true => Ok(Datum::List(members)),
                false => {
                    let count = members.len();
                    fails(format!("a list of {count} is no array of {size}"))
                }
            }
        }
        SqlType::Struct(fields) => fields_of(trimmed, fields),
        _ => Err(Stop::Unknown),
    }
}

fn is_plain(text: &str) -> bool {
    !text.contains(['[', ']', '{', '}', '(', ')', '"', '\'', '\\', '=', '\0'])
}

fn elements(text: &str, element: &SqlType, to: &SqlType) -> Evaluated<Vec<Datum>> {
    let Some(rest) = text.strip_prefix('[') else {
        return match text.eq_ignore_ascii_case("null") {
            true => Err(Stop::Unknown),
            false => fails(format!("the text `{text}` is no `{to}`")),
        };
    };
    let Some(inner) = rest.strip_suffix(']') else {
        return fails(format!("the text `{text}` is no `{to}`"));
    };
    if !is_plain(inner) {
        return Err(Stop::Unknown);
    }
    if inner.trim().is_empty() {
        return Ok(Vec::new());
    }
    inner
        .split(',')
        .map(|part| member(part.trim_matches([' ', '\t', '\n', '\r']), element))
        .collect()
}

/// A member, which may be the word for a null.
fn member(text: &str, to: &SqlType) -> Evaluated<Datum> {
    match text {
        "" if !to.is_numeric() => Err(Stop::Unknown),
        null if null.eq_ignore_ascii_case("null") => Ok(Datum::Null),
        text => datum(&Datum::Text(text.to_owned()), &SqlType::Varchar, to),
    }
}

fn fields_of(text: &str, fields: &[(String, SqlType)]) -> Evaluated<Datum> {
    let inner = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .filter(|inner| is_plain(inner))
        .ok_or(Stop::Unknown)?;
    for part in inner.split(',') {
        let (name, value) = part.split_once(':').ok_or(Stop::Unknown)?;
        let (_, to) = fields
            .iter()
            .find(|(own, _)| own == name.trim())
            .ok_or_else(|| Stop::Fails(format!("there is no field `{}`", name.trim())))?;
        member(value.trim(), to)?;
    }
    Ok(Datum::Some)
}

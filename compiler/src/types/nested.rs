//! Results of functions of lists, maps, structs, unions, JSON and formats that follow from their
//! arguments and not from their signatures; and what becomes of a bare null.
//!
//! Each rule follows the bind function that DuckDB 1.5.5 has for the function.

use super::call::{Outcome, call};
use super::json_path::finds_several;
use super::null_handling::has_null;
use super::{Typed, Value, common_of};
use crate::sql_type::{Common, SqlType};

/// The rule of a function, if it has one here and its arguments allow to use it.
pub(super) fn rule(name: &str, arguments: &[Typed]) -> Option<Outcome> {
    if let Some(outcome) = super::aggregate_states::rule(name, arguments) {
        return Some(outcome);
    }
    let first = arguments.first()?;
    if let Some(outcome) = of_nulls(name, arguments) {
        return Some(outcome);
    }
    Some(match (name, arguments) {
        ("list_zip" | "array_zip", _) => zipped(arguments),
        ("list_grade_up" | "array_grade_up" | "grade_up", [_, ..]) => match first.sql_type {
            SqlType::List(_) => Outcome::Type(SqlType::list(SqlType::BigInt)),
            _ => return None,
        },
        ("array_extract", [_, key]) => return extracted(first, key),
        ("struct_extract_at", [_, key]) => match (&first.sql_type, &key.value) {
            (SqlType::Struct(fields), Value::Integer(position)) => usize::try_from(position - 1)
                .ok()
                .and_then(|position| fields.get(position))
                .map_or(Outcome::Unknown, |(_, field)| known(field)),
            _ => Outcome::Unknown,
        },
        ("struct_values", [_]) => match &first.sql_type {
            SqlType::Struct(fields) => known(&SqlType::Struct(
                fields
                    .iter()
                    .map(|(_, field)| (String::new(), field.clone()))
                    .collect(),
            )),
            _ => Outcome::Unknown,
        },
        ("struct_concat", [_, ..]) => struct_concat(arguments),
        ("union_tag", [_]) => match &first.sql_type {
            SqlType::Union(members) => Outcome::Type(SqlType::Enum(
                members.iter().map(|(name, _)| name.clone()).collect(),
            )),
            _ => Outcome::Unknown,
        },
        ("union_extract", [_, key]) => match (&first.sql_type, &key.value) {
            (SqlType::Union(_), Value::Text(name)) => super::rules::field(&first.sql_type, name)
                .map_or(Outcome::Unknown, |field| known(&field)),
            _ => Outcome::Unknown,
        },
        ("enum_code", [_]) => match &first.sql_type {
            SqlType::Enum(values) => Outcome::Type(match values.len() {
                0..=255 => SqlType::UTinyInt,
                256..=65_535 => SqlType::USmallInt,
                _ => SqlType::UInteger,
            }),
            _ => Outcome::Unknown,
        },
        ("map_concat", [_, rest @ ..]) => match &first.sql_type {
            map @ SqlType::Map(..) if rest.iter().all(|other| other.sql_type == *map) => known(map),
            _ => Outcome::Unknown,
        },
        ("remap_struct", [_, target, _, _]) => known(&target.sql_type),
        ("map_from_entries", [_]) => map_from_entries(&first.sql_type),
        (
            "array_distance"
            | "array_inner_product"
            | "array_cosine_similarity"
            | "array_cosine_distance"
            | "array_dot_product"
            | "array_negative_inner_product"
            | "array_negative_dot_product",
            [_, second],
        ) => match (&first.sql_type, &second.sql_type) {
            (SqlType::Array(left, size), SqlType::Array(right, other))
                if size == other
                    && left == right
                    && matches!(**left, SqlType::Float | SqlType::Double) =>
            {
                known(left)
            }
            _ => Outcome::Unknown,
        },
        _ => return aggregate(name, arguments).or_else(|| formatted(name, arguments)),
    })
}

fn known(sql_type: &SqlType) -> Outcome {
    if sql_type.has_unknown() {
        Outcome::Unknown
    } else {
        Outcome::Type(sql_type.clone())
    }
}

/// What becomes of bare nulls.
fn of_nulls(name: &str, arguments: &[Typed]) -> Option<Outcome> {
    let is_null = |typed: &Typed| typed.sql_type == SqlType::Null;
    let first = arguments.first().filter(|first| is_null(first))?;
    Some(Outcome::Type(match (name, arguments) {
        ("+" | "-" | "*", [_, second]) if is_null(second) => SqlType::BigInt,
        ("-" | "+" | "abs" | "@" | "round", [_]) => SqlType::BigInt,
        ("/", [_, second]) if second.sql_type.is_integer() => SqlType::Double,
        ("avg" | "median", [_]) | ("quantile_cont", [_, _])
            if arguments[1..]
                .iter()
                .all(|position| position.sql_type.is_numeric()) =>
        {
            SqlType::Double
        }
        (
            "list_slice" | "array_slice" | "list_reverse" | "array_reverse" | "list_sort"
            | "array_sort" | "list_resize" | "array_resize" | "flatten",
            _,
        ) => first.sql_type.clone(),
        ("list_concat" | "array_concat" | "list_cat" | "array_cat", _)
            if arguments.iter().all(is_null) =>
        {
            first.sql_type.clone()
        }
        _ => return None,
    }))
}

/// Rows of what stands at one position in each list; a boolean behind says how long they are.
fn zipped(arguments: &[Typed]) -> Outcome {
    let lists = match arguments.split_last() {
        Some((last, lists)) if last.sql_type == SqlType::Boolean => lists,
        _ => arguments,
    };
    let fields: Option<Vec<(String, SqlType)>> = lists
        .iter()
        .map(|list| {
            let element = match &list.sql_type {
                SqlType::List(element) | SqlType::Array(element, _) => (**element).clone(),
                SqlType::Null => SqlType::Null,
                _ => return None,
            };
            Some((String::new(), element))
        })
        .collect();
    match fields {
        Some(fields) if !fields.is_empty() => known(&SqlType::list(SqlType::Struct(fields))),
        _ => Outcome::Unknown,
    }
}

fn extracted(value: &Typed, key: &Typed) -> Option<Outcome> {
    Some(match (&value.sql_type, &key.value) {
        (SqlType::List(element) | SqlType::Array(element, _), _) => known(element),
        (SqlType::Varchar, _) => Outcome::Type(SqlType::Varchar),
        (SqlType::Struct(_), Value::Text(name)) => super::rules::field(&value.sql_type, name)
            .map_or(Outcome::Unknown, |field| known(&field)),
        _ => Outcome::Unknown,
    })
}

fn struct_concat(arguments: &[Typed]) -> Outcome {
    let mut all: Vec<(String, SqlType)> = Vec::new();
    for argument in arguments {
        let SqlType::Struct(fields) = &argument.sql_type else {
            return Outcome::Unknown;
        };
        all.extend(fields.iter().cloned());
    }
    let unnamed = all.iter().filter(|(name, _)| name.is_empty()).count();
    match unnamed == 0 || unnamed == all.len() {
        true => known(&SqlType::Struct(all)),
        false => Outcome::Unknown,
    }
}

/// The type of `struct_insert(s, x := 1)` and `struct_update(s, x := 1)`.
pub fn with_fields(base: &SqlType, fields: Vec<(String, SqlType)>) -> SqlType {
    let SqlType::Struct(own) = base else {
        return SqlType::Unknown;
    };
    if own.iter().all(|(name, _)| name.is_empty()) {
        // What is put behind fields without names has none either.
        return SqlType::Unknown;
    }
    let mut all = own.clone();
    for (name, sql_type) in fields {
        match all
            .iter_mut()
            .find(|(own, _)| own.eq_ignore_ascii_case(&name))
        {
            // The new spelling of the name stays.
            Some(field) => *field = (name, sql_type),
            None => all.push((name, sql_type)),
        }
    }
    SqlType::Struct(all)
}

fn map_from_entries(entries: &SqlType) -> Outcome {
    let SqlType::List(entry) = entries else {
        return Outcome::Unknown;
    };
    match &**entry {
        SqlType::Struct(fields) => match fields.as_slice() {
            [(_, key), (_, value)] => known(&SqlType::Map(
                Box::new(key.clone()),
                Box::new(value.clone()),
            )),
            _ => Outcome::Unknown,
        },
        _ => Outcome::Unknown,
    }
}

fn aggregate(name: &str, arguments: &[Typed]) -> Option<Outcome> {
    let first = arguments.first().filter(|first| first.is_known())?;
    Some(match (name, arguments) {
        ("histogram" | "histogram_exact", [_, bins]) => match &bins.sql_type {
            // The engine counts decimals as the doubles that they are near to.
            SqlType::List(bin)
                if matches!(first.sql_type, SqlType::Decimal(..)) && bin.is_numeric() =>
            {
                Outcome::Type(SqlType::Map(
                    Box::new(SqlType::Double),
                    Box::new(SqlType::UBigInt),
                ))
            }
            SqlType::List(bin) if **bin == first.sql_type || is_literal_bin(bin, first) => {
                Outcome::Type(SqlType::Map(
                    Box::new(first.sql_type.clone()),
                    Box::new(SqlType::UBigInt),
                ))
            }
            _ => Outcome::Unknown,
        },
        ("approx_top_k", [_, _]) => known(&SqlType::list(first.sql_type.clone())),
        ("arg_min_null" | "arg_max_null", [_, _]) => known(&first.sql_type),
        // Of a decimal the engine gives the number that holds it.
        ("approx_quantile", [_, position]) => match (&first.sql_type, &position.sql_type) {
            (SqlType::Decimal(precision, _), position) if position.is_numeric() => {
                Outcome::Type(match precision {
                    0..=4 => SqlType::SmallInt,
                    5..=9 => SqlType::Integer,
                    10..=18 => SqlType::BigInt,
                    _ => SqlType::HugeInt,
                })
            }
            (SqlType::Decimal(..), SqlType::List(_)) => {
                known(&SqlType::list(first.sql_type.clone()))
            }
            _ => return None,
        },
        (
            "list_aggregate" | "array_aggregate" | "list_aggr" | "array_aggr" | "aggregate",
            [_, second, more @ ..],
        ) if !more.is_empty() => match (&first.sql_type, &second.value) {
            (SqlType::List(element) | SqlType::Array(element, _), Value::Text(aggregate)) => {
                let inner: Vec<Typed> = std::iter::once(Typed::of((**element).clone()))
                    .chain(more.iter().cloned())
                    .collect();
                match call(aggregate, &inner) {
                    Outcome::Type(sql_type) => Outcome::Type(sql_type),
                    _ => Outcome::Unknown,
                }
            }
            _ => Outcome::Unknown,
        },
        _ => return None,
    })
}

/// Bins that are numbers written out take the type of what is counted.
fn is_literal_bin(bin: &SqlType, counted: &Typed) -> bool {
    counted.sql_type == SqlType::Double && matches!(bin, SqlType::Decimal(..))
}

/// What a text written out decides: a format of times, a path into JSON, the shape of JSON.
fn formatted(name: &str, arguments: &[Typed]) -> Option<Outcome> {
    Some(match (name, arguments) {
        ("strptime" | "try_strptime", [_, format]) => match &format.value {
            Value::Text(format) => parsed_time(std::slice::from_ref(format)),
            Value::Texts(formats) => parsed_time(formats),
            _ => Outcome::Unknown,
        },
        ("date_part" | "datepart", [part, of])
            if matches!(part.sql_type, SqlType::Varchar | SqlType::Null)
                && part.value != Value::Null
                && !part.is_text_literal()
                && of.is_known()
                && (of.sql_type.is_temporal()) =>
        {
            Outcome::Type(SqlType::BigInt)
        }
        (
            "json_transform" | "json_transform_strict" | "from_json" | "from_json_strict",
            [_, shape],
        ) => match &shape.value {
            _ if has_null(arguments) => Outcome::Type(SqlType::Null),
            Value::Text(shape) => super::json_shape::sql_type(shape)
                .map_or(Outcome::Unknown, |sql_type| known(&sql_type)),
            _ => Outcome::Unknown,
        },
        (
            "json_extract"
            | "json_extract_path"
            | "json_extract_string"
            | "json_extract_path_text"
            | "json_type"
            | "json_array_length"
            | "json_keys"
            | "json_exists"
            | "json_value"
            | "->"
            | "->>",
            [value, path],
        ) => match &path.value {
            Value::Text(path) => match finds_several(path) {
                Ok(false) => return None,
                Ok(true) => {
                    let one = Typed {
                        value: Value::Text("$".to_owned()),
                        ..arguments[1].clone()
                    };
                    match call(name, &[value.clone(), one]) {
                        Outcome::Type(sql_type) => Outcome::Type(SqlType::list(sql_type)),
                        other => other,
                    }
                }
                Err(_) => Outcome::Unknown,
            },
            _ => return None,
        },
        _ => return None,
    })
}

/// The type of a time read by any of these formats.
fn parsed_time(formats: &[String]) -> Outcome {
    let has = |specifier: &str| {
        formats
            .iter()
            .any(|format| format.replace("%%", "").contains(specifier))
    };
    match (has("%z") || has("%Z"), has("%n")) {
        (true, false) => Outcome::Type(SqlType::TimestampTz),
        (false, false) => Outcome::Type(SqlType::Timestamp),
        (_, true) => Outcome::Unknown,
    }
}

/// The type that a list and the first value of its reduction have together.
pub fn reduced(element: &SqlType, initial: Option<&Typed>) -> Common {
    match initial {
        None => Common::Type(element.clone()),
        Some(initial) if initial.sql_type == *element => Common::Type(element.clone()),
        Some(initial) => common_of(&[Typed::of(element.clone()), initial.clone().as_value()]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_replaced_in_their_place() {
        let base: SqlType = "STRUCT(a INTEGER, b VARCHAR)".parse().unwrap();
        let fields = vec![
            ("A".to_owned(), SqlType::Date),
            ("c".to_owned(), SqlType::Time),
        ];
        assert_eq!(
            with_fields(&base, fields).to_string(),
            "STRUCT(A DATE, b VARCHAR, c TIME)"
        );
        assert_eq!(with_fields(&SqlType::Date, Vec::new()), SqlType::Unknown);
    }
}

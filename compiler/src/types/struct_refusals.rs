//! Calls of functions of structs, unions, maps and arrays that the engine refuses.
//!
//! Source: `extension/core_functions/scalar/struct`, `…/map`, `…/array`, `…/union` and
//! `src/function/scalar/struct` of DuckDB 1.5.5.

use super::refusals::is_open;
use super::{Typed, Value};
use crate::sql_type::SqlType;

/// Why the engine refuses a call; `None` if it may take it.
pub(super) fn refusal(name: &str, arguments: &[Typed]) -> Option<String> {
    match name {
        "struct_concat" => concatenated(name, arguments),
        "struct_extract" | "struct_extract_at" => {
            extracted(name, arguments.first()?, arguments.get(1))
        }
        "array_extract" | "list_extract" if is_struct(&arguments.first()?.sql_type) => {
            extracted("struct_extract", arguments.first()?, arguments.get(1))
        }
        "struct_keys" => match &arguments.first()?.sql_type {
            SqlType::Struct(fields) => fields
                .iter()
                .all(|(own, _)| own.is_empty())
                .then(|| "the fields of this struct have no names".to_owned()),
            other => not(name, "a struct", other, |_| false),
        },
        "struct_values" if arguments.first()?.sql_type.is_variant() => None,
        "struct_values" => not(name, "a struct", &arguments.first()?.sql_type, is_struct),
        "contains" => match &arguments.first()?.sql_type {
            SqlType::Struct(_) => refusal("struct_contains", arguments),
            _ => None,
        },
        "struct_contains" | "struct_has" | "struct_position" | "struct_indexof" => {
            match &arguments.first()?.sql_type {
                SqlType::Struct(fields) => fields
                    .iter()
                    .any(|(own, _)| !own.is_empty())
                    .then(|| format!("`{name}` takes a struct whose fields have no names")),
                other => not(name, "a struct", other, |_| false),
            }
        }
        "cardinality" if arguments.len() != 1 => Some(format!("`{name}` takes one map")),
        "cardinality" => not(name, "a map", &arguments.first()?.sql_type, is_map),
        "map_concat" => maps(name, arguments),
        "union_tag" => not(name, "a union", &arguments.first()?.sql_type, is_union),
        "union_extract" => match (&arguments.first()?.sql_type, arguments.get(1)) {
            (SqlType::Union(members), Some(key)) => match &key.value {
                Value::Text(text) => (!members
                    .iter()
                    .any(|(own, _)| own.eq_ignore_ascii_case(text)))
                .then(|| format!("the union has no member `{text}`")),
                _ => None,
            },
            (other, _) => not(name, "a union", other, is_union),
        },
        "array_value" if arguments.is_empty() => {
            Some("`array_value` takes at least one value".to_owned())
        }
        "array_distance"
        | "array_inner_product"
        | "array_cosine_similarity"
        | "array_cosine_distance"
        | "array_dot_product"
        | "array_negative_inner_product"
        | "array_negative_dot_product" => arrays(name, arguments),
        _ => None,
    }
}

fn is_struct(sql_type: &SqlType) -> bool {
    matches!(sql_type, SqlType::Struct(_))
}

fn is_map(sql_type: &SqlType) -> bool {
    matches!(sql_type, SqlType::Map(..))
}

fn is_union(sql_type: &SqlType) -> bool {
    matches!(sql_type, SqlType::Union(_))
}

/// That an argument isn't what a function takes.
fn not(name: &str, what: &str, sql_type: &SqlType, is: fn(&SqlType) -> bool) -> Option<String> {
    (!is(sql_type) && !is_open(sql_type))
        .then(|| format!("`{name}` takes {what}, and this is `{sql_type}`"))
}

fn concatenated(name: &str, arguments: &[Typed]) -> Option<String> {
    if arguments.is_empty() {
        return Some(format!("`{name}` takes structs"));
    }
    let other = arguments
        .iter()
        .find(|argument| !is_struct(&argument.sql_type) && !argument.sql_type.is_vague());
    if let Some(other) = other {
        return Some(format!(
            "`{name}` takes structs, and this is `{}`",
            other.sql_type
        ));
    }
    let mut names: Vec<String> = Vec::new();
    let mut unnamed = false;
    for argument in arguments {
        let SqlType::Struct(fields) = &argument.sql_type else {
            return None;
        };
        for (field, _) in fields {
            unnamed |= field.is_empty();
            let lower = field.to_lowercase();
            if !lower.is_empty() && names.contains(&lower) {
                return Some(format!("both structs have a field `{field}`"));
            }
            names.push(lower);
        }
    }
    let named = names.iter().any(|name| !name.is_empty());
    (unnamed && named)
        .then(|| format!("`{name}` doesn't put structs with names and without together"))
}

fn extracted(name: &str, value: &Typed, key: Option<&Typed>) -> Option<String> {
    let fields = match &value.sql_type {
        SqlType::Struct(fields) => fields,
        other => return not(name, "a struct", other, is_struct),
    };
    let key = key?;
    let unnamed = fields.iter().all(|(own, _)| own.is_empty());
    match &key.value {
        Value::Integer(position) if unnamed || name == "struct_extract_at" => {
            let inside = usize::try_from(*position)
                .is_ok_and(|position| (1..=fields.len()).contains(&position));
            (!inside).then(|| format!("the struct has {} fields", fields.len()))
        }
        Value::Text(text) if name == "struct_extract_at" => text
            .trim()
            .parse::<f64>()
            .is_err()
            .then(|| format!("`{name}` takes a position")),
        Value::Text(_) if unnamed && name == "struct_extract" => {
            Some("the fields of a struct without names are taken by position".to_owned())
        }
        Value::Text(text) if name == "struct_extract" => {
            (!fields.iter().any(|(own, _)| own.eq_ignore_ascii_case(text)))
                .then(|| format!("the struct has no field `{text}`"))
        }
        _ if !unnamed && name == "struct_extract" && key.sql_type.is_integer() => {
            Some("the fields of a struct with names are taken by name".to_owned())
        }
        _ => None,
    }
}

fn maps(name: &str, arguments: &[Typed]) -> Option<String> {
    if arguments.len() < 2 {
        return Some(format!("`{name}` takes two maps or more"));
    }
    for argument in arguments {
        if let Some(wrong) = not(name, "maps", &argument.sql_type, is_map) {
            return Some(wrong);
        }
    }
    let mut maps = arguments
        .iter()
        .filter(|argument| is_map(&argument.sql_type));
    let first = maps.next().filter(|first| is_plain(&first.sql_type))?;
    let other = maps.find(|other| is_plain(&other.sql_type) && other.sql_type != first.sql_type)?;
    Some(format!(
        "`{name}` takes maps of one type, and these are `{}` and `{}`",
        first.sql_type, other.sql_type
    ))
}

/// Whether a type is known through and through, and holds no bare null.
fn is_plain(sql_type: &SqlType) -> bool {
    !sql_type.any(&is_open)
}

fn arrays(name: &str, arguments: &[Typed]) -> Option<String> {
    let [left, right] = arguments else {
        return None;
    };
    let (SqlType::Array(left, left_size), SqlType::Array(right, right_size)) =
        (&left.sql_type, &right.sql_type)
    else {
        let other = [left, right]
            .into_iter()
            .find(|side| !matches!(side.sql_type, SqlType::Array(..)))?;
        return (!is_open(&other.sql_type))
            .then(|| format!("`{name}` takes arrays, and this is `{}`", other.sql_type));
    };
    if left_size != right_size {
        return Some(format!(
            "`{name}` takes arrays of one size, and these have {left_size} and {right_size} elements"
        ));
    }
    let float =
        |element: &SqlType| matches!(element, SqlType::Float | SqlType::Double) || is_open(element);
    (!float(left) && !float(right))
        .then(|| format!("`{name}` takes arrays of `FLOAT` or `DOUBLE`, and these are of `{left}`"))
}

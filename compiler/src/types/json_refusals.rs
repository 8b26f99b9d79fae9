//! Calls of JSON functions that the engine refuses: paths and shapes that can't be read, and what
//! isn't turned into JSON.
//!
//! Source: `extension/json/json_functions` of DuckDB 1.5.5.

use super::json_path::finds_several;
use super::refusals::is_open;
use super::{Typed, Value, json_shape};
use crate::sql_type::SqlType;

/// Functions whose second argument is a path, or a list of paths.
pub const WITH_PATH: &[&str] = &[
    "->",
    "->>",
    "json_array_length",
    "json_exists",
    "json_extract",
    "json_extract_path",
    "json_extract_path_text",
    "json_extract_string",
    "json_keys",
    "json_type",
    "json_value",
];

/// Why the engine refuses a call; `None` if it may take it.
pub(super) fn refusal(name: &str, arguments: &[Typed]) -> Option<String> {
    match (name, arguments) {
        ("json_object", _) => object(arguments),
        ("to_json" | "json_quote", [_]) => None,
        ("to_json" | "json_quote", _) => Some(format!("`{name}` takes one value")),
        ("row_to_json", [only]) => match &only.sql_type {
            SqlType::Struct(_) => None,
            other if is_open(other) => None,
            other => Some(format!(
                "`row_to_json` takes a struct, and this is `{other}`"
            )),
        },
        ("array_to_json", [only]) => match &only.sql_type {
            SqlType::List(_) | SqlType::Array(..) => None,
            other if is_open(other) => None,
            other => Some(format!(
                "`array_to_json` takes a list, and this is `{other}`"
            )),
        },
        // With a null the engine doesn't look any further.
        ("row_to_json" | "array_to_json", _)
            if arguments
                .iter()
                .any(|argument| argument.sql_type == SqlType::Null) =>
        {
            None
        }
        ("row_to_json" | "array_to_json", _) => Some(format!("`{name}` takes one value")),
        (name, [_, path]) if WITH_PATH.contains(&name) => paths(&path.value),
        (
            "json_transform" | "json_transform_strict" | "from_json" | "from_json_strict",
            [_, shape],
        ) => match &shape.value {
            Value::Text(text) => json_shape::sql_type(text)
                .err()?
                .map(|why| format!("the shape of `{name}` describes no type: {why}")),
            _ => None,
        },
        _ => None,
    }
}

/// What to say of a path that can't be read from here on.
fn wrong_path(rest: &str) -> String {
    format!("the path can't be read from `{rest}` on")
}

fn paths(value: &Value) -> Option<String> {
    match value {
        Value::Text(path) => finds_several(path).err().map(wrong_path),
        Value::Texts(paths) => paths.iter().find_map(|path| match finds_several(path) {
            Ok(true) => Some(format!(
                "`{path}` has a wildcard, which a path among several can't have"
            )),
            Ok(false) => None,
            Err(rest) => Some(wrong_path(rest)),
        }),
        _ => None,
    }
}

fn object(arguments: &[Typed]) -> Option<String> {
    if !arguments.len().is_multiple_of(2) {
        return Some("`json_object` takes a value for each key".to_owned());
    }
    let open = |key: &&Typed| key.sql_type == SqlType::Varchar || key.sql_type.is_vague();
    let wrong = arguments.iter().step_by(2).find(|key| !open(key))?;
    Some(format!(
        "the keys of `json_object` are texts, and this is `{}`",
        wrong.sql_type
    ))
}

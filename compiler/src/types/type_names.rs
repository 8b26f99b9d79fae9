//! Names of types that no type has, as far as that can be told.

use super::made_type::{self, Modifier, Part};
use crate::sql_type::SqlType;

/// Types that the engine has and dbgo has no own name for.
const OTHERS: &[&str] = &[
    "box_2d",
    "box_2df",
    "geometry",
    "geography",
    "inet",
    "linestring_2d",
    "point_2d",
    "point_3d",
    "point_4d",
    "polygon_2d",
    "type",
    "variant",
    "wkb_blob",
];

/// The name within a type that no type has.
pub fn unknown_type(sql_type: &SqlType) -> Option<String> {
    let mut unknown = None;
    find_unknown(sql_type, &mut unknown);
    unknown
}

fn find_unknown(sql_type: &SqlType, found: &mut Option<String>) {
    match sql_type {
        SqlType::Other(name) if is_unknown(name) => *found = Some(name.clone()),
        SqlType::List(element) | SqlType::Array(element, _) => find_unknown(element, found),
        SqlType::Map(key, value) => {
            find_unknown(key, found);
            find_unknown(value, found);
        }
        SqlType::Struct(fields) | SqlType::Union(fields) => {
            fields
                .iter()
                .for_each(|(_, field)| find_unknown(field, found));
        }
        _ => {}
    }
}

/// Schemas of the engine that hold no types.
const WITHOUT_TYPES: &[&str] = &["information_schema", "pg_catalog"];

/// Whether a name, as [`SqlType::Other`] has it, is one that no type has.
pub fn is_unknown(name: &str) -> bool {
    let lower = name.to_lowercase();
    let (name, parameters) = match lower.split_once('(') {
        Some((name, parameters)) => (name, Some(parameters)),
        None => (lower.as_str(), None),
    };
    let Some((schemas, last)) = parts(name) else {
        return false;
    };
    let is_made = OTHERS.contains(&last);
    let is_built_in = last
        .parse::<SqlType>()
        .is_ok_and(|sql_type| !is_other(&sql_type));
    match schemas {
        "" => !is_made && (!is_built_in || parameters.is_none()),
        schema if is_built_in => WITHOUT_TYPES.contains(&schema),
        _ => !is_made,
    }
}

fn is_other(sql_type: &SqlType) -> bool {
    matches!(sql_type, SqlType::Other(_))
}

/// What stands in front of the last point, and behind it without its quotes; `None` where that can't be told.
fn parts(name: &str) -> Option<(&str, &str)> {
    if let Some(quoted) = name.strip_suffix('"') {
        let (before, last) = quoted.rsplit_once('"')?;
        return Some((before.trim_end_matches('.'), last));
    }
    let (schemas, last) = name.rsplit_once('.').unwrap_or(("", name));
    let plain = |letter: char| letter.is_alphanumeric() || letter == '_';
    last.chars().all(plain).then_some((schemas, last))
}

/// Why a text that the engine takes for the name of a type is none.
pub fn unknown_name(text: &str) -> Option<String> {
    let last = text.rsplit('.').next().unwrap_or(text);
    let quoted = format!("\"{}\"", last.replace('"', "\"\""));
    let unknown = match quoted.parse::<SqlType>() {
        Ok(SqlType::Other(name)) => is_unknown(&name),
        _ => false,
    };
    unknown.then(|| format!("there is no type `{text}`"))
}

/// What is wrong with the reference system of a geometry within a type.
pub fn wrong_geometry(sql_type: &SqlType) -> Option<String> {
    let mut found = None;
    visit(sql_type, &mut |name| {
        found = found.take().or_else(|| geometry(name))
    });
    found
}

fn visit(sql_type: &SqlType, see: &mut dyn FnMut(&str)) {
    match sql_type {
        SqlType::Other(name) => see(name),
        SqlType::List(element) | SqlType::Array(element, _) => visit(element, see),
        SqlType::Map(key, value) => {
            visit(key, see);
            visit(value, see);
        }
        SqlType::Struct(fields) | SqlType::Union(fields) => {
            fields.iter().for_each(|(_, field)| visit(field, see));
        }
        _ => {}
    }
}

/// What is wrong with `geometry(…)`.
fn geometry(name: &str) -> Option<String> {
    let (head, rest) = name.split_once('(')?;
    let inner = rest.trim_end().strip_suffix(')')?.trim();
    if !head.trim().eq_ignore_ascii_case("geometry") {
        return None;
    }
    let parts: Vec<Part> = match inner
        .strip_prefix('\'')
        .and_then(|inner| inner.strip_suffix('\''))
    {
        Some(text) if !text.replace("''", "").contains('\'') => {
            vec![Part::Text(text.replace("''", "'"))]
        }
        Some(_) => vec![Part::Other, Part::Other],
        None if inner.is_empty() => Vec::new(),
        None => vec![Part::Other],
    };
    let modifiers: Vec<Modifier> = parts
        .into_iter()
        .map(|part| Modifier { name: None, part })
        .collect();
    made_type::refusal("geometry", &modifiers)
}

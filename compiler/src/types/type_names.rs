//! Names of types that no type has, as far as that can be told.

use super::made_type::{self, Modifier, Part};
use crate::sql_type::SqlType;

/// Types that the engine has and dbgo has no own name for.
const OTHERS: &[&str] = &[
    "any",
    "box_2d",
    "box_2df",
    "geometry",
    "geography",
    "inet",
    "lambda",
    "linestring_2d",
    "point_2d",
    "point_3d",
    "point_4d",
    "polygon_2d",
    "table",
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

/// Whether it is a plain name that no type has.
pub fn is_unknown(name: &str) -> bool {
    let lower = name.to_lowercase();
    let plain = lower
        .chars()
        .all(|letter| letter.is_alphanumeric() || letter == '_');
    plain && !OTHERS.contains(&lower.as_str())
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

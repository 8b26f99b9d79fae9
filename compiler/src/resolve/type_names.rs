//! Types as written in casts: those that don't exist, and parameters that they don't take.

use super::Binder;
use crate::diagnostic::{Code, Diagnostic};
use crate::parse::ast;
use crate::sql_type::{SqlType, unknown_type_hint};

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
    "pointer",
    "point_2d",
    "point_3d",
    "point_4d",
    "polygon_2d",
    "table",
    "type",
    "variant",
    "wkb_blob",
];

impl Binder<'_> {
    /// Checks a type that is cast to.
    pub(super) fn check_type(&mut self, type_name: &ast::TypeName) {
        let text = type_name.text.trim();
        let lower = text.to_lowercase();
        let parts = lower.matches('.').count() + 1;
        let message = match text.parse::<SqlType>() {
            _ if parts > 3 && !lower.contains(['"', '\'', '(']) => {
                "the name of a type has at most three parts".to_owned()
            }
            Ok(sql_type) => {
                let mut unknown = None;
                find_unknown(&sql_type, &mut unknown);
                let empty = |part: &SqlType| matches!(part, SqlType::Array(_, 0));
                match unknown {
                    None if sql_type.any(&empty) => "an array has one element or more".to_owned(),
                    Some(name) => format!("there is no type `{name}`"),
                    None => return,
                }
            }
            Err(_) if matches!(lower.as_str(), "enum") => {
                "an enum has at least one value: `enum('a', 'b')`".to_owned()
            }
            Err(_) if lower.starts_with("enum(") || lower.starts_with("enum (") => {
                "the values of an enum are texts".to_owned()
            }
            Err(_) if lower == "map" || lower.starts_with("map(") || lower.starts_with("map (") => {
                "a map has a type of keys and one of values: `map(varchar, integer)`".to_owned()
            }
            Err(_) if starts_decimal(&lower) => {
                "a decimal has at most 38 digits, and no more behind its point: `decimal(18, 2)`"
                    .to_owned()
            }
            Err(_) => return,
        };
        self.report(
            Diagnostic::error(Code::UnknownType, type_name.span, message)
                .hint(unknown_type_hint(text)),
        );
    }
}

fn starts_decimal(lower: &str) -> bool {
    ["decimal(", "decimal (", "numeric(", "numeric ("]
        .iter()
        .any(|start| lower.starts_with(start))
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
fn is_unknown(name: &str) -> bool {
    let lower = name.to_lowercase();
    let plain = lower
        .chars()
        .all(|letter| letter.is_alphanumeric() || letter == '_');
    plain && !OTHERS.contains(&lower.as_str())
}

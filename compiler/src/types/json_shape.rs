//! The shape that `json_transform` and `from_json` take: `{"a": "INTEGER", "b": ["VARCHAR"]}`.
//!
//! Source: `StructureStringToType` in `extension/json/json_functions/json_transform.cpp` of DuckDB.

use super::type_names::{unknown_type, wrong_geometry};
use crate::sql_type::SqlType;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use std::fmt;

/// The type that a shape describes, unknown in the places that aren't certain.
///
/// # Errors
/// What the engine finds wrong in it; `None` where it may be more tolerant than this reading.
pub(super) fn sql_type(shape: &str) -> Result<SqlType, Option<String>> {
    let read = serde_json::from_str::<Shape>(shape);
    read.map(|shape| shape.0).map_err(|error| {
        let begins = shape.trim_start().starts_with(['{', '[', '"']);
        match error.classify() {
            Category::Data => Some(error.to_string()),
            Category::Io | Category::Syntax | Category::Eof => {
                (!begins).then(|| "it is no JSON".to_owned())
            }
        }
    })
}

/// Names that are no types without more.
const UNMADE: &[&str] = &["any", "array", "lambda", "list", "table"];

struct Shape(SqlType);

impl<'de> serde::Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ShapeVisitor).map(Shape)
    }
}

/// Keeps the order of the fields.
struct ShapeVisitor;

impl<'de> Visitor<'de> for ShapeVisitor {
    type Value = SqlType;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a type, a list of one shape or an object of shapes")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<SqlType, E> {
        match text.parse::<SqlType>() {
            Ok(_)
                if UNMADE
                    .iter()
                    .any(|name| text.trim().eq_ignore_ascii_case(name)) =>
            {
                Err(E::custom(format!("`{text}` is no type by itself")))
            }
            Ok(sql_type) if sql_type.any(&|part| matches!(part, SqlType::Other(_))) => {
                match (wrong_geometry(&sql_type), unknown_type(&sql_type)) {
                    (Some(wrong), _) => Err(E::custom(wrong)),
                    (None, Some(name)) => Err(E::custom(format!("there is no type `{name}`"))),
                    (None, None) => Ok(SqlType::Unknown),
                }
            }
            Ok(sql_type) => Ok(sql_type),
            Err(_) => Err(E::custom(format!("there is no type `{text}`"))),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<SqlType, A::Error> {
        match (
            items.next_element::<Shape>()?,
            items.next_element::<Shape>()?,
        ) {
            (Some(Shape(element)), None) => Ok(SqlType::list(element)),
            _ => Err(A::Error::custom(
                "a list has one shape for all its elements",
            )),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<SqlType, A::Error> {
        let mut fields: Vec<(String, SqlType)> = Vec::new();
        let mut unclear = false;
        while let Some((name, Shape(field))) = entries.next_entry::<String, Shape>()? {
            if fields.iter().any(|(own, _)| *own == name) {
                return Err(A::Error::custom(format!("it has two fields `{name}`")));
            }
            // Names that differ in case only make a struct that nothing else can make.
            unclear |= fields
                .iter()
                .any(|(own, _)| own.eq_ignore_ascii_case(&name));
            fields.push((name, field));
        }
        match fields.is_empty() {
            true => Err(A::Error::custom("an object has at least one field")),
            false if unclear => Ok(SqlType::Unknown),
            false => Ok(SqlType::Struct(fields)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read_in_their_order() {
        let shown = |shape: &str| sql_type(shape).map(|sql_type| sql_type.to_string());
        assert_eq!(
            shown(r#"{"b": ["INTEGER"], "a": {"x": "DATE"}}"#).as_deref(),
            Ok("STRUCT(b INTEGER[], a STRUCT(x DATE))")
        );
        assert_eq!(shown(r#""DOUBLE""#).as_deref(), Ok("DOUBLE"));
        for wrong in [
            "{}",
            "[]",
            "1",
            r#"["INT", "INT"]"#,
            r#"{"a": null}"#,
            "foo",
            r#""INT(""#,
            r#"{"a": "LIST"}"#,
            r#"{"a": "NOSUCH"}"#,
        ] {
            assert!(sql_type(wrong).is_err_and(|why| why.is_some()), "{wrong}");
        }
        for unclear in [r#"{"a": "INET"}"#, r#"{"a": "INT", "A": "INT"}"#] {
            assert!(
                sql_type(unclear).is_ok_and(|found| found.has_unknown()),
                "{unclear}"
            );
        }
        assert_eq!(sql_type(r#"{"a": "INT",}"#), Err(None));
    }
}

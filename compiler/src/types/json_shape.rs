//! The shape that `json_transform` and `from_json` take: `{"a": "INTEGER", "b": ["VARCHAR"]}`.
//!
//! Source: `StructureStringToType` in `extension/json/json_functions/json_transform.cpp` of DuckDB.

use crate::sql_type::SqlType;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The type that a shape describes; `None` if it is none, or isn't certain.
pub(super) fn sql_type(shape: &str) -> Option<SqlType> {
    serde_json::from_str::<Shape>(shape)
        .ok()
        .map(|shape| shape.0)
}

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
            Ok(sql_type) if !sql_type.any(&|part| matches!(part, SqlType::Other(_))) => {
                Ok(sql_type)
            }
            _ => Err(E::custom("not a type")),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<SqlType, A::Error> {
        match (
            items.next_element::<Shape>()?,
            items.next_element::<Shape>()?,
        ) {
            (Some(Shape(element)), None) => Ok(SqlType::list(element)),
            _ => Err(A::Error::custom("not a list of one shape")),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<SqlType, A::Error> {
        let mut fields: Vec<(String, SqlType)> = Vec::new();
        while let Some((name, Shape(field))) = entries.next_entry::<String, Shape>()? {
            if fields
                .iter()
                .any(|(own, _)| own.eq_ignore_ascii_case(&name))
            {
                return Err(A::Error::custom("two fields of one name"));
            }
            fields.push((name, field));
        }
        match fields.is_empty() {
            true => Err(A::Error::custom("no fields")),
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
            Some("STRUCT(b INTEGER[], a STRUCT(x DATE))")
        );
        assert_eq!(shown(r#""DOUBLE""#).as_deref(), Some("DOUBLE"));
        for wrong in ["{}", "[]", "1", r#"["A", "B"]"#, r#"{"a": "NOSUCH"}"#, "{"] {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }
}

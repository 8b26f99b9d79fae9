//! Types as written in casts: those that don't exist, and parameters that they don't take.

use super::Binder;
use crate::diagnostic::{Code, Diagnostic};
use crate::parse::ast;
use crate::sql_type::{SqlType, unknown_type_hint};
use crate::types::type_names::{unknown_type, wrong_geometry};
use std::collections::BTreeSet;

const ENUM_VALUES: &str = "the values of an enum are texts, each of which stands once";

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
                let unknown = unknown_type(&sql_type);
                let empty = |part: &SqlType| matches!(part, SqlType::Array(_, 0));
                match (unknown, &sql_type) {
                    (Some(name), _) => format!("there is no type `{name}`"),
                    (None, _) if wrong_geometry(&sql_type).is_some() => {
                        wrong_geometry(&sql_type).unwrap_or_default()
                    }
                    (None, _)
                        if lower.starts_with("interval(") || lower.starts_with("interval (") =>
                    {
                        "an interval takes no number of digits".to_owned()
                    }
                    (None, _) if sql_type.any(&has_field_twice) => {
                        "two fields of this type have one name".to_owned()
                    }
                    (None, SqlType::Enum(values)) if has_twice(values) => ENUM_VALUES.to_owned(),
                    (None, SqlType::Other(name)) if name.to_uppercase().starts_with("VARIANT(") => {
                        "the type `variant` takes no parameters".to_owned()
                    }
                    (None, _) if sql_type.any(&empty) => {
                        "an array has one element or more".to_owned()
                    }
                    (None, _) => return,
                }
            }
            Err(_) if matches!(lower.as_str(), "enum") => {
                "an enum has at least one value: `enum('a', 'b')`".to_owned()
            }
            Err(_) if lower.starts_with("enum(") || lower.starts_with("enum (") => {
                ENUM_VALUES.to_owned()
            }
            Err(_) if lower == "map" || lower.starts_with("map(") || lower.starts_with("map (") => {
                "a map has a type of keys and one of values: `map(varchar, integer)`".to_owned()
            }
            Err(_)
                if lower.starts_with("geometry(")
                    && !lower.contains('\'')
                    && !lower.ends_with("()") =>
            {
                "a geometry takes the text of a coordinate system".to_owned()
            }
            Err(_) if starts_decimal(&lower) => {
                "a decimal has at most 38 digits, and no more behind its point: `decimal(18, 2)`"
                    .to_owned()
            }
            Err(_) => match refused_parameters(text) {
                Some(message) => message,
                None => return,
            },
        };
        self.report(
            Diagnostic::error(Code::UnknownType, type_name.span, message)
                .hint(unknown_type_hint(text)),
        );
    }
}

/// What is wrong with the parameters of a type that would be one without them.
fn refused_parameters(text: &str) -> Option<String> {
    if let Some((element, size)) = text
        .strip_suffix(']')
        .and_then(|text| text.rsplit_once('['))
    {
        let is_type = element.parse::<SqlType>().is_ok();
        return (is_type && !size.trim().is_empty())
            .then(|| "an array has 1 to 100000 elements".to_owned());
    }
    let (name, rest) = text.split_once('(')?;
    let (parameters, behind) = rest.split_once(')')?;
    let name = format!("{} {}", name.trim(), behind.trim());
    match name.trim().parse::<SqlType>().ok()? {
        SqlType::Timestamp => Some("a timestamp has at most 9 digits of seconds".to_owned()),
        SqlType::Float => Some("a float has 1 to 53 bits".to_owned()),
        SqlType::Varchar => Some("a text has one length at most".to_owned()),
        SqlType::Other(name) if name.eq_ignore_ascii_case("geometry") => (parameters.contains(',')
            || !parameters.trim().is_empty() && !parameters.contains('\''))
        .then(|| "a geometry takes the text of a coordinate system".to_owned()),
        _ if parameters.contains('(') => None,
        _ => Some(format!("the type `{}` takes no parameters", name.trim())),
    }
}

fn has_field_twice(sql_type: &SqlType) -> bool {
    let (SqlType::Struct(fields) | SqlType::Union(fields)) = sql_type else {
        return false;
    };
    let mut seen = BTreeSet::new();
    !fields
        .iter()
        .all(|(name, _)| name.is_empty() || seen.insert(name.to_lowercase()))
}

fn has_twice(values: &[String]) -> bool {
    let mut seen = BTreeSet::new();
    !values.iter().all(|value| seen.insert(value.as_str()))
}

fn starts_decimal(lower: &str) -> bool {
    [
        "decimal(",
        "decimal (",
        "numeric(",
        "numeric (",
        "dec(",
        "dec (",
    ]
    .iter()
    .any(|start| lower.starts_with(start))
}

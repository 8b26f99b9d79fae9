//! Casts that the engine has no function for, so that it refuses them before any row.
//!
//! Source: `StructBoundCastData::BindStructToStructCast` and `StructToMapCast` of DuckDB 1.5.5. All
//! other casts are made, and fail at a value that they can't turn.

use super::Binder;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::sql_type::SqlType;

impl Binder<'_> {
    /// Checks the cast of a value.
    pub(super) fn check_cast(&mut self, from: &SqlType, to: &SqlType, span: Span) {
        if let Some(message) = refusal(from, to) {
            self.report(
                Diagnostic::error(Code::TypeMismatch, span, message)
                    .hint("take the fields one by one: `{'a': x.b}`"),
            );
        }
    }
}

fn refusal(from: &SqlType, to: &SqlType) -> Option<String> {
    match (from, to) {
        (
            SqlType::List(from) | SqlType::Array(from, _),
            SqlType::List(to) | SqlType::Array(to, _),
        ) => refusal(from, to),
        (SqlType::Map(from_key, from_value), SqlType::Map(to_key, to_value)) => {
            refusal(from_key, to_key).or_else(|| refusal(from_value, to_value))
        }
        (SqlType::Struct(from), SqlType::Map(..)) if is_unnamed(from) => {
            Some("the fields of this struct have no names to be keys of a map".to_owned())
        }
        (SqlType::Struct(from), SqlType::Struct(to)) => structs(from, to),
        _ => None,
    }
}

fn is_unnamed(fields: &[(String, SqlType)]) -> bool {
    fields.iter().all(|(name, _)| name.is_empty())
}

fn structs(from: &[(String, SqlType)], to: &[(String, SqlType)]) -> Option<String> {
    if is_unnamed(from) || is_unnamed(to) {
        if from.len() != to.len() {
            return Some(format!(
                "a struct with {} fields doesn't become one with {}",
                from.len(),
                to.len()
            ));
        }
        return from
            .iter()
            .zip(to)
            .find_map(|((_, from), (_, to))| refusal(from, to));
    }
    let mut matched = false;
    for (name, to) in to {
        let same = from.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        if let Some((_, from)) = same {
            matched = true;
            if let Some(refused) = refusal(from, to) {
                return Some(refused);
            }
        }
    }
    (!matched).then(|| "the two structs have no field of one name".to_owned())
}

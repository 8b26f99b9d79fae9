//! Casts that the engine has no function for, so that it refuses them before any row.
//!
//! Source: `StructBoundCastData::BindStructToStructCast`, `StructToMapCast` and `union_casts.cpp` of
//! DuckDB 1.5.5. All
//! other casts are made, and fail at a value that they can't turn.

use super::Binder;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::sql_type::SqlType;
use crate::sql_type::coerce::implicit_cost;

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
        (SqlType::Union(from), SqlType::Union(to)) => {
            let missing = from
                .iter()
                .find(|(name, _)| !to.iter().any(|(own, _)| own.eq_ignore_ascii_case(name)));
            missing.map(|(name, _)| format!("the other union has no member `{name}`"))
        }
        (from, SqlType::Union(members)) => into_union(from, members),
        _ => None,
    }
}

/// A value becomes a member of the type that it is cast to for the least cost.
fn into_union(from: &SqlType, members: &[(String, SqlType)]) -> Option<String> {
    let open = |part: &SqlType| {
        part.is_vague()
            || part.is_variant()
            || matches!(part, SqlType::Null | SqlType::Json | SqlType::Union(_))
    };
    // A struct with a tag in front of all members is the union itself.
    let written_out = matches!(from, SqlType::Struct(fields)
        if fields.len() == members.len() + 1 && fields[0].1 == SqlType::UTinyInt);
    if from.any(&open) || written_out || members.iter().any(|(_, member)| member.any(&open)) {
        return None;
    }
    let mut costs: Vec<u32> = members
        .iter()
        .filter_map(|(_, member)| implicit_cost(from, member))
        .collect();
    costs.sort_unstable();
    match costs.as_slice() {
        [] => Some(format!("no member of the union takes `{from}`")),
        [least, next, ..] if least == next => {
            Some(format!("more than one member of the union takes `{from}`"))
        }
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

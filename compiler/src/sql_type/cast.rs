//! Casts that the engine has no function for, so that it refuses them before any row.
//!
//! Source: `StructBoundCastData::BindStructToStructCast`, `StructToMapCast`, `union_casts.cpp` and
//! `geo_casts.cpp` of DuckDB 1.5.5. All other casts are made, and fail at a value that they can't turn.

use super::SqlType;
use super::coerce::implicit_cost;

/// Why the engine has no cast from one type to another; `None` if it has one, or if that isn't known.
pub fn refusal(from: &SqlType, to: &SqlType) -> Option<String> {
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
        (SqlType::Union(from), SqlType::Union(to)) => from.iter().find_map(|(name, member)| {
            let mut same = to.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
            match same.next() {
                Some((_, target)) => refusal(member, target),
                None => Some(format!("the other union has no member `{name}`")),
            }
        }),
        (from, SqlType::Union(members)) => into_union(from, members),
        (SqlType::Other(own), SqlType::Other(other))
            if from.is_geometry() && to.is_geometry() && own != other =>
        {
            let both = own.contains('(') && other.contains('(');
            both.then(|| format!("`{own}` has another reference system than `{other}`"))
        }
        _ => None,
    }
}

/// A value becomes a member of the type that it is cast to for the least cost.
fn into_union(from: &SqlType, members: &[(String, SqlType)]) -> Option<String> {
    let open = |part: &SqlType| part.is_vague() || part.is_variant();
    let written_out = matches!(from, SqlType::Struct(fields) if is_written_out(fields, members));
    // The engine's extension for JSON casts its type, and lists of it, to texts.
    let texts = members.iter().any(|(_, to)| *to == SqlType::Varchar);
    let json = from.any(&|part| *part == SqlType::Json) && texts;
    let special = matches!(from, SqlType::Null | SqlType::Json) || json;
    if special || written_out || from.any(&open) || members.iter().any(|(_, to)| to.any(&open)) {
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

/// Whether a struct is the union itself: its tag, and behind it all members, each by itself or as a text.
///
/// Source: `StructToUnionCast::AllowImplicitCastFromStruct`.
fn is_written_out(fields: &[(String, SqlType)], members: &[(String, SqlType)]) -> bool {
    let Some(((_, SqlType::UTinyInt), fields)) = fields.split_first() else {
        return false;
    };
    let mut pairs = fields.iter().zip(members);
    fields.len() == members.len()
        && pairs.all(|((name, field), (member, to))| {
            name.eq_ignore_ascii_case(member) && (field == to || *field == SqlType::Varchar)
        })
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
    let twice = to.iter().enumerate().find(|(index, (name, _))| {
        let mut before = to[..*index].iter();
        before.any(|(other, _)| other.eq_ignore_ascii_case(name))
    });
    if let Some((_, (name, _))) = twice {
        return Some(format!("the struct has two fields `{name}`"));
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

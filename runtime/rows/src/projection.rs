//! How a query must ask for its columns so that nothing is lost on the way
//! through Arrow.

use crate::sql_type::{SqlType, always_quote, quote_text};

/// The settings that a session needs before it hands out Arrow data that this
/// crate reads without loss: `SET name = value`.
///
/// No other setting changes what is read: text may come as views
/// (`produce_arrow_string_view`) or in large buffers (`arrow_large_buffer_size`),
/// lists as views (`arrow_output_list_view`), in any `arrow_output_version`;
/// `TimeZone` has no effect on values.
pub const SESSION_SETTINGS: &[(&str, &str)] = &[("arrow_lossless_conversion", "true")];

/// The SQL expression as which a column of this type must be selected for its
/// values to arrive without loss; none if the column can be selected as it is.
///
/// `column` is a SQL expression without side effects, such as a quoted name:
/// it is repeated. The result has other types than the column (an interval
/// becomes its text, a union an unnamed struct of the tag and each member), so [`crate::arrow`] must be told the column's own type to
/// turn it back; [`read_batch`](crate::arrow::read_batch) has it from the
/// model.
///
/// A `VARIANT` becomes its text, which is not lossless: the engine exports it
/// in no other form.
///
/// ```
/// use dbgo_rows::read_projection;
///
/// assert_eq!(read_projection(&"BIGINT".parse()?, "\"id\""), None);
/// assert_eq!(
///     read_projection(&"INTERVAL".parse()?, "\"wait\"").as_deref(),
///     Some("CAST(\"wait\" AS VARCHAR)")
/// );
/// # Ok::<(), dbgo_rows::ParseError>(())
/// ```
pub fn read_projection(sql_type: &SqlType, column: &str) -> Option<String> {
    loses(sql_type).then(|| project(sql_type, column, 0))
}

/// Whether the engine's Arrow export loses something of this type.
fn loses(sql_type: &SqlType) -> bool {
    match sql_type {
        SqlType::Interval | SqlType::Union(_) | SqlType::Variant => true,
        SqlType::List(element) | SqlType::Array(element, _) => loses(element),
        SqlType::Struct(fields) => fields.iter().any(|(_, field)| loses(field)),
        SqlType::Map(key, value) => loses(key) || loses(value),
        _ => false,
    }
}

/// The expression of the value `source` of this type; `depth` keeps the names
/// of nested lambda parameters apart.
fn project(sql_type: &SqlType, source: &str, depth: usize) -> String {
    if !loses(sql_type) {
        return source.to_string();
    }
    let element_name = format!("dbgo_element_{depth}");
    match sql_type {
        // an array becomes a list of the same length
        SqlType::List(element) | SqlType::Array(element, _) => {
            let body = project(element, &element_name, depth + 1);
            format!("list_transform({source}, lambda {element_name}: {body})")
        }
        SqlType::Struct(fields) => {
            let parts = fields.iter().enumerate().map(|(index, (name, field))| {
                let part = format!("struct_extract({source}, {})", key(name, index));
                (name.as_str(), project(field, &part, depth))
            });
            unless_null(source, &pack(parts))
        }
        SqlType::Map(map_key, value) => {
            let key = project(map_key, &format!("{element_name}.\"key\""), depth + 1);
            let value = project(value, &format!("{element_name}.\"value\""), depth + 1);
            let entry = pack([("key", key), ("value", value)].into_iter());
            format!("list_transform(map_entries({source}), lambda {element_name}: {entry})")
        }
        SqlType::Union(members) => {
            let tag = format!("CAST(union_tag({source}) AS VARCHAR)");
            let parts = members.iter().map(|(name, member)| {
                let part = format!("union_extract({source}, {})", quote_text(name));
                (name.as_str(), project(member, &part, depth))
            });
            let tagged = std::iter::once(("tag", tag)).chain(parts);
            unless_null(source, &format!("row({})", values(tagged)))
        }
        _ => format!("CAST({source} AS VARCHAR)"),
    }
}

/// How `struct_extract` is asked for a field: by name, or by place from one.
fn key(name: &str, index: usize) -> String {
    if name.is_empty() {
        (index + 1).to_string()
    } else {
        quote_text(name)
    }
}

fn values<'a>(parts: impl Iterator<Item = (&'a str, String)>) -> String {
    let parts: Vec<String> = parts.map(|(_, part)| part).collect();
    parts.join(", ")
}

fn pack<'a>(parts: impl Iterator<Item = (&'a str, String)>) -> String {
    let parts: Vec<(&str, String)> = parts.collect();
    if parts.iter().all(|(name, _)| name.is_empty()) {
        return format!("row({})", values(parts.into_iter()));
    }
    let fields: Vec<String> = parts
        .iter()
        .map(|(name, part)| format!("{} := {part}", always_quote(name)))
        .collect();
    format!("struct_pack({})", fields.join(", "))
}

fn unless_null(source: &str, projected: &str) -> String {
    format!("CASE WHEN {source} IS NULL THEN NULL ELSE {projected} END")
}

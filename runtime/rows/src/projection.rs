//! How a query must ask for its columns so that nothing is lost on the way
//! through Arrow.

use crate::model::Model;
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
    let projected = project(sql_type, column, Place::default());
    (projected != column).then_some(projected)
}

/// The select list with which a model's rows arrive without loss, in the
/// model's order: each column by its quoted name, or its
/// [`read_projection`] under that name.
///
/// ```
/// # use dbgo_rows::{ColumnDef, Interval, Model, ReadError, Row};
/// # struct Visit { id: i64, stay: Interval }
/// # impl Model for Visit {
/// #     const NAME: &'static str = "shop.visits";
/// #     fn columns() -> &'static [ColumnDef] {
/// #         &[
/// #             ColumnDef { name: "id", sql_type: "BIGINT", nullable: false, description: "" },
/// #             ColumnDef { name: "stay", sql_type: "INTERVAL", nullable: false, description: "" },
/// #         ]
/// #     }
/// #     fn read(row: &Row<'_>) -> Result<Self, ReadError> {
/// #         Ok(Self { id: row.get(0)?, stay: row.get(1)? })
/// #     }
/// # }
/// use dbgo_rows::select_list;
///
/// // of a model with the columns `id BIGINT` and `stay INTERVAL`
/// assert_eq!(select_list::<Visit>(), r#""id", CAST("stay" AS VARCHAR) AS "stay""#);
/// ```
pub fn select_list<M: Model>() -> String {
    let columns = M::columns().iter().map(|column| {
        let name = always_quote(column.name);
        let projection = column
            .sql_type
            .parse()
            .ok()
            .and_then(|sql_type| read_projection(&sql_type, &name));
        match projection {
            Some(projection) => format!("{projection} AS {name}"),
            None => name,
        }
    });
    columns.collect::<Vec<_>>().join(", ")
}

/// Where in the projection an expression stands.
#[derive(Clone, Copy, Default)]
struct Place {
    /// How many lambdas it is inside of, which keeps their parameters apart.
    depth: usize,
    /// Whether it is part of a `CASE`, which the engine doesn't have for
    /// arrays: there they become lists.
    in_case: bool,
}

/// The expression of the value `source` of this type.
fn project(sql_type: &SqlType, source: &str, place: Place) -> String {
    if needs_parts(sql_type) {
        return project_parts(sql_type, source, place);
    }
    let target = cast_target(sql_type, place);
    if target == *sql_type {
        source.to_string()
    } else {
        format!("CAST({source} AS {target})")
    }
}

/// Whether the type can't be cast as a whole: no cast makes a struct of a
/// union, and none can name the type of an unnamed struct.
fn needs_parts(sql_type: &SqlType) -> bool {
    match sql_type {
        SqlType::Union(_) => true,
        SqlType::List(element) | SqlType::Array(element, _) => needs_parts(element),
        SqlType::Struct(fields) => fields
            .iter()
            .any(|(name, field)| name.is_empty() || needs_parts(field)),
        SqlType::Map(key, value) => needs_parts(key) || needs_parts(value),
        _ => false,
    }
}

/// The type with text for what Arrow can't hold.
fn cast_target(sql_type: &SqlType, place: Place) -> SqlType {
    let inner = |sql_type: &SqlType| Box::new(cast_target(sql_type, place));
    match sql_type {
        SqlType::Interval | SqlType::Variant => SqlType::Varchar,
        SqlType::Array(element, _) if place.in_case => SqlType::List(inner(element)),
        SqlType::Array(element, length) => SqlType::Array(inner(element), *length),
        SqlType::List(element) => SqlType::List(inner(element)),
        SqlType::Map(key, value) => SqlType::Map(inner(key), inner(value)),
        SqlType::Struct(fields) => SqlType::Struct(
            fields
                .iter()
                .map(|(name, field)| (name.clone(), cast_target(field, place)))
                .collect(),
        ),
        other => other.clone(),
    }
}

fn project_parts(sql_type: &SqlType, source: &str, place: Place) -> String {
    let parameter = format!("dbgo_element_{}", place.depth);
    let deeper = Place {
        depth: place.depth + 1,
        ..place
    };
    let in_case = Place {
        in_case: true,
        ..place
    };
    match sql_type {
        // an array becomes a list of the same length
        SqlType::List(element) | SqlType::Array(element, _) => {
            let body = project(element, &parameter, deeper);
            format!("list_transform({source}, lambda {parameter}: {body})")
        }
        SqlType::Map(key, value) => {
            let key = project(key, &format!("{parameter}.\"key\""), deeper);
            let value = project(value, &format!("{parameter}.\"value\""), deeper);
            let entry = pack([("key", key), ("value", value)].into_iter());
            format!("list_transform(map_entries({source}), lambda {parameter}: {entry})")
        }
        SqlType::Struct(fields) => {
            let parts = fields.iter().enumerate().map(|(index, (name, field))| {
                let part = format!("struct_extract({source}, {})", key(name, index));
                (name.as_str(), project(field, &part, in_case))
            });
            unless_null(source, &pack(parts))
        }
        SqlType::Union(members) => {
            let tag = format!("CAST(union_tag({source}) AS VARCHAR)");
            let parts = members.iter().map(|(name, member)| {
                let part = format!("union_extract({source}, {})", quote_text(name));
                (name.as_str(), project(member, &part, in_case))
            });
            let tagged = std::iter::once(("tag", tag)).chain(parts);
            unless_null(source, &format!("row({})", values(tagged)))
        }
        // nothing else has parts
        _ => source.to_string(),
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

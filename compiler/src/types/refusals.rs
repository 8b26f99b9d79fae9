//! Calls that the engine refuses though a signature would take them: what the bind functions of
//! DuckDB 1.5.5 ask of their arguments' types.
//!
//! Nothing here is certain of a type that isn't known, nor of a null.

use super::{Typed, Value, common_of};
use crate::sql_type::{Common, SqlType, common_type};

/// Why the engine refuses a call; `None` if it may take it.
pub fn refusal(name: &str, arguments: &[Typed]) -> Option<String> {
    lists(name, arguments)
        .or_else(|| structs(name, arguments))
        .or_else(|| enums(name, arguments))
        .or_else(|| json(name, arguments))
        .or_else(|| times(name, arguments))
        .or_else(|| shares(name, arguments))
        .or_else(|| macro_count(name, arguments))
}

/// What can't be told apart from any type.
fn is_open(sql_type: &SqlType) -> bool {
    matches!(
        sql_type,
        SqlType::Unknown | SqlType::Other(_) | SqlType::Null
    )
}

fn is_list(sql_type: &SqlType) -> bool {
    matches!(sql_type, SqlType::List(_) | SqlType::Array(..)) || is_open(sql_type)
}

fn lists(name: &str, arguments: &[Typed]) -> Option<String> {
    let first = arguments.first()?;
    match name {
        "unnest" | "unlist" => {
            let may = is_list(&first.sql_type) || matches!(first.sql_type, SqlType::Struct(_));
            (!may).then(|| {
                format!(
                    "`{name}` takes lists and structs, and this is `{}`",
                    first.sql_type
                )
            })
        }
        "list_concat" | "array_concat" | "list_cat" | "array_cat" => concatenated(name, arguments),
        "list_append" | "array_append" | "array_push_back" => {
            not_a_list(name, first).or_else(|| element(name, first, arguments.get(1)?))
        }
        "list_prepend" | "array_prepend" => {
            let list = arguments.get(1)?;
            not_a_list(name, list).or_else(|| element(name, list, first))
        }
        "||" | "concat" if arguments.iter().any(nested_list) => concatenated(name, arguments),
        "list_value" | "list_pack" | "array_value" => (common_of(arguments)
            == Common::Incompatible)
            .then(|| format!("`{name}` makes a list of one type, and these are of several")),
        "list_slice" | "array_slice" | "list_reverse" | "array_reverse" => {
            let may = is_list(&first.sql_type)
                || matches!(
                    first.sql_type,
                    SqlType::Varchar
                        | SqlType::Blob
                        | SqlType::Json
                        | SqlType::Bit
                        | SqlType::Enum(_)
                );
            (!may).then(|| takes_lists(name, first))
        }
        "list_sort" | "array_sort" | "list_reverse_sort" | "array_reverse_sort"
        | "list_distinct" | "array_distinct" | "list_unique" | "array_unique" | "list_resize"
        | "array_resize" | "list_aggregate" | "array_aggregate" | "list_aggr" | "array_aggr"
        | "aggregate" | "list_grade_up" | "array_grade_up" | "list_sum" | "list_avg"
        | "list_min" | "list_max" | "list_count" | "list_product" | "list_median" | "list_mode"
        | "list_first" | "list_last" | "list_any_value" | "list_string_agg" | "list_bool_and"
        | "list_bool_or" => not_a_list(name, first),
        _ => None,
    }
}

/// Whether it is a list whose elements are known.
fn nested_list(argument: &Typed) -> bool {
    matches!(argument.sql_type, SqlType::List(_))
}

fn takes_lists(name: &str, argument: &Typed) -> String {
    format!("`{name}` takes a list, and this is `{}`", argument.sql_type)
}

fn not_a_list(name: &str, argument: &Typed) -> Option<String> {
    let may = is_list(&argument.sql_type)
        || matches!(argument.sql_type, SqlType::Map(..) | SqlType::Json)
        || argument.is_text_literal();
    (!may).then(|| takes_lists(name, argument))
}

fn concatenated(name: &str, arguments: &[Typed]) -> Option<String> {
    if let Some(other) = arguments
        .iter()
        .find(|argument| !is_list(&argument.sql_type))
    {
        return Some(format!(
            "`{name}` doesn't put a list and `{}` together",
            other.sql_type
        ));
    }
    let mut elements = arguments
        .iter()
        .filter_map(|argument| match &argument.sql_type {
            SqlType::List(element) => Some(&**element),
            _ => None,
        });
    let first = elements.next()?;
    let other = elements.find(|other| common_type(first, other) == Common::Incompatible)?;
    Some(format!(
        "`{name}` doesn't put lists of `{first}` and `{other}` together"
    ))
}

/// An element that is added to a list.
fn element(name: &str, list: &Typed, added: &Typed) -> Option<String> {
    let SqlType::List(element) = &list.sql_type else {
        return None;
    };
    (common_type(element, &added.sql_type) == Common::Incompatible).then(|| {
        format!(
            "`{name}` doesn't add `{}` to a list of `{element}`",
            added.sql_type
        )
    })
}

fn structs(name: &str, arguments: &[Typed]) -> Option<String> {
    match name {
        "struct_concat" => {
            if arguments.is_empty() {
                return Some(format!("`{name}` takes structs"));
            }
            let other = arguments.iter().find(|argument| {
                !matches!(
                    argument.sql_type,
                    SqlType::Struct(_) | SqlType::Unknown | SqlType::Other(_)
                )
            });
            if let Some(other) = other {
                return Some(format!(
                    "`{name}` takes structs, and this is `{}`",
                    other.sql_type
                ));
            }
            let mut names: Vec<String> = Vec::new();
            let mut unnamed = false;
            for argument in arguments {
                let SqlType::Struct(fields) = &argument.sql_type else {
                    return None;
                };
                for (field, _) in fields {
                    unnamed |= field.is_empty();
                    let lower = field.to_lowercase();
                    if !lower.is_empty() && names.contains(&lower) {
                        return Some(format!("both structs have a field `{field}`"));
                    }
                    names.push(lower);
                }
            }
            let named = names.iter().any(|name| !name.is_empty());
            (unnamed && named)
                .then(|| format!("`{name}` doesn't put structs with names and without together"))
        }
        "struct_extract" | "struct_extract_at" => {
            match (&arguments.first()?.sql_type, arguments.get(1)) {
                (SqlType::Struct(fields), Some(key)) if name == "struct_extract" => {
                    let unnamed = fields.iter().all(|(own, _)| own.is_empty());
                    match &key.value {
                        Value::Text(text) if !unnamed => {
                            (!fields.iter().any(|(own, _)| own.eq_ignore_ascii_case(text)))
                                .then(|| format!("the struct has no field `{text}`"))
                        }
                        Value::Integer(_) if !unnamed => {
                            Some("the fields of a struct with names are taken by name".to_owned())
                        }
                        _ => None,
                    }
                }
                (SqlType::Struct(_), _) => None,
                (other, _) if is_open(other) => None,
                (other, _) => Some(format!("`{name}` takes a struct, and this is `{other}`")),
            }
        }
        "struct_insert" | "struct_update" => match &arguments.first()?.sql_type {
            SqlType::Struct(_) | SqlType::Unknown | SqlType::Other(_) => None,
            other => Some(format!("`{name}` takes a struct, and this is `{other}`")),
        },
        "cardinality" => match &arguments.first()?.sql_type {
            SqlType::Map(..) => None,
            other if is_open(other) => None,
            other => Some(format!("`{name}` takes a map, and this is `{other}`")),
        },
        "union_tag" | "union_extract" => match &arguments.first()?.sql_type {
            SqlType::Union(_) => None,
            other if is_open(other) => None,
            other => Some(format!("`{name}` takes a union, and this is `{other}`")),
        },
        _ => None,
    }
}

fn enums(name: &str, arguments: &[Typed]) -> Option<String> {
    if !matches!(
        name,
        "enum_range" | "enum_first" | "enum_last" | "enum_code" | "enum_range_boundary"
    ) {
        return None;
    }
    let wrong = arguments.iter().find(|argument| {
        !matches!(argument.sql_type, SqlType::Enum(_)) && !is_open(&argument.sql_type)
    })?;
    Some(format!(
        "`{name}` takes an enum, and this is `{}`",
        wrong.sql_type
    ))
}

fn json(name: &str, arguments: &[Typed]) -> Option<String> {
    if name != "json_object" {
        return None;
    }
    if !arguments.len().is_multiple_of(2) {
        return Some("`json_object` takes a value for each key".to_owned());
    }
    let keys = arguments.iter().step_by(2);
    let mut keys = keys.filter(|key| key.sql_type != SqlType::Varchar && !is_open(&key.sql_type));
    let wrong = keys.find(|key| key.sql_type != SqlType::Json)?;
    Some(format!(
        "the keys of `json_object` are texts, and this is `{}`",
        wrong.sql_type
    ))
}

fn times(name: &str, arguments: &[Typed]) -> Option<String> {
    let ("date_part" | "datepart" | "extract", [part, of]) = (name, arguments) else {
        return None;
    };
    if !of.sql_type.is_temporal() && !is_open(&of.sql_type) && !of.is_text_literal() {
        return Some(format!(
            "`{name}` takes dates and times, and this is `{}`",
            of.sql_type
        ));
    }
    let clock = matches!(
        of.sql_type,
        SqlType::Time | SqlType::TimeNs | SqlType::TimeTz
    );
    match &part.value {
        Value::Text(part) if clock && is_of_dates(&part.to_lowercase()) => {
            Some(format!("`{}` has no `{part}`", of.sql_type))
        }
        _ => None,
    }
}

/// Parts that a time of day hasn't.
fn is_of_dates(part: &str) -> bool {
    const NAMES: &[&str] = &[
        "c",
        "cent",
        "centuries",
        "century",
        "d",
        "day",
        "dayofmonth",
        "dayofweek",
        "dayofyear",
        "days",
        "dec",
        "decade",
        "decades",
        "decs",
        "dow",
        "doy",
        "isodow",
        "jd",
        "julian",
        "mil",
        "millenium",
        "millennia",
        "millennium",
        "mils",
        "mon",
        "mons",
        "month",
        "months",
        "quarter",
        "quarters",
        "w",
        "week",
        "weekday",
        "weekofyear",
        "weeks",
        "y",
        "year",
        "years",
        "yearweek",
        "yr",
        "yrs",
    ];
    NAMES.contains(&part)
}

fn shares(name: &str, arguments: &[Typed]) -> Option<String> {
    let first = &arguments.first()?.sql_type;
    let continuous = first.is_numeric()
        || first.is_timestamp()
        || matches!(
            first,
            SqlType::Date | SqlType::Time | SqlType::TimeTz | SqlType::TimeNs
        );
    match name {
        "quantile_cont" if !continuous && !is_open(first) => Some(format!(
            "`{name}` takes numbers and times, and this is `{first}`"
        )),
        "quantile_cont" | "quantile_disc" | "quantile" => match &arguments.get(1)?.sql_type {
            SqlType::Varchar => Some(format!(
                "the share of `{name}` is a number, and this is a text"
            )),
            _ => None,
        },
        "mad" if matches!(first, SqlType::Varchar | SqlType::Boolean | SqlType::Blob) => Some(
            format!("`{name}` takes numbers and times, and this is `{first}`"),
        ),
        _ => None,
    }
}

/// A macro takes as many arguments as one of its definitions has parameters.
fn macro_count(name: &str, arguments: &[Typed]) -> Option<String> {
    let entry = super::catalogue::find(name)?;
    let counts = entry.macro_counts()?;
    (!counts.contains(&arguments.len())).then(|| {
        let given = match arguments.len() {
            1 => "1 argument".to_owned(),
            count => format!("{count} arguments"),
        };
        format!("`{name}` doesn't take {given}")
    })
}

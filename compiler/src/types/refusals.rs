//! Calls that the engine refuses though a signature would take them: what the bind functions of
//! DuckDB 1.5.5 ask of their arguments' types.
//!
//! Nothing here is certain of a type that isn't known, nor of a null.

use super::call::{Outcome, call};
use super::{Typed, Value, common_of};
use crate::sql_type::{Common, SqlType, common_type};

/// Why the engine refuses a call; `None` if it may take it.
pub fn refusal(name: &str, arguments: &[Typed]) -> Option<String> {
    lists(name, arguments)
        .or_else(|| super::struct_refusals::refusal(name, arguments))
        .or_else(|| super::aggregate_states::refusal(name, arguments))
        .or_else(|| enums(name, arguments))
        .or_else(|| of_the_system(name, arguments))
        .or_else(|| super::json_refusals::refusal(name, arguments))
        .or_else(|| super::time_refusals::refusal(name, arguments))
        .or_else(|| shares(name, arguments))
        .or_else(|| macro_count(name, arguments))
}

/// What can't be told apart from any type.
pub(super) fn is_open(sql_type: &SqlType) -> bool {
    sql_type.is_vague() || *sql_type == SqlType::Null
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
        "+" if arguments.len() == 2 && arguments.iter().all(nested_list) => {
            concatenated(name, arguments)
        }
        "||" | "concat" if arguments.iter().any(nested_list) => concatenated(name, arguments),
        "list_value" | "list_pack" => (common_of(arguments) == Common::Incompatible)
            .then(|| format!("`{name}` makes a list of one type, and these are of several")),
        // A literal is none here.
        "array_value" => {
            let plain: Vec<Typed> = arguments.iter().cloned().map(Typed::as_value).collect();
            (common_of(&plain) == Common::Incompatible)
                .then(|| format!("`{name}` makes an array of one type, and these are of several"))
        }
        "list_slice" | "array_slice"
            if arguments.len() == 4
                && matches!(
                    first.sql_type,
                    SqlType::Varchar | SqlType::Blob | SqlType::Json
                ) =>
        {
            Some(format!("`{name}` takes no step for a `{}`", first.sql_type))
        }
        "list_slice" | "array_slice"
            if arguments[1..]
                .iter()
                .any(|argument| matches!(argument.sql_type, SqlType::List(_))) =>
        {
            Some(format!("`{name}` goes from one position to another"))
        }
        "list_slice" | "array_slice" | "list_reverse" | "array_reverse" => {
            let may = is_list(&first.sql_type)
                || matches!(
                    first.sql_type,
                    SqlType::Varchar | SqlType::Blob | SqlType::Json
                );
            (!may).then(|| takes_lists(name, first))
        }
        "list_aggregate" | "array_aggregate" | "list_aggr" | "array_aggr" | "aggregate" => {
            not_a_list(name, first).or_else(|| aggregated(name, arguments))
        }
        "list_resize" | "array_resize" if first.sql_type.is_variant() => None,
        "list_sort" | "array_sort" | "list_reverse_sort" | "array_reverse_sort"
        | "list_distinct" | "array_distinct" | "list_unique" | "array_unique" | "list_resize"
        | "array_resize" | "list_grade_up" | "array_grade_up" | "list_sum" | "list_avg"
        | "list_min" | "list_max" | "list_count" | "list_product" | "list_median" | "list_mode"
        | "list_first" | "list_last" | "list_any_value" | "list_string_agg" | "list_bool_and"
        | "list_bool_or" => not_a_list(name, first),
        _ => None,
    }
}

/// Whether it is a list whose elements are known.
fn nested_list(argument: &Typed) -> bool {
    matches!(argument.sql_type, SqlType::List(_) | SqlType::Array(..))
}

fn takes_lists(name: &str, argument: &Typed) -> String {
    format!("`{name}` takes a list, and this is `{}`", argument.sql_type)
}

fn not_a_list(name: &str, argument: &Typed) -> Option<String> {
    let may = is_list(&argument.sql_type)
        || matches!(argument.sql_type, SqlType::Map(..) | SqlType::Json);
    (!may).then(|| takes_lists(name, argument))
}

fn concatenated(name: &str, arguments: &[Typed]) -> Option<String> {
    if let [only] = arguments
        && only.sql_type.is_variant()
    {
        return None;
    }
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
            SqlType::List(element) | SqlType::Array(element, _) => Some(&**element),
            _ => None,
        });
    let first = elements.next()?;
    let other = elements.find(|other| common_type(first, other) == Common::Incompatible)?;
    Some(format!(
        "`{name}` doesn't put lists of `{first}` and `{other}` together"
    ))
}

/// `list_aggregate(list, 'name', …)`: the aggregate over the elements.
fn aggregated(name: &str, arguments: &[Typed]) -> Option<String> {
    let [list, aggregate, more @ ..] = arguments else {
        return None;
    };
    let (SqlType::List(element) | SqlType::Array(element, _), Value::Text(aggregate)) =
        (&list.sql_type, &aggregate.value)
    else {
        return None;
    };
    let inner: Vec<Typed> = std::iter::once(Typed::of((**element).clone()))
        .chain(more.iter().cloned())
        .collect();
    let known = inner
        .iter()
        .all(|typed| typed.is_known() && typed.sql_type != SqlType::Null);
    let refused = matches!(
        call(aggregate, &inner),
        Outcome::Refused | Outcome::WrongCount
    );
    (known && refused).then(|| {
        let types: Vec<String> = inner
            .iter()
            .map(|typed| typed.sql_type.to_string())
            .collect();
        format!(
            "`{name}` finds no `{aggregate}` of `({})`",
            types.join(", ")
        )
    })
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

fn enums(name: &str, arguments: &[Typed]) -> Option<String> {
    let bounds = match name {
        "enum_range" | "enum_first" | "enum_last" | "enum_code" => false,
        "enum_range_boundary" => true,
        _ => return None,
    };
    let is_enum = |argument: &Typed| matches!(argument.sql_type, SqlType::Enum(_));
    if let [left, right] = arguments
        && bounds
    {
        if is_enum(left) && is_enum(right) && left.sql_type != right.sql_type {
            return Some(format!("`{name}` takes values of one enum"));
        }
        if left.sql_type == SqlType::Null && right.sql_type == SqlType::Null {
            return Some(format!("`{name}` needs a value of an enum"));
        }
    }
    let wrong = arguments.iter().find(|argument| {
        let open = match &argument.sql_type {
            SqlType::Null => bounds,
            other => other.is_vague(),
        };
        !is_enum(argument) && !open
    })?;
    Some(format!(
        "`{name}` takes an enum, and this is `{}`",
        wrong.sql_type
    ))
}

/// Functions that look into the engine, or into queries.
fn of_the_system(name: &str, arguments: &[Typed]) -> Option<String> {
    let first = arguments.first().map(|first| &first.sql_type);
    match (name, first) {
        ("current_schemas", Some(first)) if *first != SqlType::Boolean && !is_open(first) => {
            Some(format!("`{name}` takes a boolean, and this is `{first}`"))
        }
        ("json_serialize_sql" | "json_serialize_plan", Some(first))
            if *first != SqlType::Varchar && !is_open(first) =>
        {
            Some(format!("`{name}` takes a text, and this is `{first}`"))
        }
        ("json_serialize_sql" | "json_serialize_plan", None) => {
            Some(format!("`{name}` takes the text of a query"))
        }
        _ => None,
    }
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
        "quantile_cont" if !continuous && !is_open(first) && !first.is_variant() => Some(format!(
            "`{name}` takes numbers and times, and this is `{first}`"
        )),
        "quantile_cont" | "quantile_disc" | "quantile" => match &arguments.get(1)?.sql_type {
            SqlType::Varchar => Some(format!(
                "the share of `{name}` is a number, and this is a text"
            )),
            _ => None,
        },
        "create_sort_key" => {
            let mut orders = arguments.iter().skip(1).step_by(2);
            orders.find_map(super::sort_keys::wrong_order)
        }
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

//! What the signatures of the catalogue can't say: results that depend on the arguments' types.
//!
//! Each rule follows the bind function that DuckDB has for the function, and is held against the
//! engine in `tests.rs`. Where a rule doesn't know, the answer is unknown.

use super::call::{Outcome, call};
use super::{Typed, Value, common, common_of, decimal};
use crate::sql_type::{Common, SqlType, common_type};

/// Names that the engine knows without having them in its list of functions.
pub const SYNTAX: &[&str] = &[
    "array",
    "cast",
    "coalesce",
    "columns",
    "exists",
    "extract",
    "grouping",
    "grouping_id",
    "if",
    "ifnull",
    "operator",
    "percentile_cont",
    "percentile_disc",
    "try",
    "try_cast",
    "unlist",
    "unnest",
    "unpack",
];

/// Whether a function is a window and no aggregate.
pub fn is_window(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "cume_dist",
        "dense_rank",
        "fill",
        "first_value",
        "lag",
        "last_value",
        "lead",
        "nth_value",
        "ntile",
        "percent_rank",
        "rank",
        "rank_dense",
        "row_number",
    ];
    NAMES.contains(&name)
}

/// Whether a call gives a null without a type, since a constant null is among its arguments.
///
/// Source: `FunctionBinder::BindScalarFunction` of DuckDB. A function that leaves nulls to the
/// engine is replaced by the null of its declared result before its bind function runs, and where
/// that result is open until then, by one without a type.
pub fn gives_null_for_null(name: &str, arguments: &[Typed]) -> bool {
    const OPEN_RESULTS: &[&str] = &[
        "array_distinct",
        "array_extract",
        "array_grade_up",
        "array_reverse_sort",
        "array_select",
        "array_sort",
        "array_where",
        "equi_width_bins",
        "flatten",
        "from_json",
        "from_json_strict",
        "grade_up",
        "json_transform",
        "json_transform_strict",
        "list_distinct",
        "list_element",
        "list_extract",
        "list_grade_up",
        "list_reverse_sort",
        "list_select",
        "list_sort",
        "list_where",
        "map_from_entries",
        "struct_extract",
        "struct_extract_at",
        "struct_values",
        "union_extract",
        "union_tag",
        "||",
    ];
    // Open for these types alone.
    const OF_DECIMALS: &[&str] = &[
        "%", "*", "+", "-", "@", "abs", "add", "ceil", "ceiling", "floor", "mod", "multiply",
        "round", "subtract", "trunc",
    ];
    if name.ends_with("grade_up") {
        return super::null_handling::has_null(arguments);
    }
    if !super::null_handling::has_typed_null(arguments) {
        return false;
    }
    let first = arguments.first().map(|argument| &argument.sql_type);
    match name {
        // Several parts make a struct, whose fields the names decide.
        "date_part" | "datepart" => matches!(first, Some(SqlType::List(_))),
        "repeat" => matches!(first, Some(SqlType::List(_))),
        // Of a text it gives a text.
        "array_extract" | "list_element" | "list_extract" => {
            matches!(
                first,
                Some(SqlType::List(_) | SqlType::Array(..) | SqlType::Struct(_))
            )
        }
        _ if OF_DECIMALS.contains(&name) => {
            let mut decimals = false;
            let numbers = arguments.iter().all(|argument| {
                decimals |= matches!(argument.sql_type, SqlType::Decimal(..));
                matches!(argument.sql_type, SqlType::Decimal(..)) || argument.sql_type.is_integer()
            });
            numbers && decimals
        }
        _ => OPEN_RESULTS.contains(&name),
    }
}

/// The rule of a function whose result doesn't follow its overloads.
pub fn before_overloads(name: &str, arguments: &[Typed]) -> Option<Outcome> {
    Some(match (name, arguments) {
        ("coalesce" | "ifnull" | "greatest" | "least", [_, ..]) => common_of(arguments).into(),
        ("nullif", [first, _]) => known(first.sql_type.clone()),
        ("if", [_, yes, no]) => common(yes, no).into(),
        ("grouping" | "grouping_id", _) => Outcome::Type(SqlType::BigInt),
        ("try", [only]) => known(only.sql_type.clone()),
        ("unnest" | "unlist", [list, ..]) => match &list.sql_type {
            SqlType::List(element) | SqlType::Array(element, _) if arguments.len() == 1 => {
                known((**element).clone())
            }
            _ => Outcome::Unknown,
        },
        ("+" | "-" | "*" | "%" | "add" | "subtract" | "multiply" | "mod", [left, right]) => {
            return arithmetic(name, left, right);
        }
        ("create_sort_key", _) => super::sort_keys::sort_key(arguments),
        ("st_setcrs", [_, system]) => match &system.value {
            Value::Text(text) => Outcome::Type(geometry_in(text)),
            _ => Outcome::Unknown,
        },
        ("extract", _) => call("date_part", arguments),
        ("date_add", [left, right]) => call("+", &[left.clone(), right.clone()]),
        (
            "split_part" | "array_to_string" | "current_schema" | "current_database"
            | "current_user" | "user" | "session_user" | "current_catalog" | "current_query"
            | "pg_typeof",
            _,
        ) => Outcome::Type(SqlType::Varchar),
        ("ago", [_]) => Outcome::Type(SqlType::TimestampTz),
        (
            "json" | "json_group_array" | "json_group_object" | "json_group_structure",
            [first, ..],
        ) if first.sql_type != SqlType::Null => Outcome::Type(SqlType::Json),
        ("current_date", []) => Outcome::Type(SqlType::Date),
        ("current_timestamp", []) => Outcome::Type(SqlType::TimestampTz),
        ("current_time", []) => Outcome::Type(SqlType::TimeTz),
        ("localtime", []) => Outcome::Type(SqlType::Time),
        ("localtimestamp", []) => Outcome::Type(SqlType::Timestamp),
        ("||", [left, right]) => concatenation(left, right),
        ("concat", _) => concat(arguments),
        ("list_value" | "list_pack", [_, ..]) => match common_of(arguments) {
            Common::Type(element) => Outcome::Type(SqlType::list(element)),
            _ => Outcome::Unknown,
        },
        ("array_value", [_, ..]) => match (common_of(arguments), u32::try_from(arguments.len())) {
            (Common::Type(element), Ok(size)) => {
                Outcome::Type(SqlType::Array(Box::new(element), size))
            }
            _ => Outcome::Unknown,
        },
        _ => {
            return super::nested::rule(name, arguments)
                .or_else(|| aggregate(name, arguments))
                .or_else(|| nested(name, arguments));
        }
    })
}

fn known(sql_type: SqlType) -> Outcome {
    if sql_type == SqlType::Unknown {
        Outcome::Unknown
    } else {
        Outcome::Type(sql_type)
    }
}

/// Arithmetic with a decimal in it; the overloads say the rest.
fn arithmetic(name: &str, left: &Typed, right: &Typed) -> Option<Outcome> {
    let is_decimal = |typed: &Typed| matches!(typed.sql_type, SqlType::Decimal(..));
    if !is_decimal(left) && !is_decimal(right) {
        return match (&left.sql_type, &right.sql_type) {
            (SqlType::Null, SqlType::Integer) | (SqlType::Integer, SqlType::Null) => {
                Some(Outcome::Type(SqlType::Integer))
            }
            (SqlType::Null, SqlType::Null)
                if left.value == Value::Any
                    && right.value == Value::Any
                    && name != "%"
                    && name != "mod" =>
            {
                Some(Outcome::Type(SqlType::BigInt))
            }
            _ => None,
        };
    }
    if left.sql_type == SqlType::Null || right.sql_type == SqlType::Null {
        return Some(Outcome::Type(SqlType::Null));
    }
    let (left, right) = (
        decimal::as_decimal(&left.sql_type)?,
        decimal::as_decimal(&right.sql_type)?,
    );
    Some(match name {
        "+" | "-" | "add" | "subtract" => Outcome::Type(decimal::sum(left, right)),
        "*" | "multiply" => match decimal::product(left, right) {
            Some(product) => Outcome::Type(product),
            None => Outcome::Refused,
        },
        _ => {
            let (scale, whole) = (
                left.1.max(right.1),
                (left.0 - left.1).max(right.0 - right.1),
            );
            match whole + scale {
                precision @ ..=38 => Outcome::Type(SqlType::Decimal(precision, scale)),
                _ => Outcome::Unknown,
            }
        }
    })
}

fn concatenation(left: &Typed, right: &Typed) -> Outcome {
    use SqlType::*;
    match (&left.sql_type, &right.sql_type) {
        (Null, _) | (_, Null) => Outcome::Type(Null),
        (List(a) | Array(a, _), List(b) | Array(b, _)) => match common_type(a, b) {
            Common::Type(element) => Outcome::Type(SqlType::list(element)),
            _ => Outcome::Unknown,
        },
        (Blob, Blob) => Outcome::Type(Blob),
        (Bit, Bit) => Outcome::Unknown,
        (left, right) if is_scalar(left) && is_scalar(right) => Outcome::Type(Varchar),
        _ => Outcome::Unknown,
    }
}

fn is_scalar(sql_type: &SqlType) -> bool {
    !sql_type.is_nested() && !matches!(sql_type, SqlType::Unknown | SqlType::Other(_))
}

fn concat(arguments: &[Typed]) -> Outcome {
    if arguments
        .iter()
        .all(|argument| is_scalar(&argument.sql_type))
    {
        return Outcome::Type(SqlType::Varchar);
    }
    let lists = arguments
        .iter()
        .all(|argument| matches!(argument.sql_type, SqlType::List(_)));
    match common_of(arguments) {
        Common::Type(list) if lists => Outcome::Type(list),
        _ => Outcome::Unknown,
    }
}

/// Aggregates and windows whose result has the type of an argument.
fn aggregate(name: &str, arguments: &[Typed]) -> Option<Outcome> {
    let first = arguments.first()?;
    if !first.is_known() {
        return matches!(
            name,
            "min"
                | "max"
                | "first"
                | "last"
                | "any_value"
                | "arbitrary"
                | "mode"
                | "list"
                | "array_agg"
                | "median"
                | "quantile_cont"
                | "quantile_disc"
                | "quantile"
        )
        .then_some(Outcome::Unknown);
    }
    let same = || Outcome::Type(first.sql_type.clone());
    Some(match (name, arguments.len()) {
        ("min" | "max" | "first" | "last" | "any_value" | "arbitrary", 1) => same(),
        ("min" | "max", 2) => Outcome::Type(SqlType::list(first.sql_type.clone())),
        ("mode", 1) => same(),
        ("list" | "array_agg", 1) => Outcome::Type(SqlType::list(first.sql_type.clone())),
        ("histogram", 1) => Outcome::Type(SqlType::Map(
            Box::new(first.sql_type.clone()),
            Box::new(SqlType::UBigInt),
        )),
        (
            "arg_min" | "arg_max" | "argmin" | "argmax" | "min_by" | "max_by"
            | "arg_min_nulls_last" | "arg_max_nulls_last",
            2,
        ) => same(),
        (
            "arg_min" | "arg_max" | "argmin" | "argmax" | "min_by" | "max_by"
            | "arg_min_nulls_last" | "arg_max_nulls_last",
            3,
        ) => Outcome::Type(SqlType::list(first.sql_type.clone())),
        ("mad", 1) => deviation(&first.sql_type),
        ("median", 1) => known(continuous(&first.sql_type)),
        ("quantile_cont", 2) => quantiles(continuous(&first.sql_type), &arguments[1]),
        ("quantile" | "quantile_disc", 2) => quantiles(first.sql_type.clone(), &arguments[1]),
        ("sum", 1) => match &first.sql_type {
            SqlType::Decimal(_, scale) => Outcome::Type(SqlType::Decimal(38, *scale)),
            SqlType::Null => Outcome::Type(SqlType::HugeInt),
            _ => return None,
        },
        ("avg" | "mean", 1) => match &first.sql_type {
            SqlType::Decimal(..) => Outcome::Type(SqlType::Double),
            _ => return None,
        },
        ("approx_quantile" | "reservoir_quantile" | "sum_no_overflow", _)
            if !matches!(first.sql_type, SqlType::Integer | SqlType::BigInt)
                && (name != "approx_quantile"
                    || !(first.sql_type.is_integer()
                        || first.sql_type.is_temporal()
                        || matches!(first.sql_type, SqlType::Double | SqlType::Float))) =>
        {
            Outcome::Unknown
        }
        _ => return None,
    })
}

/// The type of a median absolute deviation.
fn deviation(sql_type: &SqlType) -> Outcome {
    match sql_type {
        SqlType::Float | SqlType::Decimal(..) => Outcome::Type(sql_type.clone()),
        number if number.is_numeric() => Outcome::Type(SqlType::Double),
        SqlType::Interval => Outcome::Refused,
        time if time.is_temporal() => Outcome::Type(SqlType::Interval),
        _ => Outcome::Unknown,
    }
}

/// The type of a value between two values.
fn continuous(sql_type: &SqlType) -> SqlType {
    use SqlType::*;
    match sql_type {
        whole if whole.is_integer() => Double,
        Date => Timestamp,
        Double | Float | Decimal(..) | Timestamp | TimestampTz | Time | TimeTz | Varchar => {
            sql_type.clone()
        }
        _ => Unknown,
    }
}

fn quantiles(one: SqlType, positions: &Typed) -> Outcome {
    match &positions.sql_type {
        _ if one == SqlType::Unknown => Outcome::Unknown,
        SqlType::List(_) => Outcome::Type(SqlType::list(one)),
        position if position.is_numeric() => Outcome::Type(one),
        _ => Outcome::Unknown,
    }
}

/// Functions that put lists behind each other.
const JOINING: &[&str] = &["list_concat", "array_concat", "list_cat", "array_cat"];

/// Functions of lists, maps and structs.
fn nested(name: &str, arguments: &[Typed]) -> Option<Outcome> {
    let first = arguments.first()?;
    let element = match &first.sql_type {
        SqlType::List(element) | SqlType::Array(element, _) => Some(&**element),
        _ => None,
    };
    let list = |element: &SqlType| Outcome::Type(SqlType::list(element.clone()));
    let has_null = arguments
        .iter()
        .any(|argument| argument.sql_type == SqlType::Null);
    if has_null && !JOINING.contains(&name) {
        return None;
    }
    Some(match (name, arguments) {
        (
            "list_sort" | "array_sort" | "list_reverse_sort" | "array_reverse_sort"
            | "list_reverse" | "array_reverse" | "list_filter" | "array_filter" | "filter"
            | "list_distinct" | "array_distinct",
            [_, ..],
        ) => element.map_or(Outcome::Unknown, list),
        ("list_slice" | "array_slice", [_, ..]) => match (&first.sql_type, element) {
            (SqlType::Varchar, _) => Outcome::Type(SqlType::Varchar),
            (_, Some(element)) => list(element),
            _ => Outcome::Unknown,
        },
        ("list_append" | "array_append" | "array_push_back" | "array_push_front", [_, added]) => {
            appended(element, added)
        }
        ("list_prepend" | "array_prepend", [added, second]) => match &second.sql_type {
            SqlType::List(element) => appended(Some(element), added),
            _ => Outcome::Unknown,
        },
        ("list_concat" | "array_concat" | "list_cat" | "array_cat", [_, ..]) => joined(arguments),
        ("list_resize" | "array_resize", [_, _, ..]) => element.map_or(Outcome::Unknown, list),
        (
            "list_aggregate" | "array_aggregate" | "list_aggr" | "array_aggr" | "aggregate",
            [_, second],
        ) => match (&second.value, element) {
            (Value::Text(aggregate), Some(element)) => {
                call(aggregate, &[Typed::of(element.clone())])
            }
            _ => Outcome::Unknown,
        },
        ("map_entries", [_]) => match &first.sql_type {
            SqlType::Map(key, value) => list(&SqlType::Struct(vec![
                ("key".to_owned(), (**key).clone()),
                ("value".to_owned(), (**value).clone()),
            ])),
            _ => Outcome::Unknown,
        },
        ("struct_extract", [_, key]) => field_by_text(&first.sql_type, key),
        ("row", _) => Outcome::Type(SqlType::Struct(
            arguments
                .iter()
                .map(|argument| (String::new(), argument.sql_type.clone()))
                .collect(),
        )),
        _ => return list_macro(name, element, arguments.len()),
    })
}

/// Lists behind each other; a null among them counts for nothing.
fn joined(arguments: &[Typed]) -> Outcome {
    let mut elements = Vec::new();
    for argument in arguments {
        match &argument.sql_type {
            SqlType::List(element) | SqlType::Array(element, _) => {
                elements.push(Typed::of((**element).clone()));
            }
            SqlType::Null => {}
            _ => return Outcome::Unknown,
        }
    }
    match common_of(&elements) {
        Common::Type(element) if !elements.is_empty() => Outcome::Type(SqlType::list(element)),
        _ => Outcome::Unknown,
    }
}

fn appended(element: Option<&SqlType>, added: &Typed) -> Outcome {
    let Some(element) = element else {
        return Outcome::Unknown;
    };
    match common(&Typed::of(element.clone()), added) {
        Common::Type(element) => Outcome::Type(SqlType::list(element)),
        _ => Outcome::Unknown,
    }
}

fn field_by_text(sql_type: &SqlType, key: &Typed) -> Outcome {
    match &key.value {
        Value::Text(name) => field(sql_type, name).map_or(Outcome::Unknown, Outcome::Type),
        _ => Outcome::Unknown,
    }
}

/// The type of a struct's field, a union's member or a part of JSON.
pub fn field(sql_type: &SqlType, name: &str) -> Option<SqlType> {
    match sql_type {
        SqlType::Struct(fields) | SqlType::Union(fields) => fields
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, sql_type)| sql_type.clone()),
        SqlType::Json => Some(SqlType::Json),
        variant if variant.is_variant() => Some(variant.clone()),
        _ => None,
    }
}

/// `list_sum(x)` and its like: the aggregate over the elements.
fn list_macro(name: &str, element: Option<&SqlType>, count: usize) -> Option<Outcome> {
    const AGGREGATES: &[&str] = &[
        "avg",
        "var_samp",
        "var_pop",
        "stddev_pop",
        "stddev_samp",
        "sem",
        "approx_count_distinct",
        "bit_xor",
        "bit_or",
        "bit_and",
        "bool_and",
        "bool_or",
        "count",
        "entropy",
        "last",
        "first",
        "kurtosis",
        "min",
        "max",
        "product",
        "skewness",
        "sum",
        "string_agg",
        "mode",
        "median",
        "any_value",
        "histogram",
    ];
    let aggregate = name.strip_prefix("list_")?;
    if count != 1 || !AGGREGATES.contains(&aggregate) {
        return None;
    }
    let element = element?;
    Some(match call(aggregate, &[Typed::of(element.clone())]) {
        Outcome::Type(sql_type) => Outcome::Type(sql_type),
        _ => Outcome::Unknown,
    })
}

/// The rule of a function that one overload was chosen for, but whose signature says too little.
pub fn after_overload(name: &str, arguments: &[Typed]) -> Option<Outcome> {
    let first = arguments.first()?;
    Some(match (name, &first.sql_type) {
        ("abs" | "@" | "-" | "+", SqlType::Decimal(..)) if arguments.len() == 1 => {
            Outcome::Type(first.sql_type.clone())
        }
        ("floor" | "ceil" | "ceiling", SqlType::Decimal(precision, _)) => {
            Outcome::Type(SqlType::Decimal(*precision, 0))
        }
        ("round" | "trunc", SqlType::Decimal(precision, scale)) => {
            rounded(*precision, *scale, arguments.get(1))
        }
        ("date_part" | "datepart", _) => date_part(first),
        (
            "json_extract"
            | "json_extract_path"
            | "json_extract_string"
            | "json_extract_path_text"
            | "json_value"
            | "->"
            | "->>",
            _,
        ) if !arguments.get(1).is_some_and(|path| path.is_known()) => Outcome::Unknown,
        ("regexp_extract" | "regexp_extract_all", _) => match arguments.get(2) {
            Some(groups) if groups.sql_type != SqlType::Integer => captured(name, groups),
            _ => return None,
        },
        _ => return None,
    })
}

/// What a pattern with names for its groups gives.
fn captured(name: &str, groups: &Typed) -> Outcome {
    let Value::Texts(names) = &groups.value else {
        return Outcome::Unknown;
    };
    let fields = names.iter().map(|name| (name.clone(), SqlType::Varchar));
    let captured = SqlType::Struct(fields.collect());
    Outcome::Type(match name {
        "regexp_extract_all" => SqlType::list(captured),
        _ => captured,
    })
}

fn rounded(precision: u8, scale: u8, digits: Option<&Typed>) -> Outcome {
    match digits.map(|digits| &digits.value) {
        None => Outcome::Type(SqlType::Decimal(precision, 0)),
        Some(Value::Integer(digits)) => {
            let scale = u8::try_from((*digits).clamp(0, i128::from(scale))).unwrap_or(scale);
            Outcome::Type(SqlType::Decimal(precision, scale))
        }
        Some(_) => Outcome::Unknown,
    }
}

fn date_part(part: &Typed) -> Outcome {
    match &part.value {
        Value::Text(name) => Outcome::Type(part_type(name)),
        Value::Texts(names) => Outcome::Type(SqlType::Struct(
            names
                .iter()
                .map(|name| (name.to_lowercase(), part_type(name)))
                .collect(),
        )),
        _ => Outcome::Unknown,
    }
}

fn part_type(name: &str) -> SqlType {
    match name.to_lowercase().as_str() {
        "epoch" | "julian" => SqlType::Double,
        _ => SqlType::BigInt,
    }
}

/// A geometry with a reference system.
fn geometry_in(system: &str) -> SqlType {
    SqlType::Other(match system {
        "" => "GEOMETRY".to_owned(),
        system => format!("GEOMETRY('{}')", system.replace('\'', "''")),
    })
}

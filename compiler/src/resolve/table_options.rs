//! The values of the options of functions in a `FROM`: `read_csv('…', delim := ';')`.
//!
//! Source: `BindNamedParameters`, `csv_reader_options.cpp`, `json_multi_file_info.cpp`,
//! `multi_file_reader.cpp` and the functions' own bind functions in DuckDB 1.5.5. What only the file
//! tells is left to the engine.

use super::arguments::{number_of, wrong_format};
use super::deep::without_parentheses;
use crate::parse::ast::{self, ExprKind, Literal};
use crate::sql_type::SqlType;
use crate::types::{Typed, Value};

/// An option with its value.
pub(super) struct Given<'a> {
    /// Its name, in lower case.
    pub option: &'static str,
    /// The type that its value is cast to; `ANY` takes all.
    pub sql_type: &'static str,
    /// The value as it is written.
    pub value: &'a ast::Expr,
    /// What is known of it.
    pub typed: &'a Typed,
}

impl<'a> Given<'a> {
    fn is_null(&self) -> bool {
        self.typed.sql_type == SqlType::Null || self.typed.value == Value::Null
    }

    /// The text that is written out.
    fn text(&self) -> Option<&'a str> {
        match &self.typed.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn number(&self) -> Option<f64> {
        let text = || self.text()?.parse().ok();
        number_of(self.value).or_else(text)
    }

    fn is_open(&self) -> bool {
        matches!(self.typed.sql_type, SqlType::Unknown | SqlType::Other(_))
    }

    /// The members of a list that is written out.
    fn members(&self) -> Option<&'a [ast::Expr]> {
        match &without_parentheses(self.value).kind {
            ExprKind::List(items) => Some(items),
            _ => None,
        }
    }
}

/// Functions that read CSV files.
const CSV: &[&str] = &["read_csv", "read_csv_auto", "sniff_csv"];

/// Functions that read JSON files into columns.
const JSON: &[&str] = &[
    "read_json",
    "read_json_auto",
    "read_ndjson",
    "read_ndjson_auto",
];

/// What is wrong with the value of an option of a function; `None` if the engine may take it.
pub(super) fn refusal(function: &str, given: &Given<'_>) -> Option<String> {
    if given.is_open() {
        return None;
    }
    let refused = uncast(given).or_else(|| match function {
        _ if CSV.contains(&function) => {
            of_files(given).or_else(|| csv(function == "sniff_csv", given))
        }
        _ if JSON.contains(&function) => of_files(given).or_else(|| json(given)),
        _ if function.starts_with("read_") || function == "parquet_scan" => of_files(given),
        _ => system(given),
    });
    refused.map(|what| format!("the option `{}` {what}", given.option))
}

/// What is wrong with options beside each other.
pub(super) fn together(function: &str, all: &[Given<'_>]) -> Option<String> {
    let has = |option: &str| all.iter().any(|given| given.option == option);
    let twins: &[&[&str]] = match CSV.contains(&function) {
        true => &[
            &["delim", "sep"],
            &["column_names", "names"],
            &["column_types", "dtypes", "types"],
        ],
        false => &[],
    };
    let twins = twins.iter().find_map(|twins| {
        let mut there = twins.iter().filter(|option| has(option));
        Some((there.next()?, there.next()?))
    });
    twins.map(|(one, other)| format!("`{one}` and `{other}` are one option, given twice"))
}

/// Why a value isn't one of the option's type.
fn uncast(given: &Given<'_>) -> Option<String> {
    if given.is_null() {
        return None;
    }
    let number = matches!(given.sql_type, "BIGINT" | "UBIGINT" | "UINTEGER" | "DOUBLE");
    let found = &given.typed.sql_type;
    let turns = match found {
        SqlType::Boolean | SqlType::Varchar | SqlType::Enum(_) | SqlType::Json => true,
        other if other.is_numeric() => true,
        SqlType::Bit => true,
        _ => false,
    };
    match given.sql_type {
        "BOOLEAN" => match given.text() {
            _ if !turns => Some(format!("is true or false, and this is `{found}`")),
            Some(text) if !is_boolean(text) => {
                Some(format!("is true or false, and this is `'{text}'`"))
            }
            _ => None,
        },
        _ if number => {
            if !turns {
                return Some(format!("is a number, and this is `{found}`"));
            }
            let read = given.text().map(|text| text.trim().parse::<f64>());
            if let (Some(Err(_)), Some(text)) = (read, given.text()) {
                let plain = !text.contains('_');
                return plain.then(|| format!("is a number, and this is `'{text}'`"));
            }
            let least = if given.sql_type.starts_with('U') {
                0.0
            } else {
                -9.3e18
            };
            let most = match given.sql_type {
                "UINTEGER" => 4_294_967_295.0,
                "UBIGINT" => 1.9e19,
                _ => 9.3e18,
            };
            let out = |value: &f64| *value < least - 0.5 || *value > most;
            (given.sql_type != "DOUBLE" && given.number().as_ref().is_some_and(out))
                .then(|| "is a number out of its range".to_owned())
        }
        "VARCHAR[]" => match (found, given.text()) {
            (SqlType::List(_) | SqlType::Array(..), _) => None,
            (SqlType::Varchar, Some(text)) if text.trim_start().starts_with('[') => None,
            (SqlType::Varchar, None) => None,
            (other, _) => Some(format!("is a list of texts, and this is `{other}`")),
        },
        _ => None,
    }
}

/// Source: `TryCastCString` to `bool` of DuckDB.
fn is_boolean(text: &str) -> bool {
    let words = ["1", "0", "t", "f", "y", "n", "true", "false", "yes", "no"];
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

fn is_false(value: &ast::Expr) -> bool {
    matches!(
        without_parentheses(value).kind,
        ExprKind::Literal(Literal::Boolean(false))
    )
}

fn no_null(given: &Given<'_>) -> Option<String> {
    given.is_null().then(|| "can't be null".to_owned())
}

/// What all that read files have.
fn of_files(given: &Given<'_>) -> Option<String> {
    match given.option {
        "filename" | "hive_partitioning" | "union_by_name" | "hive_types_autocast" => {
            no_null(given)
        }
        "hive_types" => no_null(given).or_else(|| structure(given)),
        _ => None,
    }
}

/// A struct whose fields are names of types.
fn structure(given: &Given<'_>) -> Option<String> {
    let SqlType::Struct(fields) = &given.typed.sql_type else {
        let found = &given.typed.sql_type;
        return Some(format!(
            "is a struct of types, as `{{'a': 'INTEGER'}}`, and this is `{found}`"
        ));
    };
    let wrong = |sql_type: &SqlType| {
        !matches!(
            sql_type,
            SqlType::Varchar | SqlType::Unknown | SqlType::Other(_)
        )
    };
    let (name, found) = fields.iter().find(|(_, sql_type)| wrong(sql_type))?;
    Some(format!(
        "names a type for each column, and `{name}` is `{found}`"
    ))
}

fn csv(sniffs: bool, given: &Given<'_>) -> Option<String> {
    let booleans = matches!(
        given.option,
        "allow_quoted_nulls"
            | "header"
            | "ignore_errors"
            | "null_padding"
            | "parallel"
            | "store_rejects"
    );
    match given.option {
        "auto_detect" if sniffs => no_null(given).or_else(|| {
            is_false(given.value).then(|| "can't be off here: to sniff is to detect".to_owned())
        }),
        _ if booleans || given.option == "auto_detect" => no_null(given),
        "delim" | "sep" => longer_than(given, 4),
        "quote" | "escape" | "comment" | "thousands" => longer_than(given, 1),
        "new_line" => match given.text() {
            Some("\\n" | "\\r" | "\\r\\n") => None,
            Some(text) => Some(format!(
                "is `'\\n'`, `'\\r'` or `'\\r\\n'`, and this is `'{text}'`"
            )),
            None => no_null(given),
        },
        "decimal_separator" => match given.text() {
            Some("." | ",") => None,
            Some(text) => Some(format!("is a point or a comma, and this is `'{text}'`")),
            None => no_null(given),
        },
        "dateformat" | "timestampformat" => match given.text() {
            Some(text) if !text.eq_ignore_ascii_case("auto") => {
                wrong_format(text, given.option).map(|message| format!("can't be read: {message}"))
            }
            _ => None,
        },
        "sample_size" | "files_to_sniff" => least(given, 1.0, true),
        "max_line_size" | "maximum_line_size" => match (given.text(), given.number()) {
            (Some(text), None) => Some(format!("is a number, and this is `'{text}'`")),
            _ => least(given, 0.0, false),
        },
        "skip" | "rejects_limit" => least(given, 0.0, false),
        "compression" => one_of(
            given,
            &["infer", "auto", "gzip", "zstd", "uncompressed", "none", ""],
        ),
        "buffer_size" => least(given, 1.0, false),
        "rejects_table" | "rejects_scan" => match given.text() {
            Some("") => Some("is the name of a table, and this is empty".to_owned()),
            Some(_) => None,
            None => no_null(given),
        },
        "names" | "column_names" => names(given),
        "force_not_null" => no_null(given),
        "columns" => empty_struct(given).or_else(|| structure(given)),
        "types" | "dtypes" | "column_types" => types(given),
        "auto_type_candidates" => match &given.typed.sql_type {
            SqlType::List(_) if given.members().is_some_and(<[ast::Expr]>::is_empty) => {
                Some("names one type at least".to_owned())
            }
            SqlType::List(_) => types(given).or_else(|| candidates(given)),
            other => Some(format!("is a list of types, and this is `{other}`")),
        },
        "nullstr" => match &given.typed.sql_type {
            SqlType::Varchar => None,
            SqlType::List(element) if **element == SqlType::Varchar => None,
            SqlType::List(element) if element.has_unknown() => None,
            other => Some(format!(
                "is a text or a list of texts, and this is `{other}`"
            )),
        },
        _ => None,
    }
}

fn longer_than(given: &Given<'_>, most: usize) -> Option<String> {
    let text = given.text()?.replace("\\t", "\t");
    (text.len() > most).then(|| match most {
        1 => format!("has one byte at most, and this is `'{text}'`"),
        _ => format!("has {most} bytes at most, and this is `'{text}'`"),
    })
}

/// A number that isn't less than this, or may be -1 for all.
fn least(given: &Given<'_>, least: f64, all: bool) -> Option<String> {
    if given.is_null() {
        return no_null(given);
    }
    let number = given.number()?;
    (number < least && !(all && number == -1.0)).then(|| match all {
        true => format!("is at least {least}, or -1 for all, and this is {number}"),
        false => format!("is at least {least}, and this is {number}"),
    })
}

fn empty_struct(given: &Given<'_>) -> Option<String> {
    matches!(&given.typed.sql_type, SqlType::Struct(fields) if fields.is_empty())
        .then(|| "has one column at least".to_owned())
}

/// Names of columns: none of them null, blank or there twice.
fn names(given: &Given<'_>) -> Option<String> {
    if given.is_null() {
        return no_null(given);
    }
    let mut seen: Vec<&str> = Vec::new();
    for item in given.members()? {
        match &without_parentheses(item).kind {
            ExprKind::Literal(Literal::Null) => {
                return Some("holds a null, and that names no column".to_owned());
            }
            ExprKind::Literal(Literal::Text(name)) if name.trim().is_empty() => {
                return Some("holds a blank name".to_owned());
            }
            ExprKind::Literal(Literal::Text(name)) if seen.contains(&name.as_str()) => {
                return Some(format!("holds the name `{name}` twice"));
            }
            ExprKind::Literal(Literal::Text(name)) => seen.push(name),
            _ => {}
        }
    }
    None
}

fn types(given: &Given<'_>) -> Option<String> {
    match &given.typed.sql_type {
        SqlType::Struct(_) => structure(given),
        SqlType::List(element) if **element == SqlType::Varchar || element.has_unknown() => None,
        SqlType::List(element) => Some(format!("is a list of texts, and this is of `{element}`")),
        other => Some(format!(
            "is a list of types or a struct of them, and this is `{other}`"
        )),
    }
}

/// Types that the engine looks for in a file by itself.
fn candidates(given: &Given<'_>) -> Option<String> {
    let names = given.members()?.iter().filter_map(|item| match &item.kind {
        ExprKind::Literal(Literal::Text(text)) => text.parse::<SqlType>().ok(),
        _ => None,
    });
    let found = |sql_type: &SqlType| {
        matches!(
            sql_type,
            SqlType::Varchar
                | SqlType::Double
                | SqlType::Float
                | SqlType::Decimal(..)
                | SqlType::BigInt
                | SqlType::Integer
                | SqlType::SmallInt
                | SqlType::TinyInt
                | SqlType::TimestampTz
                | SqlType::Timestamp
                | SqlType::Date
                | SqlType::Time
                | SqlType::Boolean
                | SqlType::Null
                | SqlType::Other(_)
                | SqlType::Unknown
        )
    };
    let mut names = names;
    let wrong = names.find(|sql_type| !found(sql_type))?;
    Some(format!(
        "names `{wrong}`, which the engine doesn't look for"
    ))
}

/// A text that is one of some words, in any case.
fn one_of(given: &Given<'_>, words: &[&str]) -> Option<String> {
    let text = given.text()?;
    if words.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return None;
    }
    let listed: Vec<&str> = words
        .iter()
        .copied()
        .filter(|word| !word.is_empty())
        .collect();
    let listed = listed.join("`, `");
    Some(format!("is one of `{listed}`, and this is `{text}`"))
}

fn json(given: &Given<'_>) -> Option<String> {
    if given.is_null() {
        return no_null(given);
    }
    match given.option {
        "format" => one_of(
            given,
            &["auto", "unstructured", "newline_delimited", "nd", "array"],
        ),
        "records" => one_of(given, &["auto", "true", "false"]),
        "columns" => empty_struct(given).or_else(|| structure(given)),
        "sample_size" | "maximum_sample_files" => least(given, 1.0, true),
        "map_inference_threshold" => least(given, 0.0, true),
        "field_appearance_threshold" => {
            let number = given.number()?;
            (!(0.0..=1.0).contains(&number))
                .then(|| format!("is between 0 and 1, and this is {number}"))
        }
        "dateformat" | "date_format" | "timestampformat" | "timestamp_format" => {
            match given.text() {
                Some(text) if !text.eq_ignore_ascii_case("iso") => wrong_format(text, given.option)
                    .map(|message| format!("can't be read: {message}")),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Functions about the engine itself, and those that make data for tests.
fn system(given: &Given<'_>) -> Option<String> {
    match given.option {
        "redact" if is_false(given.value) => {
            Some("can't be off: the engine shows no secrets".to_owned())
        }
        "all_flat" | "denormalized_table" | "redact" | "use_large_bignum" | "use_large_enum" => {
            no_null(given)
        }
        "level" => {
            const LEVELS: &[&str] = &[
                "trace", "debug", "info", "warning", "warn", "error", "fatal",
            ];
            let known = |text: &str| LEVELS.iter().any(|level| text.eq_ignore_ascii_case(level));
            let unknown = given.is_null() || given.text().is_some_and(|text| !known(text));
            unknown.then(|| "is a level of a log".to_owned())
        }
        "storage_config" => match &given.typed.sql_type {
            SqlType::Struct(_) | SqlType::Null => None,
            other => Some(format!("is a struct, and this is `{other}`")),
        },
        "metrics" => match &given.typed.sql_type {
            SqlType::List(_) | SqlType::Varchar | SqlType::Json | SqlType::Null => None,
            other => Some(format!("is a list of texts, and this is `{other}`")),
        },
        _ => None,
    }
}

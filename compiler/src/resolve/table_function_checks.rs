//! What is wrong with a function in a `FROM`: its name, and what it is given.

use super::Binder;
use super::table_options::{Given, refusal, together};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::lexer::lex;
use crate::parse::ast::{self, ExprKind};
use crate::parse::parse_query;
use crate::span::{FileId, Span};
use crate::sql_type::SqlType;
use crate::types::call::takes;
use crate::types::catalogue::{self, Entry, Kind};
use crate::types::{Typed, Value, extension_functions};

/// Functions whose first argument may be null; for the others that is a name, a path or a query.
const TAKING_NULL: &[&str] = &[
    "generate_series",
    "json_each",
    "json_tree",
    "range",
    "repeat",
    "repeat_row",
    "summary",
    "test_vector_types",
    "which_secret",
];

fn is_null(typed: &Typed) -> bool {
    typed.sql_type == SqlType::Null
}

/// The structured logs of the engine.
const LOGS: &[&str] = &[
    "FileSystem",
    "HTTP",
    "Metrics",
    "PhysicalOperator",
    "QueryLog",
];

/// Whether the engine keeps a log of this name.
pub(super) fn is_log(name: &str) -> bool {
    LOGS.iter().any(|own| own.eq_ignore_ascii_case(name))
}

impl Binder<'_> {
    /// Checks a table function once its arguments have been bound.
    pub(super) fn check_table_function(
        &mut self,
        name: &str,
        function: &ast::Function,
        arguments: &[Typed],
        span: Span,
    ) {
        let known = catalogue::find(name)
            .is_some_and(|entry| entry.is(Kind::Table) || entry.is(Kind::TableMacro));
        if let [qualifiers @ .., _] = function.name.as_slice()
            && known
            && !is_home(qualifiers)
        {
            let written: Vec<&str> = qualifiers.iter().map(|part| part.value.as_str()).collect();
            let message = format!(
                "there is no table function `{name}` in `{}`",
                written.join(".")
            );
            self.report(Diagnostic::error(Code::UnknownFunction, span, message));
            return;
        }
        if !known && name != "unnest" {
            // What the engine knows as another kind of function comes with no extension.
            let other = catalogue::find(name).is_some();
            if other || !extension_functions::is_table_function(name) {
                let message = format!("there is no table function `{name}`");
                let mut finding = Diagnostic::error(Code::UnknownFunction, span, message);
                if let Some(similar) = nearest(name, catalogue::table_names()) {
                    finding = finding.hint(format!("did you mean `{similar}`?"));
                }
                self.report(finding);
            }
            return;
        }
        let entry = catalogue::find(name).filter(|entry| entry.is(Kind::Table));
        let wrong = match entry {
            None => wrong_macro(name, function).map(|message| (None, message)),
            Some(entry) => self
                .wrong_option(entry, function, arguments)
                .or_else(|| wrong_positions(entry, function, arguments)),
        };
        if let Some((place, message)) = wrong {
            self.report(Diagnostic::error(
                Code::WrongArguments,
                place.unwrap_or(span),
                message,
            ));
            return;
        }
        if name == "query" {
            self.check_query_text(function, arguments);
        }
        if name == "json_execute_serialized_sql" {
            self.check_serialized(function, arguments);
        }
        let wrong = match (name, arguments) {
            ("query_table", [_, by_name]) if by_name.sql_type == SqlType::Null => {
                Some("the second argument of `query_table` can't be null".to_owned())
            }
            ("query_table", [table, ..]) if table.sql_type != SqlType::Null => match &table.value {
                Value::Text(text) if text.is_empty() => {
                    Some("`query_table` takes the name of a table".to_owned())
                }
                Value::Text(text) => unnamed(text),
                Value::Texts(texts) => texts.iter().find_map(|text| unnamed(text)),
                _ => None,
            },
            (
                "duckdb_table_sample" | "pragma_storage_info" | "pragma_table_info",
                [
                    Typed {
                        value: Value::Text(text),
                        ..
                    },
                ],
            ) => unnamed(text),
            ("summary", [_]) if !matches!(function.arguments[0].value.kind, ExprKind::Query(_)) => {
                Some("`summary` takes a query: `summary((from t))`".to_owned())
            }
            ("repeat", [_, count]) if matches!(count.value, Value::Integer(..0)) => {
                Some("`repeat` takes a number of rows, and this is less than none".to_owned())
            }
            (_, [first, ..])
                if entry.is_some()
                    && is_null(first)
                    && !TAKING_NULL.contains(&name)
                    && !function.arguments.first().is_some_and(is_named) =>
            {
                Some(format!("`{name}` doesn't take a null"))
            }
            ("unnest", [list]) => match &list.sql_type {
                SqlType::List(_) | SqlType::Unknown | SqlType::Other(_) => None,
                other => Some(format!("`unnest` takes a list, and this is `{other}`")),
            },
            ("repeat", [_, count]) if count.sql_type == SqlType::Null => {
                Some("`repeat` takes a number of rows, and this is a null".to_owned())
            }
            ("repeat_row", _) if !function.arguments.iter().any(is_named) => {
                Some("`repeat_row` takes a number of rows: `num_rows := 3`".to_owned())
            }
            ("seq_scan" | "arrow_scan" | "arrow_scan_dumb", _) => {
                Some(format!("`{name}` can't be called from a query"))
            }
            ("parquet_bloom_probe", _) if arguments.iter().any(is_null) => {
                Some(format!("`{name}` doesn't take a null"))
            }
            ("enable_logging", _) => {
                let placed = function.arguments.iter().zip(arguments);
                let mut placed = placed.filter(|(argument, _)| !is_named(argument));
                match (placed.next(), placed.next()) {
                    (Some(_), Some(_)) => Some(format!("`{name}` takes one kind of log")),
                    (Some((_, kind)), None) if kind.sql_type.is_numeric() => {
                        Some(format!("`{name}` takes the names of logs"))
                    }
                    _ => None,
                }
            }
            ("duckdb_logs_parsed", [kind]) if kind.sql_type.is_numeric() => {
                Some(format!("`{name}` takes the name of a log"))
            }
            ("duckdb_logs_parsed", [kind]) => match &kind.value {
                Value::Text(text) if !is_log(text) => Some(format!("there is no log `{text}`")),
                _ => None,
            },
            _ => None,
        };
        if let Some(message) = wrong {
            self.report(Diagnostic::error(Code::WrongArguments, span, message));
        }
    }
}

impl Binder<'_> {
    /// `query('select …')`: the text is a query, which is read when the one around it is bound.
    fn check_query_text(&mut self, function: &ast::Function, arguments: &[Typed]) {
        let ([written], [typed]) = (function.arguments.as_slice(), arguments) else {
            return;
        };
        let place = written.value.span;
        if let Value::Text(text) = &typed.value
            && let Some(message) = unread(text)
        {
            let message = format!("the text isn't a query: {message}");
            self.report(Diagnostic::error(Code::SyntaxError, place, message));
        }
    }
}

/// What is wrong with a text that is to be one query.
pub(super) fn unread(text: &str) -> Option<String> {
    let (tokens, found) = lex(FileId(0), text, 0..text.len());
    if let Some(finding) = found.into_iter().next() {
        return Some(finding.message);
    }
    parse_query(text, &tokens).err().map(|error| error.message)
}

/// Why a text names no table: `catalog.schema.table`, each part bare or in quotes.
///
/// Source: `QualifiedName::ParseComponents` of DuckDB 1.5.5.
fn unnamed(text: &str) -> Option<String> {
    if !text.matches('"').count().is_multiple_of(2) {
        return Some(format!("a quote in the name `{text}` isn't closed"));
    }
    let outside = text.split('"').step_by(2);
    let points: usize = outside.map(|part| part.matches('.').count()).sum();
    if points > 3 || (points == 3 && !text.ends_with('.')) {
        return Some(format!("`{text}` has more parts than the name of a table"));
    }
    let empty = text.chars().all(|letter| letter == '"');
    empty.then(|| "no table has an empty name".to_owned())
}

/// Whether an argument is written with its name.
fn is_named(argument: &ast::Argument) -> bool {
    option_name(argument).is_some()
}

fn option_name(argument: &ast::Argument) -> Option<&ast::Name> {
    Some(option_of(argument)?.0)
}

/// The name and the value of an argument with a name. `num_rows = 3` is a comparison to the parser,
/// and an option to the engine.
pub(super) fn option_of(argument: &ast::Argument) -> Option<(&ast::Name, &ast::Expr)> {
    if let Some(name) = &argument.name {
        return Some((name, &argument.value));
    }
    match &argument.value.kind {
        ExprKind::Binary {
            operator,
            left,
            right,
            ..
        } if operator == "=" || operator == "==" => match &left.kind {
            ExprKind::Name(names) if names.len() == 1 => Some((names.first()?, &**right)),
            _ => None,
        },
        _ => None,
    }
}

/// What stands in no place that the function has, and where.
type Wrong = (Option<Span>, String);

impl Binder<'_> {
    /// An argument with a name that isn't an option of the function, or has no value of it, and one
    /// without a name behind it.
    fn wrong_option(
        &self,
        entry: &Entry,
        function: &ast::Function,
        arguments: &[Typed],
    ) -> Option<Wrong> {
        let mut named = false;
        let mut seen: Vec<Given<'_>> = Vec::new();
        for (argument, typed) in function.arguments.iter().zip(arguments) {
            let Some((name, value)) = option_of(argument) else {
                if named {
                    let message = "an argument without a name stands before those with one";
                    return Some((Some(argument.value.span), message.to_owned()));
                }
                continue;
            };
            named = true;
            let option = entry
                .options()
                .find(|(option, _)| option.eq_ignore_ascii_case(&name.value));
            let Some((option, sql_type)) = option else {
                let message = format!("`{}` has no option `{}`", entry.name, name.value);
                return Some((Some(value.span), message));
            };
            // The last one counts.
            seen.retain(|given| given.option != option);
            seen.push(Given {
                option,
                sql_type,
                value,
                typed,
            });
        }
        let wrong = seen
            .iter()
            .find_map(|given| Some((Some(given.value.span), refusal(entry.name, given)?)));
        wrong.or_else(|| Some((None, together(entry.name, &seen)?)))
    }
}

fn wrong_positions(entry: &Entry, function: &ast::Function, arguments: &[Typed]) -> Option<Wrong> {
    if function.arguments.len() != arguments.len() {
        return None;
    }
    let placed: Vec<Typed> = function
        .arguments
        .iter()
        .zip(arguments)
        .filter(|(argument, _)| option_name(argument).is_none())
        .map(|(argument, typed)| match &argument.value.kind {
            // A table may be given as a subquery.
            ExprKind::Query(_) if entry.name == "summary" => Typed::unknown(),
            _ => evaluated(typed),
        })
        .collect();
    if takes(entry.table_signatures(), &placed) {
        return None;
    }
    let types: Vec<String> = placed
        .iter()
        .map(|typed| typed.sql_type.to_string())
        .collect();
    let message = format!("`{}` doesn't take `({})`", entry.name, types.join(", "));
    Some((None, message))
}

/// The type that an argument has once it is a constant: any null is one of no type, and a list of
/// none or of nulls is one of integers.
fn evaluated(typed: &Typed) -> Typed {
    match (&typed.sql_type, &typed.value) {
        (_, Value::Null) => Typed::of(SqlType::Null),
        (SqlType::List(element), _) if **element == SqlType::Null => Typed {
            sql_type: SqlType::list(SqlType::Integer),
            ..typed.clone()
        },
        _ => typed.clone(),
    }
}

/// Whether qualifiers lead to where the engine keeps its own functions.
fn is_home(qualifiers: &[ast::Name]) -> bool {
    let parts: Vec<String> = qualifiers
        .iter()
        .map(|part| part.value.to_lowercase())
        .collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    matches!(
        parts.as_slice(),
        [] | ["main" | "system"] | ["system", "main"]
    )
}

/// What is wrong with the arguments of a macro in a `FROM`.
///
/// Source: `src/catalog/default/default_table_functions.cpp` of DuckDB 1.5.5.
fn wrong_macro(name: &str, function: &ast::Function) -> Option<String> {
    let (counts, options): (_, &[&str]) = match name {
        "duckdb_logs_parsed" => (1..=1, &["log_type"]),
        "duckdb_profiling_settings" => (0..=0, &[]),
        "histogram" | "histogram_values" => {
            (2..=4, &["bin_count", "col_name", "source", "technique"])
        }
        _ => return None,
    };
    let mut named = function.arguments.iter().filter_map(option_name);
    let known =
        |option: &ast::Name| (options.iter()).any(|own| own.eq_ignore_ascii_case(&option.value));
    if let Some(option) = named.find(|option| !known(option)) {
        return Some(format!("`{name}` has no option `{}`", option.value));
    }
    let count = function.arguments.len();
    (!counts.contains(&count)).then(|| match count {
        1 => format!("`{name}` doesn't take 1 argument"),
        _ => format!("`{name}` doesn't take {count} arguments"),
    })
}

//! What is wrong with a function in a `FROM`: its name, and what it is given.

use super::Binder;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::parse::ast::{self, ExprKind};
use crate::span::Span;
use crate::sql_type::SqlType;
use crate::types::call::takes;
use crate::types::catalogue::{self, Entry, Kind};
use crate::types::{Typed, Value, rules};

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
        if !known && name != "unnest" {
            if !rules::may_be_of_an_extension(name) && !is_of_an_extension(name) {
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
            None => None,
            Some(entry) => self
                .wrong_option(entry, function)
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
        let wrong = match (name, arguments) {
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

/// Whether an argument is written with its name: `name := value`, `name = value`.
fn is_named(argument: &ast::Argument) -> bool {
    option_name(argument).is_some()
}

fn option_name(argument: &ast::Argument) -> Option<&ast::Name> {
    if let Some(name) = &argument.name {
        return Some(name);
    }
    match &argument.value.kind {
        ExprKind::Binary { operator, left, .. } if operator == "=" => match &left.kind {
            ExprKind::Name(names) if names.len() == 1 => names.first(),
            _ => None,
        },
        _ => None,
    }
}

/// What stands in no place that the function has, and where.
type Wrong = (Option<Span>, String);

impl Binder<'_> {
    /// An argument with a name that isn't an option of the function.
    fn wrong_option(&self, entry: &Entry, function: &ast::Function) -> Option<Wrong> {
        let mut named = function.arguments.iter().filter_map(|argument| {
            let name = option_name(argument)?;
            Some((name, argument.value.span))
        });
        let (name, span) = named.find(|(name, _)| {
            !entry
                .options()
                .any(|option| option.eq_ignore_ascii_case(&name.value))
        })?;
        let message = format!("`{}` has no option `{}`", entry.name, name.value);
        Some((Some(span), message))
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
            ExprKind::Query(_) => Typed::unknown(),
            _ => typed.clone(),
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

/// Whether a table function may come with an extension that the project loads.
fn is_of_an_extension(name: &str) -> bool {
    const STARTS: &[&str] = &[
        "azure_",
        "bq_",
        "bigquery_",
        "dbgen",
        "delta_",
        "dsdgen",
        "ducklake_",
        "excel_",
        "fts_",
        "http_",
        "iceberg_",
        "load_",
        "mysql_",
        "postgres_",
        "pg_",
        "read_",
        "shapefile_",
        "sqlite_",
        "st_",
        "tpcds",
        "tpch",
        "vss_",
        "hnsw_",
        "which_",
    ];
    const ENDS: &[&str] = &["_scan", "_query", "_attach", "_metadata", "_execute"];
    STARTS.iter().any(|start| name.starts_with(start)) || ENDS.iter().any(|end| name.ends_with(end))
}

//! What is wrong with a function in a `FROM`: its name, and what it is given.

use super::Binder;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::lexer::lex;
use crate::parse::ast::{self, ExprKind};
use crate::parse::parse_query;
use crate::span::{FileId, Span};
use crate::sql_type::SqlType;
use crate::types::catalogue::{self, Kind};
use crate::types::{Typed, Value, rules};

/// Functions whose arguments have no names, beside those that begin with `pragma_` and `duckdb_`.
const WITHOUT_NAMES: &[&str] = &["generate_series", "glob", "range", "repeat", "unnest"];

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
        let unnamed = WITHOUT_NAMES.contains(&name)
            || name.starts_with("pragma_")
            || name.starts_with("duckdb_")
                && !matches!(
                    name,
                    "duckdb_logs" | "duckdb_secrets" | "duckdb_logs_parsed"
                );
        if unnamed
            && let Some(named) = function
                .arguments
                .iter()
                .find(|argument| is_named(argument))
        {
            let message = format!("`{name}` has no arguments by name");
            let place = named.value.span;
            self.report(Diagnostic::error(Code::WrongArguments, place, message));
            return;
        }
        if name == "query" {
            self.check_query_text(function, arguments);
        }
        let wrong = match (name, arguments) {
            ("query_table", [table, ..]) => match &table.value {
                Value::Text(text) if text.is_empty() => {
                    Some("`query_table` takes the name of a table".to_owned())
                }
                _ => None,
            },
            ("unnest", [list]) => match &list.sql_type {
                SqlType::List(_)
                | SqlType::Array(..)
                | SqlType::Struct(_)
                | SqlType::Map(..)
                | SqlType::Null
                | SqlType::Unknown
                | SqlType::Other(_) => None,
                other => Some(format!("`unnest` takes a list, and this is `{other}`")),
            },
            ("range" | "generate_series", bounds) if bounds.len() > 3 || bounds.is_empty() => {
                Some(format!("`{name}` takes one to three arguments"))
            }
            ("range" | "generate_series", bounds) => bounds
                .iter()
                .find(|bound| is_no_bound(bound))
                .map(|bound| format!("`{name}` doesn't count by `{}`", bound.sql_type)),
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
        let message = match &typed.value {
            Value::Text(text) => match unread(text) {
                Some(message) => format!("the text isn't a query: {message}"),
                None => return,
            },
            _ if typed.sql_type == SqlType::Null => "`query` takes a text".to_owned(),
            _ => return,
        };
        self.report(Diagnostic::error(Code::SyntaxError, place, message));
    }
}

/// What is wrong with a text that is to be one query.
fn unread(text: &str) -> Option<String> {
    let (tokens, found) = lex(FileId(0), text, 0..text.len());
    if let Some(finding) = found.into_iter().next() {
        return Some(finding.message);
    }
    parse_query(text, &tokens).err().map(|error| error.message)
}

/// Whether an argument is written with its name: `name := value`, `name = value`.
fn is_named(argument: &ast::Argument) -> bool {
    argument.name.is_some()
        || matches!(
            &argument.value.kind,
            ExprKind::Binary { operator, left, .. }
                if operator == "=" && matches!(&left.kind, ExprKind::Name(names) if names.len() == 1)
        )
}

/// What is neither a number nor a time, and isn't cast to one.
fn is_no_bound(bound: &Typed) -> bool {
    let text = bound.sql_type == SqlType::Varchar && !matches!(bound.value, Value::Text(_));
    text || matches!(
        bound.sql_type,
        SqlType::List(_) | SqlType::Struct(_) | SqlType::Map(..) | SqlType::Blob | SqlType::Uuid
    )
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

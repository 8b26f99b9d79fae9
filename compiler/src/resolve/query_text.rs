//! Functions in a `FROM` that read a query, or the names of its tables, out of constant texts:
//! `query('select …')`, `query_table(['a', 'b'])`, `json_execute_serialized_sql(…)`, and macros over
//! such a table.
//!
//! Source: `query_function.cpp`, `json_serialize_sql.cpp` and `default_table_functions.cpp` of
//! DuckDB 1.5.5, which bind the text where it stands.

use super::scope::{Env, Output};
use super::table_function_checks::option_of;
use super::{BindInput, Binder};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::lexer::lex;
use crate::parse::ast::{self, ExprKind, Literal};
use crate::parse::parse_query;
use crate::span::{FileId, Span};
use crate::sql_type::SqlType;
use crate::types::{Typed, Value};

/// Queries within the texts of queries.
const MOST_TEXTS: u32 = 8;

impl Binder<'_> {
    /// What a function gives that reads its query from a text; `None` if it is none of these, or
    /// its text isn't known.
    pub(super) fn query_of_texts(
        &mut self,
        name: &str,
        function: &ast::Function,
        arguments: &[Typed],
        env: &Env<'_>,
    ) -> Option<Output> {
        let first = arguments.first()?;
        let place = function.arguments.first()?.value.span;
        match (name, &first.value) {
            ("query", Value::Text(text)) => self.query_text(text, place, env),
            ("query_table", Value::Text(text)) => {
                let text = format!("FROM {}", quoted_name(text)?);
                self.query_text(&text, place, env)
            }
            ("query_table", Value::Texts(texts)) => {
                let by_name = match function.arguments.get(1).map(|by| &by.value.kind) {
                    None | Some(ExprKind::Literal(Literal::Boolean(false))) => "",
                    Some(ExprKind::Literal(Literal::Boolean(true))) => "BY NAME ",
                    Some(_) => return None,
                };
                let tables: Option<Vec<String>> =
                    texts.iter().map(|text| quoted_name(text)).collect();
                let between = format!(" UNION ALL {by_name}FROM ");
                let text = format!("FROM {}", tables?.join(&between));
                self.query_text(&text, place, env)
            }
            ("pragma_table_info" | "pragma_storage_info", value) => {
                let name = match (value, &function.arguments.first()?.value.kind) {
                    (Value::Text(text), _) => text.as_str(),
                    (_, ExprKind::Name(names)) => match names.as_slice() {
                        [only] => only.value.as_str(),
                        _ => return None,
                    },
                    _ => return None,
                };
                self.query_text(&format!("FROM {}", quoted_name(name)?), place, env);
                None
            }
            ("json_execute_serialized_sql", _) => {
                let serialized = serialized(&function.arguments.first()?.value)?;
                self.query_text(serialized, place, env)
            }
            _ => None,
        }
    }

    /// Binds a text that is one query. What is wrong in it is told at its place; nothing is, if it
    /// reads tables that only the engine knows.
    pub(super) fn query_text(&mut self, text: &str, place: Span, env: &Env<'_>) -> Option<Output> {
        if self.texts >= MOST_TEXTS {
            return None;
        }
        let (tokens, found) = lex(FileId(0), text, 0..text.len());
        let query = match parse_query(text, &tokens) {
            Ok(query) if found.is_empty() => query,
            _ => return None,
        };
        let input = BindInput {
            text,
            unique_columns: false,
            ..self.input.clone()
        };
        let mut inner = Binder::new(&input);
        inner.texts = self.texts + 1;
        inner.depth = self.depth;
        inner.scopes = self.scopes;
        inner.relation_count = self.relation_count;
        inner.member_count = self.member_count;
        inner.common_tables = std::mem::take(&mut self.common_tables);
        let output = inner.query(&query, Some(env));
        self.common_tables = std::mem::take(&mut inner.common_tables);
        self.scopes = inner.scopes;
        self.relation_count = inner.relation_count;
        self.member_count = inner.member_count;
        let errors = inner
            .diagnostics
            .into_iter()
            .filter(|finding| finding.severity == Severity::Error);
        let errors: Vec<Diagnostic> = errors.collect();
        let outside = [Code::UndeclaredTable, Code::UnknownReference];
        let is_elsewhere = |finding: &Diagnostic| {
            let place = finding.primary.as_ref().map(|label| label.span);
            let name = place.and_then(|span| text.get(span.start as usize..span.end as usize));
            outside.contains(&finding.code) && name.is_none_or(|name| self.may_be_elsewhere(name))
        };
        if errors.iter().any(is_elsewhere) {
            return None;
        }
        if let Some(first) = errors.into_iter().next() {
            let message = format!("in the text of the query: {}", first.message);
            self.report(Diagnostic::error(first.code, place, message));
            return None;
        }
        Some(output)
    }

    /// Whether the engine may know of a table that isn't imported: in another schema than the main one, or of
    /// this name.
    fn may_be_elsewhere(&self, name: &str) -> bool {
        let plain = name.replace('"', "").to_lowercase();
        match plain.rsplit_once('.') {
            Some(("main", last)) => self.input.imports.contains_key(last),
            Some(_) => true,
            None => false,
        }
    }

    /// Checks `json_execute_serialized_sql(…)`.
    pub(super) fn check_serialized(&mut self, function: &ast::Function, arguments: &[Typed]) {
        let ([written], [typed]) = (function.arguments.as_slice(), arguments) else {
            return;
        };
        let wrong = match (&typed.value, &written.value.kind) {
            (Value::Text(text), _) => wrong_plan(text),
            (_, ExprKind::Function(call)) => {
                let text = serialized(&written.value);
                let unread = text.and_then(super::table_function_checks::unread);
                let bare = text.is_some_and(|text| !text.to_lowercase().contains("with"));
                match unread {
                    Some(message) => Some(format!("the text isn't a query: {message}")),
                    // Without what is empty the tree lacks its map of members of `WITH`.
                    None if bare && leaves_empty_out(call) => {
                        Some("a tree without what is empty can't be read again".to_owned())
                    }
                    None => None,
                }
            }
            _ => None,
        };
        if let Some(message) = wrong {
            self.report(Diagnostic::error(
                Code::InvalidConstant,
                written.value.span,
                message,
            ));
        }
    }

    /// `histogram_values(table, expression)` and `histogram(…)`: the columns that the macro makes.
    pub(super) fn histogram(
        &mut self,
        name: &str,
        function: &ast::Function,
        env: &Env<'_>,
    ) -> Option<Vec<(String, SqlType)>> {
        let mut placed = function
            .arguments
            .iter()
            .filter(|argument| option_of(argument).is_none())
            .map(|argument| &argument.value);
        let (source, counted) = (placed.next()?, placed.next()?);
        let table = match &source.kind {
            ExprKind::Literal(Literal::Text(text)) => quoted_name(text)?,
            ExprKind::Name(names) => {
                let parts: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
                quoted_name(&parts.join("."))?
            }
            _ => return None,
        };
        let expression = self.text_at(counted.span)?.to_owned();
        let text = format!("SELECT ({expression}) FROM {table}");
        let output = self.query_text(&text, counted.span, env)?;
        let [column] = output.columns.as_slice() else {
            return None;
        };
        let count = ("count".to_owned(), SqlType::UBigInt);
        if name == "histogram" {
            let texts = |name: &str| (name.to_owned(), SqlType::Varchar);
            return Some(vec![texts("bin"), count, texts("bar")]);
        }
        let bin = match &column.typed.sql_type {
            SqlType::Decimal(..) | SqlType::Float => SqlType::Double,
            same @ (SqlType::Integer
            | SqlType::BigInt
            | SqlType::Double
            | SqlType::Varchar
            | SqlType::Timestamp) => same.clone(),
            _ => SqlType::Unknown,
        };
        Some(vec![("bin".to_owned(), bin), count])
    }

    fn text_at(&self, span: Span) -> Option<&str> {
        let range = usize::try_from(span.start).ok()?..usize::try_from(span.end).ok()?;
        self.input.text.get(range)
    }
}

/// The name of a table that a text is, each part in quotes; `None` if it is none.
fn quoted_name(text: &str) -> Option<String> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for letter in text.chars() {
        match letter {
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            _ => parts.last_mut()?.push(letter),
        }
    }
    if quoted || parts.len() > 3 || parts.iter().any(String::is_empty) {
        return None;
    }
    let parts: Vec<String> = parts.iter().map(|part| format!("\"{part}\"")).collect();
    Some(parts.join("."))
}

/// The text within `json_serialize_sql('…')`.
fn serialized(expr: &ast::Expr) -> Option<&str> {
    let ExprKind::Function(call) = &expr.kind else {
        return None;
    };
    let named = call
        .name
        .last()?
        .value
        .eq_ignore_ascii_case("json_serialize_sql");
    match &call.arguments.first()?.value.kind {
        ExprKind::Literal(Literal::Text(text)) if named => Some(text),
        _ => None,
    }
}

fn leaves_empty_out(call: &ast::Function) -> bool {
    call.arguments.iter().any(|argument| {
        let named = (argument.name.as_ref())
            .is_some_and(|name| name.value.eq_ignore_ascii_case("skip_empty"));
        named
            && matches!(
                argument.value.kind,
                ExprKind::Literal(Literal::Boolean(true))
            )
    })
}

/// Why a text holds no tree of one query.
fn wrong_plan(text: &str) -> Option<String> {
    let Ok(plan) = serde_json::from_str::<serde_json::Value>(text) else {
        let begins = text.trim_start().starts_with(['{', '[']);
        return (!begins).then(|| "the text isn't JSON".to_owned());
    };
    if plan.get("error").and_then(serde_json::Value::as_bool) == Some(true) {
        return Some("the text is the error of a query, and no query".to_owned());
    }
    let Some(statements) = plan.get("statements").and_then(serde_json::Value::as_array) else {
        return Some("the text has no `statements`".to_owned());
    };
    match statements.as_slice() {
        [one] if one.get("node").is_some_and(serde_json::Value::is_object) => None,
        [_] => Some("the statement has no `node`".to_owned()),
        _ => Some("the text has one statement".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_texts() {
        let shown = |text: &str| quoted_name(text);
        assert_eq!(shown("a").as_deref(), Some("\"a\""));
        assert_eq!(shown("a.\"b.c\"").as_deref(), Some("\"a\".\"b.c\""));
        for wrong in ["", "a.", "\"a", "a.b.c.d"] {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn texts_that_are_no_trees() {
        for wrong in [
            "",
            "a",
            "{}",
            "[]",
            r#"{"statements": []}"#,
            r#"{"error": true}"#,
        ] {
            assert!(wrong_plan(wrong).is_some(), "{wrong}");
        }
        assert_eq!(wrong_plan(r#"{"statements": [{"node": {}}]}"#), None);
    }
}

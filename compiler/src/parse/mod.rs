//! From tokens to a tree: queries in the dialect of DuckDB 1.5.5.
//!
//! A recursive-descent parser with operator precedence for expressions, written after the
//! engine's grammar (`third_party/libpg_query/grammar`) and held against the engine's own tests.
//! It reads what a model may hold: one query. It decides nothing about names: whether `a.b` is a
//! column or a field, and whether `x -> y` is a lambda of `list_transform` or a path into JSON, is
//! for the binder.
//!
//! Where it is more lenient than the engine, the engine's own check says so later.
//!
//! [`table`] reads the `CREATE TABLE` of source and typing files, and is the only user of the crate
//! `sqlparser`.

#![allow(
    clippy::result_large_err,
    reason = "an error ends the work, so its size costs nothing"
)]

pub mod ast;
mod call;
mod clause;
mod cursor;
mod expression;
mod foreign;
mod keyword;
mod literal;
mod pivot;
mod primary;
mod query;
mod special;
mod star;
pub mod table;
pub use keyword::needs_quotes;
pub use table::{ColumnDefinition, parse_create_table};
pub(crate) use uses::is_alias;
pub use uses::{RelationUse, relation_uses_by_tokens, relation_uses_in_statement};
mod table_expr;
mod turned;
mod type_name;
mod uses;
pub mod walk;
mod window;

#[cfg(test)]
mod tests;

use crate::diagnostic::{Code, Diagnostic, Severity, nearest};
use crate::span::Span;
use crate::token::Token;
use ast::{Expr, Query, TableExpr, TypeName};
use cursor::{Parsed, Parser};
use std::borrow::Cow;

/// How deep queries, expressions and types may nest.
pub const MAXIMUM_DEPTH: usize = 256;

/// How many operators, joins or set operations may follow each other: the depth to which a
/// tree may lean to the left. The engine's own limit for expressions is the same.
pub const MAXIMUM_CHAIN: usize = 1000;

/// How high a tree may be, nesting and chains together: the depth of every later walk over it.
const MAXIMUM_HEIGHT: usize = MAXIMUM_DEPTH + MAXIMUM_CHAIN;

/// What is said of a tree that is too deep for the walks over it.
pub(crate) fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error(Code::TooDeep, span, "this query is nested too deep")
        .hint("compute a part of it in a common table expression or in a model of its own")
}

/// Statements that are no queries.
const OTHER_STATEMENTS: [&str; 45] = [
    "alter",
    "analyse",
    "analyze",
    "attach",
    "begin",
    "call",
    "checkpoint",
    "comment",
    "commit",
    "copy",
    "create",
    "deallocate",
    "delete",
    "detach",
    "drop",
    "end",
    "execute",
    "explain",
    "export",
    "grant",
    "import",
    "insert",
    "install",
    "load",
    "merge",
    "pragma",
    "prepare",
    "refresh",
    "reindex",
    "release",
    "reset",
    "revoke",
    "rollback",
    "savepoint",
    "set",
    "show",
    "start",
    "transaction",
    "truncate",
    "unlisten",
    "update",
    "upsert",
    "use",
    "vacuum",
    "abort",
];

/// What a query begins with.
const QUERY_STARTS: [&str; 7] = [
    "select", "from", "with", "values", "table", "pivot", "unpivot",
];

/// The words that a statement may begin with, in lower case.
pub fn statement_words() -> impl Iterator<Item = &'static str> + Clone {
    OTHER_STATEMENTS.into_iter().chain(QUERY_STARTS)
}

/// Reads the one query that a variant's tokens make. `text` is the file's whole text.
///
/// # Errors
/// `empty-model` without any token but comments, `not-a-query` for another statement,
/// `several-statements`, `too-deep`, and `syntax-error` with the first place that doesn't fit.
pub fn parse_query(text: &str, tokens: &[Token]) -> Result<Query, Diagnostic> {
    let mut parser = Parser::new(text, tokens);
    if parser.at_end() {
        return Err(no_tokens(Code::EmptyModel, "there is no query"));
    }
    check_statement(&parser)?;
    whole_query(&mut parser).map_err(|error| *error)
}

fn whole_query(parser: &mut Parser<'_>) -> Parsed<Query> {
    let query = parser.query()?;
    let semicolon = parser.span();
    if parser.take_symbol(";") {
        while parser.take_symbol(";") {}
        if !parser.at_end() {
            return Err(Box::new(
                Diagnostic::error(
                    Code::SeveralStatements,
                    parser.span(),
                    "a model is one query, and a second statement begins here",
                )
                .and_at(semicolon, "the first ends here"),
            ));
        }
    }
    match parser.at_end() {
        true => Ok(query),
        false => Err(parser.unexpected("the end of the query")),
    }
}

/// Tells other statements from a query with a fault in its first word.
fn check_statement(parser: &Parser<'_>) -> Result<(), Diagnostic> {
    if parser.at_query_start() || parser.at_symbol("(") {
        return Ok(());
    }
    let word = parser.text().to_ascii_lowercase();
    if OTHER_STATEMENTS.contains(&word.as_str()) {
        let message = format!("a model is a query, and `{word}` begins another statement");
        return Err(Diagnostic::error(Code::NotAQuery, parser.span(), message)
            .hint("write the `select` alone: dbgo makes the table or view from it"));
    }
    let starts = QUERY_STARTS;
    let error = parser
        .unexpected("a query")
        .fix_name(&word, parser.span(), starts, str::to_owned);
    if !error.hints.is_empty() {
        return Err(error);
    }
    Err(match nearest(&word, starts) {
        Some(meant) if word.len() > 2 => error.hint(format!("did you mean `{meant}`?")),
        _ => error,
    })
}

fn no_tokens(code: Code, message: &str) -> Diagnostic {
    Diagnostic::without_place(code, Severity::Error, message)
}

/// A column's or table's name as a query says it: in quotes only where it must be.
pub fn written_name(name: &str) -> Cow<'_, str> {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_plain = name.starts_with(is_letter)
        && name.chars().all(|c| is_letter(c) || c.is_ascii_digit())
        && matches!(
            keyword::Keyword::of(name).category(),
            None | Some(keyword::Category::Unreserved | keyword::Category::Column)
        );
    match is_plain {
        true => Cow::Borrowed(name),
        false => Cow::Owned(format!("\"{}\"", name.replace('"', "\"\""))),
    }
}

/// Reads one expression, as a header's conditions are.
///
/// # Errors
/// `syntax-error`, also if something follows the expression.
pub fn parse_expression(text: &str, tokens: &[Token]) -> Result<Expr, Diagnostic> {
    whole(text, tokens, "an expression", |parser| parser.expression())
}

/// Reads one thing that a `FROM` may read, with its joins.
///
/// # Errors
/// `syntax-error`, also if something follows it.
pub fn parse_table(text: &str, tokens: &[Token]) -> Result<TableExpr, Diagnostic> {
    whole(text, tokens, "a table", |parser| parser.table())
}

/// Reads one type.
///
/// # Errors
/// `syntax-error`, also if something follows the type.
pub fn parse_type(text: &str, tokens: &[Token]) -> Result<TypeName, Diagnostic> {
    whole(text, tokens, "a type", |parser| parser.type_name())
}

fn whole<T>(
    text: &str,
    tokens: &[Token],
    what: &str,
    read: impl FnOnce(&mut Parser<'_>) -> Parsed<T>,
) -> Result<T, Diagnostic> {
    let mut parser = Parser::new(text, tokens);
    if parser.at_end() {
        return Err(no_tokens(Code::SyntaxError, &format!("expected {what}")));
    }
    let value = read(&mut parser).map_err(|error| *error)?;
    match parser.at_end() {
        true => Ok(value),
        false => Err(*parser.unexpected(&format!("the end of {what}"))),
    }
}

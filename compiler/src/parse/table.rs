//! `CREATE TABLE` in source and typing files.
//!
//! The statement is read by the crate `sqlparser` in its dialect for DuckDB; names, types and
//! places come from dbgo's own tokens. Constraints of the table and defaults are read over.

use super::ast::{Name, TableName, TypeName};
use super::cursor::Parser;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::span::Span;
use crate::token::{Token, TokenKind};
use sqlparser::ast::{ColumnOption, CreateTable, Statement};
use sqlparser::dialect::DuckDbDialect;

/// What a `CREATE TABLE` says.
#[derive(Clone, Debug, PartialEq)]
pub struct TableDefinition {
    /// The table's name as written.
    pub name: TableName,
    /// The columns, in order.
    pub columns: Vec<ColumnDefinition>,
    /// The statement.
    pub span: Span,
}

/// A column of a `CREATE TABLE`.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDefinition {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub type_name: TypeName,
    /// `NOT NULL`, or a part of the primary key.
    pub not_null: bool,
    /// `NOT NULL /* enforced */`: the engine itself refuses nulls.
    pub enforced: bool,
    /// The remark behind it: what `--` says on the line where the column ends.
    pub comment: Option<String>,
    /// All of it, without the remark.
    pub span: Span,
}

/// Reads the one `CREATE TABLE` that tokens make. `text` is the file's whole text.
///
/// # Errors
/// `malformed-table` for anything else: another statement, several, `CREATE TABLE … AS`, or a
/// column without a type.
pub fn parse_create_table(text: &str, tokens: &[Token]) -> Result<TableDefinition, Diagnostic> {
    let significant: Vec<Token> = tokens
        .iter()
        .copied()
        .filter(|token| token.kind != TokenKind::Comment)
        .collect();
    let (Some(first), Some(last)) = (significant.first(), significant.last()) else {
        return Err(Diagnostic::without_place(
            Code::MalformedTable,
            Severity::Error,
            "there is no `create table`",
        ));
    };
    let span = first.span.to(last.span);
    let table = statement(text, span, &significant)?;
    let slice = |token: &Token| text.get(token.span.range()).unwrap_or_default();
    let no_columns = || malformed(span, "this `create table` has no columns");
    let open = significant
        .iter()
        .position(|token| slice(token) == "(")
        .ok_or_else(no_columns)?;
    let elements = elements(text, &significant[open..]);
    let written: Vec<&[Token]> = elements
        .into_iter()
        .filter(|part| is_column(text, part))
        .collect();
    if written.len() != table.columns.len() || written.is_empty() {
        return Err(no_columns());
    }
    let keys = primary_key(&table);
    let mut columns = Vec::with_capacity(written.len());
    for (part, read) in written.iter().zip(&table.columns) {
        let mut column = column(text, part, tokens)?;
        column.not_null = keys
            .iter()
            .any(|key| key.eq_ignore_ascii_case(&column.name.value))
            || read.options.iter().any(|option| {
                matches!(
                    option.option,
                    ColumnOption::NotNull | ColumnOption::PrimaryKey(_)
                )
            });
        columns.push(column);
    }
    Ok(TableDefinition {
        name: name(text, &significant[..open])?,
        columns,
        span,
    })
}

fn malformed(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::MalformedTable, span, message)
        .hint("a source or typing file is one `create table name (column type [not null], …)`")
}

fn statement(text: &str, span: Span, tokens: &[Token]) -> Result<CreateTable, Diagnostic> {
    let written = text.get(span.range()).unwrap_or_default();
    let parsed = sqlparser::parser::Parser::parse_sql(&DuckDbDialect {}, written);
    let mut statements = parsed.map_err(|error| {
        let message = error.to_string();
        let place = place(written, span, tokens, &message);
        let reason = message
            .trim_start_matches("sql parser error: ")
            .split(" at Line:")
            .next()
            .unwrap_or_default()
            .to_owned();
        malformed(place, "this `create table` can't be read").note(reason)
    })?;
    match (statements.pop(), statements.pop()) {
        (Some(Statement::CreateTable(table)), None) if table.query.is_none() => Ok(table),
        (Some(_), Some(_)) => Err(malformed(span, "there is more than one statement")),
        _ => Err(malformed(span, "this isn't a `create table` with columns")),
    }
}

/// The token that `… at Line: 2, Column: 5` in an error of `sqlparser` means; else the whole.
fn place(written: &str, span: Span, tokens: &[Token], message: &str) -> Span {
    let number = |behind: &str| -> Option<usize> {
        let rest = message.split(behind).nth(1)?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    };
    let (Some(line), Some(column)) = (number("Line: "), number("Column: ")) else {
        return span;
    };
    let start: usize = written
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let within: usize = written
        .get(start..)
        .unwrap_or_default()
        .chars()
        .take(column.saturating_sub(1))
        .map(char::len_utf8)
        .sum();
    let position = span.start as usize + start + within;
    tokens
        .iter()
        .find(|token| token.span.range().contains(&position))
        .map_or(span, |token| token.span)
}

/// What commas separate in the parentheses that the tokens begin with.
fn elements<'a>(text: &str, tokens: &'a [Token]) -> Vec<&'a [Token]> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 1);
    for (index, token) in tokens.iter().enumerate() {
        match text.get(token.span.range()).unwrap_or_default() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            "," if depth == 1 => {
                parts.push(&tokens[start..index]);
                start = index + 1;
                continue;
            }
            _ => continue,
        }
        if depth == 0 {
            parts.push(&tokens[start..index.max(start)]);
            return parts;
        }
    }
    parts
}

/// Whether an element is a column, and not a constraint of the table.
fn is_column(text: &str, part: &[Token]) -> bool {
    let word = part
        .first()
        .map(|token| text.get(token.span.range()).unwrap_or_default());
    let constraints = ["constraint", "primary", "unique", "check", "foreign"];
    word.is_some_and(|word| {
        !constraints
            .iter()
            .any(|known| word.eq_ignore_ascii_case(known))
    })
}

fn primary_key(table: &CreateTable) -> Vec<String> {
    let mut keys = Vec::new();
    for constraint in &table.constraints {
        if let sqlparser::ast::TableConstraint::PrimaryKey(key) = constraint {
            keys.extend(key.columns.iter().map(|column| {
                let shown = column.column.expr.to_string();
                shown.trim_matches('"').to_owned()
            }));
        }
    }
    keys
}

/// A column, `not_null` still to be said.
fn column(text: &str, part: &[Token], all: &[Token]) -> Result<ColumnDefinition, Diagnostic> {
    let mut parser = Parser::new(text, part);
    let read = |parser: &mut Parser<'_>| {
        let name = parser.any_name("the name of a column")?;
        Ok((name, parser.type_name()?))
    };
    let (name, type_name) = read(&mut parser).map_err(|error: Box<Diagnostic>| Diagnostic {
        code: Code::MalformedTable,
        ..*error
    })?;
    let span = match (part.first(), part.last()) {
        (Some(first), Some(last)) => first.span.to(last.span),
        _ => name.span,
    };
    let comments = all.iter().filter(|token| token.kind == TokenKind::Comment);
    let slice = |token: &Token| text.get(token.span.range()).unwrap_or_default();
    let mut enforced = false;
    let mut comment = None;
    let mut end = span.end;
    for token in comments.filter(|token| token.span.start >= type_name.span.end) {
        let between = text.get(end as usize..token.span.start as usize);
        let own = match between {
            // Within the column.
            None => true,
            Some(gap) => gap
                .chars()
                .all(|c| (c.is_whitespace() && c != '\n') || c == ','),
        };
        if !own {
            break;
        }
        end = end.max(token.span.end);
        let said = slice(token);
        match said.strip_prefix("--") {
            Some(remark) => comment = Some(remark.trim().to_owned()),
            None => enforced |= is_enforced(text, part, *token),
        }
    }
    Ok(ColumnDefinition {
        name,
        type_name,
        not_null: false,
        enforced,
        comment,
        span,
    })
}

/// Whether a comment is `/* enforced */` directly behind `NOT NULL`.
fn is_enforced(text: &str, part: &[Token], comment: Token) -> bool {
    let word = |token: &Token| text.get(token.span.range()).unwrap_or_default();
    let said = word(&comment)
        .trim_start_matches("/*")
        .trim_end_matches("*/");
    let before = part.partition_point(|token| token.span.end <= comment.span.start);
    let not_null = before.checked_sub(2).is_some_and(|index| {
        word(&part[index]).eq_ignore_ascii_case("not")
            && word(&part[index + 1]).eq_ignore_ascii_case("null")
    });
    not_null && said.trim() == "enforced"
}

/// The name in front of the columns.
fn name(text: &str, before: &[Token]) -> Result<TableName, Diagnostic> {
    let word = |token: &Token| text.get(token.span.range()).unwrap_or_default();
    let mut start = before.len().saturating_sub(1);
    while start >= 2 && word(&before[start - 1]) == "." {
        start -= 2;
    }
    let mut parser = Parser::new(text, &before[start..]);
    parser.table_name().map_err(|error| Diagnostic {
        code: Code::MalformedTable,
        ..*error
    })
}

//! A `create table` in `sources/` or beside a seed: it declares columns, and nothing else.

use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::header::Header;
use crate::parse::table::TableDefinition;
use crate::span::Span;
use crate::token::{Token, TokenKind};

/// Words that begin a rule of a table or of a column.
const RULES: [&str; 9] = [
    "check",
    "collate",
    "constraint",
    "default",
    "foreign",
    "generated",
    "primary",
    "references",
    "unique",
];

/// Holds a table against its file: the name is the file's, columns differ, and there are no rules.
/// `tokens` are the file's below its header.
pub fn check(
    table: &TableDefinition,
    file_stem: &str,
    header: &Header,
    text: &str,
    tokens: &[Token],
) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    if let Some(name) = table.name.parts.last()
        && !name.value.eq_ignore_ascii_case(file_stem)
    {
        diagnostics.push(
            malformed(name.span, format!("the table is called `{}`, and its file `{file_stem}`", name.value))
                .hint(format!("write `{file_stem}`, or rename the file; `alias` in `@config` is another name for the engine")),
        );
    }
    for (index, column) in table.columns.iter().enumerate() {
        let same = |name: &str| name.eq_ignore_ascii_case(&column.name.value);
        if let Some(first) = table.columns[..index]
            .iter()
            .find(|before| same(&before.name.value))
        {
            diagnostics.push(
                malformed(
                    column.name.span,
                    format!("two columns are called `{}`", column.name.value),
                )
                .and_at(first.name.span, "the first one"),
            );
        }
    }
    diagnostics.extend(rules(table, text, tokens));
    diagnostics.extend(notes(table, header));
    diagnostics
}

fn malformed(span: Span, message: String) -> Diagnostic {
    Diagnostic::error(Code::MalformedTable, span, message)
}

/// Keys, defaults and checks: those of whoever makes the table.
fn rules(table: &TableDefinition, text: &str, tokens: &[Token]) -> Vec<Diagnostic> {
    let Some(first) = table.columns.first() else {
        return Vec::new();
    };
    let is_name = |token: &Token| {
        table.columns.iter().any(|column| {
            column.name.span == token.span
                || column
                    .type_name
                    .span
                    .range()
                    .contains(&(token.span.start as usize))
        })
    };
    let written = |token: &Token| text.get(token.span.range()).unwrap_or_default();
    let is_rule = |token: &&Token| {
        token.kind == TokenKind::Word
            && token.span.start > first.span.start
            && RULES
                .iter()
                .any(|rule| rule.eq_ignore_ascii_case(written(token)))
            && !is_name(token)
    };
    let found = tokens.iter().find(is_rule).map(|token| {
        malformed(
            token.span,
            format!(
                "`{}` has no place here: dbgo doesn't make this table",
                written(token)
            ),
        )
        .hint("a column has a name, a type and `not null`")
    });
    found.into_iter().collect()
}

/// Notes about columns that aren't there.
fn notes(table: &TableDefinition, header: &Header) -> Vec<Diagnostic> {
    let names = || {
        table
            .columns
            .iter()
            .map(|column| column.name.value.as_str())
    };
    let missing = header
        .columns
        .iter()
        .filter(|note| !names().any(|name| name.eq_ignore_ascii_case(&note.name.value)));
    missing
        .map(|note| {
            let message = format!("the table has no column `{}`", note.name.value);
            let finding = Diagnostic::error(Code::ContractColumnMissing, note.name.span, message);
            match nearest(&note.name.value, names()) {
                Some(near) => finding.hint(format!("it has `{near}`")),
                None => finding.hint("add it to the `create table`, or remove the line"),
            }
        })
        .collect()
}

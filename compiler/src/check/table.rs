//! A `create table` in `sources/` or beside a seed: it declares columns, and nothing else.

use crate::diagnostic::{Code, Diagnostic, Fix, nearest};
use crate::header::{ColumnNote, Header};
use crate::lexer::lex;
use crate::parse::table::{ColumnDefinition, TableDefinition, parse_create_table};
use crate::parse::written_name;
use crate::source::ProjectFiles;
use crate::span::{FileId, Span};
use crate::sql_type::{SqlType, meant_type, unknown_type_hint};
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

/// Reads the table that a file below its header is, and holds it against its file.
///
/// # Errors
/// What is wrong, at least one finding.
pub fn read(
    files: &ProjectFiles,
    file: FileId,
    header: &Header,
) -> Result<Vec<ColumnDefinition>, Vec<Diagnostic>> {
    let source = files.sources.file(file);
    let (text, path) = (&*source.text, source.path.as_str());
    let file_name = path.rsplit('/').next().unwrap_or(path);
    let stem = file_name
        .rsplit_once('.')
        .map_or(file_name, |(stem, _)| stem);
    let (tokens, found) = lex(file, text, header.body_start..text.len());
    if !found.is_empty() {
        return Err(found);
    }
    let table = parse_create_table(text, &tokens).map_err(|error| vec![error])?;
    let found = check(&table, stem, header, text, &tokens);
    if found.is_empty() {
        Ok(table.columns)
    } else {
        Err(found)
    }
}

/// Reads a type that the user wrote.
///
/// # Errors
/// A text that is no type.
pub fn written_type(text: &str, span: Span) -> Result<SqlType, Diagnostic> {
    match text.parse::<SqlType>() {
        Ok(SqlType::Other(_)) | Err(_) => Err(unknown_type(text, span)),
        Ok(sql_type) => Ok(sql_type),
    }
}

/// A text that is no type.
pub fn unknown_type(text: &str, span: Span) -> Diagnostic {
    let message = format!("there is no type `{text}`");
    let finding = Diagnostic::error(Code::UnknownType, span, message).hint(unknown_type_hint(text));
    match meant_type(text) {
        Some(meant) => finding.fix(Fix::replace(span, meant)),
        None => finding,
    }
}

/// Holds a table against its file: the name is the file's, columns differ, and there are no rules.
/// `tokens` are the file's below its header.
fn check(
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
    let names = table
        .columns
        .iter()
        .map(|column| column.name.value.as_str());
    diagnostics.extend(notes(header, &names.collect::<Vec<_>>()));
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

/// Notes about columns that aren't there. `names` are those that are.
pub fn notes(header: &Header, names: &[&str]) -> Vec<Diagnostic> {
    let is_missing = |note: &&ColumnNote| {
        let wanted = &note.name.value;
        !names.iter().any(|name| name.eq_ignore_ascii_case(wanted))
    };
    let missing = header.columns.iter().filter(is_missing);
    missing
        .map(|note| {
            let message = format!("the table has no column `{}`", note.name.value);
            let finding = Diagnostic::error(Code::ContractColumnMissing, note.name.span, message);
            match nearest(&note.name.value, names.iter().copied()) {
                Some(near) => finding.hint(format!("it has `{near}`")).fix_name(
                    &note.name.value,
                    note.name.span,
                    names.iter().copied(),
                    |near| written_name(near).into_owned(),
                ),
                None => finding.hint("add the column, or remove the line"),
            }
        })
        .collect()
}

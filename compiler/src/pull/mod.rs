//! Files of sources from an engine's catalogue: what `dbgo sources pull` writes.
//!
//! A new file is a `create table`. In a file that exists only what differs is changed: types,
//! `not null`, columns that came or went; the header, remarks and the order of the columns stay.
//! What this is not: it reads no engine and writes no file.

mod edit;

use crate::lexer::lex;
use crate::parse::needs_quotes;
use crate::parse::table::{ColumnDefinition, parse_create_table};
use crate::span::FileId;
use crate::sql_type::SqlType;
use crate::token::TokenKind;
use edit::{Edit, applied};

/// A table as the engine's catalogue has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The schema.
    pub schema: String,
    /// The name.
    pub name: String,
    /// What the catalogue remarks on it.
    pub comment: Option<String>,
    /// Its columns, in order.
    pub columns: Vec<Column>,
}

/// A column of a [`Table`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name.
    pub name: String,
    /// The type, as the engine writes it.
    pub sql_type: String,
    /// Whether the engine itself refuses nulls.
    pub not_null: bool,
    /// What the catalogue remarks on it.
    pub comment: Option<String>,
}

/// What pulling makes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pulled {
    /// It says what the engine says.
    Unchanged,
    /// Its new text, and what differs: `added b`, `id: INTEGER → BIGINT`.
    Changed(String, Vec<String>),
    /// It can't be read as a `create table`, so that it is left alone.
    Unreadable,
}

/// The path of a table's file, from the project's folder.
pub fn path_of(table: &Table) -> String {
    format!("sources/{}/{}.sql", stem(&table.schema), stem(&table.name))
}

/// The text of a new file.
pub fn new_file(table: &Table) -> String {
    let mut text = String::new();
    if let Some(comment) = one_line(table.comment.as_deref()) {
        text += &format!("-- @description: {comment}\n");
    }
    let stem_of_name = stem(&table.name);
    let mut config = Vec::new();
    if !stem(&table.schema).eq_ignore_ascii_case(&table.schema) {
        config.push(format!("schema={}", text_literal(&table.schema)));
    }
    if !stem_of_name.eq_ignore_ascii_case(&table.name) {
        config.push(format!("alias={}", text_literal(&table.name)));
    }
    if !config.is_empty() {
        text += &format!("-- @config: {}\n", config.join(", "));
    }
    text += &format!("create table {} (\n", quoted(&stem_of_name));
    let last = table.columns.len().saturating_sub(1);
    for (index, column) in table.columns.iter().enumerate() {
        let comma = if index == last { "" } else { "," };
        let remark = one_line(column.comment.as_deref());
        let remark = remark.map_or(String::new(), |remark| format!(" -- {remark}"));
        text += &format!("    {}{comma}{remark}\n", definition(column));
    }
    text + ")\n"
}

/// What pulling makes of a file that exists.
pub fn updated(text: &str, table: &Table) -> Pulled {
    let (tokens, found) = lex(FileId(0), text, 0..text.len());
    if !found.is_empty() {
        return Pulled::Unreadable;
    }
    let Ok(mut written) = parse_create_table(text, &tokens) else {
        return Pulled::Unreadable;
    };
    for column in &mut written.columns {
        column.span.end = end_with_enforced(text, column);
    }
    let mut differences = Vec::new();
    let mut edits = Vec::new();
    for own in &written.columns {
        match table.columns.iter().find(|column| names(column, own)) {
            None => {
                differences.push(format!("`{}` is gone", own.name.value));
                edits.push(Edit::Remove(own.span));
            }
            Some(column) if !agrees(column, own) => {
                differences.push(difference(column, own));
                let name = &text[own.name.span.range()];
                let claimed = own.not_null && !own.enforced;
                let rest = definition_behind(column, &own.type_name.text, claimed);
                edits.push(Edit::Replace(own.span, format!("{name} {rest}")));
            }
            Some(_) => {}
        }
    }
    for column in &table.columns {
        if !written.columns.iter().any(|own| names(column, own)) {
            differences.push(format!("`{}` is new", column.name));
            edits.push(Edit::Add(definition(column)));
        }
    }
    if edits.is_empty() {
        return Pulled::Unchanged;
    }
    let commas: Vec<_> = tokens
        .iter()
        .filter(|token| token.kind == TokenKind::Symbol && &text[token.span.range()] == ",")
        .map(|token| token.span)
        .collect();
    match applied(text, &written, &commas, &edits) {
        Some(new) => Pulled::Changed(new, differences),
        None => Pulled::Unreadable,
    }
}

/// The end of a column with the remark that the engine enforces it.
fn end_with_enforced(text: &str, column: &ColumnDefinition) -> u32 {
    let behind = &text[column.span.end as usize..];
    let remark = behind.trim_start();
    match (
        column.enforced && remark.starts_with("/*"),
        behind.find("*/"),
    ) {
        (true, Some(end)) => column.span.end + u32::try_from(end + 2).unwrap_or(0),
        _ => column.span.end,
    }
}

fn names(column: &Column, own: &ColumnDefinition) -> bool {
    column.name.eq_ignore_ascii_case(&own.name.value)
}

fn same_type(column: &Column, written: &str) -> bool {
    let read = |text: &str| text.parse::<SqlType>().ok();
    match (read(&column.sql_type), read(written)) {
        (Some(left), Some(right)) => left == right,
        _ => column.sql_type.eq_ignore_ascii_case(written),
    }
}

/// Whether a column says what the engine says. A null that is only claimed to be impossible
/// stays a claim.
fn agrees(column: &Column, own: &ColumnDefinition) -> bool {
    same_type(column, &own.type_name.text) && column.not_null == own.enforced
}

fn difference(column: &Column, own: &ColumnDefinition) -> String {
    let name = &own.name.value;
    if !same_type(column, &own.type_name.text) {
        return format!(
            "`{name}` is `{}`, and was `{}`",
            column.sql_type, own.type_name.text
        );
    }
    match column.not_null {
        true => format!("`{name}` is not null, which the engine enforces"),
        false => format!("`{name}` may be null: the engine doesn't enforce otherwise"),
    }
}

fn definition(column: &Column) -> String {
    format!(
        "{} {}",
        quoted(&column.name),
        definition_behind(column, "", false)
    )
}

/// What stands behind a column's name. A type that means the same stays as it is written, and
/// what the file claims of nulls as well.
fn definition_behind(column: &Column, written: &str, claimed: bool) -> String {
    let sql_type = match same_type(column, written) {
        true => written,
        false => &column.sql_type,
    };
    match column.not_null {
        true => format!("{sql_type} not null /* enforced */"),
        false if claimed => format!("{sql_type} not null"),
        false => sql_type.to_owned(),
    }
}

/// A name that is a file's or folder's, and the last part of an import path.
fn stem(name: &str) -> String {
    let mut stem: String = name
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if !stem.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        stem.insert(0, '_');
    }
    stem
}

/// A name in quotes, if it needs them: also words that mean something in SQL.
fn quoted(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    match plain && !needs_quotes(name) {
        true => name.to_owned(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

fn text_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn one_line(comment: Option<&str>) -> Option<String> {
    let words: Vec<&str> = comment?.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests;

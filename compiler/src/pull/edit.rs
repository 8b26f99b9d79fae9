//! Changes to the columns of a `create table` that leave everything else as it is written.

use crate::parse::table::TableDefinition;
use crate::span::Span;

/// One change.
#[derive(Clone, Debug)]
pub(super) enum Edit {
    /// Puts another text in a column's place.
    Replace(Span, String),
    /// Takes a column out, with its remark.
    Remove(Span),
    /// Puts a column behind the last one.
    Add(String),
}

/// A range of bytes and what takes its place.
type Change = (usize, usize, String);

/// The text with all changes; `None` if it can't be told where they go.
pub(super) fn applied(
    text: &str,
    table: &TableDefinition,
    commas: &[Span],
    edits: &[Edit],
) -> Option<String> {
    let removed = |span: Span| {
        let mut gone = edits.iter();
        gone.any(|edit| matches!(edit, Edit::Remove(other) if *other == span))
    };
    let last_kept = table
        .columns
        .iter()
        .rev()
        .find(|column| !removed(column.span));
    let mut changes: Vec<Change> = Vec::new();
    for edit in edits {
        match edit {
            Edit::Replace(span, new) => {
                changes.push((span.start as usize, span.end as usize, new.clone()));
            }
            Edit::Remove(span) => changes.push(removal(text, *span, commas)),
            Edit::Add(_) => {}
        }
    }
    let added: Vec<&str> = edits
        .iter()
        .filter_map(|edit| match edit {
            Edit::Add(new) => Some(new.as_str()),
            _ => None,
        })
        .collect();
    let last = last_kept?.span;
    let is_last = |column: &Span| column.end <= last.end;
    let follows = comma_behind(last, commas, text);
    let loses_followers = !table.columns.iter().all(|column| is_last(&column.span));
    match (added.is_empty(), follows) {
        // What stood behind the last column is gone, and its comma with it.
        (true, Some(comma)) if loses_followers && !constraint_follows(text, table, comma) => {
            changes.push((comma.start as usize, comma.end as usize, String::new()));
        }
        (true, _) => {}
        (false, _) => {
            let indent = indentation(text, last);
            let at = match follows {
                Some(comma) => comma.end as usize,
                None => {
                    changes.push((last.end as usize, last.end as usize, ",".to_owned()));
                    last.end as usize
                }
            };
            let constrained = follows.is_some_and(|comma| constraint_follows(text, table, comma));
            let line_end = line_end(text, at);
            let mut new = String::new();
            for (index, column) in added.iter().enumerate() {
                let comma = match index + 1 < added.len() || constrained {
                    true => ",",
                    false => "",
                };
                new += &format!("\n{indent}{column}{comma}");
            }
            changes.push((line_end, line_end, new));
        }
    }
    // Changes at one place keep their order: a comma comes before a new line.
    changes.sort_by_key(|(start, end, _)| (*start, *end));
    let mut result = String::new();
    let mut position = 0;
    for (start, end, new) in changes {
        result += text.get(position..start)?;
        result += &new;
        position = end;
    }
    result += text.get(position..)?;
    Some(result)
}

/// From a column to the end of its line, with the white space in front of it.
fn removal(text: &str, column: Span, commas: &[Span]) -> Change {
    let start = text[..column.start as usize].trim_end().len();
    let end = match comma_behind(column, commas, text) {
        Some(comma) => comma.end as usize,
        None => column.end as usize,
    };
    let rest = &text[end..line_end(text, end)];
    let remark = rest.trim_start();
    let end = match remark.is_empty() || remark.starts_with("--") {
        true => line_end(text, end),
        false => end,
    };
    (start, end, String::new())
}

/// The comma behind a column, with nothing but white space and remarks between.
fn comma_behind(column: Span, commas: &[Span], text: &str) -> Option<Span> {
    let next = commas.iter().find(|comma| comma.start >= column.end)?;
    let between = &text[column.end as usize..next.start as usize];
    between
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with("--"))
        .then_some(*next)
}

/// Whether something else than a column stands behind a comma: a key of the table.
fn constraint_follows(text: &str, table: &TableDefinition, comma: Span) -> bool {
    let behind = &text[comma.end as usize..table.span.end as usize];
    let is_column = |line: &str| {
        let start = line.as_ptr() as usize - text.as_ptr() as usize;
        table
            .columns
            .iter()
            .any(|column| (start..=start + line.len()).contains(&(column.span.start as usize)))
    };
    behind
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with("--"))
        .any(|line| !line.trim_start().starts_with(')') && !is_column(line))
}

fn line_end(text: &str, from: usize) -> usize {
    text[from..].find('\n').map_or(text.len(), |end| from + end)
}

/// The white space in front of a column on its line; four blanks if something else is there.
fn indentation(text: &str, column: Span) -> String {
    let start = text[..column.start as usize]
        .rfind('\n')
        .map_or(0, |newline| newline + 1);
    let before = &text[start..column.start as usize];
    match before.trim().is_empty() {
        true => before.to_owned(),
        false => "    ".to_owned(),
    }
}

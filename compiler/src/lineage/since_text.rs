//! The differences of two states of a project: in lines, in Markdown, as JSON.

use super::Uses;
use super::json::words;
use super::since::{Reached, Since, State, TableChange};
use serde::Serialize;
use std::fmt::Write;

impl TableChange {
    /// What differs, in words; names between marks.
    fn described(&self, mark: &str) -> String {
        let quoted = |names: &[String]| {
            let names: Vec<String> = names
                .iter()
                .map(|name| format!("{mark}{name}{mark}"))
                .collect();
            names.join(", ")
        };
        let mut parts = Vec::new();
        match self.state {
            State::Added => parts.push(format!("new {}", self.kind)),
            State::Removed => parts.push(format!("{} gone", self.kind)),
            State::Modified => {}
        }
        if !self.added.is_empty() {
            parts.push(format!("adds {}", quoted(&self.added)));
        }
        if !self.removed.is_empty() {
            parts.push(format!("removes {}", quoted(&self.removed)));
        }
        for (name, from, to) in &self.retyped {
            parts.push(format!("{mark}{name}{mark} was {from} and is {to}"));
        }
        if !self.changed.is_empty() {
            parts.push(format!("computes {} otherwise", quoted(&self.changed)));
        }
        for (is, what) in [
            (self.rows, "other rows"),
            (self.storage, "kept in another way"),
            (self.content && self.kind == "seed", "other data"),
            (self.content && self.kind != "seed", "another place"),
        ] {
            if is {
                parts.push(what.to_owned());
            }
        }
        let said = parts.join("; ");
        match self.category {
            Some(category) if said.is_empty() => category.word().to_owned(),
            Some(category) => format!("{}: {said}", category.word()),
            None => said,
        }
    }
}

fn sign(state: State) -> &'static str {
    match state {
        State::Added => "+",
        State::Removed => "-",
        State::Modified => "~",
    }
}

fn joined(uses: Uses) -> String {
    uses.words().collect::<Vec<_>>().join(", ")
}

fn title(since: &Since, revision: &str) -> String {
    match since.changes.len() {
        0 => format!("nothing differs since {revision}"),
        1 => format!("1 table differs since {revision}"),
        count => format!("{count} tables differ since {revision}"),
    }
}

/// The differences in lines of 80 columns.
pub fn text(since: &Since, revision: &str) -> String {
    let mut text = title(since, revision);
    text.push('\n');
    for change in &since.changes {
        let (name, what) = (&change.relation, change.described(""));
        let _ = writeln!(text, "  {} {name:36} {what}", sign(change.state));
    }
    if !since.reached.is_empty() {
        text.push_str("\n  reaches\n");
    }
    for table in &since.reached {
        if let Some(uses) = table.rows {
            let name = format!("rows of {}", table.relation);
            let _ = writeln!(text, "    {name:44} {}", joined(uses));
        }
        for (column, uses) in shown_columns(table) {
            let name = format!("{}.{column}", table.relation);
            let _ = writeln!(text, "    {name:44} {}", joined(*uses));
        }
    }
    if !since.exposures.is_empty() {
        text.push_str("\n  exposures\n");
    }
    for (name, through) in &since.exposures {
        let _ = writeln!(text, "    {name:44} through {}", through.join(", "));
    }
    text
}

/// The columns that are told: where the rows are others, all are, and it is said of the rows.
fn shown_columns(table: &Reached) -> impl Iterator<Item = &(String, Uses)> {
    let decides = Uses::CONDITION.and(Uses::GROUPING);
    table.columns.iter().filter(move |(_, uses)| {
        let beyond = |rows: Uses| !uses.without(decides).without(rows).is_empty();
        table.rows.is_none_or(beyond)
    })
}

/// The differences in Markdown, for the description of a pull request.
pub fn markdown(since: &Since, revision: &str) -> String {
    let mut text = format!("## {}\n", title(since, &format!("`{revision}`")));
    if !since.changes.is_empty() {
        text.push_str("\n| | table | what |\n|---|---|---|\n");
    }
    for change in &since.changes {
        let (name, what) = (cell(&change.relation), cell(&change.described("`")));
        let _ = writeln!(text, "| {} | `{name}` | {what} |", sign(change.state));
    }
    if !since.reached.is_empty() {
        text.push_str("\n### What it reaches\n\n| table | rows | columns |\n|---|---|---|\n");
    }
    for table in &since.reached {
        let rows = table.rows.map(joined).unwrap_or_default();
        let columns: Vec<String> = shown_columns(table)
            .map(|(name, uses)| format!("`{}` {}", cell(name), joined(*uses)))
            .collect();
        let (name, columns) = (cell(&table.relation), columns.join("<br>"));
        let _ = writeln!(text, "| `{name}` | {rows} | {columns} |");
    }
    if !since.exposures.is_empty() {
        text.push_str("\n### Exposures\n\n");
    }
    for (name, through) in &since.exposures {
        let through: Vec<String> = through.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(text, "- `{name}` through {}", through.join(", "));
    }
    text
}

/// A text within a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[derive(Serialize)]
struct Document<'s> {
    schema: &'static str,
    since: &'s str,
    changes: Vec<JsonChange<'s>>,
    reaches: Vec<JsonReached<'s>>,
    exposures: Vec<JsonExposure<'s>>,
}

#[derive(Serialize)]
struct JsonChange<'s> {
    path: &'s str,
    relation: &'s str,
    kind: &'static str,
    state: &'static str,
    /// `metadata`, `additive`, `compatible` or `breaking`; `null` where that can't be told.
    category: Option<&'static str>,
    rows: bool,
    storage: bool,
    content: bool,
    columns_changed: &'s [String],
    columns_added: &'s [String],
    columns_removed: &'s [String],
    columns_retyped: Vec<JsonRetyped<'s>>,
}

#[derive(Serialize)]
struct JsonRetyped<'s> {
    name: &'s str,
    from: &'s str,
    to: &'s str,
}

#[derive(Serialize)]
struct JsonReached<'s> {
    path: &'s str,
    relation: &'s str,
    rows: Vec<String>,
    columns: Vec<JsonColumn<'s>>,
}

#[derive(Serialize)]
struct JsonColumn<'s> {
    name: &'s str,
    uses: Vec<String>,
}

#[derive(Serialize)]
struct JsonExposure<'s> {
    name: &'s str,
    through: &'s [String],
}

/// The differences as a JSON document.
pub fn json(since: &Since, revision: &str) -> String {
    let document = Document {
        schema: "dbgo/impact-since/1",
        since: revision,
        changes: since.changes.iter().map(json_change).collect(),
        reaches: since.reached.iter().map(json_reached).collect(),
        exposures: (since.exposures.iter())
            .map(|(name, through)| JsonExposure { name, through })
            .collect(),
    };
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn json_change(change: &TableChange) -> JsonChange<'_> {
    let retyped = change.retyped.iter();
    JsonChange {
        path: &change.path,
        relation: &change.relation,
        kind: change.kind,
        state: match change.state {
            State::Added => "added",
            State::Removed => "removed",
            State::Modified => "modified",
        },
        category: change.category.map(|category| category.word()),
        rows: change.rows,
        storage: change.storage,
        content: change.content,
        columns_changed: &change.changed,
        columns_added: &change.added,
        columns_removed: &change.removed,
        columns_retyped: retyped
            .map(|(name, from, to)| JsonRetyped { name, from, to })
            .collect(),
    }
}

fn json_reached(table: &Reached) -> JsonReached<'_> {
    let columns = table.columns.iter();
    JsonReached {
        path: &table.path,
        relation: &table.relation,
        rows: table.rows.map(words).unwrap_or_default(),
        columns: columns
            .map(|(name, uses)| JsonColumn {
                name,
                uses: words(*uses),
            })
            .collect(),
    }
}

//! Corpora of statements: sqllogictest files, or JSON objects, one a line.

use super::logic_test;
use serde_json::{Value, json};
use std::path::Path;

/// How statements begin that are no queries.
const OTHER_STATEMENTS: [&str; 14] = [
    "alter", "attach", "call", "connect", "copy", "create", "delete", "drop", "execute", "insert",
    "install", "pragma", "prepare", "update",
];

/// One statement.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Its text.
    pub sql: String,
    /// The file that it was taken from, by a name.
    pub file: String,
    /// Its line there, from 1.
    pub line: u64,
    /// Its kind, such as `SELECT` or `CREATE_TABLE`; empty where the corpus doesn't say.
    pub class: String,
    /// Whether the place that it was taken from expects it to fail.
    pub expects_error: bool,
}

impl Statement {
    /// Whether it is a query or, where the corpus doesn't say, doesn't begin as another statement.
    pub fn is_query(&self) -> bool {
        let begins = |word: &str| {
            let rest = self.sql.trim_start().get(..word.len());
            rest.is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        match self.class.as_str() {
            "" => !OTHER_STATEMENTS.iter().any(|word| begins(word)),
            class => class == "SELECT",
        }
    }

    /// Where it comes from.
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }
}

/// Reads a corpus.
///
/// # Errors
/// If the file can't be read, or a line isn't an object with a text in `sql`.
pub fn read(path: &Path) -> Result<Vec<Statement>, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    if path
        .extension()
        .is_some_and(|extension| extension == "test")
    {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        return Ok(logic_test::read(&text, &name));
    }
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| {
            statement(line).ok_or_else(|| {
                format!("{}:{}: not an object with `sql`", path.display(), index + 1)
            })
        })
        .collect()
}

fn statement(line: &str) -> Option<Statement> {
    let value: Value = serde_json::from_str(line).ok()?;
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    let kind = text("kind");
    Some(Statement {
        sql: value["sql"].as_str()?.to_owned(),
        file: text("file"),
        line: value["line"].as_u64().unwrap_or(0),
        class: text("class"),
        expects_error: kind == "error" || kind == "maybe",
    })
}

/// A statement as a line of a corpus.
pub fn line(statement: &Statement) -> String {
    json!({
        "sql": statement.sql,
        "class": statement.class,
        "kind": if statement.expects_error { "error" } else { "ok" },
        "file": statement.file,
        "line": statement.line,
    })
    .to_string()
}

/// The statements of one file after the other.
pub fn by_file(statements: &[Statement]) -> Vec<&[Statement]> {
    statements
        .chunk_by(|one, other| one.file == other.file)
        .collect()
}

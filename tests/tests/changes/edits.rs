//! Edits of a query, out of the list that the compiler's tests have as well.

use dbgo_compiler::name::same_name;
use std::path::Path;

/// What the edited queries read, as in `compiler/tests/profiles/catalogue.rs`.
pub const SOURCES: [(&str, &str); 2] = [
    (
        "orders",
        "create table orders (id integer, customer integer, amount decimal(10, 2), status varchar, \
         day date, at timestamp, tags varchar[]);",
    ),
    (
        "customers",
        "create table customers (id integer, name varchar, region varchar);",
    ),
];

/// What gives other rows each time, and what only dbgo can compute.
const LEFT_OUT: [&str; 6] = ["random()", "now()", "sample", "#", "-- @", ":rate"];

/// A query before and after an edit.
pub struct Edit {
    line: usize,
    before: String,
    after: String,
}

impl Edit {
    pub fn before(&self) -> &str {
        &self.before
    }

    pub fn after(&self) -> &str {
        &self.after
    }

    /// The folder of its models.
    pub fn folder(&self) -> String {
        format!("line{}", self.line)
    }

    /// The columns of the query before that a reader may name: the words behind its `as`, then those
    /// that are columns of the sources.
    pub fn columns(&self) -> Vec<String> {
        let is_letter = |letter: char| letter.is_alphanumeric() || letter == '_';
        let words = self.before.split(|letter| !is_letter(letter));
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let pairs = words.windows(2);
        let aliases = pairs.filter(|pair| same_name(pair[0], "as"));
        let of_sources = words.iter().filter(|word| {
            let columns = [
                "id", "customer", "amount", "status", "day", "name", "region",
            ];
            columns.iter().any(|column| same_name(column, word))
        });
        let mut named: Vec<String> = Vec::new();
        for word in aliases.map(|pair| pair[1]).chain(of_sources.copied()) {
            if !named.iter().any(|name| same_name(name, word)) {
                named.push(word.to_owned());
            }
        }
        named
    }
}

/// The edits that the engine can compute by itself: each third one, or with `DBGO_ALL=1` all.
pub fn edits() -> Vec<Edit> {
    let all = std::env::var_os("DBGO_ALL").is_some_and(|value| !value.is_empty());
    let step = if all { 1 } else { 3 };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracle/meaning_changes.tsv");
    let text = std::fs::read_to_string(path).expect("the list of edits");
    let lines = (1..).zip(text.lines());
    lines
        .filter(|(_, line)| line.contains('\t') && !line.starts_with("# "))
        .filter(|(_, line)| LEFT_OUT.iter().all(|part| !line.contains(part)))
        .skip(step - 1)
        .step_by(step)
        .map(|(line, text)| {
            let mut parts = text.split('\t').map(|part| part.replace("\\n", "\n"));
            Edit {
                line,
                before: parts.next().unwrap_or_default(),
                after: parts.next().unwrap_or_default(),
            }
        })
        .collect()
}

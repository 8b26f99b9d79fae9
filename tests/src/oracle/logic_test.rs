//! Statements of sqllogictest files, as DuckDB's own tests are written.
//!
//! A record is `statement ok`, `statement error`, `statement maybe` or `query TYPES`, then the
//! statement's lines to an empty line or `----`, then what is expected. `loop` and `foreach` repeat
//! records up to `endloop`, with `{name}` and `${name}` for the value. The format is described at
//! <https://duckdb.org/docs/stable/dev/sqllogictest/intro>. Records that can't be run here are left
//! out: those behind `mode skip`, and statements about files, settings and connections.

use super::corpus::Statement;
use std::collections::BTreeMap;

/// How many values of a loop are taken.
const MOST_ROUNDS: usize = 3;

/// What the names of lists of types in a `foreach` stand for, in part.
const LISTS: [(&str, [&str; 3]); 4] = [
    ("<numeric>", ["tinyint", "bigint", "double"]),
    ("<integral>", ["tinyint", "integer", "ubigint"]),
    ("<signed>", ["smallint", "integer", "hugeint"]),
    ("<alltypes>", ["boolean", "integer", "varchar"]),
];

/// Reads one file's statements; `name` is what they are said to come from.
pub fn read(text: &str, name: &str) -> Vec<Statement> {
    let lines: Vec<&str> = text.lines().collect();
    let mut reader = Reader {
        lines: &lines,
        name,
        skipping: false,
        statements: Vec::new(),
    };
    reader.records(0, &BTreeMap::new());
    reader.statements
}

struct Reader<'t> {
    lines: &'t [&'t str],
    name: &'t str,
    skipping: bool,
    statements: Vec<Statement>,
}

impl Reader<'_> {
    /// Reads records from a line on, to the end of the loop that they stand in. Gives the line
    /// behind it.
    fn records(&mut self, from: usize, values: &BTreeMap<&str, &str>) -> usize {
        let mut at = from;
        let mut leave_out = false;
        while let Some(line) = self.lines.get(at) {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["endloop", ..] => return at + 1,
                ["halt", ..] => return self.lines.len(),
                ["mode", word, ..] => {
                    self.skipping = match word {
                        "skip" => true,
                        "unskip" => false,
                        _ => self.skipping,
                    };
                    at += 1;
                }
                ["skipif" | "onlyif", ..] => {
                    leave_out = true;
                    at += 1;
                }
                ["loop" | "concurrentloop", name, first, last, ..] => {
                    let rounds = rounds(first, last);
                    let rounds: Vec<&str> = rounds.iter().map(String::as_str).collect();
                    at = self.repeat(at + 1, name, &rounds, values);
                }
                ["foreach" | "concurrentforeach", name, ref rest @ ..] => {
                    let listed = LISTS.iter().find(|(list, _)| rest.contains(list));
                    let rounds = listed.map_or(rest, |(_, types)| types.as_slice());
                    at = self.repeat(at + 1, name, rounds, values);
                }
                ["statement", expected, ..] => {
                    at = self.record(at, expected != "ok", leave_out, values);
                    leave_out = false;
                }
                ["query", ..] => {
                    at = self.record(at, false, leave_out, values);
                    leave_out = false;
                }
                _ => at += 1,
            }
        }
        at
    }

    fn repeat<'v>(
        &mut self,
        from: usize,
        name: &'v str,
        rounds: &[&'v str],
        values: &BTreeMap<&'v str, &'v str>,
    ) -> usize {
        let mut behind = from;
        let skipping = self.skipping;
        for value in rounds.iter().take(MOST_ROUNDS) {
            let mut values = values.clone();
            values.insert(name, value);
            behind = self.records(from, &values);
        }
        if rounds.is_empty() {
            self.skipping = true;
            behind = self.records(from, values);
            self.skipping = skipping;
        }
        behind
    }

    fn record(
        &mut self,
        at: usize,
        expects_error: bool,
        leave_out: bool,
        values: &BTreeMap<&str, &str>,
    ) -> usize {
        let ends = |line: &&&str| line.trim().is_empty() || line.starts_with("----");
        let rest = &self.lines[at + 1..];
        let length = rest
            .iter()
            .position(|line| ends(&line))
            .unwrap_or(rest.len());
        let mut sql = rest[..length].join("\n");
        let mut behind = at + 1 + length;
        if self
            .lines
            .get(behind)
            .is_some_and(|line| line.starts_with("----"))
        {
            let rest = &self.lines[behind..];
            let end = rest.iter().position(|line| line.trim().is_empty());
            behind += end.unwrap_or(rest.len());
        }
        for (name, value) in values {
            sql = sql
                .replace(&format!("${{{name}}}"), value)
                .replace(&format!("{{{name}}}"), value);
        }
        let class = class(&sql);
        if !self.skipping && !leave_out && !class.is_empty() && !sql.contains("${") {
            self.statements.push(Statement {
                sql,
                file: self.name.to_owned(),
                line: at as u64 + 1,
                class: class.to_owned(),
                expects_error,
            });
        }
        behind
    }
}

fn rounds(first: &str, last: &str) -> Vec<String> {
    match (first.parse::<i64>(), last.parse::<i64>()) {
        (Ok(first), Ok(last)) => (first..last)
            .take(MOST_ROUNDS)
            .map(|round| round.to_string())
            .collect(),
        _ => Vec::new(),
    }
}

/// The kind of a statement; empty for those that are left out.
fn class(sql: &str) -> &'static str {
    let lower = sql.to_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| c.is_whitespace() || c == '(' || c == ';')
        .filter(|word| !word.is_empty())
        .collect();
    let first = words.first().copied().unwrap_or_default();
    let created = || {
        let before = [
            "create",
            "or",
            "replace",
            "temp",
            "temporary",
            "unique",
            "persistent",
            "recursive",
        ];
        let kind = words.iter().find(|word| !before.contains(word)).copied();
        kind.unwrap_or_default()
    };
    match first {
        "with"
            if ["insert", "update", "delete", "merge"]
                .iter()
                .any(|word| words.contains(word)) =>
        {
            ""
        }
        "select" | "from" | "with" | "values" | "table" | "pivot" | "pivot_wider" | "unpivot" => {
            "SELECT"
        }
        "" if lower.trim_start().starts_with('(') => "SELECT",
        "insert" => "INSERT",
        "update" => "UPDATE",
        "delete" => "DELETE",
        "alter" => "ALTER",
        "drop" => "DROP",
        "create" => match created() {
            "table" if words.contains(&"as") => "CTAS",
            "table" => "CREATE_TABLE",
            "view" => "CREATE_VIEW",
            "macro" | "function" => "CREATE_MACRO",
            "type" => "CREATE_TYPE",
            "schema" => "CREATE_SCHEMA",
            "sequence" => "CREATE_SEQUENCE",
            "index" => "CREATE_INDEX",
            _ => "",
        },
        // Whatever can't be read as anything is a query that is wrong.
        other if !OTHERS.contains(&other) && !other.starts_with(['.', '#', '-', '/']) => "SELECT",
        _ => "",
    }
}

/// Statements that are left out: they change the session or what is outside of it.
const OTHERS: [&str; 33] = [
    "abort",
    "analyze",
    "attach",
    "begin",
    "call",
    "checkpoint",
    "comment",
    "commit",
    "connect",
    "copy",
    "deallocate",
    "desc",
    "describe",
    "detach",
    "end",
    "execute",
    "explain",
    "export",
    "force",
    "import",
    "install",
    "load",
    "merge",
    "pragma",
    "prepare",
    "reset",
    "rollback",
    "set",
    "show",
    "start",
    "summarize",
    "use",
    "vacuum",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read() {
        let text = "# name: x\n\nrequire json\n\nstatement ok\nCREATE TABLE t(i INT);\n\n\
                    query II rowsort\nSELECT i,\n  i FROM t\n----\n1\t1\n\n\
                    statement error\nSELECT j FROM t\n----\nBinder Error\n\nSET threads = 1\n\n\
                    statement ok\nPRAGMA x\n\nmode skip\n\nquery I\nSELECT 7\n----\n7\n\nmode unskip\n\n\
                    foreach type integer varchar\n\nquery I\nSELECT 1::{type}\n----\n1\n\nendloop\n\n\
                    query I\nSELECT 3\n----\n3\n";
        let found: Vec<(u64, String, String, bool)> = read(text, "x.test")
            .into_iter()
            .map(|found| (found.line, found.class, found.sql, found.expects_error))
            .collect();
        let expect =
            |line, class: &str, sql: &str, error| (line, class.to_owned(), sql.to_owned(), error);
        assert_eq!(
            found,
            [
                expect(5, "CREATE_TABLE", "CREATE TABLE t(i INT);", false),
                expect(8, "SELECT", "SELECT i,\n  i FROM t", false),
                expect(14, "SELECT", "SELECT j FROM t", true),
                expect(35, "SELECT", "SELECT 1::integer", false),
                expect(35, "SELECT", "SELECT 1::varchar", false),
                expect(42, "SELECT", "SELECT 3", false),
            ]
        );
    }
}

//! The columns of the engine's functions in `FROM`, where they are always the same, as data.
//!
//! `tables.tsv` is generated from `DESCRIBE` of the linked engine, one function a line: its name,
//! `0` if the columns hold without arguments or `1` if they hold with some, then name and type of
//! each column. Arguments with names may change the columns, so that nothing is said of them.

use crate::sql_type::SqlType;

const DATA: &str = include_str!("tables.tsv");

/// The columns of a function in `FROM`, called with so many arguments without names.
pub fn columns(function: &str, arguments: usize) -> Option<Vec<(String, SqlType)>> {
    let takes = if arguments == 0 { "0" } else { "1" };
    let line = DATA.lines().find(|line| {
        let mut parts = line.split('\t');
        parts.next() == Some(function) && parts.next() == Some(takes)
    })?;
    let parts: Vec<&str> = line.split('\t').skip(2).collect();
    parts
        .chunks_exact(2)
        .map(|column| Some((column[0].to_owned(), column[1].parse().ok()?)))
        .collect()
}

/// The columns of `DESCRIBE`, `SUMMARIZE` and `SHOW` in a `FROM`, by their first words.
///
/// Source: `src/planner/binder/tableref/bind_showref.cpp` of DuckDB 1.5.5.
pub fn told(first: &str, second: &str) -> Option<Vec<(String, SqlType)>> {
    let texts = |names: &[&str]| -> Vec<(String, SqlType)> {
        names
            .iter()
            .map(|name| ((*name).to_owned(), SqlType::Varchar))
            .collect()
    };
    let table = [
        "column_name",
        "column_type",
        "null",
        "key",
        "default",
        "extra",
    ];
    Some(match (first, second) {
        ("summarize", _) => {
            let mut columns = texts(&["column_name", "column_type", "min", "max"]);
            columns.push(("approx_unique".to_owned(), SqlType::BigInt));
            columns.extend(texts(&["avg", "std", "q25", "q50", "q75"]));
            columns.push(("count".to_owned(), SqlType::BigInt));
            columns.push(("null_percentage".to_owned(), SqlType::Decimal(9, 2)));
            columns
        }
        ("show", "tables") => texts(&["name"]),
        ("show" | "describe" | "desc", "databases") => texts(&["database_name"]),
        ("show", "variables") => texts(&["name", "value", "type"]),
        ("show", "schemas") => {
            let mut columns = texts(&["database_name", "schema_name"]);
            columns.push(("current".to_owned(), SqlType::Boolean));
            columns
        }
        ("show", "all") | ("show" | "describe" | "desc", "") => {
            let mut columns = texts(&["database", "schema", "name"]);
            for name in ["column_names", "column_types"] {
                columns.push((name.to_owned(), SqlType::list(SqlType::Varchar)));
            }
            columns.push(("temporary".to_owned(), SqlType::Boolean));
            columns
        }
        ("describe" | "desc", "schemas" | "variables" | "tables") => return None,
        ("describe" | "desc" | "show", _) => texts(&table),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        for line in DATA.lines() {
            let name = line.split('\t').next().unwrap_or_default();
            let found = columns(name, 0).or_else(|| columns(name, 1));
            assert!(found.is_some_and(|columns| !columns.is_empty()), "{line}");
        }
        assert_eq!(columns("json_each", 0), None);
    }
}

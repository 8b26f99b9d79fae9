//! The parser against corpora of statements that the engine's own parser has judged.
//!
//! `DBGO_CORPORA` names a folder with the files `tpch.jsonl`, `tpcds.jsonl`,
//! `duckdb_features.jsonl`, `duckdb_tests.jsonl` and `duckdb_syntax_errors.jsonl`; each line is an
//! object with the statement in `sql`. Without it these tests say so and pass; the tests of the
//! parser itself hold a small part of the same statements.

#![allow(
    clippy::result_large_err,
    reason = "an error ends the work, so its size costs nothing"
)]

use dbgo_compiler::diagnostic::Diagnostic;
use dbgo_compiler::lexer::lex;
use dbgo_compiler::parse::ast::Query;
use dbgo_compiler::parse::parse_query;
use dbgo_compiler::span::FileId;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Instant;

fn parse(text: &str) -> Result<Query, Diagnostic> {
    let (tokens, found) = lex(FileId(0), text, 0..text.len());
    match found.into_iter().next() {
        Some(error) => Err(error),
        None => parse_query(text, &tokens),
    }
}

fn rows(file: &str) -> Option<Vec<Value>> {
    let Some(folder) = std::env::var_os("DBGO_CORPORA") else {
        println!("skipped: DBGO_CORPORA isn't set");
        return None;
    };
    let path = PathBuf::from(folder).join(file);
    let text = std::fs::read_to_string(&path).expect("a file of the corpora");
    Some(
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect(),
    )
}

fn sql(row: &Value) -> &str {
    row["sql"].as_str().expect("a statement")
}

/// How many of the statements parse; the others are printed.
fn parsed<'a>(rows: impl Iterator<Item = &'a Value>) -> (usize, usize) {
    let (mut parsed, mut all) = (0, 0);
    for row in rows {
        all += 1;
        match parse(sql(row)) {
            Ok(_) => parsed += 1,
            Err(error) => {
                let place = error.primary.as_ref().map(|label| label.span.start);
                println!(
                    "{}: {} at {place:?}: {}",
                    error.code,
                    error.message,
                    sql(row)
                );
            }
        }
    }
    println!("{parsed} of {all}");
    (parsed, all)
}

#[test]
fn benchmark_queries_parse() {
    for file in ["tpch.jsonl", "tpcds.jsonl"] {
        let Some(rows) = rows(file) else { return };
        let start = Instant::now();
        let (parsed, all) = parsed(rows.iter());
        println!("{:?} a query", start.elapsed() / all as u32);
        assert_eq!(parsed, all);
    }
}

#[test]
fn both_parsers_accept_the_benchmark_queries() {
    for file in ["tpch.jsonl", "tpcds.jsonl"] {
        let Some(rows) = rows(file) else { return };
        for row in &rows {
            let other = sqlparser::parser::Parser::parse_sql(
                &sqlparser::dialect::DuckDbDialect {},
                sql(row),
            );
            assert_eq!(other.is_ok(), parse(sql(row)).is_ok(), "{}", sql(row));
        }
    }
}

#[test]
fn features_of_the_dialect_parse() {
    let Some(rows) = rows("duckdb_features.jsonl") else {
        return;
    };
    // Statements that change something are no queries, whatever the engine says to them.
    let statements = [
        "merge", "insert", "create", "copy", "delete", "update", "attach",
    ];
    let (mut parsed_right, mut all) = (0, 0);
    for row in &rows {
        let first = sql(row)
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_lowercase();
        let changes = statements.contains(&first.as_str()) || row["name"] == "cte_dml";
        // The engine takes parameters and refuses nulls behind the parentheses; dbgo does neither.
        let own = ["dollar_param", "ignore_nulls_after"]
            .contains(&row["name"].as_str().unwrap_or_default());
        all += 1;
        match parse(sql(row)) {
            Err(error) if changes => {
                assert_eq!(error.code.text(), "not-a-query", "{}", sql(row));
                parsed_right += 1;
            }
            found if own || found.is_ok() => parsed_right += 1,
            found => println!("{found:?}: {}", sql(row)),
        }
    }
    assert_eq!(parsed_right, all);
}

#[test]
fn queries_of_the_engines_tests_parse() {
    let Some(rows) = rows("duckdb_tests.jsonl") else {
        return;
    };
    let (parsed, all) = parsed(rows.iter().filter(|row| row["class"] == "SELECT"));
    assert!(parsed * 1000 >= all * 980, "{parsed} of {all}");
}

#[test]
fn what_the_engine_refuses_is_refused() {
    let Some(rows) = rows("duckdb_syntax_errors.jsonl") else {
        return;
    };
    let accepted: Vec<&str> = rows
        .iter()
        .map(sql)
        .filter(|sql| parse(sql).is_ok())
        .collect();
    for sql in &accepted {
        println!("accepted: {sql}");
    }
    println!("{} of {} refused", rows.len() - accepted.len(), rows.len());
    assert!(accepted.len() * 100 <= rows.len() * 2);
}

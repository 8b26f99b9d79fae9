//! Each node's text, read alone, is that node again: its span holds neither too little nor too much.
//! This holds for the parser's samples, for the examples of the language and, where `DBGO_CORPORA`
//! names the folder of the corpora, for all of their queries.

#![allow(
    clippy::result_large_err,
    reason = "an error ends the work, so its size costs nothing"
)]

use dbgo_compiler::diagnostic::Diagnostic;
use dbgo_compiler::lexer::lex;
use dbgo_compiler::parse::ast::{Expr, ExprKind, Literal};
use dbgo_compiler::parse::walk::{self, AnyNode};
use dbgo_compiler::parse::{parse_expression, parse_query, parse_table};
use dbgo_compiler::span::{FileId, Span};
use dbgo_compiler::token::{Token, TokenKind};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

#[allow(dead_code, reason = "the tests of the parser use the rest")]
#[path = "../src/parse/tests/samples.rs"]
mod samples;

/// What was looked at.
#[derive(Debug, Default)]
struct Seen {
    queries: usize,
    tables: usize,
    expressions: usize,
    faults: Vec<String>,
}

impl Seen {
    /// Looks at all nodes of a text, if it is a query.
    fn look(&mut self, text: &str) {
        let (tokens, found) = lex(FileId(0), text, 0..text.len());
        if !found.is_empty() {
            return;
        }
        let Ok(query) = parse_query(text, &tokens) else {
            return;
        };
        walk::query(&query, &mut |node| {
            let (span, is_same) = match node {
                AnyNode::Query(query) => {
                    self.queries += 1;
                    (
                        query.span,
                        again(text, query.span, parse_query) == Ok(query.clone()),
                    )
                }
                AnyNode::Table(table) => {
                    self.tables += 1;
                    (
                        table.span,
                        again(text, table.span, parse_table) == Ok(table.clone()),
                    )
                }
                AnyNode::Expression(expr) if !stands_alone(expr, text) => return,
                AnyNode::Expression(expr) => {
                    self.expressions += 1;
                    (
                        expr.span,
                        again(text, expr.span, parse_expression) == Ok(expr.clone()),
                    )
                }
            };
            if !is_same {
                let written = text.get(span.range()).unwrap_or("(no text)");
                self.faults
                    .push(format!("`{written}`\n    in {text}\n    {node:?}"));
            }
        });
    }

    /// Fails with the first faults.
    fn hold(&self) {
        println!(
            "{} queries, {} tables, {} expressions",
            self.queries, self.tables, self.expressions
        );
        let first: Vec<&String> = self.faults.iter().take(10).collect();
        assert!(
            self.faults.is_empty(),
            "{} nodes are others alone:\n{}",
            self.faults.len(),
            first
                .into_iter()
                .fold(String::new(), |all, one| all + one + "\n\n")
        );
    }
}

/// Reads a part of a text; its places stay those in the whole text.
fn again<T>(
    text: &str,
    span: Span,
    read: impl Fn(&str, &[Token]) -> Result<T, Diagnostic>,
) -> Result<T, Diagnostic> {
    let (tokens, _) = lex(span.file, text, span.range());
    read(text, &tokens)
}

/// Whether a node may stand where any expression may. The others mean something in one place only.
fn stands_alone(expr: &Expr, text: &str) -> bool {
    let written = &text[expr.span.range()];
    match &expr.kind {
        // Arguments of functions alone turn an arrow into a lambda.
        ExprKind::Lambda { .. } => written.starts_with("lambda"),
        // `extract(year from …)`
        ExprKind::Literal(Literal::Text(_)) => written.contains(['\'', '$']),
        // `limit 10%`
        ExprKind::Unary { operator, .. } => operator != "%",
        // `from t` is without a star of its own.
        ExprKind::Star(_) => is_star(expr.span, text),
        ExprKind::Keyword(word) => word != "all",
        _ => !written.is_empty(),
    }
}

/// Whether a star is written: only dots stand in front of it.
fn is_star(span: Span, text: &str) -> bool {
    let (tokens, _) = lex(span.file, text, span.range());
    let mut symbols = tokens
        .iter()
        .filter(|token| token.kind == TokenKind::Symbol)
        .map(|token| &text[token.span.range()]);
    symbols.find(|symbol| *symbol != ".") == Some("*")
}

#[test]
fn of_the_samples() {
    let mut seen = Seen::default();
    for text in samples::QUERIES {
        seen.look(text);
    }
    seen.hold();
    assert!(seen.queries > 80 && seen.tables > 80 && seen.expressions > 300);
}

#[test]
fn of_the_language() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/language");
    let mut seen = Seen::default();
    for entry in fs::read_dir(folder).expect("the chapters") {
        let text = fs::read_to_string(entry.expect("an entry").path()).expect("a chapter");
        let blocks = text.split("\n```sql models/").skip(1);
        for block in blocks.filter_map(|block| block.split("\n```").next()) {
            let (_, query) = block.split_once('\n').unwrap_or_default();
            seen.look(query);
        }
    }
    seen.hold();
    assert!(seen.queries > 150 && seen.expressions > 300);
}

#[test]
fn of_the_corpora() {
    let Some(folder) = std::env::var_os("DBGO_CORPORA").map(PathBuf::from) else {
        println!("skipped: DBGO_CORPORA isn't set");
        return;
    };
    let mut seen = Seen::default();
    for file in [
        "tpch.jsonl",
        "tpcds.jsonl",
        "duckdb_features.jsonl",
        "duckdb_tests.jsonl",
    ] {
        let text = fs::read_to_string(folder.join(file)).expect(file);
        for line in text.lines() {
            let row: Value = serde_json::from_str(line).expect("JSON");
            seen.look(row["sql"].as_str().expect("a statement"));
        }
    }
    seen.hold();
    assert!(seen.queries > 5_000);
}

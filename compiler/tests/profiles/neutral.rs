//! Edits that mean nothing, made at random: the profile has to stay the same.

use crate::benchmark::{Benchmark, Choices};
use crate::project::{profiles, with_imports};
use crate::suites::is_opaque;
use dbgo_compiler::fingerprint::Profile;
use dbgo_compiler::lexer::lex;
use dbgo_compiler::parse::ast::{self, ExprKind, QueryBody, TableKind};
use dbgo_compiler::parse::parse_query;
use dbgo_compiler::span::{FileId, Span};
use dbgo_compiler::token::{Token, TokenKind};
use proptest::test_runner::{Config, TestRunner};
use std::collections::BTreeMap;
use std::path::Path;

/// What can be done to a query without changing its meaning.
#[derive(Default)]
struct Places {
    /// Expressions that may stand in parentheses.
    expressions: Vec<Span>,
    /// Places where an `AS` may stand or not: before the aliases of select lists without one.
    bare_aliases: Vec<Span>,
    /// Names of common tables.
    common: Vec<String>,
    /// Aliases of tables.
    tables: Vec<String>,
    /// Names that also mean something else, so that they can't be replaced word by word.
    taken: Vec<String>,
}

impl Places {
    fn query(&mut self, query: &ast::Query) {
        for member in query.with.iter().flat_map(|with| &with.members) {
            self.common.push(member.name.value.to_lowercase());
            for name in &member.columns {
                self.taken.push(name.value.to_lowercase());
            }
            self.query(&member.query);
        }
        self.body(&query.body);
    }

    fn body(&mut self, body: &QueryBody) {
        match body {
            QueryBody::Select(select) => self.select(select),
            QueryBody::SetOperation(operation) => {
                self.body(&operation.left);
                self.body(&operation.right);
            }
            QueryBody::Nested(query) => self.query(query),
            QueryBody::Pivot(pivot) => self.table(&pivot.table),
            QueryBody::Unpivot(unpivot) => self.table(&unpivot.table),
            QueryBody::Values(_) | QueryBody::Table(_) | QueryBody::Special(..) => {}
        }
    }

    fn select(&mut self, select: &ast::Select) {
        for item in &select.items {
            if let Some(alias) = &item.alias {
                self.taken.push(alias.value.to_lowercase());
                if alias.span.start > item.expr.span.end && !alias.quoted {
                    self.bare_aliases
                        .push(item.expr.span.to(alias.span).after());
                }
                // Without an alias the name of the column is made of the expression.
                self.expression(&item.expr);
            }
        }
        for table in &select.from {
            self.table(table);
        }
        for filter in select.filter.iter().chain(&select.having) {
            self.expression(filter);
        }
    }

    fn table(&mut self, table: &ast::TableExpr) {
        if let Some(alias) = &table.alias {
            self.tables.push(alias.name.value.to_lowercase());
            for name in &alias.columns {
                self.taken.push(name.value.to_lowercase());
            }
        }
        match &table.kind {
            TableKind::Query { query, .. } => self.query(query),
            TableKind::Nested(inner) => self.table(inner),
            TableKind::Join(join) => {
                self.table(&join.left);
                self.table(&join.right);
                if let ast::JoinConstraint::On(condition) = &join.constraint {
                    self.expression(condition);
                }
            }
            _ => {}
        }
    }

    fn expression(&mut self, expr: &ast::Expr) {
        let mut inner: Vec<&ast::Expr> = Vec::new();
        match &expr.kind {
            ExprKind::Literal(_) | ExprKind::Name(_) | ExprKind::Reference(_) => {}
            ExprKind::Nested(nested) => inner.push(nested),
            ExprKind::Binary {
                operator,
                left,
                right,
                ..
            } if operator != "->" => inner.extend([&**left, &**right]),
            ExprKind::Unary { operand, operator } if operator == "not" => inner.push(operand),
            ExprKind::Is { operand, .. } | ExprKind::Cast { operand, .. } => inner.push(operand),
            ExprKind::Case {
                operand,
                branches,
                otherwise,
            } => {
                inner.extend(operand.as_deref());
                inner.extend(branches.iter().flat_map(|(when, then)| [when, then]));
                inner.extend(otherwise.as_deref());
            }
            ExprKind::Between {
                operand, low, high, ..
            } => inner.extend([&**operand, &**low, &**high]),
            ExprKind::InList { operand, list, .. } => {
                inner.push(operand);
                inner.extend(list);
            }
            ExprKind::Query(query) => {
                self.query(query);
                return;
            }
            ExprKind::Exists { query, .. } | ExprKind::InQuery { query, .. } => self.query(query),
            _ => return,
        }
        self.expressions.push(expr.span);
        for expr in inner {
            self.expression(expr);
        }
    }
}

/// Edits a query. `names` are all names that its tables and columns have.
pub fn edited(sql: &str, names: &[String], choices: &mut Choices) -> String {
    let (tokens, _) = lex(FileId(0), sql, 0..sql.len());
    let tokens: Vec<Token> = tokens.into_iter().collect();
    let mut places = Places::default();
    if let Ok(query) = parse_query(sql, &tokens) {
        places.query(&query);
    }
    let renamed = renames(sql, &tokens, &places, names);
    // Parentheses: how many begin before and end behind a byte.
    let mut opened: BTreeMap<u32, usize> = BTreeMap::new();
    let mut closed: BTreeMap<u32, usize> = BTreeMap::new();
    for span in &places.expressions {
        if choices.one_in(4) {
            *opened.entry(span.start).or_default() += 1;
            *closed.entry(span.end).or_default() += 1;
        }
    }
    let mut text = String::new();
    for (index, token) in tokens.iter().enumerate() {
        let written = &sql[token.span.range()];
        let touches = index > 0 && tokens[index - 1].span.end == token.span.start;
        if !touches || choices.one_in(3) && may_part(&tokens, index, sql) {
            text.push_str(blank(choices));
        }
        for _ in 0..opened.get(&token.span.start).copied().unwrap_or(0) {
            text.push('(');
        }
        match token.kind {
            TokenKind::Comment => {}
            // The engine tells `extract(YEAR …)` and `extract(year …)` apart in a `GROUP BY`.
            TokenKind::Word if is_date_part(&tokens, index, sql) => text.push_str(written),
            // The names of a struct's fields are part of its type.
            TokenKind::Word if names_a_field(&tokens, index, sql) => text.push_str(written),
            TokenKind::Word => {
                let is_member = index > 0 && &sql[tokens[index - 1].span.range()] == ".";
                let new = renamed.get(&written.to_lowercase()).filter(|_| !is_member);
                text.push_str(&in_case(new.map_or(written, String::as_str), choices));
            }
            TokenKind::Reference => text.push_str(&in_case(written, choices)),
            _ => text.push_str(written),
        }
        for _ in 0..closed.get(&token.span.end).copied().unwrap_or(0) {
            text.push(')');
        }
    }
    text
}

fn names_a_field(tokens: &[Token], index: usize, sql: &str) -> bool {
    let next = tokens.get(index + 1);
    next.is_some_and(|token| &sql[token.span.range()] == ":=")
}

fn is_date_part(tokens: &[Token], index: usize, sql: &str) -> bool {
    let before = index.checked_sub(2).and_then(|at| tokens.get(at));
    before.is_some_and(|token| sql[token.span.range()].eq_ignore_ascii_case("extract"))
}

/// White space may stand between most tokens that touch each other.
fn may_part(tokens: &[Token], index: usize, sql: &str) -> bool {
    let (before, here) = (&tokens[index - 1], &tokens[index]);
    let text = |token: &Token| &sql[token.span.range()];
    [before, here]
        .iter()
        .any(|token| matches!(text(token), "(" | ")" | "," | "+" | "*" | "="))
        && text(here) != "("
}

fn blank(choices: &mut Choices) -> &'static str {
    [
        " ",
        "\n",
        "  \t",
        " /* nothing */ ",
        " -- nothing ( '\n",
        "\n\n  ",
    ][choices.below(6)]
}

fn in_case(word: &str, choices: &mut Choices) -> String {
    match choices.below(4) {
        0 => word.to_uppercase(),
        1 => word.to_lowercase(),
        _ => word.to_owned(),
    }
}

/// New names for those common tables and aliases whose name means nothing else anywhere in the query.
fn renames(
    sql: &str,
    tokens: &[Token],
    places: &Places,
    names: &[String],
) -> BTreeMap<String, String> {
    let mut renamed = BTreeMap::new();
    for name in places.common.iter().chain(&places.tables) {
        let is_taken = places.taken.contains(name)
            || names.contains(name)
            || tokens.windows(2).any(|pair| {
                let text = |token: &Token| sql[token.span.range()].to_lowercase();
                // A member of something, a call, a quoted name.
                text(&pair[0]) == "." && text(&pair[1]) == *name
                    || text(&pair[0]) == *name && text(&pair[1]) == "("
                    || text(&pair[0]) == format!("\"{name}\"")
                    || text(&pair[0]) == format!(":{name}")
            });
        if !is_taken {
            renamed.insert(name.clone(), format!("other_{name}"));
        }
    }
    renamed
}

fn hold(benchmark: &str, cases: u32) {
    let Some(benchmark) = Benchmark::find(benchmark) else {
        return;
    };
    let compiled = |edit: &mut dyn FnMut(&str) -> String| -> BTreeMap<String, Profile> {
        let mut texts = benchmark.sources.clone();
        for query in &benchmark.queries {
            let text = benchmark.model(&edit(&query.sql), query.width);
            texts.push((format!("models/{}.sql", query.name), text));
        }
        let (profiles, found) = profiles(&texts);
        for finding in found.iter().filter(|finding| finding.is_error()) {
            println!("{}: {}", finding.code, finding.message);
        }
        profiles
    };
    let plain = compiled(&mut str::to_owned);
    assert_eq!(plain.len(), benchmark.queries.len(), "every query compiles");
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let held = runner.run(&proptest::num::u64::ANY, |seed| {
        let mut choices = Choices::new(seed);
        let mut texts = Vec::new();
        let profiles = compiled(&mut |sql| {
            let text = edited(sql, &benchmark.names, &mut choices);
            texts.push(text.clone());
            text
        });
        for (query, text) in benchmark.queries.iter().zip(&texts) {
            let path = format!("models.{}", query.name);
            let same = match (plain.get(&path), profiles.get(&path)) {
                (Some(plain), Some(edited)) => plain.same_data(edited),
                _ => false,
            };
            let sql = &query.sql;
            assert!(same, "seed {seed}, {path}:\n{sql}\n---\n{text}");
        }
        Ok(())
    });
    held.expect("profiles stay the same");
}

#[test]
fn edits_that_mean_nothing_keep_the_profiles_of_tpc_h() {
    hold("tpch", 4);
}

#[test]
fn edits_that_mean_nothing_keep_the_profiles_of_tpc_ds() {
    hold("tpcds", 2);
}

#[test]
fn edits_that_mean_nothing_keep_the_profiles_of_the_list() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/oracle/meaning_changes.tsv");
    let text = std::fs::read_to_string(path).expect("the list of edits");
    let queries: Vec<String> = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
        .flat_map(|line| line.split('\t').take(2))
        .filter(|query| !query.contains("\\n"))
        .map(str::to_owned)
        .collect();
    let sources = crate::catalogue::SOURCES;
    let names: Vec<String> = "id customer amount status day at tags name region orders customers"
        .split(' ')
        .map(str::to_owned)
        .collect();
    let tables: Vec<&str> = sources.iter().map(|(name, _)| *name).collect();
    let compiled = |edit: &mut dyn FnMut(&str) -> String| {
        let mut texts: Vec<(String, String)> = sources
            .iter()
            .map(|(name, text)| (format!("sources/{name}.sql"), (*text).to_owned()))
            .collect();
        for (index, query) in queries.iter().enumerate() {
            let text = with_imports(&edit(query), &tables);
            texts.push((format!("models/q{index}.sql"), text));
        }
        profiles(&texts)
    };
    let (plain, _) = compiled(&mut str::to_owned);
    let mut runner = TestRunner::new(Config {
        cases: 4,
        failure_persistence: None,
        ..Config::default()
    });
    let held = runner.run(&proptest::num::u64::ANY, |seed| {
        let mut choices = Choices::new(seed);
        let mut texts = Vec::new();
        let (changed, found) = compiled(&mut |sql| {
            let text = edited(sql, &names, &mut choices);
            texts.push(text.clone());
            text
        });
        for (index, query) in queries.iter().enumerate() {
            let path = format!("models.q{index}");
            let same = match (plain.get(&path), changed.get(&path)) {
                (Some(plain), _) if is_opaque(plain) => true,
                (Some(plain), Some(edited)) => plain.same_data(edited),
                (None, None) => true,
                _ => false,
            };
            let text = &texts[index];
            assert!(same, "seed {seed}: {query}\n---\n{text}\n{found:?}");
        }
        Ok(())
    });
    held.expect("profiles stay the same");
}

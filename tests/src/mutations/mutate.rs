//! One token of a query is replaced, left out or put in.

use super::benchmark::{Benchmark, Choices};
use dbgo_compiler::lexer::lex;
use dbgo_compiler::span::FileId;
use dbgo_compiler::token::{Token, TokenKind};

/// A mutated query.
pub struct Mutant {
    pub sql: String,
    /// What was done, for people.
    pub what: String,
}

/// Words, and what may stand in the place of each.
const WORDS: &[(&str, &[&str])] = &[
    ("and", &["or"]),
    ("or", &["and"]),
    ("asc", &["desc"]),
    ("desc", &["asc", ""]),
    ("distinct", &[""]),
    ("all", &[""]),
    ("not", &[""]),
    ("exists", &["not exists"]),
    ("null", &["not null"]),
    ("in", &["not in"]),
    ("between", &["not between"]),
    ("like", &["not like"]),
    ("union", &["intersect", "except"]),
    ("intersect", &["union", "except"]),
    ("except", &["union", "intersect"]),
    ("left", &["right", "inner", "full"]),
    ("right", &["left"]),
    ("full", &["left"]),
    ("inner", &["left"]),
    ("join", &["left join", "semi join"]),
    ("rollup", &["cube", ""]),
    ("sum", &["min", "max", "avg", "count"]),
    ("avg", &["sum", "max"]),
    ("min", &["max"]),
    ("max", &["min"]),
    ("count", &["sum", "max"]),
    ("rank", &["row_number", "dense_rank"]),
    ("row_number", &["rank"]),
    ("stddev_samp", &["stddev_pop", "avg"]),
    ("coalesce", &["greatest", "nullif"]),
    ("abs", &["sign", ""]),
    ("round", &["floor"]),
    ("upper", &["lower"]),
    ("substr", &["left"]),
    ("else", &["when true then"]),
    ("days", &["months"]),
    ("day", &["month"]),
    ("select", &["select distinct"]),
    ("rows", &["range"]),
    ("preceding", &["following"]),
    ("unbounded", &["1"]),
    ("partition", &["order"]),
];

/// Operators, and what may stand in the place of each.
const OPERATORS: &[(&str, &[&str])] = &[
    ("=", &["<>", "<=", ">"]),
    ("<>", &["="]),
    ("<", &["<=", ">"]),
    ("<=", &["<", ">="]),
    (">", &[">=", "<"]),
    (">=", &[">", "<="]),
    ("+", &["-", "*"]),
    ("-", &["+"]),
    ("*", &["+"]),
    ("/", &["*", "//"]),
    ("||", &["<"]),
    ("(", &["(not ", "(-", "(distinct "]),
];

/// So many different mutants of a query, or all if there aren't so many.
pub fn mutants(
    sql: &str,
    benchmark: &Benchmark,
    most: usize,
    choices: &mut Choices,
) -> Vec<Mutant> {
    let (tokens, _) = lex(FileId(0), sql, 0..sql.len());
    let tokens: Vec<Token> = tokens
        .into_iter()
        .filter(|token| token.kind != TokenKind::Comment)
        .collect();
    let mut all: Vec<(Token, String)> = Vec::new();
    for token in &tokens {
        let replacements = replacements(*token, sql, &tokens, benchmark, choices);
        all.extend(replacements.into_iter().map(|text| (*token, text)));
    }
    let mut chosen = Vec::new();
    while chosen.len() < most && !all.is_empty() {
        let (token, replacement) = all.swap_remove(choices.below(all.len()));
        let range = token.span.range();
        let written = &sql[range.clone()];
        let line = sql[..range.start].matches('\n').count() + 1;
        chosen.push(Mutant {
            sql: format!("{}{replacement}{}", &sql[..range.start], &sql[range.end..]),
            what: format!("`{written}` in line {line} becomes `{replacement}`"),
        });
    }
    chosen
}

fn replacements(
    token: Token,
    sql: &str,
    tokens: &[Token],
    benchmark: &Benchmark,
    choices: &mut Choices,
) -> Vec<String> {
    let written = &sql[token.span.range()];
    let listed = |table: &[(&str, &[&str])]| -> Vec<String> {
        let entry = table
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(written));
        entry.map_or(Vec::new(), |(_, others)| {
            others.iter().map(|other| (*other).to_owned()).collect()
        })
    };
    match token.kind {
        TokenKind::Number => match written.parse::<i64>() {
            Ok(number) => vec![(number + 1).to_string(), (number / 2).to_string()],
            Err(_) => vec!["0.5".to_owned(), "1.25".to_owned()],
        },
        TokenKind::Text => other_texts(written, sql, tokens, choices),
        TokenKind::Symbol => listed(OPERATORS),
        TokenKind::Word => {
            let mut found = listed(WORDS);
            found.extend(other_names(written, sql, tokens, benchmark, choices));
            found
        }
        _ => Vec::new(),
    }
}

/// Another text of the same query, and one that no row has.
fn other_texts(written: &str, sql: &str, tokens: &[Token], choices: &mut Choices) -> Vec<String> {
    let others: Vec<&str> = tokens
        .iter()
        .filter(|token| token.kind == TokenKind::Text)
        .map(|token| &sql[token.span.range()])
        .filter(|other| *other != written)
        .collect();
    let mut found = vec!["'no such text'".to_owned()];
    if !others.is_empty() {
        found.push(others[choices.below(others.len())].to_owned());
    }
    found
}

/// A name for a name: another column of the table, another table or alias of the query.
fn other_names(
    written: &str,
    sql: &str,
    tokens: &[Token],
    benchmark: &Benchmark,
    choices: &mut Choices,
) -> Vec<String> {
    let name = written.to_lowercase();
    let mut found = Vec::new();
    let of_column = benchmark.tables.values().find_map(|columns| {
        let (_, sql_type) = columns.iter().find(|(own, _)| *own == name)?;
        Some((columns, sql_type))
    });
    if let Some((columns, sql_type)) = of_column {
        let alike: Vec<&String> = columns
            .iter()
            .filter(|(own, other)| *own != name && other == sql_type)
            .map(|(own, _)| own)
            .collect();
        if !alike.is_empty() {
            found.push(alike[choices.below(alike.len())].clone());
        }
        return found;
    }
    // What stands behind `as` or before a dot is a name of the query's own; another one may fit.
    let words = || tokens.iter().filter(|token| token.kind == TokenKind::Word);
    let is_known = |word: &str| {
        WORDS.iter().any(|(known, _)| *known == word) || word.len() < 2 || !word.contains('_')
    };
    if is_known(&name) && !benchmark.tables.contains_key(&name) {
        return found;
    }
    let others: Vec<String> = words()
        .map(|token| sql[token.span.range()].to_lowercase())
        .filter(|other| *other != name && other.contains('_'))
        .filter(|other| {
            benchmark.tables.contains_key(other) == benchmark.tables.contains_key(&name)
        })
        .collect();
    if !others.is_empty() {
        found.push(others[choices.below(others.len())].clone());
    }
    found
}

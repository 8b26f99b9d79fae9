//! Random small tables in which a query finds something: the literals that a query holds beside a
//! column are among the column's values.

use super::benchmark::{Benchmark, Choices};
use dbgo_compiler::lexer::lex;
use dbgo_compiler::span::FileId;
use dbgo_compiler::token::{Token, TokenKind};
use std::collections::BTreeMap;

/// How many rows a table of facts has.
const FACTS: usize = 160;

/// How many rows any other table has; its keys are 1 to this.
const OTHERS: usize = 16;

/// The tables whose first column is no key of their own.
const TABLES_OF_FACTS: [&str; 7] = [
    "catalog_returns",
    "catalog_sales",
    "inventory",
    "store_returns",
    "store_sales",
    "web_returns",
    "web_sales",
];

/// Statements that make and fill the tables that a query reads.
pub fn statements(benchmark: &Benchmark, sql: &str, choices: &mut Choices) -> String {
    let literals = literals(benchmark, sql);
    let mut text = String::new();
    for table in benchmark.tables_read(sql) {
        let columns = &benchmark.tables[&table];
        let list: Vec<String> = columns
            .iter()
            .map(|(name, sql_type)| format!("\"{name}\" {sql_type}"))
            .collect();
        let facts = TABLES_OF_FACTS.contains(&table.as_str());
        let count = if facts { FACTS } else { OTHERS };
        let rows: Vec<String> = (1..=count)
            .map(|row| {
                let values: Vec<String> = columns
                    .iter()
                    .enumerate()
                    .map(|(index, (name, sql_type))| match index {
                        0 if !facts => row.to_string(),
                        _ => value(name, sql_type, literals.get(name), choices),
                    })
                    .collect();
                format!("({})", values.join(", "))
            })
            .collect();
        text.push_str(&format!(
            "create or replace table \"{table}\" ({});\ninsert into \"{table}\" values {};\n",
            list.join(", "),
            rows.join(",\n")
        ));
    }
    text
}

/// For each column the literals that stand behind its name.
fn literals(benchmark: &Benchmark, sql: &str) -> BTreeMap<String, Vec<String>> {
    let (tokens, _) = lex(FileId(0), sql, 0..sql.len());
    let tokens: Vec<Token> = tokens.into_iter().collect();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut column: Option<String> = None;
    for token in &tokens {
        let written = &sql[token.span.range()];
        match token.kind {
            TokenKind::Word => {
                let name = written.to_lowercase();
                if benchmark.names.contains(&name) {
                    column = Some(name);
                }
            }
            TokenKind::Text | TokenKind::Number => {
                if let Some(column) = &column {
                    let known = found.entry(column.clone()).or_default();
                    known.push(written.to_owned());
                }
            }
            _ => {}
        }
    }
    found
}

fn value(
    name: &str,
    sql_type: &str,
    literals: Option<&Vec<String>>,
    choices: &mut Choices,
) -> String {
    if choices.one_in(16) {
        return "null".to_owned();
    }
    let numbers = || literals.into_iter().flatten();
    match sql_type {
        "DATE" => date(literals, choices),
        "VARCHAR" => {
            let texts: Vec<&String> = numbers().filter(|text| text.starts_with('\'')).collect();
            if !texts.is_empty() && !choices.one_in(5) {
                return texts[choices.below(texts.len())].replace('%', "");
            }
            let words = ["'alpha'", "'beta'", "'gamma'", "'Delta 4'", "'12345'"];
            words[choices.below(words.len())].to_owned()
        }
        _ if name.ends_with("_sk") => (choices.below(OTHERS) + 1).to_string(),
        _ if sql_type.starts_with("DECIMAL") => {
            let whole: Vec<f64> = numbers().filter_map(|text| text.parse().ok()).collect();
            if !whole.is_empty() && !choices.one_in(3) {
                let near = whole[choices.below(whole.len())] + choices.below(5) as f64;
                return format!("{near:.2}");
            }
            format!("{}.{:02}", choices.below(40), choices.below(100))
        }
        _ => {
            let whole: Vec<i64> = numbers().filter_map(|text| text.parse().ok()).collect();
            if !whole.is_empty() && !choices.one_in(5) {
                let jitter = match choices.one_in(3) {
                    true => choices.below(12) as i64,
                    false => 0,
                };
                return (whole[choices.below(whole.len())] + jitter).to_string();
            }
            choices.below(6).to_string()
        }
    }
}

fn date(literals: Option<&Vec<String>>, choices: &mut Choices) -> String {
    let dates: Vec<&String> = literals
        .into_iter()
        .flatten()
        .filter(|text| {
            let parts: Vec<&str> = text.trim_matches('\'').split('-').collect();
            parts.len() == 3 && parts.iter().all(|part| part.parse::<u32>().is_ok())
        })
        .collect();
    if dates.is_empty() {
        let (month, day) = (choices.below(12) + 1, choices.below(28) + 1);
        return format!("date '{}-{month:02}-{day:02}'", 1998 + choices.below(5));
    }
    let first = dates[choices.below(dates.len())];
    format!("date {first} + {}", choices.below(45))
}

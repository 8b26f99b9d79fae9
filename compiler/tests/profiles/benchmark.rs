//! The queries of TPC-H and TPC-DS as models. The queries aren't part of dbgo: `DBGO_CORPORA` names
//! the folder of `tpch.jsonl` and `tpcds.jsonl`.

use dbgo_compiler::lexer::lex;
use dbgo_compiler::parse::parse_query;
use dbgo_compiler::resolve::{BindInput, Schema, bind};
use dbgo_compiler::span::FileId;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A source of choices that are the same for the same seed.
#[derive(Clone)]
pub struct Choices(u64);

impl Choices {
    /// Begins anew.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below a bound (the generator splitmix64).
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = mixed ^ (mixed >> 31);
        usize::try_from(mixed % bound as u64).unwrap_or_default()
    }

    /// True once in so many times.
    pub fn one_in(&mut self, bound: usize) -> bool {
        self.below(bound) == 0
    }
}

/// A benchmark.
pub struct Benchmark {
    /// The files of its tables: path and text.
    pub sources: Vec<(String, String)>,
    /// Its tables: for each column its name and type.
    pub tables: BTreeMap<String, Vec<(String, String)>>,
    /// The names of all tables and columns.
    pub names: Vec<String>,
    /// Its queries.
    pub queries: Vec<Query>,
}

/// A query of a benchmark.
pub struct Query {
    /// Its name: `q01`.
    pub name: String,
    /// The query as it was published, without a semicolon.
    pub sql: String,
    /// How many columns it gives.
    pub width: usize,
}

impl Benchmark {
    /// A benchmark by its name; `None`, with a note, if the queries aren't there.
    pub fn find(name: &str) -> Option<Benchmark> {
        let Some(folder) = std::env::var_os("DBGO_CORPORA") else {
            println!("skipped: DBGO_CORPORA isn't set");
            return None;
        };
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/oracle/{name}.json"));
        let known = std::fs::read_to_string(path).expect("the schemas");
        let known: Value = serde_json::from_str(&known).expect("JSON");
        let file = PathBuf::from(folder).join(format!("{name}.jsonl"));
        let lines = std::fs::read_to_string(file).expect("the queries");
        let tables = tables(&known["tables"]);
        let mut names: Vec<String> = tables.keys().cloned().collect();
        names.extend(tables.values().flatten().map(|(name, _)| name.clone()));
        Some(Benchmark {
            sources: tables.iter().map(source).collect(),
            tables,
            names,
            queries: lines
                .lines()
                .map(|line| query(line, &known["queries"]))
                .collect(),
        })
    }

    /// A query as a model's text, with a name for each column.
    pub fn model(&self, sql: &str, width: usize) -> String {
        let read = self.tables_read(sql);
        let imports: String = read
            .iter()
            .map(|table| format!("-- @import: sources.{table}\n"))
            .collect();
        format!("{imports}{}", named(sql, width))
    }

    /// The tables that a query reads, and not its own common tables of the same name.
    pub fn tables_read(&self, sql: &str) -> BTreeSet<String> {
        let (tokens, _) = lex(FileId(0), sql, 0..sql.len());
        let Ok(query) = parse_query(sql, &tokens) else {
            return BTreeSet::new();
        };
        let imports: BTreeMap<String, Schema> = self
            .tables
            .keys()
            .map(|name| (name.clone(), Schema::unknown()))
            .collect();
        let input = BindInput {
            imports: Cow::Owned(imports),
            text: sql,
            ..BindInput::default()
        };
        let uses = bind(&query, &input).relations.into_iter();
        uses.map(|used| used.name).collect()
    }
}

/// A query with a name for each column.
pub fn named(sql: &str, width: usize) -> String {
    let names: Vec<String> = (1..=width).map(|number| format!("c{number}")).collect();
    format!("select * from (\n{sql}\n) as named({})\n", names.join(", "))
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn tables(known: &Value) -> BTreeMap<String, Vec<(String, String)>> {
    let column = |column: &Value| (text(&column["name"]), text(&column["type"]));
    let columns = |columns: &Value| {
        let columns = columns.as_array().expect("columns");
        columns.iter().map(column).collect()
    };
    let tables = known.as_object().expect("tables");
    tables
        .iter()
        .map(|(name, table)| (name.clone(), columns(table)))
        .collect()
}

fn source((name, columns): (&String, &Vec<(String, String)>)) -> (String, String) {
    let columns: Vec<String> = columns
        .iter()
        .map(|(name, sql_type)| format!("\"{name}\" {sql_type}"))
        .collect();
    let statement = format!("create table \"{name}\" ({});", columns.join(", "));
    (format!("sources/{name}.sql"), statement)
}

fn query(line: &str, known: &Value) -> Query {
    let row: Value = serde_json::from_str(line).expect("JSON");
    let name = text(&row["name"]);
    Query {
        width: known[&name].as_array().map_or(0, Vec::len),
        sql: text(&row["sql"]).trim().trim_end_matches(';').to_owned(),
        name: format!("q{}", name.trim_end_matches(".sql").trim_start_matches('q')),
    }
}

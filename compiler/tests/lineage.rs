//! The lineage of TPC-H against a table that was written by hand from reading the queries.
//!
//! The table is `tests/oracle/lineage_tpch.tsv`. The queries aren't in the repository: they are
//! read from the folder that `DBGO_CORPORA` names.

use dbgo_compiler::lexer::lex;
use dbgo_compiler::lineage::{Input, Part, Reads, Relation, UseSet, of_query};
use dbgo_compiler::parse::parse_query;
use dbgo_compiler::resolve::{BindInput, Column, Schema, bind};
use dbgo_compiler::span::FileId;
use dbgo_compiler::sql_type::SqlType;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Query, column, input, use.
type Row = (String, String, String, String);

fn oracle(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/oracle");
    let path = folder.join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().expect("a text")
}

fn schemas(tables: &Value) -> BTreeMap<String, Schema> {
    let column = |column: &Value| Column {
        name: text(column, "name").to_owned(),
        sql_type: text(column, "type").parse().unwrap_or(SqlType::Unknown),
        nullable: column["nullable"] == Value::Bool(true),
        made_at: None,
    };
    let tables = tables.as_object().expect("tables").iter();
    let tables = tables.map(|(name, columns)| {
        let columns = columns.as_array().expect("columns").iter().map(column);
        (name.clone(), Schema::known(columns.collect()))
    });
    tables.collect()
}

/// The lineage of a query as rows of the table.
fn rows_of(query: &str, sql: &str, imports: &BTreeMap<String, Schema>) -> BTreeSet<Row> {
    let (tokens, _) = lex(FileId(0), sql, 0..sql.len());
    let tree = parse_query(sql, &tokens).expect("a query");
    let input = BindInput {
        imports: Cow::Borrowed(imports),
        text: sql,
        ..BindInput::default()
    };
    let bound = bind(&tree, &input);
    let columns = bound.columns.expect("columns");
    let names: Vec<&String> = imports.keys().collect();
    let reads = Reads {
        imports: (0..)
            .zip(imports)
            .map(|(index, (name, schema))| (name.clone(), (index, schema.names())))
            .collect(),
        text: sql,
        ..Reads::default()
    };
    let shown = |input: Input| {
        let Relation::Import(index) = input.relation else {
            panic!("there is no `:this`");
        };
        let name = names[index as usize];
        let columns = imports[name].columns.as_ref().expect("columns");
        match input.part {
            Part::Rows => name.clone(),
            Part::Column(position) => format!("{name}.{}", columns[position as usize].name),
            Part::Any => format!("{name}.?"),
        }
    };
    let mut rows = BTreeSet::new();
    let mut put = |column: &str, uses: &UseSet| {
        for (input, uses) in uses.iter() {
            if column == "*" && input.part == Part::Rows {
                continue;
            }
            rows.extend(uses.words().map(|word| {
                let (query, column) = (query.to_owned(), column.to_owned());
                (query, column, shown(input), word.to_owned())
            }));
        }
    };
    let lineage = of_query(&bound.tree, &reads, columns.len());
    put("*", &lineage.rows);
    for (column, lineage) in columns.iter().zip(&lineage.columns) {
        put(column.name.as_deref().unwrap_or_default(), &lineage.uses);
    }
    rows
}

#[test]
fn the_lineage_of_tpch_is_as_written_by_hand() {
    let Some(corpora) = std::env::var_os("DBGO_CORPORA").map(PathBuf::from) else {
        println!("skipped: DBGO_CORPORA isn't set");
        return;
    };
    let queries = std::fs::read_to_string(corpora.join("tpch.jsonl")).expect("the queries");
    let types: Value = serde_json::from_str(&oracle("tpch.json")).expect("valid JSON");
    let imports = schemas(&types["tables"]);
    let table = oracle("lineage_tpch.tsv");
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    let by_hand: BTreeSet<Row> = lines
        .map(|line| match line.split('\t').collect::<Vec<_>>()[..] {
            [query, column, input, used] => (
                query.to_owned(),
                column.to_owned(),
                input.to_owned(),
                used.to_owned(),
            ),
            _ => panic!("not four fields: {line}"),
        })
        .collect();
    let mut ours = BTreeSet::new();
    for line in queries.lines() {
        let query: Value = serde_json::from_str(line).expect("valid JSON");
        let name = text(&query, "name").trim_end_matches(".sql");
        ours.extend(rows_of(name, text(&query, "sql"), &imports));
    }
    println!(
        "{} of {} uses are as by hand",
        ours.intersection(&by_hand).count(),
        by_hand.len()
    );
    let differing = |these: &BTreeSet<Row>, those: &BTreeSet<Row>| -> Vec<String> {
        let rows = these.difference(those);
        rows.map(|(query, column, input, used)| format!("  {query} {column}: {input} {used}"))
            .collect()
    };
    let (missing, more) = (differing(&by_hand, &ours), differing(&ours, &by_hand));
    assert!(
        missing.is_empty() && more.is_empty(),
        "by hand, and not found:\n{}\nfound, and not by hand:\n{}",
        missing.join("\n"),
        more.join("\n")
    );
}

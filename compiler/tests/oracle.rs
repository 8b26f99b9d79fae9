//! Names and types of our own binder against what the engine says with `DESCRIBE`.
//!
//! The engine's answers are data in `tests/oracle`. The texts of the benchmark queries aren't in
//! the repository: they are read from the folder that `DBGO_CORPORA` names.

use dbgo_compiler::lexer::lex;
use dbgo_compiler::parse::parse_query;
use dbgo_compiler::resolve::{BindInput, Bound, Column, Schema, bind};
use dbgo_compiler::span::FileId;
use dbgo_compiler::sql_type::SqlType;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

fn data(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/oracle")
        .join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn corpus(name: &str) -> Option<String> {
    let folder = PathBuf::from(std::env::var_os("DBGO_CORPORA")?);
    std::fs::read_to_string(folder.join(name)).ok()
}

fn bound(text: &str, imports: &BTreeMap<String, Schema>) -> Result<Bound, String> {
    let (tokens, found) = lex(FileId(0), text, 0..text.len());
    if let Some(diagnostic) = found.first() {
        return Err(diagnostic.message.clone());
    }
    let query = parse_query(text, &tokens).map_err(|diagnostic| diagnostic.message)?;
    let input = BindInput {
        imports: Cow::Borrowed(imports),
        text,
        ..BindInput::default()
    };
    Ok(bind(&query, &input))
}

fn text(value: &Value, key: &str) -> String {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("no `{key}` in {value}"))
        .to_owned()
}

fn columns(value: &Value) -> Vec<(String, String)> {
    let columns = value.as_array().into_iter().flatten();
    columns
        .map(|column| (text(column, "name"), text(column, "type")))
        .collect()
}

fn schemas(tables: &Value) -> BTreeMap<String, Schema> {
    let tables = tables.as_object().into_iter().flatten();
    tables
        .map(|(name, table)| {
            let columns = table.as_array().into_iter().flatten().map(|column| Column {
                name: text(column, "name"),
                sql_type: text(column, "type").parse().unwrap_or(SqlType::Unknown),
                nullable: column["nullable"] == Value::Bool(true),
                made_at: None,
            });
            (name.to_lowercase(), Schema::known(columns.collect()))
        })
        .collect()
}

fn benchmark(name: &str) {
    let Some(queries) = corpus(&format!("{name}.jsonl")) else {
        println!("{name}: the queries aren't here, nothing is compared");
        return;
    };
    let expected: Value = serde_json::from_str(&data(&format!("{name}.json"))).expect("valid JSON");
    let imports = schemas(&expected["tables"]);
    let (mut equal, mut all, mut wrong) = (0, 0, Vec::new());
    for line in queries.lines() {
        let query: Value = serde_json::from_str(line).expect("valid JSON");
        let (title, sql) = (text(&query, "name"), text(&query, "sql"));
        let columns = columns(&expected["queries"][&title]);
        all += columns.len();
        match bound(&sql, &imports) {
            Err(message) => wrong.push(format!("{title}: {message}")),
            Ok(bound) => {
                wrong.extend(
                    bound
                        .diagnostics
                        .iter()
                        .map(|found| format!("{title}: {} {}", found.code, found.message)),
                );
                let ours: Vec<(String, String)> = bound
                    .columns
                    .unwrap_or_default()
                    .into_iter()
                    .map(|column| (column.name.unwrap_or_default(), column.sql_type.to_string()))
                    .collect();
                equal += ours
                    .iter()
                    .zip(&columns)
                    .filter(|(ours, theirs)| ours == theirs)
                    .count();
                if ours != columns {
                    wrong.push(format!("{title}:\n  ours   {ours:?}\n  theirs {columns:?}"));
                }
            }
        }
    }
    println!("{name}: {equal} of {all} columns are typed and named by our own binder");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(equal, all);
}

#[test]
fn columns_of_tpch_are_the_engines() {
    benchmark("tpch");
}

#[test]
fn columns_of_tpcds_are_the_engines() {
    benchmark("tpcds");
}

/// The first line of the file is the table, each other one an expression over it with the name
/// and the type that the engine gives, `-` where it refuses.
#[test]
fn expressions_are_named_and_typed_as_the_engine_does() {
    let data = data("expressions.tsv");
    let mut lines = data.lines();
    let declared: SqlType = format!("STRUCT({})", lines.next().unwrap_or_default())
        .parse()
        .expect("columns");
    let SqlType::Struct(fields) = declared else {
        unreachable!()
    };
    let table = fields.into_iter().map(|(name, sql_type)| Column {
        name,
        sql_type,
        nullable: true,
        made_at: None,
    });
    let imports = BTreeMap::from([("t".to_owned(), Schema::known(table.collect()))]);
    let (mut all, mut typed, mut named, mut missed, mut wrong) = (0, 0, 0, 0, Vec::new());
    for line in lines {
        let [expression, name, sql_type] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let bound = match bound(&format!("select {expression} from t"), &imports) {
            Ok(bound) => bound,
            Err(_) if sql_type == "-" => continue,
            Err(message) => {
                wrong.push(format!("{expression}: {message}"));
                continue;
            }
        };
        if sql_type == "-" {
            missed += usize::from(bound.diagnostics.is_empty());
            continue;
        }
        all += 1;
        wrong.extend(
            bound
                .diagnostics
                .iter()
                .map(|found| format!("{expression}: {} {}", found.code, found.message)),
        );
        let Some([column]) = bound.columns.as_deref() else {
            continue;
        };
        if let Some(ours) = &column.name {
            named += 1;
            if ours != name {
                wrong.push(format!(
                    "{expression}: named `{ours}`, the engine says `{name}`"
                ));
            }
        }
        if !column.sql_type.has_unknown() {
            typed += 1;
            if column.sql_type.to_string() != sql_type {
                wrong.push(format!(
                    "{expression}: {}, the engine says {sql_type}",
                    column.sql_type
                ));
            }
        } else {
            println!("unknown: {expression} ({sql_type})");
        }
    }
    println!(
        "{all} expressions: {typed} typed, {named} named; {missed} faults are left to the engine"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(typed * 10 >= all * 9);
}

/// Whole queries over a few tables: the first lines, behind `#`, say each table and its columns; the
/// others a query, then the name and the type of each of its columns.
#[test]
fn queries_have_the_columns_that_the_engine_says() {
    let data = data("queries.tsv");
    let mut imports = BTreeMap::new();
    let (mut all, mut wrong) = (0, Vec::new());
    for line in data.lines() {
        if let Some((name, columns)) = line
            .strip_prefix("#\t")
            .and_then(|line| line.split_once('\t'))
        {
            let SqlType::Struct(fields) = format!("STRUCT({columns})").parse().expect("columns")
            else {
                unreachable!()
            };
            let columns = fields.into_iter().map(|(name, sql_type)| Column {
                name,
                sql_type,
                nullable: true,
                made_at: None,
            });
            imports.insert(name.to_owned(), Schema::known(columns.collect()));
            continue;
        }
        all += 1;
        let mut parts = line.split('\t');
        let query = parts.next().unwrap_or_default();
        let engine: Vec<&str> = parts.collect();
        let bound = bound(query, &imports).unwrap_or_else(|message| panic!("{query}: {message}"));
        let told: Vec<&str> = bound
            .diagnostics
            .iter()
            .map(|found| found.message.as_str())
            .collect();
        let ours: Option<Vec<String>> = bound.columns.as_deref().map(|columns| {
            let shown = |name: &Option<String>| name.clone().unwrap_or_default();
            columns
                .iter()
                .flat_map(|column| [shown(&column.name), column.sql_type.to_string()])
                .collect()
        });
        if !told.is_empty() || ours.as_ref().is_none_or(|ours| *ours != engine) {
            wrong.push(format!(
                "{query}\n  {told:?}\n  ours {ours:?}\n  engine {engine:?}"
            ));
        }
    }
    assert!(all > 300, "{all} queries");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

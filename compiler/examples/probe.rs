use dbgo_compiler::lexer::lex;
use dbgo_compiler::parse::parse_query;
use dbgo_compiler::resolve::{BindInput, Column, Schema, bind};
use dbgo_compiler::span::FileId;
use dbgo_compiler::sql_type::SqlType;
use std::borrow::Cow;
use std::collections::BTreeMap;

fn main() {
    let path = std::env::args().nth(1).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let (mut cols, mut read_cols, mut typed, mut wrong, mut false_err) = (0, 0, 0, 0, 0);
    for line in text.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let sql = row["sql"].as_str().unwrap();
        let reads = row["reads"].as_bool().unwrap();
        let expected: Vec<(String, String)> = row["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| {
                (
                    c[0].as_str().unwrap().to_owned(),
                    c[1].as_str().unwrap().to_owned(),
                )
            })
            .collect();
        let mut imports = BTreeMap::new();
        for (name, columns) in row["tables"].as_object().unwrap() {
            let key = name.rsplit('.').next().unwrap().to_owned();
            let columns = columns
                .as_array()
                .unwrap()
                .iter()
                .map(|c| Column {
                    name: c[0].as_str().unwrap().to_owned(),
                    sql_type: c[1].as_str().unwrap().parse().unwrap_or(SqlType::Unknown),
                    nullable: true,
                    made_at: None,
                })
                .collect();
            imports.insert(key, Schema::known(columns));
        }
        if reads {
            cols += expected.len();
        }
        let (tokens, found) = lex(FileId(0), sql, 0..sql.len());
        let say = |kind: &str, what: &str| {
            println!(
                "{kind}\t{}\t{}\t{}\t{}",
                if reads { "T" } else { "-" },
                what,
                sql.replace(['\n', '\t'], " "),
                row["file"].as_str().unwrap()
            )
        };
        if !found.is_empty() {
            say("LEX", "");
            continue;
        }
        let query = match parse_query(sql, &tokens) {
            Ok(query) => query,
            Err(error) => {
                say("PARSE", &error.message);
                continue;
            }
        };
        if reads {
            read_cols += expected.len();
        }
        let input = BindInput {
            imports: Cow::Owned(imports),
            text: sql,
            ..BindInput::default()
        };
        let bound = bind(&query, &input);
        for d in &bound.diagnostics {
            if d.code.to_string() == "columns-depend-on-data" {
                continue;
            }
            false_err += 1;
            say("ERROR", &d.message);
        }
        let Some(columns) = &bound.columns else {
            for (n, t) in &expected {
                say("OPEN", &format!("{n}: {t}"));
            }
            continue;
        };
        if columns.len() != expected.len() {
            wrong += 1;
            say("COUNT", &format!("{} {}", columns.len(), expected.len()));
            continue;
        }
        for (column, (name, sql_type)) in columns.iter().zip(&expected) {
            let have = column.sql_type.to_string();
            let mut ok = true;
            match &column.name {
                None => {
                    ok = false;
                    say(
                        "NAME?",
                        &format!("{}: {sql_type}", name.replace(['\n', '\t'], " ")),
                    );
                }
                Some(own) if own != name => {
                    ok = false;
                    wrong += 1;
                    say("NAME", &format!("{own} <> {name}"));
                }
                _ => {}
            }
            if column.sql_type.has_unknown() {
                ok = false;
                say("TYPE?", &format!("{name}: {sql_type}"));
            } else if have != *sql_type {
                ok = false;
                wrong += 1;
                say("TYPE", &format!("{name}: {have} <> {sql_type}"));
            }
            if reads && ok {
                typed += 1;
            }
        }
    }
    eprintln!(
        "all {cols} parsed {read_cols} typed {typed}: {:.2} % of parsed, {:.2} % of all; wrong {wrong}, false errors {false_err}",
        typed as f64 * 100.0 / read_cols as f64,
        typed as f64 * 100.0 / cols as f64
    );
}

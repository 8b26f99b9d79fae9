//! No query makes the binder panic, hang or overflow its stack, and what it finds lies in the text.
#![no_main]

use dbgo_compiler::lexer::lex;
use dbgo_compiler::parse::parse_query;
use dbgo_compiler::resolve::{BindInput, Column, Schema, bind};
use dbgo_compiler::span::FileId;
use dbgo_compiler::sql_type::SqlType;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The tables of the texts that the fuzzer starts from.
static TABLES: LazyLock<BTreeMap<String, Schema>> = LazyLock::new(|| {
    let tables = [
        (
            "orders",
            "id INTEGER, customer_id INTEGER, amount DECIMAL(10,2), placed TIMESTAMP, status VARCHAR",
        ),
        (
            "customers",
            "id INTEGER, name VARCHAR, tags VARCHAR[], address STRUCT(city VARCHAR, zip VARCHAR)",
        ),
        (
            "events",
            "happened TIMESTAMP WITH TIME ZONE, kind VARCHAR, payload MAP(VARCHAR, INTEGER)",
        ),
    ];
    let schema = |columns: &str| {
        let Ok(SqlType::Struct(fields)) = format!("STRUCT({columns})").parse() else {
            return Schema::unknown();
        };
        let columns = fields
            .into_iter()
            .enumerate()
            .map(|(index, (name, sql_type))| Column {
                name,
                sql_type,
                nullable: index > 0,
                made_at: None,
            });
        Schema::known(columns.collect())
    };
    let known = tables.map(|(name, columns)| (name.to_owned(), schema(columns)));
    known
        .into_iter()
        .chain([("open".to_owned(), Schema::unknown())])
        .collect()
});

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (tokens, _) = lex(FileId(0), text, 0..text.len());
    let Ok(query) = parse_query(text, &tokens) else {
        return;
    };
    let input = BindInput {
        imports: Cow::Borrowed(&TABLES),
        text,
        unique_columns: true,
        ..BindInput::default()
    };
    let bound = bind(&query, &input);
    for found in &bound.diagnostics {
        let place = found.primary.as_ref().expect("a place in the query");
        assert!(text.get(place.span.range()).is_some());
    }
    for column in bound.columns.iter().flatten() {
        assert!(text.get(column.span.range()).is_some());
    }
});

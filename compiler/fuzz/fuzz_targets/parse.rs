//! No text makes the parser panic, and what it reads lies in the text.
#![no_main]

use dbgo_compiler::lexer::lex;
use dbgo_compiler::parse::table::parse_create_table;
use dbgo_compiler::parse::{parse_expression, parse_query, parse_type};
use dbgo_compiler::span::FileId;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (tokens, _) = lex(FileId(0), text, 0..text.len());
    if let Ok(query) = parse_query(text, &tokens) {
        assert!(text.get(query.span.range()).is_some());
    }
    let _ = parse_expression(text, &tokens);
    let _ = parse_type(text, &tokens);
    let _ = parse_create_table(text, &tokens);
});

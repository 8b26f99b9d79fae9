use super::*;
use crate::lexer::lex;
use crate::span::FileId;

fn parse(text: &str) -> Result<Query, Diagnostic> {
    let (tokens, found) = lex(FileId(0), text, 0..text.len());
    match found.into_iter().next() {
        Some(error) => Err(error),
        None => parse_query(text, &tokens),
    }
}

#[test]
fn scratch() {
    parse("select 1").unwrap();
}

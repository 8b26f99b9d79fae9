//! The lexer covers any text: tokens in order, white space alone between them.
#![no_main]

use dbgo_compiler::lexer::lex;
use dbgo_compiler::span::FileId;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (tokens, _) = lex(FileId(0), text, 0..text.len());
    let mut end = 0;
    for token in &tokens {
        let range = token.span.range();
        assert!(range.start >= end && range.end > range.start);
        let gap = &text[end..range.start];
        assert!(gap.chars().all(|c| c.is_whitespace() || c == '\u{feff}'));
        end = range.end;
    }
    assert!(text[end..].chars().all(|c| c.is_whitespace() || c == '\u{feff}'));
});

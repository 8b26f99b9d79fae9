//! A shorter query with the same difference.

use super::source::Source;

/// The most queries that are tried.
const MOST_TRIES: usize = 120;

/// Leaves out runs of tokens as long as `same` holds, the longest first.
pub fn reduced(text: &str, mut same: impl FnMut(&str) -> bool) -> String {
    let mut best = text.to_owned();
    let mut tries = 0;
    let mut length = Source::read(&best).tokens.len() / 2;
    while length > 0 {
        let mut at = 0;
        while tries < MOST_TRIES {
            let source = Source::read(&best);
            let (Some(first), Some(last)) =
                (source.tokens.get(at), source.tokens.get(at + length - 1))
            else {
                break;
            };
            let shorter = source.with(&(first.span.range().start..last.span.range().end), " ");
            tries += 1;
            match same(&shorter) {
                true => best = shorter,
                false => at += length.div_ceil(2),
            }
        }
        length /= 2;
    }
    best.split_whitespace().collect::<Vec<_>>().join(" ")
}

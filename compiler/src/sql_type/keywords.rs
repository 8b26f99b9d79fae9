//! Which names DuckDB writes in quotes.

use std::borrow::Cow;

/// The keywords of DuckDB 1.5.5 as `duckdb_keywords()` lists them, sorted, one per line.
const KEYWORDS: &str = include_str!("keywords.txt");

/// Whether a word is a keyword of any category. Case doesn't matter.
pub fn is_keyword(word: &str) -> bool {
    static SORTED: std::sync::OnceLock<Vec<&'static str>> = std::sync::OnceLock::new();
    let sorted = SORTED.get_or_init(|| KEYWORDS.lines().collect());
    sorted
        .binary_search(&word.to_ascii_lowercase().as_str())
        .is_ok()
}

/// A name as DuckDB writes it: in quotes if it is a keyword or has other characters than ASCII
/// letters, digits and underscores.
pub fn quote_identifier(name: &str) -> Cow<'_, str> {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_';
    let goes_on = |c: char| starts(c) || c.is_ascii_digit();
    if name.starts_with(starts) && name.chars().all(goes_on) && !is_keyword(name) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(format!("\"{}\"", name.replace('"', "\"\"")))
    }
}

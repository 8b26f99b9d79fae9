//! Whether a text is one statement, by DuckDB's lexical rules.
//!
//! The driver runs all but the last statement of a text while it prepares the last, and a
//! `COMMIT` inside a text would end a transaction behind its guard's back. So what isn't a single
//! statement, or controls a transaction, is refused before the driver sees it. This is no parser:
//! it knows where strings, quoted names and comments end, and nothing else.

use crate::adapters::error::{EngineError, ErrorClass};

/// Statements that begin or end a transaction.
const TRANSACTION_CONTROL: &[&str] = &["abort", "begin", "commit", "end", "rollback", "start"];

/// Fails unless the text is one statement that leaves transactions alone.
pub(super) fn require_single(text: &str) -> Result<(), EngineError> {
    let refuse =
        |message: &str| Err(EngineError::new(ErrorClass::Refused, message).with_statement(text));
    if text.contains('\0') {
        return refuse("the statement contains a NUL character");
    }
    let mut ended = false;
    for (_, kind) in tokens(text) {
        match kind {
            TokenKind::Blank => {}
            TokenKind::Semicolon => ended = true,
            TokenKind::Other if ended => {
                return refuse("several statements where one is expected");
            }
            TokenKind::Other => {}
        }
    }
    let Some(word) = first_word(text) else {
        return refuse("the statement is empty");
    };
    let is_control = |control: &&str| word.eq_ignore_ascii_case(control);
    if TRANSACTION_CONTROL.iter().any(is_control) {
        return refuse("a transaction is begun and ended by its guard alone");
    }
    Ok(())
}

/// Whether the text is a `CREATE` statement.
pub(super) fn creates(text: &str) -> bool {
    first_word(text).is_some_and(|word| word.eq_ignore_ascii_case("create"))
}

/// The first token that is neither blank nor a semicolon.
fn first_word(text: &str) -> Option<&str> {
    let (word, _) = tokens(text).find(|(_, kind)| *kind == TokenKind::Other)?;
    Some(word)
}

fn tokens(text: &str) -> Tokens<'_> {
    Tokens { text, position: 0 }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TokenKind {
    /// White space or a comment.
    Blank,
    Semicolon,
    Other,
}

struct Tokens<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = (&'a str, TokenKind);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.position;
        let rest = &self.text[start..];
        let first = rest.chars().next()?;
        let (length, kind) = if first.is_whitespace() {
            (first.len_utf8(), TokenKind::Blank)
        } else if rest.starts_with("--") {
            let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
            (end, TokenKind::Blank)
        } else if rest.starts_with("/*") {
            (block_comment(rest), TokenKind::Blank)
        } else if first == ';' {
            (1, TokenKind::Semicolon)
        } else {
            (token(rest, first), TokenKind::Other)
        };
        self.position = start + length;
        Some((&rest[..length], kind))
    }
}

/// The length of a token that is neither blank nor a semicolon.
fn token(rest: &str, first: char) -> usize {
    match first {
        '\'' | '"' => 1 + quoted(&rest[1..], first, false),
        'e' | 'E' if rest[1..].starts_with('\'') => 2 + quoted(&rest[2..], '\'', true),
        '$' => dollar_quoted(rest).unwrap_or(1),
        _ if is_word(first) => rest
            .find(|character| !is_word(character) && character != '$')
            .unwrap_or(rest.len()),
        _ => first.len_utf8(),
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || !character.is_ascii()
}

/// The length of a quoted text from behind its opening quote to behind its closing one. A doubled
/// quote needs no care: it reads as two texts side by side.
fn quoted(rest: &str, quote: char, backslash: bool) -> usize {
    let mut characters = rest.char_indices();
    while let Some((position, character)) = characters.next() {
        if backslash && character == '\\' {
            characters.next();
        } else if character == quote {
            return position + quote.len_utf8();
        }
    }
    rest.len()
}

/// The length of a `$tag$ … $tag$` text; `None` where the dollar begins none.
fn dollar_quoted(rest: &str) -> Option<usize> {
    let tag_end = 1 + rest[1..].find(|character| !is_word(character))?;
    if !rest[tag_end..].starts_with('$') || rest[1..].starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let tag = &rest[..=tag_end];
    let body = &rest[tag.len()..];
    let end = body.find(tag).map_or(body.len(), |end| end + tag.len());
    Some(tag.len() + end)
}

/// The length of a comment in which comments nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut position = 0;
    while position < rest.len() {
        let here = &rest[position..];
        if here.starts_with("/*") {
            depth += 1;
            position += 2;
        } else if here.starts_with("*/") {
            depth -= 1;
            position += 2;
            if depth == 0 {
                return position;
            }
        } else {
            position += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::require_single;

    #[test]
    fn single_statements_pass() {
        for text in [
            "select 1",
            "select ';' ; -- done; really\n /* ; /* ; */ ; */ ;",
            "select \"a;b\", E'\\';', $$;$$, $x$ $$ ; $y$ $x$ from t",
            "select 'it''s;' , $1",
            "with \"commit\" as (select 1) select * from \"commit\"",
            "select e, '\\' from e",
        ] {
            assert_eq!(require_single(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn others_are_refused() {
        for text in [
            "",
            " -- nothing\n",
            ";",
            "select 1; select 2",
            "select ';'';'; drop table t",
            "select E'\\'';commit",
            "select '\\';commit;--'",
            "select $a$ $b$ ; $a$; commit",
            "/* x */ Commit",
            "begin",
            "ROLLBACK;",
            "select 1 \0; commit",
        ] {
            assert!(require_single(text).is_err(), "{text}");
        }
    }
}

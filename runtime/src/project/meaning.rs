//! A piece of SQL without what means nothing: comments, and how white space runs.
//!
//! This is a lexical matter only: texts, quoted names and dollar-quoted texts stay as they are. A
//! piece that ends within one of them (as none does that dbgo generates) is kept to its end.

use std::borrow::Cow;

/// The text with each run of white space and comments as one blank.
pub fn meaningful(sql: &str) -> Cow<'_, str> {
    let plain = !sql.contains("--") && !sql.contains("/*") && !sql.contains(char::is_whitespace);
    if plain {
        return Cow::Borrowed(sql);
    }
    let mut kept = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let skipped = blank_length(rest, first);
        if skipped > 0 {
            if !kept.ends_with(' ') {
                kept.push(' ');
            }
            rest = &rest[skipped..];
            continue;
        }
        let start = quoted_length(rest, first).unwrap_or(first.len_utf8());
        let length = start + plain_length(&rest[start..]);
        kept.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    Cow::Owned(kept)
}

/// How many bytes a text begins with of which none can begin white space, a comment or a quoted text: a
/// project's whole SQL goes through here whenever its versions are computed.
fn plain_length(text: &str) -> usize {
    let is_plain = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b',' | b'.' | b'(' | b')' | b'=')
    };
    let bytes = text.as_bytes();
    bytes
        .iter()
        .position(|byte| !is_plain(byte))
        .unwrap_or(bytes.len())
}

/// How many bytes of white space or of one comment the text begins with.
fn blank_length(text: &str, first: char) -> usize {
    if first.is_whitespace() {
        text.len() - text.trim_start().len()
    } else if text.starts_with("--") {
        text.find('\n').map_or(text.len(), |end| end + 1)
    } else if text.starts_with("/*") {
        block_comment_length(text)
    } else {
        0
    }
}

/// The length of a block comment; comments nest.
fn block_comment_length(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// The length of a quoted text or name that the text begins with.
fn quoted_length(text: &str, first: char) -> Option<usize> {
    let end = match first {
        '\'' | '"' => text[1..].find(first).map(|end| end + 2),
        '$' => {
            let tag_end = text[1..].find('$')? + 2;
            let tag = &text[..tag_end];
            let is_tag = tag[1..tag_end - 1]
                .chars()
                .all(|c| c.is_alphanumeric() || c == '_');
            if !is_tag {
                return None;
            }
            text[tag_end..]
                .find(tag)
                .map(|end| tag_end + end + tag.len())
        }
        _ => return None,
    };
    Some(end.unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::meaningful;

    #[test]
    fn comments_and_white_space_mean_nothing_outside_texts() {
        for (left, right) in [
            ("select  1 -- one\n from t", "select 1 from t"),
            ("select /* a /* nested */ b */ 1", "select 1"),
            ("a\t\r\n b", "a b"),
        ] {
            assert_eq!(meaningful(left), right);
        }
        for text in [
            "'a  -- b'",
            "\"x  /* y\"",
            "$$a  --b$$",
            "$t$ a  $t$",
            "'it''s  so'",
            "a - -1",
        ] {
            assert_eq!(meaningful(text), text);
        }
    }

    #[test]
    fn runs_of_plain_text_end_before_what_means_nothing() {
        assert_eq!(meaningful("a--b\nc"), "a c");
        assert_eq!(meaningful("a/* x */b"), "a b");
        assert_eq!(meaningful("f(a,\u{a0}\u{a0}ü)--"), "f(a, ü) ");
        assert_eq!(meaningful("a.b='x  y'c  d"), "a.b='x  y'c d");
        assert_eq!(meaningful("a$$x  y$$b$1  c"), "a$$x  y$$b$1 c");
    }

    #[test]
    fn broken_texts_are_kept_to_their_end() {
        for text in ["'abc", "$t$ x", "$", "$1", "\""] {
            assert_eq!(meaningful(text), text);
        }
        assert_eq!(meaningful("a /* b"), "a ");
    }
}

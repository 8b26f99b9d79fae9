//! Takes out of Rust source what is no code of the product: comments, the contents of strings, and tests.
//!
//! Everything taken out becomes spaces, so that lines and columns stay. This is a lexer of the few tokens that matter
//! here, after the lexical structure in The Rust Reference; it isn't a parser, and macros are seen as they are written.

/// The code of a file, without comments, strings and items under `#[cfg(test)]`.
pub fn code_only(source: &str) -> String {
    without_tests(&without_comments_and_strings(source))
}

/// Whether all of a file is test code, as its path tells.
pub fn is_test_file(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/") || path.starts_with("tests/")
}

fn without_comments_and_strings(source: &str) -> String {
    let bytes = source.as_bytes();
    let mut code = source.as_bytes().to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match token_end(bytes, at) {
            Some(end) => {
                blank(&mut code[at..end]);
                end
            }
            None => at + 1,
        };
        at = end;
    }
    // Only whole tokens became spaces, and a token begins and ends at a character.
    String::from_utf8(code).unwrap_or_default()
}

/// Where the comment, string or character literal that begins at `at` ends; nothing if none begins there.
fn token_end(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    if rest.starts_with(b"//") {
        return Some(at + position(rest, |byte| byte == b'\n'));
    }
    if rest.starts_with(b"/*") {
        return Some(at + block_comment_length(rest));
    }
    let begins_word = at == 0 || !is_word(bytes[at - 1]);
    match rest[0] {
        b'"' => Some(at + quoted_length(rest, b'"')),
        b'\'' if is_character_literal(rest) => Some(at + quoted_length(rest, b'\'')),
        b'r' if begins_word => raw_string_length(&rest[1..]).map(|length| at + 1 + length),
        b'b' | b'c' if begins_word && rest.get(1) == Some(&b'r') => {
            raw_string_length(&rest[2..]).map(|length| at + 2 + length)
        }
        _ => None,
    }
}

fn position(bytes: &[u8], wanted: impl Fn(u8) -> bool) -> usize {
    bytes
        .iter()
        .position(|byte| wanted(*byte))
        .unwrap_or(bytes.len())
}

/// Block comments nest.
fn block_comment_length(bytes: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if bytes[at..].starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

/// The length of a literal with escapes, both quotes included.
fn quoted_length(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// `'a'`, `'\n'` and `'é'` are literals, `'a` is a lifetime.
fn is_character_literal(bytes: &[u8]) -> bool {
    match bytes.get(1) {
        Some(b'\\') => true,
        Some(first) => {
            let width = match first {
                0xf0.. => 4,
                0xe0.. => 3,
                0xc0.. => 2,
                _ => 1,
            };
            bytes.get(1 + width) == Some(&b'\'')
        }
        None => false,
    }
}

/// The length of `#…#"…"#…#`; nothing for a raw identifier.
fn raw_string_length(bytes: &[u8]) -> Option<usize> {
    let hashes = position(bytes, |byte| byte != b'#');
    if bytes.get(hashes) != Some(&b'"') {
        return None;
    }
    let closing: Vec<u8> = std::iter::once(b'"')
        .chain(std::iter::repeat_n(b'#', hashes))
        .collect();
    let body = &bytes[hashes + 1..];
    let end = body
        .windows(closing.len())
        .position(|window| window == closing);
    Some(hashes + 1 + end.map_or(body.len(), |end| end + closing.len()))
}

/// Blanks each item that stands under `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut kept = code.as_bytes().to_vec();
    let mut from = 0;
    while let Some(found) = code[from..].find(MARK) {
        let start = from + found;
        from = start + item_length(&code.as_bytes()[start..]);
        blank(&mut kept[start..from]);
    }
    String::from_utf8(kept).unwrap_or_default()
}

/// The length of an item with its attributes: to the `;` or the closing brace of its body.
fn item_length(bytes: &[u8]) -> usize {
    let (mut braces, mut brackets) = (0_usize, 0_usize);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'{' => braces += 1,
            b'}' if braces <= 1 => return at + 1,
            b'}' => braces -= 1,
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.saturating_sub(1),
            b';' if braces == 0 && brackets == 0 => return at + 1,
            _ => {}
        }
    }
    bytes.len()
}

fn blank(bytes: &mut [u8]) {
    bytes
        .iter_mut()
        .filter(|byte| **byte != b'\n')
        .for_each(|byte| *byte = b' ');
}

/// Whether a byte can be a part of an identifier.
pub fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<String> {
        let code = code_only(source);
        assert_eq!(code.len(), source.len());
        assert_eq!(code.lines().count(), source.lines().count());
        code.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn comments_go() {
        assert_eq!(
            words("a // b\nc /* d /* e */ f */ g\n/// h\n//! i"),
            ["a", "c", "g"]
        );
        assert_eq!(words("a /* never closed"), ["a"]);
    }

    #[test]
    fn strings_go() {
        assert_eq!(words(r#"a "b \" // c" d"#), ["a", "d"]);
        assert_eq!(words(r##"a r#"b " c"# d"##), ["a", "d"]);
        assert_eq!(words("a r\"b\\\" c"), ["a", "c"]);
        assert_eq!(words(r##"br#"x"# cr"y" r#type"##), ["r#type"]);
        assert_eq!(words("\"é\" z"), ["z"]);
    }

    #[test]
    fn characters_go_and_lifetimes_stay() {
        assert_eq!(words(r"'\'' x"), ["x"]);
        assert_eq!(words("'\"' y"), ["y"]);
        assert_eq!(words("'é' z"), ["z"]);
        assert_eq!(words("&'a str"), ["&'a", "str"]);
    }

    #[test]
    fn tests_go() {
        assert_eq!(words("a\n#[cfg(test)]\nmod tests;\nb"), ["a", "b"]);
        assert_eq!(
            words("a\n#[cfg(test)]\n#[allow(x)]\nmod tests { fn f() { {} } }\nb"),
            ["a", "b"]
        );
        assert_eq!(
            words("a\n#[cfg(test)]\nfn f() -> [u8; 3] { g() }\nb"),
            ["a", "b"]
        );
        assert!(is_test_file("compiler/src/parse/tests.rs") && is_test_file("tests/src/lib.rs"));
        assert!(!is_test_file("compiler/src/latests.rs"));
    }
}

//! Tokens of a file: one pass over its bytes, nothing thrown away but white space.
//!
//! The lexer follows DuckDB's scanner: nested block comments, `E'…'` with backslashes, dollar
//! quotes, `1_000`, and runs of operator characters that form one operator. It borrows nothing
//! and copies nothing: a token is a kind and a span. It knows no keywords and no directives (see
//! [`directives`](crate::directives), which steps a [`Lexer`] line by line).
//!
//! # What is a reference
//!
//! `:name` is a [`TokenKind::Reference`] if a letter, an underscore or a character beyond ASCII
//! follows the colon directly, unless
//!
//! 1. the colon belongs to `::` or `:=`;
//! 2. a word, a quoted name, a number, a text or one of `)`, `]`, `}` ends directly before it, with
//!    no white space between: `a:b` is a path, `arr[1:n]` a slice, `{'a':b}` a struct,
//!    `alias:x` a prefix alias, `lambda x:x` a lambda;
//! 3. `[` stands directly before it and a value directly before that: `arr[:n]` is a slice, while
//!    `[:n]` is a list that holds a reference.
//!
//! A prefix alias with white space before its colon needs white space behind it too.

use crate::diagnostic::{Code, Diagnostic};
use crate::span::{FileId, Span};
use crate::token::{Token, TokenKind};
use std::ops::Range;

/// Splits a range of a file's text into tokens. White space alone is left out.
///
/// A text, quoted name, dollar quote or comment without an end reaches to the end of the range
/// and gives a `syntax-error` at its start. A range that doesn't lie in the text, or cuts a
/// character, gives no tokens.
pub fn lex(file: FileId, text: &str, range: Range<usize>) -> (Vec<Token>, Vec<Diagnostic>) {
    let mut lexer = Lexer::new(file, text, range);
    let mut tokens = Vec::with_capacity(lexer.remaining() / 4);
    while let Some(token) = lexer.next_token() {
        tokens.push(token);
    }
    (tokens, lexer.into_diagnostics())
}

/// A lexer that goes token by token.
pub struct Lexer<'a> {
    file: FileId,
    bytes: &'a [u8],
    text: &'a str,
    position: usize,
    /// Whether the token before last ends directly before the last one, and is a value.
    bracket_indexes: bool,
    previous: Option<Token>,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> Lexer<'a> {
    /// A lexer at the start of a range.
    pub fn new(file: FileId, text: &'a str, range: Range<usize>) -> Self {
        let whole = text.get(range.clone()).is_some();
        let end = if whole { range.end } else { 0 };
        let text = text.get(..end).unwrap_or_default();
        Self {
            file,
            bytes: text.as_bytes(),
            text,
            position: if whole { range.start } else { 0 },
            bracket_indexes: false,
            previous: None,
            diagnostics: Vec::new(),
        }
    }

    /// The byte that is read next.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Goes on at a byte further on, as after a line that isn't SQL. A byte within a character or
    /// behind the end counts as the end.
    pub fn skip_to(&mut self, position: usize) {
        let inside = position >= self.position && self.text.is_char_boundary(position);
        self.position = if inside { position } else { self.bytes.len() };
        self.previous = None;
        self.bracket_indexes = false;
    }

    /// What was found to be wrong.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    /// Skips white space and tells whether something follows it.
    pub fn skip_space(&mut self) -> bool {
        while let Some(byte) = self.peek(0) {
            if byte.is_ascii_whitespace() || byte == 0x0b {
                self.position += 1;
            } else if byte < 0x80 {
                return true;
            } else {
                match self.text[self.position..].chars().next() {
                    Some(c) if is_space(c) => self.position += c.len_utf8(),
                    _ => return true,
                }
            }
        }
        false
    }

    /// The next token.
    pub fn next_token(&mut self) -> Option<Token> {
        if !self.skip_space() {
            return None;
        }
        let start = self.position;
        let kind = self.scan();
        let token = Token {
            kind,
            span: Span::new(self.file, start, self.position),
        };
        if kind != TokenKind::Comment {
            self.bracket_indexes = self.byte_at(start) == Some(b'[') && self.value_before(start);
            self.previous = Some(token);
        }
        Some(token)
    }

    fn remaining(&self) -> usize {
        self.bytes.len() - self.position
    }

    fn byte_at(&self, position: usize) -> Option<u8> {
        self.bytes.get(position).copied()
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.byte_at(self.position + ahead)
    }

    fn scan(&mut self) -> TokenKind {
        match self.bytes[self.position] {
            b'\'' => self.quoted(0, false, TokenKind::Text),
            b'"' => self.quoted(0, false, TokenKind::QuotedName),
            b'$' => self.dollar(),
            b'?' => {
                self.position += 1;
                self.skip_while(|byte| byte.is_ascii_digit());
                TokenKind::Parameter
            }
            b'0'..=b'9' => self.number(),
            b'.' if self.peek(1).is_some_and(|byte| byte.is_ascii_digit()) => self.number(),
            b'-' if self.peek(1) == Some(b'-') => self.line_comment(),
            b'/' if self.peek(1) == Some(b'*') => self.block_comment(),
            b':' => self.colon(),
            byte if starts_word(byte) => self.word(),
            byte if is_operator(byte) => self.operator(),
            b'.' if self.peek(1) == Some(b'.') => self.symbol(2),
            _ => self.symbol(1),
        }
    }

    fn symbol(&mut self, length: usize) -> TokenKind {
        self.position += length;
        TokenKind::Symbol
    }

    fn skip_while(&mut self, test: impl Fn(u8) -> bool) {
        while self.peek(0).is_some_and(&test) {
            self.position += 1;
        }
    }

    fn unterminated(&mut self, start: usize, length: usize, what: &str, end: &str) {
        let span = Span::new(self.file, start, start + length);
        self.position = self.bytes.len();
        self.diagnostics.push(
            Diagnostic::error(Code::SyntaxError, span, format!("this {what} never ends"))
                .hint(format!("close it with `{end}`")),
        );
    }

    /// A text or quoted name behind a prefix of `prefix` bytes such as `E`. A doubled quote
    /// stands for one.
    fn quoted(&mut self, prefix: usize, backslashes: bool, kind: TokenKind) -> TokenKind {
        let start = self.position;
        let quote = self.bytes[start + prefix];
        self.position += prefix + 1;
        while let Some(byte) = self.peek(0) {
            if byte == b'\\' && backslashes {
                self.position += 2;
            } else if byte != quote {
                self.position += 1;
            } else if self.peek(1) == Some(quote) {
                self.position += 2;
            } else {
                self.position += 1;
                return self.at_boundary(kind);
            }
        }
        let (what, end) = match quote {
            b'"' => ("quoted name", "\""),
            _ => ("text", "'"),
        };
        self.unterminated(start, prefix + 1, what, end);
        kind
    }

    /// A backslash may have stepped into the middle of a character, never past the quote.
    fn at_boundary(&mut self, kind: TokenKind) -> TokenKind {
        while !self.text.is_char_boundary(self.position) {
            self.position += 1;
        }
        kind
    }

    /// `$1`, `$name`, `$$ … $$`, `$tag$ … $tag$`, or a lone `$`.
    fn dollar(&mut self) -> TokenKind {
        let start = self.position;
        self.position += 1;
        if self.peek(0).is_some_and(|byte| byte.is_ascii_digit()) {
            self.skip_while(|byte| byte.is_ascii_digit());
            return TokenKind::Parameter;
        }
        if self.peek(0).is_some_and(starts_word) {
            // A tag holds no dollar sign, unlike a name.
            self.skip_word(|byte| byte != b'$' && continues_word(byte));
        }
        if self.peek(0) != Some(b'$') {
            return match self.position - start {
                1 => TokenKind::Symbol,
                _ => TokenKind::Parameter,
            };
        }
        self.position += 1;
        let tag = &self.text[start..self.position];
        match self.text[self.position..].find(tag) {
            Some(offset) => self.position += offset + tag.len(),
            None => {
                let tag = tag.to_owned();
                self.unterminated(start, tag.len(), "dollar-quoted text", &tag);
            }
        }
        TokenKind::DollarText
    }

    fn number(&mut self) -> TokenKind {
        // The engine has no numbers of another base: it reads `0xFF` as `0 AS xFF`.
        let decimal = |byte: u8| byte.is_ascii_digit();
        self.digits(decimal);
        // `1..2` isn't a number and a range of nothing.
        if self.peek(0) == Some(b'.') && self.peek(1) != Some(b'.') {
            self.position += 1;
            self.digits(decimal);
        }
        if matches!(self.peek(0), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.peek(1), Some(b'+' | b'-')));
            if self.peek(1 + sign).is_some_and(decimal) {
                self.position += 1 + sign;
                self.digits(decimal);
            }
        }
        TokenKind::Number
    }

    /// Digits, with single underscores between them.
    fn digits(&mut self, digit: impl Fn(u8) -> bool) {
        loop {
            self.skip_while(&digit);
            if self.peek(0) == Some(b'_') && self.peek(1).is_some_and(&digit) {
                self.position += 1;
            } else {
                return;
            }
        }
    }

    fn line_comment(&mut self) -> TokenKind {
        self.skip_while(|byte| byte != b'\n' && byte != b'\r');
        TokenKind::Comment
    }

    fn block_comment(&mut self) -> TokenKind {
        let start = self.position;
        self.position += 2;
        let mut depth = 1_usize;
        while let Some(byte) = self.peek(0) {
            match (byte, self.peek(1)) {
                (b'*', Some(b'/')) => {
                    self.position += 2;
                    depth -= 1;
                    if depth == 0 {
                        return TokenKind::Comment;
                    }
                }
                (b'/', Some(b'*')) => {
                    self.position += 2;
                    depth += 1;
                }
                _ => self.position += 1,
            }
        }
        self.unterminated(start, 2, "comment", "*/");
        TokenKind::Comment
    }

    fn colon(&mut self) -> TokenKind {
        match self.peek(1) {
            Some(b':' | b'=') => self.symbol(2),
            Some(next) if starts_word(next) && self.is_reference() => {
                let colon = self.position;
                self.position += 1;
                self.skip_word(continues_word);
                match self.position - colon {
                    // White space beyond ASCII follows the colon.
                    1 => TokenKind::Symbol,
                    _ => TokenKind::Reference,
                }
            }
            _ => self.symbol(1),
        }
    }

    fn is_reference(&self) -> bool {
        if self.value_before(self.position) {
            return false;
        }
        let adjacent = self
            .previous
            .is_some_and(|token| token.span.end as usize == self.position);
        !(adjacent && self.bracket_indexes)
    }

    /// Whether a value ends directly before a byte.
    fn value_before(&self, position: usize) -> bool {
        let Some(token) = self.previous else {
            return false;
        };
        if token.span.end as usize != position {
            return false;
        }
        match token.kind {
            TokenKind::Symbol => {
                position > 0 && matches!(self.byte_at(position - 1), Some(b')' | b']' | b'}'))
            }
            TokenKind::Comment => false,
            _ => true,
        }
    }

    fn word(&mut self) -> TokenKind {
        let quote = |byte: Option<u8>| byte == Some(b'\'');
        match self.bytes[self.position] {
            b'e' | b'E' if quote(self.peek(1)) => return self.quoted(1, true, TokenKind::Text),
            b'x' | b'X' | b'b' | b'B' | b'n' | b'N' if quote(self.peek(1)) => {
                return self.quoted(1, false, TokenKind::Text);
            }
            b'u' | b'U' if self.peek(1) == Some(b'&') => match self.peek(2) {
                Some(b'\'') => return self.quoted(2, false, TokenKind::Text),
                Some(b'"') => return self.quoted(2, false, TokenKind::QuotedName),
                _ => {}
            },
            _ => {}
        }
        self.skip_word(continues_word);
        TokenKind::Word
    }

    /// The rest of a word; white space beyond ASCII ends it.
    fn skip_word(&mut self, continues: impl Fn(u8) -> bool) {
        while let Some(byte) = self.peek(0) {
            if byte < 0x80 {
                if !continues(byte) {
                    return;
                }
                self.position += 1;
            } else {
                match self.text[self.position..].chars().next() {
                    Some(c) if !is_space(c) => self.position += c.len_utf8(),
                    _ => return,
                }
            }
        }
    }

    /// A run of operator characters, as PostgreSQL's scanner cuts it: it ends before a comment,
    /// and gives back signs at its end unless it holds a character that no operator of
    /// arithmetic has. So `a=-1` is `=` and `-`, but `2^-1` holds one operator `^-`, as in the
    /// engine.
    fn operator(&mut self) -> TokenKind {
        let run = &self.bytes[self.position..];
        let mut length = run
            .iter()
            .position(|byte| !is_operator(*byte))
            .unwrap_or(run.len());
        if let Some(comment) = run[..length]
            .windows(2)
            .position(|pair| pair == b"--" || pair == b"/*")
        {
            length = comment;
        }
        let signs_stay = run[..length]
            .iter()
            .any(|byte| matches!(byte, b'~' | b'!' | b'@' | b'^' | b'&' | b'|' | b'`' | b'%'));
        while length > 1 && !keeps_signs(&run[..length], signs_stay) {
            length -= 1;
        }
        self.symbol(length)
    }
}

/// Whether an operator may end as it does.
fn keeps_signs(operator: &[u8], signs_stay: bool) -> bool {
    signs_stay || !matches!(operator.last(), Some(b'+' | b'-'))
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}')
}

fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn continues_word(byte: u8) -> bool {
    starts_word(byte) || byte.is_ascii_digit() || byte == b'$'
}

fn is_operator(byte: u8) -> bool {
    matches!(
        byte,
        b'~' | b'!'
            | b'@'
            | b'^'
            | b'&'
            | b'|'
            | b'`'
            | b'%'
            | b'+'
            | b'-'
            | b'*'
            | b'/'
            | b'<'
            | b'>'
            | b'='
    )
}

#[cfg(test)]
mod tests;

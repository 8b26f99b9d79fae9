//! The tokens of a pragma's text. Its lines are read one after the other, so that a token never
//! goes over a line's end.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// Letters, digits and `_`.
    Word,
    /// `'text'`
    Text,
    /// `"text"`
    Quoted,
    /// Any other character.
    Symbol(char),
}

/// A token and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Which line of the pragma, from 0.
    pub(super) line: usize,
}

/// A quote that isn't closed on its line: where it opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OpenQuote(pub(super) usize);

/// Adds the tokens of `text[start..end]`.
pub(super) fn tokenize(
    text: &str,
    start: usize,
    end: usize,
    line: usize,
    tokens: &mut Vec<Token>,
) -> Result<(), OpenQuote> {
    let mut at = start;
    while let Some(first) = text[at..end].chars().next() {
        let from = at;
        let kind = match first {
            '\'' | '"' => {
                at = quote_end(text, at, end, first).ok_or(OpenQuote(from))?;
                if first == '"' {
                    TokenKind::Quoted
                } else {
                    TokenKind::Text
                }
            }
            _ if is_word(first) => {
                let rest = &text[at..end];
                at += rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                TokenKind::Word
            }
            _ => {
                at += first.len_utf8();
                if first.is_whitespace() {
                    continue;
                }
                TokenKind::Symbol(first)
            }
        };
        tokens.push(Token {
            kind,
            start: from,
            end: at,
            line,
        });
    }
    Ok(())
}

/// The brackets that are open after some tokens.
#[derive(Default)]
pub(super) struct Brackets {
    open: Vec<Token>,
}

impl Brackets {
    /// Takes the next token; `Err` is a closing bracket without its opening one.
    pub(super) fn take(&mut self, token: Token) -> Result<(), Token> {
        match token.kind {
            TokenKind::Symbol('(' | '[' | '{') => self.open.push(token),
            TokenKind::Symbol(')' | ']' | '}') => {
                self.open.pop().ok_or(token)?;
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn count(&self) -> usize {
        self.open.len()
    }

    /// The innermost bracket that is open.
    pub(super) fn last(&self) -> Option<Token> {
        self.open.last().copied()
    }
}

/// The parts between the outermost commas of tokens whose brackets are balanced.
pub(super) fn outermost_parts(tokens: &[Token]) -> Vec<&[Token]> {
    let mut open = Brackets::default();
    let mut parts = Vec::new();
    let mut start = 0;
    for (index, token) in tokens.iter().enumerate() {
        // What closes nothing ends no part.
        let _ = open.take(*token);
        if open.count() == 0 && token.kind == TokenKind::Symbol(',') {
            parts.push(&tokens[start..index]);
            start = index + 1;
        }
    }
    parts.push(&tokens[start..]);
    parts
}

/// What stands in quotes, with doubled quotes made single.
pub(super) fn unquote(quoted: &str) -> String {
    let mut characters = quoted.chars();
    let quote = characters.next().unwrap_or_default();
    characters.next_back();
    let doubled: String = [quote, quote].iter().collect();
    characters
        .as_str()
        .replace(&doubled, quote.encode_utf8(&mut [0; 4]))
}

/// A name that a body can use without quotes.
pub fn is_identifier(text: &str) -> bool {
    text.chars().all(is_word) && text.starts_with(|c: char| is_word(c) && !c.is_numeric())
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn quote_end(text: &str, start: usize, end: usize, quote: char) -> Option<usize> {
    let mut at = start + 1;
    loop {
        at += text[at..end].find(quote)? + 1;
        if !text[at..end].starts_with(quote) {
            return Some(at);
        }
        at += 1;
    }
}

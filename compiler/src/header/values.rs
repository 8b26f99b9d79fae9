//! `@config: key=value, …`

use super::config::{Config, ConfigValue, FileKind};
use super::pragmas::Pragma;
use super::tokens::{Token, TokenKind, unquote};
use crate::diagnostic::{Code, Diagnostic, Fix};
use crate::span::Spanned;

/// Reads the pairs of a `@config` into `config`. A pair that can't be read ends the reading.
pub(super) fn config(
    pragma: &Pragma<'_>,
    kind: FileKind,
    config: &mut Config,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let (pairs, fault) = pairs(pragma);
    for (key, value) in pairs {
        if let Err(finding) = config.set(&key, value, Some(kind)) {
            diagnostics.push(finding);
        }
    }
    config.damaged |= fault.is_some();
    diagnostics.extend(fault);
}

/// A key and its value.
pub(super) type Pair = (Spanned<String>, Spanned<ConfigValue>);

/// The pairs `key=value, …` of a pragma, up to the first that can't be read, and why it can't.
pub(super) fn pairs(pragma: &Pragma<'_>) -> (Vec<Pair>, Option<Diagnostic>) {
    pairs_from(pragma, 0)
}

/// The same as [`pairs`], from a token on.
pub(super) fn pairs_from(pragma: &Pragma<'_>, at: usize) -> (Vec<Pair>, Option<Diagnostic>) {
    let mut cursor = Cursor { pragma, at };
    let mut pairs = Vec::new();
    loop {
        match cursor.pair() {
            Ok(pair) => pairs.push(pair),
            Err(finding) => return (pairs, Some(finding)),
        }
        match cursor.next() {
            None => return (pairs, None),
            Some(token) if token.kind == TokenKind::Symbol(',') => {}
            Some(token) => {
                let message = "a comma stands between two keys";
                let finding = pragma.malformed(pragma.span_of(token), message);
                return (pairs, Some(finding));
            }
        }
    }
}

struct Cursor<'p, 't> {
    pragma: &'p Pragma<'t>,
    at: usize,
}

impl Cursor<'_, '_> {
    fn next(&mut self) -> Option<Token> {
        let token = self.pragma.tokens.get(self.at).copied();
        self.at += usize::from(token.is_some());
        token
    }

    fn expect(&mut self, what: &str) -> Result<Token, Diagnostic> {
        self.next().ok_or_else(|| {
            self.pragma
                .malformed(self.pragma.end(), format!("{what} is missing"))
        })
    }

    fn pair(&mut self) -> Result<(Spanned<String>, Spanned<ConfigValue>), Diagnostic> {
        let pragma = self.pragma;
        let key = self.expect("a key")?;
        if key.kind != TokenKind::Word {
            return Err(pragma.malformed(pragma.span_of(key), "a key is a word without quotes"));
        }
        let name = Spanned::new(pragma.text_of(key).to_owned(), pragma.span_of(key));
        let sign = self.expect("`=` and a value")?;
        if sign.kind != TokenKind::Symbol('=') {
            let message = format!("`=` is missing after `{}`", name.value);
            return Err(pragma.malformed(pragma.span_of(sign), message));
        }
        Ok((name, self.value()?))
    }

    fn value(&mut self) -> Result<Spanned<ConfigValue>, Diagnostic> {
        let pragma = self.pragma;
        let token = self.expect("a value")?;
        let span = pragma.span_of(token);
        let text = pragma.text_of(token);
        let value = match token.kind {
            TokenKind::Text => ConfigValue::Text(unquote(text)),
            TokenKind::Word => match text {
                "true" => ConfigValue::Bool(true),
                "false" => ConfigValue::Bool(false),
                _ => ConfigValue::Integer(self.integer(token, "")?),
            },
            TokenKind::Symbol('-') => {
                let digits = self.expect("a number")?;
                let number = self.integer(digits, "-")?;
                return Ok(Spanned::new(
                    ConfigValue::Integer(number),
                    span.to(pragma.span_of(digits)),
                ));
            }
            TokenKind::Symbol('[') => return self.list(token),
            TokenKind::Quoted => {
                let single = unquote(text).replace('\'', "''");
                return Err(Diagnostic::error(
                    Code::MalformedPragma,
                    span,
                    "a text stands in single quotes",
                )
                .hint(format!("write `'{single}'`"))
                .fix(Fix::replace(span, format!("'{single}'"))));
            }
            TokenKind::Symbol(_) => return Err(pragma.malformed(span, "a value is missing here")),
        };
        Ok(Spanned::new(value, span))
    }

    fn integer(&self, token: Token, sign: &str) -> Result<i64, Diagnostic> {
        let pragma = self.pragma;
        let text = pragma.text_of(token);
        format!("{sign}{text}").parse().map_err(|_| {
            let finding = pragma.malformed(
                pragma.span_of(token),
                format!("`{text}` is neither a text in quotes, a whole number, `true` nor `false`"),
            );
            if token.kind == TokenKind::Word {
                finding
                    .hint(format!("write `'{text}'`"))
                    .fix(Fix::replace(pragma.span_of(token), format!("'{text}'")))
            } else {
                finding
            }
        })
    }

    fn list(&mut self, open: Token) -> Result<Spanned<ConfigValue>, Diagnostic> {
        let pragma = self.pragma;
        let mut items = Vec::new();
        loop {
            let token = self.expect("`]`")?;
            let span = pragma.span_of(token);
            match token.kind {
                TokenKind::Symbol(']') => {
                    let span = pragma.span_of(open).to(span);
                    return Ok(Spanned::new(ConfigValue::List(items), span));
                }
                TokenKind::Text => {
                    items.push(Spanned::new(unquote(pragma.text_of(token)), span));
                }
                _ => {
                    return Err(pragma.malformed(span, "a list holds texts in single quotes"));
                }
            }
            let after = self.expect("`]`")?;
            match after.kind {
                TokenKind::Symbol(',') => {}
                TokenKind::Symbol(']') => self.at -= 1,
                _ => {
                    let message = "a comma stands between two values of a list";
                    return Err(pragma.malformed(pragma.span_of(after), message));
                }
            }
        }
    }
}

//! What a `#for` goes over: how it is written, and its elements once they are known.
//!
//! ```text
//! list     := "[" { element "," } "]" | name | "columns" "(" :alias [ "except" name { "," name } ] ")"
//!           | :alias "." name
//! element  := text | [ "-" ] number | "true" | "false" | name
//! ```
//!
//! A name as an element is a variable of a loop around, or a parameter of the fragment.

use super::template::Line;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::{Span, Spanned};
use crate::sql_type::quote_identifier;
use crate::token::TokenKind;
use std::sync::Arc;

/// What `${x}` may stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// Its text, without quotes.
    pub text: Arc<str>,
    /// What it is.
    pub kind: ElementKind,
    /// Where it is written.
    pub span: Span,
}

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElementKind {
    /// A text.
    Text,
    /// A number, `true` or `false`.
    Plain,
    /// A column's name.
    Name,
}

impl Element {
    /// As a condition writes it.
    pub(super) fn literal(&self) -> String {
        match self.kind {
            ElementKind::Plain => self.text.to_string(),
            ElementKind::Text | ElementKind::Name => format!("'{}'", self.text.replace('\'', "''")),
        }
    }

    /// As SQL writes it where it is a word of its own.
    pub(super) fn word(&self) -> String {
        match self.kind {
            ElementKind::Name => quote_identifier(&self.text).into_owned(),
            ElementKind::Text | ElementKind::Plain => self.text.to_string(),
        }
    }
}

/// A list as it is written.
#[derive(Clone, Debug)]
pub(super) enum List {
    /// `['a', 'b']`
    Items(Vec<Item>),
    /// A list of `[vars]`.
    Variable(Spanned<String>),
    /// `columns(:rel except a, b)`
    Columns {
        relation: Spanned<String>,
        except: Vec<Spanned<String>>,
    },
    /// `:seed.column`
    SeedColumn {
        seed: Spanned<String>,
        column: Spanned<String>,
    },
}

/// An element as it is written.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Literal(Element),
    /// A loop's variable or a parameter.
    Named(Spanned<String>),
}

impl Line<'_> {
    pub(super) fn list(&mut self) -> Result<List, Diagnostic> {
        if self.take("[") {
            let open = self.last;
            let mut items = Vec::new();
            while !self.take("]") {
                items.push(self.item()?);
                if !self.take(",") && self.peek() != Some("]") {
                    return Err(self
                        .expected("`,` or `]`")
                        .and_at(open, "the list begins here"));
                }
            }
            return Ok(List::Items(items));
        }
        let Some(token) = self.token() else {
            return Err(self.no_list());
        };
        let written = self.text(token.span);
        match token.kind {
            TokenKind::Reference => {
                self.next();
                let seed = Spanned::new(written.trim_start_matches(':').to_owned(), token.span);
                if !self.take(".") {
                    return Err(self
                        .expected("`.` and a column")
                        .hint(format!("for its columns write `columns({written})`")));
                }
                let column = self.name("a column")?;
                Ok(List::SeedColumn { seed, column })
            }
            TokenKind::Word => {
                let name = self.name("a list")?;
                match name.value.eq_ignore_ascii_case("columns") && self.peek() == Some("(") {
                    true => self.columns(),
                    false => Ok(List::Variable(name)),
                }
            }
            _ => Err(self.no_list()),
        }
    }

    fn no_list(&self) -> Diagnostic {
        self.expected("a list").hint(
            "a list is `['a', 'b']`, a list of `[vars]`, `columns(:orders)` or a seed's column `:methods.code`",
        )
    }

    fn columns(&mut self) -> Result<List, Diagnostic> {
        self.take("(");
        let open = self.last;
        let Some(token) = self
            .token()
            .filter(|token| token.kind == TokenKind::Reference)
        else {
            return Err(self.expected("an import as `:orders`"));
        };
        self.next();
        let written = self.text(token.span);
        let relation = Spanned::new(written.trim_start_matches(':').to_owned(), token.span);
        let mut except = Vec::new();
        if self.take("except") || self.take("exclude") {
            let brackets = self.take("(");
            except.push(self.name("a column")?);
            while self.take(",") {
                except.push(self.name("a column")?);
            }
            if brackets && !self.take(")") {
                return Err(self.expected("`)`"));
            }
        }
        if !self.take(")") {
            return Err(self.expected("`)`").and_at(open, "this isn't closed"));
        }
        Ok(List::Columns { relation, except })
    }

    /// A name, with or without quotes.
    pub(super) fn name(&mut self, what: &str) -> Result<Spanned<String>, Diagnostic> {
        let Some(token) = self.token() else {
            return Err(self.expected(what));
        };
        let written = self.text(token.span);
        let name = match token.kind {
            TokenKind::Word => written.to_owned(),
            TokenKind::QuotedName if written.len() > 2 && written.starts_with('"') => {
                written[1..written.len() - 1].replace("\"\"", "\"")
            }
            _ => return Err(self.expected(what)),
        };
        self.next();
        Ok(Spanned::new(name, token.span))
    }

    /// A literal, or the name of something that stands for one.
    pub(super) fn item(&mut self) -> Result<Item, Diagnostic> {
        let Some(token) = self.token() else {
            return Err(self.expected("a text or a number"));
        };
        let written = self.text(token.span);
        let plain = |text: String, span: Span| {
            Ok(Item::Literal(Element {
                text: text.into(),
                kind: ElementKind::Plain,
                span,
            }))
        };
        match token.kind {
            TokenKind::Text if written.starts_with('\'') => {
                self.next();
                Ok(Item::Literal(Element {
                    text: unquoted(written).into(),
                    kind: ElementKind::Text,
                    span: token.span,
                }))
            }
            TokenKind::Number => {
                self.next();
                plain(written.to_owned(), token.span)
            }
            TokenKind::Symbol if written == "-" => {
                self.next();
                match self.token() {
                    Some(number) if number.kind == TokenKind::Number => {
                        self.next();
                        let text = format!("-{}", self.text(number.span));
                        plain(text, token.span.to(number.span))
                    }
                    _ => Err(self.expected("a number")),
                }
            }
            TokenKind::Word
                if written.eq_ignore_ascii_case("true")
                    || written.eq_ignore_ascii_case("false") =>
            {
                self.next();
                plain(written.to_ascii_lowercase(), token.span)
            }
            TokenKind::Word => Ok(Item::Named(self.name("a text or a number")?)),
            _ => Err(self.expected("a text or a number").hint(match token.kind {
                TokenKind::QuotedName => "a text stands between single quotes: `'…'`",
                _ => "an element is a text, a number, `true` or `false`",
            })),
        }
    }
}

/// A text without its quotes.
pub(super) fn unquoted(text: &str) -> String {
    let inner = text.strip_prefix('\'').unwrap_or(text);
    inner.strip_suffix('\'').unwrap_or(inner).replace("''", "'")
}

/// What is said of a line that can't be read.
pub(super) fn malformed(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::MalformedDirective, span, message)
}

//! Literals: numbers, texts, intervals, and texts with a type in front.

use super::ast::{Expr, ExprKind, Literal, Name, TypeName};
use super::cursor::{Parsed, Parser};
use super::keyword::{self, Category};
use super::type_name::is_whole;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::token::TokenKind;

/// The units of intervals.
const UNITS: [&str; 22] = [
    "year",
    "years",
    "quarter",
    "quarters",
    "month",
    "months",
    "week",
    "weeks",
    "day",
    "days",
    "hour",
    "hours",
    "minute",
    "minutes",
    "second",
    "seconds",
    "millisecond",
    "milliseconds",
    "microsecond",
    "microseconds",
    "decade",
    "decades",
];
const LONG_UNITS: [&str; 4] = ["century", "centuries", "millennium", "millennia"];

impl Parser<'_> {
    pub(super) fn literal(&mut self) -> Parsed<ExprKind> {
        let kind = self.kind(0);
        let word = self.keyword(0);
        Ok(ExprKind::Literal(match kind {
            Some(TokenKind::Text) if self.text().starts_with(['n', 'N']) => {
                return self.national_text();
            }
            Some(TokenKind::Text) => self.text_literal()?,
            _ => {
                let span = self.advance();
                let text = self.slice(span);
                match kind {
                    Some(TokenKind::Number) => Literal::Number(text.to_owned()),
                    Some(TokenKind::DollarText) => Literal::Text(dollar_content(text).to_owned()),
                    _ if word == keyword::NULL => Literal::Null,
                    _ => Literal::Boolean(word == keyword::TRUE),
                }
            }
        }))
    }

    /// `N'…'`, which is the type `nchar` in front of a text.
    fn national_text(&mut self) -> Parsed<ExprKind> {
        let span = self.span();
        self.text_literal()?;
        let after = Span {
            start: span.start + 1,
            ..span
        };
        Ok(ExprKind::Typed {
            type_name: TypeName {
                text: "nchar".to_owned(),
                span: Span {
                    end: after.start,
                    ..span
                },
            },
            text: after.to(self.previous_span()),
        })
    }

    /// One text, or several that stand on lines of their own and are one by the standard.
    fn text_literal(&mut self) -> Parsed<Literal> {
        let span = self.advance();
        let first = self.slice(span);
        let mut value = match first.as_bytes().first() {
            Some(b'x' | b'X') => return Ok(Literal::Blob(quoted_content(&first[1..]).to_owned())),
            Some(b'u' | b'U') => {
                let message = "texts with `U&` aren't supported";
                let error = Diagnostic::error(Code::SyntaxError, span, message);
                return Err(Box::new(error.hint("write the characters themselves")));
            }
            Some(b'e' | b'E') => return self.escaped_text(span),
            Some(b'\'') => quoted_content(first).replace("''", "'"),
            _ => quoted_content(&first[1..]).replace("''", "'"),
        };
        while let Some(more) = self.continued() {
            value.push_str(&quoted_content(self.slice(more)).replace("''", "'"));
        }
        Ok(Literal::Text(value))
    }

    /// Goes past a text on a line of its own, which belongs to the one before.
    fn continued(&mut self) -> Option<Span> {
        let continues = self.kind(0) == Some(TokenKind::Text)
            && self.text().starts_with('\'')
            && self.new_line_before();
        continues.then(|| self.advance())
    }

    /// `E'…'`, whose first token has been read; what continues it has escapes, too.
    fn escaped_text(&mut self, first: Span) -> Parsed<Literal> {
        let mut value = String::new();
        let mut next = Some(first);
        while let Some(span) = next {
            let written = self.slice(span).trim_start_matches(['e', 'E']);
            match unescaped(quoted_content(written)) {
                Ok(part) => value.push_str(&part),
                Err((message, hint)) => {
                    let error = Diagnostic::error(Code::SyntaxError, span, message);
                    return Err(Box::new(error.hint(hint)));
                }
            }
            next = self.continued();
        }
        Ok(Literal::Text(value))
    }

    /// A text that stands for a name, as the keys of structs and aliases in quotes.
    pub(super) fn text_as_name(&mut self) -> Parsed<Name> {
        let span = self.span();
        match self.text_literal()? {
            Literal::Text(value) => Ok(Name {
                value,
                quoted: true,
                span,
            }),
            _ => Err(self.unexpected("a name")),
        }
    }

    pub(super) fn column_position(&mut self) -> Parsed<ExprKind> {
        self.advance();
        let position = match self.kind(0) {
            Some(TokenKind::Number) => self.text().parse().ok().filter(|number| *number > 0),
            _ => None,
        };
        match position {
            Some(position) => {
                self.advance();
                Ok(ExprKind::Position(position))
            }
            None => Err(self.unexpected("the position of a column, from 1")),
        }
    }

    /// `INTERVAL '1' DAY`, `INTERVAL 1 DAY`, `INTERVAL (x) DAY`; `None` if it is a name.
    pub(super) fn interval(&mut self) -> Parsed<Option<ExprKind>> {
        let value_follows = match self.kind(1) {
            Some(TokenKind::Text | TokenKind::Number) => true,
            _ => self.symbol_is(1, "("),
        };
        if !value_follows {
            return Ok(None);
        }
        self.advance();
        let start = self.position();
        let number = self.kind(0) == Some(TokenKind::Number);
        if number && !is_whole(self.text()) {
            return Err(self.unexpected("a whole number or a text"));
        }
        let kind = match self.at_symbol("(") {
            true => ExprKind::Nested(Box::new(self.parenthesized(Parser::expression)?)),
            false => self.literal()?,
        };
        let value = Box::new(Expr {
            kind,
            span: self.span_from(start),
        });
        let unit = match self.at_unit() {
            true => Some(self.any_name("a unit")?),
            false => None,
        };
        Ok(Some(ExprKind::Interval { value, unit }))
    }

    /// Whether the unit of an interval stands here.
    pub(super) fn at_unit(&self) -> bool {
        self.keyword(0).category() == Some(Category::Unreserved) && {
            let text = self.keyword(0).text();
            UNITS.contains(&text) || LONG_UNITS.contains(&text)
        }
    }

    /// `DATE '2020-01-01'`, `TIMESTAMP WITH TIME ZONE '…'`; `None` if none stands here.
    pub(super) fn typed_literal(&mut self) -> Parsed<Option<ExprKind>> {
        let start = self.position();
        let long = match self.keyword(0) {
            keyword::TIME | keyword::TIMESTAMP => {
                self.keyword(2) == keyword::TIME
                    && matches!(self.keyword(1), keyword::WITH | keyword::WITHOUT)
            }
            keyword::DOUBLE => self.keyword(1) == keyword::PRECISION,
            keyword::CHARACTER | keyword::CHAR | keyword::BIT => {
                self.keyword(1) == keyword::VARYING
            }
            keyword::NATIONAL => true,
            _ => false,
        };
        let mut ahead = 1;
        while self.symbol_is(ahead, ".") {
            ahead += 2;
        }
        let short = self.kind(ahead) == Some(TokenKind::Text);
        if !long && !short {
            return Ok(None);
        }
        match ahead {
            1 => drop(self.type_name()?),
            // A name with its schema, which may be a keyword here.
            _ => {
                self.any_name("a type")?;
                while self.take_symbol(".") {
                    self.any_name("a type")?;
                }
            }
        }
        match self.kind(0) {
            Some(TokenKind::Text) => self.typed_text(start).map(Some),
            _ => Err(self.unexpected("a text")),
        }
    }

    /// The text behind a type that has just been read.
    pub(super) fn typed_text(&mut self, start: usize) -> Parsed<ExprKind> {
        let type_name = TypeName {
            text: self.tidy_text(start, self.position()),
            span: self.span_from(start),
        };
        let first = self.span();
        self.text_literal()?;
        Ok(ExprKind::Typed {
            type_name,
            text: first.to(self.previous_span()),
        })
    }
}

/// What stands between the quotes.
fn quoted_content(text: &str) -> &str {
    let inner = text.strip_prefix('\'').unwrap_or(text);
    inner.strip_suffix('\'').unwrap_or(inner)
}

/// What stands between the tags of `$tag$ … $tag$`.
fn dollar_content(text: &str) -> &str {
    let tag = text
        .get(1..)
        .and_then(|rest| rest.find('$'))
        .map_or(text.len(), |end| end + 2);
    text.get(tag..text.len().saturating_sub(tag))
        .unwrap_or_default()
}

/// The content of an `E'…'` text, with the escapes of the engine's scanner (`scan.l` of its
/// `libpg_query`); a message and a hint for those that it has no code for.
fn unescaped(content: &str) -> Result<String, (&'static str, &'static str)> {
    let mut value = String::with_capacity(content.len());
    let mut rest = content.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '\'' {
            // A doubled quote stands for one.
            rest.next_if_eq(&'\'');
            value.push('\'');
            continue;
        }
        if c != '\\' {
            value.push(c);
            continue;
        }
        let Some(escape) = rest.next() else { break };
        let mut digits = |radix: u32, first: &str, most: usize| {
            let mut text = first.to_owned();
            while text.len() < most
                && let Some(digit) = rest.next_if(|c| c.is_digit(radix))
            {
                text.push(digit);
            }
            u32::from_str_radix(&text, radix).ok()
        };
        let code = match escape {
            'x' => digits(16, "", 2),
            '0'..='7' => digits(8, &escape.to_string(), 3),
            _ => None,
        };
        value.push(match (escape, code) {
            ('u' | 'U', _) => {
                return Err((
                    "the engine reads no `\\u` in a text",
                    "write the character itself, or `chr(233)`",
                ));
            }
            (_, Some(code @ 1..=127)) => char::from(code as u8),
            (_, Some(_)) => {
                return Err((
                    "the code of an escape is one from 1 to 127",
                    "write the character itself, or `chr(233)`",
                ));
            }
            ('b', _) => '\u{8}',
            ('f', _) => '\u{c}',
            ('n', _) => '\n',
            ('r', _) => '\r',
            ('t', _) => '\t',
            (other, _) => other,
        });
    }
    Ok(value)
}

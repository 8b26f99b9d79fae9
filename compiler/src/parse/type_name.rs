//! Types as written: their shape is checked, their text kept.

use super::ast::TypeName;
use super::cursor::{Parsed, Parser};
use super::keyword::{self, Category, Keyword};
use crate::token::TokenKind;

impl Parser<'_> {
    /// A type: `STRUCT(a INT, b VARCHAR[])`, `DECIMAL(18,2)[]`, `TIMESTAMP WITH TIME ZONE`.
    pub(super) fn type_name(&mut self) -> Parsed<TypeName> {
        let start = self.position();
        self.nested(Self::skip_type)?;
        Ok(TypeName {
            text: self.tidy_text(start, self.position()),
            span: self.span_from(start),
        })
    }

    fn skip_type(&mut self) -> Parsed<()> {
        self.skip_base()?;
        if self.take(keyword::ARRAY) {
            if self.at_symbol("[") {
                self.skip_size()?;
            }
            return Ok(());
        }
        while self.at_symbol("[") {
            self.skip_size()?;
        }
        Ok(())
    }

    fn skip_size(&mut self) -> Parsed<()> {
        let open = self.advance();
        if self.kind(0) == Some(TokenKind::Number) {
            if !is_whole(self.text()) {
                return Err(self.unexpected("a whole number"));
            }
            self.advance();
        }
        self.close("]", open)?;
        Ok(())
    }

    fn skip_base(&mut self) -> Parsed<()> {
        let called = self.symbol_is(1, "(");
        match self.keyword(0) {
            keyword::STRUCT | keyword::ROW | keyword::UNION if called => {
                self.advance();
                self.parenthesized(|parser| {
                    parser.comma_separated(|parser| {
                        parser.any_name("the name of a field")?;
                        parser.type_name().map(drop)
                    })
                })?;
                return Ok(());
            }
            keyword::MAP if called => {
                self.advance();
                self.parenthesized(|parser| {
                    parser.type_name()?;
                    parser.expect_symbol(",")?;
                    parser.type_name()
                })?;
                return Ok(());
            }
            keyword::ENUM if called => {
                self.advance();
                self.parenthesized(|parser| {
                    parser.comma_separated(|parser| match parser.kind(0) {
                        Some(TokenKind::Text | TokenKind::Number) => Ok(parser.advance()),
                        _ => Err(parser.unexpected("a text")),
                    })
                })?;
                return Ok(());
            }
            keyword::SETOF => {
                self.advance();
                return self.skip_base();
            }
            keyword::INTERVAL => return self.skip_interval(),
            _ => {}
        }
        self.skip_named_type()
    }

    fn skip_interval(&mut self) -> Parsed<()> {
        self.advance();
        if self.at_symbol("(") {
            self.parenthesized(Self::skip_modifier)?;
        } else if self.at_unit() {
            self.advance();
            if self.take(keyword::TO) {
                self.any_name("a unit")?;
            }
        }
        Ok(())
    }

    fn skip_named_type(&mut self) -> Parsed<()> {
        let first = self.keyword(0);
        let refused = matches!(first.category(), Some(Category::Reserved))
            || matches!(
                first.text(),
                "coalesce" | "between" | "values" | "exists" | "extract" | "row" | "struct" | "map"
            );
        if refused {
            return Err(self.unexpected("a type"));
        }
        if self.symbol_is(1, ".") {
            return self.skip_qualified_type();
        }
        self.any_name("a type")?;
        match first {
            keyword::DOUBLE => {
                self.take(keyword::PRECISION);
            }
            keyword::NATIONAL => {
                self.any_name("a type")?;
                self.take(keyword::VARYING);
            }
            keyword::CHARACTER | keyword::CHAR | keyword::NCHAR | keyword::BIT => {
                self.take(keyword::VARYING);
            }
            _ => {}
        }
        if self.at_symbol("(") {
            self.parenthesized(|parser| {
                if parser.at_symbol(")") {
                    return Ok(());
                }
                parser.skip_modifier()?;
                while parser.take_symbol(",") && !parser.at_symbol(")") {
                    parser.skip_modifier()?;
                }
                Ok(())
            })?;
        }
        if matches!(first, keyword::TIME | keyword::TIMESTAMP) {
            let zoned = self.take_all(&[keyword::WITH, keyword::TIME]);
            if zoned || self.take_all(&[keyword::WITHOUT, keyword::TIME]) {
                self.expect(keyword::ZONE)?;
            }
        }
        Ok(())
    }

    /// `schema.type`: names that are no keywords, and without parameters
    /// (`qualified_typename` of the grammar).
    fn skip_qualified_type(&mut self) -> Parsed<()> {
        loop {
            if self.keyword(0) != Keyword::NONE {
                return Err(self.unexpected("the name of a type that is no keyword"));
            }
            self.any_name("a type")?;
            if !self.take_symbol(".") {
                return Ok(());
            }
        }
    }

    /// A number or a text.
    fn skip_modifier(&mut self) -> Parsed<()> {
        self.take_symbol("-");
        match self.kind(0) {
            Some(TokenKind::Number | TokenKind::Text) => {
                self.advance();
                Ok(())
            }
            _ => Err(self.unexpected("a number")),
        }
    }

    /// The text of some tokens with one space between words, none around brackets and dots.
    pub(super) fn tidy_text(&self, start: usize, end: usize) -> String {
        let mut tidy = String::new();
        for index in start..end {
            let text = self.text_at(index);
            let close = matches!(text, "(" | ")" | "[" | "]" | "," | ".");
            if !tidy.is_empty() && !close && !tidy.ends_with(['(', '[', '.']) {
                tidy.push(' ');
            }
            tidy.push_str(text);
        }
        tidy
    }
}

/// Whether a number has no fraction and no exponent.
pub(super) fn is_whole(number: &str) -> bool {
    number
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'_')
}

//! `*`, `t.*` and `COLUMNS(…)`.

use super::ast::{Expr, ExprKind, Name, Star};
use super::cursor::{Parsed, Parser};
use super::expression::Power;
use super::keyword;
use crate::token::TokenKind;

impl Parser<'_> {
    /// `*` or `*COLUMNS(…)`, with what may stand behind it.
    pub(super) fn star_or_columns(&mut self) -> Parsed<Expr> {
        let start = self.position();
        let unpacked = self.keyword(1) == keyword::COLUMNS && self.symbol_is(2, "(");
        let kind = match unpacked {
            true => {
                self.advance();
                self.columns(None, true)?
            }
            false => self.star(Vec::new())?,
        };
        Ok(Expr {
            kind,
            span: self.span_from(start),
        })
    }

    /// A star behind its qualifier: `EXCLUDE`, `REPLACE`, `RENAME`, `LIKE`.
    pub(super) fn star(&mut self, qualifier: Vec<Name>) -> Parsed<ExprKind> {
        self.expect_symbol("*")?;
        let start = self.position() - 1 - 2 * qualifier.len();
        let mut star = Star {
            qualifier,
            exclude: Vec::new(),
            replace: Vec::new(),
            rename: Vec::new(),
            pattern: None,
        };
        // `(exclude)`: a star in front of a column of that name doesn't exist.
        if self.take(keyword::EXCLUDE) {
            star.exclude = self.one_or_several(Self::dotted_name)?;
        }
        if self.take(keyword::REPLACE) {
            star.replace = self.one_or_several(|parser| {
                let value = parser.expression()?;
                parser.expect(keyword::AS)?;
                Ok((value, parser.name("the name of a column")?))
            })?;
        }
        if self.take(keyword::RENAME) {
            star.rename = self.one_or_several(|parser| {
                let from = parser.dotted_name()?;
                parser.expect(keyword::AS)?;
                Ok((from, parser.name("the name of a column")?))
            })?;
        }
        let negated = self.at(keyword::NOT);
        let at_pattern = match self.keyword(usize::from(negated)) {
            keyword::LIKE | keyword::ILIKE | keyword::GLOB => true,
            keyword::SIMILAR => self.keyword(usize::from(negated) + 1) == keyword::TO,
            _ => false,
        };
        if !at_pattern {
            return Ok(ExprKind::Star(Box::new(star)));
        }
        let star_span = self.span_from(start);
        self.take(keyword::NOT);
        let operator = self.pattern_operator();
        let pattern = Box::new(self.expression_above(Power::Escape)?);
        if self.take(keyword::ESCAPE) {
            let escape = Some(Box::new(self.expression_above(Power::Other)?));
            let operand = Box::new(Expr {
                kind: ExprKind::Star(Box::new(star)),
                span: star_span,
            });
            return Ok(ExprKind::Like {
                negated,
                operator,
                operand,
                pattern,
                escape,
            });
        }
        let operator = match negated {
            true => format!("not {operator}"),
            false => operator,
        };
        star.pattern = Some((operator, pattern));
        Ok(ExprKind::Star(Box::new(star)))
    }

    /// One without parentheses, or several in them.
    fn one_or_several<T>(&mut self, mut one: impl FnMut(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        if !self.at_symbol("(") {
            return Ok(vec![one(self)?]);
        }
        self.parenthesized(|parser| {
            let mut all = vec![one(parser)?];
            while parser.take_symbol(",") {
                if parser.at_symbol(")") {
                    break;
                }
                all.push(one(parser)?);
            }
            Ok(all)
        })
    }

    /// `a`, `t.a`, or a text.
    fn dotted_name(&mut self) -> Parsed<Vec<Name>> {
        if self.kind(0) == Some(TokenKind::Text) {
            return Ok(vec![self.text_as_name()?]);
        }
        let mut parts = vec![self.name("the name of a column")?];
        while self.take_symbol(".") {
            parts.push(self.any_name("the name of a column")?);
        }
        Ok(parts)
    }

    /// `COLUMNS(…)` at its word.
    pub(super) fn columns(&mut self, qualifier: Option<Name>, unpacked: bool) -> Parsed<ExprKind> {
        if qualifier.is_some() {
            self.expect_symbol(".")?;
        }
        self.expect(keyword::COLUMNS)?;
        let selector = Box::new(self.parenthesized(|parser| {
            let selector = parser.expression()?;
            Ok(parser.argument_lambda(selector))
        })?);
        Ok(ExprKind::Columns {
            qualifier,
            selector,
            unpacked,
        })
    }
}

//! Windows: `OVER (…)` and their frames.

use super::ast::{Expr, Window, WindowSpec};
use super::cursor::{Parsed, Parser};
use super::expression::Power;
use super::keyword;
use crate::span::Span;

impl Parser<'_> {
    /// What stands behind `OVER`.
    pub(super) fn over(&mut self) -> Parsed<Window> {
        match self.at_symbol("(") {
            true => Ok(Window::Spec(self.window()?)),
            false => Ok(Window::Named(self.name("a window")?)),
        }
    }

    /// `(base PARTITION BY … ORDER BY … ROWS …)`
    pub(super) fn window(&mut self) -> Parsed<WindowSpec> {
        let start = self.position();
        let open = self.expect_symbol("(")?;
        let frame_word = [keyword::ROWS, keyword::RANGE, keyword::GROUPS];
        // Names that begin a clause as well are no windows here.
        let clause = self.at(keyword::PARTITION) || self.at_any(&frame_word);
        let base = match self.name_at(0) && !clause {
            true => Some(self.name("a window")?),
            false => None,
        };
        let partition_by = match self.take_all(&[keyword::PARTITION, keyword::BY]) {
            true => self.comma_separated(Self::expression)?,
            false => Vec::new(),
        };
        let order_by = match self.take_all(&[keyword::ORDER, keyword::BY]) {
            true => self.order_items_or_all()?,
            false => Vec::new(),
        };
        let frame = match self.at_any(&frame_word) {
            true => Some(self.frame()?),
            false => None,
        };
        self.close(")", open)?;
        Ok(WindowSpec {
            base,
            partition_by,
            order_by,
            frame,
            span: self.span_from(start),
        })
    }

    fn frame(&mut self) -> Parsed<(Span, Vec<Expr>)> {
        let start = self.position();
        self.advance();
        let mut bounds = Vec::new();
        if self.take(keyword::BETWEEN) {
            bounds.extend(self.bound()?);
            self.expect(keyword::AND)?;
        }
        bounds.extend(self.bound()?);
        if self.take(keyword::EXCLUDE) {
            let excluded = self.take_all(&[keyword::CURRENT, keyword::ROW])
                || self.take_all(&[keyword::NO, keyword::OTHERS])
                || self.take(keyword::GROUP)
                || self.take(keyword::TIES);
            if !excluded {
                return Err(self.unexpected("`current row`, `group`, `ties` or `no others`"));
            }
        }
        Ok((self.span_from(start), bounds))
    }

    /// The expression of a bound, if it has one.
    fn bound(&mut self) -> Parsed<Option<Expr>> {
        if self.take_all(&[keyword::CURRENT, keyword::ROW])
            || self.take_all(&[keyword::UNBOUNDED, keyword::PRECEDING])
            || self.take_all(&[keyword::UNBOUNDED, keyword::FOLLOWING])
        {
            return Ok(None);
        }
        let bound = self.expression_above(Power::Not)?;
        match self.take(keyword::PRECEDING) || self.take(keyword::FOLLOWING) {
            true => Ok(Some(bound)),
            false => Err(self.unexpected("`preceding` or `following`")),
        }
    }
}

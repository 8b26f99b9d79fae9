//! `GROUP BY`, `ORDER BY`, `LIMIT` and `OFFSET`, and samples.

use super::ast::{Expr, ExprKind, GroupBy, GroupItem, Name, OrderBy, OrderItem};
use super::cursor::{Parsed, Parser};
use super::keyword;
use super::type_name::is_whole;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::token::TokenKind;

/// The engine's own limit.
const MAXIMUM_SETS: usize = 65_535;

/// The engine's own limit: `SampleOptions::MAX_SAMPLE_ROWS`.
const MOST_SAMPLED_ROWS: f64 = 1e9;

impl Parser<'_> {
    /// What stands behind `GROUP BY`.
    pub(super) fn group_by(&mut self) -> Parsed<GroupBy> {
        let start = self.position();
        let star = self.at_symbol("*");
        if star || self.at(keyword::ALL) {
            self.advance();
            return Ok(GroupBy::All(self.span_from(start)));
        }
        let mut items = vec![self.group_item(false)?];
        while self.take_symbol(",") {
            if !self.at_operand() {
                break;
            }
            items.push(self.group_item(false)?);
        }
        // `t.*` alone is all as well.
        if let [GroupItem::Expr(only)] = items.as_slice()
            && is_plain_star(only)
        {
            return Ok(GroupBy::All(self.span_from(start)));
        }
        let sets = items
            .iter()
            .map(sets_of)
            .fold(1_usize, usize::saturating_mul);
        if sets > MAXIMUM_SETS {
            let message = format!("this makes more than {MAXIMUM_SETS} grouping sets");
            let span = self.span_from(start);
            return Err(Box::new(Diagnostic::error(
                Code::SyntaxError,
                span,
                message,
            )));
        }
        Ok(GroupBy::Items(items))
    }

    /// One item; within grouping sets parentheses make a set, else a row.
    fn group_item(&mut self, within_sets: bool) -> Parsed<GroupItem> {
        let called = self.symbol_is(1, "(");
        match self.keyword(0) {
            keyword::ROLLUP if called => {
                self.advance();
                Ok(GroupItem::Rollup(self.expressions_in_parentheses()?))
            }
            keyword::CUBE if called => {
                self.advance();
                Ok(GroupItem::Cube(self.expressions_in_parentheses()?))
            }
            keyword::GROUPING if self.keyword(1) == keyword::SETS => {
                self.advance();
                self.advance();
                let sets = self.nested(|parser| {
                    parser.parenthesized(|parser| {
                        parser.comma_separated(|parser| parser.group_item(true))
                    })
                })?;
                Ok(GroupItem::Sets(sets))
            }
            _ if self.at_symbol("(") && self.symbol_is(1, ")") => {
                self.advance();
                self.advance();
                Ok(GroupItem::Set(Vec::new()))
            }
            _ => Ok(as_group_item(self.expression()?, within_sets)),
        }
    }

    fn expressions_in_parentheses(&mut self) -> Parsed<Vec<Expr>> {
        self.parenthesized(|parser| parser.comma_separated(Self::expression))
    }

    /// What stands behind `ORDER BY`.
    pub(super) fn order_by(&mut self) -> Parsed<OrderBy> {
        let start = self.position();
        if self.take(keyword::ALL) {
            self.direction();
            self.nulls_order()?;
            return Ok(OrderBy::All(self.span_from(start)));
        }
        let items = self.comma_separated(Self::order_item)?;
        Ok(match items.as_slice() {
            [only] if is_plain_star(&only.expr) || is_every_column(&only.expr) => {
                OrderBy::All(self.span_from(start))
            }
            _ => OrderBy::Items(items),
        })
    }

    /// What stands behind `ORDER BY` in a function or window, where `ALL` is one item.
    pub(super) fn order_items_or_all(&mut self) -> Parsed<Vec<OrderItem>> {
        if !self.at(keyword::ALL) {
            return self.comma_separated(Self::order_item);
        }
        let expr = Expr {
            span: self.advance(),
            kind: ExprKind::Keyword("all".to_owned()),
        };
        Ok(vec![OrderItem {
            expr,
            descending: self.direction(),
            nulls_first: self.nulls_order()?,
        }])
    }

    fn order_item(&mut self) -> Parsed<OrderItem> {
        Ok(OrderItem {
            expr: self.expression()?,
            descending: self.direction(),
            nulls_first: self.nulls_order()?,
        })
    }

    fn direction(&mut self) -> Option<bool> {
        let descending = self.at(keyword::DESC);
        let said = descending || self.at(keyword::ASC);
        if said {
            self.advance();
        }
        said.then_some(descending)
    }

    fn nulls_order(&mut self) -> Parsed<Option<bool>> {
        if self.take_all(&[keyword::NULLS, keyword::FIRST]) {
            return Ok(Some(true));
        }
        if self.take_all(&[keyword::NULLS, keyword::LAST]) {
            return Ok(Some(false));
        }
        match self.take(keyword::NULLS) {
            true => Err(self.unexpected("`first` or `last`")),
            false => Ok(None),
        }
    }

    /// `LIMIT` and `OFFSET` in either order; `FETCH FIRST n ROWS ONLY` is a limit.
    pub(super) fn limit(&mut self) -> Parsed<(Option<Expr>, Option<Expr>)> {
        let (mut limit, mut limited, mut offset) = (None, false, None);
        loop {
            if !limited && self.take(keyword::LIMIT) {
                limited = true;
                limit = self.limit_value()?;
            } else if !limited && self.take(keyword::FETCH) {
                limited = true;
                limit = self.fetch()?;
            } else if offset.is_none() && self.take(keyword::OFFSET) {
                offset = Some(self.expression()?);
                let _ = self.take(keyword::ROW) || self.take(keyword::ROWS);
            } else {
                return Ok((limit, offset));
            }
        }
    }

    /// A number of rows, or a percentage: `%` behind its operand, an [`ExprKind::Unary`].
    fn limit_value(&mut self) -> Parsed<Option<Expr>> {
        if self.take(keyword::ALL) {
            return Ok(None);
        }
        let start = self.position();
        let outer = std::mem::replace(&mut self.percentages, true);
        let mut value = self.expression()?;
        self.percentages = outer;
        let number = matches!(
            &value.kind,
            ExprKind::Literal(super::ast::Literal::Number(_))
        );
        if number && self.take(keyword::PERCENT) {
            value = Expr {
                kind: ExprKind::Unary {
                    operator: "%".to_owned(),
                    operand: Box::new(value),
                },
                span: self.span_from(start),
            };
        }
        Ok(Some(value))
    }

    /// `FIRST n ROWS ONLY`; without a number, one row.
    fn fetch(&mut self) -> Parsed<Option<Expr>> {
        if self.text().eq_ignore_ascii_case("next") {
            self.advance();
        } else {
            self.expect(keyword::FIRST)?;
        }
        let count = match self.at_any(&[keyword::ROW, keyword::ROWS]) {
            true => Expr {
                kind: ExprKind::Literal(super::ast::Literal::Number("1".to_owned())),
                span: self.previous_span().after(),
            },
            false => self.expression()?,
        };
        if !self.take(keyword::ROW) {
            self.expect(keyword::ROWS)?;
        }
        self.expect(keyword::ONLY)?;
        Ok(Some(count))
    }

    /// `USING SAMPLE …` or `TABLESAMPLE …`
    pub(super) fn sample(&mut self) -> Parsed<Span> {
        let start = self.position();
        if self.take(keyword::USING) {
            self.expect(keyword::SAMPLE)?;
        } else {
            self.advance();
        }
        let named = self.name_at(0) && self.symbol_is(1, "(");
        if named || self.at_symbol("(") {
            let method = match named {
                true => Some(self.name("a method of sampling")?),
                false => None,
            };
            let rows = self.parenthesized(Self::sample_size)?;
            if self.take(keyword::REPEATABLE) {
                self.parenthesized(Self::sample_seed)?;
            }
            self.check_sample(method.as_ref(), rows)?;
        } else {
            let rows = self.sample_size()?;
            let method = match self.at_symbol("(") {
                true => Some(self.parenthesized(|parser| {
                    let method = parser.name("a method of sampling")?;
                    if parser.take_symbol(",") {
                        parser.sample_seed()?;
                    }
                    Ok(method)
                })?),
                false => None,
            };
            self.check_sample(method.as_ref(), rows)?;
        }
        Ok(self.span_from(start))
    }

    /// A number of rows (`true`) or a percentage (`false`), in bounds.
    fn sample_size(&mut self) -> Parsed<bool> {
        let span = self.span();
        let size = match self.kind(0) {
            Some(TokenKind::Number) => self.text().replace('_', "").parse::<f64>().ok(),
            // What a variable holds is known when the query is rendered.
            Some(TokenKind::Reference) => None,
            _ => return Err(self.unexpected("a number")),
        };
        self.advance();
        let percentage = self.take_symbol("%") || self.take(keyword::PERCENT);
        if !percentage {
            self.take(keyword::ROWS);
        }
        let most = match percentage {
            true => 100.0,
            false => MOST_SAMPLED_ROWS,
        };
        if size.is_some_and(|size| size > most) {
            let message = match percentage {
                true => "a sample has at most 100 percent of the rows".to_owned(),
                false => format!("a sample has at most {MOST_SAMPLED_ROWS} rows"),
            };
            let error = Diagnostic::error(Code::SyntaxError, span, message);
            return Err(Box::new(error));
        }
        Ok(!percentage)
    }

    fn sample_seed(&mut self) -> Parsed<()> {
        let whole = self.kind(0) == Some(TokenKind::Number) && is_whole(self.text());
        match whole {
            true => {
                self.advance();
                Ok(())
            }
            false => Err(self.unexpected("a whole number")),
        }
    }

    /// The engine knows three methods, and only one of them can count rows.
    fn check_sample(&self, method: Option<&Name>, rows: bool) -> Parsed<()> {
        let Some(method) = method else { return Ok(()) };
        let refuse = |message: String, hint: &str| {
            let error = Diagnostic::error(Code::SyntaxError, method.span, message);
            Err(Box::new(error.hint(hint)))
        };
        match method.value.to_ascii_lowercase().as_str() {
            "reservoir" => Ok(()),
            "system" | "bernoulli" if !rows => Ok(()),
            "system" | "bernoulli" => refuse(
                format!(
                    "`{}` takes a percentage, and no number of rows",
                    method.value
                ),
                "write `%` behind the number, or sample by `reservoir`",
            ),
            _ => refuse(
                format!("there is no method of sampling `{}`", method.value),
                "the methods are `reservoir`, `system` and `bernoulli`",
            ),
        }
    }
}

/// Whether it is `*` or `t.*`, with nothing said of it.
fn is_plain_star(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Star(star) => {
            star.exclude.is_empty()
                && star.replace.is_empty()
                && star.rename.is_empty()
                && star.pattern.is_none()
        }
        ExprKind::Nested(inner) => is_plain_star(inner),
        _ => false,
    }
}

/// Whether it is `columns(*)`.
fn is_every_column(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Columns {
            selector,
            unpacked: false,
            ..
        } => is_plain_star(selector),
        _ => false,
    }
}

/// How many grouping sets an item makes.
fn sets_of(item: &GroupItem) -> usize {
    match item {
        GroupItem::Expr(_) | GroupItem::Set(_) => 1,
        GroupItem::Rollup(parts) => parts.len() + 1,
        GroupItem::Cube(parts) => 1_usize
            .checked_shl(u32::try_from(parts.len()).unwrap_or(u32::MAX))
            .unwrap_or(usize::MAX),
        GroupItem::Sets(items) => items.iter().map(sets_of).fold(0, usize::saturating_add),
    }
}

/// What parentheses mean within grouping sets.
fn as_group_item(expr: Expr, within_sets: bool) -> GroupItem {
    match expr.kind {
        ExprKind::Row(items) if within_sets => GroupItem::Set(items),
        ExprKind::Nested(inner) if within_sets => GroupItem::Set(vec![*inner]),
        _ => GroupItem::Expr(expr),
    }
}

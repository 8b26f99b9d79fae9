//! Queries: `WITH`, set operations, `SELECT`, `VALUES`.

use super::MAXIMUM_CHAIN;
use super::ast::{
    CommonTable, Distinct, Expr, ExprKind, Name, Query, QueryBody, Select, SelectItem,
    SetOperation, SetOperator, Star, TableExpr, TableName, Values, With,
};
use super::cursor::{Parsed, Parser};
use super::keyword;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::token::TokenKind;

/// The clauses of a `SELECT` behind its `FROM`.
type Clauses = (Option<Expr>, Option<super::ast::GroupBy>, Option<Expr>);

impl Parser<'_> {
    /// A query with all that may stand around its body.
    pub(super) fn query(&mut self) -> Parsed<Query> {
        self.nested(Self::query_inside)
    }

    fn query_inside(&mut self) -> Parsed<Query> {
        let start = self.position();
        let with = match self.at(keyword::WITH) {
            true => Some(self.with()?),
            false => None,
        };
        let body = self.tree(Self::body)?;
        let order_by = match self.take_all(&[keyword::ORDER, keyword::BY]) {
            true => Some(self.order_by()?),
            false => None,
        };
        let (limit, offset) = self.limit()?;
        if let QueryBody::Nested(inner) = &body {
            let around = [
                (with.is_some(), "with"),
                (order_by.is_some(), "order by"),
                (limit.is_some(), "limit"),
                (offset.is_some(), "offset"),
            ];
            check_around(around, inner)?;
        }
        Ok(Query {
            with,
            body,
            order_by,
            limit,
            offset,
            span: self.span_from(start),
        })
    }

    fn with(&mut self) -> Parsed<With> {
        self.advance();
        let recursive = self.take(keyword::RECURSIVE);
        let members = self.comma_separated(Self::common_table)?;
        for (index, member) in members.iter().enumerate() {
            let names = members[..index].iter().map(|earlier| &earlier.name);
            check_new(names, &member.name, "common table expression")?;
            if recursive {
                check_recursive(&member.query)?;
            }
        }
        Ok(With { recursive, members })
    }

    fn common_table(&mut self) -> Parsed<CommonTable> {
        let start = self.position();
        let name = self.name("the name of a common table expression")?;
        let columns = match self.at_symbol("(") {
            true => self.name_list("the name of a column")?,
            false => Vec::new(),
        };
        let using_key = match self.take(keyword::USING) {
            true => self.using_key()?,
            false => Vec::new(),
        };
        self.expect(keyword::AS)?;
        if self.take(keyword::NOT) {
            self.expect(keyword::MATERIALIZED)?;
        } else {
            self.take(keyword::MATERIALIZED);
        }
        let open = self.expect_symbol("(")?;
        if !self.at_query_start() && !self.at_symbol("(") {
            return Err(self.no_query_in_with());
        }
        let query = Box::new(self.query()?);
        if let QueryBody::Special(span, _) = &query.body {
            let message = "a member of `WITH` is a query, and this tells about one";
            let error = Diagnostic::error(Code::SyntaxError, *span, message);
            return Err(Box::new(
                error.hint("put it into a `FROM`: `from (describe …)`"),
            ));
        }
        self.close(")", open)?;
        Ok(CommonTable {
            name,
            columns,
            using_key,
            query,
            span: self.span_from(start),
        })
    }

    /// `USING KEY (a, b)`: the names of the key.
    fn using_key(&mut self) -> Parsed<Vec<Name>> {
        self.expect(keyword::KEY)?;
        self.name_list("the name of a column")
    }

    fn no_query_in_with(&self) -> Box<Diagnostic> {
        let word = self.text().to_ascii_lowercase();
        if !super::OTHER_STATEMENTS.contains(&word.as_str()) {
            return self.unexpected("a query");
        }
        let message =
            format!("a common table expression is a query, and `{word}` begins another statement");
        Box::new(Diagnostic::error(Code::NotAQuery, self.span(), message))
    }

    /// `UNION` and `EXCEPT` lean to the left; `INTERSECT` binds tighter.
    fn body(&mut self) -> Parsed<QueryBody> {
        let start = self.position();
        let mut left = self.tree(Self::intersection)?;
        let mut chain = 0;
        loop {
            let operator = match self.keyword(0) {
                keyword::UNION => SetOperator::Union,
                keyword::EXCEPT => SetOperator::Except,
                _ => return Ok(left),
            };
            chain += 1;
            left = self.set_operation(operator, left, start, chain, Self::intersection)?;
        }
    }

    fn intersection(&mut self) -> Parsed<QueryBody> {
        let start = self.position();
        let mut left = self.simple_query()?;
        let mut chain = 0;
        while self.at(keyword::INTERSECT) {
            chain += 1;
            left = self.set_operation(
                SetOperator::Intersect,
                left,
                start,
                chain,
                Self::simple_query,
            )?;
        }
        Ok(left)
    }

    fn set_operation(
        &mut self,
        operator: SetOperator,
        left: QueryBody,
        start: usize,
        chain: usize,
        side: fn(&mut Self) -> Parsed<QueryBody>,
    ) -> Parsed<QueryBody> {
        if chain > MAXIMUM_CHAIN {
            return Err(self.too_deep());
        }
        self.grow()?;
        self.advance();
        let all = self.take(keyword::ALL);
        if !all {
            self.take(keyword::DISTINCT);
        }
        // Of the three only `UNION` has it.
        let by_name =
            operator == SetOperator::Union && self.take_all(&[keyword::BY, keyword::NAME]);
        let right = side(self)?;
        Ok(QueryBody::SetOperation(Box::new(SetOperation {
            operator,
            all,
            by_name,
            left,
            right,
            span: self.span_from(start),
        })))
    }

    fn simple_query(&mut self) -> Parsed<QueryBody> {
        match self.keyword(0) {
            keyword::SELECT | keyword::FROM => Ok(QueryBody::Select(Box::new(self.select()?))),
            keyword::VALUES => {
                let values = self.values(true)?;
                Ok(QueryBody::Values(values))
            }
            keyword::TABLE => {
                self.advance();
                Ok(QueryBody::Table(self.table_name()?))
            }
            keyword::PIVOT | keyword::PIVOT_WIDER => self.pivot_statement(),
            keyword::UNPIVOT | keyword::PIVOT_LONGER => self.unpivot_statement(),
            keyword::DESCRIBE | keyword::DESC | keyword::SHOW | keyword::SUMMARIZE => {
                self.description()
            }
            _ if self.at_symbol("(") => {
                let query = self.parenthesized(Parser::query)?;
                Ok(QueryBody::Nested(Box::new(query)))
            }
            _ => Err(self.unexpected("a query")),
        }
    }

    /// `VALUES (…), (…)`; a comma behind the last row only where `trailing`.
    pub(super) fn values(&mut self, trailing: bool) -> Parsed<Values> {
        let start = self.position();
        self.advance();
        let mut rows = vec![self.row()?];
        while self.at_symbol(",") && (trailing || self.symbol_is(1, "(")) {
            self.advance();
            if !self.at_symbol("(") {
                break;
            }
            let before = self.position();
            let row = self.row()?;
            if row.len() != rows[0].len() {
                let (here, first) = (row.len(), rows[0].len());
                let message = format!("this row has {here} values, the first one has {first}");
                let span = self.span_from(before);
                return Err(Box::new(Diagnostic::error(
                    Code::SyntaxError,
                    span,
                    message,
                )));
            }
            rows.push(row);
        }
        Ok(Values {
            rows,
            span: self.span_from(start),
        })
    }

    fn row(&mut self) -> Parsed<Vec<Expr>> {
        let open = self.expect_symbol("(")?;
        let row = self.list_until(")")?;
        if row.is_empty() {
            return Err(self.unexpected("an expression"));
        }
        self.close(")", open)?;
        Ok(row)
    }

    fn select(&mut self) -> Parsed<Select> {
        let start = self.position();
        let from_first = self.take(keyword::FROM);
        let mut from = match from_first {
            true => self.table_list()?,
            false => Vec::new(),
        };
        let mut distinct = None;
        let items = match self.take(keyword::SELECT) {
            true => {
                distinct = self.distinct()?;
                self.select_items()?
            }
            // `FROM t` alone selects everything.
            false => vec![all_columns(&from, self)],
        };
        if self.at(keyword::INTO) {
            return Err(Box::new(
                Diagnostic::error(
                    Code::SyntaxError,
                    self.span(),
                    "`select … into` isn't supported",
                )
                .hint("the model's file says where its rows go"),
            ));
        }
        if !from_first && self.take(keyword::FROM) {
            from = self.table_list()?;
        }
        let (filter, group_by, having) = self.filters()?;
        let windows = match self.take(keyword::WINDOW) {
            true => self.comma_separated(|parser| {
                let name = parser.name("the name of a window")?;
                parser.expect(keyword::AS)?;
                Ok((name, parser.window()?))
            })?,
            false => Vec::new(),
        };
        for (index, (name, _)) in windows.iter().enumerate() {
            let names = windows[..index].iter().map(|(earlier, _)| earlier);
            check_new(names, name, "window")?;
        }
        let qualify = self.optional(keyword::QUALIFY)?;
        let sample = match self.at(keyword::USING) && self.keyword(1) == keyword::SAMPLE {
            true => Some(self.sample()?),
            false => None,
        };
        Ok(Select {
            distinct,
            items,
            from,
            filter,
            group_by,
            having,
            windows,
            qualify,
            sample,
            span: self.span_from(start),
        })
    }

    fn filters(&mut self) -> Parsed<Clauses> {
        let filter = self.optional(keyword::WHERE)?;
        let group_by = match self.take_all(&[keyword::GROUP, keyword::BY]) {
            true => Some(self.group_by()?),
            false => None,
        };
        let having = self.optional(keyword::HAVING)?;
        Ok((filter, group_by, having))
    }

    /// An expression behind a keyword, if that stands here.
    fn optional(&mut self, keyword: keyword::Keyword) -> Parsed<Option<Expr>> {
        match self.take(keyword) {
            true => self.expression().map(Some),
            false => Ok(None),
        }
    }

    fn distinct(&mut self) -> Parsed<Option<Distinct>> {
        if !self.take(keyword::DISTINCT) {
            self.take(keyword::ALL);
            return Ok(None);
        }
        if !self.take(keyword::ON) {
            return Ok(Some(Distinct::All));
        }
        let on = self.parenthesized(|parser| parser.comma_separated(Self::expression))?;
        Ok(Some(Distinct::On(on)))
    }

    fn select_items(&mut self) -> Parsed<Vec<SelectItem>> {
        let mut items = vec![self.select_item()?];
        while self.take_symbol(",") {
            if self.at_symbol(",") {
                return Err(self.unexpected("an expression"));
            }
            if !self.at_operand() && !self.at_symbol("*") {
                break;
            }
            items.push(self.select_item()?);
        }
        Ok(items)
    }

    pub(super) fn select_item(&mut self) -> Parsed<SelectItem> {
        let start = self.position();
        if self.name_at(0) && self.symbol_is(1, ":") {
            let alias = Some(self.name("an alias")?);
            self.advance();
            let expr = self.expression()?;
            return Ok(SelectItem {
                expr,
                alias,
                span: self.span_from(start),
            });
        }
        let expr = self.expression()?;
        let bare = self.name_at(0) && self.keyword(0) == keyword::Keyword::NONE;
        let alias = if self.take(keyword::AS) {
            Some(match self.kind(0) {
                Some(TokenKind::Text) => self.text_as_name()?,
                _ => self.any_name("an alias")?,
            })
        } else if bare {
            Some(self.name("an alias")?)
        } else {
            None
        };
        Ok(SelectItem {
            expr,
            alias,
            span: self.span_from(start),
        })
    }

    /// `catalog.schema.name`
    pub(super) fn table_name(&mut self) -> Parsed<TableName> {
        let start = self.position();
        let mut parts = vec![self.name("a table")?];
        while self.take_symbol(".") {
            if parts.len() == 3 {
                return Err(self.unexpected("the end of the table's name"));
            }
            parts.push(self.any_name("a table")?);
        }
        Ok(TableName {
            parts,
            span: self.span_from(start),
        })
    }
}

/// Refuses a name that stands for something already.
fn check_new<'a>(
    mut earlier: impl Iterator<Item = &'a Name>,
    name: &Name,
    what: &str,
) -> Parsed<()> {
    match earlier.find(|other| other.value.eq_ignore_ascii_case(&name.value)) {
        None => Ok(()),
        Some(first) => {
            let message = format!("there are two {what}s `{}`", name.value);
            let error = Diagnostic::error(Code::SyntaxError, name.span, message);
            Err(Box::new(error.and_at(first.span, "the first")))
        }
    }
}

/// A query in parentheses takes no clause from outside that it has already, and one that tells
/// about another takes none. `around` says which clauses stand outside.
fn check_around(around: [(bool, &str); 4], inner: &Query) -> Parsed<()> {
    let mut query = inner;
    loop {
        let special = matches!(query.body, QueryBody::Special(..));
        let own = [
            query.with.is_some(),
            query.order_by.is_some(),
            query.limit.is_some(),
            query.offset.is_some(),
        ];
        let clash = around
            .iter()
            .zip(own)
            .find(|((outside, _), own)| *outside && (*own || special));
        if let Some(((_, clause), _)) = clash {
            let message = match special {
                true => format!("this query can't have a `{clause}`"),
                false => format!("the query in parentheses has a `{clause}` already"),
            };
            let error = Diagnostic::error(Code::SyntaxError, query.span, message);
            return Err(Box::new(error.hint("read it in the `from` of a query")));
        }
        match &query.body {
            QueryBody::Nested(inner) => query = inner,
            _ => return Ok(()),
        }
    }
}

/// The engine takes no order and no limit around the two sides of a recursion.
fn check_recursive(query: &Query) -> Parsed<()> {
    let QueryBody::SetOperation(operation) = &query.body else {
        return Ok(());
    };
    let bounded = query.order_by.is_some() || query.limit.is_some() || query.offset.is_some();
    if !bounded || operation.operator != SetOperator::Union || operation.by_name {
        return Ok(());
    }
    let clause = Span {
        start: operation.span.end,
        ..query.span
    };
    let message = "a recursive query can't have `order by`, `limit` or `offset`";
    let error = Diagnostic::error(Code::SyntaxError, clause, message);
    Err(Box::new(
        error.hint("write it in the query that reads this one"),
    ))
}

/// The star that `FROM t` alone stands for, at the tables' place.
fn all_columns(from: &[TableExpr], parser: &Parser<'_>) -> SelectItem {
    let span = match (from.first(), from.last()) {
        (Some(first), Some(last)) => first.span.to(last.span),
        _ => parser.previous_span(),
    };
    let star = Star {
        qualifier: Vec::new(),
        exclude: Vec::new(),
        replace: Vec::new(),
        rename: Vec::new(),
        pattern: None,
    };
    SelectItem {
        expr: Expr {
            kind: ExprKind::Star(Box::new(star)),
            span,
        },
        alias: None,
        span,
    }
}

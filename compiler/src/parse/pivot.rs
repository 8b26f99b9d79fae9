//! `PIVOT` and `UNPIVOT`, as queries and behind a table.

use super::ast::{
    Expr, ExprKind, GroupBy, GroupItem, Name, Pivot, PivotColumn, PivotValues, QueryBody, Select,
    SelectItem, TableExpr, TableKind, Unpivot,
};
use super::cursor::{Parsed, Parser};
use super::expression::Power;
use super::keyword;

impl Parser<'_> {
    /// `PIVOT table [ON …] [USING …] [GROUP BY …]`
    pub(super) fn pivot_statement(&mut self) -> Parsed<QueryBody> {
        let start = self.position();
        self.advance();
        let table = self.table()?;
        let on = match self.take(keyword::ON) {
            true => self.several(Self::pivot_column)?,
            false => Vec::new(),
        };
        let aggregates = match self.take(keyword::USING) {
            true => self.several(Self::select_item)?,
            false => Vec::new(),
        };
        let groups = match self.take_all(&[keyword::GROUP, keyword::BY]) {
            true => self.pivot_groups()?,
            false => Vec::new(),
        };
        if on.is_empty() {
            return match aggregates.is_empty() && groups.is_empty() {
                true => Err(self.unexpected("`ON`, `USING` or `GROUP BY`")),
                false => Ok(self.grouped_only(table, aggregates, groups, start)),
            };
        }
        Ok(QueryBody::Pivot(Box::new(Pivot {
            table,
            on,
            aggregates,
            groups,
            span: self.span_from(start),
        })))
    }

    /// Without columns to turn it is a plain query: `SELECT groups, aggregates FROM table GROUP BY groups`.
    fn grouped_only(
        &self,
        table: TableExpr,
        aggregates: Vec<SelectItem>,
        groups: Vec<Name>,
        start: usize,
    ) -> QueryBody {
        let keys = groups.into_iter().map(|name| Expr {
            span: name.span,
            kind: ExprKind::Name(vec![name]),
        });
        let keys: Vec<Expr> = keys.collect();
        let items = keys.iter().map(|key| SelectItem {
            expr: key.clone(),
            alias: None,
            span: key.span,
        });
        let items = items.chain(aggregates).collect();
        let keys: Vec<GroupItem> = keys.into_iter().map(GroupItem::Expr).collect();
        QueryBody::Select(Box::new(Select {
            distinct: None,
            items,
            from: vec![table],
            filter: None,
            group_by: (!keys.is_empty()).then_some(GroupBy::Items(keys)),
            having: None,
            windows: Vec::new(),
            qualify: None,
            sample: None,
            span: self.span_from(start),
        }))
    }

    /// `UNPIVOT table ON … [INTO NAME n VALUE v]`
    pub(super) fn unpivot_statement(&mut self) -> Parsed<QueryBody> {
        let start = self.position();
        self.advance();
        let table = self.table()?;
        let include_nulls = self.include_nulls();
        self.expect(keyword::ON)?;
        let entries = self.several(Self::select_item)?;
        let (mut name, mut values) = (None, Vec::new());
        if self.take(keyword::INTO) {
            self.expect(keyword::NAME)?;
            name = Some(self.name("a name")?);
            if !["value", "values"]
                .iter()
                .any(|word| self.text().eq_ignore_ascii_case(word))
            {
                return Err(self.unexpected("`value`"));
            }
            self.advance();
            values = self.names_with_or_without_parentheses()?;
        }
        Ok(QueryBody::Unpivot(Box::new(Unpivot {
            table,
            entries,
            name,
            values,
            include_nulls,
            span: self.span_from(start),
        })))
    }

    /// `PIVOT (…)`, `UNPIVOT INCLUDE NULLS (…)` behind a table.
    pub(super) fn pivot(&mut self, table: TableExpr, start: usize) -> Parsed<TableKind> {
        let turns_columns = self.at_any(&[keyword::UNPIVOT, keyword::PIVOT_LONGER]);
        self.advance();
        if turns_columns {
            return self.unpivot(table, start);
        }
        let (on, aggregates, groups) = self.parenthesized(|parser| {
            let aggregates = parser.several(Self::select_item)?;
            parser.expect(keyword::FOR)?;
            let mut on = vec![parser.listed_column()?];
            while !parser.at_symbol(")") && !parser.at(keyword::GROUP) {
                on.push(parser.listed_column()?);
            }
            let groups = match parser.take_all(&[keyword::GROUP, keyword::BY]) {
                true => parser.pivot_groups()?,
                false => Vec::new(),
            };
            Ok((on, aggregates, groups))
        })?;
        Ok(TableKind::Pivot(Box::new(Pivot {
            table,
            on,
            aggregates,
            groups,
            span: self.span_from(start),
        })))
    }

    fn unpivot(&mut self, table: TableExpr, start: usize) -> Parsed<TableKind> {
        let include_nulls = self.include_nulls();
        let (values, name, entries) = self.parenthesized(|parser| {
            let values = parser.one_name_or_several()?;
            parser.expect(keyword::FOR)?;
            let mut names = parser.one_name_or_several()?;
            if names.len() != 1 {
                return Err(parser.unexpected("one name"));
            }
            parser.expect(keyword::IN)?;
            let entries = parser.parenthesized(|parser| parser.several(Self::select_item))?;
            Ok((values, names.pop(), entries))
        })?;
        Ok(TableKind::Unpivot(Box::new(Unpivot {
            table,
            entries,
            name,
            values,
            include_nulls,
            span: self.span_from(start),
        })))
    }

    /// `INCLUDE NULLS` (`true`), `EXCLUDE NULLS`, or nothing.
    fn include_nulls(&mut self) -> bool {
        let word = self.text().to_ascii_lowercase();
        if self.keyword(1) != keyword::NULLS || !["include", "exclude"].contains(&word.as_str()) {
            return false;
        }
        self.advance();
        self.advance();
        word == "include"
    }

    /// What commas separate, one behind the last allowed.
    fn several<T>(&mut self, one: impl Fn(&mut Self) -> Parsed<T>) -> Parsed<Vec<T>> {
        let mut all = vec![one(self)?];
        while self.take_symbol(",") {
            if !self.at_operand() && !self.at_symbol("*") {
                break;
            }
            all.push(one(self)?);
        }
        Ok(all)
    }

    /// `month`, `month IN (…)`
    fn pivot_column(&mut self) -> Parsed<PivotColumn> {
        let expr = self.expression_above(Power::Escape)?;
        if matches!(expr.kind, ExprKind::Star(_) | ExprKind::Columns { .. }) {
            return Err(self.unexpected("the name of a column in place of a star"));
        }
        if !self.take(keyword::IN) {
            return Ok(PivotColumn {
                exprs: vec![expr],
                values: PivotValues::All,
            });
        }
        let values = self.pivot_values()?;
        Ok(PivotColumn {
            exprs: vec![expr],
            values,
        })
    }

    /// `month IN (…)`, `(month, year) IN (…)` behind `FOR`.
    fn listed_column(&mut self) -> Parsed<PivotColumn> {
        let header = self.operand()?;
        self.expect(keyword::IN)?;
        // Behind a table the values are written out.
        if self.at_symbol("(") && self.at_nested_query() {
            self.advance();
            return Err(self.unexpected("a value"));
        }
        Ok(PivotColumn {
            exprs: exprs_of(header),
            values: self.pivot_values()?,
        })
    }

    fn pivot_values(&mut self) -> Parsed<PivotValues> {
        if !self.at_symbol("(") {
            return Ok(PivotValues::Enum(match self.kind(0) {
                Some(crate::token::TokenKind::Text) => self.text_as_name()?,
                _ => self.name("a list of values")?,
            }));
        }
        // In parentheses of its own it is an expression.
        if self.at_nested_query() && !self.symbol_is(1, "(") {
            let query = self.parenthesized(Self::query)?;
            return Ok(PivotValues::Query(Box::new(query)));
        }
        let listed = self.parenthesized(|parser| parser.several(Self::select_item))?;
        Ok(PivotValues::Listed(listed))
    }

    fn pivot_groups(&mut self) -> Parsed<Vec<Name>> {
        self.names_with_or_without_parentheses()
    }

    fn names_with_or_without_parentheses(&mut self) -> Parsed<Vec<Name>> {
        if self.at_symbol("(") {
            return self.name_list("a name");
        }
        let mut names = vec![self.name("a name")?];
        while self.take_symbol(",") {
            if !self.name_at(0) {
                break;
            }
            names.push(self.name("a name")?);
        }
        Ok(names)
    }

    /// `v`, or `(v, w)`
    fn one_name_or_several(&mut self) -> Parsed<Vec<Name>> {
        if self.at_symbol("(") {
            return self.name_list("a name");
        }
        Ok(vec![match self.kind(0) {
            Some(crate::token::TokenKind::Text) => self.text_as_name()?,
            _ => self.name("a name")?,
        }])
    }
}

/// The expressions that a row in parentheses, or one expression, stands for.
fn exprs_of(header: Expr) -> Vec<Expr> {
    match header.kind {
        ExprKind::Row(items) => items,
        ExprKind::Nested(inner) => vec![*inner],
        _ => vec![header],
    }
}

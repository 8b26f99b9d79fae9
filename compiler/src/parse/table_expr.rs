//! `FROM`: tables, functions, subqueries and joins.

use super::MAXIMUM_CHAIN;
use super::ast::{
    Expr, ExprKind, Function, Join, JoinConstraint, JoinKind, Query, QueryBody, TableAlias,
    TableExpr, TableKind, TableName, Window, WindowSpec,
};
use super::cursor::{Parsed, Parser};
use super::keyword;
use crate::diagnostic::{Code, Diagnostic};
use crate::token::TokenKind;

/// Keywords that the engine takes as tables although they are functions.
const OTHER_TABLES: [keyword::Keyword; 3] = [keyword::MAP, keyword::STRUCT, keyword::COLUMNS];

/// The beginning of a join, up to and with `JOIN`.
struct JoinStart {
    kind: JoinKind,
    asof: bool,
    natural: bool,
}

impl Parser<'_> {
    /// What stands behind `FROM`: tables with commas between, one behind the last allowed.
    pub(super) fn table_list(&mut self) -> Parsed<Vec<TableExpr>> {
        let mut tables = vec![self.table()?];
        while self.take_symbol(",") {
            if !self.at_table() {
                break;
            }
            tables.push(self.table()?);
        }
        Ok(tables)
    }

    fn at_table(&self) -> bool {
        let kind = matches!(self.kind(0), Some(TokenKind::Text | TokenKind::Reference));
        kind || self.at_symbol("(")
            || self.name_at(0)
            || self.function_at()
            || self.at(keyword::LATERAL)
    }

    /// Whether a function whose name may be no table's stands here.
    fn function_at(&self) -> bool {
        self.kind(0) == Some(TokenKind::Word)
            && self.symbol_is(1, "(")
            && self.keyword(0).category() == Some(keyword::Category::TypeOrFunction)
    }

    /// A table with its joins.
    pub(super) fn table(&mut self) -> Parsed<TableExpr> {
        self.nested(|parser| {
            let start = parser.position();
            let first = parser.single_table()?;
            parser.joins(start, first, false)
        })
    }

    /// Joins and pivots behind a table. As the right side of a join, the table has a join of its
    /// own only if another join stands in front of that join's condition.
    fn joins(&mut self, start: usize, first: TableExpr, right_side: bool) -> Parsed<TableExpr> {
        let mut left = first;
        let mut chain = 0;
        loop {
            chain += 1;
            if chain > MAXIMUM_CHAIN {
                return Err(self.too_deep());
            }
            self.grow()?;
            let (kind, alias) = if self.at_pivot() {
                (self.pivot(left, start)?, self.table_alias()?)
            } else if right_side && self.at_any(&[keyword::ON, keyword::USING]) {
                return Ok(left);
            } else if let Some(join) = self.join_start()? {
                (self.join(left, join)?, None)
            } else {
                return Ok(left);
            };
            left = TableExpr {
                kind,
                alias,
                selection: Vec::new(),
                span: self.span_from(start),
            };
        }
    }

    fn at_pivot(&self) -> bool {
        let word = self.at_any(&[
            keyword::PIVOT,
            keyword::UNPIVOT,
            keyword::PIVOT_WIDER,
            keyword::PIVOT_LONGER,
        ]);
        word && (self.symbol_is(1, "(") || self.symbol_is(3, "("))
    }

    fn join_start(&mut self) -> Parsed<Option<JoinStart>> {
        let words = [
            keyword::JOIN,
            keyword::CROSS,
            keyword::POSITIONAL,
            keyword::NATURAL,
            keyword::ASOF,
            keyword::INNER,
            keyword::LEFT,
            keyword::RIGHT,
            keyword::FULL,
            keyword::SEMI,
            keyword::ANTI,
        ];
        if !self.at_any(&words) {
            return Ok(None);
        }
        let natural = self.take(keyword::NATURAL);
        let asof = !natural && self.take(keyword::ASOF);
        let kind = match self.keyword(0) {
            keyword::LEFT => JoinKind::Left,
            keyword::RIGHT => JoinKind::Right,
            keyword::FULL => JoinKind::Full,
            keyword::SEMI => JoinKind::Semi,
            keyword::ANTI => JoinKind::Anti,
            keyword::CROSS if !natural && !asof => JoinKind::Cross,
            keyword::POSITIONAL if !natural && !asof => JoinKind::Positional,
            _ => JoinKind::Inner,
        };
        if !self.at(keyword::JOIN) {
            if kind == JoinKind::Inner {
                self.expect(keyword::INNER)?;
            } else {
                self.advance();
            }
            if matches!(kind, JoinKind::Left | JoinKind::Right | JoinKind::Full) {
                self.take(keyword::OUTER);
            }
        }
        self.expect(keyword::JOIN)?;
        Ok(Some(JoinStart {
            kind,
            asof,
            natural,
        }))
    }

    fn join(&mut self, left: TableExpr, join: JoinStart) -> Parsed<TableKind> {
        let unconditional =
            join.natural || matches!(join.kind, JoinKind::Cross | JoinKind::Positional);
        let right = self.nested(|parser| {
            let start = parser.position();
            let table = parser.single_table()?;
            match unconditional {
                true => Ok(table),
                false => parser.joins(start, table, true),
            }
        })?;
        let constraint = if join.natural {
            JoinConstraint::Natural
        } else if unconditional {
            JoinConstraint::None
        } else if self.take(keyword::ON) {
            JoinConstraint::On(self.expression()?)
        } else if self.take(keyword::USING) {
            JoinConstraint::Using(self.name_list("the name of a column")?)
        } else {
            return Err(self.unexpected("`on` or `using`"));
        };
        Ok(TableKind::Join(Box::new(Join {
            left,
            right,
            kind: join.kind,
            asof: join.asof,
            constraint,
        })))
    }

    /// One table with its alias, without joins.
    fn single_table(&mut self) -> Parsed<TableExpr> {
        let start = self.position();
        let mut prefix = None;
        let text = self.kind(0) == Some(TokenKind::Text);
        if (text || self.name_at(0)) && self.symbol_is(1, ":") {
            prefix = Some(TableAlias {
                name: match text {
                    true => self.text_as_name()?,
                    false => self.name("an alias")?,
                },
                columns: Vec::new(),
            });
            self.advance();
        }
        let bare_values = self.at(keyword::VALUES) && self.symbol_is(1, "(");
        if bare_values && prefix.is_some() {
            return Err(self.unexpected("a table"));
        }
        let mut kind = self.table_kind()?;
        if bare_values {
            // Behind the last row a comma may stand.
            self.take_symbol(",");
        }
        let mut selection = Vec::new();
        if self.at(keyword::AT) && self.symbol_is(1, "(") {
            selection.push(self.point_in_time(&kind)?);
        }
        if let TableKind::Function { ordinality, .. } = &mut kind {
            *ordinality = self.take_all(&[keyword::WITH, keyword::ORDINALITY]);
        }
        let function = matches!(kind, TableKind::Function { .. });
        let alias = match prefix {
            Some(alias) => Some(alias),
            None if !function && self.at(keyword::AS) && self.symbol_is(1, "(") => {
                self.advance();
                return Err(self.unexpected("an alias"));
            }
            None => self.table_alias()?,
        };
        if bare_values && alias.is_none() {
            let error = self.unexpected("an alias of the values");
            return Err(Box::new(error.hint("write `values (…) as alias`")));
        }
        if self.at(keyword::AT) && self.symbol_is(1, "(") {
            selection.push(self.point_in_time(&kind)?);
        }
        if self.at(keyword::TABLESAMPLE) {
            selection.push(self.sample()?);
        }
        Ok(TableExpr {
            kind,
            alias,
            selection,
            span: self.span_from(start),
        })
    }

    /// `AT (VERSION => …)` or `AT (TIMESTAMP => …)` behind a table.
    fn point_in_time(&mut self, kind: &TableKind) -> Parsed<crate::span::Span> {
        let of_table = matches!(kind, TableKind::Name(_) | TableKind::Reference(_));
        if !of_table {
            return Err(self.unexpected("the end of the table"));
        }
        self.advance();
        let start = self.position();
        let open = self.expect_symbol("(")?;
        let words = ["version", "timestamp"];
        if !words
            .iter()
            .any(|word| self.text().eq_ignore_ascii_case(word))
        {
            return Err(self.unexpected("`version` or `timestamp`"));
        }
        self.advance();
        self.expect_symbol("=>")?;
        self.expression()?;
        self.close(")", open)?;
        Ok(self.span_from(start))
    }

    fn table_kind(&mut self) -> Parsed<TableKind> {
        let lateral = self.take(keyword::LATERAL);
        match self.kind(0) {
            Some(TokenKind::Text) => Ok(TableKind::File(self.advance())),
            Some(TokenKind::Reference) => Ok(TableKind::Reference(self.reference())),
            _ if self.at_symbol("(") && self.at_nested_query() => {
                let query = self.parenthesized(Parser::query)?;
                Ok(query_table(query, lateral))
            }
            _ if self.at_symbol("(") => {
                let table = self.parenthesized(Self::table)?;
                match table.kind {
                    TableKind::Join(_)
                    | TableKind::Nested(_)
                    | TableKind::Pivot(_)
                    | TableKind::Unpivot(_) => Ok(TableKind::Nested(Box::new(table))),
                    // The engine wants a join in parentheses.
                    _ => Err(self.lone_table(table)),
                }
            }
            _ if self.at(keyword::VALUES) && self.symbol_is(1, "(") => {
                Ok(TableKind::Values(self.values(false)?))
            }
            _ if self.function_at() || self.name_at(0) || self.at_any(&OTHER_TABLES) => {
                let table = self.named_table()?;
                match (lateral, &table) {
                    (true, TableKind::Name(_)) => {
                        Err(self.unexpected("a function or a query behind `lateral`"))
                    }
                    _ => Ok(table),
                }
            }
            _ => Err(self.unexpected("a table")),
        }
    }

    fn lone_table(&self, table: TableExpr) -> Box<Diagnostic> {
        Box::new(
            Diagnostic::error(
                Code::SyntaxError,
                table.span,
                "a table in parentheses must be a join or a query",
            )
            .hint("leave the parentheses out"),
        )
    }

    fn named_table(&mut self) -> Parsed<TableKind> {
        let start = self.position();
        let mut parts = vec![self.any_name("a table")?];
        while self.take_symbol(".") {
            if parts.len() == 3 {
                return Err(self.unexpected("the end of the table's name"));
            }
            parts.push(self.any_name("a table")?);
        }
        if !self.at_symbol("(") {
            return Ok(TableKind::Name(TableName {
                parts,
                span: self.span_from(start),
            }));
        }
        let function = self.call(parts, start)?;
        if let Some(clause) = clause_of(&function) {
            let message = format!("a function in `FROM` takes no `{clause}`");
            return Err(Box::new(Diagnostic::error(
                Code::SyntaxError,
                self.span_from(start),
                message,
            )));
        }
        let call = Box::new(Expr {
            kind: ExprKind::Function(Box::new(function)),
            span: self.span_from(start),
        });
        Ok(TableKind::Function {
            call,
            ordinality: false,
        })
    }

    /// `AS alias(a, b)`, `alias`; the columns may have types, as those of some functions do.
    fn table_alias(&mut self) -> Parsed<Option<TableAlias>> {
        let said = self.take(keyword::AS);
        if said && self.at_symbol("(") {
            self.alias_columns(true)?;
            return Ok(None);
        }
        if !said && !self.name_at(0) {
            return Ok(None);
        }
        let name = match self.kind(0) {
            Some(TokenKind::Text) if said => self.text_as_name()?,
            _ => self.name("an alias")?,
        };
        let columns = match self.at_symbol("(") {
            true => self.alias_columns(said)?,
            false => Vec::new(),
        };
        Ok(Some(TableAlias { name, columns }))
    }

    /// `(a, b)`; behind `AS` also `(a int, b text)`.
    fn alias_columns(&mut self, typed: bool) -> Parsed<Vec<super::ast::Name>> {
        self.parenthesized(|parser| {
            let mut names = vec![parser.alias_column(typed)?];
            while parser.take_symbol(",") && !parser.at_symbol(")") {
                names.push(parser.alias_column(typed)?);
            }
            Ok(names)
        })
    }

    fn alias_column(&mut self, typed: bool) -> Parsed<super::ast::Name> {
        let name = match self.kind(0) {
            Some(TokenKind::Text) => self.text_as_name()?,
            _ => self.name("the name of a column")?,
        };
        if typed && !self.at_symbol(",") && !self.at_symbol(")") {
            self.type_name()?;
        }
        Ok(name)
    }
}

/// A query in a `FROM`; `VALUES` alone is a kind of its own.
/// A clause behind a call that none in a `FROM` has. `OVER (a)` is an alias there.
fn clause_of(function: &Function) -> Option<&'static str> {
    let alone = |spec: &WindowSpec| {
        spec.partition_by.is_empty() && spec.order_by.is_empty() && spec.frame.is_none()
    };
    match &function.over {
        Some(Window::Spec(spec)) if spec.base.is_some() && alone(spec) => None,
        Some(_) => Some("OVER"),
        None if function.filter.is_some() => Some("FILTER"),
        None if !function.within_group.is_empty() => Some("WITHIN GROUP"),
        None if function.ignore_nulls.is_some() => Some("IGNORE NULLS"),
        None => None,
    }
}

fn query_table(query: Query, lateral: bool) -> TableKind {
    let bare = query.with.is_none()
        && query.order_by.is_none()
        && query.limit.is_none()
        && query.offset.is_none();
    match query.body {
        QueryBody::Values(values) if bare && !lateral => TableKind::Values(values),
        _ => TableKind::Query {
            lateral,
            query: Box::new(query),
        },
    }
}

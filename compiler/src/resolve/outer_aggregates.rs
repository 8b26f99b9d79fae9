//! Aggregates in subqueries that belong to a query around them.
//!
//! Source: `BaseSelectBinder::BindAggregate` and `LateralBinder` of DuckDB 1.5.5. An aggregate
//! belongs to the innermost query of which it reads a column: `(select sum(t.i) from p)` sums the
//! rows of `t`. There it counts as an aggregate of that query, with all that follows.

use super::Binder;
use super::deep::{query_of, walk_query};
use super::grouping::{is_aggregate, is_macro, walk};
use super::placement::{Needs, needs_of};
use super::scope::{Env, Scope};
use crate::diagnostic::{Code, Diagnostic};
use crate::parse::ast;
use crate::span::Span;

impl Binder<'_> {
    /// The aggregates in an expression's subqueries that belong to the query with this scope.
    pub(super) fn outer_aggregates<'b>(
        &self,
        expr: &'b ast::Expr,
        scope: &Scope,
        parent: Option<&Env<'_>>,
    ) -> Vec<&'b ast::Expr> {
        let mut found = Vec::new();
        walk(expr, &mut |part| {
            if let Some(query) = query_of(part) {
                found.extend(self.aggregates_of(query, scope, parent));
            }
            true
        });
        found
    }

    /// The aggregates in a query that belong to the query around it with this scope.
    fn aggregates_of<'b>(
        &self,
        query: &'b ast::Query,
        scope: &Scope,
        parent: Option<&Env<'_>>,
    ) -> Vec<&'b ast::Expr> {
        let around: Vec<u32> = parent
            .into_iter()
            .flat_map(Env::outwards)
            .map(|env| env.scope.id)
            .collect();
        let mut found = Vec::new();
        walk_query(query, &mut |part| {
            if is_aggregate(part) && !is_macro(part) && needs_of(part) == Some(Needs::Group) {
                let mut own = false;
                let mut within = true;
                for column in self.columns_within(part.span) {
                    own |= column.scope == scope.id;
                    within &= column.scope == scope.id || around.contains(&column.scope);
                }
                if own && within {
                    found.push(part);
                }
            }
        });
        found
    }

    /// Whether an aggregate belongs to a query within the one with this scope: it reads a column of that
    /// query, and scopes are numbered from the outside to the inside.
    pub(super) fn aggregates_within(&self, part: &ast::Expr, scope: &Scope) -> bool {
        !is_macro(part)
            && needs_of(part) == Some(Needs::Group)
            && self
                .columns_within(part.span)
                .any(|column| column.scope > scope.id)
    }

    /// Whether a select list has an aggregate that stands in a subquery.
    pub(super) fn has_outer_aggregate(
        &self,
        select: &ast::Select,
        scope: &Scope,
        parent: Option<&Env<'_>>,
    ) -> bool {
        let items = select.items.iter().map(|item| &item.expr);
        items
            .chain(&select.having)
            .any(|expr| !self.outer_aggregates(expr, scope, parent).is_empty())
    }

    /// A subquery of a `FROM` can't aggregate the rows of the tables beside it.
    pub(super) fn check_lateral_aggregates(
        &mut self,
        table: &ast::TableExpr,
        left: &Scope,
        parent: Option<&Env<'_>>,
    ) {
        if left.relations.is_empty() {
            return;
        }
        let mut places = Vec::new();
        self.lateral_aggregates(table, left, parent, &mut places);
        for span in places {
            let message = "a subquery can't aggregate the rows of the tables beside it";
            self.report(
                Diagnostic::error(Code::MisplacedAggregate, span, message)
                    .hint("aggregate in the query that reads the tables, or read them again here"),
            );
        }
    }

    /// The aggregates in an item of a `FROM` that belong to the query of the tables before it.
    fn lateral_aggregates(
        &self,
        table: &ast::TableExpr,
        left: &Scope,
        parent: Option<&Env<'_>>,
        places: &mut Vec<Span>,
    ) {
        let values = match &table.kind {
            ast::TableKind::Query { query, .. } => {
                let found = self.aggregates_of(query, left, parent);
                places.extend(found.iter().map(|part| part.span));
                match &query.body {
                    ast::QueryBody::Values(values) => values,
                    _ => return,
                }
            }
            ast::TableKind::Values(values) => values,
            ast::TableKind::Function { call, .. } => {
                let found = self.outer_aggregates(call, left, parent);
                return places.extend(found.iter().map(|part| part.span));
            }
            ast::TableKind::Pivot(pivot) => {
                // What the pivot is turned on filters the rows of each aggregate.
                let turned = pivot.on.iter().flat_map(|column| &column.exprs);
                let turned: Vec<Span> = turned.map(|expr| expr.span).collect();
                let outside = |span: Span| {
                    let mut columns = self.columns_within(span).peekable();
                    columns.peek().is_some() && columns.all(|column| column.scope == left.id)
                };
                let aggregates = pivot.aggregates.iter().map(|item| item.expr.span);
                return places.extend(aggregates.filter(|span| {
                    outside(*span) && turned.iter().all(|turned| outside(*turned))
                }));
            }
            ast::TableKind::Nested(inner) => {
                return self.lateral_aggregates(inner, left, parent, places);
            }
            ast::TableKind::Join(join) => {
                return super::with_stack(|| {
                    self.lateral_aggregates(&join.left, left, parent, places);
                    self.lateral_aggregates(&join.right, left, parent, places);
                });
            }
            _ => return,
        };
        // Values have no rows of their own.
        for value in values.rows.iter().flatten() {
            walk(value, &mut |part| {
                let aggregates = needs_of(part) == Some(Needs::Group);
                places.extend(aggregates.then_some(part.span));
                !aggregates
            });
            let found = self.outer_aggregates(value, left, parent);
            places.extend(found.iter().map(|part| part.span));
        }
    }
}

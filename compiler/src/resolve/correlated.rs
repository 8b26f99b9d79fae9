//! What a query that reads columns of a query around it can't do.
//!
//! Source: `FlattenDependentJoins` and `BindLambdaReference` of DuckDB 1.5.5.

use super::Binder;
use super::grouping::walk;
use super::placement::{Needs, needs_of};
use super::scope::Env;
use crate::diagnostic::{Code, Diagnostic};
use crate::parse::ast::{self, JoinKind};
use crate::span::Span;
use std::collections::BTreeSet;

impl Binder<'_> {
    /// A join that may be none of the engine's where one of its sides reads a column from outside of it.
    pub(super) fn check_correlated_join(&mut self, join: &ast::Join, span: Span, env: &Env<'_>) {
        let word = match join.kind {
            JoinKind::Full => "full join",
            JoinKind::Semi => "semi join",
            JoinKind::Anti => "anti join",
            JoinKind::Positional => "positional join",
            JoinKind::Inner | JoinKind::Left | JoinKind::Right | JoinKind::Cross => return,
        };
        let around: Vec<u32> = env.outwards().map(|env| env.scope.id).collect();
        if self.reads_any(span, &around) {
            let message = format!("no side of a `{word}` can read a column of an outer query");
            self.report(
                Diagnostic::error(Code::UnsupportedJoin, span, message)
                    .hint("read it in `WHERE`, or join with `left join` or `join`"),
            );
        }
    }

    /// Whether an aggregate of a query reads columns of the queries around it alone: it is one of
    /// theirs, and makes no row here.
    pub(super) fn aggregates_outside(&self, query: &ast::Query, env: &Env<'_>) -> bool {
        let ast::QueryBody::Select(select) = &query.body else {
            return false;
        };
        let outer: Vec<u32> = env.outwards().map(|env| env.scope.id).collect();
        let mut found = false;
        for item in &select.items {
            walk(&item.expr, &mut |part| {
                if needs_of(part) != Some(Needs::Group) {
                    return true;
                }
                let mut columns = self.columns_within(part.span).peekable();
                found |=
                    columns.peek().is_some() && columns.all(|column| outer.contains(&column.scope));
                false
            });
        }
        found
    }

    /// Whether a part of the text, or a member of `WITH` that it reads, reads a column of one of these scopes.
    fn reads_any(&self, span: Span, scopes: &[u32]) -> bool {
        let mut places = vec![span];
        let mut next = 0;
        while let Some(place) = places.get(next).copied() {
            next += 1;
            let mut columns = self.columns_within(place);
            if columns.any(|column| column.scope != 0 && scopes.contains(&column.scope)) {
                return true;
            }
            let members = self
                .members_read
                .range((place.start, 0)..=(place.end, u32::MAX));
            for (_, member) in members {
                if !places.contains(member) {
                    places.push(*member);
                }
            }
        }
        false
    }

    /// A lambda is bound where the list is that it goes over: in this query, or where the list reads a column
    /// of an outer query, in that one. It reads columns of no other.
    pub(super) fn check_lambda_columns(&mut self, list: Span, body: Span, env: &Env<'_>) {
        // One within another one is bound where that one is.
        if !env.parameters.is_empty() {
            return;
        }
        let read = |binder: &Self, span| -> BTreeSet<u32> {
            let columns = binder.columns_within(span);
            columns
                .map(|column| column.scope)
                .filter(|scope| *scope != 0)
                .collect()
        };
        let (of_list, of_body) = (read(self, list), read(self, body));
        let bound_in: Vec<u32> = of_list.into_iter().collect();
        let bound_in = match bound_in.as_slice() {
            [] => env.scope.id,
            [only] => *only,
            _ => return,
        };
        if of_body.iter().any(|scope| *scope != bound_in) {
            let message = "a lambda reads the columns of one query alone, and no others";
            self.report(
                Diagnostic::error(Code::UnknownColumn, body, message)
                    .hint("select what it reads in a subquery of `FROM`"),
            );
        }
    }
}

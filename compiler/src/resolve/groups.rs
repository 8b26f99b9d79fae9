//! `GROUP BY ALL`, and `GROUPING(…)`, which tells what a row is grouped by.
//!
//! Source: `Binder::BindSelectNode` and `BaseSelectBinder::BindGroupingFunction` of DuckDB. By
//! `GROUP BY ALL` each item of the select list that reads a column becomes a group as it stands, so
//! that it can hold no aggregate; what stands in other clauses isn't found again in these groups.

use super::Binder;
use super::deep::{group_keys, without_parentheses};
use super::grouped_stars::Keys;
use super::grouping::{is_aggregate, is_macro, walk};
use super::placement::{Needs, function_of, needs_of};
use super::scope::{Output, Scope};
use crate::diagnostic::{Code, Diagnostic};
use crate::name::same_name;
use crate::parse::ast::{self, ExprKind};
use crate::span::Span;

/// The most arguments of `GROUPING(…)`.
const MOST_GROUPINGS: usize = 63;

/// What an item holds outside of subqueries.
#[derive(Default)]
struct Holds {
    /// A column of this query outside of aggregates.
    column: Option<Span>,
    aggregate: bool,
    unnest: bool,
}

impl Binder<'_> {
    /// Checks the items of a `SELECT` with `GROUP BY ALL`.
    pub(super) fn check_group_all(&mut self, select: &ast::Select, scope: &Scope) {
        let Some(ast::GroupBy::All(all)) = &select.group_by else {
            return;
        };
        if let Some(qualify) = &select.qualify {
            self.report(
                Diagnostic::error(
                    Code::MisplacedWindow,
                    qualify.span,
                    "`QUALIFY` can't stand behind `GROUP BY ALL`",
                )
                .and_at(*all, "grouped by all here")
                .hint("name the groups, or filter in a query around this one"),
            );
        }
        for item in &select.items {
            let expr = without_parentheses(&item.expr);
            let holds = self.held(expr, scope);
            let Some(column) = holds.column else { continue };
            let root = needs_of(expr);
            let finding = if holds.aggregate {
                let message = "an item that `GROUP BY ALL` would group by holds an aggregate";
                Diagnostic::error(Code::NotGrouped, item.expr.span, message)
                    .and_at(column, "this column is outside of it")
                    .hint("name the groups: `GROUP BY …`")
            } else if root == Some(Needs::Window) {
                let message = "`GROUP BY ALL` can't group by a window function";
                Diagnostic::error(Code::MisplacedWindow, item.expr.span, message)
                    .hint("compute it in a query around this one")
            } else if holds.unnest {
                let message = "`GROUP BY ALL` can't group by `unnest`";
                Diagnostic::error(Code::MisplacedUnnest, item.expr.span, message)
                    .hint("compute it in a subquery, and group by its column")
            } else {
                continue;
            };
            self.report(finding);
        }
    }

    fn held(&self, expr: &ast::Expr, scope: &Scope) -> Holds {
        let mut holds = Holds::default();
        walk(expr, &mut |part| {
            if is_aggregate(part) && needs_of(part) != Some(Needs::Window) {
                holds.aggregate |= !is_macro(part) && needs_of(part) == Some(Needs::Group);
                return false;
            }
            holds.unnest |= needs_of(part) == Some(Needs::Rows);
            match &part.kind {
                ExprKind::Name(_) if self.is_own_column(part, scope) => {
                    holds.column = holds.column.or(Some(part.span));
                }
                // Of what stands for several columns others tell.
                ExprKind::Columns { .. } | ExprKind::Star(_) | ExprKind::Lambda { .. } => {
                    return false;
                }
                _ => {}
            }
            true
        });
        holds
    }

    /// Checks each `GROUPING(…)` of a `SELECT`: it takes keys of the groups.
    pub(super) fn check_grouping_calls(
        &mut self,
        select: &ast::Select,
        output: &Output,
        scope: &Scope,
    ) {
        let outside = select.filter.iter().chain(group_keys(select));
        for expr in outside {
            for call in grouping_calls(expr) {
                self.misplaced_grouping(call.span, "`GROUPING` can't stand here");
            }
        }
        for key in group_keys(select) {
            let meant = self
                .meaning(key, select)
                .filter(|meant| !std::ptr::eq(*meant, key));
            if meant.is_some_and(|meant| !grouping_calls(meant).is_empty()) {
                self.misplaced_grouping(key.span, "`GROUPING` can't be grouped by");
            }
        }
        let keys = self.grouped_keys(select, output);
        let apart: &[ast::Expr] = match &select.distinct {
            Some(ast::Distinct::On(keys)) => keys,
            _ => &[],
        };
        let inside = (select.items.iter().map(|item| &item.expr))
            .chain(&select.having)
            .chain(&select.qualify)
            .chain(apart);
        for expr in inside {
            self.check_aggregated_groupings(expr);
            for call in grouping_calls(expr) {
                self.check_grouping_call(call, select, keys.as_deref(), scope);
            }
        }
    }

    /// An aggregate sees the rows of a group, and not which of the sets of keys made it.
    fn check_aggregated_groupings(&mut self, expr: &ast::Expr) {
        let mut found = Vec::new();
        walk(expr, &mut |part| {
            let aggregates = needs_of(part) == Some(Needs::Group);
            if aggregates {
                found.extend(grouping_calls(part));
            }
            !aggregates
        });
        for call in found {
            self.misplaced_grouping(call.span, "`GROUPING` can't stand within an aggregate");
        }
    }

    /// Checks an expression that belongs to no groups.
    pub(super) fn check_no_grouping(&mut self, expr: &ast::Expr) {
        for call in grouping_calls(expr) {
            self.misplaced_grouping(call.span, "`GROUPING` can't stand here");
        }
    }

    /// Checks each `GROUPING(…)` of an `ORDER BY`.
    pub(super) fn check_order_groupings(
        &mut self,
        select: &ast::Select,
        order_by: &[&ast::Expr],
        output: &Output,
        scope: &Scope,
    ) {
        let calls: Vec<&ast::Expr> = order_by
            .iter()
            .flat_map(|expr| grouping_calls(expr))
            .collect();
        if calls.is_empty() {
            return;
        }
        let keys = self.grouped_keys(select, output);
        for call in calls {
            self.check_grouping_call(call, select, keys.as_deref(), scope);
        }
    }

    /// What is grouped by; `None` if that isn't in plain sight.
    fn grouped_keys<'b>(
        &self,
        select: &'b ast::Select,
        output: &Output,
    ) -> Option<Vec<&'b ast::Expr>> {
        if matches!(select.group_by, Some(ast::GroupBy::All(_)) | None) {
            return Some(Vec::new());
        }
        if output.open {
            return None;
        }
        let members = group_keys(select).into_iter().flat_map(|key| {
            let row = match &key.kind {
                ExprKind::Row(items) => items.as_slice(),
                _ => std::slice::from_ref(key),
            };
            row.iter()
        });
        members.map(|key| self.meaning(key, select)).collect()
    }

    fn check_grouping_call(
        &mut self,
        call: &ast::Expr,
        select: &ast::Select,
        keys: Option<&[&ast::Expr]>,
        scope: &Scope,
    ) {
        let (Some(function), Some(keys)) = (function_of(call), keys) else {
            return;
        };
        if keys.is_empty() && matches!(select.group_by, Some(ast::GroupBy::All(_)) | None) {
            return self.misplaced_grouping(call.span, "`GROUPING` needs a `GROUP BY` with keys");
        }
        if function.arguments.len() > MOST_GROUPINGS {
            let message = "`GROUPING` takes at most 63 keys";
            return self.misplaced_grouping(call.span, message);
        }
        for argument in &function.arguments {
            let child = without_parentheses(&argument.value);
            let meant = self.item_named(child, select);
            if matches!(child.kind, ExprKind::Columns { .. }) {
                let by = Keys {
                    exprs: keys.to_vec(),
                    ..Keys::default()
                };
                if self.loose_in_star(child, &by, scope).is_some() {
                    let message = "`GROUPING` takes what is grouped by, and this isn't";
                    return self.misplaced_grouping(child.span, message);
                }
                continue;
            }
            let constant = matches!(child.kind, ExprKind::Literal(_));
            let found = keys
                .iter()
                .any(|key| self.same(key, child) || !constant && self.same(key, meant));
            if !found {
                let message = "`GROUPING` takes what is grouped by, and this isn't";
                return self.misplaced_grouping(child.span, message);
            }
        }
    }

    /// The item of the select list that a name means, if it is no column.
    fn item_named<'b>(&self, expr: &'b ast::Expr, select: &'b ast::Select) -> &'b ast::Expr {
        let ExprKind::Name(names) = &expr.kind else {
            return expr;
        };
        let [only] = names.as_slice() else {
            return expr;
        };
        if self
            .resolved
            .contains_key(&(only.span.start, only.span.end))
        {
            return expr;
        }
        let mut items = select.items.iter();
        let found = items.find(|item| {
            let name = match (&item.alias, &item.expr.kind) {
                (Some(alias), _) => Some(alias),
                (None, ExprKind::Name(names)) => names.last(),
                _ => None,
            };
            name.is_some_and(|name| same_name(&name.value, &only.value))
        });
        found.map_or(expr, |item| &item.expr)
    }

    fn misplaced_grouping(&mut self, span: Span, message: &str) {
        self.report(Diagnostic::error(Code::NotGrouped, span, message));
    }
}

fn grouping_calls(expr: &ast::Expr) -> Vec<&ast::Expr> {
    let mut found = Vec::new();
    walk(expr, &mut |part| {
        let grouping = function_of(part).is_some_and(|function| {
            function.over.is_none()
                && matches!(function.name.as_slice(), [name] if !name.quoted
                    && matches!(name.value.to_lowercase().as_str(), "grouping" | "grouping_id"))
        });
        if grouping {
            found.push(part);
        }
        true
    });
    found
}

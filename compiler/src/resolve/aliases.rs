//! Uses of a select list's aliases in the same `SELECT`.
//!
//! Source: `SelectBinder::BindColumnRef` and `ColumnAliasBinder` of DuckDB. An alias stands for its
//! expression, so that it can't stand where that can't; one that is volatile or holds a subquery
//! isn't repeated, and an aggregate and `TRY` see no aliases at all.

use super::Binder;
use super::deep::{has_query, walk_deep};
use super::grouping::walk;
use super::placement::{Needs, first_needs, function_of, is_volatile, needs_of};
use super::scope::{Env, Found, Relation, Scope};
use crate::diagnostic::{Code, Diagnostic};
use crate::name::same_name;
use crate::parse::ast::{self, ExprKind};

/// An alias and its expression.
type Aliased<'a> = (&'a ast::Name, &'a ast::Expr);

impl Binder<'_> {
    /// Checks the uses of aliases in a `SELECT` that has been bound.
    pub(super) fn check_aliases(
        &mut self,
        select: &ast::Select,
        scope: &Scope,
        parent: Option<&Env<'_>>,
    ) {
        let env = Env::new(scope, parent);
        let open = env
            .outwards()
            .any(|env| env.scope.relations.iter().any(Relation::is_open));
        let all: Vec<Aliased<'_>> = select
            .items
            .iter()
            .filter_map(|item| Some((item.alias.as_ref()?, &item.expr)))
            .collect();
        if open || all.is_empty() {
            return;
        }
        for item in &select.items {
            let earlier: Vec<Aliased<'_>> = all
                .iter()
                .copied()
                .take_while(|(alias, _)| alias.span.end <= item.expr.span.start)
                .collect();
            self.check_uses(&item.expr, &earlier);
            self.check_hidden(&item.expr, &earlier);
            for (name, expr) in self.uses(&item.expr, &earlier, true) {
                if has_query(expr) {
                    self.unusable(name, "holds a subquery");
                }
            }
        }
        let conditions = [&select.filter, &select.having, &select.qualify];
        let keys = super::deep::group_keys(select);
        for expr in conditions.into_iter().flatten().chain(keys) {
            self.check_alias_methods(expr, &all, &env);
        }
        if let Some(filter) = &select.filter {
            self.check_uses(filter, &all);
            for (name, expr) in self.uses(filter, &all, false) {
                if let Some(needs) = first_needs(expr) {
                    self.misplaced(needs, name, "`WHERE`");
                }
            }
        }
        if let Some(having) = &select.having {
            for (name, expr) in self.uses(having, &all, false) {
                if let Some(needs @ (Needs::Window | Needs::Rows)) = first_needs(expr) {
                    self.misplaced(needs, name, "`HAVING`");
                }
            }
        }
        let keys = super::deep::group_keys(select);
        let is_key = |expr: &ast::Expr| {
            let mut meant = keys.iter().filter_map(|key| self.meaning(key, select));
            meant.any(|meant| std::ptr::eq(meant, expr))
        };
        // What is grouped by has one value for each group.
        let loose: Vec<Aliased<'_>> = all
            .iter()
            .copied()
            .filter(|(_, expr)| !is_key(expr))
            .collect();
        for condition in select.having.iter().chain(&select.qualify) {
            self.check_uses(condition, &loose);
            self.check_hidden(condition, &all);
        }
    }

    /// Checks the uses of aliases in the `ORDER BY` of a `SELECT`.
    pub(super) fn check_ordering_aliases(
        &mut self,
        select: &ast::Select,
        items: &[ast::OrderItem],
    ) {
        let all: Vec<Aliased<'_>> = select
            .items
            .iter()
            .filter_map(|item| Some((item.alias.as_ref()?, &item.expr)))
            .collect();
        for item in items {
            self.check_hidden(&item.expr, &all);
        }
    }

    /// The uses of aliases in an expression; in its subqueries too, if asked.
    fn uses<'b>(
        &self,
        expr: &'b ast::Expr,
        aliases: &[Aliased<'b>],
        deep: bool,
    ) -> Vec<(&'b ast::Expr, &'b ast::Expr)> {
        let mut found = Vec::new();
        let mut visit = |part: &'b ast::Expr| {
            let ExprKind::Name(names) = &part.kind else {
                return;
            };
            let name = match names.as_slice() {
                [name] => name,
                [first, name] if first.value.eq_ignore_ascii_case("alias") => name,
                _ => return,
            };
            if self
                .resolved
                .contains_key(&(part.span.start, part.span.end))
            {
                return;
            }
            let mut aliases = aliases.iter();
            if let Some((_, meant)) =
                aliases.find(|(alias, _)| same_name(&alias.value, &name.value))
            {
                found.push((part, *meant));
            }
        };
        if holds_lambda(expr) {
            return Vec::new();
        }
        match deep {
            true => walk_deep(expr, &mut visit),
            false => walk(expr, &mut |part| {
                visit(part);
                true
            }),
        }
        found
    }

    /// `alias.x.f()` is a method of the alias `x` in the select list and in `ORDER BY` only.
    fn check_alias_methods(&mut self, expr: &ast::Expr, aliases: &[Aliased<'_>], env: &Env<'_>) {
        if env.relation("alias").is_some() || !matches!(env.find("alias"), Found::Nothing) {
            return;
        }
        let mut found = None;
        walk(expr, &mut |part| {
            if let ExprKind::Function(function) = &part.kind
                && let [first, name, _] = function.name.as_slice()
                && first.value.eq_ignore_ascii_case("alias")
                && aliases
                    .iter()
                    .any(|(own, _)| same_name(&own.value, &name.value))
            {
                found = found.or(Some(first));
            }
            found.is_none()
        });
        if let Some(name) = found {
            self.unknown_qualifier(name, env);
        }
    }

    fn check_uses(&mut self, expr: &ast::Expr, aliases: &[Aliased<'_>]) {
        for (name, meant) in self.uses(expr, aliases, false) {
            // What stands in an aggregate or window is computed once, before.
            let mut volatile = false;
            walk(meant, &mut |part| {
                let computed = matches!(needs_of(part), Some(Needs::Group | Needs::Window));
                volatile |= !computed && is_volatile(part);
                !volatile && !computed
            });
            if volatile {
                self.unusable(name, "has another value each time");
            }
        }
    }

    /// Within an aggregate and `TRY` there are no aliases; within a window none of a window.
    fn check_hidden(&mut self, expr: &ast::Expr, aliases: &[Aliased<'_>]) {
        let mut hiding: Vec<&ast::Expr> = Vec::new();
        let mut windows: Vec<&ast::Expr> = Vec::new();
        walk(expr, &mut |part| {
            match needs_of(part) {
                Some(Needs::Group) => hiding.push(part),
                Some(Needs::Window) => windows.push(part),
                _ if is_try(part) => hiding.push(part),
                _ => return true,
            }
            false
        });
        for place in hiding {
            for (name, _) in self.uses(place, aliases, false) {
                let what = if is_try(place) {
                    "`TRY`"
                } else {
                    "an aggregate"
                };
                let message = format!("an alias of the select list isn't known within {what}");
                self.report(
                    Diagnostic::error(Code::UnknownColumn, name.span, message)
                        .hint("repeat its expression, or name it in a subquery"),
                );
            }
        }
        for place in windows {
            for (name, meant) in self.uses(place, aliases, false) {
                if first_needs(meant) == Some(Needs::Window) {
                    self.misplaced(Needs::Window, name, "a window function");
                }
            }
        }
    }

    fn unusable(&mut self, name: &ast::Expr, why: &str) {
        let message = format!("this alias can't be used here: its expression {why}");
        self.report(
            Diagnostic::error(Code::UnknownColumn, name.span, message)
                .hint("name the expression in a subquery, and use its column here"),
        );
    }
}

fn is_try(expr: &ast::Expr) -> bool {
    function_of(expr)
        .and_then(|function| function.name.last())
        .is_some_and(|name| name.value.eq_ignore_ascii_case("try"))
}

/// Whether names in an expression may be a lambda's parameters.
fn holds_lambda(expr: &ast::Expr) -> bool {
    let mut found = false;
    walk(expr, &mut |part| {
        found |= match &part.kind {
            ExprKind::Lambda { .. } | ExprKind::Comprehension { .. } => true,
            ExprKind::Binary { operator, .. } => operator == "->",
            _ => false,
        };
        !found
    });
    found
}

//! The clauses of a `SELECT`.

use super::Binder;
use super::query::{aliases_of, literal_position};
use super::scope::{Alias, Env, Output, OutputColumn, Scope};
use crate::parse::ast;

/// A `SELECT` that has been bound: what it gives, and what its `ORDER BY` may still see.
pub(super) struct Selected {
    pub output: Output,
    pub scope: Scope,
}

impl Binder<'_> {
    pub(super) fn select(&mut self, select: &ast::Select, parent: Option<&Env<'_>>) -> Selected {
        let scope = self.from(&select.from, parent);
        self.volatile |= select.sample.is_some();
        let mut output = self.items(&select.items, &scope, parent);
        self.clauses(select, &scope, &output, parent);
        self.check_grouping(select, &scope, &output);
        if nullable_by_grouping(select) {
            for column in &mut output.columns {
                column.typed.nullable = true;
            }
        }
        Selected { output, scope }
    }

    fn items(
        &mut self,
        items: &[ast::SelectItem],
        scope: &Scope,
        parent: Option<&Env<'_>>,
    ) -> Output {
        let mut output = Output::default();
        let mut aliases: Vec<Alias> = Vec::new();
        for item in items {
            let mut env = Env::new(scope, parent);
            env.aliases = &aliases;
            self.item(item, &env, &mut output);
            if let (Some(alias), Some(last)) = (&item.alias, output.columns.last()) {
                let alias = Alias {
                    name: alias.value.clone(),
                    typed: last.typed.clone(),
                };
                aliases.push(alias);
            }
        }
        output
    }

    fn item(&mut self, item: &ast::SelectItem, env: &Env<'_>, output: &mut Output) {
        if let ast::ExprKind::Star(star) = &item.expr.kind {
            self.star(star, item.span, env, output);
            return;
        }
        let widens = widens(&item.expr);
        let typed = self.expression(&item.expr, env);
        if widens || self.unnests_struct(&item.expr, &typed) {
            output.open = true;
        }
        let name = match &item.alias {
            Some(alias) => Some(alias.value.clone()),
            None => self.output_name(&item.expr, env),
        };
        output.columns.push(OutputColumn {
            name,
            typed: typed.as_value(),
            span: item.span,
        });
    }

    /// `unnest` of structs, or of what isn't known, may give several columns.
    fn unnests_struct(&self, expr: &ast::Expr, typed: &crate::types::Typed) -> bool {
        match &expr.kind {
            ast::ExprKind::Function(function) => {
                function
                    .name
                    .last()
                    .is_some_and(|name| name.value.eq_ignore_ascii_case("unnest"))
                    && (!typed.is_known() || function.arguments.len() > 1)
            }
            ast::ExprKind::Nested(inner) => self.unnests_struct(inner, typed),
            _ => false,
        }
    }

    fn clauses(
        &mut self,
        select: &ast::Select,
        scope: &Scope,
        output: &Output,
        parent: Option<&Env<'_>>,
    ) {
        let aliases = aliases_of(output);
        let mut env = Env::new(scope, parent);
        env.aliases = &aliases;
        if let Some(ast::Distinct::On(keys)) = &select.distinct {
            self.expressions(keys, &env);
        }
        if let Some(filter) = &select.filter {
            self.condition(filter, &env);
        }
        if let Some(ast::GroupBy::Items(items)) = &select.group_by {
            for item in items {
                self.group_item(item, &env);
            }
        }
        for condition in select.having.iter().chain(&select.qualify) {
            self.condition(condition, &env);
        }
        for (_, window) in &select.windows {
            self.window(window, &env);
        }
    }

    fn group_item(&mut self, item: &ast::GroupItem, env: &Env<'_>) {
        match item {
            ast::GroupItem::Expr(expr) => {
                if literal_position(expr).is_none() {
                    self.expression(expr, env);
                }
            }
            ast::GroupItem::Rollup(exprs)
            | ast::GroupItem::Cube(exprs)
            | ast::GroupItem::Set(exprs) => {
                for expr in exprs {
                    if literal_position(expr).is_none() {
                        self.expression(expr, env);
                    }
                }
            }
            ast::GroupItem::Sets(items) => {
                for item in items {
                    self.group_item(item, env);
                }
            }
        }
    }

    pub(super) fn expressions(&mut self, exprs: &[ast::Expr], env: &Env<'_>) {
        for expr in exprs {
            self.expression(expr, env);
        }
    }

    pub(super) fn window(&mut self, window: &ast::WindowSpec, env: &Env<'_>) {
        self.expressions(&window.partition_by, env);
        for item in &window.order_by {
            if !matches!(item.expr.kind, ast::ExprKind::Keyword(_)) {
                self.expression(&item.expr, env);
            }
        }
        if let Some((_, bounds)) = &window.frame {
            self.expressions(bounds, env);
        }
    }
}

/// Grouping sets put nulls where a column isn't part of the set.
fn nullable_by_grouping(select: &ast::Select) -> bool {
    match &select.group_by {
        Some(ast::GroupBy::Items(items)) => items
            .iter()
            .any(|item| !matches!(item, ast::GroupItem::Expr(_))),
        _ => false,
    }
}

/// Whether an expression may give several columns.
fn widens(expr: &ast::Expr) -> bool {
    let mut found = false;
    super::grouping::walk(expr, &mut |part| {
        found |= matches!(
            part.kind,
            ast::ExprKind::Columns { .. } | ast::ExprKind::Star(_)
        ) && !std::ptr::eq(part, expr)
            || matches!(part.kind, ast::ExprKind::Columns { .. });
        true
    });
    found && !is_count_star(expr)
}

/// `count(*)` has a star that gives no columns.
fn is_count_star(expr: &ast::Expr) -> bool {
    let mut columns = false;
    let mut stars = 0;
    let mut counted = 0;
    super::grouping::walk(expr, &mut |part| {
        match &part.kind {
            ast::ExprKind::Columns { .. } => columns = true,
            ast::ExprKind::Star(_) => stars += 1,
            ast::ExprKind::Function(function) => {
                let is_count = function
                    .name
                    .last()
                    .is_some_and(|name| name.value.eq_ignore_ascii_case("count"));
                counted += usize::from(
                    is_count
                        && matches!(function.arguments.as_slice(), [only] if matches!(only.value.kind, ast::ExprKind::Star(_))),
                );
            }
            _ => {}
        }
        true
    });
    !columns && stars == counted
}

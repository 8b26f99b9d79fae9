//! The clauses of a `SELECT`.

use super::Binder;
use super::deep::has_query;
use super::given_names::{given_aliases, is_plain_name};
use super::nullability;
use super::positions::order_position;
use super::query::literal_position;
use super::scope::{Alias, Env, Output, OutputColumn, Scope};
use crate::bound::{Clause, Grouping, Mark, What};
use crate::name::same_name;
use crate::parse::ast;
use crate::span::Span;

/// A `SELECT` that has been bound: what it gives, and what its `ORDER BY` may still see.
pub(super) struct Selected {
    pub output: Output,
    pub scope: Scope,
}

impl Binder<'_> {
    pub(super) fn select(&mut self, select: &ast::Select, parent: Option<&Env<'_>>) -> Selected {
        let mark = self.tree.mark();
        let outer_windows = self.windows.len();
        let defined = select
            .windows
            .iter()
            .map(|(name, _)| name.value.to_lowercase());
        self.windows.extend(defined);
        let mut scope = self.from(&select.from, parent);
        if let Some(filter) = &select.filter {
            nullability::narrow(&mut scope, filter);
        }
        let grouped = std::mem::replace(&mut self.grouped, nullability::groups_have_rows(select));
        self.volatile |= select.sample.is_some();
        let mut output = self.items(select, &scope, parent);
        self.clauses(select, &scope, &output, parent);
        let what = What::Select {
            distinct: matches!(select.distinct, Some(ast::Distinct::All)),
            open: output.open,
        };
        self.tree.close(mark, what, select.span);
        self.check_stars(select, &scope, &output);
        self.check_unnested_structs(select, &Env::new(&scope, parent));
        self.check_aliases(select, &scope, parent);
        self.check_placement(select, &scope, parent);
        self.check_windows(select);
        self.grouped = grouped;
        self.check_grouping(select, &scope, &output, parent);
        self.check_group_all(select, &scope);
        self.check_grouping_calls(select, &output, &scope);
        self.windows.truncate(outer_windows);
        self.prove_grouped(select, &mut output);
        Selected { output, scope }
    }

    fn items(&mut self, select: &ast::Select, scope: &Scope, parent: Option<&Env<'_>>) -> Output {
        let mut output = Output::default();
        let mut aliases: Vec<Alias> = Vec::new();
        let grouped = self.grouped_aliases(select, scope, parent);
        for item in &select.items {
            let mut env = Env::new(scope, parent);
            let known: Vec<Alias>;
            env.aliases = match grouped.is_empty() {
                true => &aliases,
                false => {
                    known = aliases.iter().chain(&grouped).cloned().collect();
                    &known
                }
            };
            env.windows = &select.windows;
            self.item(item, &env, &mut output);
            if let (Some(alias), Some(last)) = (&item.alias, output.columns.last()) {
                let alias = Alias {
                    name: alias.value.clone(),
                    typed: last.typed.clone(),
                    what: alias_of(last),
                };
                aliases.push(alias);
            }
        }
        output
    }

    /// The aliases that are grouped by: the whole select list knows them.
    ///
    /// Source: `BaseSelectBinder::TryBindGroup` of DuckDB 1.5.5.
    fn grouped_aliases(
        &mut self,
        select: &ast::Select,
        scope: &Scope,
        parent: Option<&Env<'_>>,
    ) -> Vec<Alias> {
        let mut found = Vec::new();
        for key in super::deep::group_keys(select) {
            let ast::ExprKind::Name(names) = &key.kind else {
                continue;
            };
            let [name] = names.as_slice() else { continue };
            if scope.find(&name.value).is_some() {
                continue;
            }
            let mut items = select.items.iter();
            let aliased = items.find(|item| {
                let alias = item.alias.as_ref();
                alias.is_some_and(|alias| same_name(&alias.value, &name.value))
            });
            let Some(item) = aliased.filter(|item| !gives_several(&item.expr)) else {
                continue;
            };
            let mut before = select
                .items
                .iter()
                .take_while(|other| !std::ptr::eq(*other, item));
            if has_query(&item.expr) || !before.any(|other| mentions(&other.expr, name)) {
                continue;
            }
            let env = Env::new(scope, parent);
            let typed = self
                .unwritten(|binder| binder.quietly(|binder| binder.expression(&item.expr, &env)));
            found.push(Alias {
                name: name.value.clone(),
                typed: typed.as_value(),
                what: What::Unresolved(name.value.to_lowercase()),
            });
        }
        found
    }

    fn item(&mut self, item: &ast::SelectItem, env: &Env<'_>, output: &mut Output) {
        if self.chosen_columns(item, env, output) || self.unnested_item(item, env, output) {
            return;
        }
        if let ast::ExprKind::Star(star) = &item.expr.kind {
            let before = output.columns.len();
            self.star(star, item.span, env, output);
            if let Some(alias) = &item.alias {
                // `* AS x`: the engine names all of them so.
                for column in &mut output.columns[before..] {
                    column.name = Some(alias.value.clone());
                }
            }
            return;
        }
        let widens = widens(&item.expr);
        let mark = self.tree.mark();
        let typed = self.expression(&item.expr, env);
        if widens || self.unnests_struct(&item.expr, &typed) {
            output.open = true;
        }
        let name = match &item.alias {
            Some(alias) => Some(alias.value.clone()),
            None => self.output_name(&item.expr, env),
        };
        let what = What::Output { name: name.clone() };
        let node = self.tree.close(mark, what, item.span);
        output.columns.push(OutputColumn {
            name,
            typed: typed.as_value(),
            span: item.span,
            node: Some(node),
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
        let aliases = given_aliases(select, output);
        let mut env = Env::new(scope, parent);
        env.aliases = &aliases;
        if let Some(ast::Distinct::On(keys)) = &select.distinct {
            let known = self.ordering_aliases(select, output);
            let mut env = env;
            env.aliases = &known;
            self.clause(Clause::DistinctOn, select.span, |binder| {
                for key in keys {
                    let env = Env {
                        aliases_first: is_plain_name(key),
                        ..env
                    };
                    binder.key(key, output, "DISTINCT ON", &env);
                }
            });
        }
        if let Some(filter) = &select.filter {
            self.clause(Clause::Where, filter.span, |binder| {
                binder.condition(filter, &env);
            });
        }
        match &select.group_by {
            Some(ast::GroupBy::Items(items)) => self.clause(Clause::Group, select.span, |binder| {
                for item in items {
                    binder.group_item(item, output, select.span, &env);
                }
            }),
            Some(ast::GroupBy::All(span)) => self.clause(Clause::GroupAll, *span, |_| ()),
            None => {}
        }
        if let Some(having) = &select.having {
            self.clause(Clause::Having, having.span, |binder| {
                binder.condition(having, &env);
            });
        }
        if let Some(qualify) = &select.qualify {
            self.clause(Clause::Qualify, qualify.span, |binder| {
                binder.condition(qualify, &env);
            });
        }
        for (name, window) in &select.windows {
            let clause = Clause::WindowDefinition(name.value.to_lowercase());
            // What is wrong in a window that nobody uses is no mistake for the engine.
            let used = super::windows::uses_window(select, &name.value);
            self.clause(clause, window.span, |binder| match used {
                true => binder.window(window, &env),
                false => binder.quietly(|binder| binder.window(window, &env)),
            });
        }
        let mut selections = Vec::new();
        let mut tables = 0;
        for table in &select.from {
            table_selections(table, &mut tables, &mut selections);
        }
        for (table, selection) in selections {
            self.volatile = true;
            let text = format!("{table} {}", self.plain_text(selection));
            self.clause(Clause::Sample(text), selection, |_| ());
        }
        if let Some(sample) = select.sample {
            let clause = Clause::Sample(self.plain_text(sample));
            self.clause(clause, sample, |_| ());
        }
    }

    /// A key of `GROUP BY` or `DISTINCT ON`: an expression, or the position of an output.
    fn key(&mut self, key: &ast::Expr, output: &Output, clause: &str, env: &Env<'_>) {
        let position = match clause {
            "GROUP BY" => {
                self.check_group_key(key, output);
                literal_position(key)
            }
            _ => {
                self.check_order_item(key, output, 0, clause);
                order_position(key)
            }
        };
        let Some(position) = position else {
            self.expression(key, env);
            return;
        };
        let node = position
            .checked_sub(1)
            .and_then(|index| output.columns.get(index)?.node);
        let what = match node {
            Some(node) if !output.open => What::Alias(node),
            _ => What::Opaque(position.to_string()),
        };
        self.tree.leaf(what, key.span);
    }

    fn group_item(&mut self, item: &ast::GroupItem, output: &Output, span: Span, env: &Env<'_>) {
        let (grouping, exprs) = match item {
            ast::GroupItem::Expr(expr) => return self.key(expr, output, "GROUP BY", env),
            ast::GroupItem::Rollup(exprs) => (Grouping::Rollup, exprs),
            ast::GroupItem::Cube(exprs) => (Grouping::Cube, exprs),
            ast::GroupItem::Set(exprs) => (Grouping::Set, exprs),
            ast::GroupItem::Sets(items) => {
                let mark = self.tree.mark();
                for item in items {
                    self.group_item(item, output, span, env);
                }
                self.close_grouping(mark, Grouping::Sets, span);
                return;
            }
        };
        let mark = self.tree.mark();
        for expr in exprs {
            self.key(expr, output, "GROUP BY", env);
        }
        self.close_grouping(mark, grouping, span);
    }

    fn close_grouping(&mut self, mark: Mark, grouping: Grouping, span: Span) {
        let what = What::Clause(Clause::GroupSet(grouping));
        self.tree.close(mark, what, span);
    }

    pub(super) fn expressions(&mut self, exprs: &[ast::Expr], env: &Env<'_>) {
        for expr in exprs {
            self.expression(expr, env);
        }
    }

    pub(super) fn window(&mut self, window: &ast::WindowSpec, env: &Env<'_>) {
        let frame = window.frame.as_ref();
        let clause = Clause::Over {
            base: window.base.as_ref().map(|base| base.value.to_lowercase()),
            frame: frame.map(|(span, _)| self.plain_text(*span)),
        };
        self.clause(clause, window.span, |binder| {
            if !window.partition_by.is_empty() {
                binder.clause(Clause::Partition, window.span, |binder| {
                    binder.expressions(&window.partition_by, env);
                });
            }
            binder.ordered_items(&window.order_by, env);
            if let Some((_, bounds)) = frame {
                let typed = bounds.iter().map(|bound| binder.expression(bound, env));
                let typed: Vec<_> = typed.collect();
                binder.check_distances(window, &typed, env);
            }
        });
    }
}

/// What the use of an output's alias is in the bound tree.
pub(super) fn alias_of(column: &OutputColumn) -> What {
    match (column.node, &column.name) {
        (Some(node), _) => What::Alias(node),
        (None, name) => What::Unresolved(name.clone().unwrap_or_default().to_lowercase()),
    }
}

/// What is said of single tables about their rows, each with the table's number in the `FROM`.
fn table_selections(
    table: &ast::TableExpr,
    tables: &mut usize,
    selections: &mut Vec<(usize, Span)>,
) {
    // A chain of joins is as deep as it is long.
    super::with_stack(|| match &table.kind {
        ast::TableKind::Join(join) => {
            table_selections(&join.left, tables, selections);
            table_selections(&join.right, tables, selections);
        }
        ast::TableKind::Nested(inner) => table_selections(inner, tables, selections),
        ast::TableKind::Pivot(pivot) => table_selections(&pivot.table, tables, selections),
        ast::TableKind::Unpivot(unpivot) => table_selections(&unpivot.table, tables, selections),
        _ => *tables += 1,
    });
    let of_table = table
        .selection
        .iter()
        .map(|selection| (*tables, *selection));
    selections.extend(of_table);
}

/// Whether a name stands in an expression.
fn mentions(expr: &ast::Expr, name: &ast::Name) -> bool {
    let mut found = false;
    super::grouping::walk(expr, &mut |part| {
        found |= matches!(&part.kind, ast::ExprKind::Name(names)
            if matches!(names.as_slice(), [only] if same_name(&only.value, &name.value)));
        !found
    });
    found
}

/// Whether an item may stand for several before anything is unnested.
pub(super) fn widens_item(expr: &ast::Expr) -> bool {
    matches!(expr.kind, ast::ExprKind::Star(_)) || widens(expr)
}

/// Whether an item may stand for several columns.
pub(super) fn gives_several(expr: &ast::Expr) -> bool {
    matches!(expr.kind, ast::ExprKind::Star(_)) || widens(expr) || is_unnest(expr)
}

impl Binder<'_> {
    /// As [`gives_several`], but at a place where `COLUMNS(…)` stands for one column.
    pub(super) fn gives_several_here(&self, expr: &ast::Expr) -> bool {
        let one = self.chosen.as_ref().is_some_and(|chosen| chosen.len() == 1);
        if !one {
            return gives_several(expr);
        }
        let mut several = is_unnest(expr);
        super::grouping::walk(expr, &mut |part| {
            several |= match &part.kind {
                ast::ExprKind::Star(_) | ast::ExprKind::Columns { unpacked: true, .. } => true,
                _ => super::placement::function_of(part)
                    .and_then(|function| function.name.last())
                    .is_some_and(|name| name.value.eq_ignore_ascii_case("unpack")),
            };
            !several
        });
        several
    }
}

fn is_unnest(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ast::ExprKind::Nested(inner) => is_unnest(inner),
        ast::ExprKind::Function(function) => function
            .name
            .last()
            .is_some_and(|name| name.value.eq_ignore_ascii_case("unnest")),
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
                        && matches!(function.arguments.as_slice(), [only] if matches!(super::deep::without_parentheses(&only.value).kind, ast::ExprKind::Star(_))),
                );
            }
            _ => {}
        }
        true
    });
    !columns && stars == counted
}

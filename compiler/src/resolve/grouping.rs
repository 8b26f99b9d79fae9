//! What may stand in the select list beside an aggregate.
//!
//! Only certain mistakes are told: a column that is part of no grouping expression and of no
//! aggregate. Where an item can't be followed, it is left to the engine.

use super::Binder;
use super::deep::{query_of, walk_query, without_parentheses};
use super::grouped_stars::{Keys, is_star, replacements_of};
use super::methods::method_operand;
pub(super) use super::parts::{parts, walk, window_parts};
use super::placement::{Needs, is_lone, macro_shows_arguments, needs_of};
use super::query::literal_position;
use super::scope::{Env, Output, Scope};
use crate::diagnostic::{Code, Diagnostic};
use crate::name::same_name;
use crate::parse::ast::{self, ExprKind};
use crate::types::catalogue::{self, Kind};

impl Binder<'_> {
    /// Checks the select list and the conditions of a `SELECT`.
    pub(super) fn check_grouping(
        &mut self,
        select: &ast::Select,
        scope: &Scope,
        output: &Output,
        parent: Option<&Env<'_>>,
    ) {
        let distinct = match &select.distinct {
            Some(ast::Distinct::On(keys)) => keys.iter().any(|key| {
                self.aggregates_here(key, scope, parent)
                    || !self.outer_aggregates(key, scope, parent).is_empty()
            }),
            _ => false,
        };
        if !is_grouped(select) && !distinct && !self.has_outer_aggregate(select, scope, parent) {
            return;
        }
        let mut exprs: Vec<&ast::Expr> = select.items.iter().map(|item| &item.expr).collect();
        exprs.extend(&select.having);
        exprs.extend(&select.qualify);
        if let Some(ast::Distinct::On(keys)) = &select.distinct {
            exprs.extend(keys);
        }
        self.check_grouped(&exprs, select, scope, output);
    }

    /// Checks the `ORDER BY` of a `SELECT`: an aggregate in it makes one group of all rows.
    pub(super) fn check_order_grouping(
        &mut self,
        select: &ast::Select,
        items: &[ast::OrderItem],
        scope: &Scope,
        output: &Output,
        parent: Option<&Env<'_>>,
    ) {
        // A star there is repeated for the columns of the whole.
        let single =
            |expr: &&ast::Expr| super::star::is_changed(expr) || !super::select::widens_item(expr);
        let named = |expr: &&ast::Expr| !names_repeated(expr, select, output);
        // `#1` is an item of the select list.
        let is_position = |expr: &ast::Expr| matches!(expr.kind, ExprKind::Position(_));
        let items = items.iter().map(|item| &item.expr);
        let items = items.filter(|expr| !is_position(without_parentheses(expr)));
        let mut exprs: Vec<&ast::Expr> = items.filter(single).filter(named).collect();
        if let Some(ast::GroupBy::All(_)) = &select.group_by {
            if output.open || !self.groups_by_items(select, scope) {
                return;
            }
            // What isn't an item as a whole isn't found among the groups.
            for expr in exprs {
                self.check_beside_all(expr, select, scope);
            }
            return;
        }
        if !is_grouped(select) {
            let aggregates = exprs.iter().any(|expr| {
                self.aggregates_here(expr, scope, parent)
                    || !self.outer_aggregates(expr, scope, parent).is_empty()
            });
            if !aggregates {
                return;
            }
            exprs.extend(select.items.iter().map(|item| &item.expr));
        }
        self.check_grouped(&exprs, select, scope, output);
    }

    /// Whether there is an aggregate in an expression that belongs to this query.
    fn aggregates_here(&self, expr: &ast::Expr, scope: &Scope, parent: Option<&Env<'_>>) -> bool {
        has_aggregate(expr)
            && (is_lone(parent)
                || self.reads_own_column(expr, scope)
                || super::placement::is_constant(expr))
    }

    fn check_grouped(
        &mut self,
        exprs: &[&ast::Expr],
        select: &ast::Select,
        scope: &Scope,
        output: &Output,
    ) {
        let keys = match &select.group_by {
            Some(ast::GroupBy::All(_)) => {
                if let Some(ast::Distinct::On(keys)) = &select.distinct
                    && !output.open
                    && self.groups_by_items(select, scope)
                {
                    for key in keys {
                        self.check_beside_all(key, select, scope);
                    }
                }
                return;
            }
            Some(ast::GroupBy::Items(items)) => match plain_keys(items) {
                Some(keys) => keys,
                None => return,
            },
            None => Vec::new(),
        };
        if output.open || self.aggregates_outer_columns(select, scope) {
            return;
        }
        let Some(keys) = self.keys_of(&keys, select, scope) else {
            return;
        };
        for expr in exprs {
            self.check_item(expr, &keys, select, scope);
        }
    }

    /// Whether `GROUP BY ALL` makes groups, by items that all are written out: where none of them
    /// reads a column or aggregates, it makes none.
    fn groups_by_items(&self, select: &ast::Select, scope: &Scope) -> bool {
        let mut items = select.items.iter().map(|item| &item.expr);
        let grouped = select.having.is_some()
            || items.any(|item| has_aggregate(item) || self.reads_own_column(item, scope));
        let several = |item: &ast::SelectItem| super::select::gives_several(&item.expr);
        grouped && !select.items.iter().any(several)
    }

    /// Checks what stands beside the select list of a `GROUP BY ALL`.
    fn check_beside_all(&mut self, expr: &ast::Expr, select: &ast::Select, scope: &Scope) {
        let collated = match &without_parentheses(expr).kind {
            ExprKind::Collate { operand, .. } => operand,
            _ => expr,
        };
        let mut items = select.items.iter();
        let named = match &without_parentheses(collated).kind {
            ExprKind::Name(names) => names.last(),
            _ => None,
        };
        let is_item = items.any(|item| {
            let own = match (&item.alias, &item.expr.kind) {
                (Some(alias), _) => Some(alias),
                (None, ExprKind::Name(names)) => names.last(),
                _ => None,
            };
            let by_name = own
                .zip(named)
                .is_some_and(|(own, name)| crate::name::same_name(&own.value, &name.value));
            by_name || self.same(&item.expr, collated)
        });
        if !is_item {
            self.check_item(expr, &Keys::default(), select, scope);
            self.check_aliases_beside_all(expr, select, scope);
        }
    }

    /// An alias within an expression stands for its item, which isn't found among the groups either.
    fn check_aliases_beside_all(&mut self, expr: &ast::Expr, select: &ast::Select, scope: &Scope) {
        let mut loose = Vec::new();
        walk(expr, &mut |part| {
            if let ExprKind::Name(names) = &part.kind
                && let [only] = names.as_slice()
                && !self.is_own_column(part, scope)
                && !self.is_hidden_column(part, scope)
            {
                let item = select.items.iter().find(|item| {
                    let alias = item.alias.as_ref();
                    alias.is_some_and(|alias| same_name(&alias.value, &only.value))
                });
                loose.extend(item.filter(|item| {
                    !has_aggregate(&item.expr) && self.reads_own_column(&item.expr, scope)
                }));
            }
            !is_aggregate(part)
                && !matches!(
                    part.kind,
                    ExprKind::Lambda { .. } | ExprKind::Comprehension { .. }
                )
        });
        if let Some(item) = loose.first() {
            let message = "`GROUP BY ALL` doesn't find this item again within an expression";
            let finding = Diagnostic::error(Code::NotGrouped, expr.span, message)
                .and_at(item.span, "this is the item");
            self.report(finding.hint("name the groups: `GROUP BY …`"));
        }
    }

    /// Whether a name that was bound as that of an item is a column of this query's tables, too.
    fn is_hidden_column(&self, part: &ast::Expr, scope: &Scope) -> bool {
        let ExprKind::Name(names) = &part.kind else {
            return false;
        };
        let [only] = names.as_slice() else {
            return false;
        };
        !self
            .resolved
            .contains_key(&(only.span.start, only.span.end))
            && matches!(
                scope.find(&only.value),
                Some(super::scope::Found::Column(..))
            )
    }

    /// Whether a column of this query's tables stands in an expression, also by a name that is an
    /// alias as well.
    fn reads_own_column(&self, expr: &ast::Expr, scope: &Scope) -> bool {
        let mut found = false;
        walk(expr, &mut |part| {
            found |= self.is_own_column(part, scope) || self.is_hidden_column(part, scope);
            !found
        });
        found
    }

    fn check_item(
        &mut self,
        item: &ast::Expr,
        keys: &Keys<'_>,
        select: &ast::Select,
        scope: &Scope,
    ) {
        let mut loose: Vec<(crate::span::Span, String)> = Vec::new();
        // Elsewhere a name that is an alias too may mean the alias.
        let is_item = select.items.iter().any(|own| std::ptr::eq(&own.expr, item));
        let conditions = [&select.having, &select.qualify].into_iter().flatten();
        let is_condition = conditions.into_iter().any(|own| std::ptr::eq(own, item));
        let mut repeated = is_star(item).then_some(item.span);
        for (replacement, _) in replacements_of(item) {
            self.check_item(replacement, keys, select, scope);
        }
        walk(item, &mut |part| {
            if self.is_key(part, keys, scope) || is_aggregate(part) {
                return false;
            }
            if let Some(query) = query_of(part) {
                loose.extend(self.loose_in_query(query, keys, scope));
            }
            if let Some(operand) = method_of(part)
                && self.is_own_column(&operand, scope)
                && !self.is_key(&operand, keys, scope)
            {
                let written = self.input.text.get(operand.span.range());
                loose.push((operand.span, written.unwrap_or_default().to_owned()));
            }
            match &part.kind {
                ExprKind::Name(names) => {
                    // In `ORDER BY` an item's name hides the column that it stands for.
                    let read =
                        self.is_own_column(part, scope) || self.is_loose_row(part, keys, scope);
                    let hidden =
                        || keys.exprs.is_empty() && !is_item && self.is_hidden_column(part, scope);
                    let aliased = || is_alias(names, select);
                    if read && (is_item || !is_condition || !aliased()) || hidden() && !aliased() {
                        let written: Vec<&str> =
                            names.iter().map(|name| name.value.as_str()).collect();
                        loose.push((part.span, written.join(".")));
                    }
                    false
                }
                ExprKind::Lambda { body, .. } => {
                    loose.extend(self.loose_in_lambda(body, keys, scope));
                    false
                }
                ExprKind::Columns { .. } => {
                    repeated = Some(part.span);
                    false
                }
                ExprKind::Position(position) => {
                    if self.is_loose_position(*position, keys, scope) {
                        loose.push((part.span, format!("#{position}")));
                    }
                    false
                }
                ExprKind::Star(_) => false,
                _ => true,
            }
        });
        if let Some(span) = repeated {
            let name = self.loose_in_star(item, keys, scope);
            loose.extend(name.map(|name| (span, name)));
        }
        for (span, written) in loose {
            self.report(
                Diagnostic::error(
                    Code::NotGrouped,
                    span,
                    format!("`{written}` is neither grouped nor aggregated"),
                )
                .hint(format!(
                    "add it to `GROUP BY`, or take one value of it: `any_value({written})`"
                )),
            );
        }
    }

    /// The columns of this query in a lambda that aren't grouped; its parameters aren't bound as
    /// such.
    fn loose_in_lambda(
        &self,
        body: &ast::Expr,
        keys: &Keys<'_>,
        scope: &Scope,
    ) -> Vec<(crate::span::Span, String)> {
        let mut loose = Vec::new();
        walk(body, &mut |part| {
            if self.is_key(part, keys, scope) || is_aggregate(part) {
                return false;
            }
            if matches!(part.kind, ExprKind::Name(_)) && self.is_own_column(part, scope) {
                let written = self.input.text.get(part.span.range());
                loose.push((part.span, written.unwrap_or_default().to_owned()));
            }
            true
        });
        loose
    }

    /// The columns of this query that a subquery reads and that aren't grouped. What stands in an
    /// aggregate there may be this query's aggregate.
    fn loose_in_query(
        &self,
        query: &ast::Query,
        keys: &Keys<'_>,
        scope: &Scope,
    ) -> Vec<(crate::span::Span, String)> {
        let mut aggregated = Vec::new();
        let mut names: Vec<&ast::Expr> = Vec::new();
        walk_query(query, &mut |part| {
            if is_aggregate(part) && !self.aggregates_within(part, scope) {
                aggregated.push(part.span);
            }
            if let ExprKind::Name(_) = &part.kind
                && (self.is_own_column(part, scope) || self.is_loose_row(part, keys, scope))
            {
                names.push(part);
            }
        });
        names
            .into_iter()
            .filter(|name| {
                !aggregated
                    .iter()
                    .any(|outer| outer.start <= name.span.start && name.span.end <= outer.end)
                    && !self.is_key(name, keys, scope)
            })
            .map(|name| {
                let written = self.input.text.get(name.span.range());
                (name.span, written.unwrap_or_default().to_owned())
            })
            .collect()
    }

    /// What a grouping expression stands for: a position or an alias means an item. A column wins
    /// over an alias of the same name.
    pub(super) fn meaning<'b>(
        &self,
        key: &'b ast::Expr,
        select: &'b ast::Select,
    ) -> Option<&'b ast::Expr> {
        if let Some(position) = literal_position(key) {
            // `unnest` stands for one item still.
            let mut before = select.items.iter().take(position);
            if before.any(|item| super::select::widens_item(&item.expr)) {
                return None;
            }
            return position
                .checked_sub(1)
                .and_then(|index| select.items.get(index))
                .map(|item| &item.expr);
        }
        let ExprKind::Name(names) = &key.kind else {
            return Some(key);
        };
        let only = match names.as_slice() {
            [only] => only,
            [first, only] if first.value.eq_ignore_ascii_case("alias") => only,
            _ => return Some(key),
        };
        if self
            .resolved
            .contains_key(&(only.span.start, only.span.end))
        {
            return Some(key);
        }
        let aliased = select.items.iter().find(|item| {
            item.alias
                .as_ref()
                .is_some_and(|alias| crate::name::same_name(&alias.value, &only.value))
        });
        Some(aliased.map_or(key, |item| &item.expr))
    }

    /// Whether a name is a column of this `FROM` and not of one around it.
    pub(super) fn is_own_column(&self, expr: &ast::Expr, scope: &Scope) -> bool {
        let key = match &expr.kind {
            ExprKind::Name(names) if names.len() == 1 => (names[0].span.start, names[0].span.end),
            _ => (expr.span.start, expr.span.end),
        };
        self.resolved
            .get(&key)
            .is_some_and(|id| id.scope == scope.id)
    }

    /// An aggregate over columns of an outer query belongs to that query.
    fn aggregates_outer_columns(&self, select: &ast::Select, scope: &Scope) -> bool {
        let mut outer = false;
        for item in &select.items {
            walk(&item.expr, &mut |part| {
                if is_aggregate(part) {
                    walk(part, &mut |inner| {
                        if let ExprKind::Name(_) = &inner.kind {
                            outer |= !self.is_own_column(inner, scope);
                        }
                        true
                    });
                }
                true
            });
        }
        outer
    }
}

/// Whether an expression is the name of a column that an item gives which stands for several.
fn names_repeated(expr: &ast::Expr, select: &ast::Select, output: &Output) -> bool {
    let ExprKind::Name(names) = &without_parentheses(expr).kind else {
        return false;
    };
    let mut items = select.items.iter();
    let repeats = items.any(|item| super::select::gives_several(&item.expr));
    let mut columns = output
        .columns
        .iter()
        .filter_map(|column| column.name.as_deref());
    repeats
        && matches!(names.as_slice(), [only] if columns.any(|own| crate::name::same_name(own, &only.value)))
}

/// The expressions that are grouped by; `None` if there are grouping sets that don't all have
/// their columns in plain sight.
fn plain_keys(items: &[ast::GroupItem]) -> Option<Vec<&ast::Expr>> {
    let mut keys = Vec::new();
    for item in items {
        match item {
            ast::GroupItem::Expr(expr) => keys.extend(members(expr)),
            ast::GroupItem::Rollup(exprs)
            | ast::GroupItem::Cube(exprs)
            | ast::GroupItem::Set(exprs) => {
                keys.extend(exprs.iter().flat_map(members));
            }
            ast::GroupItem::Sets(inner) => keys.extend(plain_keys(inner)?),
        }
    }
    Some(keys)
}

/// `(a, b)` groups by each of its members.
fn members(expr: &ast::Expr) -> Vec<&ast::Expr> {
    let expr = without_parentheses(expr);
    match &expr.kind {
        ExprKind::Row(items) => items.iter().map(without_parentheses).collect(),
        _ => vec![expr],
    }
}

fn is_alias(names: &[ast::Name], select: &ast::Select) -> bool {
    let [only] = names else { return false };
    select.items.iter().any(|item| {
        item.alias
            .as_ref()
            .is_some_and(|alias| crate::name::same_name(&alias.value, &only.value))
    })
}

/// Whether a `SELECT` has groups, or is one.
fn is_grouped(select: &ast::Select) -> bool {
    select.group_by.is_some()
        || select.having.is_some()
        || select.items.iter().any(|item| has_aggregate(&item.expr))
        || select
            .items
            .iter()
            .flat_map(|item| replacements_of(&item.expr))
            .any(|(expr, _)| has_aggregate(expr))
        || select
            .windows
            .iter()
            .filter(|(name, _)| super::windows::uses_window(select, &name.value))
            .flat_map(|(_, window)| window_parts(window))
            .any(has_aggregate)
        || select.qualify.as_ref().is_some_and(has_aggregate)
}

pub(super) fn has_aggregate(expr: &ast::Expr) -> bool {
    let mut found = false;
    walk(expr, &mut |part| {
        found |= is_aggregate(part) && !is_macro(part) || needs_of(part) == Some(Needs::Group);
        !found
    });
    found
}

/// Whether an expression is the call of an aggregate or maybe of one, and not of a window.
pub(super) fn is_aggregate(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ExprKind::Function(function) => {
            function.over.is_none()
                && function.name.last().is_some_and(|name| {
                    let known = [
                        "percentile_cont",
                        "percentile_disc",
                        "grouping",
                        "grouping_id",
                    ];
                    catalogue::find(&name.value).is_some_and(|entry| {
                        entry.is(Kind::Aggregate)
                            || entry.is(Kind::Macro) && !macro_shows_arguments(entry)
                    }) || known.iter().any(|own| name.value.eq_ignore_ascii_case(own))
                })
        }
        _ => false,
    }
}

/// The column that `column.f(…)` calls a function for.
pub(super) fn method_of(expr: &ast::Expr) -> Option<ast::Expr> {
    let ExprKind::Function(function) = &expr.kind else {
        return None;
    };
    let (name, qualifiers) = function.name.split_last()?;
    let names = method_operand(qualifiers, &name.value.to_lowercase())?;
    let span = names.first()?.span.to(names.last()?.span);
    Some(ast::Expr {
        kind: ExprKind::Name(names.to_vec()),
        span,
    })
}

/// Whether it is the call of a macro, which may have an aggregate in it.
pub(super) fn is_macro(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ExprKind::Function(function) => function
            .name
            .last()
            .and_then(|name| catalogue::find(&name.value))
            .is_some_and(|entry| !entry.is(Kind::Aggregate)),
        _ => false,
    }
}

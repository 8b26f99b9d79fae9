//! `PIVOT` and `UNPIVOT`.
//!
//! Source: `src/planner/binder/tableref/bind_pivot.cpp` of DuckDB 1.5.5. A pivot without a list of
//! values has columns that nobody knows before it runs; that is told by
//! [`data_columns`](super::data_columns).

use super::Binder;
use super::deep::{has_query, without_parentheses};
use super::grouping::walk;
use super::scope::{Env, Output, OutputColumn, Relation, Scope};
use super::star::Expanded;
use crate::bound::What;
use crate::diagnostic::{Code, Diagnostic};
use crate::name::same_name;
use crate::parse::ast::{self, ExprKind, Literal, PivotValues};
use crate::span::Span;
use crate::sql_type::{Common, SqlType};
use crate::types::{Typed, common_of};

/// More columns than the engine makes are left to it.
const MOST_COLUMNS: usize = 10_000;

impl Binder<'_> {
    /// `PIVOT …` as a query.
    pub(super) fn pivot_query(&mut self, pivot: &ast::Pivot, parent: Option<&Env<'_>>) -> Output {
        let mark = self.tree.mark();
        let nothing = Scope::default();
        let output = self.pivoted(pivot, &Env::new(&nothing, parent));
        let what = What::Turned {
            relation: None,
            unpivot: false,
            open: output.open,
        };
        self.tree.close(mark, what, pivot.span);
        output
    }

    /// `UNPIVOT …` as a query.
    pub(super) fn unpivot_query(
        &mut self,
        unpivot: &ast::Unpivot,
        parent: Option<&Env<'_>>,
    ) -> Output {
        let mark = self.tree.mark();
        let nothing = Scope::default();
        let output = self.unpivoted(unpivot, &Env::new(&nothing, parent));
        let what = What::Turned {
            relation: None,
            unpivot: true,
            open: output.open,
        };
        self.tree.close(mark, what, unpivot.span);
        output
    }

    /// `table PIVOT (…)`
    pub(super) fn pivot_table(&mut self, pivot: &ast::Pivot, env: &Env<'_>) -> Relation {
        let mark = self.tree.mark();
        let output = self.pivoted(pivot, env);
        let id = self.next_relation();
        let what = What::Turned {
            relation: Some(id),
            unpivot: false,
            open: output.open,
        };
        self.tree.close(mark, what, pivot.span);
        Relation {
            id,
            ..output.into_relation(Some("__unnamed_pivot".to_owned()))
        }
    }

    /// `table UNPIVOT (…)`
    pub(super) fn unpivot_table(&mut self, unpivot: &ast::Unpivot, env: &Env<'_>) -> Relation {
        let mark = self.tree.mark();
        let output = self.unpivoted(unpivot, env);
        let id = self.next_relation();
        let what = What::Turned {
            relation: Some(id),
            unpivot: true,
            open: output.open,
        };
        self.tree.close(mark, what, unpivot.span);
        Relation {
            id,
            ..output.into_relation(Some("__unnamed_unpivot".to_owned()))
        }
    }

    /// The table that is turned, as a scope of its own.
    fn turned(&mut self, table: &ast::TableExpr, env: &Env<'_>) -> Scope {
        let mut scope = Scope {
            id: self.next_scope(),
            ..Scope::default()
        };
        let found = self.table(table, env);
        scope.append(found);
        scope
    }

    /// A pivot is turned on what differs from row to row.
    fn check_pivot_columns(&mut self, pivot: &ast::Pivot) {
        for expr in pivot.on.iter().flat_map(|column| &column.exprs) {
            let wrong = if has_query(expr) {
                "a subquery"
            } else if is_constant(expr) {
                "a constant"
            } else {
                continue;
            };
            let message = format!("a pivot can't be turned on {wrong}");
            let finding = Diagnostic::error(Code::SyntaxError, expr.span, message);
            self.report(finding.hint("name the column whose values become columns"));
        }
    }

    fn pivoted(&mut self, pivot: &ast::Pivot, env: &Env<'_>) -> Output {
        self.check_pivot_columns(pivot);
        let scope = self.turned(&pivot.table, env);
        let env = &Env::new(&scope, Some(env));
        self.check_pivot(pivot, env);
        let Some(columns) = self.all_columns(pivot.span, env) else {
            self.look_at(pivot, env);
            return Output::unknown();
        };
        let mut aggregates = pivot.aggregates.iter();
        let several = aggregates.any(|item| super::select::gives_several(&item.expr));
        let Some(values) = pivot_names(&pivot.on).filter(|_| !several) else {
            self.look_at(pivot, env);
            return Output::unknown();
        };
        let mut output = Output::default();
        self.pivot_groups(pivot, columns, env, &mut output);
        let several = pivot.aggregates.len() > 1;
        for (position, value) in values.iter().enumerate() {
            if pivot.aggregates.is_empty() {
                self.pivot_column(pivot, value, None, shown(value), env, &mut output);
            }
            for item in &pivot.aggregates {
                let suffix = match &item.alias {
                    Some(alias) => Some(alias.value.clone()),
                    None if several => self.writer(env).written(&item.expr),
                    None => Some(String::new()),
                };
                let name = suffix.and_then(|suffix| match suffix.is_empty() {
                    true => shown(value),
                    false => Some(format!("{value}_{suffix}")),
                });
                if position == 0 {
                    self.pivot_column(pivot, value, Some(item), name, env, &mut output);
                } else {
                    // What is wrong in it was told.
                    self.quietly(|binder| {
                        binder.pivot_column(pivot, value, Some(item), name, env, &mut output);
                    });
                }
            }
        }
        output.deduplicated()
    }

    /// The columns that a row keeps: those that are named, or all that are neither turned nor
    /// aggregated.
    fn pivot_groups(
        &mut self,
        pivot: &ast::Pivot,
        columns: Vec<Expanded>,
        env: &Env<'_>,
        output: &mut Output,
    ) {
        if !pivot.groups.is_empty() {
            for group in &pivot.groups {
                let mark = self.tree.mark();
                let names = std::slice::from_ref(group);
                let typed = self.name_expression(names, group.span, env);
                let own = columns.iter().find_map(|expanded| {
                    let own = expanded.column.name.as_ref()?;
                    same_name(own, &group.value).then(|| own.clone())
                });
                let name = own.unwrap_or_else(|| group.value.clone());
                self.turned_output(mark, Some(name), typed, group.span, output);
            }
            return;
        }
        let mut handled: Vec<&str> = Vec::new();
        let exprs = pivot.aggregates.iter().map(|item| &item.expr);
        for expr in exprs.chain(pivot.on.iter().flat_map(|column| &column.exprs)) {
            walk(expr, &mut |part| {
                if let ExprKind::Name(names) = &part.kind {
                    handled.extend(names.last().map(|name| name.value.as_str()));
                }
                true
            });
        }
        let is_handled = |expanded: &Expanded| {
            let own = expanded.column.name.as_deref().unwrap_or_default();
            handled.iter().any(|name| same_name(name, own))
        };
        for expanded in columns.into_iter().filter(|expanded| !is_handled(expanded)) {
            let mut column = expanded.column;
            let name = column.name.as_deref();
            column.node = Some(self.write_output_column(&expanded.sources, name, column.span));
            output.columns.push(column);
        }
    }

    /// One column that a value makes.
    fn pivot_column(
        &mut self,
        pivot: &ast::Pivot,
        value: &str,
        aggregate: Option<&ast::SelectItem>,
        name: Option<String>,
        env: &Env<'_>,
        output: &mut Output,
    ) {
        let mark = self.tree.mark();
        let typed = match aggregate {
            Some(item) => self
                .expression(&item.expr, env)
                .as_value()
                .nullable_if(true),
            None => Typed::of(SqlType::BigInt),
        };
        for expr in pivot.on.iter().flat_map(|column| &column.exprs) {
            self.quietly(|binder| binder.expression(expr, env));
        }
        let span = aggregate.map_or(pivot.span, |item| item.span);
        self.tree
            .close(mark, What::Operation(format!("pivot {value}")), span);
        self.turned_output(mark, name, typed, span, output);
    }

    fn turned_output(
        &mut self,
        mark: crate::bound::Mark,
        name: Option<String>,
        typed: Typed,
        span: Span,
        output: &mut Output,
    ) {
        let node = self
            .tree
            .close(mark, What::Output { name: name.clone() }, span);
        output.columns.push(OutputColumn {
            name,
            typed,
            span,
            node: Some(node),
        });
    }

    /// Binds what is said where the columns aren't known.
    fn look_at(&mut self, pivot: &ast::Pivot, env: &Env<'_>) {
        self.volatile |= pivot
            .on
            .iter()
            .any(|column| column.values == PivotValues::All);
        for item in &pivot.aggregates {
            self.unwritten(|binder| binder.expression(&item.expr, env));
        }
        for column in &pivot.on {
            if let PivotValues::Query(query) = &column.values {
                self.unwritten(|binder| binder.query(query, Some(env)));
            }
        }
        let text = self.plain_text(pivot.span);
        self.tree.leaf(What::Opaque(text), pivot.span);
    }

    fn unpivoted(&mut self, unpivot: &ast::Unpivot, env: &Env<'_>) -> Output {
        let scope = self.turned(&unpivot.table, env);
        let env = &Env::new(&scope, Some(env));
        let width = unpivot.values.len().max(1);
        let sound = self.check_unpivot(unpivot);
        for item in &unpivot.entries {
            self.check_choice(&item.expr, env);
            self.check_columns(&item.expr, env.scope);
            self.check_lone_columns(&item.expr);
        }
        self.check_turned_star(unpivot, env);
        let found = self.all_columns(unpivot.span, env).and_then(|columns| {
            let entries = self.entries(unpivot, &columns, env)?;
            let fits = sound && entries.iter().all(|entry| entry.len() == width);
            (fits && !entries.is_empty()).then_some((columns, entries))
        });
        let Some((columns, entries)) = found else {
            for item in &unpivot.entries {
                self.unwritten(|binder| {
                    binder.quietly(|binder| binder.expression(&item.expr, env))
                });
            }
            let text = self.plain_text(unpivot.span);
            self.tree.leaf(What::Opaque(text), unpivot.span);
            return Output::unknown();
        };
        let mut output = Output::default();
        let is_turned = |name: &str| {
            entries
                .iter()
                .flatten()
                .any(|value| same_name(&value.column, name))
        };
        let mut names = columns.iter().map(|expanded| &expanded.column.name);
        let keeps = names.any(|name| !name.as_deref().is_some_and(is_turned));
        self.check_turned_aggregates(unpivot, keeps);
        for expanded in &columns {
            let mut column = expanded.column.clone();
            let name = column.name.as_deref();
            if name.is_some_and(is_turned) {
                continue;
            }
            column.node = Some(self.write_output_column(&expanded.sources, name, column.span));
            output.columns.push(column);
        }
        let mark = self.tree.mark();
        let names: Vec<String> = entries
            .iter()
            .map(|entry| {
                entry
                    .first()
                    .map_or(String::new(), |value| value.shown.clone())
            })
            .collect();
        let what = What::Literal(format!("unpivot {}", names.join("\u{1f}")));
        self.tree.leaf(what, unpivot.span);
        let name = unpivot
            .name
            .as_ref()
            .map_or("name", |name| &name.value)
            .to_owned();
        let typed = Typed::of(SqlType::Varchar);
        self.turned_output(mark, Some(name), typed, unpivot.span, &mut output);
        for position in 0..width {
            self.unpivot_column(unpivot, &entries, position, env, &mut output);
        }
        output.deduplicated()
    }

    /// A star that an unpivot turns has a column.
    fn check_turned_star(&mut self, unpivot: &ast::Unpivot, env: &Env<'_>) {
        let [item] = unpivot.entries.as_slice() else {
            return;
        };
        let star = match &item.expr.kind {
            ExprKind::Columns { selector, .. } => match &selector.kind {
                ExprKind::Star(star) => star,
                _ => return,
            },
            ExprKind::Star(star) => star,
            _ => return,
        };
        let expanded =
            self.unwritten(|binder| binder.quietly(|binder| binder.expanded(star, item.span, env)));
        if matches!(expanded, Some((columns, false)) if columns.is_empty()) {
            let message = "nothing is left to unpivot";
            self.report(Diagnostic::error(Code::InvalidStar, item.span, message));
        }
    }

    /// One of the columns that hold values.
    fn unpivot_column(
        &mut self,
        unpivot: &ast::Unpivot,
        entries: &[Vec<Unpivoted>],
        position: usize,
        env: &Env<'_>,
        output: &mut Output,
    ) {
        let mark = self.tree.mark();
        let values: Vec<&Unpivoted> = entries
            .iter()
            .filter_map(|entry| entry.get(position))
            .collect();
        for value in &values {
            match &value.expr {
                Some(expr) => drop(self.quietly(|binder| binder.expression(expr, env))),
                None => self.write_sources(&value.sources, &value.column, unpivot.span),
            }
            if let Some(text) = &value.text {
                self.tree.leaf(What::Opaque(text.clone()), unpivot.span);
            }
        }
        let nulls = if unpivot.include_nulls {
            " with nulls"
        } else {
            ""
        };
        self.tree.close(
            mark,
            What::Operation(format!("unpivot{nulls}")),
            unpivot.span,
        );
        let turned = values.iter().map(|value| &value.typed);
        self.check_turned_types(turned.clone(), unpivot.span);
        let sql_type = match common_of(turned) {
            Common::Type(sql_type) => sql_type,
            Common::Incompatible | Common::Unknown => SqlType::Unknown,
        };
        let name = unpivot
            .values
            .get(position)
            .map_or("value", |name| &name.value)
            .to_owned();
        self.turned_output(mark, Some(name), Typed::of(sql_type), unpivot.span, output);
    }

    /// What each entry turns: a column, or a row of columns.
    fn entries(
        &mut self,
        unpivot: &ast::Unpivot,
        columns: &[Expanded],
        env: &Env<'_>,
    ) -> Option<Vec<Vec<Unpivoted>>> {
        let mut entries = Vec::new();
        for item in &unpivot.entries {
            if let Some(chosen) = self.chosen_of(item, env) {
                let all = chosen?.into_iter().map(|column| {
                    vec![Unpivoted {
                        shown: column.shown.clone(),
                        column: column.name,
                        typed: column.typed,
                        sources: column.sources,
                        expr: None,
                        text: None,
                    }]
                });
                entries.extend(all);
                continue;
            }
            if is_repeated(&item.expr) {
                entries.extend(self.repeated_entries(item, env)?);
                continue;
            }
            let is_plain = |member: &ast::Expr| {
                matches!(member.kind, ExprKind::Name(_) | ExprKind::Literal(_))
            };
            let exprs: Vec<&ast::Expr> = match &without_parentheses(&item.expr).kind {
                // It may be one value.
                ExprKind::Row(items) if !items.iter().all(is_plain) => return None,
                ExprKind::Row(items) => items.iter().collect(),
                _ => vec![without_parentheses(&item.expr)],
            };
            let entry: Option<Vec<Unpivoted>> = exprs
                .into_iter()
                .map(|expr| self.unpivoted_value(expr, item.alias.as_ref(), columns, env))
                .collect();
            entries.push(entry?);
        }
        Some(entries)
    }

    fn unpivoted_value(
        &mut self,
        expr: &ast::Expr,
        alias: Option<&ast::Name>,
        columns: &[Expanded],
        env: &Env<'_>,
    ) -> Option<Unpivoted> {
        let mut named: Vec<&str> = Vec::new();
        match &expr.kind {
            // A text or a number names a column as well.
            ExprKind::Literal(Literal::Text(text) | Literal::Number(text)) => named.push(text),
            ExprKind::Literal(Literal::Boolean(true)) => named.push("true"),
            ExprKind::Literal(Literal::Boolean(false)) => named.push("false"),
            ExprKind::Literal(Literal::Null) => named.push("NULL"),
            _ => walk(expr, &mut |part| {
                if let ExprKind::Name(names) = &part.kind {
                    named.extend(names.last().map(|name| name.value.as_str()));
                }
                true
            }),
        }
        let [column] = named.as_slice() else {
            return None;
        };
        let own = |expanded: &&Expanded| {
            expanded
                .column
                .name
                .as_deref()
                .is_some_and(|own| same_name(own, column))
        };
        let Some(found) = columns.iter().find(own) else {
            // A column that isn't there: the name is bound for what is wrong with it.
            match &expr.kind {
                ExprKind::Literal(_) if !column.is_empty() => {
                    let message = format!("the table has no column `{column}`");
                    let finding = Diagnostic::error(Code::UnknownColumn, expr.span, message);
                    self.report(finding);
                }
                _ => {
                    let before = self.diagnostics.len();
                    self.unwritten(|binder| binder.expression(expr, env));
                    if self.diagnostics.len() == before
                        && !env.scope.relations.iter().any(Relation::is_open)
                    {
                        let message = format!("the table has no column `{column}`");
                        let finding = Diagnostic::error(Code::UnknownColumn, expr.span, message);
                        self.report(finding);
                    }
                }
            }
            return None;
        };
        let plain = matches!(expr.kind, ExprKind::Name(_) | ExprKind::Literal(_));
        if let ExprKind::Name(names) = &expr.kind
            && names.len() > 1
        {
            self.unwritten(|binder| binder.expression(expr, env));
        }
        let typed = match plain {
            true => found.column.typed.clone(),
            false => self
                .unwritten(|binder| binder.expression(expr, env))
                .as_value(),
        };
        Some(Unpivoted {
            shown: alias.map_or(*column, |alias| &alias.value).to_owned(),
            column: (*column).to_owned(),
            typed,
            sources: found.sources.clone(),
            expr: (!plain).then(|| expr.clone()),
            text: None,
        })
    }

    /// An entry that a `COLUMNS(…)` in it repeats.
    fn repeated_entries(
        &mut self,
        item: &ast::SelectItem,
        env: &Env<'_>,
    ) -> Option<Vec<Vec<Unpivoted>>> {
        let columns = self.chosen_by(&item.expr, env)?;
        let text = self.plain_text(item.expr.span);
        let told = self.diagnostics.len();
        let mut entries = Vec::with_capacity(columns.len());
        for column in columns {
            let outer = self.chosen.replace(vec![column.clone()]);
            let typed = self.unwritten(|binder| match binder.diagnostics.len() == told {
                true => binder.expression(&item.expr, env),
                // What is wrong with one column is enough.
                false => binder.quietly(|binder| binder.expression(&item.expr, env)),
            });
            self.chosen = outer;
            let shown = item
                .alias
                .as_ref()
                .map_or(&column.name, |alias| &alias.value);
            entries.push(vec![Unpivoted {
                shown: shown.clone(),
                typed: typed.as_value(),
                sources: column.sources,
                column: column.name,
                expr: None,
                text: Some(text.clone()),
            }]);
        }
        Some(entries)
    }

    /// All columns of the table that is turned; `None` if they aren't all known by name.
    fn all_columns(&mut self, span: Span, env: &Env<'_>) -> Option<Vec<Expanded>> {
        let (columns, open) = self.expanded(&super::star::plain(), span, env)?;
        let named = columns
            .iter()
            .all(|expanded| expanded.column.name.is_some());
        (!open && named).then_some(columns)
    }
}

/// A value of an entry of `UNPIVOT`.
struct Unpivoted {
    /// The column that it is made of.
    column: String,
    /// What stands in the column of names.
    shown: String,
    typed: Typed,
    sources: Vec<(crate::bound::RelationId, u32)>,
    /// What is more than a column.
    expr: Option<ast::Expr>,
    /// The text of what is repeated for the column.
    text: Option<String>,
}

/// Whether something else than a star or a `COLUMNS(…)` has one of them in it.
fn is_repeated(expr: &ast::Expr) -> bool {
    let mut found = false;
    walk(expr, &mut |part| {
        found |= matches!(part.kind, ExprKind::Columns { .. });
        !found
    });
    found
}

/// The name of the column that a value makes; of an empty text only the engine knows it.
fn shown(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

/// The names that the values give to the columns, all combinations; `None` if they aren't known.
fn pivot_names(on: &[ast::PivotColumn]) -> Option<Vec<String>> {
    let mut names = vec![String::new()];
    for column in on {
        let PivotValues::Listed(items) = &column.values else {
            return None;
        };
        let mut longer = Vec::new();
        for before in &names {
            for item in items {
                let name = match &item.alias {
                    Some(alias) => alias.value.clone(),
                    None => value_name(&item.expr, column.exprs.len())?,
                };
                longer.push(if before.is_empty() {
                    name
                } else {
                    format!("{before}_{name}")
                });
            }
        }
        if longer.len() > MOST_COLUMNS {
            return None;
        }
        names = longer;
    }
    Some(names)
}

/// The text of a value, or of the values of a row.
pub(super) fn value_name(expr: &ast::Expr, width: usize) -> Option<String> {
    match &expr.kind {
        ExprKind::Row(items) if items.len() == width => {
            let names: Option<Vec<String>> = items.iter().map(|item| value_name(item, 1)).collect();
            Some(names?.join("_"))
        }
        _ if width != 1 => None,
        ExprKind::Nested(inner) => value_name(inner, width),
        ExprKind::Literal(Literal::Text(text)) => Some(text.clone()),
        ExprKind::Literal(Literal::Boolean(value)) => Some(value.to_string()),
        ExprKind::Literal(_) | ExprKind::Unary { .. } => super::output_name::constant_name(expr),
        ExprKind::Name(names) => match names.as_slice() {
            [only] => Some(only.value.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether nothing in an expression may differ from row to row.
fn is_constant(expr: &ast::Expr) -> bool {
    let mut constant = true;
    walk(expr, &mut |part| {
        constant &= !matches!(
            part.kind,
            ExprKind::Name(_)
                | ExprKind::Reference(_)
                | ExprKind::Position(_)
                | ExprKind::Star(_)
                | ExprKind::Columns { .. }
                | ExprKind::Keyword(_)
                | ExprKind::Lambda { .. }
        );
        constant
    });
    constant
}

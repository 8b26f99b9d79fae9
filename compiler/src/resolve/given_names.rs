//! The names that a select list gives to its columns, and which of them the clauses beside it know.
//!
//! Source: `BindSelectNode` and `OrderBinder::TryGetProjectionReference` of DuckDB 1.5.5.

use super::Binder;
use super::deep::without_parentheses;
use super::scope::{Alias, Output, OutputColumn};
use super::select::alias_of;
use crate::name::same_name;
use crate::parse::ast;

impl Binder<'_> {
    /// The names of a select list that `ORDER BY` and `DISTINCT ON` know: of items without an alias only
    /// columns whose name no other item has.
    pub(super) fn ordering_aliases(&self, select: &ast::Select, output: &Output) -> Vec<Alias> {
        let given = |name: &str| {
            let mut aliases = select.items.iter().filter_map(|item| item.alias.as_ref());
            aliases.any(|alias| same_name(&alias.value, name))
        };
        let computed = |column: &&OutputColumn| {
            let mut items = select.items.iter();
            items.any(|item| item.span == column.span && self.is_computed(item))
        };
        let columns = output.columns.iter().filter(|column| !computed(column));
        let all: Vec<Alias> = columns.filter_map(named_output).collect();
        let count = |name: &str| {
            all.iter()
                .filter(|alias| same_name(&alias.name, name))
                .count()
        };
        let known = all
            .iter()
            .filter(|alias| given(&alias.name) || count(&alias.name) == 1);
        known.cloned().collect()
    }

    /// Whether an item without an alias is more than a column: its name is none for the engine.
    fn is_computed(&self, item: &ast::SelectItem) -> bool {
        if item.alias.is_some() || super::select::widens_item(&item.expr) {
            return false;
        }
        let expr = without_parentheses(&item.expr);
        let place = (expr.span.start, expr.span.end);
        match &expr.kind {
            ast::ExprKind::Name(_) => self.fields_read.contains_key(&place),
            _ => true,
        }
    }
}

/// The names that a select list gives to its columns: the conditions beside it know no others.
pub(super) fn given_aliases(select: &ast::Select, output: &Output) -> Vec<Alias> {
    let given = |column: &&OutputColumn| {
        let mut items = select.items.iter().filter(|item| item.span == column.span);
        let Some(item) = items.next() else {
            return true;
        };
        let is_new = |name: &ast::Name| {
            let own = column.name.as_deref();
            own.is_some_and(|own| same_name(own, &name.value))
        };
        match &item.expr.kind {
            _ if item.alias.is_some() => true,
            ast::ExprKind::Star(star) => {
                star.replace.iter().any(|(_, name)| is_new(name))
                    || star.rename.iter().any(|(_, name)| is_new(name))
            }
            _ => super::select::widens_item(&item.expr),
        }
    };
    let columns = output.columns.iter().filter(given);
    columns.filter_map(named_output).collect()
}

fn named_output(column: &OutputColumn) -> Option<Alias> {
    Some(Alias {
        name: column.name.clone()?,
        typed: column.typed.clone(),
        what: alias_of(column),
    })
}

/// Whether it is a name, in parentheses or compared in a way of its own.
pub(super) fn is_plain_name(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ast::ExprKind::Nested(inner) | ast::ExprKind::Collate { operand: inner, .. } => {
            is_plain_name(inner)
        }
        ast::ExprKind::Name(_) => true,
        _ => false,
    }
}

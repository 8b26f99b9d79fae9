//! `ORDER BY` behind a set operation: which column of the whole an expression means.
//!
//! Source: `SetOpAliasGatherer` of DuckDB: an expression is one of a side's select list, and one that
//! stands at two places means neither. Names are compared with the table that they belong to.

use super::Binder;
use super::deep::without_parentheses;
use super::grouping::walk;
use super::scope::Output;
use super::select::gives_several;
use crate::diagnostic::{Code, Diagnostic};
use crate::name::same_name;
use crate::parse::ast::{self, ExprKind};

/// A side of a set operation that reads one table.
struct Side<'a> {
    select: &'a ast::Select,
    /// How the names of its columns are qualified.
    table: String,
}

impl Binder<'_> {
    /// Checks that an item of `ORDER BY` means one column of a set operation.
    pub(super) fn check_set_place(
        &mut self,
        body: &ast::QueryBody,
        expr: &ast::Expr,
        output: &Output,
    ) {
        let mut sides = Vec::new();
        let mut named = None;
        if output.open || !sides_of(body, &mut sides, &mut named) {
            return;
        }
        // A side that reads nothing has no column that could be meant.
        let table = sides.iter().find(|side| !side.table.is_empty());
        let table = table.map_or("", |side| side.table.as_str());
        let wanted = self.text_within(expr, table);
        let one_table = sides
            .iter()
            .all(|side| side.table.is_empty() || same_name(&side.table, table));
        if !one_table {
            return;
        }
        let mut places: Vec<usize> = Vec::new();
        for side in &sides {
            for (index, item) in side.select.items.iter().enumerate() {
                if gives_several(&item.expr) {
                    return;
                }
                if self.text_within(&item.expr, &side.table) != wanted {
                    continue;
                }
                let place = match named {
                    Some(true) => place_by_name(item, output),
                    _ => Some(index),
                };
                let Some(place) = place else { return };
                if !places.contains(&place) {
                    places.push(place);
                }
            }
        }
        if places.len() > 1 {
            let message = "this is more than one column of the set operation";
            self.report(
                Diagnostic::error(Code::AmbiguousColumn, expr.span, message)
                    .hint("name the column of the whole that is meant, or write its position"),
            );
        }
    }

    /// An expression's text without case, spaces, and the table in front of its columns.
    fn text_within(&self, expr: &ast::Expr, table: &str) -> String {
        let expr = without_parentheses(expr);
        let mut names = Vec::new();
        walk(expr, &mut |part| {
            if let ExprKind::Name(parts) = &part.kind
                && let [first, rest @ ..] = parts.as_slice()
                && let Some(next) = rest.first()
                && same_name(&first.value, table)
            {
                names.push(part.span.start..next.span.start);
            }
            true
        });
        let plain = |start: u32, end: u32| -> String {
            let text = self.input.text.get(start as usize..end as usize);
            text.unwrap_or_default()
                .split_whitespace()
                .collect::<String>()
                .to_lowercase()
        };
        let mut text = String::new();
        let mut next = expr.span.start;
        for qualifier in names {
            text.push_str(&plain(next, qualifier.start));
            next = qualifier.end;
        }
        text.push_str(&plain(next, expr.span.end));
        text
    }
}

/// The place of an item's name in the whole of a `UNION BY NAME`.
fn place_by_name(item: &ast::SelectItem, output: &Output) -> Option<usize> {
    let name = match (&item.alias, &item.expr.kind) {
        (Some(alias), _) => alias,
        (None, ExprKind::Name(parts)) => parts.last()?,
        _ => return None,
    };
    output.columns.iter().position(|column| {
        let own = column.name.as_deref();
        own.is_some_and(|own| same_name(own, &name.value))
    })
}

/// The sides of set operations that all match columns in one way; whether they are nothing else.
fn sides_of<'a>(
    body: &'a ast::QueryBody,
    sides: &mut Vec<Side<'a>>,
    named: &mut Option<bool>,
) -> bool {
    match body {
        ast::QueryBody::SetOperation(operation) => super::with_stack(|| {
            *named.get_or_insert(operation.by_name) == operation.by_name
                && sides_of(&operation.left, sides, named)
                && sides_of(&operation.right, sides, named)
        }),
        ast::QueryBody::Select(select) => {
            let Some(table) = table_of(select) else {
                return false;
            };
            sides.push(Side { select, table });
            true
        }
        _ => false,
    }
}

/// The name of the one table that a `SELECT` reads; empty without a `FROM`.
fn table_of(select: &ast::Select) -> Option<String> {
    let [table] = select.from.as_slice() else {
        return select.from.is_empty().then(String::new);
    };
    match (&table.alias, &table.kind) {
        (Some(alias), _) => Some(alias.name.value.clone()),
        (None, ast::TableKind::Name(name)) => Some(name.parts.last()?.value.clone()),
        (None, ast::TableKind::Reference(name)) => Some(name.value.clone()),
        _ => None,
    }
}

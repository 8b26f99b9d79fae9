//! What an expression is made of: its parts, and walks through them.
//!
//! A walk stays within one expression; [`deep`](super::deep) enters the subqueries, too. Nothing is
//! bound or decided here.

use crate::parse::ast::{self, ExprKind};

/// Visits an expression and what is in it, but no subqueries. `visit` says whether to go on
/// into the parts.
pub(super) fn walk<'a>(expr: &'a ast::Expr, visit: &mut dyn FnMut(&'a ast::Expr) -> bool) {
    super::with_stack(|| walk_here(expr, visit));
}

fn walk_here<'a>(expr: &'a ast::Expr, visit: &mut dyn FnMut(&'a ast::Expr) -> bool) {
    if !visit(expr) {
        return;
    }
    match &expr.kind {
        ExprKind::Binary { left, right, .. } => {
            // Along the left side in a loop: chains are as deep as they are long.
            let mut rights = vec![&**right];
            let mut first = &**left;
            while let ExprKind::Binary { left, right, .. } = &first.kind {
                if !visit(first) {
                    break;
                }
                rights.push(right);
                first = left;
            }
            if !matches!(first.kind, ExprKind::Binary { .. }) {
                walk(first, visit);
            }
            for right in rights {
                walk(right, visit);
            }
        }
        _ => {
            for part in parts(expr) {
                walk(part, visit);
            }
        }
    }
}

pub(super) fn parts(expr: &ast::Expr) -> Vec<&ast::Expr> {
    match &expr.kind {
        ExprKind::Binary { left, right, .. } => vec![left, right],
        ExprKind::Interval { value: inner, .. }
        | ExprKind::Unary { operand: inner, .. }
        | ExprKind::Is { operand: inner, .. }
        | ExprKind::Nested(inner)
        | ExprKind::Cast { operand: inner, .. }
        | ExprKind::Field { operand: inner, .. }
        | ExprKind::Collate { operand: inner, .. }
        | ExprKind::InQuery { operand: inner, .. }
        | ExprKind::Lambda { body: inner, .. } => vec![inner],
        ExprKind::Like {
            operand,
            pattern,
            escape,
            ..
        } => {
            let mut parts = vec![&**operand, &**pattern];
            parts.extend(escape.as_deref());
            parts
        }
        ExprKind::Between {
            operand, low, high, ..
        } => vec![operand, low, high],
        ExprKind::InList { operand, list, .. } => std::iter::once(&**operand).chain(list).collect(),
        ExprKind::InValue {
            operand,
            collection,
            ..
        } => vec![operand, collection],
        ExprKind::Quantified { left, right, .. } => vec![left, right],
        ExprKind::Row(items) | ExprKind::List(items) => items.iter().collect(),
        ExprKind::Case {
            operand,
            branches,
            otherwise,
        } => {
            let mut parts: Vec<&ast::Expr> = operand.as_deref().into_iter().collect();
            for (condition, result) in branches {
                parts.extend([condition, result]);
            }
            parts.extend(otherwise.as_deref());
            parts
        }
        ExprKind::Function(function) => function_parts(function),
        ExprKind::Method { operand, call } => {
            let mut parts = vec![&**operand];
            parts.extend(function_parts(call));
            parts
        }
        ExprKind::Index { operand, index } => vec![operand, index],
        ExprKind::Slice {
            operand,
            start,
            end,
            step,
        } => {
            let mut parts = vec![&**operand];
            parts.extend(
                [start, end, step]
                    .into_iter()
                    .filter_map(|bound| bound.as_deref()),
            );
            parts
        }
        ExprKind::Struct(items) => items.iter().map(|(_, item)| item).collect(),
        ExprKind::Map(entries) => entries
            .iter()
            .flat_map(|(key, value)| [key, value])
            .collect(),
        ExprKind::Comprehension {
            result,
            list,
            condition,
            ..
        } => {
            let mut parts = vec![&**result, &**list];
            parts.extend(condition.as_deref());
            parts
        }
        ExprKind::AtTimeZone { operand, zone } => vec![operand, zone],
        _ => Vec::new(),
    }
}

fn function_parts(function: &ast::Function) -> Vec<&ast::Expr> {
    let mut parts: Vec<&ast::Expr> = function
        .arguments
        .iter()
        .map(|argument| &argument.value)
        .collect();
    let ordered = function.order_by.iter().chain(&function.within_group);
    parts.extend(ordered.map(|item| &item.expr));
    parts.extend(&function.filter);
    if let Some(ast::Window::Spec(window)) = &function.over {
        parts.extend(window_parts(window));
    }
    parts
}

/// The expressions of a window.
pub(super) fn window_parts(window: &ast::WindowSpec) -> impl Iterator<Item = &ast::Expr> {
    let orders = window.order_by.iter().map(|item| &item.expr);
    let bounds = window.frame.iter().flat_map(|(_, bounds)| bounds);
    window.partition_by.iter().chain(orders).chain(bounds)
}

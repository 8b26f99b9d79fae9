//! Walks through whole queries: what an expression's subqueries hold, at any depth.
//!
//! [`walk`](super::grouping::walk) stays within one expression; here the subqueries are entered
//! too. Nothing is bound or decided here.

use super::grouping::walk;
use crate::parse::ast::{self, ExprKind};

/// Visits an expression and all that is in it, subqueries included.
pub(super) fn walk_deep<'a>(expr: &'a ast::Expr, visit: &mut dyn FnMut(&'a ast::Expr)) {
    walk(expr, &mut |part| {
        visit(part);
        if let Some(query) = query_of(part) {
            walk_query(query, visit);
        }
        true
    });
}

/// An expression without the parentheses around it.
pub(super) fn without_parentheses(expr: &ast::Expr) -> &ast::Expr {
    match &expr.kind {
        ExprKind::Nested(inner) => without_parentheses(inner),
        _ => expr,
    }
}

/// The query that an expression holds itself, and not within its parts.
pub(super) fn query_of(expr: &ast::Expr) -> Option<&ast::Query> {
    match &expr.kind {
        ExprKind::Query(query)
        | ExprKind::ArrayQuery(query)
        | ExprKind::Exists { query, .. }
        | ExprKind::InQuery { query, .. } => Some(query),
        _ => None,
    }
}

/// Whether there is a subquery in an expression.
pub(super) fn has_query(expr: &ast::Expr) -> bool {
    let mut found = false;
    walk(expr, &mut |part| {
        found |= query_of(part).is_some();
        !found
    });
    found
}

/// Visits all expressions of a query.
pub(super) fn walk_query<'a>(query: &'a ast::Query, visit: &mut dyn FnMut(&'a ast::Expr)) {
    super::with_stack(|| {
        for member in query.with.iter().flat_map(|with| &with.members) {
            walk_query(&member.query, visit);
        }
        walk_body(&query.body, visit);
        if let Some(ast::OrderBy::Items(items)) = &query.order_by {
            for item in items {
                walk_deep(&item.expr, visit);
            }
        }
        for bound in query.limit.iter().chain(&query.offset) {
            walk_deep(bound, visit);
        }
    });
}

fn walk_body<'a>(body: &'a ast::QueryBody, visit: &mut dyn FnMut(&'a ast::Expr)) {
    match body {
        ast::QueryBody::Select(select) => walk_select(select, visit),
        ast::QueryBody::SetOperation(operation) => super::with_stack(|| {
            walk_body(&operation.left, visit);
            walk_body(&operation.right, visit);
        }),
        ast::QueryBody::Values(values) => {
            for value in values.rows.iter().flatten() {
                walk_deep(value, visit);
            }
        }
        ast::QueryBody::Nested(query) => walk_query(query, visit),
        _ => {}
    }
}

fn walk_select<'a>(select: &'a ast::Select, visit: &mut dyn FnMut(&'a ast::Expr)) {
    for table in &select.from {
        walk_table(table, visit);
    }
    let clauses = [&select.filter, &select.having, &select.qualify];
    for expr in (select.items.iter().map(|item| &item.expr)).chain(clauses.into_iter().flatten()) {
        walk_deep(expr, visit);
    }
    if let Some(ast::Distinct::On(keys)) = &select.distinct {
        for key in keys {
            walk_deep(key, visit);
        }
    }
    for expr in group_keys(select) {
        walk_deep(expr, visit);
    }
}

/// The expressions of a `GROUP BY`, those of grouping sets included.
pub(super) fn group_keys(select: &ast::Select) -> Vec<&ast::Expr> {
    fn add<'a>(item: &'a ast::GroupItem, keys: &mut Vec<&'a ast::Expr>) {
        match item {
            ast::GroupItem::Expr(expr) => keys.push(without_parentheses(expr)),
            ast::GroupItem::Rollup(exprs)
            | ast::GroupItem::Cube(exprs)
            | ast::GroupItem::Set(exprs) => keys.extend(exprs.iter().map(without_parentheses)),
            ast::GroupItem::Sets(items) => items.iter().for_each(|item| add(item, keys)),
        }
    }
    let mut keys = Vec::new();
    if let Some(ast::GroupBy::Items(items)) = &select.group_by {
        items.iter().for_each(|item| add(item, &mut keys));
    }
    keys
}

fn walk_table<'a>(table: &'a ast::TableExpr, visit: &mut dyn FnMut(&'a ast::Expr)) {
    match &table.kind {
        ast::TableKind::Query { query, .. } => walk_query(query, visit),
        ast::TableKind::Values(values) => {
            for value in values.rows.iter().flatten() {
                walk_deep(value, visit);
            }
        }
        ast::TableKind::Function { call, .. } => walk_deep(call, visit),
        ast::TableKind::Join(join) => super::with_stack(|| {
            walk_table(&join.left, visit);
            walk_table(&join.right, visit);
            if let ast::JoinConstraint::On(condition) = &join.constraint {
                walk_deep(condition, visit);
            }
        }),
        ast::TableKind::Nested(inner) => walk_table(inner, visit),
        _ => {}
    }
}

/// Whether `:name` stands in an expression.
pub(super) fn holds_reference(expr: &ast::Expr) -> bool {
    let mut found = false;
    super::grouping::walk(expr, &mut |part| {
        found |= matches!(part.kind, ExprKind::Reference(_));
        !found
    });
    found
}

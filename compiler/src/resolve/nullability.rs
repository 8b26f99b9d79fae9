//! What can't be null: proofs from functions, grouping and conditions.
//!
//! A column counts as not null only where that is proven. A condition proves it of the columns
//! whose null would make it null or false, since a row passes only if the condition is true.

use super::Binder;
use super::scope::{Found, Output, Scope};
use crate::parse::ast::{self, ExprKind};
use crate::sql_type::SqlType;
use crate::types::Typed;
use crate::types::catalogue::{self, Kind};
use crate::types::never_null::{AGGREGATES, FIRST_OF, WINDOWS, is_never_null, is_strict};
use std::collections::BTreeSet;

/// A column of a scope: its relation (`None` for a merged one) and its position.
type Place = (Option<usize>, usize);

impl Binder<'_> {
    /// Whether a call may give a null.
    pub(super) fn call_is_nullable(
        &self,
        name: &str,
        function: &ast::Function,
        arguments: &[Typed],
    ) -> bool {
        let certain = arguments.iter().all(is_certain);
        if FIRST_OF.contains(&name) {
            return !arguments.iter().any(is_certain);
        }
        match (&function.over, is_aggregate(name)) {
            (Some(window), aggregate) => {
                let row_is_in_frame = matches!(window, ast::Window::Spec(spec) if spec.frame.is_none() && spec.base.is_none());
                let always = aggregate && certain && AGGREGATES.contains(&name) && row_is_in_frame;
                let numbered = WINDOWS.contains(&name) && (name != "ntile" || certain);
                !numbered && (!always || function.filter.is_some())
            }
            (None, true) => {
                let has_rows = self.grouped && function.filter.is_none() && certain;
                name != "count" && !(has_rows && AGGREGATES.contains(&name))
            }
            (None, false) => {
                let counts_sets = matches!(name, "grouping" | "grouping_id");
                !counts_sets && (!certain || !is_never_null(name))
            }
        }
    }

    /// What grouping says of the outputs: sets put nulls where a column isn't part of the set, and
    /// a condition on an output's expression in `HAVING` proves that it has a value.
    pub(super) fn prove_grouped(&self, select: &ast::Select, output: &mut Output) {
        let by_item = select.items.len() == output.columns.len();
        if has_grouping_sets(select) {
            for (index, column) in output.columns.iter_mut().enumerate() {
                let item = select.items.get(index).filter(|_| by_item);
                let same_in_all_sets = item.is_some_and(|item| knows_its_set(&item.expr));
                column.typed.nullable |= !same_in_all_sets;
            }
        } else if let (Some(having), true) = (&select.having, by_item) {
            let proven = strict_parts(having);
            for (item, column) in select.items.iter().zip(&mut output.columns) {
                if proven.iter().any(|part| self.same(part, &item.expr)) {
                    column.typed.nullable = false;
                }
            }
        }
    }
}

fn has_grouping_sets(select: &ast::Select) -> bool {
    match &select.group_by {
        Some(ast::GroupBy::Items(items)) => items
            .iter()
            .any(|item| !matches!(item, ast::GroupItem::Expr(_))),
        _ => false,
    }
}

/// Whether an expression has a value in the row of any grouping set, even in that of no rows.
fn knows_its_set(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ExprKind::Nested(inner) => knows_its_set(inner),
        ExprKind::Binary {
            operator,
            left,
            right,
            ..
        } if matches!(operator.as_str(), "+" | "-" | "*") => {
            knows_its_set(left) && knows_its_set(right)
        }
        ExprKind::Function(function) => {
            let name = function.name.last().map(|name| name.value.to_lowercase());
            let name = name.unwrap_or_default();
            let counts = name == "count" && function.filter.is_none();
            counts
                || matches!(name.as_str(), "grouping" | "grouping_id")
                || function.over.is_some() && name != "ntile" && WINDOWS.contains(&name.as_str())
        }
        _ => false,
    }
}

/// The aggregates whose null would keep a condition of a `HAVING` from being true.
fn strict_parts(condition: &ast::Expr) -> Vec<&ast::Expr> {
    match &condition.kind {
        ExprKind::Nested(inner) => strict_parts(inner),
        ExprKind::Binary {
            operator,
            left,
            right,
            ..
        } if operator == "and" || is_strict_operator(operator) => {
            let mut parts = strict_parts(left);
            parts.append(&mut strict_parts(right));
            parts
        }
        ExprKind::Between {
            negated: false,
            operand,
            low,
            high,
        } => [&**operand, low, high]
            .into_iter()
            .flat_map(strict_parts)
            .collect(),
        ExprKind::Function(_) => vec![condition],
        _ => Vec::new(),
    }
}

/// Whether an argument isn't null, and is of a type whose values hold no nulls themselves.
fn is_certain(typed: &Typed) -> bool {
    let plain = !matches!(
        typed.sql_type,
        SqlType::Unknown | SqlType::Null | SqlType::Json | SqlType::Other(_) | SqlType::Union(_)
    );
    !typed.nullable && plain
}

fn is_aggregate(name: &str) -> bool {
    catalogue::find(name).is_some_and(|entry| entry.is(Kind::Aggregate))
}

/// Whether each group has at least one row: a select without `GROUP BY` gives a row for none.
pub(super) fn groups_have_rows(select: &ast::Select) -> bool {
    match &select.group_by {
        Some(ast::GroupBy::Items(items)) => {
            !items.is_empty()
                && items
                    .iter()
                    .all(|item| matches!(item, ast::GroupItem::Expr(_)))
        }
        Some(ast::GroupBy::All(_)) => select
            .items
            .iter()
            .any(|item| matches!(item.expr.kind, ExprKind::Name(_))),
        None => false,
    }
}

/// Whether a query gives exactly one row: an aggregate over everything.
pub(super) fn gives_one_row(query: &ast::Query) -> bool {
    let ast::QueryBody::Select(select) = &query.body else {
        return false;
    };
    let filtered = select.group_by.is_some()
        || select.having.is_some()
        || select.qualify.is_some()
        || select.sample.is_some()
        || query.limit.is_some()
        || query.offset.is_some();
    !filtered && matches!(select.items.as_slice(), [only] if plainly_aggregates(&only.expr))
}

/// Whether an expression has an aggregate of its own, outside of subqueries and windows.
fn plainly_aggregates(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ExprKind::Nested(inner) | ExprKind::Cast { operand: inner, .. } => {
            plainly_aggregates(inner)
        }
        ExprKind::Unary { operand, .. } => plainly_aggregates(operand),
        ExprKind::Binary { left, right, .. } => {
            plainly_aggregates(left) || plainly_aggregates(right)
        }
        ExprKind::Function(function) => {
            let name = function.name.last().map(|name| name.value.to_lowercase());
            let name = name.unwrap_or_default();
            let own = function.over.is_none() && function.name.len() == 1;
            own && (is_aggregate(&name)
                || function
                    .arguments
                    .iter()
                    .any(|argument| plainly_aggregates(&argument.value)))
        }
        _ => false,
    }
}

/// Marks the columns of a scope that aren't null in rows for which a condition is true.
pub(super) fn narrow(scope: &mut Scope, condition: &ast::Expr) {
    for place in rejected(condition, scope) {
        let column = match place {
            (Some(relation), column) => scope
                .relations
                .get_mut(relation)
                .and_then(|relation| relation.columns.get_mut(column))
                .map(|column| &mut column.typed),
            (None, merged) => scope.merged.get_mut(merged).map(|merged| &mut merged.typed),
        };
        if let Some(typed) = column {
            typed.nullable = false;
        }
    }
}

/// The columns whose null keeps a condition from being true.
fn rejected(condition: &ast::Expr, scope: &Scope) -> BTreeSet<Place> {
    super::with_stack(|| match &condition.kind {
        ExprKind::Nested(inner) => rejected(inner, scope),
        ExprKind::Binary {
            operator,
            left,
            right,
            ..
        } if operator == "and" => {
            let mut both = rejected(left, scope);
            both.append(&mut rejected(right, scope));
            both
        }
        ExprKind::Binary {
            operator,
            left,
            right,
            ..
        } if operator == "or" => {
            let left = rejected(left, scope);
            if left.is_empty() {
                return left;
            }
            &left & &rejected(right, scope)
        }
        ExprKind::Is {
            negated,
            what,
            operand,
        } => match (negated, what.as_str()) {
            (true, "null" | "unknown") | (false, "true" | "false") => strict(operand, scope),
            _ => BTreeSet::new(),
        },
        ExprKind::InQuery {
            negated: false,
            operand,
            ..
        } => strict(operand, scope),
        _ => strict(condition, scope),
    })
}

/// The columns whose null makes an expression null.
fn strict(expr: &ast::Expr, scope: &Scope) -> BTreeSet<Place> {
    super::with_stack(|| match &expr.kind {
        ExprKind::Name(names) => column(names, scope).into_iter().collect(),
        ExprKind::Nested(inner)
        | ExprKind::Cast { operand: inner, .. }
        | ExprKind::Unary { operand: inner, .. }
        | ExprKind::InList { operand: inner, .. } => strict(inner, scope),
        ExprKind::Between {
            negated: true,
            operand,
            ..
        } => strict(operand, scope),
        ExprKind::Between {
            operand, low, high, ..
        } => all([&**operand, low, high], scope),
        ExprKind::Like {
            operand, pattern, ..
        } => all([&**operand, pattern], scope),
        ExprKind::Binary {
            operator,
            left,
            right,
            ..
        } if is_strict_operator(operator) => all([&**left, right], scope),
        ExprKind::Case {
            operand: None,
            branches,
            otherwise,
        } => strict_case(branches, otherwise.as_deref(), scope),
        ExprKind::Function(function) if function.over.is_none() && function.name.len() == 1 => {
            let name = function.name[0].value.to_lowercase();
            match is_strict(&name) {
                true => all(
                    function.arguments.iter().map(|argument| &argument.value),
                    scope,
                ),
                false => BTreeSet::new(),
            }
        }
        _ => BTreeSet::new(),
    })
}

/// A `CASE` has a value only if one of its branches was taken and has one.
fn strict_case(
    branches: &[(ast::Expr, ast::Expr)],
    otherwise: Option<&ast::Expr>,
    scope: &Scope,
) -> BTreeSet<Place> {
    let taken = branches.iter().map(|(condition, result)| {
        let mut places = rejected(condition, scope);
        places.append(&mut strict(result, scope));
        places
    });
    let other = otherwise
        .filter(|other| !matches!(other.kind, ExprKind::Literal(ast::Literal::Null)))
        .map(|other| strict(other, scope));
    taken
        .chain(other)
        .reduce(|left, right| &left & &right)
        .unwrap_or_default()
}

fn all<'a>(exprs: impl IntoIterator<Item = &'a ast::Expr>, scope: &Scope) -> BTreeSet<Place> {
    exprs
        .into_iter()
        .flat_map(|expr| strict(expr, scope))
        .collect()
}

/// Operators that give a null for a null. `||` isn't one: a list beside a null stays a list.
fn is_strict_operator(operator: &str) -> bool {
    matches!(
        operator,
        "=" | "=="
            | "<>"
            | "!="
            | "<"
            | "<="
            | ">"
            | ">="
            | "+"
            | "-"
            | "*"
            | "/"
            | "//"
            | "%"
            | "~~"
            | "!~~"
            | "~~*"
            | "!~~*"
            | "^@"
    )
}

/// The column of this scope, and not of one around it, that a name means.
fn column(names: &[ast::Name], scope: &Scope) -> Option<Place> {
    match names {
        [only] => match scope.find(&only.value)? {
            Found::Column(id, _, _) => Some((id.relation, id.column)),
            _ => None,
        },
        [table, column] => {
            let mut named = (scope.relations.iter().enumerate())
                .filter(|(_, relation)| relation.is_named(&table.value));
            match (named.next(), named.next()) {
                (Some((index, relation)), None) => {
                    Some((Some(index), relation.position(&column.value)?))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

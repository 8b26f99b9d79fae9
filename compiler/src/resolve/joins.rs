//! What the engine can't join.
//!
//! Source: `LogicalComparisonJoin::ExtractJoinConditions` and `Binder::CreatePlan(BoundJoinRef)`
//! of DuckDB. A condition is taken apart at its `AND`s. A part that reads only the side whose rows
//! may go is a filter of that side. If all other parts compare one side with the other, subqueries
//! are computed on their side; else the whole condition is computed for pairs of rows, where the
//! engine has no subqueries, unless the join is an inner one.

use super::Binder;
use super::deep::{has_query, walk_deep, without_parentheses};
use super::grouping::walk;
use super::scope::{Env, Output, Relation, Scope};
use crate::bound::RelationId;
use crate::diagnostic::{Code, Diagnostic};
use crate::parse::ast::{self, ExprKind, JoinKind};
use crate::span::Span;
use crate::sql_type::{Common, SqlType, common_type};
use crate::types::Typed;

/// The sides that an expression reads.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Sides {
    left: bool,
    right: bool,
}

impl Sides {
    const LEFT: Sides = Sides {
        left: true,
        right: false,
    };
    const RIGHT: Sides = Sides {
        left: false,
        right: true,
    };
}

impl Binder<'_> {
    /// Checks that the right side may read the left side, if it does.
    pub(super) fn check_lateral(&mut self, join: &ast::Join, scope: &Scope) {
        if self.is_lateral(join, scope)
            && !matches!(
                join.kind,
                JoinKind::Inner | JoinKind::Left | JoinKind::Cross | JoinKind::Positional
            )
        {
            self.unsupported_join(
                join.right.span,
                "the right side of this join reads the left side, which only inner and left joins allow",
                "join with `left join` or `join`",
            );
        }
    }

    /// Checks a join's `ON` once its condition has been bound. `left_width` is how many of the
    /// scope's relations stand on the left.
    pub(super) fn check_join(
        &mut self,
        join: &ast::Join,
        condition: &ast::Expr,
        scope: &Scope,
        left_width: usize,
        env: &Env<'_>,
    ) {
        self.check_join_placement(condition, scope, Some(env));
        if self.is_lateral(join, scope) && has_query(condition) {
            return self.unsupported_join(
                condition.span,
                "the condition of a lateral join can't hold a subquery",
                "put the subquery into the right side, or into `WHERE`",
            );
        }
        let parts = conjuncts(condition);
        // A join whose right side reads the left one is no as-of join to the engine.
        let lateral = self.is_lateral(join, scope);
        if join.kind == JoinKind::Left && lateral {
            self.check_lateral_condition(&parts, scope, left_width);
        }
        let asof = join.asof && !lateral;
        if !asof && matches!(join.kind, JoinKind::Inner | JoinKind::Cross) {
            return;
        }
        if let Some(span) = self.outer_column(condition, scope, env) {
            return self.unsupported_join(
                span,
                "the condition of a join that isn't an inner one can't read a column of an outer query",
                "put this part of the condition into `WHERE`, or filter a side of the join in a subquery",
            );
        }
        if asof {
            return self.check_asof(join.kind, condition, &parts, scope, left_width);
        }
        self.check_subqueries(join.kind, &parts, scope, left_width);
    }

    /// The condition of a left join whose right side reads the left one: each part compares the
    /// sides, or reads the right side only.
    fn check_lateral_condition(&mut self, parts: &[&ast::Expr], scope: &Scope, left_width: usize) {
        for part in parts {
            let part = without_parentheses(part);
            let Some(sides) = self.sides_of(part, scope, left_width) else {
                continue;
            };
            let between = match &part.kind {
                ExprKind::Between { negated: false, .. } => true,
                ExprKind::Binary { .. } => self.compares_sides(part, scope, left_width),
                _ => false,
            };
            if sides.left && !between {
                return self.unsupported_join(
                    part.span,
                    "a left join whose right side reads the left one can only compare its sides",
                    "put this part of the condition into the right side's `WHERE`",
                );
            }
        }
    }

    /// `(a, b) IN (query)`: a query with several columns can't read those of the query around it.
    pub(super) fn check_correlated_row(
        &mut self,
        output: &Output,
        query: &ast::Query,
        env: &Env<'_>,
    ) {
        if output.columns.len() < 2 || output.open {
            return;
        }
        let around: Vec<u32> = env.outwards().map(|env| env.scope.id).collect();
        let correlated = self
            .columns_within(query.span)
            .any(|column| column.scope != 0 && around.contains(&column.scope));
        if correlated {
            self.unsupported_join(
                query.span,
                "a row can't be compared with the rows of a subquery that reads the query around it",
                "compare the columns one by one: `exists (select … where x = a and y = b)`",
            );
        }
    }

    /// Whether the right side of a join reads a column of the left side.
    pub(super) fn is_lateral(&self, join: &ast::Join, scope: &Scope) -> bool {
        self.columns_within(join.right.span)
            .any(|column| column.scope == scope.id)
    }

    /// A column in a condition that belongs to a query around it.
    fn outer_column(&self, condition: &ast::Expr, scope: &Scope, env: &Env<'_>) -> Option<Span> {
        let outer: Vec<u32> = env
            .outwards()
            .map(|env| env.scope.id)
            .filter(|id| *id != 0 && *id != scope.id)
            .collect();
        let mut found = None;
        walk_deep(condition, &mut |part| {
            if let ExprKind::Name(_) = &part.kind
                && found.is_none()
                && let Some(column) = self.resolved.get(&(part.span.start, part.span.end))
                && outer.contains(&column.scope)
            {
                found = Some(part.span);
            }
        });
        found
    }

    fn check_subqueries(
        &mut self,
        kind: JoinKind,
        parts: &[&ast::Expr],
        scope: &Scope,
        left_width: usize,
    ) {
        let mut kept = Vec::new();
        for part in parts {
            let Some(sides) = self.sides_of(part, scope, left_width) else {
                return;
            };
            let filters = match kind {
                JoinKind::Left | JoinKind::Anti => sides == Sides::RIGHT,
                JoinKind::Right => sides == Sides::LEFT,
                JoinKind::Semi => sides == Sides::RIGHT || sides == Sides::LEFT,
                _ => false,
            };
            if !filters {
                kept.push(*part);
            }
        }
        let compares = kept
            .iter()
            .all(|part| self.compares_sides(part, scope, left_width));
        if compares && !kept.is_empty() {
            return;
        }
        if let Some(part) = kept.iter().find(|part| has_query(part)) {
            self.unsupported_join(
                part.span,
                "the condition of a join that isn't an inner one can't hold this subquery",
                "compute the subquery in a side of the join, and compare with its column",
            );
        }
    }

    /// Whether a part compares an expression of one side with one of the other.
    fn compares_sides(&self, part: &ast::Expr, scope: &Scope, left_width: usize) -> bool {
        let ExprKind::Binary {
            operator,
            left,
            right,
            ..
        } = &without_parentheses(part).kind
        else {
            return false;
        };
        if !is_comparison(operator) {
            return false;
        }
        let sides = (
            self.sides_of(left, scope, left_width),
            self.sides_of(right, scope, left_width),
        );
        matches!(
            sides,
            (Some(Sides::LEFT), Some(Sides::RIGHT)) | (Some(Sides::RIGHT), Some(Sides::LEFT))
        )
    }

    /// The sides that an expression reads; `None` if a name in it can't be told.
    fn sides_of(&self, expr: &ast::Expr, scope: &Scope, left_width: usize) -> Option<Sides> {
        let mut sides = Sides::default();
        let mut known = !scope.relations.iter().any(|relation| relation.open);
        walk_deep(expr, &mut |part| {
            let ExprKind::Name(_) = &part.kind else {
                return;
            };
            let Some(column) = self.resolved.get(&(part.span.start, part.span.end)) else {
                known = false;
                return;
            };
            if column.scope != scope.id {
                return;
            }
            match column.relation {
                Some(relation) if relation < left_width => sides.left = true,
                Some(_) => sides.right = true,
                None => known = false,
            }
        });
        known.then_some(sides)
    }

    /// An as-of join has exactly one inequality between its sides.
    fn check_asof(
        &mut self,
        kind: JoinKind,
        condition: &ast::Expr,
        parts: &[&ast::Expr],
        scope: &Scope,
        left_width: usize,
    ) {
        let mut inequalities = Vec::new();
        for part in parts {
            if self.sides_of(part, scope, left_width).is_none() {
                return;
            }
            if let ExprKind::Binary { operator, .. } = &without_parentheses(part).kind
                && matches!(operator.as_str(), "<" | "<=" | ">" | ">=")
                && self.compares_sides(part, scope, left_width)
            {
                inequalities.push(part.span);
            }
        }
        if matches!(kind, JoinKind::Right | JoinKind::Full) {
            let other = parts.iter().find(|part| {
                let filters = kind == JoinKind::Right
                    && self.sides_of(part, scope, left_width) == Some(Sides::LEFT);
                let unequal = matches!(
                    &without_parentheses(part).kind,
                    ExprKind::Binary { operator, .. } if matches!(operator.as_str(), "<>" | "!=")
                );
                !filters
                    && !is_true(part)
                    && (unequal || !self.compares_sides(part, scope, left_width))
            });
            if let Some(part) = other {
                return self.unsupported_join(
                    part.span,
                    "an as-of join that keeps all rows of its right side can only compare its sides",
                    "filter a side of the join in a subquery",
                );
            }
        }
        match inequalities.as_slice() {
            [_] => {}
            [] => self.unsupported_join(
                condition.span,
                "an as-of join needs an inequality between its sides",
                "write one of `<`, `<=`, `>`, `>=`: `left.at >= right.at`",
            ),
            [_, second, ..] => self.unsupported_join(
                *second,
                "an as-of join has only one inequality between its sides",
                "put the others into `WHERE`",
            ),
        }
    }

    /// A natural join has columns to join on.
    pub(super) fn check_natural(&mut self, scope: &Scope, shared: &[String], span: Span) {
        let open = scope.relations.iter().any(|relation| relation.is_open());
        if shared.is_empty() && !open {
            self.unsupported_join(
                span,
                "the sides of this natural join have no column in common",
                "join with `ON`, or with `cross join`",
            );
        }
    }

    /// A column that a join merges is one column of each side.
    pub(super) fn check_shared(
        &mut self,
        scope: &Scope,
        side: std::ops::Range<usize>,
        name: &str,
        span: Span,
    ) {
        let holders: Vec<usize> = side
            .filter(|index| scope.relations[*index].position(name).is_some())
            .collect();
        let merged = scope
            .merged
            .iter()
            .filter(|merged| crate::name::same_name(&merged.name, name))
            .any(|merged| holders.iter().all(|index| merged.relations.contains(index)));
        if holders.len() > 1 && !merged {
            self.report(
                Diagnostic::error(
                    Code::AmbiguousColumn,
                    span,
                    format!("several tables of one side have a column `{name}`"),
                )
                .hint("join with `ON`, and qualify the columns"),
            );
        }
    }

    fn unsupported_join(&mut self, span: Span, message: &str, hint: &str) {
        self.report(Diagnostic::error(Code::UnsupportedJoin, span, message).hint(hint));
    }
}

/// The parts of a condition that `AND` puts together.
fn conjuncts(condition: &ast::Expr) -> Vec<&ast::Expr> {
    let mut parts = Vec::new();
    walk(condition, &mut |part| match &part.kind {
        ExprKind::Nested(_) => true,
        ExprKind::Binary { operator, .. } if operator == "and" => true,
        _ => {
            parts.push(part);
            false
        }
    });
    parts
}

fn is_comparison(operator: &str) -> bool {
    matches!(
        operator,
        "=" | "=="
            | "<>"
            | "!="
            | "<"
            | "<="
            | ">"
            | ">="
            | "is distinct from"
            | "is not distinct from"
    )
}

/// Which columns give the value of a merged one: the first of these that isn't null.
pub(super) fn merged_sources(
    mut left: Vec<(RelationId, u32)>,
    right: (RelationId, u32),
    kind: ast::JoinKind,
) -> Vec<(RelationId, u32)> {
    match kind {
        ast::JoinKind::Full => {
            left.push(right);
            left
        }
        ast::JoinKind::Right => vec![right],
        _ => left,
    }
}

pub(super) fn merged_type(left: &Typed, right: &Typed, kind: ast::JoinKind) -> Typed {
    match kind {
        ast::JoinKind::Full => {
            let sql_type = match common_type(&left.sql_type, &right.sql_type) {
                Common::Type(sql_type) => sql_type,
                _ => SqlType::Unknown,
            };
            Typed::of(sql_type)
        }
        ast::JoinKind::Right => right.clone(),
        _ => left.clone(),
    }
}

pub(super) fn shared_names(scope: &Scope, left_width: usize) -> Vec<String> {
    let (left, right) = scope.relations.split_at(left_width);
    let names = left
        .iter()
        .flat_map(|relation| &relation.columns)
        .filter_map(|column| column.name.clone())
        .filter(|name| {
            right
                .iter()
                .any(|relation| relation.position(name).is_some())
        });
    let mut shared: Vec<String> = Vec::new();
    for name in names {
        // What the left side has merged already is one column.
        if !shared
            .iter()
            .any(|other| crate::name::same_name(other, &name))
        {
            shared.push(name);
        }
    }
    shared
}

/// A semi or anti join gives the left side only.
pub(super) fn hide_right(scope: &mut Scope, left_width: usize) {
    let right = scope.relations.split_off(left_width);
    // The engine hides them by their names, and with them what has the same name on the left.
    let hidden = |relation: &Relation| {
        let name = relation.name.as_deref();
        right.iter().any(|other| {
            other.aliased == relation.aliased && name.is_some_and(|name| other.is_named(name))
        })
    };
    if scope.relations.iter().all(hidden) {
        scope.relations.clear();
        scope.merged.clear();
        return;
    }
    for relation in scope
        .relations
        .iter_mut()
        .filter(|relation| hidden(relation))
    {
        *relation = Relation {
            id: relation.id,
            ..Relation::default()
        };
    }
    scope.merged.retain_mut(|merged| {
        // What is left of it keeps its name for itself.
        merged.relations.retain(|index| *index < left_width);
        !merged.relations.is_empty()
    });
}

/// Whether a condition is a plain `true`, which the engine leaves out.
fn is_true(condition: &ast::Expr) -> bool {
    matches!(
        &without_parentheses(condition).kind,
        ExprKind::Literal(ast::Literal::Boolean(true))
    )
}

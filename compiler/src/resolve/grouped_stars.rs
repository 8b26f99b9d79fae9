//! Stars, `COLUMNS(…)` and whole rows beside aggregates: each stands for columns, all of which must be
//! grouped by.
//!
//! Source: `Binder::ExpandStarExpressions` and `BaseSelectBinder::BindColumnRef` of DuckDB 1.5.5: a star
//! is written out before anything is grouped, and a row is a struct of its columns.

use super::Binder;
use super::columns::Chosen;
use super::deep::without_parentheses;
use super::hidden::Hidden;
use super::query::literal_position;
use super::scope::{ColumnId, Env, Relation, Scope};
use crate::bound::RelationId;
use crate::name::same_name;
use crate::parse::ast::{self, ExprKind};

impl Binder<'_> {
    /// The first column that a star or a `COLUMNS(…)` stands for and that isn't grouped by.
    pub(super) fn loose_in_star(
        &mut self,
        item: &ast::Expr,
        keys: &Keys<'_>,
        scope: &Scope,
    ) -> Option<String> {
        // Within an expression a column may become part of what is grouped by.
        let whole = is_star(item) || matches!(item.kind, ExprKind::Columns { .. });
        let grouped = match whole {
            true => self.grouped_columns(keys, scope),
            false => self.grouped_sources(keys, scope),
        };
        let columns = self.chosen_by(item, &Env::new(scope, None))?;
        let replaced = |column: &Chosen| {
            let mut names = replacements_of(item).map(|(_, name)| name);
            names.any(|name| same_name(&name.value, &column.name))
        };
        let loose = |column: &Chosen| matches!(column.sources.as_slice(), [only] if !grouped.contains(only));
        columns
            .into_iter()
            .find(|column| loose(column) && !replaced(column))
            .map(|column| column.name)
    }

    /// Whether a name means a whole row of a table of this query with a column that isn't grouped by.
    pub(super) fn is_loose_row(&self, expr: &ast::Expr, keys: &Keys<'_>, scope: &Scope) -> bool {
        let place = (expr.span.start, expr.span.end);
        let Some(relation) = self.row_of(place, scope) else {
            return false;
        };
        let grouped = self.grouped_columns(keys, scope);
        (0..relation.columns.len()).any(|position| !grouped.contains(&relation.source(position)))
    }

    /// Whether a column by its position isn't grouped by. The engine writes the column of a table with the
    /// names of its schema and database, so that none is found among the groups.
    pub(super) fn is_loose_position(&self, position: u32, keys: &Keys<'_>, scope: &Scope) -> bool {
        if scope.relations.iter().any(Relation::is_open) {
            return false;
        }
        let Some(mut left) = usize::try_from(position)
            .ok()
            .and_then(|at| at.checked_sub(1))
        else {
            return false;
        };
        for relation in &scope.relations {
            if left < relation.columns.len() {
                let is_table = !relation.aliased && relation.hidden == Hidden::Rows;
                let source = relation.source(left);
                return is_table || !self.grouped_columns(keys, scope).contains(&source);
            }
            left -= relation.columns.len();
        }
        false
    }

    /// The table of this query of which the name at a place means a whole row.
    fn row_of<'b>(&self, place: (u32, u32), scope: &'b Scope) -> Option<&'b Relation> {
        let (id, _) = self.rows_read.get(&place)?;
        let mut relations = scope.relations.iter();
        relations.find(|relation| relation.id == *id && !relation.is_open())
    }

    /// Where the columns come from that are grouped by, or that something is computed of that is grouped
    /// by.
    fn grouped_sources(&self, keys: &Keys<'_>, scope: &Scope) -> Vec<(RelationId, u32)> {
        let columns = keys
            .exprs
            .iter()
            .flat_map(|key| self.columns_within(key.span))
            .filter(|id| id.scope == scope.id);
        let mut sources: Vec<(RelationId, u32)> =
            columns.flat_map(|id| scope.sources(id)).collect();
        sources.extend(&keys.columns);
        sources
    }

    /// Where the columns come from that are grouped by themselves.
    fn grouped_columns(&self, keys: &Keys<'_>, scope: &Scope) -> Vec<(RelationId, u32)> {
        let plain = keys.exprs.iter().filter_map(|key| self.column_of(key));
        let mut sources: Vec<(RelationId, u32)> = plain
            .filter(|id| id.scope == scope.id)
            .flat_map(|id| scope.sources(id))
            .collect();
        sources.extend(&keys.columns);
        sources
    }

    /// The column that an expression is, and no field of it.
    fn column_of(&self, expr: &ast::Expr) -> Option<ColumnId> {
        let expr = without_parentheses(expr);
        let place = (expr.span.start, expr.span.end);
        match &expr.kind {
            ExprKind::Name(_) if !self.fields_read.contains_key(&place) => {
                self.resolved.get(&place).copied()
            }
            _ => None,
        }
    }

    /// Whether an expression is one that is grouped by, or a field of it.
    pub(super) fn is_key(&self, expr: &ast::Expr, keys: &Keys<'_>, scope: &Scope) -> bool {
        if keys.exprs.iter().any(|key| self.same(key, expr)) {
            return true;
        }
        let ExprKind::Name(names) = &expr.kind else {
            return false;
        };
        let place = (expr.span.start, expr.span.end);
        let Some(id) = self.resolved.get(&place) else {
            return false;
        };
        let by_position = || {
            let sources = scope.sources(*id);
            matches!(sources.as_slice(), [only] if keys.columns.contains(only))
        };
        if id.scope == scope.id && by_position() {
            return true;
        }
        let fields = self.fields_read.get(&place).copied().unwrap_or(0);
        let read = &names[names.len().saturating_sub(fields)..];
        keys.exprs.iter().any(|key| {
            let key = without_parentheses(key);
            let place = (key.span.start, key.span.end);
            let ExprKind::Name(names) = &key.kind else {
                return false;
            };
            let fields = self.fields_read.get(&place).copied().unwrap_or(0);
            let grouped = &names[names.len().saturating_sub(fields)..];
            let mut both = grouped.iter().zip(read);
            self.resolved.get(&place) == Some(id)
                && grouped.len() <= read.len()
                && both.all(|(grouped, read)| same_name(&grouped.value, &read.value))
        })
    }

    /// What is grouped by: expressions, and columns of stars that a position means. `None` if that isn't
    /// in plain sight.
    pub(super) fn keys_of<'b>(
        &mut self,
        written: &[&'b ast::Expr],
        select: &'b ast::Select,
        scope: &Scope,
    ) -> Option<Keys<'b>> {
        let mut keys = Keys::default();
        for key in written {
            match (self.meaning(key, select), literal_position(key)) {
                (Some(expr), _) => keys.exprs.push(expr),
                (None, Some(position)) => {
                    let at = self.item_at(position.checked_sub(1)?, select, scope)?;
                    match at {
                        At::Item(expr) => keys.exprs.push(expr),
                        At::Column(source) => keys.columns.push(source),
                    }
                }
                (None, None) => return None,
            }
        }
        Some(keys)
    }

    /// What stands at a place of the select list, counted from zero, where stars stand for several.
    fn item_at<'b>(
        &mut self,
        place: usize,
        select: &'b ast::Select,
        scope: &Scope,
    ) -> Option<At<'b>> {
        let mut left = place;
        for item in &select.items {
            if !super::select::gives_several(&item.expr) {
                if left == 0 {
                    return Some(At::Item(&item.expr));
                }
                left -= 1;
                continue;
            }
            let whole = is_star(&item.expr) || matches!(item.expr.kind, ExprKind::Columns { .. });
            let replaces = replacements_of(&item.expr).next().is_some();
            let columns = self.chosen_by(&item.expr, &Env::new(scope, None))?;
            match columns.get(left) {
                Some(column) => {
                    let source = match column.sources.as_slice() {
                        [only] => *only,
                        _ => return None,
                    };
                    let plain = whole && !replaces && column.field.is_none();
                    return plain.then_some(At::Column(source));
                }
                None => left -= columns.len(),
            }
        }
        None
    }
}

/// What is grouped by.
#[derive(Default)]
pub(super) struct Keys<'b> {
    pub exprs: Vec<&'b ast::Expr>,
    /// Where columns of stars come from that are grouped by their positions.
    pub columns: Vec<(RelationId, u32)>,
}

/// What a position of a select list means.
enum At<'b> {
    Item(&'b ast::Expr),
    Column((RelationId, u32)),
}

/// Whether an item is a star, also one with a pattern.
pub(super) fn is_star(item: &ast::Expr) -> bool {
    match &item.kind {
        ExprKind::Star(_) => true,
        ExprKind::Like { operand, .. } => is_star(operand),
        _ => false,
    }
}

/// What `* REPLACE (…)` puts in place of columns.
pub(super) fn replacements_of(expr: &ast::Expr) -> impl Iterator<Item = &(ast::Expr, ast::Name)> {
    let star = match &expr.kind {
        ExprKind::Star(star) => Some(star),
        _ => None,
    };
    star.into_iter().flat_map(|star| &star.replace)
}

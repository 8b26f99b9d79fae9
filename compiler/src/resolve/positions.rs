//! Items that are found by their number: `ORDER BY 2`, `GROUP BY 1`, `DISTINCT ON (3)`, `#4`.
//!
//! Source: `OrderBinder` and `BindGroupByExpression` of DuckDB. A constant that is no whole number
//! orders nothing, and the engine refuses it; a group may be one.

use super::Binder;
use super::deep::without_parentheses;
use super::grouping::{has_aggregate, walk};
use super::placement::is_lone;
use super::scope::{Env, Output, Scope};
use crate::diagnostic::{Code, Diagnostic};
use crate::name::same_name;
use crate::parse::ast::{self, ExprKind, Literal};
use crate::span::Span;
use crate::sql_type::SqlType;
use crate::types::{Value, literal};

/// A constant where an item's number may stand.
enum Constant {
    Position(i128),
    Other,
}

impl Binder<'_> {
    /// Checks an item of `ORDER BY` or `DISTINCT ON`. Behind the columns of the output there are
    /// `added` more, which have positions, too.
    pub(super) fn check_order_item(
        &mut self,
        expr: &ast::Expr,
        output: &Output,
        added: usize,
        clause: &str,
    ) {
        self.check_collated_position(expr, output);
        match constant_of(expr) {
            Some(Constant::Position(position)) => {
                self.check_position(position, expr.span, output, added, clause);
            }
            Some(Constant::Other) => self.report(
                Diagnostic::error(
                    Code::PositionOutOfRange,
                    expr.span,
                    format!("`{clause}` by a constant orders nothing"),
                )
                .hint("name a column, or write its position: `1`"),
            ),
            None => {
                if let ExprKind::Position(position) = &expr.kind {
                    let position = i128::from(*position);
                    self.check_position(position, expr.span, output, added, clause);
                }
            }
        }
    }

    /// `ORDER BY 1 COLLATE …` takes a column of texts.
    fn check_collated_position(&mut self, expr: &ast::Expr, output: &Output) {
        let ExprKind::Collate { operand, collation } = &without_parentheses(expr).kind else {
            return;
        };
        let column = match order_position(operand) {
            Some(position) => position.checked_sub(1),
            None => further_place(operand, output),
        };
        let column = column.and_then(|place| output.columns.get(place));
        if let (Some(column), false) = (column, output.open)
            && column.typed.is_known()
            && !matches!(
                column.typed.sql_type,
                SqlType::Varchar | SqlType::Json | SqlType::Other(_)
            )
        {
            let message = format!(
                "only texts have a collation, and this column is `{}`",
                column.typed.sql_type
            );
            self.report(Diagnostic::error(
                Code::TypeMismatch,
                collation.span,
                message,
            ));
        }
    }

    /// How many columns the engine adds to a select list, to order by them or to take rows apart.
    pub(super) fn added_columns(
        &self,
        select: &ast::Select,
        items: &[ast::OrderItem],
        output: &Output,
    ) -> usize {
        let apart: &[ast::Expr] = match &select.distinct {
            Some(ast::Distinct::On(keys)) => keys,
            _ => &[],
        };
        let mut added: Vec<&ast::Expr> = Vec::new();
        for expr in apart.iter().chain(items.iter().map(|item| &item.expr)) {
            let expr = without_parentheses(expr);
            let named = match &expr.kind {
                ExprKind::Collate { operand, .. } => without_parentheses(operand),
                _ => expr,
            };
            let is_output = match &named.kind {
                ExprKind::Name(names) => output.columns.iter().any(|column| {
                    let own = column.name.as_deref();
                    names.len() == 1 && own.is_some_and(|own| same_name(own, &names[0].value))
                }),
                _ => order_position(named).is_some() || constant_of(named).is_some(),
            };
            let is_item = select.items.iter().any(|item| self.same(&item.expr, expr));
            if !is_output && !is_item && !added.iter().any(|other| self.same(other, expr)) {
                added.push(expr);
            }
        }
        added.len()
    }

    /// An aggregate behind a table or values, which have no groups (`TABLE t ORDER BY count(*)`).
    pub(super) fn check_order_of_rows(
        &mut self,
        body: &ast::QueryBody,
        items: &[ast::OrderItem],
        parent: Option<&Env<'_>>,
    ) {
        let rows = matches!(
            body,
            ast::QueryBody::Table(_)
                | ast::QueryBody::Values(_)
                | ast::QueryBody::Pivot(_)
                | ast::QueryBody::Unpivot(_)
        );
        if !rows || !is_lone(parent) {
            return;
        }
        for item in items.iter().filter(|item| has_aggregate(&item.expr)) {
            let message = "an aggregate makes one group of all rows, and these have none";
            let finding = Diagnostic::error(Code::NotGrouped, item.expr.span, message);
            self.report(finding.hint("aggregate in a `select` with this in its `from`"));
        }
    }

    /// Checks a key of `GROUP BY`.
    pub(super) fn check_group_key(&mut self, key: &ast::Expr, output: &Output) {
        if let Some(Constant::Position(position)) = constant_of(key) {
            self.check_position(position, key.span, output, 0, "GROUP BY");
        }
    }

    fn check_position(
        &mut self,
        position: i128,
        span: Span,
        output: &Output,
        added: usize,
        clause: &str,
    ) {
        let count = output.columns.len();
        let all = 1..=count + added;
        let fits = usize::try_from(position).is_ok_and(|position| all.contains(&position));
        if fits || output.open {
            return;
        }
        let columns = match count {
            1 => "1 column".to_owned(),
            count => format!("{count} columns"),
        };
        self.report(
            Diagnostic::error(
                Code::PositionOutOfRange,
                span,
                format!("`{clause} {position}` names no column: the query has {columns}"),
            )
            .hint("positions count from 1"),
        );
    }

    /// Checks `#n`, a column of what `FROM` reads.
    pub(super) fn check_column_position(&mut self, position: u32, span: Span, scope: &Scope) {
        if scope.relations.iter().any(|relation| relation.open) {
            return;
        }
        let count: usize = scope
            .relations
            .iter()
            .map(|relation| relation.columns.len())
            .sum();
        if position as usize > count {
            self.report(Diagnostic::error(
                Code::PositionOutOfRange,
                span,
                format!("`#{position}` names no column: the query reads {count}"),
            ));
        }
    }

    /// Checks the items of an `ORDER BY` behind a set operation: a plain name is one that a side
    /// gives.
    pub(super) fn check_set_order(
        &mut self,
        body: &ast::QueryBody,
        items: &[ast::OrderItem],
        output: &Output,
    ) {
        let mut names: Vec<String> = Vec::new();
        let known = names_of_sides(body, &mut names);
        for item in items {
            self.check_order_item(&item.expr, output, 0, "ORDER BY");
            let whole = without_parentheses(&item.expr);
            let expr = match &whole.kind {
                ExprKind::Collate { operand, .. } => without_parentheses(operand),
                _ => whole,
            };
            if !std::ptr::eq(whole, expr) && order_position(expr).is_none() {
                // A collation stands behind a column of the whole, or in a select list as well.
                let known = !output.open && known_names(output);
                if known && !is_given(expr, output) {
                    self.check_set_expression(body, whole);
                }
            }
            let ExprKind::Name(written) = &expr.kind else {
                self.check_set_expression(body, expr);
                if order_position(expr).is_none() {
                    self.check_set_place(body, expr, output);
                }
                continue;
            };
            let [name] = written.as_slice() else {
                self.check_set_expression(body, expr);
                self.check_set_place(body, expr, output);
                continue;
            };
            let further = output.further_names.iter().map(|(name, _)| name.as_str());
            let mut given = output
                .columns
                .iter()
                .filter_map(|column| column.name.as_deref())
                .chain(names.iter().map(String::as_str))
                .chain(further);
            let mut aliases = Vec::new();
            names_given(body, &mut aliases);
            let is_alias = output.columns.iter().any(|column| {
                let own = column.name.as_deref();
                own.is_some_and(|own| same_name(own, &name.value))
            }) || aliases.iter().any(|own| same_name(own, &name.value));
            if !is_alias {
                self.check_set_place(body, expr, output);
            }
            let unnamed = output.open
                || output.columns.iter().any(|column| column.name.is_none())
                || output.further_names.iter().any(|(name, _)| name.is_empty());
            if known && !unnamed && !given.any(|own| same_name(own, &name.value)) {
                self.report(
                    Diagnostic::error(
                        Code::UnknownColumn,
                        name.span,
                        format!(
                            "no side of the set operation gives a column `{}`",
                            name.value
                        ),
                    )
                    .hint("add it to every select list, or order a subquery in `FROM`"),
                );
            }
        }
    }
}

impl Binder<'_> {
    /// An expression behind a set operation is one of a side's select list.
    fn check_set_expression(&mut self, body: &ast::QueryBody, expr: &ast::Expr) {
        let mut unclear = constant_of(expr).is_some()
            || matches!(expr.kind, ExprKind::Position(_) | ExprKind::Star(_));
        walk(expr, &mut |part| {
            unclear |= matches!(part.kind, ExprKind::Columns { .. });
            !unclear && !counts_rows(part)
        });
        if unclear || !matches!(body, ast::QueryBody::SetOperation(_)) {
            return;
        }
        let mut sides = Vec::new();
        if !items_of_sides(body, &mut sides) {
            return;
        }
        // A star gives columns, and an alias may be meant by a qualified name.
        if let ExprKind::Name(names) = &expr.kind
            && let Some(last) = names.last()
            && sides.iter().copied().flatten().any(|item| {
                let alias = item.alias.as_ref();
                super::select::gives_several(&item.expr)
                    || alias.is_some_and(|alias| same_name(&alias.value, &last.value))
            })
        {
            return;
        }
        // It has several spellings.
        let counts = sides
            .iter()
            .copied()
            .flatten()
            .any(|item| counts_within(&item.expr));
        if counts && counts_within(expr) {
            return;
        }
        let written = self.bare_text(expr);
        if let Some(qualifier) = qualifier_of(expr)
            && !self
                .plain_span(super::query::body_span(body).range())
                .contains(&qualifier)
        {
            return self.not_in_a_list(expr);
        }
        let mut items = sides
            .into_iter()
            .flatten()
            .map(|item| without_parentheses(&item.expr));
        if !items.any(|item| self.bare_text(item) == written || self.same(item, expr)) {
            self.not_in_a_list(expr);
        }
    }

    fn not_in_a_list(&mut self, expr: &ast::Expr) {
        let message = "behind a set operation an expression must be one of its sides' select lists";
        let finding = Diagnostic::error(Code::UnknownColumn, expr.span, message);
        let hint = "order a subquery in `FROM`, or name the expression in every select list";
        self.report(finding.hint(hint));
    }
}

/// Whether an expression holds a call that counts.
fn counts_within(expr: &ast::Expr) -> bool {
    let mut found = false;
    walk(expr, &mut |part| {
        let function = super::placement::function_of(part);
        found |= function
            .and_then(|function| function.name.last())
            .is_some_and(|name| name.value.to_lowercase().starts_with("count"));
        !found
    });
    found
}

/// Whether it is `count(*)`.
fn counts_rows(expr: &ast::Expr) -> bool {
    let ExprKind::Function(function) = &expr.kind else {
        return false;
    };
    let named =
        matches!(function.name.as_slice(), [name] if name.value.eq_ignore_ascii_case("count"));
    let plain = function.over.is_none() && function.filter.is_none();
    let star = matches!(function.arguments.as_slice(), [only] if matches!(only.value.kind, ExprKind::Star(_)));
    named && plain && star
}

impl Binder<'_> {
    /// An expression's text without case, spaces and what qualifies its names.
    fn bare_text(&self, expr: &ast::Expr) -> String {
        let mut qualifiers = Vec::new();
        walk(expr, &mut |part| {
            if let ExprKind::Name(names) = &part.kind
                && let [.., last] = names.as_slice()
            {
                qualifiers.push(part.span.start..last.span.start);
            }
            true
        });
        let mut text = String::new();
        let mut next = expr.span.start;
        for qualifier in qualifiers {
            text.push_str(&self.plain_span(next as usize..qualifier.start as usize));
            next = qualifier.end.max(next);
        }
        text.push_str(&self.plain_span(next as usize..expr.span.range().end));
        text
    }

    /// What is written at a place, without case and spaces.
    fn plain_span(&self, place: std::ops::Range<usize>) -> String {
        let written = self.input.text.get(place).unwrap_or_default();
        let words = written.split_whitespace();
        words.collect::<String>().to_lowercase()
    }
}

/// What stands in front of a qualified name, without spaces.
fn qualifier_of(expr: &ast::Expr) -> Option<String> {
    match &without_parentheses(expr).kind {
        ExprKind::Name(names) if names.len() > 1 && !names[0].value.contains('"') => {
            let words = names[0].value.split_whitespace();
            Some(words.collect::<String>().to_lowercase())
        }
        _ => None,
    }
}

/// Whether the names of all columns are known that the sides give.
fn known_names(output: &Output) -> bool {
    output.columns.iter().all(|column| column.name.is_some())
        && output
            .further_names
            .iter()
            .all(|(name, _)| !name.is_empty())
}

/// Whether a side of a set operation gives a column of this name.
fn is_given(expr: &ast::Expr, output: &Output) -> bool {
    let ExprKind::Name(names) = &expr.kind else {
        return false;
    };
    let own = output
        .columns
        .iter()
        .filter_map(|column| column.name.as_deref());
    let further = output.further_names.iter().map(|(name, _)| name.as_str());
    names.len() == 1
        && own
            .chain(further)
            .any(|own| same_name(own, &names[0].value))
}

/// The column that a name means which only a further side of a set operation gives.
fn further_place(expr: &ast::Expr, output: &Output) -> Option<usize> {
    let ExprKind::Name(names) = &without_parentheses(expr).kind else {
        return None;
    };
    let [name] = names.as_slice() else {
        return None;
    };
    let own = output.columns.iter().any(|column| {
        let own = column.name.as_deref();
        own.is_none_or(|own| same_name(own, &name.value))
    });
    let mut further = output.further_names.iter();
    let found = further.find(|(further, _)| further.is_empty() || same_name(further, &name.value));
    match found {
        Some((further, place)) if !own && !further.is_empty() => Some(*place),
        _ => None,
    }
}

/// The select lists of a set operation's sides; whether there is nothing else.
fn items_of_sides<'b>(body: &'b ast::QueryBody, sides: &mut Vec<&'b [ast::SelectItem]>) -> bool {
    match body {
        ast::QueryBody::SetOperation(operation) => super::with_stack(|| {
            items_of_sides(&operation.left, sides) && items_of_sides(&operation.right, sides)
        }),
        ast::QueryBody::Select(select) => {
            sides.push(&select.items);
            true
        }
        ast::QueryBody::Values(_) => true,
        ast::QueryBody::Nested(query) if query.with.is_none() => items_of_sides(&query.body, sides),
        _ => false,
    }
}

/// The position that an item of `ORDER BY` or `DISTINCT ON` means: `2` or `#2`, from 1.
pub(super) fn order_position(expr: &ast::Expr) -> Option<usize> {
    match &expr.kind {
        ExprKind::Position(position) => usize::try_from(*position).ok(),
        // The position of what is compared in that way.
        ExprKind::Collate { operand, .. } => order_position(operand),
        _ => super::query::literal_position(expr),
    }
}

/// The names that the sides' select lists give or hold; whether these are all.
fn names_of_sides(body: &ast::QueryBody, names: &mut Vec<String>) -> bool {
    match body {
        ast::QueryBody::SetOperation(operation) => super::with_stack(|| {
            let left = names_of_sides(&operation.left, names);
            names_of_sides(&operation.right, names) && left
        }),
        ast::QueryBody::Select(select) => select.items.iter().all(|item| {
            names.extend(item.alias.iter().map(|alias| alias.value.clone()));
            match &item.expr.kind {
                ExprKind::Name(written) => {
                    names.extend(written.iter().map(|name| name.value.clone()));
                    true
                }
                // The names of its columns are known as the side's own.
                ExprKind::Star(star) => star.replace.is_empty() && star.rename.is_empty(),
                ExprKind::Columns { .. } => false,
                _ => true,
            }
        }),
        ast::QueryBody::Values(_) => true,
        ast::QueryBody::Nested(query) => names_of_sides(&query.body, names),
        _ => false,
    }
}

/// The names that the sides' select lists give.
fn names_given(body: &ast::QueryBody, names: &mut Vec<String>) {
    match body {
        ast::QueryBody::SetOperation(operation) => super::with_stack(|| {
            names_given(&operation.left, names);
            names_given(&operation.right, names);
        }),
        ast::QueryBody::Select(select) => {
            for item in &select.items {
                match (&item.alias, &item.expr.kind) {
                    (Some(alias), _) => names.push(alias.value.clone()),
                    (None, ExprKind::Name(written)) => {
                        names.extend(written.last().map(|name| name.value.clone()));
                    }
                    _ => {}
                }
            }
        }
        ast::QueryBody::Nested(query) => names_given(&query.body, names),
        _ => {}
    }
}

fn constant_of(expr: &ast::Expr) -> Option<Constant> {
    match &expr.kind {
        ExprKind::Collate { operand: inner, .. } | ExprKind::Nested(inner) => constant_of(inner),
        ExprKind::Literal(Literal::Boolean(_) | Literal::Blob(_)) => None,
        ExprKind::Literal(written) => Some(match literal::typed(written).value {
            Value::Integer(position) => Constant::Position(position),
            _ => Constant::Other,
        }),
        ExprKind::Unary { operator, operand } if operator == "-" => match constant_of(operand)? {
            Constant::Position(position) => Some(Constant::Position(-position)),
            Constant::Other => None,
        },
        _ => None,
    }
}

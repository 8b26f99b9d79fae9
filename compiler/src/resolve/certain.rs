//! Constants that the engine computes after it has dropped what has no rows: members of `AND` and
//! `OR`, and the rows of `VALUES` (`certain_rows`).
//!
//! Whether it gets to them depends on much, even on what tables hold: only places that are certain
//! to be left are looked at, in the query itself and not in those within it.
//!
//! Source: `StatisticsPropagator`, `InClauseRewriter` and `CommonSubExpressionOptimizer` of DuckDB 1.5.5.

use super::Binder;
use super::certain_rows::computes;
use super::deep::without_parentheses;
use super::folding::{is_named, members};
use super::grouping::{parts, walk};
use super::placement::function_of;
use crate::constant::{Datum, Stop};
use crate::parse::ast::{self, ExprKind, Literal, TableKind};
use crate::sql_type::SqlType;

/// How deep an expression is looked into.
const MOST_LEVELS: u32 = 64;

/// What the engine makes of a member of `AND` or `OR`.
enum Member<'a> {
    /// It differs from row to row; whether statistics can't tell that it never does.
    Varies { safe: bool },
    /// It is this, whatever the row is.
    Is(Option<bool>),
    /// It can't be computed.
    Fails(&'a ast::Expr, String),
}

/// Where an expression stands.
struct Place<'a> {
    /// What the engine computes together with it.
    roots: &'a [&'a ast::Expr],
    /// Whether it is an argument of a call.
    called: bool,
    level: u32,
}

impl<'a> Place<'a> {
    fn of(roots: &'a [&'a ast::Expr]) -> Self {
        Place {
            roots,
            called: false,
            level: 0,
        }
    }

    /// The place of a part of an expression that stands here.
    fn within(&self, expr: &ast::Expr) -> Place<'a> {
        Place {
            roots: self.roots,
            called: self.called || function_of(expr).is_some(),
            level: self.level + 1,
        }
    }
}

impl Binder<'_> {
    /// Checks the query that was asked.
    pub(super) fn check_certain(&mut self, query: &ast::Query) {
        let with = query.with.iter().flat_map(|with| &with.members);
        let names: Vec<String> = with
            .map(|member| member.name.value.to_lowercase())
            .collect();
        self.certain_query(query, &names);
    }

    fn certain_query(&mut self, query: &ast::Query, names: &[String]) {
        if let Some(limit) = &query.limit
            && !matches!(
                self.evaluator().value(limit).map(|value| value.datum),
                Ok(Datum::Integer(1..) | Datum::Null)
            )
        {
            return;
        }
        self.certain_body(&query.body, names);
    }

    fn certain_body(&mut self, body: &ast::QueryBody, names: &[String]) {
        super::with_stack(|| match body {
            ast::QueryBody::Values(values) => self.certain_rows(values),
            ast::QueryBody::Nested(query) if query.with.is_none() => {
                self.certain_query(query, names);
            }
            ast::QueryBody::SetOperation(operation) => {
                self.certain_body(&operation.left, names);
                self.certain_body(&operation.right, names);
            }
            ast::QueryBody::Select(select) => self.certain_select(select, names),
            _ => {}
        });
    }

    fn certain_select(&mut self, select: &ast::Select, names: &[String]) {
        let plain = select.having.is_none()
            && select.qualify.is_none()
            && select.group_by.is_none()
            && select.sample.is_none();
        if !plain || !select.from.iter().all(|table| has_all_rows(table, names)) {
            return;
        }
        match &select.filter {
            None => {
                for table in &select.from {
                    if let Some(values) = rows_of(table) {
                        self.certain_rows(values);
                    }
                }
            }
            Some(filter) => {
                self.certain_filter(filter);
                let conjuncts = members(filter);
                let alone = |part: &&ast::Expr| matches!(part.kind, ExprKind::Name(_));
                if !alone(&filter) && (!is_and(filter) || !conjuncts.iter().all(alone)) {
                    return;
                }
            }
        }
        let items: Vec<&ast::Expr> = select.items.iter().map(|item| &item.expr).collect();
        for item in &items {
            self.certain_parts(item, &Place::of(&items));
        }
    }

    /// What stands between `AND` in a `WHERE` is a condition of its own each.
    fn certain_filter(&mut self, filter: &ast::Expr) {
        let filter = without_parentheses(filter);
        if !is_and(filter) {
            self.certain_parts(filter, &Place::of(&[filter]));
        }
    }

    fn certain_parts(&mut self, expr: &ast::Expr, place: &Place<'_>) {
        if place.level > MOST_LEVELS {
            return;
        }
        if let Some(message) = self.beyond_statistics(expr) {
            return self.report_certain(expr, &message, place);
        }
        let value = self.evaluator().value(expr);
        let logic = matches!(&expr.kind, ExprKind::Binary { operator, .. } if is_logic(operator));
        match &value {
            Ok(_) => return,
            Err(Stop::Unknown) if !logic && !self.never_folds(expr) => return,
            Err(_) => {}
        }
        match (&expr.kind, value) {
            (ExprKind::Nested(inner), _) => return self.certain_parts(inner, &place.within(expr)),
            (ExprKind::Lambda { .. } | ExprKind::Comprehension { .. }, _) => return,
            // A condition that is a constant decides what is left.
            (ExprKind::Case { .. }, value) if value.is_err() && self.has_constant(expr) => return,
            (ExprKind::Binary { operator, .. }, _) if is_logic(operator) => {
                return self.certain_logic(expr, operator == "or", place);
            }
            // A short list becomes an `OR`.
            (ExprKind::InList { list, .. }, Err(Stop::Fails(message)))
                if (2..=4).contains(&list.len()) && !computes(expr) && !place.called =>
            {
                return self.report_certain(expr, &message, place);
            }
            // What stands in a list may be moved out of it.
            (ExprKind::InList { .. }, _) => return,
            _ => {}
        }
        let windowed = function_of(expr).is_some_and(|function| {
            function.over.is_some()
                || function.filter.is_some()
                || !function.order_by.is_empty()
                || is_unnest(function)
        });
        let null = |part: &&ast::Expr| matches!(self.evaluator().value(part), Ok(value) if value.is_null());
        let within = parts(expr);
        if windowed || within.iter().any(null) {
            return;
        }
        for part in within {
            self.certain_parts(part, &place.within(expr));
        }
    }

    /// What the engine computes of a constant's statistics, and fails at: dates that are no
    /// timestamps, where they are truncated, and infinities that have no time of day.
    fn beyond_statistics(&self, expr: &ast::Expr) -> Option<String> {
        let special = |operand: &ast::Expr, sql_type: SqlType| {
            let (text, named) = infinity_of(operand, &self.plain_text(operand.span))?;
            (named == sql_type).then_some(text)
        };
        match &expr.kind {
            ExprKind::Function(function) if is_named(function, &["date_trunc", "datetrunc"]) => {
                let [_, moment] = function.arguments.as_slice() else {
                    return None;
                };
                let value = self.evaluator().value(&moment.value).ok()?;
                match value.cast(&SqlType::Timestamp) {
                    Err(Stop::Fails(message)) if value.sql_type == SqlType::Date => Some(message),
                    _ => None,
                }
            }
            ExprKind::Cast {
                operand,
                type_name,
                fallible: false,
            } => {
                let from = match type_name.text.parse::<SqlType>().ok()? {
                    SqlType::TimeTz => SqlType::Timestamp,
                    SqlType::TimeNs => SqlType::TimestampNs,
                    _ => return None,
                };
                let text = special(operand, from)?;
                Some(format!("`{text}` has no time of day"))
            }
            _ => None,
        }
    }

    /// Reports what fails, unless the engine computes it once for several places: then it does so
    /// when the query runs.
    fn report_certain(&mut self, expr: &ast::Expr, message: &str, place: &Place<'_>) {
        let mut shared = false;
        walk(expr, &mut |part| {
            shared |= match &part.kind {
                // The value is written once and compared several times.
                ExprKind::Between { .. } => true,
                ExprKind::InList { operand, .. } => {
                    let operand = without_parentheses(operand);
                    !matches!(operand.kind, ExprKind::Literal(Literal::Number(_)))
                }
                _ => is_computed(part) && self.stands_twice(part, place.roots),
            };
            !shared
        });
        if !shared {
            self.report_failing(expr, message);
        }
    }

    /// Whether the same is written at another place.
    fn stands_twice(&self, expr: &ast::Expr, roots: &[&ast::Expr]) -> bool {
        let written = self.plain_text(expr.span);
        let mut found = false;
        for root in roots {
            walk(root, &mut |part| {
                found |= part.span != expr.span
                    && is_computed(part)
                    && self.plain_text(part.span) == written;
                !found
            });
        }
        found
    }

    /// Whether one of its parts is a constant, or may be one.
    fn has_constant(&self, expr: &ast::Expr) -> bool {
        let ExprKind::Case {
            operand, branches, ..
        } = &expr.kind
        else {
            return false;
        };
        let varies = operand
            .as_ref()
            .is_some_and(|operand| self.never_folds(operand));
        !varies && branches.iter().any(|(when, _)| !self.never_folds(when))
    }

    /// The members of `AND` or `OR`, as the engine goes through them: twice, and the first time
    /// only until it meets a constant that decides nothing.
    fn certain_logic(&mut self, expr: &ast::Expr, decides: bool, place: &Place<'_>) {
        let mut found = Vec::new();
        for part in members(expr) {
            match self.member(part) {
                Some(member) => found.push((part, member)),
                None => return,
            }
        }
        let mut next = 0;
        while let Some((_, member)) = found.get(next) {
            match member {
                Member::Varies { .. } => next += 1,
                Member::Is(Some(value)) if *value == decides => return,
                Member::Is(Some(_)) => {
                    found.remove(next);
                }
                Member::Is(None) | Member::Fails(..) => break,
            }
        }
        if found.len() < 2 {
            return;
        }
        for (part, member) in found {
            match member {
                Member::Varies { safe } => {
                    self.certain_parts(part, &place.within(expr));
                    if !safe {
                        return;
                    }
                }
                Member::Is(Some(value)) if value == decides => return,
                Member::Is(_) => {}
                Member::Fails(failing, message) => {
                    return self.report_certain(failing, &message, place);
                }
            }
        }
    }

    /// What a member is; `None` if that isn't known.
    fn member<'a>(&self, part: &'a ast::Expr) -> Option<Member<'a>> {
        match self.evaluator().condition(part) {
            Ok(value) => Some(Member::Is(value)),
            // Comparisons with sums are turned round first.
            Err(Stop::Fails(_)) if computes(part) => None,
            Err(Stop::Fails(message)) => Some(Member::Fails(part, message)),
            Err(Stop::Unknown) if self.never_folds(part) => Some(Member::Varies {
                safe: is_safe(part),
            }),
            Err(Stop::Unknown) => None,
        }
    }
}

fn is_logic(operator: &str) -> bool {
    matches!(operator, "and" | "or")
}

fn is_and(expr: &ast::Expr) -> bool {
    matches!(&expr.kind, ExprKind::Binary { operator, .. } if operator == "and")
}

/// Whether a table has rows, as far as the query tells: it is one of the project's, or `VALUES`.
fn has_all_rows(table: &ast::TableExpr, names: &[String]) -> bool {
    let named = match &table.kind {
        TableKind::Reference(_) => true,
        TableKind::Name(name) => name
            .parts
            .iter()
            .all(|part| !names.contains(&part.value.to_lowercase())),
        _ => rows_of(table).is_some(),
    };
    named && table.selection.is_empty()
}

fn rows_of(table: &ast::TableExpr) -> Option<&ast::Values> {
    match &table.kind {
        TableKind::Values(values) => Some(values),
        TableKind::Query { query, .. } if query.limit.is_none() && query.with.is_none() => {
            match &query.body {
                ast::QueryBody::Values(values) => Some(values),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The text and type of an infinite time that is written out.
fn infinity_of(expr: &ast::Expr, written: &str) -> Option<(String, SqlType)> {
    let (type_name, text) = match &without_parentheses(expr).kind {
        ExprKind::Typed { type_name, .. } => {
            let text = written.split('\'').nth(1)?;
            (type_name, text.to_owned())
        }
        ExprKind::Cast {
            operand, type_name, ..
        } => match &operand.kind {
            ExprKind::Literal(Literal::Text(text)) => (type_name, text.clone()),
            _ => return None,
        },
        _ => return None,
    };
    let infinite = matches!(text.as_str(), "infinity" | "-infinity");
    let sql_type = type_name.text.parse().ok()?;
    infinite.then_some((text, sql_type))
}

fn is_unnest(function: &ast::Function) -> bool {
    let name = function.name.last();
    name.is_some_and(|name| matches!(name.value.to_lowercase().as_str(), "unnest" | "unlist"))
}

/// Whether statistics of columns say nothing of a condition.
fn is_safe(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ExprKind::Name(_) | ExprKind::Like { .. } => true,
        ExprKind::Nested(inner) => is_safe(inner),
        ExprKind::Unary { operator, operand } if operator == "not" => is_safe(operand),
        _ => false,
    }
}

/// Whether the engine has something to compute for an expression; a text it may have to cast.
fn is_computed(expr: &ast::Expr) -> bool {
    !matches!(
        expr.kind,
        ExprKind::Name(_)
            | ExprKind::Nested(_)
            | ExprKind::Literal(Literal::Number(_) | Literal::Boolean(_) | Literal::Null)
    )
}

//! What a pivot can't compute and an unpivot can't turn.
//!
//! Source: `ExtractPivotAggregates`, `ExtractPivotExpressions`, `ExtractUnpivotColumnName` and
//! `Binder::Bind(PivotRef)` in `src/planner/binder/tableref/bind_pivot.cpp` of DuckDB 1.5.5.

use super::Binder;
use super::deep::{has_query, query_of, without_parentheses};
use super::grouping::{is_macro, walk};
use super::pivot::value_name;
use super::placement::{Needs, function_of, needs_of};
use super::scope::Env;
use crate::diagnostic::{Code, Diagnostic};
use crate::parse::ast::{self, ExprKind, Literal, PivotValues};
use crate::span::Span;
use crate::sql_type::{Common, SqlType};
use crate::types::type_names::unknown_name;
use crate::types::{Typed, common_of, rules};

impl Binder<'_> {
    /// Checks what a pivot aggregates, and what it takes its columns of.
    pub(super) fn check_pivot(&mut self, pivot: &ast::Pivot, env: &Env<'_>) {
        for item in &pivot.aggregates {
            let before = self.diagnostics.len();
            self.check_pivot_aggregate(&item.expr);
            if self.diagnostics.len() == before {
                self.check_repeated_aggregate(&item.expr, env);
            }
        }
        for column in &pivot.on {
            for expr in &column.exprs {
                self.unqualified(expr);
                self.unwritten(|binder| binder.expression(expr, env));
            }
            for expr in &column.exprs {
                if let Some(needs) = super::placement::first_needs(expr) {
                    self.misplaced(needs, expr, "what a pivot takes its columns of");
                }
            }
            match &column.values {
                PivotValues::Listed(items) => {
                    self.check_pivot_values(items);
                    self.check_value_forms(items, column.exprs.len());
                }
                PivotValues::Enum(name) => self.check_pivot_type(name),
                PivotValues::Query(_) | PivotValues::All => {}
            }
        }
    }

    /// `IN name` takes the values of an enumeration.
    fn check_pivot_type(&mut self, name: &ast::Name) {
        let message = match name.value.parse::<SqlType>() {
            Ok(SqlType::Other(_) | SqlType::Enum(_)) => unknown_name(&name.value),
            _ => Some(format!("the type `{}` has no list of values", name.value)),
        };
        if let Some(message) = message {
            let finding = Diagnostic::error(Code::UnknownType, name.span, message);
            self.report(finding.hint("list the values: `in ('a', 'b')`"));
        }
    }

    /// One aggregate, and columns only within it.
    fn check_pivot_aggregate(&mut self, expr: &ast::Expr) {
        let mut wrong: Option<(Span, &str)> = None;
        let mut aggregates = 0;
        let mut unclear = false;
        walk(expr, &mut |part| {
            unclear |= is_macro(part) && needs_of(part).is_none() && is_of_macros(part);
            if needs_of(part) == Some(Needs::Window) {
                wrong = wrong.or(Some((part.span, "a pivot computes no window functions")));
            } else if query_of(part).is_some() {
                wrong = wrong.or(Some((part.span, "what a pivot computes holds no subquery")));
            } else if needs_of(part) == Some(Needs::Rows) {
                wrong = wrong.or(Some((part.span, "`unnest` is no aggregate of a pivot")));
            }
            wrong.is_none()
        });
        walk(expr, &mut |part| {
            if needs_of(part) == Some(Needs::Group) {
                aggregates += 1;
                walk(part, &mut |inner| {
                    if needs_of(inner) == Some(Needs::Group) && !std::ptr::eq(inner, part) {
                        let message = "an aggregate can't stand within an aggregate";
                        wrong = wrong.or(Some((inner.span, message)));
                    }
                    true
                });
                return false;
            }
            if let ExprKind::Name(_) = &part.kind {
                let message = "a pivot reads columns only within its aggregate";
                wrong = wrong.or(Some((part.span, message)));
            }
            true
        });
        if let Some((span, message)) = wrong.filter(|_| !unclear) {
            self.report(Diagnostic::error(Code::MisplacedAggregate, span, message));
        } else if aggregates != 1 && !unclear {
            let message = format!("a pivot computes one aggregate, and here are {aggregates}");
            self.report(Diagnostic::error(
                Code::MisplacedAggregate,
                expr.span,
                message,
            ));
        }
        self.unqualified(expr);
    }

    /// An aggregate is repeated for what its `COLUMNS(…)` stands for.
    fn check_repeated_aggregate(&mut self, expr: &ast::Expr, env: &Env<'_>) {
        self.check_choice(expr, env);
        self.check_columns(expr, env.scope);
        self.check_star_places(expr);
        self.check_repeated(expr, env);
    }

    /// A pivot has one table, whose columns have no qualifier.
    fn unqualified(&mut self, expr: &ast::Expr) {
        let mut found = None;
        walk(expr, &mut |part| {
            if let ExprKind::Name(names) = &part.kind
                && names.len() > 1
            {
                found = found.or(Some(part.span));
            }
            found.is_none()
        });
        if let Some(span) = found {
            let message = "the columns of a pivot are named without a qualifier";
            self.report(Diagnostic::error(Code::UnknownColumn, span, message));
        }
    }

    fn check_pivot_values(&mut self, items: &[ast::SelectItem]) {
        for (index, item) in items.iter().enumerate() {
            if let ExprKind::Star(_) = &item.expr.kind {
                let message = "a star can't stand among the values of a pivot";
                self.report(Diagnostic::error(
                    Code::InvalidStar,
                    item.expr.span,
                    message,
                ));
            }
            let width = match &item.expr.kind {
                ExprKind::Row(members) => members.len(),
                _ => 1,
            };
            let value = value_name(&item.expr, width);
            let before = items[..index]
                .iter()
                .any(|other| value.is_some() && value_name(&other.expr, width) == value);
            if before {
                let message = "this value of the pivot is given twice";
                self.report(Diagnostic::error(
                    Code::DuplicateName,
                    item.expr.span,
                    message,
                ));
            }
        }
    }

    /// The values of a pivot are constants and names, or rows of as many as there are columns.
    fn check_value_forms(&mut self, items: &[ast::SelectItem], width: usize) {
        fn members<'b>(expr: &'b ast::Expr, found: &mut Vec<&'b ast::Expr>) {
            match &without_parentheses(expr).kind {
                ExprKind::Row(items) => items.iter().for_each(|item| members(item, found)),
                _ => found.push(without_parentheses(expr)),
            }
        }
        for item in items {
            let mut values = Vec::new();
            members(&item.expr, &mut values);
            let message = if let ExprKind::Star(_) = &item.expr.kind {
                continue;
            } else if values
                .iter()
                .any(|value| is_computed(value) || reads(value))
            {
                "a value of a pivot is a constant, a name, or a row of them".to_owned()
            } else if values.len() != width {
                format!(
                    "the pivot is on {width} columns, and this value has {} members",
                    values.len()
                )
            } else {
                continue;
            };
            self.report(Diagnostic::error(
                Code::InvalidConstant,
                item.expr.span,
                message,
            ));
        }
    }

    /// Checks what an unpivot turns; whether nothing was found.
    pub(super) fn check_unpivot(&mut self, unpivot: &ast::Unpivot) -> bool {
        let before = self.diagnostics.len();
        let width = unpivot.values.len().max(1);
        // A row of anything but columns is a value.
        let is_value = |item: &ast::SelectItem| {
            matches!(&without_parentheses(&item.expr).kind, ExprKind::Row(members) if members.iter().any(|member| {
                !matches!(member.kind, ExprKind::Name(_) | ExprKind::Literal(_))
            }))
        };
        if unpivot.entries.iter().any(is_value) {
            for item in &unpivot.entries {
                self.check_turned_row(&item.expr, width);
            }
            return self.diagnostics.len() == before;
        }
        let mut first = None;
        for item in &unpivot.entries {
            let members: Vec<&ast::Expr> = match &without_parentheses(&item.expr).kind {
                ExprKind::Row(members) => members.iter().collect(),
                _ => vec![without_parentheses(&item.expr)],
            };
            let expected = *first.get_or_insert(members.len());
            let message = if members.len() != expected {
                format!(
                    "this entry of the unpivot has {} columns, and the first has {expected}",
                    members.len()
                )
            } else if members.len() != width {
                format!(
                    "the unpivot names {width} columns of values, and this entry has {}",
                    members.len()
                )
            } else {
                for member in members {
                    self.check_turned(member);
                }
                continue;
            };
            self.report(
                Diagnostic::error(Code::WrongWidth, item.expr.span, message)
                    .hint("`UNPIVOT ((a, b) FOR name IN ((a1, b1), (a2, b2)))` turns pairs"),
            );
            break;
        }
        self.diagnostics.len() == before
    }

    /// A row with a member that can't be a name or a constant is one value, of one column as any other.
    fn check_turned_row(&mut self, expr: &ast::Expr, width: usize) {
        let ExprKind::Row(members) = &without_parentheses(expr).kind else {
            return;
        };
        let is_value = |member: &ast::Expr| {
            is_computed(member) || !matches!(member.kind, ExprKind::Name(_)) && holds_name(member)
        };
        let mut columns = 0;
        let mut unclear = has_query(expr);
        walk(expr, &mut |part| {
            columns += usize::from(matches!(part.kind, ExprKind::Name(_)));
            unclear |= matches!(
                part.kind,
                ExprKind::Star(_) | ExprKind::Columns { .. } | ExprKind::Lambda { .. }
            );
            true
        });
        if unclear || !members.iter().any(is_value) {
            return;
        }
        let message = match columns {
            1 if width == 1 => return,
            1 => format!("the unpivot names {width} columns of values, and this row is one value"),
            0 => "an unpivot turns columns, and here is none".to_owned(),
            _ => "an entry of an unpivot reads one column, and this one several".to_owned(),
        };
        self.report(
            Diagnostic::error(Code::WrongWidth, expr.span, message)
                .hint("a row of plain columns turns several: `(a, b)`"),
        );
    }

    /// What an unpivot turns is made of one column.
    fn check_turned(&mut self, expr: &ast::Expr) {
        let mut columns: Vec<&str> = Vec::new();
        let mut repeated = 0;
        walk(expr, &mut |part| {
            match &part.kind {
                ExprKind::Name(names) => {
                    columns.extend(names.last().map(|name| name.value.as_str()));
                }
                ExprKind::Star(_) => repeated = 1,
                ExprKind::Columns { .. } => {
                    repeated += 1;
                    return false;
                }
                _ => {}
            }
            true
        });
        let message = match &expr.kind {
            ExprKind::Literal(Literal::Text(text)) if text.is_empty() => {
                "the name of a column can't be empty"
            }
            // They name columns as well.
            ExprKind::Literal(_) => return,
            _ if has_query(expr) => "an unpivot turns no subqueries",
            _ if repeated > 1 => "an entry of an unpivot reads one column, and this one several",
            _ if repeated == 1 => return,
            _ if columns.is_empty() => "an unpivot turns columns, and here is none",
            _ if columns.len() > 1 => {
                "an entry of an unpivot reads one column, and this one several"
            }
            _ => return,
        };
        self.report(Diagnostic::error(Code::UnknownColumn, expr.span, message));
    }

    /// What an unpivot turns may be aggregated where no other column is left, turned or not.
    pub(super) fn check_turned_aggregates(&mut self, unpivot: &ast::Unpivot, keeps: bool) {
        let aggregated = |item: &&ast::SelectItem| {
            let mut found = false;
            walk(&item.expr, &mut |part| {
                found |= needs_of(part) == Some(Needs::Group);
                !found
            });
            found
        };
        let count = unpivot.entries.iter().filter(aggregated).count();
        if let Some(item) = unpivot.entries.iter().find(aggregated)
            && (keeps || count < unpivot.entries.len())
        {
            let message = "an unpivot keeps its rows, so that nothing in it is aggregated";
            self.report(
                Diagnostic::error(Code::MisplacedAggregate, item.expr.span, message)
                    .hint("aggregate in a subquery, and unpivot that"),
            );
        }
    }

    /// Values that an unpivot puts into one column have a type in common.
    pub(super) fn check_turned_types<'b>(
        &mut self,
        values: impl Iterator<Item = &'b Typed> + Clone,
        span: Span,
    ) {
        if common_of(values.clone()) == Common::Incompatible {
            let types: Vec<String> = values
                .map(|typed| format!("`{}`", typed.sql_type))
                .collect();
            let message = format!(
                "the unpivot puts values of {} into one column",
                types.join(", ")
            );
            self.report(
                Diagnostic::error(Code::TypeMismatch, span, message)
                    .hint("cast them to one type: `UNPIVOT t ON a::TYPE, b::TYPE`"),
            );
        }
    }
}

/// Whether a value that isn't a name alone has names or subqueries in it.
fn reads(value: &ast::Expr) -> bool {
    let mut found = has_query(value);
    if !matches!(value.kind, ExprKind::Name(_)) {
        walk(value, &mut |part| {
            found |= matches!(
                part.kind,
                ExprKind::Name(_) | ExprKind::Columns { .. } | ExprKind::Position(_)
            );
            !found
        });
    }
    found
}

/// Whether a value of a pivot is what a function gives, which operators are too.
fn is_computed(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ExprKind::Interval { .. } | ExprKind::Comprehension { .. } => true,
        ExprKind::Function(function) => {
            let name = function.name.last().map_or("", |name| &name.value);
            !rules::SYNTAX.contains(&name.to_lowercase().as_str())
                && !name.eq_ignore_ascii_case("date")
        }
        ExprKind::List(_) | ExprKind::Struct(_) | ExprKind::Map(_) => true,
        // All operators are functions but those that compare or join conditions.
        ExprKind::Binary { operator, .. } => !matches!(
            operator.as_str(),
            "=" | "<>"
                | "<"
                | "<="
                | ">"
                | ">="
                | "and"
                | "or"
                | "is distinct from"
                | "is not distinct from"
        ),
        ExprKind::Unary { operator, operand } => match operator.as_str() {
            "not" => false,
            "-" => !matches!(
                without_parentheses(operand).kind,
                ExprKind::Literal(Literal::Number(_))
            ),
            _ => true,
        },
        ExprKind::Like { negated, .. } => !negated,
        ExprKind::Name(names) => names.len() > 1,
        _ => false,
    }
}

/// Whether a name stands in an expression.
fn holds_name(expr: &ast::Expr) -> bool {
    let mut found = false;
    walk(expr, &mut |part| {
        found |= matches!(part.kind, ExprKind::Name(_));
        !found
    });
    found
}

/// Whether nobody knows what a call computes.
fn is_of_macros(expr: &ast::Expr) -> bool {
    function_of(expr)
        .and_then(|function| function.name.last())
        .and_then(|name| crate::types::catalogue::find(&name.value))
        .is_none_or(|entry| entry.is(crate::types::catalogue::Kind::Macro))
}

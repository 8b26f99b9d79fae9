//! What an aggregate may be ordered by, and whether its state can be exported.
//!
//! Source: `BaseSelectBinder::BindAggregate` and `ExportAggregateFunction::Bind` of DuckDB 1.5.5.

use super::Binder;
use super::deep::without_parentheses;
use super::grouping::walk;
use super::placement::is_volatile;
use crate::diagnostic::{Code, Diagnostic};
use crate::parse::ast::{self, ExprKind, Literal};
use crate::span::Span;
use crate::sql_type::SqlType;
use crate::types::aggregate_states::binds_itself;
use crate::types::{Typed, Value, literal};

impl Binder<'_> {
    /// Checks `ORDER BY` within the parentheses of an aggregate that has been bound.
    pub(super) fn check_aggregate_order(&mut self, called: &str, function: &ast::Function) {
        if function.over.is_some() {
            return;
        }
        for item in &function.order_by {
            if is_constant(&item.expr) {
                let message = format!("`{called}` is ordered by a constant, which orders nothing");
                self.report(
                    Diagnostic::error(Code::PositionOutOfRange, item.expr.span, message)
                        .hint("`ORDER BY` stands behind all arguments"),
                );
            }
        }
        // These are ordered by what they take a share of.
        let is_quantile = called == "quantile_cont" || called == "quantile_disc";
        if !function.distinct || is_quantile && function.order_by.len() == 1 {
            return;
        }
        let loose = function
            .order_by
            .iter()
            .find(|item| !self.depends_on(&item.expr, function));
        if let Some(item) = loose {
            let message = format!(
                "`{called}` takes each value once, and can be ordered only by what it takes"
            );
            self.report(
                Diagnostic::error(Code::WrongArguments, item.expr.span, message)
                    .hint("leave `DISTINCT` out, or order by an argument"),
            );
        }
    }

    /// Whether a call's arguments decide the value of an expression.
    fn depends_on(&self, expr: &ast::Expr, function: &ast::Function) -> bool {
        let is_argument = |part: &ast::Expr| {
            !is_volatile(part)
                && function
                    .arguments
                    .iter()
                    .any(|argument| self.same(&argument.value, part))
        };
        let mut depends = true;
        walk(expr, &mut |part| {
            let mut volatile = false;
            walk(part, &mut |inner| {
                volatile |= is_volatile(inner);
                !volatile
            });
            if volatile {
                depends = false;
            } else if is_argument(part) {
                return false;
            } else if let ExprKind::Name(_) = &part.kind {
                depends &= !self
                    .resolved
                    .contains_key(&(part.span.start, part.span.end));
            }
            depends
        });
        depends
    }

    /// Checks `aggregate(…) EXPORT_STATE`: the state must be of a fixed size, and its type known
    /// without the types of the arguments.
    pub(super) fn check_exported(&mut self, called: &str, arguments: &[Typed], span: Span) {
        let Some(sql_type) = arguments.first().map(|first| &first.sql_type) else {
            return;
        };
        let nested =
            sql_type.is_nested() || matches!(sql_type, SqlType::Other(name) if name == "VARIANT");
        let grows = matches!(
            sql_type,
            SqlType::Varchar | SqlType::Blob | SqlType::Bit | SqlType::Json | SqlType::BigNum
        );
        if binds_itself(called, arguments.len()) {
            let message = format!("the state of `{called}` of several values can't be exported");
            self.report(Diagnostic::error(Code::WrongArguments, span, message));
            return;
        }
        let refused = match called {
            "any_value" | "arbitrary" | "first" => nested,
            "last" | "max" | "min" => nested || grows,
            "bit_and" | "bit_or" | "bit_xor" => *sql_type == SqlType::Bit,
            _ => false,
        };
        if refused {
            let message = format!("the state of `{called}` of `{sql_type}` can't be exported");
            self.report(Diagnostic::error(Code::WrongArguments, span, message));
        }
    }
}

/// Whether it is a constant that isn't a whole number.
fn is_constant(expr: &ast::Expr) -> bool {
    match &without_parentheses(expr).kind {
        ExprKind::Literal(Literal::Boolean(_) | Literal::Null | Literal::Blob(_)) => false,
        ExprKind::Literal(written) => !matches!(literal::typed(written).value, Value::Integer(_)),
        _ => false,
    }
}

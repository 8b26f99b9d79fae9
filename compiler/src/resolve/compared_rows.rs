//! What a subquery gives beside the value that it is compared with: `x IN (query)`, `x = ANY (query)`.
//!
//! Source: `ExtractSubqueryChildren` and `BindExpression(SubqueryExpression)` of DuckDB 1.5.5. A row that is
//! written out is compared member by member with as many columns, if it is asked for equality; else a row
//! is one value, and with several columns its members aren't looked at.

use super::Binder;
use super::deep::without_parentheses;
use super::scope::Output;
use crate::parse::ast::{self, ExprKind, Literal};
use crate::span::Span;
use crate::sql_type::SqlType;
use crate::types::{Typed, Value};

impl Binder<'_> {
    /// Checks that a value can be compared by an operator with the columns of a subquery.
    pub(super) fn check_compared(
        &mut self,
        (operand, typed): (&ast::Expr, &Typed),
        operator: &str,
        output: &Output,
        span: Span,
    ) {
        if output.open || matches!(typed.sql_type, SqlType::Unknown | SqlType::Other(_)) {
            return;
        }
        let ordered = matches!(operator, "<" | "<=" | ">" | ">=");
        let members = match (ordered, &typed.sql_type) {
            (false, SqlType::Struct(fields)) if is_unnamed(&typed.sql_type) => {
                members_of(operand).filter(|members| members.len() == fields.len())
            }
            _ => None,
        };
        let whole =
            || matches!(output.columns.as_slice(), [only] if may_be_row(&only.typed.sql_type));
        match (members, &typed.sql_type) {
            (Some(members), SqlType::Struct(fields)) if members.len() == 1 || !whole() => {
                self.check_compared_width(members.len(), output, span);
                if members.len() != output.columns.len() {
                    return;
                }
                for ((member, (_, field)), column) in
                    members.iter().zip(fields).zip(&output.columns)
                {
                    let value = match member.kind {
                        ExprKind::Literal(Literal::Text(_)) => Value::SomeText,
                        _ => Value::Any,
                    };
                    let member_type = Typed {
                        value,
                        ..Typed::of(field.clone())
                    };
                    self.comparable_in(&member_type, &column.typed, member.span, span);
                }
            }
            _ if is_unnamed(&typed.sql_type) && output.columns.len() > 1 => {}
            _ => {
                self.check_compared_width(1, output, span);
                if let [column] = output.columns.as_slice() {
                    self.comparable_in(typed, &column.typed, operand.span, span);
                }
            }
        }
    }
}

/// Whether a type is that of rows without names.
fn is_unnamed(sql_type: &SqlType) -> bool {
    matches!(sql_type, SqlType::Struct(fields) if fields.iter().any(|(name, _)| name.is_empty()))
}

/// Whether a column holds rows without names, or may.
fn may_be_row(sql_type: &SqlType) -> bool {
    is_unnamed(sql_type) || matches!(sql_type, SqlType::Unknown | SqlType::Other(_))
}

/// The members of a row that is written out.
pub(super) fn members_of(operand: &ast::Expr) -> Option<Vec<&ast::Expr>> {
    match &without_parentheses(operand).kind {
        ExprKind::Row(members) => Some(members.iter().collect()),
        ExprKind::Function(function) => {
            let is_row = matches!(function.name.as_slice(), [name] if name.value.eq_ignore_ascii_case("row"));
            let values = function.arguments.iter().map(|argument| &argument.value);
            is_row.then(|| values.collect())
        }
        _ => None,
    }
}

//! How many columns a subquery or a list of names has, how many it must have, and what is compared with
//! them.

use super::Binder;
use super::deep::without_parentheses;
use super::scope::{Output, Relation};
use crate::diagnostic::{Code, Diagnostic};
use crate::parse::ast::{self, ExprKind};
use crate::span::Span;
use crate::sql_type::SqlType;
use crate::types::{Typed, Value};

impl Binder<'_> {
    /// A subquery as a value has one column.
    pub(super) fn check_value_width(&mut self, output: &Output, span: Span) {
        self.check_subquery(output, 1, span, "a subquery that is a value has one column");
    }

    /// `array(query)`: the select list has one item, and of a star the first column counts.
    pub(super) fn check_array_width(&mut self, query: &ast::Query, output: &Output) {
        match &query.body {
            ast::QueryBody::Select(select) if select.items.len() != 1 => {
                let message = format!(
                    "a list is made of one column, and this select list has {} items",
                    select.items.len()
                );
                self.report(Diagnostic::error(Code::WrongWidth, query.span, message));
            }
            ast::QueryBody::SetOperation(_) => self.check_value_width(output, query.span),
            _ => {}
        }
    }

    /// `x IN (query)`, `x = ANY (query)`: a row is compared with as many columns as it has members,
    /// or with one column of rows.
    pub(super) fn check_compared_width(
        &mut self,
        operand: &ast::Expr,
        operand_type: &SqlType,
        output: &Output,
        span: Span,
    ) {
        let expected = match &without_parentheses(operand).kind {
            ExprKind::Row(items) => items.len(),
            _ => match operand_type {
                SqlType::Struct(fields) if fields.iter().any(|(name, _)| name.is_empty()) => return,
                SqlType::Unknown | SqlType::Other(_) => return,
                _ => 1,
            },
        };
        if output.columns.len() != 1 {
            let what = match expected {
                1 => "what is compared with one value has one column".to_owned(),
                count => format!("what is compared with a row of {count} has as many columns"),
            };
            self.check_subquery(output, expected, span, &what);
        }
    }

    /// Checks that a value can be compared with the columns of a subquery: a row, whose comparison
    /// `splits`, with each of them, and all else with the only one.
    pub(super) fn check_members(
        &mut self,
        (operand, typed): (&ast::Expr, Typed),
        output: &Output,
        splits: bool,
        span: Span,
    ) {
        if let (ExprKind::Row(items), SqlType::Struct(fields)) =
            (&without_parentheses(operand).kind, &typed.sql_type)
            && items.len() > 1
            && items.len() == output.columns.len()
            && items.len() == fields.len()
            && splits
            && !output.open
        {
            // It is compared member by member.
            for ((item, (_, member)), column) in items.iter().zip(fields).zip(&output.columns) {
                let text = matches!(item.kind, ExprKind::Literal(ast::Literal::Text(_)));
                let value = if text { Value::SomeText } else { Value::Any };
                let member = Typed {
                    value,
                    ..Typed::of(member.clone())
                };
                self.comparable_in(&member, &column.typed, item.span, span);
            }
            return;
        }
        let typed = only_member(operand, typed);
        if let ([column], false) = (output.columns.as_slice(), output.open) {
            self.comparable_in(&typed, &column.typed, operand.span, span);
        }
    }

    fn check_subquery(&mut self, output: &Output, expected: usize, span: Span, what: &str) {
        let count = output.columns.len();
        if output.open || count == expected {
            return;
        }
        self.report(
            Diagnostic::error(
                Code::WrongWidth,
                span,
                format!("{what}, and this subquery has {count}"),
            )
            .hint("select only what is needed"),
        );
    }

    /// `f(…) AS alias(a, b)`: of a function's columns each gets a name of its own.
    pub(super) fn check_alias_names(
        &mut self,
        relation: &Relation,
        alias: Option<&ast::TableAlias>,
    ) {
        let names = alias.map_or(&[] as &[ast::Name], |alias| &alias.columns);
        // Names for more columns than there are name nothing.
        for (index, name) in names.iter().enumerate().take(relation.columns.len()) {
            let mut earlier = names[..index].iter();
            if earlier.any(|other| crate::name::same_name(&other.value, &name.value)) {
                let message = format!("two columns are named `{}`", name.value);
                self.report(Diagnostic::error(Code::DuplicateName, name.span, message));
            }
        }
    }

    /// `AS alias(a, b, c)`: at most as many names as there are columns.
    pub(super) fn check_alias_width(
        &mut self,
        relation: &Relation,
        alias: Option<&ast::TableAlias>,
    ) {
        let Some(alias) = alias else { return };
        let count = relation.columns.len();
        if relation.open || alias.columns.len() <= count {
            return;
        }
        let place = alias.columns[count].span;
        self.report(Diagnostic::error(
            Code::WrongWidth,
            place,
            format!(
                "`{}` has {}, and {} names are given",
                alias.name.value,
                columns(count),
                alias.columns.len()
            ),
        ));
    }
}

fn columns(count: usize) -> String {
    match count {
        1 => "1 column".to_owned(),
        count => format!("{count} columns"),
    }
}

/// A row of one member is compared as that member.
pub(super) fn only_member(operand: &ast::Expr, typed: Typed) -> Typed {
    let is_text =
        |member: &ast::Expr| matches!(&member.kind, ExprKind::Literal(ast::Literal::Text(_)));
    let (row, text) = match &without_parentheses(operand).kind {
        ExprKind::Row(members) => (true, members.iter().any(is_text)),
        ExprKind::Function(function) => {
            let name = function.name.last();
            let mut arguments = function.arguments.iter();
            (
                name.is_some_and(|name| name.value.eq_ignore_ascii_case("row")),
                arguments.any(|argument| is_text(&argument.value)),
            )
        }
        _ => (false, false),
    };
    match typed.sql_type.clone() {
        SqlType::Struct(mut fields) if row && fields.len() == 1 => {
            let value = if text { Value::SomeText } else { Value::Any };
            let member = Typed::of(fields.remove(0).1).nullable_if(typed.nullable);
            Typed { value, ..member }
        }
        _ => typed,
    }
}

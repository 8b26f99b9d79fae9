//! How many columns a subquery or a list of names has, and how many it must have.

use super::Binder;
use super::scope::{Output, Relation};
use crate::diagnostic::{Code, Diagnostic};
use crate::parse::ast;
use crate::span::Span;

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

    /// `x IN (query)`, `x = ANY (query)`: a row is compared with as many columns as it has members.
    pub(super) fn check_compared_width(&mut self, expected: usize, output: &Output, span: Span) {
        let what = match expected {
            1 => "what is compared with one value has one column".to_owned(),
            count => format!("what is compared with a row of {count} has as many columns"),
        };
        self.check_subquery(output, expected, span, &what);
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

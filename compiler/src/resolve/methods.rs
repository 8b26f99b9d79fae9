//! Functions that are called behind a column: `column.f(…)`.

use super::Binder;
use super::scope::Env;
use crate::diagnostic::{Code, Diagnostic};
use crate::parse::ast;
use crate::span::Span;
use crate::types::schemas;

impl Binder<'_> {
    /// `column.f(…)` finds columns of its own query only (`ExpressionBinder::QualifyColumnName`).
    pub(super) fn check_method_operand(&mut self, place: Span, env: &Env<'_>) {
        // Within a lambda it is the query around it.
        let mut around = env.outwards();
        let own = around.find(|env| env.parameters.is_empty());
        let own = own.map(|env| env.scope.id);
        let column = self.resolved.get(&(place.start, place.end));
        if column.is_some_and(|column| own.is_some_and(|own| column.scope != own)) {
            let message = "a function can't be called in this way for a column of an outer query";
            let finding = Diagnostic::error(Code::UnknownColumn, place, message);
            self.report(finding.hint("write the column as its first argument: `f(column)`"));
        }
    }
}

/// What `a.b.f(…)` is a method of; `None` if the qualifiers are a schema's that has functions.
pub(super) fn method_operand<'b>(
    qualifiers: &'b [ast::Name],
    called: &str,
) -> Option<&'b [ast::Name]> {
    let written: Vec<&str> = qualifiers.iter().map(|name| name.value.as_str()).collect();
    let is_schema = schemas::is_in(&written, called);
    (!is_schema).then_some(qualifiers)
}

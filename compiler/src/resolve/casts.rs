//! Casts that the engine has no function for, so that it refuses them before any row.

use super::Binder;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::sql_type::SqlType;
use crate::sql_type::cast::refusal;

impl Binder<'_> {
    /// Checks the cast of a value.
    pub(super) fn check_cast(&mut self, from: &SqlType, to: &SqlType, span: Span) {
        if let Some(message) = refusal(from, to) {
            self.report(
                Diagnostic::error(Code::TypeMismatch, span, message)
                    .hint("take the fields one by one: `{'a': x.b}`"),
            );
        }
    }
}

//! Calls whose further arguments are named parts: `make_type('STRUCT', a := …)`,
//! `json_serialize_sql('…', skip_null := true)`.
//!
//! Source: `type_functions.cpp`, `json_serialize_sql.cpp` and `json_serialize_plan.cpp` of DuckDB
//! 1.5.5.

use super::Binder;
use super::deep::without_parentheses;
use super::patterns::is_null;
use super::placement::function_of;
use crate::diagnostic::{Code, Diagnostic};
use crate::parse::ast::{self, ExprKind};
use crate::sql_type::SqlType;
use crate::types::made_type::{self, Modifier, Part};
use crate::types::{Typed, Value, reference_system};

impl Binder<'_> {
    /// Checks what the parts of a call make together.
    pub(super) fn check_parts(
        &mut self,
        called: &str,
        function: &ast::Function,
        arguments: &[Typed],
    ) {
        if function.arguments.len() != arguments.len() {
            return;
        }
        match (called, arguments) {
            ("make_type", [name, ..]) => self.check_made_type(name, function, arguments),
            ("json_serialize_sql" | "json_serialize_plan", [_, ..]) => {
                self.check_serializing(called, function, arguments);
            }
            // With a null the engine doesn't look any further.
            (_, [first, ..]) if first.sql_type == SqlType::Null || first.value == Value::Null => {}
            ("st_setcrs", [_, system]) => {
                if let Value::Text(text) = &system.value
                    && let Some(message) = reference_system::unread(text)
                {
                    let place = function.arguments[1].value.span;
                    self.report(Diagnostic::error(Code::InvalidConstant, place, message));
                }
            }
            ("icu_sort_key", [_, collation]) => match &collation.value {
                Value::Text(text) if !fits_collation(text) => {
                    let message = format!("`{text}` is no language and country: `de_DE`");
                    let place = function.arguments[1].value.span;
                    self.report(Diagnostic::error(Code::InvalidConstant, place, message));
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn check_made_type(&mut self, name: &Typed, function: &ast::Function, arguments: &[Typed]) {
        let Value::Text(name) = &name.value else {
            return;
        };
        let parts = function.arguments.iter().zip(arguments).skip(1);
        let modifiers: Vec<Modifier> = parts
            .map(|(argument, typed)| Modifier {
                name: argument.name.as_ref().map(|name| name.value.clone()),
                part: part_of(&argument.value, typed),
            })
            .collect();
        // A name that isn't known may be a type of the engine's own session.
        let message = made_type::refusal(name, &modifiers);
        if let Some(message) = message {
            let place = function.arguments[0].value.span;
            self.report(Diagnostic::error(Code::UnknownType, place, message));
        }
    }

    fn check_serializing(&mut self, called: &str, function: &ast::Function, arguments: &[Typed]) {
        const OPTIONS: [&str; 4] = ["format", "skip_default", "skip_empty", "skip_null"];
        for (argument, typed) in function.arguments.iter().zip(arguments).skip(1) {
            let name = argument.name.as_ref().map(|name| name.value.to_lowercase());
            let known = name.as_deref().is_some_and(|name| {
                OPTIONS.contains(&name) || (name == "optimize" && called == "json_serialize_plan")
            });
            let boolean = matches!(
                typed.sql_type,
                SqlType::Boolean | SqlType::Null | SqlType::Unknown | SqlType::Other(_)
            );
            let message = match (name, known) {
                // Of a null nothing is asked.
                (None, _) if typed.sql_type == SqlType::Null => continue,
                (None, _) => format!("the options of `{called}` have names: `skip_null := true`"),
                (Some(name), false) => format!("`{called}` has no option `{name}`"),
                (Some(name), true) if !boolean => {
                    format!(
                        "the option `{name}` is true or false, and this is `{}`",
                        typed.sql_type
                    )
                }
                _ => continue,
            };
            let place = argument.value.span;
            self.report(Diagnostic::error(Code::WrongArguments, place, message));
        }
    }
}

/// Whether a text is a language with one part behind it at most. What the engine makes of empty
/// parts is left to it.
fn fits_collation(text: &str) -> bool {
    let parts: Vec<&str> = text.split('_').collect();
    parts.len() <= 2 || parts.iter().any(|part| part.is_empty())
}

fn part_of(written: &ast::Expr, typed: &Typed) -> Part {
    let written = without_parentheses(written);
    let called = function_of(written).and_then(|function| function.name.last());
    let makes = ["get_type", "make_type"];
    match &typed.value {
        _ if called
            .is_some_and(|name| makes.iter().any(|own| name.value.eq_ignore_ascii_case(own))) =>
        {
            Part::Type
        }
        _ if is_null(written) => Part::Null,
        Value::Text(text) => Part::Text(text.clone()),
        Value::Integer(number) => Part::Number(*number),
        _ if !typed.is_known() || !matches!(written.kind, ExprKind::Literal(_)) => Part::Unknown,
        _ => Part::Other,
    }
}

//! Patterns that the engine compiles when it binds a call: their options, brackets and groups.

use super::Binder;
use super::deep::without_parentheses;
use crate::constant::{Datum, Stop};
use crate::parse::ast::{self, ExprKind, Literal};
use crate::sql_type::SqlType;
use crate::types::regular_expression::fault;
use crate::types::{Typed, Value};

/// The options of regular expressions.
const PATTERN_OPTIONS: &str = "cgilmnps";

impl Binder<'_> {
    /// Checks a call of one of the functions `regexp_…`.
    pub(super) fn check_pattern_call(
        &mut self,
        called: &str,
        written: &[&ast::Expr],
        arguments: &[Typed],
    ) {
        // In which place the options stand, and whether a third argument may name groups.
        let options = match called {
            "regexp_matches"
            | "regexp_full_match"
            | "regexp_split_to_array"
            | "string_split_regex"
            | "str_split_regex" => 2,
            "regexp_extract" | "regexp_extract_all" | "regexp_replace" => 3,
            _ => return,
        };
        // With a null the engine doesn't look any further.
        let null = called == "regexp_replace"
            && arguments
                .iter()
                .any(|argument| argument.sql_type == SqlType::Null);
        if let (Some(option), Some(typed)) = (written.get(options), arguments.get(options))
            && !null
        {
            if self.varies(option) {
                let message = "the options of a pattern must be a constant".to_owned();
                self.wrong_constant(option.span, message);
            } else if let Value::Text(letters) = &typed.value
                && let Some(letter) = letters
                    .chars()
                    .find(|letter| !letter.is_whitespace() && !PATTERN_OPTIONS.contains(*letter))
            {
                let message = format!("patterns have no option `{letter}`");
                self.wrong_constant(option.span, message);
            } else if called != "regexp_replace" && is_null(option) {
                let message = "the options of a pattern can't be null".to_owned();
                self.wrong_constant(option.span, message);
            } else if called != "regexp_replace" && has_option(typed, 'g') {
                let message = "the option `g` is for `regexp_replace` only".to_owned();
                self.wrong_constant(option.span, message);
            }
        }
        let literal = arguments
            .get(options)
            .is_some_and(|typed| has_option(typed, 'l'));
        let compiled = options == 2 && !literal;
        if compiled && let (Some(pattern), Some(typed)) = (written.get(1), arguments.get(1)) {
            self.check_pattern(pattern, typed);
        }
        // Where all matches are taken, the number of a group is looked at when it runs.
        let counted = called == "regexp_extract"
            || matches!(arguments.get(2), Some(typed) if matches!(typed.sql_type, SqlType::List(_)));
        if called.starts_with("regexp_extract")
            && counted
            && let (Some(group), Some(typed)) = (written.get(2), arguments.get(2))
        {
            self.check_groups(called, (group, typed), (written[1], &arguments[1]));
        }
    }

    /// Gives a pattern the value that the engine computes when it binds the operator.
    pub(super) fn compute_pattern(
        &mut self,
        operator: &str,
        written: &ast::Expr,
        pattern: &mut Typed,
    ) {
        let computes = matches!(
            operator,
            "like"
                | "~~"
                | "!~~"
                | "~"
                | "!~"
                | "~*"
                | "!~*"
                | "similar to"
                | "not similar to"
                | "->"
                | "->>"
        );
        if !computes || pattern.value != Value::Any || self.macros > 0 || self.texts > 0 {
            return;
        }
        match self.evaluator().value(written) {
            Ok(value) => {
                if let Datum::Text(text) = value.datum {
                    pattern.value = Value::Text(text);
                }
            }
            Err(Stop::Fails(message)) => self.report_failing(written, &message),
            Err(Stop::Unknown) => {}
        }
    }

    /// Checks a pattern that the engine compiles when it binds.
    pub(super) fn check_pattern(&mut self, pattern: &ast::Expr, typed: &Typed) {
        if let Value::Text(text) = &typed.value
            && let Some(message) = fault(text)
        {
            self.wrong_constant(pattern.span, message);
        }
    }

    /// The third argument of `regexp_extract`: a group's number, or names for the groups.
    fn check_groups(
        &mut self,
        called: &str,
        (group, typed): (&ast::Expr, &Typed),
        (pattern, pattern_typed): (&ast::Expr, &Typed),
    ) {
        // Of all matches the group is taken for each row.
        if called == "regexp_extract_all" && !matches!(typed.sql_type, SqlType::List(_)) {
            return;
        }
        if self.varies(group) {
            let message = "the group of a pattern must be a constant".to_owned();
            return self.wrong_constant(group.span, message);
        }
        if let Value::Integer(number) = typed.value
            && !(0..=9).contains(&number)
        {
            let message = "the number of a group lies between 0 and 9".to_owned();
            return self.wrong_constant(group.span, message);
        }
        let names_groups = matches!(typed.sql_type, SqlType::List(_));
        if names_groups && pattern_typed.sql_type == SqlType::Null {
            let message = "with names for its groups the pattern can't be null".to_owned();
            return self.wrong_constant(pattern.span, message);
        }
        let listed = match &without_parentheses(group).kind {
            ExprKind::Cast { operand, .. } => operand,
            _ => group,
        };
        if names_groups && matches!(listed.kind, ExprKind::Literal(Literal::Null)) {
            let message = "the list of groups can't be null".to_owned();
            return self.wrong_constant(group.span, message);
        }
        let ExprKind::List(items) = &without_parentheses(listed).kind else {
            return;
        };
        if let Value::Text(text) = &pattern_typed.value
            && let Some(message) = fault(text)
        {
            return self.wrong_constant(pattern.span, message);
        }
        if items.is_empty() {
            return self.wrong_constant(group.span, "the list of groups is empty".to_owned());
        }
        if self.varies(pattern) {
            let message = "with names for its groups the pattern must be a constant".to_owned();
            return self.wrong_constant(pattern.span, message);
        }
        if items.iter().any(is_null) {
            return self.wrong_constant(group.span, "the name of a group can't be null".to_owned());
        }
        let Value::Texts(names) = &typed.value else {
            return;
        };
        let mut seen: Vec<String> = Vec::new();
        for name in names {
            if seen.contains(&name.to_lowercase()) {
                let message = format!("two groups are named `{name}`");
                return self.wrong_constant(group.span, message);
            }
            seen.push(name.to_lowercase());
        }
        if let Value::Text(text) = &pattern_typed.value
            && let Some(count) = groups_of(text)
            && count < names.len()
        {
            let message = format!(
                "the pattern has {count} groups, and {} names are given",
                names.len()
            );
            self.wrong_constant(group.span, message);
        }
    }
}

fn has_option(typed: &Typed, letter: char) -> bool {
    matches!(&typed.value, Value::Text(letters) if letters.contains(letter))
}

/// Whether it is a null, maybe with a type.
pub(super) fn is_null(expr: &ast::Expr) -> bool {
    match &without_parentheses(expr).kind {
        ExprKind::Literal(Literal::Null) => true,
        ExprKind::Cast { operand, .. } => is_null(operand),
        _ => false,
    }
}

/// How many groups a pattern has; `None` if it has something that makes counting hard.
fn groups_of(pattern: &str) -> Option<usize> {
    let mut letters = pattern.chars().peekable();
    let mut count = 0;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.next() == Some('Q') => return None,
            '\\' => {}
            '[' => return None,
            '(' => {
                if letters.peek() == Some(&'?') {
                    return None;
                }
                count += 1;
            }
            _ => {}
        }
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_counted() {
        assert_eq!(groups_of("(a)(b)"), Some(2));
        assert_eq!(groups_of("(?:a)"), None);
    }
}

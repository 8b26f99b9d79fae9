//! The values of variables: each has one, and it fits the declared type.

use crate::diagnostic::{Code, Diagnostic};
use crate::header::VariableDeclaration;
use crate::project::{Environment, Settings, VariableValue};
use crate::seeds::infer::{boolean, misfit};
use crate::span::Spanned;
use crate::sql_type::SqlType;
use std::collections::BTreeSet;

/// Holds the value that a declared variable has against its type.
pub fn check(
    declaration: &VariableDeclaration,
    sql_type: &SqlType,
    settings: &Settings,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let name = &declaration.name.value;
    let configured = settings
        .variables
        .iter()
        .find(|variable| variable.name.value == *name);
    if let Some(default) = &declaration.default {
        match literal(&default.value) {
            None => diagnostics.push(
                Diagnostic::error(Code::InvalidVariable, default.span, "a default is a literal")
                    .hint("write a number, a text in single quotes, `true`, `false`, `null`, or `date '2024-01-01'`"),
            ),
            Some(None) => {}
            Some(Some(text)) => diagnostics.extend(unfit(&text, sql_type, default, declaration)),
        }
    }
    let has_value = declaration.default.is_some() || configured.is_some();
    if !has_value && !has_value_everywhere(name, settings) {
        diagnostics.push(valueless(declaration));
    }
    let of_environments = settings.environments.iter();
    let of_environments = of_environments.flat_map(|environment| &environment.variables);
    let values = configured
        .into_iter()
        .chain(of_environments.filter(|variable| variable.name.value == *name));
    for variable in values {
        diagnostics.extend(misfitting(&variable.value, declaration, sql_type));
    }
}

/// Whether each environment gives the variable a value.
fn has_value_everywhere(name: &str, settings: &Settings) -> bool {
    let gives = |environment: &Environment| {
        let mut variables = environment.variables.iter();
        variables.any(|variable| variable.name.value == name)
    };
    !settings.has_other_environments() && settings.environments.iter().all(gives)
}

fn valueless(declaration: &VariableDeclaration) -> Diagnostic {
    let name = &declaration.name.value;
    let message = format!("the variable `{name}` has no value");
    Diagnostic::error(Code::InvalidVariable, declaration.span, message).hint(format!(
        "give it one under `[vars]` in `dbgo.toml`, or a default: `-- @var: {name} {} = …`",
        declaration.sql_type.value
    ))
}

/// A value of `dbgo.toml` that the declaration doesn't take.
fn misfitting(
    value: &Spanned<VariableValue>,
    declaration: &VariableDeclaration,
    sql_type: &SqlType,
) -> Option<Diagnostic> {
    let name = &declaration.name.value;
    match &value.value {
        VariableValue::Scalar(scalar) => {
            let written = Spanned::new(String::new(), value.span);
            unfit(&scalar.to_text(), sql_type, &written, declaration)
        }
        VariableValue::List(_) => {
            let message = format!("`{name}` is declared as a single value, and this is a list");
            Some(
                Diagnostic::error(Code::InvalidVariable, value.span, message)
                    .and_at(declaration.span, "declared here")
                    .hint("a list needs no `@var`: it stands behind `in` in a condition"),
            )
        }
    }
}

fn unfit(
    text: &str,
    sql_type: &SqlType,
    written: &Spanned<String>,
    declaration: &VariableDeclaration,
) -> Option<Diagnostic> {
    if sql_type.has_unknown() {
        return None;
    }
    let why = misfit(text, sql_type)?;
    let message = format!(
        "`{text}` isn't of type {sql_type}, which `{}` has",
        declaration.name.value
    );
    let finding = Diagnostic::error(Code::InvalidVariable, written.span, message).saying(why);
    let elsewhere = written.span.file != declaration.span.file;
    Some(if elsewhere {
        finding.and_at(declaration.sql_type.span, "declared here")
    } else {
        finding
    })
}

/// A default in the one form in which the runtime and the engine read it: `null`, `true` or
/// `false`, a number's digits without blanks and `_`, and all else as a text in quotes. `None` if
/// it isn't a literal.
pub fn canonical(written: &str, sql_type: &SqlType) -> Option<String> {
    let Some(text) = literal(written)? else {
        return Some("null".to_owned());
    };
    let boolean = (*sql_type == SqlType::Boolean)
        .then(|| boolean(&text))
        .flatten();
    Some(match boolean {
        Some(value) => value.to_string(),
        None if sql_type.is_numeric() => text,
        None => format!("'{}'", text.replace('\'', "''")),
    })
}

/// The text of a literal, without a type in front and without quotes; `Some(None)` for `null`.
pub(crate) fn literal(written: &str) -> Option<Option<String>> {
    let lower = written.to_lowercase();
    if lower == "null" {
        return Some(None);
    }
    if matches!(lower.as_str(), "true" | "false") {
        return Some(Some(lower));
    }
    let typed = ["date", "timestamptz", "timestamp", "time"]
        .into_iter()
        .find_map(|word| {
            let rest = lower.strip_prefix(word)?;
            rest.trim_start()
                .starts_with('\'')
                .then(|| written[word.len()..].trim_start())
        });
    let body = typed.unwrap_or(written);
    if let Some(inner) = body
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''))
    {
        return (!inner.replace("''", "").contains('\'')).then(|| Some(inner.replace("''", "'")));
    }
    let digits = body.strip_prefix(['-', '+']).unwrap_or(body).trim_start();
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '-' | '+' | '_'));
    let number = || body.trim_start_matches('+').replace(['_', ' '], "");
    is_number.then(|| Some(number()))
}

/// Values of `[vars]` and of environments that no file uses: declared nowhere, and for lists named in no condition.
pub fn unused<'t>(
    settings: &Settings,
    declared: &BTreeSet<String>,
    texts: impl Iterator<Item = &'t str>,
) -> Vec<Diagnostic> {
    let mut used: BTreeSet<&str> = declared.iter().map(String::as_str).collect();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let lists: BTreeSet<&str> = settings
        .variables
        .iter()
        .filter(|variable| matches!(variable.value.value, VariableValue::List(_)))
        .map(|variable| variable.name.value.as_str())
        .collect();
    if !lists.is_empty() {
        for text in texts {
            let conditions = text
                .lines()
                .filter(|line| line.trim_start().starts_with('#'));
            used.extend(
                conditions
                    .flat_map(|line| line.split(|c| !is_word(c)))
                    .filter(|word| lists.contains(word)),
            );
        }
    }
    let of_environments = settings.environments.iter();
    let of_environments = of_environments.flat_map(|environment| &environment.variables);
    settings
        .variables
        .iter()
        .chain(of_environments)
        .filter(|variable| !used.contains(variable.name.value.as_str()))
        .map(|variable| {
            let name = &variable.name.value;
            Diagnostic::warning(
                Code::UnusedVariable,
                variable.name.span,
                format!("no file uses the variable `{name}`"),
            )
            .hint(format!(
                "remove it, or declare it where it is used: `-- @var: {name} type`"
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_one_form() {
        for (written, sql_type, form) in [
            ("TRUE", SqlType::Boolean, "true"),
            ("'No'", SqlType::Boolean, "false"),
            ("1", SqlType::Boolean, "true"),
            ("NULL", SqlType::Varchar, "null"),
            ("'null'", SqlType::Varchar, "'null'"),
            ("1_000", SqlType::Integer, "1000"),
            ("- 5", SqlType::Integer, "-5"),
            ("'5'", SqlType::Integer, "5"),
            ("5", SqlType::Varchar, "'5'"),
            ("'it''s'", SqlType::Varchar, "'it''s'"),
            ("date '2024-01-01'", SqlType::Date, "'2024-01-01'"),
        ] {
            let found = canonical(written, &sql_type);
            assert_eq!(found.as_deref(), Some(form), "{written}");
        }
        assert_eq!(canonical("now()", &SqlType::Timestamp), None);
    }

    #[test]
    fn literals() {
        let text = |written| literal(written).flatten();
        assert_eq!(text("'it''s'").as_deref(), Some("it's"));
        assert_eq!(text("-1_000.5").as_deref(), Some("-1000.5"));
        assert_eq!(text("DATE '2024-01-01'").as_deref(), Some("2024-01-01"));
        assert_eq!(text("TRUE").as_deref(), Some("true"));
        assert_eq!(literal("null"), Some(None));
        for other in ["now()", "1 + 1", "'a' || 'b'", "date", "x"] {
            assert_eq!(literal(other), None, "{other}");
        }
    }
}

//! The arguments of a call: which parameter gets what, and whether it can be that.

use super::Surroundings;
use super::definition::{Definition, Parameter};
use crate::check::named;
use crate::check::variables::literal;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::header::{AuditArgument, AuditNote, AuditValue, ParameterKind};
use crate::name::same_name;
use crate::seeds::infer::misfit;
use crate::span::{Span, Spanned};
use crate::sql_type::SqlType;

/// What a parameter stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Given<'c> {
    /// What the call says.
    Argument(&'c AuditValue),
    /// What the audit's file says.
    Default(&'c AuditValue),
}

/// A call with arguments that an audit doesn't take.
pub(super) fn refused(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::AuditArguments, span, message)
}

/// What each parameter of an audit gets.
///
/// # Errors
/// Arguments that it doesn't take.
pub(super) fn matched<'c>(
    definition: &'c Definition,
    note: &'c AuditNote,
) -> Result<Vec<Given<'c>>, Vec<Diagnostic>> {
    let parameters = &definition.parameters;
    let form = || format!("the form is `{}`", form(definition));
    let mut given: Vec<Option<&AuditArgument>> = vec![None; parameters.len()];
    let mut found = Vec::new();
    for (position, argument) in note.arguments.iter().enumerate() {
        let index = match &argument.name {
            None => Some(position).filter(|position| *position < parameters.len()),
            Some(name) => parameters
                .iter()
                .position(|parameter| same_name(&parameter.note.name.value, &name.value)),
        };
        let Some(index) = index else {
            found.push(too_much(argument, parameters, note).hint(form()));
            continue;
        };
        match given[index] {
            Some(first) => {
                let name = &parameters[index].note.name.value;
                let message = format!("the parameter `{name}` is given twice");
                let finding = refused(argument.span, message).and_at(first.span, "first here");
                found.push(finding.hint(form()));
            }
            None => given[index] = Some(argument),
        }
    }
    let missing: Vec<String> = parameters
        .iter()
        .zip(&given)
        .filter(|(parameter, given)| given.is_none() && parameter.note.default.is_none())
        .map(|(parameter, _)| format!("`{}`", parameter.note.name.value))
        .collect();
    if !missing.is_empty() && found.is_empty() {
        let message = format!(
            "the audit `{}` needs {}",
            definition.name,
            missing.join(" and ")
        );
        found.push(refused(note.call.span, message).hint(form()));
    }
    if !found.is_empty() {
        return Err(found);
    }
    let matched = parameters
        .iter()
        .zip(given)
        .filter_map(|(parameter, given)| {
            let argument = given.map(|argument| Given::Argument(&argument.value));
            argument.or_else(|| parameter.note.default.as_ref().map(Given::Default))
        });
    Ok(matched.collect())
}

fn too_much(argument: &AuditArgument, parameters: &[Parameter], note: &AuditNote) -> Diagnostic {
    let Some(name) = &argument.name else {
        let message = format!(
            "the audit `{}` takes {} arguments at most",
            note.name.value,
            parameters.len()
        );
        return refused(argument.span, message);
    };
    let message = format!(
        "the audit `{}` has no parameter `{}`",
        note.name.value, name.value
    );
    let names = || {
        let parameters = parameters.iter();
        parameters.map(|parameter| parameter.note.name.value.as_str())
    };
    let finding = refused(name.span, message);
    match nearest(&name.value, names()) {
        Some(near) => finding.hint(format!("did you mean `{near}`?")).fix_name(
            &name.value,
            name.span,
            names(),
            str::to_owned,
        ),
        None => finding,
    }
}

/// How an audit is called: `positive(column, least := 0)`.
fn form(definition: &Definition) -> String {
    let parameters = definition.parameters.iter().map(|parameter| {
        let name = &parameter.note.name.value;
        match parameter.note.default {
            Some(_) => format!("[{name}]"),
            None => name.clone(),
        }
    });
    let parameters: Vec<String> = parameters.collect();
    format!("{}({})", definition.name, parameters.join(", "))
}

/// Holds what a parameter gets against what it takes. Of what couldn't be read nothing is said.
pub(super) fn check(
    parameter: &Parameter,
    value: &AuditValue,
    span: Span,
    around: &Surroundings<'_>,
) -> Option<Diagnostic> {
    let name = &parameter.note.name.value;
    match (&parameter.note.kind, value) {
        (ParameterKind::Column, AuditValue::Column { .. }) => column(value, around),
        (ParameterKind::Column, AuditValue::Reference(reference)) => Some(
            refused(
                span,
                format!(
                    "`{name}` takes a column, and `:{}` is none",
                    reference.value
                ),
            )
            .hint(format!(
                "name a column of it: `:{}.column`",
                reference.value
            )),
        ),
        (ParameterKind::Column, _) => Some(
            refused(
                span,
                format!("`{name}` takes a column, and this is {}", value.what()),
            )
            .hint("name a column of the model, or one of an import: `:import.column`"),
        ),
        (ParameterKind::Relation, AuditValue::Reference(reference)) => relation(reference, around),
        (ParameterKind::Relation, _) => Some(
            refused(
                span,
                format!("`{name}` takes a relation, and this is {}", value.what()),
            )
            .hint("name an import: `:import`, or the model itself: `:this`"),
        ),
        (ParameterKind::Value(_), AuditValue::Reference(reference)) => {
            variable(reference, name, around)
        }
        (ParameterKind::Value(_), AuditValue::Column { .. }) => Some(
            refused(
                span,
                format!("`{name}` takes a value, and this is a column"),
            )
            .hint("a text stands in single quotes"),
        ),
        (ParameterKind::Value(_), AuditValue::Literal(_) | AuditValue::List(_)) => {
            unfit(value, &parameter.sql_type, name)
        }
    }
}

/// Why there is no such column; `None` if there is, or if that can't be told.
pub(super) fn column(value: &AuditValue, around: &Surroundings<'_>) -> Option<Diagnostic> {
    let AuditValue::Column { relation, name } = value else {
        return None;
    };
    match relation {
        Some(relation) if !same_name(&relation.value, "this") => {
            let schema = around.imports.get(&relation.value.to_lowercase());
            match schema {
                None => self::relation(relation, around),
                Some(schema) => {
                    let columns = schema.columns.as_ref()?;
                    named::unknown(name, columns, &format!("`:{}`", relation.value))
                }
            }
        }
        _ => named::unknown(name, around.columns, "the model"),
    }
}

/// Why a relation can't be had.
fn relation(reference: &Spanned<String>, around: &Surroundings<'_>) -> Option<Diagnostic> {
    let name = &reference.value;
    if same_name(name, "this") || around.imports.contains_key(&name.to_lowercase()) {
        return None;
    }
    let message = format!("`:{name}` is no import");
    let finding = Diagnostic::error(Code::UnknownReference, reference.span, message);
    let imports = around.imports.keys().map(String::as_str);
    let names = imports.chain(["this"]);
    Some(match nearest(name, names.clone()) {
        Some(near) => finding.hint(format!("did you mean `:{near}`?")).fix_name(
            name,
            reference.span,
            names,
            |near| format!(":{near}"),
        ),
        None => finding.hint(format!("import it: `-- @import: {name} = …`")),
    })
}

/// Why a variable can't be had.
fn variable(
    reference: &Spanned<String>,
    parameter: &str,
    around: &Surroundings<'_>,
) -> Option<Diagnostic> {
    let name = &reference.value;
    let mut variables = around.variables.iter();
    if variables.any(|variable| same_name(variable, name)) {
        return None;
    }
    if same_name(name, "this") || around.imports.contains_key(&name.to_lowercase()) {
        let message = format!("`{parameter}` takes a value, and `:{name}` is a relation");
        return Some(refused(reference.span, message));
    }
    let message = format!("`:{name}` is no variable");
    let finding = Diagnostic::error(Code::UnknownReference, reference.span, message);
    let names = around.variables.iter().copied();
    Some(match nearest(name, names.clone()) {
        Some(near) => finding.hint(format!("did you mean `:{near}`?")).fix_name(
            name,
            reference.span,
            names,
            |near| format!(":{near}"),
        ),
        None => finding.hint(format!("declare it: `-- @var: {name} TYPE = …`")),
    })
}

/// Why a value isn't of a type that `name` has.
pub(super) fn unfit(value: &AuditValue, sql_type: &SqlType, name: &str) -> Option<Diagnostic> {
    match (value, sql_type) {
        (AuditValue::Literal(written), _) => unfit_literal(written, sql_type, name),
        (AuditValue::List(elements), SqlType::List(element) | SqlType::Array(element, _)) => {
            elements
                .iter()
                .find_map(|written| unfit_literal(written, element, name))
        }
        (AuditValue::List(elements), sql_type) if !sql_type.has_unknown() => {
            let first = elements.first()?;
            let message = format!("`{name}` takes one value, and this is a list");
            Some(refused(first.span, message))
        }
        _ => None,
    }
}

/// Why a text isn't a literal of a type.
pub(super) fn unfit_literal(
    written: &Spanned<String>,
    sql_type: &SqlType,
    name: &str,
) -> Option<Diagnostic> {
    let text = match literal(&written.value) {
        Some(Some(text)) => text,
        Some(None) => return None,
        None => {
            let message = format!("`{}` is no literal", written.value);
            return Some(refused(written.span, message).hint(
                "write a number, a text in single quotes, `true`, `false`, or `date '2024-01-01'`",
            ));
        }
    };
    if matches!(sql_type, SqlType::List(_) | SqlType::Array(..)) {
        let message = format!("`{name}` takes a list, and this is one value");
        return Some(refused(written.span, message).hint(format!("write `[{}]`", written.value)));
    }
    if sql_type.has_unknown() {
        return None;
    }
    let why = misfit(&text, sql_type)?;
    let message = format!("`{text}` isn't of type {sql_type}, which `{name}` has");
    Some(Diagnostic::error(Code::TypeMismatch, written.span, message).saying(why))
}

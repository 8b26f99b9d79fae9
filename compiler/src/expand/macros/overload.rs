//! Which definition a call means, and in which order a built-in macro gets its arguments.

use super::Macro;
use super::built_in::BuiltIn;
use super::call::{self, Argument};
use super::definition::{Definition, Parameter};
use super::write::{Broken, Frame, Writer};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::name::same_name;
use crate::span::Span;
use crate::token::Token;
use std::ops::Range;

impl Writer<'_> {
    /// The definition for the arguments of a call: the one with the fewest parameters that takes
    /// them.
    pub(super) fn overload<'m>(
        &mut self,
        frame: &Frame<'_>,
        own: &'m Macro,
        tokens: &[&Token],
        arguments: &[Argument],
        span: Span,
    ) -> Result<&'m Definition, Broken> {
        let text = self.text(frame);
        let positional = arguments.iter().filter(|a| a.name.is_none()).count();
        let names: Vec<(&str, Span)> = arguments
            .iter()
            .filter_map(|argument| argument.name)
            .map(|name| (call::name(text, *tokens[name]), tokens[name].span))
            .collect();
        for (index, (name, span)) in names.iter().enumerate() {
            if names[..index]
                .iter()
                .any(|(other, _)| same_name(other, name))
            {
                let message = format!("the argument `{name}` is given twice");
                let error = Diagnostic::error(Code::MacroArguments, *span, message);
                return Err(self.report(frame, error));
            }
        }
        let takes = |definition: &&Definition| {
            let given = |index: usize, parameter: &Parameter| {
                index < positional
                    || names
                        .iter()
                        .any(|(name, _)| same_name(name, &parameter.name.value))
            };
            let parameters = definition.parameters.iter().enumerate();
            positional <= definition.parameters.len()
                && names.iter().all(|(name, _)| {
                    let rest = definition.parameters.iter().skip(positional);
                    rest.into_iter()
                        .any(|parameter| same_name(name, &parameter.name.value))
                })
                && parameters.into_iter().all(|(index, parameter)| {
                    parameter.default.is_some() || given(index, parameter)
                })
        };
        let fitting = own.overloads.iter().filter(takes);
        if let Some(definition) = fitting.min_by_key(|definition| definition.parameters.len()) {
            return Ok(definition);
        }
        let error = misfit(own, positional, &names, span);
        Err(self.report(frame, error))
    }
}

/// Why no definition of a macro takes some arguments.
fn misfit(own: &Macro, positional: usize, names: &[(&str, Span)], span: Span) -> Diagnostic {
    let wrong =
        |span: Span, message: String| Diagnostic::error(Code::MacroArguments, span, message);
    let all: Vec<&str> = own
        .overloads
        .iter()
        .flat_map(|definition| &definition.parameters)
        .map(|parameter| parameter.name.value.as_str())
        .collect();
    let is_known = |name: &str| all.iter().any(|known| same_name(known, name));
    let signature = |definition: &Definition| {
        let parameters: Vec<String> = definition
            .parameters
            .iter()
            .map(|parameter| match parameter.default {
                Some(_) => format!("{} := …", parameter.name.value),
                None => parameter.name.value.clone(),
            })
            .collect();
        format!("`{}({})`", own.name, parameters.join(", "))
    };
    if let Some((name, span)) = names.iter().find(|(name, _)| !is_known(name)) {
        let error = wrong(*span, format!("`{}` has no parameter `{name}`", own.name));
        return match nearest(name, all.iter().copied()) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error,
        };
    }
    let count = positional + names.len();
    let given = match count {
        1 => "1 argument".to_owned(),
        count => format!("{count} arguments"),
    };
    let signatures: Vec<String> = own.overloads.iter().map(signature).collect();
    let mut error = wrong(
        span,
        format!("`{}` doesn't take {given} like these", own.name),
    )
    .hint(format!("it is {}", signatures.join(" or ")));
    if let [only] = own.overloads.as_slice() {
        if count < only.least() {
            let missing = only.parameters.iter().skip(positional).find(|parameter| {
                let is_named = names
                    .iter()
                    .any(|(name, _)| same_name(name, &parameter.name.value));
                parameter.default.is_none() && !is_named
            });
            if let Some(missing) = missing {
                error.message = format!("`{}` needs `{}`", own.name, missing.name.value);
            }
        } else if let Some((name, _)) = names.first().filter(|_| count <= only.parameters.len()) {
            error.message = format!("`{name}` is given by its position and by its name");
        }
        error = error.and_at(only.name.span, "it is defined here");
    }
    error
}

/// The arguments of a built-in macro in the order of its parameters.
pub(super) fn order_of(
    built_in: BuiltIn,
    text: &str,
    tokens: &[&Token],
    arguments: &[Argument],
    span: Span,
) -> Result<Vec<Range<usize>>, Diagnostic> {
    let wrong =
        |span: Span, message: String| Diagnostic::error(Code::MacroArguments, span, message);
    let name = built_in.name();
    let Some(parameters) = built_in.parameters() else {
        if let Some(index) = arguments.iter().find_map(|argument| argument.name) {
            let message = format!("`{name}` takes columns without names");
            return Err(wrong(tokens[index].span, message));
        }
        if arguments.is_empty() {
            return Err(wrong(span, format!("`{name}` needs a column at least")));
        }
        return Ok(arguments.iter().map(|a| a.tokens.clone()).collect());
    };
    let signature = format!("it is `{name}({})`", parameters.join(", "));
    let mut ordered: Vec<Option<Range<usize>>> = vec![None; parameters.len()];
    for (index, argument) in arguments.iter().enumerate() {
        let (position, span) = match argument.name {
            None => (Some(index), tokens[argument.tokens.start].span),
            Some(token) => {
                let given = call::name(text, *tokens[token]);
                let found = parameters.iter().position(|known| same_name(known, given));
                (found, tokens[token].span)
            }
        };
        let slot = position.and_then(|position| ordered.get_mut(position));
        match slot {
            Some(slot @ None) => *slot = Some(argument.tokens.clone()),
            Some(Some(_)) => {
                return Err(wrong(span, "this argument is given twice".to_owned()).hint(signature));
            }
            None => {
                return Err(wrong(span, format!("`{name}` has no such argument")).hint(signature));
            }
        }
    }
    let mut whole = Vec::with_capacity(ordered.len());
    for (range, parameter) in ordered.into_iter().zip(parameters) {
        match range {
            Some(range) => whole.push(range),
            None => {
                return Err(wrong(span, format!("`{name}` needs `{parameter}`")).hint(signature));
            }
        }
    }
    Ok(whole)
}

//! What must hold of a call: its place, the shape of its arguments, and that each argument means in
//! the macro what it means at the call.

use super::Callee;
use super::call::{self, Argument, Call, written};
use super::definition::{Definition, Parameter, calls_volatile};
use super::write::{Bound, Frame, Writer, Written};
use crate::diagnostic::{Code, Diagnostic};
use crate::name::same_name;
use crate::span::{Origin, Span};
use crate::sql_type::keywords::is_keyword;
use crate::token::{Token, TokenKind};

/// A name in an argument.
#[derive(Clone, PartialEq)]
pub(super) struct NameUse {
    name: String,
    /// Whether it stands in front of a dot.
    qualifies: bool,
    /// Where it is written, with the expansion.
    place: Span,
}

impl Writer<'_> {
    pub(super) fn check_place(
        &mut self,
        frame: &Frame<'_>,
        name: &Token,
        found: &Call,
        callee: &Callee<'_>,
        behind: Option<&Token>,
    ) -> Written {
        let text = self.text(frame);
        let shown = call::name(text, *name);
        let error = |message: String| Diagnostic::error(Code::MacroCall, name.span, message);
        let is_table = match callee {
            Callee::Own(own) => own.is_table(),
            Callee::BuiltIn(built_in) => built_in.is_table(),
        };
        let window = [
            "over",
            "filter",
            "within",
            "ignore",
            "respect",
            "export_state",
        ];
        let wrong = if found.is_method {
            error(format!("the macro `{shown}` is called behind a dot"))
                .hint(format!("write `{shown}(x)` for `x.{shown}()`"))
        } else if is_table && !found.in_from {
            error(format!(
                "`{shown}` is a table, and can't stand in an expression"
            ))
            .hint(format!("read it in a `from`: `from {shown}(…)`"))
        } else if !is_table && found.in_from {
            error(format!("`{shown}` is a value, and can't stand in a `from`"))
                .hint(format!("select it: `from (select {shown}(…))`"))
        } else if let Some(token) = behind
            && let word = written(text, token)
            && token.kind == TokenKind::Word
            && !is_table
            && window.iter().any(|known| word.eq_ignore_ascii_case(known))
        {
            error(format!("`{word}` can't stand behind the macro `{shown}`"))
                .hint("write it in the macro's definition")
        } else {
            return Ok(());
        };
        Err(self.report(frame, wrong))
    }

    pub(super) fn check_arguments(
        &mut self,
        frame: &Frame<'_>,
        tokens: &[&Token],
        arguments: &[Argument],
        name: &Token,
    ) -> Written {
        let text = self.text(frame);
        let mut named = false;
        for argument in arguments {
            let first = tokens.get(argument.tokens.start).copied();
            let Some(first) = first.filter(|_| !argument.tokens.is_empty()) else {
                let error = Diagnostic::error(
                    Code::MacroArguments,
                    name.span,
                    "an argument is missing between two commas",
                );
                return Err(self.report(frame, error));
            };
            let word = written(text, first);
            let is_word =
                |known: &[&str]| known.iter().any(|known| word.eq_ignore_ascii_case(known));
            let error =
                |message: &str| Diagnostic::error(Code::MacroArguments, first.span, message);
            let wrong = if is_word(&["distinct", "all"]) {
                error("`distinct` is for aggregates, and this is a macro")
            } else if is_word(&["*"]) {
                error("a macro takes no `*`")
            } else if argument.name.is_none() && named {
                error("an argument without a name stands behind one with a name")
            } else {
                named |= argument.name.is_some();
                continue;
            };
            return Err(self.report(frame, wrong));
        }
        Ok(())
    }

    pub(super) fn check_volatile(&mut self, parameter: &Parameter, bound: &Bound<'_>) -> Written {
        let Some(first) = bound.tokens.first() else {
            return Ok(());
        };
        if parameter.count < 2 || !bound.volatile {
            return Ok(());
        }
        let error = Diagnostic::error(
            Code::VolatileArgument,
            first.span.to(bound.tokens[bound.tokens.len() - 1].span),
            "each evaluation of this argument may give another value, and the macro has several",
        )
        .and_at(
            parameter.name.span,
            format!(
                "`{}` stands {} times in it",
                parameter.name.value, parameter.count
            ),
        )
        .hint("compute it in a subquery first, and give the macro its column");
        Err(self.report(bound.frame, error))
    }

    /// What a parameter stands for, with what is asked of it later. What its own parameters stand
    /// for has been looked at before, so that the cost doesn't grow with the depth.
    pub(super) fn bound<'f>(&self, frame: &'f Frame<'f>, tokens: Vec<&'f Token>) -> Bound<'f> {
        let text = self.text(frame);
        let at = |index: Option<usize>| {
            let token = index.and_then(|index| tokens.get(index));
            token.map_or("", |token| written(text, token))
        };
        let mut volatile =
            calls_volatile(text, &tokens) || self.calls_volatile_macro(text, &tokens);
        let mut names: Vec<NameUse> = Vec::new();
        let mut add = |found: NameUse| {
            let is_same = |other: &NameUse| {
                other.qualifies == found.qualifies && same_name(&other.name, &found.name)
            };
            if !names.iter().any(is_same) {
                names.push(found);
            }
        };
        for (index, token) in tokens.iter().enumerate() {
            if let Frame::Body {
                definition, bound, ..
            } = frame
                && let Some(found) = definition.uses.get(&token.span.start)
                && let Some(outer) = bound.get(found.parameter)
            {
                volatile |= outer.volatile;
                outer.names.iter().cloned().for_each(&mut add);
                continue;
            }
            let word = written(text, token);
            let qualifies = at(Some(index + 1)) == ".";
            let is_name = match token.kind {
                TokenKind::QuotedName => true,
                TokenKind::Word => !is_keyword(word) || qualifies,
                _ => false,
            };
            if is_name && at(index.checked_sub(1)) != "." && at(Some(index + 1)) != "(" {
                add(NameUse {
                    name: call::name(text, **token).to_owned(),
                    qualifies,
                    place: self.place(frame, token.span),
                });
            }
        }
        Bound {
            frame,
            tokens,
            volatile,
            names,
        }
    }

    pub(super) fn calls_volatile_macro(&self, text: &str, tokens: &[&Token]) -> bool {
        tokens.windows(2).any(|pair| {
            let pair = [*pair[0], *pair[1]];
            call::is_call(text, &pair)
                && match self.library.find(call::name(text, pair[0])) {
                    Some(Callee::Own(own)) => own.volatile,
                    _ => false,
                }
        })
    }

    /// Whether a name of an argument would mean something else within the macro.
    pub(super) fn check_capture(
        &mut self,
        definition: &Definition,
        parameter: &Parameter,
        bound: &Bound<'_>,
    ) -> Written {
        for found in &bound.names {
            let Some(error) = captured(definition, parameter, found) else {
                continue;
            };
            let origin = found.place.origin;
            return Err(self.report_at(error, origin));
        }
        Ok(())
    }
}

fn captured(definition: &Definition, parameter: &Parameter, found: &NameUse) -> Option<Diagnostic> {
    let NameUse {
        name, qualifies, ..
    } = found;
    let qualifies = *qualifies;
    let span = Span {
        origin: Origin::WRITTEN,
        ..found.place
    };
    let error = |message: String| Diagnostic::error(Code::MacroCapture, span, message);
    let own_name = definition.own_names.iter().any(|own| same_name(own, name));
    if own_name && (!definition.is_table || !qualifies) {
        let what = match definition.is_table {
            true => "a common table expression",
            false => "the parameter of a lambda",
        };
        return Some(
            error(format!(
                "`{name}` is also {what} in the macro `{}`",
                definition.name.value
            ))
            .hint("rename one of them"),
        );
    }
    if definition.is_table || !parameter.is_within {
        return None;
    }
    let macro_has = || {
        definition
            .tokens
            .iter()
            .any(|token| same_name(call::name(&definition.text, *token), name))
    };
    match qualifies {
        false => Some(
            error(format!(
                "`{name}` could mean a column of a query within the macro `{}`",
                definition.name.value
            ))
            .and_at(parameter.name.span, "the parameter stands in a query")
            .hint(format!("write it with its table: `t.{name}`")),
        ),
        true if macro_has() => Some(
            error(format!(
                "`{name}` is also a name in the macro `{}`",
                definition.name.value
            ))
            .hint("give the table another alias"),
        ),
        true => None,
    }
}

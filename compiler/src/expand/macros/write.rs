//! Calls → text.
//!
//! No name of an argument may change its meaning in the macro: where a parameter stands in a query
//! of a scalar macro, an argument must name its columns with their tables; a lambda's parameter
//! or a common table expression of the macro must not occur in an argument. An argument of a
//! table macro that isn't a relation means what it means at its place, as in DuckDB.

use super::built_in::{BuiltIn, Piece as BuiltInPiece};
use super::call::{self, Argument, Call, Clauses, written};
use super::definition::{Definition, Form, Parameter, calls_volatile};
use super::{Callee, Library, Macro, Piece, pieces};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::directives::DirectiveTree;
use crate::expand::text::{Expanded, ExpansionKind};
use crate::expand::{MAXIMUM_BYTES, MAXIMUM_LEVELS, REPORTED};
use crate::name::same_name;
use crate::parse::is_alias;
use crate::span::{FileId, Origin, Span};
use crate::sql_type::{keywords::is_keyword, quote_identifier};
use crate::token::{Token, TokenKind};
use std::ops::Range;

/// A text that may call macros.
#[derive(Clone, Copy)]
pub struct Caller<'c> {
    /// The text.
    pub text: &'c str,
    /// What its spans have as their file.
    pub file: FileId,
    /// Where its query begins.
    pub body_start: usize,
    /// What it is, if it has been written out before.
    pub expanded: Option<&'c Expanded>,
}

/// Writes out the calls of macros in a text. What can't be written out is a branch that says
/// nothing more.
pub fn write_out(
    library: &Library,
    caller: Caller<'_>,
    tree: &DirectiveTree,
) -> (Expanded, Vec<Diagnostic>) {
    let out = match caller.expanded {
        Some(before) => Expanded::after(before),
        None => Expanded::new(caller.file),
    };
    let mut writer = Writer {
        library,
        caller,
        out,
        diagnostics: Vec::new(),
        level: 0,
        stopped: false,
    };
    let mut cursor = caller.body_start;
    let mut clauses = Clauses::new();
    // Each branch goes on from the state in front of its choice.
    let mut saved: Vec<Clauses> = Vec::new();
    pieces(tree, &tree.nodes, &mut |piece| match piece {
        Piece::Choice => saved.push(clauses.clone()),
        Piece::Branch => {
            if let Some(before) = saved.last() {
                clauses = before.clone();
            }
        }
        Piece::End => {
            saved.pop();
        }
        Piece::Text { range, tokens } => {
            writer.copy(&Frame::Text, cursor..range.start);
            cursor = range.end;
            let written = writer.write(&Frame::Text, &tokens, range.clone(), &mut clauses, true);
            if written.is_err() {
                let end = Span::new(caller.file, range.start, range.start);
                let place = writer.place(&Frame::Text, end);
                let line = format!("\n#error {REPORTED}\n");
                writer.out.push_made(&line, place);
            }
        }
    });
    writer.copy(&Frame::Text, cursor..caller.text.len());
    (writer.out, writer.diagnostics)
}

/// Something couldn't be written, which was reported.
struct Broken;

type Written = Result<(), Broken>;

/// A text that is written, and what its parameters stand for.
enum Frame<'f> {
    /// The caller's.
    Text,
    /// A macro's body.
    Body {
        definition: &'f Definition,
        bound: &'f [Bound<'f>],
        origin: Origin,
    },
}

/// What a parameter stands for.
struct Bound<'f> {
    frame: &'f Frame<'f>,
    tokens: Vec<&'f Token>,
    /// Whether each evaluation may give another value.
    volatile: bool,
    /// The names in it, and in what parameters in it stand for.
    names: Vec<NameUse>,
}

/// A name in an argument.
#[derive(Clone, PartialEq)]
struct NameUse {
    name: String,
    /// Whether it stands in front of a dot.
    qualifies: bool,
    /// Where it is written, with the expansion.
    place: Span,
}

struct Writer<'w> {
    library: &'w Library,
    caller: Caller<'w>,
    out: Expanded,
    diagnostics: Vec<Diagnostic>,
    level: usize,
    /// Whether a bound was exceeded, so that nothing more is written.
    stopped: bool,
}

impl<'w> Writer<'w> {
    fn text<'f>(&self, frame: &Frame<'f>) -> &'f str
    where
        'w: 'f,
    {
        match frame {
            Frame::Text => self.caller.text,
            Frame::Body { definition, .. } => &definition.text,
        }
    }

    /// Where a span of a frame was written, with its expansion.
    fn place(&self, frame: &Frame<'_>, span: Span) -> Span {
        match (frame, self.caller.expanded) {
            (Frame::Body { origin, .. }, _) => Span {
                origin: *origin,
                ..span
            },
            (Frame::Text, Some(before)) => before.origin(span),
            (Frame::Text, None) => span,
        }
    }

    fn copy(&mut self, frame: &Frame<'_>, range: Range<usize>) {
        match (frame, self.caller.expanded) {
            (
                Frame::Body {
                    definition, origin, ..
                },
                _,
            ) => {
                let span = Span::new(definition.file(), range.start, range.end);
                let origin = *origin;
                self.out
                    .push(&definition.text[range], Span { origin, ..span });
            }
            (Frame::Text, Some(before)) => self.out.push_from(before, range),
            (Frame::Text, None) => {
                let span = Span::new(self.caller.file, range.start, range.end);
                self.out.push(&self.caller.text[range], span);
            }
        }
    }

    fn report(&mut self, frame: &Frame<'_>, found: Diagnostic) -> Broken {
        let mut found = found;
        let mut origin = Origin::WRITTEN;
        if let Some(primary) = &mut found.primary {
            let place = self.place(frame, primary.span);
            origin = place.origin;
            primary.span = Span {
                origin: Origin::WRITTEN,
                ..place
            };
        }
        self.report_at(found, origin)
    }

    /// Reports something whose places are those of files.
    fn report_at(&mut self, found: Diagnostic, origin: Origin) -> Broken {
        let found = self.out.explain(found, origin);
        if !self.diagnostics.contains(&found) {
            self.diagnostics.push(found);
        }
        Broken
    }

    /// Writes tokens with what stands between them. `alias_at_end` says whether a table at their
    /// end gets an alias of its own.
    fn write(
        &mut self,
        frame: &Frame<'_>,
        tokens: &[&Token],
        range: Range<usize>,
        clauses: &mut Clauses,
        alias_at_end: bool,
    ) -> Written {
        let text = self.text(frame);
        let mut from = range.start;
        let mut index = 0;
        let mut written = Ok(());
        while index < tokens.len() {
            let token = tokens[index];
            if let Some(found) = self.call_at(text, tokens, index, clauses) {
                self.copy(frame, from..token.span.range().start);
                // The other calls are looked at as well.
                if self.call(frame, tokens, &found, alias_at_end).is_err() {
                    written = Err(Broken);
                }
                clauses.behind_call();
                let last = found.close.unwrap_or(tokens.len() - 1);
                from = tokens[last].span.range().end;
                index = last + 1;
                continue;
            }
            if let Frame::Body {
                definition, bound, ..
            } = frame
                && let Some(found) = definition.uses.get(&token.span.start)
                && let Some(bound) = bound.get(found.parameter)
            {
                self.copy(frame, from..token.span.range().start);
                let is_last = index + 1 == tokens.len();
                let form = match found.form {
                    Form::Table { .. } if is_last && !alias_at_end => Form::Table { aliased: true },
                    form => form,
                };
                let parameter = &definition.parameters[found.parameter].name.value;
                let place = self.place(frame, token.span);
                // `(x).field` is a field of a column, `x.field` may be a column of a table.
                let is_struct = tokens
                    .get(index + 1)
                    .is_some_and(|next| call::written(text, next) == ".");
                if is_struct {
                    self.out.push_made("(", place);
                }
                self.argument(bound, form, parameter, place)?;
                if is_struct {
                    self.out.push_made(")", place);
                }
                clauses.behind_call();
                from = token.span.range().end;
                index += 1;
                continue;
            }
            clauses.step(text, tokens, index);
            index += 1;
        }
        self.copy(frame, from..range.end);
        written
    }

    fn call_at(
        &self,
        text: &str,
        tokens: &[&Token],
        index: usize,
        clauses: &Clauses,
    ) -> Option<Call> {
        let pair = [**tokens.get(index)?, **tokens.get(index + 1)?];
        if !call::is_call(text, &pair) {
            return None;
        }
        self.library.find(call::name(text, pair[0]))?;
        call::call_at(text, tokens, index, clauses)
    }

    fn fits(&mut self, frame: &Frame<'_>, span: Span) -> Written {
        let message = if self.stopped {
            return Err(Broken);
        } else if self.level >= MAXIMUM_LEVELS {
            format!("more than {MAXIMUM_LEVELS} calls of macros stand within each other")
        } else if self.out.text().len() > MAXIMUM_BYTES {
            "the written-out text of this model has more than 4 MiB".to_owned()
        } else {
            return Ok(());
        };
        self.stopped = true;
        let error = Diagnostic::error(Code::ExpansionTooLarge, span, message);
        Err(self.report(frame, error))
    }

    fn call(
        &mut self,
        frame: &Frame<'_>,
        tokens: &[&Token],
        found: &Call,
        alias_at_end: bool,
    ) -> Written {
        let text = self.text(frame);
        let name_token = tokens[found.name];
        let name = call::name(text, *name_token);
        let Some(callee) = self.library.find(name) else {
            return Err(Broken);
        };
        self.fits(frame, name_token.span)?;
        let Some(close) = found.close else {
            let error = Diagnostic::error(
                Code::MacroCall,
                name_token.span,
                format!(
                    "a directive stands within this call of the macro `{name}`, or it isn't closed"
                ),
            )
            .hint("write the directive around the whole call");
            return Err(self.report(frame, error));
        };
        let behind = tokens.get(close + 1).copied();
        self.check_place(frame, name_token, found, &callee, behind)?;
        let arguments = call::arguments(text, tokens, found.name + 2..close);
        self.check_arguments(frame, tokens, &arguments, name_token)?;
        let call_span = name_token.span.to(tokens[close].span);
        let has_alias = match behind {
            Some(next) => is_alias(next.kind, written(text, next)),
            None => !alias_at_end,
        };
        self.level += 1;
        let written = match callee {
            Callee::Own(own) => self.own(frame, own, tokens, &arguments, call_span),
            Callee::BuiltIn(built_in) => {
                self.built_in(frame, built_in, tokens, &arguments, call_span)
            }
        };
        self.level -= 1;
        written?;
        if found.in_from && !has_alias {
            let place = self.place(frame, call_span);
            let alias = format!(" as {}", quote_identifier(name));
            self.out.push_made(&alias, place);
        }
        Ok(())
    }

    fn check_place(
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

    fn check_arguments(
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

    /// Writes a macro of the project.
    fn own<'m>(
        &mut self,
        frame: &Frame<'_>,
        own: &'m Macro,
        tokens: &[&Token],
        arguments: &[Argument],
        span: Span,
    ) -> Written {
        if own.broken {
            return Err(Broken);
        }
        let definition = self.overload(frame, own, tokens, arguments, span)?;
        let kind = ExpansionKind::Call {
            name: own.name.as_str().into(),
        };
        let place = self.place(frame, span);
        let origin = self.out.add(kind, place);
        let defaults = Frame::Body {
            definition,
            bound: &[],
            origin,
        };
        let text = self.text(frame);
        let value_of = |(index, parameter): (usize, &'m Parameter)| {
            let named = |argument: &&Argument| {
                let name = argument.name.map(|name| call::name(text, *tokens[name]));
                name.is_some_and(|name| same_name(name, &parameter.name.value))
            };
            let positional = arguments.get(index).filter(|found| found.name.is_none());
            let given = positional.or_else(|| arguments.iter().find(named));
            match (given, &parameter.default) {
                (Some(argument), _) => self.bound(frame, tokens[argument.tokens.clone()].to_vec()),
                (None, default) => self.bound(&defaults, default.iter().flatten().collect()),
            }
        };
        let bound: Vec<Bound<'_>> = definition
            .parameters
            .iter()
            .enumerate()
            .map(value_of)
            .collect();
        for (parameter, bound) in definition.parameters.iter().zip(&bound) {
            self.check_volatile(parameter, bound)?;
            self.check_capture(definition, parameter, bound)?;
        }
        let body = Frame::Body {
            definition,
            bound: &bound,
            origin,
        };
        let body_tokens: Vec<&Token> = definition.tokens.iter().collect();
        self.out.push_made("(", place);
        self.write(
            &body,
            &body_tokens,
            definition.body(),
            &mut Clauses::new(),
            true,
        )?;
        self.out.push_made(")", place);
        Ok(())
    }

    /// The definition for the arguments of a call: the one with the fewest parameters that takes
    /// them.
    fn overload<'m>(
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

    fn built_in(
        &mut self,
        frame: &Frame<'_>,
        built_in: BuiltIn,
        tokens: &[&Token],
        arguments: &[Argument],
        span: Span,
    ) -> Written {
        let text = self.text(frame);
        let ordered = match order_of(built_in, text, tokens, arguments, span) {
            Ok(ordered) => ordered,
            Err(error) => return Err(self.report(frame, error)),
        };
        let texts: Vec<&str> = ordered
            .iter()
            .map(|range| {
                let span = tokens[range.start].span.to(tokens[range.end - 1].span);
                text.get(span.range()).unwrap_or_default()
            })
            .collect();
        let pieces = match built_in.pieces(&texts) {
            Ok(pieces) => pieces,
            Err((index, message)) => {
                let span = tokens[ordered[index].start].span;
                let error = Diagnostic::error(Code::MacroArguments, span, message);
                return Err(self.report(frame, error));
            }
        };
        let place = self.place(frame, span);
        self.out.push_made("(", place);
        for piece in &pieces {
            match piece {
                BuiltInPiece::Text(text) => self.out.push_made(text, place),
                BuiltInPiece::Owned(text) => self.out.push_made(text, place),
                BuiltInPiece::Argument(index, form) => {
                    let bound = self.bound(frame, tokens[ordered[*index].clone()].to_vec());
                    self.argument(&bound, *form, "", place)?;
                }
            }
        }
        self.out.push_made(")", place);
        Ok(())
    }

    /// Writes what a parameter stands for.
    fn argument(&mut self, bound: &Bound<'_>, form: Form, parameter: &str, place: Span) -> Written {
        let (Some(first), Some(last)) = (bound.tokens.first(), bound.tokens.last()) else {
            return Ok(());
        };
        self.fits(bound.frame, first.span)?;
        let range = first.span.range().start..last.span.range().end;
        let text = self.text(bound.frame);
        let in_parentheses = written(text, first) == "("
            && written(text, last) == ")"
            && call::arguments(text, &bound.tokens, 1..bound.tokens.len() - 1).len() == 1
            && closes_at_end(text, &bound.tokens);
        let closed = form == Form::Value && bound.tokens.len() > 1 && !in_parentheses;
        if closed {
            self.out.push_made("(", place);
        }
        let mut clauses = match form {
            Form::Table { .. } => Clauses::at_table(),
            Form::Value | Form::Plain => Clauses::new(),
        };
        self.write(bound.frame, &bound.tokens, range, &mut clauses, false)?;
        if closed {
            self.out.push_made(")", place);
        }
        if form == (Form::Table { aliased: false }) {
            let alias = format!(" as {}", quote_identifier(parameter));
            self.out.push_made(&alias, place);
        }
        Ok(())
    }

    fn check_volatile(&mut self, parameter: &Parameter, bound: &Bound<'_>) -> Written {
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
    fn bound<'f>(&self, frame: &'f Frame<'f>, tokens: Vec<&'f Token>) -> Bound<'f> {
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

    fn calls_volatile_macro(&self, text: &str, tokens: &[&Token]) -> bool {
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
    fn check_capture(
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

/// Whether the parenthesis that opens tokens is closed by the last of them.
fn closes_at_end(text: &str, tokens: &[&Token]) -> bool {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        match written(text, token) {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return index + 1 == tokens.len();
        }
    }
    false
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
fn order_of(
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

//! Calls → text.
//!
//! No name of an argument may change its meaning in the macro: where a parameter stands in a query
//! of a scalar macro, an argument must name its columns with their tables; a lambda's parameter
//! or a common table expression of the macro must not occur in an argument. An argument of a
//! table macro that isn't a relation means what it means at its place, as in DuckDB.

use super::built_in::{BuiltIn, Piece as BuiltInPiece};
use super::call::{self, Argument, Call, Clauses, written};
use super::check::NameUse;
use super::definition::{Definition, Form, Parameter};
use super::overload::order_of;
use super::{Callee, Library, Macro, Piece, pieces};
use crate::diagnostic::{Code, Diagnostic};
use crate::directives::DirectiveTree;
use crate::expand::text::{Expanded, ExpansionKind};
use crate::expand::{MAXIMUM_BYTES, MAXIMUM_LEVELS, REPORTED};
use crate::name::same_name;
use crate::parse::is_alias;
use crate::span::{FileId, Origin, Span};
use crate::sql_type::quote_identifier;
use crate::token::Token;
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
pub(super) struct Broken;

pub(super) type Written = Result<(), Broken>;

/// A text that is written, and what its parameters stand for.
pub(super) enum Frame<'f> {
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
pub(super) struct Bound<'f> {
    pub(super) frame: &'f Frame<'f>,
    pub(super) tokens: Vec<&'f Token>,
    /// Whether each evaluation may give another value.
    pub(super) volatile: bool,
    /// The names in it, and in what parameters in it stand for.
    pub(super) names: Vec<NameUse>,
}

pub(super) struct Writer<'w> {
    pub(super) library: &'w Library,
    caller: Caller<'w>,
    out: Expanded,
    diagnostics: Vec<Diagnostic>,
    level: usize,
    /// Whether a bound was exceeded, so that nothing more is written.
    stopped: bool,
}

impl<'w> Writer<'w> {
    pub(super) fn text<'f>(&self, frame: &Frame<'f>) -> &'f str
    where
        'w: 'f,
    {
        match frame {
            Frame::Text => self.caller.text,
            Frame::Body { definition, .. } => &definition.text,
        }
    }

    /// Where a span of a frame was written, with its expansion.
    pub(super) fn place(&self, frame: &Frame<'_>, span: Span) -> Span {
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

    pub(super) fn report(&mut self, frame: &Frame<'_>, found: Diagnostic) -> Broken {
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
    pub(super) fn report_at(&mut self, found: Diagnostic, origin: Origin) -> Broken {
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

//! `${x}`: where it stands in a text, and what is written there.
//!
//! In SQL the value is written as it is, and a column's name in quotes where it needs them and
//! stands alone; within `'…'` and `"…"` quotes in the value are doubled. Comments and dollar
//! quotes are left alone.

use super::list::Element;
use super::text::Expanded;
use super::unfold::Binding;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::span::{FileId, Origin, Span};
use crate::token::{Token, TokenKind};
use std::ops::Range;

/// What a name stands for: the innermost one of that name.
pub(super) fn find<'b>(name: &str, bindings: &'b [Binding]) -> Option<&'b Element> {
    let found = bindings.iter().rev().find(|(known, _)| known == name);
    found.map(|(_, element)| element)
}

/// What is said of a name that stands for nothing.
pub(super) fn unknown(name: &str, span: Span, bindings: &[Binding]) -> Diagnostic {
    let error = Diagnostic::error(
        Code::UnknownLoopVariable,
        span,
        format!("`{name}` is no variable of a loop around and no argument of the `#include`"),
    );
    match nearest(name, bindings.iter().map(|(known, _)| known.as_str())) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None if bindings.is_empty() => error.hint(format!(
            "`#for {name} in …` gives it values up to its `#endfor`"
        )),
        None => error,
    }
}

/// Each `${name}` of a text: its bytes, and the name.
fn places(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    text.match_indices("${").filter_map(move |(start, _)| {
        let behind = &text[start + 2..];
        let length = behind.find('}')?;
        let name = behind[..length].trim();
        let mut letters = name.chars();
        let is_name = letters
            .next()
            .is_some_and(|c| c.is_alphabetic() || c == '_')
            && letters.all(|c| c.is_alphanumeric() || c == '_');
        is_name.then_some((start..start + 3 + length, name))
    })
}

/// The names that a text has places for.
pub(super) fn names(text: &str) -> Vec<String> {
    places(text).map(|(_, name)| name.to_owned()).collect()
}

/// A text with its names replaced.
///
/// # Errors
/// The first name that stands for nothing.
pub(super) fn text(text: &str, bindings: &[Binding]) -> Result<String, String> {
    let mut written = String::new();
    let mut from = 0;
    for (range, name) in places(text) {
        // Outside loops and fragments it is a text like any other.
        let element = match find(name, bindings) {
            Some(element) => element,
            None if bindings.is_empty() => continue,
            None => return Err(name.to_owned()),
        };
        written.push_str(&text[from..range.start]);
        written.push_str(&element.text);
        from = range.end;
    }
    written.push_str(&text[from..]);
    Ok(written)
}

/// Writes a range of a file's text, which begins and ends between tokens.
pub(super) fn piece(
    out: &mut Expanded,
    text: &str,
    range: Range<usize>,
    tokens: &[Token],
    (file, origin): (FileId, Origin),
    bindings: &[Binding],
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut from = range.start;
    let span = |range: Range<usize>| Span {
        origin,
        ..Span::new(file, range.start, range.end)
    };
    for (place, name) in places(&text[range.clone()]) {
        let place = place.start + range.start..place.end + range.start;
        let kind = kind_at(tokens, place.start);
        if matches!(kind, Some(TokenKind::Comment | TokenKind::DollarText)) {
            continue;
        }
        let quoted = matches!(kind, Some(TokenKind::Text | TokenKind::QuotedName));
        let Some(element) = find(name, bindings) else {
            // In a text outside every loop it may be meant as it is.
            if !(quoted && bindings.is_empty()) {
                found.push(unknown(
                    name,
                    Span::new(file, place.start, place.end),
                    bindings,
                ));
            }
            continue;
        };
        out.push(&text[from..place.start], span(from..place.start));
        let written = match kind {
            Some(TokenKind::Text) => escaped(element, tokens, text, place.start),
            Some(TokenKind::QuotedName) => element.text.replace('"', "\"\""),
            _ if is_glued(text, &place) => element.text.to_string(),
            _ => element.word(),
        };
        out.push_made(&written, span(place.clone()));
        from = place.end;
    }
    out.push(&text[from..range.end], span(from..range.end));
    found
}

/// Writes a directive's line. In a condition the names of loops stand for their literals.
pub(super) fn line(
    out: &mut Expanded,
    text: &str,
    range: Range<usize>,
    tokens: &[Token],
    (is_condition, file, origin): (bool, FileId, Origin),
    bindings: &[Binding],
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut from = range.start;
    for token in tokens {
        let here = token.span.range();
        let word = text.get(here.clone()).unwrap_or_default();
        let element =
            find(word, bindings).filter(|_| is_condition && token.kind == TokenKind::Word);
        if let Some(element) = element {
            found.extend(piece(
                out,
                text,
                from..here.start,
                tokens,
                (file, origin),
                bindings,
            ));
            let source = Span {
                origin,
                ..token.span
            };
            out.push_made(&element.literal(), source);
            from = here.end;
        }
    }
    found.extend(piece(
        out,
        text,
        from..range.end,
        tokens,
        (file, origin),
        bindings,
    ));
    found
}

/// The kind of the token that a byte lies in.
fn kind_at(tokens: &[Token], byte: usize) -> Option<TokenKind> {
    token_at(tokens, byte).map(|token| token.kind)
}

fn token_at(tokens: &[Token], byte: usize) -> Option<&Token> {
    let after = tokens.partition_point(|token| token.span.start as usize <= byte);
    let token = tokens.get(after.checked_sub(1)?)?;
    (byte < token.span.end as usize).then_some(token)
}

/// The value within a text: quotes are doubled, and backslashes where the text has them.
fn escaped(element: &Element, tokens: &[Token], text: &str, byte: usize) -> String {
    let doubled = element.text.replace('\'', "''");
    let has_escapes = token_at(tokens, byte)
        .and_then(|token| text.get(token.span.range()))
        .is_some_and(|written| written.starts_with(['e', 'E']));
    match has_escapes {
        true => doubled.replace('\\', "\\\\"),
        false => doubled,
    }
}

/// Whether a place is a part of a longer word.
fn is_glued(text: &str, place: &Range<usize>) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    text[..place.start].ends_with(|c: char| is_word(c) || matches!(c, '}' | ':'))
        || text[place.end..].starts_with(is_word)
}

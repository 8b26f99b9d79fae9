//! `@exposure` and `@uses`: what uses a project's relations, and which of their columns.

use super::config::ConfigValue;
use super::pragmas::Pragma;
use super::tokens::{Token, TokenKind, unquote};
use super::values;
use super::{ColumnUse, ExposureNote, Header};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::name::same_name;
use crate::span::{Span, Spanned};

/// What an exposure may be.
const TYPES: &[&str] = &[
    "dashboard",
    "report",
    "notebook",
    "analysis",
    "application",
    "ml",
    "export",
];

const KEYS: &[&str] = &["type", "owner", "url"];

/// Reads `@exposure: type='dashboard', owner='…', url='…'`.
pub(super) fn exposure(
    pragma: &Pragma<'_>,
    header: &mut Header,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if let Some(first) = &header.exposure {
        diagnostics.push(
            Diagnostic::error(
                Code::DuplicatePragma,
                pragma.name_span,
                "a file is one exposure",
            )
            .and_at(first.span, "said here first")
            .hint("remove one of them, or make another file of it"),
        );
        return;
    }
    let (pairs, fault) = values::pairs(pragma);
    let before = diagnostics.len();
    diagnostics.extend(fault);
    let mut note = ExposureNote {
        kind: None,
        owner: None,
        url: None,
        span: pragma.span,
    };
    for (key, value) in pairs {
        if let Err(finding) = take(&mut note, &key, value) {
            diagnostics.push(finding);
        }
    }
    if note.kind.is_none() && diagnostics.len() == before {
        let message = "the exposure doesn't say its `type`";
        diagnostics.push(
            pragma
                .malformed(pragma.name_span, message)
                .hint(format!("types are {}", listed(TYPES))),
        );
    }
    header.exposure = Some(note);
}

fn take(
    note: &mut ExposureNote,
    key: &Spanned<String>,
    value: Spanned<ConfigValue>,
) -> Result<(), Diagnostic> {
    let place = match key.value.as_str() {
        "type" => &mut note.kind,
        "owner" => &mut note.owner,
        "url" => &mut note.url,
        other => {
            let finding = Diagnostic::error(
                Code::UnknownConfigKey,
                key.span,
                format!("there is no key `{other}` of `@exposure`"),
            );
            return Err(match nearest(other, KEYS.iter().copied()) {
                Some(near) => finding.hint(format!("write `{near}`")).fix_name(
                    other,
                    key.span,
                    KEYS.iter().copied(),
                    str::to_owned,
                ),
                None => finding.hint(format!("there are {}", listed(KEYS))),
            });
        }
    };
    if let Some(first) = place {
        return Err(
            Diagnostic::error(Code::DuplicatePragma, key.span, "this key is set twice")
                .and_at(first.span, "set here first")
                .hint("remove one of them"),
        );
    }
    let invalid =
        |message: String| Diagnostic::error(Code::InvalidConfigValue, value.span, message);
    let text = match value.value {
        ConfigValue::Text(text) if !text.trim().is_empty() => text,
        _ => {
            return Err(invalid(format!(
                "`{}` takes a text that isn't blank",
                key.value
            )));
        }
    };
    if key.value == "type" && !TYPES.contains(&text.as_str()) {
        let finding = invalid(format!("`type` takes one of {}", listed(TYPES)));
        return Err(match nearest(&text, TYPES.iter().copied()) {
            Some(near) => finding.hint(format!("write `'{near}'`")).fix_name(
                &text,
                value.span,
                TYPES.iter().copied(),
                |near| format!("'{near}'"),
            ),
            None => finding,
        });
    }
    *place = Some(Spanned::new(text, value.span));
    Ok(())
}

/// Reads `@uses: alias.column, …`.
pub(super) fn uses(pragma: &Pragma<'_>, header: &mut Header, diagnostics: &mut Vec<Diagnostic>) {
    if pragma.tokens.is_empty() {
        diagnostics.push(pragma.malformed(pragma.end(), "the name of a column is missing"));
        return;
    }
    for element in pragma
        .tokens
        .split(|token| token.kind == TokenKind::Symbol(','))
    {
        let used = match read_use(pragma, element) {
            Ok(used) => used,
            Err(finding) => {
                diagnostics.push(finding);
                return;
            }
        };
        let same = |other: &&ColumnUse| {
            same_name(&other.alias.value, &used.alias.value)
                && same_name(&other.column.value, &used.column.value)
        };
        match header.uses.iter().find(same) {
            Some(first) => {
                let what = format!("`{}.{}`", used.alias.value, used.column.value);
                diagnostics.push(
                    Diagnostic::error(
                        Code::DuplicatePragma,
                        used.span(),
                        format!("{what} is named twice"),
                    )
                    .and_at(first.span(), "first here")
                    .hint("remove one of them"),
                );
            }
            None => header.uses.push(used),
        }
    }
}

fn read_use(pragma: &Pragma<'_>, element: &[Token]) -> Result<ColumnUse, Diagnostic> {
    let name = |token: &Token| {
        let text = pragma.text_of(*token);
        let value = match token.kind {
            TokenKind::Word => text.to_owned(),
            TokenKind::Quoted => unquote(text),
            _ => return None,
        };
        Some(Spanned::new(value, pragma.span_of(*token)))
    };
    if let [alias, dot, column] = element
        && dot.kind == TokenKind::Symbol('.')
        && let (Some(alias), Some(column)) = (name(alias), name(column))
    {
        return Ok(ColumnUse { alias, column });
    }
    let span = match (element.first(), element.last()) {
        (Some(first), Some(last)) => pragma.span_of(*first).to(pragma.span_of(*last)),
        _ => pragma.end(),
    };
    Err(pragma.malformed(span, "a used column is written `alias.column`"))
}

fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

/// What is missing in the header of a file in `exposures/`, and what is too much.
pub(super) fn whole(
    header: &Header,
    text: &str,
    place: impl Fn(usize, usize) -> Span,
    is_silent: bool,
) -> Option<Diagnostic> {
    let malformed = |span, message: &str| Diagnostic::error(Code::MalformedExposure, span, message);
    if header.has_body {
        let line = text[header.body_start..].lines().next().unwrap_or_default();
        let start = header.body_start + (line.len() - line.trim_start().len());
        let span = place(start, start + line.trim().len());
        return Some(
            malformed(span, "an exposure is a header without a query")
                .hint("it says what uses models: a query belongs in `models/`, where an exposure imports it"),
        );
    }
    let end = text.trim_end().len();
    if is_silent {
        return None;
    }
    if header.exposure.is_none() {
        return Some(
            malformed(
                place(end, end),
                "this file doesn't say what the exposure is",
            )
            .hint("write `-- @exposure: type='dashboard', owner='…', url='…'`"),
        );
    }
    if header.imports.is_empty() {
        return Some(
            malformed(place(end, end), "this exposure uses nothing")
                .hint("write `-- @import: models.folder.file` for each relation that it reads"),
        );
    }
    None
}

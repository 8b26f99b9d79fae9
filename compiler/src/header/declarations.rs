//! `@import`, `@column`, `@var` and `@description`.

use super::pragmas::Pragma;
use super::tokens::{Brackets, Token, TokenKind, is_identifier, unquote};
use super::{ColumnNote, Header, Import, VariableDeclaration, damage};
use crate::diagnostic::{Code, Diagnostic, Fix};
use crate::name::same_name;
use crate::span::{Span, Spanned};

/// What `:name` means already: the model's own table, and the bounds and clock of a batch.
const RESERVED: &[&str] = &[
    "this",
    "new",
    "start_ts",
    "end_ts",
    "start_date",
    "end_date",
    "execution_ts",
];

pub(super) fn description(
    pragma: &Pragma<'_>,
    header: &mut Header,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if pragma.rest.value.is_empty() {
        diagnostics.push(pragma.malformed(pragma.name_span, "the description is empty"));
        return;
    }
    header
        .description
        .push(Spanned::new(pragma.rest.value.to_owned(), pragma.rest.span));
}

pub(super) fn import(pragma: &Pragma<'_>, header: &mut Header, diagnostics: &mut Vec<Diagnostic>) {
    let import = match read_import(pragma) {
        Ok(import) => import,
        Err(finding) => {
            damage::note(pragma.name, pragma.rest.value, header);
            return diagnostics.push(finding);
        }
    };
    match taken(header, &import.alias) {
        Some(finding) => {
            damage::note(pragma.name, pragma.rest.value, header);
            diagnostics.push(finding);
        }
        None => header.imports.push(import),
    }
}

fn read_import(pragma: &Pragma<'_>) -> Result<Import, Diagnostic> {
    let rest = pragma.rest.value;
    let at = pragma.rest.span.start as usize;
    let piece = |text: &str, offset: usize| {
        let trimmed = text.trim();
        let start = at + offset + (text.len() - text.trim_start().len());
        Spanned::new(
            trimmed.to_owned(),
            Span::new(pragma.file, start, start + trimmed.len()),
        )
    };
    let (alias, path) = match rest.find('=') {
        Some(sign) => (
            Some(piece(&rest[..sign], 0)),
            piece(&rest[sign + 1..], sign + 1),
        ),
        None => (None, piece(rest, 0)),
    };
    let part_is_good = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_alphanumeric() || c == '_' || c == '-')
    };
    if path.value.is_empty() {
        return Err(pragma.malformed(path.span, "an import path is missing"));
    }
    // One that is only a name is looked for when all names are known.
    if !path.value.split('.').all(part_is_good) {
        let message = format!("`{}` isn't an import path", path.value);
        let finding = pragma.malformed(path.span, message);
        return Err(match as_path(&path.value) {
            Some(meant) => finding
                .hint(format!("write `{meant}`"))
                .fix(Fix::replace(path.span, meant)),
            None => finding,
        });
    }
    let alias = match alias {
        Some(alias) if is_identifier(&alias.value) => alias,
        Some(alias) => {
            let message = format!("`{}` can't be an alias", alias.value);
            return Err(pragma.malformed(alias.span, message));
        }
        None => alias_of(pragma, &path)?,
    };
    Ok(Import {
        alias,
        path,
        span: pragma.span,
    })
}

/// The import path of what is written as a file's path.
fn as_path(written: &str) -> Option<String> {
    let file = written.trim_start_matches("./");
    let stem = [".sql", ".csv", ".parquet"]
        .iter()
        .find_map(|ending| file.strip_suffix(ending))
        .unwrap_or(file);
    let parts: Vec<&str> = stem.split('/').collect();
    (parts.len() > 1 && parts.iter().all(|part| is_identifier(part))).then(|| parts.join("."))
}

/// The alias that a path gives when none is written: its last part.
fn alias_of(pragma: &Pragma<'_>, path: &Spanned<String>) -> Result<Spanned<String>, Diagnostic> {
    let last = path.value.rsplit('.').next().unwrap_or_default();
    if !is_identifier(last) {
        let message = format!("`{last}` can't be an alias, so that one has to be given");
        return Err(pragma.malformed(path.span, message));
    }
    let end = path.span.end as usize;
    let span = Span::new(pragma.file, end - last.len(), end);
    Ok(Spanned::new(last.to_owned(), span))
}

/// Why a name for `:name` can't be given again: it is reserved, an import's or a variable's.
fn taken(header: &Header, name: &Spanned<String>) -> Option<Diagnostic> {
    let same = |other: &str| same_name(other, &name.value);
    if RESERVED.iter().any(|reserved| same(reserved)) {
        return Some(
            Diagnostic::error(
                Code::MalformedPragma,
                name.span,
                format!("`:{}` has a meaning already", name.value),
            )
            .hint(match name.value.to_ascii_lowercase().as_str() {
                "start_ts" | "end_ts" | "start_date" | "end_date" => {
                    "it is the range of a batch in models with a `time_column`; \
                     for another value choose another name"
                }
                _ => "choose another name",
            }),
        );
    }
    let imports = header.imports.iter().map(|import| &import.alias);
    let variables = header.variables.iter().map(|variable| &variable.name);
    let first = imports.chain(variables).find(|other| same(&other.value))?;
    Some(twice(name, first.span, &format!("`:{}`", name.value)))
}

fn twice(name: &Spanned<String>, first: Span, what: &str) -> Diagnostic {
    Diagnostic::error(
        Code::DuplicatePragma,
        name.span,
        format!("{what} is declared twice"),
    )
    .saying("again here")
    .and_at(first, "first here")
    .hint("rename or remove one of them")
}

pub(super) fn variable(
    pragma: &Pragma<'_>,
    header: &mut Header,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let variable = match read_variable(pragma) {
        Ok(variable) => variable,
        Err(finding) => {
            damage::note(pragma.name, pragma.rest.value, header);
            return diagnostics.push(finding);
        }
    };
    match taken(header, &variable.name) {
        Some(finding) => {
            damage::note(pragma.name, pragma.rest.value, header);
            diagnostics.push(finding);
        }
        None => header.variables.push(variable),
    }
}

fn read_variable(pragma: &Pragma<'_>) -> Result<VariableDeclaration, Diagnostic> {
    let tokens = pragma.tokens.as_slice();
    let Some((first, rest)) = tokens.split_first() else {
        return Err(pragma.malformed(pragma.end(), "a name and a type are missing"));
    };
    if first.kind != TokenKind::Word || !is_identifier(pragma.text_of(*first)) {
        let message = format!(
            "`{}` can't be the name of a variable",
            pragma.text_of(*first)
        );
        return Err(pragma.malformed(pragma.span_of(*first), message));
    }
    let sign = outermost(rest)
        .find(|(_, token)| token.kind == TokenKind::Symbol('='))
        .map(|(index, _)| index);
    let (type_tokens, default_tokens) = match sign {
        Some(index) => (&rest[..index], Some(&rest[index + 1..])),
        None => (rest, None),
    };
    let Some(sql_type) = pragma.slice(type_tokens) else {
        let message = format!("`{}` has no type", pragma.text_of(*first));
        return Err(pragma.malformed(pragma.span_of(*first), message));
    };
    let default = match default_tokens.map(|tokens| pragma.slice(tokens)) {
        Some(None) => return Err(pragma.malformed(pragma.end(), "a default is missing after `=`")),
        Some(default) => default,
        None => None,
    };
    Ok(VariableDeclaration {
        name: Spanned::new(pragma.text_of(*first).to_owned(), pragma.span_of(*first)),
        sql_type,
        default,
        span: pragma.span,
    })
}

pub(super) fn column(pragma: &Pragma<'_>, header: &mut Header, diagnostics: &mut Vec<Diagnostic>) {
    let column = match read_column(pragma) {
        Ok(column) => column,
        Err(finding) => return diagnostics.push(finding),
    };
    let first = header
        .columns
        .iter()
        .find(|other| other.name.value.eq_ignore_ascii_case(&column.name.value));
    match first {
        Some(first) => {
            let what = format!("the column `{}`", column.name.value);
            diagnostics.push(twice(&column.name, first.name.span, &what));
        }
        None => header.columns.push(column),
    }
}

fn read_column(pragma: &Pragma<'_>) -> Result<ColumnNote, Diagnostic> {
    let tokens = pragma.tokens.as_slice();
    let Some((first, rest)) = tokens.split_first() else {
        return Err(pragma.malformed(pragma.end(), "the name of a column is missing"));
    };
    let name = match first.kind {
        TokenKind::Word => pragma.text_of(*first).to_owned(),
        TokenKind::Quoted => unquote(pragma.text_of(*first)),
        _ => {
            let message = "a column's name is a word, or stands in double quotes";
            return Err(pragma.malformed(pragma.span_of(*first), message));
        }
    };
    misplaced_text(pragma, rest)?;
    let (rest, description) = match rest.split_last() {
        Some((last, before)) if last.kind == TokenKind::Quoted => {
            let text = unquote(pragma.text_of(*last));
            (before, Some(Spanned::new(text, pragma.span_of(*last))))
        }
        _ => (rest, None),
    };
    let flags_start = outermost(rest)
        .find(|(index, token)| is_flag(pragma, *token, rest.get(index + 1)))
        .map_or(rest.len(), |(index, _)| index);
    let not_null = read_flags(pragma, &rest[flags_start..])?;
    let type_tokens = &rest[..flags_start];
    if let Some(bad) = type_tokens
        .first()
        .filter(|token| !matches!(token.kind, TokenKind::Word | TokenKind::Quoted))
    {
        let message = format!("`{}` can't begin a type", pragma.text_of(*bad));
        return Err(pragma.malformed(pragma.span_of(*bad), message));
    }
    Ok(ColumnNote {
        name: Spanned::new(name, pragma.span_of(*first)),
        sql_type: pragma.slice(type_tokens),
        not_null,
        description,
        span: pragma.span,
    })
}

/// A description in the wrong quotes, or with something behind it.
fn misplaced_text(pragma: &Pragma<'_>, rest: &[Token]) -> Result<(), Diagnostic> {
    let outside: Vec<Token> = outermost(rest).map(|(_, token)| token).collect();
    if let Some(text) = outside.iter().find(|token| token.kind == TokenKind::Text) {
        let inner = unquote(pragma.text_of(*text)).replace('"', "\"\"");
        let span = pragma.span_of(*text);
        return Err(Diagnostic::error(
            Code::MalformedPragma,
            span,
            "a text stands in double quotes",
        )
        .hint(format!("write `\"{inner}\"`"))
        .fix(Fix::replace(span, format!("\"{inner}\""))));
    }
    // The first may be the name of a type.
    let behind = (outside.iter().enumerate().skip(1))
        .find(|(index, token)| token.kind == TokenKind::Quoted && index + 1 < outside.len());
    match behind {
        Some((index, _)) => {
            let message = format!(
                "`{}` stands behind the text",
                pragma.text_of(outside[index + 1])
            );
            Err(pragma.malformed(pragma.span_of(outside[index + 1]), message))
        }
        None => Ok(()),
    }
}

fn is_flag(pragma: &Pragma<'_>, token: Token, next: Option<&Token>) -> bool {
    let is = |token: Token, word: &str| pragma.text_of(token).eq_ignore_ascii_case(word);
    is(token, "sensitive") || is(token, "not") && next.is_some_and(|next| is(*next, "null"))
}

/// Reads `not null` and `sensitive`, in any order.
fn read_flags(pragma: &Pragma<'_>, mut tokens: &[Token]) -> Result<Option<Span>, Diagnostic> {
    let mut not_null = None;
    while let Some((first, rest)) = tokens.split_first() {
        if !is_flag(pragma, *first, rest.first()) {
            let message = format!("`{}` isn't expected here", pragma.text_of(*first));
            return Err(pragma.malformed(pragma.span_of(*first), message));
        }
        if pragma.text_of(*first).eq_ignore_ascii_case("sensitive") {
            return Err(Diagnostic::error(
                Code::NotBuiltYet,
                pragma.span_of(*first),
                "`sensitive` isn't built yet",
            )
            .hint("leave the word out"));
        }
        not_null = Some(pragma.span_of(*first).to(pragma.span_of(rest[0])));
        tokens = &rest[1..];
    }
    Ok(not_null)
}

/// The tokens outside all brackets, with their indexes.
fn outermost(tokens: &[Token]) -> impl Iterator<Item = (usize, Token)> {
    let mut open = Brackets::default();
    tokens
        .iter()
        .copied()
        .enumerate()
        .filter(move |(_, token)| {
            let outside = open.count() == 0;
            // The brackets of a pragma that is read are known to be balanced.
            let _ = open.take(*token);
            outside
        })
}

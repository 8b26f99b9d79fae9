//! Reads `@audit` and `@param`.

use super::{AuditArgument, AuditNote, AuditValue, ParameterKind, ParameterNote, Threshold};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::header::config::ConfigValue;
use crate::header::pragmas::Pragma;
use crate::header::tokens::{Brackets, Token, TokenKind, is_identifier, outermost_parts, unquote};
use crate::header::values::{self, Pair};
use crate::header::words::Severity;
use crate::header::{Header, damage};
use crate::name::same_name;
use crate::span::{Span, Spanned};

const KEYS: &[&str] = &["severity", "where", "warn_if", "error_if", "store_failures"];

/// Reads `@audit`.
pub(in crate::header) fn audit(
    pragma: &Pragma<'_>,
    header: &mut Header,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let before = diagnostics.len();
    match read_audit(pragma, diagnostics) {
        Ok(note) if diagnostics.len() == before => {
            // The same is looked at twice for nothing.
            let same = |other: &&AuditNote| {
                other.call.value == note.call.value && other.filter == note.filter
            };
            if let Some(first) = header.audits.iter().find(same) {
                diagnostics.push(
                    Diagnostic::error(
                        Code::DuplicatePragma,
                        note.call.span,
                        format!("the audit `{}` is there twice", note.call.value),
                    )
                    .and_at(first.call.span, "first here")
                    .hint("remove one of them"),
                );
            }
            header.audits.push(note);
        }
        Ok(_) => damage::note(pragma.name, pragma.rest.value, header),
        Err(finding) => {
            damage::note(pragma.name, pragma.rest.value, header);
            diagnostics.push(finding);
        }
    }
}

fn read_audit(
    pragma: &Pragma<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<AuditNote, Diagnostic> {
    let tokens = pragma.tokens.as_slice();
    let Some(first) = tokens.first() else {
        return Err(pragma.malformed(pragma.end(), "the name of an audit is missing"));
    };
    let name = pragma.text_of(*first);
    if first.kind != TokenKind::Word || !is_identifier(name) {
        let message = format!("`{name}` can't be the name of an audit");
        return Err(pragma.malformed(pragma.span_of(*first), message));
    }
    let name = Spanned::new(name.to_owned(), pragma.span_of(*first));
    let Some(close) = closing(tokens) else {
        let message = format!("`{}` has no parentheses behind it", name.value);
        return Err(pragma.malformed(name.span, message));
    };
    let call = pragma.slice(&tokens[..=close]);
    let call = call.unwrap_or_else(|| name.clone());
    let mut note = AuditNote {
        arguments: arguments(pragma, &tokens[2..close])?,
        name,
        call,
        severity: None,
        filter: None,
        warn_if: None,
        error_if: None,
        store_failures: false,
        span: pragma.span,
    };
    let behind = match tokens.get(close + 1) {
        None => return Ok(note),
        Some(token) if token.kind == TokenKind::Symbol(',') => close + 2,
        Some(token) => {
            let message = "a comma stands behind the parentheses";
            return Err(pragma.malformed(pragma.span_of(*token), message));
        }
    };
    let (pairs, fault) = values::pairs_from(pragma, behind);
    diagnostics.extend(fault);
    let mut seen: Vec<Spanned<String>> = Vec::new();
    for pair in pairs {
        if let Err(finding) = take(&mut note, pair, &mut seen) {
            diagnostics.push(finding);
        }
    }
    diagnostics.extend(idle_threshold(&note));
    Ok(note)
}

/// The index of the parenthesis that closes the one behind the name.
fn closing(tokens: &[Token]) -> Option<usize> {
    tokens
        .get(1)
        .filter(|token| token.kind == TokenKind::Symbol('('))?;
    let mut open = Brackets::default();
    for (index, token) in tokens.iter().enumerate().skip(1) {
        open.take(*token).ok()?;
        if open.count() == 0 {
            return Some(index);
        }
    }
    None
}

/// A threshold that changes nothing, as another one is reached before.
fn idle_threshold(note: &AuditNote) -> Option<Diagnostic> {
    let is_warning = note
        .severity
        .as_ref()
        .is_some_and(|severity| severity.value == Severity::Warn);
    let idle = |span: Span, message: &str| {
        Diagnostic::error(Code::InvalidConfigValue, span, message.to_owned())
    };
    match (&note.warn_if, &note.error_if) {
        (_, Some(error_if)) if is_warning => Some(
            idle(
                error_if.span,
                "`error_if` means nothing with `severity='warn'`",
            )
            .hint("leave one of them out"),
        ),
        (Some(warn_if), None) if !is_warning => Some(
            idle(
                warn_if.span,
                "with `warn_if` alone, every failing row is an error already",
            )
            .hint("add `error_if`, or `severity='warn'`"),
        ),
        _ => None,
    }
}

fn take(
    note: &mut AuditNote,
    (key, value): Pair,
    seen: &mut Vec<Spanned<String>>,
) -> Result<(), Diagnostic> {
    if !KEYS.contains(&key.value.as_str()) {
        let message = format!("there is no key `{}` of `@audit`", key.value);
        let finding = Diagnostic::error(Code::UnknownConfigKey, key.span, message);
        return Err(match nearest(&key.value, KEYS.iter().copied()) {
            Some(near) => finding.hint(format!("write `{near}`")).fix_name(
                &key.value,
                key.span,
                KEYS.iter().copied(),
                str::to_owned,
            ),
            None => finding.hint(format!("there are {}", listed(KEYS))),
        });
    }
    if let Some(first) = seen.iter().find(|first| first.value == key.value) {
        return Err(
            Diagnostic::error(Code::DuplicatePragma, key.span, "this key is set twice")
                .and_at(first.span, "set here first")
                .hint("remove one of them"),
        );
    }
    seen.push(key.clone());
    match key.value.as_str() {
        "severity" => note.severity = Some(severity(value)?),
        "where" => note.filter = Some(condition(value)?),
        "warn_if" => note.warn_if = Some(threshold(&key, value)?),
        "error_if" => note.error_if = Some(threshold(&key, value)?),
        _ => note.store_failures = boolean(&key, &value)?,
    }
    Ok(())
}

fn invalid(key: &str, value: &Spanned<ConfigValue>, wanted: &str) -> Diagnostic {
    let message = format!("`{key}` takes {wanted}");
    let finding = Diagnostic::error(Code::InvalidConfigValue, value.span, message);
    match &value.value {
        ConfigValue::Text(_) => finding,
        other => finding.saying(format!("this is {}", other.what())),
    }
}

fn severity(value: Spanned<ConfigValue>) -> Result<Spanned<Severity>, Diagnostic> {
    let refusal = || invalid("severity", &value, "`'error'` or `'warn'`");
    let ConfigValue::Text(text) = &value.value else {
        return Err(refusal());
    };
    match Severity::from_word(text) {
        Some(severity) => Ok(Spanned::new(severity, value.span)),
        None => {
            let words = || Severity::WORDS.iter().copied();
            Err(match nearest(text, words()) {
                Some(near) => refusal().hint(format!("write `'{near}'`")).fix_name(
                    text,
                    value.span,
                    words(),
                    |near| format!("'{near}'"),
                ),
                None => refusal(),
            })
        }
    }
}

fn condition(value: Spanned<ConfigValue>) -> Result<Spanned<String>, Diagnostic> {
    match &value.value {
        ConfigValue::Text(text) if !text.trim().is_empty() => {
            Ok(Spanned::new(text.clone(), value.span))
        }
        _ => Err(invalid("where", &value, "a condition in single quotes")),
    }
}

fn threshold(
    key: &Spanned<String>,
    value: Spanned<ConfigValue>,
) -> Result<Spanned<Threshold>, Diagnostic> {
    let read = match &value.value {
        ConfigValue::Text(text) => Threshold::parse(text),
        _ => None,
    };
    read.map(|threshold| Spanned::new(threshold, value.span))
        .ok_or_else(|| {
            let wanted = "a comparison with the number of failing rows, such as `'> 10'`";
            invalid(&key.value, &value, wanted)
        })
}

fn boolean(key: &Spanned<String>, value: &Spanned<ConfigValue>) -> Result<bool, Diagnostic> {
    match value.value {
        ConfigValue::Bool(value) => Ok(value),
        _ => Err(invalid(&key.value, value, "`true` or `false`")),
    }
}

/// What stands between the parentheses of a call.
fn arguments(pragma: &Pragma<'_>, tokens: &[Token]) -> Result<Vec<AuditArgument>, Diagnostic> {
    if tokens.is_empty() {
        return Ok(Vec::new());
    }
    outermost_parts(tokens)
        .into_iter()
        .map(|tokens| argument(pragma, tokens))
        .collect()
}

fn argument(pragma: &Pragma<'_>, tokens: &[Token]) -> Result<AuditArgument, Diagnostic> {
    let (name, rest) = match tokens {
        [name, colon, sign, rest @ ..]
            if name.kind == TokenKind::Word
                && colon.kind == TokenKind::Symbol(':')
                && sign.kind == TokenKind::Symbol('=')
                && sign.start == colon.end =>
        {
            let text = pragma.text_of(*name).to_owned();
            (Some(Spanned::new(text, pragma.span_of(*name))), rest)
        }
        _ => (None, tokens),
    };
    let place = match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => pragma.span_of(*first).to(pragma.span_of(*last)),
        _ => pragma.end(),
    };
    let value = value(pragma, rest)
        .ok_or_else(|| pragma.malformed(place, "an argument is missing between the commas"))?;
    Ok(AuditArgument {
        name,
        value,
        span: place,
    })
}

/// What tokens are by their shape; `None` without any.
fn value(pragma: &Pragma<'_>, tokens: &[Token]) -> Option<AuditValue> {
    let is = |token: &Token, symbol: char| token.kind == TokenKind::Symbol(symbol);
    match tokens {
        [colon, word] if is(colon, ':') && is_name(pragma, word) && word.start == colon.end => {
            Some(AuditValue::Reference(reference(pragma, *colon, *word)))
        }
        [colon, word, dot, column]
            if is(colon, ':')
                && is_name(pragma, word)
                && word.start == colon.end
                && is(dot, '.')
                && (column.kind == TokenKind::Quoted || is_name(pragma, column)) =>
        {
            Some(AuditValue::Column {
                relation: Some(reference(pragma, *colon, *word)),
                name: column_name(pragma, *column),
            })
        }
        [only] if only.kind == TokenKind::Quoted || is_column(pragma, only) => {
            Some(AuditValue::Column {
                relation: None,
                name: column_name(pragma, *only),
            })
        }
        [open, elements @ .., close] if is(open, '[') && is(close, ']') => {
            if elements.is_empty() {
                return Some(AuditValue::List(Vec::new()));
            }
            let elements = outermost_parts(elements);
            let written = |tokens: &[Token]| {
                let nothing = || Spanned::new(String::new(), pragma.span_of(*close).before());
                pragma.slice(tokens).unwrap_or_else(nothing)
            };
            Some(AuditValue::List(
                elements.into_iter().map(written).collect(),
            ))
        }
        _ => pragma.slice(tokens).map(AuditValue::Literal),
    }
}

fn is_name(pragma: &Pragma<'_>, token: &Token) -> bool {
    token.kind == TokenKind::Word && is_identifier(pragma.text_of(*token))
}

/// Whether a word is a name, and no literal.
fn is_column(pragma: &Pragma<'_>, token: &Token) -> bool {
    let literals = ["true", "false", "null"];
    let text = pragma.text_of(*token);
    is_name(pragma, token) && !literals.iter().any(|word| word.eq_ignore_ascii_case(text))
}

fn reference(pragma: &Pragma<'_>, colon: Token, word: Token) -> Spanned<String> {
    let span = pragma.span_of(colon).to(pragma.span_of(word));
    Spanned::new(pragma.text_of(word).to_owned(), span)
}

fn column_name(pragma: &Pragma<'_>, token: Token) -> Spanned<String> {
    let text = pragma.text_of(token);
    let name = match token.kind {
        TokenKind::Quoted => unquote(text),
        _ => text.to_owned(),
    };
    Spanned::new(name, pragma.span_of(token))
}

/// Reads `@param`.
pub(in crate::header) fn parameter(
    pragma: &Pragma<'_>,
    header: &mut Header,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let parameter = match read_parameter(pragma) {
        Ok(parameter) => parameter,
        Err(finding) => return diagnostics.push(finding),
    };
    let name = &parameter.name;
    let parameters = header.parameters.iter().map(|parameter| &parameter.name);
    let imports = header.imports.iter().map(|import| &import.alias);
    let first = parameters
        .chain(imports)
        .find(|other| same_name(&other.value, &name.value));
    if name.value.eq_ignore_ascii_case("this") {
        diagnostics.push(
            pragma
                .malformed(
                    name.span,
                    "`:this` is what is audited, and no name for a parameter",
                )
                .hint("choose another name"),
        );
    } else if let Some(first) = first {
        let message = format!("`:{}` is declared twice", name.value);
        diagnostics.push(
            Diagnostic::error(Code::DuplicatePragma, name.span, message)
                .and_at(first.span, "first here")
                .hint("rename or remove one of them"),
        );
    } else {
        header.parameters.push(parameter);
    }
}

fn read_parameter(pragma: &Pragma<'_>) -> Result<ParameterNote, Diagnostic> {
    let tokens = pragma.tokens.as_slice();
    let Some((first, rest)) = tokens.split_first() else {
        return Err(pragma.malformed(pragma.end(), "a name and what it takes are missing"));
    };
    let name = pragma.text_of(*first);
    if !is_name(pragma, first) {
        let message = format!("`{name}` can't be the name of a parameter");
        return Err(pragma.malformed(pragma.span_of(*first), message));
    }
    let sign = rest
        .iter()
        .position(|token| token.kind == TokenKind::Symbol('='));
    let (kind, default) = match sign {
        Some(index) => (&rest[..index], Some(&rest[index + 1..])),
        None => (rest, None),
    };
    let Some(written) = pragma.slice(kind) else {
        let message = format!("what `{name}` takes is missing");
        return Err(pragma.malformed(pragma.span_of(*first), message));
    };
    let kind = match written.value.to_ascii_lowercase().as_str() {
        "column" => ParameterKind::Column,
        "relation" => ParameterKind::Relation,
        _ => ParameterKind::Value(written),
    };
    let default = match default.map(|tokens| value(pragma, tokens)) {
        Some(None) => return Err(pragma.malformed(pragma.end(), "a default is missing after `=`")),
        Some(default) => default,
        None => None,
    };
    match (&kind, &default) {
        (_, None)
        | (ParameterKind::Value(_), Some(AuditValue::Literal(_) | AuditValue::List(_))) => {}
        (ParameterKind::Value(_), Some(_)) => {
            let message = "the default of a value is a literal, or a list of literals";
            return Err(pragma.malformed(pragma.end(), message));
        }
        (_, Some(_)) => {
            let message = "a column or a relation has no default: each model has its own";
            return Err(pragma.malformed(pragma.end(), message));
        }
    }
    Ok(ParameterNote {
        name: Spanned::new(name.to_owned(), pragma.span_of(*first)),
        kind,
        default,
        span: pragma.span,
    })
}

fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

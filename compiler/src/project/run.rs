//! `[run]`, `[retention]` and `[dev]`.

use super::table::{Entry, Reader};
use super::{Development, Retention, Run};
use crate::diagnostic::{Code, Diagnostic};
use crate::lexer::lex;
use crate::span::Spanned;
use crate::token::TokenKind;
use toml::de::DeValue;

/// The first words of statements that begin or end a transaction.
const TRANSACTIONS: &[&str] = &[
    "abort",
    "begin",
    "checkpoint",
    "commit",
    "end",
    "rollback",
    "start",
];

/// Reads `[run]`.
pub(super) fn run(reader: &mut Reader, section: &Entry<'_>) -> Run {
    const KEYS: &[&str] = &["workers", "before", "after", "lease", "publish_timeout"];
    let mut run = Run::default();
    for entry in reader.table(section) {
        match entry.key.value.as_str() {
            "workers" => run.workers = workers(reader, &entry),
            "before" => run.before = statements(reader, &entry),
            "after" => run.after = statements(reader, &entry),
            "lease" => run.lease = reader.duration(&entry),
            "publish_timeout" => run.publish_timeout = reader.duration(&entry),
            _ => reader.unknown(&entry, "run", KEYS),
        }
    }
    run
}

/// Reads `[retention]`.
pub(super) fn retention(reader: &mut Reader, section: &Entry<'_>) -> Retention {
    const KEYS: &[&str] = &["versions", "history"];
    let mut retention = Retention::default();
    for entry in reader.table(section) {
        match entry.key.value.as_str() {
            "versions" => retention.versions = reader.duration(&entry),
            "history" => retention.history = reader.duration(&entry),
            _ => reader.unknown(&entry, "retention", KEYS),
        }
    }
    retention
}

/// Reads `[dev]`.
pub(super) fn development(reader: &mut Reader, section: &Entry<'_>) -> Development {
    let mut development = Development::default();
    for entry in reader.table(section) {
        match entry.key.value.as_str() {
            "auto_rows" => {
                let Some(number) = reader.integer(&entry) else {
                    continue;
                };
                match u64::try_from(number) {
                    Ok(rows) => development.auto_rows = rows,
                    Err(_) => {
                        let message = "`auto_rows` takes a whole number from 0 on";
                        reader.invalid(entry.span, message);
                    }
                }
            }
            _ => reader.unknown(&entry, "dev", &["auto_rows"]),
        }
    }
    development
}

fn workers(reader: &mut Reader, entry: &Entry<'_>) -> Option<u32> {
    let number = reader.integer(entry)?;
    let workers = u32::try_from(number).ok().filter(|workers| *workers > 0);
    if workers.is_none() {
        reader.invalid(entry.span, "`workers` takes a whole number from 1 on");
    }
    workers
}

/// A list of statements; a single one may stand alone.
fn statements(reader: &mut Reader, entry: &Entry<'_>) -> Vec<Spanned<String>> {
    let texts = match entry.value {
        DeValue::String(text) => vec![Spanned::new(text.to_string(), entry.span)],
        DeValue::Array(items) => {
            let mut texts = Vec::new();
            for item in items {
                let span = reader.span(item.span());
                match item.get_ref() {
                    DeValue::String(text) => texts.push(Spanned::new(text.to_string(), span)),
                    _ => {
                        let message = format!("the list of `{}` holds texts only", entry.key.value);
                        reader.invalid(span, message);
                    }
                }
            }
            texts
        }
        _ => {
            reader.mistyped(entry, "a list of SQL statements");
            Vec::new()
        }
    };
    for text in &texts {
        if let Some((message, hint)) = fault(&text.value) {
            let finding = Diagnostic::error(Code::InvalidSetting, text.span, message);
            reader.diagnostics.push(finding.hint(hint));
        }
    }
    texts
}

/// Why a text isn't one statement that can share a transaction, and what to do.
fn fault(text: &str) -> Option<(String, String)> {
    let no_file = crate::span::FileId(0);
    let (mut tokens, found) = lex(no_file, text, 0..text.len());
    if let Some(finding) = found.first() {
        return Some((
            format!("this statement can't be read: {}", finding.message),
            "close what is open in it".to_owned(),
        ));
    }
    tokens.retain(|token| token.kind != TokenKind::Comment);
    let written = |index: usize| {
        let token = tokens.get(index)?;
        Some(text.get(token.span.range()).unwrap_or_default())
    };
    let Some(first) = written(0).filter(|first| *first != ";") else {
        return Some((
            "there is no statement in this text".to_owned(),
            "remove it".to_owned(),
        ));
    };
    let end = (0..tokens.len()).find(|index| written(*index) == Some(";"));
    if end.is_some_and(|end| end + 1 < tokens.len()) {
        return Some((
            "there are several statements in this text".to_owned(),
            "write a list with one statement in each text".to_owned(),
        ));
    }
    let word = first.to_lowercase();
    TRANSACTIONS.contains(&word.as_str()).then(|| {
        (
            format!("`{word}` can't stand in the transaction that these statements share"),
            "leave it out: they are committed together".to_owned(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn a_text_is_one_statement_that_begins_and_ends_no_transaction() {
        for good in [
            "set threads = 4",
            "insert into log values ('a; b') -- ; c",
            "load spatial;",
            "/* begin */ analyze",
        ] {
            assert_eq!(fault(good), None, "{good}");
        }
        for bad in [
            "",
            " -- nothing",
            ";",
            "select 1; select 2",
            "COMMIT",
            "begin transaction",
            "select 'a",
        ] {
            assert!(fault(bad).is_some(), "{bad}");
        }
    }
}

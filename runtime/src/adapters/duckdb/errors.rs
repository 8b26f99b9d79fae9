//! DuckDB's errors, sorted into classes.
//!
//! With the setting `errors_as_json` an error is a JSON object with the exception's type, its
//! message and, for some, the byte that it points to; without it, which is so before a session is
//! set up and for some errors of the commit, the text begins with the type: `Binder Error: …`.
//! The parser's errors have both: `Parser Error: {…}`.

use serde::Deserialize;

use super::wording::in_short;
use crate::adapters::error::{EngineError, ErrorClass};

#[derive(Deserialize)]
struct JsonError {
    exception_type: String,
    exception_message: String,
    #[serde(default)]
    position: Option<String>,
}

/// Turns the driver's error into ours.
pub(super) fn engine_error(error: &::duckdb::Error, statement: &str) -> EngineError {
    let text = match error {
        ::duckdb::Error::DuckDBFailure(_, Some(text)) => text.clone(),
        other => other.to_string(),
    };
    from_text(&text).with_statement(statement)
}

fn from_text(text: &str) -> EngineError {
    let object = match text.find('{') {
        Some(start) if text[..start].is_empty() || text[..start].ends_with(" Error: ") => {
            &text[start..]
        }
        _ => text,
    };
    let (kind, message, position) = match serde_json::from_str::<JsonError>(object) {
        Ok(error) => {
            let position = error.position.and_then(|position| position.parse().ok());
            (error.exception_type, error.exception_message, position)
        }
        Err(_) => {
            let (kind, message) = split_kind(text);
            (kind.to_owned(), message.to_owned(), None)
        }
    };
    EngineError {
        class: classify(&kind, &message),
        message: in_short(message.trim()),
        statement: String::new(),
        position,
        engine_text: text.to_owned(),
    }
}

/// `Binder Error: no such column` → (`Binder`, `no such column`).
fn split_kind(text: &str) -> (&str, &str) {
    match text.split_once(" Error: ") {
        Some((kind, message)) if kind.len() < 40 && !kind.contains('\n') => (kind, message),
        _ => ("", text),
    }
}

fn classify(kind: &str, message: &str) -> ErrorClass {
    if let Some(class) = by_message(message) {
        return class;
    }
    match kind {
        "INTERRUPT" => ErrorClass::Interrupted,
        "TransactionContext" | "TransactionContext " | "Serialization" => transaction(message),
        "Constraint" => ErrorClass::Constraint,
        "Conversion" | "Out of Range" | "Decimal" | "Mismatch Type" | "Divide by Zero"
        | "Invalid Input" | "Invalid type" => ErrorClass::Data,
        "Parser" | "Syntax" | "Binder" | "Parameter Not Resolved" | "Not implemented" => {
            ErrorClass::Binder
        }
        "Catalog" | "Dependency" => ErrorClass::Catalog,
        "Out of Memory" => ErrorClass::OutOfMemory,
        "IO" | "HTTP" => ErrorClass::Io,
        "FATAL" | "INTERNAL" | "Connection" => ErrorClass::Lost,
        "Permission" => ErrorClass::Refused,
        _ => ErrorClass::Other,
    }
}

/// Classes that DuckDB tells by words alone, under several types.
fn by_message(message: &str) -> Option<ErrorClass> {
    let has = |words: &str| message.contains(words);
    if has("Could not set lock on file") {
        return Some(held_by_other(message));
    }
    if has("database has been invalidated") {
        return Some(ErrorClass::Lost);
    }
    if has("No space left on device") || has("max_temp_directory_size") {
        return Some(ErrorClass::DiskFull);
    }
    // What the catalogue of a lake says: others committed all the time, or the server is gone.
    let of_others = [
        "Exceeded the maximum retry count",
        "could not serialize",
        "deadlock detected",
    ];
    if of_others.iter().any(|words| has(words)) {
        return Some(ErrorClass::Retry);
    }
    let of_loss = [
        "server closed the connection",
        "no connection to the server",
        "terminating connection due to",
        "could not receive data from server",
        "could not send data to server",
    ];
    if of_loss.iter().any(|words| has(words)) {
        return Some(ErrorClass::Lost);
    }
    // A conflict with another transaction: on a row, on a key, or on a name in the catalog.
    if has("write-write conflict") || has("Conflict on ") || has("Transaction conflict") {
        return Some(ErrorClass::Retry);
    }
    if has("constraint violation") || has("violates primary key") || has("violates unique") {
        return Some(ErrorClass::Constraint);
    }
    None
}

fn transaction(message: &str) -> ErrorClass {
    if message.contains("onflict") {
        ErrorClass::Retry
    } else {
        ErrorClass::Other
    }
}

/// `… Conflicting lock is held in /usr/bin/python3.11 (PID 1234) by user …`
fn held_by_other(message: &str) -> ErrorClass {
    let holder = message.split_once("lock is held in ").map(|(_, rest)| rest);
    let program = holder.and_then(|rest| {
        let (program, _) = rest.split_once(" (PID")?;
        Some(program.to_owned())
    });
    let pid = message.split_once("PID ").and_then(|(_, rest)| {
        let digits = rest.find(|character: char| !character.is_ascii_digit());
        rest[..digits.unwrap_or(rest.len())].parse().ok()
    });
    ErrorClass::HeldByOther { pid, program }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_sorted() {
        let cases = [
            (
                "TransactionContext Error: Conflict on tuple deletion!",
                ErrorClass::Retry,
            ),
            (
                "TransactionContext Error: Catalog write-write conflict on create with \"x\"",
                ErrorClass::Retry,
            ),
            (
                "TransactionContext Error: Failed to commit: PRIMARY KEY or UNIQUE constraint \
                 violation: duplicate key \"a\"",
                ErrorClass::Constraint,
            ),
            ("INTERRUPT Error: Interrupted!", ErrorClass::Interrupted),
            (
                "Binder Error: Referenced column \"x\" not found",
                ErrorClass::Binder,
            ),
            (
                "Out of Memory Error: failed to allocate",
                ErrorClass::OutOfMemory,
            ),
            (
                "IO Error: write: No space left on device",
                ErrorClass::DiskFull,
            ),
            (
                "TransactionContext Error: Failed to commit: Failed to commit DuckLake transaction.\n\
                 Exceeded the maximum retry count of 100: duplicate key value violates unique \
                 constraint \"ducklake_snapshot_pkey\"",
                ErrorClass::Retry,
            ),
            (
                "TransactionContext Error: Failed to commit: Failed to commit DuckLake transaction.\n\
                 Transaction conflict - attempting to insert into table with index \"2\" - but \
                 another transaction has dropped it",
                ErrorClass::Retry,
            ),
            (
                "IO Error: Failed to execute query: server closed the connection unexpectedly",
                ErrorClass::Lost,
            ),
            ("something else", ErrorClass::Other),
        ];
        for (text, class) in cases {
            assert_eq!(from_text(text).class, class, "{text}");
        }
    }

    #[test]
    fn holder_is_named() {
        let error = from_text(
            "IO Error: Could not set lock on file \"/a/b.duckdb\": Conflicting lock is held in \
             /usr/bin/python3.11 (PID 4711) by user x. See also https://duckdb.org/",
        );
        let program = Some("/usr/bin/python3.11".to_owned());
        let pid = Some(4711);
        assert_eq!(error.class, ErrorClass::HeldByOther { pid, program });
        assert!(error.message.starts_with("Could not set lock"));
    }

    #[test]
    fn json_is_read() {
        let error = from_text(
            r#"{"exception_type":"Binder","exception_message":"no column x","position":"7"}"#,
        );
        assert_eq!(error.class, ErrorClass::Binder);
        assert_eq!(error.message, "no column x");
        assert_eq!(error.position, Some(7));
        let error = from_text(
            r#"Parser Error: {"exception_type":"Parser","exception_message":"syntax error at end of input","position":"22"}"#,
        );
        assert_eq!(error.class, ErrorClass::Binder);
        assert_eq!(error.message, "syntax error at end of input");
        assert_eq!(error.position, Some(22));
    }
}

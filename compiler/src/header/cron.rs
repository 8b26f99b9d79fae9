//! Cron expressions: whether one can be read, and whether it is ever due.
//!
//! The five fields are minute, hour, day of the month, month and day of the week; `@hourly`,
//! `@daily`, `@weekly`, `@monthly` and `@yearly` stand for usual ones. When one is due is for the
//! runtime, which reads it with the same crate.

use crate::diagnostic::nearest;
use croner::parser::{CronParser, Seconds, Year};
use croner::{Cron, errors::CronError};

const NICKNAMES: &[&str] = &[
    "@hourly",
    "@daily",
    "@weekly",
    "@monthly",
    "@yearly",
    "@annually",
];

/// Why a text isn't a cron expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The reason, as it stands behind a place.
    pub(super) reason: String,
    /// What may be meant.
    pub(super) meant: Option<&'static str>,
}

/// Reads a cron expression.
pub(super) fn check(text: &str) -> Result<(), Fault> {
    let fault = |reason: String| Fault {
        reason,
        meant: None,
    };
    let text = text.trim();
    if text.starts_with('@') {
        let lower = text.to_ascii_lowercase();
        if NICKNAMES.contains(&lower.as_str()) {
            return Ok(());
        }
        return Err(Fault {
            reason: "there is no such name".to_owned(),
            meant: nearest(text, NICKNAMES.iter().copied()),
        });
    }
    let fields = text.split_whitespace().count();
    if fields != 5 {
        let plural = if fields == 1 { "" } else { "s" };
        return Err(fault(format!("this has {fields} field{plural}")));
    }
    let parser = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build();
    let cron = parser.parse(text).map_err(|error| fault(reason(&error)))?;
    if is_ever_due(&cron) {
        Ok(())
    } else {
        Err(fault("no day is like this".to_owned()))
    }
}

/// Whether there is a moment at which it is due, looked for from a day on that is no matter.
fn is_ever_due(cron: &Cron) -> bool {
    let start = jiff::civil::date(2024, 1, 1).at(0, 0, 0, 0);
    cron.find_next_occurrence(&start, true).is_ok()
}

/// What the reader of cron expressions says, as our messages are written.
fn reason(error: &CronError) -> String {
    let text = match error {
        CronError::InvalidPattern(text)
        | CronError::IllegalCharacters(text)
        | CronError::ComponentError(text) => text.clone(),
        other => other.to_string(),
    };
    let mut characters = text.trim_end_matches('.').chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::check;
    use proptest::prelude::*;

    #[test]
    fn five_fields_or_a_name() {
        for good in [
            "0 6 * * *",
            " */15 0-6,20 1 JAN mon-fri ",
            "@daily",
            "@Hourly",
            "0 0 29 2 *",
            "0 0 L * *",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, reason) in [
            ("", "this has 0 fields"),
            ("daily", "this has 1 field"),
            ("0 0 6 * * *", "this has 6 fields"),
            ("0 0 30 2 *", "no day is like this"),
        ] {
            assert_eq!(check(bad).unwrap_err().reason, reason, "{bad}");
        }
        for bad in ["61 * * * *", "* * * * MO", "a b c d e", "*/0 * * * *"] {
            let reason = check(bad).unwrap_err().reason;
            assert!(
                reason.starts_with(|c: char| !c.is_ascii_uppercase()),
                "{reason}"
            );
        }
        assert_eq!(check("@dayly").unwrap_err().meant, Some("@daily"));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[@*/,0-9a-zA-Z#? -]{0,24}") {
            let _ = check(&text);
        }
    }
}

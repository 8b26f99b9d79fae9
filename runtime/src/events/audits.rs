//! What an audit found, as data and as people read it.

use super::grouped;
use std::fmt;

/// How many failing rows are shown.
const SHOWN_ROWS: usize = 3;

/// How many columns of a failing row are shown.
const SHOWN_COLUMNS: usize = 6;

/// What an audit came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AuditStatus {
    /// It found nothing, or less than it warns of.
    Passed,
    /// It found something that is only told.
    Warned,
    /// It found something that keeps the rows from being written.
    Failed,
}

impl AuditStatus {
    /// The word for it: `passed`, `warned`, `failed`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Warned => "warned",
            Self::Failed => "failed",
        }
    }
}

/// What an audit found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditOutcome {
    /// The call as it is written: `not_null(year)`.
    pub call: String,
    /// `error` or `warn`.
    pub severity: &'static str,
    /// What it came to.
    pub status: AuditStatus,
    /// How many rows failed; of a model that is filled in batches, in all of this run's.
    pub failing_rows: u64,
    /// The comparison that decided, where it isn't the usual one: `> 50`.
    pub threshold: String,
    /// A few failing rows: the columns of the audit's query with their values as text; a null is
    /// nothing.
    pub sample: Vec<Vec<(String, Option<String>)>>,
    /// Where all failing rows are kept, or why they aren't; empty where nobody asked for them.
    pub stored: String,
}

impl AuditOutcome {
    /// A few failing rows, and where all of them are, one a line.
    pub fn examples(&self) -> Vec<String> {
        let rows = self.sample.iter().take(SHOWN_ROWS);
        let lines = rows.map(|row| {
            let values = row.iter().take(SHOWN_COLUMNS);
            let values = values
                .map(|(name, value)| format!("{name} = {}", value.as_deref().unwrap_or("null")));
            values.collect::<Vec<_>>().join(", ")
        });
        let stored = Some(&self.stored).filter(|text| !text.is_empty());
        lines.chain(stored.cloned()).collect()
    }

    /// The sample as JSON: an array of objects whose values are texts or null.
    pub fn sample_json(&self) -> String {
        let rows = self.sample.iter().map(|row| {
            let values = row.iter().map(|(name, value)| {
                let value = value.clone().map_or(serde_json::Value::Null, Into::into);
                (name.clone(), value)
            });
            serde_json::Value::Object(values.collect())
        });
        serde_json::Value::Array(rows.collect()).to_string()
    }
}

/// What it found, in one line: ``audit `not_null(year)` found 70 rows``.
impl fmt::Display for AuditOutcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = if self.failing_rows == 1 {
            "row"
        } else {
            "rows"
        };
        let count = grouped(self.failing_rows);
        write!(formatter, "audit `{}` found {count} {rows}", self.call)?;
        let verb = match self.status {
            AuditStatus::Failed => "fails",
            _ => "warns",
        };
        if !self.threshold.is_empty() {
            write!(formatter, " ({verb} at `{}`)", self.threshold)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome() -> AuditOutcome {
        let row = |number: &str, year: Option<&str>| {
            vec![
                ("tailnum".to_owned(), Some(number.to_owned())),
                ("year".to_owned(), year.map(str::to_owned)),
            ]
        };
        AuditOutcome {
            call: "not_null(year)".to_owned(),
            severity: "error",
            status: AuditStatus::Failed,
            failing_rows: 1_070,
            threshold: String::new(),
            sample: (0..5)
                .map(|number| row(&format!("N{number}"), None))
                .collect(),
            stored: "kept in `_dbgo.a__b__audit_1`".to_owned(),
        }
    }

    #[test]
    fn it_reads_as_one_line_with_a_few_examples() {
        let found = outcome();
        assert_eq!(found.to_string(), "audit `not_null(year)` found 1,070 rows");
        assert_eq!(
            found.examples(),
            [
                "tailnum = N0, year = null",
                "tailnum = N1, year = null",
                "tailnum = N2, year = null",
                "kept in `_dbgo.a__b__audit_1`",
            ]
        );
        let limited = AuditOutcome {
            threshold: "> 50".to_owned(),
            failing_rows: 1,
            ..outcome()
        };
        assert_eq!(
            limited.to_string(),
            "audit `not_null(year)` found 1 row (fails at `> 50`)"
        );
    }

    #[test]
    fn the_sample_is_json() {
        let mut found = outcome();
        found.sample.truncate(1);
        assert_eq!(found.sample_json(), r#"[{"tailnum":"N0","year":null}]"#);
    }
}

//! A finding about the user's project, as data. Renderers turn it into text; nothing here prints.

pub mod codes;
pub mod fix;
pub mod render;

use crate::span::Span;
use serde::{Deserialize, Serialize};

pub use codes::Code;
pub use fix::{Edit, Fix, only_near};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The project can't be built.
    Error,
    /// The project can be built, but is probably not what was meant.
    Warning,
    /// Something worth knowing.
    Note,
}

/// A place that a finding talks about, with what is to be said there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is said there; may be empty.
    pub text: String,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Which kind of finding.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// The finding in one line: lower case, no full stop, code in backticks.
    pub message: String,
    /// The place of the cause; `None` only if no file of the project is the cause.
    pub primary: Option<Label>,
    /// Other places that matter.
    pub secondary: Vec<Label>,
    /// What to do, each in one line.
    pub hints: Vec<String>,
    /// What else there is to know, each in one line.
    pub notes: Vec<String>,
    /// What to write, if there is one answer.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::without_place(code, Severity::Error, message).at(span, "")
    }

    /// A warning at a place.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::without_place(code, Severity::Warning, message).at(span, "")
    }

    /// A note at a place.
    pub fn note_at(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self::without_place(code, Severity::Note, message).at(span, "")
    }

    /// A finding that no file of the project is the cause of.
    pub fn without_place(code: Code, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            code,
            severity,
            message: message.into(),
            primary: None,
            secondary: Vec::new(),
            hints: Vec::new(),
            notes: Vec::new(),
            fix: None,
        }
    }

    /// Sets the place and what is said there.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.primary = Some(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Says something at the place that is already set.
    #[must_use]
    pub fn saying(mut self, text: impl Into<String>) -> Self {
        if let Some(primary) = &mut self.primary {
            primary.text = text.into();
        }
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn and_at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds something to know.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds what to write.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// Adds the fix for a misspelt name, if only one candidate can be meant: `written` gives the
    /// text for it.
    #[must_use]
    pub fn fix_name<'a>(
        self,
        name: &str,
        span: Span,
        candidates: impl IntoIterator<Item = &'a str>,
        written: impl FnOnce(&str) -> String,
    ) -> Self {
        match only_near(name, candidates) {
            Some(near) => self.fix(Fix::replace(span, written(near))),
            None => self,
        }
    }

    /// Whether this stops a build.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The candidate nearest to `word`, if one is near enough to be meant.
///
/// Distance is Damerau-Levenshtein (optimal string alignment) without regard to case; near
/// enough is at most a third of the longer word.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.to_lowercase().chars().collect();
    candidates
        .into_iter()
        .map(|candidate| {
            let other: Vec<char> = candidate.to_lowercase().chars().collect();
            let limit = word.len().max(other.len()).div_ceil(3);
            (distance(&word, &other), limit, candidate)
        })
        .filter(|(distance, limit, _)| distance <= limit)
        .min_by_key(|(distance, _, candidate)| (*distance, *candidate))
        .map(|(_, _, candidate)| candidate)
}

fn distance(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut current = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let substitute = previous[j] + usize::from(a != b);
            let mut best = substitute.min(previous[j + 1] + 1).min(current[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                best = best.min(before[j - 1] + 1);
            }
            current.push(best);
        }
        before = previous;
        previous = current;
    }
    previous[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_finds_transpositions_and_refuses_strangers() {
        assert_eq!(nearest("amout", ["amount", "status"]), Some("amount"));
        assert_eq!(nearest("AMOUNT", ["amount"]), Some("amount"));
        assert_eq!(nearest("price", ["amount", "status"]), None);
    }
}

//! Reading a TOML table key by key, with findings about keys and values that don't fit.

use super::Scalar;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::header::time::Duration;
use crate::span::{FileId, Span, Spanned};
use toml::de::{DeTable, DeValue};

/// A key and its value.
pub(super) struct Entry<'t> {
    pub(super) key: Spanned<String>,
    pub(super) value: &'t DeValue<'t>,
    pub(super) span: Span,
}

/// What reads entries, and what it found.
pub(super) struct Reader {
    pub(super) file: FileId,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Reader {
    /// The entries of a table in the order of the file.
    pub(super) fn entries<'t>(&self, table: &'t DeTable<'t>) -> Vec<Entry<'t>> {
        let mut entries: Vec<Entry<'t>> = table
            .iter()
            .map(|(key, value)| Entry {
                key: Spanned::new(key.get_ref().to_string(), self.span(key.span())),
                value: value.get_ref(),
                span: self.span(value.span()),
            })
            .collect();
        entries.sort_by_key(|entry| entry.key.span.start);
        entries
    }

    pub(super) fn span(&self, range: std::ops::Range<usize>) -> Span {
        Span::new(self.file, range.start, range.end)
    }

    pub(super) fn unknown(&mut self, entry: &Entry<'_>, section: &str, known: &[&str]) {
        let place = if section.is_empty() {
            String::new()
        } else {
            format!(" in `[{section}]`")
        };
        let finding = Diagnostic::error(
            Code::UnknownSetting,
            entry.key.span,
            format!("there is no setting `{}`{place}", entry.key.value),
        );
        self.diagnostics
            .push(match nearest(&entry.key.value, known.iter().copied()) {
                Some(near) => finding.hint(format!("write `{near}`")).fix_name(
                    &entry.key.value,
                    entry.key.span,
                    known.iter().copied(),
                    str::to_owned,
                ),
                None => finding.hint(format!("there are: `{}`", known.join("`, `"))),
            });
    }

    pub(super) fn not_built(&mut self, span: Span, what: &str) {
        self.diagnostics.push(
            Diagnostic::error(Code::NotBuiltYet, span, format!("{what} built yet"))
                .hint("leave it out"),
        );
    }

    pub(super) fn invalid(&mut self, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        let at = self.diagnostics.len();
        self.diagnostics
            .push(Diagnostic::error(Code::InvalidSetting, span, message));
        &mut self.diagnostics[at]
    }

    pub(super) fn mistyped(&mut self, entry: &Entry<'_>, wanted: &str) {
        let what = entry.value.type_str();
        let finding = self.invalid(entry.span, format!("`{}` takes {wanted}", entry.key.value));
        if let Some(primary) = &mut finding.primary {
            primary.text = format!("this is of type {what}");
        }
    }

    pub(super) fn table<'t>(&mut self, entry: &Entry<'t>) -> Vec<Entry<'t>> {
        match entry.value {
            DeValue::Table(table) => self.entries(table),
            _ => {
                self.mistyped(entry, "a table");
                Vec::new()
            }
        }
    }

    pub(super) fn text(&mut self, entry: &Entry<'_>) -> Option<Spanned<String>> {
        match entry.value {
            DeValue::String(text) => Some(Spanned::new(text.to_string(), entry.span)),
            _ => {
                self.mistyped(entry, "a text");
                None
            }
        }
    }

    /// A text in which `${VAR}` may stand.
    pub(super) fn text_with_placeholders(&mut self, entry: &Entry<'_>) -> Option<Spanned<String>> {
        let text = self.text(entry)?;
        if let Err(fault) = super::placeholders::check(&text.value) {
            let finding = self.invalid(text.span, fault);
            finding
                .hints
                .push("write `${NAME}` or `${NAME:-default}`".to_owned());
        }
        Some(text)
    }

    pub(super) fn boolean(&mut self, entry: &Entry<'_>) -> Option<Spanned<bool>> {
        match entry.value {
            DeValue::Boolean(value) => Some(Spanned::new(*value, entry.span)),
            _ => {
                self.mistyped(entry, "`true` or `false`");
                None
            }
        }
    }

    /// A time to wait, in the units of the language.
    pub(super) fn duration(&mut self, entry: &Entry<'_>) -> Option<Spanned<Duration>> {
        let text = self.text(entry)?;
        let found = Duration::parse(&text.value);
        if found.is_none() {
            let message = format!(
                "`{}` takes a time such as `\"30 s\"`, `\"5 min\"` or `\"7 days\"`",
                entry.key.value
            );
            self.invalid(text.span, message);
        }
        Some(Spanned::new(found?, text.span))
    }

    /// One of a few words.
    pub(super) fn word<T>(
        &mut self,
        entry: &Entry<'_>,
        words: &'static [&'static str],
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<Spanned<T>> {
        let text = self.text(entry)?;
        if let Some(found) = read(&text.value) {
            return Some(Spanned::new(found, text.span));
        }
        let listed: Vec<String> = words.iter().map(|word| format!("`\"{word}\"`")).collect();
        let message = format!("`{}` takes one of {}", entry.key.value, listed.join(", "));
        let finding = Diagnostic::error(Code::InvalidSetting, text.span, message);
        let candidates = || words.iter().copied();
        self.diagnostics
            .push(match nearest(&text.value, candidates()) {
                Some(near) => finding.hint(format!("write `\"{near}\"`")).fix_name(
                    &text.value,
                    text.span,
                    candidates(),
                    |near| format!("\"{near}\""),
                ),
                None => finding,
            });
        None
    }

    pub(super) fn integer(&mut self, entry: &Entry<'_>) -> Option<i64> {
        match scalar(entry.value) {
            Some(Scalar::Integer(number)) => Some(number),
            _ => {
                self.mistyped(entry, "a whole number");
                None
            }
        }
    }

    pub(super) fn scalar(&mut self, entry: &Entry<'_>) -> Option<Spanned<Scalar>> {
        let value = scalar(entry.value);
        if value.is_none() {
            self.mistyped(entry, "a text, a number, `true` or `false`");
        }
        Some(Spanned::new(value?, entry.span))
    }
}

/// A single value; `None` for lists, tables, and numbers that SQL couldn't take. Dates are texts.
pub(super) fn scalar(value: &DeValue<'_>) -> Option<Scalar> {
    match value {
        DeValue::String(text) => Some(Scalar::Text(text.to_string())),
        DeValue::Boolean(value) => Some(Scalar::Bool(*value)),
        DeValue::Datetime(time) => Some(Scalar::Text(time.to_string())),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .map(Scalar::Integer),
        DeValue::Float(number) => {
            let text = number.as_str();
            let is_finite = text.parse().is_ok_and(f64::is_finite);
            is_finite.then(|| Scalar::Number(text.trim_start_matches('+').replace('_', "")))
        }
        DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

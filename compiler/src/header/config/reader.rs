//! Values of `@config` on their way to the types that their keys ask for.

use super::super::{cron, zone};
use super::{Checked, ConfigValue};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::span::Spanned;

pub(super) const INSTANT: &str =
    "a date or timestamp such as `'2013-01-01'` or `'2013-01-01 06:00:00'`";
pub(super) const INTERVAL: &str = "a length such as `'1 day'`, `'6 hours'` or `'1 month'`";
pub(super) const DURATION: &str = "a time such as `'10 min'` or `'30 s'`";
const MODEL_PATH: &str = "the import path of a model such as `'models.finance.revenue'`";
const CRON: &str = "a cron expression of five fields such as `'0 6 * * *'`, or `'@daily'`";
const TIME_ZONE: &str = "the name of a time zone such as `'Europe/Berlin'`";

/// A value on its way to the type that its key asks for.
pub(super) struct Reader<'a> {
    pub(super) name: &'a str,
    pub(super) value: Spanned<ConfigValue>,
}

impl Reader<'_> {
    fn refuse(&self, wanted: &str) -> Diagnostic {
        Diagnostic::error(
            Code::InvalidConfigValue,
            self.value.span,
            format!("`{}` takes {wanted}", self.name),
        )
    }

    fn mistyped(&self, wanted: &str) -> Diagnostic {
        self.refuse(wanted)
            .saying(format!("this is {}", self.value.value.what()))
    }

    pub(super) fn text(self) -> Result<Spanned<String>, Diagnostic> {
        match self.value.value {
            ConfigValue::Text(text) => Ok(Spanned::new(text, self.value.span)),
            _ => Err(self.mistyped("a text in single quotes")),
        }
    }

    /// A text that names something, so that it can't be blank.
    pub(super) fn name(self) -> Result<Spanned<String>, Diagnostic> {
        match &self.value.value {
            ConfigValue::Text(text) if text.trim().is_empty() => {
                Err(self.refuse("a name").saying("this is blank"))
            }
            _ => self.text(),
        }
    }

    /// A list of names; a single one may stand alone.
    pub(super) fn names(self) -> Result<Spanned<Vec<Spanned<String>>>, Diagnostic> {
        let span = self.value.span;
        let names = match &self.value.value {
            ConfigValue::Text(text) => vec![Spanned::new(text.clone(), span)],
            ConfigValue::List(names) => names.clone(),
            _ => return Err(self.mistyped("a name or a list of names")),
        };
        if let Some(blank) = names.iter().find(|name| name.value.trim().is_empty()) {
            let mut finding = self
                .refuse("a name or a list of names")
                .saying("this is blank");
            if let Some(primary) = &mut finding.primary {
                primary.span = blank.span;
            }
            return Err(finding);
        }
        for (index, name) in names.iter().enumerate() {
            if let Some(first) = names[..index]
                .iter()
                .find(|other| other.value == name.value)
            {
                return Err(Diagnostic::error(
                    Code::InvalidConfigValue,
                    name.span,
                    format!("`{}` is in the list twice", name.value),
                )
                .and_at(first.span, "first here"));
            }
        }
        Ok(Spanned::new(names, span))
    }

    pub(super) fn boolean(self) -> Result<Spanned<bool>, Diagnostic> {
        match self.value.value {
            ConfigValue::Bool(value) => Ok(Spanned::new(value, self.value.span)),
            _ => Err(self.mistyped("`true` or `false`")),
        }
    }

    pub(super) fn number(self, least: u32) -> Result<Spanned<u32>, Diagnostic> {
        let ConfigValue::Integer(number) = self.value.value else {
            return Err(self.mistyped("a whole number"));
        };
        match u32::try_from(number) {
            Ok(number) if number >= least => Ok(Spanned::new(number, self.value.span)),
            _ => Err(self.refuse(&format!("a whole number from {least} on"))),
        }
    }

    /// A text of one ASCII character; `\t` stands for a tab.
    pub(super) fn byte(self) -> Result<Spanned<u8>, Diagnostic> {
        let ConfigValue::Text(text) = &self.value.value else {
            return Err(self.mistyped("one character in single quotes"));
        };
        match text.as_bytes() {
            b"\\t" => Ok(Spanned::new(b'\t', self.value.span)),
            [byte] if byte.is_ascii() && !matches!(byte, b'\r' | b'\n') => {
                Ok(Spanned::new(*byte, self.value.span))
            }
            _ => Err(self.refuse("one character, which is ASCII")),
        }
    }

    pub(super) fn source_format(self) -> Result<Spanned<String>, Diagnostic> {
        const FORMATS: &[&str] = &["parquet", "csv", "json"];
        self.word(FORMATS, &[], |word| {
            FORMATS.contains(&word).then(|| word.to_owned())
        })
    }

    pub(super) fn word<T>(
        self,
        words: &[&str],
        later: &[&str],
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Spanned<T>, Diagnostic> {
        let listed: Vec<String> = words.iter().map(|word| format!("`'{word}'`")).collect();
        let wanted = format!("one of {}", listed.join(", "));
        let ConfigValue::Text(text) = &self.value.value else {
            return Err(self.mistyped(&wanted));
        };
        if later.contains(&text.as_str()) {
            return Err(Diagnostic::error(
                Code::NotBuiltYet,
                self.value.span,
                format!("`{}='{text}'` isn't built yet", self.name),
            )
            .hint(format!("what there is: {}", listed.join(", "))));
        }
        match read(text) {
            Some(value) => Ok(Spanned::new(value, self.value.span)),
            None => {
                let candidates = || words.iter().chain(later).copied();
                let refusal = self.refuse(&wanted);
                Err(match nearest(text, candidates()) {
                    Some(near) => refusal.hint(format!("write `'{near}'`")).fix_name(
                        text,
                        self.value.span,
                        candidates(),
                        |near| format!("'{near}'"),
                    ),
                    None => refusal,
                })
            }
        }
    }

    pub(super) fn parsed<T>(
        self,
        parse: impl FnOnce(&str) -> Option<T>,
        wanted: &str,
    ) -> Result<Spanned<T>, Diagnostic> {
        let ConfigValue::Text(text) = &self.value.value else {
            return Err(self.mistyped(wanted));
        };
        match parse(text) {
            Some(value) => Ok(Spanned::new(value, self.value.span)),
            None => Err(self.refuse(wanted)),
        }
    }

    /// The import path of a model.
    pub(super) fn model_path(self) -> Result<Spanned<String>, Diagnostic> {
        let ConfigValue::Text(text) = &self.value.value else {
            return Err(self.mistyped(MODEL_PATH));
        };
        let parts: Vec<&str> = text.split('.').collect();
        let is_path = parts.len() > 1
            && parts[0] == "models"
            && parts
                .iter()
                .all(|part| !part.is_empty() && *part == part.trim());
        match is_path {
            true => self.text(),
            false => Err(self.refuse(MODEL_PATH)),
        }
    }

    /// The columns whose change makes a new version of a row.
    pub(super) fn checked(self) -> Result<Spanned<Checked>, Diagnostic> {
        let span = self.value.span;
        if let ConfigValue::Text(text) = &self.value.value
            && text == Checked::ALL
        {
            return Ok(Spanned::new(Checked::All, span));
        }
        let names = self.names()?;
        Ok(Spanned::new(Checked::Columns(names.value), span))
    }

    /// When something is due.
    pub(super) fn cron(self) -> Result<Spanned<String>, Diagnostic> {
        let ConfigValue::Text(text) = &self.value.value else {
            return Err(self.mistyped(CRON));
        };
        match cron::check(text) {
            Ok(()) => Ok(Spanned::new(text.trim().to_owned(), self.value.span)),
            Err(fault) => {
                let refusal = self.refuse(CRON).saying(fault.reason);
                Err(match fault.meant {
                    Some(meant) => refusal.hint(format!("write `'{meant}'`")),
                    None => refusal,
                })
            }
        }
    }

    /// A time zone, as the database of time zones writes it.
    pub(super) fn time_zone(self) -> Result<Spanned<String>, Diagnostic> {
        let ConfigValue::Text(text) = &self.value.value else {
            return Err(self.mistyped(TIME_ZONE));
        };
        match zone::find(text) {
            Ok(name) => Ok(Spanned::new(name, self.value.span)),
            Err(near) => {
                let refusal = self.refuse(TIME_ZONE);
                Err(match near {
                    Some(near) => refusal.hint(format!("write `'{near}'`")),
                    None => refusal,
                })
            }
        }
    }
}

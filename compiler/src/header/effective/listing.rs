//! What holds for a file as lines of text, for `dbgo render --config`.

use super::{EffectiveConfig, Incremental, RowChange, Scd2, Setting, SettingSource};
use crate::header::{Checked, FileKind};
use crate::span::Spanned;

/// A key, its value as a header writes it, and where the value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigLine {
    /// The key.
    pub key: &'static str,
    /// The value: `'table'`, `['a', 'b']`, `3`.
    pub value: String,
    /// Where it comes from.
    pub source: SettingSource,
}

impl EffectiveConfig {
    /// Every key that means something for this file, in the order of the language's description;
    /// keys without a value are left out.
    pub fn lines(&self) -> Vec<ConfigLine> {
        let mut lines = Lines(Vec::new());
        if self.kind == FileKind::Model {
            self.model_lines(&mut lines);
        }
        lines.add("schema", &self.schema, |value| text(value));
        lines.add("alias", &self.name, |value| text(value));
        lines.add("tags", &self.tags, |value| list(value.iter()));
        lines.maybe("owner", self.owner.as_ref(), |value| text(value));
        lines.maybe("deprecated", self.deprecated.as_ref(), |value| text(value));
        match self.kind {
            FileKind::Model | FileKind::Exposure | FileKind::Audit => {}
            FileKind::Source => {
                lines.maybe("location", self.location.as_ref(), |value| text(value));
                lines.maybe("format", self.format.as_ref(), |value| text(value));
                lines.maybe("changed_by", self.changed_by.as_ref(), |value| text(value));
            }
            FileKind::Seed => {
                lines.add("delimiter", &self.delimiter, |value| byte(*value));
                lines.add("quote", &self.quote, |value| byte(*value));
                lines.maybe("null", self.null.as_ref(), |value| text(value));
            }
        }
        lines.0
    }

    fn model_lines(&self, lines: &mut Lines) {
        lines.add("materialized", &self.materialized, |value| {
            text(value.word())
        });
        lines.maybe("strategy", self.strategy.as_ref(), |value| {
            text(value.word())
        });
        match &self.incremental {
            Some(Incremental::TimeRange(range)) => {
                lines.add("time_column", &range.time_column, |value| text(value));
                lines.add("start", &range.start, |value| text(&value.text));
                lines.maybe("end", range.end.as_ref(), |value| text(&value.text));
                lines.add("interval", &range.interval, |value| text(&value.text));
                lines.maybe("interval_tz", range.interval_tz.as_ref(), |zone| text(zone));
                lines.add("lookback", &range.lookback, u32::to_string);
                lines.maybe("batch_size", range.batch_size.as_ref(), u32::to_string);
                lines.add("outside", &range.outside, |value| text(value.word()));
            }
            Some(Incremental::UniqueKey(key)) => lines.add("unique_key", key, |key| columns(key)),
            Some(Incremental::Partition(by)) => lines.add("partition_by", by, |by| columns(by)),
            Some(Incremental::Append) | None => {}
        }
        if let Some(scd2) = &self.scd2 {
            scd2_lines(scd2, lines);
        }
        lines.maybe("cron", self.cron.as_ref(), |value| text(value));
        lines.maybe("cron_tz", self.cron_tz.as_ref(), |value| text(value));
        lines.maybe("history", self.history.as_ref(), |value| text(value.word()));
        lines.maybe("forward_only", self.forward_only.as_ref(), bool::to_string);
        lines.maybe("was", self.was.as_ref(), |value| text(value));
        lines.add("on_schema_change", &self.on_schema_change, |value| {
            text(value.word())
        });
        lines.add("enabled", &self.enabled, bool::to_string);
        lines.add("retries", &self.retries, u32::to_string);
        lines.maybe("timeout", self.timeout.as_ref(), |value| text(&value.text));
        lines.maybe("grain", self.grain.as_ref(), |value| columns(value));
    }
}

fn scd2_lines(scd2: &Scd2, lines: &mut Lines) {
    lines.add("unique_key", &scd2.unique_key, |key| columns(key));
    match &scd2.change {
        RowChange::UpdatedAt(column) => lines.add("updated_at", column, |value| text(value)),
        RowChange::Check(checked) => lines.add("check", checked, |checked| match checked {
            Checked::All => text(Checked::ALL),
            Checked::Columns(names) => columns(names),
        }),
    }
    lines.add("hard_deletes", &scd2.hard_deletes, |value| {
        text(value.word())
    });
    lines.add("valid_from", &scd2.valid_from, |value| text(value));
    lines.add("valid_to", &scd2.valid_to, |value| text(value));
}

struct Lines(Vec<ConfigLine>);

impl Lines {
    fn add<T>(
        &mut self,
        key: &'static str,
        setting: &Setting<T>,
        write: impl FnOnce(&T) -> String,
    ) {
        self.0.push(ConfigLine {
            key,
            value: write(&setting.value),
            source: setting.source.clone(),
        });
    }

    fn maybe<T>(
        &mut self,
        key: &'static str,
        setting: Option<&Setting<T>>,
        write: impl FnOnce(&T) -> String,
    ) {
        if let Some(setting) = setting {
            self.add(key, setting, write);
        }
    }
}

fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

fn byte(value: u8) -> String {
    match value {
        b'\t' => "'\\t'".to_owned(),
        _ => text(&char::from(value).to_string()),
    }
}

fn columns(names: &[Spanned<String>]) -> String {
    list(names.iter().map(|name| &name.value))
}

fn list<'a>(values: impl Iterator<Item = &'a String>) -> String {
    let values: Vec<String> = values.map(|value| text(value)).collect();
    format!("[{}]", values.join(", "))
}

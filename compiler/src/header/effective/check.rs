//! Whether the keys of an incremental model go together, and what follows from them.

use super::{Incremental, Layers, Setting, SettingSource, TimeRange, built_in};
use crate::diagnostic::{Code, Diagnostic};
use crate::header::config::Config;
use crate::header::time::{IntervalLength, Length};
use crate::header::{Materialized, Outside, Strategy};
use crate::span::{FileId, Span};

/// Decides how a model is filled; `None` if it isn't incremental or its keys contradict each other.
pub(super) fn incremental(
    layers: &Layers<'_>,
    materialized: &Setting<Materialized>,
    file: FileId,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Incremental> {
    let check = Check {
        layers,
        materialized,
        file,
    };
    if materialized.value != Materialized::Incremental {
        diagnostics.extend(check.keys_without_incremental());
        return None;
    }
    let strategy = match check.strategy() {
        Ok(strategy) => strategy,
        Err(finding) => {
            diagnostics.push(finding);
            return None;
        }
    };
    let before = diagnostics.len();
    diagnostics.extend(check.keys_of_other_strategies(strategy.value));
    let incremental = match strategy.value {
        Strategy::TimeRange => check
            .time_range(&strategy)
            .map(|range| Incremental::TimeRange(Box::new(range))),
        Strategy::UniqueKey => check.unique_key(&strategy),
        Strategy::Append => Ok(Incremental::Append),
    };
    match incremental {
        Ok(incremental) if diagnostics.len() == before => Some(incremental),
        Ok(_) => None,
        Err(finding) => {
            diagnostics.push(finding);
            None
        }
    }
}

struct Check<'a> {
    layers: &'a Layers<'a>,
    materialized: &'a Setting<Materialized>,
    file: FileId,
}

impl Check<'_> {
    /// A finding at a value: at the header's, or at the top of the file with the folder's beside.
    fn wrong(&self, source: &SettingSource, message: impl Into<String>) -> Diagnostic {
        let top = Span::new(self.file, 0, 0);
        match source {
            SettingSource::Header(span) => {
                Diagnostic::error(Code::InvalidConfigValue, *span, message)
            }
            SettingSource::Folder { span, .. } => {
                Diagnostic::error(Code::InvalidConfigValue, top, message)
                    .and_at(*span, "which comes from here")
            }
            SettingSource::BuiltIn => Diagnostic::error(Code::InvalidConfigValue, top, message),
        }
    }

    fn keys_without_incremental(&self) -> Vec<Diagnostic> {
        let word = self.materialized.value.word();
        written(self.layers.header)
            .into_iter()
            .map(|(key, _, span)| {
                let finding = Diagnostic::error(
                    Code::InvalidConfigValue,
                    span,
                    format!("`{key}` means nothing for `materialized='{word}'`"),
                )
                .hint("say `materialized='incremental'`, or leave the key out");
                match self.materialized.span() {
                    Some(place) => finding.and_at(place, format!("`{word}` because of this")),
                    None => finding.note("`view` is what holds when nobody says anything"),
                }
            })
            .collect()
    }

    fn strategy(&self) -> Result<Setting<Strategy>, Diagnostic> {
        if let Some(strategy) = self.layers.pick(|config| config.strategy.as_ref()) {
            return Ok(strategy);
        }
        let header = self.layers.header;
        let by_time = header.time_column.is_some();
        let by_key = header.unique_key.is_some();
        // What the header names decides; a folder's default only if the header names neither.
        let (by_time, by_key) = if by_time || by_key {
            (by_time, by_key)
        } else {
            (
                self.layers
                    .pick(|config| config.time_column.as_ref())
                    .is_some(),
                self.layers
                    .pick(|config| config.unique_key.as_ref())
                    .is_some(),
            )
        };
        match (by_time, by_key) {
            (true, false) => Ok(built_in(Strategy::TimeRange)),
            (false, true) => Ok(built_in(Strategy::UniqueKey)),
            (true, true) => Err(self
                .wrong(
                    &self.materialized.source,
                    "`time_column` and `unique_key` ask for different strategies",
                )
                .hint("keep one of them; `grain` says what a row is about")),
            (false, false) => Err(self
                .wrong(
                    &self.materialized.source,
                    "an incremental model needs a `time_column` or a `unique_key`",
                )
                .hint("or say `strategy='append'` if rows are only ever added")),
        }
    }

    fn keys_of_other_strategies(&self, strategy: Strategy) -> Vec<Diagnostic> {
        written(self.layers.header)
            .into_iter()
            .filter(|(_, of, _)| of.is_some_and(|of| of != strategy))
            .map(|(key, _, span)| {
                Diagnostic::error(
                    Code::InvalidConfigValue,
                    span,
                    format!("`{key}` means nothing for `strategy='{}'`", strategy.word()),
                )
                .hint("leave the key out, or choose another strategy")
            })
            .collect()
    }

    fn unique_key(&self, strategy: &Setting<Strategy>) -> Result<Incremental, Diagnostic> {
        self.layers
            .pick(|config| config.unique_key.as_ref())
            .filter(|key| !key.value.is_empty())
            .map(Incremental::UniqueKey)
            .ok_or_else(|| {
                self.wrong(
                    &strategy.source,
                    "`strategy='unique_key'` needs a `unique_key` with at least one column",
                )
                .hint("add `unique_key='…'`")
            })
    }

    fn time_range(&self, strategy: &Setting<Strategy>) -> Result<TimeRange, Diagnostic> {
        let layers = self.layers;
        let Some(time_column) = layers.pick(|config| config.time_column.as_ref()) else {
            return Err(self
                .wrong(
                    &strategy.source,
                    "`strategy='time_range'` needs a `time_column`",
                )
                .hint("add `time_column='…'`: the column that says when a row happened"));
        };
        let Some(start) = layers.pick(|config| config.start.as_ref()) else {
            return Err(self
                .wrong(&time_column.source, "a `time_range` model needs a `start`")
                .hint("add `start='2020-01-01'`: the first day that there are rows for"));
        };
        let end = layers.pick(|config| config.end.as_ref());
        if let Some(end) = &end
            && end.value.microseconds <= start.value.microseconds
        {
            let finding = self.wrong(&end.source, "`end` isn't after `start`");
            return Err(match start.span() {
                Some(place) => finding.and_at(place, "the `start`"),
                None => finding,
            });
        }
        Ok(TimeRange {
            time_column,
            start,
            end,
            interval: layers
                .pick(|config| config.interval.as_ref())
                .unwrap_or_else(|| {
                    built_in(IntervalLength {
                        text: "1 day".to_owned(),
                        length: Length::Seconds(86_400),
                    })
                }),
            lookback: layers
                .pick(|config| config.lookback.as_ref())
                .unwrap_or_else(|| built_in(0)),
            batch_size: layers.pick(|config| config.batch_size.as_ref()),
            outside: layers
                .pick(|config| config.outside.as_ref())
                .unwrap_or_else(|| built_in(Outside::Error)),
        })
    }
}

/// The keys of incremental models that a place sets, each with the strategy it belongs to.
fn written(config: &Config) -> Vec<(&'static str, Option<Strategy>, Span)> {
    let range = Some(Strategy::TimeRange);
    let merge = Some(Strategy::UniqueKey);
    [
        ("strategy", None, config.strategy.as_ref().map(|it| it.span)),
        (
            "time_column",
            range,
            config.time_column.as_ref().map(|it| it.span),
        ),
        (
            "unique_key",
            merge,
            config.unique_key.as_ref().map(|it| it.span),
        ),
        ("start", range, config.start.as_ref().map(|it| it.span)),
        ("end", range, config.end.as_ref().map(|it| it.span)),
        (
            "interval",
            range,
            config.interval.as_ref().map(|it| it.span),
        ),
        (
            "lookback",
            range,
            config.lookback.as_ref().map(|it| it.span),
        ),
        (
            "batch_size",
            range,
            config.batch_size.as_ref().map(|it| it.span),
        ),
        ("outside", range, config.outside.as_ref().map(|it| it.span)),
    ]
    .into_iter()
    .filter_map(|(key, strategy, span)| span.map(|span| (key, strategy, span)))
    .collect()
}

//! Whether the keys of a model go together, and what follows from them.

use super::meaning::written;
use super::{Incremental, Layers, RowChange, Scd2, Setting, SettingSource, TimeRange, built_in};
use crate::diagnostic::{Code, Diagnostic};
use crate::header::time::{IntervalLength, Length};
use crate::header::{Checked, HardDeletes, Materialized, Outside, Strategy};
use crate::name::same_name;
use crate::span::{FileId, Span};

/// Decides how a model is filled, or how it keeps versions of its rows. Neither, if it is of
/// another kind or its keys contradict each other.
pub(super) fn check(
    layers: &Layers<'_>,
    materialized: &Setting<Materialized>,
    file: FileId,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Option<Incremental>, Option<Scd2>) {
    let check = Check {
        layers,
        materialized,
        file,
    };
    let before = diagnostics.len();
    diagnostics.extend(check.keys_of_other_kinds());
    diagnostics.extend(check.zone_without_cron());
    match materialized.value {
        Materialized::Incremental => {
            let incremental = check.incremental(diagnostics);
            let is_right = diagnostics.len() == before;
            (incremental.filter(|_| is_right), None)
        }
        Materialized::Scd2 => match check.scd2() {
            Ok(scd2) => (None, (diagnostics.len() == before).then_some(scd2)),
            Err(finding) => {
                diagnostics.push(finding);
                (None, None)
            }
        },
        Materialized::View | Materialized::Table | Materialized::Ephemeral => (None, None),
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
            SettingSource::Folder(place) => {
                Diagnostic::error(Code::InvalidConfigValue, top, message)
                    .and_at(place.span, "which comes from here")
            }
            SettingSource::BuiltIn => Diagnostic::error(Code::InvalidConfigValue, top, message),
        }
    }

    /// Keys of the header that mean nothing for models of this kind.
    fn keys_of_other_kinds(&self) -> Vec<Diagnostic> {
        let word = self.materialized.value.word();
        written(self.layers.header)
            .filter(|(_, models, _)| !models.holds(self.materialized.value))
            .map(|(key, models, span)| {
                let usual = models.materializations()[0].word();
                let finding = Diagnostic::error(
                    Code::InvalidConfigValue,
                    span,
                    format!("`{key}` means nothing for `materialized='{word}'`"),
                )
                .hint(format!(
                    "say `materialized='{usual}'`, or leave the key out"
                ));
                match self.materialized.span() {
                    Some(place) => finding.and_at(place, format!("`{word}` because of this")),
                    None => finding.note("`view` is what holds when nobody says anything"),
                }
            })
            .collect()
    }

    /// A time zone in the header for a time that nobody gives.
    fn zone_without_cron(&self) -> Option<Diagnostic> {
        let zone = self.layers.header.cron_tz.as_ref()?;
        if self.layers.pick(|config| config.cron.as_ref()).is_some() {
            return None;
        }
        let message = "`cron_tz` means nothing without `cron`";
        Some(
            Diagnostic::error(Code::InvalidConfigValue, zone.span, message)
                .hint("say when the model is due: `cron='0 6 * * *'`"),
        )
    }

    fn incremental(&self, diagnostics: &mut Vec<Diagnostic>) -> Option<Incremental> {
        let strategy = match self.strategy() {
            Ok(strategy) => strategy,
            Err(finding) => {
                diagnostics.push(finding);
                return None;
            }
        };
        diagnostics.extend(self.keys_of_other_strategies(strategy.value));
        let incremental = match strategy.value {
            Strategy::TimeRange => self
                .time_range(&strategy)
                .map(|range| Incremental::TimeRange(Box::new(range))),
            Strategy::UniqueKey => self.unique_key(&strategy),
            Strategy::Partition => self.partition(&strategy),
            Strategy::Append => Ok(Incremental::Append),
        };
        match incremental {
            Ok(incremental) => Some(incremental),
            Err(finding) => {
                diagnostics.push(finding);
                None
            }
        }
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
            (false, false) => Err(self.no_strategy()),
        }
    }

    fn no_strategy(&self) -> Diagnostic {
        let finding = self.wrong(
            &self.materialized.source,
            "an incremental model needs a `time_column` or a `unique_key`",
        );
        match &self.layers.header.partition_by {
            Some(_) => finding.hint(
                "or say `strategy='partition'` if a batch replaces the partitions that it touches",
            ),
            None => finding.hint("or say `strategy='append'` if rows are only ever added"),
        }
    }

    fn keys_of_other_strategies(&self, strategy: Strategy) -> Vec<Diagnostic> {
        written(self.layers.header)
            .filter(|(_, models, _)| {
                models.holds(Materialized::Incremental) && !models.holds_with(strategy)
            })
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

    fn partition(&self, strategy: &Setting<Strategy>) -> Result<Incremental, Diagnostic> {
        self.layers
            .pick(|config| config.partition_by.as_ref())
            .filter(|columns| !columns.value.is_empty())
            .map(Incremental::Partition)
            .ok_or_else(|| {
                self.wrong(
                    &strategy.source,
                    "`strategy='partition'` needs a `partition_by` with at least one column",
                )
                .hint("add `partition_by='…'`: the columns whose values tell partitions apart")
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
            interval_tz: layers.pick(|config| config.interval_tz.as_ref()),
            lookback: layers.pick_or(|config| config.lookback.as_ref(), || 0),
            batch_size: layers.pick(|config| config.batch_size.as_ref()),
            outside: layers.pick_or(|config| config.outside.as_ref(), || Outside::Error),
        })
    }

    fn scd2(&self) -> Result<Scd2, Diagnostic> {
        let layers = self.layers;
        let unique_key = layers
            .pick(|config| config.unique_key.as_ref())
            .filter(|key| !key.value.is_empty());
        let Some(unique_key) = unique_key else {
            return Err(self
                .wrong(
                    &self.materialized.source,
                    "an `scd2` model needs a `unique_key` with at least one column",
                )
                .hint("add `unique_key='…'`: the columns that name a row over its versions"));
        };
        let name = |name: &str| name.to_owned();
        let valid_from = layers.pick_or(|config| config.valid_from.as_ref(), || name("valid_from"));
        let valid_to = layers.pick_or(|config| config.valid_to.as_ref(), || name("valid_to"));
        if same_name(&valid_from.value, &valid_to.value) {
            let named = match valid_to.source {
                SettingSource::BuiltIn => &valid_from,
                _ => &valid_to,
            };
            let message = format!(
                "`valid_from` and `valid_to` are one column, `{}`",
                named.value
            );
            return Err(self
                .wrong(&named.source, message)
                .hint("give them different names"));
        }
        Ok(Scd2 {
            unique_key,
            change: self.row_change()?,
            hard_deletes: layers.pick_or(
                |config| config.hard_deletes.as_ref(),
                || HardDeletes::Ignore,
            ),
            valid_from,
            valid_to,
        })
    }

    /// What the header names decides; a folder's default only if the header names neither.
    fn row_change(&self) -> Result<RowChange, Diagnostic> {
        let header = self.layers.header;
        let (by_time, by_value) = (header.updated_at.is_some(), header.check.is_some());
        let updated_at = self
            .layers
            .pick(|config| config.updated_at.as_ref())
            .filter(|_| by_time || !by_value);
        let checked = self
            .layers
            .pick(|config| config.check.as_ref())
            .filter(|checked| by_value || (!by_time && !is_empty(&checked.value)));
        match (updated_at, checked) {
            (Some(updated_at), None) => Ok(RowChange::UpdatedAt(updated_at)),
            (None, Some(checked)) if is_empty(&checked.value) => Err(self
                .wrong(&checked.source, "`check` names no column")
                .hint("name at least one, or write `check='all'`")),
            (None, Some(checked)) => Ok(RowChange::Check(checked)),
            (Some(_), Some(checked)) => Err(self
                .wrong(
                    &checked.source,
                    "`updated_at` and `check` are two ways to tell that a row has changed",
                )
                .hint("keep one of them")),
            (None, None) => Err(self
                .wrong(
                    &self.materialized.source,
                    "an `scd2` model needs an `updated_at` or a `check`",
                )
                .hint("add `updated_at='…'`, the column that says when a row was changed, or `check='all'`")),
        }
    }
}

fn is_empty(checked: &Checked) -> bool {
    matches!(checked, Checked::Columns(columns) if columns.is_empty())
}

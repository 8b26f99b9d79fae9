//! For which models a key means something.

use super::{Layers, Setting};
use crate::header::config::Config;
use crate::header::{Materialized, Strategy};
use crate::span::{Span, Spanned};

/// The models that a key means something for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// Those that are built: all but views, and what is written out in its readers.
    Built,
    /// Those whose table is added to.
    Growing,
    /// Incremental ones, whatever their strategy.
    Incremental,
    /// Incremental ones of this strategy.
    Strategy(Strategy),
    /// Those that know a row again: `strategy='unique_key'`, and `scd2`.
    Keyed,
    /// Those that keep versions of rows.
    Scd2,
}

impl For {
    /// Whether it means something for models of this materialization.
    pub(super) fn holds(self, materialized: Materialized) -> bool {
        self.materializations().contains(&materialized)
    }

    /// Whether it means something for incremental models of this strategy.
    pub(super) fn holds_with(self, strategy: Strategy) -> bool {
        match self {
            For::Strategy(own) => own == strategy,
            For::Keyed => strategy == Strategy::UniqueKey,
            For::Built | For::Growing | For::Incremental => true,
            For::Scd2 => false,
        }
    }

    /// The materializations that it means something for; the first is the usual one.
    pub(super) const fn materializations(self) -> &'static [Materialized] {
        match self {
            For::Built => &[
                Materialized::Table,
                Materialized::Incremental,
                Materialized::Scd2,
            ],
            For::Growing | For::Keyed => &[Materialized::Incremental, Materialized::Scd2],
            For::Incremental | For::Strategy(_) => &[Materialized::Incremental],
            For::Scd2 => &[Materialized::Scd2],
        }
    }
}

/// The keys that mean something for some models only.
const KEYS: &[(&str, For)] = &[
    ("strategy", For::Incremental),
    ("time_column", For::Strategy(Strategy::TimeRange)),
    ("unique_key", For::Keyed),
    ("partition_by", For::Strategy(Strategy::Partition)),
    ("start", For::Strategy(Strategy::TimeRange)),
    ("end", For::Strategy(Strategy::TimeRange)),
    ("interval", For::Strategy(Strategy::TimeRange)),
    ("interval_tz", For::Strategy(Strategy::TimeRange)),
    ("lookback", For::Strategy(Strategy::TimeRange)),
    ("batch_size", For::Strategy(Strategy::TimeRange)),
    ("outside", For::Strategy(Strategy::TimeRange)),
    ("updated_at", For::Scd2),
    ("check", For::Scd2),
    ("hard_deletes", For::Scd2),
    ("valid_from", For::Scd2),
    ("valid_to", For::Scd2),
    ("cron", For::Built),
    ("cron_tz", For::Built),
    ("history", For::Growing),
    ("forward_only", For::Growing),
    ("was", For::Growing),
];

/// The keys of some models only that a place sets, with who they are for and where the value is.
pub(super) fn written(config: &Config) -> impl Iterator<Item = (&'static str, For, Span)> {
    KEYS.iter()
        .filter_map(|(key, models)| Some((*key, *models, place(config, key)?)))
}

/// Where a place sets a key.
fn place(config: &Config, key: &str) -> Option<Span> {
    fn at<T>(value: &Option<Spanned<T>>) -> Option<Span> {
        value.as_ref().map(|value| value.span)
    }
    match key {
        "strategy" => at(&config.strategy),
        "time_column" => at(&config.time_column),
        "unique_key" => at(&config.unique_key),
        "partition_by" => at(&config.partition_by),
        "start" => at(&config.start),
        "end" => at(&config.end),
        "interval" => at(&config.interval),
        "interval_tz" => at(&config.interval_tz),
        "lookback" => at(&config.lookback),
        "batch_size" => at(&config.batch_size),
        "outside" => at(&config.outside),
        "updated_at" => at(&config.updated_at),
        "check" => at(&config.check),
        "hard_deletes" => at(&config.hard_deletes),
        "valid_from" => at(&config.valid_from),
        "valid_to" => at(&config.valid_to),
        "cron" => at(&config.cron),
        "cron_tz" => at(&config.cron_tz),
        "history" => at(&config.history),
        "forward_only" => at(&config.forward_only),
        "was" => at(&config.was),
        _ => None,
    }
}

impl Layers<'_> {
    /// The nearest value of a key, if it means something for this materialization.
    pub(super) fn meant<T: Clone>(
        &self,
        materialized: Materialized,
        key: &str,
        get: impl Fn(&Config) -> Option<&Spanned<T>>,
    ) -> Option<Setting<T>> {
        let means = |(name, models): &(&str, For)| *name == key && models.holds(materialized);
        KEYS.iter().any(means).then(|| self.pick(get)).flatten()
    }
}

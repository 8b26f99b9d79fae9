//! What holds for a file: its header over the defaults of its folders over the built-in ones,
//! each value with where it comes from.
//!
//! Keys that a folder sets and that mean nothing for the file, such as a `time_column` for a view,
//! are passed over; in the file's own header they are errors.

mod check;
mod listing;
mod meaning;

use super::config::{Checked, Config};
use super::time::{Duration, Instant, IntervalLength};
use super::{
    FileKind, HardDeletes, Header, History, Materialized, OnSchemaChange, Outside, Strategy,
};
use crate::diagnostic::Diagnostic;
use crate::name::same_name;
use crate::project::Settings;
use crate::seeds::CsvOptions;
use crate::span::{FileId, Span, Spanned};
use serde::{Deserialize, Serialize};

pub use listing::ConfigLine;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SettingSource {
    /// The file's own header.
    Header(Span),
    /// The defaults of a folder; `folder` is empty for `[defaults]` itself.
    Folder(Box<FolderPlace>),
    /// Nobody said anything.
    BuiltIn,
}

/// Where the defaults of a folder say something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderPlace {
    /// The folder, relative to the project's: `models/marts`.
    pub folder: String,
    /// The value in `dbgo.toml`.
    pub span: Span,
}

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub source: SettingSource,
}

impl<T> Setting<T> {
    /// Where the value was written; `None` if nobody did.
    pub fn span(&self) -> Option<Span> {
        match &self.source {
            SettingSource::Header(span) => Some(*span),
            SettingSource::Folder(place) => Some(place.span),
            SettingSource::BuiltIn => None,
        }
    }

    fn map<U>(self, change: impl FnOnce(T) -> U) -> Setting<U> {
        Setting {
            value: change(self.value),
            source: self.source,
        }
    }
}

/// How an incremental model is filled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Incremental {
    /// A batch replaces its range of the time column.
    TimeRange(Box<TimeRange>),
    /// A batch replaces the rows with the same key.
    UniqueKey(Setting<Vec<Spanned<String>>>),
    /// A batch replaces the partitions that it touches: the values of these columns.
    Partition(Setting<Vec<Spanned<String>>>),
    /// A batch is added.
    Append,
}

impl Incremental {
    /// The strategy that this is.
    pub const fn strategy(&self) -> Strategy {
        match self {
            Incremental::TimeRange(_) => Strategy::TimeRange,
            Incremental::UniqueKey(_) => Strategy::UniqueKey,
            Incremental::Partition(_) => Strategy::Partition,
            Incremental::Append => Strategy::Append,
        }
    }
}

/// The settings of `strategy='time_range'`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeRange {
    /// The column that says when a row happened.
    pub time_column: Setting<String>,
    /// The first instant to fill.
    pub start: Setting<Instant>,
    /// The instant to fill up to, exclusive; `None`: the last interval that has ended.
    pub end: Option<Setting<Instant>>,
    /// The length of an interval: a day unless said otherwise.
    pub interval: Setting<IntervalLength>,
    /// The time zone in which intervals begin; `None`: UTC.
    pub interval_tz: Option<Setting<String>>,
    /// How many intervals before the missing ones are done again: 0 unless said otherwise.
    pub lookback: Setting<u32>,
    /// How many intervals a batch holds; `None`: all.
    pub batch_size: Option<Setting<u32>>,
    /// What becomes of a row outside its batch's range.
    pub outside: Setting<Outside>,
}

/// The settings of `materialized='scd2'`: how versions of rows are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scd2 {
    /// The columns that name a row over its versions.
    pub unique_key: Setting<Vec<Spanned<String>>>,
    /// What tells that a row has changed.
    pub change: RowChange,
    /// What becomes of a row's last version when the row is gone.
    pub hard_deletes: Setting<HardDeletes>,
    /// The column in which a version begins.
    pub valid_from: Setting<String>,
    /// The column in which a version ends.
    pub valid_to: Setting<String>,
}

impl Scd2 {
    /// Whether a column of this name is one that is added to those of the query.
    pub fn is_added(&self, name: &str) -> bool {
        same_name(&self.valid_from.value, name) || same_name(&self.valid_to.value, name)
    }
}

/// What tells that a row has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowChange {
    /// A later value in the column that says when it was changed.
    UpdatedAt(Setting<String>),
    /// Another value in one of these columns.
    Check(Setting<Checked>),
}

/// Everything that holds for a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectiveConfig {
    /// What the file is.
    pub kind: FileKind,
    /// The schema of the relation.
    pub schema: Setting<String>,
    /// The name of the relation: `alias`, or the file's stem.
    pub name: Setting<String>,
    /// Words to select by.
    pub tags: Setting<Vec<String>>,
    /// Who answers for it.
    pub owner: Option<Setting<String>>,
    /// Why it should no longer be used.
    pub deprecated: Option<Setting<String>>,
    /// What becomes of a model's query.
    pub materialized: Setting<Materialized>,
    /// The strategy of an incremental model.
    pub strategy: Option<Setting<Strategy>>,
    /// How an incremental model is filled; `None` for the others, and where the header is wrong.
    pub incremental: Option<Incremental>,
    /// How versions of rows are kept; `None` for all but `scd2`, and where the header is wrong.
    pub scd2: Option<Scd2>,
    /// When the model is due; `None`: always.
    pub cron: Option<Setting<String>>,
    /// The time zone of `cron`; `None`: UTC.
    pub cron_tz: Option<Setting<String>>,
    /// Whether the rows can be computed again; `None`: as the kind of the model says.
    pub history: Option<Setting<History>>,
    /// Whether a change of the query keeps the table and its rows.
    pub forward_only: Option<Setting<bool>>,
    /// The former import path.
    pub was: Option<Setting<String>>,
    /// What happens when the columns change.
    pub on_schema_change: Setting<OnSchemaChange>,
    /// Whether it takes part at all.
    pub enabled: Setting<bool>,
    /// How often a failure that may pass is tried again.
    pub retries: Setting<u32>,
    /// The longest that a statement may take.
    pub timeout: Option<Setting<Duration>>,
    /// The columns that a row is about.
    pub grain: Option<Setting<Vec<Spanned<String>>>>,
    /// Where a source's files lie.
    pub location: Option<Setting<String>>,
    /// How a source's files are written.
    pub format: Option<Setting<String>>,
    /// A SQL expression over a source that changes when its data does.
    pub changed_by: Option<Setting<String>>,
    /// What separates the values of a CSV.
    pub delimiter: Setting<u8>,
    /// What a value of a CSV may be put between.
    pub quote: Setting<u8>,
    /// The text that stands for a null in a CSV.
    pub null: Option<Setting<String>>,
}

impl Default for EffectiveConfig {
    /// What holds for a model about which nobody says anything.
    fn default() -> Self {
        let (nothing, _) = crate::project::parse(FileId(0), "");
        Self::new(FileKind::Model, FileId(0), "", &Header::default(), &nothing).0
    }
}

impl EffectiveConfig {
    /// Puts a header over the defaults of its folders. `path` is the file's, relative to the
    /// project's folder; `file` the file that findings without a better place point to.
    pub fn new(
        kind: FileKind,
        file: FileId,
        path: &str,
        header: &Header,
        settings: &Settings,
    ) -> (Self, Vec<Diagnostic>) {
        let layers = Layers::new(path, &header.config, settings);
        let materialized =
            layers.pick_or(|config| config.materialized.as_ref(), || Materialized::View);
        let mut diagnostics = Vec::new();
        let (incremental, scd2) = match kind {
            FileKind::Model => check::check(&layers, &materialized, file, &mut diagnostics),
            FileKind::Source | FileKind::Seed | FileKind::Exposure | FileKind::Audit => {
                (None, None)
            }
        };
        if layers.are_damaged() {
            diagnostics.clear();
        }
        let strategy = incremental.as_ref().map(|incremental| {
            layers
                .pick(|config| config.strategy.as_ref())
                .unwrap_or_else(|| built_in(incremental.strategy()))
        });
        let config = Self {
            kind,
            strategy,
            schema: layers.pick_or(|config| config.schema.as_ref(), || schema_of(path)),
            name: layers.pick_or(|config| config.alias.as_ref(), || stem_of(path)),
            tags: layers
                .pick_or(|config| config.tags.as_ref(), Vec::new)
                .map(names),
            owner: layers.pick(|config| config.owner.as_ref()),
            deprecated: layers.pick(|config| config.deprecated.as_ref()),
            scd2,
            cron: layers.meant(materialized.value, "cron", |config| config.cron.as_ref()),
            cron_tz: layers.meant(materialized.value, "cron_tz", |config| {
                config.cron_tz.as_ref()
            }),
            history: layers.meant(materialized.value, "history", |config| {
                config.history.as_ref()
            }),
            forward_only: layers.meant(materialized.value, "forward_only", |config| {
                config.forward_only.as_ref()
            }),
            was: layers.meant(materialized.value, "was", |config| config.was.as_ref()),
            materialized,
            incremental,
            on_schema_change: layers.pick_or(
                |config| config.on_schema_change.as_ref(),
                || OnSchemaChange::Fail,
            ),
            enabled: match kind {
                FileKind::Model => layers.pick_or(|config| config.enabled.as_ref(), || true),
                FileKind::Source | FileKind::Seed | FileKind::Exposure | FileKind::Audit => {
                    built_in(true)
                }
            },
            retries: layers.pick_or(|config| config.retries.as_ref(), || 0),
            timeout: layers.pick(|config| config.timeout.as_ref()),
            grain: layers.pick(|config| config.grain.as_ref()),
            location: layers.pick(|config| config.location.as_ref()),
            format: layers.pick(|config| config.format.as_ref()),
            changed_by: layers.pick(|config| config.changed_by.as_ref()),
            delimiter: layers.pick_or(|config| config.delimiter.as_ref(), || b','),
            quote: layers.pick_or(|config| config.quote.as_ref(), || b'"'),
            null: layers.pick(|config| config.null.as_ref()),
        };
        (config, diagnostics)
    }

    /// How the seed's CSV is written.
    pub fn csv_options(&self) -> CsvOptions {
        CsvOptions {
            delimiter: self.delimiter.value,
            quote: self.quote.value,
            null: self.null.as_ref().map(|null| null.value.clone()),
        }
    }
}

fn built_in<T>(value: T) -> Setting<T> {
    Setting {
        value,
        source: SettingSource::BuiltIn,
    }
}

fn names(names: Vec<Spanned<String>>) -> Vec<String> {
    names.into_iter().map(|name| name.value).collect()
}

fn stem_of(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rfind('.') {
        Some(dot) if dot > 0 => name[..dot].to_owned(),
        _ => name.to_owned(),
    }
}

/// The schema where nobody names one: the first folder under `models/` or `sources/`, `seeds` for
/// files in `seeds/`, else `main`.
fn schema_of(path: &str) -> String {
    let mut parts = path.split('/');
    let schema = match (parts.next(), parts.next(), parts.next()) {
        (Some("seeds"), _, _) => "seeds",
        (_, Some(folder), Some(_)) => folder,
        _ => "main",
    };
    schema.to_owned()
}

/// What is said about a file, the nearest first.
struct Layers<'a> {
    header: &'a Config,
    folders: Vec<(&'a str, &'a Config)>,
}

impl<'a> Layers<'a> {
    fn new(path: &str, header: &'a Config, settings: &'a Settings) -> Self {
        let mut folders: Vec<(&str, &Config)> = settings
            .defaults
            .iter()
            .map(|defaults| (defaults.folder.as_str(), &defaults.config))
            .filter(|(folder, _)| holds(folder, path))
            .collect();
        folders.sort_by_key(|(folder, _)| std::cmp::Reverse(folder.len()));
        Self { header, folders }
    }

    fn are_damaged(&self) -> bool {
        self.header.damaged || self.folders.iter().any(|(_, config)| config.damaged)
    }

    /// The nearest value, or what holds when nobody says anything.
    fn pick_or<T: Clone>(
        &self,
        get: impl Fn(&Config) -> Option<&Spanned<T>>,
        otherwise: impl FnOnce() -> T,
    ) -> Setting<T> {
        self.pick(get).unwrap_or_else(|| built_in(otherwise()))
    }

    fn pick<T: Clone>(&self, get: impl Fn(&Config) -> Option<&Spanned<T>>) -> Option<Setting<T>> {
        if let Some(found) = get(self.header) {
            return Some(Setting {
                value: found.value.clone(),
                source: SettingSource::Header(found.span),
            });
        }
        self.folders.iter().find_map(|(folder, config)| {
            get(config).map(|found| Setting {
                value: found.value.clone(),
                source: SettingSource::Folder(Box::new(FolderPlace {
                    folder: (*folder).to_owned(),
                    span: found.span,
                })),
            })
        })
    }
}

fn holds(folder: &str, path: &str) -> bool {
    folder.is_empty()
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.starts_with('/'))
}

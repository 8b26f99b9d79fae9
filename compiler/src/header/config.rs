//! The keys of `@config` and of `[defaults]`: which there are, where they may stand, and what
//! their values are.
//!
//! Both writings, the header's and TOML's, are brought to a [`ConfigValue`] first, so that one
//! table says what a key means. What a key means beside other keys is decided in
//! [`effective`](super::effective).

mod reader;

use super::time::{Duration, Instant, IntervalLength};
use super::words::{
    HardDeletes, History, LATER_MATERIALIZED, Materialized, OnSchemaChange, Outside, Strategy,
};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::span::{Span, Spanned};
use reader::{DURATION, INSTANT, INTERVAL, Reader};
use serde::{Deserialize, Serialize};

/// What the file is that a header stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A query.
    Model,
    /// A table that somebody else fills.
    Source,
    /// The types of a seed's columns.
    Seed,
    /// Who uses what: a header without a query.
    Exposure,
    /// A query that gives the rows of a model that are wrong.
    Audit,
}

impl FileKind {
    /// The word for several of them: `models`.
    pub const fn plural(self) -> &'static str {
        match self {
            FileKind::Model => "models",
            FileKind::Source => "sources",
            FileKind::Seed => "seeds",
            FileKind::Exposure => "exposures",
            FileKind::Audit => "audits",
        }
    }
}

/// A value as it was written.
#[derive(Clone, Debug, PartialEq)]
pub enum ConfigValue {
    /// `'text'`
    Text(String),
    /// `true` or `false`
    Bool(bool),
    /// `42`
    Integer(i64),
    /// `['a', 'b']`
    List(Vec<Spanned<String>>),
}

impl ConfigValue {
    /// What it is, with its article.
    pub(super) fn what(&self) -> &'static str {
        match self {
            ConfigValue::Text(_) => "a text",
            ConfigValue::Bool(_) => "`true` or `false`",
            ConfigValue::Integer(_) => "a number",
            ConfigValue::List(_) => "a list",
        }
    }
}

/// The columns whose change makes a new version of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checked {
    /// All but those of the key.
    All,
    /// These.
    Columns(Vec<Spanned<String>>),
}

impl Checked {
    /// The word for all.
    pub const ALL: &'static str = "all";
}

/// What one place says: a header, or a folder's table in `[defaults]`. Nothing is filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// What becomes of the query.
    pub materialized: Option<Spanned<Materialized>>,
    /// How an incremental model takes new rows.
    pub strategy: Option<Spanned<Strategy>>,
    /// The column that says when a row happened.
    pub time_column: Option<Spanned<String>>,
    /// The columns that name a row.
    pub unique_key: Option<Spanned<Vec<Spanned<String>>>>,
    /// The first instant to fill.
    pub start: Option<Spanned<Instant>>,
    /// The instant to fill up to, exclusive.
    pub end: Option<Spanned<Instant>>,
    /// The length of an interval.
    pub interval: Option<Spanned<IntervalLength>>,
    /// How many intervals before the missing ones are done again.
    pub lookback: Option<Spanned<u32>>,
    /// How many intervals a batch holds.
    pub batch_size: Option<Spanned<u32>>,
    /// What becomes of a row outside its batch's range.
    pub outside: Option<Spanned<Outside>>,
    /// The time zone in which intervals begin.
    pub interval_tz: Option<Spanned<String>>,
    /// The columns that tell partitions apart.
    pub partition_by: Option<Spanned<Vec<Spanned<String>>>>,
    /// The column that says when a row was changed.
    pub updated_at: Option<Spanned<String>>,
    /// The columns whose change makes a new version of a row.
    pub check: Option<Spanned<Checked>>,
    /// What becomes of a row's last version when the row is gone.
    pub hard_deletes: Option<Spanned<HardDeletes>>,
    /// The column in which a version begins.
    pub valid_from: Option<Spanned<String>>,
    /// The column in which a version ends.
    pub valid_to: Option<Spanned<String>>,
    /// When the model is due.
    pub cron: Option<Spanned<String>>,
    /// The time zone of `cron`.
    pub cron_tz: Option<Spanned<String>>,
    /// Whether the rows can be computed again.
    pub history: Option<Spanned<History>>,
    /// Whether a change of the query keeps the table and its rows.
    pub forward_only: Option<Spanned<bool>>,
    /// The former import path.
    pub was: Option<Spanned<String>>,
    /// What happens when the columns change.
    pub on_schema_change: Option<Spanned<OnSchemaChange>>,
    /// The schema of the relation.
    pub schema: Option<Spanned<String>>,
    /// The name of the relation.
    pub alias: Option<Spanned<String>>,
    /// Words to select by.
    pub tags: Option<Spanned<Vec<Spanned<String>>>>,
    /// Who answers for it.
    pub owner: Option<Spanned<String>>,
    /// Whether it takes part at all.
    pub enabled: Option<Spanned<bool>>,
    /// How often a failure that may pass is tried again.
    pub retries: Option<Spanned<u32>>,
    /// The longest that a statement may take.
    pub timeout: Option<Spanned<Duration>>,
    /// The columns that a row is about.
    pub grain: Option<Spanned<Vec<Spanned<String>>>>,
    /// Why it should no longer be used.
    pub deprecated: Option<Spanned<String>>,
    /// Where a source's files lie.
    pub location: Option<Spanned<String>>,
    /// How a source's files are written.
    pub format: Option<Spanned<String>>,
    /// A SQL expression over a source that changes when its data does.
    pub changed_by: Option<Spanned<String>>,
    /// What separates the values of a CSV; one byte.
    pub delimiter: Option<Spanned<u8>>,
    /// The text that stands for a null in a CSV.
    pub null: Option<Spanned<String>>,
    /// What a value of a CSV may be put between; one byte.
    pub quote: Option<Spanned<u8>>,
    /// Whether something here couldn't be read, which has been reported. What is missing may then
    /// have been said, so that nothing is to be concluded from it.
    pub damaged: bool,
}

/// A key: its name, the files it may stand in, and whether it means something already.
struct Key {
    name: &'static str,
    files: &'static [FileKind],
    built: bool,
}

use FileKind::{Model, Seed, Source};
const ALL: &[FileKind] = &[Model, Source, Seed];
const MODELS: &[FileKind] = &[Model];

const fn key(name: &'static str, files: &'static [FileKind], built: bool) -> Key {
    Key { name, files, built }
}

const KEYS: &[Key] = &[
    key("materialized", MODELS, true),
    key("strategy", MODELS, true),
    key("time_column", MODELS, true),
    key("unique_key", MODELS, true),
    key("start", MODELS, true),
    key("end", MODELS, true),
    key("interval", MODELS, true),
    key("lookback", MODELS, true),
    key("batch_size", MODELS, true),
    key("outside", MODELS, true),
    key("interval_tz", MODELS, true),
    key("partition_by", MODELS, true),
    key("updated_at", MODELS, true),
    key("check", MODELS, true),
    key("hard_deletes", MODELS, true),
    key("valid_from", MODELS, true),
    key("valid_to", MODELS, true),
    key("cron", MODELS, true),
    key("cron_tz", MODELS, true),
    key("history", MODELS, true),
    key("forward_only", MODELS, true),
    key("was", MODELS, true),
    key("on_schema_change", MODELS, true),
    key("enabled", MODELS, true),
    key("retries", MODELS, true),
    key("timeout", MODELS, true),
    key("grain", MODELS, true),
    key("schema", ALL, true),
    key("alias", ALL, true),
    key("tags", ALL, true),
    key("owner", ALL, true),
    key("deprecated", ALL, true),
    key("location", &[Source], true),
    key("format", &[Source], true),
    key("changed_by", &[Source], true),
    key("delimiter", &[Seed], true),
    key("null", &[Seed], true),
    key("quote", &[Seed], true),
    key("catalog", &[Source], false),
    key("cluster_by", MODELS, false),
    key("dialect", MODELS, false),
];

impl Config {
    /// Takes a key and its value. `place` is the kind of file that the header stands in, or `None`
    /// for `[defaults]`, which may say anything that some file could.
    pub fn set(
        &mut self,
        name: &Spanned<String>,
        value: Spanned<ConfigValue>,
        place: Option<FileKind>,
    ) -> Result<(), Diagnostic> {
        let result = self.take(name, value, place);
        self.damaged |= result.is_err();
        result
    }

    fn take(
        &mut self,
        name: &Spanned<String>,
        value: Spanned<ConfigValue>,
        place: Option<FileKind>,
    ) -> Result<(), Diagnostic> {
        let known = KEYS.iter().find(|key| key.name == name.value);
        let Some(known) = known else {
            return Err(unknown_key(name, place));
        };
        if let Some(kind) = place.filter(|kind| !known.files.contains(kind)) {
            return Err(misplaced_key(name, known, kind));
        }
        if !known.built {
            return Err(Diagnostic::error(
                Code::NotBuiltYet,
                name.span,
                format!("the key `{}` isn't built yet", name.value),
            )
            .hint("leave the key out"));
        }
        if place.is_none() && name.value == "was" {
            let message = "`was` names one model, and stands in the header of that";
            return Err(Diagnostic::error(
                Code::InvalidConfigValue,
                name.span,
                message,
            ));
        }
        self.assign(name, value)
    }

    fn assign(
        &mut self,
        name: &Spanned<String>,
        value: Spanned<ConfigValue>,
    ) -> Result<(), Diagnostic> {
        let reader = Reader {
            name: name.value.as_str(),
            value,
        };
        let key = name.span;
        match reader.name {
            "materialized" | "strategy" | "outside" | "on_schema_change" | "hard_deletes"
            | "history" => self.assign_word(reader, key),
            "updated_at" | "check" | "valid_from" | "valid_to" => self.assign_scd2(reader, key),
            "cron" => once(&mut self.cron, reader.cron()?, key),
            "cron_tz" => once(&mut self.cron_tz, reader.time_zone()?, key),
            "interval_tz" => once(&mut self.interval_tz, reader.time_zone()?, key),
            "partition_by" => once(&mut self.partition_by, reader.names()?, key),
            "forward_only" => once(&mut self.forward_only, reader.boolean()?, key),
            "was" => once(&mut self.was, reader.model_path()?, key),
            "time_column" => once(&mut self.time_column, reader.name()?, key),
            "schema" => once(&mut self.schema, reader.name()?, key),
            "alias" => once(&mut self.alias, reader.name()?, key),
            "unique_key" => once(&mut self.unique_key, reader.names()?, key),
            "grain" => once(&mut self.grain, reader.names()?, key),
            "tags" => once(&mut self.tags, reader.names()?, key),
            "start" => once(
                &mut self.start,
                reader.parsed(Instant::parse, INSTANT)?,
                key,
            ),
            "end" => once(&mut self.end, reader.parsed(Instant::parse, INSTANT)?, key),
            "interval" => {
                let found = reader.parsed(IntervalLength::parse, INTERVAL)?;
                once(&mut self.interval, found, key)
            }
            "timeout" => once(
                &mut self.timeout,
                reader.parsed(Duration::parse, DURATION)?,
                key,
            ),
            "lookback" => once(&mut self.lookback, reader.number(0)?, key),
            "batch_size" => once(&mut self.batch_size, reader.number(1)?, key),
            "retries" => once(&mut self.retries, reader.number(0)?, key),
            "enabled" => once(&mut self.enabled, reader.boolean()?, key),
            "owner" => once(&mut self.owner, reader.text()?, key),
            "deprecated" => once(&mut self.deprecated, reader.text()?, key),
            "location" => once(&mut self.location, reader.text()?, key),
            "format" => once(&mut self.format, reader.source_format()?, key),
            "changed_by" => once(&mut self.changed_by, reader.text()?, key),
            "null" => once(&mut self.null, reader.text()?, key),
            "delimiter" => once(&mut self.delimiter, reader.byte()?, key),
            "quote" => once(&mut self.quote, reader.byte()?, key),
            _ => Err(unknown_key(name, None)),
        }
    }

    /// The keys of `scd2` that name columns.
    fn assign_scd2(&mut self, reader: Reader<'_>, key: Span) -> Result<(), Diagnostic> {
        match reader.name {
            "updated_at" => once(&mut self.updated_at, reader.name()?, key),
            "valid_from" => once(&mut self.valid_from, reader.name()?, key),
            "valid_to" => once(&mut self.valid_to, reader.name()?, key),
            _ => once(&mut self.check, reader.checked()?, key),
        }
    }

    /// The keys whose values are chosen from a few words.
    fn assign_word(&mut self, reader: Reader<'_>, key: Span) -> Result<(), Diagnostic> {
        match reader.name {
            "materialized" => {
                let words = Materialized::WORDS;
                let found = reader.word(words, LATER_MATERIALIZED, Materialized::from_word)?;
                once(&mut self.materialized, found, key)
            }
            "strategy" => {
                let found = reader.word(Strategy::WORDS, &[], Strategy::from_word)?;
                once(&mut self.strategy, found, key)
            }
            "hard_deletes" => {
                let found = reader.word(HardDeletes::WORDS, &[], HardDeletes::from_word)?;
                once(&mut self.hard_deletes, found, key)
            }
            "history" => {
                let found = reader.word(History::WORDS, &[], History::from_word)?;
                once(&mut self.history, found, key)
            }
            "outside" => {
                let found = reader.word(Outside::WORDS, &[], Outside::from_word)?;
                once(&mut self.outside, found, key)
            }
            _ => {
                let found = reader.word(OnSchemaChange::WORDS, &[], OnSchemaChange::from_word)?;
                once(&mut self.on_schema_change, found, key)
            }
        }
    }
}

/// Fills a place that may be filled only once.
fn once<T>(place: &mut Option<Spanned<T>>, found: Spanned<T>, key: Span) -> Result<(), Diagnostic> {
    if let Some(first) = place {
        return Err(
            Diagnostic::error(Code::DuplicatePragma, key, "this key is set twice")
                .saying("set again here")
                .and_at(first.span, "set here first")
                .hint("remove one of them"),
        );
    }
    *place = Some(found);
    Ok(())
}

fn unknown_key(name: &Spanned<String>, place: Option<FileKind>) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        Code::UnknownConfigKey,
        name.span,
        format!("there is no key `{}`", name.value),
    );
    if name.value == "description" {
        return diagnostic.hint("write a line `-- @description: …` instead");
    }
    let candidates = KEYS
        .iter()
        .filter(|key| place.is_none_or(|kind| key.files.contains(&kind)))
        .map(|key| key.name);
    match nearest(&name.value, candidates.clone()) {
        Some(near) => diagnostic.hint(format!("write `{near}`")).fix_name(
            &name.value,
            name.span,
            candidates,
            str::to_owned,
        ),
        None => diagnostic.hint("the chapter `Header` of the language lists the keys"),
    }
}

fn misplaced_key(name: &Spanned<String>, known: &Key, kind: FileKind) -> Diagnostic {
    let places: Vec<&str> = known.files.iter().map(|kind| kind.plural()).collect();
    Diagnostic::error(
        Code::UnknownConfigKey,
        name.span,
        format!(
            "`{}` is a key of {}, not of {}",
            name.value,
            places.join(" and "),
            kind.plural()
        ),
    )
    .hint("leave the key out")
}

//! The keys of `@config` and of `[defaults]`: which there are, where they may stand, and what
//! their values are.
//!
//! Both writings, the header's and TOML's, are brought to a [`ConfigValue`] first, so that one
//! table says what a key means. What a key means beside other keys is decided in
//! [`effective`](super::effective).

use super::time::{Duration, Instant, IntervalLength};
use super::words::{
    LATER_MATERIALIZED, LATER_STRATEGIES, Materialized, OnSchemaChange, Outside, Strategy,
};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::span::{Span, Spanned};
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
    key("cron", MODELS, false),
    key("cron_tz", MODELS, false),
    key("interval_tz", MODELS, false),
    key("updated_at", MODELS, false),
    key("check", MODELS, false),
    key("hard_deletes", MODELS, false),
    key("valid_from", MODELS, false),
    key("valid_to", MODELS, false),
    key("history", MODELS, false),
    key("partition_by", MODELS, false),
    key("cluster_by", MODELS, false),
    key("forward_only", MODELS, false),
    key("dialect", MODELS, false),
    key("was", MODELS, false),
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
            "materialized" | "strategy" | "outside" | "on_schema_change" => {
                self.assign_word(reader, key)
            }
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

    /// The keys whose values are chosen from a few words.
    fn assign_word(&mut self, reader: Reader<'_>, key: Span) -> Result<(), Diagnostic> {
        match reader.name {
            "materialized" => {
                let words = Materialized::WORDS;
                let found = reader.word(words, LATER_MATERIALIZED, Materialized::from_word)?;
                once(&mut self.materialized, found, key)
            }
            "strategy" => {
                let found = reader.word(Strategy::WORDS, LATER_STRATEGIES, Strategy::from_word)?;
                once(&mut self.strategy, found, key)
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

const INSTANT: &str = "a date or timestamp such as `'2013-01-01'` or `'2013-01-01 06:00:00'`";
const INTERVAL: &str = "a length such as `'1 day'`, `'6 hours'` or `'1 month'`";
const DURATION: &str = "a time such as `'10 min'` or `'30 s'`";

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

/// A value on its way to the type that its key asks for.
struct Reader<'a> {
    name: &'a str,
    value: Spanned<ConfigValue>,
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

    fn text(self) -> Result<Spanned<String>, Diagnostic> {
        match self.value.value {
            ConfigValue::Text(text) => Ok(Spanned::new(text, self.value.span)),
            _ => Err(self.mistyped("a text in single quotes")),
        }
    }

    /// A text that names something, so that it can't be blank.
    fn name(self) -> Result<Spanned<String>, Diagnostic> {
        match &self.value.value {
            ConfigValue::Text(text) if text.trim().is_empty() => {
                Err(self.refuse("a name").saying("this is blank"))
            }
            _ => self.text(),
        }
    }

    /// A list of names; a single one may stand alone.
    fn names(self) -> Result<Spanned<Vec<Spanned<String>>>, Diagnostic> {
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

    fn boolean(self) -> Result<Spanned<bool>, Diagnostic> {
        match self.value.value {
            ConfigValue::Bool(value) => Ok(Spanned::new(value, self.value.span)),
            _ => Err(self.mistyped("`true` or `false`")),
        }
    }

    fn number(self, least: u32) -> Result<Spanned<u32>, Diagnostic> {
        let ConfigValue::Integer(number) = self.value.value else {
            return Err(self.mistyped("a whole number"));
        };
        match u32::try_from(number) {
            Ok(number) if number >= least => Ok(Spanned::new(number, self.value.span)),
            _ => Err(self.refuse(&format!("a whole number from {least} on"))),
        }
    }

    /// A text of one ASCII character; `\t` stands for a tab.
    fn byte(self) -> Result<Spanned<u8>, Diagnostic> {
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

    fn source_format(self) -> Result<Spanned<String>, Diagnostic> {
        const FORMATS: &[&str] = &["parquet", "csv", "json"];
        self.word(FORMATS, &[], |word| {
            FORMATS.contains(&word).then(|| word.to_owned())
        })
    }

    fn word<T>(
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

    fn parsed<T>(
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
}

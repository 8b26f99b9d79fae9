//! Reads `[env]`: each key by itself. What one says beside others is for
//! [`check`](super::check).

use super::{Environment, Publish, Views};
use crate::diagnostic::{Code, Diagnostic};
use crate::header::time::{Instant, IntervalLength, Length};
use crate::project::defaults;
use crate::project::table::{Entry, Reader, scalar};
use crate::project::{Variable, VariableValue};
use crate::span::Spanned;
use crate::wildcard;
use toml::de::DeValue;

const KEYS: &[&str] = &[
    "engine",
    "protected",
    "ttl",
    "start",
    "views",
    "publish",
    "vars",
    "sources",
];

/// What `[env]` says.
pub(in crate::project) struct Environments {
    /// `default`
    pub(in crate::project) default: Option<Spanned<String>>,
    /// The environments whose names can be ones.
    pub(in crate::project) environments: Vec<Environment>,
    /// Whether these are all.
    pub(in crate::project) is_whole: bool,
}

/// Reads `[env]`.
pub(in crate::project) fn environments(reader: &mut Reader, section: &Entry<'_>) -> Environments {
    let mut found = Environments {
        default: None,
        environments: Vec::new(),
        is_whole: true,
    };
    for entry in reader.table(section) {
        if entry.key.value == "default" {
            found.default = reader.text_with_placeholders(&entry);
            continue;
        }
        if !matches!(entry.value, DeValue::Table(_)) {
            reader.unknown(&entry, "env", &["default"]);
            found.is_whole = false;
            continue;
        }
        let environment = environment(reader, &entry);
        match is_name(reader, &entry.key) {
            true => found.environments.push(environment),
            false => found.is_whole = false,
        }
    }
    found
}

/// Whether an environment can have this name, or these names; what is wrong is reported.
fn is_name(reader: &mut Reader, name: &Spanned<String>) -> bool {
    let text = name.value.as_str();
    let is_allowed = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_' | '*');
    if !text.chars().all(is_allowed) {
        let message = format!("`{text}` can't be the name of an environment");
        let proposed = proposed(text);
        let finding = reader.invalid(name.span, message);
        finding.hints.push(
            "use lower case letters, digits and `_`; `*` stands for any number of them".to_owned(),
        );
        if !proposed.is_empty() {
            finding.hints.push(format!("write `[env.{proposed}]`"));
        }
        return false;
    }
    if text.chars().all(|c| c == '_') {
        reader.invalid(name.span, format!("`{text}` gives the environment no name"));
        return false;
    }
    if text.contains("**") {
        let finding = reader.invalid(name.span, "two stars stand side by side in this pattern");
        finding
            .hints
            .push("write one: it stands for any number of characters".to_owned());
        return false;
    }
    if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let message = format!("an environment named `{text}` can't be told from the id of a plan");
        let finding = reader.invalid(name.span, message);
        finding
            .hints
            .push("choose a name that isn't eight hexadecimal digits".to_owned());
        return false;
    }
    true
}

/// What a command makes of the name, as a key of TOML.
fn proposed(text: &str) -> String {
    let characters = text.chars().flat_map(char::to_lowercase);
    let name: String = characters
        .map(|c| match c {
            'a'..='z' | '0'..='9' | '_' | '*' => c,
            _ => '_',
        })
        .collect();
    if wildcard::is_pattern(&name) {
        format!("\"{name}\"")
    } else {
        name
    }
}

fn environment(reader: &mut Reader, section: &Entry<'_>) -> Environment {
    let name = &section.key;
    let mut environment = Environment {
        pattern: name.clone(),
        engine: None,
        protected: None,
        ttl: None,
        start: None,
        views: None,
        publish: None,
        variables: Vec::new(),
        sources: Vec::new(),
    };
    for entry in reader.table(section) {
        match entry.key.value.as_str() {
            "engine" => environment.engine = reader.text(&entry),
            "protected" => environment.protected = reader.boolean(&entry),
            "ttl" => environment.ttl = reader.duration(&entry),
            "start" => environment.start = start(reader, &entry),
            "views" => environment.views = views(reader, &entry),
            "publish" => {
                environment.publish = reader.word(&entry, Publish::WORDS, Publish::from_word);
            }
            "vars" => environment.variables = variables(reader, &entry),
            "sources" => environment.sources = sources(reader, &entry),
            _ => {
                let section = match wildcard::is_pattern(&name.value) {
                    true => format!("env.\"{}\"", name.value),
                    false => format!("env.{}", name.value),
                };
                reader.unknown(&entry, &section, KEYS);
            }
        }
    }
    environment
}

fn views(reader: &mut Reader, entry: &Entry<'_>) -> Option<Spanned<Views>> {
    if let DeValue::String(text) = entry.value
        && text == Views::CATALOG
    {
        reader.diagnostics.push(
            Diagnostic::error(
                Code::CatalogOfViews,
                entry.span,
                "no engine can change views in a catalog of their own together with everything else",
            )
            .hint("write `\"schema\"`: each environment has schemas of its own then"),
        );
        return None;
    }
    reader.word(entry, Views::WORDS, Views::from_word)
}

/// A date, a timestamp, or a time ago, in the form that the runtime reads: `30 days ago`.
fn start(reader: &mut Reader, entry: &Entry<'_>) -> Option<Spanned<String>> {
    const WANTED: &str = "a date, a timestamp, or a time ago such as `\"30 days ago\"`";
    let text = match entry.value {
        DeValue::String(_) | DeValue::Datetime(_) => scalar(entry.value)?.to_text(),
        _ => {
            reader.mistyped(entry, WANTED);
            return None;
        }
    };
    let text = text.trim();
    let found = match text.strip_suffix("ago") {
        Some(length) => IntervalLength::parse(length).map(|found| ago(found.length)),
        None => Instant::parse(text).map(|instant| instant.text),
    };
    if found.is_none() {
        reader.invalid(entry.span, format!("`start` takes {WANTED}"));
    }
    Some(Spanned::new(found?, entry.span))
}

/// A time ago in units that every calendar has.
fn ago(length: Length) -> String {
    let (count, unit) = match length {
        Length::Months(months) => (u64::from(months), "month"),
        Length::Seconds(seconds) if seconds % 86_400 == 0 => (seconds / 86_400, "day"),
        Length::Seconds(seconds) if seconds % 3600 == 0 => (seconds / 3600, "hour"),
        Length::Seconds(seconds) => (seconds, "second"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

/// `[env.X.vars]`: single values, as lists are constants of the compilation.
fn variables(reader: &mut Reader, section: &Entry<'_>) -> Vec<Variable> {
    let mut variables = defaults::variables(reader, section);
    variables.retain(|variable| {
        let is_list = matches!(variable.value.value, VariableValue::List(_));
        if is_list {
            let finding = reader.invalid(
                variable.value.span,
                "a list is the same in all environments",
            );
            finding.hints.push(
                "write it under `[vars]`: lists are known when the models are compiled".to_owned(),
            );
        }
        !is_list
    });
    variables
}

/// `[env.X.sources]`
fn sources(reader: &mut Reader, section: &Entry<'_>) -> Vec<(Spanned<String>, Spanned<String>)> {
    let mut sources = Vec::new();
    for entry in reader.table(section) {
        let Some(schema) = reader.text(&entry) else {
            continue;
        };
        if schema.value.trim().is_empty() {
            reader.invalid(schema.span, "the name of the schema is blank");
            continue;
        }
        sources.push((entry.key, schema));
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_ago_has_units_of_every_calendar() {
        let of = |text: &str| IntervalLength::parse(text).map(|found| ago(found.length));
        assert_eq!(of("30 days").as_deref(), Some("30 days ago"));
        assert_eq!(of("1 week").as_deref(), Some("7 days ago"));
        assert_eq!(of("24 hours").as_deref(), Some("1 day ago"));
        assert_eq!(of("6 hours").as_deref(), Some("6 hours ago"));
        assert_eq!(of("90 min").as_deref(), Some("5400 seconds ago"));
        assert_eq!(of("1 quarter").as_deref(), Some("3 months ago"));
        assert_eq!(of("1 year").as_deref(), Some("12 months ago"));
    }
}

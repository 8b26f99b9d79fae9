//! The sections of `dbgo.toml`.

use super::table::{Entry, Reader};
use super::{Dialect, Engine, EngineKind, FolderDefaults, Settings, defaults, engines};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::header::Config;
use crate::span::{FileId, Span, Spanned};
use toml::de::DeTable;

const SECTIONS: &[&str] = &[
    "name",
    "dialect",
    "defaults",
    "vars",
    "engine",
    "state",
    "env",
    "run",
    "dev",
    "retention",
];

pub(super) fn parse(file: FileId, text: &str) -> (Settings, Vec<Diagnostic>) {
    let (tree, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader {
        file,
        diagnostics: errors
            .iter()
            .map(|error| {
                let range = error.span().unwrap_or(0..0);
                let span = Span::new(file, range.start, range.end.max(range.start));
                Diagnostic::error(
                    Code::InvalidProjectFile,
                    span,
                    format!("this isn't valid TOML: {}", error.message()),
                )
            })
            .collect(),
    };
    let is_whole = errors.is_empty();
    let entries = reader.entries(tree.get_ref());
    let name = name(&mut reader, &entries, is_whole);
    let mut settings = Settings {
        dialect: Dialect::DuckDb,
        defaults: Vec::new(),
        variables: Vec::new(),
        engines: Vec::new(),
        state_url: None,
        default_environment: "dev_${USER}".to_owned(),
        workers: None,
        name,
    };
    for entry in &entries {
        section(&mut reader, entry, &mut settings);
    }
    fill(&mut settings, file);
    (settings, reader.diagnostics)
}

fn section(reader: &mut Reader, entry: &Entry<'_>, settings: &mut Settings) {
    match entry.key.value.as_str() {
        "name" => {}
        "dialect" => dialect(reader, entry),
        "defaults" => settings.defaults = defaults::defaults(reader, entry),
        "vars" => settings.variables = defaults::variables(reader, entry),
        "engine" => settings.engines = engines::engines(reader, entry, &settings.name.value),
        "state" => settings.state_url = engines::state(reader, entry),
        "env" => environments(reader, entry, settings),
        "run" => run(reader, entry, settings),
        "dev" => reader.not_built(entry.key.span, "`[dev]` isn't"),
        "retention" => reader.not_built(entry.key.span, "`[retention]` isn't"),
        _ => reader.unknown(entry, "", SECTIONS),
    }
}

/// What nobody says.
fn fill(settings: &mut Settings, file: FileId) {
    let top = Span::new(file, 0, 0);
    if settings.defaults.is_empty() {
        settings.defaults.push(FolderDefaults {
            folder: String::new(),
            span: top,
            config: Config::default(),
        });
    }
    if settings.engines.is_empty() {
        settings.engines.push(Engine {
            name: Spanned::new("local".to_owned(), top),
            kind: EngineKind::DuckDb,
            location: Spanned::new(
                engines::default_path(&settings.name.value),
                settings.name.span,
            ),
            settings: Vec::new(),
        });
    }
}

/// ASCII letters, digits and `_`, not beginning with a digit.
pub(super) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn name(reader: &mut Reader, entries: &[Entry<'_>], is_whole: bool) -> Spanned<String> {
    let top = Span::new(reader.file, 0, 0);
    let unnamed = Spanned::new("project".to_owned(), top);
    let Some(entry) = entries.iter().find(|entry| entry.key.value == "name") else {
        let is_misspelt = entries.iter().any(|entry| {
            let key = entry.key.value.as_str();
            !SECTIONS.contains(&key) && nearest(key, SECTIONS.iter().copied()) == Some("name")
        });
        if is_whole && !is_misspelt {
            let finding = reader.invalid(top, "the project has no `name`");
            finding
                .hints
                .push("write `name = \"shop\"` at the top".to_owned());
        }
        return unnamed;
    };
    let Some(text) = reader.text(entry) else {
        return unnamed;
    };
    if !is_name(&text.value) {
        let message = format!("`{}` can't be the name of a project", text.value);
        let finding = reader.invalid(text.span, message);
        finding
            .hints
            .push("use letters, digits and `_`, and don't begin with a digit".to_owned());
        return unnamed;
    }
    text
}

fn dialect(reader: &mut Reader, entry: &Entry<'_>) {
    let Some(text) = reader.text(entry) else {
        return;
    };
    match text.value.as_str() {
        "duckdb" => {}
        "postgres" => reader.not_built(text.span, "the dialect `postgres` isn't"),
        other => {
            let finding = reader.invalid(text.span, format!("there is no dialect `{other}`"));
            finding
                .hints
                .push("write `dialect = \"duckdb\"`".to_owned());
        }
    }
}

fn environments(reader: &mut Reader, section: &Entry<'_>, settings: &mut Settings) {
    for entry in reader.table(section) {
        if entry.key.value == "default" {
            if let Some(text) = reader.text_with_placeholders(&entry) {
                settings.default_environment = text.value;
            }
        } else if matches!(entry.value, toml::de::DeValue::Table(_)) {
            let what = format!("`[env.{}]` isn't", entry.key.value);
            reader.not_built(entry.key.span, &what);
        } else {
            reader.unknown(&entry, "env", &["default"]);
        }
    }
}

fn run(reader: &mut Reader, section: &Entry<'_>, settings: &mut Settings) {
    const KEYS: &[&str] = &["workers", "before", "after", "lease", "publish_timeout"];
    for entry in reader.table(section) {
        match entry.key.value.as_str() {
            "workers" => {
                let Some(number) = reader.integer(&entry) else {
                    continue;
                };
                match u32::try_from(number) {
                    Ok(workers) if workers > 0 => settings.workers = Some(workers),
                    _ => {
                        reader.invalid(entry.span, "`workers` takes a whole number from 1 on");
                    }
                }
            }
            "before" | "after" | "lease" | "publish_timeout" => {
                let what = format!("`{}` isn't", entry.key.value);
                reader.not_built(entry.key.span, &what);
            }
            _ => reader.unknown(&entry, "run", KEYS),
        }
    }
}

//! The sections of `dbgo.toml`.

use super::table::{Entry, Reader};
use super::{
    Development, Dialect, Engine, EngineKind, FolderDefaults, Retention, Run, Settings, defaults,
    engines, environments, run,
};
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
        default_environment: Spanned::new("dev_${USER}".to_owned(), Span::new(file, 0, 0)),
        environments: Vec::new(),
        run: Run::default(),
        retention: Retention::default(),
        dev: Development::default(),
        name,
    };
    let mut places = Places {
        engines: Vec::new(),
        has_all_environments: true,
    };
    for entry in &entries {
        section(&mut reader, entry, &mut settings, &mut places);
    }
    fill(&mut settings, file);
    environments::check::check(
        &mut reader,
        &settings,
        &places.engines,
        places.has_all_environments,
    );
    (settings, reader.diagnostics)
}

/// What the checks of environments and engines need besides the settings.
struct Places {
    /// The names of all engines, also of those that can't be used.
    engines: Vec<Spanned<String>>,
    /// Whether all environments could be read.
    has_all_environments: bool,
}

fn section(reader: &mut Reader, entry: &Entry<'_>, settings: &mut Settings, places: &mut Places) {
    match entry.key.value.as_str() {
        "name" => {}
        "dialect" => dialect(reader, entry),
        "defaults" => settings.defaults = defaults::defaults(reader, entry),
        "vars" => settings.variables = defaults::variables(reader, entry),
        "engine" => {
            (settings.engines, places.engines) =
                engines::engines(reader, entry, &settings.name.value);
        }
        "state" => settings.state_url = engines::state(reader, entry),
        "env" => {
            let found = environments::read::environments(reader, entry);
            if let Some(default) = found.default {
                settings.default_environment = default;
            }
            settings.environments = found.environments;
            places.has_all_environments = found.is_whole;
        }
        "run" => settings.run = run::run(reader, entry),
        "dev" => settings.dev = run::development(reader, entry),
        "retention" => settings.retention = run::retention(reader, entry),
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
            name: Spanned::new(engines::DEFAULT_ENGINE.to_owned(), top),
            kind: EngineKind::DuckDb,
            location: Spanned::new(
                engines::default_path(&settings.name.value),
                settings.name.span,
            ),
            options: Vec::new(),
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

//! `[engine.X]` and `[state]`.

use super::table::{Entry, Reader};
use super::{Engine, EngineKind};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::span::Spanned;

/// The name of the engine where no section names one.
pub(super) const DEFAULT_ENGINE: &str = "local";

/// Reads the engines that can be used; those that can't are reported. The names are those of all.
pub(super) fn engines(
    reader: &mut Reader,
    section: &Entry<'_>,
    project: &str,
) -> (Vec<Engine>, Vec<Spanned<String>>) {
    let mut engines: Vec<Engine> = Vec::new();
    let mut names = Vec::new();
    for entry in reader.table(section) {
        names.push(entry.key.clone());
        let Some(engine) = engine(reader, &entry, project) else {
            continue;
        };
        // A process opens a file once, and leases are kept by the engine's name.
        let path = &engine.location.value;
        let is_place = !path.is_empty() && !path.starts_with(':');
        let same = |other: &&Engine| is_place && other.location.value == *path;
        if let Some(other) = engines.iter().find(same) {
            let what = match engine.kind {
                EngineKind::DuckDb => "file",
                EngineKind::DuckLake => "lake",
            };
            let message = format!(
                "the engines `{}` and `{}` are one {what}, `{}`",
                other.name.value, engine.name.value, engine.location.value
            );
            reader.diagnostics.push(
                Diagnostic::error(Code::InvalidSetting, engine.location.span, message)
                    .and_at(other.location.span, "the other one")
                    .hint(format!(
                        "give each one its own `{}`",
                        engine.kind.location_key()
                    )),
            );
        }
        engines.push(engine);
    }
    (engines, names)
}

/// The keys whose values are texts.
const TEXTS: &[&str] = &["path", "url", "catalog", "data", "extensions"];

fn engine(reader: &mut Reader, section: &Entry<'_>, project: &str) -> Option<Engine> {
    const KEYS: &[&str] = &[
        "type",
        "path",
        "url",
        "catalog",
        "data",
        "extensions",
        "settings",
    ];
    let name = &section.key;
    if !super::read::is_name(&name.value) {
        let message = format!("`{}` can't be the name of an engine", name.value);
        let finding = reader.invalid(name.span, message);
        finding.hints.push("use letters, digits and `_`".to_owned());
    }
    let mut kind = None;
    let mut texts: Vec<(&'static str, Spanned<String>)> = Vec::new();
    let mut settings = Vec::new();
    let mut has_type = false;
    for entry in reader.table(section) {
        let key = entry.key.value.as_str();
        match key {
            "type" => {
                has_type = true;
                kind = engine_kind(reader, &entry);
            }
            "settings" => settings = engine_settings(reader, &entry),
            _ => match TEXTS.iter().find(|text| **text == key) {
                Some(key) => {
                    let text = reader.text_with_placeholders(&entry);
                    texts.extend(text.map(|text| (*key, text)));
                }
                None => reader.unknown(&entry, &format!("engine.{}", name.value), KEYS),
            },
        }
    }
    if !has_type {
        let message = format!("the engine `{}` has no `type`", name.value);
        let finding = reader.invalid(name.span, message);
        finding.hints.push("write `type = \"duckdb\"`".to_owned());
    }
    let kind = kind?;
    refuse_others(reader, kind, &texts);
    let mut given = |key: &str| {
        let found = texts.iter().position(|(name, _)| *name == key);
        found.map(|index| texts.remove(index).1)
    };
    let location = given(kind.location_key());
    let options = match kind {
        EngineKind::DuckDb => Vec::new(),
        EngineKind::DuckLake => ["data", "extensions"]
            .into_iter()
            .filter_map(|key| Some((key, given(key)?)))
            .collect(),
    };
    let location = match kind {
        EngineKind::DuckDb => {
            location.unwrap_or_else(|| Spanned::new(default_path(project), name.span))
        }
        EngineKind::DuckLake => lake_catalogue(reader, (name, location), &options)?,
    };
    if location.value.is_empty() {
        let message = format!("the `{}` is empty", kind.location_key());
        reader.invalid(location.span, message);
    }
    Some(Engine {
        name: name.clone(),
        kind,
        location,
        options,
        settings,
    })
}

/// Reports the keys that belong to another type.
fn refuse_others(reader: &mut Reader, kind: EngineKind, texts: &[(&'static str, Spanned<String>)]) {
    let (called, own, hint): (_, &[&str], _) = match kind {
        EngineKind::DuckDb => ("DuckDB", &["path"], "write `path = \"file.duckdb\"`"),
        EngineKind::DuckLake => (
            "DuckLake",
            &["catalog", "data", "extensions"],
            "write `catalog = \"postgres://…\"` and `data = \"folder\"`",
        ),
    };
    for (key, text) in texts.iter().filter(|(key, _)| !own.contains(key)) {
        let finding = reader.invalid(text.span, format!("{called} has no `{key}`"));
        finding.hints.push(hint.to_owned());
    }
}

/// The address of a lake's catalogue. A lake has no usual place, neither for that nor for its files.
fn lake_catalogue(
    reader: &mut Reader,
    (name, location): (&Spanned<String>, Option<Spanned<String>>),
    options: &[(&'static str, Spanned<String>)],
) -> Option<Spanned<String>> {
    if !options.iter().any(|(key, _)| *key == "data") {
        let message = format!("the lake `{}` has no `data`", name.value);
        let finding = reader.invalid(name.span, message);
        let hint = "name the folder or the address where its files go: `data = \"lake\"`";
        finding.hints.push(hint.to_owned());
    }
    let Some(location) = location else {
        let message = format!("the lake `{}` has no `catalog`", name.value);
        let finding = reader.invalid(name.span, message);
        let hint = "write `catalog = \"postgres://user@host/database?schema=lake\"`";
        finding.hints.push(hint.to_owned());
        return None;
    };
    let is_address = ["postgres://", "postgresql://", "${"]
        .iter()
        .any(|start| location.value.starts_with(start));
    if !is_address && !location.value.is_empty() {
        let finding = reader.invalid(location.span, "this isn't the address of a catalogue");
        let hint =
            "a catalogue is in Postgres: `catalog = \"postgres://user@host/database?schema=lake\"`";
        finding.hints.push(hint.to_owned());
    }
    Some(location)
}

fn engine_kind(reader: &mut Reader, entry: &Entry<'_>) -> Option<EngineKind> {
    let text = reader.text(entry)?;
    match text.value.as_str() {
        "duckdb" => Some(EngineKind::DuckDb),
        "ducklake" => Some(EngineKind::DuckLake),
        "postgres" => {
            reader.not_built(text.span, "engines of type `postgres` aren't");
            None
        }
        other => {
            let near = nearest(other, ["duckdb", "ducklake", "postgres"]).unwrap_or("duckdb");
            let finding = reader.invalid(text.span, format!("there is no engine type `{other}`"));
            finding.hints.push(format!("write `type = \"{near}\"`"));
            None
        }
    }
}

fn engine_settings(
    reader: &mut Reader,
    section: &Entry<'_>,
) -> Vec<(Spanned<String>, Spanned<super::Scalar>)> {
    let mut settings = Vec::new();
    for entry in reader.table(section) {
        if let Some(value) = reader.scalar(&entry) {
            settings.push((entry.key, value));
        }
    }
    settings
}

/// The database file where nobody names one.
pub(super) fn default_path(project: &str) -> String {
    format!("{project}.duckdb")
}

/// Reads `[state]`.
pub(super) fn state(reader: &mut Reader, section: &Entry<'_>) -> Option<Spanned<String>> {
    let mut url = None;
    for entry in reader.table(section) {
        if entry.key.value != "url" {
            reader.unknown(&entry, "state", &["url"]);
            continue;
        }
        let Some(text) = reader.text_with_placeholders(&entry) else {
            continue;
        };
        let scheme = text.value.split_once(':').map_or("", |(scheme, _)| scheme);
        match scheme {
            "sqlite" | "postgres" | "postgresql" => url = Some(text),
            _ if text.value.starts_with("${") => url = Some(text),
            _ => {
                let finding = reader.invalid(text.span, "this isn't the address of a state");
                finding
                    .hints
                    .push("write `url = \"sqlite:.dbgo/state.db\"`".to_owned());
            }
        }
    }
    url
}

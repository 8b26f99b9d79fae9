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
        // A process opens a file once.
        let path = &engine.location.value;
        let is_file = !path.is_empty() && !path.starts_with(':');
        let same = |other: &&Engine| is_file && other.location.value == *path;
        if let Some(other) = engines.iter().find(same) {
            let message = format!(
                "the engines `{}` and `{}` are one file, `{}`",
                other.name.value, engine.name.value, engine.location.value
            );
            reader.diagnostics.push(
                Diagnostic::error(Code::InvalidSetting, engine.location.span, message)
                    .and_at(other.location.span, "the other one")
                    .hint("give each one its own `path`"),
            );
        }
        engines.push(engine);
    }
    (engines, names)
}

fn engine(reader: &mut Reader, section: &Entry<'_>, project: &str) -> Option<Engine> {
    const KEYS: &[&str] = &["type", "path", "url", "settings"];
    let name = &section.key;
    if !super::read::is_name(&name.value) {
        let message = format!("`{}` can't be the name of an engine", name.value);
        let finding = reader.invalid(name.span, message);
        finding.hints.push("use letters, digits and `_`".to_owned());
    }
    let mut kind = None;
    let mut location = None;
    let mut url = None;
    let mut settings = Vec::new();
    let mut has_type = false;
    for entry in reader.table(section) {
        match entry.key.value.as_str() {
            "type" => {
                has_type = true;
                kind = engine_kind(reader, &entry);
            }
            "path" => location = reader.text_with_placeholders(&entry),
            // An address belongs to a server, and none of their types is built.
            "url" => url = reader.text_with_placeholders(&entry),
            "settings" => settings = engine_settings(reader, &entry),
            _ => reader.unknown(&entry, &format!("engine.{}", name.value), KEYS),
        }
    }
    if let Some(url) = url
        && kind.is_some()
    {
        let finding = reader.invalid(url.span, "DuckDB has no `url`");
        finding
            .hints
            .push("write `path = \"file.duckdb\"`".to_owned());
    }
    if !has_type {
        let message = format!("the engine `{}` has no `type`", name.value);
        let finding = reader.invalid(name.span, message);
        finding.hints.push("write `type = \"duckdb\"`".to_owned());
    }
    let location = location.unwrap_or_else(|| Spanned::new(default_path(project), name.span));
    if location.value.is_empty() {
        reader.invalid(location.span, "the `path` is empty");
    }
    Some(Engine {
        name: name.clone(),
        kind: kind?,
        location,
        settings,
    })
}

fn engine_kind(reader: &mut Reader, entry: &Entry<'_>) -> Option<EngineKind> {
    let text = reader.text(entry)?;
    match text.value.as_str() {
        "duckdb" => Some(EngineKind::DuckDb),
        "postgres" => {
            reader.not_built(text.span, "engines of type `postgres` aren't");
            None
        }
        other => {
            let near = nearest(other, ["duckdb", "postgres"]).unwrap_or("duckdb");
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

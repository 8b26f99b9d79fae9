//! Settings as they are when a command opens an engine or the state: `${VAR}` replaced by the
//! environment or `.env`, names made valid, relative paths resolved.
//!
//! What this is not: a reader of `dbgo.toml`; the compiler reads it and hands over the text.

mod address;
mod expand;
mod state_address;

pub use expand::{Lookup, expand};
pub(crate) use state_address::Server;
pub use state_address::StateAddress;

use crate::environments::{Environment, checked_name};
use crate::error::{Code, Error, Kind, Result};
use crate::project::Project;
use dbgo_contract::SettingDef;
use std::path::PathBuf;

/// The engine that a command works on.
#[derive(Clone, PartialEq, Eq)]
pub struct EngineSettings {
    /// The name: `local` in `[engine.local]`.
    pub name: String,
    /// The type: `duckdb` or `ducklake`.
    pub kind: &'static str,
    /// The database file or the server's address, expanded. It may hold a secret.
    pub location: String,
    /// What else the type needs, expanded, by its key: `data` and `extensions` of a lake.
    pub options: Vec<(String, String)>,
    /// The location as the project's file writes it, which is what may be shown.
    pub shown: String,
    /// The engine's own settings, expanded. They may hold secrets.
    pub settings: Vec<(String, String)>,
    /// What variables gave, as it may stand in the engine's messages.
    secrets: Vec<String>,
}

impl EngineSettings {
    /// A text of the engine, in which nothing stands any more that a variable gave.
    pub fn conceal(&self, text: &str) -> String {
        let shown = match self.location.is_empty() {
            true => text.to_owned(),
            false => text.replace(&self.location, &self.shown),
        };
        let secrets = self.secrets.iter();
        secrets.fold(shown, |text, secret| text.replace(secret, "***"))
    }
}

/// What a template with variables was expanded to. Short values are left out: `4` threads are no
/// secret, and everything with a 4 in it would be illegible.
fn secret(template: &str, expanded: &str) -> Option<String> {
    const SHORTEST: usize = 4;
    let is_secret = template.contains("${") && expanded.len() >= SHORTEST;
    is_secret.then(|| expanded.to_owned())
}

impl std::fmt::Debug for EngineSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("EngineSettings")
            .field("name", &self.name)
            .field("kind", &self.kind)
            .field("shown", &self.shown)
            .finish_non_exhaustive()
    }
}

/// The environment that a command is about: the one that it names, or the project's default, which
/// is never a protected one.
///
/// # Errors
/// A missing variable, a name that can't be one, or an environment that the project declares
/// wrongly.
pub fn environment(project: &Project, lookup: &Lookup, named: Option<&str>) -> Result<Environment> {
    if let Some(named) = named {
        return Environment::of(project, checked_name(named)?);
    }
    let template = project.def.default_environment.as_str();
    let template = if template.is_empty() {
        "dev_${USER}"
    } else {
        template
    };
    let place = "`default` of `[env]` in `dbgo.toml`";
    let name = checked_name(&expand(template, lookup, place)?)?;
    let environment = Environment::of(project, name)?;
    if environment.protected {
        return Err(Error::new(
            Kind::Refused,
            Code::ProtectedEnvironment,
            format!("the default environment `{name}` is protected, so it has to be named"),
        )
        .hint(format!("write `{name}` after the command")));
    }
    Ok(environment)
}

/// The engine of an environment, with its variables' values.
///
/// # Errors
/// A missing variable.
pub fn engine(
    project: &Project,
    environment: &Environment,
    lookup: &Lookup,
) -> Result<EngineSettings> {
    let def = environment.engine;
    let setting = |setting: &'static SettingDef| (setting.name.as_str(), setting.value.as_str());
    let template = EngineTemplate {
        name: def.name.as_str(),
        kind: def.kind.as_str(),
        location: def.location.as_str(),
        options: def.options.iter().map(setting).collect(),
        settings: def.settings.iter().map(setting).collect(),
    };
    template.expanded(lookup, |path| project.resolve_path(path))
}

/// What a project's file says of an engine, with `${VAR}` unexpanded.
#[derive(Clone, Debug)]
pub struct EngineTemplate<'a> {
    /// The name: `local` in `[engine.local]`.
    pub name: &'a str,
    /// The type: `duckdb` or `ducklake`.
    pub kind: &'static str,
    /// The database file or the server's address.
    pub location: &'a str,
    /// What else the type needs.
    pub options: Vec<(&'a str, &'a str)>,
    /// The engine's own settings.
    pub settings: Vec<(&'a str, &'a str)>,
}

impl EngineTemplate<'_> {
    /// The engine with its variables' values. `resolve` says where a relative path starts.
    ///
    /// # Errors
    /// A missing variable.
    pub fn expanded(
        &self,
        lookup: &Lookup,
        resolve: impl Fn(&str) -> PathBuf,
    ) -> Result<EngineSettings> {
        let place = engine_place(self.name, location_key(self.kind));
        let location = expand(self.location, lookup, &place)?;
        let options = self
            .options
            .iter()
            .map(|(name, value)| {
                let value = expand(value, lookup, &engine_place(self.name, name))?;
                Ok(((*name).to_owned(), value))
            })
            .collect::<Result<Vec<_>>>()?;
        let settings = self
            .settings
            .iter()
            .map(|(name, value)| {
                let place = engine_setting_place(self.name, name);
                Ok(((*name).to_owned(), expand(value, lookup, &place)?))
            })
            .collect::<Result<Vec<_>>>()?;
        let templates = self.settings.iter().zip(&settings);
        let values = templates.map(|((_, template), (_, value))| (*template, value.as_str()));
        let secrets = [(self.location, location.as_str())]
            .into_iter()
            .chain(values)
            .filter_map(|(template, expanded)| secret(template, expanded))
            .chain(address::passwords(&location))
            .collect();
        let resolved = |place: String| match place.starts_with(':') || place.contains("://") {
            true => place,
            false => resolve(&place).to_string_lossy().into_owned(),
        };
        let options = options.into_iter();
        let options = options
            .map(|(name, place)| (name, resolved(place)))
            .collect();
        Ok(EngineSettings {
            name: self.name.to_owned(),
            kind: self.kind,
            location: resolved(location),
            options,
            shown: address::without_password(self.location),
            settings,
            secrets,
        })
    }
}

/// The key that says where an engine of a type is.
fn location_key(kind: &str) -> &'static str {
    match kind {
        "ducklake" => "catalog",
        _ => "path",
    }
}

/// Who runs this process, as records name them; `unknown` where the system doesn't say.
pub fn user() -> String {
    expand::user_name().unwrap_or_else(|| "unknown".to_owned())
}

/// How a message names a key of an engine.
pub fn engine_place(engine: &str, key: &str) -> String {
    format!("`{key}` of `[engine.{engine}]` in `dbgo.toml`")
}

/// How a message names one of an engine's own settings.
pub fn engine_setting_place(engine: &str, key: &str) -> String {
    format!("`{key}` of `[engine.{engine}.settings]` in `dbgo.toml`")
}

/// Where the state is.
///
/// # Errors
/// A missing variable, or `state-address` if it is no address of a state.
pub fn state_address(project: &Project, lookup: &Lookup) -> Result<StateAddress> {
    let url = project.def.state_url.as_str();
    let url = if url.is_empty() {
        "sqlite:.dbgo/state.db"
    } else {
        url
    };
    let expanded = expand(url, lookup, "`url` of `[state]` in `dbgo.toml`")?;
    StateAddress::parse(&expanded, |path| project.resolve_path(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_variables_gave_is_not_in_messages() {
        let engine = EngineSettings {
            name: "local".to_owned(),
            kind: "duckdb",
            location: "/data/k3y/w.duckdb".to_owned(),
            options: Vec::new(),
            shown: "${PLACE}/w.duckdb".to_owned(),
            settings: Vec::new(),
            secrets: ["/data/k3y/w.duckdb", "hunter2"]
                .into_iter()
                .filter_map(|value| secret("${V}", value))
                .chain(secret("${N}", "4"))
                .chain(secret("plain", "word"))
                .collect(),
        };
        assert_eq!(
            engine.conceal("can't open \"/data/k3y/w.duckdb\": hunter2, 4, word"),
            "can't open \"${PLACE}/w.duckdb\": ***, 4, word"
        );
    }
}

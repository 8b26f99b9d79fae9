//! Settings as they are when a command opens an engine or the state: `${VAR}` replaced by the
//! environment or `.env`, names made valid, relative paths resolved.
//!
//! What this is not: a reader of `dbgo.toml`; the compiler reads it and hands over the text.

mod expand;
mod state_address;

pub use expand::{Lookup, expand};
pub(crate) use state_address::Server;
pub use state_address::StateAddress;

use crate::error::{Code, Error, Kind, Result};
use crate::project::Project;
use dbgo_contract::SettingDef;
use std::path::PathBuf;

/// The engine that a command works on.
#[derive(Clone, PartialEq, Eq)]
pub struct EngineSettings {
    /// The name: `local` in `[engine.local]`.
    pub name: String,
    /// The type: `duckdb`.
    pub kind: &'static str,
    /// The database file or the server's address, expanded. It may hold a secret.
    pub location: String,
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

/// The name of the environment that a command without one means.
///
/// # Errors
/// A missing variable, or a name that can't be one.
pub fn environment(project: &Project, lookup: &Lookup) -> Result<&'static str> {
    let template = project.def.default_environment.as_str();
    let template = if template.is_empty() {
        "dev_${USER}"
    } else {
        template
    };
    let name = sanitise(&expand(
        template,
        lookup,
        "`default` of `[env]` in `dbgo.toml`",
    )?);
    if name.is_empty() || name.chars().all(|character| character == '_') {
        return Err(Error::new(
            Kind::Finding,
            Code::EnvironmentName,
            format!("`{template}` gives the environment no name"),
        ));
    }
    if name.len() == 8 && name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Error::new(
            Kind::Finding,
            Code::EnvironmentName,
            format!("an environment named `{name}` can't be told from the id of a plan"),
        ));
    }
    // The name stands in facts that generated code compares for the rest of the process.
    Ok(Box::leak(name.into_boxed_str()))
}

/// Lower case, and `_` for everything but letters, digits and `_`.
pub fn sanitise(name: &str) -> String {
    name.chars()
        .flat_map(char::to_lowercase)
        .map(|character| {
            if character.is_ascii_alphanumeric() {
                character
            } else {
                '_'
            }
        })
        .collect()
}

/// The engine of a project: the first of its file, as there is one environment.
///
/// # Errors
/// A missing variable.
pub fn engine(project: &Project, lookup: &Lookup) -> Result<EngineSettings> {
    let Some(def) = project.def.engines.as_slice().first() else {
        return Err(Error::new(
            Kind::Failed,
            Code::BrokenProject,
            "the project has no engine",
        ));
    };
    let setting = |setting: &'static SettingDef| (setting.name.as_str(), setting.value.as_str());
    let template = EngineTemplate {
        name: def.name.as_str(),
        kind: def.kind.as_str(),
        location: def.location.as_str(),
        settings: def.settings.iter().map(setting).collect(),
    };
    template.expanded(lookup, |path| project.resolve_path(path))
}

/// What a project's file says of an engine, with `${VAR}` unexpanded.
#[derive(Clone, Debug)]
pub struct EngineTemplate<'a> {
    /// The name: `local` in `[engine.local]`.
    pub name: &'a str,
    /// The type: `duckdb`.
    pub kind: &'static str,
    /// The database file or the server's address.
    pub location: &'a str,
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
        resolve: impl FnOnce(&str) -> PathBuf,
    ) -> Result<EngineSettings> {
        let place = engine_place(self.name, "path");
        let location = expand(self.location, lookup, &place)?;
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
            .collect();
        let is_file = !location.starts_with(':') && !location.contains("://");
        let location = if is_file {
            resolve(&location).to_string_lossy().into_owned()
        } else {
            location
        };
        Ok(EngineSettings {
            name: self.name.to_owned(),
            kind: self.kind,
            location,
            shown: self.location.to_owned(),
            settings,
            secrets,
        })
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

    #[test]
    fn environment_names_are_lower_case_words() {
        assert_eq!(sanitise("dev_Ana.Lopez"), "dev_ana_lopez");
        assert_eq!(sanitise("Zoë"), "zo_");
    }
}

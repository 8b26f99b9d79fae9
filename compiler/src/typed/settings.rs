//! What a program needs of `dbgo.toml`.

use crate::project::{Publish, Views};
use serde::{Deserialize, Serialize};

/// What a program needs of `dbgo.toml`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProjectSettings {
    /// The project's name.
    pub name: String,
    /// The models' SQL dialect.
    pub dialect: String,
    /// The engines.
    pub engines: Vec<EngineSettings>,
    /// The default environment; `${VAR}` unexpanded.
    pub default_environment: String,
    /// The address of the state database; empty for the default.
    pub state_url: String,
    /// How many models run at once; zero for as many as there are processors.
    pub workers: u32,
    /// The environments, in the order of the file.
    pub environments: Vec<EnvironmentSettings>,
    /// `[run]`
    pub run: RunSettings,
    /// `[retention]`
    pub retention: RetentionSettings,
    /// `[vars]`, as SQL or JSON text.
    pub variables: Vec<(String, String)>,
}

/// `[engine.X]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EngineSettings {
    /// `X`
    pub name: String,
    /// `type`
    pub kind: String,
    /// `path` or `catalog`; `${VAR}` unexpanded.
    pub location: String,
    /// `data` and `extensions` of a lake; `${VAR}` unexpanded.
    #[serde(default)]
    pub options: Vec<(String, String)>,
    /// `[engine.X.settings]`
    pub settings: Vec<(String, String)>,
}

/// `[env.X]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentSettings {
    /// `X`: a name or a pattern with `*`.
    pub pattern: String,
    /// `engine`; empty for the only one.
    pub engine: String,
    /// `protected`
    pub protected: bool,
    /// `ttl` in seconds; zero for ever.
    pub ttl_seconds: u64,
    /// `start`: a date, a timestamp, or a time ago; empty for each model's own.
    pub start: String,
    /// `views`; `None` for what the name says.
    pub views: Option<Views>,
    /// `publish`; `None` for all.
    pub publish: Option<Publish>,
    /// `[env.X.vars]`, as SQL text.
    pub variables: Vec<(String, String)>,
    /// `[env.X.sources]`: schemas as the files name them, and as they are here.
    pub sources: Vec<(String, String)>,
}

/// `[run]` but for `workers`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunSettings {
    /// `before`
    pub before: Vec<String>,
    /// `after`
    pub after: Vec<String>,
    /// `lease` in seconds; zero for the usual.
    pub lease_seconds: u64,
    /// `publish_timeout` in seconds; zero for the usual.
    pub publish_timeout_seconds: u64,
}

/// `[retention]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RetentionSettings {
    /// `versions` in seconds; zero for the usual.
    pub versions_seconds: u64,
    /// `history` in seconds; zero for the usual.
    pub history_seconds: u64,
}

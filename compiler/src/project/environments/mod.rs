//! Environments: what `[env]` says, and on which engine each of them lives.
//!
//! An environment is declared by its name, or with others by a pattern. The name itself goes
//! before the longest pattern; what neither covers lives on the only engine, and with several
//! engines there is no such environment.

pub(super) mod check;
pub(super) mod read;

use super::{Engine, Settings, Variable};
use crate::header::time::Duration;
use crate::header::words;
use crate::span::Spanned;
use crate::wildcard;
use serde::{Deserialize, Serialize};

words! {
    /// Where the views of an environment stand.
    Views {
        /// In schemas of their own: `finance__dev.revenue`.
        Schema "schema",
        /// In the schemas of the project, under names of their own: `finance.revenue__dev`.
        Table "table",
        /// Where the project says: `finance.revenue`.
        Plain "plain",
    }
}

impl Views {
    /// A word that no engine can keep: in a catalog of their own, as `dev.finance.revenue`. Views have to change
    /// in one transaction with the ledger, and a transaction of DuckDB writes one database, whether the
    /// other one is a file, in memory or a lake.
    pub(super) const CATALOG: &str = "catalog";
}

words! {
    /// Which views an environment has.
    Publish {
        /// Those of all models.
        All "all",
        /// Those of models that differ from what it is based on.
        Changed "changed",
    }
}

/// An environment, or a pattern of environments: `[env.X]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    /// The name, or a pattern with `*`.
    pub pattern: Spanned<String>,
    /// The engine's name; `None`: the only one.
    pub engine: Option<Spanned<String>>,
    /// Whether only a stored plan, or an explicit yes, may change it.
    pub protected: Option<Spanned<bool>>,
    /// How long it lives after its last change; `None`: for ever.
    pub ttl: Option<Spanned<Duration>>,
    /// From when on models filled by time are filled: a date, a timestamp, or a time ago such as
    /// `30 days ago`; `None`: from their own start.
    pub start: Option<Spanned<String>>,
    /// Where its views stand; `None`: plain in `prod`, in schemas of their own elsewhere.
    pub views: Option<Spanned<Views>>,
    /// Which views it has; `None`: those of all models.
    pub publish: Option<Spanned<Publish>>,
    /// Its own values of variables.
    pub variables: Vec<Variable>,
    /// Other schemas for sources: the schema that the project's files name, and the one that is
    /// read here.
    pub sources: Vec<(Spanned<String>, Spanned<String>)>,
}

impl Environment {
    /// Whether it is protected.
    pub fn is_protected(&self) -> bool {
        self.protected.as_ref().is_some_and(|it| it.value)
    }

    /// Whether its views stand where the project says, without the environment's name.
    pub fn is_plain(&self) -> bool {
        match &self.views {
            Some(views) => views.value == Views::Plain,
            None => self.pattern.value == "prod",
        }
    }
}

impl Settings {
    /// The declaration that decides about an environment of this name.
    pub fn environment(&self, name: &str) -> Option<&Environment> {
        let patterns = self.environments.iter();
        let patterns = patterns.map(|environment| environment.pattern.value.as_str());
        Some(&self.environments[wildcard::deciding(patterns, name)?])
    }

    /// The engine that an environment of this name lives on; `None` where nothing says which of
    /// several it is.
    pub fn engine_of(&self, name: &str) -> Option<&Engine> {
        self.engine_declared(self.environment(name))
    }

    /// The engine that a declaration leads to; without one, the only engine.
    pub(crate) fn engine_declared(&self, declared: Option<&Environment>) -> Option<&Engine> {
        let named = declared.and_then(|environment| environment.engine.as_ref());
        match (named, self.engines.as_slice()) {
            (Some(named), engines) => engines
                .iter()
                .find(|engine| engine.name.value == named.value),
            (None, [only]) => Some(only),
            (None, _) => None,
        }
    }

    /// Whether there are environments that no declaration decides about.
    pub(crate) fn has_other_environments(&self) -> bool {
        let all = |environment: &Environment| environment.pattern.value == "*";
        self.engines.len() == 1 && !self.environments.iter().any(all)
    }
}

//! Which models keep rows that can't be computed again, once a command has said which of them it gives up.

use super::place::Situation;
use super::previews::shared_with;
use crate::error::{Code, Error, Kind, Result};
use crate::project::{Model, Relation};
use std::collections::BTreeSet;

/// The models whose histories are given up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histories {
    destroyed: BTreeSet<usize>,
}

impl Histories {
    /// What `--destroy-history` names.
    ///
    /// # Errors
    /// `unknown-model`, `not-a-model`, `no-history` for a model whose rows can be computed again,
    /// `protected-environment` where its table isn't this environment's to write.
    pub fn of(situation: &Situation<'_>, names: &[String]) -> Result<Self> {
        let mut destroyed = BTreeSet::new();
        let project = situation.place.project;
        for name in names {
            let Relation::Model(index) = project.find(name)? else {
                return Err(Error::new(
                    Kind::Usage,
                    Code::NotAModel,
                    format!("`{name}` is no model, so it has no history"),
                ));
            };
            let model = project.model(index);
            if !model.keeps_history() {
                return Err(no_history(&model.relation()));
            }
            if let Some(environment) = shared(situation, index) {
                return Err(Error::new(
                    Kind::Refused,
                    Code::ProtectedEnvironment,
                    format!(
                        "the history of `{}` is that of `{environment}` too, which is protected",
                        model.relation()
                    ),
                )
                .hint("name that environment, or use `--fork` to begin another history here"));
            }
            destroyed.insert(index);
        }
        Ok(Self { destroyed })
    }

    /// Whether the rows of a model can't be computed again, and nobody gave them up.
    pub fn keep(&self, index: usize, model: &Model) -> bool {
        model.keeps_history() && !self.destroyed.contains(&index)
    }

    /// The models whose histories are given up.
    pub fn destroyed(&self) -> &BTreeSet<usize> {
        &self.destroyed
    }
}

/// Somebody gives up a history that a model doesn't have.
pub fn no_history(name: &str) -> Error {
    Error::new(
        Kind::Usage,
        Code::NoHistory,
        format!("`{name}` keeps no history: its rows can be computed again"),
    )
    .hint("`--destroy-history` is for models with `scd2`, `append` or `history='keep'`")
}

fn shared<'s>(situation: &'s Situation<'_>, index: usize) -> Option<&'s str> {
    let path = situation.place.project.model(index).def.path.as_str();
    let here = (&situation.known, situation.place.environment.name);
    shared_with(here, path, situation.versions.model(index))
}

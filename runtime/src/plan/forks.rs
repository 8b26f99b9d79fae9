//! Tables that an environment has for itself, though a protected environment shows one of the same version.

use super::document::PlanOptions;
use crate::error::{Code, Error, Kind, Result};
use crate::project::Relation;
use crate::situation::{Forks, Situation};
use crate::version::History;
use std::collections::BTreeSet;

/// What a plan's options say of the selected models; of those that are computed again, where some are.
///
/// # Errors
/// `protected-environment`; `unknown-model` for one that is computed again.
pub fn wished(
    situation: &Situation<'_>,
    options: &PlanOptions,
    selected: &BTreeSet<usize>,
) -> Result<Forks> {
    let environment = &situation.place.environment;
    if options.fork && environment.protected {
        return Err(Error::new(
            Kind::Refused,
            Code::ProtectedEnvironment,
            format!(
                "`{}` is protected, and a table that is forked is a preview, which it never shows",
                environment.name
            ),
        )
        .hint("fork it in another environment: `env create` makes one"));
    }
    let models = match (options.fork, options.restate.is_empty()) {
        (true, false) => named(situation, &options.restate)?,
        _ => selected.clone(),
    };
    Ok(Forks {
        wanted: models.iter().filter(|_| options.fork).copied().collect(),
        given_up: models.into_iter().filter(|_| options.no_fork).collect(),
    })
}

fn named(situation: &Situation<'_>, names: &[String]) -> Result<BTreeSet<usize>> {
    let project = situation.place.project;
    let found = names.iter().map(|name| project.find(name));
    let mut models = BTreeSet::new();
    for relation in found {
        if let Relation::Model(index) = relation? {
            models.insert(index);
        }
    }
    Ok(models)
}

/// What people should know of what they asked for.
pub fn notes(situation: &Situation<'_>, options: &PlanOptions) -> Vec<String> {
    let wanted = &situation.place.forks.wanted;
    let is_forked = |model: &usize| situation.versions.history(*model) == History::Forked;
    match options.fork && !wanted.iter().any(is_forked) {
        true => vec![
            "nothing that is selected shares its table with a protected environment: nothing is forked"
                .to_owned(),
        ],
        false => Vec::new(),
    }
}

//! What an environment points to, as the target of another one.
//!
//! The same file may mean something else there: by a condition on `env`, by a value of a variable, by
//! another schema of a source, or because what the other environment shows is a preview. A program that has
//! a model just as the other environment shows it knows what it means in this one. Of any other model only
//! the table can be shown that is there, and only where it means the same.

use super::definition::{Definition, definition_id};
use super::target::{Target, TargetModel, of_relation};
use crate::config;
use crate::error::{Code, Error, Kind, Result};
use crate::project::{PlanFacts, Relation};
use crate::situation::Situation;
use crate::state::{Environment as Row, PinnedModel};
use crate::version::{History, Queries, Versions, of_fork, of_preview};
use std::collections::{BTreeMap, HashMap};

/// The target that shows what another environment does.
///
/// # Errors
/// `other-project` for what would have to be built, and isn't the program's.
pub fn promoted(
    situation: &mut Situation<'_>,
    row: &Row,
    pinned: Vec<PinnedModel>,
) -> Result<Target> {
    let own = Own::of(situation, &row.name, &pinned)?;
    let relations = situation.place.project.relations().count();
    let (ours, others): (Vec<PinnedModel>, Vec<PinnedModel>) = pinned
        .into_iter()
        .partition(|pinned| own.relations.contains_key(&pinned.model));
    if others.is_empty() && ours.len() == relations {
        return Ok(Target::of_program(situation, &|_| true, &row.commit));
    }
    let mut models: BTreeMap<String, TargetModel> = ours
        .iter()
        .map(|pinned| {
            let relation = own.relations[&pinned.model];
            (pinned.model.clone(), of_relation(situation, relation))
        })
        .collect();
    check_meaning(situation, row, (&others, &own.facts))?;
    let others = Target::of_pinned(situation, others, (&row.project_hash, &row.commit));
    models.extend(others.models);
    Ok(Target::with(models, (&row.project_hash, &row.commit)))
}

/// What the program has just as another environment shows it.
struct Own {
    /// By import path.
    relations: HashMap<String, Relation>,
    /// What the project says of the other environment.
    facts: PlanFacts,
}

impl Own {
    fn of(situation: &Situation<'_>, environment: &str, pinned: &[PinnedModel]) -> Result<Self> {
        let place = &situation.place;
        let project = place.project;
        let other = config::environment(project, &place.lookup, Some(environment))?;
        let facts = other.facts(project, &[])?;
        let shown: HashMap<&str, &PinnedModel> = pinned
            .iter()
            .map(|pinned| (pinned.model.as_str(), pinned))
            .collect();
        let history = &mut |index: usize, version: &str| {
            let shown = shown.get(project.model(index).def.path.as_str());
            let shown = shown.map_or("", |shown| shown.version.as_str());
            match shown {
                _ if shown == of_fork(version, environment) => History::Forked,
                _ if shown == of_preview(version, environment) => History::Cut,
                _ => History::Whole,
            }
        };
        let queries = Queries::of(project, &facts)?;
        let versions = Versions::with_previews(project, &facts, (&queries, history));
        let is_shown = |relation: &Relation| {
            let shown = shown.get(project.path_of(*relation));
            shown.is_some_and(|shown| {
                shown.version == versions.get(*relation)
                    && shown.definition == definition_id(project, *relation, &versions, &facts)
            })
        };
        let relations = project.relations().filter(is_shown);
        let relations = relations.map(|it| (project.path_of(it).to_owned(), it));
        Ok(Self {
            relations: relations.collect(),
            facts,
        })
    }
}

/// Refuses what isn't the program's and means something else in the environment that gets it.
fn check_meaning(
    situation: &mut Situation<'_>,
    row: &Row,
    (others, from): (&[PinnedModel], &PlanFacts),
) -> Result<()> {
    let project = situation.place.scope.project.clone();
    let ids: Vec<String> = others.iter().map(|it| it.definition.clone()).collect();
    let texts = situation.state.definitions(&project, &ids)?;
    for pinned in others {
        let before = situation.pinned.get(&pinned.model);
        if before.is_some_and(|before| before.version == pinned.version) {
            continue;
        }
        let key = (
            row.name.clone(),
            pinned.model.clone(),
            pinned.version.clone(),
        );
        let preview = situation.known.previews.contains_key(&key);
        let text = texts.get(&pinned.definition);
        let definition = text.and_then(|text| serde_json::from_str::<Definition>(text).ok());
        let why = match definition {
            _ if preview => Some("is a preview there".to_owned()),
            Some(definition) => differs(&definition, from, &situation.place.facts),
            None => None,
        };
        if let Some(why) = why {
            return Err(refused(situation, row, (pinned, &why)));
        }
    }
    Ok(())
}

/// What of a definition is something else in another environment.
fn differs(definition: &Definition, from: &PlanFacts, to: &PlanFacts) -> Option<String> {
    if definition.reads_environment {
        return Some("depends on `env`".to_owned());
    }
    let mut variables = definition.variables.iter();
    let other = variables.find(|(name, given)| to.variables.given(name) != given.as_deref());
    if let Some((name, _)) = other {
        return Some(format!("has another value of `{name}`"));
    }
    let schema = definition.schema.as_str();
    let is_source = definition.kind == "source";
    (is_source && from.schema_of(schema) != to.schema_of(schema))
        .then(|| "is in another schema".to_owned())
}

fn refused(situation: &Situation<'_>, row: &Row, (pinned, why): (&PinnedModel, &str)) -> Error {
    let commit = match row.commit.get(..8) {
        Some(commit) => format!(" (commit {commit})"),
        None => String::new(),
    };
    Error::new(
        Kind::Refused,
        Code::OtherProject,
        format!(
            "`{}.{}` {why}, so that it has to be built for `{}`, and this program is of another version of the project",
            pinned.schema, pinned.name, situation.place.environment.name
        ),
    )
    .hint(format!(
        "promote it with the program that was applied to `{}`{commit}",
        row.name
    ))
}

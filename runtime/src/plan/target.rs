//! What an environment shall point to: for each model, seed and source a version and a definition.

use super::definition::definition_id;
use super::document::Origin;
use crate::environments::Environment;
use crate::project::Relation;
use crate::situation::Situation;
use crate::state::PinnedModel;
use crate::version::fingerprint;
use std::collections::BTreeMap;

/// One model, seed or source of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetModel {
    /// What the state will keep of it.
    pub pinned: PinnedModel,
    /// Where it is in the program's project, if the program has this version of it.
    pub relation: Option<Relation>,
    /// Whether its history is cut in the environment.
    pub preview: bool,
    /// Whether it is looked at, and not left as the environment has it.
    pub selected: bool,
}

/// What an environment shall point to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// By import path.
    pub models: BTreeMap<String, TargetModel>,
    /// Which version of the project this is.
    pub origin: Origin,
}

impl Target {
    /// The program's own project. Models that aren't in `selected` stay as the environment has them.
    pub fn of_program(
        situation: &Situation<'_>,
        selected: &dyn Fn(Relation) -> bool,
        commit: &str,
    ) -> Self {
        let project = situation.place.project;
        let mut models = BTreeMap::new();
        let mut whole = true;
        for relation in project.relations() {
            let path = project.path_of(relation);
            if selected(relation) {
                models.insert(path.to_owned(), of_relation(situation, relation));
                continue;
            }
            let before = situation.pinned.get(path);
            let version = situation.versions.get(relation);
            whole &= before.is_some_and(|before| before.version == version);
            if let Some(before) = before {
                let is_same = before.version == version;
                models.insert(
                    path.to_owned(),
                    TargetModel {
                        pinned: before.clone(),
                        relation: is_same.then_some(relation),
                        preview: false,
                        selected: false,
                    },
                );
            }
        }
        let hash = project.def.hash.as_str();
        Self::with(models, (if whole { hash } else { "" }, commit))
    }

    /// What the state keeps of a version of the project, with what of it the program has.
    pub fn of_pinned(
        situation: &Situation<'_>,
        pinned: impl IntoIterator<Item = PinnedModel>,
        (project_hash, commit): (&str, &str),
    ) -> Self {
        let project = situation.place.project;
        let own: BTreeMap<&str, Relation> = project
            .relations()
            .map(|relation| (project.path_of(relation), relation))
            .collect();
        let models = pinned.into_iter().map(|pinned| {
            let relation = own.get(pinned.model.as_str()).copied();
            let relation =
                relation.filter(|relation| situation.versions.get(*relation) == pinned.version);
            let model = TargetModel {
                relation,
                preview: false,
                selected: true,
                pinned,
            };
            (model.pinned.model.clone(), model)
        });
        Self::with(models.collect(), (project_hash, commit))
    }

    pub(super) fn with(
        models: BTreeMap<String, TargetModel>,
        (hash, commit): (&str, &str),
    ) -> Self {
        let texts = models.values().flat_map(|model| {
            let pinned = &model.pinned;
            [
                pinned.model.as_str(),
                pinned.version.as_str(),
                pinned.definition.as_str(),
            ]
        });
        let origin = Origin {
            project_version: fingerprint(texts),
            project_hash: hash.to_owned(),
            commit: commit.to_owned(),
        };
        Self { models, origin }
    }
}

/// A relation of the program's project.
pub(super) fn of_relation(situation: &Situation<'_>, relation: Relation) -> TargetModel {
    TargetModel {
        pinned: pinned(situation, relation),
        relation: Some(relation),
        preview: matches!(relation, Relation::Model(index) if situation.versions.is_preview(index)),
        selected: true,
    }
}

/// What the state keeps of a relation of the program's project.
pub fn pinned(situation: &Situation<'_>, relation: Relation) -> PinnedModel {
    let project = situation.place.project;
    let (schema, name) = project.schema_and_name(relation);
    PinnedModel {
        model: project.path_of(relation).to_owned(),
        version: situation.versions.get(relation).to_owned(),
        definition: definition_id(
            project,
            relation,
            &situation.versions,
            &situation.place.facts,
        ),
        schema: schema.to_owned(),
        name: name.to_owned(),
        kind: match relation {
            Relation::Model(index) => project.model(index).kind(),
            Relation::Seed(_) => "seed",
            Relation::Source(_) => "source",
        }
        .to_owned(),
    }
}

/// Whether a kind of relation has a view of its own.
pub fn is_shown(kind: &str) -> bool {
    !matches!(kind, "ephemeral" | "source")
}

/// The view of a pinned model.
pub fn view_of_pinned(
    pinned: &PinnedModel,
    environment: &Environment,
) -> crate::adapters::Relation {
    crate::environments::view_of((&pinned.schema, &pinned.name), environment)
}

//! Which tables read other rows though their version stays: a seed with another content is another
//! version of the seed, and not of what reads it.

use super::target::Target;
use crate::project::{Model, Relation};
use crate::situation::{Reads, Situation, agree, load_through};
use dbgo_contract::Materialization;
use std::collections::BTreeSet;

/// What is known of the load that a relation will have.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Load {
    /// It is there already.
    There(String),
    /// It will be a new one.
    New,
    /// Nothing tells: a source, or what reads one through a view.
    Unknown,
}

/// Looks for tables that will read other rows than any table of their version was built of.
pub struct NewData<'a, 's> {
    /// Where the plan is for.
    pub situation: &'a Situation<'s>,
    /// What the environment shall show.
    pub target: &'a Target,
    /// The environment whose tables are preferred, where one is promoted.
    pub first: Option<&'a str>,
}

impl NewData<'_, '_> {
    /// The import paths of those below seeds that differ, through views and ephemeral models too.
    pub fn below(&self, seeds: &BTreeSet<&str>) -> BTreeSet<&'static str> {
        let mut found = BTreeSet::new();
        if seeds.is_empty() {
            return found;
        }
        let project = self.situation.place.project;
        let mut loads = vec![Load::Unknown; project.models().len()];
        let mut reached = vec![false; project.models().len()];
        for &index in project.graph().order() {
            let model = project.model(index);
            reached[index] = model.imports.iter().any(|import| match import {
                Relation::Model(parent) => reached[*parent],
                other => seeds.contains(project.path_of(*other)),
            });
            let (load, reads_new_data) = self.load(index, model, (&loads, reached[index]));
            loads[index] = load;
            if reads_new_data {
                found.insert(model.def.path.as_str());
            }
        }
        found
    }

    /// The load that a model will have, and whether its table has to be built anew for it.
    fn load(&self, index: usize, model: &Model, (loads, reached): (&[Load], bool)) -> (Load, bool) {
        let path = model.def.path.as_str();
        let Some(version) = self.version(path) else {
            return (Load::Unknown, false);
        };
        let imports: Vec<(&str, Load)> = model
            .imports
            .iter()
            .map(|import| self.import(*import, loads))
            .collect();
        let is_new = imports.iter().any(|(_, load)| *load == Load::New);
        let reads: Reads = imports
            .into_iter()
            .map(|(path, load)| match load {
                Load::There(load) => (path.to_owned(), load),
                Load::New | Load::Unknown => (path.to_owned(), String::new()),
            })
            .collect();
        if matches!(
            model.materialization,
            Materialization::View | Materialization::Ephemeral
        ) {
            let situation = self.situation;
            let volatile = model.def.volatile || situation.versions.reads_clock(index);
            let load = load_through(version, volatile, &reads);
            return match (is_new, load.is_empty()) {
                (true, _) => (Load::New, false),
                (false, true) => (Load::Unknown, false),
                (false, false) => (Load::There(load), false),
            };
        }
        let here = self.situation.place.environment.name;
        let known = &self.situation.known;
        let tables = known.generations((here, self.first), path, version);
        let fitting = tables
            .iter()
            .find(|table| !reached || !is_new && agree(&table.reads, &reads));
        match fitting {
            Some(table) => (Load::There(table.load.clone()), false),
            None => (Load::New, !tables.is_empty()),
        }
    }

    fn import<'p>(&'p self, import: Relation, loads: &[Load]) -> (&'p str, Load) {
        let path = self.situation.place.project.path_of(import);
        let load = match import {
            Relation::Model(index) => loads[index].clone(),
            Relation::Source(_) => Load::Unknown,
            Relation::Seed(_) => match self.version(path) {
                None => Load::Unknown,
                Some(version) => {
                    let here = self.situation.place.environment.name;
                    let snapshot = self.situation.known.snapshot(here, path, version);
                    snapshot.map_or(Load::New, |it| Load::There(it.load.clone()))
                }
            },
        };
        (path, load)
    }

    fn version(&self, path: &str) -> Option<&str> {
        let model = self.target.models.get(path)?;
        Some(model.pinned.version.as_str())
    }
}

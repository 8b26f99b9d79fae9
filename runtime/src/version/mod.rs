//! Versions: 128-bit hashes of everything that decides what is in a model's table.
//!
//! A version is made of the rendered text of each combination of batch facts, without comments and
//! however its white space runs, with the versions of what the model reads in the relation slots
//! and with the values of its variables; of its statements before and after, likewise; of the
//! config that touches data; of the columns it promises; and of the engine's type. No path and no
//! name of the model is in it, so that a moved file is the same version.
//!
//! A model whose history is cut in an environment, that is forked there, or that reads such a one, is a
//! *preview*: it has a version of its own there, which no other environment has, and so a table of its own.

mod queries;

pub use queries::Queries;

use crate::error::Result;
use crate::project::{Model, PlanFacts, Project, Relation};
use dbgo_contract::{ColumnDef, List, SeedDef, SourceDef, Str};
use queries::Query;
use std::collections::HashMap;

/// Changed whenever the same project would get other versions, so that no two algorithms agree
/// by chance.
pub const ALGORITHM: &str = "dbgo version 3";

/// The versions of all relations of a project in one environment, in hexadecimal digits.
#[derive(Clone, Debug)]
pub struct Versions {
    of: HashMap<Relation, String>,
    /// The seeds' definitions: what their readers' versions are made of. Other rows in a seed are a
    /// load of it, as they are of a source, and leave its readers' versions as they are.
    seeds: Vec<String>,
    models: Vec<OfModel>,
}

/// What is known of one model beside its version.
#[derive(Clone, Debug, Default)]
struct OfModel {
    query: Query,
    history: History,
    preview: bool,
}

/// Which history a model has in an environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum History {
    /// All of it, in a table that environments share.
    #[default]
    Whole,
    /// A part of it.
    Cut,
    /// One of the environment's own, though a protected environment has a table of the same version.
    Forked,
}

/// Which history a model has, by its index and the version that it has if that is the whole one.
pub type HistoryOf<'h> = &'h mut dyn FnMut(usize, &str) -> History;

impl Versions {
    /// Computes all versions, parents first, where no history is cut.
    ///
    /// # Errors
    /// If a variable has no value or one of another type.
    pub fn new(project: &Project, plan: &PlanFacts) -> Result<Self> {
        let queries = Queries::of(project, plan)?;
        Ok(Self::with_previews(
            project,
            plan,
            (&queries, &mut |_, _| History::Whole),
        ))
    }

    /// Computes all versions, parents first. `history` is asked of each stored model which one it has
    /// here, with the version that it has if that is the whole one; not of those that read a preview,
    /// which are previews themselves.
    pub fn with_previews(
        project: &Project,
        plan: &PlanFacts,
        (queries, history): (&Queries, HistoryOf<'_>),
    ) -> Self {
        let of_model = |query: &Query| OfModel {
            query: query.clone(),
            ..OfModel::default()
        };
        let mut versions = Self {
            of: HashMap::new(),
            seeds: project.seeds().iter().map(of_seed_definition).collect(),
            models: queries.of.iter().map(of_model).collect(),
        };
        for (index, seed) in project.seeds().iter().enumerate() {
            versions.of.insert(Relation::Seed(index), of_seed(seed));
        }
        for (index, source) in project.sources().iter().enumerate() {
            let schema = plan.source_schema(source.schema.as_str());
            versions
                .of
                .insert(Relation::Source(index), of_source(source, schema));
        }
        for &index in project.graph().order() {
            let model = project.model(index);
            let plain = versions.whole(model, index);
            let reads_preview = model.imports.iter().any(|import| {
                matches!(import, Relation::Model(parent) if versions.models[*parent].preview)
            });
            let history = match model.is_stored() && !reads_preview {
                true => history(index, &plain),
                false => History::Whole,
            };
            versions.models[index].history = history;
            versions.models[index].preview = reads_preview || history != History::Whole;
            let version = match history {
                History::Forked => of_fork(&plain, plan.environment),
                _ if versions.models[index].preview => of_preview(&plain, plan.environment),
                _ => plain,
            };
            versions.of.insert(Relation::Model(index), version);
        }
        versions
    }

    /// The version of a model that has its whole history.
    fn whole(&self, model: &Model, index: usize) -> String {
        let query = &self.models[index].query;
        let mut inputs = Digest::new("model");
        for at in &query.reads {
            let relation = model.imports.get(*at).copied();
            inputs.text(relation.map_or("", |relation| self.as_input(relation)));
        }
        inputs.text(&query.own);
        inputs.finish()
    }

    /// The version of a relation.
    pub fn get(&self, relation: Relation) -> &str {
        self.of.get(&relation).map_or("", String::as_str)
    }

    /// What a relation adds to the versions of its readers.
    fn as_input(&self, relation: Relation) -> &str {
        match relation {
            Relation::Seed(index) => &self.seeds[index],
            relation => self.get(relation),
        }
    }

    /// The version of a model.
    pub fn model(&self, index: usize) -> &str {
        self.get(Relation::Model(index))
    }

    /// A hash of a model's own query, settings and values, whatever it reads.
    pub fn own(&self, model: usize) -> &str {
        &self.models[model].query.own
    }

    /// A hash of the values that a model takes from outside its file: variables, the engine's type.
    pub fn values(&self, model: usize) -> &str {
        &self.models[model].query.values
    }

    /// What the version of a seed's readers is made of: its definition without its rows.
    pub fn seed_definition(&self, seed: usize) -> &str {
        &self.seeds[seed]
    }

    /// Whether a model's history is cut, or that of something that it reads.
    pub fn is_preview(&self, model: usize) -> bool {
        self.models[model].preview
    }

    /// Which history a model has; the whole one also where it only reads a preview.
    pub fn history(&self, model: usize) -> History {
        self.models[model].history
    }

    /// Whether a model's query reads the run's clock, so that it is never up to date.
    pub fn reads_clock(&self, model: usize) -> bool {
        self.models[model].query.clocked
    }
}

/// The version of a preview, which its environment alone has.
pub fn of_preview(plain: &str, environment: &str) -> String {
    let mut digest = Digest::new("preview");
    digest.text(environment);
    digest.text(plain);
    digest.finish()
}

/// The version of a table that an environment has for itself of what others share.
pub fn of_fork(plain: &str, environment: &str) -> String {
    let mut digest = Digest::new("fork");
    digest.text(environment);
    digest.text(plain);
    digest.finish()
}

fn columns(digest: &mut Digest, columns: &[ColumnDef]) {
    digest.number(columns.len() as u64);
    for column in columns {
        digest.text(column.name.as_str());
        digest.text(column.sql_type.as_str());
        digest.number(u64::from(column.not_null));
    }
}

/// The version of a seed: its definition and its content.
fn of_seed(seed: &SeedDef) -> String {
    let mut digest = Digest::new("seed");
    digest.text(seed.hash.as_str());
    digest.text(&of_seed_definition(seed));
    digest.finish()
}

fn of_seed_definition(seed: &SeedDef) -> String {
    let mut digest = Digest::new("seed definition");
    digest.number(u64::from(seed.format));
    digest.text(seed.delimiter.as_str());
    digest.text(seed.null.as_str());
    digest.text(seed.quote.as_str());
    columns(&mut digest, seed.columns.as_slice());
    digest.finish()
}

/// The version of a source that has this schema in the environment.
fn of_source(source: &SourceDef, schema: &str) -> String {
    let mut digest = Digest::new("source");
    digest.text(source.catalog.as_str());
    digest.text(schema);
    digest.text(source.name.as_str());
    digest.text(source.location.as_str());
    digest.text(source.format.as_str());
    columns(&mut digest, source.columns.as_slice());
    digest.finish()
}

/// A hash of values, each with its length, so that no two lists of values run together.
pub struct Digest {
    hasher: blake3::Hasher,
}

impl Digest {
    /// An empty one; `what` keeps hashes of different things apart.
    pub fn new(what: &str) -> Self {
        let mut digest = Self {
            hasher: blake3::Hasher::new(),
        };
        digest.text(ALGORITHM);
        digest.text(what);
        digest
    }

    /// Adds a text.
    pub fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.hasher.update(text.as_bytes());
    }

    /// Adds a list of texts.
    fn texts(&mut self, texts: List<Str>) {
        self.number(texts.as_slice().len() as u64);
        for text in texts.iter() {
            self.text(text.as_str());
        }
    }

    /// Adds a number.
    pub fn number(&mut self, number: u64) {
        self.hasher.update(&number.to_le_bytes());
    }

    /// 32 hexadecimal digits.
    pub fn finish(self) -> String {
        self.hasher.finalize().to_hex()[..32].to_owned()
    }
}

/// A 128-bit hash of texts, in hexadecimal digits: for what only has to be compared.
pub fn fingerprint<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut digest = Digest::new("texts");
    for text in texts {
        digest.text(text);
    }
    digest.finish()
}

#[cfg(test)]
mod tests {
    use super::fingerprint;

    #[test]
    fn values_do_not_run_together() {
        assert_ne!(fingerprint(["ab", "c"]), fingerprint(["a", "bc"]));
        assert_ne!(fingerprint(["a"]), fingerprint(["a", ""]));
        assert_eq!(fingerprint(["a"]).len(), 32);
    }
}

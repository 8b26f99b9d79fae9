//! A project as the runtime works with it: the static definitions, checked, indexed and
//! joined into a graph.
//!
//! It reads no project file except the data of seeds, and knows nothing of engines.

mod graph;
mod meaning;
mod names;
mod render;
mod seeds;
mod threshold;
mod variables;

pub use graph::Graph;
pub(crate) use meaning::meaningful;
pub use names::{nearest, quote, quote_text};
pub use render::{
    BatchFacts, Composition, PlanFacts, Rendered, Slots, compose, compose_query, compose_statement,
    rendered_by, rendered_pieces,
};
pub use seeds::SeedData;
pub use threshold::Threshold;
pub use variables::{Value, Variables};

use crate::error::{Code, Error, Kind, Result};
use crate::intervals::{Schedule, time_zone};
use dbgo_contract::{
    AuditDef, HardDeletes, History, Materialization, ModelDef, OnSchemaChange, Outside, ProjectDef,
    SeedDef, Severity, ShardDef, SourceDef, Strategy,
};
use jiff::tz::TimeZone;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Anything that a model can read, by its index in the project.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Relation {
    /// A model.
    Model(usize),
    /// A seed.
    Seed(usize),
    /// A source.
    Source(usize),
}

/// A model: its definition with the numbers read and the imports resolved.
#[derive(Debug)]
pub struct Model {
    /// What the generated code says.
    pub def: &'static ModelDef,
    /// What becomes of its query.
    pub materialization: Materialization,
    /// How it takes new rows, if it is incremental.
    pub strategy: Strategy,
    /// What becomes of rows outside a batch's range.
    pub outside: Outside,
    /// What happens when its columns change.
    pub on_schema_change: OnSchemaChange,
    /// Whether its rows can be computed again.
    pub history: History,
    /// What becomes of the last version of a row that is gone, if it is `scd2`.
    pub hard_deletes: HardDeletes,
    /// The time zone in which its intervals begin.
    pub zone: TimeZone,
    /// When it is due; none: always.
    pub schedule: Option<Schedule>,
    /// What must hold before its rows are published, in the order of its header.
    pub audits: Vec<Audit>,
    /// What each import means, in the order of the imports.
    pub imports: Vec<Relation>,
}

/// An audit of a model, with its numbers and comparisons read.
#[derive(Clone, Copy, Debug)]
pub struct Audit {
    /// What the generated code says.
    pub def: &'static AuditDef,
    /// What failing rows mean.
    pub severity: Severity,
    /// The numbers of failing rows at which it warns.
    pub warn_if: Threshold,
    /// The numbers of failing rows at which it fails.
    pub error_if: Threshold,
}

impl Model {
    /// The relation as people name it: `schema.name`.
    pub fn relation(&self) -> String {
        format!("{}.{}", self.def.schema, self.def.name)
    }

    /// The word for its kind: `view`, `table`, `ephemeral`, `incremental`.
    pub fn kind(&self) -> &'static str {
        self.materialization.word()
    }

    /// Whether its data can't be computed again, so that it is never built anew: as its header
    /// says, and otherwise where rows are only ever added or versions of them are kept.
    pub fn keeps_history(&self) -> bool {
        match (self.materialization, self.history) {
            (Materialization::Incremental | Materialization::Scd2, History::Keep) => true,
            (Materialization::Incremental, History::Usual) => self.strategy == Strategy::Append,
            (Materialization::Scd2, History::Usual) => true,
            _ => false,
        }
    }

    /// Whether a change of its query goes on with the table of an earlier version: it keeps its
    /// history, or its header says `forward_only`.
    pub fn keeps_table(&self) -> bool {
        let grows = matches!(
            self.materialization,
            Materialization::Incremental | Materialization::Scd2
        );
        self.keeps_history() || (grows && self.def.forward_only)
    }

    /// Whether it has a physical object of its own.
    pub fn is_stored(&self) -> bool {
        self.materialization != Materialization::Ephemeral
    }
}

/// A whole project.
#[derive(Debug)]
pub struct Project {
    /// What the generated code says.
    pub def: &'static ProjectDef,
    models: Vec<Model>,
    graph: Graph,
    by_path: HashMap<&'static str, Relation>,
    folder: Option<PathBuf>,
}

impl Project {
    /// Joins the definitions of a project.
    ///
    /// # Errors
    /// `broken-project` if a shard is missing, a number is unknown, an import leads nowhere or
    /// imports form a cycle. The compiler never makes such a project.
    pub fn new(def: &'static ProjectDef, shards: &[&'static ShardDef]) -> Result<Self> {
        let models = shards.iter().flat_map(|shard| shard.models.iter());
        Self::of(def, models.collect())
    }

    /// Joins the definitions of a project whose models come from anywhere.
    ///
    /// # Errors
    /// As [`new`](Self::new), for a model that is missing.
    pub fn of(def: &'static ProjectDef, mut definitions: Vec<&'static ModelDef>) -> Result<Self> {
        definitions.sort_by_key(|model| model.path.as_str());
        if definitions.len() != def.model_count as usize {
            return Err(broken(format!(
                "the project has {} models, its shards hold {}",
                def.model_count,
                definitions.len()
            )));
        }
        let by_path = index(def, &definitions)?;
        let models = definitions
            .iter()
            .map(|model| read_model(model, &by_path))
            .collect::<Result<Vec<_>>>()?;
        let graph = Graph::new(&models)
            .map_err(|path| broken(format!("the imports of `{path}` lead back to it")))?;
        Ok(Self {
            def,
            models,
            graph,
            by_path,
            folder: None,
        })
    }

    /// Says that the project's source tree is at `folder`: relative paths start there, and
    /// seeds are read from their files.
    #[must_use]
    pub fn in_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// The folder of the source tree; none in a built program.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// A path of the project's files: relative ones start at the source tree, or at the
    /// working directory in a built program.
    pub fn resolve_path(&self, path: &str) -> PathBuf {
        match &self.folder {
            Some(folder) => folder.join(path),
            None => PathBuf::from(path),
        }
    }

    /// The models, ordered by path.
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// The model at an index.
    pub fn model(&self, index: usize) -> &Model {
        &self.models[index]
    }

    /// The seeds, ordered by path.
    pub fn seeds(&self) -> &'static [SeedDef] {
        self.def.seeds.as_slice()
    }

    /// The sources, ordered by path.
    pub fn sources(&self) -> &'static [SourceDef] {
        self.def.sources.as_slice()
    }

    /// Who reads whom.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// What a model reads with ephemeral models replaced by what they read.
    pub fn stored_parents(&self, index: usize) -> BTreeSet<Relation> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut waiting = self.model(index).imports.clone();
        while let Some(relation) = waiting.pop() {
            match relation {
                Relation::Model(parent) if !self.model(parent).is_stored() => {
                    if seen.insert(parent) {
                        waiting.extend(&self.model(parent).imports);
                    }
                }
                other => {
                    found.insert(other);
                }
            }
        }
        found
    }

    /// The import path of a relation.
    pub fn path_of(&self, relation: Relation) -> &'static str {
        match relation {
            Relation::Model(index) => self.models[index].def.path.as_str(),
            Relation::Seed(index) => self.seeds()[index].path.as_str(),
            Relation::Source(index) => self.sources()[index].path.as_str(),
        }
    }

    /// A relation as people name it: `schema.name`.
    pub fn name_of(&self, relation: Relation) -> String {
        let (schema, name) = self.schema_and_name(relation);
        format!("{schema}.{name}")
    }

    /// The schema and the name of a relation.
    pub fn schema_and_name(&self, relation: Relation) -> (&'static str, &'static str) {
        let (schema, name) = match relation {
            Relation::Model(index) => {
                let model = self.models[index].def;
                (model.schema, model.name)
            }
            Relation::Seed(index) => (self.seeds()[index].schema, self.seeds()[index].name),
            Relation::Source(index) => (self.sources()[index].schema, self.sources()[index].name),
        };
        (schema.as_str(), name.as_str())
    }

    /// The model of an import path, with its index.
    pub fn model_at(&self, path: &str) -> Option<(usize, &Model)> {
        match self.by_path.get(path)? {
            Relation::Model(index) => Some((*index, self.model(*index))),
            Relation::Seed(_) | Relation::Source(_) => None,
        }
    }

    /// Finds a relation by import path, by `schema.name`, by its bare name or by its file.
    ///
    /// # Errors
    /// `unknown-model` (usage) with the nearest name, or `ambiguous-model` with all candidates.
    pub fn find(&self, text: &str) -> Result<Relation> {
        if let Some(relation) = self.by_path.get(text) {
            return Ok(*relation);
        }
        let mut found: Vec<Relation> = self
            .relations()
            .filter(|relation| {
                let (schema, name) = self.schema_and_name(*relation);
                name == text || text.split_once('.') == Some((schema, name))
            })
            .collect();
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => match file_name(text) {
                Some(name) => self.find(&name).map_err(|_| self.unknown(text)),
                None => Err(self.unknown(text)),
            },
            _ => {
                let names: Vec<String> = found
                    .iter()
                    .map(|relation| format!("`{}`", self.name_of(*relation)))
                    .collect();
                Err(Error::new(
                    Kind::Usage,
                    Code::AmbiguousModel,
                    format!("`{text}` may be {}", names.join(" or ")),
                ))
            }
        }
    }

    /// All relations: models, then seeds, then sources.
    pub fn relations(&self) -> impl Iterator<Item = Relation> + '_ {
        (0..self.models.len())
            .map(Relation::Model)
            .chain((0..self.seeds().len()).map(Relation::Seed))
            .chain((0..self.sources().len()).map(Relation::Source))
    }

    /// The error for a name that means nothing here.
    pub(crate) fn unknown(&self, text: &str) -> Error {
        let error = Error::new(
            Kind::Usage,
            Code::UnknownModel,
            format!("there is no model named `{text}`"),
        );
        let names: Vec<String> = self
            .relations()
            .map(|relation| self.name_of(relation))
            .collect();
        let bare = self
            .relations()
            .map(|relation| self.schema_and_name(relation).1);
        match nearest(text, names.iter().map(String::as_str).chain(bare)) {
            Some(name) => error.hint(format!("did you mean `{name}`?")),
            None => error,
        }
    }
}

/// The import path or the name that a file's path stands for; `None` if it is none.
fn file_name(text: &str) -> Option<String> {
    let file = text.trim_start_matches("./");
    let stem = [".sql", ".csv", ".parquet"]
        .iter()
        .find_map(|ending| file.strip_suffix(ending))?;
    Some(stem.replace('/', "."))
}

fn broken(message: String) -> Error {
    Error::new(Kind::Failed, Code::BrokenProject, message)
        .hint("compile the project again with this version of `dbgo`")
}

fn index(
    def: &'static ProjectDef,
    models: &[&'static ModelDef],
) -> Result<HashMap<&'static str, Relation>> {
    let mut by_path = HashMap::new();
    let all = models
        .iter()
        .enumerate()
        .map(|(index, model)| (model.path, Relation::Model(index)))
        .chain(
            def.seeds
                .iter()
                .enumerate()
                .map(|(i, seed)| (seed.path, Relation::Seed(i))),
        )
        .chain(
            def.sources
                .iter()
                .enumerate()
                .map(|(i, source)| (source.path, Relation::Source(i))),
        );
    for (path, relation) in all {
        if by_path.insert(path.as_str(), relation).is_some() {
            return Err(broken(format!("`{path}` is defined twice")));
        }
    }
    Ok(by_path)
}

fn read_model(def: &'static ModelDef, by_path: &HashMap<&'static str, Relation>) -> Result<Model> {
    let unknown = |what: &str| broken(format!("`{}` has an unknown {what}", def.path));
    let imports = def
        .imports
        .iter()
        .map(|import| {
            by_path.get(import.path.as_str()).copied().ok_or_else(|| {
                broken(format!(
                    "`{}` imports `{}`, which isn't there",
                    def.path, import.path
                ))
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let model = Model {
        def,
        materialization: Materialization::from_number(def.materialization)
            .ok_or_else(|| unknown("materialization"))?,
        strategy: Strategy::from_number(def.incremental.strategy)
            .ok_or_else(|| unknown("strategy"))?,
        outside: Outside::from_number(def.incremental.outside)
            .ok_or_else(|| unknown("rule for rows outside a batch"))?,
        on_schema_change: OnSchemaChange::from_number(def.on_schema_change)
            .ok_or_else(|| unknown("rule for changed columns"))?,
        history: History::from_number(def.history)
            .ok_or_else(|| unknown("rule for its history"))?,
        hard_deletes: HardDeletes::from_number(def.scd2.hard_deletes)
            .ok_or_else(|| unknown("rule for rows that are gone"))?,
        zone: time_zone(def.incremental.interval_tz.as_str())
            .ok_or_else(|| unknown("time zone of its intervals"))?,
        schedule: read_schedule(def).ok_or_else(|| unknown("schedule"))?,
        audits: (def.audits.iter())
            .map(|audit| {
                read_audit(audit).ok_or_else(|| unknown("severity or threshold of an audit"))
            })
            .collect::<Result<Vec<_>>>()?,
        imports,
    };
    let incremental = model.materialization == Materialization::Incremental;
    if incremental == (model.strategy == Strategy::None) {
        return Err(unknown("strategy"));
    }
    Ok(model)
}

/// When a model is due; nothing where that can't be read.
fn read_schedule(def: &ModelDef) -> Option<Option<Schedule>> {
    if def.cron.is_empty() {
        return Some(None);
    }
    let zone = time_zone(def.cron_tz.as_str())?;
    Schedule::parse(def.cron.as_str(), zone).map(Some)
}

fn read_audit(def: &'static AuditDef) -> Option<Audit> {
    let threshold = |text: &str| match text {
        "" => Some(Threshold::ANY),
        text => Threshold::parse(text),
    };
    Some(Audit {
        def,
        severity: Severity::from_number(def.severity)?,
        warn_if: threshold(def.warn_if.as_str())?,
        error_if: threshold(def.error_if.as_str())?,
    })
}

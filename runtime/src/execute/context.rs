//! All that is fixed while a run goes on, and opening a project for reading only.

use super::failure::opening_failed;
use super::naming::physical;
use super::options::RunOptions;
use crate::adapters::{
    self, Adapter, CatalogTable, Column, Dialect, EngineError, OpenOptions, RelationKind, Session,
};
use crate::config::{self, EngineSettings, Lookup};
use crate::error::Result;
use crate::project::{PlanFacts, Project, Variables};
use crate::state::{Known, Scope, Snapshot};
use crate::version::Versions;
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The columns that a table has and that its model wants, with types as the engine spells them.
pub struct Columns {
    pub present: Vec<Column>,
    pub wanted: Vec<Column>,
}

/// All that is fixed while a run goes on.
pub struct Context<'a> {
    pub project: &'a Project,
    pub options: &'a RunOptions,
    pub plan: PlanFacts,
    pub versions: Versions,
    pub adapter: Arc<dyn Adapter>,
    pub scope: Scope,
    /// What the state knew when the run began, completed from the ledger.
    pub known: Known,
    /// The earlier paths of models that were moved or renamed, by their present ones.
    pub moved: HashMap<String, String>,
    /// What is in `_dbgo`, by name.
    pub catalog: HashMap<String, RelationKind>,
    /// The columns of those tables in `_dbgo` that a later version of their model may go on with.
    pub columns: HashMap<String, Columns>,
    /// The schemas and names, in lower case, of everything in the schemas of users' views.
    pub users: HashMap<(String, String), RelationKind>,
    /// For each source, text that changes when its data does; empty where nothing proves that.
    pub proofs: Vec<String>,
    pub run_id: String,
    /// The lease under which the run writes to the engine; 0 until it has one.
    pub token: u64,
    /// The run's clock, and the end of "now" for all its intervals.
    pub now: Timestamp,
    /// Whether the result of a commit is unknown; the one thing here that changes.
    pub in_doubt: AtomicBool,
}

impl Context<'_> {
    /// The engine's SQL.
    pub fn dialect(&self) -> &dyn Dialect {
        self.adapter.dialect()
    }

    /// The snapshot of a version, if what it names is there. That of a model that was moved or
    /// renamed has its earlier path.
    pub fn snapshot(&self, model: &str, version: &str) -> Option<&Snapshot> {
        let path = |path: &str| (path.to_owned(), version.to_owned());
        let snapshots = &self.known.snapshots;
        let moved = || snapshots.get(&path(self.moved.get(model)?));
        snapshots
            .get(&path(model))
            .or_else(moved)
            .filter(|snapshot| self.catalog.contains_key(&snapshot.physical))
    }

    /// The earlier paths of models that keep their history and were moved or renamed: each has the
    /// version that a path had which is gone, and no other model has it.
    pub fn moved_models(&self) -> HashMap<String, String> {
        let project = self.project;
        let relations = project.relations();
        let paths: HashSet<&str> = relations
            .map(|relation| project.path_of(relation))
            .collect();
        let gone: Vec<&Snapshot> = self
            .known
            .snapshots
            .values()
            .filter(|snapshot| ["incremental", "scd2"].contains(&snapshot.kind.as_str()))
            .filter(|snapshot| !paths.contains(snapshot.model.as_str()))
            .collect();
        let mut moved = HashMap::new();
        for (index, model) in project.models().iter().enumerate() {
            if gone.is_empty() || !model.keeps_history() {
                continue;
            }
            let version = self.versions.model(index);
            let alike = (0..project.models().len())
                .filter(|other| self.versions.model(*other) == version)
                .count();
            let mut earlier = gone.iter().filter(|snapshot| snapshot.version == version);
            if let (Some(found), None, 1) = (earlier.next(), earlier.next(), alike) {
                moved.insert(model.def.path.to_string(), found.model.clone());
            }
        }
        moved
    }

    /// The name and number of the next generation of a version's table.
    pub fn next_generation(
        &self,
        path: &str,
        schema_and_name: (&str, &str),
        version: &str,
    ) -> (String, u64) {
        let other_version = |name: &str| {
            self.known
                .objects
                .get(name)
                .is_some_and(|object| object.model != path || object.version != version)
        };
        let mut generation = 1;
        loop {
            let name = physical(schema_and_name, version, generation, other_version);
            if !self.catalog.contains_key(&name) && !self.known.objects.contains_key(&name) {
                return (name, generation);
            }
            generation += 1;
        }
    }
}

/// An engine that is open for looking at what is published.
pub struct Opened {
    /// Where it is.
    pub engine: EngineSettings,
    /// The environment.
    pub environment: &'static str,
    /// The engine.
    pub adapter: Arc<dyn Adapter>,
    /// A session.
    pub session: Session,
    /// What queries are rendered under.
    pub plan: PlanFacts,
}

/// Reads all tables and views of users from an engine, of a project that may not compile yet.
///
/// # Errors
/// What the engine says: `database-held`, `engine-failed`.
pub fn read_tables(engine: &EngineSettings) -> Result<Vec<CatalogTable>> {
    let options = OpenOptions {
        settings: engine.settings.clone(),
        read_only: true,
        wait: None,
    };
    let read = || -> std::result::Result<Vec<CatalogTable>, EngineError> {
        let adapter = adapters::open(engine.kind, &engine.location, &options)?;
        adapter.session()?.tables()
    };
    read().map_err(|error| opening_failed(&error, engine))
}

/// Opens a project's engine for reading.
///
/// # Errors
/// A missing variable, or what the engine says: `database-held`, `engine-failed`.
pub fn open_for_reading(project: &Project) -> Result<Opened> {
    let lookup = Lookup::new(project.folder().unwrap_or_else(|| Path::new(".")))?;
    let environment = config::environment(project, &lookup)?;
    let engine = config::engine(project, &lookup)?;
    let options = OpenOptions {
        settings: engine.settings.clone(),
        read_only: true,
        wait: None,
    };
    let failed = |error| opening_failed(&error, &engine);
    let adapter = adapters::open(engine.kind, &engine.location, &options).map_err(failed)?;
    let session = adapter.session().map_err(failed)?;
    Ok(Opened {
        environment,
        adapter,
        session,
        plan: PlanFacts {
            environment,
            engine: engine.kind,
            variables: Variables::new(project, &[])?,
        },
        engine,
    })
}

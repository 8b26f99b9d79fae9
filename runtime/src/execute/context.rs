//! All that is fixed while a run goes on, and opening a project for reading only.

use super::failure::opening_failed;
use super::options::RunOptions;
use crate::adapters::{
    self, Adapter, CatalogTable, Column, Dialect, EngineError, OpenOptions, RelationKind, Session,
};
use crate::config::EngineSettings;
use crate::environments::Environment;
use crate::error::Result;
use crate::plan::Action;
use crate::project::{PlanFacts, Project, Relation};
use crate::situation::is_protected;
use crate::situation::{Histories, Restated};
use crate::situation::{Place, Request, Window};
use crate::situation::{physical, stem};
use crate::state::{BrokenOff, Known, PinnedModel, Published, Scope, Snapshot};
use crate::version::Versions;
use dbgo_contract::Publication;
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The columns that a table has and that its model wants, with types as the engine spells them.
#[derive(Clone)]
pub struct Columns {
    pub present: Vec<Column>,
    pub wanted: Vec<Column>,
}

/// How it is decided what is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// What a plan says, and nothing else.
    Apply,
    /// What is missing, and what has read something that has changed.
    Run,
}

/// All that is fixed while a run goes on.
pub struct Context<'a> {
    pub project: &'a Project,
    pub options: &'a RunOptions,
    pub mode: Mode,
    pub environment: Environment,
    pub plan: PlanFacts,
    pub versions: Versions,
    pub adapter: Arc<dyn Adapter>,
    pub scope: Scope,
    /// What the state knew when the run began, completed from the ledger, with the versions that go on
    /// with tables of earlier ones.
    pub known: Known,
    /// Those versions.
    pub adopted: Vec<Snapshot>,
    /// The tables that are preferred to those which were built last: those that the environment shows, or
    /// those of the environment that is promoted.
    pub own: HashMap<(String, String), Snapshot>,
    /// The environment that is promoted, or that this one is made from.
    pub promoted: Option<String>,
    /// What the plan says of each model and seed that it says something of.
    pub actions: HashMap<Relation, Action>,
    /// The ranges that are done again.
    pub restated: Restated,
    /// Whether tables are built anew though nothing changed.
    pub full_refresh: bool,
    /// Which rows can't be computed again.
    pub histories: Histories,
    /// The times between which models are filled: previews, and others.
    pub windows: [Window; 2],
    /// What is in `_dbgo`, by name.
    pub catalog: HashMap<String, RelationKind>,
    /// The columns of those tables in `_dbgo` that a later version of their model goes on with.
    pub columns: HashMap<String, Columns>,
    /// The schemas and names, in lower case, of everything in the schemas of users' views.
    pub users: HashMap<(String, String), RelationKind>,
    /// For each source, text that changes when its data does; empty where nothing proves that.
    pub proofs: Vec<String>,
    pub run_id: String,
    /// The runs of the same plan before this one.
    pub earlier_runs: Vec<String>,
    /// The environment's runs that were broken off. What one of them built is gone on with, although it
    /// was never shown: what has read it may have kept rows of it that can't be computed again.
    pub broken_off: Vec<BrokenOff>,
    pub plan_id: String,
    /// Who runs it: `ana@laptop`.
    pub author: String,
    /// The fencing token that this run writes under.
    pub token: u64,
    /// The tables that it may write, by the names of their leases; nothing where it is alone with the engine.
    pub leases: Option<BTreeSet<String>>,
    /// The run's clock, and the end of "now" for all its intervals.
    pub now: Timestamp,
    /// Whether the result of a commit is unknown.
    pub in_doubt: AtomicBool,
    /// Whether somebody else took over: nothing more is committed.
    pub lost: Arc<AtomicBool>,
}

impl Context<'_> {
    /// The engine's SQL.
    pub fn dialect(&self) -> &dyn Dialect {
        self.adapter.dialect()
    }

    /// The snapshot of a version, if what it names is there: in the table that the environment shows, unless a
    /// run that was broken off has built another one, or else in that which was built last.
    pub fn snapshot(&self, model: &str, version: &str) -> Option<&Snapshot> {
        let key = (model.to_owned(), version.to_owned());
        self.own
            .get(&key)
            .or_else(|| self.latest_snapshot(model, version))
    }

    /// All tables of a version that are there, those first that are preferred.
    pub fn generations(&self, model: &str, version: &str) -> Vec<Snapshot> {
        let preferred = (self.environment.name, self.promoted.as_deref());
        let mut found = self.known.generations(preferred, model, version);
        found.retain(|table| self.catalog.contains_key(&table.physical));
        found
    }

    /// The snapshot of a version in the table that was built last, for whichever environment.
    fn latest_snapshot(&self, model: &str, version: &str) -> Option<&Snapshot> {
        self.known
            .snapshot(self.environment.name, model, version)
            .filter(|snapshot| self.catalog.contains_key(&snapshot.physical))
    }

    /// The times between which a model is filled.
    pub fn window(&self, model: usize) -> &Window {
        &self.windows[usize::from(!self.versions.is_preview(model))]
    }

    /// The table that a new version of a model goes on with, which keeps its history.
    pub fn continued(&self, model: usize) -> Option<Snapshot> {
        let Some(Action::Continue {
            version, physical, ..
        }) = self.actions.get(&Relation::Model(model))
        else {
            return None;
        };
        let mut found = self
            .known
            .all_snapshots()
            .filter(|snapshot| snapshot.version == *version && snapshot.physical == *physical);
        found
            .next()
            .filter(|snapshot| self.catalog.contains_key(&snapshot.physical))
            .cloned()
    }

    /// The protected environment that shows a table, which nobody else writes.
    pub fn shared_with(&self, physical: &str) -> Option<&str> {
        let mut elsewhere = self.known.elsewhere.of_table(physical);
        let protected = elsewhere.find(|(environment, _)| is_protected(&self.known, environment));
        protected.map(|(environment, _)| environment.as_str())
    }

    /// What a view of another environment shows of a model.
    pub fn shown_in(&self, environment: &str, model: &str) -> Option<&Published> {
        self.known.elsewhere.of(environment, model)
    }

    /// Whether an environment that shows only what differs from its base leaves a view to it.
    pub fn is_left_to_base(&self, pinned: &PinnedModel) -> bool {
        if self.environment.publication != Publication::Changed {
            return false;
        }
        let row = self.known.environments.get(self.environment.name);
        let base = row.map_or("", |row| row.base.as_str());
        let shown = self.known.elsewhere.of(base, &pinned.model);
        shown.is_some_and(|shown| shown.version == pinned.version)
    }

    /// Whether a table may be written.
    pub fn is_leased(&self, physical: &str) -> bool {
        let leases = self.leases.as_ref();
        leases.is_none_or(|leases| leases.contains(stem(physical)))
    }

    /// Whether a plan is carried out that says that something stays as it is.
    pub fn is_kept(&self, relation: Relation) -> bool {
        let action = self.actions.get(&relation);
        let changes = action.is_some_and(|action| action.builds() || action.fill().is_some());
        self.mode == Mode::Apply && !changes
    }

    /// Whether an earlier run of the same plan built a table.
    pub fn built_in_plan(&self, load: &str) -> bool {
        let run = run_of(load);
        self.earlier_runs.iter().any(|earlier| earlier == run)
    }

    /// Whether a full refresh that was broken off made a table, which nobody has seen yet.
    pub fn is_refreshed(&self, table: &Snapshot) -> bool {
        let run = run_of(&table.load);
        let mut refreshes = self.broken_off.iter();
        let refresh = refreshes.find(|it| it.id == run && is_full_refresh(&it.command));
        let object = self.known.objects.get(&table.physical);
        let (Some(refresh), Some(object)) = (refresh, object) else {
            return false;
        };
        let shown = self.known.published.get(&table.model);
        // A table that was there before may have been written by it as well.
        object.created_at >= refresh.started_at
            && shown.is_none_or(|shown| shown.physical != table.physical)
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

/// The run that a load is of.
pub fn run_of(load: &str) -> &str {
    load.split('/').next().unwrap_or_default()
}

/// What a run calls its command in the state.
pub fn command_of(command: &str, full_refresh: bool) -> String {
    match full_refresh {
        true => format!("{command}{FULL_REFRESH}"),
        false => command.to_owned(),
    }
}

fn is_full_refresh(command: &str) -> bool {
    command.ends_with(FULL_REFRESH)
}

const FULL_REFRESH: &str = " --full-refresh";

/// How an engine is opened for a project, to be written.
pub fn open_options(engine: &EngineSettings, project: &str, wait: Option<Duration>) -> OpenOptions {
    OpenOptions {
        settings: engine.settings.clone(),
        read_only: false,
        wait,
        options: engine.options.clone(),
        project: project.to_owned(),
    }
}

/// An engine that is open for looking at what is published.
pub struct Opened {
    /// Where it is.
    pub engine: EngineSettings,
    /// The environment.
    pub environment: Environment,
    /// The engine.
    pub adapter: Arc<dyn Adapter>,
    /// A session.
    pub session: Session,
    /// What queries are rendered under.
    pub plan: PlanFacts,
}

/// An engine that is held open: whatever this process does in it meanwhile costs no opening. It is
/// closed when this and all sessions are gone.
pub struct HeldEngine {
    /// Where it is.
    pub settings: EngineSettings,
    _adapter: Arc<dyn Adapter>,
}

/// Opens the engine of a project's environment for writing, and holds it. A database file that is
/// missing is made.
///
/// # Errors
/// A missing variable, or what the engine says: `database-held`, `engine-failed`.
pub fn hold_engine(project: &Project, request: &Request) -> Result<HeldEngine> {
    let place = Place::of(project, request)?;
    let engine = place.engine;
    let options = open_options(&engine, &place.scope.project, None);
    let adapter = adapters::open(engine.kind, &engine.location, &options);
    Ok(HeldEngine {
        _adapter: adapter.map_err(|error| opening_failed(&error, &engine))?,
        settings: engine,
    })
}

/// Reads all tables and views of users from an engine, of a project that may not compile yet.
///
/// # Errors
/// What the engine says: `database-held`, `engine-failed`.
pub fn read_tables(engine: &EngineSettings) -> Result<Vec<CatalogTable>> {
    let options = OpenOptions {
        read_only: true,
        ..open_options(engine, "", None)
    };
    let read = || -> std::result::Result<Vec<CatalogTable>, EngineError> {
        let adapter = adapters::open(engine.kind, &engine.location, &options)?;
        adapter.session()?.tables()
    };
    read().map_err(|error| opening_failed(&error, engine))
}

/// Opens the engine of a project's environment for reading.
///
/// # Errors
/// A missing variable, or what the engine says: `database-held`, `engine-failed`.
pub fn open_for_reading(project: &Project, request: &Request) -> Result<Opened> {
    let place = Place::of(project, request)?;
    let options = OpenOptions {
        read_only: true,
        ..open_options(&place.engine, &place.scope.project, None)
    };
    let failed = |error| opening_failed(&error, &place.engine);
    let engine = &place.engine;
    let adapter = adapters::open(engine.kind, &engine.location, &options).map_err(failed)?;
    let session = adapter.session().map_err(failed)?;
    Ok(Opened {
        environment: place.environment,
        adapter,
        session,
        plan: place.facts,
        engine: place.engine,
    })
}

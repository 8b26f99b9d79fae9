//! What the project says of an environment, and what the state knows of it.

use super::previews::{Cuts, Forks};
use super::window::Window;
use crate::config::{self, EngineSettings, Lookup};
use crate::environments::{Environment, first_instant, view_schemas};
use crate::error::Result;
use crate::intervals::parse_instant_in;
use crate::project::{Model, PlanFacts, Project};
use crate::state::{Environment as Pointer, Known, PinnedModel, Scope, State};
use crate::version::{Queries, Versions};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;

/// What a command says of the environment that it is about.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The environment's name; the project's default without one.
    pub environment: Option<String>,
    /// `name=value` for variables.
    pub variables: Vec<String>,
    /// From when on models filled by time are filled, which makes them previews.
    pub start: Option<String>,
    /// Up to when they are filled at most.
    pub end: Option<String>,
    /// The clock, where it was fixed earlier: that of a plan that goes on.
    pub now: Option<Timestamp>,
    /// What is believed of the engine.
    pub belief: Belief,
}

/// What is believed when an engine is opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Belief {
    /// The state, where it is in line with the engine's ledger.
    #[default]
    State,
    /// The ledger, whatever the state says.
    Ledger,
    /// The ledger, even of an engine that another state wrote.
    Adopt,
    /// The state, where the engine has nothing of what it knows of: all of that is forgotten.
    Nothing,
    /// The state, also where tables of these models are gone that can't be computed again.
    Without(Vec<String>),
}

/// What is known before anything is opened.
pub struct Place<'a> {
    pub project: &'a Project,
    pub environment: Environment,
    pub engine: EngineSettings,
    pub facts: PlanFacts,
    pub scope: Scope,
    /// The schemas of the environment's views.
    pub view_schemas: BTreeSet<String>,
    /// The clock of everything that follows, and the end of "now" for all intervals.
    pub now: Timestamp,
    /// The first instant to fill, where it is cut.
    pub cut: Option<Timestamp>,
    /// The instant to fill up to at most.
    pub until: Option<Timestamp>,
    pub lookup: Lookup,
    /// What is believed of the engine.
    pub belief: Belief,
    /// What somebody asks for of tables that are shared.
    pub forks: Forks,
    /// The project's queries under these facts, once they were looked through.
    queries: OnceLock<Queries>,
}

impl<'a> Place<'a> {
    /// Reads the project's settings for an environment.
    ///
    /// # Errors
    /// Settings that can't be read.
    pub fn of(project: &'a Project, request: &Request) -> Result<Self> {
        let lookup = Lookup::new(project.folder().unwrap_or_else(|| Path::new(".")))?;
        let environment = config::environment(project, &lookup, request.environment.as_deref())?;
        let engine = config::engine(project, &environment, &lookup)?;
        let now = request.now.unwrap_or_else(Timestamp::now);
        let cut = match &request.start {
            Some(start) => Some(first_instant(start, now)?),
            None => environment.first_instant(now)?,
        };
        let until = request.end.as_deref().map(|end| first_instant(end, now));
        Ok(Self {
            project,
            facts: environment.facts(project, &request.variables)?,
            scope: Scope {
                project: project.def.name.to_string(),
                engine: engine.name.clone(),
                environment: environment.name.to_owned(),
            },
            view_schemas: view_schemas(project, &environment)?,
            environment,
            engine,
            now,
            cut,
            until: until.transpose()?,
            lookup,
            belief: request.belief.clone(),
            forks: Forks::default(),
            queries: OnceLock::new(),
        })
    }

    /// Opens the state, and reads all that it knows. Meanwhile the project's queries are looked through.
    ///
    /// # Errors
    /// `state-failed`, `state-moved-on`.
    pub fn known(&self) -> Result<(State, Known)> {
        std::thread::scope(|scope| {
            // What is wrong with them is told where they are needed.
            scope.spawn(|| drop(self.queries()));
            let mut state = State::open(&config::state_address(self.project, &self.lookup)?)?;
            let known = state.known(&self.scope)?;
            Ok((state, known))
        })
    }

    /// The project's queries here.
    fn queries(&self) -> Result<&Queries> {
        if let Some(queries) = self.queries.get() {
            return Ok(queries);
        }
        let queries = Queries::of(self.project, &self.facts)?;
        Ok(self.queries.get_or_init(|| queries))
    }

    /// The times that models are filled between here: all of them, or those that a preview has.
    pub fn window(&self, preview: bool) -> Window {
        Window {
            now: self.now,
            from: self.cut.filter(|_| preview),
            until: self.until,
        }
    }

    /// Whether a model that is filled by time begins before it is filled here.
    pub fn cuts(&self, model: &Model) -> bool {
        let start = parse_instant_in(model.def.incremental.start.as_str(), &model.zone);
        matches!((start, self.cut), (Some(start), Some(cut)) if start < cut)
    }

    /// The versions of all models here.
    ///
    /// # Errors
    /// A variable without a value, or with one of another type.
    pub fn versions(&self, known: &Known) -> Result<Versions> {
        let cuts = Cuts::new(self, known);
        let history = &mut |index: usize, version: &str| cuts.history(index, version);
        let queries = self.queries()?;
        Ok(Versions::with_previews(
            self.project,
            &self.facts,
            (queries, history),
        ))
    }
}

/// A project in an environment, as the state knows it.
pub struct Situation<'a> {
    pub place: Place<'a>,
    pub state: State,
    pub known: Known,
    pub versions: Versions,
    /// What the environment points to, by import path; empty before the first time.
    pub pinned: BTreeMap<String, PinnedModel>,
}

impl<'a> Situation<'a> {
    /// Reads the settings and the state.
    ///
    /// # Errors
    /// Those of [`Place::of`] and [`Place::known`].
    pub fn read(project: &'a Project, request: &Request) -> Result<Self> {
        let place = Place::of(project, request)?;
        let (state, known) = place.known()?;
        Self::joined(place, state, known)
    }

    /// Joins what was read.
    ///
    /// # Errors
    /// `state-failed`, or a variable without a value.
    pub fn joined(place: Place<'a>, mut state: State, known: Known) -> Result<Self> {
        let versions = place.versions(&known)?;
        let pinned = pinned(&mut state, &place, &known)?;
        Ok(Self {
            place,
            state,
            known,
            versions,
            pinned,
        })
    }

    /// Takes in which models are forked, or aren't any more.
    ///
    /// # Errors
    /// A variable without a value, or with one of another type.
    pub fn fork(&mut self, forks: Forks) -> Result<()> {
        if self.place.forks != forks {
            self.place.forks = forks;
            self.versions = self.place.versions(&self.known)?;
        }
        Ok(())
    }

    /// The environment's row in the state.
    pub fn pointer(&self) -> Option<&Pointer> {
        self.known.environments.get(self.place.environment.name)
    }
}

/// What an environment points to.
pub fn pinned(
    state: &mut State,
    place: &Place<'_>,
    known: &Known,
) -> Result<BTreeMap<String, PinnedModel>> {
    let Some(pointer) = known.environments.get(place.environment.name) else {
        return Ok(BTreeMap::new());
    };
    if pointer.project_version.is_empty() {
        return Ok(BTreeMap::new());
    }
    let version = state.project_version(&place.scope.project, &pointer.project_version)?;
    let models = version.map(|version| version.models).unwrap_or_default();
    Ok(models
        .into_iter()
        .map(|model| (model.model.clone(), model))
        .collect())
}

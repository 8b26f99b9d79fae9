//! `janitor`: environments that have expired, versions that nobody needs, and old records.
//!
//! What may go is looked for first and shown; then each engine is opened again and gives up those of
//! the things that were shown and that still nobody needs. The state decides in one transaction, by a
//! tombstone, after which nobody can claim a thing; only then it is dropped, and forgotten only once
//! the engine doesn't have it any more. What fails is told and stops nothing else.

use super::claim::take_engine;
use super::dropping::drop_environment;
use super::failure::opening_failed;
use super::interrupt::Interrupt;
use super::mend::is_called;
use super::opening::{self, Opening};
use super::options::RunOptions;
use super::retire::{candidates, keeps_history, kept_since};
use super::sweep::{Dropping, unneeded};
use crate::adapters::{BOOKKEEPING_SCHEMA, is_bookkeeping};
use crate::error::{Code, Error, Kind, Result};
use crate::project::Project;
use crate::situation::{Request, no_history};
use crate::state::{Change, Environment, Object, Pruned, Retention, Scope, State};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What a janitor is asked for.
#[derive(Clone, Debug, Default)]
pub struct JanitorOptions {
    /// Whether what may go is only shown.
    pub dry_run: bool,
    /// Models whose old tables go though their rows can't be computed again: import paths, or what
    /// comes after `models.`.
    pub destroy_history: Vec<String>,
    /// How long to wait for an engine, and who asks.
    pub run: RunOptions,
}

/// What may go.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Needless {
    /// Environments that have expired.
    pub environments: Vec<Expired>,
    /// What may go from each engine.
    pub engines: Vec<NeedlessOf>,
}

/// An environment that has expired.
#[derive(Clone, Debug, Serialize)]
pub struct Expired {
    /// Its name.
    pub name: String,
    /// When.
    pub expired_at: Timestamp,
}

/// What may go from an engine.
#[derive(Clone, Debug, Serialize)]
pub struct NeedlessOf {
    /// The engine's name.
    pub engine: String,
    /// Where it is, without secrets.
    pub shown: String,
    /// Tables and views that may go.
    pub objects: Vec<Thing>,
    /// Tables that stay only because their rows can't be computed again.
    pub kept: Vec<Thing>,
    /// What is in `_dbgo`, and wasn't made by dbgo.
    pub unknown: Vec<String>,
    /// An environment that lives there, by whose name it is opened.
    #[serde(skip)]
    environment: String,
}

/// A table or view of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Thing {
    /// Its name in `_dbgo`.
    pub physical: String,
    /// The import path of its model.
    pub model: String,
    /// `view`, `table`, …
    pub kind: String,
    /// The environment that it is a preview of; empty where it is none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub preview: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a janitor came to.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Cleaned {
    /// Environments that are gone.
    pub environments: Vec<String>,
    /// How many tables and views are gone.
    pub objects: usize,
    /// How many bytes of the engines' databases are free again.
    pub bytes: u64,
    /// How many old rows of the engines' ledgers are gone.
    pub ledger_rows: usize,
    /// Old records of the state that are gone.
    pub records: Pruned,
    /// What failed.
    pub failures: Vec<String>,
}

impl Needless {
    /// Whether there is nothing that may go.
    pub fn is_empty(&self) -> bool {
        let mut engines = self.engines.iter();
        self.environments.is_empty() && engines.all(|engine| engine.objects.is_empty())
    }
}

impl Thing {
    /// What is told of an object.
    pub fn of(object: &&Object) -> Self {
        Self {
            physical: object.physical.clone(),
            model: object.model.clone(),
            kind: object.kind.clone(),
            preview: object.preview.clone(),
            created_at: object.created_at,
        }
    }
}

/// Shows what may go, and lets it go if `agrees` says so.
///
/// # Errors
/// `unknown-model` and `no-history` for a history that isn't there, `needs-confirmation`, failures of state and engine.
pub fn janitor(
    project: &Project,
    options: &JanitorOptions,
    agrees: &mut dyn FnMut(&Needless) -> Result<bool>,
    interrupt: &Interrupt,
) -> Result<Option<Cleaned>> {
    let needless = look(project, options, interrupt)?;
    if !agrees(&needless)? || options.dry_run {
        return Ok(None);
    }
    let mut cleaned = Cleaned::default();
    for expired in &needless.environments {
        let run = RunOptions {
            environment: Some(expired.name.clone()),
            ..options.run.clone()
        };
        match drop_environment(project, (&run, &[]), interrupt) {
            Ok(_) => cleaned.environments.push(expired.name.clone()),
            Err(error) => cleaned.fail(&expired.name, &error),
        }
    }
    for engine in &needless.engines {
        if let Err(error) = clean(project, options, (engine, interrupt), &mut cleaned) {
            cleaned.fail(&engine.shown, &error);
        }
    }
    for engine in &needless.engines {
        match prune_ledger(project, &engine.environment, (options, interrupt)) {
            Ok(rows) => cleaned.ledger_rows += rows,
            Err(error) => cleaned.fail(&engine.shown, &error),
        }
    }
    let mut state = super::open_state(project)?;
    let now = state.now()?;
    let since = kept_since(project, now).history;
    let retention = Retention {
        runs_since: since,
        plans_since: since,
        history_since: since,
    };
    cleaned.records = state.prune(project.def.name.as_str(), &retention)?;
    state.close()?;
    Ok(Some(cleaned))
}

/// Prunes the ledger of an engine.
fn prune_ledger(
    project: &Project,
    environment: &str,
    (options, interrupt): (&JanitorOptions, &Interrupt),
) -> Result<usize> {
    let mut opening = open(project, environment, &options.run, interrupt)?;
    let now = opening.situation.state.now()?;
    super::ledger::prune(&mut opening, kept_since(project, now).history, &options.run)
}

impl Cleaned {
    fn fail(&mut self, what: &str, error: &Error) {
        self.failures.push(format!("{what}: {}", error.message));
    }
}

fn look(project: &Project, options: &JanitorOptions, interrupt: &Interrupt) -> Result<Needless> {
    let mut state = super::open_state(project)?;
    let now = state.now()?;
    let rows = state.environments(project.def.name.as_str())?;
    state.close()?;
    let mut needless = Needless {
        environments: rows.iter().filter_map(|row| expired(row, now)).collect(),
        engines: Vec::new(),
    };
    let mut engines: BTreeMap<&str, &str> = BTreeMap::new();
    for row in &rows {
        engines.entry(&row.engine).or_insert(&row.name);
    }
    let gone: BTreeSet<String> = needless
        .environments
        .iter()
        .map(|expired| expired.name.clone())
        .collect();
    let mut destroyed = BTreeSet::new();
    for environment in engines.values() {
        let mut opening = open(project, environment, &options.run, interrupt)?;
        destroyed.extend(destroyed_in(&opening, &options.destroy_history)?);
        needless
            .engines
            .push(look_at(&mut opening, environment, (&gone, &destroyed))?);
    }
    let is_known = |wanted: &String| destroyed.iter().any(|model| is_called(model, wanted));
    match options
        .destroy_history
        .iter()
        .find(|wanted| !is_known(wanted))
    {
        Some(wanted) => Err(Error::new(
            Kind::Usage,
            Code::UnknownModel,
            format!("no model `{wanted}` has a table"),
        )
        .hint("name it by its import path: `models.core.log`")),
        None => Ok(needless),
    }
}

fn expired(row: &Environment, now: Timestamp) -> Option<Expired> {
    let expired_at = row.expires_at.filter(|expires_at| *expires_at <= now)?;
    let is_free = !row.protected && row.pending_plan.is_empty();
    is_free.then(|| Expired {
        name: row.name.clone(),
        expired_at,
    })
}

fn open<'a>(
    project: &'a Project,
    environment: &str,
    options: &RunOptions,
    interrupt: &Interrupt,
) -> Result<Opening<'a>> {
    let request = Request {
        environment: Some(environment.to_owned()),
        ..Request::default()
    };
    opening::open(project, &request, options.wait, interrupt)
}

/// The models with tables here that are called so.
///
/// # Errors
/// `no-history` for one whose rows can be computed again.
pub fn destroyed_in(opening: &Opening<'_>, wanted: &[String]) -> Result<BTreeSet<String>> {
    let project = opening.situation.place.project;
    let mut found = BTreeSet::new();
    for name in wanted {
        let objects = opening.situation.known.objects.values();
        let objects: Vec<&Object> = objects
            .filter(|object| is_called(&object.model, name))
            .collect();
        if !objects.is_empty() && !objects.iter().any(|it| keeps_history(project, it)) {
            return Err(no_history(name));
        }
        found.extend(objects.into_iter().map(|object| object.model.clone()));
    }
    Ok(found)
}

/// Looks at one engine as if some environments were gone already.
fn look_at(
    opening: &mut Opening<'_>,
    environment: &str,
    (gone, destroyed): (&BTreeSet<String>, &BTreeSet<String>),
) -> Result<NeedlessOf> {
    let situation = &mut opening.situation;
    let project = situation.place.project;
    let since = kept_since(project, situation.place.now);
    let needed = situation
        .state
        .needed(project.def.name.as_str(), since.history, gone)?;
    let mut known = situation.known.clone();
    known.elsewhere.remove_all(gone);
    if gone.contains(environment) {
        known.published.clear();
    }
    let found = candidates(&known, project, (since.versions, destroyed));
    let is_needed = |object: &Object| {
        let mut snapshots = known.all_snapshots();
        snapshots.any(|snapshot| {
            let version = (snapshot.model.clone(), snapshot.version.clone());
            snapshot.physical == object.physical && needed.versions.contains(&version)
        })
    };
    let old: Vec<String> = found
        .old
        .iter()
        .filter(|object| !is_needed(object))
        .map(|object| object.physical.clone())
        .collect();
    let kept = found.kept.iter().filter(|object| !is_needed(object));
    let kept = kept.map(Thing::of).collect();
    let objects = unneeded(&known, &old, project);
    let mut unknown: Vec<String> = opening
        .catalog
        .keys()
        .filter(|name| !known.objects.contains_key(*name) && !is_bookkeeping(name))
        .cloned()
        .collect();
    unknown.sort();
    Ok(NeedlessOf {
        engine: situation.place.engine.name.clone(),
        shown: situation.place.engine.shown.clone(),
        objects: objects.iter().map(Thing::of).collect(),
        kept,
        unknown,
        environment: environment.to_owned(),
    })
}

/// Lets go at once of tables with a history that nobody shows any more, and gives their number.
///
/// # Errors
/// Those of opening; failures of state and engine.
pub fn destroy(
    project: &Project,
    (things, environment): (Vec<Thing>, &str),
    options: &JanitorOptions,
    interrupt: &Interrupt,
) -> Result<usize> {
    let engine = NeedlessOf {
        engine: String::new(),
        shown: String::new(),
        objects: things,
        kept: Vec::new(),
        unknown: Vec::new(),
        environment: environment.to_owned(),
    };
    let mut cleaned = Cleaned::default();
    clean(project, options, (&engine, interrupt), &mut cleaned)?;
    Ok(cleaned.objects)
}

/// Lets go from an engine what was shown and still isn't needed.
fn clean(
    project: &Project,
    options: &JanitorOptions,
    (engine, interrupt): (&NeedlessOf, &Interrupt),
    cleaned: &mut Cleaned,
) -> Result<()> {
    if engine.objects.is_empty() {
        return Ok(());
    }
    let mut opening = open(project, &engine.environment, &options.run, interrupt)?;
    let scope = opening.situation.place.scope.clone();
    let token = take_engine(&mut opening, &options.run.author.name)?;
    let dropped = clean_taken(&mut opening, &scope, (engine, options), (token, cleaned));
    let state = &mut opening.situation.state;
    state.release(&scope.project, &scope.engine, token)?;
    dropped
}

/// The same, with the engine taken.
fn clean_taken(
    opening: &mut Opening<'_>,
    scope: &Scope,
    what: (&NeedlessOf, &JanitorOptions),
    (token, cleaned): (u64, &mut Cleaned),
) -> Result<()> {
    opening.read_again()?;
    let changes = std::mem::take(&mut opening.changes);
    opening.situation.state.apply(scope, &changes)?;
    let buried = bury(opening, scope, what)?;
    if buried.is_empty() {
        return Ok(());
    }
    let (mut changes, bytes) = drop_buried(opening, &buried, token)?;
    cleaned.objects += changes.len();
    cleaned.bytes += bytes;
    let mark = opening.session.ledger_mark();
    let engine = &opening.situation.place.engine;
    let mark = mark.map_err(|error| opening_failed(&error, engine))?;
    changes.push(Change::Ledger { mark });
    opening.situation.state.apply(scope, &changes)
}

/// Decides in the state what is to be dropped: of what was shown what nobody needs, and what was
/// decided earlier and not done.
fn bury(
    opening: &mut Opening<'_>,
    scope: &Scope,
    (engine, options): (&NeedlessOf, &JanitorOptions),
) -> Result<Vec<String>> {
    let destroyed = destroyed_in(opening, &options.destroy_history)?;
    let situation = &mut opening.situation;
    let (project, now) = (situation.place.project, situation.place.now);
    let mut since = kept_since(project, now);
    let shown: BTreeSet<&str> = engine
        .objects
        .iter()
        .map(|thing| thing.physical.as_str())
        .collect();
    let was_shown = |name: &str| shown.contains(name);
    let found = candidates(&situation.known, project, (since.versions, &destroyed));
    let (at_once, old): (Vec<&Object>, Vec<&Object>) = found
        .old
        .into_iter()
        .partition(|object| destroyed.contains(&object.model));
    let names = |objects: &[&Object]| -> Vec<String> {
        let names = objects.iter().map(|object| object.physical.clone());
        names.filter(|name| was_shown(name)).collect()
    };
    let (at_once, old) = (names(&at_once), names(&old));
    let state: &mut State = &mut situation.state;
    let mut decided = state.retire(scope, &old, since)?;
    // Whoever destroys a history knows that nothing can be rolled back to it.
    since.versions = Timestamp::MAX;
    since.history = now;
    decided.extend(state.retire(scope, &at_once, since)?);
    // What those alone read isn't needed any more either.
    let others = unneeded(&situation.known, &decided, project);
    let (buried, others): (Vec<&Object>, Vec<&Object>) = others
        .into_iter()
        .filter(|object| was_shown(&object.physical) && !decided.contains(&object.physical))
        .partition(|object| object.tombstone.is_some());
    let (buried, others) = (names(&buried), names(&others));
    decided.extend(buried);
    decided.extend(state.bury(scope, &others)?);
    Ok(decided)
}

/// Drops what was decided on, and looks whether it is gone. Gives the changes for what is, and how many
/// bytes are free again.
fn drop_buried(
    opening: &mut Opening<'_>,
    buried: &[String],
    token: u64,
) -> Result<(Vec<Change>, u64)> {
    let known = &opening.situation.known;
    let mut objects: Vec<&Object> = buried
        .iter()
        .filter_map(|name| known.objects.get(name))
        .collect();
    objects.sort_by_key(|object| (object.kind != "view", &object.physical));
    let engine = opening.situation.place.engine.clone();
    let failed = |error| opening_failed(&error, &engine);
    let dropping = Dropping {
        dialect: opening.adapter.dialect(),
        token,
    };
    // How much there was is told, and not needed.
    let before = opening.session.used_bytes().ok();
    let changes = dropping.drop(&mut opening.session, &objects);
    let changes = changes.map_err(failed)?;
    let left = opening
        .session
        .names(&[BOOKKEEPING_SCHEMA])
        .map_err(failed)?;
    let left: BTreeSet<&str> = left.iter().map(|(name, _)| name.name.as_str()).collect();
    let is_gone = |change: &Change| match change {
        Change::Dropped { physical } => !left.contains(physical.as_str()),
        _ => true,
    };
    let changes = changes.into_iter().filter(is_gone).collect();
    let after = opening.session.used_bytes().ok();
    let bytes = before
        .zip(after)
        .map(|(before, after)| before.saturating_sub(after));
    Ok((changes, bytes.unwrap_or_default()))
}

//! Mending what state and engine say of each other: reading everything anew from the engine's ledger,
//! taking over an engine that another state wrote, and forgetting models.

use super::claim::take_engine;
use super::failure::opening_failed;
use super::interrupt::Interrupt;
use super::opening::{self, Opening};
use super::options::RunOptions;
use crate::error::{Code, Error, Kind, Result};
use crate::faults::{Point, fail_point};
use crate::project::Project;
use crate::situation::{Belief, Request};
use crate::state::{Change, Known, Scope};
use std::collections::BTreeSet;

/// What is mended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mending {
    /// All that is known of the engine is read anew from its ledger.
    Reconcile,
    /// The engine belongs to this state from now on.
    Adopt,
    /// What is known of these models is forgotten, so that they are built from nothing: import paths, or
    /// what comes after `models.`.
    Forget {
        /// The models.
        models: Vec<String>,
        /// Whether also those whose rows can't be computed again.
        destroy_history: bool,
    },
}

/// What mending came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// Where the engine is, without secrets.
    pub engine: String,
    /// Versions of models that the state didn't know: the model and the version's first digits.
    pub found: Vec<String>,
    /// Versions of models that it knows no more.
    pub forgotten: Vec<String>,
    /// What else people should know.
    pub notes: Vec<String>,
}

/// Mends state and engine of an environment.
///
/// # Errors
/// `unknown-model`, `history-kept`, `lease-held`, failures of state and engine.
pub fn mend(
    project: &Project,
    (mending, run): (&Mending, &RunOptions),
    interrupt: &Interrupt,
) -> Result<Mended> {
    let request = Request {
        environment: run.environment.clone(),
        belief: belief(mending),
        ..Request::default()
    };
    let before = crate::situation::Place::of(project, &request)?.known()?.1;
    let models = match mending {
        Mending::Forget {
            models,
            destroy_history,
        } => to_forget(project, &before, (models, *destroy_history))?,
        Mending::Reconcile | Mending::Adopt => BTreeSet::new(),
    };
    let mut opening = opening::open(project, &request, run.wait, interrupt)?;
    let scope = opening.situation.place.scope.clone();
    let changes = std::mem::take(&mut opening.changes);
    let token = take_engine(&mut opening, &run.author.name)?;
    opening.situation.state.apply(&scope, &changes)?;
    let done = forget(&mut opening, &scope, (&before, &models, token));
    let state = &mut opening.situation.state;
    state.release(&scope.project, &scope.engine, token)?;
    done?;
    let after = opening.situation.state.known(&scope)?;
    Ok(Mended {
        engine: opening.situation.place.engine.shown.clone(),
        found: versions_beyond(&after, &before),
        forgotten: versions_beyond(&before, &after),
        notes: opening.notes,
    })
}

fn belief(mending: &Mending) -> Belief {
    match mending {
        Mending::Reconcile => Belief::Ledger,
        Mending::Adopt => Belief::Adopt,
        Mending::Forget { models, .. } => Belief::Without(models.clone()),
    }
}

/// The import paths of models that are to be forgotten.
fn to_forget(
    project: &Project,
    known: &Known,
    (wanted, destroy_history): (&[String], bool),
) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for name in wanted {
        let mut objects = known.objects.values();
        let object = objects.find(|object| is_called(&object.model, name));
        let Some(object) = object else {
            return Err(Error::new(
                Kind::Usage,
                Code::UnknownModel,
                format!("the state knows nothing of a model `{name}`"),
            )
            .hint("name it by its import path: `models.core.log`"));
        };
        if !destroy_history && super::retire::keeps_history(project, object) {
            return Err(Error::new(
                Kind::Refused,
                Code::HistoryKept,
                format!("the rows of `{name}` can't be computed again"),
            )
            .hint("`--destroy-history` forgets them all the same"));
        }
        found.insert(object.model.clone());
    }
    Ok(found)
}

/// Whether a model has this name: its import path, or what comes after `models.`.
pub fn is_called(model: &str, wanted: &str) -> bool {
    model == wanted || model.strip_prefix("models.") == Some(wanted)
}

/// Forgets models, in the ledger and then in the state, and writes the ledger's mark.
fn forget(
    opening: &mut Opening<'_>,
    scope: &Scope,
    (known, models, token): (&Known, &BTreeSet<String>, u64),
) -> Result<()> {
    let engine = opening.situation.place.engine.clone();
    let failed = |error| opening_failed(&error, &engine);
    let objects = known.objects.values();
    let tables: Vec<&str> = objects
        .filter(|object| models.contains(&object.model))
        .map(|object| object.physical.as_str())
        .collect();
    if !tables.is_empty() {
        let mut forgotten = || -> std::result::Result<(), crate::adapters::EngineError> {
            let mut transaction = opening.session.begin()?;
            transaction.forget_batches(&tables)?;
            transaction.check_fence(token)?;
            fail_point(Point::BeforeSweepCommit, "")?;
            transaction.commit()?;
            fail_point(Point::AfterSweepCommit, "")?;
            Ok(())
        };
        forgotten().map_err(failed)?;
    }
    let state = &mut opening.situation.state;
    for model in models {
        state.forget(scope, model)?;
    }
    let mark = opening.session.ledger_mark().map_err(failed)?;
    state.apply(scope, &[Change::Ledger { mark }])
}

/// The versions of models that one knows and the other doesn't.
fn versions_beyond(one: &Known, other: &Known) -> Vec<String> {
    let versions = |known: &Known| -> BTreeSet<String> {
        let snapshots = known.all_snapshots();
        let text = |it: &crate::state::Snapshot| {
            let version = it.version.get(..10).unwrap_or(&it.version);
            format!("{} {version}", it.model)
        };
        snapshots.map(text).collect()
    };
    let others = versions(other);
    let own = versions(one);
    own.difference(&others).cloned().collect()
}

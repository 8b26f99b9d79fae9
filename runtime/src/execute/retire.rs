//! Versions of models that nobody shows any more: which may go, and letting them go.

use super::context::Context;
use super::sweep::shown;
use crate::error::Result;
use crate::project::Project;
use crate::state::{KeptSince, Known, Object, State};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeSet, HashSet};

/// How long versions are kept that no environment shows, where the project says nothing.
const USUAL_VERSIONS_SECONDS: u64 = 7 * 86_400;

/// For how long environments can be rolled back, where the project says nothing.
const USUAL_HISTORY_SECONDS: u64 = 90 * 86_400;

/// Since when a project keeps what nobody shows.
pub fn kept_since(project: &Project, now: Timestamp) -> KeptSince {
    let retention = &project.def.retention;
    let ago = |seconds: u64, usual: u64| {
        let seconds = if seconds == 0 { usual } else { seconds };
        let span = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        now.checked_sub(span).unwrap_or(Timestamp::MIN)
    };
    KeptSince {
        versions: ago(retention.versions_seconds, USUAL_VERSIONS_SECONDS),
        history: ago(retention.history_seconds, USUAL_HISTORY_SECONDS),
    }
}

/// What may be given up of the tables and views that snapshots are in, if no environment's history
/// needs them.
#[derive(Debug, Default)]
pub struct Candidates<'k> {
    /// What may go.
    pub old: Vec<&'k Object>,
    /// What is as old and needed as little, but can't be computed again.
    pub kept: Vec<&'k Object>,
}

/// Looks for what no view of an environment reads and what is old enough. What can't be computed again
/// goes only if its model is in `destroyed`, and then at once.
pub fn candidates<'k>(
    known: &'k Known,
    project: &Project,
    (since, destroyed): (Timestamp, &BTreeSet<String>),
) -> Candidates<'k> {
    let shown: HashSet<&String> = shown(known).collect();
    let named: HashSet<&str> = known
        .all_snapshots()
        .map(|snapshot| snapshot.physical.as_str())
        .collect();
    let mut found = Candidates::default();
    for object in known.objects.values() {
        let is_candidate = object.tombstone.is_none()
            && named.contains(object.physical.as_str())
            && !shown.contains(&object.physical);
        let is_old = object.created_at < since && object.loaded_at < since;
        match is_candidate {
            true if destroyed.contains(&object.model) => found.old.push(object),
            true if is_old && is_history(project, object) => found.kept.push(object),
            true if is_old => found.old.push(object),
            _ => {}
        }
    }
    found.old.sort_by_key(|object| &object.physical);
    found.kept.sort_by_key(|object| &object.physical);
    found
}

/// Whether a table has a history that only somebody's word ends: that of a preview begins anew with each
/// of them, and goes like all else that was made for development.
fn is_history(project: &Project, object: &Object) -> bool {
    object.preview.is_empty() && keeps_history(project, object)
}

/// Whether a table's rows can't be computed again. Of a model that isn't in the project any more that
/// isn't known, so that every table that grew keeps its rows.
pub fn keeps_history(project: &Project, object: &Object) -> bool {
    match project.model_at(&object.model) {
        Some((_, model)) => model.keeps_history(),
        None => matches!(object.kind.as_str(), "incremental" | "scd2"),
    }
}

/// Whether there is anything that may be given up at the end of a run.
pub fn is_anything_old(known: &Known, context: &Context<'_>) -> bool {
    let since = kept_since(context.project, context.now);
    let nothing = BTreeSet::new();
    let found = candidates(known, context.project, (since.versions, &nothing));
    !found.old.is_empty()
}

/// Gives up what is old, at the end of a run, and gives the names of what is to be dropped.
///
/// # Errors
/// `state-failed`.
pub fn retire(state: &mut State, context: &Context<'_>, known: &Known) -> Result<Vec<String>> {
    let usual = kept_since(context.project, context.now);
    let since = match context.options.forgets_versions {
        true => KeptSince {
            versions: context.now,
            ..usual
        },
        false => usual,
    };
    let nothing = BTreeSet::new();
    let found = candidates(known, context.project, (since.versions, &nothing));
    let built = built(context);
    let is_old = |object: &&&Object| {
        let is_old = object.created_at < usual.versions && object.loaded_at < usual.versions;
        is_old || built.contains(object.model.as_str())
    };
    let names: Vec<String> = (found.old.iter().filter(is_old))
        .map(|object| object.physical.clone())
        .collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    state.retire(&context.scope, &names, since)
}

/// The models that this run builds.
fn built<'c>(context: &'c Context<'_>) -> HashSet<&'c str> {
    let built = context.actions.iter().filter(|(_, action)| action.builds());
    built
        .map(|(relation, _)| context.project.path_of(*relation))
        .collect()
}

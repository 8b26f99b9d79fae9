//! Which models' history is cut in an environment, so that they are previews there.
//!
//! A preview has a version and a table of its own, and no other environment ever reads it:
//!
//! - A model filled by time, where the environment or the plan starts later than the model does, and
//!   no whole table of its version is there already.
//! - A model whose rows can't be computed again, where a protected environment has its table: a new
//!   version of it goes on with that table only there.
//! - A model that is *forked*: whoever asks for it gets a table to write to in place of the one that a
//!   protected environment shows. It stays forked until its version is another one, or until somebody
//!   asks for the shared table.

use super::place::Place;
use super::window::missing_in;
use crate::project::Model;
use crate::state::{Known, Snapshot};
use crate::version::{History, of_fork};
use dbgo_contract::{Materialization, Strategy};
use std::collections::{BTreeSet, HashSet};

/// Which models somebody asks to be forked, or not to be any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forks {
    /// Those that get a table of the environment's own, where they share one with a protected one.
    pub wanted: BTreeSet<usize>,
    /// Those that share a table again.
    pub given_up: BTreeSet<usize>,
}

/// Decides for one environment.
pub struct Cuts<'a> {
    place: &'a Place<'a>,
    known: &'a Known,
    /// The models and versions that protected environments show, this one left out.
    protected: HashSet<(&'a str, &'a str)>,
}

impl<'a> Cuts<'a> {
    /// Takes what is known.
    pub fn new(place: &'a Place<'a>, known: &'a Known) -> Self {
        let protected = known
            .elsewhere
            .iter()
            .filter(|(environment, _)| is_protected(known, environment))
            .map(|(_, shown)| (shown.model.as_str(), shown.version.as_str()))
            .collect();
        Self {
            place,
            known,
            protected,
        }
    }

    /// Which history a model has; `version` is the one that it has if that is the whole one.
    pub fn history(&self, index: usize, version: &str) -> History {
        if self.is_forked(index, version) {
            return History::Forked;
        }
        match self.is_cut(index, version) {
            true => History::Cut,
            false => History::Whole,
        }
    }

    fn is_forked(&self, index: usize, version: &str) -> bool {
        let model = self.place.project.model(index);
        let (environment, forks) = (&self.place.environment, &self.place.forks);
        let holds_rows = model.materialization != Materialization::View;
        if environment.protected || !holds_rows || forks.given_up.contains(&index) {
            return false;
        }
        let path = model.def.path.as_str();
        let shown = self.known.published.get(path);
        let fork = || of_fork(version, environment.name);
        shown.is_some_and(|shown| shown.version == fork())
            || forks.wanted.contains(&index)
                && shared_with((self.known, environment.name), path, version).is_some()
    }

    fn is_cut(&self, index: usize, version: &str) -> bool {
        let model = self.place.project.model(index);
        let path = model.def.path.as_str();
        let whole = self
            .known
            .snapshots
            .get(&(path.to_owned(), version.to_owned()));
        if model.keeps_table() {
            return whole.is_none()
                && !self.place.environment.protected
                && self.protected.iter().any(|(shown, _)| *shown == path);
        }
        is_filled_by_time(model)
            && self.place.cuts(model)
            && !whole.is_some_and(|snapshot| self.is_complete(model, snapshot))
    }

    fn is_complete(&self, model: &Model, snapshot: &Snapshot) -> bool {
        let key = (snapshot.model.as_str(), snapshot.version.as_str());
        if self.protected.contains(&key) {
            return true;
        }
        let filled = self.known.filled.get(&snapshot.physical);
        let filled = filled.cloned().unwrap_or_default();
        let whole = self.place.window(false);
        missing_in(&whole, model, &filled).is_ok_and(|missing| missing.batches.is_empty())
    }
}

/// The protected environment that shows the table which an environment has of a version, and which
/// nobody else writes.
pub fn shared_with<'k>(
    (known, environment): (&'k Known, &str),
    model: &str,
    version: &str,
) -> Option<&'k str> {
    let tables = known.generations((environment, None), model, version);
    let table = tables.first()?;
    let mut elsewhere = known.elsewhere.of_table(&table.physical);
    let shown = elsewhere.find(|(other, _)| other != environment && is_protected(known, other));
    shown.map(|(other, _)| other.as_str())
}

/// Whether an environment of the state is protected.
pub fn is_protected(known: &Known, environment: &str) -> bool {
    let row = known.environments.get(environment);
    row.is_some_and(|environment| environment.protected)
}

/// Whether a model has filled ranges.
pub fn is_filled_by_time(model: &Model) -> bool {
    model.materialization == Materialization::Incremental && model.strategy == Strategy::TimeRange
}

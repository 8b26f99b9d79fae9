//! What the state knew when it was read, and what it knows after changes.

use super::deployment::Environment;
use super::elsewhere::Elsewhere;
use super::records::{Object, Published, Snapshot};
use super::write::Change;
use crate::intervals::IntervalSet;
use std::collections::{BTreeMap, HashMap};

/// Everything that the state knows of one project on one engine, seen from one environment.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Snapshots by model and version, without previews.
    pub snapshots: HashMap<(String, String), Snapshot>,
    /// Previews of all environments, by environment, model and version. Nobody but their
    /// environment reads them.
    pub previews: BTreeMap<(String, String, String), Snapshot>,
    /// Created things by physical name.
    pub objects: HashMap<String, Object>,
    /// Filled ranges by physical name.
    pub filled: HashMap<String, IntervalSet>,
    /// What the environment's views show, by model.
    pub published: BTreeMap<String, Published>,
    /// What views of the other environments on this engine show.
    pub elsewhere: Elsewhere,
    /// All environments of the project, on any engine, by name.
    pub environments: BTreeMap<String, Environment>,
    /// Runs that never ended, of which only the ledger knows what they did.
    pub unfinished: Vec<String>,
    /// The mark of the engine's ledger when the last run ended.
    pub ledger: Option<String>,
}

impl Known {
    /// Whether this engine was never written with this state.
    pub fn is_empty(&self) -> bool {
        self.all_snapshots().next().is_none()
            && self.objects.is_empty()
            && self.published.is_empty()
            && self.unfinished.is_empty()
            && self.ledger.is_none()
    }

    /// The snapshot of a version, or the environment's preview of it.
    pub fn snapshot(&self, environment: &str, model: &str, version: &str) -> Option<&Snapshot> {
        let key = (model.to_owned(), version.to_owned());
        self.snapshots.get(&key).or_else(|| {
            let key = (environment.to_owned(), key.0, key.1);
            self.previews.get(&key)
        })
    }

    /// The tables that a version was built in, those first that are preferred: what an environment shows
    /// that is promoted, what this one shows, what was built last, what others show. They differ where
    /// what they read did.
    pub fn generations(
        &self,
        (here, promoted): (&str, Option<&str>),
        model: &str,
        version: &str,
    ) -> Vec<Snapshot> {
        let Some(latest) = self.snapshot(here, model, version) else {
            return Vec::new();
        };
        let is_same = |entry: &&Published| entry.version == version;
        let own = self.published.get(model).into_iter().filter(is_same);
        let elsewhere = || {
            let shown = self.elsewhere.of_model(model);
            shown.filter(|(_, entry)| entry.version == version)
        };
        let promoted = elsewhere().filter(|(name, _)| promoted == Some(name.as_str()));
        let shown = promoted.map(|(_, entry)| entry).chain(own);
        let others = elsewhere().map(|(_, entry)| entry.physical.as_str());
        let mut names: Vec<&str> = Vec::new();
        for name in shown
            .map(|entry| entry.physical.as_str())
            .chain([latest.physical.as_str()])
            .chain(others)
        {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let table = |name: &str| self.in_table(latest, name);
        names.into_iter().filter_map(table).collect()
    }

    /// A snapshot, in another table of its version.
    fn in_table(&self, snapshot: &Snapshot, physical: &str) -> Option<Snapshot> {
        let object = self.objects.get(physical)?;
        let mut other = Snapshot {
            physical: physical.to_owned(),
            ..snapshot.clone()
        };
        lend(object, &mut other);
        object.tombstone.is_none().then_some(other)
    }

    /// The snapshots, and the previews of all environments.
    pub fn all_snapshots(&self) -> impl Iterator<Item = &Snapshot> {
        self.snapshots.values().chain(self.previews.values())
    }

    /// Takes in a change, as writing it to the state and reading that again would.
    pub fn apply(&mut self, change: &Change, environment: &str) {
        match change {
            Change::Object(object) => self.add_object(object),
            Change::Snapshot(snapshot) => self.add_snapshot(snapshot),
            Change::Superseded {
                physical,
                model,
                version,
            } => self.retain_snapshots(|snapshot| {
                snapshot.physical != *physical
                    || snapshot.model == *model && snapshot.version == *version
            }),
            Change::Filled { physical, ranges } => {
                self.filled.insert(physical.clone(), ranges.clone());
            }
            Change::Published {
                environment: of,
                entry,
            } if of == environment => {
                self.published.insert(entry.model.clone(), entry.clone());
            }
            Change::Published {
                environment: of,
                entry,
            } => self.elsewhere.insert(of, entry.clone()),
            Change::Withdrawn {
                environment: of,
                model,
            } if of == environment => {
                self.published.remove(model);
            }
            Change::Withdrawn {
                environment: of,
                model,
            } => self.elsewhere.remove(of, model),
            Change::Dropped { physical } => {
                self.objects.remove(physical);
                self.filled.remove(physical);
                self.retain_snapshots(|snapshot| snapshot.physical != *physical);
            }
            Change::Forgotten => {
                let environments = std::mem::take(&mut self.environments);
                let unfinished = std::mem::take(&mut self.unfinished);
                let ledger = self.ledger.take();
                *self = Self {
                    environments,
                    unfinished,
                    ledger,
                    ..Self::default()
                };
            }
            Change::Ledger { mark } => self.ledger = Some(mark.clone()),
            Change::RunStarted(run) => {
                if !self.unfinished.contains(&run.id) {
                    self.unfinished.push(run.id.clone());
                }
            }
            Change::RunEnded { id, .. } => self.unfinished.retain(|unfinished| unfinished != id),
            Change::Step { .. } | Change::Audit(_) => {}
        }
    }

    /// What belongs to the thing itself changes for all snapshots that it holds.
    fn add_object(&mut self, object: &Object) {
        for snapshot in self
            .snapshots
            .values_mut()
            .chain(self.previews.values_mut())
            .filter(|snapshot| snapshot.physical == object.physical)
        {
            lend(object, snapshot);
        }
        let mut object = object.clone();
        if let Some(known) = self.objects.get(&object.physical) {
            object.created_at = known.created_at;
        }
        self.objects.insert(object.physical.clone(), object);
    }

    /// Adds a snapshot as it is read: what belongs to its table comes from there.
    pub(super) fn add_snapshot(&mut self, snapshot: &Snapshot) {
        let mut snapshot = snapshot.clone();
        if let Some(object) = self.objects.get(&snapshot.physical) {
            lend(object, &mut snapshot);
        }
        let (model, version) = (snapshot.model.clone(), snapshot.version.clone());
        if snapshot.preview.is_empty() {
            self.snapshots.insert((model, version), snapshot);
        } else {
            let key = (snapshot.preview.clone(), model, version);
            self.previews.insert(key, snapshot);
        }
    }

    fn retain_snapshots(&mut self, keep: impl Fn(&Snapshot) -> bool) {
        self.snapshots.retain(|_, snapshot| keep(snapshot));
        self.previews.retain(|_, snapshot| keep(snapshot));
    }
}

/// Gives a snapshot what belongs to its table.
fn lend(object: &Object, snapshot: &mut Snapshot) {
    snapshot.generation = object.generation;
    snapshot.load.clone_from(&object.load);
    snapshot.reads.clone_from(&object.reads);
    snapshot.uses.clone_from(&object.uses);
    snapshot.loaded_at = object.loaded_at;
}

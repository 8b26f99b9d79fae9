//! What is believed of an engine that several processes write.
//!
//! The ledger is all that counts there, and it is read whole at each opening: the state follows it, and is
//! behind by what others are just committing. Between then and the moment at which the leases are taken others
//! may go on, so that it is read again: what is leased must be as it was, and nothing may be gone.

use super::details::{Details, from_ledger};
use super::failure::opening_failed;
use super::opening::{Opening, sort_catalog};
use crate::adapters::{BOOKKEEPING_SCHEMA, CommittedBatch};
use crate::error::{Code, Error, Kind, Result};
use crate::situation::{Belief, pinned, stem};
use crate::state::{Change, Holder, Known, Scope};
use std::collections::{BTreeMap, BTreeSet};

/// The ids of the batches of tables, and of the publications that show them, by what their generations have in
/// common.
pub type Committed = BTreeMap<String, BTreeSet<String>>;

/// The batches of a ledger by their tables.
fn committed(ledger: &[CommittedBatch]) -> Committed {
    let mut committed = Committed::new();
    for batch in ledger {
        let entry = &batch.entry;
        let mut add = |physical: &str| {
            let of_table = committed.entry(stem(physical).to_owned());
            of_table.or_default().insert(entry.batch_id.clone());
        };
        if !entry.physical_table.is_empty() {
            add(&entry.physical_table);
        } else if let Ok(details) = serde_json::from_str::<Details>(&entry.details) {
            details
                .published
                .iter()
                .for_each(|shown| add(&shown.physical));
        }
    }
    committed
}

/// What a ledger tells, with what only the state knows of it.
pub fn told(
    ledger: &[CommittedBatch],
    (of_state, is_there): (&Known, &dyn Fn(&str) -> bool),
    scope: &Scope,
) -> Known {
    let (mut known, _) = from_ledger(ledger, (&scope.project, &scope.environment));
    for (name, object) in &of_state.objects {
        match known.objects.get_mut(name) {
            Some(found) => found.tombstone = object.tombstone,
            None if is_there(name) => {
                known.objects.insert(name.clone(), object.clone());
            }
            None => {}
        }
    }
    forget_buried(&mut known);
    known.unfinished.clone_from(&of_state.unfinished);
    known.environments.clone_from(&of_state.environments);
    known
}

/// Others have changed what a plan was made for.
pub fn outdated() -> Error {
    Error::new(
        Kind::Refused,
        Code::StalePlan,
        "tables that the plan is about were changed by others meanwhile",
    )
    .hint("make a new plan")
}

impl Opening<'_> {
    /// Reads everything from the ledger, and finds what the state lacks.
    pub(super) fn reconcile_with_others(&mut self) -> Result<()> {
        if self.has_ledger() {
            self.check_owner()?;
            let ledger = self.look_again()?;
            self.committed = committed(&ledger);
            self.believe_with_others(&ledger)?;
        } else {
            self.check_bookkeeping_is_there()?;
        }
        self.end_broken_off()?;
        self.look_for_former_views()?;
        self.forget_missing()
    }

    /// Reads the ledger, and what there is at the same instant.
    fn look_again(&mut self) -> Result<Vec<CommittedBatch>> {
        let place = &self.situation.place;
        let mut schemas: Vec<&str> = place.view_schemas.iter().map(String::as_str).collect();
        schemas.push(BOOKKEEPING_SCHEMA);
        let read = self.session.ledger_and_names(&schemas);
        let (ledger, names) = read.map_err(|error| opening_failed(&error, &place.engine))?;
        (self.catalog, self.users) = sort_catalog(names);
        Ok(ledger)
    }

    /// Takes what the ledger tells, with what only the state knows: environments, what is to be dropped, and
    /// things that no batch tells of any more.
    fn believe_with_others(&mut self, ledger: &[CommittedBatch]) -> Result<()> {
        self.check_lost()?;
        let situation = &mut self.situation;
        let scope = &situation.place.scope;
        let before = std::mem::take(&mut situation.known);
        let is_there = |name: &str| self.catalog.contains_key(name);
        situation.known = told(ledger, (&before, &is_there), scope);
        self.changes = differences(&before, &situation.known, &scope.environment);
        situation.versions = situation.place.versions(&situation.known)?;
        situation.pinned = pinned(&mut situation.state, &situation.place, &situation.known)?;
        Ok(())
    }

    /// Notes which runs were broken off: those that nobody is at work on.
    fn end_broken_off(&mut self) -> Result<()> {
        let situation = &mut self.situation;
        if situation.known.unfinished.is_empty() {
            return Ok(());
        }
        let scope = &situation.place.scope;
        let observer = Holder::this_process("");
        let of = (scope.project.as_str(), scope.engine.as_str());
        let under_way = situation.state.runs_under_way(of, &observer)?;
        situation
            .known
            .unfinished
            .retain(|run| !under_way.contains(run));
        for id in &situation.known.unfinished {
            self.changes.push(Change::RunEnded {
                id: id.clone(),
                status: "broken off",
                duration_ms: None,
            });
        }
        Ok(())
    }

    /// Whether the leased tables are as they were when the plan was made, and nothing is gone that was there.
    ///
    /// # Errors
    /// Failures of the engine.
    pub fn is_current(&mut self, leases: &BTreeSet<String>) -> Result<bool> {
        let before = std::mem::take(&mut self.catalog);
        let ledger = self.look_again()?;
        let now = committed(&ledger);
        let is_same = |lease: &String| now.get(lease) == self.committed.get(lease);
        let is_there = |name: &String| self.catalog.contains_key(name);
        Ok(leases.iter().all(is_same) && before.keys().all(is_there))
    }

    /// Reads everything anew, for whoever is alone on the engine from now on.
    ///
    /// # Errors
    /// Failures of state and engine.
    pub fn read_again(&mut self) -> Result<()> {
        if !self.is_for_many() || self.situation.place.belief == Belief::Adopt {
            return Ok(());
        }
        let scope = self.situation.place.scope.clone();
        self.situation.known = self.situation.state.known(&scope)?;
        self.reconcile_with_others()
    }
}

/// Whoever decided that something is to be dropped forgot its snapshots; the ledger tells of them until it is
/// gone.
fn forget_buried(known: &mut Known) {
    let is_buried = |name: &String| {
        let object = known.objects.get(name);
        object.is_some_and(|object| object.tombstone.is_some())
    };
    let buried: BTreeSet<String> = known
        .objects
        .keys()
        .filter(|it| is_buried(it))
        .cloned()
        .collect();
    known
        .snapshots
        .retain(|_, it| !buried.contains(&it.physical));
    known
        .previews
        .retain(|_, it| !buried.contains(&it.physical));
}

/// What has to be written to a state so that it tells what the ledger does.
fn differences(before: &Known, now: &Known, environment: &str) -> Vec<Change> {
    let mut changes = Vec::new();
    for (name, object) in &now.objects {
        let known = before.objects.get(name);
        let is_known = known.is_some_and(|known| {
            (&known.load, &known.version, known.loaded_at)
                == (&object.load, &object.version, object.loaded_at)
        });
        if !is_known {
            changes.push(Change::Object(object.clone()));
        }
    }
    let snapshots = now.all_snapshots().filter(|snapshot| {
        let of = (snapshot.model.clone(), snapshot.version.clone());
        let known = match snapshot.preview.is_empty() {
            true => before.snapshots.get(&of),
            false => before.previews.get(&(snapshot.preview.clone(), of.0, of.1)),
        };
        known.is_none_or(|known| {
            known.physical != snapshot.physical || known.audits != snapshot.audits
        })
    });
    changes.extend(snapshots.cloned().map(Change::Snapshot));
    for (physical, ranges) in &now.filled {
        if before.filled.get(physical) != Some(ranges) {
            changes.push(Change::Filled {
                physical: physical.clone(),
                ranges: ranges.clone(),
            });
        }
    }
    for (model, entry) in &now.published {
        if before.published.get(model) != Some(entry) {
            changes.push(Change::Published {
                environment: environment.to_owned(),
                entry: entry.clone(),
            });
        }
    }
    let shown: BTreeSet<String> = before
        .elsewhere
        .iter()
        .map(|it| format!("{it:?}"))
        .collect();
    let elsewhere = now.elsewhere.iter();
    let elsewhere = elsewhere.filter(|shown_now| !shown.contains(&format!("{shown_now:?}")));
    changes.extend(elsewhere.map(|(environment, entry)| Change::Published {
        environment: environment.clone(),
        entry: entry.clone(),
    }));
    let gone = before.objects.keys();
    let gone = gone.filter(|name| !now.objects.contains_key(*name));
    changes.extend(gone.map(|physical| Change::Dropped {
        physical: physical.clone(),
    }));
    changes
}

//! What has to be done so that the environment can show a model as the target says.

use super::compare::Difference;
use super::document::{Action, Batches, ChangeKind, PlanOptions};
use super::target::{TargetModel, is_shown};
use crate::error::{Code, Error, Kind, Result};
use crate::project::{Model, Relation};
use crate::situation::{
    Histories, Restated, Situation, is_filled_by_time, missing_in, unit_of_model,
};
use crate::state::{Object, Snapshot};
use dbgo_contract::Materialization;
use std::collections::BTreeSet;

/// Decides for one environment.
pub struct Actions<'a, 's> {
    pub situation: &'a Situation<'s>,
    pub options: &'a PlanOptions,
    /// The models that `--restate` names, with the range of each.
    pub restated: &'a Restated,
    /// The models that a full refresh is about.
    pub refreshed: &'a BTreeSet<usize>,
    /// Which rows can't be computed again.
    pub histories: &'a Histories,
}

impl Actions<'_, '_> {
    /// What is done for a model of the target. `reads_new_data`: something that it reads will hold other
    /// rows, under the same version.
    ///
    /// # Errors
    /// `version-gone` where only this program could build it and it can't.
    pub fn of(
        &self,
        target: &TargetModel,
        difference: Option<&Difference>,
        reads_new_data: bool,
    ) -> Result<Action> {
        let pinned = &target.pinned;
        if !is_shown(&pinned.kind) {
            return Ok(Action::Keep);
        }
        let snapshot = self.snapshot(&pinned.model, &pinned.version);
        let Some(relation) = target.relation else {
            return match snapshot {
                Some(snapshot) => Ok(self.shown(target, snapshot)),
                None => Err(version_gone(target)),
            };
        };
        let Relation::Model(index) = relation else {
            return Ok(match snapshot {
                Some(snapshot) => self.shown(target, snapshot),
                None => Action::Build,
            });
        };
        let model = self.situation.place.project.model(index);
        let adopted =
            difference.and_then(|difference| self.kept_table((index, model), target, difference));
        // A version that was never built is computed whole, whatever range is named.
        if let (Some(range), Some(_)) = (self.restated.range(index), &snapshot) {
            return Ok(match is_filled_by_time(model) {
                true => Action::Fill(self.restated_batches(model, target, range)?),
                false if self.histories.keep(index, model) => Action::Keep,
                false => Action::Build,
            });
        }
        if self.refreshed.contains(&index) && !self.histories.keep(index, model) {
            return Ok(match is_filled_by_time(model) {
                true => Action::Fill(self.batches(model, target, None)?),
                false => Action::Build,
            });
        }
        match (snapshot, adopted) {
            (Some(snapshot), _) => self.with_snapshot(model, target, snapshot, reads_new_data),
            (None, Some(action)) => Ok(action),
            (None, None) if is_filled_by_time(model) => {
                Ok(Action::Fill(self.batches(model, target, None)?))
            }
            (None, None) => Ok(Action::Build),
        }
    }

    /// A snapshot of a version whose table is there.
    pub fn snapshot(&self, model: &str, version: &str) -> Option<&Snapshot> {
        let name = self.situation.place.environment.name;
        let snapshot = self.situation.known.snapshot(name, model, version)?;
        self.object(&snapshot.physical).map(|_| snapshot)
    }

    fn object(&self, physical: &str) -> Option<&Object> {
        let object = self.situation.known.objects.get(physical)?;
        object.tombstone.is_none().then_some(object)
    }

    /// What is done where the version is built.
    fn with_snapshot(
        &self,
        model: &Model,
        target: &TargetModel,
        snapshot: &Snapshot,
        reads_new_data: bool,
    ) -> Result<Action> {
        let shown = self.shown(target, snapshot);
        if is_filled_by_time(model) {
            // What the environment shows already is filled by `run`.
            if shown == Action::Keep || self.is_shown_elsewhere(snapshot) {
                return Ok(shown);
            }
            let batches = self.batches(model, target, Some(snapshot))?;
            return Ok(match batches.batches {
                0 => shown,
                _ => Action::Fill(batches),
            });
        }
        let rebuilt = reads_new_data
            && !model.keeps_history()
            && model.materialization != Materialization::View;
        Ok(if rebuilt { Action::Build } else { shown })
    }

    /// Nothing, where the environment shows it; otherwise that it does.
    fn shown(&self, target: &TargetModel, snapshot: &Snapshot) -> Action {
        let pinned = &target.pinned;
        let known = &self.situation.known;
        let published = known.published.get(&pinned.model);
        if published.is_some_and(|shown| shown.version == pinned.version) {
            return Action::Keep;
        }
        let elsewhere = known.elsewhere.of_model(&snapshot.model);
        let elsewhere = elsewhere.filter(|(_, shown)| shown.physical == snapshot.physical);
        let environments: BTreeSet<String> = elsewhere.map(|(name, _)| name.clone()).collect();
        Action::Reuse {
            environments: environments.into_iter().collect(),
            built_at: self.object(&snapshot.physical).map(|it| it.created_at),
        }
    }

    fn is_shown_elsewhere(&self, snapshot: &Snapshot) -> bool {
        let known = &self.situation.known;
        let mut elsewhere = known.elsewhere.of_model(&snapshot.model);
        elsewhere.any(|(_, shown)| {
            shown.version == snapshot.version && shown.physical == snapshot.physical
        })
    }

    /// The table of the earlier version, where the new one goes on with it.
    fn kept_table(
        &self,
        (index, model): (usize, &Model),
        target: &TargetModel,
        difference: &Difference,
    ) -> Option<Action> {
        let before = difference.before.as_ref()?;
        let snapshot = self.snapshot(&before.model, &before.version)?;
        let is_table = matches!(
            model.materialization,
            Materialization::Table | Materialization::Incremental | Materialization::Scd2
        );
        if !is_table || snapshot.kind != model.kind() || target.preview != is_preview(snapshot) {
            return None;
        }
        let same_data = matches!(
            difference.kind,
            ChangeKind::Renamed | ChangeKind::Unaffected | ChangeKind::Metadata
        );
        let same_columns = |snapshot: &Snapshot| {
            let wanted = model.def.columns.iter();
            let wanted = wanted.map(|it| (it.name.as_str(), it.sql_type.as_str()));
            let have = snapshot.columns.iter();
            have.map(|(name, sql_type)| (name.as_str(), sql_type.as_str()))
                .eq(wanted)
        };
        if same_data && same_columns(snapshot) {
            return Some(Action::Adopt {
                model: difference.renamed_from.clone(),
                version: before.version.clone(),
                physical: snapshot.physical.clone(),
            });
        }
        let goes_on = model.keeps_table() || self.options.forward_only;
        let is_destroyed = self.histories.destroyed().contains(&index);
        if !goes_on || is_destroyed || model.materialization == Materialization::Table {
            return None;
        }
        let fill = is_filled_by_time(model)
            .then(|| self.batches(model, target, Some(snapshot)).ok())
            .flatten()
            .filter(|batches| batches.batches > 0);
        Some(Action::Continue {
            version: before.version.clone(),
            physical: snapshot.physical.clone(),
            fill,
        })
    }

    fn batches(
        &self,
        model: &Model,
        target: &TargetModel,
        snapshot: Option<&Snapshot>,
    ) -> Result<Batches> {
        let filled = snapshot.and_then(|it| self.situation.known.filled.get(&it.physical));
        let window = self.situation.place.window(target.preview);
        let missing = missing_in(&window, model, &filled.cloned().unwrap_or_default())?;
        let unit = unit_of_model(model, missing.intervals);
        Ok(Batches::new(&missing.batches, missing.intervals, unit))
    }

    fn restated_batches(
        &self,
        model: &Model,
        target: &TargetModel,
        range: crate::intervals::Range,
    ) -> Result<Batches> {
        let window = self.situation.place.window(target.preview);
        let missing = Restated::missing(&window, model, range)?;
        let unit = unit_of_model(model, missing.intervals);
        Ok(Batches::new(&missing.batches, missing.intervals, unit))
    }
}

/// Whether a snapshot's history is cut.
fn is_preview(snapshot: &Snapshot) -> bool {
    !snapshot.preview.is_empty()
}

fn version_gone(target: &TargetModel) -> Error {
    Error::new(
        Kind::Refused,
        Code::VersionGone,
        format!(
            "the table of `{}.{}` is gone, and this program has another version of the model",
            target.pinned.schema, target.pinned.name
        ),
    )
    .hint("use the program of that version, or `apply` this one")
}

//! What a run writes beside its ledger rows, so that state can be completed from them.

use crate::adapters::CommittedBatch;
use crate::intervals::Range;
use crate::state::{Change, Known, Object, Published, Snapshot};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// The details of a ledger row, as JSON.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Details {
    /// The project's name: an engine may hold several.
    pub project: String,
    /// The snapshot that the batch belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<Snapshot>,
    /// Whether the snapshot is complete enough to be read; not so for all but the last batch of
    /// a table that is built aside.
    #[serde(default)]
    pub current: bool,
    /// The environment of a publication.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub environment: String,
    /// What the publication made views show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub published: Vec<Published>,
    /// The models whose views it dropped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withdrawn: Vec<String>,
}

impl Details {
    /// The JSON text; empty if it can't be written, which plain data always can.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What a snapshot says of the thing that was created for it.
pub fn object_of(snapshot: &Snapshot) -> Object {
    Object {
        physical: snapshot.physical.clone(),
        kind: snapshot.kind.clone(),
        model: snapshot.model.clone(),
        version: snapshot.version.clone(),
        uses: snapshot.uses.clone(),
    }
}

/// Brings what state knows up to what the ledger says, and gives the changes to write.
///
/// `only` are the runs to look at; with none, the whole ledger is read, as for a state database
/// that knows nothing of this engine.
pub fn complete(
    known: &mut Known,
    ledger: &[CommittedBatch],
    (project, environment): (&str, &str),
    only: Option<&HashSet<String>>,
) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut filled: HashMap<String, ()> = HashMap::new();
    for batch in ledger {
        let entry = &batch.entry;
        if only.is_some_and(|runs| !runs.contains(&entry.run_id)) {
            continue;
        }
        let Ok(details) = serde_json::from_str::<Details>(&entry.details) else {
            continue;
        };
        if details.project != project {
            continue;
        }
        if let Some(snapshot) = details.snapshot {
            let object = object_of(&snapshot);
            if known.objects.get(&object.physical) != Some(&object) {
                known
                    .objects
                    .entry(object.physical.clone())
                    .or_insert_with(|| object.clone());
                changes.push(Change::Object(object));
            }
            if let Some(range) = entry
                .range
                .and_then(|range| Range::new(range.start, range.end))
            {
                known
                    .filled
                    .entry(snapshot.physical.clone())
                    .or_default()
                    .insert(range);
                filled.insert(snapshot.physical.clone(), ());
            }
            if details.current {
                let key = (snapshot.model.clone(), snapshot.version.clone());
                changes.push(Change::Snapshot(snapshot.clone()));
                known.snapshots.insert(key, snapshot);
            }
        }
        if details.environment == environment {
            for published in details.published {
                changes.push(Change::Published(published.clone()));
                known.published.insert(published.model.clone(), published);
            }
            for model in details.withdrawn {
                known.published.remove(&model);
                changes.push(Change::Withdrawn { model });
            }
        } else {
            known
                .shown
                .extend(details.published.into_iter().map(|entry| entry.physical));
        }
    }
    for physical in filled.into_keys() {
        let ranges = known.filled.get(&physical).cloned().unwrap_or_default();
        changes.push(Change::Filled { physical, ranges });
    }
    changes
}

//! What a run writes beside its ledger rows, so that state can be completed from them.

use crate::adapters::CommittedBatch;
use crate::intervals::Range;
use crate::state::{Change, Known, Object, Pointer, Published, Snapshot};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The details of a ledger row, as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Whether another version's snapshot had the table until now, and hasn't any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub supersedes: bool,
    /// A table of failing rows that was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_rows: Option<AuditTable>,
    /// The environment of a publication.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub environment: String,
    /// What the publication made views show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub published: Vec<Published>,
    /// The models whose views it dropped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withdrawn: Vec<String>,
    /// Versions that go on with tables of earlier ones, for which no batch was committed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adopted: Vec<Snapshot>,
    /// What the environment points to from then on; nothing where that stayed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<Pointer>,
}

impl Details {
    /// The JSON text; empty if it can't be written, which plain data always can.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The kind of an object that holds the failing rows of an audit.
pub const AUDIT: &str = "audit";

/// A table of the failing rows of an audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditTable {
    /// The import path of the audited model.
    pub model: String,
    /// The version whose rows failed.
    pub version: String,
    /// The table's name in `_dbgo`.
    pub physical: String,
}

impl AuditTable {
    /// What the state says of it. `load` is the batch that wrote it.
    pub fn object(&self, load: &str, created_at: Timestamp) -> Object {
        Object {
            physical: self.physical.clone(),
            kind: AUDIT.to_owned(),
            model: self.model.clone(),
            version: self.version.clone(),
            generation: 1,
            load: load.to_owned(),
            reads: BTreeMap::new(),
            uses: Vec::new(),
            loaded_at: created_at,
            created_at,
            preview: String::new(),
            tombstone: None,
        }
    }
}

/// What a snapshot says of the thing that was created for it.
pub fn object_of(snapshot: &Snapshot, created_at: Timestamp) -> Object {
    Object {
        physical: snapshot.physical.clone(),
        kind: snapshot.kind.clone(),
        model: snapshot.model.clone(),
        version: snapshot.version.clone(),
        generation: snapshot.generation,
        load: snapshot.load.clone(),
        reads: snapshot.reads.clone(),
        uses: snapshot.uses.clone(),
        loaded_at: snapshot.loaded_at,
        created_at,
        preview: snapshot.preview.clone(),
        tombstone: None,
    }
}

/// Whether a snapshot takes a table from another version, which goes on under another query from now
/// on. Versions with the same data share a table, and none of them takes it.
pub fn supersedes(known: &Known, snapshot: &Snapshot) -> bool {
    // A new table is nobody else's, which is told without looking at all snapshots.
    if !known.objects.contains_key(&snapshot.physical) {
        return false;
    }
    let is_own =
        |other: &Snapshot| other.model == snapshot.model && other.version == snapshot.version;
    let mut of_table = known
        .all_snapshots()
        .filter(|other| other.physical == snapshot.physical)
        .peekable();
    of_table.peek().is_some() && !of_table.any(is_own)
}

/// The end of what all other versions knew of the table of a snapshot.
pub fn superseded(snapshot: &Snapshot) -> Change {
    Change::Superseded {
        physical: snapshot.physical.clone(),
        model: snapshot.model.clone(),
        version: snapshot.version.clone(),
    }
}

/// What the ledger alone tells, and the changes that make the state say the same.
///
/// It is the whole truth about what was committed: whatever else a state knew is given up.
pub fn from_ledger(
    ledger: &[CommittedBatch],
    (project, environment): (&str, &str),
) -> (Known, Vec<Change>) {
    let mut known = Known::default();
    let mut published: BTreeMap<(String, String), Published> = BTreeMap::new();
    for batch in ledger {
        let entry = &batch.entry;
        let Ok(details) = serde_json::from_str::<Details>(&entry.details) else {
            continue;
        };
        if details.project != project {
            continue;
        }
        if let Some(snapshot) = details.snapshot {
            let object = object_of(&snapshot, batch.committed_at);
            known.apply(&Change::Object(object), environment);
            let range = entry.range;
            if let Some(range) = range.and_then(|range| Range::new(range.start, range.end)) {
                let filled = known.filled.entry(snapshot.physical.clone());
                filled.or_default().insert(range);
            }
            if details.current && details.supersedes {
                known.apply(&superseded(&snapshot), environment);
            }
            if details.current {
                known.apply(&Change::Snapshot(snapshot), environment);
            }
        }
        for snapshot in details.adopted {
            known.apply(&Change::Snapshot(snapshot), environment);
        }
        if let Some(table) = details.failing_rows {
            let object = table.object(&entry.batch_id, batch.committed_at);
            known.apply(&Change::Object(object), environment);
        }
        let of = details.environment;
        for entry in details.published {
            published.insert((of.clone(), entry.model.clone()), entry);
        }
        for model in details.withdrawn {
            published.remove(&(of.clone(), model));
        }
    }
    let mut changes = vec![Change::Forgotten];
    changes.extend(known.objects.values().cloned().map(Change::Object));
    changes.extend(known.all_snapshots().cloned().map(Change::Snapshot));
    for (physical, ranges) in known.filled.clone() {
        changes.push(Change::Filled { physical, ranges });
    }
    for ((environment_of, model), entry) in published {
        if environment_of == environment {
            known.published.insert(model, entry.clone());
        } else {
            known.elsewhere.insert(&environment_of, entry.clone());
        }
        changes.push(Change::Published {
            environment: environment_of,
            entry,
        });
    }
    (known, changes)
}

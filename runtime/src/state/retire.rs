//! Giving up versions of models that no environment needs any more, with their tables.

use super::database::{Database, names, values};
use super::deployment::PinnedModel;
use super::fault::Attempt;
use super::open::State;
use super::records::Scope;
use super::sweep::{Needless, bury, needless, open_texts};
use crate::error::Result;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// How many versions of a model an environment for development keeps, however old they are: whoever
/// tries things out goes back and forth between a few.
const KEPT_IN_DEVELOPMENT: usize = 3;

/// What the names of environments for development begin with.
const DEVELOPMENT: &str = "dev_";

/// A model and its version.
pub type ModelVersion = (String, String);

/// Since when what nobody shows is kept.
#[derive(Clone, Copy, Debug)]
pub struct KeptSince {
    /// Versions of models that were built since then.
    pub versions: Timestamp,
    /// What environments pointed to at some time since then, so that they can be rolled back.
    pub history: Timestamp,
}

/// What must be kept, besides what is shown.
#[derive(Clone, Debug, Default)]
pub struct Needed {
    /// The versions that environments point to, or pointed to not long ago.
    pub versions: HashSet<ModelVersion>,
}

impl State {
    /// The versions of models that an environment points to, or pointed to at any time since then; of
    /// an environment for development, whose history is long and soon forgotten, the last few of each
    /// of its models instead. Environments in `gone` don't count.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn needed(
        &mut self,
        project: &str,
        history_since: Timestamp,
        gone: &BTreeSet<String>,
    ) -> Result<Needed> {
        self.read(async |database| needed(database, project, history_since, gone).await)
    }

    /// Gives up snapshots with the objects that they are in: those of the given objects of which no
    /// snapshot is [needed](State::needed), that are old enough, and not kept by what keeps an object from
    /// being [buried](State::bury). Gives the names of those that are to be dropped from now on.
    ///
    /// # Errors
    /// `state-failed`, `state-moved-on`.
    pub fn retire(
        &mut self,
        scope: &Scope,
        physical: &[String],
        since: KeptSince,
    ) -> Result<Vec<String>> {
        self.write((&scope.project, "retire"), async |database| {
            let given_up = retirable(database, scope, physical, since).await?;
            let found = needless(database, scope, (&given_up, Needless::Snapshots)).await?;
            if found.is_empty() {
                return Ok(Vec::new());
            }
            let values = [
                names(found.iter().map(String::as_str)),
                (&scope.project).into(),
                (&scope.engine).into(),
            ];
            database.run(DROP_SNAPSHOTS, &values).await?;
            bury(database, scope, &found).await?;
            Ok(found.into_iter().collect())
        })
    }
}

/// Those of the objects whose snapshots nobody needs.
async fn retirable(
    database: &mut Database,
    scope: &Scope,
    physical: &[String],
    since: KeptSince,
) -> Attempt<Vec<String>> {
    let needed = needed(database, &scope.project, since.history, &BTreeSet::new()).await?;
    let texts = open_texts(database, &scope.project).await?;
    let values = [
        names(physical.iter().map(String::as_str)),
        (&scope.project).into(),
        (&scope.engine).into(),
        since.versions.into(),
    ];
    let mut retirable = BTreeSet::new();
    for row in database.rows(OLD, &values).await? {
        retirable.insert(row.text(0)?);
    }
    for row in database.rows(VERSIONS_IN, &values[..3]).await? {
        let (physical, model, version) = (row.text(0)?, row.text(1)?, row.text(2)?);
        // A plan may name a version without the table that it is in.
        let is_named = texts.iter().any(|text| text.contains(&version));
        if is_named || needed.versions.contains(&(model, version)) {
            retirable.remove(&physical);
        }
    }
    Ok(retirable.into_iter().collect())
}

/// An entry of an environment's history.
struct Entry {
    project_version: String,
    made_at: Timestamp,
}

async fn needed(
    database: &mut Database,
    project: &str,
    history_since: Timestamp,
    gone: &BTreeSet<String>,
) -> Attempt<Needed> {
    let mut histories: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for row in database.rows(HISTORIES, values![project]).await? {
        let entry = Entry {
            project_version: row.text(1)?,
            made_at: row.instant(2)?,
        };
        histories.entry(row.text(0)?).or_default().push(entry);
    }
    let mut lists: HashMap<String, Vec<PinnedModel>> = HashMap::new();
    for row in database.rows(LISTS, values![project]).await? {
        lists.insert(row.text(0)?, row.json(1)?);
    }
    let mut needed = Needed::default();
    for row in database.rows(CURRENT, values![project]).await? {
        let (environment, current) = (row.text(0)?, row.text(1)?);
        if gone.contains(&environment) {
            continue;
        }
        let entries = histories.remove(&environment).unwrap_or_default();
        let current = lists.get(&current).map_or(&[][..], Vec::as_slice);
        needed.versions.extend(current.iter().map(version_of));
        if environment.starts_with(DEVELOPMENT) {
            needed
                .versions
                .extend(last_versions(current, &entries, &lists));
            continue;
        }
        for entry in shown_since(&entries, history_since) {
            let models = lists.get(&entry.project_version).into_iter().flatten();
            needed.versions.extend(models.map(version_of));
        }
    }
    Ok(needed)
}

/// The entries that an environment was at, at any time since then. They come newest first, and each was
/// shown until the one before it was made.
fn shown_since(entries: &[Entry], since: Timestamp) -> impl Iterator<Item = &Entry> {
    let ends = entries.iter().map(|entry| entry.made_at);
    let until = std::iter::once(Timestamp::MAX).chain(ends);
    let shown = entries.iter().zip(until);
    shown
        .take_while(move |(_, until)| *until >= since)
        .map(|(entry, _)| entry)
}

fn version_of(pinned: &PinnedModel) -> ModelVersion {
    (pinned.model.clone(), pinned.version.clone())
}

/// The last few versions in a history of each model that the environment has now.
fn last_versions(
    current: &[PinnedModel],
    entries: &[Entry],
    lists: &HashMap<String, Vec<PinnedModel>>,
) -> Vec<ModelVersion> {
    let models = current.iter().map(|pinned| (pinned.model.as_str(), vec![]));
    let mut kept: BTreeMap<&str, Vec<&str>> = models.collect();
    for entry in entries {
        for pinned in lists.get(&entry.project_version).into_iter().flatten() {
            let Some(versions) = kept.get_mut(pinned.model.as_str()) else {
                continue;
            };
            let is_known = versions.contains(&pinned.version.as_str());
            if !is_known && versions.len() < KEPT_IN_DEVELOPMENT {
                versions.push(&pinned.version);
            }
        }
    }
    let owned = |(model, versions): (&str, Vec<&str>)| {
        let version = |version: &str| (model.to_owned(), version.to_owned());
        versions.into_iter().map(version).collect::<Vec<_>>()
    };
    kept.into_iter().flat_map(owned).collect()
}

const HISTORIES: &str = "\
SELECT environment, project_version, made_at FROM history WHERE project = $1 \
ORDER BY environment, revision DESC";

const CURRENT: &str = "SELECT name, project_version FROM environments WHERE project = $1";

const LISTS: &str = "SELECT id, models FROM project_versions WHERE project = $1";

const OLD: &str = "\
SELECT physical FROM objects WHERE project = $2 AND engine = $3 AND tombstone IS NULL \
AND created_at < $4 AND loaded_at < $4 AND physical IN (SELECT value ->> 'name' FROM {rows})";

const VERSIONS_IN: &str = "\
SELECT physical, model, version FROM snapshots WHERE project = $2 AND engine = $3 \
AND physical IN (SELECT value ->> 'name' FROM {rows})";

const DROP_SNAPSHOTS: &str = "\
DELETE FROM snapshots WHERE project = $2 AND engine = $3 \
AND physical IN (SELECT value ->> 'name' FROM {rows})";

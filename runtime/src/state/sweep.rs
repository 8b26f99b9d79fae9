//! Giving up what nobody needs: tables, what is known of a model, and old records.

use super::database::{Database, names, values};
use super::deployment::{PinnedModel, Pruned, Retention};
use super::environments::environments;
use super::fault::Attempt;
use super::open::State;
use super::records::Scope;
use crate::error::Result;
use std::collections::{BTreeMap, BTreeSet};

impl State {
    /// Decides that objects are to be dropped, if nothing needs them: no snapshot, no view of any
    /// environment, no lease, no publication that has begun, no plan that is new or being applied
    /// and names them, and no view in `_dbgo` that is kept. Gives those that were decided on, in
    /// the order of their names; nobody can claim them from then on.
    ///
    /// # Errors
    /// `state-failed`, `state-moved-on`.
    pub fn bury(&mut self, scope: &Scope, physical: &[String]) -> Result<Vec<String>> {
        self.write((&scope.project, "bury"), async |database| {
            let found = needless(database, scope, (physical, Needless::Objects)).await?;
            if !found.is_empty() {
                bury(database, scope, &found).await?;
            }
            Ok(found.into_iter().collect())
        })
    }

    /// Forgets the snapshots of a model, and what is filled of tables that no other snapshot has;
    /// the objects stay known. Gives how many snapshots there were.
    ///
    /// # Errors
    /// `state-failed`, `state-moved-on`.
    pub fn forget(&mut self, scope: &Scope, model: &str) -> Result<u64> {
        self.write((&scope.project, "forget"), async |database| {
            let values = values![&scope.project, &scope.engine, model];
            database.run(FORGET_RANGES, values).await?;
            Ok(database.run(FORGET, values).await?)
        })
    }

    /// Removes records that are old enough, and what only they named.
    ///
    /// # Errors
    /// `state-failed`, `state-moved-on`.
    pub fn prune(&mut self, project: &str, retention: &Retention) -> Result<Pruned> {
        self.write((project, "prune"), async |database| {
            let runs_since = values![project, retention.runs_since];
            for statement in [PRUNE_STEPS, PRUNE_AUDITS] {
                database.run(statement, runs_since).await?;
            }
            let runs = database.run(PRUNE_RUNS, runs_since).await?;
            let plans_since = values![project, retention.plans_since];
            let plans = database.run(PRUNE_PLANS, plans_since).await?;
            let history_since = values![project, retention.history_since];
            let history = database.run(PRUNE_HISTORY, history_since).await?;
            let project_versions = database.run(PRUNE_VERSIONS, values![project]).await?;
            let definitions = match project_versions {
                0 => 0,
                _ => prune_definitions(database, project).await?,
            };
            Ok(Pruned {
                runs,
                plans,
                history,
                project_versions,
                definitions,
            })
        })
    }
}

/// What is asked about objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needless {
    /// Objects, which a snapshot keeps.
    Objects,
    /// Objects with their snapshots.
    Snapshots,
}

/// Decides that objects are to be dropped.
pub(super) async fn bury(
    database: &mut Database,
    scope: &Scope,
    found: &BTreeSet<String>,
) -> Attempt<()> {
    let now = database.now().await?;
    let values = [
        names(found.iter().map(String::as_str)),
        (&scope.project).into(),
        (&scope.engine).into(),
        now.into(),
    ];
    database.run(BURY, &values).await?;
    Ok(())
}

/// The documents of plans that are new or being applied, and publications that have begun. They are
/// few and may be long, so that they are searched here and not in the database.
pub(super) async fn open_texts(database: &mut Database, project: &str) -> Attempt<Vec<String>> {
    let mut texts = Vec::new();
    for row in database.rows(OPEN_PLANS, values![project]).await? {
        texts.push(row.text(0)?);
    }
    for environment in environments(database, project).await? {
        texts.push(environment.intent);
    }
    Ok(texts)
}

/// Those of the objects that nothing needs.
pub(super) async fn needless(
    database: &mut Database,
    scope: &Scope,
    (physical, what): (&[String], Needless),
) -> Attempt<BTreeSet<String>> {
    let values = [
        names(physical.iter().map(String::as_str)),
        (&scope.project).into(),
        (&scope.engine).into(),
    ];
    let mut needless = BTreeSet::new();
    let statement = match what {
        Needless::Objects => format!("{UNSHOWN} {UNNAMED}"),
        Needless::Snapshots => UNSHOWN.to_owned(),
    };
    for row in database.rows(&statement, &values).await? {
        needless.insert(row.text(0)?);
    }
    let texts = open_texts(database, &scope.project).await?;
    needless.retain(|name| !texts.iter().any(|text| names_table(text, name)));
    let uses = uses(database, scope).await?;
    loop {
        let used: Vec<String> = uses
            .iter()
            .filter(|(view, _)| !needless.contains(*view))
            .flat_map(|(_, used)| used)
            .filter(|used| needless.contains(*used))
            .cloned()
            .collect();
        if used.is_empty() {
            return Ok(needless);
        }
        for name in used {
            needless.remove(&name);
        }
    }
}

/// What each thing that isn't to be dropped reads.
async fn uses(
    database: &mut Database,
    scope: &Scope,
) -> sqlx::Result<BTreeMap<String, Vec<String>>> {
    let values = values![&scope.project, &scope.engine];
    let rows = database.rows(USES, values).await?;
    rows.iter()
        .map(|row| Ok((row.text(0)?, row.json(1)?)))
        .collect()
}

/// Whether a text has a name in it, and not as a part of a longer one: `t_1` isn't in `t_12`.
fn names_table(text: &str, name: &str) -> bool {
    let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(name).any(|(start, found)| {
        let before = text[..start].chars().next_back();
        let after = text[start + found.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

async fn prune_definitions(database: &mut Database, project: &str) -> Attempt<u64> {
    let mut named = BTreeSet::new();
    for row in database.rows(LISTS, values![project]).await? {
        let models: Vec<PinnedModel> = row.json(0)?;
        named.extend(models.into_iter().map(|model| model.definition));
    }
    let mut needless = Vec::new();
    for row in database.rows(DEFINITION_IDS, values![project]).await? {
        let id = row.text(0)?;
        if !named.contains(&id) {
            needless.push(id);
        }
    }
    let ids = names(needless.iter().map(String::as_str));
    Ok(database
        .run(PRUNE_DEFINITIONS, &[ids, project.into()])
        .await?)
}

const UNSHOWN: &str = "\
SELECT physical FROM objects WHERE project = $2 AND engine = $3 AND tombstone IS NULL \
AND physical IN (SELECT value ->> 'name' FROM {rows}) \
AND NOT EXISTS (SELECT 1 FROM published WHERE published.project = objects.project \
AND published.engine = objects.engine AND published.physical = objects.physical) \
AND NOT EXISTS (SELECT 1 FROM leases WHERE leases.project = objects.project \
AND leases.engine = objects.engine AND leases.name = objects.physical)";

const UNNAMED: &str = "\
AND NOT EXISTS (SELECT 1 FROM snapshots WHERE snapshots.project = objects.project \
AND snapshots.engine = objects.engine AND snapshots.physical = objects.physical)";

const OPEN_PLANS: &str = "\
SELECT document FROM plans WHERE project = $1 AND (status IN ('new', 'applying') \
OR id IN (SELECT pending_plan FROM environments WHERE project = $1))";

const USES: &str = "\
SELECT physical, uses FROM objects \
WHERE project = $1 AND engine = $2 AND tombstone IS NULL AND uses <> '[]'";

const BURY: &str = "\
UPDATE objects SET tombstone = $4 WHERE project = $2 AND engine = $3 \
AND physical IN (SELECT value ->> 'name' FROM {rows})";

const FORGET: &str = "DELETE FROM snapshots WHERE project = $1 AND engine = $2 AND model = $3";

const FORGET_RANGES: &str = "\
DELETE FROM filled WHERE project = $1 AND engine = $2 AND physical IN \
(SELECT physical FROM snapshots WHERE project = $1 AND engine = $2 AND model = $3) \
AND physical NOT IN \
(SELECT physical FROM snapshots WHERE project = $1 AND engine = $2 AND model <> $3)";

const PRUNE_STEPS: &str = "\
DELETE FROM steps WHERE run IN \
(SELECT id FROM runs WHERE project = $1 AND started_at < $2 AND status <> 'running')";

const PRUNE_AUDITS: &str = "\
DELETE FROM audits WHERE run IN \
(SELECT id FROM runs WHERE project = $1 AND started_at < $2 AND status <> 'running')";

const PRUNE_RUNS: &str = "\
DELETE FROM runs WHERE project = $1 AND started_at < $2 AND status <> 'running'";

const PRUNE_PLANS: &str = "\
DELETE FROM plans WHERE project = $1 AND created_at < $2 AND status <> 'applying' \
AND id NOT IN (SELECT pending_plan FROM environments WHERE project = $1)";

const PRUNE_HISTORY: &str = "\
DELETE FROM history WHERE project = $1 AND made_at < $2 AND revision < \
(SELECT max(newest.revision) FROM history AS newest \
WHERE newest.project = history.project AND newest.environment = history.environment)";

const PRUNE_VERSIONS: &str = "\
DELETE FROM project_versions WHERE project = $1 \
AND id NOT IN (SELECT project_version FROM environments WHERE project = $1) \
AND id NOT IN (SELECT project_version FROM history WHERE project = $1)";

const LISTS: &str = "SELECT models FROM project_versions WHERE project = $1";

const DEFINITION_IDS: &str = "SELECT id FROM definitions WHERE project = $1";

const PRUNE_DEFINITIONS: &str = "\
DELETE FROM definitions WHERE project = $2 AND id IN (SELECT value ->> 'name' FROM {rows})";

#[cfg(test)]
mod tests {
    use super::names_table;

    #[test]
    fn a_table_is_named_only_by_its_whole_name() {
        for (text, is_named) in [
            (r#"{"table":"main__a__f_1"}"#, true),
            (r#"{"table":"main__a__f_12"}"#, false),
            ("SELECT * FROM x_main__a__f_1", false),
            ("x_main__a__f_1, main__a__f_1", true),
            ("", false),
        ] {
            assert_eq!(names_table(text, "main__a__f_1"), is_named, "{text}");
        }
    }
}

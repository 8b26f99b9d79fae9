//! Environments, their histories, and the project versions that they point to.

use super::database::{Database, Row, names, values};
use super::deployment::{Environment, HistoryEntry, ProjectVersion, environment_lease};
use super::open::State;
use crate::error::Result;
use serde_json::json;
use std::collections::{BTreeMap, HashMap};

impl State {
    /// All environments of a project, by name.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn environments(&mut self, project: &str) -> Result<Vec<Environment>> {
        self.read(async |database| Ok(environments(database, project).await?))
    }

    /// An environment, if there is one of the name.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn environment(&mut self, project: &str, name: &str) -> Result<Option<Environment>> {
        self.read(async |database| Ok(environment(database, project, name).await?))
    }

    /// Records a new environment as it is given; one that points to a project version already
    /// gets an entry `create` in its history. Gives whether it is new: one that is there by the
    /// name stays as it is.
    ///
    /// # Errors
    /// `state-failed`, `state-moved-on`.
    pub fn create_environment(&mut self, project: &str, environment: &Environment) -> Result<bool> {
        self.write((project, "create environment"), async |database| {
            let of = environment;
            let values = values![
                project,
                &of.name,
                &of.engine,
                of.revision,
                &of.project_version,
                &of.project_hash,
                &of.commit,
                &of.base,
                of.base_revision,
                of.protected,
                of.created_at,
                of.changed_at,
                &of.changed_by,
                of.expires_at,
                &of.pending_plan,
                &of.intent,
            ];
            let created = database.run(CREATE, values).await? == 1;
            if created && of.revision > 0 {
                let entry = HistoryEntry {
                    revision: of.revision,
                    project_version: of.project_version.clone(),
                    project_hash: of.project_hash.clone(),
                    commit: of.commit.clone(),
                    plan: String::new(),
                    action: "create".to_owned(),
                    at: of.created_at,
                    by: of.changed_by.clone(),
                };
                add_history(database, project, &of.name, &entry).await?;
            }
            Ok(created)
        })
    }

    /// Changes an environment's protection, expiry and base, and notes when and by whom. What it
    /// points to stays as it is. Gives whether it is still there at the revision.
    ///
    /// # Errors
    /// `state-failed`, `state-moved-on`.
    pub fn update_environment(
        &mut self,
        project: &str,
        environment: &Environment,
        expected_revision: u64,
    ) -> Result<bool> {
        self.write((project, "update environment"), async |database| {
            let of = environment;
            let values = values![
                project,
                &of.name,
                expected_revision,
                of.protected,
                of.expires_at,
                &of.base,
                of.base_revision,
                of.changed_at,
                &of.changed_by,
            ];
            Ok(database.run(UPDATE, values).await? == 1)
        })
    }

    /// Forgets an environment, its history, what its views show, and whoever is changing it, who is
    /// fenced from then on. The views and tables stay, and so do its previews: made anew under the same
    /// name before they are too old, it finds them again.
    ///
    /// # Errors
    /// `state-failed`, `state-moved-on`.
    pub fn drop_environment(&mut self, project: &str, name: &str) -> Result<()> {
        self.write((project, "drop environment"), async |database| {
            for statement in [
                "DELETE FROM published WHERE project = $1 AND environment = $2",
                "DELETE FROM history WHERE project = $1 AND environment = $2",
                "DELETE FROM leases WHERE project = $1 AND (engine, token) IN \
                 (SELECT engine, token FROM claims WHERE project = $1 AND environment = $2)",
                "DELETE FROM claims WHERE project = $1 AND environment = $2",
                "DELETE FROM environments WHERE project = $1 AND name = $2",
            ] {
                database.run(statement, values![project, name]).await?;
            }
            let lease = environment_lease(name);
            let statement = "DELETE FROM leases WHERE project = $1 AND name = $2";
            database.run(statement, values![project, &lease]).await?;
            Ok(())
        })
    }

    /// What an environment pointed to, newest first.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn history(
        &mut self,
        project: &str,
        environment: &str,
        limit: u32,
    ) -> Result<Vec<HistoryEntry>> {
        self.read(async |database| {
            let values = values![project, environment, limit];
            let rows = database.rows(HISTORY, values).await?;
            Ok(rows
                .iter()
                .map(history_entry)
                .collect::<sqlx::Result<_>>()?)
        })
    }

    /// Records a project version and the definitions that it names, by their ids. What is known
    /// already stays as it is. Gives those of `relied` that aren't known, since somebody removed them
    /// meanwhile: call it again with them.
    ///
    /// # Errors
    /// `state-failed`, `state-moved-on`.
    pub fn save_project_version(
        &mut self,
        project: &str,
        version: &ProjectVersion,
        (definitions, relied): (&BTreeMap<String, String>, &[String]),
    ) -> Result<Vec<String>> {
        /// How many bytes of documents go into one statement.
        const CHUNK: usize = 1 << 20;
        self.write((project, "save project version"), async |database| {
            let models = json!(version.models).to_string();
            let values = values![
                project,
                &version.id,
                &version.project_hash,
                &version.commit,
                version.created_at,
                &version.created_by,
                &version.tool_version,
                &models,
            ];
            database.run(SAVE_VERSION, values).await?;
            let mut rows = Vec::new();
            let mut size = 0;
            for (id, document) in definitions {
                rows.push(json!({ "id": id, "document": document }));
                size += document.len();
                if size >= CHUNK {
                    save_definitions(database, project, std::mem::take(&mut rows)).await?;
                    size = 0;
                }
            }
            save_definitions(database, project, rows).await?;
            Ok(missing_definitions(database, project, relied).await?)
        })
    }

    /// Those of some definitions, by their ids, that aren't known.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn missing_definitions(&mut self, project: &str, ids: &[String]) -> Result<Vec<String>> {
        self.read(async |database| Ok(missing_definitions(database, project, ids).await?))
    }

    /// A project version, if there is one of the id.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn project_version(&mut self, project: &str, id: &str) -> Result<Option<ProjectVersion>> {
        self.read(async |database| {
            let row = database.row(VERSION, values![project, id]).await?;
            Ok(row.as_ref().map(project_version).transpose()?)
        })
    }

    /// Definitions by their ids, without those that aren't known.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn definitions(
        &mut self,
        project: &str,
        ids: &[String],
    ) -> Result<HashMap<String, String>> {
        self.read(async |database| {
            let ids = names(ids.iter().map(String::as_str));
            let values = [ids, project.into()];
            let rows = database.table(DEFINITIONS, 2, &values).await?;
            let pair = |row: &Row| Ok((row.text(0)?, row.text(1)?));
            Ok(rows.iter().map(pair).collect::<sqlx::Result<_>>()?)
        })
    }
}

async fn missing_definitions(
    database: &mut Database,
    project: &str,
    ids: &[String],
) -> sqlx::Result<Vec<String>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ids = names(ids.iter().map(String::as_str));
    let rows = database
        .rows(MISSING_DEFINITIONS, &[ids, project.into()])
        .await?;
    rows.iter().map(|row| row.text(0)).collect()
}

async fn save_definitions(
    database: &mut Database,
    project: &str,
    rows: Vec<serde_json::Value>,
) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let values = [super::database::objects(rows), project.into()];
    database.run(SAVE_DEFINITIONS, &values).await?;
    Ok(())
}

pub(super) async fn environments(
    database: &mut Database,
    project: &str,
) -> sqlx::Result<Vec<Environment>> {
    let statement = format!("{ENVIRONMENTS} ORDER BY name");
    let rows = database.rows(&statement, values![project]).await?;
    rows.iter().map(read_environment).collect()
}

pub(super) async fn environment(
    database: &mut Database,
    project: &str,
    name: &str,
) -> sqlx::Result<Option<Environment>> {
    let statement = format!("{ENVIRONMENTS} AND name = $2");
    let row = database.row(&statement, values![project, name]).await?;
    row.as_ref().map(read_environment).transpose()
}

pub(super) async fn add_history(
    database: &mut Database,
    project: &str,
    environment: &str,
    entry: &HistoryEntry,
) -> sqlx::Result<()> {
    let values = values![
        project,
        environment,
        entry.revision,
        &entry.project_version,
        &entry.project_hash,
        &entry.commit,
        &entry.plan,
        &entry.action,
        entry.at,
        &entry.by,
    ];
    database.run(ADD_HISTORY, values).await?;
    Ok(())
}

fn read_environment(row: &Row) -> sqlx::Result<Environment> {
    Ok(Environment {
        name: row.text(0)?,
        engine: row.text(1)?,
        revision: row.count(2)?,
        project_version: row.text(3)?,
        project_hash: row.text(4)?,
        commit: row.text(5)?,
        base: row.text(6)?,
        base_revision: row.count(7)?,
        protected: row.truth(8)?,
        created_at: row.instant(9)?,
        changed_at: row.instant(10)?,
        changed_by: row.text(11)?,
        expires_at: row.optional_instant(12)?,
        pending_plan: row.text(13)?,
        intent: row.text(14)?,
    })
}

fn history_entry(row: &Row) -> sqlx::Result<HistoryEntry> {
    Ok(HistoryEntry {
        revision: row.count(0)?,
        project_version: row.text(1)?,
        project_hash: row.text(2)?,
        commit: row.text(3)?,
        plan: row.text(4)?,
        action: row.text(5)?,
        at: row.instant(6)?,
        by: row.text(7)?,
    })
}

fn project_version(row: &Row) -> sqlx::Result<ProjectVersion> {
    Ok(ProjectVersion {
        id: row.text(0)?,
        project_hash: row.text(1)?,
        commit: row.text(2)?,
        created_at: row.instant(3)?,
        created_by: row.text(4)?,
        tool_version: row.text(5)?,
        models: row.json(6)?,
    })
}

const ENVIRONMENTS: &str = "\
SELECT name, engine, revision, project_version, project_hash, commit_hash, base, base_revision, \
protected, created_at, changed_at, changed_by, expires_at, pending_plan, intent \
FROM environments WHERE project = $1";

const CREATE: &str = "\
INSERT INTO environments (project, name, engine, revision, project_version, project_hash, \
commit_hash, base, base_revision, protected, created_at, changed_at, changed_by, expires_at, \
pending_plan, intent) \
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
ON CONFLICT (project, name) DO NOTHING";

const UPDATE: &str = "\
UPDATE environments SET protected = $4, expires_at = $5, base = $6, base_revision = $7, \
changed_at = $8, changed_by = $9 WHERE project = $1 AND name = $2 AND revision = $3";

const HISTORY: &str = "\
SELECT revision, project_version, project_hash, commit_hash, plan, action, made_at, made_by \
FROM history WHERE project = $1 AND environment = $2 ORDER BY revision DESC LIMIT $3";

const ADD_HISTORY: &str = "\
INSERT INTO history (project, environment, revision, project_version, project_hash, commit_hash, \
plan, action, made_at, made_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

const SAVE_VERSION: &str = "\
INSERT INTO project_versions (project, id, project_hash, commit_hash, created_at, created_by, \
tool_version, models) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (project, id) DO NOTHING";

const SAVE_DEFINITIONS: &str = "\
INSERT INTO definitions (project, id, document) \
SELECT $2, value ->> 'id', value ->> 'document' FROM {rows} WHERE true \
ON CONFLICT (project, id) DO NOTHING";

const VERSION: &str = "\
SELECT id, project_hash, commit_hash, created_at, created_by, tool_version, models \
FROM project_versions WHERE project = $1 AND id = $2";

const MISSING_DEFINITIONS: &str = "\
SELECT value ->> 'name' FROM {rows} WHERE NOT EXISTS (\
SELECT 1 FROM definitions WHERE project = $2 AND id = value ->> 'name')";

const DEFINITIONS: &str = "\
SELECT id, document FROM definitions WHERE project = $2 \
AND id IN (SELECT value ->> 'name' FROM {rows})";

//! Plans that were stored.

use super::database::{Database, Row, values};
use super::deployment::StoredPlan;
use super::open::State;
use crate::error::Result;

impl State {
    /// Stores a plan, or replaces the one of its id.
    ///
    /// # Errors
    /// `state-failed`, `state-moved-on`.
    pub fn save_plan(&mut self, project: &str, plan: &StoredPlan) -> Result<()> {
        self.write((project, "save plan"), async |database| {
            let values = values![
                project,
                &plan.id,
                &plan.environment,
                plan.revision,
                plan.created_at,
                &plan.created_by,
                &plan.status,
                &plan.document,
            ];
            database.run(SAVE, values).await?;
            Ok(())
        })
    }

    /// All plans whose ids begin or end with a text, newest first.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn plan(&mut self, project: &str, id: &str) -> Result<Vec<StoredPlan>> {
        self.read(async |database| {
            let statement = format!(
                "{PLANS} AND (substr(id, 1, length($2)) = $2 \
                 OR length(id) >= length($2) AND substr(id, length(id) - length($2) + 1) = $2) \
                 {NEWEST}"
            );
            let rows = database.rows(&statement, values![project, id]).await?;
            Ok(rows.iter().map(plan).collect::<sqlx::Result<_>>()?)
        })
    }

    /// The last plans of a project, or of one environment of it, newest first.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn plans(
        &mut self,
        project: &str,
        environment: Option<&str>,
        limit: u32,
    ) -> Result<Vec<StoredPlan>> {
        self.read(async |database| {
            let rows = match environment {
                Some(name) => {
                    let statement = format!("{PLANS} AND environment = $3 {NEWEST} LIMIT $2");
                    database
                        .rows(&statement, values![project, limit, name])
                        .await?
                }
                None => {
                    let statement = format!("{PLANS} {NEWEST} LIMIT $2");
                    database.rows(&statement, values![project, limit]).await?
                }
            };
            Ok(rows.iter().map(plan).collect::<sqlx::Result<_>>()?)
        })
    }

    /// Notes what became of a plan.
    ///
    /// # Errors
    /// `state-failed`, `state-moved-on`.
    pub fn set_plan_status(&mut self, project: &str, id: &str, status: &str) -> Result<()> {
        self.write((project, "set plan status"), async |database| {
            Ok(set_status(database, project, id, status).await?)
        })
    }
}

pub(super) async fn set_status(
    database: &mut Database,
    project: &str,
    id: &str,
    status: &str,
) -> sqlx::Result<()> {
    database
        .run(SET_STATUS, values![project, id, status])
        .await?;
    Ok(())
}

fn plan(row: &Row) -> sqlx::Result<StoredPlan> {
    Ok(StoredPlan {
        id: row.text(0)?,
        environment: row.text(1)?,
        revision: row.count(2)?,
        created_at: row.instant(3)?,
        created_by: row.text(4)?,
        status: row.text(5)?,
        document: row.text(6)?,
    })
}

const PLANS: &str = "\
SELECT id, environment, revision, created_at, created_by, status, document \
FROM plans WHERE project = $1";

const NEWEST: &str = "ORDER BY created_at DESC, id";

const SAVE: &str = "\
INSERT INTO plans (project, id, environment, revision, created_at, created_by, status, document) \
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
ON CONFLICT (project, id) DO UPDATE SET environment = excluded.environment, \
revision = excluded.revision, created_at = excluded.created_at, \
created_by = excluded.created_by, status = excluded.status, document = excluded.document";

const SET_STATUS: &str = "UPDATE plans SET status = $3 WHERE project = $1 AND id = $2";

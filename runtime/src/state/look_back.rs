//! What earlier runs tell: how long things took, which runs a plan had, and which were broken off.

use super::database::values;
use super::open::State;
use super::records::Scope;
use crate::error::Result;
use jiff::Timestamp;
use std::collections::HashMap;

/// A run that ended before everything was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenOff {
    /// Its id, with which the loads of what it built begin.
    pub id: String,
    /// The command: `run`, `run --full-refresh`, …
    pub command: String,
    /// When it began.
    pub started_at: Timestamp,
}

impl State {
    /// How long the last build of each model took, in milliseconds, as far as the last fifty runs on the
    /// engine tell.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn durations(&mut self, scope: &Scope) -> Result<HashMap<String, u64>> {
        self.read(async |database| {
            let of = values![&scope.project, &scope.engine];
            let mut found = HashMap::new();
            // Oldest first, so that the last one counts.
            for row in database.table(DURATIONS, 2, of).await? {
                found.insert(row.text(0)?, row.count(1)?);
            }
            Ok(found)
        })
    }

    /// The ids of the runs that carried out a plan.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn runs_of_plan(&mut self, project: &str, plan: &str) -> Result<Vec<String>> {
        self.read(async |database| {
            let statement = "SELECT id FROM runs WHERE project = $1 AND plan = $2";
            let rows = database.rows(statement, values![project, plan]).await?;
            Ok(rows
                .iter()
                .map(|row| row.text(0))
                .collect::<sqlx::Result<_>>()?)
        })
    }

    /// The runs of an environment that were killed, interrupted or had a failure, but for those whose plan
    /// was given up. What they built may never have been shown.
    ///
    /// # Errors
    /// `state-failed`.
    pub fn broken_off(&mut self, scope: &Scope) -> Result<Vec<BrokenOff>> {
        self.read(async |database| {
            let of = values![&scope.project, &scope.engine, &scope.environment];
            let mut found = Vec::new();
            for row in database.rows(BROKEN_OFF, of).await? {
                found.push(BrokenOff {
                    id: row.text(0)?,
                    command: row.text(1)?,
                    started_at: row.instant(2)?,
                });
            }
            Ok(found)
        })
    }
}

const BROKEN_OFF: &str = "\
SELECT id, command, started_at FROM runs \
WHERE project = $1 AND engine = $2 AND environment = $3 AND status <> 'done' \
AND NOT EXISTS (SELECT 1 FROM plans WHERE plans.project = runs.project AND plans.id = runs.plan \
AND plans.status = 'abandoned') ORDER BY started_at, id";

const DURATIONS: &str = "\
SELECT steps.model, steps.duration_ms FROM steps JOIN (\
SELECT id, started_at FROM runs WHERE project = $1 AND engine = $2 \
ORDER BY started_at DESC LIMIT 50) AS latest ON steps.run = latest.id \
WHERE steps.status = 'built' ORDER BY latest.started_at, steps.position";

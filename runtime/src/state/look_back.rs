//! What earlier runs tell: how long things took, and which runs a plan had.

use super::database::values;
use super::open::State;
use super::records::Scope;
use crate::error::Result;
use std::collections::HashMap;

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
}

const DURATIONS: &str = "\
SELECT steps.model, steps.duration_ms FROM steps JOIN (\
SELECT id, started_at FROM runs WHERE project = $1 AND engine = $2 \
ORDER BY started_at DESC LIMIT 50) AS latest ON steps.run = latest.id \
WHERE steps.status = 'built' ORDER BY latest.started_at, steps.position";

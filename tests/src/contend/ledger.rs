//! What the ledger must say of writers that take turns.

use duckdb::{AccessMode, Config, Connection};
use std::error::Error;
use std::path::Path;

/// A rule: a query that finds what breaks it, one text for each.
struct Rule {
    what: &'static str,
    query: &'static str,
}

/// The ledger with its entries' members as columns, under which each rule's query begins.
const ENTRIES: &str = "
WITH entries AS (
    SELECT batch_id, entry ->> 'model' AS model, entry ->> 'physical_table' AS physical,
        CAST(entry ->> 'token' AS BIGINT) AS token, CAST(entry ->> 'rows' AS BIGINT) AS rows,
        CAST(entry ->> 'committed_at' AS BIGINT) AS committed_at,
        CAST(entry -> 'range' ->> 0 AS BIGINT) AS range_start,
        CAST(entry -> 'range' ->> 1 AS BIGINT) AS range_end
    FROM _dbgo.ledger
)
";

const RULES: &[Rule] = &[
    Rule {
        what: "a batch was committed under a lease that another one had ended",
        query: "SELECT batch_id FROM entries
            QUALIFY token < max(token) OVER (ORDER BY committed_at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)",
    },
    Rule {
        what: "a lease that nobody was given",
        query: "SELECT batch_id FROM entries, _dbgo.meta WHERE token < 1 OR token > epoch",
    },
    Rule {
        // A model with `lookback` computes ranges again, which is what it is for.
        what: "a range was filled twice",
        query: "SELECT one.batch_id FROM entries AS one JOIN entries AS other
            ON one.physical = other.physical AND one.batch_id < other.batch_id
            AND one.range_start < other.range_end AND other.range_start < one.range_end
            WHERE one.model NOT LIKE '%.monthly_events'",
    },
];

/// Checks all rules, and that tables that only grow have the rows that the ledger tells of.
///
/// # Errors
/// What the engine says.
pub fn check(database: &Path, findings: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    let config = Config::default().access_mode(AccessMode::ReadOnly)?;
    let connection = Connection::open_with_flags(database, config)?;
    for rule in RULES {
        let broken = texts(&connection, &format!("{ENTRIES}{}", rule.query))?;
        if let Some(first) = broken.first() {
            let count = broken.len();
            findings.push(format!("{}: {first}, and {count} in all", rule.what));
        }
    }
    let added =
        format!("{ENTRIES}SELECT DISTINCT physical FROM entries WHERE model LIKE 'models.added.%'");
    for physical in texts(&connection, &added)? {
        let counts = format!(
            "{ENTRIES}SELECT CAST(sum(rows) AS VARCHAR) || ' in the ledger, ' ||
             (SELECT count(*) FROM _dbgo.\"{physical}\") || ' in the table'
             FROM entries WHERE physical = '{physical}'
             HAVING sum(rows) <> (SELECT count(*) FROM _dbgo.\"{physical}\")"
        );
        let differing = texts(&connection, &counts)?;
        findings.extend(
            differing
                .iter()
                .map(|counts| format!("{physical}: {counts}")),
        );
    }
    Ok(())
}

fn texts(connection: &Connection, query: &str) -> duckdb::Result<Vec<String>> {
    let mut statement = connection.prepare(query)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    rows.collect()
}

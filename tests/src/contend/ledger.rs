//! What the ledger must say of writers that take turns.

use duckdb::Connection;
use std::error::Error;

/// A rule: a query that finds what breaks it, one text for each.
struct Rule {
    what: &'static str,
    query: &'static str,
}

/// The ledger with its entries' members as columns, under which each rule's query begins.
const ENTRIES: &str = "
WITH entries AS (
    SELECT batch_id, entry ->> 'model' AS model, entry ->> 'version' AS version, entry ->> 'physical_table' AS physical,
        CAST(entry ->> 'token' AS BIGINT) AS token, CAST(entry ->> 'rows' AS BIGINT) AS rows,
        CAST(entry ->> 'committed_at' AS BIGINT) AS committed_at,
        CAST(entry ->> 'details' AS JSON) -> 'snapshot' ->> 'kind' AS kind,
        CAST(CAST(entry ->> 'details' AS JSON) -> 'snapshot' -> 'reads' AS VARCHAR) AS reads,
        CASE WHEN physical <> '' THEN physical
            ELSE CAST(entry ->> 'details' AS JSON) ->> 'environment' END AS place,
        rowid AS number,
        CAST(entry -> 'range' ->> 0 AS BIGINT) AS range_start,
        CAST(entry -> 'range' ->> 1 AS BIGINT) AS range_end
    FROM _dbgo.ledger
)
";

const RULES: &[Rule] = &[
    Rule {
        // Several leases are held at once where several processes write, but none of one table.
        what: "a batch was committed under a lease that another one had ended",
        query: "SELECT batch_id FROM entries
            QUALIFY token < max(token) OVER (PARTITION BY place ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)",
    },
    Rule {
        what: "a lease that nobody was given",
        query: "SELECT batch_id FROM entries, _dbgo.meta WHERE token < 1 OR token > epoch",
    },
    Rule {
        what: "a batch is there twice",
        query: "SELECT batch_id FROM entries GROUP BY batch_id HAVING count(*) > 1",
    },
    Rule {
        // What a model reads is told by the loads of that; an empty one is of what may have changed.
        what: "a version was built twice of the same",
        query: "SELECT any_value(batch_id) FROM entries WHERE kind = 'table'
            AND NOT contains(reads, ':\"\"') AND NOT contains(reads, '{}')
            GROUP BY model, version, reads HAVING count(DISTINCT physical) > 1",
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

/// Checks all rules, and that tables that only grow have the rows that the ledger tells of. `one_at_a_time`:
/// whether one process at a time writes.
///
/// # Errors
/// What the engine says.
pub fn check(
    (connection, one_at_a_time): (&Connection, bool),
    findings: &mut Vec<String>,
) -> Result<(), Box<dyn Error>> {
    for rule in RULES {
        let query = match one_at_a_time {
            true => rule.query.replace("PARTITION BY place", ""),
            false => rule.query.to_owned(),
        };
        let broken = texts(connection, &format!("{ENTRIES}{query}"))?;
        if let Some(first) = broken.first() {
            let count = broken.len();
            findings.push(format!("{}: {first}, and {count} in all", rule.what));
        }
    }
    let added =
        format!("{ENTRIES}SELECT DISTINCT physical FROM entries WHERE model LIKE 'models.added.%'");
    for physical in texts(connection, &added)? {
        let counts = format!(
            "{ENTRIES}SELECT CAST(sum(rows) AS VARCHAR) || ' in the ledger, ' ||
             (SELECT count(*) FROM _dbgo.\"{physical}\") || ' in the table'
             FROM entries WHERE physical = '{physical}'
             HAVING sum(rows) <> (SELECT count(*) FROM _dbgo.\"{physical}\")"
        );
        let differing = texts(connection, &counts)?;
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

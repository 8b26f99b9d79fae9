//! Whether views still are what they were made as.
//!
//! DuckDB keeps the text of a view as it prints it, so that it can't be compared with what was written. The
//! same query as a temporary view, which is never committed, is printed in the same way.

use super::ddl::{identifier, relation_name, string};
use super::errors::engine_error;
use crate::adapters::error::EngineError;
use crate::adapters::relation::Relation;
use ::duckdb::Connection;

/// Whether a view that is there has another text than it would have if it were made of this query now;
/// nothing where that can't be told, since the query can't be read any more.
pub(super) fn is_altered(
    driver: &Connection,
    view: &Relation,
    query: &str,
) -> Result<Option<bool>, EngineError> {
    let stored = text_of(
        driver,
        &format!(
            "database_name = current_database() AND NOT temporary AND lower(schema_name) = {} \
             AND lower(view_name) = {}",
            string(&view.schema.to_lowercase()),
            string(&view.name.to_lowercase())
        ),
    )?;
    let Some(stored) = stored else {
        return Ok(None);
    };
    if is_plainly(&stored, view, query) {
        return Ok(Some(false));
    }
    let probe = format!(
        "CREATE OR REPLACE TEMP VIEW {} AS\n{query}\n",
        identifier(&view.name)
    );
    if driver.execute_batch(&probe).is_err() {
        return Ok(None);
    }
    let made = text_of(
        driver,
        &format!("temporary AND view_name = {}", string(&view.name)),
    )?;
    Ok(made.map(|made| !is_same(&stored, &made)))
}

/// Whether a text is that of a query which is printed as it is written, which costs nothing to see.
fn is_plainly(stored: &str, view: &Relation, query: &str) -> bool {
    let plain = |text: &str| {
        let text = text.replace('"', "");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let made = format!("CREATE VIEW {} AS {query};", relation_name(view));
    !query.contains('\'') && plain(stored) == plain(&made)
}

/// Whether two texts differ in nothing but that one view is temporary and has no schema.
fn is_same(stored: &str, made: &str) -> bool {
    let made = made
        .strip_prefix("CREATE TEMPORARY VIEW ")
        .or_else(|| made.strip_prefix("CREATE TEMP VIEW "));
    let made = made.map(|made| made.strip_prefix("temp.main.").unwrap_or(made));
    let made = made.map(|made| made.strip_prefix("temp.").unwrap_or(made));
    let Some(made) = made else { return false };
    let head = stored.strip_suffix(made);
    head.and_then(|head| head.strip_prefix("CREATE VIEW "))
        .is_some_and(|schema| schema.is_empty() || schema.ends_with('.'))
}

fn text_of(driver: &Connection, condition: &str) -> Result<Option<String>, EngineError> {
    let query = format!("SELECT sql FROM duckdb_views() WHERE NOT internal AND {condition}");
    match driver.query_row(&query, [], |row| row.get(0)) {
        Ok(text) => Ok(Some(text)),
        Err(::duckdb::Error::QueryReturnedNoRows) => Ok(None),
        Err(error) => Err(engine_error(&error, &query)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_altered_if_its_text_is_another_one() {
        let driver = Connection::open_in_memory().unwrap();
        let query = "with q as (select id + 1 as \"A b\", 'x;' as t from _dbgo.x) -- c\n select * from q where 1 > 0";
        driver
            .execute_batch(&format!(
                "CREATE SCHEMA _dbgo; CREATE TABLE _dbgo.x AS SELECT 1 AS id; CREATE SCHEMA \"My s\";
                 CREATE VIEW \"My s\".\"a B\" AS {query}\n;
                 CREATE VIEW main.plain AS SELECT * FROM \"_dbgo\".\"x\";"
            ))
            .unwrap();
        let altered = |schema: &str, name: &str, query: &str| {
            driver.execute_batch("BEGIN").unwrap();
            let found = is_altered(&driver, &Relation::new(schema, name), query).unwrap();
            driver.execute_batch("ROLLBACK").unwrap();
            found
        };
        assert_eq!(altered("My s", "a B", query), Some(false));
        assert_eq!(altered("My s", "a B", "select 1 as id"), Some(true));
        let shown = "SELECT * FROM _dbgo.x";
        assert_eq!(altered("main", "plain", shown), Some(false));
        assert_eq!(altered("main", "nothing", shown), None);
        assert_eq!(altered("main", "plain", "SELECT * FROM _dbgo.gone"), None);
        driver
            .execute_batch("CREATE OR REPLACE VIEW main.plain AS SELECT 2 AS id UNION ALL SELECT * FROM _dbgo.x")
            .unwrap();
        assert_eq!(altered("main", "plain", shown), Some(true));
    }
}

//! Whether views still are what they were made as.
//!
//! DuckDB keeps the text of a view as it prints it, so that it can't be compared with what was written. The
//! same query as a temporary view, which is never committed, is printed in the same way.

use super::ddl::{identifier, relation_name};
use super::errors::engine_error;
use crate::adapters::error::EngineError;
use crate::adapters::relation::Relation;
use ::duckdb::Connection;
use std::collections::{HashMap, HashSet};

/// Of each view whether it has another text than it would have if it were made of its query now; nothing
/// where that can't be told, since there is no such view or the query can't be read any more.
///
/// The engine prints all its views whenever one is asked for, so that they are asked for together.
pub(super) fn are_altered(
    driver: &Connection,
    views: &[(Relation, String)],
) -> Result<Vec<Option<bool>>, EngineError> {
    let stored = texts(
        driver,
        "NOT temporary AND database_name = current_database()",
    )?;
    let mut altered = vec![None; views.len()];
    let mut waiting = Vec::new();
    for (index, (view, query)) in views.iter().enumerate() {
        let key = (view.schema.to_lowercase(), view.name.to_lowercase());
        match stored.get(&key) {
            Some(text) if is_plainly(text, view, query) => altered[index] = Some(false),
            Some(text) => waiting.push((index, text)),
            None => {}
        }
    }
    while !waiting.is_empty() {
        // Temporary views have one schema, so that those of one name take turns.
        let mut made = HashSet::new();
        let mut later = Vec::new();
        let mut probed = Vec::new();
        for (index, text) in waiting {
            let (view, query) = &views[index];
            let name = view.name.to_lowercase();
            if !made.insert(name.clone()) {
                later.push((index, text));
                continue;
            }
            let name_as_written = identifier(&view.name);
            let probe = format!("CREATE OR REPLACE TEMP VIEW {name_as_written} AS\n{query}\n");
            if driver.execute_batch(&probe).is_ok() {
                probed.push((index, text, name));
            }
        }
        let probes = texts(driver, "temporary")?;
        for (index, text, name) in probed {
            let mut found = probes.iter().filter(|((_, own), _)| *own == name);
            altered[index] = found.next().map(|(_, made)| !is_same(text, made));
        }
        waiting = later;
    }
    Ok(altered)
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

/// The texts of views, by schema and name in lower case.
fn texts(
    driver: &Connection,
    condition: &str,
) -> Result<HashMap<(String, String), String>, EngineError> {
    let query = format!(
        "SELECT lower(schema_name), lower(view_name), sql FROM duckdb_views()
         WHERE NOT internal AND {condition}"
    );
    let work = || -> ::duckdb::Result<HashMap<(String, String), String>> {
        let mut statement = driver.prepare(&query)?;
        let mut rows = statement.query([])?;
        let mut texts = HashMap::new();
        while let Some(row) = rows.next()? {
            texts.insert((row.get(0)?, row.get(1)?), row.get(2)?);
        }
        Ok(texts)
    };
    work().map_err(|error| engine_error(&error, &query))
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
                 CREATE VIEW main.\"a B\" AS SELECT 3 AS id;
                 CREATE VIEW main.plain AS SELECT * FROM \"_dbgo\".\"x\";"
            ))
            .unwrap();
        let altered = |schema: &str, name: &str, query: &str| {
            driver.execute_batch("BEGIN").unwrap();
            // One that can't be read doesn't keep others from being told, nor does one of the same name.
            let views = [
                (
                    Relation::new("main", "plain"),
                    "SELECT * FROM _dbgo.gone".to_owned(),
                ),
                (Relation::new("main", "a B"), "select 1".to_owned()),
                (Relation::new(schema, name), query.to_owned()),
            ];
            let found = are_altered(&driver, &views).unwrap();
            driver.execute_batch("ROLLBACK").unwrap();
            assert_eq!(found[..2], [None, Some(true)]);
            found[2]
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

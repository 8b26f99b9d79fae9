//! What DuckDB's catalog says.

use ::duckdb::{Connection, Row};

use super::ddl::string;
use super::errors::engine_error;
use crate::adapters::error::EngineError;
use crate::adapters::ledger::BOOKKEEPING_SCHEMA;
use crate::adapters::relation::{
    CatalogColumn, CatalogRelation, CatalogTable, Column, Relation, RelationKind,
};

/// Tables and views of schemas with their columns.
pub(super) fn relations(
    driver: &Connection,
    schemas: &[&str],
) -> Result<Vec<CatalogRelation>, EngineError> {
    if schemas.is_empty() {
        return Ok(Vec::new());
    }
    let listed = condition(schemas);
    // Relations first: a view whose tables are gone has no columns.
    let query = format!(
        "WITH relations AS (
            SELECT schema_name, table_name AS name, false AS is_view FROM duckdb_tables() WHERE {listed}
            UNION ALL
            SELECT schema_name, view_name, true FROM duckdb_views() WHERE {listed}
        ), columns AS (
            SELECT schema_name, table_name AS name, column_name, data_type, column_index
            FROM duckdb_columns() WHERE {listed}
        )
        SELECT schema_name, name, is_view, column_name, data_type
        FROM relations LEFT JOIN columns USING (schema_name, name)
        ORDER BY schema_name, name, column_index"
    );
    let work = || -> ::duckdb::Result<Vec<CatalogRelation>> {
        let mut statement = driver.prepare(&query)?;
        let mut rows = statement.query([])?;
        let mut relations: Vec<CatalogRelation> = Vec::new();
        while let Some(row) = rows.next()? {
            add_row(&mut relations, row)?;
        }
        Ok(relations)
    };
    work().map_err(|error| engine_error(&error, &query))
}

/// All tables and views of users. What the engine says of a view's column isn't a constraint.
pub(super) fn tables(driver: &Connection) -> Result<Vec<CatalogTable>, EngineError> {
    let query = format!(
        "WITH relations AS (
            SELECT schema_name, table_name AS name, comment, true AS constrains
            FROM duckdb_tables() WHERE NOT internal AND database_name = current_database()
            UNION ALL
            SELECT schema_name, view_name, comment, false
            FROM duckdb_views() WHERE NOT internal AND database_name = current_database()
        )
        SELECT schema_name, name, relations.comment, column_name, data_type,
            constrains AND NOT is_nullable, columns.comment
        FROM relations
        JOIN (
            SELECT schema_name, table_name AS name, column_name, data_type, is_nullable, comment,
                column_index
            FROM duckdb_columns() WHERE database_name = current_database()
        ) AS columns USING (schema_name, name)
        WHERE schema_name <> {}
        ORDER BY schema_name, name, column_index",
        string(BOOKKEEPING_SCHEMA)
    );
    let work = || -> ::duckdb::Result<Vec<CatalogTable>> {
        let mut statement = driver.prepare(&query)?;
        let mut rows = statement.query([])?;
        let mut tables: Vec<CatalogTable> = Vec::new();
        while let Some(row) = rows.next()? {
            let relation = Relation::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
            let column = CatalogColumn {
                name: row.get(3)?,
                sql_type: row.get(4)?,
                not_null: row.get(5)?,
                comment: row.get(6)?,
            };
            match tables.last_mut() {
                Some(last) if last.relation == relation => last.columns.push(column),
                _ => tables.push(CatalogTable {
                    relation,
                    comment: row.get(2)?,
                    columns: vec![column],
                }),
            }
        }
        Ok(tables)
    };
    work().map_err(|error| engine_error(&error, &query))
}

/// Tables and views of schemas.
pub(super) fn names(
    driver: &Connection,
    schemas: &[&str],
) -> Result<Vec<(Relation, RelationKind)>, EngineError> {
    if schemas.is_empty() {
        return Ok(Vec::new());
    }
    let listed = condition(schemas);
    let query = format!(
        "SELECT schema_name, table_name, false FROM duckdb_tables() WHERE {listed}
         UNION ALL
         SELECT schema_name, view_name, true FROM duckdb_views() WHERE {listed}"
    );
    let work = || -> ::duckdb::Result<Vec<(Relation, RelationKind)>> {
        let mut statement = driver.prepare(&query)?;
        let names = statement.query_map([], |row| {
            let relation = Relation::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
            Ok((relation, kind(row.get(2)?)))
        })?;
        names.collect()
    };
    work().map_err(|error| engine_error(&error, &query))
}

/// How many bytes the tables and indexes of the database take.
pub(super) fn used_bytes(driver: &Connection) -> Result<u64, EngineError> {
    const USED: &str = "SELECT used_blocks * block_size FROM pragma_database_size()
        WHERE database_name = current_database()";
    driver
        .query_row(USED, [], |row| row.get(0))
        .map_err(|error| engine_error(&error, USED))
}

fn condition(schemas: &[&str]) -> String {
    // The engine finds a name in any case.
    let lower = schemas.iter().map(|schema| string(&schema.to_lowercase()));
    let schemas: Vec<_> = lower.collect();
    format!(
        "database_name = current_database() AND lower(schema_name) IN ({})",
        schemas.join(", ")
    )
}

fn kind(is_view: bool) -> RelationKind {
    match is_view {
        true => RelationKind::View,
        false => RelationKind::Table,
    }
}

fn add_row(relations: &mut Vec<CatalogRelation>, row: &Row<'_>) -> ::duckdb::Result<()> {
    let relation = Relation::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?);
    let is_view: bool = row.get(2)?;
    let column: Option<String> = row.get(3)?;
    let sql_type: Option<String> = row.get(4)?;
    if relations.last().map(|last| &last.relation) != Some(&relation) {
        relations.push(CatalogRelation {
            relation,
            kind: kind(is_view),
            columns: Vec::new(),
        });
    }
    if let (Some(last), Some(name), Some(sql_type)) = (relations.last_mut(), column, sql_type) {
        last.columns.push(Column { name, sql_type });
    }
    Ok(())
}

/// The columns that a query would give.
pub(super) fn describe(driver: &Connection, query: &str) -> Result<Vec<Column>, EngineError> {
    const PREFIX: &str = "DESCRIBE ";
    let describe = format!("{PREFIX}{query}\n");
    let work = || -> ::duckdb::Result<Vec<Column>> {
        let mut statement = driver.prepare(&describe)?;
        let columns = statement.query_map([], |row| {
            Ok(Column {
                name: row.get(0)?,
                sql_type: row.get(1)?,
            })
        })?;
        columns.collect()
    };
    work().map_err(|error| {
        let mut error = engine_error(&error, query);
        // The engine counts from the statement's start; the caller knows the query alone.
        error.position = error
            .position
            .and_then(|position| position.checked_sub(PREFIX.len()));
        error
    })
}

//! The relations that exist in the engine at a moment, as a query may name them.

use super::engine::Engine;
use dbgo_compiler::resolve::{Column, Schema};
use dbgo_compiler::sql_type::SqlType;
use std::collections::{BTreeMap, BTreeSet};

/// Relations and other objects. All names are in lower case.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// By schema and name.
    pub relations: BTreeMap<(String, String), Schema>,
    /// By the bare name, as the engine's search path finds them.
    pub bare: BTreeMap<String, Schema>,
    /// Names of databases.
    pub databases: BTreeSet<String>,
    /// Macros that statements made: nothing of it is in a project of dbgo.
    pub macros: BTreeSet<String>,
    /// Types that statements made.
    pub types: BTreeSet<String>,
}

/// Where a bare name is looked for, the first last.
const SEARCH_PATH: [(&str, &str); 4] = [
    ("system", "pg_catalog"),
    ("system", "main"),
    ("memory", "main"),
    ("temp", "main"),
];

const COLUMNS: &str = "select database_name, schema_name, table_name, column_name, data_type,
        is_nullable from duckdb_columns() order by all_positions";

const VIEWS: &str = "select database_name, schema_name, view_name from duckdb_views()
    where not internal";

impl Catalog {
    /// Asks the engine.
    pub fn read(engine: &Engine) -> Catalog {
        let mut catalog = Catalog::default();
        let mut found: BTreeMap<(String, String, String), Schema> = BTreeMap::new();
        for [database, schema, name] in texts(engine, VIEWS) {
            // A view whose tables are gone has no columns that anybody knows.
            found.insert((database, schema, name), Schema::unknown());
        }
        for row in columns(engine) {
            let (place, column) = row;
            let schema = found.entry(place).or_insert_with(Schema::unknown);
            schema.columns.get_or_insert_with(Vec::new).push(column);
        }
        for ((database, schema, name), columns) in &found {
            let key = (schema.to_lowercase(), name.to_lowercase());
            if database != "system" || !catalog.relations.contains_key(&key) {
                catalog.relations.insert(key, columns.clone());
            }
        }
        for (database, schema) in SEARCH_PATH {
            for ((own_database, own_schema, name), columns) in &found {
                if own_database == database && own_schema == schema {
                    catalog.bare.insert(name.to_lowercase(), columns.clone());
                }
            }
        }
        catalog.databases = names(engine, "select database_name from duckdb_databases()");
        catalog.macros = names(
            engine,
            "select function_name from duckdb_functions() where not internal",
        );
        catalog.types = names(
            engine,
            "select type_name from duckdb_types() where not internal",
        );
        catalog
    }

    /// Whether a schema of this name holds something.
    pub fn has_schema(&self, name: &str) -> bool {
        self.relations.keys().any(|(schema, _)| schema == name)
    }
}

type Place = (String, String, String);

fn columns(engine: &Engine) -> Vec<(Place, Column)> {
    let sql = COLUMNS.replace("all_positions", "database_oid, schema_oid, table_oid, column_index");
    let read = || -> duckdb::Result<Vec<(Place, Column)>> {
        let mut statement = engine.connection().prepare(&sql)?;
        let rows = statement.query_map([], |row| {
            let written: String = row.get(4)?;
            let column = Column {
                name: row.get(3)?,
                sql_type: written.parse().unwrap_or(SqlType::Other(written)),
                nullable: row.get(5)?,
                made_at: None,
            };
            Ok(((row.get(0)?, row.get(1)?, row.get(2)?), column))
        })?;
        rows.collect()
    };
    read().unwrap_or_default()
}

fn texts<const N: usize>(engine: &Engine, sql: &str) -> Vec<[String; N]> {
    let read = || -> duckdb::Result<Vec<[String; N]>> {
        let mut statement = engine.connection().prepare(sql)?;
        let rows = statement.query_map([], |row| {
            let mut texts = std::array::from_fn(|_| String::new());
            for (index, text) in texts.iter_mut().enumerate() {
                *text = row.get(index)?;
            }
            Ok(texts)
        })?;
        rows.collect()
    };
    read().unwrap_or_default()
}

fn names(engine: &Engine, sql: &str) -> BTreeSet<String> {
    let rows = texts::<1>(engine, sql).into_iter();
    rows.map(|[name]| name.to_lowercase()).collect()
}

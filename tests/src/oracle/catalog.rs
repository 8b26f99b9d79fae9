//! The relations that exist in the engine at a moment, as a query may name them.

use super::engine::Engine;
use dbgo_compiler::resolve::{Column, Schema};
use dbgo_compiler::sql_type::SqlType;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// Relations and other objects. All names are in lower case.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// By database, schema and name.
    pub relations: BTreeMap<(String, String, String), Schema>,
    /// By the bare name, as the engine's search path finds them.
    pub bare: BTreeMap<String, Schema>,
    /// The bare names of those that statements made.
    pub made: BTreeSet<String>,
    /// Names of databases.
    pub databases: BTreeSet<String>,
    /// Macros that statements made: nothing of it is in a project of dbgo.
    pub macros: BTreeSet<String>,
    /// Types that statements made.
    pub types: BTreeSet<String>,
    /// Whether the engine no longer answers, as after a fault of its own.
    pub fails: bool,
}

/// Where a bare name is looked for, the first last.
const SEARCH_PATH: [(&str, &str); 4] = [
    ("system", "pg_catalog"),
    ("system", "main"),
    ("memory", "main"),
    ("temp", "main"),
];

const COLUMNS: &str = "select database_name, schema_name, table_name, column_name, data_type,
        is_nullable from duckdb_columns() where (database_name = 'system') = $system
        order by database_oid, schema_oid, table_oid, column_index";

const VIEWS: &str = "select database_name, schema_name, view_name from duckdb_views()
    where (database_name = 'system') = $system";

const MACROS: &str = "select function_name from duckdb_functions() where not internal";

const TYPES: &str = "select type_name from duckdb_types() where not internal";

impl Catalog {
    /// Asks the engine; for macros and types, which takes its time, only with `objects`.
    pub fn read(engine: &Engine, objects: bool) -> Catalog {
        let mut found: BTreeMap<Place, Schema> = BTreeMap::new();
        for [database, schema, name] in texts(engine, &views(false)) {
            // A view whose tables are gone has no columns that anybody knows.
            found.insert((database, schema, name), view());
        }
        let own_columns = columns(engine, false);
        let fails = own_columns.is_none();
        add_columns(&mut found, own_columns.unwrap_or_default());
        // The engine's own relations are the same in each.
        let own = SYSTEM.get_or_init(|| {
            let mut own: BTreeMap<Place, Schema> = BTreeMap::new();
            for [database, schema, name] in texts(engine, &views(true)) {
                own.insert((database, schema, name), view());
            }
            add_columns(&mut own, columns(engine, true).unwrap_or_default());
            own
        });
        let mut catalog = Catalog {
            fails,
            ..Catalog::default()
        };
        for (database, schema) in SEARCH_PATH {
            for ((own_database, own_schema, name), columns) in own.iter().chain(&found) {
                if own_database == database && own_schema == schema {
                    catalog.bare.insert(name.to_lowercase(), columns.clone());
                }
            }
        }
        catalog.made = found
            .keys()
            .filter(|(database, schema, _)| SEARCH_PATH.contains(&(database, schema)))
            .map(|(_, _, name)| name.to_lowercase())
            .collect();
        for ((database, schema, name), columns) in own.iter().chain(&found) {
            let key = (
                database.to_lowercase(),
                schema.to_lowercase(),
                name.to_lowercase(),
            );
            catalog.relations.insert(key, columns.clone());
        }
        catalog.databases = names(engine, "select database_name from duckdb_databases()");
        if objects {
            catalog.macros = names(engine, MACROS);
            catalog.types = names(engine, TYPES);
        }
        catalog
    }
}

fn views(system: bool) -> String {
    VIEWS.replace("$system", &system.to_string())
}

fn view() -> Schema {
    Schema {
        is_view: true,
        ..Schema::unknown()
    }
}

type Place = (String, String, String);

static SYSTEM: OnceLock<BTreeMap<Place, Schema>> = OnceLock::new();

fn add_columns(found: &mut BTreeMap<Place, Schema>, columns: Vec<(Place, Column)>) {
    for (place, column) in columns {
        let schema = found.entry(place).or_default();
        schema.columns.get_or_insert_default().push(column);
    }
}

/// `None` if the engine doesn't answer.
fn columns(engine: &Engine, system: bool) -> Option<Vec<(Place, Column)>> {
    let sql = COLUMNS.replace("$system", &system.to_string());
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
    read().ok()
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

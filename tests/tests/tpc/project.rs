//! Makes a project of a benchmark: its tables are sources, its queries are models.

use crate::given::{Given, Query};
use crate::rows::open;
use dbgo_compiler::lexer::lex;
use dbgo_compiler::parse::parse_query;
use dbgo_compiler::resolve::{BindInput, RelationUse, Schema, bind};
use dbgo_compiler::span::FileId;
use duckdb::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A project on disk with its filled database.
pub struct TpcProject {
    folder: PathBuf,
    /// The names of the models' views, in the order of the queries.
    pub models: Vec<String>,
}

impl TpcProject {
    /// Makes it anew, tables included.
    pub fn make(benchmark: &str, generate: &str, given: &Given) -> TpcProject {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(benchmark);
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        for part in ["sources", "models/queries"] {
            fs::create_dir_all(folder.join(part)).unwrap();
        }
        fs::write(folder.join("dbgo.toml"), settings(benchmark)).unwrap();
        let mut project = TpcProject {
            folder,
            models: Vec::new(),
        };
        let connection = open(&project.database());
        let extension = given
            .extension
            .to_str()
            .expect("a path in UTF-8")
            .replace('\'', "''");
        connection
            .execute_batch(&format!("load '{extension}'; {generate}"))
            .expect("the tables can be made");

        let tables = tables(&connection);
        for (name, definition) in &tables {
            fs::write(
                project.folder.join(format!("sources/{name}.sql")),
                format!("{definition}\n"),
            )
            .unwrap();
        }
        let names: Vec<&str> = tables.iter().map(|(name, _)| name.as_str()).collect();
        for (index, query) in given.queries.iter().enumerate() {
            let text = model(
                query,
                &names,
                column_names(&connection, &query.sql),
                index % 2 == 0,
            );
            fs::write(
                project
                    .folder
                    .join(format!("models/queries/{}.sql", query.name)),
                text,
            )
            .unwrap();
            project.models.push(format!("queries.{}", query.name));
        }
        project
    }

    /// The database, which nobody has open between the calls of these tests.
    pub fn database(&self) -> PathBuf {
        self.folder.join("tpc.duckdb")
    }

    /// Runs a command of the tool, which must succeed and find nothing.
    pub fn dbgo(&self, given: &Given, command: &str) {
        let output = Command::new(&given.dbgo)
            .arg(command)
            .current_dir(&self.folder)
            .env(
                "XDG_CACHE_HOME",
                Path::new(env!("CARGO_TARGET_TMPDIR")).join("tpc_cache"),
            )
            .output()
            .expect("dbgo starts");
        let said = String::from_utf8_lossy(&output.stderr);
        println!("{said}{}", String::from_utf8_lossy(&output.stdout));
        assert!(
            output.status.success(),
            "`dbgo {command}` failed: {}",
            output.status
        );
        assert!(!said.contains("warning["), "`dbgo {command}` warns");
    }
}

/// One thread, as in [`open`]; views with the models' own names.
fn settings(benchmark: &str) -> String {
    format!(
        "name = \"{benchmark}\"\n\n[defaults]\nmaterialized = \"table\"\n\n[engine.local]\ntype = \"duckdb\"\n\
         path = \"tpc.duckdb\"\n\n[engine.local.settings]\nthreads = 1\n\n[env]\ndefault = \"prod\"\n"
    )
}

/// The tables with their `CREATE TABLE`.
fn tables(connection: &Connection) -> Vec<(String, String)> {
    let mut statement = connection
        .prepare("select table_name, sql from duckdb_tables() order by table_name")
        .unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    rows.map(|row| row.expect("a table")).collect()
}

fn column_names(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection
        .prepare(&format!("describe {sql}"))
        .expect("the query is right");
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(|row| row.expect("a column")).collect()
}

/// The file of a model. Its query is the benchmark's, with a colon before each table where `colons` asks for it.
fn model(query: &Query, tables: &[&str], columns: Vec<String>, colons: bool) -> String {
    let uses = uses(&query.sql, tables);
    let imports: BTreeSet<&str> = uses.iter().map(|table| table.name.as_str()).collect();
    let header: String = imports
        .iter()
        .map(|name| format!("-- @import: sources.{name}\n"))
        .collect();
    let mut body = query.sql.clone();
    if colons {
        let mut places: Vec<u32> = uses.iter().map(|table| table.span.start).collect();
        places.sort_unstable();
        for place in places.into_iter().rev() {
            body.insert(place as usize, ':');
        }
    }
    let distinct: BTreeSet<String> = columns.iter().map(|name| name.to_lowercase()).collect();
    if distinct.len() < columns.len() {
        // The columns of a model have names of their own, those of a query need not.
        let names: Vec<String> = (1..=columns.len())
            .map(|number| format!("column_{number}"))
            .collect();
        body = format!("select *\nfrom (\n{body}\n) as named({})", names.join(", "));
    }
    format!("{header}\n{body}\n")
}

/// Where the query reads tables and not its own common table expressions.
fn uses(sql: &str, tables: &[&str]) -> Vec<RelationUse> {
    let (tokens, found) = lex(FileId(0), sql, 0..sql.len());
    assert!(found.is_empty(), "{found:?}");
    let tree = parse_query(sql, &tokens).unwrap_or_else(|error| panic!("{error:?}\n{sql}"));
    let imports: BTreeMap<String, Schema> = tables
        .iter()
        .map(|name| ((*name).to_owned(), Schema::unknown()))
        .collect();
    bind(
        &tree,
        &BindInput {
            imports: std::borrow::Cow::Owned(imports),
            text: sql,
            ..BindInput::default()
        },
    )
    .relations
}

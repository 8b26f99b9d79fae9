//! What these tests need and don't bring along.

use std::env;
use std::fs;
use std::path::PathBuf;

/// A query of a benchmark.
pub struct Query {
    /// The name of its model.
    pub name: String,
    /// The query as it was published, without a semicolon.
    pub sql: String,
}

/// Everything that a test of one benchmark needs.
pub struct Given {
    /// The queries.
    pub queries: Vec<Query>,
    /// The engine's extension that makes the tables.
    pub extension: PathBuf,
    /// The tool.
    pub dbgo: PathBuf,
}

impl Given {
    /// Finds it all, or says what is missing. Where the variable `CI` is set only the queries may be missing, which
    /// are others' and not for everybody to keep.
    pub fn find(benchmark: &str) -> Option<Given> {
        let corpora = variable("DBGO_CORPORA")?;
        let needed = |name| {
            let value = variable(name);
            assert!(
                value.is_some() || env::var_os("CI").is_none(),
                "{name} isn't set"
            );
            value
        };
        let extension =
            needed("DBGO_TPC_EXTENSIONS")?.join(format!("{benchmark}.duckdb_extension"));
        let dbgo = needed("DBGO_BIN")?;
        let file = corpora.join(format!("{benchmark}.jsonl"));
        let text =
            fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Some(Given {
            queries: text.lines().map(query).collect(),
            extension,
            dbgo,
        })
    }
}

fn variable(name: &str) -> Option<PathBuf> {
    let value = env::var_os(name).filter(|value| !value.is_empty());
    if value.is_none() {
        println!("skipped: {name} isn't set");
    }
    value.map(PathBuf::from)
}

fn query(line: &str) -> Query {
    let row: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
    let text = |key: &str| {
        row[key]
            .as_str()
            .expect("a line has a name and a query")
            .to_owned()
    };
    let name = text("name");
    let digits = name.trim_end_matches(".sql").trim_start_matches('q');
    Query {
        name: format!("q{digits}"),
        sql: text("sql").trim().trim_end_matches(';').to_owned(),
    }
}

//! Where the tables of a project under test are: in a database file, or in a lake.

use dbgo_test_postgres::Server;
use duckdb::{AccessMode, Config, Connection};
use std::error::Error;
use std::path::{Path, PathBuf};

/// The variable that names the folder of the extensions of DuckLake; `cargo xtask test` sets it.
const EXTENSIONS: &str = "DBGO_LAKE_EXTENSIONS";

/// Where tables are.
#[derive(Clone)]
pub enum Data {
    /// In a database file.
    File(PathBuf),
    /// In a lake.
    Lake(Lake),
}

/// A lake.
#[derive(Clone)]
pub struct Lake {
    /// The address of its catalogue.
    pub catalog: String,
    /// The folder of its files.
    pub data: PathBuf,
    /// The folder of the extensions.
    pub extensions: PathBuf,
}

/// A server for catalogues, and the folder of the extensions; nothing where one of them isn't there, which is
/// said.
///
/// # Panics
/// If one of them isn't there and the variable `CI` is set.
pub fn lakes() -> Option<(&'static Server, PathBuf)> {
    let folder = std::env::var_os(EXTENSIONS).map(PathBuf::from);
    let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) else {
        assert!(
            std::env::var_os("CI").is_none(),
            "{EXTENSIONS} doesn't name the folder of the extensions"
        );
        eprintln!("skipped: {EXTENSIONS} isn't set; `cargo xtask test` does that");
        return None;
    };
    Some((dbgo_test_postgres::server()?, folder))
}

impl Lake {
    /// A lake with its catalogue in a schema of a server, and its files in a folder.
    pub fn new((server, extensions): (&Server, &Path), schema: &str, data: &Path) -> Self {
        Self {
            catalog: server.address(schema),
            data: data.to_owned(),
            extensions: extensions.to_owned(),
        }
    }

    /// A connection to it, without any of our own code.
    fn open(&self, read_only: bool) -> Result<Connection, Box<dyn Error>> {
        let connection = Connection::open_in_memory()?;
        for name in ["postgres_scanner", "ducklake"] {
            let file = self
                .extensions
                .join(name)
                .with_extension("duckdb_extension");
            connection.execute_batch(&format!("LOAD '{}'", file.display()))?;
        }
        let (address, schema) = self
            .catalog
            .split_once("?schema=")
            .ok_or("the catalogue's address names no schema")?;
        let read_only = if read_only { ", READ_ONLY" } else { "" };
        connection.execute_batch(&format!(
            "ATTACH 'ducklake:postgres:{address}' AS lake
             (METADATA_SCHEMA '{schema}', DATA_PATH '{}'{read_only}); USE lake",
            self.data.display()
        ))?;
        Ok(connection)
    }
}

impl Data {
    /// The lines of `dbgo.toml` that tell of it.
    pub fn settings(&self) -> String {
        match self {
            Data::File(path) => format!(
                "[engine.local]\ntype = \"duckdb\"\npath = \"{}\"\n",
                path.display()
            ),
            Data::Lake(lake) => format!(
                "[engine.local]\ntype = \"ducklake\"\ncatalog = \"{}\"\ndata = \"{}\"\nextensions = \"{}\"\n",
                lake.catalog,
                lake.data.display(),
                lake.extensions.display()
            ),
        }
    }

    /// A connection for reading only.
    ///
    /// # Errors
    /// What the engine says.
    pub fn read(&self) -> Result<Connection, Box<dyn Error>> {
        match self {
            Data::File(path) => {
                let config = Config::default().access_mode(AccessMode::ReadOnly)?;
                Ok(Connection::open_with_flags(path, config)?)
            }
            Data::Lake(lake) => lake.open(true),
        }
    }

    /// Runs statements, with nobody else at work.
    ///
    /// # Errors
    /// What the engine says.
    pub fn execute(&self, statements: &[String]) -> Result<(), Box<dyn Error>> {
        let connection = match self {
            Data::File(path) => Connection::open(path)?,
            Data::Lake(lake) => lake.open(false)?,
        };
        for statement in statements {
            connection.execute_batch(statement)?;
        }
        Ok(())
    }
}

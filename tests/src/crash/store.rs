//! What holds data and state of a place, saved and put back.
//!
//! The database is a file. The state is one too, or a schema on a server, of which a copy is another
//! schema.

use super::project::DATABASE;
use dbgo_test_postgres::Server;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// The files of the database.
const DATA: &[&str] = &[DATABASE, "shop.duckdb.wal"];

/// The files of a state that is one.
const STATE: &[&str] = &[".dbgo/state.db", ".dbgo/state.db-wal", ".dbgo/state.db-shm"];

/// Where a state is.
#[derive(Clone, Copy)]
pub enum Home {
    /// In a file beside the project.
    File,
    /// On a server of Postgres.
    Server(&'static Server),
}

/// Data and state of one place.
pub struct Store {
    folder: PathBuf,
    home: Home,
    /// The schema of a state that is on a server.
    schema: String,
}

/// What was saved.
#[derive(Clone)]
pub struct Saved {
    /// The files' contents; nothing for one that isn't there.
    files: BTreeMap<&'static str, Option<Vec<u8>>>,
    /// The schema that holds a copy of the state, if there was one.
    copy: Option<String>,
}

impl Store {
    /// The store of a folder.
    pub fn new(folder: &Path, home: Home) -> Self {
        Self {
            folder: folder.to_owned(),
            home,
            schema: fresh_name("crash"),
        }
    }

    /// The lines of `dbgo.toml` that say where the state is.
    pub fn settings(&self) -> String {
        match self.home {
            Home::File => String::new(),
            Home::Server(server) => {
                format!("[state]\nurl = \"{}\"\n", server.address(&self.schema))
            }
        }
    }

    /// Saves what is there.
    ///
    /// # Errors
    /// If a file can't be read, or what the server says.
    pub fn save(&self) -> io::Result<Saved> {
        let mut files = BTreeMap::new();
        for path in DATA.iter().chain(STATE) {
            let file = self.folder.join(path);
            let content = file.exists().then(|| std::fs::read(&file)).transpose()?;
            files.insert(*path, content);
        }
        let copy = match self.home {
            Home::File => None,
            Home::Server(server) => copy_schema(server, &self.schema)?,
        };
        Ok(Saved { files, copy })
    }

    /// Puts back what was saved.
    ///
    /// # Errors
    /// If a file can't be written, or what the server says.
    pub fn restore(&self, saved: &Saved) -> io::Result<()> {
        for (path, content) in &saved.files {
            let file = self.folder.join(path);
            remove(&file)?;
            if let Some(content) = content {
                std::fs::write(&file, content)?;
            }
        }
        match self.home {
            Home::File => Ok(()),
            Home::Server(server) => put_back(server, &self.schema, saved.copy.as_deref()),
        }
    }

    /// Removes data and state.
    ///
    /// # Errors
    /// If a file can't be removed, or what the server says.
    pub fn remove(&self) -> io::Result<()> {
        DATA.iter()
            .try_for_each(|path| remove(&self.folder.join(path)))?;
        self.remove_state()
    }

    /// Removes the state alone.
    ///
    /// # Errors
    /// If a file can't be removed, or what the server says.
    pub fn remove_state(&self) -> io::Result<()> {
        STATE
            .iter()
            .try_for_each(|path| remove(&self.folder.join(path)))?;
        match self.home {
            Home::File => Ok(()),
            Home::Server(server) => put_back(server, &self.schema, None),
        }
    }
}

/// Removes a file, if it is there.
///
/// # Errors
/// What the file system says.
pub fn remove(file: &Path) -> io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn fresh_name(what: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{what}_{}_{number}", std::process::id())
}

fn tables(server: &Server, schema: &str) -> io::Result<Vec<String>> {
    let query = format!("SELECT tablename FROM pg_tables WHERE schemaname = '{schema}' ORDER BY 1");
    server.execute(schema, &query)
}

fn copy_schema(server: &Server, schema: &str) -> io::Result<Option<String>> {
    let tables = tables(server, schema)?;
    if tables.is_empty() {
        return Ok(None);
    }
    let copy = fresh_name("copy");
    let each = |table: &String| format!("CREATE TABLE {copy}.{table} AS TABLE {schema}.{table};");
    let statements: String = tables.iter().map(each).collect();
    server.execute(schema, &format!("CREATE SCHEMA {copy}; {statements}"))?;
    Ok(Some(copy))
}

/// Puts the rows of a copy into a schema whose tables are there or were there; without a copy,
/// removes the schema.
fn put_back(server: &Server, schema: &str, copy: Option<&str>) -> io::Result<()> {
    let Some(copy) = copy else {
        server.execute(schema, &format!("DROP SCHEMA IF EXISTS {schema} CASCADE"))?;
        return Ok(());
    };
    let names = tables(server, copy)?;
    let there = tables(server, schema)?;
    if there != names {
        return Err(io::Error::other(format!(
            "the schema {schema} has {there:?}, its copy {names:?}"
        )));
    }
    let each = |table: &String| format!("INSERT INTO {schema}.{table} TABLE {copy}.{table};");
    let all: Vec<String> = names
        .iter()
        .map(|table| format!("{schema}.{table}"))
        .collect();
    let rows: String = names.iter().map(each).collect();
    let statements = format!("TRUNCATE {}; {rows}", all.join(", "));
    server.execute(schema, &statements)?;
    Ok(())
}

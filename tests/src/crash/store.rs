//! What holds data and state of a place, saved and put back.
//!
//! Tables are in a database file or in a lake, the state is in a file or on a server. What is on the server
//! has a database there of its own, which is copied as a whole. A lake's own files are never changed, and
//! what the catalogue doesn't name isn't there, so that they stay.

use super::project::DATABASE;
use crate::data::{Data, Lake};
use dbgo_runtime::state::StateAddress;
use dbgo_test_postgres::Server;
use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// The files of the database.
const DATA: &[&str] = &[DATABASE, "shop.duckdb.wal"];

/// The files of a state that is one.
const STATE: &[&str] = &[".dbgo/state.db", ".dbgo/state.db-wal", ".dbgo/state.db-shm"];

/// The schema of a state on a server.
const STATE_SCHEMA: &str = "dbgo_state";

/// The schema of a lake's catalogue.
const LAKE_SCHEMA: &str = "lake";

/// Where a state is.
#[derive(Clone, Copy)]
pub enum Home {
    /// In a file beside the project.
    File,
    /// On a server of Postgres.
    Server(&'static Server),
}

/// The server of a lake's catalogue, and the folder of the extensions.
pub type Lakes = (&'static Server, PathBuf);

/// Data and state of one place.
pub struct Store {
    folder: PathBuf,
    home: Home,
    lakes: Option<Lakes>,
    /// The database of all that is on a server.
    database: String,
}

/// What was saved.
#[derive(Clone)]
pub struct Saved {
    /// The files' contents; nothing for one that isn't there.
    files: BTreeMap<&'static str, Option<Vec<u8>>>,
    /// The database that holds a copy of what is on the server.
    copy: Option<String>,
}

impl Store {
    /// The store of a folder.
    ///
    /// # Errors
    /// What the server says.
    pub fn new(folder: &Path, home: Home, lakes: Option<Lakes>) -> io::Result<Self> {
        let store = Self {
            folder: folder.to_owned(),
            home,
            lakes,
            database: fresh_name("crash"),
        };
        if let Some(server) = store.server() {
            server.copy_database(None, &store.database)?;
        }
        Ok(store)
    }

    /// The server, if anything is on one.
    fn server(&self) -> Option<&'static Server> {
        match (self.home, &self.lakes) {
            (Home::Server(server), _) => Some(server),
            (Home::File, Some((server, _))) => Some(server),
            (Home::File, None) => None,
        }
    }

    /// Where the tables are.
    pub fn data(&self) -> Data {
        match &self.lakes {
            None => Data::File(self.folder.join(DATABASE)),
            Some((server, extensions)) => Data::Lake(Lake {
                catalog: server.address_in(&self.database, LAKE_SCHEMA),
                data: self.folder.join("lake"),
                extensions: extensions.clone(),
            }),
        }
    }

    /// The lines of `dbgo.toml` that say where the state is.
    pub fn settings(&self) -> String {
        match self.home {
            Home::File => String::new(),
            Home::Server(server) => {
                let address = server.address_in(&self.database, STATE_SCHEMA);
                format!("[state]\nurl = \"{address}\"\n")
            }
        }
    }

    /// The state's address.
    ///
    /// # Errors
    /// If it can't be read, which is a mistake here.
    pub fn state(&self) -> Result<StateAddress, Box<dyn Error>> {
        let url = match self.home {
            Home::File => "sqlite:.dbgo/state.db".to_owned(),
            Home::Server(server) => server.address_in(&self.database, STATE_SCHEMA),
        };
        let resolve = |path: &str| self.folder.join(path);
        StateAddress::parse(&url, resolve).map_err(|error| error.message.into())
    }

    fn files(&self) -> impl Iterator<Item = &'static str> {
        DATA.iter().chain(STATE).copied()
    }

    /// Saves what is there.
    ///
    /// # Errors
    /// If a file can't be read, or what the server says.
    pub fn save(&self) -> io::Result<Saved> {
        let mut files = BTreeMap::new();
        for path in self.files() {
            let file = self.folder.join(path);
            let content = file.exists().then(|| std::fs::read(&file)).transpose()?;
            files.insert(path, content);
        }
        let copy = match self.server() {
            None => None,
            Some(server) => {
                let copy = fresh_name("copy");
                server.copy_database(Some(&self.database), &copy)?;
                Some(copy)
            }
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
        match (self.server(), &saved.copy) {
            (Some(server), Some(copy)) => server.copy_database(Some(copy), &self.database),
            _ => Ok(()),
        }
    }

    /// Removes data and state.
    ///
    /// # Errors
    /// If a file can't be removed, or what the server says.
    pub fn remove(&self) -> io::Result<()> {
        self.files()
            .try_for_each(|path| remove(&self.folder.join(path)))?;
        match self.server() {
            Some(server) => server.copy_database(None, &self.database),
            None => Ok(()),
        }
    }

    /// Removes the state alone.
    ///
    /// # Errors
    /// If a file can't be removed, or what the server says.
    pub fn remove_state(&self) -> io::Result<()> {
        STATE
            .iter()
            .try_for_each(|path| remove(&self.folder.join(path)))?;
        if let Home::Server(server) = self.home {
            let drop = format!("DROP SCHEMA IF EXISTS {STATE_SCHEMA} CASCADE");
            server.execute_in(&self.database, "public", &drop)?;
        }
        Ok(())
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

//! One open database per file, however many names the file has.
//!
//! Closing any descriptor of a file gives away all locks that the process holds on it (POSIX,
//! `fcntl` locks), so a second open of a database file in the same process would end the first
//! one's exclusiveness, and an acknowledged commit could be lost. The registry is keyed by device
//! and inode, which symbolic and hard links share. A file that is closing still has its entry:
//! who wants it waits until it is closed. Nothing here opens the file itself; it is only asked
//! for its metadata.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use ::duckdb::Connection;

use super::connect;
use super::errors::engine_error;
use crate::adapters::OpenOptions;
use crate::adapters::error::{EngineError, ErrorClass};

/// What is the same for all names of a file.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct FileKey {
    device: u64,
    inode: u64,
}

struct Entry {
    database: Weak<OpenDatabase>,
    read_only: bool,
}

#[derive(Default)]
struct Registry {
    files: Mutex<HashMap<FileKey, Entry>>,
    closed: Condvar,
}

fn registry() -> &'static Registry {
    static REGISTRY: OnceLock<Registry> = OnceLock::new();
    REGISTRY.get_or_init(Registry::default)
}

fn lock(registry: &Registry) -> MutexGuard<'_, HashMap<FileKey, Entry>> {
    // The map is never left half changed, so a panic elsewhere doesn't spoil it.
    registry
        .files
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

/// A database that this process has open.
pub(super) struct OpenDatabase {
    /// The first connection, which others are cloned from; `None` once it is closing.
    connection: Mutex<Option<Connection>>,
    key: Option<FileKey>,
}

impl OpenDatabase {
    /// A database without a file.
    pub(super) fn unregistered(connection: Connection) -> Arc<Self> {
        Arc::new(Self {
            connection: Mutex::new(Some(connection)),
            key: None,
        })
    }

    /// Another connection to the same database.
    pub(super) fn connect(&self) -> Result<Connection, EngineError> {
        self.with_connection(|connection| connection.try_clone())
    }

    /// The engine's version.
    pub(super) fn version(&self) -> Result<String, EngineError> {
        self.with_connection(|connection| connection.version())
    }

    /// Moves everything committed from the log into the file.
    pub(super) fn checkpoint(&self) -> Result<(), EngineError> {
        self.with_connection(|connection| connection.execute_batch("CHECKPOINT"))
    }

    fn with_connection<T>(
        &self,
        work: impl FnOnce(&Connection) -> ::duckdb::Result<T>,
    ) -> Result<T, EngineError> {
        let guard = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match guard.as_ref() {
            Some(connection) => work(connection).map_err(|error| engine_error(&error, "")),
            None => Err(EngineError::new(ErrorClass::Lost, "the database is closed")),
        }
    }
}

impl Drop for OpenDatabase {
    fn drop(&mut self) {
        let Some(key) = self.key else { return };
        let registry = registry();
        let mut files = lock(registry);
        // Under the registry's lock: nobody opens the file before it is closed. Sessions hold this
        // value, so theirs are closed already.
        let connection = self
            .connection
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(connection);
        files.remove(&key);
        registry.closed.notify_all();
    }
}

/// Opens a file, or gives the database that this process has open there.
pub(super) fn open(path: &Path, options: &OpenOptions) -> Result<Arc<OpenDatabase>, EngineError> {
    let registry = registry();
    let mut files = lock(registry);
    while let Some(key) = file_key(path)? {
        let Some(entry) = files.get(&key) else { break };
        match entry.database.upgrade() {
            Some(database) if entry.read_only && !options.read_only => {
                // Given back outside of the lock, which its drop may need.
                drop(files);
                drop(database);
                return Err(EngineError::new(
                    ErrorClass::Refused,
                    format!("`{}` is open for reading only", path.display()),
                ));
            }
            Some(database) => return Ok(database),
            None => {
                files = registry
                    .closed
                    .wait(files)
                    .unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
    open_new(path, options, &mut files)
}

/// Opens a file that isn't open, under the registry's lock. A missing file is made by the engine,
/// so its key is known only afterwards.
fn open_new(
    path: &Path,
    options: &OpenOptions,
    files: &mut HashMap<FileKey, Entry>,
) -> Result<Arc<OpenDatabase>, EngineError> {
    let connection = connect::connect(path, options)?;
    let key = file_key(path)?.ok_or_else(|| {
        EngineError::new(
            ErrorClass::Io,
            format!("`{}` is gone right after it was opened", path.display()),
        )
    })?;
    let database = Arc::new(OpenDatabase {
        connection: Mutex::new(Some(connection)),
        key: Some(key),
    });
    let entry = Entry {
        database: Arc::downgrade(&database),
        read_only: options.read_only,
    };
    files.insert(key, entry);
    Ok(database)
}

#[cfg(unix)]
fn key_of(metadata: &fs::Metadata, _path: &Path) -> io::Result<FileKey> {
    use std::os::unix::fs::MetadataExt;
    Ok(FileKey {
        device: metadata.dev(),
        inode: metadata.ino(),
    })
}

/// Elsewhere the standard library doesn't tell a file's identity; the canonical path stands for
/// it, which knows symbolic links but not hard ones.
#[cfg(not(unix))]
fn key_of(_metadata: &fs::Metadata, path: &Path) -> io::Result<FileKey> {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    fs::canonicalize(path)?.hash(&mut hasher);
    Ok(FileKey {
        device: 0,
        inode: hasher.finish(),
    })
}

fn file_key(path: &Path) -> Result<Option<FileKey>, EngineError> {
    let key = fs::metadata(path).and_then(|metadata| key_of(&metadata, path));
    match key {
        Ok(key) => Ok(Some(key)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(EngineError::new(
            ErrorClass::Io,
            format!("can't look at `{}`: {error}", path.display()),
        )),
    }
}

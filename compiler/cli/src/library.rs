//! Loads libraries of generated bodies, behind the stamp of their contract.
//!
//! A library is never unloaded: that is what makes the definitions in it `'static`.

use dbgo_compiler::build::contract;
use dbgo_contract::{ProjectDef, ShardDef};
use libloading::Library;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Why a library isn't used.
#[derive(Debug)]
pub enum LoadError {
    /// It was made for another contract, or isn't a library of dbgo: it must be made again.
    WrongStamp,
    /// It can't be opened at all.
    Unusable(String),
}

/// Loads a library of bodies.
///
/// # Errors
/// See [`LoadError`].
pub fn load_shard(path: &Path) -> Result<&'static ShardDef, LoadError> {
    static KNOWN: Loaded<ShardDef> = Mutex::new(BTreeMap::new());
    once(&KNOWN, path, |library| {
        // SAFETY: the stamp is that of our own contract, in which the symbol has this type.
        unsafe { definition(library, b"dbgo_shard\0") }
    })
}

/// How many libraries this process has loaded: none is ever given back.
pub fn loaded_libraries() -> usize {
    LOADED.load(Ordering::Relaxed)
}

static LOADED: AtomicUsize = AtomicUsize::new(0);

/// Loads the library of a project's definition.
///
/// # Errors
/// See [`LoadError`].
pub fn load_project(path: &Path) -> Result<&'static ProjectDef, LoadError> {
    static KNOWN: Loaded<ProjectDef> = Mutex::new(BTreeMap::new());
    once(&KNOWN, path, |library| {
        // SAFETY: as above.
        unsafe { definition(library, b"dbgo_project\0") }
    })
}

/// What this process has loaded, by the library's path: its name never means anything else.
type Loaded<T> = Mutex<BTreeMap<PathBuf, &'static T>>;

/// What a library gives, which is opened the first time.
fn once<T>(
    loaded: &Loaded<T>,
    path: &Path,
    read: impl FnOnce(&'static Library) -> Result<&'static T, LoadError>,
) -> Result<&'static T, LoadError> {
    let mut loaded = loaded.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(definition) = loaded.get(path) {
        return Ok(definition);
    }
    let definition = read(open(path)?)?;
    loaded.insert(path.to_owned(), definition);
    LOADED.fetch_add(1, Ordering::Relaxed);
    Ok(definition)
}

/// Opens a library and compares its stamp before any other symbol is looked at.
fn open(path: &Path) -> Result<&'static Library, LoadError> {
    // SAFETY: generated libraries have no initializers.
    let library =
        unsafe { Library::new(path) }.map_err(|error| LoadError::Unusable(error.to_string()))?;
    // SAFETY: if the symbol exists in a library of dbgo it is 32 bytes; a foreign file in our
    // folder under a name of ours is the user's own doing.
    let stamp = unsafe { library.get::<*const [u8; 32]>(b"DBGO_ABI\0") }
        .map_err(|_| LoadError::WrongStamp)?;
    // SAFETY: as above.
    if unsafe { **stamp } == contract::stamp() {
        Ok(Box::leak(Box::new(library)))
    } else {
        // Closed, so that the one that is made in its place can be opened under the same name.
        Err(LoadError::WrongStamp)
    }
}

/// Calls the function that gives a definition.
///
/// # Safety
/// The symbol must be a function without arguments that gives a pointer to a static `T`.
unsafe fn definition<T>(library: &'static Library, symbol: &[u8]) -> Result<&'static T, LoadError> {
    // SAFETY: the caller vouches for the type.
    unsafe {
        let function = library
            .get::<extern "C" fn() -> *const T>(symbol)
            .map_err(|_| LoadError::WrongStamp)?;
        function().as_ref().ok_or(LoadError::WrongStamp)
    }
}

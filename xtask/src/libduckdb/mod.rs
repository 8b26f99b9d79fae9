//! Finds the prebuilt `libduckdb` that dbgo links, and fetches it where there is none.
//!
//! The places, in this order: the variable `DUCKDB_LIB_DIR`, a copy in dbgo's cache, the npm package (through pip if
//! npm is missing), and the download of the crate `libduckdb-sys`. Whatever is fetched ends as a copy in the cache, so
//! that everything links the same folder for ever after. Each step is said through a callback.
//!
//! This module uses the standard library only and nothing of the crate around it, so that another program can include
//! it by path. Its tests are beside it, in `libduckdb_tests.rs`.

pub mod library;
mod npm;
mod place;
mod platform;
mod source;

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

pub use library::Unusable;
use place::Incoming;
pub use platform::Platform;

/// The version of the engine that dbgo is built for.
pub const ENGINE_VERSION: &str = "1.5.5";

/// The folder of a cached library that was compiled here, beside that of the prebuilt one.
const COMPILED: &str = "1.5.5-compiled";

/// A search for the library.
pub struct Search<'a> {
    /// The value of `DUCKDB_LIB_DIR`: a folder that must hold the library if it is named at all.
    pub named: Option<PathBuf>,
    /// The folder of all cached libraries, one folder for each version in it.
    pub cache: PathBuf,
    /// The `PATH` on which npm, pip, tar, cargo and the C linker are looked for.
    pub path: OsString,
    /// The machine that will load the library.
    pub platform: Platform,
    /// Gets one short line for each step.
    pub say: &'a mut dyn FnMut(&str),
}

impl<'a> Search<'a> {
    /// A search as the environment of this process describes it.
    ///
    /// # Errors
    /// If there is no prebuilt library for this machine, or no folder for the cache.
    pub fn from_environment(say: &'a mut dyn FnMut(&str)) -> Result<Search<'a>, Error> {
        Ok(Search {
            named: env::var_os("DUCKDB_LIB_DIR")
                .filter(|value| !value.is_empty())
                .map(PathBuf::from),
            cache: cache_folder(env::var_os("XDG_CACHE_HOME"), env::var_os("HOME"))?,
            path: env::var_os("PATH").unwrap_or_default(),
            platform: Platform::current().ok_or(Error::UnknownPlatform)?,
            say,
        })
    }

    /// The absolute path of a folder that holds a usable library, which is fetched if there is none yet.
    ///
    /// # Errors
    /// If `DUCKDB_LIB_DIR` names a folder without a usable library, or if there is none anywhere; the error then tells
    /// what was wrong with each place.
    pub fn find(&mut self) -> Result<PathBuf, Error> {
        if let Some(found) = self.existing()? {
            return Ok(found);
        }
        let mut tried = Vec::new();
        for fetch in [npm::with_npm, npm::with_pip, source::download] {
            match fetch(self) {
                Ok(found) => return Ok(found),
                Err(failure) => {
                    (self.say)(&format!("that did not work: {failure}"));
                    tried.push(failure);
                }
            }
        }
        Err(Error::Nowhere {
            tried,
            file: self.platform.file,
        })
    }

    /// The same for a library that is compiled here from the crate's sources, once.
    ///
    /// # Errors
    /// If the sources can't be compiled.
    pub fn compiled(&mut self) -> Result<PathBuf, Error> {
        let folder = self.cache.join(COMPILED);
        if library::check(&folder, &self.platform).is_ok() {
            (self.say)(&format!(
                "{} (compiled here, without ICU)",
                folder.display()
            ));
            return Ok(folder);
        }
        source::compile(self).map_err(|failure| Error::Nowhere {
            tried: vec![failure],
            file: self.platform.file,
        })
    }

    /// What is on this machine already: the folder that the variable names, or a cached copy.
    fn existing(&mut self) -> Result<Option<PathBuf>, Error> {
        if let Some(named) = &self.named {
            let folder = std::path::absolute(named).map_err(Error::Io)?;
            library::check(&folder, &self.platform).map_err(|reason| Error::Named {
                folder: folder.clone(),
                file: self.platform.file,
                reason,
            })?;
            (self.say)(&format!("{} (from DUCKDB_LIB_DIR)", folder.display()));
            return Ok(Some(folder));
        }
        for (name, remark) in [
            (ENGINE_VERSION, "cached"),
            (COMPILED, "compiled here, without ICU"),
        ] {
            let folder = self.cache.join(name);
            match library::check(&folder, &self.platform) {
                Ok(()) => {
                    (self.say)(&format!("{} ({remark})", folder.display()));
                    return Ok(Some(folder));
                }
                Err(Unusable::Missing) => {}
                Err(reason) => (self.say)(&format!("the copy in {} {reason}", folder.display())),
            }
        }
        (self.say)(&format!("no copy in {}", self.cache.display()));
        Ok(None)
    }

    /// Checks a fetched library and makes it the cached copy called `name`.
    fn keep(&mut self, fetched: &Path, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.cache.join(name);
        place::keep(fetched, &folder, &self.platform)?;
        (self.say)(&format!("kept in {}", folder.display()));
        Ok(folder)
    }

    /// An empty folder on the cache's file system, removed when it goes out of scope.
    fn incoming(&self) -> Result<Incoming, Failure> {
        Incoming::new(&self.cache).map_err(Failure::Io)
    }
}

/// `$XDG_CACHE_HOME/dbgo/libduckdb`, or the same under `~/.cache`. A relative or empty `XDG_CACHE_HOME` counts as
/// unset, as the XDG base directory specification asks.
///
/// # Errors
/// If neither is an absolute path.
pub fn cache_folder(
    xdg_cache_home: Option<OsString>,
    home: Option<OsString>,
) -> Result<PathBuf, Error> {
    let absolute =
        |value: Option<OsString>| value.map(PathBuf::from).filter(|path| path.is_absolute());
    let caches =
        absolute(xdg_cache_home).or_else(|| absolute(home).map(|home| home.join(".cache")));
    Ok(caches.ok_or(Error::NoHome)?.join("dbgo").join("libduckdb"))
}

/// Why there is no library.
#[derive(Debug)]
pub enum Error {
    /// No prebuilt library exists for this machine.
    UnknownPlatform,
    /// Neither `XDG_CACHE_HOME` nor `HOME` is an absolute path.
    NoHome,
    /// The folder of `DUCKDB_LIB_DIR` has no usable library.
    Named {
        /// The folder.
        folder: PathBuf,
        /// The name that the library has on this machine.
        file: &'static str,
        /// What is wrong.
        reason: Unusable,
    },
    /// All ways to fetch one failed.
    Nowhere {
        /// What was wrong with each.
        tried: Vec<Failure>,
        /// The name that the library has on this machine.
        file: &'static str,
    },
    /// The file system refused something.
    Io(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::UnknownPlatform => write!(
                f,
                "there is no prebuilt libduckdb for this system\n  hint: linux (glibc) on x86-64 and arm64 and macOS on arm64 have one"
            ),
            Error::NoHome => write!(
                f,
                "there is no folder for the cache\n  hint: set `HOME` or `XDG_CACHE_HOME` to an absolute path"
            ),
            Error::Named {
                folder,
                file,
                reason,
            } => write!(
                f,
                "`DUCKDB_LIB_DIR` is `{}`, but its `{file}` {reason}\n  hint: unset the variable and a library is fetched",
                folder.display()
            ),
            Error::Nowhere { tried, file } => {
                write!(f, "libduckdb {ENGINE_VERSION} could not be had")?;
                for failure in tried {
                    write!(f, "\n  {failure}")?;
                }
                write!(
                    f,
                    "\n  hint: install npm, or put `{file}` into a folder and name it in `DUCKDB_LIB_DIR`, or compile it with `--bundled`"
                )
            }
            Error::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

/// Why one way to fetch the library failed.
#[derive(Debug)]
pub enum Failure {
    /// A program is not on the `PATH`.
    NotInstalled(&'static str),
    /// A program ended with an error; the last lines that it wrote.
    Program {
        /// What was called.
        call: String,
        /// The end of its output.
        output: String,
    },
    /// A package is not the one that dbgo was tested with, or lacks the library.
    Package(String),
    /// What was fetched is no usable library.
    Unusable(Unusable),
    /// The file system refused something.
    Io(io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NotInstalled(program) => write!(f, "`{program}` is not installed"),
            Failure::Program { call, output } if output.is_empty() => write!(f, "`{call}` failed"),
            Failure::Program { call, output } => write!(f, "`{call}` failed: {output}"),
            Failure::Package(message) => f.write_str(message),
            Failure::Unusable(reason) => write!(f, "the library {reason}"),
            Failure::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Failure {}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Io(error)
    }
}

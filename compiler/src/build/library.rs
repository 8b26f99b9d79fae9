//! Makes libraries of generated crates, side by side, and keeps them by the hash of what they
//! are made of: an unchanged crate is never compiled twice.

use super::contract::{self, FLAGS, refused};
use super::rustc::Rustc;
use super::unwritable;
use crate::codegen::FileTree;
use crate::diagnostic::Diagnostic;
use crate::emit::emit;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A crate to make a library of.
#[derive(Clone, Debug)]
pub struct LibraryCrate {
    /// The crate's name: `bodies_00`.
    pub name: String,
    /// Its sources, with `src/lib.rs`.
    pub sources: FileTree,
}

/// Where libraries are made.
#[derive(Clone, Debug)]
pub struct LibraryPlaces {
    /// Generated sources: `.dbgo/rust`.
    pub sources: PathBuf,
    /// The libraries themselves: `.dbgo/libraries`.
    pub libraries: PathBuf,
    /// What all projects of a user share.
    pub user_cache: PathBuf,
    /// A rustc other than the one in the search path.
    pub rustc: Option<PathBuf>,
}

/// Where the library of a crate is kept: named by a hash of its sources, the contract's stamp
/// and the flags. A library's name never means anything else, so one can be loaded for good.
pub fn library_path(places: &LibraryPlaces, library: &LibraryCrate) -> PathBuf {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(library.name.as_bytes())
        .update(library.sources.hash().as_bytes());
    hasher
        .update(&contract::stamp())
        .update(format!("{FLAGS:?}{LINK_FLAGS:?}").as_bytes());
    let hash = hasher.finalize().to_hex();
    places
        .libraries
        .join(format!("{}-{}.so", library.name, &hash[..32]))
}

/// Makes the libraries that aren't there yet and gives the paths of all, in order, with the
/// number that had to be made.
///
/// # Errors
/// What stands in the way of each: no rustc, a folder that can't be written, refused code.
pub fn build_libraries(
    crates: &[LibraryCrate],
    places: &LibraryPlaces,
) -> Result<(Vec<PathBuf>, usize), Vec<Diagnostic>> {
    let paths: Vec<PathBuf> = crates
        .iter()
        .map(|library| library_path(places, library))
        .collect();
    let missing: Vec<usize> = (0..crates.len())
        .filter(|index| !paths[*index].is_file())
        .collect();
    if missing.is_empty() {
        return Ok((paths, 0));
    }
    let rustc = Rustc::find(places.rustc.as_deref()).map_err(|error| vec![error])?;
    let contract = contract::compiled(&rustc, &places.user_cache).map_err(|error| vec![error])?;
    std::fs::create_dir_all(&places.libraries)
        .map_err(|error| vec![unwritable(&places.libraries, &error)])?;
    let next = AtomicUsize::new(0);
    let errors = Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(missing.len());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(&index) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(error) =
                        build_one(&crates[index], &paths[index], places, &rustc, &contract)
                        && let Ok(mut errors) = errors.lock()
                    {
                        errors.push(error);
                    }
                }
            });
        }
    });
    let errors = errors.into_inner().unwrap_or_default();
    if errors.is_empty() {
        Ok((paths, missing.len()))
    } else {
        Err(errors)
    }
}

/// No start-up files and no libraries: a body needs nothing but what `dbgo` itself has.
#[cfg(not(target_os = "macos"))]
const LINK_FLAGS: [&str; 3] = [
    "-Clink-arg=-nostartfiles",
    "-Clink-arg=-nodefaultlibs",
    "-Clink-arg=-Wl,--gc-sections",
];
#[cfg(target_os = "macos")]
const LINK_FLAGS: [&str; 1] = ["-Clink-arg=-Wl,-dead_strip"];

fn build_one(
    library: &LibraryCrate,
    path: &Path,
    places: &LibraryPlaces,
    rustc: &Rustc,
    contract: &Path,
) -> Result<(), Diagnostic> {
    let folder = places.sources.join(&library.name);
    emit(&library.sources, &folder)?;
    let aside = path.with_extension(format!("{}.aside", std::process::id()));
    let output = Command::new(&rustc.path)
        .args(FLAGS)
        .args(LINK_FLAGS)
        .args(["--crate-type=cdylib", "--cfg=dbgo_library"])
        .arg(format!("--crate-name={}", library.name))
        .arg(format!("--extern=dbgo_contract={}", contract.display()))
        .arg("-o")
        .arg(&aside)
        .arg(folder.join("src/lib.rs"))
        .env_remove("RUSTFLAGS")
        .output();
    match output {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            return Err(refused(
                &library.name,
                &String::from_utf8_lossy(&output.stderr),
            ));
        }
        Err(error) => return Err(refused(&library.name, &error.to_string())),
    }
    std::fs::rename(&aside, path).map_err(|error| unwritable(path, &error))
}

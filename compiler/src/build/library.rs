//! Makes libraries of generated crates, side by side, and keeps them by the hash of what they
//! are made of: an unchanged crate is never compiled twice.

use super::contract::{self, FLAGS};
use super::found_rustc;
use super::rustc::{self, Rustc};
use crate::codegen::FileTree;
use crate::diagnostic::{Code, Diagnostic};
use crate::emit::{self, unwritable};
use std::ffi::OsString;
use std::fs;
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
    let rustc = found_rustc::find(places.rustc.as_deref(), &places.user_cache)
        .map_err(|error| vec![error])?;
    let contract = contract::compiled(&rustc, &places.user_cache).map_err(|error| vec![error])?;
    fs::create_dir_all(&places.libraries)
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
                        errors.push((index, error));
                    }
                }
            });
        }
    });
    let errors = errors.into_inner().unwrap_or_default();
    if errors.is_empty() {
        Ok((paths, missing.len()))
    } else {
        Err(each_once(errors))
    }
}

/// Errors in the order of their crates. What the machine lacks, all crates lack: it is said once.
fn each_once(mut errors: Vec<(usize, Diagnostic)>) -> Vec<Diagnostic> {
    errors.sort_by_key(|(index, _)| *index);
    let mut said: Vec<Diagnostic> = Vec::with_capacity(errors.len());
    for (_, error) in errors {
        let is_said = said.iter().any(|earlier| earlier.code == error.code);
        if error.code == Code::GeneratedCode || !is_said {
            said.push(error);
        }
    }
    said
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
    // Nobody else knows this folder, so what rustc reads is what the library's name says, also
    // while another process makes libraries of the same project in another state.
    let own = places
        .libraries
        .join(format!(".{}.{}", library.name, emit::unique()));
    let made = emit::fill(&own, library.sources.iter()).and_then(|()| {
        let aside = own.join("library");
        compile(library, &own, &aside, rustc, contract)?;
        fs::rename(&aside, path).map_err(|error| unwritable(path, &error))
    });
    // What is left here is removed with the libraries that nobody uses.
    let _ = fs::remove_dir_all(&own);
    made
}

/// Compiles the sources in `folder` to the file `made`.
fn compile(
    library: &LibraryCrate,
    folder: &Path,
    made: &Path,
    rustc: &Rustc,
    contract: &Path,
) -> Result<(), Diagnostic> {
    let mut external = OsString::from("--extern=dbgo_contract=");
    external.push(contract);
    // The folder's name is another one each time, and says nothing to who reads of an error.
    let mut remapped = OsString::from("--remap-path-prefix=");
    remapped.push(folder);
    remapped.push(format!("={}", library.name));
    let mut command = Command::new(&rustc.path);
    command
        .args(FLAGS)
        .args(LINK_FLAGS)
        .args(["--crate-type=cdylib", "--cfg=dbgo_library"])
        .arg(format!("--crate-name={}", library.name))
        .args([external, remapped])
        .arg("-o")
        .arg(made)
        .arg(folder.join("src/lib.rs"));
    rustc::run(command, &library.name)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::diagnostic::Severity;
    use std::os::unix::fs::PermissionsExt;

    /// A rustc whose libraries are copies of what it read, a while after it was started.
    const COPIES: &str = r#"#!/bin/sh
case "$1" in
    --print) echo /nowhere; exit ;;
    -vV) echo "rustc 1.95.0"; echo "release: 1.95.0"; exit ;;
esac
for word; do
    case "$before" in
        -o) made=$word ;;
        --out-dir) : > "$word/libdbgo_contract.rlib"; exit ;;
    esac
    before=$word
done
sleep 0.3
cp "$word" "$made"
"#;

    fn library(text: &str) -> LibraryCrate {
        let mut sources = FileTree::default();
        sources.insert("src/lib.rs", text);
        LibraryCrate {
            name: "bodies_00".to_owned(),
            sources,
        }
    }

    #[test]
    fn two_states_of_a_project_never_mix() {
        let folder = tempfile::tempdir().unwrap();
        let rustc = folder.path().join("rustc");
        fs::write(&rustc, COPIES).unwrap();
        fs::set_permissions(&rustc, fs::Permissions::from_mode(0o755)).unwrap();
        let places = LibraryPlaces {
            libraries: folder.path().join("libraries"),
            user_cache: folder.path().join("cache"),
            rustc: Some(rustc),
        };
        let texts = ["// one", "// two", "// three"];
        std::thread::scope(|scope| {
            for text in texts {
                let places = &places;
                scope.spawn(move || build_libraries(&[library(text)], places).unwrap());
            }
        });
        for text in texts {
            let path = library_path(&places, &library(text));
            assert_eq!(fs::read_to_string(path).unwrap(), text);
        }
        // What is left is the libraries themselves.
        let left = fs::read_dir(&places.libraries).unwrap().count();
        assert_eq!(left, texts.len(), "what was set aside is gone");
    }

    #[test]
    fn what_the_machine_lacks_is_said_once() {
        let error = |index, code| {
            let message = format!("{index}");
            (
                index,
                Diagnostic::without_place(code, Severity::Error, message),
            )
        };
        let errors = each_once(vec![
            error(2, Code::LinkerMissing),
            error(3, Code::GeneratedCode),
            error(1, Code::GeneratedCode),
            error(0, Code::LinkerMissing),
        ]);
        let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
        assert_eq!(messages, ["0", "1", "3"]);
    }
}

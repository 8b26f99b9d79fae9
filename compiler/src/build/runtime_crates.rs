//! The crates that generated ones depend on: `dbgo` carries their sources, and unpacks them once
//! into the user's cache, into a folder named by their hash.

use crate::codegen::workspace::CratePaths;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::emit::{self, unwritable};
use std::fs;
use std::path::{Path, PathBuf};

/// The sources of `dbgo-runtime` and, in folders of it, of `dbgo-contract` and `dbgo-rows`.
#[derive(Clone, Copy, Debug)]
pub struct RuntimeCrates<'a> {
    /// Paths relative to the runtime's folder, with the files' bytes.
    pub files: &'a [(&'a str, &'a [u8])],
    /// The `Cargo.lock` that they were tested with.
    pub lock: &'a str,
}

impl RuntimeCrates<'_> {
    /// A hash of all files.
    fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for (path, bytes) in self.files {
            hasher
                .update(&(path.len() as u64).to_le_bytes())
                .update(path.as_bytes());
            hasher
                .update(&(bytes.len() as u64).to_le_bytes())
                .update(bytes);
        }
        hasher.finalize().to_hex()[..32].to_owned()
    }

    /// Unpacks them below dbgo's cache unless that was done before, and gives their paths.
    ///
    /// # Errors
    /// `unwritable`, with the path that can't be written.
    pub fn unpack(&self, cache: &Path) -> Result<CratePaths, Diagnostic> {
        let folder = cache.join("crates");
        let unpacked = folder.join(self.hash());
        if !unpacked.is_dir() {
            let aside = folder.join(format!(".{}", emit::unique()));
            let written = emit::fill(&aside, self.files.iter().copied()).and_then(|()| {
                match fs::rename(&aside, &unpacked) {
                    // Another process was faster.
                    Err(_) if unpacked.is_dir() => Ok(()),
                    done => done.map_err(|error| unwritable(&unpacked, &error)),
                }
            });
            let _ = fs::remove_dir_all(&aside);
            written?;
        }
        self.mend(&unpacked)?;
        Ok(CratePaths {
            contract: text(&unpacked.join("contract"))?,
            rows: text(&unpacked.join("rows"))?,
            runtime: text(&unpacked)?,
        })
    }

    /// Makes again what a cleaner of caches, or a power cut, took from an unpacked folder.
    fn mend(&self, folder: &Path) -> Result<(), Diagnostic> {
        for (path, bytes) in self.files {
            let file = folder.join(path);
            let length = fs::metadata(&file).map(|metadata| metadata.len());
            if length.is_ok_and(|length| length == bytes.len() as u64) {
                continue;
            }
            emit::write_if_changed(&file, bytes)?;
        }
        Ok(())
    }
}

/// A path as manifests hold it.
fn text(path: &Path) -> Result<String, Diagnostic> {
    let absolute = std::path::absolute(path).map_err(|error| unwritable(path, &error))?;
    absolute.into_os_string().into_string().map_err(|path| {
        let path = PathBuf::from(path);
        let message = format!("cargo can't name the folder `{}`", path.display());
        Diagnostic::without_place(Code::Unwritable, Severity::Error, message)
            .hint("set `XDG_CACHE_HOME` to a folder whose path is valid UTF-8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_may_unpack_at_once() {
        let cache = tempfile::tempdir().unwrap();
        let files: Vec<(String, &[u8])> = (0..50)
            .map(|index| (format!("src/{index}.rs"), b"x".as_slice()))
            .collect();
        let files: Vec<(&str, &[u8])> = files
            .iter()
            .map(|(path, bytes)| (path.as_str(), *bytes))
            .collect();
        let crates = RuntimeCrates {
            files: &files,
            lock: "",
        };
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| crates.unpack(cache.path()).unwrap());
            }
        });
        assert_eq!(
            fs::read_dir(cache.path().join("crates")).unwrap().count(),
            1
        );
    }

    #[test]
    fn they_are_unpacked_once() {
        let cache = tempfile::tempdir().unwrap();
        let files: [(&str, &[u8]); 2] = [("Cargo.toml", b"[package]"), ("rows/src/lib.rs", b"")];
        let crates = RuntimeCrates {
            files: &files,
            lock: "",
        };
        let paths = crates.unpack(cache.path()).unwrap();
        let manifest = Path::new(&paths.runtime).join("Cargo.toml");
        assert_eq!(fs::read_to_string(&manifest).unwrap(), "[package]");
        assert!(Path::new(&paths.rows).join("src/lib.rs").is_file());
        let first = fs::metadata(&manifest).unwrap().modified().unwrap();
        assert_eq!(crates.unpack(cache.path()).unwrap().rows, paths.rows);
        assert_eq!(fs::metadata(&manifest).unwrap().modified().unwrap(), first);
        assert_eq!(
            fs::read_dir(cache.path().join("crates")).unwrap().count(),
            1
        );
    }

    #[test]
    fn what_was_lost_is_made_again() {
        let cache = tempfile::tempdir().unwrap();
        let files: [(&str, &[u8]); 2] = [("Cargo.toml", b"[package]"), ("rows/src/lib.rs", b"//")];
        let crates = RuntimeCrates {
            files: &files,
            lock: "",
        };
        let paths = crates.unpack(cache.path()).unwrap();
        let (manifest, rows) = (
            Path::new(&paths.runtime).join("Cargo.toml"),
            Path::new(&paths.rows).join("src/lib.rs"),
        );
        fs::write(&manifest, "").unwrap();
        fs::remove_dir_all(&paths.rows).unwrap();
        crates.unpack(cache.path()).unwrap();
        assert_eq!(fs::read_to_string(&manifest).unwrap(), "[package]");
        assert_eq!(fs::read_to_string(&rows).unwrap(), "//");
    }
}

//! Compiles `dbgo-contract` for libraries of bodies. Its source is part of `dbgo`; what comes
//! out is kept in the user's cache, one file for each rustc.

use super::rustc::{self, Rustc};
use crate::diagnostic::Diagnostic;
use crate::emit::{self, unwritable};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

/// The source of the contract that this `dbgo` was built with.
const SOURCE: [(&str, &str); 4] = [
    (
        "lib.rs",
        include_str!("../../../runtime/contract/src/lib.rs"),
    ),
    (
        "definition.rs",
        include_str!("../../../runtime/contract/src/definition.rs"),
    ),
    (
        "render.rs",
        include_str!("../../../runtime/contract/src/render.rs"),
    ),
    (
        "text.rs",
        include_str!("../../../runtime/contract/src/text.rs"),
    ),
];

/// Changes when the way that libraries are made changes, though the contract doesn't.
const FORMAT: u32 = 1;

/// The stamp that a library must carry to be loaded: a hash of the contract's source, the
/// target and a format number. rustc's version isn't in it, as the layout doesn't depend on it.
pub fn stamp() -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for (name, text) in SOURCE {
        hasher
            .update(name.as_bytes())
            .update(&[0])
            .update(text.as_bytes())
            .update(&[0]);
    }
    hasher
        .update(std::env::consts::ARCH.as_bytes())
        .update(std::env::consts::OS.as_bytes());
    hasher.update(&FORMAT.to_le_bytes());
    *hasher.finalize().as_bytes()
}

/// The flags that the contract and all bodies are compiled with: they must agree.
pub(super) const FLAGS: [&str; 8] = [
    "--edition=2024",
    "-Cpanic=abort",
    "-Copt-level=0",
    "-Cdebuginfo=0",
    "-Cdebug-assertions=no",
    "-Cstrip=symbols",
    "-Cembed-bitcode=no",
    "--cap-lints=allow",
];

/// The compiled contract, made if the cache doesn't hold it.
///
/// # Errors
/// `unwritable` for the cache, and those of a rustc that fails.
pub fn compiled(rustc: &Rustc, cache: &Path) -> Result<PathBuf, Diagnostic> {
    let stamp = blake3::Hash::from_bytes(stamp()).to_hex();
    let key = blake3::hash(format!("{stamp}{}{FLAGS:?}", rustc.verbose_version).as_bytes());
    let folder = cache.join("contract").join(&key.to_hex()[..32]);
    let library = folder.join("libdbgo_contract.rlib");
    if library.is_file() {
        return Ok(library);
    }
    let aside = cache
        .join("contract")
        .join(format!(".{}.{}", &key.to_hex()[..32], emit::unique()));
    let made = make(rustc, stamp.as_str(), &aside).and_then(|made| {
        // Only the file is put in its place: the folder may be there already, and empty.
        fs::create_dir_all(&folder)
            .and_then(|()| put_once(&made, &library))
            .map_err(|error| unwritable(&library, &error))
    });
    let _ = fs::remove_dir_all(&aside);
    made.map(|()| library)
}

/// Puts a file where it is to be, unless another process was faster: its rustc, which may be reading
/// that one just now, takes two compilations of the same crate for different ones.
fn put_once(made: &Path, library: &Path) -> io::Result<()> {
    match fs::hard_link(made, library) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // Not every file system has hard links.
        Err(_) if !library.exists() => fs::rename(made, library),
        other => other,
    }
}

/// Compiles the contract in a folder of its own.
fn make(rustc: &Rustc, stamp: &str, folder: &Path) -> Result<PathBuf, Diagnostic> {
    let files = SOURCE.map(|(name, text)| (name, text.as_bytes()));
    emit::fill(folder, files)?;
    let mut command = Command::new(&rustc.path);
    command
        .args(FLAGS)
        .args(["--crate-name=dbgo_contract", "--crate-type=rlib"])
        .arg("--out-dir")
        .arg(folder)
        .arg(folder.join("lib.rs"))
        .env("DBGO_ABI_STAMP", stamp);
    rustc::run(command, "the contract")?;
    let made = folder.join("libdbgo_contract.rlib");
    // It is kept for as long as this rustc is: not even a power cut may leave half of it.
    fs::File::open(&made)
        .and_then(|file| file.sync_all())
        .map_err(|error| unwritable(&made, &error))?;
    Ok(made)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_another_process_made_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (made, library) = (folder.path().join("made"), folder.path().join("library"));
        fs::write(&made, "ours").unwrap();
        put_once(&made, &library).unwrap();
        assert_eq!(fs::read_to_string(&library).unwrap(), "ours");
        fs::write(&made, "another").unwrap();
        fs::remove_file(&library).unwrap();
        fs::write(&library, "theirs").unwrap();
        put_once(&made, &library).unwrap();
        assert_eq!(fs::read_to_string(&library).unwrap(), "theirs");
    }

    #[test]
    fn a_cache_that_lost_the_file_is_filled_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rustc");
        let script = "#!/bin/sh\nfor word; do\n[ \"$before\" = --out-dir ] && echo made > \"$word/libdbgo_contract.rlib\"\nbefore=$word\ndone\n";
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let rustc = Rustc {
            path,
            verbose_version: "release: 1.95.0".to_owned(),
        };
        let made = compiled(&rustc, folder.path()).unwrap();
        fs::remove_file(&made).unwrap();
        fs::write(made.with_file_name("lib.rs"), "left").unwrap();
        assert_eq!(compiled(&rustc, folder.path()).unwrap(), made);
        assert_eq!(fs::read_to_string(&made).unwrap(), "made\n");
        let folders = fs::read_dir(folder.path().join("contract")).unwrap();
        assert_eq!(folders.count(), 1, "what was set aside is gone");
    }
}

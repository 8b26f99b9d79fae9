//! `cargo xtask install`: puts `dbgo` where the shell finds it.

use crate::toolchain::{Cargo, spoken};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{env, fs, io};

/// The engine's library, as the executable looks for it beside itself.
const LIBRARY: &str = if cfg!(target_os = "macos") {
    "libduckdb.dylib"
} else {
    "libduckdb.so"
};

/// Builds `dbgo` in the release profile and copies it, with the engine's library, into `bin` of a folder;
/// `~/.local` without one.
///
/// # Errors
/// If the build fails, or the folder can't be written.
pub fn run(cargo: &Cargo, root: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".local"));
    let root = root.map(Path::to_path_buf).or_else(home);
    let bin = root
        .ok_or("there is no home folder: name a folder with `--root`")?
        .join("bin");
    let started = Instant::now();
    eprintln!("xtask: building dbgo");
    let dbgo = cargo.build_released_dbgo()?;
    eprintln!("xtask: built in {}", spoken(started.elapsed()));
    fs::create_dir_all(&bin)?;
    place(&cargo.libduckdb().join(LIBRARY), &bin.join(LIBRARY))?;
    let installed = bin.join("dbgo");
    place(&dbgo, &installed)?;
    eprintln!("xtask: installed {}", installed.display());
    let path = env::var_os("PATH").unwrap_or_default();
    if !env::split_paths(&path).any(|folder| folder == bin) {
        eprintln!("xtask: {} isn't in your PATH", bin.display());
    }
    Ok(())
}

/// Copies a file aside and renames it: who runs the old one goes on with it.
fn place(from: &Path, to: &Path) -> io::Result<()> {
    let aside = to.with_extension(format!("new-{}", std::process::id()));
    let placed = fs::copy(from, &aside).and_then(|_| fs::rename(&aside, to));
    if placed.is_err() {
        let _ = fs::remove_file(&aside);
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("bin"));
        fs::write(&from, "new").unwrap();
        fs::write(&to, "old").unwrap();
        place(&from, &to).unwrap();
        assert_eq!(fs::read_to_string(&to).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        assert!(place(&folder.path().join("absent"), &to).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}

//! The engine's extensions that make the tables of TPC-H and TPC-DS, for the tests that run those queries.
//!
//! Each is one file in a package of PyPI, signed by the engine's makers: the engine itself refuses another. They are
//! fetched once and kept in dbgo's cache.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::libduckdb::{self, ENGINE_VERSION};

/// The variable that tells tests the folder of the extensions.
pub const VARIABLE: &str = "DBGO_TPC_EXTENSIONS";

/// The extensions; the package of each is called `duckdb-extension-<name>`.
const NAMES: [&str; 2] = ["tpch", "tpcds"];

/// How pip may be called.
const PIPS: [&[&str]; 4] = [
    &["pip3"],
    &["pip"],
    &["python3", "-m", "pip"],
    &["python", "-m", "pip"],
];

/// The folder that holds `tpch.duckdb_extension` and `tpcds.duckdb_extension`, fetched if it isn't there yet.
///
/// # Errors
/// If there is no folder for the cache, no pip, or pip fails; its own message is on the screen by then.
pub fn folder() -> Result<PathBuf, Box<dyn Error>> {
    let libraries = libduckdb::cache_folder(env::var_os("XDG_CACHE_HOME"), env::var_os("HOME"))?;
    let folder = libraries.with_file_name("extensions").join(ENGINE_VERSION);
    if !NAMES
        .iter()
        .all(|name| folder.join(file_name(name)).exists())
    {
        eprintln!(
            "extensions: getting tpch and tpcds with pip (3 MB), to be kept in {}",
            folder.display()
        );
        fetch(&folder)?;
    }
    Ok(folder)
}

fn file_name(extension: &str) -> String {
    format!("{extension}.duckdb_extension")
}

fn fetch(folder: &Path) -> Result<(), Box<dyn Error>> {
    let pip = PIPS
        .into_iter()
        .find(|words| starts(words))
        .ok_or("no pip was found on the `PATH`")?;
    fs::create_dir_all(folder)?;
    // On the folder's own file system, so that the last step is a rename and nobody sees half a file.
    let incoming = tempfile::tempdir_in(folder)?;
    let status = command(pip)
        .current_dir(incoming.path())
        .args([
            "install",
            "--quiet",
            "--no-deps",
            "--only-binary",
            ":all:",
            "--target",
            "packages",
        ])
        .args(NAMES.map(|name| format!("duckdb-extension-{name}=={ENGINE_VERSION}")))
        .status()?;
    if !status.success() {
        return Err(format!("`{} install` failed", pip.join(" ")).into());
    }
    for name in NAMES {
        let package = format!("packages/duckdb_extension_{name}/extensions/v{ENGINE_VERSION}");
        let file = file_name(name);
        fs::rename(
            incoming.path().join(package).join(&file),
            folder.join(&file),
        )?;
    }
    Ok(())
}

fn starts(pip: &[&str]) -> bool {
    let status = command(pip)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

fn command(pip: &[&str]) -> Command {
    let mut command = Command::new(pip[0]);
    command.args(&pip[1..]).stdin(Stdio::null());
    command
}

//! The engine's extensions that tests need: those that make the tables of TPC-H and TPC-DS, and those for tables in
//! DuckLake.
//!
//! Each is one file in a package of PyPI, signed by the engine's makers: the engine itself refuses another. They are
//! fetched once and kept in dbgo's cache.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::libduckdb::{self, ENGINE_VERSION};

/// Extensions that are used together; the package of each is called `duckdb-extension-<name>`.
pub struct Extensions {
    /// The variable that tells tests the folder of the extensions.
    pub variable: &'static str,
    /// What they are for.
    pub purpose: &'static str,
    names: &'static [&'static str],
    /// How much is fetched.
    size: &'static str,
}

/// The generators of the tables of TPC-H and TPC-DS.
pub const GENERATORS: Extensions = Extensions {
    variable: "DBGO_TPC_EXTENSIONS",
    purpose: "TPC-H and TPC-DS",
    names: &["tpch", "tpcds"],
    size: "3 MB",
};

/// What tables in DuckLake need.
pub const LAKE: Extensions = Extensions {
    variable: "DBGO_LAKE_EXTENSIONS",
    purpose: "DuckLake",
    names: &["ducklake", "postgres_scanner"],
    size: "20 MB",
};

/// How pip may be called.
const PIPS: [&[&str]; 4] = [
    &["pip3"],
    &["pip"],
    &["python3", "-m", "pip"],
    &["python", "-m", "pip"],
];

impl Extensions {
    /// The folder that holds a file for each of them, fetched if they aren't there yet.
    ///
    /// # Errors
    /// If there is no folder for the cache, no pip, or pip fails; its own message is on the screen by then.
    pub fn folder(&self) -> Result<PathBuf, Box<dyn Error>> {
        let libraries =
            libduckdb::cache_folder(env::var_os("XDG_CACHE_HOME"), env::var_os("HOME"))?;
        let folder = libraries.with_file_name("extensions").join(ENGINE_VERSION);
        let mut names = self.names.iter();
        if !names.all(|name| folder.join(file_name(name)).exists()) {
            eprintln!(
                "extensions: getting {} with pip ({}), to be kept in {}",
                self.names.join(" and "),
                self.size,
                folder.display()
            );
            self.fetch(&folder)?;
        }
        Ok(folder)
    }

    fn fetch(&self, folder: &Path) -> Result<(), Box<dyn Error>> {
        let pip = PIPS
            .into_iter()
            .find(|words| starts(words))
            .ok_or("no pip was found on the `PATH`")?;
        fs::create_dir_all(folder)?;
        // On the folder's own file system, so that the last step is a rename and nobody sees half a file.
        let incoming = tempfile::tempdir_in(folder)?;
        let packages = self.names.iter();
        let packages = packages.map(|name| {
            let name = name.replace('_', "-");
            format!("duckdb-extension-{name}=={ENGINE_VERSION}")
        });
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
            .args(packages)
            .status()?;
        if !status.success() {
            return Err(format!("`{} install` failed", pip.join(" ")).into());
        }
        for name in self.names {
            let package = format!("packages/duckdb_extension_{name}/extensions/v{ENGINE_VERSION}");
            let file = file_name(name);
            fs::rename(
                incoming.path().join(package).join(&file),
                folder.join(&file),
            )?;
        }
        Ok(())
    }
}

fn file_name(extension: &str) -> String {
    format!("{extension}.duckdb_extension")
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

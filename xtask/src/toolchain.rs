//! Calls cargo with an environment that is the same in every command.
//!
//! Build scripts are run again when a variable they read has changed, and what depends on them is compiled again. So
//! all commands set the same `DUCKDB_LIB_DIR`, and the variables that the outer `cargo run` gave to this process
//! (`CARGO_PKG_NAME`, `CARGO_MANIFEST_DIR` and their kin, which for instance `ring`'s build script watches) are not
//! handed on.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The variable that names the folders in which the loader looks for libraries before any other.
pub const LOADER_PATH: &str = if cfg!(target_os = "macos") {
    "DYLD_LIBRARY_PATH"
} else {
    "LD_LIBRARY_PATH"
};

/// Variables of the crate `libduckdb-sys` that would make it link something else than the library that was found.
const OTHER_WAYS_TO_LINK: [&str; 3] =
    ["DUCKDB_STATIC", "DUCKDB_DOWNLOAD_LIB", "DUCKDB_INCLUDE_DIR"];

/// Cargo in the folder of the workspace, linking the library that was found.
pub struct Cargo {
    root: PathBuf,
    libduckdb: PathBuf,
}

impl Cargo {
    /// The folder of the workspace.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of the engine's library.
    pub fn libduckdb(&self) -> &Path {
        &self.libduckdb
    }

    /// `libduckdb` is the absolute path of the folder that holds the library.
    pub fn new(root: &Path, libduckdb: PathBuf) -> Cargo {
        Cargo {
            root: root.to_path_buf(),
            libduckdb,
        }
    }

    /// `cargo` with these arguments, not yet started; it has no standard input.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = plain_cargo(&self.root);
        command.args(arguments).envs(self.variables());
        for name in OTHER_WAYS_TO_LINK {
            command.env_remove(name);
        }
        command
    }

    /// What a process needs to link `libduckdb` and to load it in a test binary.
    fn variables(&self) -> Vec<(&'static str, OsString)> {
        let mut folders = vec![self.libduckdb.clone()];
        if let Some(inherited) = env::var_os(LOADER_PATH) {
            folders.extend(env::split_paths(&inherited).filter(|folder| *folder != self.libduckdb));
        }
        // The folder itself is the value if it can't stand in a list, because its name holds the separator.
        let loader_path =
            env::join_paths(folders).unwrap_or_else(|_| self.libduckdb.clone().into_os_string());
        vec![
            ("DUCKDB_LIB_DIR", self.libduckdb.clone().into_os_string()),
            (LOADER_PATH, loader_path),
        ]
    }

    /// A program that loads `libduckdb`, not yet started.
    pub fn with_library(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.envs(self.variables()).stdin(Stdio::null());
        command
    }

    /// Builds the tool in the development profile and returns the path of its executable.
    ///
    /// The whole workspace is selected, and its examples: then cargo unifies features as for the tests, whose
    /// development dependencies count as well, and nothing is compiled twice.
    ///
    /// # Errors
    /// If cargo can't be started or the build fails; the compiler's own messages are on the screen by then.
    pub fn build_dbgo(&self) -> Result<PathBuf, Box<dyn std::error::Error>> {
        let messages = self.build(&["--workspace", "--bin", "dbgo", "--examples"])?;
        executable_in(&messages, "dbgo")
    }

    /// Builds the tool in the release profile and returns the path of its executable.
    ///
    /// # Errors
    /// The same as of [`Cargo::build_dbgo`].
    pub fn build_released_dbgo(&self) -> Result<PathBuf, Box<dyn std::error::Error>> {
        let messages = self.build(&["--release", "-p", "dbgo", "--bin", "dbgo"])?;
        executable_in(&messages, "dbgo")
    }

    /// Builds the tool and the program that it is measured against, in the release profile.
    ///
    /// # Errors
    /// The same as of [`Cargo::build_dbgo`].
    pub fn build_for_bench(&self) -> Result<BenchPrograms, Box<dyn std::error::Error>> {
        let selection = [
            "-p",
            "dbgo",
            "-p",
            "dbgo-tests",
            "--bin",
            "dbgo",
            "--example",
            "plain_script",
        ];
        let messages = self.build(&[&["--release"], &selection[..]].concat())?;
        Ok(BenchPrograms {
            dbgo: executable_in(&messages, "dbgo")?,
            plain_script: executable_in(&messages, "plain_script")?,
        })
    }

    /// Cargo's messages of a build, which tell where the executables are.
    fn build(&self, selection: &[&str]) -> Result<String, Box<dyn std::error::Error>> {
        let mut build = self.command(&["build"]);
        build
            .args(selection)
            .arg("--message-format=json-render-diagnostics")
            .stderr(Stdio::inherit());
        let output = build.output()?;
        if !output.status.success() {
            return Err("`dbgo` could not be built".into());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// The executables of a measurement.
pub struct BenchPrograms {
    /// The tool.
    pub dbgo: PathBuf,
    /// What sends a script to the engine.
    pub plain_script: PathBuf,
}

/// The cargo that called this program, or the one on the `PATH`, free of what was set for this crate alone.
pub fn plain_cargo(root: &Path) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).stdin(Stdio::null());
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_set_for_one_crate) {
            command.env_remove(name);
        }
    }
    command
}

fn is_set_for_one_crate(name: &str) -> bool {
    name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_MANIFEST_")
        || name == "CARGO_CRATE_NAME"
}

/// The path of the executable of a target in cargo's stream of JSON messages.
fn executable_in(messages: &str, target: &str) -> Result<PathBuf, Box<dyn std::error::Error>> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == target)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| format!("cargo built `{target}` but did not say where it is").into())
}

/// A duration as people say it: `8.3 s` or `2 min 5 s`.
pub fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_the_one_of_the_binary() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"clap"},"executable":null}"#,
            "\nnot json\n",
            r#"{"reason":"compiler-artifact","target":{"name":"dbgo"},"executable":"/t/debug/dbgo"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        assert_eq!(
            executable_in(messages, "dbgo").unwrap(),
            PathBuf::from("/t/debug/dbgo")
        );
        assert!(executable_in("{}", "dbgo").is_err());
    }

    #[test]
    fn the_library_comes_first_for_the_loader_and_once() {
        let cargo = Cargo::new(Path::new("/r"), PathBuf::from("/lib/duckdb"));
        let variables = cargo.variables();
        assert_eq!(
            variables[0],
            ("DUCKDB_LIB_DIR", OsString::from("/lib/duckdb"))
        );
        let folders: Vec<PathBuf> = env::split_paths(&variables[1].1).collect();
        assert_eq!(
            folders
                .iter()
                .filter(|folder| **folder == Path::new("/lib/duckdb"))
                .count(),
            1
        );
        assert_eq!(folders[0], Path::new("/lib/duckdb"));
    }

    #[test]
    fn what_belongs_to_one_crate_is_not_handed_on() {
        assert!(is_set_for_one_crate("CARGO_PKG_NAME"));
        assert!(is_set_for_one_crate("CARGO_MANIFEST_DIR"));
        assert!(!is_set_for_one_crate("CARGO_TARGET_DIR"));
        assert!(!is_set_for_one_crate("CARGO_HOME"));
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(spoken(Duration::from_millis(8_300)), "8.3 s");
        assert_eq!(spoken(Duration::from_secs(125)), "2 min 5 s");
    }
}

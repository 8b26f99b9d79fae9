//! `cargo xtask example`: the way of a new user, in one command.
//!
//! The development profile is taken: `dbgo` is compiled in a fraction of a release build's time, and what the example
//! then does is done by the engine, which is compiled already. The project is copied, because the folder
//! `example-project/` is also what `dbgo init --example` writes and must stay free of databases and build output.

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::toolchain::{Cargo, spoken};

/// The model that is shown unless another is asked for.
pub const SHOWN_MODEL: &str = "carrier_delays";

/// What a run leaves in a project's folder and a copy must not have.
const LEFT_BY_RUNS: [&str; 3] = [".dbgo", "duckdb", "wal"];

/// Builds `dbgo`, runs a fresh copy of the example project and shows rows of `model`.
///
/// # Errors
/// If the build or one of the two commands fails; their own messages are on the screen by then.
pub fn run(cargo: &Cargo, root: &Path, model: &str) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    eprintln!("xtask: building dbgo");
    let dbgo = cargo.build_dbgo()?;
    eprintln!("xtask: built in {}", spoken(started.elapsed()));

    let project = scratch_folder(&dbgo)?;
    if project.exists() {
        fs::remove_dir_all(&project)?;
    }
    copy_project(&root.join("example-project"), &project)?;
    call(&dbgo, &["run"], &project)?;
    call(&dbgo, &["show", model], &project)?;

    eprintln!();
    eprintln!("xtask: done in {}", spoken(started.elapsed()));
    eprintln!(
        "the project, its database and its state: {}",
        project.display()
    );
    eprintln!("the tool: {}", dbgo.display());
    eprintln!(
        "go on with: cd {} && {} --help",
        project.display(),
        dbgo.display()
    );
    Ok(())
}

/// `<target>/example-project`, for an executable in `<target>/debug`.
fn scratch_folder(dbgo: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let target = dbgo.parent().and_then(Path::parent);
    Ok(target
        .ok_or("the executable has no folder above it")?
        .join("example-project"))
}

/// Runs the tool as a user would: nothing tells it where `libduckdb` is.
fn call(dbgo: &Path, arguments: &[&str], project: &Path) -> Result<(), Box<dyn Error>> {
    eprintln!();
    eprintln!("$ dbgo {}", arguments.join(" "));
    let mut command = Command::new(dbgo);
    command
        .args(arguments)
        .current_dir(project)
        .stdin(Stdio::null())
        .env_remove("DUCKDB_LIB_DIR");
    let status = command.status()?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("`dbgo {}` failed: {status}", arguments.join(" ")).into())
    }
}

/// Copies a project without what earlier runs left in it.
fn copy_project(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if is_left_by_runs(&source) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy_project(&source, &target)?;
        } else {
            fs::copy(&source, &target)?;
        }
    }
    Ok(())
}

fn is_left_by_runs(path: &Path) -> bool {
    [path.file_name(), path.extension()]
        .into_iter()
        .flatten()
        .any(|part| LEFT_BY_RUNS.iter().any(|left| part == *left))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_has_everything_but_what_runs_leave() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("project");
        fs::create_dir_all(from.join("models/marts")).unwrap();
        fs::create_dir_all(from.join(".dbgo")).unwrap();
        for file in [
            "dbgo.toml",
            ".gitignore",
            "models/marts/a.sql",
            ".dbgo/state",
            "w.duckdb",
            "w.duckdb.wal",
        ] {
            fs::write(from.join(file), file).unwrap();
        }
        let to = folder.path().join("copy");
        copy_project(&from, &to).unwrap();
        assert_eq!(
            fs::read_to_string(to.join("models/marts/a.sql")).unwrap(),
            "models/marts/a.sql"
        );
        assert!(to.join("dbgo.toml").exists() && to.join(".gitignore").exists());
        assert!(
            !to.join(".dbgo").exists()
                && !to.join("w.duckdb").exists()
                && !to.join("w.duckdb.wal").exists()
        );
    }

    #[test]
    fn the_copy_lies_in_the_target_directory() {
        assert_eq!(
            scratch_folder(Path::new("/t/debug/dbgo")).unwrap(),
            Path::new("/t/example-project")
        );
    }
}

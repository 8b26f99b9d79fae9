//! The libraries of a project: made of its bodies, loaded, and removed a day after their last use.

use crate::bodies::{bodies, project_hash};
use crate::library::{LoadError, load_project, load_shard};
use dbgo_compiler::build::library::{LibraryCrate, LibraryPlaces, build_libraries};
use dbgo_compiler::cache::Cache;
use dbgo_compiler::codegen::{definition, shard};
use dbgo_compiler::diagnostic::{Code, Diagnostic, Severity};
use dbgo_compiler::typed::TypedProject;
use dbgo_contract::{ProjectDef, ShardDef};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How long a library stays after its last use: who goes back to another state of the files, or
/// runs another one at the same time, finds it.
const STAYS: Duration = Duration::from_secs(24 * 60 * 60);

/// How exactly the last use is known, so that not each run writes.
const NOTED: Duration = Duration::from_secs(60 * 60);

/// What a compilation made, for the next one of the same files.
#[derive(Serialize, Deserialize)]
pub struct Built {
    project: PathBuf,
    shards: Vec<PathBuf>,
    /// What was found in the project; no errors.
    pub diagnostics: Vec<Diagnostic>,
}

impl Built {
    /// Loads all libraries.
    ///
    /// # Errors
    /// The first that can't be loaded, and why.
    pub fn load(
        &self,
    ) -> Result<(&'static ProjectDef, Vec<&'static ShardDef>), (PathBuf, LoadError)> {
        let definition =
            load_project(&self.project).map_err(|error| (self.project.clone(), error))?;
        let shard = |path: &PathBuf| load_shard(path).map_err(|error| (path.clone(), error));
        let shards: Result<Vec<_>, _> = self.shards.iter().map(shard).collect();
        Ok((definition, shards?))
    }

    /// Notes that the libraries are in use: a library's time is that of its last use.
    pub fn note_use(&self) {
        for path in self.paths().filter(|path| is_older(path, NOTED)) {
            // A folder of another user can't be noted in; then they are made again some day.
            let _ = File::open(path).and_then(|file| file.set_modified(SystemTime::now()));
        }
    }

    fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.shards.iter().chain([&self.project])
    }
}

/// Removes the libraries that nothing has used for a day, and what a process that was ended
/// left. What can't be removed stays.
pub fn remove_unused(folder: &Path, built: &Built) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if built.paths().any(|used| *used == path) || !is_older(&path, STAYS) {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let _ = if name.starts_with('.') && path.is_dir() {
            fs::remove_dir_all(&path)
        } else if name.ends_with(".so") {
            fs::remove_file(&path)
        } else {
            Ok(())
        };
    }
}

/// Whether a file or folder was last changed longer ago than this.
fn is_older(path: &Path, age: Duration) -> bool {
    let modified = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
    let passed = modified
        .ok()
        .and_then(|modified| SystemTime::now().duration_since(modified).ok());
    passed.is_some_and(|passed| passed > age)
}

/// Makes and loads the libraries of a project.
///
/// # Errors
/// Where one can't be made or loaded.
pub fn build(
    project: &TypedProject,
    places: &LibraryPlaces,
    cache: &Cache,
) -> Result<(Built, &'static ProjectDef, Vec<&'static ShardDef>), Vec<Diagnostic>> {
    let crates = crates(project, cache);
    let mut last = None;
    for _ in 0..2 {
        let (mut paths, _) = build_libraries(&crates, places)?;
        let Some(definition) = paths.pop() else { break };
        let built = Built {
            project: definition,
            shards: paths,
            diagnostics: Vec::new(),
        };
        match built.load() {
            Ok((definition, shards)) => return Ok((built, definition, shards)),
            // Left by another `dbgo`, or damaged: made again, once.
            Err((path, error)) => {
                let _ = std::fs::remove_file(&path);
                last = Some((path, error));
            }
        }
    }
    let (path, reason) = match last {
        Some((path, LoadError::Unusable(reason))) => (path, reason),
        Some((path, LoadError::WrongStamp)) => (path, "its stamp is wrong".to_owned()),
        None => (places.libraries.clone(), "nothing was made".to_owned()),
    };
    Err(vec![unusable(&path, &reason)])
}

/// The crates of bodies and, last, that of the project's definition.
fn crates(project: &TypedProject, cache: &Cache) -> Vec<LibraryCrate> {
    let bodies = bodies(project, cache);
    let count = shard::shard_count(bodies.len());
    let mut shards: Vec<Vec<(&str, &str)>> = vec![Vec::new(); count];
    for (path, text) in &bodies {
        shards[shard::shard_of(path, count)].push((path, text));
    }
    let mut crates: Vec<LibraryCrate> = shards
        .into_iter()
        .enumerate()
        .map(|(index, bodies)| LibraryCrate {
            name: format!("bodies_{index:02}"),
            sources: shard::shard_sources(bodies),
        })
        .collect();
    let hash = project_hash(project, &bodies);
    crates.push(LibraryCrate {
        name: "definition".to_owned(),
        sources: definition::definition_sources(project, &hash),
    });
    crates
}

fn unusable(path: &Path, reason: &str) -> Diagnostic {
    let message = format!("can't load the library `{}`: {reason}", path.display());
    Diagnostic::without_place(Code::GeneratedCode, Severity::Error, message)
        .hint("remove the folder `.dbgo/libraries` and try again")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that was last used this many hours ago.
    fn file(folder: &Path, name: &str, hours: u64) -> PathBuf {
        let path = folder.join(name);
        fs::write(&path, "").expect("a file");
        let then = SystemTime::now() - Duration::from_secs(hours * 60 * 60);
        let file = File::open(&path).expect("a file");
        file.set_modified(then).expect("a time");
        path
    }

    #[test]
    fn what_nothing_used_for_a_day_goes() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path();
        let old = file(folder, "bodies_00-a.so", 25);
        let recent = file(folder, "bodies_00-b.so", 23);
        let foreign = file(folder, "notes.txt", 25);
        let built = Built {
            project: file(folder, "definition-c.so", 25),
            shards: vec![file(folder, "bodies_00-d.so", 25)],
            diagnostics: Vec::new(),
        };
        remove_unused(folder, &built);
        assert!(!old.exists());
        for kept in [&recent, &foreign].into_iter().chain(built.paths()) {
            assert!(kept.exists(), "{}", kept.display());
        }
        built.note_use();
        let other = Built {
            project: recent,
            shards: Vec::new(),
            diagnostics: Vec::new(),
        };
        remove_unused(folder, &other);
        assert!(built.paths().all(|path| path.exists()), "used just now");
    }
}

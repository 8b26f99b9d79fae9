//! The libraries of a project: made of its bodies, loaded, and removed a day after their last use.

use crate::bodies::{body_text, project_hash, text_hash};
use crate::library::{LoadError, load_project, load_shard};
use crate::shelf::{Hash, Shelf, Shelved, Used, library_count};
use dbgo_compiler::build::library::{LibraryCrate, LibraryPlaces, build_libraries};
use dbgo_compiler::cache::Cache;
use dbgo_compiler::codegen::{definition, shard};
use dbgo_compiler::diagnostic::{Code, Diagnostic, Severity};
use dbgo_compiler::driver::{Identified, Renewal};
use dbgo_compiler::lineage::carried::TableColumns;
use dbgo_compiler::parallel::side_by_side;
use dbgo_compiler::typed::{TypedModel, TypedProject};
use dbgo_contract::{ModelDef, ProjectDef, Str};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How long a library stays after its last use: who goes back to another state of the files, or
/// runs another one at the same time, finds it.
const STAYS: Duration = Duration::from_secs(24 * 60 * 60);

/// How exactly the last use is known, so that not each run writes.
const NOTED: Duration = Duration::from_secs(60 * 60);

/// The name of the cache's entry with the shelf.
const SHELF: &str = "libraries";

/// The shelf depends on nothing but the program, which the cache knows.
const SHELF_KEY: [u8; 32] = [0; 32];

/// What a compilation made, for the next one of the same files.
#[derive(Debug, Serialize, Deserialize)]
pub struct Built {
    /// The file with the project's settings, seeds and sources.
    definition: String,
    /// The hash of everything that the project is made of.
    hash: String,
    libraries: Vec<Used>,
    /// What was found in the project; no errors.
    pub diagnostics: Vec<Diagnostic>,
}

/// The definitions of a project, loaded into this process for good.
pub struct Definitions {
    /// The project's own.
    pub project: &'static ProjectDef,
    /// Each model's, with the hash of its body.
    pub models: Vec<(&'static ModelDef, Hash)>,
}

/// A library that can't be loaded.
#[derive(Debug)]
pub struct Unloadable {
    /// The library.
    pub path: PathBuf,
    /// Why.
    pub error: LoadError,
}

impl Unloadable {
    /// What the user is told.
    pub fn diagnostic(&self) -> Diagnostic {
        match &self.error {
            LoadError::Unusable(reason) => unusable(&self.path, reason),
            LoadError::WrongStamp => unusable(&self.path, "its stamp is wrong"),
        }
    }
}

impl Built {
    /// Loads all libraries of the folder that it names.
    ///
    /// # Errors
    /// The first that can't be loaded, and why.
    pub fn load(&self, folder: &Path) -> Result<Definitions, Unloadable> {
        let unloadable = |path: &Path, error| Unloadable {
            path: path.to_owned(),
            error,
        };
        let path = folder.join(&self.definition);
        let definition = load_project(&path).map_err(|error| unloadable(&path, error))?;
        let mut models = Vec::new();
        for used in &self.libraries {
            let path = folder.join(&used.file);
            let shard = load_shard(&path).map_err(|error| unloadable(&path, error))?;
            let own = shard.models.as_slice();
            for (place, hash) in &used.bodies {
                let model = own.get(*place as usize);
                let model = model.ok_or_else(|| unloadable(&path, LoadError::WrongStamp))?;
                models.push((model, *hash));
            }
        }
        // The library says all but what changes with the models. This is small, and made once for each
        // state of the project that a process loads.
        let project = ProjectDef {
            hash: Str::new(String::leak(self.hash.clone())),
            model_count: u32::try_from(models.len()).unwrap_or(u32::MAX),
            ..*definition
        };
        Ok(Definitions {
            project: Box::leak(Box::new(project)),
            models,
        })
    }

    /// Notes that the libraries are in use: a library's time is that of its last use.
    pub fn note_use(&self, folder: &Path) {
        for path in self.paths(folder).filter(|path| is_older(path, NOTED)) {
            // A folder of another user can't be noted in; then they are made again some day.
            let _ = File::open(path).and_then(|file| file.set_modified(SystemTime::now()));
        }
    }

    fn paths<'a>(&'a self, folder: &'a Path) -> impl Iterator<Item = PathBuf> + 'a {
        let files = self.libraries.iter().map(|used| &used.file);
        files
            .chain([&self.definition])
            .map(|file| folder.join(file))
    }
}

/// Removes the libraries that nothing has used for a day, and what a process that was ended
/// left. What can't be removed stays.
pub fn remove_unused(folder: &Path, built: &Built) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let used: HashSet<PathBuf> = built.paths(folder).collect();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if used.contains(&path) || !is_older(&path, STAYS) {
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

/// What is known of a project's libraries.
pub fn shelf(places: &LibraryPlaces, cache: &Cache) -> Shelf {
    let mut shelf: Shelf = cache.get(SHELF, &SHELF_KEY).unwrap_or_default();
    shelf.retain(|file| places.libraries.join(file).is_file());
    shelf
}

/// Forgets all that is known of a project's libraries, so that all are made again.
pub fn forget(cache: &Cache) {
    // One that can't be written is found damaged again, and reported.
    let _ = cache.put(SHELF, &SHELF_KEY, &Shelf::default());
}

/// Makes the libraries that a project lacks. `shelf` is the one whose identities were known when the
/// project was compiled.
///
/// # Errors
/// Where one can't be made.
pub fn build(
    renewal: &Renewal,
    mut shelf: Shelf,
    (places, cache): (&LibraryPlaces, &Cache),
) -> Result<Built, Vec<Diagnostic>> {
    let made = texts(renewal, &shelf);
    let wanted = wanted(renewal, &shelf, &made)?;
    let bodies: Vec<(&str, Hash)> = wanted
        .iter()
        .map(|(model, hash)| (model.path.as_str(), *hash))
        .collect();
    let held: HashSet<Hash> = shelf.held().copied().collect();
    let missing: Vec<(&str, &Body)> = (made.iter())
        .filter(|(_, body)| !held.contains(&body.hash))
        .map(|(path, body)| (*path, body))
        .collect();
    let own = TypedProject {
        models: Vec::new(),
        ..renewal.project.clone()
    };
    let mut crates = crates(&missing);
    crates.push(LibraryCrate {
        name: "definition".to_owned(),
        sources: definition::definition_sources(&own, ""),
    });
    let (mut paths, _) = build_libraries(&crates, places)?;
    let definition = paths.pop().as_deref().map(file_name).unwrap_or_default();
    for (path, chunk) in paths.iter().zip(chunks(&missing)) {
        shelf.add(Shelved {
            file: file_name(path),
            bodies: chunk.iter().map(|(_, body)| body.hash).collect(),
        });
    }
    let hashes: Vec<Hash> = bodies.iter().map(|(_, hash)| *hash).collect();
    let built = Built {
        definition,
        hash: project_hash(&own, &bodies),
        libraries: shelf.select(&hashes),
        diagnostics: renewal.diagnostics.clone(),
    };
    let identities = wanted.iter();
    let identities = identities.filter_map(|(model, hash)| Some((model.identity?, *hash)));
    let before = (!missing.is_empty()).then(|| shelf.clone());
    shelf.settle(identities.collect(), &built.libraries);
    if before.as_ref() != Some(&shelf) {
        // Without a cache all are made again the next time.
        let _ = cache.put(SHELF, &SHELF_KEY, &shelf);
    }
    Ok(built)
}

/// The text of a model's body.
struct Body {
    text: String,
    hash: Hash,
}

/// The bodies of those models that aren't known, by import path.
fn texts<'r>(renewal: &'r Renewal, shelf: &Shelf) -> BTreeMap<&'r str, Body> {
    let known = shelf.known();
    let is_unknown = |model: &&Identified| !model.identity.as_ref().is_some_and(&known);
    let unknown: HashSet<&str> = (renewal.models.iter().filter(is_unknown))
        .map(|model| model.path.as_str())
        .collect();
    let tables = TableColumns::of(&renewal.project);
    let models: Vec<&TypedModel> = (renewal.project.models.iter())
        .map(|model| &**model)
        .filter(|model| unknown.contains(model.path.as_str()))
        .collect();
    let bodies = side_by_side(&models, |model: &TypedModel| {
        let text = body_text(model, &tables);
        let hash = text_hash(&text);
        Body { text, hash }
    });
    let paths = models.iter().map(|model| model.path.as_str());
    paths.zip(bodies).collect()
}

/// All models with the hashes of their bodies.
fn wanted<'r>(
    renewal: &'r Renewal,
    shelf: &Shelf,
    made: &BTreeMap<&str, Body>,
) -> Result<Vec<(&'r Identified, Hash)>, Vec<Diagnostic>> {
    let hash = |model: &'r Identified| {
        let made = made.get(model.path.as_str()).map(|body| body.hash);
        let known = || shelf.text(model.identity.as_ref()?);
        made.or_else(known)
            .map(|hash| (model, hash))
            .ok_or_else(|| vec![bodiless(&model.path)])
    };
    renewal.models.iter().map(hash).collect()
}

/// A model of which there is neither a body nor what it would be made of.
fn bodiless(path: &str) -> Diagnostic {
    let message = format!("there is nothing to make the code of `{path}` of");
    Diagnostic::without_place(Code::GeneratedCode, Severity::Error, message)
        .hint("this is a fault of dbgo: please report it, and remove the folder `.dbgo/cache`")
}

/// The bodies that go into one library each.
fn chunks<'b, 't>(
    bodies: &'b [(&'t str, &'t Body)],
) -> impl Iterator<Item = &'b [(&'t str, &'t Body)]> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let count = library_count(bodies.len(), workers).max(1);
    bodies.chunks(bodies.len().div_ceil(count).max(1))
}

/// The crates of these bodies.
fn crates(bodies: &[(&str, &Body)]) -> Vec<LibraryCrate> {
    chunks(bodies)
        .map(|chunk| LibraryCrate {
            name: "bodies".to_owned(),
            sources: shard::shard_sources(
                chunk.iter().map(|(path, body)| (*path, body.text.as_str())),
            ),
        })
        .collect()
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
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
        let old = file(folder, "bodies-a.so", 25);
        let recent = file(folder, "bodies-b.so", 23);
        let foreign = file(folder, "notes.txt", 25);
        let built = Built {
            definition: file_name(&file(folder, "definition-c.so", 25)),
            hash: String::new(),
            libraries: vec![Used {
                file: file_name(&file(folder, "bodies-d.so", 25)),
                bodies: Vec::new(),
            }],
            diagnostics: Vec::new(),
        };
        remove_unused(folder, &built);
        assert!(!old.exists());
        assert!(built.paths(folder).all(|path| path.exists()));
        for kept in [&recent, &foreign] {
            assert!(kept.exists(), "{}", kept.display());
        }
        built.note_use(folder);
        let other = Built {
            definition: file_name(&recent),
            hash: String::new(),
            libraries: Vec::new(),
            diagnostics: Vec::new(),
        };
        remove_unused(folder, &other);
        assert!(
            built.paths(folder).all(|path| path.exists()),
            "used just now"
        );
    }
}

//! From a folder of files to a project that can run: the one way that all commands take.

use crate::arguments::Format;
use crate::library::{LoadError, load_project, load_shard};
use crate::oracle::EngineOracle;
use crate::{exit, report};
use dbgo_compiler::build::library::{LibraryCrate, LibraryPlaces, build_libraries};
use dbgo_compiler::cache::Cache;
use dbgo_compiler::codegen::{body, definition, format_file, shard};
use dbgo_compiler::diagnostic::{Code, Diagnostic, Severity};
use dbgo_compiler::driver::{self, Compilation, Memory, Outline, Remembered, side_by_side};
use dbgo_compiler::source::{self, ProjectFiles, SourceSet};
use dbgo_compiler::typed::TypedProject;
use dbgo_compiler::types::oracle::TypeOracle;
use dbgo_contract::{ProjectDef, ShardDef};
use dbgo_runtime::project::Project;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Everything that dbgo keeps beside a project.
const FOLDER: &str = ".dbgo";

/// A source tree.
pub struct Workspace {
    /// The folder of `dbgo.toml`.
    pub root: PathBuf,
    files: ProjectFiles,
    found: Vec<Diagnostic>,
    cache: Cache,
    began: Instant,
}

/// A compiled project, loaded into this process.
pub struct Loaded {
    /// The project.
    pub project: Project,
    /// How long it took to get there.
    pub compiled_in: Duration,
}

/// What a compilation made, for the next one of the same files.
#[derive(Serialize, Deserialize)]
struct Built {
    project: PathBuf,
    shards: Vec<PathBuf>,
}

impl Workspace {
    /// Reads the files of the project around a folder.
    ///
    /// # Errors
    /// The exit code, after saying that there is no project.
    pub fn open(directory: &Path) -> Result<Self, ExitCode> {
        let began = Instant::now();
        let root = source::find_root(directory).map_err(|missing| {
            report::show(&SourceSet::default(), &[missing], Format::Full);
            exit::FINDINGS
        })?;
        let (files, found) = source::read_project(&root);
        let cache = Cache::new(root.join(FOLDER).join("cache"), tool_identity());
        Ok(Self {
            root,
            files,
            found,
            cache,
            began,
        })
    }

    /// The project up to its graph.
    pub fn outline(self) -> Outline {
        driver::outline(self.files, self.found)
    }

    /// Checks the whole project.
    pub fn compile(self) -> (Compilation, Duration) {
        let (cache, began) = (self.cache.clone(), self.began);
        let compilation = compile(self.outline(), &cache);
        (compilation, began.elapsed())
    }

    /// Compiles the project and loads it, or only loads it if nothing has changed.
    ///
    /// # Errors
    /// The exit code, after saying what was found.
    pub fn load(self) -> Result<Loaded, ExitCode> {
        let (root, cache, began) = (self.root.clone(), self.cache.clone(), self.began);
        let key = self.key();
        if self.found.is_empty()
            && let Some(built) = cache.get::<Built>("project", &key)
            && let Ok((definition, shards)) = load_built(&built)
        {
            return loaded(definition, &shards, root, began);
        }
        let compilation = compile(self.outline(), &cache);
        let sources = &compilation.outline.files.sources;
        report::show(sources, &compilation.diagnostics, Format::Full);
        if compilation.has_errors() {
            let summary = report::summary(
                &compilation.diagnostics,
                compilation.models,
                began.elapsed(),
            );
            eprintln!("{summary}");
            return Err(exit::FINDINGS);
        }
        let places = places(&root);
        let (built, definition, shards) =
            build(&compilation.project, &places).map_err(|errors| {
                report::show(sources, &errors, Format::Full);
                exit::FINDINGS
            })?;
        // A project with warnings is compiled again, so that they are shown again.
        if compilation.diagnostics.is_empty() {
            let _ = cache.put("project", &key, &built);
        }
        loaded(definition, &shards, root, began)
    }

    /// A hash of all files that the project is made of.
    fn key(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        for (_, file) in self.files.sources.iter() {
            hasher
                .update(&(file.path.len() as u64).to_le_bytes())
                .update(file.path.as_bytes());
            hasher.update(file.hash.as_bytes());
        }
        *hasher.finalize().as_bytes()
    }
}

/// Compiles, with the engine's answers of earlier times.
fn compile(outline: Outline, cache: &Cache) -> Compilation {
    let oracle = EngineOracle::default();
    let key = *blake3::hash(oracle.identity().as_bytes()).as_bytes();
    let known: BTreeMap<[u8; 32], Remembered> = cache.get("answers", &key).unwrap_or_default();
    let memory = Memory::new(oracle.identity(), known);
    let compilation = driver::compile(outline, &oracle, &memory);
    if memory.has_changed() {
        // Without a cache the engine is asked again the next time.
        let _ = cache.put("answers", &key, &memory.used());
    }
    compilation
}

/// Each model's import path with the text of its body, in order.
pub fn bodies(project: &TypedProject) -> Vec<(String, String)> {
    let indexes: Vec<usize> = (0..project.models.len()).collect();
    side_by_side(&indexes, |index: usize| {
        let model = &project.models[index];
        (model.path.clone(), format_file(body::body(model)))
    })
}

/// A hash of everything that a project is made of.
pub fn project_hash(project: &TypedProject, bodies: &[(String, String)]) -> String {
    let mut hasher = blake3::Hasher::new();
    let shell = TypedProject {
        models: Vec::new(),
        ..project.clone()
    };
    hasher.update(serde_json::to_string(&shell).unwrap_or_default().as_bytes());
    for (path, text) in bodies {
        hasher
            .update(path.as_bytes())
            .update(&[0])
            .update(text.as_bytes())
            .update(&[0]);
    }
    hasher.finalize().to_hex().to_string()
}

/// Makes and loads the libraries.
fn build(
    project: &TypedProject,
    places: &LibraryPlaces,
) -> Result<(Built, &'static ProjectDef, Vec<&'static ShardDef>), Vec<Diagnostic>> {
    let crates = crates(project);
    let mut last = None;
    for _ in 0..2 {
        let (mut paths, _) = build_libraries(&crates, places)?;
        let Some(definition) = paths.pop() else { break };
        let built = Built {
            project: definition,
            shards: paths,
        };
        match load_built(&built) {
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
fn crates(project: &TypedProject) -> Vec<LibraryCrate> {
    let bodies = bodies(project);
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

fn load_built(
    built: &Built,
) -> Result<(&'static ProjectDef, Vec<&'static ShardDef>), (PathBuf, LoadError)> {
    let definition =
        load_project(&built.project).map_err(|error| (built.project.clone(), error))?;
    let shard = |path: &PathBuf| load_shard(path).map_err(|error| (path.clone(), error));
    let shards: Result<Vec<_>, _> = built.shards.iter().map(shard).collect();
    Ok((definition, shards?))
}

fn loaded(
    definition: &'static ProjectDef,
    shards: &[&'static ShardDef],
    root: PathBuf,
    began: Instant,
) -> Result<Loaded, ExitCode> {
    match Project::new(definition, shards) {
        Ok(project) => Ok(Loaded {
            project: project.in_folder(root),
            compiled_in: began.elapsed(),
        }),
        Err(error) => {
            eprintln!("{error}");
            Err(exit::FINDINGS)
        }
    }
}

/// Where things are made: beside the project, and in the user's cache what all projects share.
pub fn places(root: &Path) -> LibraryPlaces {
    let folder = root.join(FOLDER);
    LibraryPlaces {
        libraries: folder.join("libraries"),
        user_cache: user_cache(),
        rustc: std::env::var_os("DBGO_RUSTC").map(PathBuf::from),
    }
}

/// The user's cache folder of dbgo.
pub fn user_cache() -> PathBuf {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let base = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")));
    base.unwrap_or_else(std::env::temp_dir).join("dbgo")
}

fn unusable(path: &Path, reason: &str) -> Diagnostic {
    let message = format!("can't load the library `{}`: {reason}", path.display());
    Diagnostic::without_place(Code::GeneratedCode, Severity::Error, message)
        .hint("remove the folder `.dbgo/libraries` and try again")
}

/// This very program: entries of a cache that another build of it made may be wrong.
fn tool_identity() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let metadata = std::env::current_exe().and_then(std::fs::metadata);
    let stamp = metadata.ok().and_then(|metadata| {
        let modified = metadata
            .modified()
            .ok()?
            .duration_since(std::time::UNIX_EPOCH)
            .ok()?;
        Some(format!("{} {}", metadata.len(), modified.as_nanos()))
    });
    format!("{version} {}", stamp.unwrap_or_default())
}

//! From a folder of files to a project that can run: the one way that all commands take.

use crate::arguments::Format;
use crate::libraries::{self, Built};
use crate::oracle::EngineOracle;
use crate::{exit, report};
use dbgo_compiler::build::library::LibraryPlaces;
use dbgo_compiler::cache::Cache;
use dbgo_compiler::diagnostic::Diagnostic;
use dbgo_compiler::driver::{self, Compilation, Memory, Outline, Remembered};
use dbgo_compiler::project::{self, Settings};
use dbgo_compiler::source::{self, ProjectFiles, SourceSet};
use dbgo_compiler::types::oracle::TypeOracle;
use dbgo_contract::{ProjectDef, ShardDef};
use dbgo_runtime::adapters::duckdb::type_session_identity;
use dbgo_runtime::project::Project;
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
        let cache = cache(&root);
        Ok(Self {
            root,
            files,
            found,
            cache,
            began,
        })
    }

    /// What `dbgo.toml` says; `None` where it has mistakes.
    pub fn settings(&self) -> Option<Settings> {
        let file = self.files.settings;
        let (settings, found) = project::parse(file, &self.files.sources.file(file).text);
        (self.files.is_usable(file) && found.is_empty()).then_some(settings)
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
        if let Some(built) = cache.get::<Built>("project", &key)
            && let Ok((definition, shards)) = built.load()
        {
            // Findings of a project that can be built are worth no less the second time.
            report::show(&self.files.sources, &built.diagnostics, Format::Full);
            built.note_use();
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
            return Err(exit::of(&compilation.diagnostics));
        }
        let places = places(&root);
        let (mut built, definition, shards) =
            libraries::build(&compilation.project, &places, &cache).map_err(|errors| {
                report::show(sources, &errors, Format::Full);
                exit::FINDINGS
            })?;
        built.diagnostics.clone_from(&compilation.diagnostics);
        let _ = cache.put("project", &key, &built);
        built.note_use();
        libraries::remove_unused(&places.libraries, &built);
        loaded(definition, &shards, root, began)
    }

    /// A hash of all that a compilation depends on: the files, what was found when they were
    /// read, and the engine that tells types.
    fn key(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        for text in [type_session_identity(), format!("{:?}", self.found)] {
            hasher
                .update(&(text.len() as u64).to_le_bytes())
                .update(text.as_bytes());
        }
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
    let has_errors = compilation.has_errors();
    if memory.has_changed(has_errors) {
        // Without a cache the engine is asked again the next time.
        let _ = cache.put("answers", &key, &memory.kept(has_errors));
    }
    compilation
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
        rustc: std::env::var_os("DBGO_RUSTC")
            .filter(|value| !value.is_empty())
            .map(PathBuf::from),
    }
}

/// What is kept between compilations of a project.
pub fn cache(root: &Path) -> Cache {
    Cache::new(root.join(FOLDER).join("cache"), tool_identity())
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

/// This very program: entries of a cache that another build of it made may be wrong.
fn tool_identity() -> String {
    concat!(env!("CARGO_PKG_VERSION"), " ", env!("DBGO_BUILD_ID")).to_owned()
}

//! From a folder of files to a project that can run: the one way that all commands take.

use crate::arguments::Format;
use crate::libraries::{self, Built, Definitions, Unloadable};
use crate::oracle::EngineOracle;
use crate::shelf::Shelf;
use crate::{exit, report};
use dbgo_compiler::build::library::LibraryPlaces;
use dbgo_compiler::cache::{Cache, Store};
use dbgo_compiler::diagnostic::{Diagnostic, render};
use dbgo_compiler::driver::{self, Checked, Compilation, Learned, Memory, Outline, Renewal};
use dbgo_compiler::project::{self, Settings};
use dbgo_compiler::source::{self, ProjectFiles, SourceSet};
use dbgo_compiler::types::oracle::TypeOracle;
use dbgo_runtime::adapters::duckdb::type_session_identity;
use dbgo_runtime::error::Error;
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
    store: Store,
    began: Instant,
}

/// Who judges the queries of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judge {
    /// The compiler, which asks the engine where it doesn't know.
    Compiler,
    /// The engine as well, which prepares every query over empty tables.
    Engine,
}

impl From<bool> for Judge {
    /// `true` is `--engine`.
    fn from(engine: bool) -> Self {
        if engine {
            Judge::Engine
        } else {
            Judge::Compiler
        }
    }
}

/// A compiled project, loaded into this process.
pub struct Loaded {
    /// The project.
    pub project: Project,
    /// The hash of each model's body, by import path.
    pub bodies: BTreeMap<&'static str, [u8; 32]>,
    /// What was found in it; no errors.
    pub diagnostics: Vec<Diagnostic>,
    /// How long it took to get there.
    pub steps: Steps,
}

/// When each step of a compilation was done, counted from its beginning.
#[derive(Clone, Copy, Debug)]
pub struct Steps {
    began: Instant,
    /// Everything was read and checked.
    pub checked: Duration,
    /// All libraries were there.
    pub compiled: Duration,
    /// They were loaded.
    pub loaded: Duration,
}

impl Steps {
    /// The project has just been checked.
    fn new(began: Instant) -> Self {
        let checked = began.elapsed();
        Self {
            began,
            checked,
            compiled: checked,
            loaded: checked,
        }
    }

    fn loaded(
        mut self,
        definitions: Definitions,
        diagnostics: Vec<Diagnostic>,
        root: PathBuf,
    ) -> Result<Loaded, Failure> {
        let models = definitions.models.iter().map(|(model, _)| *model).collect();
        let project = Project::of(definitions.project, models).map_err(Failure::Broken)?;
        let bodies = definitions.models.into_iter();
        let bodies = bodies
            .map(|(model, hash)| (model.path.as_str(), hash))
            .collect();
        self.loaded = self.began.elapsed();
        Ok(Loaded {
            project: project.in_folder(root),
            bodies,
            diagnostics,
            steps: self,
        })
    }
}

/// Why a project isn't loaded.
#[derive(Debug)]
pub enum NotLoaded {
    /// It has errors, or can't be built here.
    Findings(Found),
    /// Its definitions don't fit together.
    Broken(Error),
}

/// What was found in a project that isn't loaded.
#[derive(Debug)]
pub struct Found {
    /// The findings.
    pub diagnostics: Vec<Diagnostic>,
    /// How many models were looked at; `None` if the models themselves are without errors.
    pub models: Option<usize>,
    /// How long it took.
    pub took: Duration,
}

/// The same, where it may be worth another try.
enum Failure {
    Findings(Found),
    Broken(Error),
    Unloadable(Unloadable),
}

impl Failure {
    fn told(self) -> NotLoaded {
        match self {
            Failure::Findings(found) => NotLoaded::Findings(found),
            Failure::Broken(error) => NotLoaded::Broken(error),
            Failure::Unloadable(unloadable) => NotLoaded::Findings(Found {
                diagnostics: vec![unloadable.diagnostic()],
                models: None,
                took: Duration::ZERO,
            }),
        }
    }
}

impl Workspace {
    /// Reads the files of the project around a folder.
    ///
    /// # Errors
    /// The exit code, after saying that there is no project.
    pub fn open(directory: &Path) -> Result<Self, ExitCode> {
        let root = source::find_root(directory).map_err(|missing| {
            report::show(&SourceSet::default(), &[missing], Format::Full);
            exit::FINDINGS
        })?;
        Ok(Self::at(&root))
    }

    /// Reads the files of the project in a folder.
    pub fn at(root: &Path) -> Self {
        let began = Instant::now();
        let root = root.to_owned();
        let (mut store, listing) = std::thread::scope(|scope| {
            let listing = scope.spawn(|| source::list(&root));
            let store = Store::open(cache_folder(&root), &tool_identity());
            let listing = listing.join();
            (
                store,
                listing.unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            )
        });
        let (files, found) = source::read_changed(listing, &mut store);
        let cache = cache(&root);
        Self {
            root,
            files,
            found,
            cache,
            store,
            began,
        }
    }

    /// What `dbgo.toml` says; `None` where it has mistakes.
    pub fn settings(&self) -> Option<Settings> {
        let file = self.files.settings;
        let (settings, found) = project::parse(file, &self.files.sources.file(file).text);
        (self.files.is_usable(file) && found.is_empty()).then_some(settings)
    }

    /// The project up to its graph.
    pub fn outline(self) -> Outline {
        let mut store = self.store;
        let outline = driver::outline_changed(self.files, self.found, &mut store);
        save(store, &outline.files);
        outline
    }

    /// Shows the project up to its graph, and keeps it meanwhile.
    pub fn show_outline<T>(self, show: impl FnOnce(&Outline) -> T) -> T {
        let mut store = self.store;
        let mut outline = driver::outline_changed(self.files, self.found, &mut store);
        render::sort(&outline.files.sources, &mut outline.diagnostics);
        let shown = std::thread::scope(|scope| {
            scope.spawn(|| save(store, &outline.files));
            show(&outline)
        });
        // The process ends soon: to give back the memory piece by piece would only take time.
        std::mem::forget(outline);
        shown
    }

    /// Finds what is wrong with the whole project.
    pub fn check(self, judge: Judge) -> (Checked, Duration) {
        let began = self.began;
        let checked = with_answers(
            self,
            judge,
            driver::check_changed,
            Checked::has_errors,
            |checked| (checked.typed, &checked.outline),
        );
        (checked, began.elapsed())
    }

    /// Compiles the whole project.
    pub fn compile(self, judge: Judge) -> (Compilation, Duration) {
        let began = self.began;
        let compilation = compile(self, judge);
        (compilation, began.elapsed())
    }

    /// Compiles the project and loads it, or only loads it if nothing has changed, and says what was
    /// found.
    ///
    /// # Errors
    /// The exit code, after saying what was found.
    pub fn load(self) -> Result<Loaded, ExitCode> {
        let (sources, loaded) = self.renew();
        match loaded {
            Ok(loaded) => {
                report::show(&sources, &loaded.diagnostics, Format::Full);
                Ok(loaded)
            }
            Err(NotLoaded::Findings(found)) => {
                report::show(&sources, &found.diagnostics, Format::Full);
                if let Some(models) = found.models {
                    let summary = report::summary(&found.diagnostics, models, found.took);
                    eprintln!("{summary}");
                }
                Err(exit::of(&found.diagnostics))
            }
            Err(NotLoaded::Broken(error)) => {
                eprintln!("{error}");
                Err(exit::FINDINGS)
            }
        }
    }

    /// The same, but says nothing of it: gives the files, for who shows what was found.
    pub fn renew(self) -> (SourceSet, Result<Loaded, NotLoaded>) {
        let (root, cache) = (self.root.clone(), self.cache.clone());
        let (sources, loaded) = self.renew_once();
        let Err(Failure::Unloadable(unloadable)) = loaded else {
            return (sources, loaded.map_err(Failure::told));
        };
        // Left by another `dbgo`, or damaged: all are made again, once.
        let _ = std::fs::remove_file(&unloadable.path);
        libraries::forget(&cache);
        let (sources, loaded) = Workspace::at(&root).renew_once();
        (sources, loaded.map_err(Failure::told))
    }

    fn renew_once(self) -> (SourceSet, Result<Loaded, Failure>) {
        let (root, cache, began) = (self.root.clone(), self.cache.clone(), self.began);
        let places = places(&root);
        let key = self.key();
        if let Some(built) = cache.get::<Built>("project", &key)
            && let Ok(definitions) = built.load(&places.libraries)
        {
            // Findings of a project that can be built are worth no less the second time.
            built.note_use(&places.libraries);
            let loaded = Steps::new(began).loaded(definitions, built.diagnostics, root);
            return (self.files.sources, loaded);
        }
        let shelf = libraries::shelf(&places, &cache);
        let renewal = renew(self, &shelf);
        let mut steps = Steps::new(began);
        let made = if renewal.has_errors() {
            Err(Failure::Findings(Found {
                diagnostics: renewal.diagnostics,
                models: Some(renewal.models.len()),
                took: began.elapsed(),
            }))
        } else {
            make(&renewal, shelf, (&places, &cache), &mut steps).and_then(|(built, definitions)| {
                let _ = cache.put("project", &key, &built);
                built.note_use(&places.libraries);
                libraries::remove_unused(&places.libraries, &built);
                steps.loaded(definitions, built.diagnostics, root)
            })
        };
        (renewal.outline.files.sources, made)
    }

    /// A hash of all that a compilation depends on: the files, what was found when they were
    /// read, and the engine that tells types; and the folder, where the libraries lie.
    fn key(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        let root = self.root.to_string_lossy().into_owned();
        for text in [type_session_identity(), root, format!("{:?}", self.found)] {
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

/// Makes what is missing, and loads all.
fn make(
    renewal: &Renewal,
    shelf: Shelf,
    (places, cache): (&LibraryPlaces, &Cache),
    steps: &mut Steps,
) -> Result<(Built, Definitions), Failure> {
    let built = libraries::build(renewal, shelf, (places, cache)).map_err(|diagnostics| {
        Failure::Findings(Found {
            diagnostics,
            models: None,
            took: steps.began.elapsed(),
        })
    })?;
    steps.compiled = steps.began.elapsed();
    let definitions = built.load(&places.libraries).map_err(Failure::Unloadable)?;
    Ok((built, definitions))
}

fn renew(workspace: Workspace, shelf: &Shelf) -> Renewal {
    let is_known = shelf.known();
    with_answers(
        workspace,
        Judge::Compiler,
        |outline, oracle, memory, store| driver::renew(outline, oracle, memory, store, &is_known),
        Renewal::has_errors,
        |renewal| (renewal.typed, &renewal.outline),
    )
}

fn compile(workspace: Workspace, judge: Judge) -> Compilation {
    let errors = Compilation::has_errors;
    with_answers(
        workspace,
        judge,
        driver::compile_changed,
        errors,
        |compilation| (compilation.typed, &compilation.outline),
    )
}

/// Runs the compiler with the engine's answers of earlier times, and keeps what it learned.
fn with_answers<T>(
    workspace: Workspace,
    judge: Judge,
    run: impl FnOnce(Outline, &dyn TypeOracle, &Memory<'_>, &mut Store) -> T,
    has_errors: impl FnOnce(&T) -> bool,
    told: impl Fn(&T) -> (usize, &Outline),
) -> T {
    let Workspace {
        files,
        found,
        cache,
        mut store,
        ..
    } = workspace;
    // Each keeps what it used, so that one doesn't throw away what the other one learned.
    let (oracle, answers) = match judge {
        Judge::Compiler => (EngineOracle::default(), "answers"),
        Judge::Engine => (EngineOracle::of_every_query(), "judgements"),
    };
    let key = || *blake3::hash(oracle.identity().as_bytes()).as_bytes();
    let memory = Memory::recalled(|| Learned {
        identity: oracle.identity(),
        answers: cache.get(answers, &key()).unwrap_or_default(),
    });
    let outline = driver::outline_changed(files, found, &mut store);
    let result = run(outline, &oracle, &memory, &mut store);
    let (typed, outline) = told(&result);
    let all_typed = typed == outline.graph.order.len() && !has_errors(&result);
    if memory.has_changed(all_typed) {
        // Without a cache the engine is asked again the next time.
        let _ = cache.put(answers, &key(), &memory.kept(all_typed));
    }
    save(store, &outline.files);
    result
}

/// Keeps what was read and typed. Where that can't be written, it is done again the next time.
fn save(store: Store, files: &ProjectFiles) {
    let _ = store.save(|path| files.sources.find(path).is_some());
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
    Cache::new(cache_folder(root), tool_identity())
}

fn cache_folder(root: &Path) -> PathBuf {
    root.join(FOLDER).join("cache")
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

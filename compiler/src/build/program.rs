//! The executable of a project, and its interfaces for other Rust code.

use super::cargo::{Cargo, Message, Outcome, Profile};
use super::libduckdb;
use super::lock::lock;
use super::runtime_crates::RuntimeCrates;
use super::rustc::{Rustc, lacks_linker, linker_missing};
use crate::codegen::workspace::{Workspace, interface_workspace, workspace};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::emit::{emit_part, replace, write_if_changed};
use crate::typed::{TypedProject, TypedSeed};
use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::{Path, PathBuf};

/// How many bytes of seeds a program carries at most.
const SEED_BYTES: u64 = 16 << 20;

/// How many lines of what rustc or cargo say are shown.
const SHOWN_LINES: usize = 30;

/// The lock file that dbgo was tested with, by its hash, as the generated workspace last took it.
const TESTED_LOCK: &str = ".tested-lock";

/// What a build needs to know beside the project.
#[derive(Clone, Debug)]
pub struct BuildOptions<'a> {
    /// The project's folder.
    pub project: &'a Path,
    /// The folder of the finished program; `None` for `.dbgo/build` in the project.
    pub output: Option<&'a Path>,
    /// dbgo's own cache, `~/.cache/dbgo`.
    pub cache: &'a Path,
    /// Where compiled crates go; `None` for `.dbgo/target` in the project.
    pub target: Option<&'a Path>,
    /// The compiler.
    pub rustc: &'a Rustc,
    /// The folder of the engine's library.
    pub libduckdb: &'a Path,
    /// The crates that a program is linked with.
    pub crates: RuntimeCrates<'a>,
    /// 64 hexadecimal digits that change with anything the project is made of.
    pub project_hash: &'a str,
    /// How it is compiled.
    pub profile: Profile,
}

impl BuildOptions<'_> {
    fn generated(&self) -> PathBuf {
        self.project.join(".dbgo").join("rust")
    }
}

/// A finished program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramOutput {
    /// The executable.
    pub executable: PathBuf,
    /// The engine's library, beside it.
    pub library: PathBuf,
    /// The facade's folder, for the `Cargo.toml` of other Rust code.
    pub facade: PathBuf,
    /// What rustc warned of in generated code: each is a fault of dbgo.
    pub warnings: Vec<String>,
}

/// Builds the program of a project: writes the generated workspace into `.dbgo/rust`, has cargo
/// check the interfaces and build the rest, and copies the executable and the engine's library
/// into one folder. `bodies` holds each model's import path and the text of its body.
///
/// # Errors
/// `seeds-too-large`, `unreadable-file` (a seed), `unwritable`, `rustc-missing`, `rustc-too-old`,
/// `crates-unavailable`, `linker-missing`, `program-not-built`, or `generated-code`, which is a fault of dbgo.
pub fn build_program(
    project: &TypedProject,
    bodies: &[(String, String)],
    options: &BuildOptions<'_>,
    progress: &mut dyn FnMut(&str),
) -> Result<ProgramOutput, Vec<Diagnostic>> {
    let seeds = read_seeds(&project.seeds, options.project)?;
    let crates = options.crates.unpack(options.cache).map_err(one)?;
    let workspace = workspace(project, options.project_hash, bodies, seeds, &crates);
    let generated = options.generated();
    let _lock = lock(&generated, progress).map_err(one)?;
    progress("writing the generated crates");
    emit_part(&workspace.tree, &generated, &|_| true).map_err(one)?;
    write_lock(&generated, options.crates.lock).map_err(one)?;

    let target = options
        .target
        .map_or_else(|| options.project.join(".dbgo/target"), Path::to_owned);
    let cargo = Cargo {
        rustc: options.rustc,
        workspace: &generated,
        target: &target,
        libduckdb: Some(options.libduckdb),
        profile: options.profile,
    };
    let checked = cargo
        .run("check", &workspace.facade, progress)
        .map_err(one)?;
    refuse(&checked, &workspace)?;
    let built = cargo
        .run("build", &workspace.program, progress)
        .map_err(one)?;
    refuse(&built, &workspace)?;
    let Some(built_executable) = &built.executable else {
        return Err(one(not_built("cargo made no executable", &built.lines)));
    };
    progress("copying the program");
    let (executable, library) = install(&workspace, built_executable, options).map_err(one)?;
    let messages = checked.messages.iter().chain(&built.messages);
    let warnings = messages.filter(|message| message.is_generated);
    Ok(ProgramOutput {
        executable,
        library,
        facade: generated.join(&workspace.facade),
        warnings: warnings.map(|message| message.rendered.clone()).collect(),
    })
}

/// Writes the facade and the interfaces into `.dbgo/rust`, and nothing else: no compiler is
/// called. Returns the facade's folder.
///
/// # Errors
/// `unwritable`
pub fn write_interfaces(
    project: &TypedProject,
    project_folder: &Path,
    cache: &Path,
    crates: RuntimeCrates<'_>,
    progress: &mut dyn FnMut(&str),
) -> Result<PathBuf, Vec<Diagnostic>> {
    let paths = crates.unpack(cache).map_err(one)?;
    let workspace = interface_workspace(project, &paths);
    let generated = project_folder.join(".dbgo").join("rust");
    let _lock = lock(&generated, progress).map_err(one)?;
    emit_part(&workspace.tree, &generated, &|path| {
        workspace.is_interface(path)
    })
    .map_err(one)?;
    write_lock(&generated, crates.lock).map_err(one)?;
    Ok(generated.join(&workspace.facade))
}

fn one(diagnostic: Diagnostic) -> Vec<Diagnostic> {
    vec![diagnostic]
}

/// The bytes of all seeds, which must be those that were compiled.
fn read_seeds(seeds: &[TypedSeed], project: &Path) -> Result<Vec<Vec<u8>>, Vec<Diagnostic>> {
    let total: u64 = seeds.iter().map(|seed| seed.size).sum();
    if total > SEED_BYTES {
        let megabytes = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let message = format!(
            "the seeds have {:.1} MiB, and a program carries at most {:.0}",
            megabytes(total),
            megabytes(SEED_BYTES)
        );
        let mut diagnostic =
            Diagnostic::without_place(Code::SeedsTooLarge, Severity::Error, message)
                .hint("make a source of the largest: `location` in `sources/` names a file that is read where it lies");
        if let Some(largest) = seeds.iter().max_by_key(|seed| seed.size) {
            let size = megabytes(largest.size);
            diagnostic =
                diagnostic.note(format!("the largest is `{}`: {size:.1} MiB", largest.file));
        }
        return Err(one(diagnostic));
    }
    let mut errors = Vec::new();
    let mut contents = Vec::with_capacity(seeds.len());
    for seed in seeds {
        match read_seed(seed, project) {
            Ok(bytes) => contents.push(bytes),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() {
        Ok(contents)
    } else {
        Err(errors)
    }
}

fn read_seed(seed: &TypedSeed, project: &Path) -> Result<Vec<u8>, Diagnostic> {
    let unreadable =
        |message: String| Diagnostic::without_place(Code::UnreadableFile, Severity::Error, message);
    let bytes = fs::read(project.join(&seed.file))
        .map_err(|error| unreadable(format!("`{}` can't be read: {error}", seed.file)))?;
    if blake3::hash(&bytes).to_hex().as_str() == seed.hash {
        return Ok(bytes);
    }
    Err(unreadable(format!(
        "`{}` changed while the project was compiled",
        seed.file
    ))
    .hint("build it again"))
}

/// Starts the workspace off with the versions that dbgo was tested with. Cargo takes out what it
/// doesn't need, so the file is written once for each tested one and left to cargo after that.
fn write_lock(generated: &Path, lock: &str) -> Result<(), Diagnostic> {
    let hash = blake3::hash(lock.as_bytes()).to_hex();
    let (file, note) = (generated.join("Cargo.lock"), generated.join(TESTED_LOCK));
    let is_taken = fs::read_to_string(&note).is_ok_and(|taken| taken == hash.as_str());
    if is_taken && file.is_file() {
        return Ok(());
    }
    write_if_changed(&file, lock.as_bytes())?;
    write_if_changed(&note, hash.as_bytes()).map(drop)
}

/// Turns what cargo and rustc refused into findings.
fn refuse(outcome: &Outcome, workspace: &Workspace) -> Result<(), Vec<Diagnostic>> {
    if outcome.success {
        return Ok(());
    }
    let errors: Vec<&Message> = outcome.messages.iter().filter(|it| it.is_error).collect();
    // The last error of a crate only counts the others, and has no place.
    let placed = errors
        .iter()
        .filter(|message| message.is_generated && message.file.is_some());
    let findings: Vec<Diagnostic> = placed.map(|message| refused(message, workspace)).collect();
    if !findings.is_empty() {
        return Err(findings);
    }
    if let Some(message) = errors.first() {
        let lines: Vec<String> = message.rendered.lines().map(str::to_owned).collect();
        return Err(one(not_built(&message.text, &lines)));
    }
    Err(one(cargo_refuses(&outcome.lines)))
}

/// rustc refuses a generated file.
fn refused(message: &Message, workspace: &Workspace) -> Diagnostic {
    let file = message.file.as_deref().unwrap_or_default();
    let origin = workspace.origins.get(file).map_or(file, String::as_str);
    let text = format!(
        "rustc refuses the code generated for `{origin}`: {}",
        message.text
    );
    let diagnostic = Diagnostic::without_place(Code::GeneratedCode, Severity::Error, text)
        .hint("this is a fault of dbgo: please report it with the model's file");
    with_tail(diagnostic, message.rendered.lines())
}

fn not_built(text: &str, lines: &[String]) -> Diagnostic {
    let message = format!("the program can't be built: {text}");
    let diagnostic = if lacks_linker(text) {
        linker_missing(&message)
    } else {
        Diagnostic::without_place(Code::ProgramNotBuilt, Severity::Error, message)
    };
    with_tail(diagnostic, lines.iter().map(String::as_str))
}

/// Cargo stopped before rustc had anything to say.
fn cargo_refuses(lines: &[String]) -> Diagnostic {
    let says = |text: &str| lines.iter().any(|line| line.contains(text));
    let (code, message, hint) = if says("is not supported by the following package") {
        (
            Code::RustcTooOld,
            "the rustc is too old for the crates that a program is linked with",
            "update it with `rustup update stable`",
        )
    } else if says("failed to download") || says("failed to get") || says("registry") {
        (
            Code::CratesUnavailable,
            "the crates that a program is linked with can't be had",
            "connect to the network once, or set up a mirror in cargo's `config.toml`",
        )
    } else {
        (
            Code::ProgramNotBuilt,
            "the program can't be built: cargo stopped",
            "what it said stands below",
        )
    };
    let diagnostic = Diagnostic::without_place(code, Severity::Error, message).hint(hint);
    with_tail(diagnostic, lines.iter().map(String::as_str))
}

fn with_tail<'a>(mut diagnostic: Diagnostic, lines: impl Iterator<Item = &'a str>) -> Diagnostic {
    let lines: Vec<&str> = lines.filter(|line| !line.trim().is_empty()).collect();
    for line in &lines[lines.len().saturating_sub(SHOWN_LINES)..] {
        diagnostic = diagnostic.note(*line);
    }
    diagnostic
}

/// Puts the executable and the library that it looks for beside itself into the output folder.
fn install(
    workspace: &Workspace,
    built: &Path,
    options: &BuildOptions<'_>,
) -> Result<(PathBuf, PathBuf), Diagnostic> {
    let folder = options
        .output
        .map_or_else(|| options.project.join(".dbgo/build"), Path::to_owned);
    let executable = folder.join(format!("{}{EXE_SUFFIX}", workspace.facade));
    let library = folder.join(libduckdb::file_name());
    replace(&executable, |aside| fs::copy(built, aside).map(drop))?;
    let linked = options.libduckdb.join(libduckdb::file_name());
    replace(&library, |aside| fs::copy(&linked, aside).map(drop))?;
    Ok((executable, library))
}

//! `dbgo build`: one executable of the project, or the Rust that other programs read rows with.

use crate::arguments::{BuildArguments, Format};
use crate::bodies::{bodies, project_hash, text_hash};
use crate::embedded::{LOCK, RUNTIME_CRATES};
use crate::workspace::{self, Judge, Workspace, places, user_cache};
use crate::{exit, report};
use dbgo_compiler::build::cargo::Profile;
use dbgo_compiler::build::libduckdb;
use dbgo_compiler::build::program::{BuildOptions, ProgramOutput, build_program, write_interfaces};
use dbgo_compiler::build::runtime_crates::RuntimeCrates;
use dbgo_compiler::build::rustc::Rustc;
use dbgo_compiler::diagnostic::Diagnostic;
use dbgo_compiler::typed::TypedProject;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

const CRATES: RuntimeCrates<'static> = RuntimeCrates {
    files: RUNTIME_CRATES,
    lock: LOCK,
};

/// Builds the program, or writes the interfaces.
pub fn build(directory: &Path, arguments: &BuildArguments) -> Result<ExitCode, ExitCode> {
    let began = Instant::now();
    let opened = Workspace::open(directory)?;
    let root = opened.root.clone();
    let (compilation, took) = opened.compile(Judge::Engine);
    let sources = &compilation.outline.files.sources;
    report::show(sources, &compilation.diagnostics, Format::Full);
    if compilation.has_errors() {
        eprintln!(
            "{}",
            report::summary(&compilation.diagnostics, compilation.models, took)
        );
        return Ok(exit::FINDINGS);
    }
    let project = &compilation.project;
    let done = if arguments.interfaces {
        let mut progress = |step: &str| eprintln!("{step}");
        write_interfaces(project, &root, &user_cache(), CRATES, &mut progress).map(|facade| {
            eprintln!(
                "wrote the interfaces of {}",
                report::plural(compilation.models, "model")
            );
            eprintln!(
                "depend on them with `{} = {{ path = {:?} }}`",
                project.settings.name, facade
            );
        })
    } else {
        program(project, &root, arguments).map(|output| {
            for warning in &output.warnings {
                eprintln!("{warning}");
            }
            eprintln!(
                "built {} in {:.1} s",
                report::plural(compilation.models, "model"),
                began.elapsed().as_secs_f64()
            );
            exit::print(&format!(
                "{}\n{}\n",
                output.executable.display(),
                output.library.display()
            ));
        })
    };
    Ok(match done {
        Ok(()) => exit::OK,
        Err(errors) => {
            report::show(sources, &errors, Format::Full);
            exit::FINDINGS
        }
    })
}

fn program(
    project: &TypedProject,
    root: &Path,
    arguments: &BuildArguments,
) -> Result<ProgramOutput, Vec<Diagnostic>> {
    let one = |error: Diagnostic| vec![error];
    let rustc = Rustc::find(places(root).rustc.as_deref()).map_err(one)?;
    let cache = user_cache();
    let named = std::env::var_os("DUCKDB_LIB_DIR").map(PathBuf::from);
    let this_program = std::env::current_exe().ok();
    let beside = this_program.as_deref().and_then(Path::parent);
    let libduckdb = libduckdb::find(named.as_deref(), &cache, beside).map_err(one)?;
    let bodies = bodies(project, &workspace::cache(root));
    let hashes: Vec<(&str, [u8; 32])> = bodies
        .iter()
        .map(|(path, text)| (path.as_str(), text_hash(text)))
        .collect();
    let options = BuildOptions {
        project: root,
        output: arguments.output.as_deref(),
        cache: &cache,
        target: arguments.target_dir.as_deref(),
        rustc: &rustc,
        libduckdb: &libduckdb,
        crates: CRATES,
        project_hash: &project_hash(project, &hashes),
        profile: Profile::Release,
    };
    build_program(project, &bodies, &options, &mut |step| eprintln!("{step}"))
}

//! Builds that can't succeed, and settings that must not matter. The runtime here is a small
//! one, so that what goes wrong is all there is.

use crate::place::{Crates, bodies, folder, libduckdb_folder, project_folder, rustc, target};
use crate::shop;
use dbgo_compiler::build::cargo::Profile;
use dbgo_compiler::build::libduckdb;
use dbgo_compiler::build::program::{BuildOptions, ProgramOutput, build_program};
use dbgo_compiler::build::runtime_crates::RuntimeCrates;
use dbgo_compiler::diagnostic::Diagnostic;
use dbgo_compiler::typed::TypedProject;
use std::fs;
use std::path::Path;
use std::process::Command;

const MANIFEST: &str = "[package]\nname = \"dbgo-runtime\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
    [dependencies]\ndbgo-contract = { path = \"contract\" }\n";

/// A runtime that does nothing but say which project it was given.
const SAYS_NAME: &str = r#"
pub mod cli {
    use dbgo_contract::{ProjectDef, ShardDef};

    pub fn main(project: &'static ProjectDef, shards: &[&'static ShardDef]) -> std::process::ExitCode {
        println!("{} {}", project.name.as_str(), shards.len());
        std::process::ExitCode::SUCCESS
    }
}
"#;

/// Builds a project with a runtime of one file. It gets the name of its folder: cargo takes equal
/// packages of two workspaces for one where they share a target folder, as they do here.
fn build(
    project_folder: &Path,
    typed: &TypedProject,
    bodies: &[(String, String)],
    manifest: &str,
    library: &str,
) -> Result<ProgramOutput, Vec<Diagnostic>> {
    let (rustc, target, libduckdb) = (rustc(), target(), libduckdb_folder());
    let mut typed = typed.clone();
    typed.settings.name = project_folder
        .file_name()
        .unwrap()
        .to_string_lossy()
        .into_owned();
    Crates::read().with(|crates| {
        let mut files: Vec<(&str, &[u8])> = crates
            .files
            .iter()
            .copied()
            .filter(|(path, _)| path.starts_with("contract/") || path.starts_with("rows/"))
            .collect();
        files.push(("Cargo.toml", manifest.as_bytes()));
        files.push(("src/lib.rs", library.as_bytes()));
        let options = BuildOptions {
            project: project_folder,
            output: None,
            cache: &folder("cache"),
            target: Some(&target),
            rustc: &rustc,
            libduckdb: &libduckdb,
            crates: RuntimeCrates {
                files: &files,
                lock: crates.lock,
            },
            project_hash: &"0".repeat(64),
            profile: Profile::Dev,
        };
        build_program(&typed, bodies, &options, &mut |_| ())
    })
}

/// The only finding of a build that is refused, as its code and all its text.
fn refused(result: Result<ProgramOutput, Vec<Diagnostic>>) -> (&'static str, String) {
    let errors = result.expect_err("it is built");
    let [error] = errors.as_slice() else {
        panic!("{errors:#?}")
    };
    let texts = [
        std::slice::from_ref(&error.message),
        &error.hints,
        &error.notes,
    ]
    .concat();
    (error.code.text(), texts.join("\n"))
}

#[test]
fn settings_of_other_builds_do_not_reach_in() {
    let project = project_folder("settings");
    fs::create_dir_all(project.join(".cargo")).unwrap();
    let settings = "[build]\nrustflags = [\"--no-such-flag\"]\nrustc-wrapper = \"/nowhere\"\n";
    fs::write(project.join(".cargo/config.toml"), settings).unwrap();
    fs::write(
        project.join("Cargo.toml"),
        "this is the user's and no manifest",
    )
    .unwrap();
    let typed = shop::project("usd_amount");
    let output = build(&project, &typed, &bodies(&typed), MANIFEST, SAYS_NAME)
        .unwrap_or_else(|errors| panic!("{errors:#?}"));
    assert_eq!(
        output.executable.parent(),
        Some(project.join(".dbgo/build").as_path())
    );
    let said = Command::new(&output.executable)
        .env_clear()
        .output()
        .unwrap()
        .stdout;
    assert_eq!(String::from_utf8_lossy(&said), "settings 1\n");
}

#[test]
fn refused_generated_code_names_the_model() {
    let typed = shop::project("usd_amount");
    let mut bodies = bodies(&typed);
    let total = bodies
        .iter_mut()
        .find(|(path, _)| path == "models.finance.total")
        .unwrap();
    total.1.push_str("fn broken() -> u8 { \"\" }\n");
    let project = project_folder("generated_code");
    let (code, text) = refused(build(&project, &typed, &bodies, MANIFEST, SAYS_NAME));
    assert_eq!(code, "generated-code");
    assert!(
        text.contains("generated for `models/finance/total.sql`: mismatched types"),
        "{text}"
    );
    assert!(text.contains("expected `u8`, found `&str`"), "{text}");
}

#[test]
fn a_crate_that_does_not_compile_is_not_a_fault_of_generated_code() {
    let typed = shop::project("usd_amount");
    let project = project_folder("not_built");
    let library = "compile_error!(\"not on this machine\");";
    let (code, text) = refused(build(&project, &typed, &bodies(&typed), MANIFEST, library));
    assert_eq!(code, "program-not-built");
    assert!(text.contains("not on this machine"), "{text}");
}

#[test]
fn a_crate_that_is_nowhere_is_named() {
    let typed = shop::project("usd_amount");
    let project = project_folder("unavailable");
    let manifest = format!("{MANIFEST}nowhere = {{ path = \"no-such-folder\" }}\n");
    let (code, text) = refused(build(
        &project,
        &typed,
        &bodies(&typed),
        &manifest,
        SAYS_NAME,
    ));
    assert_eq!(code, "crates-unavailable");
    assert!(text.contains("`nowhere`"), "{text}");
}

#[test]
fn seeds_have_a_limit_and_must_be_those_that_were_compiled() {
    let mut typed = shop::project("usd_amount");
    let project = project_folder("seeds");
    fs::write(project.join("seeds/rates.csv"), "currency,rate\nEUR,2.00\n").unwrap();
    let (code, text) = refused(build(
        &project,
        &typed,
        &bodies(&typed),
        MANIFEST,
        SAYS_NAME,
    ));
    assert_eq!(code, "unreadable-file");
    assert!(text.contains("`seeds/rates.csv` changed while"), "{text}");

    typed.seeds[0].size = (16 << 20) + 1;
    let (code, text) = refused(build(
        &project,
        &typed,
        &bodies(&typed),
        MANIFEST,
        SAYS_NAME,
    ));
    assert_eq!(code, "seeds-too-large");
    assert!(
        text.contains("the largest is `seeds/rates.csv`: 16.0 MiB"),
        "{text}"
    );
    assert!(!project.join(".dbgo").exists(), "something is written");
}

#[test]
fn a_folder_without_the_engine_is_refused() {
    let empty = tempfile::tempdir().unwrap();
    let error = libduckdb::find(Some(empty.path()), empty.path(), None).unwrap_err();
    assert_eq!(error.code.text(), "libduckdb-missing");
    assert!(
        error.message.contains("`DUCKDB_LIB_DIR`"),
        "{}",
        error.message
    );
}

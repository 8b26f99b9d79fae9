//! A program that was built: it runs alone.

use crate::place::{Crates, bodies, folder, libduckdb_folder, project_folder, rustc, target};
use crate::shop;
use dbgo_compiler::build::cargo::Profile;
use dbgo_compiler::build::libduckdb;
use dbgo_compiler::build::program::{BuildOptions, build_program};
use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Runs the program as on a machine that has nothing else.
fn run(executable: &Path, arguments: &[&str]) -> Output {
    Command::new(executable)
        .args(arguments)
        .current_dir(executable.parent().unwrap())
        .env_clear()
        .env("USER", "ada")
        .output()
        .unwrap()
}

#[test]
fn a_built_program_runs_alone_in_an_empty_folder() {
    let typed = shop::project("usd_amount");
    let project = project_folder("executable");
    let (rustc, target, libduckdb) = (rustc(), target(), libduckdb_folder());
    let empty = tempfile::tempdir().unwrap();
    let output = Crates::read().with(|crates| {
        let options = BuildOptions {
            project: &project,
            output: Some(empty.path()),
            cache: &folder("cache"),
            target: Some(&target),
            rustc: &rustc,
            libduckdb: &libduckdb,
            crates,
            project_hash: &"0".repeat(64),
            profile: Profile::Dev,
        };
        build_program(&typed, &bodies(&typed), &options, &mut |_| ())
    });
    let output = output.unwrap_or_else(|errors| panic!("{errors:#?}"));
    assert!(output.warnings.is_empty(), "{}", output.warnings.join("\n"));
    let mut files: Vec<String> = fs::read_dir(empty.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    files.sort();
    assert_eq!(
        files,
        [
            libduckdb::file_name(),
            format!("shop{}", env::consts::EXE_SUFFIX)
        ]
    );

    let ran = run(&output.executable, &["run"]);
    assert!(
        ran.status.success(),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let shown = run(&output.executable, &["show", "total"]);
    let rows = String::from_utf8_lossy(&shown.stdout);
    assert!(
        rows.contains("9.90"),
        "{rows}{}",
        String::from_utf8_lossy(&shown.stderr)
    );
}

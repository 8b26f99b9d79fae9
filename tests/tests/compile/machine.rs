//! Findings whose cause is the machine, or a text that nobody would write: each is made for real, in
//! a folder that is thrown away.

#![cfg(unix)]

use crate::project::compile_files;
use dbgo_compiler::build::cargo::Profile;
use dbgo_compiler::build::libduckdb;
use dbgo_compiler::build::program::{BuildOptions, build_program};
use dbgo_compiler::build::runtime_crates::RuntimeCrates;
use dbgo_compiler::build::{contract, rustc::Rustc};
use dbgo_compiler::codegen::FileTree;
use dbgo_compiler::diagnostic::{Code, Diagnostic, render};
use dbgo_compiler::driver::{self, Memory};
use dbgo_compiler::emit::emit;
use dbgo_compiler::source::{MAX_SQL_BYTES, find_root, read_project};
use dbgo_compiler::sql_type::SqlType;
use dbgo_compiler::typed::{TypedProject, TypedSeed};
use dbgo_compiler::types::oracle::{OracleQuestion, OracleRefusal, TypeOracle};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A project on disk whose second model is fine.
fn project(path: &str, bytes: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("models")).unwrap();
    fs::write(folder.path().join("dbgo.toml"), "name = \"shop\"\n").unwrap();
    fs::write(folder.path().join("models/fine.sql"), "select 1 as one\n").unwrap();
    fs::write(folder.path().join(path), bytes).unwrap();
    folder
}

/// What checking a project finds, as people see it.
fn checked(folder: &Path) -> String {
    let (files, found) = read_project(folder);
    let compilation = compile_files(files, found);
    render::full(
        &compilation.outline.files.sources,
        &compilation.diagnostics,
        false,
    )
}

/// A program that is a shell script.
fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn a_file_that_is_not_utf8_is_named_with_its_first_bad_byte() {
    let folder = project("models/bad.sql", b"select\n    'caf\xE9' as place\n");
    let shown = checked(folder.path());
    assert!(
        shown.starts_with("error[invalid-utf8]: `models/bad.sql` isn't valid UTF-8"),
        "{shown}"
    );
    assert!(
        shown.contains("models/bad.sql:2:9") && shown.contains("0xE9"),
        "{shown}"
    );
    assert_eq!(shown.matches("error[").count(), 1, "{shown}");
}

/// However deep a text is and in whatever way: one error, and no overflow of the stack of a thread.
#[test]
fn a_query_that_is_nested_too_deep_is_refused() {
    let nested = |open: &str, close: &str, times: usize| {
        format!("select {}1{} as x", open.repeat(times), close.repeat(times))
    };
    let chains = format!(
        "select {}1{} as x",
        "(".repeat(90),
        format!("{})", " + 1".repeat(990)).repeat(90)
    );
    let conditions = format!(
        "select 1 as x\n{}\n{}",
        "#if env == 'a'\n".repeat(65),
        "#endif\n".repeat(65)
    );
    for (place, text) in [
        ("1:", nested("[", "]", 1100)),
        ("1:", nested("(select ", ")", 600)),
        ("1:", nested("case when true then ", " end", 1100)),
        ("1:", chains),
        ("1:", format!("from {}", "(from ".repeat(100_000))),
        ("66:", conditions),
    ] {
        let folder = project("models/deep.sql", text.as_bytes());
        let check = move || {
            let shown = checked(folder.path());
            assert!(
                shown.starts_with("error[too-deep]: ")
                    && shown.contains(&format!("models/deep.sql:{place}")),
                "{shown:.400}"
            );
            assert_eq!(shown.matches("error[").count(), 1, "{shown:.400}");
        };
        let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024);
        thread.spawn(check).unwrap().join().expect(&text[..60]);
    }
}

#[test]
fn a_query_of_more_than_4_mib_is_refused() {
    let mut query = b"select 1 as one".to_vec();
    query.resize(MAX_SQL_BYTES as usize + 1, b' ');
    let folder = project("models/large.sql", &query);
    let shown = checked(folder.path());
    assert!(
        shown.starts_with("error[file-too-large]: `models/large.sql` has 4194305 bytes"),
        "{shown}"
    );
    assert_eq!(shown.matches("error[").count(), 1, "{shown}");
    query.pop();
    assert_eq!(checked(project("models/large.sql", &query).path()), "");
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = project(
        "models/reader.sql",
        b"-- @import: models.gone\nselect gone.id from :gone\n",
    );
    symlink(
        folder.path().join("nowhere.sql"),
        folder.path().join("models/gone.sql"),
    )
    .unwrap();
    let shown = checked(folder.path());
    assert!(
        shown.starts_with("error[unreadable-file]: `models/gone.sql` can't be read"),
        "{shown}"
    );
    assert_eq!(
        shown.matches("error[").count(),
        1,
        "its readers are silent: {shown}"
    );
}

#[test]
fn a_query_that_only_the_engine_reads_is_typed_by_it() {
    let query = format!("select {}1{} as score\n", "(".repeat(300), ")".repeat(300));
    let folder = project("models/deep.sql", query.as_bytes());
    let (files, found) = read_project(folder.path());
    let compilation = compile_files(files, found);
    let codes: Vec<Code> = compilation
        .diagnostics
        .iter()
        .map(|found| found.code)
        .collect();
    assert_eq!(codes, [Code::ParsedByEngine]);
    assert!(!compilation.has_errors());
    let deep = compilation
        .project
        .models
        .iter()
        .find(|model| model.path == "models.deep")
        .unwrap();
    assert_eq!(
        (
            deep.columns[0].name.as_str(),
            deep.columns[0].sql_type.to_string()
        ),
        ("score", "INTEGER".to_owned())
    );
}

/// An engine that has no memory left.
struct Failing;

impl TypeOracle for Failing {
    fn identity(&self) -> String {
        "failing".to_owned()
    }

    fn columns(&self, _: &OracleQuestion) -> Result<Vec<(String, SqlType)>, OracleRefusal> {
        Err(OracleRefusal {
            message: "Out of Memory Error: failed to allocate".to_owned(),
            position: None,
            is_about_query: false,
        })
    }
}

#[test]
fn an_engine_that_fails_is_no_fault_of_the_query() {
    // What lies deeper than our own parser goes is asked of the engine.
    let query = format!("select {}1{} as score\n", "(".repeat(300), ")".repeat(300));
    let folder = project("models/deep.sql", query.as_bytes());
    let (files, found) = read_project(folder.path());
    let compilation = driver::compile(driver::outline(files, found), &Failing, &Memory::default());
    let codes: Vec<Code> = compilation
        .diagnostics
        .iter()
        .map(|found| found.code)
        .collect();
    assert_eq!(
        codes,
        [Code::EngineFailed],
        "{:#?}",
        compilation.diagnostics
    );
    let message = &compilation.diagnostics[0].message;
    assert!(message.contains("Out of Memory"), "{message}");
}

#[test]
fn a_folder_without_a_project_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let found = find_root(folder.path()).unwrap_err();
    assert_eq!(found.code, Code::ProjectFileMissing);
    assert!(
        found.message.contains(&folder.path().display().to_string()),
        "{}",
        found.message
    );
    assert!(found.hints[0].contains("dbgo init"), "{:?}", found.hints);
}

#[test]
fn a_missing_rustc_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("rustc");
    assert_eq!(
        Rustc::find(Some(&nowhere)).unwrap_err().code,
        Code::RustcMissing
    );
    let broken = script(folder.path(), "broken", "exit 1");
    let found = Rustc::find(Some(&broken)).unwrap_err();
    assert_eq!(found.code, Code::RustcMissing);
    assert!(
        found.message.contains(&broken.display().to_string()),
        "{}",
        found.message
    );
}

#[test]
fn a_rustc_that_is_too_old_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let answers = |release: &str| {
        format!(
            "case \"$1\" in\n--print) echo /nowhere ;;\n*) printf 'rustc {release}\\nrelease: {release}\\nhost: x\\n' ;;\nesac"
        )
    };
    let old = script(folder.path(), "old", &answers("1.84.1"));
    let found = Rustc::find(Some(&old)).unwrap_err();
    assert_eq!(found.code, Code::RustcTooOld);
    assert!(
        found.message.contains("1.84.1") && found.message.contains("1.85"),
        "{}",
        found.message
    );
    let new = script(folder.path(), "new", &answers("1.85.0"));
    assert_eq!(Rustc::find(Some(&new)).unwrap().host(), "x");
}

#[test]
fn a_missing_library_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for named in [Some(folder.path()), None] {
        let found = libduckdb::find(named, folder.path(), None).unwrap_err();
        assert_eq!(found.code, Code::LibduckdbMissing);
        assert!(
            found.message.contains(&libduckdb::file_name()),
            "{}",
            found.message
        );
        assert!(!found.hints.is_empty());
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let occupied = folder.path().join("rust");
    fs::write(&occupied, "a file where a folder should be").unwrap();
    let mut tree = FileTree::default();
    tree.insert("src/lib.rs", "");
    let found = emit(&tree, &occupied).unwrap_err();
    assert_eq!(found.code, Code::Unwritable);
    assert!(
        found.message.contains(&occupied.display().to_string()),
        "{}",
        found.message
    );
    assert!(!found.hints.is_empty());
}

#[test]
fn code_that_rustc_refuses_is_a_fault_of_dbgo() {
    let folder = tempfile::tempdir().unwrap();
    let refusing = script(folder.path(), "rustc", "echo 'error: no' >&2; exit 1");
    let rustc = Rustc {
        path: refusing,
        verbose_version: "release: 1.95.0".to_owned(),
    };
    let found = contract::compiled(&rustc, folder.path()).unwrap_err();
    assert_eq!(found.code, Code::GeneratedCode);
    assert!(
        found.hints[0].contains("fault of dbgo"),
        "{:?}",
        found.hints
    );
    assert_eq!(found.notes, ["error: no"]);
}

/// Builds a program of an empty project with a cargo that says something and stops.
fn build_with(cargo_says: &str, project: &TypedProject) -> Diagnostic {
    let folder = tempfile::tempdir().unwrap();
    let path = script(folder.path(), "rustc", "exit 1");
    script(
        folder.path(),
        "cargo",
        &format!("echo '{cargo_says}' >&2; exit 101"),
    );
    let rustc = Rustc {
        path,
        verbose_version: "release: 1.95.0".to_owned(),
    };
    let options = BuildOptions {
        project: folder.path(),
        output: None,
        cache: folder.path(),
        target: None,
        rustc: &rustc,
        libduckdb: folder.path(),
        crates: RuntimeCrates {
            files: &[("src/lib.rs", b"")],
            lock: "",
        },
        project_hash: &"0".repeat(64),
        profile: Profile::Dev,
    };
    let mut errors = build_program(project, &[], &options, &mut |_| ()).unwrap_err();
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors.remove(0)
}

fn empty_project() -> TypedProject {
    let mut project = TypedProject::default();
    project.settings.name = "shop".to_owned();
    project
}

#[test]
fn crates_that_cannot_be_downloaded_are_said() {
    let found = build_with(
        "error: failed to download from the registry",
        &empty_project(),
    );
    assert_eq!(found.code, Code::CratesUnavailable);
    assert!(found.hints[0].contains("network"), "{:?}", found.hints);
}

#[test]
fn a_program_that_cannot_be_built_shows_what_cargo_said() {
    let found = build_with("error: something new", &empty_project());
    assert_eq!(found.code, Code::ProgramNotBuilt);
    assert!(
        found
            .notes
            .iter()
            .any(|note| note.contains("something new")),
        "{:?}",
        found.notes
    );
}

#[test]
fn seeds_too_large_for_a_program_are_refused() {
    let mut project = empty_project();
    project.seeds.push(TypedSeed {
        path: "seeds.all".to_owned(),
        file: "seeds/all.csv".to_owned(),
        schema: "seeds".to_owned(),
        name: "all".to_owned(),
        description: String::new(),
        parquet: false,
        delimiter: String::new(),
        null: String::new(),
        quote: String::new(),
        columns: Vec::new(),
        hash: String::new(),
        size: (16 << 20) + 1,
    });
    let found = build_with("", &project);
    assert_eq!(found.code, Code::SeedsTooLarge);
    assert!(
        found.notes[0].contains("seeds/all.csv"),
        "{:?}",
        found.notes
    );
}

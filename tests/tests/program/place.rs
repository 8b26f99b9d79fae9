//! Where these tests build: in a folder that lasts, so that the crates of others are compiled
//! once and not for each test and run.

use crate::shop;
use dbgo_compiler::build::libduckdb;
use dbgo_compiler::build::runtime_crates::RuntimeCrates;
use dbgo_compiler::build::rustc::Rustc;
use dbgo_compiler::codegen::body::body;
use dbgo_compiler::codegen::format_file;
use dbgo_compiler::lineage::carried::{TableColumns, carried};
use dbgo_compiler::typed::TypedProject;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The lock file of this repository.
pub const LOCK: &str = include_str!("../../../Cargo.lock");

/// The folder of one test, or of what all share.
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("program")
        .join(name)
}

/// The folder of what cargo compiles in these tests.
pub fn target() -> PathBuf {
    folder("target")
}

/// The compiler.
pub fn rustc() -> Rustc {
    Rustc::find(None).expect("these tests are run by cargo, so there is a rustc")
}

/// The folder of the engine's library: these tests are linked with it themselves.
pub fn libduckdb_folder() -> PathBuf {
    let named = env::var_os("DUCKDB_LIB_DIR").map(PathBuf::from);
    let home = env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    libduckdb::find(named.as_deref(), &home.join(".cache/dbgo"), None).unwrap()
}

/// A fresh project's folder with its seed. What was generated there by an earlier run stays.
pub fn project_folder(name: &str) -> PathBuf {
    let project = folder(name);
    fs::create_dir_all(project.join("seeds")).unwrap();
    fs::write(project.join("seeds/rates.csv"), shop::RATES).unwrap();
    project
}

/// The bodies of a project's models.
pub fn bodies(project: &TypedProject) -> Vec<(String, String)> {
    let tables = TableColumns::of(project);
    let body = |model| format_file(body(model, &carried(model, &tables)));
    project
        .models
        .iter()
        .map(|model| (model.path.clone(), body(model)))
        .collect()
}

/// The crates that generated ones depend on, from this repository.
pub struct Crates {
    files: Vec<(String, Vec<u8>)>,
}

impl Crates {
    /// Reads them.
    pub fn read() -> Self {
        let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime");
        let mut files = Vec::new();
        walk(&runtime, "", &mut files);
        files.sort();
        Self { files }
    }

    /// Hands them to `dbgo`'s own code as the executable does.
    pub fn with<T>(&self, use_them: impl FnOnce(RuntimeCrates<'_>) -> T) -> T {
        let files: Vec<(&str, &[u8])> = self
            .files
            .iter()
            .map(|(path, bytes)| (path.as_str(), bytes.as_slice()))
            .collect();
        use_them(RuntimeCrates {
            files: &files,
            lock: LOCK,
        })
    }
}

fn walk(folder: &Path, prefix: &str, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = format!("{prefix}{}", path.file_name().unwrap().to_string_lossy());
        if path.is_dir() {
            walk(&path, &format!("{name}/"), files);
        } else {
            files.push((name, fs::read(&path).unwrap()));
        }
    }
}

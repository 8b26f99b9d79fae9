//! The two ways that the crate `libduckdb-sys` offers: its download of the engine's release, and its sources.
//!
//! Both are reached through a throw-away package that depends on the crate alone, so that the workspace is never built
//! in two ways and the result is, as everywhere, one shared library in the cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::npm::{command, output_of};
use super::{COMPILED, ENGINE_VERSION, Failure, Search};

/// The crate that dbgo links the engine through.
const CRATE_VERSION: &str = "1.10505.0";

/// What a linker needs to make a shared library of an archive, all of it.
const LINK_ALL: [&str; 2] = if cfg!(target_os = "macos") {
    ["-Wl,-force_load,libduckdb.a", "-lc++"]
} else {
    [
        "-Wl,--whole-archive,libduckdb.a,--no-whole-archive",
        "-lstdc++",
    ]
};

/// Lets the crate's build script download the engine's release.
pub fn download(search: &mut Search<'_>) -> Result<PathBuf, Failure> {
    (search.say)(&format!(
        "letting the crate libduckdb-sys {CRATE_VERSION} download the library"
    ));
    let incoming = search.incoming()?;
    let mut build = package(search, incoming.path(), &[])?;
    output_of(
        build
            .args(["build", "--quiet"])
            .env("DUCKDB_DOWNLOAD_LIB", "1"),
    )?;
    let downloads = incoming.path().join("target/duckdb-download");
    let library = find(&downloads, search.platform.file)?;
    search.keep(&library, ENGINE_VERSION)
}

/// Compiles the crate's sources and links them to a shared library.
pub fn compile(search: &mut Search<'_>) -> Result<PathBuf, Failure> {
    (search.say)("compiling the engine: over 40 minutes of processor time");
    (search.say)("the result lacks ICU: no time zones and no collations");
    let incoming = search.incoming()?;
    let mut build = package(search, incoming.path(), &["bundled", "json", "parquet"])?;
    output_of(build.args(["build", "--quiet", "--release"]))?;
    let archive = find(&incoming.path().join("target/release/build"), "libduckdb.a")?;
    let folder = archive.parent().unwrap_or(incoming.path());
    let name = search.platform.file;
    let install_name = if cfg!(target_os = "macos") {
        format!("-Wl,-install_name,@rpath/{name}")
    } else {
        format!("-Wl,-soname,{name}")
    };
    let library = incoming.path().join(name);
    let mut link = command("cc", search, folder);
    link.arg("-shared")
        .arg("-o")
        .arg(&library)
        .arg(install_name)
        .args(LINK_ALL);
    output_of(link.args(["-lpthread", "-ldl", "-lm"]))?;
    search.keep(&library, COMPILED)
}

/// Writes the throw-away package into `folder` and returns a call of cargo there, without arguments yet.
fn package(search: &Search<'_>, folder: &Path, features: &[&str]) -> Result<Command, Failure> {
    let manifest = format!(
        "[package]\nname = \"fetches-libduckdb\"\nversion = \"0.0.0\"\nedition = \"2021\"\n\n[workspace]\n\n\
         [dependencies]\nlibduckdb-sys = {{ version = \"={CRATE_VERSION}\", default-features = false, features = {features:?} }}\n"
    );
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/lib.rs"), "")?;
    let mut build = command("cargo", search, folder);
    // A backtrace of the crate's build script would hide its message.
    build
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env("RUST_BACKTRACE", "0");
    for name in [
        "DUCKDB_LIB_DIR",
        "DUCKDB_STATIC",
        "DUCKDB_DOWNLOAD_LIB",
        "CARGO_BUILD_TARGET",
    ] {
        build.env_remove(name);
    }
    Ok(build)
}

/// The file of this name somewhere under a folder.
fn find(folder: &Path, name: &str) -> Result<PathBuf, Failure> {
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if entry.file_name() == name {
                return Ok(entry.path());
            }
        }
    }
    Err(Failure::Package(format!(
        "libduckdb-sys {CRATE_VERSION} left no `{name}`"
    )))
}

//! Names this build of `dbgo` by a hash of its sources: what another build left in a cache may be
//! wrong, though it has the same version.

use crate::embed::walk;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;
use std::{env, fs, io};

/// The sources and the versions of all that they are linked with, relative to the repository.
const FOLDERS: [&str; 4] = ["compiler/src", "compiler/cli/src", "runtime", "templates"];
const LOCK: &str = "Cargo.lock";

/// Sets `DBGO_BUILD_ID`.
///
/// # Errors
/// A file that can't be read.
pub fn identify() -> io::Result<()> {
    let repository =
        PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("../..");
    let mut paths = vec![LOCK.to_owned()];
    println!(
        "cargo::rerun-if-changed={}",
        repository.join(LOCK).display()
    );
    for folder in FOLDERS {
        println!(
            "cargo::rerun-if-changed={}",
            repository.join(folder).display()
        );
        walk(&repository.join(folder), &format!("{folder}/"), &mut paths)?;
    }
    paths.retain(|path| !path.starts_with("runtime/target/"));
    paths.sort();
    let mut hasher = DefaultHasher::new();
    for path in paths {
        let content = fs::read(repository.join(&path))?;
        (path, content).hash(&mut hasher);
    }
    println!("cargo::rustc-env=DBGO_BUILD_ID={:016x}", hasher.finish());
    Ok(())
}

//! Which rustc was found the last time. To find one takes the start of two processes, one of them
//! rustup's proxy, which is longer than to compile a body; so the answer is kept in the
//! user's cache, for as long as nothing changed that it depends on.

use super::rustc::Rustc;
use crate::cache::Cache;
use crate::diagnostic::Diagnostic;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The name of the cache's entry.
const ENTRY: &str = "rustc";

/// What the file system says of a program: its size, and the time of its last change in seconds and
/// nanoseconds.
type Stamp = (u64, i64, i64);

#[derive(Serialize, Deserialize)]
struct Found {
    path: PathBuf,
    stamp: Stamp,
    verbose_version: String,
}

/// Finds the rustc that `rustc` means in the search path, or the one at `named`.
///
/// # Errors
/// Those of [`Rustc::find`].
pub fn find(named: Option<&Path>, user_cache: &Path) -> Result<Rustc, Diagnostic> {
    let cache = Cache::new(user_cache, env!("CARGO_PKG_VERSION"));
    let key = question(named);
    if let Some(found) = cache.get::<Found>(ENTRY, &key)
        && stamp(&found.path) == Some(found.stamp)
    {
        return Ok(Rustc {
            path: found.path,
            verbose_version: found.verbose_version,
        });
    }
    let rustc = Rustc::find(named)?;
    if let Some(stamp) = stamp(&rustc.path) {
        let found = Found {
            path: rustc.path.clone(),
            stamp,
            verbose_version: rustc.verbose_version.clone(),
        };
        // Without a cache it is looked for again the next time.
        let _ = cache.put(ENTRY, &key, &found);
    }
    Ok(rustc)
}

#[cfg(unix)]
fn stamp(path: &Path) -> Option<Stamp> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.size(), metadata.mtime(), metadata.mtime_nsec()))
}

/// Elsewhere nothing is remembered.
#[cfg(not(unix))]
fn stamp(_: &Path) -> Option<Stamp> {
    None
}

/// The hash of all that says which rustc is meant: the search path, rustup's variables, and the time and
/// size of rustup's settings and of a `rust-toolchain.toml` that applies here.
fn question(named: Option<&Path>) -> [u8; 32] {
    let variable = |name: &str| std::env::var_os(name).unwrap_or_default();
    let search_path = variable("PATH");
    let here = std::env::current_dir().unwrap_or_default();
    let mut parts: Vec<OsString> = ["RUSTUP_TOOLCHAIN", "RUSTUP_HOME", "CARGO_HOME", "HOME"]
        .map(variable)
        .into();
    parts.extend([search_path.clone(), here.clone().into_os_string()]);
    parts.push(named.unwrap_or(Path::new("rustc")).into());
    let home = match variable("RUSTUP_HOME") {
        home if home.is_empty() => PathBuf::from(variable("HOME")).join(".rustup"),
        home => PathBuf::from(home),
    };
    let toolchains = here.ancestors();
    let toolchains = toolchains
        .flat_map(|folder| ["rust-toolchain", "rust-toolchain.toml"].map(|name| folder.join(name)));
    let programs = std::env::split_paths(&search_path).map(|folder| folder.join("rustc"));
    let watched = programs
        .chain(named.map(Path::to_owned))
        .chain([home.join("settings.toml")])
        .chain(toolchains);
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part.as_encoded_bytes()).update(&[0]);
    }
    for path in watched {
        hasher.update(format!("{:?}", stamp(&path)).as_bytes());
    }
    *hasher.finalize().as_bytes()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_rustc_is_asked_once_until_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let rustc = folder.path().join("rustc");
        let asked = folder.path().join("asked");
        let write = |release: &str| {
            let text = format!(
                "#!/bin/sh\necho \"$1\" >> {}\ncase \"$1\" in\n--print) echo /nowhere ;;\n-vV) echo 'rustc {release}'; echo 'release: {release}' ;;\nesac\n",
                asked.display()
            );
            fs::write(&rustc, text).unwrap();
            fs::set_permissions(&rustc, fs::Permissions::from_mode(0o755)).unwrap();
        };
        let cache = folder.path().join("cache");
        let found = || find(Some(&rustc), &cache).unwrap().verbose_version;
        let questions = || fs::read_to_string(&asked).unwrap().lines().count();
        write("1.95.0");
        assert!(found().contains("1.95.0"));
        assert_eq!(questions(), 2);
        assert!(found().contains("1.95.0"));
        assert_eq!(questions(), 2, "it isn't asked again");
        write("1.100.0");
        assert!(found().contains("1.100.0"));
        assert_eq!(questions(), 4);
    }
}

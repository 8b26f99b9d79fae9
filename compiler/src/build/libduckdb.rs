//! Finds the engine's library that a program is linked with. It is fetched when dbgo is set up;
//! here it is only looked for.

use crate::diagnostic::{Code, Diagnostic, Severity};
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};

/// The version that dbgo is built for.
const ENGINE_VERSION: &str = "1.5.5";

/// The name of the library's file on this system.
pub fn file_name() -> String {
    format!("{DLL_PREFIX}duckdb{DLL_SUFFIX}")
}

/// The folder of the library: `named` (the variable `DUCKDB_LIB_DIR`), else the copy in dbgo's
/// `cache`, else `beside` (the folder of the running `dbgo`, which is linked with one itself).
///
/// # Errors
/// `libduckdb-missing`, also when the named folder has none: what is named is meant.
pub fn find(
    named: Option<&Path>,
    cache: &Path,
    beside: Option<&Path>,
) -> Result<PathBuf, Diagnostic> {
    let file = file_name();
    let has_library = |folder: &Path| folder.join(&file).is_file();
    if let Some(named) = named.filter(|named| !named.as_os_str().is_empty()) {
        let folder = std::path::absolute(named).unwrap_or_else(|_| named.to_owned());
        if has_library(&folder) {
            return Ok(folder);
        }
        let message = format!(
            "`DUCKDB_LIB_DIR` is `{}`, which has no `{file}`",
            folder.display()
        );
        return Err(
            Diagnostic::without_place(Code::LibduckdbMissing, Severity::Error, message)
                .hint("unset the variable, or name a folder that has it"),
        );
    }
    let versions = cache.join("libduckdb");
    let places = [
        versions.join(ENGINE_VERSION),
        versions.join(format!("{ENGINE_VERSION}-compiled")),
    ];
    let found = places
        .into_iter()
        .chain(beside.map(Path::to_owned))
        .find(|at| has_library(at));
    found.ok_or_else(|| {
        let message = format!("there is no `{file}` in `{}`", versions.display());
        Diagnostic::without_place(Code::LibduckdbMissing, Severity::Error, message).hint(format!(
            "put `{file}` {ENGINE_VERSION} into a folder and name it in `DUCKDB_LIB_DIR`"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_is_named_is_meant_and_the_cache_comes_before_the_neighbour() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, beside) = (folder.path().join("cache"), folder.path().join("bin"));
        let cached = cache.join("libduckdb").join(ENGINE_VERSION);
        for place in [&cached, &beside] {
            fs::create_dir_all(place).unwrap();
        }
        let missing = find(None, &cache, Some(&beside)).unwrap_err();
        assert_eq!(missing.code, Code::LibduckdbMissing);
        fs::write(beside.join(file_name()), "").unwrap();
        assert_eq!(find(None, &cache, Some(&beside)).unwrap(), beside);
        fs::write(cached.join(file_name()), "").unwrap();
        assert_eq!(find(None, &cache, Some(&beside)).unwrap(), cached);
        assert_eq!(find(Some(&beside), &cache, None).unwrap(), beside);
        assert!(find(Some(folder.path()), &cache, Some(&beside)).is_err());
    }
}

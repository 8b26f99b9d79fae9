//! What the rules look at: the files of the repository and the dependency trees of some packages.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::toolchain::plain_cargo;

use super::dependencies::{self, LIMITS};

/// Files above this size in bytes are data, and only their names are kept.
const LARGEST_TEXT: u64 = 1 << 20;

/// Folders without files of the repository, for a source tree without git.
const NOT_SOURCE: [&str; 3] = [".git", ".dbgo", "target"];

/// The repository as the rules see it.
#[derive(Default)]
pub struct Repository {
    /// Path relative to the root, with `/`, and text; the text is empty where the file is no UTF-8 or large.
    pub files: BTreeMap<String, String>,
    /// For each package with a limit the names of all packages that it is built from.
    pub dependencies: BTreeMap<String, BTreeSet<String>>,
}

impl Repository {
    /// Reads all files that git tracks or would track, and asks cargo for the dependency trees.
    ///
    /// # Errors
    /// If a file can't be read or cargo fails.
    pub fn load(root: &Path) -> Result<Repository, Box<dyn Error>> {
        let mut repository = Repository::default();
        for path in tracked(root).map_or_else(|| walk(root), Ok)? {
            let file = root.join(&path);
            // git also lists what was deleted and not yet committed.
            let Ok(metadata) = fs::symlink_metadata(&file) else {
                continue;
            };
            let text = match metadata.is_file() && metadata.len() <= LARGEST_TEXT {
                true => String::from_utf8(fs::read(&file)?).unwrap_or_default(),
                false => String::new(),
            };
            repository.files.insert(path, text);
        }
        for limit in LIMITS {
            repository.dependencies.insert(
                limit.package.to_owned(),
                dependency_tree(root, limit.package)?,
            );
        }
        Ok(repository)
    }

    /// The Rust files under one of some folders.
    pub fn rust_files(&self, within: &[&str]) -> impl Iterator<Item = (&str, &str)> {
        self.files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .filter(move |(path, _)| {
                path.ends_with(".rs") && within.iter().any(|folder| path.starts_with(folder))
            })
    }

    /// A repository with just these files.
    #[cfg(test)]
    pub fn of(files: &[(&str, &str)]) -> Repository {
        let files = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect();
        Repository {
            files,
            dependencies: BTreeMap::new(),
        }
    }
}

/// The files that git tracks or would track; nothing if there is no git or no repository.
fn tracked(root: &Path) -> Option<Vec<String>> {
    let mut git = Command::new("git");
    git.current_dir(root).args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]);
    let output = git
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let list = String::from_utf8(output.stdout)
        .ok()
        .filter(|_| output.status.success())?;
    Some(list.split_terminator('\0').map(str::to_owned).collect())
}

/// All files under the root, for a source tree without git.
fn walk(root: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            if NOT_SOURCE.iter().any(|name| entry.file_name() == *name) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else {
                found.push(path.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    Ok(found)
}

/// What a package is built from on this machine, without what only its tests need.
fn dependency_tree(root: &Path, package: &str) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let mut tree = plain_cargo(root);
    tree.args([
        "tree",
        "--quiet",
        "--locked",
        "--package",
        package,
        "--edges",
        "normal,build",
    ]);
    let output = tree
        .args(["--prefix", "none", "--format", "{p}"])
        .output()?;
    if !output.status.success() {
        return Err(format!(
            "`cargo tree` failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        )
        .into());
    }
    Ok(dependencies::names(
        &String::from_utf8_lossy(&output.stdout),
        package,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_git_all_but_build_output_is_read() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["src", "target", ".dbgo"] {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join("a.rs"), "").unwrap();
        }
        assert_eq!(walk(folder.path()).unwrap(), ["src/a.rs"]);
    }
}

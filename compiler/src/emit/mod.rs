//! File tree → disk: only what changed is written, so that builds after it stay incremental.

use crate::codegen::FileTree;
use crate::diagnostic::{Code, Diagnostic, Severity};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// Makes a folder hold exactly the files of a tree: writes those that differ, each aside and
/// then renamed, and removes what earlier trees left below the same sub-folders.
///
/// # Errors
/// `unwritable` with the path that stands in the way.
pub fn emit(tree: &FileTree, folder: &Path) -> Result<(), Diagnostic> {
    let mut kept = BTreeSet::new();
    let mut folders = BTreeSet::new();
    for (path, content) in tree.iter() {
        let target = folder.join(path);
        write_if_changed(&target, content).map_err(|error| unwritable(&target, &error))?;
        if let Some(parent) = target.parent() {
            folders.insert(parent.to_owned());
        }
        kept.insert(target);
    }
    for parent in folders.iter().filter(|parent| parent.as_path() != folder) {
        remove_stale(parent, &kept).map_err(|error| unwritable(parent, &error))?;
    }
    Ok(())
}

fn write_if_changed(target: &Path, content: &[u8]) -> io::Result<()> {
    if std::fs::read(target).is_ok_and(|old| old == content) {
        return Ok(());
    }
    if let Some(parent) = target.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut aside = target.as_os_str().to_owned();
    aside.push(format!(".{}.aside", std::process::id()));
    let aside = PathBuf::from(aside);
    std::fs::write(&aside, content)?;
    std::fs::rename(&aside, target)
}

fn remove_stale(folder: &Path, kept: &BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() && !kept.contains(&entry.path()) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn unwritable(path: &Path, error: &io::Error) -> Diagnostic {
    let message = format!("can't write `{}`: {error}", path.display());
    Diagnostic::without_place(Code::Unwritable, Severity::Error, message)
        .hint("dbgo keeps generated code in `.dbgo/` beside `dbgo.toml`: make that folder writable")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unchanged_files_stay_and_stale_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        let mut tree = FileTree::default();
        tree.insert("src/a.rs", "a");
        tree.insert("src/b.rs", "b");
        emit(&tree, folder.path()).unwrap();
        let before = std::fs::metadata(folder.path().join("src/a.rs"))
            .unwrap()
            .modified()
            .unwrap();
        let mut smaller = FileTree::default();
        smaller.insert("src/a.rs", "a");
        emit(&smaller, folder.path()).unwrap();
        let after = std::fs::metadata(folder.path().join("src/a.rs"))
            .unwrap()
            .modified()
            .unwrap();
        assert_eq!(before, after);
        assert!(!folder.path().join("src/b.rs").exists());
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("src"), "a file").unwrap();
        let mut tree = FileTree::default();
        tree.insert("src/a.rs", "a");
        assert_eq!(
            emit(&tree, folder.path()).unwrap_err().code,
            Code::Unwritable
        );
    }
}

//! Files in memory → disk: only what changed is written, so that cargo recompiles no more than it
//! must, and what is no longer generated goes away.
//!
//! A list of what was written lies beside the files. Nothing that isn't on it is ever removed.

mod rewrite;

use crate::codegen::FileTree;
use crate::diagnostic::{Code, Diagnostic, Severity};
use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

pub use rewrite::{Rewrite, RewriteError, rewrite};

/// The list of generated files, one path a line.
const LIST: &str = ".generated";

/// What happened to the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Emitted {
    /// How many were written.
    pub written: usize,
    /// How many were right already.
    pub unchanged: usize,
    /// How many were removed because they are no longer generated.
    pub removed: usize,
}

/// Writes a tree into a folder, which is made if it is missing, and removes what an earlier tree
/// left there.
///
/// # Errors
/// `unwritable`, with the path that can't be written.
pub fn emit(tree: &FileTree, folder: &Path) -> Result<Emitted, Diagnostic> {
    emit_part(tree, folder, &|_| true)
}

/// The same for a tree that is a part of what is generated into the folder: an earlier tree's
/// files are removed only where they are `owned`, that is, belong to this part.
///
/// # Errors
/// As [`emit`].
pub fn emit_part(
    tree: &FileTree,
    folder: &Path,
    owned: &dyn Fn(&str) -> bool,
) -> Result<Emitted, Diagnostic> {
    let list = folder.join(LIST);
    let earlier = read_list(&list);
    let now: BTreeSet<String> = tree.iter().map(|(path, _)| path.to_owned()).collect();
    let stale: BTreeSet<String> = earlier
        .difference(&now)
        .filter(|path| owned(path))
        .cloned()
        .collect();

    // Both old and new first: if this stops half-way, the list still names all that is there.
    let all: BTreeSet<String> = earlier.union(&now).cloned().collect();
    write_list(&list, &all)?;
    let mut emitted = Emitted::default();
    for (path, content) in tree.iter() {
        if write_if_changed(&folder.join(path), content)? {
            emitted.written += 1;
        } else {
            emitted.unchanged += 1;
        }
    }
    for path in &stale {
        emitted.removed += usize::from(remove(folder, path)?);
    }
    write_list(&list, &all.difference(&stale).cloned().collect())?;
    Ok(emitted)
}

/// Writes a file unless it holds these bytes already. Readers see the old file or the new one,
/// never a part.
///
/// # Errors
/// `unwritable`
pub fn write_if_changed(path: &Path, content: &[u8]) -> Result<bool, Diagnostic> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(false);
    }
    replace(path, |aside| fs::File::create(aside)?.write_all(content))?;
    Ok(true)
}

/// Makes a file by filling one beside it and renaming that.
///
/// # Errors
/// `unwritable`
pub fn replace(path: &Path, fill: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), Diagnostic> {
    let parent = path.parent().unwrap_or(Path::new(""));
    fs::create_dir_all(parent).map_err(|error| unwritable(parent, &error))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let aside = parent.join(format!(".{name}.{}", unique()));
    let done = fill(&aside).and_then(|()| fs::rename(&aside, path));
    done.map_err(|error| {
        // The aside is a leftover that nobody looks for; the first error is the one that counts.
        let _ = fs::remove_file(&aside);
        unwritable(path, &error)
    })
}

/// Writes files into a folder that nobody else knows, so that none has to be looked at first or
/// put aside.
///
/// # Errors
/// `unwritable`
pub fn fill<'a>(
    folder: &Path,
    files: impl IntoIterator<Item = (&'a str, &'a [u8])>,
) -> Result<(), Diagnostic> {
    let mut made = PathBuf::new();
    for (path, content) in files {
        let file = folder.join(path);
        let parent = file.parent().unwrap_or(folder);
        if parent != made {
            fs::create_dir_all(parent).map_err(|error| unwritable(parent, &error))?;
            made = parent.to_owned();
        }
        fs::write(&file, content).map_err(|error| unwritable(&file, &error))?;
    }
    Ok(())
}

/// A name that no other thread or running process uses.
pub fn unique() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    format!(
        "{}.{}",
        process::id(),
        NUMBER.fetch_add(1, Ordering::Relaxed)
    )
}

/// The finding for a path that can't be written.
pub fn unwritable(path: &Path, error: &io::Error) -> Diagnostic {
    let message = format!("`{}` can't be written: {error}", path.display());
    let hint = if error.kind() == io::ErrorKind::StorageFull {
        "make room on the disk"
    } else {
        "dbgo keeps generated code in `.dbgo/` beside `dbgo.toml`, and what all projects share in the user's cache: make these folders writable"
    };
    Diagnostic::without_place(Code::Unwritable, Severity::Error, message).hint(hint)
}

fn read_list(list: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(list).unwrap_or_default();
    text.lines()
        .filter(|line| is_inside(line))
        .map(str::to_owned)
        .collect()
}

fn write_list(list: &Path, paths: &BTreeSet<String>) -> Result<(), Diagnostic> {
    let text: String = paths
        .iter()
        .flat_map(|path| [path.as_str(), "\n"])
        .collect();
    write_if_changed(list, text.as_bytes()).map(drop)
}

/// Whether a path of the list stays in the folder: the list is a file that anyone can edit.
fn is_inside(path: &str) -> bool {
    !path.is_empty()
        && Path::new(path)
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
}

/// Removes a file, and its folders where they are empty after it.
fn remove(folder: &Path, path: &str) -> Result<bool, Diagnostic> {
    let file: PathBuf = folder.join(path);
    match fs::remove_file(&file) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(unwritable(&file, &error)),
    }
    for parent in file
        .ancestors()
        .skip(1)
        .take_while(|parent| *parent != folder)
    {
        if fs::remove_dir(parent).is_err() {
            break;
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> FileTree {
        let mut tree = FileTree::default();
        for (path, content) in files {
            tree.insert(*path, *content);
        }
        tree
    }

    #[test]
    fn only_what_changed_is_written_and_what_is_stale_goes() {
        let folder = tempfile::tempdir().unwrap();
        let first = tree(&[("a/one.rs", "1"), ("b/two.rs", "2"), ("three.rs", "3")]);
        let emitted = emit(&first, folder.path()).unwrap();
        assert_eq!(
            emitted,
            Emitted {
                written: 3,
                unchanged: 0,
                removed: 0
            }
        );
        fs::write(folder.path().join("own.rs"), "the user's").unwrap();
        let written = fs::metadata(folder.path().join("three.rs"))
            .unwrap()
            .modified()
            .unwrap();

        let second = tree(&[("a/one.rs", "one"), ("three.rs", "3")]);
        let emitted = emit(&second, folder.path()).unwrap();
        assert_eq!(
            emitted,
            Emitted {
                written: 1,
                unchanged: 1,
                removed: 1
            }
        );
        assert_eq!(
            fs::read_to_string(folder.path().join("a/one.rs")).unwrap(),
            "one"
        );
        assert!(!folder.path().join("b").exists(), "an empty folder is left");
        assert!(
            folder.path().join("own.rs").exists(),
            "only generated files are removed"
        );
        let kept = fs::metadata(folder.path().join("three.rs"))
            .unwrap()
            .modified()
            .unwrap();
        assert_eq!(written, kept, "an unchanged file is touched");
    }

    #[test]
    fn what_is_not_owned_stays_and_is_remembered() {
        let folder = tempfile::tempdir().unwrap();
        emit(
            &tree(&[("a/one.rs", "1"), ("b/two.rs", "2")]),
            folder.path(),
        )
        .unwrap();
        let only_a = |path: &str| path.starts_with("a/");
        let emitted = emit_part(&tree(&[("a/new.rs", "1")]), folder.path(), &only_a).unwrap();
        assert_eq!((emitted.written, emitted.removed), (1, 1));
        assert!(folder.path().join("b/two.rs").exists());
        let emitted = emit(&tree(&[("a/new.rs", "1")]), folder.path()).unwrap();
        assert_eq!(emitted.removed, 1);
    }

    #[test]
    fn a_forged_list_removes_nothing_outside() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("rust");
        fs::create_dir(&folder).unwrap();
        let precious = outer.path().join("precious");
        fs::write(&precious, "").unwrap();
        fs::write(
            folder.join(LIST),
            format!("../precious\n{}\n", precious.display()),
        )
        .unwrap();
        emit(&FileTree::default(), &folder).unwrap();
        assert!(precious.exists());
    }

    #[test]
    fn a_folder_that_is_a_file_is_unwritable() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let diagnostic = emit(&tree(&[("a", "1")]), &file).unwrap_err();
        assert_eq!(diagnostic.code, Code::Unwritable);
    }
}

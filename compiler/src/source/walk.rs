//! Finding the files of a project's folders, in one order on every machine.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A file or folder that was found.
pub(super) struct Found {
    /// Relative to the project's folder, with `/` between the parts.
    pub(super) path: String,
    /// Where it lies on disk.
    pub(super) on_disk: PathBuf,
    /// Whether its folder says that it is a file; a link may lead to anything.
    pub(super) is_file: bool,
}

/// A folder that can't be listed.
pub(super) struct Unlisted {
    /// Relative to the project's folder.
    pub(super) path: String,
    /// Why.
    pub(super) error: io::Error,
}

/// Finds the wanted files below `root/folder`, ordered by path. Hidden files and folders are left out; a
/// link to a folder that it lies in is not followed. A folder that doesn't exist is empty.
pub(super) fn walk(
    root: &Path,
    folder: &str,
    is_wanted: fn(&str) -> bool,
) -> (Vec<Found>, Vec<Unlisted>) {
    let mut walk = Walk {
        is_wanted,
        found: Vec::new(),
        unlisted: Vec::new(),
    };
    let on_disk = root.join(folder);
    if let Ok(canonical) = on_disk.canonicalize()
        && canonical.is_dir()
    {
        walk.enter(folder, &on_disk, &[canonical]);
    }
    walk.found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    (walk.found, walk.unlisted)
}

struct Walk {
    is_wanted: fn(&str) -> bool,
    found: Vec<Found>,
    unlisted: Vec<Unlisted>,
}

impl Walk {
    /// Lists a folder. `chain` holds the real paths of the folder and of all it was reached by.
    fn enter(&mut self, path: &str, on_disk: &Path, chain: &[PathBuf]) {
        let entries =
            fs::read_dir(on_disk).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        let entries = match entries {
            Ok(entries) => entries,
            Err(error) => {
                self.unlisted.push(Unlisted {
                    path: path.to_owned(),
                    error,
                });
                return;
            }
        };
        for entry in entries {
            let name = entry.file_name();
            let text = name.to_string_lossy();
            if text.starts_with('.') {
                continue;
            }
            let inner = format!("{path}/{text}");
            self.visit(inner, &entry, chain);
        }
    }

    fn visit(&mut self, path: String, entry: &fs::DirEntry, chain: &[PathBuf]) {
        let on_disk = entry.path();
        let kind = entry.file_type();
        let is = |asked: fn(&fs::FileType) -> bool| kind.as_ref().is_ok_and(asked);
        let is_link = is(fs::FileType::is_symlink);
        // A link that leads nowhere counts as a file, whose reading then fails and is reported.
        let is_folder = if is_link {
            on_disk.is_dir()
        } else {
            is(fs::FileType::is_dir)
        };
        if !is_folder {
            if (self.is_wanted)(&path) {
                self.found.push(Found {
                    path,
                    on_disk,
                    is_file: is(fs::FileType::is_file),
                });
            }
            return;
        }
        let real = if is_link {
            match on_disk.canonicalize() {
                Ok(real) => real,
                Err(error) => {
                    self.unlisted.push(Unlisted { path, error });
                    return;
                }
            }
        } else {
            match chain.last() {
                Some(parent) => parent.join(entry.file_name()),
                None => return,
            }
        };
        if is_link && chain.iter().any(|above| above.starts_with(&real)) {
            return;
        }
        let mut inner_chain = chain.to_vec();
        inner_chain.push(real);
        self.enter(&path, &on_disk, &inner_chain);
    }
}

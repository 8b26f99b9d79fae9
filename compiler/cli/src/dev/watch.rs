//! Which files of the project change.
//!
//! The project's folder is watched for `dbgo.toml` and for folders that come and go, and each folder
//! that means something with all that is in it; not what the engine, git and dbgo itself write beside
//! them.

use dbgo_compiler::source::{FOLDERS, SETTINGS};
use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind, RemoveKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Watches a project's files.
pub struct Watch {
    root: PathBuf,
    watcher: RecommendedWatcher,
    /// The folders below the project's that are watched.
    folders: BTreeSet<&'static str>,
}

impl Watch {
    /// Watches a project from now on. `changed` gets the paths, relative to the project's folder, that
    /// something happened to; it is called in another thread.
    ///
    /// # Errors
    /// Where the system can't watch the project's folder.
    pub fn new(
        root: &Path,
        changed: impl Fn(BTreeSet<String>) + Send + 'static,
    ) -> notify::Result<Self> {
        let base = root.to_owned();
        let mut folders = Folders::of(root);
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let paths = match event {
                Ok(event) => relevant(&base, &event, &mut folders),
                // Something was missed: whatever changed is found by looking.
                Err(_) => BTreeSet::from([String::new()]),
            };
            if !paths.is_empty() {
                changed(paths);
            }
        })?;
        watcher.watch(root, RecursiveMode::NonRecursive)?;
        let mut watch = Self {
            root: root.to_owned(),
            watcher,
            folders: BTreeSet::new(),
        };
        watch.refresh();
        Ok(watch)
    }

    /// Watches folders that are new, and forgets those that are gone.
    pub fn refresh(&mut self) {
        for folder in FOLDERS {
            let path = self.root.join(folder);
            if !path.is_dir() {
                // The system forgets it by itself.
                self.folders.remove(folder);
            } else if !self.folders.contains(folder)
                && (self.watcher.watch(&path, RecursiveMode::Recursive)).is_ok()
            {
                self.folders.insert(folder);
            }
        }
    }
}

/// The folders that there are or were: of something that is gone, the system doesn't say what it was.
struct Folders(BTreeSet<PathBuf>);

impl Folders {
    fn of(root: &Path) -> Self {
        let mut folders = Self(BTreeSet::new());
        for folder in FOLDERS {
            folders.is_one(&root.join(folder));
        }
        folders
    }

    /// Whether a path is that of a folder, or was; those below it are remembered as well.
    fn is_one(&mut self, path: &Path) -> bool {
        if path.is_dir() && self.0.insert(path.to_owned()) {
            let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
            for entry in entries {
                // A link to a folder above would lead round and round.
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    self.is_one(&entry.path());
                }
            }
        }
        self.0.contains(path)
    }
}

/// The paths of an event that may change the project.
fn relevant(root: &Path, event: &Event, folders: &mut Folders) -> BTreeSet<String> {
    if event.need_rescan() {
        return BTreeSet::from([String::new()]);
    }
    let Some(of_folder) = touches_folders(event.kind) else {
        return BTreeSet::new();
    };
    let paths = event.paths.iter();
    paths
        .filter_map(|path| {
            let is_folder = of_folder && folders.is_one(path);
            let path = path.strip_prefix(root).ok()?;
            let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
            let path = parts?.join("/");
            is_relevant(&path, is_folder).then_some(path)
        })
        .collect()
}

/// Whether an event may be about a whole folder; `None` for one that changes nothing. Where the system
/// says when a file was closed after writing, what was written before that is only half of it.
fn touches_folders(kind: EventKind) -> Option<bool> {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Some(false),
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_)) => None,
        EventKind::Create(CreateKind::Folder) | EventKind::Remove(RemoveKind::Folder) => Some(true),
        EventKind::Modify(ModifyKind::Name(_)) | EventKind::Any | EventKind::Other => Some(true),
        EventKind::Create(_) | EventKind::Modify(_) if cfg!(target_os = "linux") => None,
        EventKind::Create(_) | EventKind::Modify(_) => Some(false),
        EventKind::Remove(_) => Some(false),
    }
}

/// Whether the project reads what is at a path, or may read what is below it.
fn is_relevant(path: &str, is_folder: bool) -> bool {
    if path == SETTINGS {
        return true;
    }
    let mut parts = path.split('/');
    let is_known = parts.next().is_some_and(|first| FOLDERS.contains(&first));
    let is_hidden = parts.any(|part| part.starts_with('.'));
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_lowercase());
    let is_read = match extension.as_deref() {
        Some("sql" | "csv" | "parquet") => true,
        _ => is_folder,
    };
    is_known && !is_hidden && is_read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_project_reads_is_relevant() {
        for path in [
            "dbgo.toml",
            "models/a.sql",
            "models/deep/er/a.SQL",
            "seeds/orders.csv",
            "seeds/orders.parquet",
            "macros/m.sql",
        ] {
            assert!(is_relevant(path, false), "{path}");
        }
        for path in [
            "shop.duckdb.wal",
            "models/.a.sql.swp",
            "models/.hidden/a.sql",
            "models/a.sql~",
            "models/4913",
            ".dbgo/cache/project.base",
            "notes/a.sql",
            "sub/dbgo.toml",
            "",
        ] {
            assert!(!is_relevant(path, false), "{path}");
        }
        assert!(is_relevant("models/marts", true), "a folder that was moved");
        assert!(is_relevant("models", true));
        assert!(!is_relevant("target", true));
    }

    #[test]
    fn a_folder_that_is_gone_was_one() {
        let place = tempfile::tempdir().expect("a folder");
        let inner = place.path().join("models/marts/deep");
        std::fs::create_dir_all(&inner).expect("a folder");
        let mut folders = Folders::of(place.path());
        std::fs::remove_dir_all(place.path().join("models")).expect("a folder");
        assert!(folders.is_one(&inner));
        assert!(!folders.is_one(&place.path().join("models/4913")));
    }

    #[test]
    fn what_is_half_written_is_not_acted_upon() {
        let closed = EventKind::Access(AccessKind::Close(AccessMode::Write));
        assert_eq!(touches_folders(closed), Some(false));
        let read = EventKind::Access(AccessKind::Close(AccessMode::Read));
        assert_eq!(touches_folders(read), None);
        let written = EventKind::Modify(ModifyKind::Data(notify::event::DataChange::Any));
        let expected = (!cfg!(target_os = "linux")).then_some(false);
        assert_eq!(touches_folders(written), expected);
    }
}

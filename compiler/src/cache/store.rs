//! Many small values by name, of which a compilation reads and writes only what it needs.
//!
//! Two files of one format hold them. The *base* has all values of the compilation that wrote it.
//! The *overlay* has those that were written since, and names the base that it lies over; it is
//! written anew by each compilation that learned something, so that one edit costs a small file.
//! When it has grown to a quarter of the base, both become a new base.
//!
//! The format is that of [`segment`](super::segment). A file is written aside and renamed: a reader
//! sees the old one or the new one, and of two writers the last one wins. As bytes that don't have
//! their hash are a miss, nothing has to be synced to the disk.

use super::entry::{remove_asides, write_aside};
use super::segment::{self, Segment, Values};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// An overlay smaller than this many bytes stays one.
const SMALL: usize = 64 * 1024;

/// A kind of value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// What was read of a file, by its path.
    File = 1,
    /// What a model, seed or source was typed as, by the path of its file.
    Node = 2,
    /// The headers and the graph, in parts of any name.
    Outline = 3,
}

impl Table {
    /// Whether the names in a table are those of files.
    fn is_by_file(table: u8) -> bool {
        table != Table::Outline as u8
    }
}

/// A moment by the clock of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The file system.
    pub device: u64,
    /// Seconds and nanoseconds, rounded down to the file system's tick.
    pub time: (i64, i64),
}

/// The values that are kept of a project.
#[derive(Debug)]
pub struct Store {
    /// `None` for a store that keeps nothing.
    folder: Option<PathBuf>,
    tool: [u8; 32],
    base: Segment,
    overlay: Segment,
    /// What was put, by table and name.
    fresh: BTreeMap<u8, BTreeMap<String, Vec<u8>>>,
}

impl Store {
    /// A store that has nothing and keeps nothing.
    pub fn none() -> Self {
        Self {
            folder: None,
            tool: [0; 32],
            base: Segment::default(),
            overlay: Segment::default(),
            fresh: BTreeMap::new(),
        }
    }

    /// The store in a folder. `tool` is the identity of the program that computes the values;
    /// those of another program are misses. What can't be read counts as empty.
    pub fn open(folder: impl Into<PathBuf>, tool: &str) -> Self {
        let folder = folder.into();
        let tool = *blake3::hash(tool.as_bytes()).as_bytes();
        let read = |name: &str| std::fs::read(folder.join(name)).ok();
        let base = read(BASE).and_then(|bytes| Segment::read(bytes, &tool, &[0; 32]));
        let base = base.unwrap_or_default();
        // An overlay over nothing can be no overlay of this base.
        let overlay = read(OVERLAY)
            .filter(|_| !base.is_empty())
            .and_then(|bytes| Segment::read(bytes, &tool, &base.hash()));
        Self {
            overlay: overlay.unwrap_or_default(),
            folder: Some(folder),
            tool,
            base,
            fresh: BTreeMap::new(),
        }
    }

    /// A value that was kept or [put](Self::put).
    pub fn get<'s>(&'s self, table: Table, name: &str) -> Option<&'s [u8]> {
        let fresh = self.fresh.get(&(table as u8));
        if let Some(value) = fresh.and_then(|fresh| fresh.get(name)) {
            return Some(value);
        }
        let kept = |segment: &'s Segment| segment.get(table as u8, name);
        kept(&self.overlay).or_else(|| kept(&self.base))
    }

    /// Puts a value in place of the one of this name, to be kept by [`save`](Self::save).
    pub fn put(&mut self, table: Table, name: &str, value: Vec<u8>) {
        let fresh = self.fresh.entry(table as u8).or_default();
        fresh.insert(name.to_owned(), value);
    }

    /// This moment by the clock of the file system that the store lies on; `None` where nothing can
    /// be written, or nothing is kept.
    #[cfg(unix)]
    pub fn mark(&self) -> Option<Mark> {
        use std::os::unix::fs::MetadataExt;
        let folder = self.folder.as_ref()?;
        let path = folder.join(MARK);
        // What is written is of no matter: the file gets the time of it.
        let was_there = std::fs::write(&path, b"0").is_ok();
        if !was_there {
            std::fs::create_dir_all(folder).ok()?;
            std::fs::write(&path, b"0").ok()?;
        }
        let metadata = std::fs::metadata(&path).ok()?;
        if !was_there {
            // Who only looks leaves no folder behind; only empty ones can be removed so.
            let _ = std::fs::remove_file(&path);
            for made in folder.ancestors().take(2) {
                let _ = std::fs::remove_dir(made);
            }
        }
        Some(Mark {
            device: metadata.dev(),
            time: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    /// Elsewhere a file system doesn't say when a file's state changed.
    #[cfg(not(unix))]
    pub fn mark(&self) -> Option<Mark> {
        None
    }

    /// Keeps what was put. `is_live` says of a name whether there still is such a file; values of
    /// others go when the base is written anew.
    ///
    /// # Errors
    /// Where the files can't be written; those that were there stay.
    pub fn save(self, is_live: impl Fn(&str) -> bool) -> io::Result<()> {
        let Some(folder) = self.folder.as_ref().filter(|_| !self.fresh.is_empty()) else {
            return Ok(());
        };
        std::fs::create_dir_all(folder)?;
        remove_asides(folder);
        let fresh = self.fresh.values().flat_map(BTreeMap::values);
        let above = self.overlay.size() + fresh.map(Vec::len).sum::<usize>();
        if above < SMALL.max(self.base.size() / 4) && !self.base.is_empty() {
            let over = self.base.hash();
            return self.write(&folder.join(OVERLAY), &[&self.overlay], &over, |_| true);
        }
        let segments = [&self.overlay, &self.base];
        self.write(&folder.join(BASE), &segments, &[0; 32], is_live)?;
        // One that stays lies over another base, and is a miss.
        let _ = std::fs::remove_file(folder.join(OVERLAY));
        Ok(())
    }

    /// Writes a file with what was put and, where nothing was, the values of the segments; the
    /// first segment that has a value gives it.
    fn write(
        &self,
        path: &Path,
        segments: &[&Segment],
        over: &[u8; 32],
        is_live: impl Fn(&str) -> bool,
    ) -> io::Result<()> {
        let mut all = Values::new();
        for segment in segments.iter().rev() {
            all.extend(segment.iter());
        }
        for (table, fresh) in &self.fresh {
            let fresh = fresh.iter();
            all.extend(fresh.map(|(name, value)| ((*table, name.as_str()), &value[..])));
        }
        all.retain(|(table, name), _| !Table::is_by_file(*table) || is_live(name));
        write_aside(path, |file| segment::write(file, &self.tool, over, &all))
    }
}

const BASE: &str = "project.base";
const OVERLAY: &str = "project.overlay";

/// A file that is only there for its time.
const MARK: &str = "mark";

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::Path;

    fn put(folder: &Path, values: &[(&str, &str)]) {
        let mut store = Store::open(folder, "1");
        for (name, value) in values {
            store.put(Table::File, name, value.as_bytes().to_vec());
        }
        store.save(|_| true).unwrap();
    }

    fn get(folder: &Path, name: &str) -> Option<String> {
        let store = Store::open(folder, "1");
        let value = store.get(Table::File, name)?;
        Some(String::from_utf8(value.to_vec()).unwrap())
    }

    #[test]
    fn values_stay_until_others_take_their_place() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        put(folder, &[("b", "1"), ("a", "2")]);
        assert!(!folder.join(OVERLAY).exists());
        let base = fs::read(folder.join(BASE)).unwrap();
        put(folder, &[("b", "3"), ("c", "4")]);
        put(folder, &[("c", "5")]);
        assert_eq!(fs::read(folder.join(BASE)).unwrap(), base);
        for (name, value) in [("a", "2"), ("b", "3"), ("c", "5")] {
            assert_eq!(get(folder, name).as_deref(), Some(value));
        }
        assert_eq!(get(folder, "d"), None);
        assert_eq!(Store::open(folder, "1").get(Table::Node, "a"), None);
        assert_eq!(Store::open(folder, "2").get(Table::File, "a"), None);
    }

    #[test]
    fn a_large_overlay_becomes_a_base_without_what_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        put(folder, &[("a", "1"), ("b", "2")]);
        let mut store = Store::open(folder, "1");
        store.put(Table::File, "c", vec![b'3'; SMALL]);
        store.save(|name| name != "a").unwrap();
        assert!(!folder.join(OVERLAY).exists());
        assert_eq!(get(folder, "a"), None);
        assert_eq!(get(folder, "b").as_deref(), Some("2"));
        assert_eq!(get(folder, "c").map(|value| value.len()), Some(SMALL));
    }

    #[test]
    fn an_overlay_of_another_base_is_a_miss() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        put(folder, &[("a", "1")]);
        put(folder, &[("a", "2")]);
        let overlay = fs::read(folder.join(OVERLAY)).unwrap();
        fs::remove_file(folder.join(BASE)).unwrap();
        assert_eq!(get(folder, "a"), None);
        put(folder, &[("a", "3")]);
        fs::write(folder.join(OVERLAY), overlay).unwrap();
        assert_eq!(get(folder, "a").as_deref(), Some("3"));
    }

    #[test]
    fn torn_and_changed_files_are_misses() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        put(folder, &[("a", "1"), ("b", "2")]);
        let whole = fs::read(folder.join(BASE)).unwrap();
        for length in 0..whole.len() {
            fs::write(folder.join(BASE), &whole[..length]).unwrap();
            assert_eq!(get(folder, "a"), None, "cut at {length}");
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(folder.join(BASE), changed).unwrap();
            assert_eq!(get(folder, "a"), None, "changed at {at}");
        }
        fs::write(folder.join(BASE), whole).unwrap();
        assert_eq!(get(folder, "a").as_deref(), Some("1"));
    }

    #[test]
    fn what_a_killed_process_left_goes() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        put(folder, &[("a", "1")]);
        let left = folder.join("project.base.1.aside");
        fs::write(&left, "half").unwrap();
        put(folder, &[("a", "2")]);
        assert!(!left.exists());
        assert_eq!(get(folder, "a").as_deref(), Some("2"));
    }

    #[test]
    fn a_folder_that_is_a_file_keeps_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cache");
        fs::write(&file, "").unwrap();
        let mut store = Store::open(&file, "1");
        store.put(Table::File, "a", vec![1]);
        assert_eq!(store.get(Table::File, "a"), Some(&[1][..]));
        assert!(store.save(|_| true).is_err());
    }
}

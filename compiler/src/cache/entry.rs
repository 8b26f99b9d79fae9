//! One file for one value, which is read and written whole. Not for what has many parts of which
//! few change: that is the matter of [`Store`](super::Store).

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Begins each file: the format's name and version.
const MAGIC: &[u8; 8] = b"dbgo\x00c\x00\x01";

/// A folder with entries.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
    tool: String,
}

impl Cache {
    /// The cache in a folder. `tool` is the identity of the program that computes the entries;
    /// those of another program are misses.
    pub fn new(folder: impl Into<PathBuf>, tool: impl Into<String>) -> Self {
        Self {
            folder: folder.into(),
            tool: tool.into(),
        }
    }

    /// The entry of this name, if it was stored under this key.
    pub fn get<T: DeserializeOwned>(&self, name: &str, key: &[u8; 32]) -> Option<T> {
        let bytes = std::fs::read(self.path(name)).ok()?;
        let rest = bytes.strip_prefix(MAGIC.as_slice())?;
        let (checksum, content) = rest.split_at_checked(32)?;
        let content = content.strip_prefix(self.full_key(key).as_slice())?;
        (blake3::hash(content).as_bytes() == checksum)
            .then(|| postcard::from_bytes(content).ok())?
    }

    /// Stores an entry in place of any other one of this name. The file is written aside and
    /// renamed, so that readers see the old one or the new one.
    ///
    /// # Errors
    /// Where the file can't be written.
    pub fn put<T: Serialize>(&self, name: &str, key: &[u8; 32], value: &T) -> std::io::Result<()> {
        let content = postcard::to_stdvec(value).map_err(std::io::Error::other)?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(blake3::hash(&content).as_bytes());
        bytes.extend_from_slice(&self.full_key(key));
        bytes.extend_from_slice(&content);
        std::fs::create_dir_all(&self.folder)?;
        write_aside(&self.path(name), |file| file.write_all(&bytes))
    }

    fn path(&self, name: &str) -> PathBuf {
        Path::new(&self.folder).join(name)
    }

    fn full_key(&self, key: &[u8; 32]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.tool.as_bytes()).update(&[0]).update(key);
        *hasher.finalize().as_bytes()
    }
}

/// How the name of a file ends that isn't whole yet.
const ASIDE: &str = ".aside";

/// Writes a file aside and renames it, so that readers see the old one or the new one.
pub(super) fn write_aside(
    path: &Path,
    write: impl FnOnce(&mut File) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(format!(".{}{ASIDE}", std::process::id()));
    let aside = PathBuf::from(aside);
    let written = File::create(&aside)
        .and_then(|mut file| write(&mut file))
        .and_then(|()| std::fs::rename(&aside, path));
    if written.is_err() {
        // On a full disk the half of it would take what is left.
        let _ = std::fs::remove_file(&aside);
    }
    written
}

/// Removes what processes left that were ended while they wrote. One that is still at it can't
/// rename its file then, and what it would have kept is computed again.
pub(super) fn remove_asides(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().ends_with(ASIDE) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn torn_foreign_and_old_entries_are_misses() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path(), "1");
        let key = [7; 32];
        assert_eq!(cache.get::<String>("entry", &key), None);
        cache.put("entry", &key, &"value").unwrap();
        assert_eq!(cache.get::<String>("entry", &key).as_deref(), Some("value"));
        assert_eq!(cache.get::<String>("entry", &[8; 32]), None);
        assert_eq!(
            Cache::new(folder.path(), "2").get::<String>("entry", &key),
            None
        );
        let path = folder.path().join("entry");
        let bytes = std::fs::read(&path).unwrap();
        for length in 0..bytes.len() {
            std::fs::write(&path, &bytes[..length]).unwrap();
            assert_eq!(cache.get::<String>("entry", &key), None, "cut at {length}");
        }
        let mut changed = bytes;
        let last = changed.len() - 1;
        changed[last] ^= 1;
        std::fs::write(&path, changed).unwrap();
        assert_eq!(cache.get::<String>("entry", &key), None);
    }
}

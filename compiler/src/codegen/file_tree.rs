//! The files that codegen gives, in memory.

use std::collections::BTreeMap;

/// Paths, with `/` between their parts, and the files' bytes. Ordered, so that equal input
/// gives equal output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileTree {
    files: BTreeMap<String, Vec<u8>>,
}

impl FileTree {
    /// Adds a file; a path that is there already is replaced.
    pub fn insert(&mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), content.into());
    }

    /// Adds all files of another tree below a folder.
    pub fn insert_tree(&mut self, folder: &str, tree: FileTree) {
        for (path, content) in tree.files {
            self.files.insert(format!("{folder}/{path}"), content);
        }
    }

    /// The files in order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files
            .iter()
            .map(|(path, content)| (path.as_str(), content.as_slice()))
    }

    /// A file's content.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// A hash of all paths and contents.
    pub fn hash(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new();
        for (path, content) in &self.files {
            hasher
                .update(&(path.len() as u64).to_le_bytes())
                .update(path.as_bytes());
            hasher
                .update(&(content.len() as u64).to_le_bytes())
                .update(content);
        }
        hasher.finalize()
    }
}

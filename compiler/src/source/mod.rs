//! The texts of a project's files, each with an id and the hash of its bytes.
//!
//! This is the only stage that reads the user's files. [`find_root`] finds the project,
//! [`read_project`] reads it; every later stage works on what they return. What a file means is
//! decided here by its place and extension alone, and nothing looks into it.

mod classify;
mod kept;
mod read;
mod walk;

use crate::span::{FileId, Span};
use std::sync::{Arc, OnceLock};

pub use classify::{ProjectFiles, SeedFile, SeedFormat, import_path};
pub use read::{
    FOLDERS, Listing, MAX_SQL_BYTES, SETTINGS, find_root, list, read_changed, read_project,
};

/// One file of a project.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path relative to the project's folder, with `/` between the parts.
    pub path: String,
    /// The text, without a byte order mark. Empty for files that aren't text.
    pub text: Arc<str>,
    /// The hash of the bytes as they lie on disk.
    pub hash: blake3::Hash,
}

/// The files of a project. A [`FileId`] is an index into them.
#[derive(Clone, Debug, Default)]
pub struct SourceSet {
    files: Vec<SourceFile>,
    /// The files ordered by path; made when the first is looked for.
    by_path: OnceLock<Vec<FileId>>,
}

impl SourceSet {
    /// Adds a file and gives its id.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let text = text.into();
        let hash = blake3::hash(text.as_bytes());
        self.add_hashed(path, text, hash)
    }

    /// Adds a file whose bytes, which may be other than its text, have been hashed already.
    pub fn add_hashed(
        &mut self,
        path: impl Into<String>,
        text: impl Into<Arc<str>>,
        hash: blake3::Hash,
    ) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.by_path = OnceLock::new();
        self.files.push(SourceFile {
            path: path.into(),
            text: text.into(),
            hash,
        });
        id
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// A file by its id.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// A file by its id; `None` for the id of what is no file.
    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// A file by its path.
    pub fn find(&self, path: &str) -> Option<FileId> {
        let by_path = self.by_path.get_or_init(|| {
            let mut ids: Vec<FileId> = self.iter().map(|(id, _)| id).collect();
            ids.sort_unstable_by_key(|id| &self.file(*id).path);
            ids
        });
        let found = by_path.binary_search_by_key(&path, |id| self.file(*id).path.as_str());
        found.ok().map(|index| by_path[index])
    }

    /// All files with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files
            .iter()
            .enumerate()
            .map(|(index, file)| (FileId(index as u32), file))
    }

    /// The text at a span.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file)
            .text
            .get(span.range())
            .unwrap_or_default()
    }

    /// Forgets a file's text, keeping its path and hash: for a seed's data, which may be large,
    /// once its columns are known and no diagnostic points into it.
    pub fn release_text(&mut self, id: FileId) {
        self.files[id.0 as usize].text = Arc::from("");
    }
}

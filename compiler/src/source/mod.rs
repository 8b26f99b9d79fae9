//! The texts of a project's files, each with an id and the hash of its bytes.

use crate::span::{FileId, Span};
use std::sync::Arc;

/// One file of a project.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path relative to the project's folder, with `/` between the parts.
    pub path: String,
    /// The text.
    pub text: Arc<str>,
    /// The hash of its bytes.
    pub hash: blake3::Hash,
}

/// The files of a project. A [`FileId`] is an index into them.
#[derive(Clone, Debug, Default)]
pub struct SourceSet {
    files: Vec<SourceFile>,
}

impl SourceSet {
    /// Adds a file and gives its id.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let text = text.into();
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(SourceFile {
            path: path.into(),
            hash: blake3::hash(text.as_bytes()),
            text,
        });
        id
    }

    /// A file by its id.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
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
}

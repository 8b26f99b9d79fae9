//! The headers of a project's files.

use super::Header;
use crate::cache::Lazy;
use crate::span::FileId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The headers of those files that have one and could be read. One that was kept from an earlier
/// compilation is read when it is looked at.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Headers {
    by_file: BTreeMap<FileId, Lazy<Header>>,
}

impl Headers {
    /// Adds the header of a file.
    pub fn insert(&mut self, file: FileId, header: impl Into<Lazy<Header>>) {
        self.by_file.insert(file, header.into());
    }

    /// The header of a file.
    pub fn get(&self, file: &FileId) -> Option<&Header> {
        self.by_file.get(file).map(|header| &**header)
    }

    /// Whether a file has a header that could be read.
    pub fn contains_key(&self, file: &FileId) -> bool {
        self.by_file.contains_key(file)
    }

    /// All headers with their files, in the order of the files.
    pub fn iter(&self) -> impl Iterator<Item = (&FileId, &Header)> {
        self.by_file.iter().map(|(file, header)| (file, &**header))
    }

    /// Leaves out those files for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(FileId, &Lazy<Header>) -> bool) {
        self.by_file.retain(|file, header| keep(*file, header));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_file.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_file.is_empty()
    }
}

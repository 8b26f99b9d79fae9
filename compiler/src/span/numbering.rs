//! The numbers that files have in serialized values.
//!
//! Outside of [`with_numbering`] a [`FileId`] is written as the index that it is.

use super::FileId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cell::RefCell;

/// Which file each number means.
#[derive(Debug, Default)]
pub struct Numbering {
    files: Vec<FileId>,
    grows: bool,
    broken: bool,
}

impl Numbering {
    /// For writing: `own` has the number 0, and any other file gets the next one when it is met.
    pub fn writing(own: FileId) -> Self {
        Self {
            files: vec![own],
            grows: true,
            broken: false,
        }
    }

    /// For reading: the files by their numbers.
    pub fn reading(files: Vec<FileId>) -> Self {
        Self {
            files,
            grows: false,
            broken: false,
        }
    }

    /// The files by their numbers.
    pub fn files(&self) -> &[FileId] {
        &self.files
    }

    /// Whether a number was read that no file has. What was read means nothing then.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    fn number_of(&mut self, file: FileId) -> u32 {
        let known = self.files.iter().position(|known| *known == file);
        let index = known.unwrap_or_else(|| {
            if self.grows {
                self.files.push(file);
            } else {
                self.broken = true;
            }
            self.files.len() - 1
        });
        u32::try_from(index).unwrap_or(u32::MAX)
    }

    fn file_of(&mut self, number: u32) -> FileId {
        self.files.get(number as usize).copied().unwrap_or_else(|| {
            self.broken = true;
            FileId(0)
        })
    }
}

thread_local! {
    static CURRENT: RefCell<Option<Numbering>> = const { RefCell::new(None) };
}

/// Runs `work`, in which ids of files are written and read by a numbering, and gives it back. The
/// numbering holds for this thread only.
pub fn with_numbering<T>(numbering: Numbering, work: impl FnOnce() -> T) -> (T, Numbering) {
    /// Puts back what was there before, also if the work panics.
    struct Before(Option<Numbering>);
    impl Drop for Before {
        fn drop(&mut self) {
            CURRENT.set(self.0.take());
        }
    }
    let before = Before(CURRENT.replace(Some(numbering)));
    let value = work();
    let numbering = CURRENT.take().unwrap_or_default();
    drop(before);
    (value, numbering)
}

/// Runs `work`, in which ids of files are written and read as they are.
pub fn without_numbering<T>(work: impl FnOnce() -> T) -> T {
    let before = CURRENT.take();
    let value = work();
    CURRENT.set(before);
    value
}

impl Serialize for FileId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = CURRENT.with_borrow_mut(|current| match current {
            Some(numbering) => numbering.number_of(*self),
            None => self.0,
        });
        serializer.serialize_u32(number)
    }
}

impl<'de> Deserialize<'de> for FileId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u32::deserialize(deserializer)?;
        Ok(CURRENT.with_borrow_mut(|current| match current {
            Some(numbering) => numbering.file_of(number),
            None => FileId(number),
        }))
    }
}

//! Places in the user's files. Lines and columns are computed by the renderers only.

mod numbering;

use serde::{Deserialize, Serialize};

pub use numbering::{Numbering, with_numbering, without_numbering};

/// A file of a [`SourceSet`](crate::source::SourceSet).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub u32);

impl FileId {
    /// What tells a written-out text from a file.
    const WRITTEN_OUT: u32 = 1 << 31;

    /// Stands for a file's text with its loops, includes and macro calls written out: the
    /// [`Expanded`](crate::expand::Expanded) text, which exists only while its model is compiled.
    /// No span of one leaves the model's stage.
    #[must_use]
    pub fn written_out(self) -> FileId {
        FileId(self.0 | Self::WRITTEN_OUT)
    }

    /// Whether it stands for a written-out text.
    pub fn is_written_out(self) -> bool {
        self.0 & Self::WRITTEN_OUT != 0
    }
}

/// Which expansion a token comes from: an index into a table of expansions.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Origin(pub u32);

impl Origin {
    /// The text as the user wrote it, outside any expansion.
    pub const WRITTEN: Origin = Origin(0);
}

/// A range of bytes in a user's file: `start` inclusive, `end` exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
    /// The expansion.
    pub origin: Origin,
}

impl Span {
    /// A range of text as the user wrote it.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        let byte = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self {
            file,
            start: byte(start),
            end: byte(end),
            origin: Origin::WRITTEN,
        }
    }

    /// From the start of this span to the end of `last`. Both lie in one file.
    pub fn to(self, last: Span) -> Span {
        Span {
            start: self.start.min(last.start),
            end: self.end.max(last.end),
            ..self
        }
    }

    /// The empty span at the start of this one.
    pub fn before(self) -> Span {
        Span {
            end: self.start,
            ..self
        }
    }

    /// The empty span at the end of this one.
    pub fn after(self) -> Span {
        Span {
            start: self.end,
            ..self
        }
    }

    /// The range for slicing the file's text.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Puts a value and its place together.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

//! Values with places in them as bytes that outlive their set of files.
//!
//! A [`FileId`] is an index into the files of one compilation, and another file more or less
//! shifts all of them. In the bytes a file is a number of the value's own: 0 is the file that the
//! value belongs to, and the others stand in front by their paths. So a value holds as long as the
//! files that it points into exist, whatever else comes or goes.
//!
//! The translation happens while serde writes or reads the ids, for which
//! [`with_numbering`](crate::span::with_numbering) is the hook; the rest is postcard's format.

use crate::source::SourceSet;
use crate::span::{FileId, Numbering, with_numbering};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A value as bytes. `own` is the file that it belongs to. `None` if it can't be written down.
pub fn encode<T: Serialize + ?Sized>(
    value: &T,
    own: FileId,
    sources: &SourceSet,
) -> Option<Vec<u8>> {
    let (content, numbering) =
        with_numbering(Numbering::writing(own), || postcard::to_stdvec(value));
    let others = numbering.files().get(1..).unwrap_or_default();
    // A place in a text that is no file means nothing to anybody else.
    let path = |file: &FileId| Some(sources.get(*file)?.path.as_str());
    let paths: Vec<&str> = others.iter().map(path).collect::<Option<_>>()?;
    let mut bytes = postcard::to_stdvec(&paths).ok()?;
    bytes.extend_from_slice(&content.ok()?);
    Some(bytes)
}

/// The value of such bytes among another set of files. `None` if a file that it points into isn't
/// there, or if the bytes hold no such value.
pub fn decode<T: DeserializeOwned>(bytes: &[u8], own: FileId, sources: &SourceSet) -> Option<T> {
    let (paths, content) = postcard::take_from_bytes::<Vec<&str>>(bytes).ok()?;
    let mut files = vec![own];
    for path in paths {
        files.push(sources.find(path)?);
    }
    let (value, numbering) =
        with_numbering(Numbering::reading(files), || postcard::from_bytes(content));
    value.ok().filter(|_| !numbering.is_broken())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;

    fn sources(paths: &[&str]) -> SourceSet {
        let mut sources = SourceSet::default();
        for path in paths {
            sources.add(*path, "");
        }
        sources
    }

    #[test]
    fn places_move_with_their_files() {
        let before = sources(&["dbgo.toml", "models/a.sql", "models/b.sql"]);
        let after = sources(&["dbgo.toml", "models/0.sql", "models/a.sql", "models/b.sql"]);
        let value = vec![Span::new(FileId(2), 3, 5), Span::new(FileId(1), 7, 8)];
        let bytes = encode(&value, FileId(1), &before).unwrap();
        let read: Vec<Span> = decode(&bytes, FileId(2), &after).unwrap();
        assert_eq!(
            read,
            [Span::new(FileId(3), 3, 5), Span::new(FileId(2), 7, 8)]
        );
        let alone = sources(&["models/a.sql"]);
        assert_eq!(decode::<Vec<Span>>(&bytes, FileId(0), &alone), None);
    }

    #[test]
    fn a_place_in_no_file_is_not_written() {
        let sources = sources(&["a"]);
        let value = Span::new(FileId(0).written_out(), 3, 5);
        assert_eq!(encode(&value, FileId(0), &sources), None);
    }

    #[test]
    fn what_is_no_value_is_a_miss() {
        let sources = sources(&["a", "b"]);
        let bytes = encode(&vec![Span::new(FileId(1), 3, 5)], FileId(0), &sources).unwrap();
        for length in 0..bytes.len() {
            assert_eq!(
                decode::<Vec<Span>>(&bytes[..length], FileId(0), &sources),
                None
            );
        }
        // The number of a file that the value doesn't have.
        let foreign = postcard::to_stdvec(&(Vec::<&str>::new(), vec![(9u32, 0u32, 0u32, 0u32)]));
        assert_eq!(
            decode::<Vec<Span>>(&foreign.unwrap(), FileId(0), &sources),
            None
        );
    }
}

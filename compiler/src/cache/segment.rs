//! A file with many values, each with a name.
//!
//! The format: the magic bytes, the hash of all that follows, the hash of the program's identity,
//! the hash of the file that it lies over, or zeros; then the values, ordered by table and name,
//! each as table (1 byte), length of the name (4 bytes), length of the value (4 bytes), name and
//! value. Numbers are little-endian.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Begins each file: the format's name and version.
const MAGIC: &[u8; 8] = b"dbgo\x00s\x00\x01";

/// Where the values begin: behind the magic bytes and three hashes.
const HEAD: usize = MAGIC.len() + 3 * 32;

/// Values by table and name.
pub(super) type Values<'v> = BTreeMap<(u8, &'v str), &'v [u8]>;

/// A file of values, in memory.
#[derive(Debug, Default)]
pub(super) struct Segment {
    bytes: Vec<u8>,
    index: Vec<Place>,
    /// Behind the place that was found last: most callers look for one name after the other.
    next: AtomicUsize,
}

/// Where a value lies in its segment.
#[derive(Debug)]
struct Place {
    table: u8,
    name: Range<usize>,
    value: Range<usize>,
}

impl Segment {
    /// The segment of a file's bytes; `None` if they aren't whole, or were written by another
    /// program or over another base.
    pub(super) fn read(bytes: Vec<u8>, tool: &[u8; 32], over: &[u8; 32]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC.as_slice())?;
        let (hash, content) = rest.split_at_checked(32)?;
        let values = content.strip_prefix(tool.as_slice())?;
        values.strip_prefix(over.as_slice())?;
        if blake3::hash(content).as_bytes() != hash {
            return None;
        }
        let index = index(&bytes)?;
        Some(Self {
            bytes,
            index,
            next: AtomicUsize::new(0),
        })
    }

    /// The hash that tells it from any other segment.
    pub(super) fn hash(&self) -> [u8; 32] {
        let hash = self.bytes.get(MAGIC.len()..MAGIC.len() + 32);
        hash.and_then(|hash| hash.try_into().ok())
            .unwrap_or_default()
    }

    fn name(&self, place: &Place) -> &str {
        let name = self.bytes.get(place.name.clone()).unwrap_or_default();
        std::str::from_utf8(name).unwrap_or_default()
    }

    /// How many bytes the file has.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is no such file.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The value of this name.
    pub(super) fn get(&self, table: u8, name: &str) -> Option<&[u8]> {
        let key = (table, name.as_bytes());
        let key_of = |place: &Place| {
            let name = self.bytes.get(place.name.clone()).unwrap_or_default();
            (place.table, name)
        };
        let next = self.next.load(Ordering::Relaxed);
        let place = match self.index.get(next).filter(|place| key_of(place) == key) {
            Some(_) => next,
            None => {
                let found = self.index.binary_search_by(|place| key_of(place).cmp(&key));
                found.ok()?
            }
        };
        self.next.store(place + 1, Ordering::Relaxed);
        self.bytes.get(self.index.get(place)?.value.clone())
    }

    /// All values with their tables and names.
    pub(super) fn iter(&self) -> impl Iterator<Item = ((u8, &str), &[u8])> {
        self.index.iter().map(|place| {
            let value = self.bytes.get(place.value.clone()).unwrap_or_default();
            ((place.table, self.name(place)), value)
        })
    }
}

/// Where each value of a file lies; `None` if the lengths don't fit.
fn index(bytes: &[u8]) -> Option<Vec<Place>> {
    let number = |at: usize| -> Option<usize> {
        let bytes: [u8; 4] = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
        usize::try_from(u32::from_le_bytes(bytes)).ok()
    };
    let mut index = Vec::new();
    let mut at = HEAD;
    while at < bytes.len() {
        let name = at + 9..(at + 9).checked_add(number(at + 1)?)?;
        let value = name.end..name.end.checked_add(number(at + 5)?)?;
        bytes.get(value.clone())?;
        std::str::from_utf8(bytes.get(name.clone())?).ok()?;
        at = value.end;
        index.push(Place {
            table: bytes[name.start - 9],
            name,
            value,
        });
    }
    Some(index)
}

/// Writes a segment. It is whole in no memory: a large project has many values, and all of them are
/// held already.
pub(super) fn write(
    file: &mut File,
    tool: &[u8; 32],
    over: &[u8; 32],
    values: &Values<'_>,
) -> io::Result<()> {
    file.write_all(MAGIC)?;
    file.write_all(&[0; 32])?;
    let mut to = Hashed {
        file,
        buffer: Vec::with_capacity(BUFFER),
        hasher: blake3::Hasher::new(),
    };
    to.write(tool)?;
    to.write(over)?;
    let length = |length: usize| u32::try_from(length).ok().map(u32::to_le_bytes);
    for ((table, name), value) in values {
        // A value of 4 GiB isn't kept.
        let (Some(name_length), Some(value_length)) = (length(name.len()), length(value.len()))
        else {
            continue;
        };
        to.write(&[*table])?;
        to.write(&name_length)?;
        to.write(&value_length)?;
        to.write(name.as_bytes())?;
        to.write(value)?;
    }
    to.flush()?;
    to.file.seek(SeekFrom::Start(MAGIC.len() as u64))?;
    to.file.write_all(to.hasher.finalize().as_bytes())
}

/// How many bytes are gathered before they are hashed and written: both are slow in small pieces.
const BUFFER: usize = 256 * 1024;

/// A file, and the hash of what was written to it.
struct Hashed<'f> {
    file: &'f mut File,
    buffer: Vec<u8>,
    hasher: blake3::Hasher,
}

impl Hashed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.flush()?;
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.hasher.update(&self.buffer);
        self.file.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

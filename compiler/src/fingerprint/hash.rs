//! Bytes that stand for expressions, and their hashes. The format is told in the module above.

pub(super) use dbgo_changes::Fingerprint;

/// A node of more bytes is replaced by its hash.
const LONGEST_NODE: usize = 128;

/// The hash of some bytes: the first 16 bytes of their BLAKE3.
pub(super) fn hash_of(bytes: &[u8]) -> Fingerprint {
    let mut first = [0; 16];
    first.copy_from_slice(&blake3::hash(bytes).as_bytes()[..16]);
    Fingerprint::from_bytes(first)
}

/// What a piece of bytes is. The numbers are part of the format.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
pub(super) enum Tag {
    Hashed = 0,
    Literal = 1,
    Column = 2,
    Row = 3,
    Variable = 4,
    Parameter = 5,
    Outer = 6,
    SameValue = 7,
    Operation = 8,
    Call = 9,
    Subquery = 10,
    Lambda = 11,
    Filter = 12,
    Window = 13,
    Ordered = 14,
    WithinGroup = 15,
    NamedColumn = 16,
    NumberedColumn = 17,
    GivenColumn = 18,

    Import = 32,
    This = 33,
    Itself = 34,
    TableFunction = 35,
    Turned = 36,
    Join = 37,
    On = 38,
    Using = 39,

    From = 48,
    Where = 49,
    Group = 50,
    GroupSet = 51,
    Having = 52,
    Qualify = 53,
    Distinct = 54,
    DistinctOn = 55,
    Sample = 56,
    SetReturning = 57,
    Order = 58,
    OrderAll = 59,
    Limit = 60,
    Offset = 61,
    InOrder = 62,
    Limited = 63,

    Select = 80,
    Union = 81,
    SetOperation = 82,
    Values = 83,
    Recursive = 84,
    Shared = 85,
    Absent = 86,

    Text = 96,
    Variants = 97,
    Incremental = 99,
    Storage = 100,
    Metadata = 101,
    Source = 102,
    Seed = 103,
}

/// Bytes in the making.
#[derive(Debug, Default)]
pub(super) struct Encoding {
    bytes: Vec<u8>,
}

impl Encoding {
    /// Where the next bytes will stand.
    pub fn mark(&self) -> usize {
        self.bytes.len()
    }

    pub fn tag(&mut self, tag: Tag) {
        self.bytes.push(tag as u8);
    }

    pub fn number(&mut self, number: usize) {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    pub fn flag(&mut self, flag: bool) {
        self.bytes.push(u8::from(flag));
    }

    /// `None`, `false` or `true`.
    pub fn choice(&mut self, choice: Option<bool>) {
        self.bytes.push(choice.map_or(2, u8::from));
    }

    pub fn text(&mut self, text: &str) {
        self.number(text.len());
        self.bytes.extend_from_slice(text.as_bytes());
    }

    pub fn fingerprint(&mut self, fingerprint: &Fingerprint) {
        self.bytes.extend_from_slice(fingerprint.bytes());
    }

    /// Bytes that were made before.
    pub fn again(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Replaces the bytes since a mark by their hash, if they are many.
    pub fn shorten(&mut self, mark: usize) {
        if self.bytes.len() - mark > LONGEST_NODE {
            let hash = hash_of(&self.bytes[mark..]);
            self.bytes.truncate(mark);
            self.tag(Tag::Hashed);
            self.fingerprint(&hash);
        }
    }

    /// Takes back the bytes since a mark.
    pub fn take(&mut self, mark: usize) -> Vec<u8> {
        self.bytes.split_off(mark)
    }

    /// Takes back the bytes since a mark and gives their hash.
    pub fn digest(&mut self, mark: usize) -> Fingerprint {
        let hash = hash_of(&self.bytes[mark..]);
        self.bytes.truncate(mark);
        hash
    }
}

/// The hash of what a function writes.
pub(super) fn hashed(write: impl FnOnce(&mut Encoding)) -> Fingerprint {
    let mut encoding = Encoding::default();
    write(&mut encoding);
    encoding.digest(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_some_bytes_is_the_same_for_good() {
        assert_eq!(hash_of(b"").to_string(), "af1349b9f5f9a1a6a0404dea36dcc949");
    }

    #[test]
    fn texts_do_not_run_together() {
        let two = |left: &str, right: &str| {
            hashed(|encoding| {
                encoding.text(left);
                encoding.text(right);
            })
        };
        assert_ne!(two("ab", "c"), two("a", "bc"));
    }
}

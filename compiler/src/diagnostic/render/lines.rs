//! Lines and columns of a text.

/// A place in a text as people count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

/// The place of a byte. A byte past the end has the place of the end.
pub fn place(text: &str, byte: usize) -> Place {
    let byte = boundary(text, byte);
    let before = &text[..byte];
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    Place {
        line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
    }
}

/// The last character's start that isn't after `byte`.
pub(super) fn boundary(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

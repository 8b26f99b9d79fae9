//! The values that are bytes or text with a meaning: `BLOB`, `BIT`, `UUID`
//! and `JSON`.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use crate::parse_error::ParseError;

/// `BLOB`: any bytes. A type of its own, as a `Vec` is a list.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Blob(pub Vec<u8>);

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<Blob> for Vec<u8> {
    fn from(blob: Blob) -> Self {
        blob.0
    }
}

impl fmt::Display for Blob {
    /// Writes as the engine does: printable ASCII as it is, `\xFF` otherwise.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &byte in &self.0 {
            match byte {
                b'\\' | b'\'' | b'"' => write!(f, "\\x{byte:02X}")?,
                b' '..=b'~' => write!(f, "{}", char::from(byte))?,
                _ => write!(f, "\\x{byte:02X}")?,
            }
        }
        Ok(())
    }
}

/// `BIT`: a text of zeros and ones, first bit first. Its length is part of
/// the value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Bit(pub Vec<bool>);

impl fmt::Display for Bit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &bit in &self.0 {
            f.write_str(if bit { "1" } else { "0" })?;
        }
        Ok(())
    }
}

impl FromStr for Bit {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        text.bytes()
            .map(|byte| match byte {
                b'0' => Ok(false),
                b'1' => Ok(true),
                _ => Err(ParseError::new("BIT", text)),
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// `UUID`: 128 bits, written as 32 hexadecimal digits in five groups.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Uuid([u8; 16]);

impl Uuid {
    /// A UUID by its bytes, in the order in which they are written.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes in the order in which they are written.
    pub const fn bytes(self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, byte) in self.0.iter().enumerate() {
            if matches!(position, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uuid({self})")
    }
}

impl FromStr for Uuid {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let parse = || {
            let groups: Vec<&str> = text.split('-').collect();
            if !groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]) {
                return None;
            }
            let digits = groups.concat();
            // `from_str_radix` alone would take a sign
            if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return None;
            }
            u128::from_str_radix(&digits, 16).ok()
        };
        parse()
            .map(|number| Self(number.to_be_bytes()))
            .ok_or_else(|| ParseError::new("UUID", text))
    }
}

/// `JSON`: the text exactly as the engine holds it, with its spaces, order of
/// keys and digits of numbers. Parse it with the feature `serde_json`, or a
/// library of your own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Json(pub String);

impl Deref for Json {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

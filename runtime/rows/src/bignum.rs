//! `BIGNUM`: integers of any size.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::parse_error::ParseError;

/// An integer of any size. No arithmetic, as with [`Decimal`](crate::Decimal).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct BigNum {
    negative: bool,
    /// Big-endian, without leading zeros; zero is empty and never negative.
    magnitude: Vec<u8>,
}

impl BigNum {
    /// The number with this sign and these big-endian bytes as its size.
    pub fn new(negative: bool, magnitude: &[u8]) -> Self {
        let zeros = magnitude.iter().take_while(|byte| **byte == 0).count();
        let magnitude = magnitude[zeros..].to_vec();
        Self {
            negative: negative && !magnitude.is_empty(),
            magnitude,
        }
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// Its size as big-endian bytes without leading zeros.
    pub fn magnitude(&self) -> &[u8] {
        &self.magnitude
    }

    /// Reads the engine's storage format: three bytes of header (the number
    /// of bytes that follow, big-endian, with the top bit set), then the size
    /// big-endian; in a negative number every bit is inverted.
    /// Source: DuckDB, `src/include/duckdb/common/types/bignum.hpp`.
    #[cfg_attr(not(feature = "arrow"), allow(dead_code))]
    pub(crate) fn from_engine(bytes: &[u8]) -> Option<Self> {
        let (header, data) = bytes.split_at_checked(3)?;
        let negative = header[0] & 0x80 == 0;
        let mask = if negative { 0xFF } else { 0 };
        let length = header
            .iter()
            .fold(0_usize, |sum, byte| sum << 8 | usize::from(byte ^ mask))
            & 0x7F_FFFF;
        if length != data.len() {
            return None;
        }
        let data: Vec<u8> = data.iter().map(|byte| byte ^ mask).collect();
        Some(Self::new(negative, &data))
    }

    /// The inverse of [`from_engine`](Self::from_engine); none for a number
    /// of 2^23 bytes or more.
    #[cfg_attr(not(feature = "arrow"), allow(dead_code))]
    pub(crate) fn to_engine(&self) -> Option<Vec<u8>> {
        let data: &[u8] = if self.magnitude.is_empty() {
            &[0]
        } else {
            &self.magnitude
        };
        let length = u32::try_from(data.len()).ok().filter(|n| *n < 1 << 23)?;
        let header = (length | 0x80_0000).to_be_bytes();
        let mask = if self.negative { 0xFF } else { 0 };
        Some(
            header[1..]
                .iter()
                .chain(data)
                .map(|byte| byte ^ mask)
                .collect(),
        )
    }
}

impl PartialOrd for BigNum {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for BigNum {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = |number: &Self| (number.magnitude.len(), number.magnitude.clone());
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => size(self).cmp(&size(other)),
            (true, true) => size(other).cmp(&size(self)),
        }
    }
}

/// The largest power of ten in a `u32`, and its number of digits.
const CHUNK: u64 = 1_000_000_000;
const CHUNK_DIGITS: usize = 9;

impl fmt::Display for BigNum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut limbs: Vec<u32> = self
            .magnitude
            .rchunks(4)
            .rev()
            .map(|chunk| {
                chunk
                    .iter()
                    .fold(0, |sum, byte| sum << 8 | u32::from(*byte))
            })
            .collect();
        let mut chunks = Vec::new();
        while !limbs.is_empty() {
            let mut remainder = 0_u64;
            for limb in &mut limbs {
                let number = remainder << 32 | u64::from(*limb);
                // both fit: the remainder is below the divisor
                *limb = (number / CHUNK) as u32;
                remainder = number % CHUNK;
            }
            let zeros = limbs.iter().take_while(|limb| **limb == 0).count();
            limbs.drain(..zeros);
            chunks.push(remainder);
        }
        f.write_str(if self.negative { "-" } else { "" })?;
        write!(f, "{}", chunks.pop().unwrap_or(0))?;
        for chunk in chunks.iter().rev() {
            write!(f, "{chunk:0CHUNK_DIGITS$}")?;
        }
        Ok(())
    }
}

impl FromStr for BigNum {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ParseError::new("BIGNUM", text));
        }
        // little-endian limbs
        let mut limbs: Vec<u32> = Vec::new();
        let first = digits.len() % CHUNK_DIGITS;
        let (head, tail) = digits.as_bytes().split_at(first);
        for chunk in std::iter::once(head).chain(tail.chunks(CHUNK_DIGITS)) {
            let mut carry = chunk
                .iter()
                .fold(0_u64, |sum, byte| sum * 10 + u64::from(byte - b'0'));
            for limb in &mut limbs {
                let number = u64::from(*limb) * CHUNK + carry;
                *limb = number as u32;
                carry = number >> 32;
            }
            if carry > 0 {
                limbs.push(carry as u32);
            }
        }
        let bytes: Vec<u8> = limbs
            .iter()
            .rev()
            .flat_map(|limb| limb.to_be_bytes())
            .collect();
        Ok(Self::new(negative, &bytes))
    }
}

impl From<i128> for BigNum {
    fn from(number: i128) -> Self {
        Self::new(number < 0, &number.unsigned_abs().to_be_bytes())
    }
}

impl From<u128> for BigNum {
    fn from(number: u128) -> Self {
        Self::new(false, &number.to_be_bytes())
    }
}

impl TryFrom<&BigNum> for i128 {
    type Error = ParseError;

    /// The number, if it fits.
    fn try_from(number: &BigNum) -> Result<Self, ParseError> {
        number
            .to_string()
            .parse()
            .map_err(|_| ParseError::new("HUGEINT", number.to_string()))
    }
}

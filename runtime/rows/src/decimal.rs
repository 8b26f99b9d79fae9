//! `DECIMAL(width, scale)`.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use crate::parse_error::ParseError;

/// An exact decimal number of at most 38 digits.
///
/// Equality, order and hash are those of the number: `1.0` equals `1.00`. The
/// scale is kept, and `Display` writes that many digits after the point.
///
/// There is no arithmetic: convert to a number type that has it (feature
/// `rust_decimal`), or let the query do it.
///
/// ```
/// use dbgo_rows::Decimal;
///
/// let price: Decimal = "-12.50".parse()?;
/// assert_eq!((price.unscaled(), price.scale()), (-1250, 2));
/// assert_eq!(price, "-12.5".parse()?);
/// assert_eq!(price.to_string(), "-12.50");
/// # Ok::<(), dbgo_rows::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Decimal {
    pub(crate) unscaled: i128,
    pub(crate) scale: u8,
}

impl Decimal {
    /// The largest number of digits.
    pub const MAX_DIGITS: u8 = 38;

    /// The number `unscaled / 10^scale`; none with more than 38 digits or a
    /// scale over 38.
    pub const fn new(unscaled: i128, scale: u8) -> Option<Self> {
        if scale > Self::MAX_DIGITS || unscaled.unsigned_abs() >= 10_u128.pow(38) {
            return None;
        }
        Some(Self { unscaled, scale })
    }

    /// The number without its point: 1250 of `12.50`.
    pub const fn unscaled(self) -> i128 {
        self.unscaled
    }

    /// Digits after the point.
    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// The nearest floating-point number.
    pub fn to_f64(self) -> f64 {
        // the standard library's parser rounds correctly, a division wouldn't
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The same number with the fewest digits after the point.
    pub fn normalized(self) -> Self {
        let mut number = self;
        while number.scale > 0 && number.unscaled % 10 == 0 {
            number.unscaled /= 10;
            number.scale -= 1;
        }
        number
    }

    /// Integer part, and fraction in units of 10^-38; both with the sign.
    fn parts(self) -> (i128, i128) {
        let unit = 10_i128.pow(u32::from(self.scale));
        let to_full_scale = 10_i128.pow(u32::from(Self::MAX_DIGITS - self.scale));
        (self.unscaled / unit, self.unscaled % unit * to_full_scale)
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.parts().cmp(&other.parts())
    }
}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let number = self.normalized();
        (number.unscaled, number.scale).hash(state);
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::from(self.scale);
        let digits = format!(
            "{:0width$}",
            self.unscaled.unsigned_abs(),
            width = scale + 1
        );
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let sign = if self.unscaled < 0 { "-" } else { "" };
        write!(f, "{sign}{whole}")?;
        if fraction.is_empty() {
            return Ok(());
        }
        write!(f, ".{fraction}")
    }
}

impl FromStr for Decimal {
    type Err = ParseError;

    /// Reads `[+-]digits[.digits]` exactly, or refuses it; never rounds.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).ok_or_else(|| ParseError::new("DECIMAL", text))
    }
}

fn parse(text: &str) -> Option<Decimal> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut unscaled = 0_i128;
    for byte in whole.bytes().chain(fraction.bytes()) {
        let digit = byte.is_ascii_digit().then(|| i128::from(byte - b'0'))?;
        unscaled = unscaled.checked_mul(10)?.checked_add(digit)?;
    }
    let scale = u8::try_from(fraction.len()).ok()?;
    Decimal::new(if negative { -unscaled } else { unscaled }, scale)
}

macro_rules! from_integer {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Decimal {
            fn from(number: $integer) -> Self {
                Self { unscaled: i128::from(number), scale: 0 }
            }
        }
    )*};
}

from_integer!(i8, i16, i32, i64, u8, u16, u32, u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_rounded_is_refused() {
        let nines = "9".repeat(38);
        assert_eq!(
            nines.parse::<Decimal>().map(|number| number.to_string()),
            Ok(nines.clone())
        );
        let too_long = [
            format!("{nines}9"),
            format!("{nines}.9"),
            format!("0.{}1", "0".repeat(38)),
        ];
        for text in too_long {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
        for text in ["", ".", "-", "1e3", " 1", "1_0", "--1", "1.2.3", "٣"] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
        assert_eq!(
            ".5".parse(),
            Ok(Decimal {
                unscaled: 5,
                scale: 1
            })
        );
        assert_eq!(
            "1.".parse(),
            Ok(Decimal {
                unscaled: 1,
                scale: 0
            })
        );
    }

    #[test]
    fn the_nearest_float_is_found() {
        let number: Decimal = "0.30000000000000000000000000000000000001".parse().unwrap();
        assert_eq!(number.to_f64(), 0.3);
    }
}

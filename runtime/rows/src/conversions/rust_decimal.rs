//! `rust_decimal`: 96 bits and a scale up to 28.

use crate::Decimal;
use crate::parse_error::ParseError;

impl TryFrom<Decimal> for ::rust_decimal::Decimal {
    type Error = ParseError;

    fn try_from(number: Decimal) -> Result<Self, ParseError> {
        let convert = |number: Decimal| {
            Self::try_from_i128_with_scale(number.unscaled(), u32::from(number.scale()))
        };
        // zeros at the end may be what doesn't fit
        convert(number)
            .or_else(|_| convert(number.normalized()))
            .map_err(|_| ParseError::new("rust_decimal number", number.to_string()))
    }
}

impl From<::rust_decimal::Decimal> for Decimal {
    fn from(number: ::rust_decimal::Decimal) -> Self {
        Self {
            unscaled: number.mantissa(),
            // at most 28
            scale: number.scale() as u8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_or_refused() {
        let number: Decimal = "-79228162514264337593543950335".parse().unwrap();
        let there = ::rust_decimal::Decimal::try_from(number).unwrap();
        assert_eq!(there, ::rust_decimal::Decimal::MIN);
        assert_eq!(Decimal::from(there), number);
        let long: Decimal = "79228162514264337593543950336".parse().unwrap();
        assert!(::rust_decimal::Decimal::try_from(long).is_err());
        let zeros = Decimal::new(10_i128.pow(37), 37).unwrap();
        assert_eq!(
            ::rust_decimal::Decimal::try_from(zeros),
            Ok(::rust_decimal::Decimal::ONE)
        );
    }
}

//! Precision and scale of decimal arithmetic.
//!
//! Source: `src/function/scalar/operator/arithmetic.cpp` of DuckDB (`BindDecimalArithmetic`,
//! `BindDecimalMultiply`).

use crate::sql_type::SqlType;
use crate::sql_type::coerce::decimal_digits;

/// The most digits that fit into 64 bits: within them a result stays, overflow is checked.
const MOST_IN_64_BITS: u8 = 18;
const MOST: u8 = 38;

/// Precision and scale that an operand has as a decimal.
pub fn as_decimal(sql_type: &SqlType) -> Option<(u8, u8)> {
    match sql_type {
        SqlType::Decimal(precision, scale) => Some((*precision, *scale)),
        whole => decimal_digits(whole).map(|digits| (digits, 0)),
    }
}

/// `a + b` and `a - b`.
pub fn sum(left: (u8, u8), right: (u8, u8)) -> SqlType {
    let scale = left.1.max(right.1);
    let whole = (left.0 - left.1).max(right.0 - right.1);
    let precision = limited(whole + scale + 1, left.0.max(right.0));
    SqlType::Decimal(precision, scale)
}

/// `a * b`; `None` if the scale is more than a decimal can have, which the engine refuses.
pub fn product(left: (u8, u8), right: (u8, u8)) -> Option<SqlType> {
    let scale = left.1 + right.1;
    if scale > MOST {
        return None;
    }
    let precision = limited(left.0 + right.0, left.0.max(right.0)).max(scale);
    Some(SqlType::Decimal(precision, scale))
}

fn limited(precision: u8, widest: u8) -> u8 {
    if precision > MOST_IN_64_BITS && widest <= MOST_IN_64_BITS {
        MOST_IN_64_BITS
    } else {
        precision.min(MOST)
    }
}

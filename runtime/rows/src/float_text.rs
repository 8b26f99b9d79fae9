//! Floating-point numbers as the engine writes them.
//!
//! The shortest digits that read back as the same number, with an exponent
//! below 1e-4 and from 1e16 on. (The engine now and then writes more digits
//! than it needs, such as `1234567.75` for the 32-bit `1234567.8`; both read
//! back as the same number.)

use std::fmt;

/// Writes a 32-bit number.
pub(crate) fn write_f32(f: &mut impl fmt::Write, number: f32) -> fmt::Result {
    write_special(
        f,
        number.is_nan(),
        number.is_infinite(),
        number.is_sign_negative(),
    )
    .unwrap_or_else(|| write_digits(f, &format!("{number:e}"), ".0"))
}

/// Writes a 64-bit number.
pub(crate) fn write_f64(f: &mut impl fmt::Write, number: f64) -> fmt::Result {
    write_special(
        f,
        number.is_nan(),
        number.is_infinite(),
        number.is_sign_negative(),
    )
    .unwrap_or_else(|| write_digits(f, &format!("{number:e}"), ".0"))
}

/// Writes a coordinate of a geometry: as a number, but `1` for `1.0`.
pub(crate) fn write_coordinate(f: &mut impl fmt::Write, number: f64) -> fmt::Result {
    write_special(
        f,
        number.is_nan(),
        number.is_infinite(),
        number.is_sign_negative(),
    )
    .unwrap_or_else(|| write_digits(f, &format!("{number:e}"), ""))
}

fn write_special(
    f: &mut impl fmt::Write,
    nan: bool,
    infinite: bool,
    negative: bool,
) -> Option<fmt::Result> {
    let text = match (nan, infinite, negative) {
        (true, _, false) => "nan",
        (true, _, true) => "-nan",
        (_, true, false) => "inf",
        (_, true, true) => "-inf",
        _ => return None,
    };
    Some(f.write_str(text))
}

/// Lays out `scientific`, such as `-1.25e-7`, as the engine does; `whole` ends
/// a number without a fraction.
fn write_digits(f: &mut impl fmt::Write, scientific: &str, whole: &str) -> fmt::Result {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return write!(f, "{mantissa}e{sign}{:02}", exponent.unsigned_abs());
    }
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    f.write_str(if mantissa.starts_with('-') { "-" } else { "" })?;
    if exponent < 0 {
        let zeros = "0".repeat(exponent.unsigned_abs() as usize - 1);
        return write!(f, "0.{zeros}{digits}");
    }
    let point = exponent.unsigned_abs() as usize + 1;
    match digits.split_at_checked(point) {
        Some((before, after)) if !after.is_empty() => write!(f, "{before}.{after}"),
        _ => write!(f, "{digits:0<point$}{whole}"),
    }
}

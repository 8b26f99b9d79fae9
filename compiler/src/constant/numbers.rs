//! Texts as numbers and booleans.
//!
//! Source: `TryIntegerCast`, `TryDecimalStringCast`, `TryDoubleCast` and `TryCastStringBool` of
//! DuckDB 1.5.5.

use crate::sql_type::SqlType;

/// The space that the engine skips around numbers and times.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

/// What a text is as something else.
pub(super) enum Read<T> {
    /// This value.
    Is(T),
    /// None: the engine fails.
    Not,
    /// Not known here.
    Open,
}

/// A number as it is written: `-12.5e3`.
struct Written {
    negative: bool,
    whole: String,
    fraction: String,
    exponent: i32,
}

/// The parts of a number; `None` if it is none, as the engine reads them for whole numbers and
/// decimals.
fn parts(text: &str) -> Option<Written> {
    let text = text.trim_matches(|c: char| u8::try_from(c).is_ok_and(is_space));
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(place) => (&rest[..place], Some(&rest[place + 1..])),
        None => (rest, None),
    };
    let exponent = match exponent {
        None => 0,
        Some(written) => {
            let digits = written.strip_prefix(['-', '+']).unwrap_or(written);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            written.parse().ok()?
        }
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    Some(Written {
        negative,
        whole: digits(whole)?,
        fraction: digits(fraction)?,
        exponent,
    })
}

/// Digits with single underscores between them, without these.
fn digits(text: &str) -> Option<String> {
    let mut before = b'_';
    for byte in text.bytes() {
        let fits = byte.is_ascii_digit() || byte == b'_' && before.is_ascii_digit();
        if !fits {
            return None;
        }
        before = byte;
    }
    (text.is_empty() || before.is_ascii_digit()).then(|| text.replace('_', ""))
}

/// The least and the greatest value of a type of whole numbers.
pub(super) fn bounds(sql_type: &SqlType) -> Option<(i128, i128)> {
    use SqlType::*;
    Some(match sql_type {
        TinyInt => (i8::MIN.into(), i8::MAX.into()),
        SmallInt => (i16::MIN.into(), i16::MAX.into()),
        Integer => (i32::MIN.into(), i32::MAX.into()),
        BigInt => (i64::MIN.into(), i64::MAX.into()),
        HugeInt => (i128::MIN, i128::MAX),
        UTinyInt => (0, u8::MAX.into()),
        USmallInt => (0, u16::MAX.into()),
        UInteger => (0, u32::MAX.into()),
        UBigInt => (0, u64::MAX.into()),
        _ => return None,
    })
}

/// A text as a whole number of a type.
pub(super) fn integer(text: &str, sql_type: &SqlType) -> Read<i128> {
    let Some((least, greatest)) = bounds(sql_type) else {
        return Read::Open;
    };
    let trimmed = text.trim_start_matches(|c: char| u8::try_from(c).is_ok_and(is_space));
    let lower = trimmed.to_ascii_lowercase();
    if lower.starts_with("0x") || lower.starts_with("0b") {
        return Read::Open;
    }
    let Some(written) = parts(text) else {
        return Read::Not;
    };
    // The engine's rounding of exponents has its own ways.
    if written.exponent != 0 || text.contains(['e', 'E']) {
        return Read::Open;
    }
    let Ok(whole) = (match written.whole.as_str() {
        "" => Ok(0),
        whole => whole.parse::<i128>(),
    }) else {
        return Read::Not;
    };
    let up = i128::from(
        written
            .fraction
            .as_bytes()
            .first()
            .is_some_and(|digit| *digit >= b'5'),
    );
    let magnitude = whole.saturating_add(up);
    let value = if written.negative {
        -magnitude
    } else {
        magnitude
    };
    // What has no sign takes no minus, but for that of a plain zero.
    let signed_zero = written.whole.bytes().all(|digit| digit == b'0') && !text.contains('.');
    if written.negative && least == 0 && !signed_zero || !(least..=greatest).contains(&value) {
        return Read::Not;
    }
    Read::Is(value)
}

/// A text as a decimal.
pub(super) fn decimal(text: &str, precision: u8, scale: u8) -> Read<i128> {
    let Some(written) = parts(text) else {
        // Hexadecimal digits are none of a decimal either.
        return Read::Not;
    };
    if text.contains(['e', 'E', '_']) || precision > 37 {
        return Read::Open;
    }
    let whole = written.whole.trim_start_matches('0');
    if whole.len() > usize::from(precision - scale.min(precision)) {
        return Read::Not;
    }
    let scale = usize::from(scale);
    if written.fraction.len() > scale {
        return Read::Open;
    }
    let all = format!("{whole}{:0<scale$}", written.fraction);
    match all.parse::<i128>() {
        Ok(digits) => Read::Is(if written.negative { -digits } else { digits }),
        Err(_) if all.is_empty() => Read::Is(0),
        Err(_) => Read::Open,
    }
}

/// A text as a floating point number.
pub(super) fn double(text: &str) -> Read<f64> {
    let trimmed = text.trim_matches(|c: char| u8::try_from(c).is_ok_and(is_space));
    let unsigned = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    let lower = unsigned.to_ascii_lowercase();
    if lower.starts_with("inf") || lower.starts_with("nan") || trimmed.contains('_') {
        return match trimmed.parse::<f64>() {
            Ok(number) => Read::Is(number),
            Err(_) => Read::Open,
        };
    }
    let plausible = lower.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if !plausible {
        return if unsigned.starts_with(['+', '-']) {
            Read::Open
        } else {
            Read::Not
        };
    }
    match trimmed.parse::<f64>() {
        Ok(number) => Read::Is(number),
        Err(_) => Read::Not,
    }
}

/// A text as a boolean.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" => Some(true),
        "false" | "f" | "no" | "n" | "0" => Some(false),
        _ => None,
    }
}

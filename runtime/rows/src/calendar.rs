//! Days and clock readings as text, in the proleptic Gregorian calendar.
//!
//! Shared by the date, time and timestamp types. Not a calendar library: no
//! arithmetic, no time zones. Years are astronomical inside (0 is 1 BC) and
//! written as the engine does, `0044-03-15 (BC)`.

use std::fmt;

pub(crate) const NANOS_PER_SECOND: i64 = 1_000_000_000;
pub(crate) const SECONDS_PER_DAY: i64 = 86_400;

/// Year, month and day of a number of days since 1970-01-01.
///
/// Algorithm: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
/// `civil_from_days`.
pub(crate) fn civil_from_days(days: i64) -> (i64, u8, u8) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month as u8, day as u8)
}

/// Days since 1970-01-01 of a date that [`is_civil`]; the inverse of
/// [`civil_from_days`], from the same source.
pub(crate) fn days_from_civil(year: i64, month: u8, day: u8) -> i64 {
    let (month, day) = (i64::from(month), i64::from(day));
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Whether the calendar has this day.
pub(crate) fn is_civil(year: i64, month: u8, day: u8) -> bool {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=length).contains(&day)
}

pub(crate) fn write_date(f: &mut fmt::Formatter<'_>, days: i64) -> fmt::Result {
    let (year, month, day) = civil_from_days(days);
    if year > 0 {
        write!(f, "{year:04}-{month:02}-{day:02}")
    } else {
        write!(f, "{:04}-{month:02}-{day:02} (BC)", 1 - year)
    }
}

/// Writes `HH:MM:SS` and, without trailing zeros, the fraction; `digits` is
/// how many digits of a second one tick is (6 for microseconds).
pub(crate) fn write_clock(f: &mut fmt::Formatter<'_>, ticks: u64, digits: u32) -> fmt::Result {
    let per_second = 10_u64.pow(digits);
    let seconds = ticks / per_second;
    write!(
        f,
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )?;
    let fraction = ticks % per_second;
    if fraction == 0 {
        return Ok(());
    }
    let text = format!("{fraction:0width$}", width = digits as usize);
    write!(f, ".{}", text.trim_end_matches('0'))
}

/// Writes `+HH`, `+HH:MM` or `+HH:MM:SS`.
pub(crate) fn write_offset(f: &mut fmt::Formatter<'_>, seconds: i32) -> fmt::Result {
    let sign = if seconds < 0 { '-' } else { '+' };
    let size = seconds.unsigned_abs();
    write!(f, "{sign}{:02}", size / 3600)?;
    let (minutes, rest) = (size / 60 % 60, size % 60);
    if minutes != 0 || rest != 0 {
        write!(f, ":{minutes:02}")?;
    }
    if rest != 0 {
        write!(f, ":{rest:02}")?;
    }
    Ok(())
}

/// Reads digits from the front: the number and the rest of the text.
fn number(text: &str, at_least: usize) -> Option<(i64, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    if end < at_least {
        return None;
    }
    Some((text[..end].parse().ok()?, &text[end..]))
}

fn two_digits(text: &str) -> Option<(u8, &str)> {
    let digits = text.get(..2)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((digits.parse().ok()?, &text[2..]))
}

/// Reads a date from the front: days since 1970-01-01 and the rest.
pub(crate) fn parse_date(text: &str) -> Option<(i64, &str)> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (year, rest) = number(text, 4)?;
    let (month, rest) = two_digits(rest.strip_prefix('-')?)?;
    let (day, rest) = two_digits(rest.strip_prefix('-')?)?;
    let (year, rest) = match rest.strip_prefix(" (BC)") {
        Some(rest) if !negative && year > 0 => (1 - year, rest),
        Some(_) => return None,
        None if negative => (-year, rest),
        None => (year, rest),
    };
    // beyond this no type of the engine reaches, and days would overflow
    if year.abs() > 400_000_000_000 || !is_civil(year, month, day) {
        return None;
    }
    Some((days_from_civil(year, month, day), rest))
}

/// Reads `HH:MM[:SS[.fraction]]` from the front: ticks of `digits` digits and
/// the rest. More digits than a tick holds are refused, as they would be lost.
/// Hours may have any number of digits; the caller bounds them.
pub(crate) fn parse_clock(text: &str, digits: u32) -> Option<(u64, &str)> {
    let (hours, rest) = number(text, 2)?;
    let (minutes, rest) = two_digits(rest.strip_prefix(':')?)?;
    let (seconds, rest) = match rest.strip_prefix(':') {
        Some(rest) => two_digits(rest)?,
        None => (0, rest),
    };
    if minutes > 59 || seconds > 59 {
        return None;
    }
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => parse_fraction(rest, digits)?,
        None => (0, rest),
    };
    let whole = u64::try_from(hours).ok()?.checked_mul(3600)?
        + u64::from(minutes) * 60
        + u64::from(seconds);
    let ticks = whole
        .checked_mul(10_u64.pow(digits))?
        .checked_add(fraction)?;
    Some((ticks, rest))
}

fn parse_fraction(text: &str, digits: u32) -> Option<(u64, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (written, rest) = text.split_at(end);
    let written = match written.trim_end_matches('0') {
        "" if written.is_empty() => return None,
        "" => return Some((0, rest)),
        significant => significant,
    };
    let missing = digits.checked_sub(u32::try_from(written.len()).ok()?)?;
    Some((written.parse::<u64>().ok()? * 10_u64.pow(missing), rest))
}

/// Reads a whole offset, `Z`, `+HH`, `+HH:MM` or `+HH:MM:SS`, as seconds east
/// of UTC.
pub(crate) fn parse_offset(text: &str) -> Option<i32> {
    if text == "Z" {
        return Some(0);
    }
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let mut seconds = 0;
    let mut rest = Some(rest);
    for unit in [3600, 60, 1] {
        let Some(text) = rest else { break };
        let (amount, tail) = two_digits(text)?;
        if unit != 3600 && amount > 59 {
            return None;
        }
        seconds += i32::from(amount) * unit;
        rest = match tail {
            "" => None,
            tail => Some(tail.strip_prefix(':')?),
        };
    }
    rest.is_none().then_some(sign * seconds)
}

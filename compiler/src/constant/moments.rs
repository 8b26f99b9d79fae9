//! Texts as dates, times of day and timestamps.
//!
//! Source: `Date::TryConvertDate`, `Time::TryConvertInternal` and `Timestamp::TryConvertTimestampTZ`
//! of DuckDB 1.5.5.

use super::numbers::{Read, is_space};

/// What is left of a text that is read from its start.
#[derive(Clone, Copy)]
pub(super) struct Rest<'a> {
    bytes: &'a [u8],
}

impl<'a> Rest<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Rest {
            bytes: text.as_bytes(),
        }
    }

    fn first(self) -> Option<u8> {
        self.bytes.first().copied()
    }

    fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    fn take_if(&mut self, test: impl Fn(u8) -> bool) -> Option<u8> {
        let first = self.first().filter(|byte| test(*byte))?;
        self.bytes = &self.bytes[1..];
        Some(first)
    }

    fn take(&mut self, byte: u8) -> bool {
        self.take_if(|next| next == byte).is_some()
    }

    fn skip_spaces(&mut self) {
        while self.take_if(is_space).is_some() {}
    }

    /// At most so many digits, as a number; `None` without any.
    fn digits(&mut self, most: usize) -> Option<i64> {
        let mut number = None;
        for _ in 0..most {
            let Some(digit) = self.take_if(|byte| byte.is_ascii_digit()) else {
                break;
            };
            number = Some(number.unwrap_or(0) * 10 + i64::from(digit - b'0'));
        }
        number
    }

    fn begins(self, word: &str) -> bool {
        let start = self.bytes.get(..word.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
    }
}

/// The years whose days are counted here; of those beyond nothing is said.
const YEARS: std::ops::RangeInclusive<i64> = -5_877_640..=5_881_579;

/// The days whose midnights are timestamps.
pub(super) const STAMPED: std::ops::RangeInclusive<i64> = -106_751_990..=106_751_990;

/// A text as a date, in days since 1970; `None` in place of the days for a special value.
pub(super) fn date(text: &str) -> Read<Option<i64>> {
    let mut rest = Rest::of(text);
    date_at(&mut rest)
}

fn date_at(rest: &mut Rest<'_>) -> Read<Option<i64>> {
    rest.skip_spaces();
    let negative = rest.take(b'-');
    let Some(first) = rest.first() else {
        return Read::Not;
    };
    if !first.is_ascii_digit() {
        return special(*rest);
    }
    let mut year: i64 = 0;
    while let Some(digit) = rest.take_if(|byte| byte.is_ascii_digit()) {
        if year >= 100_000_000 {
            return Read::Not;
        }
        year = year * 10 + i64::from(digit - b'0');
    }
    let year = if negative { -year } else { year };
    let Some(separator) = rest.take_if(|byte| b" -/\\".contains(&byte)) else {
        return Read::Not;
    };
    let Some(month) = rest.digits(2) else {
        return Read::Not;
    };
    if !rest.take(separator) {
        return Read::Not;
    }
    let Some(day) = rest.digits(2) else {
        return Read::Not;
    };
    let year = match rest.begins(" (bc)") {
        true if negative || year == 0 => return Read::Not,
        true => {
            rest.bytes = &rest.bytes[5..];
            1 - year
        }
        false => year,
    };
    if rest.first().is_some_and(|byte| byte.is_ascii_digit()) {
        return Read::Not;
    }
    if !(1..=12).contains(&month) || day < 1 || day > days_of(year, month) {
        return Read::Not;
    }
    match YEARS.contains(&year) {
        true => Read::Is(Some(days_since_epoch(year, month, day))),
        false => Read::Open,
    }
}

/// `infinity` and `epoch`, also cut short in ways that aren't looked at.
fn special(rest: Rest<'_>) -> Read<Option<i64>> {
    let known = rest.bytes.trim_ascii();
    let is = |word: &str| known.eq_ignore_ascii_case(word.as_bytes());
    if is("infinity") || is("inf") || is("epoch") {
        return Read::Is(None);
    }
    let may = rest.first().is_some_and(|byte| b"iIeE".contains(&byte));
    if may { Read::Open } else { Read::Not }
}

/// The days of a month.
fn days_of(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Whether there is such a day; `None` for years that aren't counted here.
pub(super) fn is_day(year: i64, month: i64, day: i64) -> Option<bool> {
    let exists = (1..=12).contains(&month) && day >= 1 && day <= days_of(year, month);
    (!exists || YEARS.contains(&year)).then_some(exists)
}

/// The days from 1970 to a date of the Gregorian calendar.
///
/// Source: Howard Hinnant, "chrono-compatible low-level date algorithms".
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// A time of day, read from the start: its seconds, or whether there is none.
fn time_at(rest: &mut Rest<'_>) -> Option<i64> {
    rest.skip_spaces();
    let hour = rest.digits(9)?;
    if !rest.take(b':') {
        return None;
    }
    let mut minute = 0;
    let mut second = 0;
    if !rest.is_empty() {
        minute = rest.digits(2).filter(|minute| *minute < 60)?;
    }
    if !rest.is_empty() {
        if !rest.take(b':') {
            return None;
        }
        if !rest.is_empty() {
            second = rest.digits(2).filter(|second| *second < 60)?;
        }
    }
    let mut fraction = false;
    if rest.take(b'.') {
        while let Some(digit) = rest.take_if(|byte| byte.is_ascii_digit()) {
            fraction |= digit != b'0';
        }
    }
    Some(hour * 3600 + minute * 60 + second + i64::from(fraction))
}

const DAY: i64 = 86_400;

/// A text as a time of day.
pub(super) fn time(text: &str) -> Read<()> {
    let mut rest = Rest::of(text);
    match time_at(&mut rest) {
        Some(seconds) if seconds <= DAY => Read::Is(()),
        Some(_) => Read::Not,
        // The engine's last attempt: the time of a timestamp.
        None => match timestamp(text) {
            Read::Not => Read::Not,
            _ => Read::Open,
        },
    }
}

/// A text as a timestamp.
pub(super) fn timestamp(text: &str) -> Read<()> {
    let mut rest = Rest::of(text);
    match date_at(&mut rest) {
        Read::Is(Some(days)) if STAMPED.contains(&days) => {}
        // Close to the bound the time of day decides.
        Read::Is(Some(days)) if days.abs() <= STAMPED.end() + 3 => return Read::Open,
        Read::Is(Some(_)) => return Read::Not,
        Read::Is(None) => return Read::Is(()),
        Read::Not => return Read::Not,
        Read::Open => return Read::Open,
    }
    if rest.is_empty() {
        return Read::Is(());
    }
    let _ = rest.take_if(|byte| byte == b' ' || byte == b'T');
    match time_at(&mut rest) {
        None => return Read::Not,
        Some(seconds) if seconds > DAY => return Read::Not,
        Some(_) => {}
    }
    // An offset or the name of a zone isn't looked at.
    match rest.bytes {
        [] | [b'Z'] => Read::Is(()),
        _ => Read::Open,
    }
}

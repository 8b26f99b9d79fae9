//! `INTERVAL`.

use std::fmt;
use std::str::FromStr;

use crate::calendar::{parse_clock, write_clock};
use crate::parse_error::ParseError;

/// A span of time in months, days and microseconds, which don't add up to one
/// another: a month has no fixed number of days, a day none of hours.
///
/// Two intervals are equal when all three parts are. The engine's own `=`
/// takes `1 month` for `30 days`; a type that must give back what was stored
/// can't.
///
/// ```
/// use dbgo_rows::Interval;
///
/// let span: Interval = "1 year 2 months -3 days 04:05:06.7".parse()?;
/// assert_eq!(span, Interval { months: 14, days: -3, micros: 14_706_700_000 });
/// # Ok::<(), dbgo_rows::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Interval {
    /// Whole months.
    pub months: i32,
    /// Whole days.
    pub days: i32,
    /// Microseconds.
    pub micros: i64,
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.months / 12, "year"),
            (self.months % 12, "month"),
            (self.days, "day"),
        ];
        let mut separator = "";
        for (amount, unit) in parts.into_iter().filter(|(amount, _)| *amount != 0) {
            let plural = if amount.unsigned_abs() == 1 { "" } else { "s" };
            write!(f, "{separator}{amount} {unit}{plural}")?;
            separator = " ";
        }
        if self.micros == 0 && !separator.is_empty() {
            return Ok(());
        }
        let sign = if self.micros < 0 { "-" } else { "" };
        write!(f, "{separator}{sign}")?;
        write_clock(f, self.micros.unsigned_abs(), 6)
    }
}

impl FromStr for Interval {
    type Err = ParseError;

    /// Reads what `Display` and the engine write: any of `N years`,
    /// `N months`, `N days` and `[-]HH:MM:SS[.ffffff]`, in this order.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse(text).ok_or_else(|| ParseError::new("INTERVAL", text))
    }
}

fn parse(text: &str) -> Option<Interval> {
    let mut words = text.split(' ').peekable();
    let mut amounts = [0_i32; 3];
    let units = [("year", "years"), ("month", "months"), ("day", "days")];
    let mut next_unit = 0;
    let mut any = false;
    while let Some(word) = words.next_if(|word| !word.contains(':')) {
        let unit = words.next()?;
        let position = units[next_unit..]
            .iter()
            .position(|(one, many)| unit == *one || unit == *many)?
            + next_unit;
        amounts[position] = word.parse().ok()?;
        next_unit = position + 1;
        any = true;
    }
    let micros = match words.next() {
        Some(clock) => parse_signed_clock(clock)?,
        None if any => 0,
        None => return None,
    };
    if words.next().is_some() {
        return None;
    }
    let [years, months, days] = amounts;
    Some(Interval {
        months: i32::try_from(i64::from(years) * 12 + i64::from(months)).ok()?,
        days,
        micros,
    })
}

fn parse_signed_clock(text: &str) -> Option<i64> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (micros, rest) = parse_clock(text, 6)?;
    if !rest.is_empty() {
        return None;
    }
    let micros = i128::from(micros);
    i64::try_from(if negative { -micros } else { micros }).ok()
}

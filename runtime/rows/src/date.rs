//! `DATE`.

use std::fmt;
use std::str::FromStr;

use crate::calendar::{civil_from_days, days_from_civil, is_civil, parse_date, write_date};
use crate::parse_error::ParseError;

/// A day of the proleptic Gregorian calendar, or one of the two infinities.
///
/// ```
/// use dbgo_rows::Date;
///
/// let ides: Date = "0044-03-15 (BC)".parse()?;
/// assert_eq!(ides.year_month_day(), Some((-43, 3, 15)));
/// assert!(ides < Date::INFINITY);
/// # Ok::<(), dbgo_rows::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date {
    days: i32,
}

impl Date {
    /// Later than every day.
    pub const INFINITY: Self = Self { days: i32::MAX };
    /// Earlier than every day.
    pub const NEGATIVE_INFINITY: Self = Self { days: -i32::MAX };

    /// The day that lies `days` after 1970-01-01. `i32::MAX` and `-i32::MAX`
    /// are the infinities, as in the engine.
    pub const fn from_days(days: i32) -> Self {
        Self { days }
    }

    /// A day by its astronomical year (0 is 1 BC), month and day of month;
    /// none where the calendar has no such day or the type can't hold it.
    pub fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        if !is_civil(i64::from(year), month, day) {
            return None;
        }
        let days = i32::try_from(days_from_civil(i64::from(year), month, day)).ok()?;
        Some(Self { days }).filter(|date| date.is_finite())
    }

    /// Days since 1970-01-01.
    pub const fn days(self) -> i32 {
        self.days
    }

    /// Whether this is a day and not an infinity.
    pub const fn is_finite(self) -> bool {
        self.days != i32::MAX && self.days != -i32::MAX
    }

    /// Astronomical year, month and day of month; none of an infinity.
    pub fn year_month_day(self) -> Option<(i32, u8, u8)> {
        let (year, month, day) = civil_from_days(i64::from(self.days));
        // the year of an `i32` number of days fits
        self.is_finite().then_some((year as i32, month, day))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::INFINITY => f.write_str("infinity"),
            Self::NEGATIVE_INFINITY => f.write_str("-infinity"),
            _ => write_date(f, i64::from(self.days)),
        }
    }
}

impl FromStr for Date {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "infinity" => return Ok(Self::INFINITY),
            "-infinity" => return Ok(Self::NEGATIVE_INFINITY),
            _ => {}
        }
        parse_date(text)
            .filter(|(_, rest)| rest.is_empty())
            .and_then(|(days, _)| i32::try_from(days).ok())
            .map(Self::from_days)
            .filter(|date| date.is_finite())
            .ok_or_else(|| ParseError::new("DATE", text))
    }
}

//! `TIME`, `TIME_NS` and `TIME WITH TIME ZONE`: readings of a clock, without
//! a date. `24:00:00` is a value of each.

use std::fmt;
use std::str::FromStr;

use crate::calendar::{
    NANOS_PER_SECOND, SECONDS_PER_DAY, parse_clock, parse_offset, write_clock, write_offset,
};
use crate::parse_error::ParseError;

const MICROS_PER_DAY: i64 = SECONDS_PER_DAY * 1_000_000;
const NANOS_PER_DAY: i64 = SECONDS_PER_DAY * NANOS_PER_SECOND;

/// `TIME`: microseconds since midnight, `00:00:00` to `24:00:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Time {
    micros: i64,
}

impl Time {
    /// A time by its microseconds since midnight; none outside the day.
    pub fn from_micros(micros: i64) -> Option<Self> {
        (0..=MICROS_PER_DAY)
            .contains(&micros)
            .then_some(Self { micros })
    }

    /// Microseconds since midnight.
    pub const fn micros(self) -> i64 {
        self.micros
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_clock(f, self.micros.unsigned_abs(), 6)
    }
}

impl FromStr for Time {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        whole_clock(text, 6)
            .and_then(Self::from_micros)
            .ok_or_else(|| ParseError::new("TIME", text))
    }
}

/// `TIME_NS`: nanoseconds since midnight, `00:00:00` to `24:00:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeNs {
    nanos: i64,
}

impl TimeNs {
    /// A time by its nanoseconds since midnight; none outside the day.
    pub fn from_nanos(nanos: i64) -> Option<Self> {
        (0..=NANOS_PER_DAY)
            .contains(&nanos)
            .then_some(Self { nanos })
    }

    /// Nanoseconds since midnight.
    pub const fn nanos(self) -> i64 {
        self.nanos
    }
}

impl fmt::Display for TimeNs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_clock(f, self.nanos.unsigned_abs(), 9)
    }
}

impl FromStr for TimeNs {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        whole_clock(text, 9)
            .and_then(Self::from_nanos)
            .ok_or_else(|| ParseError::new("TIME_NS", text))
    }
}

fn whole_clock(text: &str, digits: u32) -> Option<i64> {
    let (ticks, rest) = parse_clock(text, digits)?;
    if !rest.is_empty() {
        return None;
    }
    i64::try_from(ticks).ok()
}

/// `TIME WITH TIME ZONE`: a clock reading and its offset from UTC.
///
/// Two of them are equal when both parts are; the engine's order, by the
/// moment in UTC, is not this type's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeTz {
    time: Time,
    offset_seconds: i32,
}

impl TimeTz {
    /// The largest offset from UTC in either direction, in seconds: 15:59:59.
    pub const MAX_OFFSET_SECONDS: i32 = 16 * 3600 - 1;

    /// A time by its local reading and its offset, in seconds east of UTC;
    /// none where the offset is larger than the type holds.
    pub fn new(time: Time, offset_seconds: i32) -> Option<Self> {
        (offset_seconds.unsigned_abs() <= Self::MAX_OFFSET_SECONDS.unsigned_abs()).then_some(Self {
            time,
            offset_seconds,
        })
    }

    /// The local clock reading.
    pub const fn time(self) -> Time {
        self.time
    }

    /// Seconds east of UTC.
    pub const fn offset_seconds(self) -> i32 {
        self.offset_seconds
    }
}

impl fmt::Display for TimeTz {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.time.fmt(f)?;
        write_offset(f, self.offset_seconds)
    }
}

impl FromStr for TimeTz {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let parse = || {
            let (micros, rest) = parse_clock(text, 6)?;
            let time = Time::from_micros(i64::try_from(micros).ok()?)?;
            Self::new(time, parse_offset(rest)?)
        };
        parse().ok_or_else(|| ParseError::new("TIME WITH TIME ZONE", text))
    }
}

//! The five timestamp types: four without a time zone, by precision, and
//! `TIMESTAMP WITH TIME ZONE`, a moment.
//!
//! Each is a count of ticks since 1970-01-01 00:00:00, with an infinity at
//! both ends of its range.

use std::fmt;
use std::str::FromStr;

use crate::calendar::{
    SECONDS_PER_DAY, parse_clock, parse_date, parse_offset, write_clock, write_date,
};
use crate::date::Date;
use crate::parse_error::ParseError;

/// Reads a timestamp as ticks of `digits` digits and the text after it, which
/// is an offset where there is one.
fn parse_ticks(text: &str, digits: u32) -> Option<(i128, &str)> {
    let (days, rest) = parse_date(text)?;
    let per_day = i128::from(SECONDS_PER_DAY) * 10_i128.pow(digits);
    let midnight = i128::from(days) * per_day;
    let Some(clock) = rest.strip_prefix([' ', 'T']) else {
        return Some((midnight, rest));
    };
    let (ticks, rest) = parse_clock(clock, digits)?;
    (i128::from(ticks) <= per_day).then_some((midnight + i128::from(ticks), rest))
}

fn write_ticks(f: &mut fmt::Formatter<'_>, ticks: i64, digits: u32) -> fmt::Result {
    let per_day = SECONDS_PER_DAY * 10_i64.pow(digits);
    write_date(f, ticks.div_euclid(per_day))?;
    f.write_str(" ")?;
    write_clock(f, ticks.rem_euclid(per_day).unsigned_abs(), digits)
}

macro_rules! timestamp {
    (
        $(#[$meta:meta])* $name:ident, $sql:literal, $digits:literal,
        $from:ident, $ticks:ident, $unit:literal, zone: $zone:literal
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name {
            ticks: i64,
        }

        impl $name {
            /// Later than every moment.
            pub const INFINITY: Self = Self { ticks: i64::MAX };
            /// Earlier than every moment.
            pub const NEGATIVE_INFINITY: Self = Self { ticks: -i64::MAX };

            #[doc = concat!("The moment ", $unit, " after 1970-01-01 00:00:00. `i64::MAX` and `-i64::MAX` are the infinities, as in the engine.")]
            pub const fn $from(ticks: i64) -> Self {
                Self { ticks }
            }

            #[doc = concat!("The number of ", $unit, " since 1970-01-01 00:00:00.")]
            pub const fn $ticks(self) -> i64 {
                self.ticks
            }

            /// Whether this is a moment and not an infinity.
            pub const fn is_finite(self) -> bool {
                self.ticks != i64::MAX && self.ticks != -i64::MAX
            }

            /// The day it lies in; an infinity has the infinite day. None
            /// where the day is beyond what `DATE` holds.
            pub fn date(self) -> Option<Date> {
                match self {
                    Self::INFINITY => Some(Date::INFINITY),
                    Self::NEGATIVE_INFINITY => Some(Date::NEGATIVE_INFINITY),
                    _ => i32::try_from(self.ticks.div_euclid(Self::PER_DAY))
                        .ok()
                        .map(Date::from_days)
                        .filter(|date| date.is_finite()),
                }
            }

            const PER_DAY: i64 = SECONDS_PER_DAY * 10_i64.pow($digits);
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match *self {
                    Self::INFINITY => f.write_str("infinity"),
                    Self::NEGATIVE_INFINITY => f.write_str("-infinity"),
                    _ => {
                        write_ticks(f, self.ticks, $digits)?;
                        f.write_str(if $zone { "+00" } else { "" })
                    }
                }
            }
        }

        impl FromStr for $name {
            type Err = ParseError;

            fn from_str(text: &str) -> Result<Self, ParseError> {
                match text {
                    "infinity" => return Ok(Self::INFINITY),
                    "-infinity" => return Ok(Self::NEGATIVE_INFINITY),
                    _ => {}
                }
                let parse = || {
                    let (ticks, rest) = parse_ticks(text, $digits)?;
                    let offset = match rest {
                        "" => 0,
                        rest if $zone => i128::from(parse_offset(rest)?),
                        _ => return None,
                    };
                    let ticks = ticks - offset * 10_i128.pow($digits);
                    i64::try_from(ticks).ok().map(|ticks| Self { ticks })
                };
                parse()
                    .filter(|moment| moment.is_finite())
                    .ok_or_else(|| ParseError::new($sql, text))
            }
        }
    };
}

timestamp!(
    /// `TIMESTAMP`: date and time in microseconds, without a time zone.
    ///
    /// ```
    /// use dbgo_rows::Timestamp;
    ///
    /// let late: Timestamp = "2013-01-01 23:59:59.5".parse()?;
    /// assert_eq!(late.micros(), 1_357_084_799_500_000);
    /// assert_eq!(late.to_string(), "2013-01-01 23:59:59.5");
    /// # Ok::<(), dbgo_rows::ParseError>(())
    /// ```
    Timestamp, "TIMESTAMP", 6, from_micros, micros, "microseconds", zone: false
);
timestamp!(
    /// `TIMESTAMP_S`: date and time in seconds, without a time zone.
    TimestampS, "TIMESTAMP_S", 0, from_seconds, seconds, "seconds", zone: false
);
timestamp!(
    /// `TIMESTAMP_MS`: date and time in milliseconds, without a time zone.
    TimestampMs, "TIMESTAMP_MS", 3, from_millis, millis, "milliseconds", zone: false
);
timestamp!(
    /// `TIMESTAMP_NS`: date and time in nanoseconds, without a time zone.
    TimestampNs, "TIMESTAMP_NS", 9, from_nanos, nanos, "nanoseconds", zone: false
);
timestamp!(
    /// `TIMESTAMP WITH TIME ZONE`: a moment in microseconds, in UTC. The
    /// engine stores no zone with it; the text is the one of a session whose
    /// `TimeZone` is `UTC`.
    TimestampTz, "TIMESTAMP WITH TIME ZONE", 6, from_micros, micros, "microseconds", zone: true
);

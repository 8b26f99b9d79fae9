//! `chrono`: no infinities, years to ±262,142, no 24:00:00, leap seconds that
//! SQL doesn't have.

use ::chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Utc};

use crate::calendar::NANOS_PER_SECOND;
use crate::parse_error::ParseError;
use crate::{Date, Time, TimeNs, Timestamp, TimestampMs, TimestampNs, TimestampS, TimestampTz};

/// Day 0 of the SQL types, as chrono counts days.
const EPOCH: i32 = 719_163;

impl TryFrom<Date> for NaiveDate {
    type Error = ParseError;

    fn try_from(date: Date) -> Result<Self, ParseError> {
        date.days()
            .checked_add(EPOCH)
            .filter(|_| date.is_finite())
            .and_then(Self::from_num_days_from_ce_opt)
            .ok_or_else(|| ParseError::new("chrono date", date.to_string()))
    }
}

impl From<NaiveDate> for Date {
    fn from(date: NaiveDate) -> Self {
        use ::chrono::Datelike;
        Self::from_days(date.num_days_from_ce() - EPOCH)
    }
}

fn clock(nanos: i64) -> Option<NaiveTime> {
    let seconds = u32::try_from(nanos / NANOS_PER_SECOND).ok()?;
    let rest = u32::try_from(nanos % NANOS_PER_SECOND).ok()?;
    NaiveTime::from_num_seconds_from_midnight_opt(seconds, rest)
}

/// Nanoseconds since midnight, of what is no leap second.
fn nanos_of(time: NaiveTime) -> Option<i64> {
    let rest = i64::from(time.nanosecond());
    let whole = i64::from(time.num_seconds_from_midnight()) * NANOS_PER_SECOND;
    (rest < NANOS_PER_SECOND).then_some(whole + rest)
}

impl TryFrom<Time> for NaiveTime {
    type Error = ParseError;

    fn try_from(time: Time) -> Result<Self, ParseError> {
        clock(time.micros() * 1_000).ok_or_else(|| ParseError::new("chrono time", time.to_string()))
    }
}

impl TryFrom<NaiveTime> for Time {
    type Error = ParseError;

    fn try_from(time: NaiveTime) -> Result<Self, ParseError> {
        nanos_of(time)
            .filter(|nanos| nanos % 1_000 == 0)
            .and_then(|nanos| Self::from_micros(nanos / 1_000))
            .ok_or_else(|| ParseError::new("TIME", time.to_string()))
    }
}

impl TryFrom<TimeNs> for NaiveTime {
    type Error = ParseError;

    fn try_from(time: TimeNs) -> Result<Self, ParseError> {
        clock(time.nanos()).ok_or_else(|| ParseError::new("chrono time", time.to_string()))
    }
}

impl TryFrom<NaiveTime> for TimeNs {
    type Error = ParseError;

    fn try_from(time: NaiveTime) -> Result<Self, ParseError> {
        nanos_of(time)
            .and_then(Self::from_nanos)
            .ok_or_else(|| ParseError::new("TIME_NS", time.to_string()))
    }
}

/// Seconds and nanoseconds since 1970, of what is no leap second.
fn parts(moment: DateTime<Utc>) -> Option<(i128, i128)> {
    let rest = i64::from(moment.timestamp_subsec_nanos());
    (rest < NANOS_PER_SECOND).then_some((i128::from(moment.timestamp()), i128::from(rest)))
}

macro_rules! timestamps {
    ($($sql:ident: $ticks:ident, $from:ident, $per_second:literal;)*) => {$(
        impl $sql {
            fn to_chrono(self) -> Option<DateTime<Utc>> {
                let ticks = self.$ticks();
                let rest = ticks.rem_euclid($per_second) * (NANOS_PER_SECOND / $per_second);
                let rest = u32::try_from(rest).ok().filter(|_| self.is_finite())?;
                DateTime::from_timestamp(ticks.div_euclid($per_second), rest)
            }

            fn from_chrono(moment: DateTime<Utc>) -> Option<Self> {
                let (seconds, nanos) = parts(moment)?;
                let tick = i128::from(NANOS_PER_SECOND / $per_second);
                if nanos % tick != 0 {
                    return None;
                }
                let ticks = i64::try_from(seconds * $per_second + nanos / tick).ok()?;
                Some(Self::$from(ticks)).filter(|moment| moment.is_finite())
            }
        }
    )*};
}

timestamps! {
    TimestampS: seconds, from_seconds, 1;
    TimestampMs: millis, from_millis, 1_000;
    Timestamp: micros, from_micros, 1_000_000;
    TimestampNs: nanos, from_nanos, 1_000_000_000;
    TimestampTz: micros, from_micros, 1_000_000;
}

macro_rules! without_zone {
    ($($sql:ident, $name:literal;)*) => {$(
        impl TryFrom<$sql> for NaiveDateTime {
            type Error = ParseError;

            fn try_from(moment: $sql) -> Result<Self, ParseError> {
                moment
                    .to_chrono()
                    .map(|moment| moment.naive_utc())
                    .ok_or_else(|| ParseError::new("chrono timestamp", moment.to_string()))
            }
        }

        impl TryFrom<NaiveDateTime> for $sql {
            type Error = ParseError;

            fn try_from(moment: NaiveDateTime) -> Result<Self, ParseError> {
                Self::from_chrono(moment.and_utc())
                    .ok_or_else(|| ParseError::new($name, moment.to_string()))
            }
        }
    )*};
}

without_zone! {
    TimestampS, "TIMESTAMP_S";
    TimestampMs, "TIMESTAMP_MS";
    Timestamp, "TIMESTAMP";
    TimestampNs, "TIMESTAMP_NS";
}

impl TryFrom<TimestampTz> for DateTime<Utc> {
    type Error = ParseError;

    fn try_from(moment: TimestampTz) -> Result<Self, ParseError> {
        moment
            .to_chrono()
            .ok_or_else(|| ParseError::new("chrono timestamp", moment.to_string()))
    }
}

impl TryFrom<DateTime<Utc>> for TimestampTz {
    type Error = ParseError;

    fn try_from(moment: DateTime<Utc>) -> Result<Self, ParseError> {
        Self::from_chrono(moment)
            .ok_or_else(|| ParseError::new("TIMESTAMP WITH TIME ZONE", moment.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_hold_goes_there_and_back() {
        let date: Date = "0044-03-15 (BC)".parse().unwrap();
        assert_eq!(Date::from(NaiveDate::try_from(date).unwrap()), date);
        let moment: Timestamp = "1969-12-31 23:59:59.999999".parse().unwrap();
        let there = NaiveDateTime::try_from(moment).unwrap();
        assert_eq!(there.to_string(), "1969-12-31 23:59:59.999999");
        assert_eq!(Timestamp::try_from(there), Ok(moment));
        let moment: TimestampTz = "2013-01-01 01:02:03+01".parse().unwrap();
        let there = DateTime::<Utc>::try_from(moment).unwrap();
        assert_eq!(there.to_string(), "2013-01-01 00:02:03 UTC");
        assert_eq!(TimestampTz::try_from(there), Ok(moment));
        let time: TimeNs = "23:59:59.000000001".parse().unwrap();
        assert_eq!(
            TimeNs::try_from(NaiveTime::try_from(time).unwrap()),
            Ok(time)
        );
    }

    #[test]
    fn what_would_be_lost_is_refused() {
        assert!(NaiveDate::try_from(Date::INFINITY).is_err());
        assert!(NaiveDate::try_from(Date::from_days(i32::MAX - 1)).is_err());
        assert!(NaiveDateTime::try_from(Timestamp::NEGATIVE_INFINITY).is_err());
        assert!(NaiveTime::try_from("24:00:00".parse::<Time>().unwrap()).is_err());
        let nanosecond = NaiveTime::from_hms_nano_opt(0, 0, 0, 1).unwrap();
        assert!(Time::try_from(nanosecond).is_err());
        let leap = NaiveTime::from_hms_nano_opt(23, 59, 59, 1_500_000_000).unwrap();
        assert!(TimeNs::try_from(leap).is_err());
    }
}

//! `jiff`: no infinities, years from -9999 to 9999, no 24:00:00.

use ::jiff::Span;
use ::jiff::civil;

use crate::calendar::{NANOS_PER_SECOND, SECONDS_PER_DAY, days_from_civil};
use crate::parse_error::ParseError;
use crate::{
    Date, Interval, Time, TimeNs, Timestamp, TimestampMs, TimestampNs, TimestampS, TimestampTz,
};

fn civil_date(date: Date) -> Option<civil::Date> {
    let (year, month, day) = date.year_month_day()?;
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    civil::Date::new(i16::try_from(year).ok()?, month, day).ok()
}

fn days_of(date: civil::Date) -> i64 {
    // month and day are never negative
    let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
    days_from_civil(i64::from(date.year()), month, day)
}

fn civil_time(nanos: i64) -> Option<civil::Time> {
    let seconds = nanos / NANOS_PER_SECOND;
    let part = |number: i64| i8::try_from(number).ok();
    let rest = i32::try_from(nanos % NANOS_PER_SECOND).ok()?;
    civil::Time::new(
        part(seconds / 3600)?,
        part(seconds / 60 % 60)?,
        part(seconds % 60)?,
        rest,
    )
    .ok()
}

fn nanos_of(time: civil::Time) -> i64 {
    let seconds =
        i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    seconds * NANOS_PER_SECOND + i64::from(time.subsec_nanosecond())
}

impl TryFrom<Date> for civil::Date {
    type Error = ParseError;

    fn try_from(date: Date) -> Result<Self, ParseError> {
        civil_date(date).ok_or_else(|| ParseError::new("jiff date", date.to_string()))
    }
}

impl From<civil::Date> for Date {
    fn from(date: civil::Date) -> Self {
        // ten thousand years of days fit
        Self::from_days(days_of(date) as i32)
    }
}

impl TryFrom<Time> for civil::Time {
    type Error = ParseError;

    fn try_from(time: Time) -> Result<Self, ParseError> {
        civil_time(time.micros() * 1_000)
            .ok_or_else(|| ParseError::new("jiff time", time.to_string()))
    }
}

impl TryFrom<civil::Time> for Time {
    type Error = ParseError;

    fn try_from(time: civil::Time) -> Result<Self, ParseError> {
        let nanos = nanos_of(time);
        Self::from_micros(nanos / 1_000)
            .filter(|_| nanos % 1_000 == 0)
            .ok_or_else(|| ParseError::new("TIME", time.to_string()))
    }
}

impl TryFrom<TimeNs> for civil::Time {
    type Error = ParseError;

    fn try_from(time: TimeNs) -> Result<Self, ParseError> {
        civil_time(time.nanos()).ok_or_else(|| ParseError::new("jiff time", time.to_string()))
    }
}

impl TryFrom<civil::Time> for TimeNs {
    type Error = ParseError;

    fn try_from(time: civil::Time) -> Result<Self, ParseError> {
        Self::from_nanos(nanos_of(time)).ok_or_else(|| ParseError::new("TIME_NS", time.to_string()))
    }
}

/// Date and time of a count of ticks, `per_second` of them a second.
fn civil_moment(ticks: i64, per_second: i64) -> Option<civil::DateTime> {
    let per_day = SECONDS_PER_DAY * per_second;
    let date = civil_date(Date::from_days(
        i32::try_from(ticks.div_euclid(per_day)).ok()?,
    ))?;
    let nanos = ticks.rem_euclid(per_day) * (NANOS_PER_SECOND / per_second);
    Some(civil::DateTime::from_parts(date, civil_time(nanos)?))
}

fn ticks_of(moment: civil::DateTime, per_second: i64) -> Option<i64> {
    let nanos = nanos_of(moment.time());
    let tick = NANOS_PER_SECOND / per_second;
    let midnight = days_of(moment.date()).checked_mul(SECONDS_PER_DAY * per_second)?;
    midnight
        .checked_add(nanos / tick)
        .filter(|_| nanos % tick == 0)
}

macro_rules! without_zone {
    ($($sql:ident: $ticks:ident, $from:ident, $per_second:literal, $name:literal;)*) => {$(
        impl TryFrom<$sql> for civil::DateTime {
            type Error = ParseError;

            fn try_from(moment: $sql) -> Result<Self, ParseError> {
                civil_moment(moment.$ticks(), $per_second)
                    .filter(|_| moment.is_finite())
                    .ok_or_else(|| ParseError::new("jiff timestamp", moment.to_string()))
            }
        }

        impl TryFrom<civil::DateTime> for $sql {
            type Error = ParseError;

            fn try_from(moment: civil::DateTime) -> Result<Self, ParseError> {
                ticks_of(moment, $per_second)
                    .map(Self::$from)
                    .ok_or_else(|| ParseError::new($name, moment.to_string()))
            }
        }
    )*};
}

without_zone! {
    TimestampS: seconds, from_seconds, 1, "TIMESTAMP_S";
    TimestampMs: millis, from_millis, 1_000, "TIMESTAMP_MS";
    Timestamp: micros, from_micros, 1_000_000, "TIMESTAMP";
    TimestampNs: nanos, from_nanos, 1_000_000_000, "TIMESTAMP_NS";
}

impl TryFrom<TimestampTz> for ::jiff::Timestamp {
    type Error = ParseError;

    fn try_from(moment: TimestampTz) -> Result<Self, ParseError> {
        Self::from_microsecond(moment.micros())
            .map_err(|_| ParseError::new("jiff timestamp", moment.to_string()))
    }
}

impl TryFrom<::jiff::Timestamp> for TimestampTz {
    type Error = ParseError;

    fn try_from(moment: ::jiff::Timestamp) -> Result<Self, ParseError> {
        if moment.subsec_nanosecond() % 1_000 != 0 {
            return Err(ParseError::new(
                "TIMESTAMP WITH TIME ZONE",
                moment.to_string(),
            ));
        }
        Ok(Self::from_micros(moment.as_microsecond()))
    }
}

impl TryFrom<Interval> for Span {
    type Error = ParseError;

    /// Months, days and microseconds; refused where their signs differ, as a
    /// span has one sign for all.
    fn try_from(interval: Interval) -> Result<Self, ParseError> {
        let signs = [
            i64::from(interval.months).signum(),
            i64::from(interval.days).signum(),
            interval.micros.signum(),
        ];
        let span = || {
            Self::new()
                .try_months(interval.months)?
                .try_days(interval.days)?
                .try_microseconds(interval.micros)
        };
        span()
            .ok()
            .filter(|_| !(signs.contains(&1) && signs.contains(&-1)))
            .ok_or_else(|| ParseError::new("jiff span", interval.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_hold_goes_there_and_back() {
        let date: Date = "0044-03-15 (BC)".parse().unwrap();
        assert_eq!(Date::from(civil::Date::try_from(date).unwrap()), date);
        let moment: TimestampNs = "1969-12-31 23:59:59.999999999".parse().unwrap();
        let there = civil::DateTime::try_from(moment).unwrap();
        assert_eq!(there.to_string(), "1969-12-31T23:59:59.999999999");
        assert_eq!(TimestampNs::try_from(there), Ok(moment));
        let moment: TimestampTz = "2013-01-01 01:02:03+01".parse().unwrap();
        let there = ::jiff::Timestamp::try_from(moment).unwrap();
        assert_eq!(there.to_string(), "2013-01-01T00:02:03Z");
        assert_eq!(TimestampTz::try_from(there), Ok(moment));
    }

    #[test]
    fn what_would_be_lost_is_refused() {
        assert!(civil::Date::try_from(Date::INFINITY).is_err());
        assert!(civil::DateTime::try_from(TimestampS::INFINITY).is_err());
        assert!(::jiff::Timestamp::try_from(TimestampTz::INFINITY).is_err());
        assert!(civil::Time::try_from("24:00:00".parse::<Time>().unwrap()).is_err());
        assert!(Time::try_from(civil::time(0, 0, 0, 1)).is_err());
        let mixed = Interval {
            months: 1,
            days: -1,
            micros: 0,
        };
        assert!(Span::try_from(mixed).is_err());
        let months = Interval {
            months: 14,
            ..Interval::default()
        };
        assert_eq!(Span::try_from(months).unwrap().get_months(), 14);
    }
}

//! Steps: the lengths that divide time, what is missing in these terms, and batches.

use super::set::{IntervalSet, Range};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

const SECOND: i64 = 1_000_000;

/// The length of an interval, and the time zone in which intervals begin.
///
/// Days begin at midnight, weeks on Monday, months and years on the first of a month, all by the
/// clocks of the zone; where clocks skip midnight, a day begins with the first instant that they
/// show of it. Hours, minutes and seconds are lengths of time and aligned in UTC, whatever the
/// zone. A multiple of one counts from the first of them in 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    length: Length,
    zone: TimeZone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    /// A fixed length in microseconds, counted from 1970.
    Time(i64),
    /// A number of days, counted from a day of January 1970: 0 is the first.
    Days { count: i64, origin: i64 },
    /// A number of months.
    Months(i64),
}

impl Step {
    /// Reads `1 hour`, `15 minutes`, `1 day`, `2 weeks`, `1 month`, `1 quarter`, `1 year`, in UTC.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let count: i64 = words.next()?.parse().ok()?;
        let unit = words.next()?.to_ascii_lowercase();
        if count < 1 || words.next().is_some() {
            return None;
        }
        let time = |seconds: i64| {
            Some(Length::Time(
                count.checked_mul(seconds)?.checked_mul(SECOND)?,
            ))
        };
        let days = |days: i64, origin: i64| {
            let count = count.checked_mul(days).filter(|days| *days <= MOST_DAYS)?;
            Some(Length::Days { count, origin })
        };
        let months = |months: i64| Some(Length::Months(count.checked_mul(months)?));
        let length = match unit.strip_suffix('s').unwrap_or(&unit) {
            "second" => time(1),
            "minute" => time(60),
            "hour" => time(3_600),
            "day" => days(1, 0),
            // 1970-01-01 was a Thursday; the Monday after it is the fifth.
            "week" => days(7, 4),
            "month" => months(1),
            "quarter" => months(3),
            "year" => months(12),
            _ => None,
        }?;
        Some(Self {
            length,
            zone: TimeZone::UTC,
        })
    }

    /// The same length in another time zone.
    #[must_use]
    pub fn in_zone(self, zone: TimeZone) -> Self {
        Self { zone, ..self }
    }

    /// The time zone in which intervals begin.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The start of the interval that an instant is in.
    pub fn floor(&self, instant: Timestamp) -> Timestamp {
        self.start_of(self.number(instant))
    }

    /// The first start of an interval at or after an instant.
    pub fn ceiling(&self, instant: Timestamp) -> Timestamp {
        let floor = self.floor(instant);
        if floor == instant {
            instant
        } else {
            self.shift(floor, 1)
        }
    }

    /// The start of the interval that is `count` intervals after the one an instant is in.
    pub fn shift(&self, instant: Timestamp, count: i64) -> Timestamp {
        self.start_of(self.number(instant).saturating_add(count))
    }

    /// How many intervals a range of aligned ends holds.
    pub fn count(&self, range: Range) -> u64 {
        let whole = self.number(self.ceiling(range.end)) - self.number(range.start);
        u64::try_from(whole).unwrap_or(0)
    }

    /// The number of the interval that an instant is in, counted from 1970.
    fn number(&self, instant: Timestamp) -> i64 {
        let date = || self.zone.to_datetime(instant).date();
        let mut number = match self.length {
            Length::Time(length) => return instant.as_microsecond().div_euclid(length),
            Length::Days { count, origin } => (day_number(date()) - origin).div_euclid(count),
            Length::Months(months) => {
                let date = date();
                let number = (i64::from(date.year()) - 1970) * 12 + i64::from(date.month()) - 1;
                number.div_euclid(months)
            }
        };
        // Clocks that are put back over midnight show the day before once more, after the next
        // one has begun; and a day that they skip has no instant.
        for _ in 0..2 {
            if self.start_of(number + 1) <= instant {
                number += 1;
            }
        }
        for _ in 0..2 {
            if self.start_of(number) > instant {
                number -= 1;
            }
        }
        number
    }

    /// The start of the interval of a number; the ends of time where it lies beyond.
    fn start_of(&self, number: i64) -> Timestamp {
        let limit = if number < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        };
        let start = match self.length {
            Length::Time(length) => number
                .checked_mul(length)
                .and_then(|start| Timestamp::from_microsecond(start).ok()),
            Length::Days { count, origin } => number
                .checked_mul(count)
                .and_then(|days| days.checked_add(origin))
                .and_then(date_of)
                .and_then(|date| self.midnight(date)),
            Length::Months(months) => number.checked_mul(months).and_then(|number| {
                let year = i16::try_from(1970 + number.div_euclid(12)).ok()?;
                let month = i8::try_from(number.rem_euclid(12) + 1).ok()?;
                self.midnight(Date::new(year, month, 1).ok()?)
            }),
        };
        start.unwrap_or(limit)
    }

    /// When a date begins: at midnight or, where clocks skip it, with the first instant behind it;
    /// of two midnights with the first.
    fn midnight(&self, date: Date) -> Option<Timestamp> {
        let midnight = date.to_datetime(Time::midnight());
        self.zone.to_timestamp(midnight).ok()
    }
}

/// The most days that an interval may have: more than there are in all of time.
const MOST_DAYS: i64 = 10_000_000;

const EPOCH: Date = Date::constant(1970, 1, 1);

/// The days from 1970-01-01 to a date.
fn day_number(date: Date) -> i64 {
    date.duration_since(EPOCH).as_secs().div_euclid(86_400)
}

fn date_of(day_number: i64) -> Option<Date> {
    let days = Span::new().try_days(day_number).ok()?;
    EPOCH.checked_add(days).ok()
}

/// Reads a date or a timestamp as an instant; without an offset it is in UTC.
pub fn parse_instant(text: &str) -> Option<Timestamp> {
    parse_instant_in(text, &TimeZone::UTC)
}

/// Reads a date or a timestamp as an instant; without an offset it is what clocks in a zone show.
pub fn parse_instant_in(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let shown = text.parse::<DateTime>().ok()?;
    zone.to_timestamp(shown).ok()
}

/// What a model's `time_range` has to fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The batches, in order of time.
    pub batches: Vec<Range>,
    /// How many intervals the batches hold, those that are done again included.
    pub intervals: u64,
    /// How many intervals there are between the model's start and its end.
    pub all: u64,
}

/// What is missing of `[start, end)`, by `step`, in batches.
///
/// Where anything is missing, the `lookback` intervals before each missing range are done again.
/// `batch_size` is a number of intervals; 0 makes one batch of each missing range.
pub fn missing(
    (start, end): (Timestamp, Timestamp),
    filled: &IntervalSet,
    step: &Step,
    lookback: u32,
    batch_size: u32,
) -> Missing {
    let start = step.floor(start);
    let end = step.floor(end);
    let Some(whole) = Range::new(start, end) else {
        return Missing {
            batches: Vec::new(),
            intervals: 0,
            all: 0,
        };
    };
    let wanted: IntervalSet = [whole].into_iter().collect();
    let gaps: IntervalSet = wanted
        .difference(filled)
        .ranges()
        .iter()
        .filter_map(|gap| {
            let from = step.shift(gap.start, -i64::from(lookback)).max(start);
            Range::new(from, step.ceiling(gap.end))
        })
        .collect();
    let batches: Vec<Range> = gaps
        .ranges()
        .iter()
        .flat_map(|gap| batches(*gap, step, batch_size))
        .collect();
    Missing {
        intervals: gaps.ranges().iter().map(|gap| step.count(*gap)).sum(),
        all: step.count(whole),
        batches,
    }
}

fn batches(range: Range, step: &Step, size: u32) -> Vec<Range> {
    if size == 0 {
        return vec![range];
    }
    let mut batches = Vec::new();
    let mut start = range.start;
    while start < range.end {
        let end = step.shift(start, i64::from(size)).min(range.end);
        batches.extend(Range::new(start, end));
        start = end;
    }
    batches
}

/// A range for people.
impl Range {
    /// `2013-01-01 to 2013-01-31` for whole days in UTC, with the last day included; otherwise the
    /// instants themselves.
    pub fn describe(&self) -> String {
        self.describe_in(&TimeZone::UTC)
    }

    /// The same in a time zone.
    pub fn describe_in(&self, zone: &TimeZone) -> String {
        let (start, end) = (zone.to_datetime(self.start), zone.to_datetime(self.end));
        let is_whole = |instant: Timestamp, shown: DateTime| {
            let midnight = shown.date().to_datetime(Time::midnight());
            zone.to_timestamp(midnight)
                .is_ok_and(|first| first == instant)
        };
        if !is_whole(self.start, start) || !is_whole(self.end, end) {
            return format!("{start} to {end}");
        }
        let last = end.date().checked_sub(1.day()).unwrap_or(end.date());
        if last == start.date() {
            last.to_string()
        } else {
            format!("{} to {last}", start.date())
        }
    }
}

#[cfg(test)]
mod tests;

//! Steps: the lengths that divide time, what is missing in these terms, and batches.

use super::set::{IntervalSet, Range};
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

const SECOND: i64 = 1_000_000;

/// The length of an interval. Intervals are aligned: an hour to full hours, a day to midnight,
/// a week to Monday, months and years to the first of a month, all in UTC; a multiple of one
/// counts from the first of them in 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A fixed length in microseconds, counted from `origin` (microseconds since 1970).
    Fixed {
        /// The length in microseconds.
        length: i64,
        /// Where counting starts.
        origin: i64,
    },
    /// A number of months.
    Months(i64),
}

impl Step {
    /// Reads `1 hour`, `15 minutes`, `1 day`, `2 weeks`, `1 month`, `1 quarter`, `1 year`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let count: i64 = words.next()?.parse().ok()?;
        let unit = words.next()?.to_ascii_lowercase();
        if count < 1 || words.next().is_some() {
            return None;
        }
        let fixed = |seconds: i64, origin: i64| {
            Some(Self::Fixed {
                length: count.checked_mul(seconds)?.checked_mul(SECOND)?,
                origin,
            })
        };
        match unit.strip_suffix('s').unwrap_or(&unit) {
            "second" => fixed(1, 0),
            "minute" => fixed(60, 0),
            "hour" => fixed(3_600, 0),
            "day" => fixed(86_400, 0),
            // 1970-01-01 was a Thursday; the Monday after it is the fifth.
            "week" => fixed(7 * 86_400, 4 * 86_400 * SECOND),
            "month" => Some(Self::Months(count)),
            "quarter" => Some(Self::Months(count.checked_mul(3)?)),
            "year" => Some(Self::Months(count.checked_mul(12)?)),
            _ => None,
        }
    }

    /// The start of the interval that an instant is in.
    pub fn floor(self, instant: Timestamp) -> Timestamp {
        self.start_of(self.number(instant))
    }

    /// The first start of an interval at or after an instant.
    pub fn ceiling(self, instant: Timestamp) -> Timestamp {
        let floor = self.floor(instant);
        if floor == instant {
            instant
        } else {
            self.shift(floor, 1)
        }
    }

    /// The start of the interval that is `count` intervals after the one an instant is in.
    pub fn shift(self, instant: Timestamp, count: i64) -> Timestamp {
        self.start_of(self.number(instant).saturating_add(count))
    }

    /// How many intervals a range of aligned ends holds.
    pub fn count(self, range: Range) -> u64 {
        let whole = self.number(self.ceiling(range.end)) - self.number(range.start);
        u64::try_from(whole).unwrap_or(0)
    }

    /// The number of the interval that an instant is in, counted from 1970.
    fn number(self, instant: Timestamp) -> i64 {
        match self {
            Self::Fixed { length, origin } => {
                (instant.as_microsecond() - origin).div_euclid(length)
            }
            Self::Months(months) => {
                let date = TimeZone::UTC.to_datetime(instant).date();
                let number = (i64::from(date.year()) - 1970) * 12 + i64::from(date.month()) - 1;
                number.div_euclid(months)
            }
        }
    }

    /// The start of the interval of a number; the ends of time where it lies beyond.
    fn start_of(self, number: i64) -> Timestamp {
        let limit = if number < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        };
        let start = match self {
            Self::Fixed { length, origin } => number
                .checked_mul(length)
                .and_then(|start| start.checked_add(origin))
                .and_then(|start| Timestamp::from_microsecond(start).ok()),
            Self::Months(months) => number.checked_mul(months).and_then(|number| {
                let year = i16::try_from(1970 + number.div_euclid(12)).ok()?;
                let month = i8::try_from(number.rem_euclid(12) + 1).ok()?;
                let date = Date::new(year, month, 1).ok()?;
                TimeZone::UTC
                    .to_timestamp(date.to_datetime(jiff::civil::Time::midnight()))
                    .ok()
            }),
        };
        start.unwrap_or(limit)
    }
}

/// Reads a date or a timestamp as an instant; without a zone it is in UTC.
pub fn parse_instant(text: &str) -> Option<Timestamp> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant);
    }
    let civil = text.parse::<DateTime>().ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
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
    step: Step,
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

fn batches(range: Range, step: Step, size: u32) -> Vec<Range> {
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

/// The last instant of a range as a date, for people; the end where it isn't a midnight.
impl Range {
    /// `2013-01-01 to 2013-01-31` for whole days, with the last day included; otherwise the
    /// instants themselves.
    pub fn describe(&self) -> String {
        let (start, end) = (
            TimeZone::UTC.to_datetime(self.start),
            TimeZone::UTC.to_datetime(self.end),
        );
        let midnight = jiff::civil::Time::midnight();
        if start.time() != midnight || end.time() != midnight {
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        parse_instant(text).unwrap()
    }

    fn range(start: &str, end: &str) -> Range {
        Range::new(at(start), at(end)).unwrap()
    }

    #[test]
    fn steps_are_aligned() {
        for (step, instant, floor) in [
            ("1 hour", "2013-01-01 10:20:30", "2013-01-01 10:00:00"),
            ("15 minutes", "2013-01-01 10:20:30", "2013-01-01 10:15:00"),
            ("1 day", "1969-12-31 10:00:00", "1969-12-31"),
            ("1 week", "2024-05-15", "2024-05-13"),
            ("1 month", "2024-02-29 23:59:59", "2024-02-01"),
            ("1 quarter", "2024-05-15", "2024-04-01"),
            ("1 year", "2024-05-15", "2024-01-01"),
        ] {
            let parsed = Step::parse(step).unwrap();
            assert_eq!(parsed.floor(at(instant)), at(floor), "{step}");
        }
        for wrong in [
            "",
            "day",
            "0 days",
            "-1 day",
            "1 fortnight",
            "1 day 2",
            "9e9 days",
        ] {
            assert_eq!(Step::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_gaps_are_missing_and_lookback_stops_at_the_start() {
        let filled = [range("2013-01-02", "2013-01-04")].into_iter().collect();
        let step = Step::parse("1 day").unwrap();
        let found = missing(
            (at("2013-01-01"), at("2013-01-06 12:00:00")),
            &filled,
            step,
            1,
            2,
        );
        assert_eq!(
            found.batches,
            [
                range("2013-01-01", "2013-01-02"),
                range("2013-01-03", "2013-01-05"),
                range("2013-01-05", "2013-01-06"),
            ]
        );
        assert_eq!((found.intervals, found.all), (4, 5));
        let all = [range("2013-01-01", "2013-01-06")].into_iter().collect();
        assert!(
            missing((at("2013-01-01"), at("2013-01-06")), &all, step, 3, 0)
                .batches
                .is_empty()
        );
    }

    #[test]
    fn a_thousand_years_of_hours_cost_one_range() {
        let step = Step::parse("1 hour").unwrap();
        let found = missing(
            (at("1000-01-01"), at("2000-01-01")),
            &IntervalSet::new(),
            step,
            0,
            0,
        );
        assert_eq!((found.batches.len(), found.all), (1, 8_765_808));
    }

    #[test]
    fn ranges_read_as_people_count_days() {
        assert_eq!(
            range("2013-01-01", "2013-02-01").describe(),
            "2013-01-01 to 2013-01-31"
        );
        assert_eq!(range("2013-01-01", "2013-01-02").describe(), "2013-01-01");
    }

    proptest! {
        #[test]
        fn steps_order_time(micros in -4_000_000_000_000_000i64..4_000_000_000_000_000, unit in 0usize..6, count in 1i64..40) {
            let unit = ["minutes", "hours", "days", "weeks", "months", "years"][unit];
            let step = Step::parse(&format!("{count} {unit}")).unwrap();
            let instant = Timestamp::from_microsecond(micros).unwrap();
            let floor = step.floor(instant);
            prop_assert!(floor <= instant && instant < step.shift(instant, 1));
            prop_assert_eq!(step.floor(floor), floor);
            prop_assert_eq!(step.ceiling(floor), floor);
            prop_assert_eq!(step.shift(step.shift(floor, 7), -7), floor);
            prop_assert_eq!(step.count(Range::new(floor, step.shift(floor, 9)).unwrap()), 9);
        }

        #[test]
        fn batches_cover_what_is_missing_and_nothing_twice(filled in prop::collection::vec((0i64..40, 1i64..6), 0..6), size in 0u32..5) {
            let step = Step::parse("1 hour").unwrap();
            let hour = |number: i64| Timestamp::from_second(number * 3_600).unwrap();
            let filled: IntervalSet = filled
                .iter()
                .filter_map(|(start, length)| Range::new(hour(*start), hour(start + length)))
                .collect();
            let found = missing((hour(0), hour(50)), &filled, step, 0, size);
            let done: IntervalSet = found.batches.iter().copied().collect();
            prop_assert!(done.intersection(&filled).is_empty());
            let whole: IntervalSet = Range::new(hour(0), hour(50)).into_iter().collect();
            prop_assert_eq!(done.union(&filled).intersection(&whole), whole);
            prop_assert!(found.batches.windows(2).all(|pair| pair[0].end <= pair[1].start));
        }
    }
}

//! When something is due: a cron expression in a time zone.
//!
//! Expressions have five fields or a nickname (`@daily`), as Vixie's cron reads them: where day of
//! month and day of week are both given, either suffices. What is due at an hour that clocks skip is
//! due as soon as they have, and what is due at one that they show twice is due the first time.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};

/// A cron expression in a time zone.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    zone: TimeZone,
}

impl Schedule {
    /// Reads `0 6 * * *` or `@daily`.
    pub fn parse(text: &str, zone: TimeZone) -> Option<Self> {
        let parser = CronParser::builder()
            .seconds(Seconds::Disallowed)
            .year(Year::Disallowed)
            .build();
        Some(Self {
            cron: parser.parse(text).ok()?,
            zone,
        })
    }

    /// The first instant after another one at which it is due; nothing for an expression that
    /// never is, such as a 30th of February.
    pub fn next_after(&self, instant: Timestamp) -> Option<Timestamp> {
        let from = instant.to_zoned(self.zone.clone());
        let next = self.cron.find_next_occurrence(&from, false).ok()?;
        self.whole_minute(next.timestamp())
            .filter(|next| *next > instant)
    }

    /// The last instant up to another one, that one included, at which it was due.
    pub fn last_until(&self, instant: Timestamp) -> Option<Timestamp> {
        let minute = self.whole_minute(instant)?;
        let from = minute.to_zoned(self.zone.clone());
        let last = self.cron.find_previous_occurrence(&from, true).ok()?;
        Some(last.timestamp())
    }

    /// Whether what was last done at an instant is to be done again: it was due since, or the clock was ahead by
    /// more than that then, so that nothing tells when it was.
    pub fn is_due(&self, last_done: Timestamp, now: Timestamp) -> bool {
        let due = self.last_until(now);
        let next = self.next_after(now);
        due.is_some_and(|due| due > last_done || next.is_some_and(|next| last_done >= next))
    }

    /// The start of the minute that an instant is in.
    fn whole_minute(&self, instant: Timestamp) -> Option<Timestamp> {
        let seconds = instant.as_second().div_euclid(60).checked_mul(60)?;
        Timestamp::from_second(seconds).ok()
    }

    /// An instant as people in the zone read it: `2024-05-02 06:00 Europe/Berlin`.
    pub fn describe(&self, instant: Timestamp) -> String {
        let shown = instant.to_zoned(self.zone.clone());
        let shown = shown.round(Unit::Minute).unwrap_or(shown);
        let zone = self.zone.iana_name().unwrap_or("UTC");
        format!("{} {zone}", shown.strftime("%Y-%m-%d %H:%M"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{parse_instant, time_zone};
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        parse_instant(text).unwrap()
    }

    fn schedule(text: &str, zone: &str) -> Schedule {
        Schedule::parse(text, time_zone(zone).unwrap()).unwrap()
    }

    #[test]
    fn a_day_at_six_is_due_once_a_day() {
        let daily = schedule("0 6 * * *", "");
        let due = at("2024-05-02 06:00:00");
        assert_eq!(daily.next_after(at("2024-05-01 06:00:00")), Some(due));
        assert_eq!(daily.next_after(at("2024-05-02 05:59:59")), Some(due));
        assert_eq!(daily.last_until(due), Some(due));
        assert_eq!(daily.last_until(at("2024-05-03 05:59:59")), Some(due));
        for (last, now, expected) in [
            ("2024-05-01 06:00:00", "2024-05-02 05:59:59", false),
            ("2024-05-01 06:00:00", "2024-05-02 06:00:00", true),
            ("2024-05-01 05:59:59", "2024-05-01 06:00:00.5", true),
            ("2024-05-02 06:00:00", "2024-05-02 23:00:00", false),
            ("2024-05-01 08:00:00", "2024-05-01 07:00:00", false),
            // The clock was wrong by years when it was done.
            ("2031-01-01 00:00:00", "2024-05-01 07:00:00", true),
        ] {
            assert_eq!(daily.is_due(at(last), at(now)), expected, "{last} {now}");
        }
    }

    #[test]
    fn the_zone_says_when_it_is_six() {
        let berlin = schedule("0 6 * * *", "Europe/Berlin");
        for (after, due) in [
            ("2024-03-30 12:00:00", "2024-03-31 04:00:00"),
            ("2024-10-26 12:00:00", "2024-10-27 05:00:00"),
        ] {
            assert_eq!(berlin.next_after(at(after)), Some(at(due)));
        }
        let due = at("2024-03-31 04:00:00");
        assert_eq!(berlin.describe(due), "2024-03-31 06:00 Europe/Berlin");
        assert_eq!(schedule("@daily", "").describe(due), "2024-03-31 04:00 UTC");
    }

    #[test]
    fn either_day_suffices_and_some_days_never_come() {
        let either = schedule("0 0 13 * FRI", "");
        let next = either.next_after(at("2024-09-06 00:00:00"));
        assert_eq!(next, Some(at("2024-09-13")));
        let never = schedule("0 0 30 2 *", "");
        assert_eq!(never.next_after(at("2024-01-01")), None);
        assert!(!never.is_due(at("2000-01-01"), at("2024-01-01")));
    }

    #[test]
    fn other_texts_are_no_expressions() {
        for text in [
            "",
            "daily",
            "0 6 * *",
            "0 0 6 * * *",
            "61 * * * *",
            "@soon",
            "0 6 * * * 2024 1",
        ] {
            assert!(Schedule::parse(text, TimeZone::UTC).is_none(), "{text}");
        }
    }

    /// Each minute by itself: does the local clock show one of these minutes and hours?
    fn is_tick(instant: Timestamp, zone: &TimeZone, minutes: &[i8], hours: &[i8]) -> bool {
        let shown = zone.to_datetime(instant);
        minutes.contains(&shown.minute()) && hours.contains(&shown.hour())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn ticks_are_those_that_a_walk_over_the_minutes_finds(
            minute in 0i64..1_000_000,
            minutes in prop::collection::btree_set(0i8..60, 1..4),
            hours in prop::collection::btree_set(4i8..24, 1..4),
            zone in 0usize..3,
        ) {
            let name = ["", "Europe/Berlin", "Asia/Kolkata"][zone];
            let zone = time_zone(name).unwrap();
            let list = |numbers: &[i8]| {
                numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
            };
            let minutes: Vec<i8> = minutes.into_iter().collect();
            let hours: Vec<i8> = hours.into_iter().collect();
            let text = format!("{} {} * * *", list(&minutes), list(&hours));
            let schedule = schedule(&text, name);
            let instant = |minute: i64| Timestamp::from_second(1_700_000_040 + minute * 60).unwrap();
            let tick = |minute: &i64| is_tick(instant(*minute), &zone, &minutes, &hours);
            let next = (minute + 1..).find(tick).map(instant);
            let last = (0..).map(|back| minute - back).find(tick).map(instant);
            prop_assert_eq!(schedule.next_after(instant(minute)), next);
            prop_assert_eq!(schedule.last_until(instant(minute)), last);
            let (next, last) = (next.unwrap(), last.unwrap());
            prop_assert!(schedule.is_due(last, next));
            prop_assert!(!schedule.is_due(last, instant(minute)));
        }
    }

    #[test]
    fn a_day_at_half_past_two_comes_once_where_clocks_change() {
        let berlin = schedule("30 2 * * *", "Europe/Berlin");
        for (after, due) in [
            // Clocks go from two to three: it is due as soon as they have.
            ("2024-03-30 12:00:00", "2024-03-31 01:00:00"),
            // Clocks show half past two twice: it is due the first time.
            ("2024-10-26 12:00:00", "2024-10-27 00:30:00"),
            ("2024-10-27 00:30:00", "2024-10-28 01:30:00"),
        ] {
            assert_eq!(berlin.next_after(at(after)), Some(at(due)), "{after}");
            assert_eq!(berlin.last_until(at(due)), Some(at(due)), "{after}");
        }
    }

    proptest! {
        #[test]
        fn what_was_due_last_was_due_next_before(
            spring in any::<bool>(),
            minute in -1_500i64..1_500,
            at_minute in 0i8..60,
            hour in 0usize..5,
        ) {
            let hour = ["*", "0", "1", "2", "3"][hour];
            let schedule = schedule(&format!("{at_minute} {hour} * * *"), "Europe/Berlin");
            let change = if spring { "2024-03-31 01:00:00" } else { "2024-10-27 01:00:00" };
            let instant = Timestamp::from_second(at(change).as_second() + minute * 60).unwrap();
            let next = schedule.next_after(instant).unwrap();
            prop_assert_eq!(schedule.last_until(next), Some(next));
            let last = schedule.last_until(instant).unwrap();
            prop_assert!(last <= instant && schedule.next_after(last) == Some(next));
        }
    }
}

//! Steps, in UTC and in zones whose clocks are put back and forth.

use super::super::time_zone;
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
        &step,
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
        missing((at("2013-01-01"), at("2013-01-06")), &all, &step, 3, 0)
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
        &step,
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

#[test]
fn days_begin_at_the_zone_s_midnight() {
    for (zone, step, instant, start, next) in [
        (
            "Europe/Berlin",
            "1 day",
            "2024-03-31 12:00:00",
            "2024-03-30 23:00:00",
            "2024-03-31 22:00:00",
        ),
        (
            "Europe/Berlin",
            "1 day",
            "2024-10-27 12:00:00",
            "2024-10-26 22:00:00",
            "2024-10-27 23:00:00",
        ),
        (
            "Europe/Berlin",
            "1 week",
            "2024-04-01 12:00:00",
            "2024-03-31 22:00:00",
            "2024-04-07 22:00:00",
        ),
        (
            "Europe/Berlin",
            "1 month",
            "2024-03-31 22:30:00",
            "2024-03-31 22:00:00",
            "2024-04-30 22:00:00",
        ),
        (
            "America/New_York",
            "1 quarter",
            "2024-04-01 03:59:59",
            "2024-01-01 05:00:00",
            "2024-04-01 04:00:00",
        ),
        (
            "Asia/Kolkata",
            "2 days",
            "2024-01-02 00:00:00",
            "2024-01-01 18:30:00",
            "2024-01-03 18:30:00",
        ),
        // Clocks skip this midnight; the day begins at one.
        (
            "America/Sao_Paulo",
            "1 day",
            "2018-11-04 12:00:00",
            "2018-11-04 03:00:00",
            "2018-11-05 02:00:00",
        ),
        // They show this midnight twice; the day begins with the first.
        (
            "America/Havana",
            "1 day",
            "2023-11-05 12:00:00",
            "2023-11-05 04:00:00",
            "2023-11-06 05:00:00",
        ),
        // They go back to the day before a minute after midnight.
        (
            "America/St_Johns",
            "1 day",
            "2006-10-29 03:00:00",
            "2006-10-29 02:30:00",
            "2006-10-30 03:30:00",
        ),
        // Hours are aligned in UTC.
        (
            "Asia/Kolkata",
            "1 hour",
            "2024-01-01 10:20:00",
            "2024-01-01 10:00:00",
            "2024-01-01 11:00:00",
        ),
    ] {
        let step = Step::parse(step).unwrap().in_zone(time_zone(zone).unwrap());
        let found = (step.floor(at(instant)), step.shift(at(instant), 1));
        assert_eq!(found, (at(start), at(next)), "{zone} {instant}");
    }
}

#[test]
fn a_day_that_clocks_skip_has_no_instant() {
    let zone = time_zone("Pacific/Apia").unwrap();
    let step = Step::parse("1 day").unwrap().in_zone(zone);
    let before = at("2011-12-29 12:00:00");
    let (start, end) = (step.floor(before), step.shift(before, 1));
    assert_eq!(end, at("2011-12-30 10:00:00"));
    assert_eq!(step.floor(end), end);
    assert_eq!(step.shift(end, 1), at("2011-12-31 10:00:00"));
    let found = missing(
        (start, step.shift(end, 1)),
        &IntervalSet::new(),
        &step,
        0,
        1,
    );
    let filled: IntervalSet = found.batches.iter().copied().collect();
    assert_eq!(
        filled.ranges(),
        [Range::new(start, step.shift(end, 1)).unwrap()]
    );
}

#[test]
fn ranges_in_a_zone_are_its_days() {
    let zone = time_zone("America/New_York").unwrap();
    let days = range("2024-03-10 05:00:00", "2024-03-12 04:00:00");
    assert_eq!(days.describe_in(&zone), "2024-03-10 to 2024-03-11");
    assert_eq!(
        days.describe(),
        "2024-03-10T05:00:00 to 2024-03-12T04:00:00"
    );
}

const ZONES: [&str; 8] = [
    "",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "America/Sao_Paulo",
    "America/Havana",
    "America/St_Johns",
    "Pacific/Apia",
];

const UNITS: [&str; 7] = [
    "minutes", "hours", "days", "weeks", "months", "quarters", "years",
];

fn steps() -> impl Strategy<Value = Step> {
    (0..ZONES.len(), 0..UNITS.len(), 1i64..5).prop_map(|(zone, unit, count)| {
        let step = Step::parse(&format!("{count} {}", UNITS[unit])).unwrap();
        step.in_zone(time_zone(ZONES[zone]).unwrap())
    })
}

/// From 1985 to 2025, with many instants close to midnights and changes of clocks.
fn instants() -> impl Strategy<Value = Timestamp> {
    let second = prop_oneof![
        480_000_000i64..1_735_000_000,
        (5_500i64..20_000, -7_200i64..7_200).prop_map(|(day, second)| day * 86_400 + second),
        // Around the changes of St. John's and Apia.
        (1_162_080_000i64..1_162_180_000),
        (1_325_150_000i64..1_325_300_000),
    ];
    second.prop_map(|second| Timestamp::from_second(second).unwrap())
}

proptest! {
    #[test]
    fn steps_of_any_zone_divide_time(step in steps(), instant in instants(), other in instants()) {
        let (floor, next) = (step.floor(instant), step.shift(instant, 1));
        prop_assert!(floor <= instant && instant < next, "{floor} {instant} {next}");
        // Neither overlap nor hole: the next interval begins where this one ends.
        prop_assert_eq!(step.floor(next), next);
        prop_assert_eq!(step.floor(floor), floor);
        let before = floor.checked_sub(jiff::SignedDuration::from_micros(1)).unwrap();
        prop_assert_eq!(step.shift(before, 1), floor);
        prop_assert_eq!(step.ceiling(before), floor);
        // Two instants are in one interval if and only if none begins between them.
        let (early, late) = (instant.min(other), instant.max(other));
        prop_assert_eq!(step.floor(early) == step.floor(late), step.shift(early, 1) > late);
    }

    #[test]
    fn what_is_missing_is_what_a_walk_over_hours_finds(
        step in steps(),
        start in 0i64..3_000,
        length in 1i64..3_000,
        filled in prop::collection::vec((0i64..60, 1i64..20), 0..4),
        size in 0u32..4,
    ) {
        let hour = |number: i64| Timestamp::from_second((number + 365_000) * 3_600).unwrap();
        let bounds = (hour(start), hour(start + length));
        let step_starts = |from: Timestamp, count: i64| step.shift(from, count);
        let filled: IntervalSet = filled
            .iter()
            .filter_map(|(from, count)| {
                let from = step_starts(bounds.0, *from);
                Range::new(from, step_starts(from, *count))
            })
            .collect();
        let found = missing(bounds, &filled, &step, 0, size);
        let done: IntervalSet = found.batches.iter().copied().collect();
        let contains = |set: &IntervalSet, instant: Timestamp| {
            set.ranges().iter().any(|range| range.start <= instant && instant < range.end)
        };
        // An hour is missing if its interval has ended, isn't before the start's and isn't filled.
        for number in (start - 100)..(start + length + 100) {
            let instant = hour(number);
            let wanted = step.floor(instant) >= step.floor(bounds.0)
                && step.shift(instant, 1) <= bounds.1
                && !contains(&filled, instant);
            prop_assert_eq!(contains(&done, instant), wanted, "{}", instant);
        }
        prop_assert!(found.batches.windows(2).all(|pair| pair[0].end <= pair[1].start));
    }

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
        let found = missing((hour(0), hour(50)), &filled, &step, 0, size);
        let done: IntervalSet = found.batches.iter().copied().collect();
        prop_assert!(done.intersection(&filled).is_empty());
        let whole: IntervalSet = Range::new(hour(0), hour(50)).into_iter().collect();
        prop_assert_eq!(done.union(&filled).intersection(&whole), whole);
        prop_assert!(found.batches.windows(2).all(|pair| pair[0].end <= pair[1].start));
    }
}

#[test]
fn a_date_is_one_of_the_zone_unless_it_says_otherwise() {
    let zone = time_zone("America/New_York").unwrap();
    for (text, instant) in [
        ("2024-01-01", "2024-01-01 05:00:00"),
        ("2024-07-01 12:00:00", "2024-07-01 16:00:00"),
        ("2024-07-01T12:00:00Z", "2024-07-01 12:00:00"),
        ("2024-07-01T12:00:00+02:00", "2024-07-01 10:00:00"),
    ] {
        assert_eq!(parse_instant_in(text, &zone), Some(at(instant)), "{text}");
    }
    assert_eq!(parse_instant_in("tomorrow", &zone), None);
}

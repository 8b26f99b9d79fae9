//! The parts of dates and times: what each is called, and what it fits.
//!
//! Sources: `TryGetDatePartSpecifier`, `src/core_functions/scalar/date/date_part.cpp` and `date_trunc.cpp` of
//! DuckDB 1.5.5, held against the engine for each type and part.

/// How a type gives a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// By itself, and within a list of parts.
    Listed,
    /// By itself alone.
    Alone,
    /// Not at all.
    Never,
    /// Not at all, and the engine refuses it within a lambda as well, which it looks at late otherwise.
    Refused,
}

/// A part, and what it fits.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// What it is called.
    pub name: &'static str,
    /// Whether an interval may be counted in it.
    pub is_span: bool,
    /// Whether dates and points in time without a zone are truncated to it.
    pub truncates: bool,
    /// How dates give it.
    pub of_dates: Given,
    /// How times of day give it.
    pub of_clocks: Given,
    /// How intervals give it.
    pub of_intervals: Given,
}

use Given::{Alone, Listed, Never, Refused};

const fn part(
    name: &'static str,
    (is_span, truncates): (bool, bool),
    (of_dates, of_clocks, of_intervals): (Given, Given, Given),
) -> Part {
    Part {
        name,
        is_span,
        truncates,
        of_dates,
        of_clocks,
        of_intervals,
    }
}

/// All of them, in order: counted in, truncated to; of dates, times of day, intervals.
#[rustfmt::skip]
const PARTS: &[Part] = &[
    part("c", (true, true), (Listed, Never, Listed)),
    part("cent", (true, true), (Listed, Never, Listed)),
    part("centuries", (true, true), (Listed, Never, Listed)),
    part("century", (true, true), (Listed, Never, Listed)),
    part("d", (true, true), (Listed, Never, Listed)),
    part("day", (true, true), (Listed, Never, Listed)),
    part("dayofmonth", (false, true), (Listed, Never, Listed)),
    part("dayofweek", (false, true), (Listed, Never, Alone)),
    part("dayofyear", (false, true), (Listed, Never, Alone)),
    part("days", (true, true), (Listed, Never, Listed)),
    part("dec", (true, true), (Listed, Never, Listed)),
    part("decade", (true, true), (Listed, Never, Listed)),
    part("decades", (true, true), (Listed, Never, Listed)),
    part("decs", (true, true), (Listed, Never, Listed)),
    part("dow", (false, true), (Listed, Never, Alone)),
    part("doy", (false, true), (Listed, Never, Alone)),
    part("epoch", (false, true), (Listed, Listed, Listed)),
    part("era", (false, false), (Listed, Alone, Alone)),
    part("h", (true, true), (Alone, Listed, Listed)),
    part("hour", (true, true), (Alone, Listed, Listed)),
    part("hours", (true, true), (Alone, Listed, Listed)),
    part("hr", (true, true), (Alone, Listed, Listed)),
    part("hrs", (true, true), (Alone, Listed, Listed)),
    part("isodow", (false, true), (Listed, Never, Alone)),
    part("isoyear", (false, true), (Listed, Alone, Alone)),
    part("jd", (false, true), (Listed, Refused, Never)),
    part("julian", (false, true), (Listed, Refused, Never)),
    part("m", (true, true), (Alone, Listed, Listed)),
    part("microsecond", (true, true), (Alone, Listed, Listed)),
    part("microseconds", (true, true), (Alone, Listed, Listed)),
    part("mil", (true, true), (Listed, Never, Listed)),
    part("millenium", (true, true), (Listed, Never, Listed)),
    part("millennia", (true, true), (Listed, Never, Listed)),
    part("millennium", (true, true), (Listed, Never, Listed)),
    part("millenniums", (true, true), (Listed, Listed, Listed)),
    part("millisecond", (true, true), (Alone, Listed, Listed)),
    part("milliseconds", (true, true), (Alone, Listed, Listed)),
    part("mils", (true, true), (Listed, Never, Listed)),
    part("min", (true, true), (Alone, Listed, Listed)),
    part("mins", (true, true), (Alone, Listed, Listed)),
    part("minute", (true, true), (Alone, Listed, Listed)),
    part("minutes", (true, true), (Alone, Listed, Listed)),
    part("mon", (true, true), (Listed, Never, Listed)),
    part("mons", (true, true), (Listed, Never, Listed)),
    part("month", (true, true), (Listed, Never, Listed)),
    part("months", (true, true), (Listed, Never, Listed)),
    part("ms", (true, true), (Alone, Listed, Listed)),
    part("msec", (true, true), (Alone, Listed, Listed)),
    part("msecond", (true, true), (Listed, Listed, Listed)),
    part("mseconds", (true, true), (Alone, Listed, Listed)),
    part("msecs", (true, true), (Alone, Listed, Listed)),
    part("quarter", (true, true), (Listed, Never, Listed)),
    part("quarters", (true, true), (Listed, Never, Listed)),
    part("s", (true, true), (Alone, Listed, Listed)),
    part("sec", (true, true), (Alone, Listed, Listed)),
    part("second", (true, true), (Alone, Listed, Listed)),
    part("seconds", (true, true), (Alone, Listed, Listed)),
    part("secs", (true, true), (Alone, Listed, Listed)),
    part("timezone", (false, false), (Alone, Listed, Alone)),
    part("timezone_hour", (false, false), (Alone, Listed, Alone)),
    part("timezone_minute", (false, false), (Alone, Listed, Alone)),
    part("us", (true, true), (Alone, Listed, Listed)),
    part("usec", (true, true), (Alone, Listed, Listed)),
    part("usecond", (true, true), (Alone, Listed, Listed)),
    part("useconds", (true, true), (Alone, Listed, Listed)),
    part("usecs", (true, true), (Alone, Listed, Listed)),
    part("w", (true, true), (Listed, Never, Alone)),
    part("week", (true, true), (Listed, Never, Alone)),
    part("weekday", (false, true), (Listed, Never, Alone)),
    part("weekofyear", (false, true), (Listed, Never, Alone)),
    part("weeks", (true, true), (Listed, Never, Alone)),
    part("y", (true, true), (Listed, Never, Listed)),
    part("year", (true, true), (Listed, Never, Listed)),
    part("years", (true, true), (Listed, Never, Listed)),
    part("yearweek", (false, true), (Listed, Never, Alone)),
    part("yr", (true, true), (Listed, Never, Listed)),
    part("yrs", (true, true), (Listed, Never, Listed)),
];

/// The part of a name, in whatever case.
pub fn find(name: &str) -> Option<&'static Part> {
    let mut parts = PARTS.iter();
    parts.find(|part| part.name.eq_ignore_ascii_case(name))
}

/// The names of all parts, in order.
pub fn names() -> impl Iterator<Item = &'static str> {
    PARTS.iter().map(|part| part.name)
}

/// Whether it names a part.
pub fn is_part(name: &str) -> bool {
    find(name).is_some()
}

/// Whether it names a part that an interval is counted in.
pub fn is_span(name: &str) -> bool {
    find(name).is_some_and(|part| part.is_span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_once_each() {
        let all: Vec<&str> = names().collect();
        assert!(all.is_sorted_by(|one, other| one < other));
        assert!(is_part("DOW") && !is_part("dows"));
        assert!(is_span("Hours") && !is_span("dow"));
    }
}

//! Parts of times that a type hasn't.
//!
//! Source: `src/core_functions/scalar/date/date_part.cpp` and `date_trunc.cpp` of DuckDB 1.5.5, held
//! against the engine for each type and part.

use super::refusals::is_open;
use super::{Typed, Value};
use crate::sql_type::SqlType;

/// Why the engine refuses a call; `None` if it may take it.
pub(super) fn refusal(name: &str, arguments: &[Typed]) -> Option<String> {
    let [part, of] = arguments else { return None };
    match name {
        "date_part" | "datepart" | "extract" => {
            if !of.sql_type.is_temporal() && !is_open(&of.sql_type) && !of.is_text_literal() {
                return Some(format!(
                    "`{name}` takes dates and times, and this is `{}`",
                    of.sql_type
                ));
            }
            missing_part(&part.value, &of.sql_type)
        }
        "date_trunc" | "datetrunc" => match &part.value {
            Value::Text(part)
                if (of.sql_type == SqlType::Date || of.sql_type.is_timestamp())
                    && of.sql_type != SqlType::TimestampTz
                    && is(part, BEYOND_DATES) =>
            {
                Some(format!("`{name}` doesn't truncate to `{part}`"))
            }
            _ => None,
        },
        _ => None,
    }
}

/// Whether a call takes one part of a time of day.
pub fn is_part_of_clock(name: &str, arguments: &[Typed]) -> bool {
    let [part, of] = arguments else { return false };
    let clock = matches!(
        of.sql_type,
        SqlType::Time | SqlType::TimeNs | SqlType::TimeTz
    );
    clock
        && matches!(&part.value, Value::Text(part) if !is(part, JULIAN))
        && matches!(name, "date_part" | "datepart" | "extract")
}

/// Parts that a time of day hasn't.
const OF_DATES: &[&str] = &[
    "c",
    "cent",
    "centuries",
    "century",
    "d",
    "day",
    "dayofmonth",
    "dayofweek",
    "dayofyear",
    "days",
    "dec",
    "decade",
    "decades",
    "decs",
    "dow",
    "doy",
    "isodow",
    "jd",
    "julian",
    "mil",
    "millenium",
    "millennia",
    "millennium",
    "mils",
    "mon",
    "mons",
    "month",
    "months",
    "quarter",
    "quarters",
    "w",
    "week",
    "weekday",
    "weekofyear",
    "weeks",
    "y",
    "year",
    "years",
    "yearweek",
    "yr",
    "yrs",
];

/// Parts that a date gives alone, and not within a list.
const ALONE_OF_DATES: &[&str] = &[
    "h",
    "hour",
    "hours",
    "hr",
    "hrs",
    "m",
    "microsecond",
    "microseconds",
    "millisecond",
    "milliseconds",
    "min",
    "mins",
    "minute",
    "minutes",
    "ms",
    "msec",
    "msecs",
    "mseconds",
    "s",
    "sec",
    "second",
    "seconds",
    "secs",
    "timezone",
    "timezone_hour",
    "timezone_minute",
    "us",
    "usec",
    "usecond",
    "useconds",
    "usecs",
];

/// Parts that a time of day gives alone, and not within a list.
const ALONE_OF_CLOCKS: &[&str] = &["era", "isoyear"];

const JULIAN: &[&str] = &["jd", "julian"];

/// Parts that an interval gives alone, and not within a list.
const ALONE_OF_INTERVALS: &[&str] = &[
    "dayofweek",
    "dayofyear",
    "dow",
    "doy",
    "era",
    "isodow",
    "isoyear",
    "timezone",
    "timezone_hour",
    "timezone_minute",
    "w",
    "week",
    "weekday",
    "weekofyear",
    "weeks",
    "yearweek",
];

const BEYOND_DATES: &[&str] = &["era", "timezone", "timezone_hour", "timezone_minute"];

fn is(part: &str, parts: &[&str]) -> bool {
    parts.iter().any(|own| part.eq_ignore_ascii_case(own))
}

fn missing_part(part: &Value, of: &SqlType) -> Option<String> {
    let clock = matches!(of, SqlType::Time | SqlType::TimeNs | SqlType::TimeTz);
    let interval = *of == SqlType::Interval;
    let missing = |part: &str, listed: bool| {
        *of == SqlType::Date && listed && is(part, ALONE_OF_DATES)
            || clock && (is(part, OF_DATES) || listed && is(part, ALONE_OF_CLOCKS))
            || interval && (is(part, JULIAN) || listed && is(part, ALONE_OF_INTERVALS))
    };
    match part {
        Value::Text(part) => missing(part, false).then(|| format!("`{of}` has no `{part}`")),
        Value::Texts(_) if of.is_timestamp() && !has_parts_listed(of) => Some(format!(
            "`{of}` gives its parts one by one: cast it to `TIMESTAMP`"
        )),
        Value::Texts(parts) => {
            for (index, part) in parts.iter().enumerate() {
                if missing(part, true) {
                    return Some(format!("`{of}` has no `{part}` in a list of parts"));
                }
                if parts[..index]
                    .iter()
                    .any(|own| own.eq_ignore_ascii_case(part))
                {
                    return Some(format!("the part `{part}` is asked for twice"));
                }
            }
            None
        }
        _ => None,
    }
}

/// Whether the engine gives a list of parts of such a point in time.
fn has_parts_listed(of: &SqlType) -> bool {
    matches!(of, SqlType::Timestamp | SqlType::TimestampTz)
}

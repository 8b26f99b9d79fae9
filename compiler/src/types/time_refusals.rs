//! Parts of times that a type hasn't.
//!
//! What each part fits is in [`super::date_parts`].

use super::date_parts::{self, Given, Part};
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
                    && date_parts::find(part).is_some_and(|part| !part.truncates) =>
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
        && matches!(&part.value, Value::Text(part) if of_clocks(part) != Some(Given::Refused))
        && matches!(name, "date_part" | "datepart" | "extract")
}

fn of_clocks(part: &str) -> Option<Given> {
    date_parts::find(part).map(|part| part.of_clocks)
}

fn missing_part(part: &Value, of: &SqlType) -> Option<String> {
    let given = |part: &Part| match of {
        SqlType::Date => part.of_dates,
        SqlType::Time | SqlType::TimeNs | SqlType::TimeTz => part.of_clocks,
        SqlType::Interval => part.of_intervals,
        _ => Given::Listed,
    };
    let missing = |part: &str, listed: bool| {
        date_parts::find(part).is_some_and(|part| match given(part) {
            Given::Listed => false,
            Given::Alone => listed,
            Given::Never | Given::Refused => true,
        })
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

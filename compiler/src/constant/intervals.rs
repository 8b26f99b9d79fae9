//! Texts as intervals.
//!
//! Source: `Interval::FromCString` of DuckDB 1.5.5.

use super::numbers::Read;
use crate::types::date_parts;

/// A text as an interval.
pub(super) fn interval(text: &str) -> Read<()> {
    let mut rest = text.strip_prefix('@').unwrap_or(text);
    if text.is_empty() {
        return Read::Not;
    }
    if rest.starts_with(['p', 'P']) && rest.len() == text.len() {
        return Read::Open;
    }
    let mut found = false;
    loop {
        rest = skip_spaces(rest);
        let Some(first) = rest.chars().next() else {
            return if found { Read::Is(()) } else { Read::Open };
        };
        match first {
            '0'..='9' | '-' => {}
            'a' | 'A' => return Read::Open,
            _ => return Read::Not,
        }
        let unsigned = rest.strip_prefix('-').unwrap_or(rest);
        let (number, after) = digits(unsigned);
        // Times of day and large numbers aren't looked at.
        if after.starts_with(':') || number.len() > 5 {
            return Read::Open;
        }
        if number.is_empty() {
            return Read::Not;
        }
        let after = match after.strip_prefix('.') {
            Some(fraction) => digits(fraction).1,
            None => after,
        };
        let after = skip_spaces(after);
        let end = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        match unit {
            // A number alone counts seconds, and nothing stands behind it.
            "" if !found && skip_spaces(after).is_empty() => return Read::Is(()),
            "" => return Read::Not,
            unit if !date_parts::is_part(unit) => return Read::Not,
            unit if !date_parts::is_span(unit) => {
                // `weekday` and its like are other words for spans.
                return match unit.to_lowercase().as_str() {
                    "dayofweek" | "dayofyear" | "dow" | "doy" | "epoch" | "era" | "isodow"
                    | "isoyear" | "julian" | "timezone" | "weekday" | "yearweek" => Read::Not,
                    _ => Read::Open,
                };
            }
            _ => {}
        }
        found = true;
        rest = after;
    }
}

fn skip_spaces(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\n'])
}

fn digits(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    text.split_at(end)
}

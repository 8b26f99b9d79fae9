//! Numbers, texts, intervals.

use super::Writer;
use crate::parse::ast::{self, Literal};
use crate::span::Span;

/// A literal; a number maybe with a minus in front.
pub(super) fn constant(literal: &Literal, negative: bool) -> Option<String> {
    Some(match literal {
        Literal::Null => "NULL".to_owned(),
        Literal::Boolean(true) => "CAST('t' AS BOOLEAN)".to_owned(),
        Literal::Boolean(false) => "CAST('f' AS BOOLEAN)".to_owned(),
        Literal::Text(text) => quoted(text),
        Literal::Number(written) => number(written, negative)?,
        Literal::Blob(_) => return None,
    })
}

/// A text in single quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn number(written: &str, negative: bool) -> Option<String> {
    let digits: String = written.chars().filter(|c| *c != '_').collect();
    let sign = if negative { "-" } else { "" };
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let value: u128 = match digits.parse() {
            Ok(value) => value,
            Err(_) => return float(&digits, negative),
        };
        return Some(if value == 0 {
            "0".to_owned()
        } else {
            format!("{sign}{value}")
        });
    }
    if digits.contains(['e', 'E']) {
        return float(&digits, negative);
    }
    let (whole, fraction) = digits.split_once('.')?;
    let digits_only = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits_only(whole) || !digits_only(fraction) {
        return None;
    }
    if whole.len() + fraction.len() > 38 {
        return None;
    }
    // The engine shows a leading zero only where one was written.
    let trimmed = match whole.trim_start_matches('0') {
        "" if whole.is_empty() => "",
        "" => "0",
        rest => rest,
    };
    let zero = whole
        .bytes()
        .chain(fraction.bytes())
        .all(|byte| byte == b'0');
    let sign = if zero { "" } else { sign };
    Some(match fraction {
        "" => format!("{sign}{trimmed}"),
        fraction => format!("{sign}{trimmed}.{fraction}"),
    })
}

/// A double in the engine's shortest form, which is that of C++'s library `fmt`.
fn float(digits: &str, negative: bool) -> Option<String> {
    let value: f64 = digits.parse().ok()?;
    let sign = if negative { "-" } else { "" };
    if !value.is_finite() {
        return Some(format!("{sign}1e1000"));
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    if (-4..16).contains(&exponent) {
        let plain = format!("{value}");
        let point = if plain.contains('.') { "" } else { ".0" };
        return Some(format!("{sign}{plain}{point}"));
    }
    let direction = if exponent < 0 { '-' } else { '+' };
    Some(format!("{sign}{mantissa}e{direction}{:02}", exponent.abs()))
}

impl Writer<'_> {
    /// `INTERVAL value unit` is a call of the unit's function.
    pub(super) fn interval(self, value: &ast::Expr, unit: Option<&ast::Name>) -> Option<String> {
        let value = self.expression(value)?;
        let Some(unit) = unit else {
            return Some(format!("CAST({value} AS INTERVAL)"));
        };
        let unit = unit.value.to_lowercase();
        let (function, target) = match unit.trim_end_matches('s') {
            "year" => ("to_years", "INTEGER"),
            "quarter" => ("to_quarters", "INTEGER"),
            "month" => ("to_months", "INTEGER"),
            "week" => ("to_weeks", "INTEGER"),
            "day" => ("to_days", "INTEGER"),
            "hour" => ("to_hours", "BIGINT"),
            "minute" => ("to_minutes", "BIGINT"),
            "second" => return Some(format!("to_seconds(CAST({value} AS DOUBLE))")),
            "millisecond" => return Some(format!("to_milliseconds(CAST({value} AS DOUBLE))")),
            "microsecond" => ("to_microseconds", "BIGINT"),
            "decade" => ("to_decades", "INTEGER"),
            "century" | "centurie" => ("to_centuries", "INTEGER"),
            "millennium" | "millennia" => ("to_millennia", "INTEGER"),
            _ => return None,
        };
        Some(format!(
            "{function}(CAST(trunc(CAST({value} AS DOUBLE)) AS {target}))"
        ))
    }

    /// A literal as it is written; the engine keeps the letter in front of `b'1'` and `x'41'`.
    pub(super) fn literal(self, literal: &Literal, span: Span) -> Option<String> {
        let letter = self
            .text
            .get(span.range())
            .and_then(|written| written.chars().next());
        match (literal, letter) {
            (Literal::Text(bits), Some('b' | 'B')) => Some(quoted(&format!("b{bits}"))),
            (Literal::Blob(digits), _) => Some(quoted(&format!("x{digits}"))),
            _ => constant(literal, false),
        }
    }

    /// The content of a plain text's token.
    pub(super) fn unescaped(self, text: Span) -> Option<String> {
        let written = self.text.get(text.range())?;
        let inner = written.strip_prefix('\'')?.strip_suffix('\'')?;
        Some(inner.replace("''", "'"))
    }
}

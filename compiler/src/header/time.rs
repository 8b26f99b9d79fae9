//! Instants and lengths of time as headers write them.

use serde::{Deserialize, Serialize};

/// A date or timestamp in UTC: `2013-01-01`, `2013-01-01 06:00`, `2013-01-01T06:00:00.5`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instant {
    /// As it was written.
    pub text: String,
    /// Microseconds since 1970-01-01 00:00 UTC.
    pub microseconds: i64,
}

const MICROSECONDS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

impl Instant {
    /// Reads a date or timestamp of the years 1 to 9999.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = match text.find(['T', ' ']) {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        let days = parse_date(date)?;
        let within = match time {
            Some(time) => parse_time(time.strip_suffix('Z').unwrap_or(time))?,
            None => 0,
        };
        Some(Self {
            text: text.to_owned(),
            microseconds: days * SECONDS_PER_DAY * MICROSECONDS_PER_SECOND + within,
        })
    }
}

/// `YYYY-MM-DD` as days since 1970-01-01.
pub(crate) fn parse_date(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let year = digits(&bytes[..4])?;
    let month = digits(&bytes[5..7])?;
    let day = digits(&bytes[8..])?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if year == 0 || day == 0 || day > last {
        return None;
    }
    Some(days_from_civil(year, month, day))
}

/// `HH:MM`, `HH:MM:SS` or `HH:MM:SS.ffffff` as microseconds since midnight.
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    let (clock, fraction) = match text.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (text, None),
    };
    let mut parts = clock.split(':');
    let mut next = |limit: i64| -> Option<i64> {
        let part = parts.next()?;
        let number = (part.len() == 2).then(|| digits(part.as_bytes()))??;
        (number < limit).then_some(number)
    };
    let hours = next(24)?;
    let minutes = next(60)?;
    let seconds = if clock.len() > 5 {
        Some(next(60)?)
    } else {
        None
    };
    if parts.next().is_some() || (fraction.is_some() && seconds.is_none()) {
        return None;
    }
    let micros = match fraction {
        Some(text) if (1..=6).contains(&text.len()) => {
            digits(text.as_bytes())? * 10_i64.pow(6 - text.len() as u32)
        }
        Some(_) => return None,
        None => 0,
    };
    let total = hours * 3600 + minutes * 60 + seconds.unwrap_or(0);
    Some(total * MICROSECONDS_PER_SECOND + micros)
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0_i64, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + i64::from(byte - b'0'))
    })
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, after Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The length of an interval: so many months, or so many seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntervalLength {
    /// As it was written.
    pub text: String,
    /// The length.
    pub length: Length,
}

/// A length of time. Months have no fixed number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Length {
    /// Calendar months; a quarter has 3, a year 12.
    Months(u32),
    /// Seconds; a day has 86,400, a week 604,800.
    Seconds(u64),
}

impl IntervalLength {
    /// Reads `1 day`, `6 hours`, `15 minutes`, `2 weeks`, `1 month`.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self {
            text: text.to_owned(),
            length: parse_length(text)?,
        })
    }

    /// The same in the words that the runtime reads: a number, a blank and the unit's whole name.
    /// `2 weeks` isn't `14 days`, as it begins on a Monday.
    pub fn canonical(&self) -> String {
        let text = self.text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit());
        let (count, unit) = text.split_at(digits.unwrap_or(text.len()));
        let unit = match unit.trim().to_ascii_lowercase().as_str() {
            "s" | "sec" => "second".to_owned(),
            "min" => "minute".to_owned(),
            "h" => "hour".to_owned(),
            whole => whole.trim_end_matches('s').to_owned(),
        };
        let count = count.trim_start_matches('0');
        let plural = if count == "1" { "" } else { "s" };
        format!("{count} {unit}{plural}")
    }
}

/// A time to wait, at least a second.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duration {
    /// As it was written.
    pub text: String,
    /// The same in seconds.
    pub seconds: u64,
}

impl Duration {
    /// Reads `30 s`, `10 min`, `2 hours`, `1 day`.
    pub fn parse(text: &str) -> Option<Self> {
        match parse_length(text)? {
            Length::Seconds(seconds) => Some(Self {
                text: text.to_owned(),
                seconds,
            }),
            Length::Months(_) => None,
        }
    }
}

fn parse_length(text: &str) -> Option<Length> {
    let text = text.trim();
    let unit_start = text.find(|c: char| !c.is_ascii_digit())?;
    let count: u32 = text[..unit_start].parse().ok().filter(|count| *count > 0)?;
    let unit = text[unit_start..].trim().to_ascii_lowercase();
    let seconds = |each: u64| Some(Length::Seconds(u64::from(count) * each));
    match unit.as_str() {
        "s" | "sec" | "second" | "seconds" => seconds(1),
        "min" | "minute" | "minutes" => seconds(60),
        "h" | "hour" | "hours" => seconds(3600),
        "day" | "days" => seconds(86_400),
        "week" | "weeks" => seconds(604_800),
        "month" | "months" => Some(Length::Months(count)),
        "quarter" | "quarters" => Some(Length::Months(count.checked_mul(3)?)),
        "year" | "years" => Some(Length::Months(count.checked_mul(12)?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_count_microseconds_since_the_epoch() {
        let micros = |text: &str| Instant::parse(text).map(|instant| instant.microseconds);
        assert_eq!(micros("1970-01-01"), Some(0));
        assert_eq!(micros("2013-01-01"), Some(1_356_998_400_000_000));
        assert_eq!(micros("2013-01-01 06:30"), Some(1_357_021_800_000_000));
        assert_eq!(micros("1969-12-31T23:59:59.5Z"), Some(-500_000));
        assert_eq!(micros("2000-02-29"), Some(951_782_400_000_000));
        for bad in [
            "2013-02-29",
            "2013-13-01",
            "2013-1-1",
            "0000-01-01",
            "2013-01-01 24:00",
            "2013-01-01 ",
            "2013-01-01 06:00:00.1234567",
            "yesterday",
            "",
            "2013-01-01 6:00",
            "2013-01-01 06:00.5",
        ] {
            assert_eq!(micros(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_interval_has_one_form() {
        for (written, form) in [
            ("1 day", "1 day"),
            ("1 days", "1 day"),
            (" 06Hours ", "6 hours"),
            ("15 min", "15 minutes"),
            ("30s", "30 seconds"),
            ("1 h", "1 hour"),
            ("2 weeks", "2 weeks"),
            ("1 quarter", "1 quarter"),
        ] {
            let interval = IntervalLength::parse(written).unwrap();
            assert_eq!(interval.canonical(), form);
            let again = IntervalLength::parse(form).unwrap();
            assert_eq!(again.length, interval.length);
        }
    }

    #[test]
    fn lengths_have_units() {
        let length = |text: &str| IntervalLength::parse(text).map(|interval| interval.length);
        assert_eq!(length("1 day"), Some(Length::Seconds(86_400)));
        assert_eq!(length("6 hours"), Some(Length::Seconds(21_600)));
        assert_eq!(length("2 quarters"), Some(Length::Months(6)));
        assert_eq!(length("0 days"), None);
        assert_eq!(length("day"), None);
        assert_eq!(length("1 fortnight"), None);
        assert_eq!(
            Duration::parse("10 min").map(|time| time.seconds),
            Some(600)
        );
        assert_eq!(Duration::parse("1 month"), None);
    }
}

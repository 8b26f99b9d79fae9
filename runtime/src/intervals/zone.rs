//! Time zones, from the database that the program carries: the same wherever it runs.

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// The time zone of an IANA name: `Europe/Berlin`; UTC for an empty one. Nothing for a name that
/// means none.
pub fn time_zone(name: &str) -> Option<TimeZone> {
    match name {
        "" => Some(TimeZone::UTC),
        name => TimeZoneDatabase::bundled().get(name).ok(),
    }
}

/// What clocks in a zone show at an instant, as the instant at which clocks in UTC show it: the
/// midnight that begins a day in Berlin becomes that day's midnight in UTC.
pub fn wall_clock(instant: Timestamp, zone: &TimeZone) -> Timestamp {
    if *zone == TimeZone::UTC {
        return instant;
    }
    let shown = zone.to_datetime(instant);
    TimeZone::UTC.to_timestamp(shown).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_known_by_their_names() {
        assert_eq!(time_zone(""), Some(TimeZone::UTC));
        for name in ["Europe/Berlin", "America/New_York", "Asia/Kolkata"] {
            let zone = time_zone(name).unwrap();
            assert_eq!(zone.iana_name(), Some(name));
        }
        for name in ["Europe/Bonn", "CET+1:30", "../etc/passwd"] {
            assert_eq!(time_zone(name), None, "{name}");
        }
    }

    #[test]
    fn a_wall_clock_shows_the_local_date() {
        let zone = time_zone("America/New_York").unwrap();
        let midnight: Timestamp = "2024-07-01T04:00:00Z".parse().unwrap();
        let shown: Timestamp = "2024-07-01T00:00:00Z".parse().unwrap();
        assert_eq!(wall_clock(midnight, &zone), shown);
        assert_eq!(wall_clock(midnight, &TimeZone::UTC), midnight);
    }
}

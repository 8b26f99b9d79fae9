//! Names of time zones, held against the database of IANA that dbgo carries.

use crate::diagnostic::nearest;
use jiff::tz::TimeZoneDatabase;

/// The name as the database writes it. `Err` has the name that may be meant, if one is near.
pub(super) fn find(written: &str) -> Result<String, Option<String>> {
    let database = TimeZoneDatabase::bundled();
    if let Ok(zone) = database.get(written)
        && let Some(name) = zone.iana_name()
    {
        return Ok(name.to_owned());
    }
    let names: Vec<String> = database.available().map(|name| name.to_string()).collect();
    // A city alone is usually enough to tell which one is meant.
    let city = |name: &&String| {
        let city = name.rsplit('/').next().unwrap_or_default();
        city.eq_ignore_ascii_case(written.trim())
    };
    let mut cities = names.iter().filter(city);
    if let (Some(only), None) = (cities.next(), cities.next()) {
        return Err(Some(only.clone()));
    }
    let near = nearest(written, names.iter().map(String::as_str));
    Err(near.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn names_are_those_of_the_database() {
        assert_eq!(find("UTC"), Ok("UTC".to_owned()));
        assert_eq!(find("europe/berlin"), Ok("Europe/Berlin".to_owned()));
        assert_eq!(find("Berlin"), Err(Some("Europe/Berlin".to_owned())));
        assert_eq!(find("Europe/Berln"), Err(Some("Europe/Berlin".to_owned())));
        assert_eq!(find("+02:00"), Err(None));
        assert_eq!(find(""), Err(None));
    }
}

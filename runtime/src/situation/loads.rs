//! Which data a table was built of: the loads of what it read.

use crate::version::fingerprint;
use std::collections::BTreeMap;

/// The loads that a model reads, by import path; empty where nothing proves what was read.
pub type Reads = BTreeMap<String, String>;

/// Whether two readings are proved to be of the same data.
pub fn proved_equal(before: &Reads, now: &Reads) -> bool {
    before == now && now.values().all(|load| !load.is_empty())
}

/// Whether nothing proves that two readings are of other data.
pub fn agree(one: &Reads, other: &Reads) -> bool {
    one.iter().all(|(path, load)| {
        let there = other.get(path);
        there.is_none_or(|there| there.is_empty() || load.is_empty() || there == load)
    })
}

/// The load of something that holds no rows itself.
pub fn load_through(version: &str, volatile: bool, reads: &Reads) -> String {
    if volatile || reads.values().any(String::is_empty) {
        return String::new();
    }
    let parts = reads
        .iter()
        .flat_map(|(path, load)| [path.as_str(), load.as_str()]);
    fingerprint([version].into_iter().chain(parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(pairs: &[(&str, &str)]) -> Reads {
        pairs
            .iter()
            .map(|(path, load)| ((*path).to_owned(), (*load).to_owned()))
            .collect()
    }

    #[test]
    fn what_is_not_proved_counts_as_changed() {
        assert!(proved_equal(&reads(&[("a", "1")]), &reads(&[("a", "1")])));
        assert!(!proved_equal(&reads(&[("a", "1")]), &reads(&[("a", "2")])));
        assert!(!proved_equal(&reads(&[("a", "")]), &reads(&[("a", "")])));
        assert!(!proved_equal(&reads(&[]), &reads(&[("a", "1")])));
        assert!(proved_equal(&reads(&[]), &reads(&[])));
        assert_eq!(load_through("v", false, &reads(&[("a", "")])), "");
        assert_eq!(load_through("v", true, &reads(&[])), "");
        assert_ne!(
            load_through("v", false, &reads(&[])),
            load_through("w", false, &reads(&[]))
        );
        assert!(agree(
            &reads(&[("a", ""), ("b", "1")]),
            &reads(&[("a", "2")])
        ));
        assert!(!agree(&reads(&[("a", "1")]), &reads(&[("a", "2")])));
    }
}

//! The variants of a model together: each hash with the conditions under which it holds.

use super::hash::{Fingerprint, Tag, hashed};
use std::collections::{BTreeMap, BTreeSet};

/// Tests that hold or don't, by their text; those that don't matter are left out.
pub(super) type Conditions = BTreeMap<String, bool>;

/// Beyond so many combinations tests that make no difference are kept.
const MOST_COMBINATIONS: usize = 256;

/// One hash for all variants: the hash itself where they share it, so that an `#if` changes only
/// what its branches change. Each variant has the combinations that lead to it.
pub(super) fn together(variants: &[(&[Conditions], Fingerprint)]) -> Fingerprint {
    let Some((_, first)) = variants.first() else {
        return Fingerprint::default();
    };
    if variants.iter().all(|(_, hash)| hash == first) {
        return *first;
    }
    let mut combinations: Vec<(Conditions, Fingerprint)> = variants
        .iter()
        .flat_map(|(conditions, hash)| conditions.iter().map(|it| (it.clone(), *hash)))
        .collect();
    if combinations.len() <= MOST_COMBINATIONS {
        leave_out_idle_tests(&mut combinations);
    }
    let written: BTreeSet<(Vec<(String, bool)>, Fingerprint)> = combinations
        .into_iter()
        .map(|(conditions, hash)| (conditions.into_iter().collect(), hash))
        .collect();
    hashed(|encoding| {
        encoding.tag(Tag::Variants);
        encoding.number(written.len());
        for (conditions, hash) in &written {
            encoding.number(conditions.len());
            for (test, holds) in conditions {
                encoding.text(test);
                encoding.flag(*holds);
            }
            encoding.fingerprint(hash);
        }
    })
}

/// Leaves out each test without which the others still tell the hashes apart.
fn leave_out_idle_tests(combinations: &mut [(Conditions, Fingerprint)]) {
    let tests: BTreeSet<String> = combinations
        .iter()
        .flat_map(|(conditions, _)| conditions.keys().cloned())
        .collect();
    for test in tests {
        let mut without = combinations.to_vec();
        for (conditions, _) in &mut without {
            conditions.remove(&test);
        }
        if !is_contradictory(&without) {
            combinations.clone_from_slice(&without);
        }
    }
}

/// Whether two combinations can hold at once and have different hashes.
fn is_contradictory(combinations: &[(Conditions, Fingerprint)]) -> bool {
    combinations
        .iter()
        .enumerate()
        .any(|(index, (conditions, hash))| {
            combinations[index + 1..].iter().any(|(other, other_hash)| {
                hash != other_hash
                    && conditions
                        .iter()
                        .all(|(test, holds)| other.get(test).is_none_or(|own| own == holds))
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::hash::hash_of;

    fn conditions(tests: &[(&str, bool)]) -> Conditions {
        let owned = |(test, holds): &(&str, bool)| ((*test).to_owned(), *holds);
        tests.iter().map(owned).collect()
    }

    #[test]
    fn a_shared_hash_stands_alone() {
        let hash = hash_of(b"a");
        let (yes, no) = (conditions(&[("env", true)]), conditions(&[("env", false)]));
        let both = [
            (std::slice::from_ref(&yes), hash),
            (std::slice::from_ref(&no), hash),
        ];
        assert_eq!(together(&both), hash);
    }

    #[test]
    fn a_test_that_makes_no_difference_is_left_out() {
        let (a, b) = (hash_of(b"a"), hash_of(b"b"));
        let one = |test, holds| vec![conditions(&[(test, holds)])];
        let (yes, no) = (one("env", true), one("env", false));
        let plain = together(&[(&yes, a), (&no, b)]);
        let split = |env| {
            vec![
                conditions(&[("env", env), ("idle", true)]),
                conditions(&[("env", env), ("idle", false)]),
            ]
        };
        let (yes, no) = (split(true), split(false));
        assert_eq!(together(&[(&yes, a), (&no, b)]), plain);
        assert_eq!(together(&[(&no, b), (&yes, a)]), plain);
        assert_ne!(together(&[(&yes, b), (&no, a)]), plain);
    }
}

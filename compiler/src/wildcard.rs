//! Patterns for names, in which `*` stands for any number of characters.
//!
//! They are what `[env."dev_*"]` of `dbgo.toml` is written with; nothing else is special in them.

/// Whether a text is a pattern, and not a name.
pub fn is_pattern(text: &str) -> bool {
    text.contains('*')
}

/// Whether a name fits a pattern; a pattern without `*` is fitted by itself alone.
pub fn fits(pattern: &str, name: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut name) = name.strip_prefix(start) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        match name.find(part) {
            Some(position) => name = &name[position + part.len()..],
            None => return false,
        }
    }
    name.ends_with(end)
}

/// Whether there is a name that fits both patterns.
pub fn meet(left: &str, right: &str) -> bool {
    let left: Vec<char> = left.chars().collect();
    let right: Vec<char> = right.chars().collect();
    // `meet[j]`: whether what is left of both, from `i` and from `j` on, can stand for one text.
    let mut meet: Vec<bool> = (0..=right.len())
        .map(|j| right[j..].iter().all(|character| *character == '*'))
        .collect();
    for i in (0..left.len()).rev() {
        let mut next = vec![false; right.len() + 1];
        next[right.len()] = left[i..].iter().all(|character| *character == '*');
        for j in (0..right.len()).rev() {
            next[j] = match (left[i], right[j]) {
                // The star of one side stands for nothing, or for what comes first in the other.
                ('*', _) | (_, '*') => meet[j] || next[j + 1],
                (one, other) => one == other && meet[j + 1],
            };
        }
        meet = next;
    }
    meet[0]
}

/// The place in a list of patterns of the one that decides about a name: the name itself, else the
/// longest pattern that it fits.
pub fn deciding<'p>(patterns: impl IntoIterator<Item = &'p str>, name: &str) -> Option<usize> {
    patterns
        .into_iter()
        .enumerate()
        .filter(|(_, pattern)| fits(pattern, name))
        .max_by_key(|(_, pattern)| (!is_pattern(pattern), pattern.len()))
        .map(|(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stars_stand_for_any_characters() {
        for (pattern, name, wanted) in [
            ("prod", "prod", true),
            ("prod", "production", false),
            ("dev_*", "dev_ana", true),
            ("dev_*", "dev_", true),
            ("dev_*", "dev", false),
            ("*_x", "a_x_x", true),
            ("a*b*a", "aba", true),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern, name), wanted, "{pattern} {name}");
        }
    }

    #[test]
    fn the_name_itself_goes_before_the_longest_pattern() {
        let patterns = ["*", "dev_*", "dev_ana", "dev_a*a_"];
        assert_eq!(deciding(patterns, "dev_ana"), Some(2));
        assert_eq!(deciding(patterns, "dev_bob"), Some(1));
        assert_eq!(deciding(patterns, "prod"), Some(0));
        assert_eq!(deciding(["prod"], "live"), None);
    }

    proptest! {
        /// Patterns meet where one of all short names fits both. A name that is as long as both
        /// patterns together is never needed.
        #[test]
        fn patterns_meet_if_a_name_fits_both(left in "[ab*]{0,4}", right in "[ab*]{0,4}") {
            let mut names = vec![String::new()];
            let mut found = false;
            for _ in 0..=8 {
                found |= names.iter().any(|name| fits(&left, name) && fits(&right, name));
                names = names
                    .iter()
                    .flat_map(|name| ["a", "b"].map(|letter| format!("{name}{letter}")))
                    .collect();
            }
            prop_assert_eq!(meet(&left, &right), found);
        }
    }
}

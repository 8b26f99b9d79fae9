//! Ranges and sets of merged ranges.

use jiff::Timestamp;

/// The instants from `start` up to, and without, `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Range {
    /// The first instant.
    pub start: Timestamp,
    /// The instant after the last.
    pub end: Timestamp,
}

impl Range {
    /// A range, if it holds any instant.
    pub fn new(start: Timestamp, end: Timestamp) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }
}

/// A set of instants: ranges in order that neither overlap nor touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntervalSet {
    ranges: Vec<Range>,
}

impl IntervalSet {
    /// The empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The ranges in order.
    pub fn ranges(&self) -> &[Range] {
        &self.ranges
    }

    /// Whether there is no instant in it.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Adds a range.
    pub fn insert(&mut self, range: Range) {
        // Everything from the first range that ends at or after our start, up to the last that
        // starts at or before our end, becomes one.
        let first = self.ranges.partition_point(|other| other.end < range.start);
        let last = self
            .ranges
            .partition_point(|other| other.start <= range.end);
        let merged = self.ranges[first..last]
            .iter()
            .fold(range, |merged, other| Range {
                start: merged.start.min(other.start),
                end: merged.end.max(other.end),
            });
        self.ranges.splice(first..last, [merged]);
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut all: Vec<Range> = self.ranges.iter().chain(&other.ranges).copied().collect();
        all.sort_unstable();
        let mut ranges: Vec<Range> = Vec::with_capacity(all.len());
        for range in all {
            match ranges.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => ranges.push(range),
            }
        }
        Self { ranges }
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let (mut left, mut right) = (self.ranges.as_slice(), other.ranges.as_slice());
        let mut ranges = Vec::new();
        while let ([a, ..], [b, ..]) = (left, right) {
            ranges.extend(Range::new(a.start.max(b.start), a.end.min(b.end)));
            if a.end < b.end {
                left = &left[1..];
            } else {
                right = &right[1..];
            }
        }
        Self { ranges }
    }

    /// What is in this one and not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let mut ranges = Vec::new();
        let mut holes = other.ranges.as_slice();
        for range in &self.ranges {
            let mut start = range.start;
            while let [hole, rest @ ..] = holes {
                if hole.start >= range.end {
                    break;
                }
                ranges.extend(Range::new(start, hole.start));
                start = start.max(hole.end);
                if hole.end > range.end {
                    break;
                }
                holes = rest;
            }
            ranges.extend(Range::new(start, range.end));
        }
        Self { ranges }
    }
}

impl FromIterator<Range> for IntervalSet {
    fn from_iter<T: IntoIterator<Item = Range>>(ranges: T) -> Self {
        let mut set = Self::new();
        for range in ranges {
            set.insert(range);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn instant(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn set(pairs: &[(i64, i64)]) -> IntervalSet {
        pairs
            .iter()
            .filter_map(|(start, length)| Range::new(instant(*start), instant(start + length)))
            .collect()
    }

    /// The naive model: every second by itself.
    fn points(set: &IntervalSet) -> BTreeSet<i64> {
        set.ranges
            .iter()
            .flat_map(|range| range.start.as_second()..range.end.as_second())
            .collect()
    }

    fn assert_merged(set: &IntervalSet) {
        assert!(set.ranges.iter().all(|range| range.start < range.end));
        assert!(
            set.ranges
                .windows(2)
                .all(|pair| pair[0].end < pair[1].start)
        );
    }

    fn pairs() -> impl Strategy<Value = Vec<(i64, i64)>> {
        prop::collection::vec((0i64..60, 0i64..12), 0..10)
    }

    proptest! {
        #[test]
        fn sets_behave_like_sets_of_points(left in pairs(), right in pairs()) {
            let naive = |pairs: &[(i64, i64)]| -> BTreeSet<i64> {
                pairs.iter().flat_map(|(start, length)| *start..start + length).collect()
            };
            let (a, b) = (set(&left), set(&right));
            let (x, y) = (naive(&left), naive(&right));
            prop_assert_eq!(points(&a), x.clone());
            for (result, expected) in [
                (a.union(&b), x.union(&y).copied().collect::<BTreeSet<_>>()),
                (a.intersection(&b), x.intersection(&y).copied().collect()),
                (a.difference(&b), x.difference(&y).copied().collect()),
            ] {
                assert_merged(&result);
                prop_assert_eq!(points(&result), expected);
            }
            prop_assert_eq!(a.difference(&b).union(&a.intersection(&b)), a);
        }
    }
}

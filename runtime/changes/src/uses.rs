//! How an input of a query is used.

use serde::{Deserialize, Serialize};

/// The ways in which one input is used: a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Uses(u8);

impl Uses {
    /// No use.
    pub const NONE: Uses = Uses(0);
    /// The value is handed on as it is; of rows: each row is handed on.
    pub const PASSED: Uses = Uses(1);
    /// The value is computed from it, a `CASE` that asks for it included.
    pub const COMPUTED: Uses = Uses(2);
    /// The value is made of it in many rows: an aggregate, or a window function.
    pub const AGGREGATED: Uses = Uses(4);
    /// It decides which rows there are, or which rows a value is made of: `WHERE`, `HAVING`,
    /// `QUALIFY`, `FILTER`, a join's condition, the order before a `LIMIT` or in a window.
    pub const CONDITION: Uses = Uses(8);
    /// Rows are told apart by it: `GROUP BY`, `DISTINCT`, `UNION`, `PARTITION BY`.
    pub const GROUPING: Uses = Uses(16);
    /// It may be used in any way: dbgo can't tell.
    pub const UNKNOWN: Uses = Uses(32);

    /// All ways with their words, in the order in which they are written.
    pub const WORDS: [(Uses, &'static str); 6] = [
        (Uses::PASSED, "passed through"),
        (Uses::COMPUTED, "computed"),
        (Uses::AGGREGATED, "aggregated"),
        (Uses::CONDITION, "condition"),
        (Uses::GROUPING, "grouping"),
        (Uses::UNKNOWN, "unknown"),
    ];

    /// Both.
    pub fn and(self, other: Uses) -> Uses {
        Uses(self.0 | other.0)
    }

    /// Those of `other` that are here too.
    pub fn only(self, other: Uses) -> Uses {
        Uses(self.0 & other.0)
    }

    /// Those that aren't in `other`.
    pub fn without(self, other: Uses) -> Uses {
        Uses(self.0 & !other.0)
    }

    /// Whether one of these ways is among them.
    pub fn has(self, any: Uses) -> bool {
        self.0 & any.0 != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The words of the ways, in order.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        Self::WORDS
            .into_iter()
            .filter(move |(way, _)| self.has(*way))
            .map(|(_, word)| word)
    }

    /// How the input of an input is used: `outer` of what is made with `self`.
    ///
    /// A value that is handed on twice is handed on; with anything computed it is computed, with
    /// an aggregate aggregated. What decides or tells apart does so at any distance.
    pub fn within(self, outer: Uses) -> Uses {
        let mut both = Uses::NONE;
        for (inner, _) in Self::WORDS {
            for (outer_way, _) in Self::WORDS {
                if self.has(inner) && outer.has(outer_way) {
                    both = both.and(composed(inner, outer_way));
                }
            }
        }
        both
    }
}

/// One way within one way.
fn composed(inner: Uses, outer: Uses) -> Uses {
    let decides = Uses::CONDITION.and(Uses::GROUPING);
    if inner == Uses::UNKNOWN || outer == Uses::UNKNOWN {
        Uses::UNKNOWN
    } else if outer.has(decides) {
        outer
    } else if inner.has(decides) {
        inner
    } else {
        inner.max(outer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ways_compose_as_said() {
        let cases = [
            (Uses::PASSED, Uses::PASSED, Uses::PASSED),
            (Uses::COMPUTED, Uses::PASSED, Uses::COMPUTED),
            (Uses::PASSED, Uses::COMPUTED, Uses::COMPUTED),
            (Uses::AGGREGATED, Uses::COMPUTED, Uses::AGGREGATED),
            (Uses::COMPUTED, Uses::AGGREGATED, Uses::AGGREGATED),
            (Uses::CONDITION, Uses::AGGREGATED, Uses::CONDITION),
            (Uses::GROUPING, Uses::PASSED, Uses::GROUPING),
            (Uses::AGGREGATED, Uses::CONDITION, Uses::CONDITION),
            (Uses::PASSED, Uses::UNKNOWN, Uses::UNKNOWN),
        ];
        for (inner, outer, both) in cases {
            assert_eq!(inner.within(outer), both, "{inner:?} within {outer:?}");
        }
    }

    fn uses() -> impl Strategy<Value = Uses> {
        (0u8..64).prop_map(Uses)
    }

    proptest! {
        #[test]
        fn composition_is_associative_and_spreads(a in uses(), b in uses(), c in uses()) {
            prop_assert_eq!(a.within(b).within(c), a.within(b.within(c)));
            prop_assert_eq!(a.and(b).within(c), a.within(c).and(b.within(c)));
            prop_assert_eq!(a.within(Uses::PASSED), a);
        }

        #[test]
        fn nothing_is_lost_on_the_way(a in uses(), b in uses()) {
            prop_assert_eq!(a.within(b).is_empty(), a.is_empty() || b.is_empty());
        }
    }
}

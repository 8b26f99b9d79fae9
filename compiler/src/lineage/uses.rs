//! How an input is used, and sets of used inputs.

use serde::{Deserialize, Serialize};

/// A relation that a model reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Relation {
    /// The import at this position in the model's header.
    Import(u32),
    /// The model's own table.
    This,
}

/// What of a relation is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Part {
    /// That its rows are there: what `count(*)` counts, and what `from orders` reads whatever the
    /// columns.
    Rows,
    /// The column at this position, from 0.
    Column(u32),
    /// Columns that can't be told.
    Any,
}

/// An input of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Input {
    /// The relation.
    pub relation: Relation,
    /// What of it.
    pub part: Part,
}

impl Input {
    /// A column of a relation.
    pub fn column(relation: Relation, position: usize) -> Self {
        let position = u32::try_from(position).unwrap_or(u32::MAX);
        Self {
            relation,
            part: Part::Column(position),
        }
    }

    /// A relation's rows.
    pub fn rows(relation: Relation) -> Self {
        Self {
            relation,
            part: Part::Rows,
        }
    }

    /// Columns of a relation that can't be told.
    pub fn any(relation: Relation) -> Self {
        Self {
            relation,
            part: Part::Any,
        }
    }
}

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

/// Inputs and how each is used, ordered by input, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UseSet(Vec<(Input, Uses)>);

impl UseSet {
    /// One input.
    pub fn one(input: Input, uses: Uses) -> Self {
        Self(vec![(input, uses)])
    }

    /// Whether nothing is used.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The inputs in order.
    pub fn iter(&self) -> impl Iterator<Item = (Input, Uses)> + '_ {
        self.0.iter().copied()
    }

    /// How an input is used.
    pub fn of(&self, input: Input) -> Uses {
        match self.0.binary_search_by_key(&input, |(own, _)| *own) {
            Ok(index) => self.0[index].1,
            Err(_) => Uses::NONE,
        }
    }

    /// Adds a use.
    pub fn add(&mut self, input: Input, uses: Uses) {
        if uses.is_empty() {
            return;
        }
        match self.0.binary_search_by_key(&input, |(own, _)| *own) {
            Ok(index) => self.0[index].1 = self.0[index].1.and(uses),
            Err(index) => self.0.insert(index, (input, uses)),
        }
    }

    /// Adds all uses of another set.
    pub fn extend(&mut self, other: &UseSet) {
        if self.is_empty() {
            self.0.clone_from(&other.0);
            return;
        }
        for (input, uses) in other.iter() {
            self.add(input, uses);
        }
    }

    /// The uses of both.
    pub fn and(mut self, other: &UseSet) -> Self {
        self.extend(other);
        self
    }

    /// Each input's uses within a use of what is made of them.
    pub fn within(&self, outer: Uses) -> UseSet {
        self.map(|_, uses| uses.within(outer))
    }

    /// The inputs as those of a value that is computed.
    pub fn computed(&self) -> UseSet {
        self.within(Uses::COMPUTED)
    }

    /// The inputs as those of a value that is made of many rows.
    pub fn aggregated(&self) -> UseSet {
        self.within(Uses::AGGREGATED)
    }

    /// The inputs as those of what decides which rows there are.
    pub fn condition(&self) -> UseSet {
        self.within(Uses::CONDITION)
    }

    /// The inputs as those of what tells rows apart.
    pub fn grouping(&self) -> UseSet {
        self.within(Uses::GROUPING)
    }

    /// The inputs, each of which may be used in any way.
    pub fn unknown(&self) -> UseSet {
        self.map(|_, _| Uses::UNKNOWN)
    }

    /// What decides a subquery's rows, as uses by what looks at them: that rows are there is a
    /// condition then.
    pub fn rows_looked_at(&self) -> UseSet {
        let values = Uses::PASSED.and(Uses::COMPUTED).and(Uses::AGGREGATED);
        self.map(|_, uses| match uses.has(values) {
            true => uses.without(values).and(Uses::CONDITION),
            false => uses,
        })
    }

    /// The relations whose rows are counted where rows with these uses are.
    pub fn counted(&self) -> UseSet {
        let handed_on = Uses::PASSED.and(Uses::COMPUTED).and(Uses::AGGREGATED);
        self.map(|input, uses| match input.part {
            Part::Rows => uses.only(handed_on),
            Part::Column(_) | Part::Any => Uses::NONE,
        })
        .aggregated()
    }

    /// Only relations' rows.
    pub fn only_rows(&self) -> UseSet {
        self.map(|input, uses| match input.part {
            Part::Rows => uses,
            Part::Column(_) | Part::Any => Uses::NONE,
        })
    }

    fn map(&self, change: impl Fn(Input, Uses) -> Uses) -> UseSet {
        let mapped = self
            .iter()
            .map(|(input, uses)| (input, change(input, uses)));
        UseSet(mapped.filter(|(_, uses)| !uses.is_empty()).collect())
    }
}

impl FromIterator<(Input, Uses)> for UseSet {
    fn from_iter<T: IntoIterator<Item = (Input, Uses)>>(uses: T) -> Self {
        let mut set = UseSet::default();
        for (input, uses) in uses {
            set.add(input, uses);
        }
        set
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

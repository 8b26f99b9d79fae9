//! Sets of used inputs. How one is used is told in the crate `dbgo-changes`.

use dbgo_changes::{Relation, Uses};
use serde::{Deserialize, Serialize};

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

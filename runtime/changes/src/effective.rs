//! What changes of some tables mean for all tables of a project: their *effective* changes.
//!
//! A table's effective change is its own change together with what reaches it: its rows are others
//! if something that decides them is; a column is another one if something that it is made of is.
//! A table without an effective change is unaffected: it keeps its rows, whatever it imports.
//!
//! | of an input | rows and columns that are made of it |
//! |---|---|
//! | the rows are others | are others, also if it is a column that is used: an aggregate is made of the rows |
//! | the column is another one, or gone | are others |
//! | the column has a wider type | are others, unless the value is only handed on or tells rows apart: then a column has the same values, maybe in a wider type |
//! | it is a column that can't be told | are others if anything of the input has changed, additions included |
//!
//! How rows are ordered or kept changes nothing for who reads them.

use crate::graph::{Graph, OwnChange};
use crate::{Change, Input, ModelLineage, Part, Relation, Uses};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is different about a table's data, for whatever reason. Columns are named in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectiveChange {
    /// Whether other rows come, or another number of them.
    pub rows: bool,
    /// Columns with other values; all of the table's if the rows are others.
    pub columns: BTreeSet<String>,
    /// Columns with the same values in a type that may be wider.
    pub widened: BTreeSet<String>,
    /// Columns that weren't there before.
    pub added: BTreeSet<String>,
    /// Columns that are gone.
    pub removed: BTreeSet<String>,
}

/// How far a change reaches through an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Through {
    Nothing,
    /// The same values in a wider type.
    Width,
    Values,
}

impl EffectiveChange {
    /// Whether nothing is different.
    pub fn is_empty(&self) -> bool {
        let sets = [&self.columns, &self.widened, &self.added, &self.removed];
        !self.rows && sets.iter().all(|columns| columns.is_empty())
    }

    /// Whether rows that are there already would be others: rows or values are, or a column is gone.
    /// With additions and wider types alone they stay what they are.
    pub fn is_other_data(&self) -> bool {
        self.rows || !self.columns.is_empty() || !self.removed.is_empty()
    }

    /// What a table's own change is for the table itself.
    fn of(own: &OwnChange, lineage: &ModelLineage) -> Self {
        let mut effective = match own {
            OwnChange::Everything => Self {
                rows: true,
                ..Self::default()
            },
            OwnChange::Compared(Change {
                rows,
                changed,
                widened,
                added,
                removed,
                // These are no matter of the data, or are named among the others.
                category: _,
                order: _,
                storage: _,
                unsafe_additions: _,
                missed: _,
                moved: _,
            }) => Self {
                rows: *rows,
                columns: changed.iter().cloned().collect(),
                widened: widened.iter().cloned().collect(),
                added: added.iter().cloned().collect(),
                removed: removed.iter().cloned().collect(),
            },
        };
        effective.all_with_rows(lineage);
        effective
    }

    /// A change of the rows is one of all columns.
    fn all_with_rows(&mut self, lineage: &ModelLineage) {
        if self.rows {
            let names = lineage.columns.iter().map(|column| column.name.clone());
            self.columns.extend(names);
        }
        self.widened.retain(|name| !self.columns.contains(name));
    }

    /// How far this change of an input's table reaches through the input.
    fn through(&self, input: &Input) -> Through {
        let values = |is_other: bool| match is_other {
            true => Through::Values,
            false => Through::Nothing,
        };
        match &input.part {
            Part::Rows => values(self.rows),
            Part::Any => values(!self.is_empty()),
            Part::Column(name) => {
                let others = [&self.columns, &self.added, &self.removed];
                let is_other = self.rows || others.iter().any(|names| names.contains(name));
                match !is_other && self.widened.contains(name) {
                    true if is_kept_by(input.uses) => Through::Width,
                    widened => values(is_other || widened),
                }
            }
        }
    }
}

/// Whether uses give the same for the same values in a wider type. A function may depend on the type,
/// in a condition too: `typeof(id)`, or `bit_count(id)` of a negative number.
fn is_kept_by(uses: Uses) -> bool {
    uses.without(Uses::PASSED.and(Uses::GROUPING)).is_empty()
}

impl Graph {
    /// The effective changes of all tables, by path; those that are unaffected aren't among them.
    /// `own` holds the own changes by path; the others have none.
    pub fn effective(
        &self,
        own: &BTreeMap<String, OwnChange>,
    ) -> BTreeMap<String, EffectiveChange> {
        let known = self.settled(own);
        let found = self.tables.iter().zip(known);
        found
            .filter(|(_, change)| !change.is_empty())
            .map(|(table, change)| (table.path.clone(), change))
            .collect()
    }

    /// The effective changes of the tables, in their order. They only grow, so that this ends, also
    /// where tables read each other in a circle.
    pub(crate) fn settled(&self, own: &BTreeMap<String, OwnChange>) -> Vec<EffectiveChange> {
        let mut known = vec![EffectiveChange::default(); self.tables.len()];
        let changed = own.keys().filter_map(|path| self.index.get(path));
        let mut waiting: BTreeSet<usize> = changed.copied().collect();
        while let Some(table) = waiting.pop_first() {
            let change = self.grown(table, own, &known);
            if change != known[table] {
                known[table] = change;
                waiting.extend(&self.readers[table]);
            }
        }
        known
    }

    /// The effective change of a table, as far as those of its imports are known.
    fn grown(
        &self,
        table: usize,
        own: &BTreeMap<String, OwnChange>,
        known: &[EffectiveChange],
    ) -> EffectiveChange {
        let lineage = &self.tables[table].lineage;
        let own = own.get(&self.tables[table].path);
        let mut change = own.map_or_else(EffectiveChange::default, |own| {
            EffectiveChange::of(own, lineage)
        });
        loop {
            let before = change.clone();
            let through = |change: &EffectiveChange, inputs: &[Input]| {
                let each = inputs.iter().map(|input| match input.relation {
                    Relation::This => change.through(input),
                    import => match self.target(table, import) {
                        Some(parent) => known[parent].through(input),
                        None => Through::Nothing,
                    },
                });
                each.max().unwrap_or(Through::Nothing)
            };
            change.rows |= through(&change, &lineage.rows) == Through::Values;
            for column in &lineage.columns {
                match through(&change, &column.inputs) {
                    Through::Nothing => {}
                    Through::Width => {
                        change.widened.insert(column.name.clone());
                    }
                    Through::Values => {
                        change.columns.insert(column.name.clone());
                    }
                }
            }
            change.all_with_rows(lineage);
            // What the model reads of its own table has grown with it.
            if change == before {
                return change;
            }
        }
    }
}

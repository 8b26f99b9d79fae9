//! Lineage: for each output column of a query the columns that it is made of, and how.
//!
//! It is a fold over the [bound tree](crate::bound) and knows nothing of text but where a name
//! stands. Each relation has a set of inputs for every column and one for its rows: what decides
//! which rows there are. A column's whole lineage is its own set and that of the rows. Nothing is
//! left out: where dbgo can't tell, every input that may be used is there with
//! [`Uses::UNKNOWN`].
//!
//! | use | of what |
//! |---|---|
//! | passed through | the column itself, also through an outer join or as a lookup `(select x …)` |
//! | computed | arguments of operators and functions; all parts of `CASE`; arguments of `unnest` |
//! | aggregated | arguments of aggregates and window functions; a relation's rows by `count(*)` |
//! | condition | `WHERE`, `HAVING`, `QUALIFY`, `FILTER`, `ON`, `USING`; what `EXISTS` and `IN` look for there; both sides of `EXCEPT` and `INTERSECT`; the order before a `LIMIT`, in a window and within an aggregate |
//! | grouping | `GROUP BY`, `DISTINCT`, `UNION`, `PARTITION BY` |
//!
//! The order of a model's rows is no use of a column, as a table has none; the order within a
//! subquery is one where something above depends on it.
//!
//! | file | what |
//! |---|---|
//! | `uses` | sets of used inputs |
//! | `carried` | the lineage that a program carries |
//! | `fold`, `relation`, `expression` | the fold |
//! | `project` | from model to model, down to sources and up again |
//! | `text`, `json` | how it is shown |
//! | `impact`, `impact_text` | what a change of a column reaches |
//! | `since`, `since_text` | what differs between two states of a project, and what that reaches |

pub mod carried;
mod expression;
mod fold;
pub mod impact;
pub mod impact_text;
pub mod json;
pub mod project;
mod relation;
pub mod since;
pub mod since_text;
pub mod text;
mod uses;

#[cfg(test)]
mod tests;

use crate::bound::Tree;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use dbgo_changes::{Relation, Uses};
pub use uses::{Input, Part, UseSet};

/// The lineage of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    /// What decides which rows there are: part of every column's lineage.
    pub rows: UseSet,
    /// The columns, in the order of the model's.
    pub columns: Vec<ColumnLineage>,
    /// Input columns that the query names, each once: without them it isn't valid any more.
    /// Ordered.
    pub named: Vec<Named>,
    /// The model's variants, if it has several.
    pub variants: Vec<VariantLineage>,
}

/// The lineage of a column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnLineage {
    /// Its own inputs, without what decides the rows.
    pub uses: UseSet,
    /// The input columns that a star made it of: without them the column isn't there.
    pub by_star: Vec<Input>,
}

/// An input column that the query names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Named {
    /// The column.
    pub input: Input,
    /// The first byte of the first place where it is named, in the model's file.
    pub at: u32,
}

/// The lineage of one variant: [`Lineage`] has the union of all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantLineage {
    /// When it holds: `is_incremental`, `not is_incremental and env == 'prod'`.
    pub when: String,
    /// What decides which rows there are.
    pub rows: UseSet,
    /// Each column's own inputs.
    pub columns: Vec<UseSet>,
}

impl Lineage {
    /// All inputs of a column: its own and what decides the rows.
    pub fn whole(&self, column: usize) -> UseSet {
        let own = self.columns.get(column).map(|column| &column.uses);
        own.cloned().unwrap_or_default().and(&self.rows)
    }

    /// All inputs of all columns and of the rows.
    pub fn all(&self) -> UseSet {
        let mut all = self.rows.clone();
        for column in &self.columns {
            all.extend(&column.uses);
        }
        all
    }

    /// Adds the lineage of another variant, whose columns are the same.
    pub fn extend(&mut self, other: &Lineage) {
        self.rows.extend(&other.rows);
        if self.columns.len() < other.columns.len() {
            let missing = ColumnLineage::default();
            self.columns.resize(other.columns.len(), missing);
        }
        for (own, other) in self.columns.iter_mut().zip(&other.columns) {
            own.uses.extend(&other.uses);
            own.by_star.extend(&other.by_star);
            own.by_star.sort_unstable();
            own.by_star.dedup();
        }
        self.named.extend(&other.named);
        self.named.sort_unstable();
        self.named.dedup_by_key(|named| named.input);
    }
}

/// What a query may read, for its lineage.
#[derive(Clone, Debug, Default)]
pub struct Reads<'a> {
    /// The imports by alias in lower case: the position in the header, and the names of its
    /// columns; `None` if they aren't known.
    pub imports: BTreeMap<String, (u32, Option<Vec<String>>)>,
    /// The names of the columns of the model's own table; `None` if they aren't known.
    pub this: Option<Vec<String>>,
    /// What the query reads according to its tokens: those of them that the tree doesn't read may
    /// be read by what dbgo didn't look into.
    pub seen: Vec<Relation>,
    /// The file's text.
    pub text: &'a str,
}

/// The lineage of a bound query that gives `width` columns.
pub fn of_query(tree: &Tree, reads: &Reads<'_>, width: usize) -> Lineage {
    fold::Fold::new(tree, reads).run(width)
}

/// The lineage of a query that has no tree: all columns may be made of all that it reads.
pub fn of_unread(reads: &Reads<'_>, width: usize) -> Lineage {
    let inputs = reads.seen.iter();
    let uses: UseSet = inputs
        .flat_map(|relation| [Input::any(*relation), Input::rows(*relation)])
        .map(|input| (input, Uses::UNKNOWN))
        .collect();
    let column = ColumnLineage {
        uses: uses.clone(),
        by_star: Vec::new(),
    };
    Lineage {
        rows: uses,
        columns: vec![column; width],
        ..Lineage::default()
    }
}

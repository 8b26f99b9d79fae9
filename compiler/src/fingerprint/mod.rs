//! Change profiles: what a model's data is made of, as hashes that can be compared.
//!
//! A [`Profile`] has one hash for each output column (what its values are made of), one for the
//! rows (which there are and how many), one for the order in which the query gives them, and one
//! for everything that is not data. [`category`] compares two of them. Nothing here compares
//! values, asks an engine or knows what is in a table.
//!
//! # How a profile is made
//! The bound tree is folded from the leaves up. It has no alias, no parenthesis and no name of a
//! common table, so neither has the profile.
//!
//! - A use of a column is: how many queries further out its relation is read, the relation's place
//!   among those that its query reads, and the hash of the relation's own column. So a column that
//!   is added to a common table changes nothing, nor does one that is changed and not read.
//! - An import is its path, a column of an import its name there.
//! - The rows of a `SELECT` are made of the rows that its `FROM` reads, its joins, its conditions,
//!   its grouping, all its columns if it is `DISTINCT`, and what it unnests. `ORDER BY` belongs to
//!   them where it decides which rows there are: with `LIMIT`, with `DISTINCT ON`, in a subquery.
//!   An aggregate depends on the rows of its group: those who compare take all columns as changed
//!   if the rows are.
//! - An alias is what it stands for, a position what it points to, a named window its definition.
//!   Operators with two spellings have one, and so has a chain of `AND` or `OR`.
//! - Where the tree has something that nobody looked into, the whole text of the query is what its
//!   rows and columns are made of: any change of it but white space, comments and the case of
//!   words is then a change of everything.
//! - The variants that `#if` makes are folded one by one. A hash that all of them share stands
//!   alone; otherwise each stands beside the conditions under which it holds, in a form in which
//!   tests that make no difference are left out.
//!
//! # The format
//! An expression is written as bytes: a tag, the texts and numbers of the node, how many children
//! it has, the children. A text is its length (4 bytes, little-endian) and its UTF-8; a number has
//! 4 bytes. If the bytes of a node are more than 128 they are replaced by the tag 0 and their
//! hash. A hash is the first 16 bytes of BLAKE3. The tags are those of the enum `Tag` in `hash.rs`.
//! [`ALGORITHM`] has to be raised whenever the same model would get another profile.
//!
//! | file | what |
//! |---|---|
//! | `hash` | bytes and hashes |
//! | `fold` | the state of the fold: which relations are visible |
//! | `query` | queries: `WITH`, set operations, `ORDER BY`, `LIMIT` |
//! | `select` | the clauses of a `SELECT` |
//! | `relation` | what a `FROM` reads |
//! | `expression` | expressions |
//! | `spelling` | what is written in two ways and means the same |
//! | `variants` | the variants of a model together |
//! | `model` | a model's settings, and its profile |
//! | `metadata` | what isn't data |
//! | `tables` | sources and seeds, which have no query |
//! | `category` | what a change from one profile to another means |

pub mod category;
mod expression;
mod fold;
mod hash;
mod metadata;
mod model;
mod query;
mod relation;
mod select;
mod spelling;
mod tables;
mod variants;

use crate::sql_type::SqlType;
pub use hash::Fingerprint;
pub use model::{Import, ModelMeaning, VariantMeaning, profile};
use serde::{Deserialize, Serialize};
pub use tables::{of_seed, of_source};

/// The number of the algorithm that makes profiles. Profiles of two algorithms can't be compared.
pub const ALGORITHM: u32 = 1;

/// What a model's data is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The algorithm that made it, see [`ALGORITHM`].
    pub algorithm: u32,
    /// What decides which rows there are: a change of it is a change of all columns.
    pub rows: Fingerprint,
    /// The order of the rows where the query ends with an `ORDER BY` that decides nothing else.
    pub order: Fingerprint,
    /// How the rows are kept: as a view, a table, …
    pub storage: Fingerprint,
    /// All that isn't data: the text as it is written, names, descriptions, owners.
    pub metadata: Fingerprint,
    /// The columns in order.
    pub columns: Vec<ColumnProfile>,
}

/// What a column's values are made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// Its name in lower case.
    pub name: String,
    /// Its type.
    pub sql_type: SqlType,
    /// What its values are made of, apart from the type that they are cast to in the end if that
    /// has no other values than a wider one.
    pub values: Fingerprint,
    /// Why a table can't simply get this column beside the ones that it has.
    pub obstacle: Option<Obstacle>,
}

/// Why adding a column isn't safe, and where that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obstacle {
    /// Why.
    pub kind: ObstacleKind,
    /// The byte of the model's file at which that is written.
    pub at: u32,
}

/// Why adding a column isn't safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObstacleKind {
    /// Its expression may give several rows.
    SetReturning,
    /// Its expression may give other values in another run.
    Volatile,
    /// It goes through a set operation that matches columns by position.
    Union,
    /// Rows are compared by all columns.
    Distinct,
    /// Nobody looked into the query.
    Opaque,
}

impl Profile {
    /// Whether the data of two models is made of the same, whatever their texts are. Places of
    /// obstacles don't matter.
    pub fn same_data(&self, other: &Profile) -> bool {
        let same = |(left, right): (&ColumnProfile, &ColumnProfile)| {
            left.name == right.name
                && left.sql_type == right.sql_type
                && left.values == right.values
        };
        self.algorithm == other.algorithm
            && self.rows == other.rows
            && self.order == other.order
            && self.storage == other.storage
            && self.columns.len() == other.columns.len()
            && self.columns.iter().zip(&other.columns).all(same)
    }
}

//! Change profiles: what a model's data is made of, as hashes that can be compared.
//!
//! A [`Profile`] has one hash for each output column (what its values are made of), one for the
//! rows (which there are and how many), one for the order in which the query gives them, and one
//! for everything that is not data. [`change`] compares two of them: it and what a profile is are in
//! the crate `dbgo-changes`, which the runtime has as well. Nothing here compares values, asks an
//! engine or knows what is in a table.
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

pub use dbgo_changes::{
    ALGORITHM, Category, Change, ColumnProfile, Fingerprint, Obstacle, ObstacleKind,
    OtherAlgorithm, Profile, change,
};
pub use model::{Import, ModelMeaning, VariantMeaning, profile};
pub use tables::{of_seed, of_source};

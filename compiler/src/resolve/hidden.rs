//! Columns that no star shows and that a name finds all the same: `rowid` of a table; `json`,
//! `root` and `rowid` of `json_each`.
//!
//! Source: `virtual_columns` in `src/planner/table_binding.cpp` of DuckDB 1.5.5. Queries, views,
//! values and most functions in a `FROM` have none.

use super::scope::{ColumnId, Found, Relation, Scope};
use crate::name::same_name;
use crate::sql_type::SqlType;
use crate::types::Typed;

/// The hidden columns of a relation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Hidden {
    /// None.
    #[default]
    Nothing,
    /// A number for each row of a table.
    Rows,
    /// What `json_each` and `json_tree` have.
    Json,
}

impl Hidden {
    fn columns(self) -> &'static [(&'static str, SqlType)] {
        match self {
            Hidden::Nothing => &[],
            Hidden::Rows => &[("rowid", SqlType::BigInt)],
            Hidden::Json => &[
                ("json", SqlType::Json),
                ("root", SqlType::Varchar),
                ("rowid", SqlType::BigInt),
            ],
        }
    }

    /// Which of them has a name.
    pub fn position(self, name: &str) -> Option<usize> {
        let mut columns = self.columns().iter();
        columns.position(|(own, _)| same_name(own, name))
    }
}

impl Relation {
    /// The place of a hidden column: behind those that a star shows.
    pub fn hidden_position(&self, name: &str) -> Option<usize> {
        Some(self.columns.len() + self.hidden.position(name)?)
    }
}

impl Scope {
    /// A hidden column by its name.
    pub(super) fn find_hidden(&self, name: &str) -> Option<Found> {
        let mut hits = self.relations.iter().enumerate();
        let (index, position) = hits.find_map(|(index, relation)| {
            let position = relation.hidden_position(name)?;
            Some((index, position))
        })?;
        // It is shown as it is written.
        match self.hidden_column(index, position) {
            Found::Column(id, _, typed) => Some(Found::Column(id, name.to_owned(), typed)),
            other => Some(other),
        }
    }

    /// A hidden column by its place.
    pub(super) fn hidden_column(&self, relation: usize, position: usize) -> Found {
        let found = &self.relations[relation];
        let hidden = found.hidden.columns();
        let Some((name, sql_type)) = hidden.get(position.wrapping_sub(found.columns.len())) else {
            return Found::Open;
        };
        let id = ColumnId {
            scope: self.id,
            relation: Some(relation),
            column: position,
        };
        Found::Column(id, (*name).to_owned(), Typed::of(sql_type.clone()))
    }
}

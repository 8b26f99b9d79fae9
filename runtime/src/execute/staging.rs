//! A batch's rows, staged in a table that only their session sees, and moved into the model's.

use super::commit::Stop;
use crate::adapters::{Dialect, Relation as Name, Transaction};

/// The name of the table that a session stages its batch in.
pub const STAGED: &str = "dbgo_batch";

/// All rows of a relation.
pub fn all_of(dialect: &dyn Dialect, relation: &Name) -> String {
    format!("SELECT * FROM {}", dialect.relation(relation))
}

/// Adds staged rows by the names of the columns that both have.
pub fn insert(
    transaction: &mut Transaction<'_>,
    dialect: &dyn Dialect,
    target: &Name,
    staged: &Name,
) -> Result<u64, Stop> {
    let columns = Columns::of(transaction, dialect, target, staged)?;
    let common = columns.common();
    Ok(transaction.execute(&dialect.insert_query(target, &common, &all_of(dialect, staged)))?)
}

/// The columns of a table and of staged rows. They are the same unless the model's table keeps
/// its columns when the query changes.
pub struct Columns {
    /// The columns that both have, as the table names them.
    common: Vec<String>,
    /// Those that only the table has.
    kept: Vec<String>,
}

impl Columns {
    /// Looks at both.
    pub fn of(
        transaction: &mut Transaction<'_>,
        dialect: &dyn Dialect,
        target: &Name,
        staged: &Name,
    ) -> Result<Self, Stop> {
        let have = transaction.describe(&all_of(dialect, target))?;
        let give = transaction.describe(&all_of(dialect, staged))?;
        let is_given = |name: &String| {
            let mut give = give.iter();
            give.any(|column| column.name.eq_ignore_ascii_case(name))
        };
        let names = have.into_iter().map(|column| column.name);
        let (common, kept) = names.partition(is_given);
        Ok(Self { common, kept })
    }

    /// The columns that both have.
    pub fn common(&self) -> Vec<&str> {
        self.common.iter().map(String::as_str).collect()
    }

    /// The columns that only the table has.
    pub fn kept(&self) -> Vec<&str> {
        self.kept.iter().map(String::as_str).collect()
    }
}

//! Indexes of a model's table, made and kept in the transactions that write it.
//!
//! An index is known by its name, `<table>_index_<what it is>_<run>`: so those that the model
//! doesn't declare any more can be told from those that it does, and from other people's.

use super::commit::Stop;
use super::failure::Failure;
use crate::adapters::{Dialect, Relation as Name, Transaction};
use crate::project::Model;
use crate::version::fingerprint;
use dbgo_contract::IndexDef;

/// How many digits of what an index is stand in its name.
const DIGITS: usize = 8;

/// The indexes of a model's table.
pub struct Indexes<'a> {
    model: &'a Model,
    table: &'a Name,
    run: &'a str,
}

impl<'a> Indexes<'a> {
    pub fn new(model: &'a Model, table: &'a Name, run: &'a str) -> Self {
        Self { model, table, run }
    }

    /// Drops all indexes of ours, because an engine doesn't change a table that has some.
    pub fn drop_all(
        &self,
        transaction: &mut Transaction<'_>,
        dialect: &dyn Dialect,
    ) -> Result<(), Stop> {
        for name in self.ours(transaction, dialect)? {
            transaction.execute(&dialect.drop_index(self.table, &name))?;
        }
        Ok(())
    }

    /// Creates those that are missing, and drops those of ours that the model doesn't declare.
    ///
    /// # Errors
    /// The engine's, and a failure that names values which a unique index finds twice.
    pub fn settle(
        &self,
        transaction: &mut Transaction<'_>,
        dialect: &dyn Dialect,
        exists: bool,
    ) -> Result<(), Stop> {
        let declared = self.model.def.indexes.as_slice();
        let present = match exists {
            true => self.ours(transaction, dialect)?,
            false => Vec::new(),
        };
        let stems: Vec<String> = declared.iter().map(|index| self.stem(index)).collect();
        for name in &present {
            if !stems.iter().any(|stem| name.starts_with(stem)) {
                transaction.execute(&dialect.drop_index(self.table, name))?;
            }
        }
        for (index, stem) in declared.iter().zip(&stems) {
            if present.iter().any(|name| name.starts_with(stem)) {
                continue;
            }
            let columns: Vec<&str> = index.columns.iter().map(|name| name.as_str()).collect();
            if index.unique {
                self.unique(transaction, dialect, &columns)?;
            }
            let name = format!("{stem}{}", self.run);
            let create = dialect.create_index(self.table, &name, index.unique, &columns);
            transaction.execute(&create)?;
        }
        Ok(())
    }

    fn ours(
        &self,
        transaction: &mut Transaction<'_>,
        dialect: &dyn Dialect,
    ) -> Result<Vec<String>, Stop> {
        let found = transaction.query(&dialect.index_names(self.table))?;
        let names = super::checks::cells(&found).into_iter().flatten().flatten();
        let start = format!("{}_index_", self.table.name);
        Ok(names.filter(|name| name.starts_with(&start)).collect())
    }

    /// The engine itself would find them only at the commit, and name no column.
    fn unique(
        &self,
        transaction: &mut Transaction<'_>,
        dialect: &dyn Dialect,
        columns: &[&str],
    ) -> Result<(), Stop> {
        let examples = super::checks::repeated(transaction, dialect, self.table, columns)?;
        if examples.is_empty() {
            return Ok(());
        }
        let message = format!(
            "the unique index on `{}` doesn't hold",
            columns.join(", ")
        );
        Err(Failure::finding(message).detail(examples.join("\n")).into())
    }

    fn stem(&self, index: &IndexDef) -> String {
        let kind = if index.unique { "unique" } else { "" };
        let columns = index.columns.iter().map(|column| column.as_str());
        let what = fingerprint([kind].into_iter().chain(columns));
        let what = what.get(..DIGITS).unwrap_or(&what);
        format!("{}_index_{what}_", self.table.name)
    }
}

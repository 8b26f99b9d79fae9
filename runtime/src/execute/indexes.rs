//! Indexes of a model's table, made and kept in the transactions that write it.
//!
//! An index is known by its name, `<table>_index_<what it is>_<run>`: so those that the model
//! doesn't declare any more can be told from those that it does, and from other people's.

use super::checks;
use super::commit::Stop;
use super::failure::Failure;
use crate::adapters::{Dialect, Relation as Name, Transaction};
use crate::project::Model;
use crate::version::fingerprint;
use dbgo_contract::{IndexDef, Strategy};

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

    /// Creates those that are missing, drops those of ours that the model doesn't declare, and
    /// looks whether the unique ones hold. `rows` are the new ones where the table holds them as
    /// they are.
    ///
    /// # Errors
    /// The engine's, and a failure that names values which are there twice.
    pub fn settle(
        &self,
        transaction: &mut Transaction<'_>,
        dialect: &dyn Dialect,
        (exists, rows): (bool, Option<&Name>),
    ) -> Result<(), Stop> {
        let present = match exists {
            true => self.ours(transaction, dialect)?,
            false => Vec::new(),
        };
        let declared = self.model.def.indexes.as_slice();
        let stems: Vec<String> = declared.iter().map(|index| self.stem(index)).collect();
        for name in &present {
            if !stems.iter().any(|stem| name.starts_with(stem)) {
                transaction.execute(&dialect.drop_index(self.table, name))?;
            }
        }
        for (index, stem) in declared.iter().zip(&stems) {
            let columns: Vec<&str> = index.columns.iter().map(|name| name.as_str()).collect();
            let is_new = !present.iter().any(|name| name.starts_with(stem));
            if index.unique && (is_new || !self.holds_by_key(&columns)) {
                let rows = rows.filter(|_| !is_new);
                self.unique(transaction, dialect, &columns, rows)?;
            }
            if is_new {
                let name = format!("{stem}{}", self.run);
                let create = dialect.create_index(self.table, &name, index.unique, &columns);
                transaction.execute(&create)?;
            }
        }
        Ok(())
    }

    /// Whether a merge by key lets nothing be twice in these columns.
    fn holds_by_key(&self, columns: &[&str]) -> bool {
        let mut key = self.model.def.incremental.unique_key.iter();
        let is_in = |key: &str| columns.iter().any(|name| name.eq_ignore_ascii_case(key));
        self.model.strategy == Strategy::UniqueKey && key.all(|key| is_in(key.as_str()))
    }

    fn ours(
        &self,
        transaction: &mut Transaction<'_>,
        dialect: &dyn Dialect,
    ) -> Result<Vec<String>, Stop> {
        let found = transaction.query(&dialect.index_names(self.table))?;
        let names = checks::cells(&found).into_iter().flatten().flatten();
        let start = format!("{}_index_", self.table.name);
        Ok(names.filter(|name| name.starts_with(&start)).collect())
    }

    /// Our own query looks for them, because an engine may refuse keys that were replaced, and
    /// tells them at the commit only, without the columns.
    fn unique(
        &self,
        transaction: &mut Transaction<'_>,
        dialect: &dyn Dialect,
        columns: &[&str],
        rows: Option<&Name>,
    ) -> Result<(), Stop> {
        let examples = checks::repeated(transaction, dialect, (self.table, rows), columns)?;
        if examples.is_empty() {
            return Ok(());
        }
        let columns = columns.join(", ");
        let message = format!("the unique index on `{columns}` doesn't hold");
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

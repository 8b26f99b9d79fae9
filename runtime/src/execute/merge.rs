//! Rows merged by key, in the usual way or as the model's `@merge` steers it.
//!
//! A new row replaces the one with its key where `on` holds; where it doesn't, the old one stays
//! and the new one is left out, so that no key is ever there twice. A new row for which
//! `delete when` holds takes the row that it would replace away, and isn't added where there is
//! none.

use super::adding::{Move, texts};
use super::checks;
use super::commit::Stop;
use super::staging::{Columns, all_of};
use crate::adapters::{Merge, Transaction};

/// The name of the table that merged rows are gathered in.
const MERGED: &str = "dbgo_merged";

/// Merges staged rows into their table, and gives how many of them are in it then.
pub fn merge(transaction: &mut Transaction<'_>, of: &Move<'_>) -> Result<u64, Stop> {
    let (dialect, target, staged) = (of.dialect, of.target, of.staged);
    let steering = &of.model.def.merge;
    let key = texts(of.model.def.incremental.unique_key);
    checks::keys(transaction, dialect, staged, &key)?;
    let deletes = !steering.delete_when.is_empty();
    if !of.exists && !deletes {
        let create = dialect.create_table_as(target, &all_of(dialect, staged));
        return Ok(transaction.execute(&create)?);
    }
    if !of.exists {
        of.create_empty(transaction, &all_of(dialect, staged))?;
    }
    let columns = Columns::of(transaction, dialect, target, staged)?;
    let common = columns.common();
    let is_usual = steering.on.is_empty() && steering.update.as_slice().is_empty() && !deletes;
    if is_usual && columns.kept().is_empty() {
        return Ok(transaction.execute_all(&dialect.merge(target, staged, &common, &key))?);
    }
    let update = texts(steering.update);
    let steered = Merge {
        target,
        source: staged,
        columns: &common,
        kept: &columns.kept(),
        key: &key,
        on: steering.on.as_str(),
        update: &update,
        delete_when: steering.delete_when.as_str(),
    };
    let rows = dialect.merged_rows(&steered);
    transaction.execute(&dialect.create_temporary_table_as(MERGED, &rows))?;
    transaction.execute(&dialect.delete_matched(&steered))?;
    let merged = dialect.temporary_relation(MERGED);
    let all: Vec<&str> = common.iter().chain(steered.kept).copied().collect();
    let insert = dialect.insert_query(target, &all, &all_of(dialect, &merged));
    let rows = transaction.execute(&insert)?;
    transaction.execute(&dialect.drop_table(&merged))?;
    Ok(rows)
}

//! Versions of rows: slowly changing dimension, type 2.
//!
//! A version begins when its row first had its values and ends when it has others; the present
//! one has no end. Of a key, versions never overlap, and at most one has no end.
//!
//! | what a run finds | by `updated_at` | by `check` |
//! |---|---|---|
//! | a new key | a version from the row's `updated_at` on | from the run's clock on |
//! | a changed row | its `updated_at` is later than that of the present version, which ends then | one of the columns differs; the present version ends at the run's clock |
//! | an earlier or equal `updated_at` | nothing: the history isn't written anew | |
//! | a key that is gone | with `hard_deletes='close'` its version ends at the run's clock | the same |
//! | a key that is back | a version from its `updated_at` on, but not before the last one's end | from the run's clock on, likewise |
//!
//! Where a new version would begin no later than the one that it ends, it takes that one's place:
//! there are no versions that last for no time. So the same rows once more change nothing.

use super::adding::{Move, texts};
use super::checks;
use super::commit::Stop;
use super::failure::Failure;
use super::staging::{Columns, all_of};
use crate::adapters::{RowChange, Transaction, VersionedRows};
use crate::project::Model;
use dbgo_contract::HardDeletes;

/// The name of the table that new versions are gathered in.
const BEGINNING: &str = "dbgo_versions";

/// Makes versions of staged rows, and gives how many began.
pub fn keep_versions(transaction: &mut Transaction<'_>, of: &Move<'_>) -> Result<u64, Stop> {
    let (dialect, target, staged) = (of.dialect, of.target, of.staged);
    let def = &of.model.def.scd2;
    let key = texts(def.unique_key);
    checks::keys(transaction, dialect, staged, &key)?;
    if !def.updated_at.is_empty() {
        checks::times(transaction, dialect, staged, def.updated_at.as_str())?;
    }
    let time_type = time_type(of.model)?;
    let (valid_from, valid_to) = (def.valid_from.as_str(), def.valid_to.as_str());
    if !of.exists {
        let columns = of.model.def.columns.iter().map(|column| {
            let name = dialect.identifier(column.name.as_str());
            let added = [valid_from, valid_to];
            let is_added = added
                .iter()
                .any(|added| added.eq_ignore_ascii_case(column.name.as_str()));
            match is_added {
                true => format!("CAST(NULL AS {time_type}) AS {name}"),
                false => name,
            }
        });
        let columns = columns.collect::<Vec<_>>().join(", ");
        let empty = format!("SELECT {columns} FROM {}", dialect.relation(staged));
        of.create_empty(transaction, &empty)?;
    }
    let columns = Columns::of(transaction, dialect, target, staged)?;
    let common = columns.common();
    let is_common = |name: &&str| {
        let mut common = common.iter();
        common.any(|column| column.eq_ignore_ascii_case(name))
    };
    let check: Vec<&str> = texts(def.check).into_iter().filter(is_common).collect();
    let beginning = dialect.temporary_relation(BEGINNING);
    let rows = VersionedRows {
        target,
        source: staged,
        beginning: &beginning,
        columns: &common,
        key: &key,
        change: match def.updated_at.as_str() {
            "" => RowChange::Different(&check),
            column => RowChange::Later(column),
        },
        valid_from,
        valid_to,
        time_type,
        now: of.now,
    };
    let query = dialect.beginning_versions(&rows);
    let began = transaction.execute(&dialect.create_temporary_table_as(BEGINNING, &query))?;
    transaction.execute_all(&dialect.end_replaced_versions(&rows))?;
    if of.model.hard_deletes == HardDeletes::Close {
        transaction.execute_all(&dialect.end_missing_versions(&rows))?;
    }
    let all: Vec<&str> = common.iter().copied().chain([valid_from]).collect();
    transaction.execute(&dialect.insert_query(target, &all, &all_of(dialect, &beginning)))?;
    transaction.execute(&dialect.drop_table(&beginning))?;
    Ok(began)
}

/// The type of the columns in which versions begin and end.
fn time_type(model: &Model) -> Result<&'static str, Failure> {
    let name = model.def.scd2.valid_from.as_str();
    let mut columns = model.def.columns.iter();
    let column = columns.find(|column| column.name.as_str().eq_ignore_ascii_case(name));
    column
        .map(|column| column.sql_type.as_str())
        .ok_or_else(|| Failure::finding(format!("the model has no column `{name}`")))
}

#[cfg(test)]
mod tests;

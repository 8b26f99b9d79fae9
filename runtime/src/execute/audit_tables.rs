//! Tables of failing rows. A batch that failed has been rolled back with all that it wrote, so
//! its failing rows are fetched before and stored by a transaction of their own.

use super::audits::{FailingRows, Found};
use super::build::Worker;
use super::context::Context;
use super::details::{AuditTable, Details};
use super::failure::Failure;
use super::task::Task;
use crate::adapters::LedgerEntry;
use crate::events::{AuditStatus, grouped};
use crate::project::Relation;
use crate::situation::{audit_table, physical_relation};
use crate::state::Change;
use jiff::Timestamp;

/// How many rows one statement writes.
const ROWS_PER_STATEMENT: usize = 500;

/// Stores the failing rows that audits were asked to store, in place of those that were stored
/// before, and says in each outcome where they are. A failure of that is told there too: it
/// must not hide what the audit found.
pub fn store(worker: &mut Worker<'_>, task: &Task, found: &mut [Found], changes: &mut Vec<Change>) {
    for found in found {
        let Some(rows) = found.rows.take() else {
            continue;
        };
        if found.outcome.status == AuditStatus::Passed {
            continue;
        }
        let all = found.outcome.failing_rows;
        found.outcome.stored = match store_one(worker, task, found.index, &rows) {
            Ok(table) => {
                let name = &table.physical;
                let stored = rows.rows.len() as u64;
                let text = if stored < all {
                    let stored = grouped(stored);
                    format!("the first {stored} of them are in `_dbgo.{name}`")
                } else {
                    format!("all of them are in `_dbgo.{name}`")
                };
                let load = batch_id(worker.context, &table, found.index);
                let object = table.object(&load, Timestamp::now());
                changes.push(Change::Object(object));
                text
            }
            Err(failure) => format!("they couldn't be stored: {}", failure.message),
        };
    }
}

/// The id of the batch that writes a table of failing rows.
fn batch_id(context: &Context<'_>, table: &AuditTable, index: usize) -> String {
    format!("{}/{}/audit/{}", context.run_id, table.model, index + 1)
}

fn store_one(
    worker: &mut Worker<'_>,
    task: &Task,
    index: usize,
    failing: &FailingRows,
) -> Result<AuditTable, Failure> {
    let context = worker.context;
    let dialect = context.dialect();
    let Relation::Model(model) = task.relation else {
        return Err(Failure::finding("it isn't a model's audit"));
    };
    let def = context.project.model(model).def;
    let name = audit_table((def.schema.as_str(), def.name.as_str()), index);
    let is_ours = context.known.objects.contains_key(&name);
    if context.catalog.contains_key(&name) && !is_ours {
        return Err(Failure::finding(format!(
            "`_dbgo.{name}` wasn't made by this project"
        )));
    }
    let table = AuditTable {
        model: task.snapshot.model.clone(),
        version: task.snapshot.version.clone(),
        physical: name,
    };
    let relation = physical_relation(&table.physical);
    let mut statements = vec![
        dialect.drop_table(&relation),
        dialect.create_table(&relation, &failing.columns),
    ];
    let chunks = failing.rows.chunks(ROWS_PER_STATEMENT);
    statements.extend(chunks.map(|rows| dialect.insert_values(&relation, &failing.columns, rows)));
    let details = Details {
        project: context.scope.project.clone(),
        failing_rows: Some(table.clone()),
        ..Details::default()
    };
    let batch = batch_id(context, &table, index);
    let entry = LedgerEntry {
        batch_id: batch.clone(),
        run_id: context.run_id.clone(),
        model: table.model.clone(),
        version: table.version.clone(),
        physical_table: table.physical.clone(),
        range: None,
        rows: failing.rows.len() as u64,
        token: context.token,
        details: details.to_json(),
    };
    worker.transact(task, &batch, |transaction| {
        transaction.execute_all(&statements)?;
        Ok(transaction.record(&entry)?)
    })?;
    Ok(table)
}

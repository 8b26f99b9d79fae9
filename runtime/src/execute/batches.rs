//! Incremental models: each batch staged, checked and moved into the table in one transaction.

use super::batch::{Batch, Shape};
use super::build::{Done, Worker, committed, entry, promised};
use super::checks;
use super::commit::Stop;
use super::decide::{Adding, Task, TimeRangeWork};
use super::failure::Failure;
use super::naming::physical_relation;
use super::slots::{PhysicalSlots, time_type};
use crate::adapters::{Dialect, Relation as Name, TimeColumn, TimeRange, Transaction};
use crate::intervals::Range;
use crate::project::{BatchFacts, compose};
use crate::state::{Change, Snapshot};
use dbgo_contract::{Outside, Strategy};

/// The name of the table that a session stages its batch in.
const STAGED: &str = "dbgo_batch";

/// Fills the missing ranges of a model, batch by batch, in order.
pub fn time_range(
    worker: &mut Worker<'_>,
    task: &Task,
    work: &TimeRangeWork,
    changes: &mut Vec<Change>,
) -> Result<Done, Failure> {
    let mut filled = work.filled.clone();
    let mut exists = work.exists;
    let mut written = 0;
    let mut snapshot = task.snapshot.clone();
    if work.batches.is_empty() && !exists {
        return empty_table(worker, task, changes);
    }
    for (index, range) in work.batches.iter().enumerate() {
        let last = index + 1 == work.batches.len();
        snapshot.load = format!("{}/{}/{}", worker.context.run_id, snapshot.model, index + 1);
        let current = last || !work.aside;
        written += one_range(worker, task, work, (&snapshot, current), (*range, exists))?;
        exists = true;
        filled.insert(*range);
        committed(&snapshot, current, changes);
        changes.push(Change::Filled {
            physical: snapshot.physical.clone(),
            ranges: filled.clone(),
        });
        (worker.progress)(index + 1, work.batches.len());
    }
    Ok(Done {
        rows: Some(written),
        added: work.exists,
        intervals: Some((work.intervals, work.all, work.unit.clone())),
    })
}

/// The table of a model whose first interval hasn't ended yet.
fn empty_table(
    worker: &mut Worker<'_>,
    task: &Task,
    changes: &mut Vec<Change>,
) -> Result<Done, Failure> {
    let context = worker.context;
    let columns: Vec<_> = task
        .snapshot
        .columns
        .iter()
        .map(|(name, sql_type)| crate::adapters::Column::new(name, sql_type))
        .collect();
    let relation = physical_relation(&task.snapshot.physical);
    let create = context.dialect().create_table(&relation, &columns);
    let snapshot = &task.snapshot;
    worker.transact(task, &snapshot.load, |transaction| {
        transaction.execute(&create)?;
        transaction.record(&entry(context, snapshot, (&snapshot.load, true), None, 0))?;
        Ok(())
    })?;
    committed(snapshot, true, changes);
    Ok(Done {
        rows: Some(0),
        ..Done::default()
    })
}

fn one_range(
    worker: &mut Worker<'_>,
    task: &Task,
    work: &TimeRangeWork,
    (snapshot, current): (&Snapshot, bool),
    (range, exists): (Range, bool),
) -> Result<u64, Failure> {
    let context = worker.context;
    let dialect = context.dialect();
    let model = context.project.model(work.model);
    let time = TimeColumn {
        name: model.def.incremental.time_column.as_str(),
        sql_type: time_type(model.def).unwrap_or("TIMESTAMP"),
    };
    let bounds = TimeRange {
        start: range.start,
        end: range.end,
    };
    let facts = BatchFacts {
        is_incremental: exists && !work.full_refresh,
        full_refresh: work.full_refresh,
    };
    let slots = PhysicalSlots {
        dialect,
        model: model.def,
        texts: &task.texts,
        this: exists.then(|| physical_relation(&snapshot.physical)),
        range: Some(range),
        now: context.now,
    };
    let query = compose(context.project, work.model, &context.plan, facts, &slots)?.sql;
    let query = match model.outside {
        Outside::Drop => dialect.rows_in_range(&query, time, bounds),
        _ => query,
    };
    let target = physical_relation(&snapshot.physical);
    let staged = dialect.temporary_relation(STAGED);
    let shape = Shape {
        target: &target,
        exists,
        rows: Some(&staged),
        facts,
        range: Some(range),
    };
    let batch = Batch::new(context, task, &shape)?;
    let promised = promised(model.def.columns.as_slice());
    let (rows, found) = worker
        .transact(task, &snapshot.load, |transaction| {
            batch.begin(transaction)?;
            transaction.execute(&dialect.create_temporary_table_as(STAGED, &query))?;
            if model.outside == Outside::Error {
                checks::inside(transaction, dialect, &staged, time, bounds)?;
            }
            checks::not_null(transaction, dialect, &staged, &promised)?;
            let rows = if exists {
                transaction.execute(&dialect.delete_range(&target, time, bounds))?;
                insert(transaction, dialect, &target, &staged)?
            } else {
                transaction.execute(&dialect.create_table_as(&target, &all_of(dialect, &staged)))?
            };
            let found = batch.end(transaction)?;
            // The session may live for long, and others need the room.
            transaction.execute(&dialect.drop_table(&staged))?;
            let id = (snapshot.load.as_str(), current);
            transaction.record(&entry(context, snapshot, id, Some(bounds), rows))?;
            Ok((rows, found))
        })
        .map_err(|failure| {
            let place = format!("{}: {}", range.describe(), failure.message);
            Failure {
                message: if work.batches.len() > 1 {
                    place
                } else {
                    failure.message.clone()
                },
                ..failure
            }
        })?;
    worker.found(found);
    Ok(rows)
}

/// Merges or appends what the query gives.
pub fn add(
    worker: &mut Worker<'_>,
    task: &Task,
    work: &Adding,
    changes: &mut Vec<Change>,
) -> Result<Done, Failure> {
    let context = worker.context;
    let dialect = context.dialect();
    let model = context.project.model(work.model);
    let snapshot = &task.snapshot;
    let target = physical_relation(&snapshot.physical);
    let key: Vec<&str> = model
        .def
        .incremental
        .unique_key
        .iter()
        .map(|key| key.as_str())
        .collect();
    let promised = promised(model.def.columns.as_slice());
    let staged = dialect.temporary_relation(STAGED);
    let shape = Shape {
        target: &target,
        exists: work.exists,
        // The rows of an earlier version were never held to the audits of this one.
        rows: (!work.adopts).then_some(&staged),
        facts: BatchFacts {
            is_incremental: work.exists,
            full_refresh: work.full_refresh,
        },
        range: None,
    };
    let batch = Batch::new(context, task, &shape)?;
    let (rows, found) = worker.transact(task, &snapshot.load, |transaction| {
        transaction.execute_all(&work.alterations)?;
        batch.begin(transaction)?;
        transaction.execute(&dialect.create_temporary_table_as(STAGED, &work.sql))?;
        checks::not_null(transaction, dialect, &staged, &promised)?;
        if model.strategy == Strategy::UniqueKey {
            checks::keys(transaction, dialect, &staged, &key)?;
        }
        let rows = if !work.exists {
            transaction.execute(&dialect.create_table_as(&target, &all_of(dialect, &staged)))?
        } else if model.strategy == Strategy::UniqueKey {
            let columns = common_columns(transaction, dialect, &target, &staged)?;
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            transaction.execute_all(&dialect.merge(&target, &staged, &columns, &key))?
        } else {
            insert(transaction, dialect, &target, &staged)?
        };
        if work.adopts {
            checks::not_null(transaction, dialect, &target, &promised)?;
        }
        let found = batch.end(transaction)?;
        transaction.execute(&dialect.drop_table(&staged))?;
        let id = (snapshot.load.as_str(), true);
        transaction.record(&entry(context, snapshot, id, None, rows))?;
        Ok((rows, found))
    })?;
    worker.found(found);
    committed(snapshot, true, changes);
    Ok(Done {
        rows: Some(rows),
        added: work.exists,
        intervals: None,
    })
}

fn all_of(dialect: &dyn Dialect, relation: &Name) -> String {
    format!("SELECT * FROM {}", dialect.relation(relation))
}

/// Adds staged rows by the names of the columns that both have.
fn insert(
    transaction: &mut Transaction<'_>,
    dialect: &dyn Dialect,
    target: &Name,
    staged: &Name,
) -> Result<u64, Stop> {
    let columns = common_columns(transaction, dialect, target, staged)?;
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    Ok(transaction.execute(&dialect.insert_query(target, &columns, &all_of(dialect, staged)))?)
}

/// The table's columns that the staged rows have too. They are the same unless the model keeps
/// its columns when the query changes.
fn common_columns(
    transaction: &mut Transaction<'_>,
    dialect: &dyn Dialect,
    target: &Name,
    staged: &Name,
) -> Result<Vec<String>, Stop> {
    let have = transaction.describe(&all_of(dialect, target))?;
    let give = transaction.describe(&all_of(dialect, staged))?;
    Ok(have
        .into_iter()
        .map(|column| column.name)
        .filter(|name| {
            give.iter()
                .any(|column| column.name.eq_ignore_ascii_case(name))
        })
        .collect())
}

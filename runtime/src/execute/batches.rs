//! Incremental models: each batch staged, checked and moved into the table in one transaction.
//!
//! The batches of one model run in order. Side by side, each would be audited without the rows of
//! the others, and little would be won: the engine uses all processors for one batch already, and
//! other models run meanwhile.

use super::batch::{Batch, Shape};
use super::build::{Done, Worker, committed, entry, promised};
use super::checks;
use super::failure::Failure;
use super::slots::{PhysicalSlots, column_range, time_type};
use super::staging::{STAGED, all_of, insert};
use super::task::{Task, TimeRangeWork};
use crate::adapters::{TimeColumn, TimeRange};
use crate::intervals::Range;
use crate::project::{BatchFacts, compose};
use crate::situation::physical_relation;
use crate::state::{Change, Snapshot};
use dbgo_contract::Outside;

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
    if work.batches.is_empty() {
        return match exists {
            true => adopt_table(worker, task, work, changes),
            false => empty_table(worker, task, changes),
        };
    }
    for (index, range) in work.batches.iter().enumerate() {
        let last = index + 1 == work.batches.len();
        snapshot.load = format!("{}/{}/{}", worker.context.run_id, snapshot.model, index + 1);
        let current = last || !work.aside;
        let place = Place {
            range: *range,
            exists,
            adopts: work.adopts && index == 0,
            audited: task.audited || index > 0,
        };
        written += one_range(worker, task, work, (&snapshot, current), &place)?;
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

/// A batch's range, and the table that it goes into.
struct Place {
    range: Range,
    exists: bool,
    /// Whether the table is an earlier version's and wasn't looked at yet.
    adopts: bool,
    /// Whether the rows that are there were held to all of the model's audits.
    audited: bool,
}

/// An earlier version's table in which nothing is missing: only its columns may have to change, and
/// its rows are held to what this version promises.
fn adopt_table(
    worker: &mut Worker<'_>,
    task: &Task,
    work: &TimeRangeWork,
    changes: &mut Vec<Change>,
) -> Result<Done, Failure> {
    let context = worker.context;
    let dialect = context.dialect();
    let model = context.project.model(work.model);
    let snapshot = &task.snapshot;
    let target = physical_relation(&snapshot.physical);
    let shape = Shape {
        target: &target,
        exists: true,
        rows: None,
        facts: BatchFacts {
            is_incremental: true,
            full_refresh: false,
        },
        range: None,
    };
    let batch = Batch::adopting(context, task, &shape)?;
    let promised = promised(model.def.columns.as_slice());
    let found = worker.transact(task, &snapshot.load, |transaction| {
        batch.alter(transaction, &work.alterations)?;
        checks::not_null(transaction, dialect, &target, &promised)?;
        let found = batch.end(transaction)?;
        transaction.record(&entry(context, snapshot, (&snapshot.load, true), None, 0))?;
        Ok(found)
    })?;
    worker.found(found);
    committed(snapshot, true, changes);
    Ok(Done {
        rows: Some(0),
        added: true,
        intervals: Some((0, work.all, work.unit.clone())),
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
    place: &Place,
) -> Result<u64, Failure> {
    let (range, exists) = (place.range, place.exists);
    let context = worker.context;
    let dialect = context.dialect();
    let model = context.project.model(work.model);
    let time = TimeColumn {
        name: model.def.incremental.time_column.as_str(),
        sql_type: time_type(model.def).unwrap_or("TIMESTAMP"),
    };
    let bounds = column_range(model, range);
    let filled = TimeRange {
        start: range.start,
        end: range.end,
    };
    let facts = BatchFacts {
        is_incremental: exists && !work.full_refresh,
        full_refresh: work.full_refresh,
    };
    let slots = PhysicalSlots {
        dialect,
        model,
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
        rows: (place.audited && !place.adopts).then_some(&staged),
        facts,
        range: Some(range),
    };
    let batch = Batch::new(context, task, &shape)?;
    let promised = promised(model.def.columns.as_slice());
    let (rows, found) = worker
        .transact(task, &snapshot.load, |transaction| {
            if place.adopts {
                batch.alter(transaction, &work.alterations)?;
            }
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
            if place.adopts {
                checks::not_null(transaction, dialect, &target, &promised)?;
            }
            let found = batch.end(transaction)?;
            // The session may live for long, and others need the room.
            transaction.execute(&dialect.drop_table(&staged))?;
            let id = (snapshot.load.as_str(), current);
            transaction.record(&entry(context, snapshot, id, Some(filled), rows))?;
            Ok((rows, found))
        })
        .map_err(|failure| {
            let place = format!("{}: {}", range.describe_in(&model.zone), failure.message);
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

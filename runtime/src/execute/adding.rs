//! Models that take all rows of their query at once into a table that they have: rows that are
//! appended, merged by key, that replace partitions, or that become versions of rows.

use super::batch::{Batch, Shape};
use super::build::{Done, Worker, committed, entry, promised};
use super::checks;
use super::commit::Stop;
use super::failure::Failure;
use super::merge;
use super::scd2;
use super::staging::{self, STAGED, all_of};
use super::task::{Adding, Task};
use crate::adapters::{Dialect, Relation as Name, Transaction};
use crate::project::Model;
use crate::situation::physical_relation;
use crate::state::Change;
use dbgo_contract::{List, Materialization, Str, Strategy};
use jiff::Timestamp;

/// The texts of a list of the contract.
pub fn texts(list: List<Str>) -> Vec<&'static str> {
    list.iter().map(|text| text.as_str()).collect()
}

/// Stages what the query gives, checks it and moves it into the table, in one transaction.
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
    let staged = dialect.temporary_relation(STAGED);
    let promised = promised(model.def.columns.as_slice());
    let shape = Shape {
        target: &target,
        exists: work.exists,
        rows: (task.audited && suffice(model, work)).then_some(&staged),
        facts: work.facts,
        range: None,
    };
    let batch = Batch::new(context, task, &shape)?;
    let move_rows = Move {
        model,
        dialect,
        target: &target,
        staged: &staged,
        exists: work.exists,
        now: context.now,
    };
    let (rows, found) = worker.transact(task, &snapshot.load, |transaction| {
        batch.alter(transaction, &work.alterations)?;
        batch.begin(transaction)?;
        transaction.execute(&dialect.create_temporary_table_as(STAGED, &work.sql))?;
        checks::not_null(transaction, dialect, &staged, &given(model, &promised))?;
        let rows = move_rows.run(transaction)?;
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

/// Whether the staged rows are all that an audit of each row has to look at. Not where the table
/// takes other rows than the staged ones, or has rows that were never audited.
fn suffice(model: &Model, work: &Adding) -> bool {
    let merge = &model.def.merge;
    let as_they_are = merge.update.as_slice().is_empty() && merge.delete_when.is_empty();
    model.materialization == Materialization::Incremental && as_they_are && !work.adopts
}

/// The columns that a model's query itself gives, of some of the model's.
fn given(model: &Model, columns: &[&'static str]) -> Vec<&'static str> {
    let scd2 = &model.def.scd2;
    let is_added = |name: &str| {
        let added = [scd2.valid_from.as_str(), scd2.valid_to.as_str()];
        added.iter().any(|added| added.eq_ignore_ascii_case(name))
    };
    columns
        .iter()
        .copied()
        .filter(|name| !is_added(name))
        .collect()
}

/// Staged rows on their way into their table.
pub struct Move<'a> {
    pub model: &'a Model,
    pub dialect: &'a dyn Dialect,
    pub target: &'a Name,
    pub staged: &'a Name,
    pub exists: bool,
    /// The run's clock.
    pub now: Timestamp,
}

impl Move<'_> {
    /// Moves the rows as the model says, and gives how many were written.
    fn run(&self, transaction: &mut Transaction<'_>) -> Result<u64, Stop> {
        if self.model.materialization == Materialization::Scd2 {
            return scd2::keep_versions(transaction, self);
        }
        let (dialect, target, staged) = (self.dialect, self.target, self.staged);
        match self.model.strategy {
            Strategy::UniqueKey => merge::merge(transaction, self),
            _ if !self.exists => {
                Ok(transaction
                    .execute(&dialect.create_table_as(target, &all_of(dialect, staged)))?)
            }
            Strategy::Partition => {
                let partition_by = texts(self.model.def.incremental.partition_by);
                transaction.execute(&dialect.delete_partitions(target, staged, &partition_by))?;
                staging::insert(transaction, dialect, target, staged)
            }
            _ => staging::insert(transaction, dialect, target, staged),
        }
    }

    /// Creates the table with the staged rows' columns and none of the rows.
    pub fn create_empty(&self, transaction: &mut Transaction<'_>, query: &str) -> Result<(), Stop> {
        let empty = format!("SELECT * FROM (\n{query}\n) AS empty LIMIT 0");
        transaction.execute(&self.dialect.create_table_as(self.target, &empty))?;
        Ok(())
    }
}

//! One batch besides its rows: the statements around it, its indexes and its audits, all in the
//! transaction that writes the rows.
//!
//! The order is: `#before`, the rows with their own checks, indexes, `#after`, audits, ledger. So
//! the query sees what `#before` changed, and the audits see what `#after` changed.

use super::audits::{self, AuditQuery, Found};
use super::commit::Stop;
use super::context::Context;
use super::failure::Failure;
use super::indexes::Indexes;
use super::slots::PhysicalSlots;
use super::task::Task;
use crate::adapters::{EngineError, ErrorClass, Relation as Name, Transaction};
use crate::error::Error;
use crate::intervals::Range;
use crate::project::{BatchFacts, Relation, compose_statement};
use dbgo_contract::{Materialization, Render};

/// What a batch writes to, and under which facts.
pub struct Shape<'a> {
    /// The table or view that is written.
    pub target: &'a Name,
    /// Whether it is there before the batch, and is the one that the batch goes on with.
    pub exists: bool,
    /// The batch's rows by themselves, where they suffice for an audit that looks at each row.
    pub rows: Option<&'a Name>,
    pub facts: BatchFacts,
    pub range: Option<Range>,
}

/// One batch besides its rows.
pub struct Batch<'a> {
    context: &'a Context<'a>,
    indexes: Option<Indexes<'a>>,
    exists: bool,
    rows: Option<&'a Name>,
    before: Vec<String>,
    after: Vec<String>,
    audits: Vec<AuditQuery>,
}

impl<'a> Batch<'a> {
    /// Writes all statements and queries that belong to a batch. A seed has none.
    ///
    /// # Errors
    /// `no-table-yet` for a `#before` that reads a table that isn't there; a variable without a
    /// value.
    pub fn new(context: &'a Context<'a>, task: &Task, shape: &Shape<'a>) -> Result<Self, Failure> {
        let Relation::Model(index) = task.relation else {
            return Ok(Self {
                context,
                indexes: None,
                exists: shape.exists,
                rows: None,
                before: Vec::new(),
                after: Vec::new(),
                audits: Vec::new(),
            });
        };
        let model = context.project.model(index);
        let slots = |this: Option<&Name>| PhysicalSlots {
            dialect: context.dialect(),
            model,
            texts: &task.texts,
            this: this.cloned(),
            range: shape.range,
            now: context.now,
        };
        let statements = |renders: &[Render], this: Option<&Name>| {
            let slots = slots(this);
            let composed = renders.iter().filter_map(|render| {
                let of = (context.project, index, *render);
                compose_statement(of, &context.plan, shape.facts, &slots).transpose()
            });
            composed.collect::<Result<Vec<String>, Error>>()
        };
        let after = statements(model.def.after.as_slice(), Some(shape.target))?;
        // What `#after` changes is in the table alone.
        let rows = shape.rows.filter(|_| after.is_empty());
        let audits = audits::queries(context, index, shape.facts, &|by_row| {
            slots(rows.filter(|_| by_row).or(Some(shape.target)))
        })?;
        let has_indexes = model.materialization != Materialization::View;
        let indexes = Indexes::new(model, shape.target, &context.run_id);
        Ok(Self {
            context,
            indexes: has_indexes.then_some(indexes),
            exists: shape.exists,
            rows,
            before: statements(
                model.def.before.as_slice(),
                shape.exists.then_some(shape.target),
            )?,
            after,
            audits,
        })
    }

    /// What belongs to a batch that writes no rows: all but the statements around them.
    ///
    /// # Errors
    /// A variable without a value.
    pub fn adopting(
        context: &'a Context<'a>,
        task: &Task,
        shape: &Shape<'a>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            before: Vec::new(),
            after: Vec::new(),
            ..Self::new(context, task, shape)?
        })
    }

    /// Gives the table other columns.
    pub fn alter(
        &self,
        transaction: &mut Transaction<'_>,
        alterations: &[String],
    ) -> Result<(), Stop> {
        if alterations.is_empty() {
            return Ok(());
        }
        if let Some(indexes) = &self.indexes {
            indexes.drop_all(transaction, self.context.dialect())?;
        }
        transaction.execute_all(alterations)?;
        Ok(())
    }

    /// Runs what comes before the rows.
    pub fn begin(&self, transaction: &mut Transaction<'_>) -> Result<(), Stop> {
        run_all(transaction, &self.before, "#before")
    }

    /// Runs what comes after the rows, and gives what the audits found.
    ///
    /// # Errors
    /// The engine's, and a failure where an audit doesn't let the rows pass.
    pub fn end(&self, transaction: &mut Transaction<'_>) -> Result<Vec<Found>, Stop> {
        if let Some(indexes) = &self.indexes {
            let given = (self.exists, self.rows);
            indexes.settle(transaction, self.context.dialect(), given)?;
        }
        run_all(transaction, &self.after, "#after")?;
        audits::run(transaction, self.context.dialect(), &self.audits)
    }
}

fn run_all(
    transaction: &mut Transaction<'_>,
    statements: &[String],
    place: &str,
) -> Result<(), Stop> {
    for statement in statements {
        let result = transaction.execute(statement);
        result.map_err(|error| within(error, &format!("`{place}`")))?;
    }
    Ok(())
}

/// An engine's error with what it happened in, unless it is one that may pass or that ends the
/// run.
pub fn within(error: EngineError, what: &str) -> Stop {
    use ErrorClass::{Binder, Catalog, Constraint, Data, Other};
    if !matches!(error.class, Binder | Catalog | Constraint | Data | Other) {
        return Stop::Engine(error);
    }
    let failure = Failure::from(error);
    Stop::Check(Failure {
        message: format!("{what}: {}", failure.message),
        ..failure
    })
}

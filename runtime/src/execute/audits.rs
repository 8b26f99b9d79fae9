//! Audits: queries for the rows that are wrong, run over a batch before it is committed.
//!
//! An audit that looks at each row by itself sees the batch's rows, all others the whole table.
//! All of a model's audits run, also behind one that failed, so that one run tells everything.

use super::batch::within;
use super::build::{Done, Worker};
use super::checks::cells;
use super::commit::Stop;
use super::context::Context;
use super::failure::Failure;
use super::slots::PhysicalSlots;
use super::task::Task;
use crate::adapters::{Column, Dialect, EngineError, Transaction};
use crate::events::{AuditOutcome, AuditStatus};
use crate::project::{Audit, BatchFacts, Threshold, compose_query, rendered_by};
use crate::situation::physical_relation;
use crate::state::Change;
use crate::version::fingerprint;
use dbgo_contract::Severity;

/// How many failing rows are kept as examples.
const SAMPLE: usize = 5;

/// How many characters of a value an example has at most.
const SHOWN_CHARACTERS: usize = 100;

/// How many digits of an audit's fingerprint are kept.
const DIGITS: usize = 16;

/// How many failing rows are stored at most.
const STORED: usize = 10_000;

/// An audit with its query.
pub struct AuditQuery {
    /// Its place in the model's list.
    index: usize,
    audit: Audit,
    sql: String,
}

/// What an audit found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The audit's place in the model's list.
    pub index: usize,
    /// Whether it looked at the batch's rows alone.
    by_row: bool,
    pub outcome: AuditOutcome,
    /// The failing rows themselves, where they are to be stored.
    pub rows: Option<FailingRows>,
}

/// Failing rows, with values as text.
#[derive(Clone, Debug)]
pub struct FailingRows {
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Option<String>>>,
}

/// Writes the queries of a model's audits. `slots` gives what stands in them: for audits that
/// look at each row by itself, and for the others.
pub fn queries<'s>(
    context: &Context<'_>,
    model: usize,
    facts: BatchFacts,
    slots: &dyn Fn(bool) -> PhysicalSlots<'s>,
) -> Result<Vec<AuditQuery>, Failure> {
    let audits = context.project.model(model).audits.iter().enumerate();
    let query = |(index, audit): (usize, &Audit)| {
        let of = (context.project, model, audit.def.render);
        let slots = slots(audit.def.by_row);
        let sql = compose_query(of, &context.plan, facts, &slots)?.sql;
        Ok(AuditQuery {
            index,
            audit: *audit,
            sql,
        })
    };
    audits.map(query).collect()
}

/// Runs audits in a batch's transaction.
///
/// # Errors
/// The engine's; and a failure that tells all audits that don't let the rows pass, and carries
/// what every audit found.
pub fn run(
    transaction: &mut Transaction<'_>,
    dialect: &dyn Dialect,
    queries: &[AuditQuery],
) -> Result<Vec<Found>, Stop> {
    let mut found = Vec::new();
    for query in queries {
        let what = format!("audit `{}`", query.audit.def.call);
        let one = run_one(transaction, dialect, query).map_err(|error| within(error, &what))?;
        found.push(one);
    }
    match failure(&found) {
        None => Ok(found),
        Some(failure) => Err(Stop::Check(Failure {
            audits: found,
            ..failure
        })),
    }
}

fn run_one(
    transaction: &mut Transaction<'_>,
    dialect: &dyn Dialect,
    query: &AuditQuery,
) -> Result<Found, EngineError> {
    let counted = transaction.query(&dialect.query_row_count(&query.sql))?;
    let count = cells(&counted).into_iter().flatten().flatten().next();
    let failing_rows = count.and_then(|text| text.parse().ok()).unwrap_or(0);
    let (status, threshold) = verdict(&query.audit, failing_rows);
    let def = query.audit.def;
    let mut sample = Vec::new();
    let mut rows = None;
    if failing_rows > 0 && status != AuditStatus::Passed {
        let limit = if def.store_failures { STORED } else { SAMPLE };
        let fetched = transaction.query(&dialect.rows_as_text(&query.sql, limit))?;
        let values = cells(&fetched);
        let fields = fetched.schema.fields();
        let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
        sample = values
            .iter()
            .take(SAMPLE)
            .map(|row| example(&names, row))
            .collect();
        if def.store_failures {
            let columns = transaction.describe(&query.sql)?;
            rows = Some(FailingRows {
                columns,
                rows: values,
            });
        }
    }
    Ok(Found {
        index: query.index,
        by_row: def.by_row,
        outcome: AuditOutcome {
            call: def.call.to_string(),
            severity: query.audit.severity.word(),
            status,
            failing_rows,
            threshold,
            sample,
            stored: String::new(),
        },
        rows,
    })
}

/// What a number of failing rows means, and the comparison that says so where it isn't the usual
/// one.
fn verdict(audit: &Audit, failing_rows: u64) -> (AuditStatus, String) {
    let unusual = |threshold: Threshold| match threshold {
        Threshold::ANY => String::new(),
        threshold => threshold.to_string(),
    };
    if audit.severity == Severity::Error && audit.error_if.holds(failing_rows) {
        (AuditStatus::Failed, unusual(audit.error_if))
    } else if audit.warn_if.holds(failing_rows) {
        (AuditStatus::Warned, unusual(audit.warn_if))
    } else {
        (AuditStatus::Passed, String::new())
    }
}

fn example(names: &[&str], row: &[Option<String>]) -> Vec<(String, Option<String>)> {
    let shorten = |value: &String| match value.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.clone(),
    };
    names
        .iter()
        .zip(row)
        .map(|(name, value)| ((*name).to_owned(), value.as_ref().map(shorten)))
        .collect()
}

/// The failure that audits mean, if any of them failed.
fn failure(found: &[Found]) -> Option<Failure> {
    let failed = found.iter().map(|found| &found.outcome);
    let failed: Vec<&AuditOutcome> = failed
        .filter(|outcome| outcome.status == AuditStatus::Failed)
        .collect();
    match failed.as_slice() {
        [] => None,
        [one] => Some(Failure::finding(one.to_string()).detail(one.examples().join("\n"))),
        several => {
            let lines = several.iter().flat_map(|outcome| {
                let examples = outcome.examples();
                let examples = examples.into_iter().map(|line| format!("  {line}"));
                std::iter::once(outcome.to_string()).chain(examples)
            });
            let detail = lines.collect::<Vec<_>>().join("\n");
            Some(Failure::finding(format!("{} audits failed", several.len())).detail(detail))
        }
    }
}

/// Joins what the audits of a model found in one batch to what they found in those before it.
pub fn join(before: &mut Vec<Found>, batch: Vec<Found>) {
    for found in batch {
        let Some(known) = before.iter_mut().find(|known| known.index == found.index) else {
            before.push(found);
            continue;
        };
        if !found.by_row {
            // It saw the whole table, and so all that the one before it saw.
            *known = found;
            continue;
        }
        let (outcome, other) = (&mut known.outcome, found.outcome);
        outcome.failing_rows += other.failing_rows;
        if other.status > outcome.status {
            outcome.threshold = other.threshold;
            outcome.status = other.status;
        }
        let room = SAMPLE.saturating_sub(outcome.sample.len());
        outcome.sample.extend(other.sample.into_iter().take(room));
        match (&mut known.rows, found.rows) {
            (Some(known), Some(rows)) => {
                let room = STORED.saturating_sub(known.rows.len());
                known.rows.extend(rows.rows.into_iter().take(room));
            }
            (known @ None, rows) => *known = rows,
            _ => {}
        }
    }
}

/// Runs the audits of a model over the table that it has and keeps: one got an audit, and nothing
/// else about its rows changed. Nothing is written but failing rows that are to be stored, and that
/// the rows were held to these audits.
///
/// # Errors
/// The engine's; and a failure where an audit doesn't let the rows pass.
pub fn audit_existing(
    worker: &mut Worker<'_>,
    task: &Task,
    index: usize,
    changes: &mut Vec<Change>,
) -> Result<Done, Failure> {
    let context = worker.context;
    let table = physical_relation(&task.snapshot.physical);
    let model = context.project.model(index);
    let queries = queries(context, index, BatchFacts::default(), &|_| PhysicalSlots {
        dialect: context.dialect(),
        model,
        texts: &task.texts,
        this: Some(table.clone()),
        range: None,
        now: context.now,
    })?;
    let mut transaction = worker.session.begin()?;
    let found = run(&mut transaction, context.dialect(), &queries);
    let ended = transaction.rollback();
    let found = found.map_err(|stop| match stop {
        Stop::Engine(error) => error.into(),
        Stop::Check(failure) => failure,
    })?;
    ended?;
    worker.found(found);
    changes.push(Change::Snapshot(task.snapshot.clone()));
    Ok(Done::default())
}

/// What tells each of a model's audits from others: its call, what it means and its query.
///
/// # Errors
/// A variable without a value.
pub fn fingerprints(context: &Context<'_>, model: usize) -> Result<Vec<String>, Failure> {
    let node = context.project.model(model);
    let of_audit = |audit: &Audit| {
        let facts = BatchFacts::default();
        let rendered = rendered_by(audit.def.render, node, &context.plan, facts)?;
        let mut texts = vec![
            audit.def.call.to_string(),
            audit.severity.word().to_owned(),
            audit.warn_if.to_string(),
            audit.error_if.to_string(),
        ];
        for piece in &rendered.pieces {
            texts.push(format!("{}/{}", piece.kind, piece.index));
            texts.push(piece.text.to_string());
        }
        texts.extend(rendered.variables.iter().map(|value| value.literal.clone()));
        let all = fingerprint(texts.iter().map(String::as_str));
        Ok(all.get(..DIGITS).unwrap_or(&all).to_owned())
    };
    node.audits.iter().map(of_audit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbgo_contract::{AuditDef, Facts, List, Sink, Str};

    extern "C" fn nothing(_: &Facts, _: &mut Sink) {}

    static AUDIT: AuditDef = AuditDef {
        name: Str::new("a"),
        call: Str::new("a()"),
        severity: 0,
        by_row: true,
        columns: List::new(&[]),
        warn_if: Str::EMPTY,
        error_if: Str::EMPTY,
        store_failures: false,
        render: nothing,
    };

    fn audit(severity: Severity, warn_if: &str, error_if: &str) -> Audit {
        let threshold = |text: &str| Threshold::parse(text).unwrap_or(Threshold::ANY);
        Audit {
            def: &AUDIT,
            severity,
            warn_if: threshold(warn_if),
            error_if: threshold(error_if),
        }
    }

    #[test]
    fn an_error_is_looked_for_before_a_warning() {
        use AuditStatus::{Failed, Passed, Warned};
        let (error, warn) = (Severity::Error, Severity::Warn);
        for (severity, warn_if, error_if, rows, status) in [
            (error, "", "", 0, Passed),
            (error, "", "", 1, Failed),
            (error, "> 2", "> 5", 2, Passed),
            (error, "> 2", "> 5", 3, Warned),
            (error, "> 2", "> 5", 6, Failed),
            (error, "", "= 0", 0, Failed),
            (error, "", "= 0", 3, Warned),
            (warn, "", "", 9, Warned),
            (warn, "> 10", "> 0", 9, Passed),
        ] {
            let found = verdict(&audit(severity, warn_if, error_if), rows).0;
            assert_eq!(found, status, "{severity:?} {warn_if} {error_if} {rows}");
        }
    }

    fn found(by_row: bool, status: AuditStatus, failing_rows: u64) -> Found {
        let row = vec![("x".to_owned(), None)];
        Found {
            index: 0,
            by_row,
            outcome: AuditOutcome {
                call: "a()".to_owned(),
                severity: "warn",
                status,
                failing_rows,
                threshold: String::new(),
                sample: vec![row; usize::try_from(failing_rows.min(5)).unwrap()],
                stored: String::new(),
            },
            rows: None,
        }
    }

    #[test]
    fn batches_add_up_unless_each_saw_the_whole_table() {
        use AuditStatus::{Passed, Warned};
        for (by_row, status, rows) in [(true, Warned, 7), (false, Passed, 0)] {
            let mut all = vec![found(by_row, Warned, 3)];
            join(&mut all, vec![found(by_row, Warned, 4)]);
            join(&mut all, vec![found(by_row, Passed, 0)]);
            let outcome = &all[0].outcome;
            assert_eq!((outcome.status, outcome.failing_rows), (status, rows));
            assert!(outcome.sample.len() <= SAMPLE);
        }
    }
}

//! Old rows of the engine's ledger that tell nothing which later ones don't tell as well.
//!
//! The ledger is what everything that was built is read from where the state is lost, so that it must tell the
//! same before and after. Of each table stay the first row, which says when it was made, the last one, the
//! last one of each version in it, and whatever has a part of its own in what is known: failing rows, a
//! table that was taken over. Of the others one row stays for each range of time that they filled
//! together. A publication goes whose views were all changed again. That the ledger tells the same is looked
//! at before anything is deleted, and nothing is where it doesn't.

use super::claim::take_engine;
use super::details::{Details, from_ledger};
use super::failure::opening_failed;
use super::opening::Opening;
use super::options::RunOptions;
use crate::adapters::{CommittedBatch, EngineError, TimeRange};
use crate::error::Result;
use crate::faults::{Point, fail_point};
use crate::intervals::{IntervalSet, Range};
use crate::state::Change;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What of a ledger goes, and what becomes of the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compaction {
    /// The ids of batches whose rows go.
    pub removed: Vec<String>,
    /// Rows that tell of a longer range than before.
    pub changed: Vec<CommittedBatch>,
}

/// Prunes the ledger of an engine that was just opened, if state and engine agree on it and nobody is in
/// the midst of something. Gives how many rows went.
///
/// # Errors
/// `lease-held`, `fenced`, failures of state and engine.
pub fn prune(opening: &mut Opening<'_>, since: Timestamp, run: &RunOptions) -> Result<usize> {
    if !is_agreed(opening) {
        return Ok(0);
    }
    let engine = opening.situation.place.engine.clone();
    let failed = |error: EngineError| opening_failed(&error, &engine);
    let ledger = opening.session.ledger().map_err(failed)?;
    let scope = opening.situation.place.scope.clone();
    let compaction = compact(&ledger, &scope.project, since);
    if compaction.removed.is_empty() {
        return Ok(0);
    }
    let token = take_engine(opening, &run.author.name)?;
    let pruned = write(opening, &compaction, token).map_err(failed);
    let mark = pruned.and_then(|()| opening.session.ledger_mark().map_err(failed));
    let state = &mut opening.situation.state;
    let told = mark.and_then(|mark| state.apply(&scope, &[Change::Ledger { mark }]));
    state.release(&scope.project, &scope.engine, token)?;
    told.map(|()| compaction.removed.len())
}

/// Whether the state knows all that the ledger tells, and no command is in the midst of something.
fn is_agreed(opening: &Opening<'_>) -> bool {
    let known = &opening.situation.known;
    let engine = &opening.situation.place.scope.engine;
    let mut environments = known.environments.values();
    opening.has_ledger()
        && !opening.adopts
        && known.ledger.as_ref() == Some(&opening.mark)
        && known.unfinished.is_empty()
        && opening.changes.is_empty()
        && environments.all(|row| {
            row.engine != *engine || row.intent.is_empty() && row.pending_plan.is_empty()
        })
}

fn write(
    opening: &mut Opening<'_>,
    compaction: &Compaction,
    token: u64,
) -> std::result::Result<(), EngineError> {
    let mut transaction = opening.session.begin()?;
    let removed: Vec<&str> = compaction.removed.iter().map(String::as_str).collect();
    transaction.replace_batches(&removed, &compaction.changed)?;
    transaction.check_fence(token)?;
    fail_point(Point::BeforeSweepCommit, "ledger")?;
    transaction.commit()?;
    fail_point(Point::AfterSweepCommit, "ledger")?;
    Ok(())
}

/// What may go of a ledger's rows that were written before an instant; nothing where it would tell
/// something else then.
pub fn compact(ledger: &[CommittedBatch], project: &str, since: Timestamp) -> Compaction {
    let rows: Vec<(&CommittedBatch, Details)> = ledger
        .iter()
        .filter_map(|batch| Some((batch, serde_json::from_str(&batch.entry.details).ok()?)))
        .filter(|(_, details): &(_, Details)| details.project == project)
        .collect();
    let mut compaction = tables(&rows, since);
    compaction.removed.extend(publications(&rows, since));
    match told(ledger, project) == told(&compacted(ledger, &compaction), project) {
        true => compaction,
        false => Compaction::default(),
    }
}

/// Everything that a ledger tells, in an order that doesn't depend on that of its rows.
fn told(ledger: &[CommittedBatch], project: &str) -> Vec<String> {
    let (_, changes) = from_ledger(ledger, (project, ""));
    let mut told: Vec<String> = changes.iter().map(|change| format!("{change:?}")).collect();
    told.sort();
    told
}

/// A ledger as it is afterwards.
fn compacted(ledger: &[CommittedBatch], compaction: &Compaction) -> Vec<CommittedBatch> {
    let removed: HashSet<&String> = compaction.removed.iter().collect();
    let changed = compaction.changed.iter();
    let changed: HashMap<&String, &CommittedBatch> =
        changed.map(|it| (&it.entry.batch_id, it)).collect();
    let rows = ledger.iter();
    let rows = rows.filter(|batch| !removed.contains(&batch.entry.batch_id));
    rows.map(|batch| (*changed.get(&batch.entry.batch_id).unwrap_or(&batch)).clone())
        .collect()
}

/// What goes of the rows about tables.
fn tables(rows: &[(&CommittedBatch, Details)], since: Timestamp) -> Compaction {
    let mut of_table: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, (_, details)) in rows.iter().enumerate() {
        if let Some(snapshot) = &details.snapshot {
            of_table.entry(&snapshot.physical).or_default().push(index);
        }
    }
    let mut compaction = Compaction::default();
    for indexes in of_table.into_values() {
        let needed = needed(rows, &indexes);
        let is_old = |index: &usize| rows[*index].0.committed_at < since;
        let old: Vec<&CommittedBatch> = indexes
            .iter()
            .filter(|index| is_old(index) && !needed.contains(*index))
            .map(|index| rows[*index].0)
            .collect();
        merge(&old, &mut compaction);
    }
    compaction
}

/// Those of a table's rows that tell something which no other one does.
fn needed(rows: &[(&CommittedBatch, Details)], indexes: &[usize]) -> HashSet<usize> {
    let mut needed: HashSet<usize> = indexes.first().into_iter().copied().collect();
    needed.extend(indexes.last());
    let mut last: HashMap<(&str, &str, &str), usize> = HashMap::new();
    for &index in indexes {
        let details = &rows[index].1;
        if details.supersedes || details.failing_rows.is_some() || !details.adopted.is_empty() {
            needed.insert(index);
        }
        if let Some(snapshot) = details.snapshot.as_ref().filter(|_| details.current) {
            let of = (
                snapshot.model.as_str(),
                snapshot.version.as_str(),
                snapshot.preview.as_str(),
            );
            last.insert(of, index);
        }
    }
    needed.extend(last.into_values());
    needed
}

/// Leaves one row for each range that rows fill together.
fn merge(old: &[&CommittedBatch], compaction: &mut Compaction) {
    let range = |batch: &CommittedBatch| {
        let range = batch.entry.range;
        range.and_then(|range| Range::new(range.start, range.end))
    };
    let filled: IntervalSet = old.iter().filter_map(|batch| range(batch)).collect();
    let mut removed: Vec<&CommittedBatch> = Vec::new();
    let mut within: Vec<Vec<&CommittedBatch>> = vec![Vec::new(); filled.ranges().len()];
    for batch in old {
        let whole = range(batch).and_then(|range| {
            let mut ranges = filled.ranges().iter();
            ranges.position(|whole| whole.start <= range.start && range.end <= whole.end)
        });
        match whole {
            Some(whole) => within[whole].push(batch),
            None => removed.push(batch),
        }
    }
    for (whole, batches) in filled.ranges().iter().zip(&within) {
        let Some((last, others)) = batches.split_last() else {
            continue;
        };
        removed.extend(others);
        if range(last).as_ref() == Some(whole) {
            continue;
        }
        let mut longer = (*last).clone();
        longer.entry.range = Some(TimeRange {
            start: whole.start,
            end: whole.end,
        });
        longer.entry.rows = batches.iter().map(|batch| batch.entry.rows).sum();
        compaction.changed.push(longer);
    }
    let ids = removed
        .into_iter()
        .map(|batch| batch.entry.batch_id.clone());
    compaction.removed.extend(ids);
}

/// The publications whose views were all changed again later.
fn publications(rows: &[(&CommittedBatch, Details)], since: Timestamp) -> Vec<String> {
    let mut later: HashSet<(&str, &str)> = HashSet::new();
    let mut found = Vec::new();
    for (batch, details) in rows.iter().rev() {
        let shown = details.published.iter().map(|entry| entry.model.as_str());
        let gone = details.withdrawn.iter().map(String::as_str);
        let models: Vec<(&str, &str)> = shown
            .chain(gone)
            .map(|model| (details.environment.as_str(), model))
            .collect();
        let is_publication = details.snapshot.is_none()
            && details.failing_rows.is_none()
            && details.adopted.is_empty()
            && !details.environment.is_empty();
        let is_needless = models.iter().all(|model| later.contains(model));
        if is_publication && is_needless && batch.committed_at < since {
            found.push(batch.entry.batch_id.clone());
        }
        later.extend(models);
    }
    found
}

#[cfg(test)]
mod tests;

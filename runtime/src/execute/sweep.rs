//! Tables and views in `_dbgo` that nothing needs any more.

use super::context::Context;
use super::details::AUDIT;
use super::schedule::Walk;
use crate::adapters::{EngineError, Session};
use crate::faults::{Point, fail_point};
use crate::situation::{audit_table, physical_relation};
use crate::state::{Change, Object};
use std::borrow::Cow;
use std::collections::HashSet;

/// Drops tables and views of ours that no snapshot, no view of any environment and no other
/// kept view reads. Only what the state recorded is dropped, by exact name.
pub fn sweep(
    context: &Context<'_>,
    session: &mut Session,
    walk: &Walk,
    published: &[Change],
) -> std::result::Result<Vec<Change>, EngineError> {
    let mut known = Cow::Borrowed(&context.known);
    for change in walk.changes.iter().chain(published) {
        known.to_mut().apply(change, &context.scope.environment);
    }
    let mut kept: HashSet<String> = HashSet::new();
    let elsewhere = known.elsewhere.iter();
    let mut waiting: Vec<String> = elsewhere.map(|(_, shown)| shown.physical.clone()).collect();
    let snapshots = known.snapshots.values();
    waiting.extend(snapshots.map(|snapshot| snapshot.physical.clone()));
    let shown = known.published.values();
    waiting.extend(shown.map(|entry| entry.physical.clone()));
    while let Some(name) = waiting.pop() {
        if let Some(object) = known.objects.get(&name) {
            waiting.extend(
                object
                    .uses
                    .iter()
                    .filter(|used| !kept.contains(*used))
                    .cloned(),
            );
        }
        kept.insert(name);
    }
    let mut unneeded: Vec<&Object> = known
        .objects
        .values()
        .filter(|object| !kept.contains(&object.physical) && !keeps_failures(context, object))
        .collect();
    if unneeded.is_empty() {
        return Ok(Vec::new());
    }
    unneeded.sort_by_key(|object| (object.kind != "view", object.physical.clone()));
    let dialect = context.dialect();
    let statements: Vec<String> = unneeded
        .iter()
        .map(|object| {
            let name = physical_relation(&object.physical);
            if object.kind == "view" {
                dialect.drop_view(&name)
            } else {
                dialect.drop_table(&name)
            }
        })
        .collect();
    let dropped = |object: &Object| Change::Dropped {
        physical: object.physical.clone(),
    };
    if drop_all(session, context.token, &statements).is_ok() {
        return Ok(unneeded.into_iter().map(dropped).collect());
    }
    // What can't be dropped keeps nothing else.
    let mut changes = Vec::new();
    let mut failure = None;
    for (object, statement) in unneeded.into_iter().zip(&statements) {
        match drop_all(session, context.token, std::slice::from_ref(statement)) {
            Ok(()) => changes.push(dropped(object)),
            Err(error) => failure = Some(error),
        }
    }
    match failure {
        Some(error) if changes.is_empty() => Err(error),
        _ => Ok(changes),
    }
}

/// Whether an object holds the failing rows of an audit that there still is.
fn keeps_failures(context: &Context<'_>, object: &Object) -> bool {
    if object.kind != AUDIT {
        return false;
    }
    let models = context.project.models().iter();
    let mut models = models.filter(|model| model.def.path.as_str() == object.model);
    models.any(|model| {
        let names = (model.def.schema.as_str(), model.def.name.as_str());
        let mut audits = model.audits.iter().enumerate();
        audits.any(|(index, audit)| {
            audit.def.store_failures && audit_table(names, index) == object.physical
        })
    })
}

fn drop_all(
    session: &mut Session,
    token: u64,
    statements: &[String],
) -> std::result::Result<(), EngineError> {
    let mut transaction = session.begin()?;
    transaction.execute_all(statements)?;
    transaction.check_fence(token)?;
    fail_point(Point::BeforeSweepCommit, "")?;
    transaction.commit()?;
    fail_point(Point::AfterSweepCommit, "")?;
    Ok(())
}

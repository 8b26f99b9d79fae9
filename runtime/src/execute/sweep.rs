//! Tables and views in `_dbgo` that nothing needs any more.

use super::context::Context;
use super::details::AUDIT;
use super::schedule::Walk;
use crate::adapters::{Dialect, EngineError, Session};
use crate::faults::{Point, fail_point};
use crate::project::Project;
use crate::situation::{audit_table, physical_relation};
use crate::state::{Change, Known, Object};
use std::borrow::Cow;
use std::collections::HashSet;

/// Drops tables and views of ours that no snapshot, no view of any environment and no other
/// kept view reads. Only what the state recorded is dropped, by exact name. Snapshots in `retired`
/// are gone already.
pub fn sweep(
    context: &Context<'_>,
    session: &mut Session,
    (walk, published): (&Walk, &[Change]),
    retired: &[String],
) -> std::result::Result<Vec<Change>, EngineError> {
    let mut known = Cow::Borrowed(&context.known);
    for change in walk.changes.iter().chain(published) {
        known.to_mut().apply(change, &context.scope.environment);
    }
    let unneeded = unneeded(&known, retired, context.project);
    let dropping = Dropping {
        dialect: context.dialect(),
        token: context.token,
    };
    dropping.drop(session, &unneeded)
}

/// Those of the known objects that nothing needs: no snapshot but retired ones, no view of an
/// environment, and no view that is kept itself.
pub fn unneeded<'k>(known: &'k Known, retired: &[String], project: &Project) -> Vec<&'k Object> {
    let retired: HashSet<&str> = retired.iter().map(String::as_str).collect();
    let mut kept: HashSet<String> = HashSet::new();
    let named = known.all_snapshots().map(|snapshot| &snapshot.physical);
    let named = named.filter(|name| !retired.contains(name.as_str()));
    let mut waiting: Vec<String> = named.chain(shown(known)).cloned().collect();
    while let Some(name) = waiting.pop() {
        if let Some(object) = known.objects.get(&name) {
            let used = object.uses.iter().filter(|used| !kept.contains(*used));
            waiting.extend(used.cloned());
        }
        kept.insert(name);
    }
    let mut unneeded: Vec<&Object> = known
        .objects
        .values()
        .filter(|object| !kept.contains(&object.physical) && !keeps_failures(project, object))
        .collect();
    unneeded.sort_by_key(|object| (object.kind != "view", object.physical.clone()));
    unneeded
}

/// The tables and views that views of environments read.
pub fn shown(known: &Known) -> impl Iterator<Item = &String> {
    let elsewhere = known.elsewhere.iter().map(|(_, shown)| &shown.physical);
    let here = known.published.values().map(|entry| &entry.physical);
    elsewhere.chain(here)
}

/// How objects are dropped.
pub struct Dropping<'a> {
    /// The engine's SQL.
    pub dialect: &'a dyn Dialect,
    /// The token that the engine was fenced with.
    pub token: u64,
}

impl Dropping<'_> {
    /// Drops objects in their order, together; if that fails each by itself, so that one that can't be
    /// dropped keeps no other one. Gives the changes of the state for those that are gone.
    ///
    /// # Errors
    /// What the engine says, if it dropped none.
    pub fn drop(
        &self,
        session: &mut Session,
        objects: &[&Object],
    ) -> std::result::Result<Vec<Change>, EngineError> {
        if objects.is_empty() {
            return Ok(Vec::new());
        }
        let dropped = |object: &&Object| Change::Dropped {
            physical: object.physical.clone(),
        };
        if self.drop_together(session, objects).is_ok() {
            return Ok(objects.iter().map(dropped).collect());
        }
        let mut changes = Vec::new();
        let mut failure = None;
        for object in objects {
            match self.drop_together(session, &[object]) {
                Ok(()) => changes.push(dropped(object)),
                Err(error) => failure = Some(error),
            }
        }
        match failure {
            Some(error) if changes.is_empty() => Err(error),
            _ => Ok(changes),
        }
    }

    fn statement(&self, object: &Object) -> String {
        let name = physical_relation(&object.physical);
        if object.kind == "view" {
            self.dialect.drop_view(&name)
        } else {
            self.dialect.drop_table(&name)
        }
    }

    fn drop_together(
        &self,
        session: &mut Session,
        objects: &[&Object],
    ) -> std::result::Result<(), EngineError> {
        let names: Vec<&str> = objects
            .iter()
            .map(|object| object.physical.as_str())
            .collect();
        let mut transaction = session.begin()?;
        for object in objects {
            transaction.execute(&self.statement(object))?;
        }
        transaction.forget_batches(&names)?;
        transaction.check_fence(self.token)?;
        fail_point(Point::BeforeSweepCommit, "")?;
        transaction.commit()?;
        fail_point(Point::AfterSweepCommit, "")?;
        Ok(())
    }
}

/// Whether an object holds the failing rows of an audit that there still is.
fn keeps_failures(project: &Project, object: &Object) -> bool {
    if object.kind != AUDIT {
        return false;
    }
    let model = project.model_at(&object.model);
    model.is_some_and(|(_, model)| {
        let names = (model.def.schema.as_str(), model.def.name.as_str());
        let mut audits = model.audits.iter().enumerate();
        audits.any(|(index, audit)| {
            audit.def.store_failures && audit_table(names, index) == object.physical
        })
    })
}

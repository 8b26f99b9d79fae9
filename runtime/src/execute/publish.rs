//! The users' views, changed together in one transaction, and what isn't needed any more.

use super::commit::{Committer, LEAST_RETRIES, Stop, What};
use super::context::Context;
use super::details::{AUDIT, Details};
use super::failure::engine_failed;
use super::interrupt::Interrupt;
use super::naming::{audit_table, physical_relation, view_key, view_name};
use super::schedule::Walk;
use crate::adapters::{
    EngineError, LedgerEntry, PublishedRevision, Relation as Name, RelationKind, Session,
    Transaction,
};
use crate::error::{Code, Error, Kind, Result};
use crate::faults::{Bug, Point, fail_point, is_seeded};
use crate::project::Relation;
use crate::state::{Change, Object, Published};
use crate::version::fingerprint;
use jiff::Timestamp;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

/// Refuses to go on where a view would replace something that isn't ours.
///
/// # Errors
/// `not-ours` with its name.
pub fn check_ownership(context: &Context<'_>, scope: &[Relation]) -> Result<()> {
    let ours: HashSet<(String, String)> = context
        .known
        .published
        .values()
        .map(|entry| view_key(&entry.view_schema, &entry.view_name))
        .collect();
    for relation in scope {
        let view = view_of(context, *relation);
        let key = view_key(&view.schema, &view.name);
        let Some(found) = context.users.get(&key) else {
            continue;
        };
        let is_view = *found == RelationKind::View;
        if !is_view || !ours.contains(&key) {
            let what = if is_view { "view" } else { "table" };
            return Err(Error::new(
                Kind::Refused,
                Code::NotOurs,
                format!(
                    "the {what} `{}.{}` wasn't made by this project, and `{}` would replace it",
                    view.schema,
                    view.name,
                    context.project.path_of(*relation)
                ),
            )
            .hint("rename or drop it, or use another `[env] default`"));
        }
    }
    Ok(())
}

fn view_of(context: &Context<'_>, relation: Relation) -> Name {
    view_name(
        context.project.schema_and_name(relation),
        context.plan.environment,
    )
}

/// Whether any of these relations has a version that isn't published here.
pub fn changed(context: &Context<'_>, scope: &[Relation]) -> usize {
    scope
        .iter()
        .filter(|relation| {
            let published = context
                .known
                .published
                .get(context.project.path_of(**relation));
            published.is_none_or(|entry| entry.version != context.versions.get(**relation))
        })
        .count()
}

/// What a publication changes.
pub struct Publication {
    views: Vec<Published>,
    withdrawn: Vec<Published>,
}

impl Publication {
    /// Compares what is ready with what is published.
    pub fn new(context: &Context<'_>, scope: &[Relation], walk: &Walk, whole: bool) -> Self {
        let mut views = Vec::new();
        let mut names = HashSet::new();
        for relation in scope {
            let Some(wanted) = wanted(context, *relation, walk) else {
                continue;
            };
            let key = view_key(&wanted.view_schema, &wanted.view_name);
            names.insert(key.clone());
            let same = context.known.published.get(&wanted.model) == Some(&wanted);
            if !same || !context.users.contains_key(&key) {
                views.push(wanted);
            }
        }
        let published = context.known.published.values().filter(|_| whole);
        let in_scope: HashSet<&str> = scope
            .iter()
            .map(|relation| context.project.path_of(*relation))
            .collect();
        let withdrawn = published.filter(|entry| !in_scope.contains(entry.model.as_str()));
        Self {
            withdrawn: withdrawn
                .filter(|entry| !names.contains(&view_key(&entry.view_schema, &entry.view_name)))
                .cloned()
                .collect(),
            views,
        }
    }

    /// How many views change.
    pub fn len(&self) -> usize {
        self.views.len() + self.withdrawn.len()
    }

    /// Changes the views in one transaction, and gives the changes of the state.
    ///
    /// # Errors
    /// What the engine says; nothing is changed then.
    pub fn publish(
        &self,
        context: &Context<'_>,
        session: &mut Session,
        interrupt: &Interrupt,
    ) -> Result<Vec<Change>> {
        if self.len() == 0 {
            return Ok(Vec::new());
        }
        let statements = self.statements(context);
        let entry = self.entry(context);
        let mut committer = Committer {
            adapter: &*context.adapter,
            session,
            interrupt,
            in_doubt: &context.in_doubt,
            token: context.token,
            timeout: None,
        };
        let what = (What::Publication, entry.batch_id.as_str(), LEAST_RETRIES);
        let statements = match is_seeded(Bug::TwoPublications) {
            true => first_half(&mut committer, what, statements),
            false => statements,
        };
        let committed = committer.transact(what, |transaction| {
            transaction.execute_all(&statements)?;
            transaction.record(&entry)?;
            Ok(record_published(context, transaction)?)
        });
        committed.map_err(|stop| match stop {
            Stop::Engine(error) => engine_failed(&error, "publishing"),
            Stop::Check(failure) => Error::new(failure.kind, Code::EngineFailed, failure.message),
        })?;
        let environment = &context.scope.environment;
        let shown = self.views.iter().map(|entry| Change::Published {
            environment: environment.clone(),
            entry: entry.clone(),
        });
        let gone = self.withdrawn.iter().map(|entry| Change::Withdrawn {
            environment: environment.clone(),
            model: entry.model.clone(),
        });
        Ok(gone.chain(shown).collect())
    }

    fn statements(&self, context: &Context<'_>) -> Vec<String> {
        let dialect = context.dialect();
        let schemas: BTreeSet<&str> = self
            .views
            .iter()
            .map(|view| view.view_schema.as_str())
            .collect();
        let create_schemas = schemas
            .into_iter()
            .map(|schema| dialect.create_schema(schema));
        let drop = self.withdrawn.iter().filter(|entry| {
            context
                .users
                .get(&view_key(&entry.view_schema, &entry.view_name))
                .is_some_and(|found| *found == RelationKind::View)
        });
        let drop =
            drop.map(|entry| dialect.drop_view(&Name::new(&entry.view_schema, &entry.view_name)));
        let create = self.views.iter().map(|view| {
            let physical = dialect.relation(&physical_relation(&view.physical));
            dialect.create_or_replace_view(
                &Name::new(&view.view_schema, &view.view_name),
                &format!("SELECT * FROM {physical}"),
            )
        });
        create_schemas.chain(drop).chain(create).collect()
    }

    fn entry(&self, context: &Context<'_>) -> LedgerEntry {
        let details = Details {
            project: context.scope.project.clone(),
            environment: context.scope.environment.clone(),
            published: self.views.clone(),
            withdrawn: self
                .withdrawn
                .iter()
                .map(|entry| entry.model.clone())
                .collect(),
            ..Details::default()
        };
        LedgerEntry {
            batch_id: format!("{}/publish", context.run_id),
            run_id: context.run_id.clone(),
            model: String::new(),
            version: String::new(),
            physical_table: String::new(),
            range: None,
            rows: 0,
            token: context.token,
            details: details.to_json(),
        }
    }
}

/// Writes that the environment's next revision is this run's.
fn record_published(
    context: &Context<'_>,
    transaction: &mut Transaction<'_>,
) -> std::result::Result<(), EngineError> {
    let (project, environment) = (&context.scope.project, &context.scope.environment);
    let before = transaction.published(project, environment)?;
    transaction.record_published(&PublishedRevision {
        project: project.clone(),
        environment: environment.clone(),
        revision: before.map_or(0, |before| before.revision) + 1,
        plan: context.run_id.clone(),
        project_version: context.project.def.hash.to_string(),
        published_at: Timestamp::now(),
    })
}

/// Publishes the first half of the statements alone, as only a seeded bug does; gives the rest.
fn first_half(
    committer: &mut Committer<'_>,
    what: (What, &str, u32),
    mut statements: Vec<String>,
) -> Vec<String> {
    let rest = statements.split_off(statements.len() / 2);
    let first = committer.transact(
        what,
        |transaction| Ok(transaction.execute_all(&statements)?),
    );
    match first {
        Ok(_) => rest,
        Err(_) => [statements, rest].concat(),
    }
}

fn wanted(context: &Context<'_>, relation: Relation, walk: &Walk) -> Option<Published> {
    let physical = walk.ready.get(&relation)?.physical.clone()?;
    let view = view_of(context, relation);
    let columns = match relation {
        Relation::Model(index) => context.project.model(index).def.columns,
        Relation::Seed(index) => context.project.seeds()[index].columns,
        Relation::Source(_) => return None,
    };
    let columns = columns
        .iter()
        .flat_map(|column| [column.name.as_str(), column.sql_type.as_str()]);
    Some(Published {
        model: context.project.path_of(relation).to_owned(),
        version: context.versions.get(relation).to_owned(),
        physical,
        view_schema: view.schema,
        view_name: view.name,
        columns: fingerprint(columns),
    })
}

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
    let mut waiting: Vec<String> = elsewhere.map(|(_, entry)| entry.physical.clone()).collect();
    let snapshots = known.all_snapshots();
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

//! The users' views, changed together in one transaction.
//!
//! A publication is written down in the state with its statements before the engine is asked
//! ([`Intent`]): from then on there is only forward, and whoever comes next, of whatever version of the
//! project, can finish it. The engine's ledger says whether it happened.

use super::commit::{Committer, Patience, Stop, What};
use super::context::Context;
use super::details::Details;
use super::failure::engine_failed;
use super::interrupt::Interrupt;
use super::schedule::Walk;
use crate::adapters::{
    Adapter, EngineError, LedgerEntry, PublishedRevision, Relation as Name, RelationKind, Session,
    Transaction,
};
use crate::environments::{Environment, view_key, view_of};
use crate::error::{Code, Error, Kind, Result};
use crate::events::duration;
use crate::faults::{Bug, is_seeded};
use crate::plan::{Target, is_shown};
use crate::project::{Project, Relation};
use crate::situation::show_statement;
use crate::state::{Change, Pointer, Published, Snapshot};
use crate::version::fingerprint;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Refuses to go on where a view would replace something that isn't ours.
///
/// # Errors
/// `not-ours` with its name.
pub fn check_ownership(
    target: &Target,
    environment: &Environment,
    published: &std::collections::BTreeMap<String, Published>,
    users: &HashMap<(String, String), RelationKind>,
) -> Result<()> {
    let ours: HashSet<(String, String)> = published
        .values()
        .map(|entry| view_key(&entry.view_schema, &entry.view_name))
        .collect();
    for model in target
        .models
        .values()
        .filter(|it| is_shown(&it.pinned.kind))
    {
        let pinned = &model.pinned;
        let view = view_of((&pinned.schema, &pinned.name), environment);
        let key = view_key(&view.schema, &view.name);
        let Some(found) = users.get(&key) else {
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
                    view.schema, view.name, pinned.model
                ),
            )
            .hint("rename or drop it, or use another environment"));
        }
    }
    Ok(())
}

/// How long a publication is tried where the project says nothing.
const USUAL_TIME: Duration = Duration::from_mins(5);

/// Who publishes, and for how long that is tried.
pub struct Publishing<'a> {
    pub interrupt: &'a Interrupt,
    /// Set where the result of its commit stays unknown.
    pub in_doubt: &'a AtomicBool,
    /// The lease under which it is written.
    pub token: u64,
    /// How long it is tried while others are in its way.
    pub time: Duration,
}

/// How long a publication of a project is tried: `publish_timeout` of `[run]`.
pub fn publish_time(project: &Project) -> Duration {
    match project.def.run.publish_timeout_seconds {
        0 => USUAL_TIME,
        seconds => Duration::from_secs(seconds),
    }
}

/// A publication as it is written down before it begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The id of its batch in the ledger.
    pub batch_id: String,
    /// The run.
    pub run: String,
    /// The plan.
    pub plan: String,
    /// What the engine executes, in one transaction.
    pub statements: Vec<String>,
    /// What the ledger keeps beside it.
    pub details: Details,
    /// Who published.
    pub by: String,
}

/// What a publication changes.
pub struct Publication {
    views: Vec<Published>,
    withdrawn: Vec<Published>,
    adopted: Vec<Snapshot>,
    pointer: Option<Pointer>,
}

impl Publication {
    /// Compares what is ready with what is published. `whole`: what isn't in the target goes.
    pub fn new(
        context: &Context<'_>,
        target: &Target,
        walk: &Walk,
        (whole, pointer): (bool, Option<Pointer>),
    ) -> Self {
        let mut views = Vec::new();
        let mut names = HashSet::new();
        for model in target
            .models
            .values()
            .filter(|it| is_shown(&it.pinned.kind))
        {
            if context.is_left_to_base(&model.pinned) {
                continue;
            }
            let Some(wanted) = wanted(context, model, walk) else {
                continue;
            };
            let key = view_key(&wanted.view_schema, &wanted.view_name);
            names.insert(key.clone());
            let same = context.known.published.get(&wanted.model) == Some(&wanted);
            if !same || context.options.repair || !context.users.contains_key(&key) {
                views.push(wanted);
            }
        }
        let published = context.known.published.values().filter(|_| whole);
        let withdrawn = published
            .filter(|entry| {
                let wanted = target.models.get(&entry.model);
                wanted.is_none_or(|model| context.is_left_to_base(&model.pinned))
            })
            .filter(|entry| !names.contains(&view_key(&entry.view_schema, &entry.view_name)))
            .cloned()
            .collect();
        Self {
            views,
            withdrawn,
            adopted: context.adopted.clone(),
            pointer,
        }
    }

    /// How many views change.
    pub fn view_count(&self) -> usize {
        self.views.len() + self.withdrawn.len()
    }

    /// Whether nothing changes, neither a view nor what the environment points to.
    pub fn is_empty(&self) -> bool {
        self.view_count() == 0 && self.pointer.is_none()
    }

    /// What is written down before it begins.
    pub fn intent(&self, context: &Context<'_>) -> Intent {
        let shown = |entries: &[Published]| -> Vec<String> {
            entries.iter().map(|entry| entry.model.clone()).collect()
        };
        Intent {
            batch_id: format!("{}/publish", context.run_id),
            run: context.run_id.clone(),
            plan: context.plan_id.clone(),
            statements: self.statements(context),
            details: Details {
                project: context.scope.project.clone(),
                environment: context.scope.environment.clone(),
                published: self.views.clone(),
                withdrawn: shown(&self.withdrawn),
                adopted: self.adopted.clone(),
                pointer: self.pointer.clone(),
                ..Details::default()
            },
            by: context.author.clone(),
        }
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
            show_statement(
                dialect,
                &Name::new(&view.view_schema, &view.view_name),
                &view.physical,
            )
        });
        create_schemas.chain(drop).chain(create).collect()
    }
}

impl Intent {
    /// Executes it, in one transaction with its ledger row.
    ///
    /// # Errors
    /// What the engine says; nothing is changed then.
    pub fn publish(
        &self,
        adapter: &dyn Adapter,
        session: &mut Session,
        publishing: &Publishing<'_>,
    ) -> Result<()> {
        let entry = self.entry(publishing.token);
        let mut committer = Committer {
            adapter,
            session,
            interrupt: publishing.interrupt,
            in_doubt: publishing.in_doubt,
            token: publishing.token,
            timeout: None,
        };
        let patience = Patience::Time(publishing.time);
        let what = (What::Publication, entry.batch_id.as_str(), patience);
        let statements = match is_seeded(Bug::TwoPublications) {
            true => first_half(&mut committer, what, self.statements.clone()),
            false => self.statements.clone(),
        };
        let committed = committer.transact(what, |transaction| {
            transaction.execute_together(&statements)?;
            transaction.record(&entry)?;
            Ok(self.record_published(transaction)?)
        });
        committed.map_err(|stop| match stop {
            Stop::Engine(error) if error.class.is_retryable() => {
                in_the_way(&error, publishing.time)
            }
            Stop::Engine(error) => engine_failed(&error, "publishing"),
            Stop::Check(failure) => Error::new(failure.kind, Code::EngineFailed, failure.message),
        })
    }

    /// What the state has to know of it once it has happened.
    pub fn changes(&self) -> Vec<Change> {
        let environment = &self.details.environment;
        let shown = self
            .details
            .published
            .iter()
            .map(|entry| Change::Published {
                environment: environment.clone(),
                entry: entry.clone(),
            });
        let gone = self
            .details
            .withdrawn
            .iter()
            .map(|model| Change::Withdrawn {
                environment: environment.clone(),
                model: model.clone(),
            });
        gone.chain(shown).collect()
    }

    fn entry(&self, token: u64) -> LedgerEntry {
        LedgerEntry {
            batch_id: self.batch_id.clone(),
            run_id: self.run.clone(),
            model: String::new(),
            version: String::new(),
            physical_table: String::new(),
            range: None,
            rows: 0,
            token,
            details: self.details.to_json(),
        }
    }

    /// Writes that the environment's next revision is this one's.
    fn record_published(
        &self,
        transaction: &mut Transaction<'_>,
    ) -> std::result::Result<(), EngineError> {
        let (project, environment) = (&self.details.project, &self.details.environment);
        let before = transaction.published(project, environment)?;
        let version = match (&self.details.pointer, &before) {
            (Some(pointer), _) => pointer.project_version.clone(),
            (None, Some(before)) => before.project_version.clone(),
            (None, None) => String::new(),
        };
        transaction.record_published(&PublishedRevision {
            project: project.clone(),
            environment: environment.clone(),
            revision: before.map_or(0, |before| before.revision) + 1,
            plan: self.plan.clone(),
            project_version: version,
            published_at: Timestamp::now(),
        })
    }
}

/// Others were in the way for as long as it is tried.
fn in_the_way(error: &EngineError, time: Duration) -> Error {
    let error = engine_failed(error, "publishing");
    Error {
        message: format!("{} (tried for {})", error.message, duration(time)),
        ..error
    }
    .hint("the next command publishes it; `publish_timeout` of `[run]` says how long it is tried")
}

/// What a model's view shall show, if that is there.
fn wanted(
    context: &Context<'_>,
    model: &crate::plan::TargetModel,
    walk: &Walk,
) -> Option<Published> {
    let pinned = &model.pinned;
    let view = view_of((&pinned.schema, &pinned.name), &context.environment);
    let of = |physical: String, columns: String| Published {
        model: pinned.model.clone(),
        version: pinned.version.clone(),
        physical,
        view_schema: view.schema.clone(),
        view_name: view.name.clone(),
        columns,
    };
    let ready = model
        .relation
        .and_then(|relation| walk.ready.get(&relation));
    if let (Some(ready), Some(relation)) = (ready, model.relation) {
        let columns = match relation {
            Relation::Model(index) => context.project.model(index).def.columns,
            Relation::Seed(index) => context.project.seeds()[index].columns,
            Relation::Source(_) => return None,
        };
        let columns = columns
            .iter()
            .flat_map(|column| [column.name.as_str(), column.sql_type.as_str()]);
        return Some(of(ready.physical.clone()?, fingerprint(columns)));
    }
    let snapshot = context.snapshot(&pinned.model, &pinned.version)?;
    let columns = snapshot.columns.iter();
    let columns = columns.flat_map(|(name, sql_type)| [name.as_str(), sql_type.as_str()]);
    Some(of(snapshot.physical.clone(), fingerprint(columns)))
}

/// Publishes the first half of the statements alone, as only a seeded bug does; gives the rest.
fn first_half(
    committer: &mut Committer<'_>,
    what: (What, &str, Patience),
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

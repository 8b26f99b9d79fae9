//! Taking an environment: its row in the state, the leases, and the fence in the engine.

use super::failure::opening_failed;
use super::interrupt::Interrupt;
use super::opening::Opening;
use super::publish::{Intent, Publishing, publish_time};
use super::turns::{PAUSE, check_interrupt, is_worth_waiting};
use super::with_others::outdated;
use crate::adapters::{EngineError, Fence, Session, is_for_many};
use crate::config::EngineSettings;
use crate::error::{Code, Error, Kind, Result};
use crate::plan::{Plan, short};
use crate::project::Project;
use crate::state::{
    Change, Claim, ENGINE_LEASE, Environment as Row, Finish, Holder, Lease, Refusal, Scope, State,
};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// How long a lease lasts without a heartbeat where the project says nothing.
const USUAL_LEASE: Duration = Duration::from_secs(30);

/// How long a lease of what is opened lasts without a heartbeat.
pub fn lease_of(opening: &Opening<'_>) -> Duration {
    lease_time(opening.situation.place.project)
}

/// How long a lease of a project lasts without a heartbeat.
pub fn lease_time(project: &Project) -> Duration {
    match project.def.run.lease_seconds {
        0 => USUAL_LEASE,
        seconds => Duration::from_secs(seconds),
    }
}

/// What is asked for when an environment is taken.
pub struct Wanted<'a> {
    pub plan: &'a Plan,
    /// Whether the plan was begun before.
    pub resume: bool,
    pub author: &'a str,
    /// The tables that will be written, by the names of their leases; nothing where whoever has the engine open
    /// is alone with it.
    pub leases: Option<&'a BTreeSet<String>>,
    /// How long to wait for who is at work, where others may be.
    pub wait: Option<Duration>,
    pub interrupt: &'a Interrupt,
}

/// Takes the environment for a plan, and the tables that it writes: state first, then the engine. From then on
/// nobody else changes them, and this process can't any more once somebody else takes over.
///
/// # Errors
/// `stale-plan`, `pending-plan`, `lease-held`, `fenced`, and failures of state and engine.
pub fn claim(opening: &mut Opening<'_>, wanted: &Wanted<'_>) -> Result<u64> {
    create_row(opening)?;
    let holder = Holder::this_process(&user_of(wanted.author));
    let token = lease(opening, wanted, &holder)?;
    let taken = fence(opening, token, &holder).and_then(|()| check_current(opening, wanted));
    if taken.is_err() {
        // Nothing was changed yet; the leases would only keep others waiting.
        let scope = opening.situation.place.scope.clone();
        let state = &mut opening.situation.state;
        let _ = state.release(&scope.project, &scope.engine, token);
    }
    taken.map(|()| token)
}

/// Refuses to go on where others have changed what the plan is about before it was leased.
fn check_current(opening: &mut Opening<'_>, wanted: &Wanted<'_>) -> Result<()> {
    let nothing = BTreeSet::new();
    if !opening.is_for_many() || opening.is_current(wanted.leases.unwrap_or(&nothing))? {
        return Ok(());
    }
    Err(outdated())
}

/// Takes the leases in the state.
fn lease(opening: &mut Opening<'_>, wanted: &Wanted<'_>, holder: &Holder) -> Result<u64> {
    let (plan, resume, begun) = (wanted.plan, wanted.resume, Instant::now());
    let scope = opening.situation.place.scope.clone();
    loop {
        let claim = Claim {
            project: &scope.project,
            engine: &scope.engine,
            environment: &scope.environment,
            expected_revision: plan.revision,
            plan: &plan.id,
            holder: holder.clone(),
            leases: wanted.leases.into_iter().flatten().cloned().collect(),
            lease: lease_of(opening),
            engine_epoch: opening.epoch,
            resume,
        };
        match opening.situation.state.claim(&claim)? {
            Ok(claimed) => return Ok(claimed.token),
            Err(Refusal::Held(lease))
                if opening.is_for_many() && is_worth_waiting(&lease, wanted.wait, begun) =>
            {
                check_interrupt(wanted.interrupt)?;
                std::thread::sleep(PAUSE);
            }
            Err(Refusal::Pending { plan: pending })
                if !resume && is_run(&mut opening.situation.state, &scope, &pending)? =>
            {
                // A run that was broken off left nothing to be gone on with: what it built is there. If its
                // publication has begun meanwhile, only the next command can end that.
                let state = &mut opening.situation.state;
                if !state.abandon(&scope.project, &scope.environment, &pending)? {
                    return Err(refused(&scope, Refusal::Pending { plan: pending }));
                }
            }
            Err(refusal) => return Err(refused(&scope, refusal)),
        }
    }
}

/// `ana` of `ana@laptop`.
pub fn user_of(author: &str) -> String {
    author.split('@').next().unwrap_or_default().to_owned()
}

fn create_row(opening: &mut Opening<'_>) -> Result<()> {
    let situation = &mut opening.situation;
    let environment = situation.place.environment;
    let now = situation.state.now()?;
    let expires_at = environment
        .time_to_live
        .and_then(|time| now.checked_add(time).ok());
    match situation.known.environments.get(environment.name).cloned() {
        None => {
            let row = new_row(opening, now, expires_at);
            let state = &mut opening.situation.state;
            state.create_environment(&opening.situation.place.scope.project, &row)?;
            let rows = &mut opening.situation.known.environments;
            rows.insert(row.name.clone(), row);
        }
        Some(row) if row.engine != situation.place.scope.engine => {
            return Err(Error::new(
                Kind::Refused,
                Code::UnknownEngine,
                format!(
                    "the environment `{}` lives on the engine `{}`, and the project says `{}`",
                    row.name, row.engine, situation.place.scope.engine
                ),
            )
            .hint("an environment stays where it was made: drop it first, or use another name"));
        }
        Some(row) => {
            let changed = Row {
                protected: environment.protected,
                expires_at,
                ..row.clone()
            };
            if changed.protected != row.protected || environment.time_to_live.is_some() {
                let project = situation.place.scope.project.clone();
                let revision = row.revision;
                situation
                    .state
                    .update_environment(&project, &changed, revision)?;
            }
        }
    }
    Ok(())
}

fn new_row(opening: &Opening<'_>, now: Timestamp, expires_at: Option<Timestamp>) -> Row {
    let place = &opening.situation.place;
    let base = opening.base.clone().unwrap_or_default();
    Row {
        name: place.environment.name.to_owned(),
        engine: place.scope.engine.clone(),
        revision: 0,
        project_version: String::new(),
        project_hash: String::new(),
        commit: String::new(),
        base: base.0,
        base_revision: base.1,
        protected: place.environment.protected,
        created_at: now,
        changed_at: now,
        changed_by: String::new(),
        expires_at,
        pending_plan: String::new(),
        intent: String::new(),
    }
}

/// Whether something pending is a run, and no plan that was stored.
fn is_run(state: &mut State, scope: &Scope, pending: &str) -> Result<bool> {
    let plans = state.plan(&scope.project, pending)?;
    Ok(!plans.iter().any(|plan| plan.id == pending))
}

/// Takes a lease of a whole engine in the state, which nobody gets while anybody else is at work on it; gives
/// the token, or who is.
///
/// # Errors
/// Failures of the state.
pub fn claim_engine(
    state: &mut State,
    scope: &Scope,
    (holder, lease, epoch): (&Holder, Duration, u64),
) -> Result<std::result::Result<u64, Refusal>> {
    let claim = Claim {
        project: &scope.project,
        engine: &scope.engine,
        environment: "",
        expected_revision: 0,
        plan: "",
        holder: holder.clone(),
        leases: Vec::new(),
        lease,
        engine_epoch: epoch,
        resume: false,
    };
    let claimed = state.claim_engine(&claim)?;
    Ok(claimed.map(|claimed| claimed.token))
}

/// Takes a whole engine: its lease, and then its fence.
///
/// # Errors
/// `lease-held`, `fenced`, failures of state and engine.
pub fn take_engine(opening: &mut Opening<'_>, author: &str) -> Result<u64> {
    let holder = Holder::this_process(&user_of(author));
    let scope = opening.situation.place.scope.clone();
    let with = (&holder, lease_of(opening), opening.epoch);
    match claim_engine(&mut opening.situation.state, &scope, with)? {
        Ok(token) => fence(opening, token, &holder).map(|()| token),
        Err(Refusal::Held(lease)) => Err(held(&lease)),
        Err(_) => Err(Error::new(
            Kind::Refused,
            Code::LeaseHeld,
            "the engine is being changed by somebody else",
        )),
    }
}

/// Gives the engine's fence to a token.
///
/// # Errors
/// `fenced`, failures of the engine.
pub fn fence(opening: &mut Opening<'_>, token: u64, holder: &Holder) -> Result<()> {
    let has_ledger = opening.has_ledger();
    let identity = opening.situation.state.identity().to_owned();
    let session = &mut opening.session;
    let adopts = opening.adopts;
    let mut work = || {
        if !has_ledger {
            session.create_bookkeeping(&identity)?;
        }
        if adopts {
            session.adopt(&identity)?;
        }
        Ok(())
    };
    let place = &opening.situation.place;
    work().map_err(|error| opening_failed(&error, &place.engine))?;
    let with = (&mut opening.situation.state, session);
    take_fence(with, (&place.scope, &place.engine), (token, holder))
}

/// Gives the fence of an engine that has dbgo's own tables to a token, and takes it from all whose claims have
/// ended. What the engine has is looked at first: a token that it knows was claimed by then, and one that isn't
/// claimed any more never is again.
///
/// Where several write, whoever takes over between the claim and its fence finds no fence to take away. So the
/// claim is looked at once more: it has ended if the other one came before, and otherwise the other one sees the
/// fence. What is left then is dropped by the next one.
///
/// # Errors
/// `fenced`, failures of state and engine.
pub fn take_fence(
    (state, session): (&mut State, &mut Session),
    (scope, engine): (&Scope, &EngineSettings),
    (token, holder): (u64, &Holder),
) -> Result<()> {
    let failed = |error: EngineError| opening_failed(&error, engine);
    let fences = session.fences().map_err(failed)?;
    let claimed = match fences.is_empty() {
        true => Vec::new(),
        false => state.claimed_tokens(&scope.project, &scope.engine)?,
    };
    let ended: Vec<u64> = fences
        .into_iter()
        .filter(|it| !claimed.contains(it))
        .collect();
    let name = format!("{}@{} (process {})", holder.user, holder.host, holder.pid);
    let fence = Fence {
        state_id: state.identity(),
        token,
        holder: &name,
        ended: &ended,
    };
    session.take_fence(&fence).map_err(failed)?;
    if is_for_many(engine.kind)
        && !state
            .claimed_tokens(&scope.project, &scope.engine)?
            .contains(&token)
    {
        return Err(taken_over(&scope.environment));
    }
    Ok(())
}

fn refused(scope: &Scope, refusal: Refusal) -> Error {
    let environment = &scope.environment;
    let error = |code, message: String| Error::new(Kind::Refused, code, message);
    match refusal {
        Refusal::Missing => error(
            Code::UnknownEnvironment,
            format!("somebody dropped the environment `{environment}` meanwhile"),
        ),
        Refusal::Moved(row) => moved(&row),
        Refusal::Pending { plan } => error(
            Code::PendingPlan,
            format!(
                "the plan {} of `{environment}` was begun and isn't done",
                short(&plan)
            ),
        )
        .hint("`apply --continue` ends it, `apply --abandon` gives it up"),
        Refusal::Held(lease) => held(&lease),
        Refusal::Buried { physical } => error(
            Code::VersionGone,
            format!("the table `{physical}` is being dropped"),
        )
        .hint("try again"),
    }
}

/// What has changed since a plan was made.
pub fn moved(row: &Row) -> Error {
    let by = if row.changed_by.is_empty() {
        String::new()
    } else {
        format!(" by {}", row.changed_by)
    };
    Error::new(
        Kind::Refused,
        Code::StalePlan,
        format!(
            "`{}` was changed{by} since the plan was made: it is at revision {} now",
            row.name, row.revision
        ),
    )
    .hint("make a new plan")
}

/// Who holds a lease.
pub fn held(lease: &Lease) -> Error {
    let holder = &lease.holder;
    let what = match lease.name.as_str() {
        ENGINE_LEASE => "the engine".to_owned(),
        name => match name.strip_prefix("environment/") {
            Some(environment) => format!("`{environment}`"),
            None => format!("the table `{name}`"),
        },
    };
    Error::new(
        Kind::Refused,
        Code::LeaseHeld,
        format!(
            "{what} is being changed by {} on {} (process {})",
            holder.user, holder.host, holder.pid
        ),
    )
    .hint(format!(
        "wait for it; its lease ends at {} unless it goes on",
        lease.expires_at
    ))
}

/// Ends a publication that was begun: if the engine doesn't have it yet, it gets it; then the state is
/// told.
///
/// # Errors
/// Failures of state and engine.
pub fn finish_begun(
    opening: &mut Opening<'_>,
    interrupt: &super::interrupt::Interrupt,
) -> Result<bool> {
    let Some(row) = opening.situation.pointer().cloned() else {
        return Ok(false);
    };
    if row.intent.is_empty() {
        return Ok(false);
    }
    let Ok(intent) = serde_json::from_str::<Intent>(&row.intent) else {
        return Err(Error::new(
            Kind::Refused,
            Code::StateMovedOn,
            format!(
                "another version of dbgo began a publication in `{}` that this one can't read",
                row.name
            ),
        )
        .hint("use that version to end it"));
    };
    let scope = opening.situation.place.scope.clone();
    let holder = Holder::this_process("");
    let claim = Claim {
        project: &scope.project,
        engine: &scope.engine,
        environment: &scope.environment,
        expected_revision: row.revision,
        plan: &row.pending_plan,
        holder: holder.clone(),
        leases: Vec::new(),
        lease: lease_of(opening),
        engine_epoch: opening.epoch,
        resume: true,
    };
    let claimed = opening.situation.state.claim(&claim)?;
    let token = claimed.map_err(|refusal| refused(&scope, refusal))?.token;
    fence(opening, token, &holder)?;
    let engine = opening.situation.place.engine.clone();
    let is_there = opening.session.committed_batch(&intent.batch_id);
    let is_there = is_there.map_err(|error| opening_failed(&error, &engine))?;
    if is_there.is_none() {
        let in_doubt = AtomicBool::new(false);
        let adapter = opening.adapter.clone();
        intent.publish(
            &*adapter,
            &mut opening.session,
            &Publishing {
                interrupt,
                in_doubt: &in_doubt,
                token,
                time: publish_time(opening.situation.place.project),
            },
        )?;
    }
    let mark = opening.session.ledger_mark();
    let mark = mark.map_err(|error| opening_failed(&error, &engine))?;
    let mut changes = std::mem::take(&mut opening.changes);
    changes.extend(intent.changes());
    changes.push(Change::Ledger { mark: mark.clone() });
    finish(
        &mut opening.situation.state,
        &scope,
        &intent,
        (token, changes),
    )?;
    opening.notes.push(format!(
        "the publication that {} had begun in `{}` is done",
        intent.by, row.name
    ));
    Ok(true)
}

/// Tells the state that a publication has happened: what the environment points to, what its views
/// show, and that nobody works on it any more.
///
/// # Errors
/// `fenced` where somebody took over; `state-failed`.
pub fn finish(
    state: &mut State,
    scope: &Scope,
    intent: &Intent,
    (token, changes): (u64, Vec<Change>),
) -> Result<()> {
    let finish = Finish {
        token,
        pointer: intent.details.pointer.clone(),
        plan_status: "applied".to_owned(),
        by: intent.by.clone(),
        changes,
    };
    match state.finish(scope, &finish)? {
        true => Ok(()),
        false => Err(taken_over(&scope.environment)),
    }
}

/// Somebody else works on the environment by now.
pub fn taken_over(environment: &str) -> Error {
    Error::new(
        Kind::Refused,
        Code::Fenced,
        format!("another process took over `{environment}`"),
    )
    .hint("nothing was written after that; the other one goes on with what was built")
}

//! What a run leaves behind on an engine that several processes write: it is dropped by whoever is alone.
//!
//! What one job doesn't need another one may be reading or about to show, so that nothing is dropped while
//! anybody is at work: a job tidies up once it has given its leases back, if it is alone then.

use super::claim::{claim_engine, lease_time, take_fence, user_of};
use super::context::Context;
use super::failure::opening_failed;
use super::retire::{is_anything_old, retire};
use super::schedule::Walk;
use super::sweep::{Dropping, unneeded};
use super::with_others::told;
use crate::adapters::{BOOKKEEPING_SCHEMA, Session};
use crate::config::EngineSettings;
use crate::error::Result;
use crate::state::{Change, Holder, State};
use std::collections::BTreeSet;

/// Drops what nobody needs any more, if nobody else is at work on the engine.
///
/// # Errors
/// Failures of state and engine.
pub fn tidy_up(
    context: &Context<'_>,
    (state, session): (&mut State, &mut Session),
    (walk, published): (&Walk, &[Change]),
    (engine, versions): (&EngineSettings, bool),
) -> Result<()> {
    let mut known = context.known.clone();
    for change in walk.changes.iter().chain(published) {
        known.apply(change, &context.scope.environment);
    }
    let is_needless = unneeded(&known, &[], context.project).is_empty()
        && !(versions && is_anything_old(&known, context));
    if is_needless {
        return Ok(());
    }
    let scope = &context.scope;
    let holder = Holder::this_process(&user_of(&context.author));
    let with = (&holder, lease_time(context.project), context.token);
    let Ok(token) = claim_engine(state, scope, with)? else {
        return Ok(());
    };
    let by = (context, engine, token, &holder);
    let done = drop_needless((state, session), by, versions);
    state.release(&scope.project, &scope.engine, token)?;
    done
}

/// Reads what there is, now that nobody changes it, and drops what isn't needed.
fn drop_needless(
    (state, session): (&mut State, &mut Session),
    (context, engine, token, holder): (&Context<'_>, &EngineSettings, u64, &Holder),
    versions: bool,
) -> Result<()> {
    let scope = &context.scope;
    take_fence((state, session), (scope, engine), (token, holder))?;
    let failed = |error| opening_failed(&error, engine);
    let (ledger, names) = session
        .ledger_and_names(&[BOOKKEEPING_SCHEMA])
        .map_err(failed)?;
    let names: BTreeSet<String> = names.into_iter().map(|(name, _)| name.name).collect();
    let of_state = state.known(scope)?;
    let is_there = |name: &str| names.contains(name);
    let mut known = told(&ledger, (&of_state, &is_there), scope);
    known.objects.retain(|name, _| names.contains(name));
    let retired = match versions {
        true => retire(state, context, &known)?,
        false => Vec::new(),
    };
    let needless = unneeded(&known, &retired, context.project);
    let dropping = Dropping {
        dialect: context.dialect(),
        token,
    };
    let changes = dropping.drop(session, &needless).map_err(failed)?;
    state.apply(scope, &changes)
}

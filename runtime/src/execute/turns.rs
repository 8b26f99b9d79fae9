//! Taking turns on an engine that several processes write: waiting for who is at work, and beginning anew
//! where somebody else changed what a plan was made for.
//!
//! Who has a file open is alone with it, so that nothing of this happens there.

use super::claim::held;
use super::interrupt::Interrupt;
use super::opening::Opening;
use super::options::RunOptions;
use crate::adapters::is_for_many;
use crate::config::state_address;
use crate::error::{Code, Error, Kind, Result};
use crate::project::Project;
use crate::situation::{Place, Request};
use crate::state::{ENGINE_LEASE, Holder, Lease, State, environment_lease};
use std::time::{Duration, Instant};

/// The pause between two looks at a lease.
pub const PAUSE: Duration = Duration::from_millis(100);

/// How long everybody waits for who works on a whole engine: it tidies up, and is soon done.
const TIDYING: Duration = Duration::from_secs(10);

/// How often something is begun anew that others have changed meanwhile. Each time somebody else got on.
const TURNS: u32 = 20;

/// Whether a lease that is held is waited for any longer.
pub fn is_worth_waiting(lease: &Lease, wait: Option<Duration>, begun: Instant) -> bool {
    let least = match lease.name == ENGINE_LEASE {
        true => TIDYING,
        false => Duration::ZERO,
    };
    begun.elapsed() < wait.unwrap_or_default().max(least)
}

/// Waits until nobody works on the environment, or on its whole engine.
///
/// # Errors
/// `lease-held` with who does; failures of the state; an interrupt.
pub fn await_turn(
    project: &Project,
    request: &Request,
    (wait, interrupt): (Option<Duration>, &Interrupt),
) -> Result<()> {
    let place = Place::of(project, request)?;
    if !is_for_many(place.engine.kind) {
        return Ok(());
    }
    let mut state = State::open(&state_address(project, &place.lookup)?)?;
    let begun = Instant::now();
    let wanted = [
        environment_lease(place.environment.name),
        ENGINE_LEASE.to_owned(),
    ];
    let scope = (place.scope.project.as_str(), place.scope.engine.as_str());
    while let Some(lease) = at_work(&mut state, scope, &wanted)? {
        if !is_worth_waiting(&lease, wait, begun) {
            return Err(held(&lease));
        }
        check_interrupt(interrupt)?;
        std::thread::sleep(PAUSE);
    }
    state.close()
}

/// Refuses to go on where somebody began to work on the environment while its engine was opened.
///
/// # Errors
/// `lease-held` with who did; failures of the state.
pub fn check_turn(opening: &mut Opening<'_>) -> Result<()> {
    if !opening.is_for_many() {
        return Ok(());
    }
    let scope = &opening.situation.place.scope;
    let wanted = [environment_lease(&scope.environment)];
    let of = (scope.project.as_str(), scope.engine.as_str());
    match at_work(&mut opening.situation.state, of, &wanted)? {
        Some(lease) => Err(held(&lease)),
        None => Ok(()),
    }
}

/// The first of some leases that somebody holds who is alive.
fn at_work(
    state: &mut State,
    (project, engine): (&str, &str),
    wanted: &[String],
) -> Result<Option<Lease>> {
    let now = state.now()?;
    let observer = Holder::this_process("");
    let leases = state.leases(project, engine)?;
    Ok(leases.into_iter().find(|lease| {
        let is_free = lease.expires_at <= now || lease.holder.is_dead(&observer);
        wanted.contains(&lease.name) && !is_free
    }))
}

/// Fails if somebody wishes an end.
///
/// # Errors
/// `interrupted`.
pub fn check_interrupt(interrupt: &Interrupt) -> Result<()> {
    match interrupt.is_wished() {
        true => Err(Error::new(
            Kind::Interrupted,
            Code::Interrupted,
            "interrupted",
        )),
        false => Ok(()),
    }
}

/// Does something for which a plan is made, and begins anew where others have changed meanwhile what the
/// plan was made for, on an engine where that happens. Each attempt is given what is left of the time to wait.
///
/// # Errors
/// Those of the last attempt.
pub fn in_turn<T>(
    (project, request): (&Project, &Request),
    (options, interrupt): (&RunOptions, &Interrupt),
    mut attempt: impl FnMut(&RunOptions) -> Result<T>,
) -> Result<T> {
    let (begun, mut turns) = (Instant::now(), 0);
    loop {
        let wait = options
            .wait
            .map(|wait| wait.saturating_sub(begun.elapsed()));
        let result = attempt(&RunOptions {
            wait,
            ..options.clone()
        });
        let Err(error) = &result else { return result };
        let has_time = wait.is_some_and(|wait| !wait.is_zero());
        let is_worth_it = match error.code {
            Code::StalePlan => has_time || turns < TURNS,
            // Somebody began to work while this one opened the engine.
            Code::LeaseHeld => has_time,
            _ => false,
        };
        if !is_worth_it || interrupt.is_wished() {
            return result;
        }
        let place = Place::of(project, request)?;
        if !is_for_many(place.engine.kind) {
            return result;
        }
        turns += 1;
        std::thread::sleep(PAUSE);
    }
}

//! Transactions that are tried again, and commits whose result is in doubt.
//!
//! An error of `COMMIT` itself says nothing about its result, except where the engine says that
//! another transaction, a rule of a table or an interrupt was in the way. The ledger is asked
//! then; where it can't be, the run's end isn't recorded, so that the next run asks it.

use super::failure::Failure;
use super::interrupt::Interrupt;
use crate::adapters::{Adapter, EngineError, ErrorClass, Session, Transaction};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// How often a transaction that another one was in the way of is tried again at least.
pub const LEAST_RETRIES: u32 = 5;

/// What stops a transaction: the engine, or a check of ours.
pub enum Stop {
    Engine(EngineError),
    Check(Failure),
}

impl From<EngineError> for Stop {
    fn from(error: EngineError) -> Self {
        Stop::Engine(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Stop::Check(failure)
    }
}

/// Who commits.
pub struct Committer<'a> {
    pub adapter: &'a dyn Adapter,
    pub session: &'a mut Session,
    pub interrupt: &'a Interrupt,
    /// Set where the result of a commit stays unknown.
    pub in_doubt: &'a AtomicBool,
    /// The lease under which it is written.
    pub token: u64,
    /// The longest that a statement may take.
    pub timeout: Option<Duration>,
}

impl Committer<'_> {
    /// Runs work, which records the batch, in a transaction and commits it if the fence still
    /// stands; tries again what another transaction was in the way of, and asks the ledger where a
    /// commit is in doubt.
    ///
    /// # Errors
    /// What stopped it at last.
    pub fn transact<T>(
        &mut self,
        (batch, retries): (&str, u32),
        mut work: impl FnMut(&mut Transaction<'_>) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let mut attempt = 0;
        loop {
            if self.interrupt.is_wished() {
                return Err(EngineError::new(ErrorClass::Interrupted, "interrupted").into());
            }
            let error = match attempt_once(self.session, self.token, &mut work) {
                Ok(value) => return Ok(value),
                Err(Attempt::Stopped(Stop::Engine(error))) => error,
                Err(Attempt::Stopped(check)) => return Err(check),
                Err(Attempt::InDoubt(value, error)) => {
                    if self.ask(batch, &error)? {
                        return Ok(value);
                    }
                    error
                }
            };
            let again = error.class.is_retryable() || error.class == ErrorClass::Lost;
            if !again || attempt >= retries {
                return Err(error.into());
            }
            std::thread::sleep(pause(attempt));
            attempt += 1;
        }
    }

    /// Whether a batch was committed, asked in a new session, since the old one may be broken.
    fn ask(&mut self, batch: &str, error: &EngineError) -> Result<bool, Stop> {
        let asked = self.adapter.session().and_then(|mut session| {
            self.interrupt.watch(session.canceller());
            session.set_statement_timeout(self.timeout);
            *self.session = session;
            self.session.committed_batch(batch)
        });
        match asked {
            Ok(found) => Ok(found.is_some()),
            Err(_) => {
                self.in_doubt.store(true, Ordering::Relaxed);
                Err(error.clone().into())
            }
        }
    }
}

enum Attempt<T> {
    Stopped(Stop),
    InDoubt(T, EngineError),
}

fn attempt_once<T>(
    session: &mut Session,
    token: u64,
    work: &mut impl FnMut(&mut Transaction<'_>) -> Result<T, Stop>,
) -> Result<T, Attempt<T>> {
    let stopped = |error: EngineError| Attempt::Stopped(error.into());
    let mut transaction = session.begin().map_err(stopped)?;
    let value = work(&mut transaction).map_err(Attempt::Stopped)?;
    transaction.check_fence(token).map_err(stopped)?;
    match transaction.commit() {
        Ok(()) => Ok(value),
        Err(error) if is_known(&error.class) => Err(stopped(error)),
        Err(error) => Err(Attempt::InDoubt(value, error)),
    }
}

/// Whether an error of a commit says that nothing was committed.
fn is_known(class: &ErrorClass) -> bool {
    use ErrorClass::{Constraint, Interrupted, Retry};
    matches!(class, Retry | Constraint | Interrupted)
}

/// 5 ms, doubled each time, up to 1.3 s, with a part that differs between workers.
fn pause(attempt: u32) -> Duration {
    static SPREAD: AtomicU64 = AtomicU64::new(0);
    let base = 5_u64 << attempt.min(8);
    let spread = SPREAD.fetch_add(7, Ordering::Relaxed) % base.max(1);
    Duration::from_millis(base + spread)
}

#[cfg(test)]
mod tests;

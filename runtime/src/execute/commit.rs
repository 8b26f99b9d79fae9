//! Transactions that are tried again, and commits whose result is in doubt.
//!
//! An error of `COMMIT` itself says nothing about its result, except where the engine says that
//! another transaction, a rule of a table or an interrupt was in the way. The ledger is asked
//! then; where it can't be, the run's end isn't recorded, so that the next run asks it.

use super::failure::Failure;
use super::interrupt::Interrupt;
use crate::adapters::{Adapter, EngineError, ErrorClass, Fence, LedgerEntry, Session, Transaction};
use crate::faults::{Bug, Injected, Passed, Point, fail_point, is_seeded};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How often a transaction that another one was in the way of is tried again at least.
pub const LEAST_RETRIES: u32 = 5;

/// For how long a transaction is tried again that another one is in the way of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// So many times.
    Tries(u32),
    /// Until so much time has gone by, and a few times at least. What else may be tried again, such as a
    /// connection that is lost, is tried those few times only.
    Time(Duration),
}

impl Patience {
    fn is_over(self, attempt: u32, begun: Instant, class: &ErrorClass) -> bool {
        match self {
            Self::Tries(tries) => attempt >= tries,
            Self::Time(time) => {
                attempt >= LEAST_RETRIES && (!class.is_retryable() || begun.elapsed() >= time)
            }
        }
    }
}

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

impl From<Injected> for Stop {
    fn from(injected: Injected) -> Self {
        Stop::Engine(injected.into())
    }
}

/// What is committed; it names the fail points that lie around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Rows of a model.
    Batch,
    /// The users' views.
    Publication,
}

impl What {
    /// The points before the transaction, before its commit and after that.
    fn points(self) -> [Point; 3] {
        match self {
            What::Batch => [
                Point::BeforeBatch,
                Point::BeforeBatchCommit,
                Point::AfterBatchCommit,
            ],
            What::Publication => [
                Point::BeforePublication,
                Point::BeforePublicationCommit,
                Point::AfterPublicationCommit,
            ],
        }
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
        (what, batch, patience): (What, &str, Patience),
        mut work: impl FnMut(&mut Transaction<'_>) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let (mut attempt, begun) = (0, Instant::now());
        loop {
            if self.interrupt.is_wished() {
                return Err(EngineError::new(ErrorClass::Interrupted, "interrupted").into());
            }
            let error = match self.attempt_once((what, batch), &mut work) {
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
            if !again || patience.is_over(attempt, begun, &error.class) {
                return Err(error.into());
            }
            std::thread::sleep(pause(attempt));
            attempt += 1;
        }
    }

    /// Whether a batch was committed, asked in a new session, since the old one may be broken.
    ///
    /// Where the engine commits elsewhere, as a server does, the commit may still be under way, or not even have
    /// come. So the fence is made anew before: from then on it has happened, or can't any more.
    fn ask(&mut self, batch: &str, error: &EngineError) -> Result<bool, Stop> {
        let asked = self.adapter.session().and_then(|mut session| {
            self.interrupt.watch(session.canceller());
            session.set_statement_timeout(self.timeout);
            *self.session = session;
            if self.adapter.capabilities().many_processes {
                self.session.renew_fence(self.token)?;
            }
            self.session.committed_batch(batch)
        });
        match asked {
            Ok(found) => Ok(found.is_some()),
            Err(asked) => {
                if asked.class == ErrorClass::Fenced {
                    return Err(asked.into());
                }
                self.in_doubt.store(true, Ordering::Relaxed);
                Err(error.clone().into())
            }
        }
    }

    fn attempt_once<T>(
        &mut self,
        (what, batch): (What, &str),
        work: &mut impl FnMut(&mut Transaction<'_>) -> Result<T, Stop>,
    ) -> Result<T, Attempt<T>> {
        let [before, before_commit, after_commit] = what.points();
        if fail_point(before, batch)? == Passed::TakenOver {
            self.take_over().map_err(Stop::from)?;
        }
        let mut transaction = self.session.begin().map_err(Stop::from)?;
        // Where others write as well the commit fails if the fence is taken at any time after it was held, and
        // who was taken over shouldn't wonder what the other one made meanwhile.
        let holds_first = self.adapter.capabilities().many_processes;
        if holds_first {
            transaction.check_fence(self.token).map_err(Stop::from)?;
        }
        let value = work(&mut transaction)?;
        if !holds_first {
            transaction.check_fence(self.token).map_err(Stop::from)?;
        }
        let withheld = transaction.take_withheld();
        if is_seeded(Bug::IntervalBeforeCommit) {
            record_alone(self.adapter, &withheld).map_err(Stop::from)?;
        }
        fail_point(before_commit, batch)?;
        if let Err(error) = transaction.commit() {
            return Err(match is_known(&error.class) {
                true => Attempt::Stopped(error.into()),
                false => Attempt::InDoubt(value, error),
            });
        }
        if let Err(injected) = fail_point(after_commit, batch) {
            return Err(Attempt::InDoubt(value, injected.into()));
        }
        if is_seeded(Bug::IntervalAfterWithoutLedger) {
            record_alone(self.adapter, &withheld).map_err(Stop::from)?;
        }
        Ok(value)
    }

    /// What another process would do that took this one for dead.
    fn take_over(&mut self) -> Result<(), EngineError> {
        let mut session = self.adapter.session()?;
        let Some(meta) = session.meta()? else {
            return Ok(());
        };
        session.take_fence(&Fence {
            state_id: &meta.state_id,
            token: meta.epoch + 1,
            holder: "another process",
            ended: &[self.token],
        })
    }
}

enum Attempt<T> {
    Stopped(Stop),
    InDoubt(T, EngineError),
}

impl<T, S: Into<Stop>> From<S> for Attempt<T> {
    fn from(stop: S) -> Self {
        Attempt::Stopped(stop.into())
    }
}

/// Writes ledger rows in a transaction of their own, as only a seeded bug does.
fn record_alone(adapter: &dyn Adapter, entries: &[LedgerEntry]) -> Result<(), EngineError> {
    let mut session = adapter.session()?;
    let mut transaction = session.begin()?;
    for entry in entries {
        transaction.record_now(entry)?;
    }
    transaction.commit()
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

//! Cancelling statements and ending those that take too long.
//!
//! DuckDB forgets an interrupt when the next statement starts, so one that arrives in between is
//! lost. Here the wish is a flag, and one thread of the process repeats the interrupt until the
//! statement has ended. It interrupts only what is marked as running, under the mark's lock: a
//! commit or a rollback isn't marked and so is never interrupted.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use ::duckdb::InterruptHandle;

use crate::adapters::error::{EngineError, ErrorClass};
use crate::adapters::session::Cancel;

/// How often an interrupt is repeated until the statement has ended.
const REPEAT: Duration = Duration::from_millis(10);

#[derive(Default)]
struct State {
    running: bool,
    deadline: Option<Instant>,
    cancelled: bool,
    timed_out: bool,
}

/// What one connection is doing, as the watching thread sees it.
pub(super) struct StatementWatch {
    state: Mutex<State>,
    handle: Arc<InterruptHandle>,
}

impl StatementWatch {
    /// Watches a connection's statements.
    pub(super) fn new(handle: Arc<InterruptHandle>) -> Arc<Self> {
        let watch = Arc::new(Self {
            state: Mutex::default(),
            handle,
        });
        let mut watched = lock(&watcher().watched);
        watched.retain(|other| other.strong_count() > 0);
        watched.push(Arc::downgrade(&watch));
        watch
    }

    /// Fails where the connection was cancelled.
    pub(super) fn check(&self) -> Result<(), EngineError> {
        match lock(&self.state).cancelled {
            true => Err(interrupted()),
            false => Ok(()),
        }
    }

    /// Runs a statement that may be cancelled and, with a timeout, may take so long.
    pub(super) fn run<T>(
        &self,
        timeout: Option<Duration>,
        statement: impl FnOnce() -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        {
            let mut state = lock(&self.state);
            if state.cancelled {
                return Err(interrupted());
            }
            state.running = true;
            state.timed_out = false;
            // One that lies beyond the clock never comes.
            state.deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        }
        if timeout.is_some() {
            watcher().wake();
        }
        let result = statement();
        let mut state = lock(&self.state);
        state.running = false;
        state.deadline = None;
        result.map_err(|error| match (&error.class, timeout) {
            (ErrorClass::Interrupted, Some(timeout)) if state.timed_out && !state.cancelled => {
                EngineError {
                    class: ErrorClass::Timeout,
                    message: format!("the statement took longer than {timeout:?}"),
                    ..error
                }
            }
            _ => error,
        })
    }

    /// Interrupts what has to end; gives when to look again.
    fn look(&self, now: Instant) -> Option<Instant> {
        let mut state = lock(&self.state);
        if !state.running {
            return None;
        }
        let late = state.deadline.is_some_and(|deadline| deadline <= now);
        if state.cancelled || late {
            state.timed_out |= late;
            self.handle.interrupt();
            return Some(now + REPEAT);
        }
        state.deadline
    }
}

impl Cancel for StatementWatch {
    fn cancel(&self) {
        lock(&self.state).cancelled = true;
        watcher().wake();
    }
}

fn interrupted() -> EngineError {
    EngineError::new(ErrorClass::Interrupted, "cancelled")
}

struct Watcher {
    watched: Mutex<Vec<Weak<StatementWatch>>>,
    changed: Condvar,
    thread: OnceLock<()>,
}

fn watcher() -> &'static Watcher {
    static WATCHER: Watcher = Watcher {
        watched: Mutex::new(Vec::new()),
        changed: Condvar::new(),
        thread: OnceLock::new(),
    };
    &WATCHER
}

impl Watcher {
    /// Makes the thread look at once. It is started by the first call: a process that never
    /// cancels and has no timeouts has no such thread.
    fn wake(&'static self) {
        self.thread.get_or_init(|| {
            std::thread::spawn(|| self.watch());
        });
        // Under the lock, so that the thread is either waiting or has yet to look.
        let _watched = lock(&self.watched);
        self.changed.notify_all();
    }

    fn watch(&self) {
        let mut watched = lock(&self.watched);
        loop {
            let now = Instant::now();
            let next = watched
                .iter()
                .filter_map(Weak::upgrade)
                .filter_map(|watch| watch.look(now))
                .min();
            watched = match next {
                Some(next) => {
                    let pause = next.saturating_duration_since(now);
                    let waited = self.changed.wait_timeout(watched, pause);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    let waited = self.changed.wait(watched);
                    waited.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Both kinds of state are plain values that are never left half changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

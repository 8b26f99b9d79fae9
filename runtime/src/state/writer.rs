//! A thread that writes changes in groups, so that no model waits for the state's disk.
//!
//! Nothing is lost by that: what a run committed stands in the engine's ledger, and a run whose
//! end isn't in the state is completed from there.

use super::open::State;
use super::records::Scope;
use super::write::Change;
use crate::error::{Code, Error, Kind, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The longest that a change waits for others to be written with it.
const GROUP: Duration = Duration::from_millis(50);

/// What keeps a claim alive while a job goes on.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    /// The token of the claim.
    pub token: u64,
    /// How long its leases last without a beat; it beats three times as often.
    pub lease: Duration,
    /// Set once somebody else has taken over.
    pub lost: Arc<AtomicBool>,
}

/// Takes changes and writes them soon.
pub struct Writer {
    sender: Sender<Change>,
    thread: JoinHandle<Result<State>>,
}

impl Writer {
    /// Starts the thread; it holds the state until [`Writer::finish`]. With a heartbeat it keeps a
    /// claim alive, too.
    pub fn start(state: State, scope: Scope, heartbeat: Option<Heartbeat>) -> Self {
        let (sender, receiver) = channel();
        let thread = std::thread::spawn(move || {
            let mut pulse = heartbeat.map(Pulse::new);
            write(state, &scope, &receiver, &mut pulse)
        });
        Self { sender, thread }
    }

    /// Hands a change over. An error of the thread is told by [`Writer::finish`].
    pub fn send(&self, change: Change) {
        // A thread that failed takes no more changes, and says why when it is joined.
        let _ = self.sender.send(change);
    }

    /// Waits until everything is written and gives the state back.
    ///
    /// # Errors
    /// The first error of a write.
    pub fn finish(self) -> Result<State> {
        drop(self.sender);
        self.thread.join().unwrap_or_else(|_| {
            Err(Error::new(
                Kind::Failed,
                Code::StateFailed,
                "the thread that writes the state died",
            ))
        })
    }
}

/// When a claim is to be kept alive again.
struct Pulse {
    heartbeat: Heartbeat,
    next: Instant,
}

impl Pulse {
    fn new(heartbeat: Heartbeat) -> Self {
        let next = Instant::now() + heartbeat.lease / 3;
        Self { heartbeat, next }
    }

    fn wait(&self) -> Duration {
        self.next.saturating_duration_since(Instant::now())
    }

    /// Keeps the claim alive if it is time. A state that can't be reached isn't lost yet: whether
    /// somebody took over is asked again, and a commit asks the engine.
    fn beat(&mut self, state: &mut State, scope: &Scope) {
        if !self.wait().is_zero() {
            return;
        }
        let Heartbeat { token, lease, lost } = &self.heartbeat;
        if let Ok(false) = state.heartbeat(&scope.project, &scope.engine, *token, *lease) {
            lost.store(true, Ordering::SeqCst);
        }
        self.next = Instant::now() + *lease / 3;
    }
}

/// What is waited for at the longest where nothing has to be kept alive.
const IDLE: Duration = Duration::from_secs(3600);

fn write(
    mut state: State,
    scope: &Scope,
    receiver: &Receiver<Change>,
    pulse: &mut Option<Pulse>,
) -> Result<State> {
    loop {
        let idle = pulse.as_ref().map_or(IDLE, Pulse::wait);
        let first = match receiver.recv_timeout(idle) {
            Ok(change) => change,
            Err(RecvTimeoutError::Timeout) => {
                if let Some(pulse) = pulse {
                    pulse.beat(&mut state, scope);
                }
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(state),
        };
        let mut group = vec![first];
        let deadline = Instant::now() + GROUP;
        let ended = loop {
            match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(change) => group.push(change),
                Err(RecvTimeoutError::Timeout) => break false,
                Err(RecvTimeoutError::Disconnected) => break true,
            }
        };
        state.apply(scope, &group)?;
        if let Some(pulse) = pulse {
            pulse.beat(&mut state, scope);
        }
        if ended {
            return Ok(state);
        }
    }
}

//! A thread that writes changes in groups, so that no model waits for the state's disk.
//!
//! Nothing is lost by that: what a run committed stands in the engine's ledger, and a run whose
//! end isn't in the state is completed from there.

use super::open::State;
use super::records::Scope;
use super::write::Change;
use crate::error::{Code, Error, Kind, Result};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The longest that a change waits for others to be written with it.
const GROUP: Duration = Duration::from_millis(50);

/// Takes changes and writes them soon.
pub struct Writer {
    sender: Sender<Change>,
    thread: JoinHandle<Result<State>>,
}

impl Writer {
    /// Starts the thread; it holds the state until [`Writer::finish`].
    pub fn start(state: State, scope: Scope) -> Self {
        let (sender, receiver) = channel();
        let thread = std::thread::spawn(move || write(state, &scope, &receiver));
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

fn write(mut state: State, scope: &Scope, receiver: &Receiver<Change>) -> Result<State> {
    while let Ok(first) = receiver.recv() {
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
        if ended {
            break;
        }
    }
    Ok(state)
}

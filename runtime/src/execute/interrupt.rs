//! A wish to stop, from a signal's thread to all that runs.

use crate::adapters::Cancel;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A wish to stop. Clones are the same wish.
#[derive(Clone, Default)]
pub struct Interrupt {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    wished: AtomicBool,
    running: Mutex<Vec<Arc<dyn Cancel>>>,
}

impl Interrupt {
    /// No wish yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Wishes to stop: running statements are cancelled, and nothing new starts.
    pub fn interrupt(&self) {
        self.shared.wished.store(true, Ordering::SeqCst);
        let running = self
            .shared
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        running.iter().for_each(|session| session.cancel());
    }

    /// Whether somebody wishes to stop.
    pub fn is_wished(&self) -> bool {
        self.shared.wished.load(Ordering::SeqCst)
    }

    /// Cancels this session's statements too when the wish comes, or now if it was before.
    pub(crate) fn watch(&self, session: Arc<dyn Cancel>) {
        let mut running = self
            .shared
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if self.is_wished() {
            session.cancel();
        }
        running.push(session);
    }
}

//! Signals that ask the process to end.

/// Calls `handler`, in a thread of its own, for each signal that asks the process to end. The first
/// handler of a process stays; `false` if there is one already, or none can be set.
pub fn on_signal(handler: impl FnMut() + Send + 'static) -> bool {
    // Without a handler, a signal ends the process at once, which a run survives as well.
    ctrlc::set_handler(handler).is_ok()
}

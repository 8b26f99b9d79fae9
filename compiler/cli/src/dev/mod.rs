//! `dbgo dev`: the development loop. A file is saved, and the compiled project runs it.
//!
//! | file | what |
//! |---|---|
//! | `watch` | which files of the project change |
//! | `session` | the loop itself: what happened decides what is done next, and what is given up for it |
//! | `work` | what is done: reading, compiling, showing rows, building. In a thread of its own |
//! | `changes` | what differs between two states of a project |
//! | `event` | what is told, as data and as JSON |
//! | `lines` | what is told, as lines |
//! | `screen`, `keys` | a terminal |
//!
//! One thread waits for what happens: files, keys, signals, what the work tells. Another one works, on
//! one thing at a time. Whatever happens while it works on a save makes it stop: between two steps, or
//! within a statement of the engine. The engine stays open from the first time that it is needed, so that
//! a save costs no opening; it is let go of on request.

mod changes;
mod event;
mod keys;
mod lines;
mod screen;
mod session;
mod watch;
mod work;

use crate::arguments::DevArguments;
use crate::exit;
use crate::report;
use dbgo_compiler::source::{self, SourceSet};
use std::path::Path;
use std::process::ExitCode;

/// Watches the project until somebody ends it.
///
/// # Errors
/// The exit code, after saying why it doesn't begin.
pub fn dev(directory: &Path, arguments: &DevArguments) -> Result<ExitCode, ExitCode> {
    let root = source::find_root(directory).map_err(|missing| {
        report::show(
            &SourceSet::default(),
            &[missing],
            crate::arguments::Format::Full,
        );
        exit::FINDINGS
    })?;
    session::watch_and_work(&root, arguments)
}

//! `run`

use super::arguments::RunArguments;
use super::signals::on_signal;
use super::terminal::{Terminal, print_json};
use crate::error::Result;
use crate::events::{Event, Lines, Progress};
use crate::execute::{self, Interrupt, RunOptions, RunOutcome};
use crate::project::Project;
use serde_json::json;
use std::process::ExitCode;
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

/// Runs the project.
pub fn run(project: &Project, arguments: &RunArguments, terminal: &Terminal) -> ExitCode {
    super::finish(try_run(project, arguments, terminal), terminal)
}

fn try_run(project: &Project, arguments: &RunArguments, terminal: &Terminal) -> Result<ExitCode> {
    let options = RunOptions {
        environment: arguments.environment.clone(),
        wait: arguments.wait.map(Duration::from_secs),
        author: terminal.author(),
        select: arguments.select.clone(),
        exclude: arguments.exclude.clone(),
        full_refresh: arguments.full_refresh,
        destroy_history: arguments.destroy_history.clone(),
        repair: arguments.repair,
        rebuild: arguments.rebuild,
        workers: arguments.workers.map(usize::from),
        fail_fast: arguments.fail_fast,
        variables: arguments.var.clone(),
        ..RunOptions::default()
    };
    let outcome = carrying_out(terminal, |interrupt, listener| {
        execute::run(project, &options, interrupt, listener)
    })?;
    if arguments.json {
        print_json(&document(project, &outcome));
    }
    Ok(outcome
        .trouble
        .map_or(ExitCode::SUCCESS, |kind| ExitCode::from(kind.exit_status())))
}

/// Does something that can be interrupted and that tells what happens.
///
/// # Errors
/// Those of the work.
pub fn carrying_out<T>(
    terminal: &Terminal,
    work: impl FnOnce(&Interrupt, &mut dyn FnMut(Event)) -> Result<T>,
) -> Result<T> {
    let lines = Lines::new(terminal.colour, terminal.compiled_in);
    let interrupt = Interrupt::new();
    listen_for_signals(&interrupt);
    if terminal.interactive {
        let mut progress = Progress::new(lines);
        return work(&interrupt, &mut |event| progress.show(&event));
    }
    let mut out = std::io::stderr();
    work(&interrupt, &mut |event: Event| {
        // Nobody is left to be told that standard error can't be written.
        let _ = lines.write(&event, &mut out);
    })
}

/// The first signal wishes the run to stop, the second one ends the process.
fn listen_for_signals(interrupt: &Interrupt) {
    static INSTALLED: Once = Once::new();
    static CURRENT: Mutex<Option<Interrupt>> = Mutex::new(None);
    *CURRENT.lock().unwrap_or_else(PoisonError::into_inner) = Some(interrupt.clone());
    INSTALLED.call_once(|| {
        let handler = || {
            let current = CURRENT
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            match current {
                Some(interrupt) if !interrupt.is_wished() => interrupt.interrupt(),
                _ => std::process::exit(130),
            }
        };
        on_signal(handler);
    });
}

/// What a run came to, as JSON.
pub fn document(project: &Project, outcome: &RunOutcome) -> serde_json::Value {
    let summary = &outcome.summary;
    json!({
        "schema": "dbgo/run/1",
        "project": project.def.name.as_str(),
        "run": summary.id,
        "duration_ms": u64::try_from(summary.duration.as_millis()).unwrap_or(u64::MAX),
        "unchanged": summary.unchanged,
        "built": summary.built,
        "failed": summary.failed,
        "skipped": summary.skipped,
        "interrupted": summary.cancelled,
        "published_views": outcome.published,
        "steps": outcome.steps.iter().map(super::runs::step_document).collect::<Vec<_>>(),
    })
}

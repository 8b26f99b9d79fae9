//! `runs`

use super::arguments::RunsArguments;
use super::table::{Column, Table};
use super::terminal::{Terminal, print, print_json, say};
use crate::config::{self, Lookup};
use crate::error::{Code, Error, Kind, Result};
use crate::events::{duration, grouped};
use crate::project::Project;
use crate::state::{RunSummary, State, StepRecord};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// Lists runs, or the steps of one.
pub fn runs(project: &Project, arguments: &RunsArguments, terminal: &Terminal) -> ExitCode {
    super::finish(try_runs(project, arguments, terminal), terminal)
}

fn try_runs(project: &Project, arguments: &RunsArguments, terminal: &Terminal) -> Result<ExitCode> {
    let lookup = Lookup::new(project.folder().unwrap_or_else(|| Path::new(".")))?;
    let address = config::state_address(project, &lookup)?;
    let name = project.def.name.as_str();
    let mut state = if address.is_missing() {
        None
    } else {
        Some(State::open(&address)?)
    };
    let limit = if arguments.id.is_some() {
        u32::MAX
    } else {
        arguments.limit
    };
    let runs = match &mut state {
        Some(state) => state.runs(name, limit)?,
        None => Vec::new(),
    };
    match (&arguments.id, &mut state) {
        (Some(id), Some(state)) => {
            let run = find(&runs, id)?;
            let steps = state.steps(&run.id)?;
            show_run(run, &steps, arguments.json, terminal);
        }
        (Some(id), None) => return Err(unknown(id)),
        (None, _) => show_runs(name, &runs, arguments.json, terminal),
    }
    Ok(ExitCode::SUCCESS)
}

fn find<'a>(runs: &'a [RunSummary], id: &str) -> Result<&'a RunSummary> {
    let mut found = runs.iter().filter(|run| run.id.starts_with(id));
    match (found.next(), found.next()) {
        (Some(run), None) => Ok(run),
        (Some(_), Some(_)) => Err(Error::new(
            Kind::Usage,
            Code::AmbiguousRun,
            format!("several runs begin with `{id}`"),
        )),
        (None, _) => Err(unknown(id)),
    }
}

fn unknown(id: &str) -> Error {
    Error::new(
        Kind::Usage,
        Code::UnknownRun,
        format!("there is no run `{id}`"),
    )
    .hint("`runs` lists them")
}

fn show_runs(project: &str, runs: &[RunSummary], as_json: bool, terminal: &Terminal) {
    if as_json {
        let runs: Vec<Value> = runs.iter().map(run_document).collect();
        print_json(&json!({ "schema": "dbgo/runs/1", "project": project, "runs": runs }));
        return;
    }
    if runs.is_empty() {
        say("no runs yet\n");
        return;
    }
    let mut table = Table::new([
        Column::text("run"),
        Column::text("started"),
        Column::text("environment"),
        Column::text("status"),
        Column::text("steps"),
        Column::number("took"),
    ]);
    for run in runs {
        let steps: Vec<String> = run
            .counts
            .iter()
            .map(|(status, count)| format!("{count} {status}"))
            .collect();
        table.push([
            Some(run.id.clone()),
            Some(time(run.started_at)),
            Some(run.environment.clone()),
            Some(run.status.clone()),
            Some(steps.join(", ")),
            run.duration_ms
                .map(|ms| duration(Duration::from_millis(ms)))
                .or(Some(String::new())),
        ]);
    }
    print(&table.text(terminal.width).0);
}

fn show_run(run: &RunSummary, steps: &[StepRecord], as_json: bool, terminal: &Terminal) {
    if as_json {
        let mut document = run_document(run);
        document["schema"] = json!("dbgo/runs/1");
        document["steps"] = steps.iter().map(step_document).collect();
        print_json(&document);
        return;
    }
    say(&format!(
        "run {} · {} · {} · {}\n",
        run.id,
        run.environment,
        time(run.started_at),
        run.status
    ));
    let mut table = Table::new([
        Column::text("model"),
        Column::text("kind"),
        Column::text("status"),
        Column::number("rows"),
        Column::number("took"),
        Column::text("note"),
    ]);
    for step in steps {
        table.push([
            Some(step.model.clone()),
            Some(step.kind.clone()),
            Some(step.status.clone()),
            Some(step.rows.map(grouped).unwrap_or_default()),
            Some(duration(Duration::from_millis(step.duration_ms))),
            Some(step.note.lines().next().unwrap_or_default().to_owned()),
        ]);
    }
    print(&table.text(terminal.width).0);
}

fn time(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn run_document(run: &RunSummary) -> Value {
    json!({
        "run": run.id,
        "environment": run.environment,
        "command": run.command,
        "plan": run.plan,
        "by": run.by,
        "project_hash": run.project_hash,
        "started_at": run.started_at,
        "duration_ms": run.duration_ms,
        "status": run.status,
        "counts": run.counts,
    })
}

/// A step as JSON; its number of rows is exact, and so it is text.
pub(super) fn step_document(step: &StepRecord) -> Value {
    json!({
        "model": step.model,
        "version": step.version,
        "kind": step.kind,
        "status": step.status,
        "rows": step.rows.map(|rows| rows.to_string()),
        "duration_ms": step.duration_ms,
        "note": step.note,
    })
}

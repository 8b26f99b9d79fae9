//! `intervals`

use super::table::{Column, Table};
use super::terminal::{Terminal, print, print_json, say};
use crate::error::{Code, Error, Kind, Result};
use crate::events::grouped;
use crate::intervals::{IntervalSet, Range};
use crate::project::{Model, Project, Relation};
use crate::situation::{Coverage, Request, Situation, unit_of_model};
use clap::Args;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Show which ranges of time the tables of models have, and which are missing
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "\
Examples:
  intervals                     all models that are filled by time
  intervals core.daily --env prod

A range's last day is in it; where it isn't one of whole days, its end isn't. Exit codes: 0 ok,
2 usage, 4 the state database failed")]
pub struct IntervalsArguments {
    /// The models; all that are filled by time without one
    #[arg(value_name = "MODEL")]
    pub models: Vec<String>,
    /// The environment; the project's default without it
    #[arg(long)]
    pub env: Option<String>,
    /// Write them as JSON (`dbgo/intervals/1`)
    #[arg(long)]
    pub json: bool,
}

/// How many ranges of a model are written into one line.
const SHOWN: usize = 3;

/// Shows what is filled.
pub fn intervals(
    project: &Project,
    arguments: &IntervalsArguments,
    terminal: &Terminal,
) -> ExitCode {
    super::finish(try_intervals(project, arguments, terminal), terminal)
}

fn try_intervals(
    project: &Project,
    arguments: &IntervalsArguments,
    terminal: &Terminal,
) -> Result<ExitCode> {
    let request = Request {
        environment: arguments.env.clone(),
        ..Request::default()
    };
    let situation = Situation::read(project, &request)?;
    let found = found(&situation, &arguments.models)?;
    situation.state.close()?;
    let environment = situation.place.environment.name;
    if arguments.json {
        let models: Vec<Value> = found
            .iter()
            .map(|(model, coverage)| document(model, coverage))
            .collect();
        print_json(&json!({
            "schema": "dbgo/intervals/1", "environment": environment, "models": models,
        }));
        return Ok(ExitCode::SUCCESS);
    }
    if found.is_empty() {
        say("  no model of this project is filled by time\n");
        return Ok(ExitCode::SUCCESS);
    }
    let heads = ["model", "filled", "ranges", "missing"];
    let mut table = Table::new(heads.map(Column::text));
    for (model, coverage) in &found {
        table.push([
            Some(model.relation()),
            Some(counted(model, coverage)),
            Some(ranges(model, &coverage.filled)),
            Some(ranges(model, &coverage.missing)),
        ]);
    }
    print(&table.text(terminal.width).0);
    Ok(ExitCode::SUCCESS)
}

/// The models that are asked for, with what is filled of each.
fn found<'p>(situation: &Situation<'p>, wanted: &[String]) -> Result<Vec<(&'p Model, Coverage)>> {
    let project = situation.place.project;
    let mut found = Vec::new();
    if wanted.is_empty() {
        for (index, model) in project.models().iter().enumerate() {
            found.extend(situation.coverage(index)?.map(|coverage| (model, coverage)));
        }
        return Ok(found);
    }
    for name in wanted {
        let Relation::Model(index) = project.find(name)? else {
            return Err(not_by_time(name));
        };
        let coverage = situation
            .coverage(index)?
            .ok_or_else(|| not_by_time(name))?;
        found.push((project.model(index), coverage));
    }
    Ok(found)
}

fn not_by_time(name: &str) -> Error {
    Error::new(
        Kind::Usage,
        Code::NotAnInterval,
        format!("`{name}` isn't filled by time, so it has no intervals"),
    )
}

fn counted(model: &Model, coverage: &Coverage) -> String {
    let all = coverage.filled_intervals + coverage.missing_intervals;
    let unit = unit_of_model(model, all);
    let preview = if coverage.preview { ", a preview" } else { "" };
    format!(
        "{} of {} {unit}{preview}",
        grouped(coverage.filled_intervals),
        grouped(all)
    )
}

fn ranges(model: &Model, set: &IntervalSet) -> String {
    let ranges = set.ranges();
    let mut shown: Vec<String> = ranges
        .iter()
        .take(SHOWN)
        .map(|range| range.describe_in(&model.zone))
        .collect();
    if ranges.len() > SHOWN {
        shown.push(format!("and {} more", ranges.len() - SHOWN));
    }
    shown.join(", ")
}

fn document(model: &Model, coverage: &Coverage) -> Value {
    let ranges = |set: &IntervalSet| -> Vec<Value> {
        let range = |range: &Range| json!({ "start": range.start, "end": range.end });
        set.ranges().iter().map(range).collect()
    };
    json!({
        "model": model.def.path.as_str(), "relation": model.relation(),
        "interval": model.def.incremental.interval.as_str(), "preview": coverage.preview,
        "filled": ranges(&coverage.filled), "filled_intervals": coverage.filled_intervals,
        "missing": ranges(&coverage.missing), "missing_intervals": coverage.missing_intervals,
    })
}

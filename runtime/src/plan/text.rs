//! A plan for people: one screen, whatever the project's size.

use super::document::{
    Action, ChangeKind, Columns, ModelPlan, Origin, Plan, Purpose, Reached, ViewChange, short,
};
use crate::events::{duration, grouped};
use dbgo_changes::Category;
use jiff::Timestamp;
use similar::{ChangeTag, TextDiff};
use std::time::Duration;

/// How many models of one kind are shown before the rest is counted.
const SHOWN: usize = 12;

/// What is shown beside the models.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shown {
    /// The difference of each query.
    pub sql: bool,
    /// All columns that are reached, and all models.
    pub columns: bool,
    /// Marks in colour.
    pub colour: bool,
}

/// The text of a plan, with a line's end at its end. `now` is what ages are counted from.
pub fn text(plan: &Plan, shown: Shown, now: Timestamp) -> String {
    let mut text = heading(plan, now);
    if plan.is_empty() {
        text.push_str("\n  nothing has changed\n");
        for note in &plan.notes {
            text.push_str(&format!("  ! {note}\n"));
        }
        return text;
    }
    text.push('\n');
    let (listed, quiet): (Vec<&ModelPlan>, Vec<&ModelPlan>) =
        plan.models.iter().partition(|model| is_listed(model));
    let limit = if shown.columns { usize::MAX } else { SHOWN };
    for model in listed.iter().take(limit) {
        text.push_str(&model_text(model, shown, now));
    }
    if listed.len() > limit {
        let rest = &listed[limit..];
        let builds = rest.iter().filter(|model| model.action.builds()).count();
        text.push_str(&format!(
            "    and {} more, {builds} of them to build: `--columns` shows all\n",
            grouped(rest.len() as u64)
        ));
    }
    text.push_str(&quiet_text(&quiet, shown));
    for note in &plan.notes {
        text.push_str(&format!("  ! {note}\n"));
    }
    text.push_str(&closing(plan));
    text
}

fn heading(plan: &Plan, now: Timestamp) -> String {
    let environment = &plan.environment;
    let to = match &plan.purpose {
        Purpose::Apply => format!("this project is {}", origin(&plan.to)),
        Purpose::Promote { from } => format!("`{from}` is at {}", origin(&plan.to)),
        Purpose::Rollback { to } => format!("back to revision {to}, {}", origin(&plan.to)),
        Purpose::Create { from } => format!("as `{from}`, at {}", origin(&plan.to)),
    };
    match &plan.changed {
        None => format!("  {environment} is new; {to}\n"),
        Some((at, by)) => {
            let by = if by.is_empty() {
                String::new()
            } else {
                format!(" by {by}")
            };
            let age = ago(*at, now);
            let from = origin(&plan.from);
            let revision = plan.revision;
            format!("  {environment} is at {from} (revision {revision}, {age}{by}); {to}\n")
        }
    }
}

fn origin(origin: &Origin) -> String {
    let version = origin.project_version.get(..8).unwrap_or("nothing");
    match origin.commit.get(..8) {
        Some(commit) => format!("{version} (commit {commit})"),
        None => version.to_owned(),
    }
}

/// How long ago something was, in one unit.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(then).as_secs().max(0);
    match seconds {
        0..60 => "just now".to_owned(),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        _ => match seconds / 86_400 {
            1 => "1 day ago".to_owned(),
            days => format!("{days} days ago"),
        },
    }
}

/// What is shown with a line of its own: not the many that only follow from others.
fn is_listed(model: &ModelPlan) -> bool {
    !matches!(model.change, ChangeKind::Unaffected | ChangeKind::Affected)
        || (model.change == ChangeKind::Affected && model.action.fill().is_some())
}

fn model_text(model: &ModelPlan, shown: Shown, now: Timestamp) -> String {
    let (mark, colour) = mark(model);
    let mark = match shown.colour {
        true => format!("\u{1b}[{colour}m{mark}\u{1b}[0m"),
        false => mark.to_owned(),
    };
    let mut line = format!("  {mark} {:<28} {}", model.relation, what(model));
    let done = action_text(&model.action, now);
    if !done.is_empty() {
        line.push_str(&format!(": {done}"));
    }
    if model.preview {
        line.push_str(" (preview)");
    }
    let mut text = wrapped(&line);
    text.push_str(&reaches_text(model, shown));
    if shown.columns {
        text.push_str(&columns_text(&model.columns));
    }
    if shown.sql
        && let Some(change) = &model.sql
    {
        text.push_str(&difference(&change.before, &change.after, shown.colour));
    }
    text
}

fn mark(model: &ModelPlan) -> (&'static str, &'static str) {
    match (model.change, &model.action) {
        (_, Action::Reuse { .. }) => ("↺", "36"),
        (ChangeKind::Added, _) => ("+", "32"),
        (ChangeKind::Removed, _) => ("-", "31"),
        (ChangeKind::Renamed, _) => ("→", "36"),
        _ => ("~", "33"),
    }
}

fn what(model: &ModelPlan) -> String {
    match model.change {
        ChangeKind::Added => format!("new, {}", model.kind),
        ChangeKind::Removed => "gone".to_owned(),
        ChangeKind::Renamed => model.reason.clone(),
        ChangeKind::Metadata => model.reason.clone(),
        ChangeKind::Affected | ChangeKind::Unaffected | ChangeKind::Unchanged => {
            model.reason.clone()
        }
        ChangeKind::Modified => match model.category {
            Some(category) if category != Category::Unchanged => {
                format!("{category}: {}", model.reason)
            }
            _ => model.reason.clone(),
        },
    }
}

fn action_text(action: &Action, now: Timestamp) -> String {
    match action {
        Action::Keep => String::new(),
        Action::Build => "build".to_owned(),
        Action::Fill(batches) => fill_text(batches.intervals, &batches.unit, batches.batches),
        Action::Reuse {
            environments,
            built_at,
        } => {
            let of = match environments.as_slice() {
                [] => "reused".to_owned(),
                [one] => format!("reused from `{one}`"),
                [one, rest @ ..] => format!("reused from `{one}` and {} more", rest.len()),
            };
            match built_at {
                Some(at) => format!("{of}, built {}", ago(*at, now)),
                None => of,
            }
        }
        Action::Adopt { .. } => "keeps its table".to_owned(),
        Action::Continue { fill, .. } => match fill {
            Some(fill) => format!(
                "keeps its table, then {}",
                fill_text(fill.intervals, &fill.unit, fill.batches)
            ),
            None => "keeps its table and goes on with the new query".to_owned(),
        },
        Action::Withdraw => "its view goes".to_owned(),
    }
}

fn fill_text(intervals: u64, unit: &str, batches: u64) -> String {
    let of = match batches {
        1 => String::new(),
        _ => format!(" in {} batches", grouped(batches)),
    };
    format!("fill {} {unit}{of}", grouped(intervals))
}

fn reaches_text(model: &ModelPlan, shown: Shown) -> String {
    let (exposures, models): (Vec<&Reached>, Vec<&Reached>) =
        model.reaches.iter().partition(|reached| reached.exposure);
    if model.reaches.is_empty() {
        return String::new();
    }
    let columns: usize = models.iter().map(|it| it.columns.len().max(1)).sum();
    let mut parts = Vec::new();
    if !models.is_empty() {
        parts.push(format!(
            "{} in {}",
            counted(columns as u64, "column"),
            counted(models.len() as u64, "model")
        ));
    }
    if !exposures.is_empty() {
        parts.push(counted(exposures.len() as u64, "exposure"));
    }
    let mut text = format!("      reaches {}\n", parts.join(" and "));
    let limit = if shown.columns { usize::MAX } else { 4 };
    for reached in models.iter().take(limit) {
        let of = match reached.columns.as_slice() {
            [] => "all columns".to_owned(),
            columns => columns.join(", "),
        };
        text.push_str(&wrapped(&format!("        {:<26} {of}", reached.name)));
    }
    if models.len() > limit {
        let more = models.len() - limit;
        text.push_str(&format!(
            "        and {}\n",
            counted(more as u64, "more model")
        ));
    }
    for exposure in exposures.iter().take(limit) {
        text.push_str(&format!("        exposure {}\n", exposure.name));
    }
    text
}

fn columns_text(columns: &Columns) -> String {
    let mut text = String::new();
    for (names, what) in [
        (&columns.added, "added"),
        (&columns.removed, "removed"),
        (&columns.changed, "changed"),
        (&columns.widened, "wider"),
    ] {
        let follows = columns.rows && what == "changed";
        if !names.is_empty() && !follows {
            text.push_str(&wrapped(&format!("      {what}: {}", names.join(", "))));
        }
    }
    if columns.rows {
        text.push_str("      other rows, so all columns\n");
    }
    text
}

/// The models that only follow from others, counted or named.
fn quiet_text(models: &[&ModelPlan], shown: Shown) -> String {
    let mut text = String::new();
    for (kind, mark, what) in [
        (ChangeKind::Affected, "~", "read what has changed"),
        (
            ChangeKind::Unaffected,
            "=",
            "read nothing that has changed: kept",
        ),
    ] {
        let of: Vec<&&ModelPlan> = models.iter().filter(|it| it.change == kind).collect();
        if of.is_empty() {
            continue;
        }
        let limit = if shown.columns { usize::MAX } else { 6 };
        let names: Vec<&str> = of
            .iter()
            .take(limit)
            .map(|it| it.relation.as_str())
            .collect();
        let more = match of.len().saturating_sub(limit) {
            0 => String::new(),
            more => format!(" and {} more", grouped(more as u64)),
        };
        let word = counted(of.len() as u64, "model");
        text.push_str(&wrapped(&format!(
            "  {mark} {word} {what}: {}{more}",
            names.join(", ")
        )));
    }
    text
}

fn closing(plan: &Plan) -> String {
    let count = |test: &dyn Fn(&&ModelPlan) -> bool| plan.models.iter().filter(test).count() as u64;
    let building = count(&|model| model.action.builds());
    let reused = count(&|model| matches!(model.action, Action::Reuse { .. }));
    let kept =
        count(&|model| matches!(model.action, Action::Adopt { .. } | Action::Continue { .. }));
    let fills = plan.models.iter().filter_map(|model| model.action.fill());
    let intervals: u64 = fills.map(|fill| fill.intervals).sum();
    let mut parts = vec![format!("{} to build", counted(building, "model"))];
    for (number, what) in [
        (reused, "to reuse"),
        (
            kept,
            if kept == 1 {
                "keeps its table"
            } else {
                "keep their tables"
            },
        ),
    ] {
        if number > 0 {
            parts.push(format!("{} {what}", grouped(number)));
        }
    }
    parts.push(format!("{} untouched", grouped(plan.untouched)));
    let mut groups = vec![parts.join(", ")];
    if intervals > 0 {
        groups.push(counted(intervals, "interval"));
    }
    let dropped = plan
        .views
        .iter()
        .filter(|it| it.change == ViewChange::Drop)
        .count();
    if !plan.views.is_empty() {
        let swapped = (plan.views.len() - dropped) as u64;
        let mut views = format!("{} to swap", counted(swapped, "view"));
        if dropped > 0 {
            views.push_str(&format!(", {} to drop", grouped(dropped as u64)));
        }
        groups.push(views);
    }
    let mut text = format!("\n  {}\n", groups.join(" · "));
    let left = match (plan.estimate.milliseconds, plan.estimate.unknown) {
        (Some(milliseconds), 0) => format!(
            "about {} by the last runs",
            duration(Duration::from_millis(milliseconds))
        ),
        (Some(milliseconds), unknown) => format!(
            "at least {} by the last runs, and {} that never ran",
            duration(Duration::from_millis(milliseconds)),
            counted(unknown, "model")
        ),
        _ => String::new(),
    };
    let right = format!("apply with: dbgo apply {}", short(&plan.id));
    let gap = 76_usize
        .saturating_sub(left.chars().count() + right.chars().count())
        .max(2);
    text.push_str(&match left.is_empty() {
        true => format!("  {right}\n"),
        false => format!("  {left}{}{right}\n", " ".repeat(gap)),
    });
    text
}

fn counted(number: u64, word: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {word}{plural}", grouped(number))
}

/// A line broken at blanks so that it fits 80 columns; what follows is indented.
fn wrapped(line: &str) -> String {
    const WIDTH: usize = 80;
    let indent = line.len() - line.trim_start().len() + 4;
    let mut text = String::new();
    let mut current = String::new();
    for (index, word) in line.split(' ').enumerate() {
        let width = current.chars().count() + 1 + word.chars().count();
        if index > 0 && width > WIDTH && !current.trim().is_empty() {
            text.push_str(current.trim_end());
            text.push('\n');
            current = " ".repeat(indent);
            current.push_str(word);
            continue;
        }
        if index > 0 {
            current.push(' ');
        }
        current.push_str(word);
    }
    text.push_str(current.trim_end());
    text.push('\n');
    text
}

fn difference(before: &str, after: &str, colour: bool) -> String {
    let diff = TextDiff::from_lines(before, after);
    let mut text = String::new();
    for group in diff.grouped_ops(2) {
        for operation in group {
            for change in diff.iter_changes(&operation) {
                let (sign, code) = match change.tag() {
                    ChangeTag::Delete => ("-", "31"),
                    ChangeTag::Insert => ("+", "32"),
                    ChangeTag::Equal => (" ", "0"),
                };
                let line = format!("{sign} {}", change.value().trim_end());
                text.push_str(&match colour && sign != " " {
                    true => format!("        \u{1b}[{code}m{line}\u{1b}[0m\n"),
                    false => format!("        {line}\n"),
                });
            }
        }
    }
    text
}

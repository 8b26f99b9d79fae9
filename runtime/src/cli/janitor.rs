//! `janitor`

use super::apply::asked;
use super::run::carrying_out;
use super::table::{Column, Table};
use super::terminal::{Terminal, print_json, say};
use crate::error::{Code, Error, Kind, Result};
use crate::execute::{self, Cleaned, JanitorOptions, Needless, NeedlessOf, RunOptions, Thing};
use crate::plan::ago;
use crate::project::Project;
use clap::Args;
use jiff::Timestamp;
use serde_json::json;
use std::process::ExitCode;
use std::time::Duration;

/// Remove what nobody needs any more: environments that have expired, old versions' tables and
/// views, and old records of the state
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  janitor --dry-run        what would go
  janitor --yes            without being asked
  janitor --destroy-history core.log

Only what this project's state recorded as made by dbgo is dropped. What is kept is said by
`[retention]` in `dbgo.toml`: versions that no environment shows for 7 days, and for 90 days what
an environment can be rolled back to. Exit codes: 0 ok, 2 usage, 3 refused, 4 something failed")]
pub struct JanitorArguments {
    /// Show what would go, and nothing else
    #[arg(long)]
    pub dry_run: bool,
    /// Don't ask
    #[arg(long)]
    pub yes: bool,
    /// Drop old tables of this model too, though their rows can't be computed again
    #[arg(long, value_name = "MODEL", num_args = 1..)]
    pub destroy_history: Vec<String>,
    /// How many seconds to wait for a database that another process holds
    #[arg(long, value_name = "SECONDS")]
    pub wait: Option<u64>,
    /// Write what goes as JSON (`dbgo/janitor/1`)
    #[arg(long)]
    pub json: bool,
}

/// How many things are listed; the others are counted.
const LISTED: usize = 30;

/// What a command ends with where something failed.
const FAILED: u8 = 4;

/// Removes what nobody needs any more.
pub fn janitor(project: &Project, arguments: &JanitorArguments, terminal: &Terminal) -> ExitCode {
    super::finish(try_janitor(project, arguments, terminal), terminal)
}

fn try_janitor(
    project: &Project,
    arguments: &JanitorArguments,
    terminal: &Terminal,
) -> Result<ExitCode> {
    let options = JanitorOptions {
        dry_run: arguments.dry_run,
        destroy_history: arguments.destroy_history.clone(),
        run: RunOptions {
            wait: arguments.wait.map(Duration::from_secs),
            author: terminal.author(),
            ..RunOptions::default()
        },
    };
    let mut found = Needless::default();
    let mut agrees = |needless: &Needless| {
        found = needless.clone();
        say(&text(needless, Timestamp::now(), terminal));
        if arguments.dry_run || arguments.yes || needless.is_empty() {
            return Ok(true);
        }
        let nobody = Error::new(
            Kind::Refused,
            Code::NeedsConfirmation,
            "nobody can be asked whether this may go",
        );
        let hint = "`--dry-run` only shows it; `--yes` agrees to it";
        asked("let this go", terminal, || nobody.hint(hint))
    };
    let cleaned = carrying_out(terminal, |interrupt, _| {
        execute::janitor(project, &options, &mut agrees, interrupt)
    })?;
    if let Some(cleaned) = &cleaned {
        say(&outcome(cleaned));
    }
    if arguments.json {
        print_json(&json!({
            "schema": "dbgo/janitor/1", "needless": found, "cleaned": cleaned,
        }));
    }
    let failed = cleaned.is_some_and(|cleaned| !cleaned.failures.is_empty());
    Ok(match failed {
        true => ExitCode::from(FAILED),
        false => ExitCode::SUCCESS,
    })
}

fn text(needless: &Needless, now: Timestamp, terminal: &Terminal) -> String {
    let mut text = String::new();
    for expired in &needless.environments {
        let when = ago(expired.expired_at, now);
        text += &format!("  the environment `{}` expired {when}\n", expired.name);
    }
    for engine in &needless.engines {
        text += &text_of(engine, now, terminal);
    }
    if needless.is_empty() {
        text += "  there is no table, view or environment that nobody needs\n";
    }
    text
}

fn text_of(engine: &NeedlessOf, now: Timestamp, terminal: &Terminal) -> String {
    let mut text = String::new();
    if !engine.objects.is_empty() {
        text += &format!(
            "  {} of `{}` that nobody needs\n",
            counted(engine.objects.len()),
            engine.shown
        );
        text += &listed(&engine.objects, now, terminal);
    }
    if !engine.kept.is_empty() {
        text += &format!(
            "  kept, because their rows can't be computed again (`--destroy-history` drops them): {}\n",
            engine.kept.len()
        );
        text += &listed(&engine.kept, now, terminal);
    }
    if !engine.unknown.is_empty() {
        text += &format!(
            "  left alone in `_dbgo`, as dbgo didn't make it: `{}`\n",
            engine.unknown.join("`, `")
        );
    }
    text
}

fn listed(things: &[Thing], now: Timestamp, terminal: &Terminal) -> String {
    let heads = ["model", "kind", "made", "name in `_dbgo`"];
    let mut table = Table::new(heads.map(Column::text));
    for thing in things.iter().take(LISTED) {
        table.push([
            Some(thing.model.clone()),
            Some(match thing.preview.is_empty() {
                true => thing.kind.clone(),
                false => format!("{}, preview", thing.kind),
            }),
            Some(ago(thing.created_at, now)),
            Some(thing.physical.clone()),
        ]);
    }
    let mut text = table.text(terminal.width).0;
    if things.len() > LISTED {
        text += &format!("  and {} more\n", things.len() - LISTED);
    }
    text
}

fn counted(count: usize) -> String {
    match count {
        1 => "1 table or view".to_owned(),
        count => format!("{count} tables and views"),
    }
}

fn outcome(cleaned: &Cleaned) -> String {
    let mut text = String::new();
    for environment in &cleaned.environments {
        text += &format!("  the environment `{environment}` is gone\n");
    }
    for failure in &cleaned.failures {
        text += &format!("  ✗ {failure}\n");
    }
    let records = &cleaned.records;
    text += &format!(
        "  dropped {}, {} free again; forgot {} runs, {} plans, {} entries of histories\n",
        counted(cleaned.objects),
        size(cleaned.bytes),
        records.runs,
        records.plans,
        records.history
    );
    text
}

/// A number of bytes for people.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    match unit {
        0 => format!("{bytes} bytes"),
        _ => format!("{value:.1} {}", UNITS[unit]),
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_short() {
        for (bytes, text) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (262_144, "262.1 kB"),
            (5_000_000_000, "5.0 GB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}

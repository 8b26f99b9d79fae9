//! `env`

use super::apply::{apply_options, point};
use super::change_arguments::{EnvArguments, EnvCommand};
use super::run::carrying_out;
use super::table::{Column, Table};
use super::terminal::{Terminal, print, print_json, say};
use crate::environments::{checked_name, sanitise};
use crate::error::{Code, Error, Kind, Result};
use crate::execute::{
    self, PointerOptions, RunOptions, drop_environment, open_state, revision_before,
};
use crate::plan::{PlanOptions, Purpose, ago};
use crate::project::Project;
use crate::situation::{Request, Situation};
use crate::state::Environment;
use jiff::Timestamp;
use serde_json::json;
use std::process::ExitCode;

/// Lists, shows, makes, removes and takes back environments.
pub fn env(project: &Project, arguments: &EnvArguments, terminal: &Terminal) -> ExitCode {
    let result = match &arguments.command {
        EnvCommand::List { json } => list(project, *json, terminal),
        EnvCommand::Show { environment, json } => {
            show(project, environment.as_deref(), *json, terminal)
        }
        EnvCommand::Create {
            environment,
            from,
            carry_out,
        } => {
            let purpose = Purpose::Create {
                from: sanitise(from),
            };
            let options = PointerOptions {
                environment: environment.clone(),
                purpose,
                rebase: false,
                apply: apply_options(carry_out, PlanOptions::default(), terminal),
            };
            let carry_out = super::change_arguments::CarryOut {
                // Nothing of anybody's changes.
                yes: true,
                ..carry_out.clone()
            };
            point(project, &options, &carry_out, terminal)
        }
        EnvCommand::Drop {
            environment,
            destroy_history,
            yes,
        } => dropped(project, (environment, *yes), destroy_history, terminal),
        EnvCommand::Rollback {
            environment,
            to,
            carry_out,
        } => rollback(project, (environment, *to), carry_out, terminal),
        EnvCommand::History {
            environment,
            limit,
            json,
        } => history(project, (environment.as_deref(), *limit), *json, terminal),
    };
    super::finish(result, terminal)
}

fn list(project: &Project, as_json: bool, terminal: &Terminal) -> Result<ExitCode> {
    let mut state = open_state(project)?;
    let environments = state.environments(project.def.name.as_str())?;
    state.close()?;
    if as_json {
        let environments: Vec<_> = environments.iter().map(document).collect();
        print_json(&json!({
            "schema": "dbgo/environments/1", "environments": environments,
        }));
        return Ok(ExitCode::SUCCESS);
    }
    let now = Timestamp::now();
    let heads = [
        "environment",
        "version",
        "revision",
        "changed",
        "by",
        "notes",
    ];
    let mut table = Table::new(heads.map(Column::text));
    for environment in &environments {
        table.push([
            Some(environment.name.clone()),
            Some(short_version(environment)),
            Some(environment.revision.to_string()),
            Some(ago(environment.changed_at, now)),
            Some(environment.changed_by.clone()),
            Some(notes(environment, now)),
        ]);
    }
    print(&table.text(terminal.width).0);
    if environments.is_empty() {
        say("  no environment yet: `apply` or `run` makes one\n");
    }
    Ok(ExitCode::SUCCESS)
}

fn short_version(environment: &Environment) -> String {
    let version = environment.project_version.get(..8);
    version.unwrap_or("nothing").to_owned()
}

fn notes(environment: &Environment, now: Timestamp) -> String {
    let mut notes = Vec::new();
    if environment.protected {
        notes.push("protected".to_owned());
    }
    if !environment.base.is_empty() {
        notes.push(format!("from {}", environment.base));
    }
    if !environment.pending_plan.is_empty() {
        notes.push("a plan is pending".to_owned());
    }
    if let Some(expires_at) = environment.expires_at {
        let days = expires_at.duration_since(now).as_secs() / 86_400;
        notes.push(match expires_at <= now {
            true => "expired".to_owned(),
            false => format!("expires in {days} days"),
        });
    }
    notes.join(", ")
}

fn document(environment: &Environment) -> serde_json::Value {
    json!({
        "name": environment.name, "engine": environment.engine,
        "revision": environment.revision, "project_version": environment.project_version,
        "project_hash": environment.project_hash, "commit": environment.commit,
        "base": environment.base, "base_revision": environment.base_revision,
        "protected": environment.protected, "created_at": environment.created_at,
        "changed_at": environment.changed_at, "changed_by": environment.changed_by,
        "expires_at": environment.expires_at, "pending_plan": environment.pending_plan,
    })
}

fn situation<'a>(project: &'a Project, named: Option<&str>) -> Result<Situation<'a>> {
    Situation::read(
        project,
        &Request {
            environment: named.map(str::to_owned),
            ..Request::default()
        },
    )
}

fn show(
    project: &Project,
    named: Option<&str>,
    as_json: bool,
    terminal: &Terminal,
) -> Result<ExitCode> {
    let situation = situation(project, named)?;
    let environment = execute::environment(&situation, situation.place.environment.name)?;
    let known = &situation.known;
    let models = situation
        .pinned
        .values()
        .filter(|pinned| !matches!(pinned.kind.as_str(), "source" | "ephemeral"));
    if as_json {
        let models: Vec<_> = models
            .map(|pinned| {
                let shown = known.published.get(&pinned.model);
                json!({
                    "model": pinned.model, "version": pinned.version, "kind": pinned.kind,
                    "physical": shown.map(|shown| shown.physical.clone()),
                    "view": shown.map(|shown| format!("{}.{}", shown.view_schema, shown.view_name)),
                })
            })
            .collect();
        let mut document = document(&environment);
        document["schema"] = json!("dbgo/environment/1");
        document["models"] = json!(models);
        print_json(&document);
        return Ok(ExitCode::SUCCESS);
    }
    let now = Timestamp::now();
    say(&format!(
        "  {} on {} · version {} · revision {}, {} by {}\n  {}\n",
        environment.name,
        environment.engine,
        short_version(&environment),
        environment.revision,
        ago(environment.changed_at, now),
        environment.changed_by,
        notes(&environment, now),
    ));
    let heads = ["model", "kind", "version", "table"];
    let mut table = Table::new(heads.map(Column::text));
    for pinned in models {
        let shown = known.published.get(&pinned.model);
        table.push([
            Some(format!("{}.{}", pinned.schema, pinned.name)),
            Some(pinned.kind.clone()),
            Some(pinned.version.get(..10).unwrap_or_default().to_owned()),
            shown.map(|shown| shown.physical.clone()),
        ]);
    }
    print(&table.text(terminal.width).0);
    Ok(ExitCode::SUCCESS)
}

fn history(
    project: &Project,
    (named, limit): (Option<&str>, u32),
    as_json: bool,
    terminal: &Terminal,
) -> Result<ExitCode> {
    let mut situation = situation(project, named)?;
    let name = situation.place.environment.name;
    execute::environment(&situation, name)?;
    let of = situation.place.scope.project.clone();
    let entries = situation.state.history(&of, name, limit)?;
    if as_json {
        print_json(&json!({ "schema": "dbgo/history/1", "environment": name, "history": entries }));
        return Ok(ExitCode::SUCCESS);
    }
    let now = Timestamp::now();
    let heads = ["revision", "version", "commit", "what", "when", "by"];
    let mut table = Table::new(heads.map(Column::text));
    for entry in &entries {
        table.push([
            Some(entry.revision.to_string()),
            entry.project_version.get(..8).map(str::to_owned),
            Some(entry.commit.get(..8).unwrap_or_default().to_owned()),
            Some(entry.action.clone()),
            Some(ago(entry.at, now)),
            Some(entry.by.clone()),
        ]);
    }
    print(&table.text(terminal.width).0);
    Ok(ExitCode::SUCCESS)
}

fn rollback(
    project: &Project,
    (environment, to): (&str, Option<u64>),
    carry_out: &super::change_arguments::CarryOut,
    terminal: &Terminal,
) -> Result<ExitCode> {
    let to = match to {
        Some(to) => to,
        None => {
            let mut situation = situation(project, Some(environment))?;
            revision_before(&mut situation)?
        }
    };
    let options = PointerOptions {
        environment: environment.to_owned(),
        purpose: Purpose::Rollback { to },
        rebase: false,
        apply: apply_options(carry_out, PlanOptions::default(), terminal),
    };
    point(project, &options, carry_out, terminal)
}

fn dropped(
    project: &Project,
    (environment, yes): (&str, bool),
    destroy_history: &[String],
    terminal: &Terminal,
) -> Result<ExitCode> {
    let name = checked_name(environment)?;
    if !yes {
        return Err(Error::new(
            Kind::Refused,
            Code::NeedsConfirmation,
            format!("dropping `{name}` removes all its views"),
        )
        .hint(format!("write `env drop {name} --yes`")));
    }
    let options = RunOptions {
        environment: Some(name.to_owned()),
        author: terminal.author(),
        ..RunOptions::default()
    };
    let dropped = carrying_out(terminal, |interrupt, _| {
        drop_environment(project, (&options, destroy_history), interrupt)
    })?;
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let tables = match destroy_history.is_empty() {
        true => String::new(),
        false => format!(
            " and {} table{} with a history",
            dropped.tables,
            plural(dropped.tables)
        ),
    };
    say(&format!(
        "  `{name}` is gone, with {} view{}{tables}; tables that nobody needs go later\n",
        dropped.views,
        plural(dropped.views)
    ));
    Ok(ExitCode::SUCCESS)
}

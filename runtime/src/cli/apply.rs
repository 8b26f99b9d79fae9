//! `plan`, `plans`, `apply`, `promote` and `restate`.

use super::change_arguments::{
    ApplyArguments, CarryOut, PlanArguments, PlansArguments, PromoteArguments, RestateArguments,
};
use super::run::{carrying_out, document};
use super::table::{Column, Table};
use super::terminal::{Terminal, print, print_json, say};
use crate::error::{Code, Error, Kind, Result};
use crate::execute::{
    self, Applied, ApplyOptions, Interrupt, PointerOptions, RunOptions, open_state, plan_for,
};
use crate::plan::{self, Plan, PlanOptions, Purpose, Shown, short};
use crate::project::Project;
use jiff::Timestamp;
use serde_json::json;
use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

/// What `plan --detect` ends with where something would change.
const CHANGES: u8 = 5;

/// Shows what would change, and stores it.
pub fn plan(project: &Project, arguments: &PlanArguments, terminal: &Terminal) -> ExitCode {
    super::finish(try_plan(project, arguments, terminal), terminal)
}

fn try_plan(project: &Project, arguments: &PlanArguments, terminal: &Terminal) -> Result<ExitCode> {
    let environment = arguments.environment.as_deref();
    let options = arguments.choices.options();
    let author = terminal.author();
    let mut plan = plan_for(project, environment, &options, &author)?;
    if arguments.online {
        plan.notes.extend(execute::drift(project, environment)?);
    }
    if arguments.json {
        print_json(&json!(plan));
    } else {
        let shown = Shown {
            sql: arguments.sql,
            columns: arguments.columns,
            colour: terminal.width.is_some() && terminal.colour,
        };
        print(&plan::text(&plan, shown, Timestamp::now()));
    }
    Ok(match arguments.detect && !plan.is_empty() {
        true => ExitCode::from(CHANGES),
        false => ExitCode::SUCCESS,
    })
}

/// Lists plans.
pub fn plans(project: &Project, arguments: &PlansArguments, terminal: &Terminal) -> ExitCode {
    super::finish(try_plans(project, arguments, terminal), terminal)
}

fn try_plans(
    project: &Project,
    arguments: &PlansArguments,
    terminal: &Terminal,
) -> Result<ExitCode> {
    let mut state = open_state(project)?;
    let environment = arguments.environment.as_deref();
    let plans = state.plans(project.def.name.as_str(), environment, arguments.limit)?;
    state.close()?;
    if arguments.json {
        let plans: Vec<_> = plans
            .iter()
            .map(|plan| {
                json!({
                    "id": plan.id, "environment": plan.environment, "revision": plan.revision,
                    "status": plan.status, "created_at": plan.created_at,
                    "created_by": plan.created_by,
                })
            })
            .collect();
        print_json(&json!({ "schema": "dbgo/plans/1", "plans": plans }));
        return Ok(ExitCode::SUCCESS);
    }
    let now = Timestamp::now();
    let heads = ["plan", "environment", "revision", "status", "made", "by"];
    let mut table = Table::new(heads.map(Column::text));
    for stored in &plans {
        table.push([
            Some(short(&stored.id).to_owned()),
            Some(stored.environment.clone()),
            Some(stored.revision.to_string()),
            Some(stored.status.clone()),
            Some(plan::ago(stored.created_at, now)),
            Some(stored.created_by.clone()),
        ]);
    }
    let (text, _) = table.text(terminal.width);
    print(&text);
    Ok(ExitCode::SUCCESS)
}

/// Carries out a plan.
pub fn apply(project: &Project, arguments: &ApplyArguments, terminal: &Terminal) -> ExitCode {
    super::finish(try_apply(project, arguments, terminal), terminal)
}

fn try_apply(
    project: &Project,
    arguments: &ApplyArguments,
    terminal: &Terminal,
) -> Result<ExitCode> {
    let options = ApplyOptions {
        what: arguments.what.clone(),
        plan: arguments.choices.options(),
        go_on: arguments.go_on,
        abandon: arguments.abandon,
        run: run_options(&arguments.carry_out, &arguments.choices.options(), terminal),
    };
    let mut agrees = |plan: &Plan| agreed(plan, &arguments.carry_out, terminal);
    let applied = carrying_out(terminal, |interrupt, listener| {
        execute::apply(project, &options, &mut agrees, interrupt, listener)
    })?;
    ended(project, &applied, &arguments.carry_out)
}

/// Makes an environment show what another one shows.
pub fn promote(project: &Project, arguments: &PromoteArguments, terminal: &Terminal) -> ExitCode {
    let options = PointerOptions {
        environment: arguments.to.clone(),
        purpose: Purpose::Promote {
            from: crate::environments::sanitise(&arguments.from),
        },
        rebase: arguments.rebase,
        apply: apply_options(&arguments.carry_out, PlanOptions::default(), terminal),
    };
    let pointed = point(project, &options, &arguments.carry_out, terminal);
    super::finish(pointed, terminal)
}

/// Carries out a change of pointers.
///
/// # Errors
/// Those of [`execute::point`].
pub fn point(
    project: &Project,
    options: &PointerOptions,
    carry_out: &CarryOut,
    terminal: &Terminal,
) -> Result<ExitCode> {
    let mut agrees = |plan: &Plan| agreed(plan, carry_out, terminal);
    let applied = carrying_out(terminal, |interrupt, listener| {
        execute::point(project, options, &mut agrees, interrupt, listener)
    })?;
    ended(project, &applied, carry_out)
}

/// Computes rows again.
pub fn restate(project: &Project, arguments: &RestateArguments, terminal: &Terminal) -> ExitCode {
    let plan = PlanOptions {
        restate: arguments.models.clone(),
        start: Some(arguments.start.clone()),
        end: arguments.end.clone(),
        fork: arguments.fork,
        destroy_history: arguments.destroy_history.clone(),
        ..PlanOptions::default()
    };
    let options = ApplyOptions {
        what: arguments.env.clone(),
        ..apply_options(&arguments.carry_out, plan, terminal)
    };
    let mut agrees = |plan: &Plan| agreed(plan, &arguments.carry_out, terminal);
    let applied = carrying_out(terminal, |interrupt: &Interrupt, listener| {
        execute::apply(project, &options, &mut agrees, interrupt, listener)
    });
    let ended = applied.and_then(|applied| ended(project, &applied, &arguments.carry_out));
    super::finish(ended, terminal)
}

/// How something is carried out, as the command line says.
pub fn apply_options(carry_out: &CarryOut, plan: PlanOptions, terminal: &Terminal) -> ApplyOptions {
    ApplyOptions {
        run: run_options(carry_out, &plan, terminal),
        plan,
        ..ApplyOptions::default()
    }
}

fn run_options(carry_out: &CarryOut, plan: &PlanOptions, terminal: &Terminal) -> RunOptions {
    RunOptions {
        full_refresh: plan.full_refresh,
        repair: carry_out.repair,
        rebuild: carry_out.rebuild,
        workers: carry_out.workers.map(usize::from),
        fail_fast: carry_out.fail_fast,
        wait: carry_out.wait.map(Duration::from_secs),
        author: terminal.author(),
        ..RunOptions::default()
    }
}

/// Shows a plan and asks, unless nobody is to be asked.
fn agreed(plan: &Plan, carry_out: &CarryOut, terminal: &Terminal) -> Result<bool> {
    let shown = Shown {
        colour: terminal.colour,
        ..Shown::default()
    };
    say(&plan::text(plan, shown, Timestamp::now()));
    if carry_out.yes {
        return Ok(true);
    }
    let question = format!("change `{}`", plan.environment);
    asked(&question, terminal, || {
        Error::new(
            Kind::Refused,
            Code::NeedsConfirmation,
            format!(
                "nobody can be asked whether to change `{}`",
                plan.environment
            ),
        )
        .hint(format!(
            "`apply {}` does just what was shown; `--yes` agrees to whatever is planned",
            plan.short_id()
        ))
    })
}

/// Asks on the terminal, and gives whether the answer is yes.
///
/// # Errors
/// What `nobody` gives, where there is nobody to be asked.
pub fn asked(question: &str, terminal: &Terminal, nobody: impl FnOnce() -> Error) -> Result<bool> {
    if !std::io::stdin().is_terminal() || !terminal.interactive {
        return Err(nobody());
    }
    say(&format!("\n  {question}? [y/N] "));
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    Ok(read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Tells what an apply came to, and gives the exit code.
fn ended(project: &Project, applied: &Applied, carry_out: &CarryOut) -> Result<ExitCode> {
    match applied {
        Applied::Nothing(plan) => {
            say(&plan::text(plan, Shown::default(), Timestamp::now()));
            if carry_out.json {
                print_json(&json!({ "schema": "dbgo/run/1", "steps": [] }));
            }
            Ok(ExitCode::SUCCESS)
        }
        Applied::Declined => {
            say("  nothing was changed\n");
            Ok(ExitCode::SUCCESS)
        }
        Applied::Finished(notes) => {
            for note in notes {
                say(&format!("  {note}\n"));
            }
            Ok(ExitCode::SUCCESS)
        }
        Applied::Abandoned(id) => {
            say(&format!(
                "  the plan {} is given up; what it built stays until nobody needs it\n",
                short(id)
            ));
            Ok(ExitCode::SUCCESS)
        }
        Applied::Done(outcome) => {
            if carry_out.json {
                print_json(&document(project, outcome));
            }
            Ok(outcome
                .trouble
                .map_or(ExitCode::SUCCESS, |kind| ExitCode::from(kind.exit_status())))
        }
    }
}

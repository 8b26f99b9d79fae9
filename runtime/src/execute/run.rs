//! `run`: adds what is missing; in an environment that isn't protected it brings it to the program's
//! project first.

use super::claim::finish_begun;
use super::context::Mode;
use super::drift::mend_drift;
use super::interrupt::Interrupt;
use super::job::{Job, perform};
use super::opening::{self, Opening};
use super::options::{RunOptions, RunOutcome};
use super::turns::{await_turn, check_turn, in_turn};
use crate::error::{Code, Error, Kind, Result};
use crate::events::Event;
use crate::plan::{self, Plan, PlanOptions, short};
use crate::project::Project;
use crate::situation::{Belief, Request};

/// Runs a project: builds what is missing or changed, and publishes it.
///
/// # Errors
/// What keeps the run from starting, or the state database's failure. A model that fails is no
/// error here; [`RunOutcome::trouble`] tells it.
pub fn run(
    project: &Project,
    options: &RunOptions,
    interrupt: &Interrupt,
    listener: &mut dyn FnMut(Event),
) -> Result<RunOutcome> {
    let request = Request {
        environment: options.environment.clone(),
        variables: options.variables.clone(),
        ..Request::default()
    };
    in_turn((project, &request), (options, interrupt), |options| {
        run_once((project, &request), options, interrupt, listener)
    })
}

fn run_once(
    (project, request): (&Project, &Request),
    options: &RunOptions,
    interrupt: &Interrupt,
    listener: &mut dyn FnMut(Event),
) -> Result<RunOutcome> {
    let mut opening = open(project, request, options, interrupt)?;
    let wished = PlanOptions {
        select: options.select.clone(),
        exclude: options.exclude.clone(),
        full_refresh: options.full_refresh,
        destroy_history: options.destroy_history.clone(),
        variables: options.variables.clone(),
        ..PlanOptions::default()
    };
    if options.repair {
        let drift = mend_drift(&mut opening, (true, &options.destroy_history))?;
        opening.notes.extend(drift);
    }
    let (plan, target) = plan::make(&mut opening.situation, &wished, &options.author)?;
    opening
        .notes
        .extend(plan::unmatched(&mut opening.situation, &wished)?);
    check_may_run(&opening, &plan)?;
    let job = Job {
        plan: &plan,
        target: &target,
        mode: Mode::Run,
        command: "run",
        options,
        resume: false,
    };
    perform(opening, &job, interrupt, listener)
}

/// Opens engine and state, and ends what was begun: a publication, if there is one.
///
/// # Errors
/// Those of opening, and of the publication.
pub fn open<'a>(
    project: &'a Project,
    request: &Request,
    options: &RunOptions,
    interrupt: &Interrupt,
) -> Result<Opening<'a>> {
    let request = &Request {
        belief: match options.rebuild {
            true => Belief::Nothing,
            false => request.belief.clone(),
        },
        ..request.clone()
    };
    await_turn(project, request, (options.wait, interrupt))?;
    let mut opening = opening::open(project, request, options.wait, interrupt)?;
    check_turn(&mut opening)?;
    if finish_begun(&mut opening, interrupt)? {
        let notes = std::mem::take(&mut opening.notes);
        drop(opening);
        opening = opening::open(project, request, options.wait, interrupt)?;
        opening.notes.extend(notes);
        opening.finished_begun = true;
    }
    Ok(opening)
}

/// Refuses a run that would deploy to a protected environment.
fn check_may_run(opening: &Opening<'_>, plan: &Plan) -> Result<()> {
    let environment = &opening.situation.place.environment;
    if !environment.protected || plan.from == plan.to {
        return Ok(());
    }
    let name = environment.name;
    let refused = |message: String| Error::new(Kind::Refused, Code::OtherProject, message);
    let Some(row) = opening.situation.pointer().filter(|row| row.revision > 0) else {
        return Err(
            refused(format!("nothing was ever applied to `{name}`")).hint(format!(
                "`apply {name}` shows what would be done, and does it"
            )),
        );
    };
    let commit = match row.commit.get(..8) {
        Some(commit) => format!(", commit {commit}"),
        None => String::new(),
    };
    Err(refused(format!(
        "`{name}` records another version of the project than this program: {}{commit}, applied by {} at {}",
        row.project_version.get(..8).unwrap_or_default(),
        row.changed_by,
        row.changed_at
    ))
    .hint(format!(
        "run the program of that version, or `apply {name}` this one first"
    )))
}

/// Refuses to change an environment in which a plan was begun.
///
/// # Errors
/// `pending-plan`.
pub fn check_nothing_pending(opening: &mut Opening<'_>) -> Result<()> {
    let Some(row) = opening.situation.pointer().cloned() else {
        return Ok(());
    };
    if row.pending_plan.is_empty() {
        return Ok(());
    }
    let project = opening.situation.place.scope.project.clone();
    let plans = opening.situation.state.plan(&project, &row.pending_plan)?;
    if plans.is_empty() {
        return Ok(());
    }
    check_turn(opening)?;
    Err(Error::new(
        Kind::Refused,
        Code::PendingPlan,
        format!(
            "the plan {} of `{}` was begun and isn't done",
            short(&row.pending_plan),
            row.name
        ),
    )
    .hint("`apply --continue` ends it, `apply --abandon` gives it up"))
}

//! `plan` and `apply`: a plan is made and stored, and later carried out as it is, or refused because
//! the state has moved.

use super::claim::moved;
use super::context::Mode;
use super::drift::mend_drift;
use super::interrupt::Interrupt;
use super::job::{Job, perform};
use super::opening::Opening;
use super::options::{RunOptions, RunOutcome};
use super::run::{check_nothing_pending, open};
use super::turns::in_turn;
use crate::environments::looks_like_a_plan;
use crate::error::{Code, Error, Kind, Result};
use crate::events::Event;
use crate::plan::{self, Author, Plan, PlanOptions, Purpose, Target, check_buildable, short};
use crate::project::Project;
use crate::situation::{Request, Situation};
use crate::state::{State, StoredPlan};

/// What an apply is asked for.
#[derive(Clone, Debug, Default)]
pub struct ApplyOptions {
    /// What is applied: an environment, or the id of a stored plan; the default environment without it.
    pub what: Option<String>,
    /// What a new plan is made with.
    pub plan: PlanOptions,
    /// Whether a plan that was begun is ended.
    pub go_on: bool,
    /// Whether a plan that was begun is given up.
    pub abandon: bool,
    /// How it is carried out.
    pub run: RunOptions,
}

/// Makes a plan for an environment and stores it. Neither the engine nor anything that is shown changes.
///
/// # Errors
/// Settings, selections and variables that can't be read; failures of the state.
pub fn plan_for(
    project: &Project,
    environment: Option<&str>,
    options: &PlanOptions,
    author: &Author,
) -> Result<Plan> {
    let mut situation = Situation::read(project, &request(environment, options))?;
    let (plan, _) = plan::make(&mut situation, options, author)?;
    store(&mut situation.state, &plan)?;
    situation.state.close()?;
    Ok(plan)
}

/// Stores a plan, if there is anything to do.
///
/// # Errors
/// Failures of the state.
pub fn store(state: &mut State, plan: &Plan) -> Result<()> {
    if plan.is_empty() {
        return Ok(());
    }
    state.save_plan(&plan.project, &stored(plan))
}

fn stored(plan: &Plan) -> StoredPlan {
    StoredPlan {
        id: plan.id.clone(),
        environment: plan.environment.clone(),
        revision: plan.revision,
        created_at: plan.execution_ts,
        created_by: plan.created_by.clone(),
        status: "new".to_owned(),
        document: plan.to_json(),
    }
}

/// What a plan's options say of the environment.
pub fn request(environment: Option<&str>, options: &PlanOptions) -> Request {
    let restates = !options.restate.is_empty();
    Request {
        environment: environment.map(str::to_owned),
        variables: options.variables.clone(),
        // The range of a restatement is no cut of the history.
        start: options.start.clone().filter(|_| !restates),
        end: options.end.clone().filter(|_| !restates),
        now: None,
        belief: crate::situation::Belief::State,
    }
}

/// Who is shown a plan, and says whether it is carried out.
pub type Agrees<'a> = &'a mut dyn FnMut(&Plan) -> Result<bool>;

/// What an apply came to.
#[derive(Debug)]
pub enum Applied {
    /// There was nothing to do.
    Nothing(Box<Plan>),
    /// Nobody agreed.
    Declined,
    /// A plan that was begun was given up.
    Abandoned(String),
    /// Of a plan that was begun only the publication was left to be ended, which opening did; what it
    /// says of that.
    Finished(Vec<String>),
    /// It was carried out.
    Done(RunOutcome),
}

/// Carries out a plan: a stored one, or one that is made now and that `agrees` says yes to.
///
/// # Errors
/// `unknown-plan`, `stale-plan`, `pending-plan`, `needs-confirmation`, and those of carrying it out.
pub fn apply(
    project: &Project,
    options: &ApplyOptions,
    agrees: &mut dyn FnMut(&Plan) -> Result<bool>,
    interrupt: &Interrupt,
    listener: &mut dyn FnMut(Event),
) -> Result<Applied> {
    if options.go_on || options.abandon {
        return begun(project, options, interrupt, listener);
    }
    let named = options.what.as_deref();
    if let Some(id) = named.filter(|what| is_plan_id(what)) {
        let stored = find_plan(project, id)?;
        return of_stored(project, (&stored, false), options, interrupt, listener);
    }
    let request = request(named, &options.plan);
    let mut agreed = None;
    in_turn((project, &request), (&options.run, interrupt), |run| {
        let options = ApplyOptions {
            run: run.clone(),
            ..options.clone()
        };
        // What somebody agreed to already isn't asked again.
        let mut agrees_once = |plan: &Plan| {
            let is_asked = agreed.as_ref().is_none_or(|agreed| !same(agreed, plan));
            let is_agreed = !is_asked || agrees(plan)?;
            agreed = is_agreed.then(|| plan.clone());
            Ok(is_agreed)
        };
        let asked: (_, Agrees<'_>) = (&options, &mut agrees_once);
        apply_once((project, &request), asked, interrupt, listener)
    })
}

/// Carries out a plan that is made now.
fn apply_once(
    (project, request): (&Project, &Request),
    (options, agrees): (&ApplyOptions, Agrees<'_>),
    interrupt: &Interrupt,
    listener: &mut dyn FnMut(Event),
) -> Result<Applied> {
    let mut opening = open(project, request, &options.run, interrupt)?;
    check_nothing_pending(&mut opening)?;
    let repair = (options.run.repair, options.plan.destroy_history.as_slice());
    let drift = mend_drift(&mut opening, repair)?;
    let author = &options.run.author;
    let (mut plan, target) = plan::make(&mut opening.situation, &options.plan, author)?;
    plan.notes.extend(drift);
    if plan.is_empty() && !options.run.repair {
        return Ok(Applied::Nothing(Box::new(plan)));
    }
    store(&mut opening.situation.state, &plan)?;
    if !agrees(&plan)? {
        return Ok(Applied::Declined);
    }
    carry_out(
        opening,
        (&plan, &target, false),
        options,
        interrupt,
        listener,
    )
}

/// Carries out a plan that is made for what was opened.
///
/// # Errors
/// Those of [`perform`].
pub fn carry_out(
    opening: Opening<'_>,
    (plan, target, resume): (&Plan, &Target, bool),
    options: &ApplyOptions,
    interrupt: &Interrupt,
    listener: &mut dyn FnMut(Event),
) -> Result<Applied> {
    let job = Job {
        plan,
        target,
        mode: Mode::Apply,
        command: plan.purpose.word(),
        options: &options.run,
        resume,
    };
    perform(opening, &job, interrupt, listener).map(Applied::Done)
}

/// Whether a text is the id of a plan, or the part of one that people see.
fn is_plan_id(what: &str) -> bool {
    looks_like_a_plan(what)
        || (what.len() == 32 && what.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn find_plan(project: &Project, id: &str) -> Result<StoredPlan> {
    let situation = Situation::read(project, &Request::default());
    // The default environment may be wrong, and the plan's another one.
    let mut state = match situation {
        Ok(situation) => situation.state,
        Err(_) => open_state(project)?,
    };
    let mut found = state.plan(project.def.name.as_str(), id)?;
    state.close()?;
    match (found.pop(), found.is_empty()) {
        (Some(plan), true) => Ok(plan),
        (None, _) => Err(Error::new(
            Kind::Usage,
            Code::UnknownPlan,
            format!("there is no plan `{id}`"),
        )
        .hint("`plans` lists them")),
        (Some(_), false) => Err(Error::new(
            Kind::Usage,
            Code::UnknownPlan,
            format!("several plans are called `{id}`"),
        )
        .hint("write more digits of it: `plans --json` shows all of them")),
    }
}

/// Opens the state of a project.
///
/// # Errors
/// A missing variable, failures of the state.
pub fn open_state(project: &Project) -> Result<State> {
    let folder = project
        .folder()
        .unwrap_or_else(|| std::path::Path::new("."));
    let lookup = crate::config::Lookup::new(folder)?;
    State::open(&crate::config::state_address(project, &lookup)?)
}

/// Carries out a stored plan, for what it was made for or not at all.
fn of_stored(
    project: &Project,
    (stored, resume): (&StoredPlan, bool),
    options: &ApplyOptions,
    interrupt: &Interrupt,
    listener: &mut dyn FnMut(Event),
) -> Result<Applied> {
    let plan = Plan::from_json(&stored.document).map_err(|error| {
        Error::new(
            Kind::Refused,
            Code::StateMovedOn,
            format!(
                "another version of dbgo made the plan {}: {error}",
                short(&stored.id)
            ),
        )
        .hint("make a new plan")
    })?;
    if stored.status == "applied" || stored.status == "abandoned" {
        return Err(Error::new(
            Kind::Refused,
            Code::StalePlan,
            format!(
                "the plan {} was {} already",
                short(&stored.id),
                stored.status
            ),
        )
        .hint("make a new plan"));
    }
    let request = Request {
        now: Some(plan.execution_ts),
        ..request(Some(&plan.environment), &plan.options)
    };
    let mut opening = open(project, &request, &options.run, interrupt)?;
    if !resume {
        check_nothing_pending(&mut opening)?;
    }
    if let Some(row) = opening.situation.pointer()
        && row.revision != plan.revision
    {
        return Err(moved(row));
    }
    // A plan is carried out as it is: what was altered meanwhile is told, and not made anew.
    let drift = mend_drift(&mut opening, (false, &[]))?;
    opening.notes.extend(drift);
    let (now, target) = again(&mut opening.situation, &plan)?;
    check_buildable((&now, &target), project)?;
    if !resume && !same(&plan, &now) {
        return Err(Error::new(
            Kind::Refused,
            Code::StalePlan,
            format!(
                "the plan {} isn't what would be done now: {}",
                short(&plan.id),
                what_differs(&plan, &now)
            ),
        )
        .hint(format!("make a new plan: `plan {}`", plan.environment)));
    }
    carry_out(
        opening,
        (&plan, &target, resume),
        options,
        interrupt,
        listener,
    )
}

/// The same plan, made again from what is known now.
fn again(situation: &mut Situation<'_>, plan: &Plan) -> Result<(Plan, Target)> {
    let author = Author {
        name: plan.created_by.clone(),
        commit: plan.to.commit.clone(),
    };
    match &plan.purpose {
        Purpose::Apply => plan::make(situation, &plan.options, &author),
        purpose => {
            let target = super::pointers::target_of(situation, purpose)?;
            let now = plan::make_for(
                situation,
                (&target, purpose.clone()),
                &plan.options,
                &author,
            )?;
            Ok((now, target))
        }
    }
}

/// Whether two plans do the same. How long things took, and who asked, doesn't matter.
fn same(one: &Plan, other: &Plan) -> bool {
    let essence = |plan: &Plan| {
        let models: Vec<_> = plan
            .models
            .iter()
            .map(|model| {
                let action = match &model.action {
                    plan::Action::Reuse { .. } => plan::Action::Keep,
                    action => action.clone(),
                };
                (model.model.clone(), model.version.clone(), action)
            })
            .collect();
        (plan.from.clone(), plan.to.clone(), models)
    };
    essence(one) == essence(other)
}

fn what_differs(plan: &Plan, now: &Plan) -> String {
    if plan.to.project_hash != now.to.project_hash {
        return "this program is of another version of the project".to_owned();
    }
    let differing = now.models.iter().find(|model| {
        let before = plan.models.iter().find(|other| other.model == model.model);
        before.is_none_or(|before| before.version != model.version || before.action != model.action)
    });
    match differing {
        Some(model) => format!("`{}` is in another state than it was", model.relation),
        None => "something is done already".to_owned(),
    }
}

/// Ends or gives up a plan that was begun.
fn begun(
    project: &Project,
    options: &ApplyOptions,
    interrupt: &Interrupt,
    listener: &mut dyn FnMut(Event),
) -> Result<Applied> {
    let named = options.what.as_deref().filter(|what| !is_plan_id(what));
    let request = request(named, &options.plan);
    let mut opening = open(project, &request, &options.run, interrupt)?;
    let name = opening.situation.place.environment.name;
    let pending = opening
        .situation
        .pointer()
        .map(|row| row.pending_plan.clone())
        .unwrap_or_default();
    let scope = opening.situation.place.scope.clone();
    let state = &mut opening.situation.state;
    let found = match pending.is_empty() {
        true => Vec::new(),
        false => state.plan(&scope.project, &pending)?,
    };
    let Some(stored) = found.into_iter().find(|plan| plan.id == pending) else {
        if options.go_on && opening.finished_begun {
            return Ok(Applied::Finished(std::mem::take(&mut opening.notes)));
        }
        return Err(Error::new(
            Kind::Usage,
            Code::NothingPending,
            format!("no plan of `{name}` was begun"),
        ));
    };
    if options.abandon {
        state.abandon(&scope.project, &scope.environment, &pending)?;
        return Ok(Applied::Abandoned(pending));
    }
    drop(opening);
    of_stored(project, (&stored, true), options, interrupt, listener)
}

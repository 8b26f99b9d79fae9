//! What only moves pointers, where everything is there: promoting, rolling back, creating an environment.

use super::apply::{Agrees, Applied, ApplyOptions, carry_out, store};
use super::drift::mend_drift;
use super::interrupt::Interrupt;
use super::overtaken::check_overtaken;
use super::run::{check_nothing_pending, open};
use super::turns::in_turn;
use crate::error::{Code, Error, Kind, Result};
use crate::events::Event;
use crate::plan::{self, Author, Plan, PlanOptions, Purpose, Target, check_buildable};
use crate::project::Project;
use crate::situation::{Request, Situation};
use crate::state::{Environment as Row, PinnedModel};

/// What an environment points to, as the target of another one.
///
/// # Errors
/// `unknown-environment`, `version-gone`, failures of the state.
pub fn target_of(situation: &mut Situation<'_>, purpose: &Purpose) -> Result<Target> {
    match purpose {
        Purpose::Promote { from } | Purpose::Create { from } => {
            let row = environment(situation, from)?;
            of_environment(situation, &row)
        }
        Purpose::Rollback { to } => of_revision(situation, *to),
        Purpose::Apply => Ok(Target::default()),
    }
}

/// An environment's row.
///
/// # Errors
/// `unknown-environment` with those that there are.
pub fn environment(situation: &Situation<'_>, name: &str) -> Result<Row> {
    let rows = &situation.known.environments;
    rows.get(name).cloned().ok_or_else(|| {
        let error = Error::new(
            Kind::Usage,
            Code::UnknownEnvironment,
            format!("there is no environment `{name}`"),
        );
        let known: Vec<String> = rows.keys().map(|name| format!("`{name}`")).collect();
        match known.is_empty() {
            true => error.hint("`env list` shows them; `apply` makes one"),
            false => error.hint(format!("there are {}", known.join(", "))),
        }
    })
}

/// What an environment points to.
///
/// # Errors
/// `unknown-environment` if nothing was ever applied to it.
pub fn of_environment(situation: &mut Situation<'_>, row: &Row) -> Result<Target> {
    if row.project_version.is_empty() {
        return Err(Error::new(
            Kind::Refused,
            Code::UnknownEnvironment,
            format!("nothing was ever applied to `{}`", row.name),
        ));
    }
    if row.engine != situation.place.scope.engine {
        return Err(Error::new(
            Kind::Refused,
            Code::UnknownEngine,
            format!(
                "`{}` lives on the engine `{}`, and `{}` on `{}`: tables can't be shared",
                row.name,
                row.engine,
                situation.place.environment.name,
                situation.place.scope.engine
            ),
        )
        .hint("`apply` builds what is needed there"));
    }
    let project = situation.place.project;
    if row.project_hash == project.def.hash.as_str() {
        // The program knows what the project means in this environment, which may be something else
        // than in the other one.
        let target = Target::of_program(situation, &|_| true, &row.commit);
        return Ok(target);
    }
    let pinned = pinned(situation, &row.project_version)?;
    plan::promoted(situation, row, pinned)
}

fn of_revision(situation: &mut Situation<'_>, revision: u64) -> Result<Target> {
    let name = situation.place.environment.name;
    let project = situation.place.scope.project.clone();
    let history = situation.state.history(&project, name, u32::MAX)?;
    let Some(entry) = history.into_iter().find(|entry| entry.revision == revision) else {
        return Err(Error::new(
            Kind::Usage,
            Code::VersionGone,
            format!("`{name}` has no revision {revision} that is still known"),
        )
        .hint(format!("`env history {name}` lists them")));
    };
    let pinned = pinned(situation, &entry.project_version)?;
    let hash = (entry.project_hash.as_str(), entry.commit.as_str());
    Ok(Target::of_pinned(situation, pinned, hash))
}

fn pinned(situation: &mut Situation<'_>, id: &str) -> Result<Vec<PinnedModel>> {
    let project = situation.place.scope.project.clone();
    let version = situation.state.project_version(&project, id)?;
    version.map(|version| version.models).ok_or_else(|| {
        Error::new(
            Kind::Refused,
            Code::VersionGone,
            format!(
                "the version {} of the project isn't known any more",
                &id[..8.min(id.len())]
            ),
        )
    })
}

/// Refuses a promotion into an environment that has moved since the other one was taken from it.
///
/// # Errors
/// `base-moved` with what lies between.
pub fn check_base(situation: &mut Situation<'_>, from: &Row) -> Result<()> {
    let Some(row) = situation.pointer().cloned() else {
        return Ok(());
    };
    if from.base != row.name || from.base_revision == row.revision {
        return Ok(());
    }
    let project = situation.place.scope.project.clone();
    let history = situation.state.history(&project, &row.name, u32::MAX)?;
    let base = history
        .iter()
        .find(|entry| entry.revision == from.base_revision);
    let mut between = Vec::new();
    if let Some(base) = base {
        let before = situation
            .state
            .project_version(&project, &base.project_version)?;
        let before: std::collections::BTreeMap<String, String> = before
            .map(|version| version.models)
            .unwrap_or_default()
            .into_iter()
            .map(|pinned| (pinned.model, pinned.version))
            .collect();
        for pinned in situation.pinned.values() {
            if before.get(&pinned.model) != Some(&pinned.version) {
                between.push(format!("`{}.{}`", pinned.schema, pinned.name));
            }
        }
    }
    between.truncate(5);
    Err(Error::new(
        Kind::Refused,
        Code::BaseMoved,
        format!(
            "`{}` was changed since `{}` was taken from it (revision {}, now {}): {}",
            row.name,
            from.name,
            from.base_revision,
            row.revision,
            match between.is_empty() {
                true => "what changed isn't known any more".to_owned(),
                false => between.join(", "),
            }
        ),
    )
    .hint("bring the project in line with it, apply it to its environment, and use `--rebase`"))
}

/// What a change of pointers is asked for.
#[derive(Clone, Debug)]
pub struct PointerOptions {
    /// The environment that changes.
    pub environment: String,
    /// What it shall point to.
    pub purpose: Purpose,
    /// Whether what lies between a base and now is overwritten.
    pub rebase: bool,
    /// How it is carried out.
    pub apply: ApplyOptions,
}

/// Makes an environment point to something else: a promotion, a rollback, a new environment. What isn't
/// there is built, if this is the program of that version.
///
/// # Errors
/// `unknown-environment`, `environment-exists`, `base-moved`, `version-gone`, and those of carrying it
/// out.
pub fn point(
    project: &Project,
    options: &PointerOptions,
    agrees: &mut dyn FnMut(&Plan) -> Result<bool>,
    interrupt: &Interrupt,
    listener: &mut dyn FnMut(Event),
) -> Result<Applied> {
    let request = Request {
        environment: Some(options.environment.clone()),
        ..Request::default()
    };
    in_turn(
        (project, &request),
        (&options.apply.run, interrupt),
        |run| {
            let mut options = options.clone();
            options.apply.run = run.clone();
            point_once((project, &request), (&options, agrees), interrupt, listener)
        },
    )
}

fn point_once(
    (project, request): (&Project, &Request),
    (options, agrees): (&PointerOptions, Agrees<'_>),
    interrupt: &Interrupt,
    listener: &mut dyn FnMut(Event),
) -> Result<Applied> {
    let mut opening = open(project, request, &options.apply.run, interrupt)?;
    check_nothing_pending(&mut opening)?;
    let drift = mend_drift(&mut opening, (options.apply.run.repair, &[]))?;
    let author = options.apply.run.author.clone();
    let (mut plan, target) = plan_of(&mut opening.situation, options, &author)?;
    plan.notes.extend(drift);
    check_buildable((&plan, &target), project)?;
    if plan.is_empty() && !matches!(options.purpose, Purpose::Create { .. }) {
        return Ok(Applied::Nothing(Box::new(plan)));
    }
    store(&mut opening.situation.state, &plan)?;
    if !agrees(&plan)? {
        return Ok(Applied::Declined);
    }
    let based = match &options.purpose {
        Purpose::Create { from } => Some(from.clone()),
        _ => None,
    };
    opening.base = match based {
        Some(from) => Some((
            from.clone(),
            environment(&opening.situation, &from)?.revision,
        )),
        None => None,
    };
    let carried = (&plan, &target, false);
    carry_out(opening, carried, &options.apply, interrupt, listener)
}

/// The plan of a change of pointers.
///
/// # Errors
/// Those of [`point`] but for carrying it out.
pub fn plan_of(
    situation: &mut Situation<'_>,
    options: &PointerOptions,
    author: &Author,
) -> Result<(Plan, Target)> {
    let name = situation.place.environment.name;
    match &options.purpose {
        Purpose::Create { .. } if situation.pointer().is_some_and(|row| row.revision > 0) => {
            return Err(Error::new(
                Kind::Refused,
                Code::EnvironmentExists,
                format!("the environment `{name}` is there already"),
            )
            .hint(format!(
                "`apply {name}` changes it, `env drop {name}` removes it"
            )));
        }
        Purpose::Promote { from } if !options.rebase => {
            let from = environment(situation, from)?;
            check_base(situation, &from)?;
        }
        _ => {}
    }
    let target = target_of(situation, &options.purpose)?;
    if let (Purpose::Promote { from }, false) = (&options.purpose, options.rebase) {
        let from = environment(situation, from)?;
        if from.base != name {
            check_overtaken(situation, &from, &target)?;
        }
    }
    let of = (&target, options.purpose.clone());
    let plan = plan::make_for(situation, of, &PlanOptions::default(), author)?;
    Ok((plan, target))
}

/// The revision before the present one.
///
/// # Errors
/// `version-gone` where there is none.
pub fn revision_before(situation: &mut Situation<'_>) -> Result<u64> {
    let name = situation.place.environment.name;
    let project = situation.place.scope.project.clone();
    let now = situation.pointer().map_or(0, |row| row.revision);
    let history = situation.state.history(&project, name, u32::MAX)?;
    let before = history.iter().find(|entry| entry.revision < now);
    before.map(|entry| entry.revision).ok_or_else(|| {
        Error::new(
            Kind::Usage,
            Code::VersionGone,
            format!("`{name}` has no earlier revision"),
        )
    })
}

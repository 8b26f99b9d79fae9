//! What only moves pointers, where everything is there: promoting, rolling back, creating an environment.

use super::situation::Situation;
use crate::error::{Code, Error, Kind, Result};
use crate::plan::{Plan, Purpose, Target};
use crate::state::{Environment as Row, PinnedModel};

/// What an environment points to, as the target of another one.
///
/// # Errors
/// `unknown-environment`, `version-gone`, failures of the state.
pub fn target_of(situation: &mut Situation<'_>, plan: &Plan) -> Result<Target> {
    match &plan.purpose {
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
    let hash = (row.project_hash.as_str(), row.commit.as_str());
    Ok(Target::of_pinned(situation, pinned, hash))
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
pub fn check_base(situation: &mut Situation<'_>, from: &Row, plan: &Plan) -> Result<()> {
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
    let _ = plan;
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

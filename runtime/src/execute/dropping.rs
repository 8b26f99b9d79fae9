//! Removing an environment: its views together, then what the state knows of it. Tables stay until
//! nobody needs them.

use super::claim::{Wanted, claim, finish};
use super::details::Details;
use super::interrupt::Interrupt;
use super::janitor::{JanitorOptions, Thing, destroy, destroyed_in};
use super::opening::Opening;
use super::options::RunOptions;
use super::pointers::environment;
use super::publish::{Intent, Publishing, publish_time};
use super::run::{check_nothing_pending, open};
use crate::adapters::{Relation as Name, RelationKind};
use crate::environments::view_key;
use crate::error::{Code, Error, Kind, Result};
use crate::plan::{PlanOptions, Purpose, Target, make_for};
use crate::project::Project;
use crate::situation::Request;
use crate::state::Change;
use std::sync::atomic::AtomicBool;

/// What went with an environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DroppedEnvironment {
    /// How many views.
    pub views: usize,
    /// How many tables whose rows can't be computed again.
    pub tables: usize,
}

/// Removes an environment with its views. Its tables stay until nobody needs them, and those whose rows
/// can't be computed again for ever; those of the models in `destroyed` go at once, unless another
/// environment shows them.
///
/// # Errors
/// `unknown-environment`, `protected-environment`, `unknown-model` and `no-history` for a history that
/// it doesn't show, failures of state and engine.
pub fn drop_environment(
    project: &Project,
    (options, destroyed): (&RunOptions, &[String]),
    interrupt: &Interrupt,
) -> Result<DroppedEnvironment> {
    let request = Request {
        environment: options.environment.clone(),
        ..Request::default()
    };
    let mut opening = open(project, &request, options, interrupt)?;
    let name = opening.situation.place.environment.name;
    let row = environment(&opening.situation, name)?;
    if row.protected || opening.situation.place.environment.protected {
        return Err(Error::new(
            Kind::Refused,
            Code::ProtectedEnvironment,
            format!("`{name}` is protected"),
        )
        .hint(format!(
            "take `protected` from `[env.{name}]` in `dbgo.toml` and apply that first"
        )));
    }
    check_nothing_pending(&mut opening)?;
    let histories = histories(&opening, destroyed)?;
    let purpose = Purpose::Rollback { to: 0 };
    let nothing = (&Target::default(), purpose);
    let plan = make_for(
        &mut opening.situation,
        nothing,
        &PlanOptions::default(),
        &options.author,
    )?;
    let wanted = Wanted {
        plan: &plan,
        resume: false,
        author: &options.author.name,
        leases: None,
        wait: options.wait,
        interrupt,
    };
    let token = claim(&mut opening, &wanted)?;
    let dialect = opening.adapter.dialect();
    let published: Vec<_> = opening
        .situation
        .known
        .published
        .values()
        .cloned()
        .collect();
    let is_view = |schema: &str, view: &str| {
        opening.users.get(&view_key(schema, view)) == Some(&RelationKind::View)
    };
    let statements = published
        .iter()
        .filter(|shown| is_view(&shown.view_schema, &shown.view_name))
        .map(|shown| dialect.drop_view(&Name::new(&shown.view_schema, &shown.view_name)))
        .collect();
    let scope = opening.situation.place.scope.clone();
    let intent = Intent {
        batch_id: format!("{}/publish", plan.id),
        run: plan.id.clone(),
        plan: plan.id.clone(),
        statements,
        details: Details {
            project: scope.project.clone(),
            environment: scope.environment.clone(),
            withdrawn: published.iter().map(|shown| shown.model.clone()).collect(),
            ..Details::default()
        },
        by: options.author.name.clone(),
    };
    let adapter = opening.adapter.clone();
    let in_doubt = AtomicBool::new(false);
    intent.publish(
        &*adapter,
        &mut opening.session,
        &Publishing {
            interrupt,
            in_doubt: &in_doubt,
            token,
            time: publish_time(project),
        },
    )?;
    let mut changes = std::mem::take(&mut opening.changes);
    changes.extend(intent.changes());
    if let Ok(mark) = opening.session.ledger_mark() {
        changes.push(Change::Ledger { mark });
    }
    let state = &mut opening.situation.state;
    finish(state, &scope, &intent, (token, changes))?;
    state.drop_environment(&scope.project, &scope.environment)?;
    let views = published.len();
    drop(opening);
    let tables = match histories.is_empty() {
        true => 0,
        false => {
            let options = JanitorOptions {
                destroy_history: destroyed.to_vec(),
                run: options.clone(),
                ..JanitorOptions::default()
            };
            destroy(project, (histories, name), &options, interrupt)?
        }
    };
    Ok(DroppedEnvironment { views, tables })
}

/// The tables of models with these names that an environment shows.
fn histories(opening: &Opening<'_>, names: &[String]) -> Result<Vec<Thing>> {
    let known = &opening.situation.known;
    let mut found = Vec::new();
    for name in names {
        let models = destroyed_in(opening, std::slice::from_ref(name))?;
        let shown = known.published.values();
        let shown = shown.filter(|shown| models.contains(&shown.model));
        let objects = shown.filter_map(|shown| known.objects.get(&shown.physical));
        let before = found.len();
        found.extend(objects.map(|object| Thing::of(&object)));
        if found.len() == before {
            let environment = opening.situation.place.environment.name;
            return Err(Error::new(
                Kind::Usage,
                Code::UnknownModel,
                format!("`{environment}` shows no table of a model `{name}`"),
            )
            .hint("name it by its import path: `models.core.log`"));
        }
    }
    Ok(found)
}

//! Making a plan from what the state knows.

use super::action::Actions;
use super::compare::{Comparison, Difference, compare};
use super::document::{
    Action, ChangeKind, Columns, Estimate, ModelPlan, Origin, Plan, PlanOptions, Purpose, Reached,
    SCHEMA, SqlChange, ViewChange, ViewPlan,
};
use super::forks;
use super::holdable::check_holdable;
use super::new_data::NewData;
use super::target::{Target, TargetModel, is_shown, view_of_pinned};
use crate::adapters::{Relation as Name, dialect_of};
use crate::environments::view_key;
use crate::error::{Code, Error, Kind, Result};
use crate::project::{Project, Relation};
use crate::selection::{self, Facts};
use crate::situation::{Histories, Restated, Situation, show_statement};
use crate::version::{ALGORITHM, fingerprint};
use dbgo_contract::Publication;
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap};

/// Who asks for a plan, and of which commit the program is.
#[derive(Clone, Debug, Default)]
pub struct Author {
    /// `ana@laptop`.
    pub name: String,
    /// The git commit; empty where it isn't known.
    pub commit: String,
}

/// A plan that brings an environment to the program's project.
///
/// # Errors
/// A selection that can't be read, a variable without a value, `state-failed`.
pub fn make(
    situation: &mut Situation<'_>,
    options: &PlanOptions,
    author: &Author,
) -> Result<(Plan, Target)> {
    let selected = selected(situation, options)?;
    situation.fork(forks::wished(situation, options, &selected)?)?;
    let seeds = needed_seeds(situation, options, &selected);
    let is_selected = |relation: Relation| match relation {
        Relation::Model(index) => selected.contains(&index),
        Relation::Seed(index) => seeds.contains(&index),
        Relation::Source(_) => true,
    };
    let target = Target::of_program(situation, &is_selected, &author.commit);
    let plan = make_for(situation, (&target, Purpose::Apply), options, author)?;
    Ok((plan, target))
}

/// A plan that brings an environment to a target.
///
/// # Errors
/// Those of [`make`], and `version-gone` for what can't be shown any more.
pub fn make_for(
    situation: &mut Situation<'_>,
    (target, purpose): (&Target, Purpose),
    options: &PlanOptions,
    author: &Author,
) -> Result<Plan> {
    check_holdable(situation, target)?;
    let comparison = compare(situation, target)?;
    let histories = Histories::of(situation, &options.destroy_history)?;
    let restated = Restated::of(situation, options, &histories)?;
    let refreshed = match options.full_refresh {
        true => selected(situation, options)?,
        false => BTreeSet::new(),
    };
    let maker = Maker {
        actions: Actions {
            situation,
            options,
            restated: &restated,
            refreshed: &refreshed,
            histories: &histories,
        },
        comparison: &comparison,
        promoted: purpose.promoted(),
    };
    let mut models = maker.models(target)?;
    let views = maker.views(target, &models);
    last_took(situation, &mut models)?;
    let shown = target
        .models
        .values()
        .filter(|model| is_shown(&model.pinned.kind));
    let listed: BTreeSet<&str> = models.iter().map(|model| model.model.as_str()).collect();
    let untouched = shown
        .filter(|model| !listed.contains(model.pinned.model.as_str()))
        .count();
    let notes = notes(situation, options, (&histories, &models));
    let mut plan = Plan {
        schema: SCHEMA.to_owned(),
        id: String::new(),
        project: situation.place.scope.project.clone(),
        environment: situation.place.environment.name.to_owned(),
        engine: situation.place.engine.name.clone(),
        purpose,
        revision: 0,
        from: Origin::default(),
        changed: None,
        to: target.origin.clone(),
        execution_ts: situation.place.now,
        created_by: author.name.clone(),
        tool_version: situation.place.project.def.tool_version.to_string(),
        algorithm: ALGORITHM.to_owned(),
        options: options.clone(),
        estimate: estimate(&models),
        models,
        untouched: untouched as u64,
        views,
        notes,
    };
    if let Some(pointer) = situation.pointer() {
        plan.revision = pointer.revision;
        plan.from = Origin {
            project_version: pointer.project_version.clone(),
            project_hash: pointer.project_hash.clone(),
            commit: pointer.commit.clone(),
        };
        plan.changed =
            (pointer.revision > 0).then(|| (pointer.changed_at, pointer.changed_by.clone()));
    }
    plan.id = new_id(&plan);
    Ok(plan)
}

/// Notes how long each model took the last time that it was built. What every run did is looked through for it, so
/// only where there is something to build.
fn last_took(situation: &mut Situation<'_>, models: &mut [ModelPlan]) -> Result<()> {
    let mut building = models
        .iter_mut()
        .filter(|model| model.action.builds())
        .peekable();
    if building.peek().is_none() {
        return Ok(());
    }
    let durations = situation.state.durations(&situation.place.scope)?;
    for model in building {
        model.last_took_ms = durations.get(&model.model).copied();
    }
    Ok(())
}

fn new_id(plan: &Plan) -> String {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let random = RandomState::new().build_hasher().finish().to_string();
    let now = Timestamp::now().to_string();
    let process = std::process::id().to_string();
    fingerprint([plan.to_json().as_str(), &random, &now, &process])
}

fn selected(situation: &mut Situation<'_>, options: &PlanOptions) -> Result<BTreeSet<usize>> {
    let facts = StateFacts::of(situation, options)?;
    let project = situation.place.project;
    let selection = selection::select(project, &options.select, &options.exclude, &facts)?;
    Ok(selection.models)
}

/// What a selection's terms don't match, as notes.
///
/// # Errors
/// A selection that can't be read.
pub fn unmatched(situation: &mut Situation<'_>, options: &PlanOptions) -> Result<Vec<String>> {
    if options.select.is_empty() && options.exclude.is_empty() {
        return Ok(Vec::new());
    }
    let facts = StateFacts::of(situation, options)?;
    let project = situation.place.project;
    let selection = selection::select(project, &options.select, &options.exclude, &facts)?;
    let terms = selection.unmatched.iter();
    Ok(terms
        .map(|term| format!("no model matches `{term}`"))
        .collect())
}

/// The seeds that the selected models read, through ephemeral ones too; all if nothing is
/// selected.
fn needed_seeds(
    situation: &Situation<'_>,
    options: &PlanOptions,
    selected: &BTreeSet<usize>,
) -> BTreeSet<usize> {
    let project = situation.place.project;
    if options.select.is_empty() && options.exclude.is_empty() {
        return (0..project.seeds().len()).collect();
    }
    let inputs = selected
        .iter()
        .flat_map(|index| project.stored_parents(*index));
    inputs
        .filter_map(|relation| match relation {
            Relation::Seed(index) => Some(index),
            _ => None,
        })
        .collect()
}

/// What selectors ask of the state.
struct StateFacts {
    changed: Vec<bool>,
    with_result: HashMap<String, BTreeSet<usize>>,
}

impl StateFacts {
    fn of(situation: &mut Situation<'_>, options: &PlanOptions) -> Result<Self> {
        let project = situation.place.project;
        let is_changed = |index: usize| {
            let path = project.model(index).def.path.as_str();
            let pinned = situation.pinned.get(path);
            pinned.is_none_or(|pinned| pinned.version != situation.versions.model(index))
        };
        let changed = (0..project.models().len()).map(is_changed).collect();
        let asked = options.select.iter().chain(&options.exclude);
        let asks = asked.into_iter().any(|text| text.contains("result:"));
        let with_result = match asks {
            true => results(situation)?,
            false => HashMap::new(),
        };
        Ok(Self {
            changed,
            with_result,
        })
    }
}

fn results(situation: &mut Situation<'_>) -> Result<HashMap<String, BTreeSet<usize>>> {
    let project = situation.place.project;
    let mut found: HashMap<String, BTreeSet<usize>> = HashMap::new();
    let runs = situation.state.runs(&situation.place.scope.project, 1)?;
    for run in runs {
        for step in situation.state.steps(&run.id)? {
            if let Ok(Relation::Model(index)) = project.find(&step.model) {
                found.entry(step.status).or_default().insert(index);
            }
        }
    }
    Ok(found)
}

impl Facts for StateFacts {
    fn is_changed(&self, model: usize) -> Result<bool> {
        Ok(self.changed.get(model).copied().unwrap_or(true))
    }

    fn with_result(&self, status: &str) -> Result<BTreeSet<usize>> {
        Ok(self.with_result.get(status).cloned().unwrap_or_default())
    }
}

fn notes(
    situation: &Situation<'_>,
    options: &PlanOptions,
    (histories, models): (&Histories, &[ModelPlan]),
) -> Vec<String> {
    let mut notes = forks::notes(situation, options);
    let project = situation.place.project;
    for (index, model) in project.models().iter().enumerate() {
        let name = model.relation();
        if options.full_refresh && histories.keep(index, model) {
            notes.push(format!(
                "`{name}` keeps its history and isn't built anew: its rows can't be computed again"
            ));
        }
        if !histories.destroyed().contains(&index) {
            continue;
        }
        let mut planned = models.iter();
        let planned = planned.find(|it| it.model == model.def.path.as_str());
        notes.push(match planned.is_some_and(|it| it.action.builds()) {
            true => format!("the history of `{name}` ends: it begins anew from what is there now"),
            false => format!(
                "nothing builds `{name}`, so its history stays: `--full-refresh` begins it anew"
            ),
        });
    }
    notes
}

fn estimate(models: &[ModelPlan]) -> Estimate {
    let building: Vec<&ModelPlan> = models.iter().filter(|it| it.action.builds()).collect();
    let known: Vec<u64> = building.iter().filter_map(|it| it.last_took_ms).collect();
    Estimate {
        unknown: (building.len() - known.len()) as u64,
        milliseconds: (!known.is_empty()).then(|| known.iter().sum()),
    }
}

/// Makes the parts of a plan.
struct Maker<'a, 's> {
    actions: Actions<'a, 's>,
    comparison: &'a Comparison,
    /// The environment that is promoted, or that this one is made from.
    promoted: Option<&'a str>,
}

impl Maker<'_, '_> {
    fn models(&self, target: &Target) -> Result<Vec<ModelPlan>> {
        let mut models = Vec::new();
        let new_data = self.new_data(target);
        for path in self.order(target) {
            let Some(wanted) = target.models.get(&path) else {
                continue;
            };
            let difference = self.comparison.differences.get(&path);
            let reads_new_data = new_data.contains(path.as_str());
            let action = self.actions.of(wanted, difference, reads_new_data)?;
            if difference.is_none() && action == Action::Keep {
                continue;
            }
            models.push(self.model(wanted, difference, action));
        }
        let gone = self.comparison.differences.values();
        for difference in gone.filter(|difference| difference.after.is_none()) {
            models.extend(removed(difference));
        }
        Ok(models)
    }

    /// The models that read a seed with other rows, through views and ephemeral models too, and whose
    /// version was never built of these: what is stored of them is built anew under the same version.
    fn new_data(&self, target: &Target) -> BTreeSet<&'static str> {
        let changed: BTreeSet<&str> = self
            .comparison
            .differences
            .keys()
            .map(String::as_str)
            .filter(|path| {
                let after = target.models.get(*path);
                after.is_some_and(|after| after.pinned.kind == "seed")
            })
            .collect();
        let new_data = NewData {
            situation: self.actions.situation,
            target,
            first: self.promoted,
        };
        new_data.below(&changed)
    }

    /// All paths of the target, parents first.
    fn order(&self, target: &Target) -> Vec<String> {
        let project = self.actions.situation.place.project;
        let mut order: Vec<String> = Vec::with_capacity(target.models.len());
        let others = target
            .models
            .values()
            .filter(|model| !matches!(model.relation, Some(Relation::Model(_))));
        order.extend(others.map(|model| model.pinned.model.clone()));
        let models = project.graph().order().iter();
        let models = models.map(|index| project.model(*index).def.path.as_str());
        let is_there = |path: &&str| {
            let found = target.models.get(*path);
            found.is_some_and(|model| matches!(model.relation, Some(Relation::Model(_))))
        };
        order.extend(models.filter(is_there).map(str::to_owned));
        order
    }

    fn model(
        &self,
        wanted: &TargetModel,
        difference: Option<&Difference>,
        action: Action,
    ) -> ModelPlan {
        let pinned = &wanted.pinned;
        let reads_changed = difference.is_none();
        let before = difference.map_or_else(
            || pinned.version.clone(),
            |it| {
                it.before
                    .as_ref()
                    .map(|it| it.version.clone())
                    .unwrap_or_default()
            },
        );
        ModelPlan {
            model: pinned.model.clone(),
            relation: format!("{}.{}", pinned.schema, pinned.name),
            kind: pinned.kind.clone(),
            change: difference.map_or(ChangeKind::Unchanged, |it| it.kind),
            category: difference.and_then(|it| it.category),
            reason: match difference {
                Some(difference) => difference.reason.clone(),
                None => why_unchanged(&action, reads_changed),
            },
            renamed_from: difference.and_then(|it| it.renamed_from.clone()),
            columns: difference.map(|it| it.columns.clone()).unwrap_or_default(),
            reaches: difference.map_or_else(Vec::new, |it| self.reaches(it)),
            version_before: before,
            version: pinned.version.clone(),
            preview: wanted.preview,
            sql: difference.and_then(sql_change),
            last_took_ms: None,
            action,
        }
    }

    /// What a model's own change reaches.
    fn reaches(&self, difference: &Difference) -> Vec<Reached> {
        let is_own = matches!(difference.kind, ChangeKind::Modified | ChangeKind::Removed);
        let Some(after) = difference.after.as_ref().filter(|_| is_own) else {
            return Vec::new();
        };
        let reached = self.comparison.reach(&after.pinned.model);
        let project = self.actions.situation.place.project;
        let tables = reached.tables.into_iter().filter_map(|table| {
            let relation = project.find(&table.path).ok()?;
            Some(Reached {
                name: project.name_of(relation),
                exposure: false,
                columns: if table.rows {
                    Vec::new()
                } else {
                    table.columns
                },
            })
        });
        let exposures = reached.exposures.into_iter().map(|exposure| Reached {
            name: exposure.path.trim_start_matches("exposures.").to_owned(),
            exposure: true,
            columns: Vec::new(),
        });
        tables.chain(exposures).collect()
    }

    /// The users' views that change.
    fn views(&self, target: &Target, models: &[ModelPlan]) -> Vec<ViewPlan> {
        let situation = self.actions.situation;
        let environment = &situation.place.environment;
        let known = &situation.known;
        let actions: HashMap<&str, &ModelPlan> = models
            .iter()
            .map(|model| (model.model.as_str(), model))
            .collect();
        let mut views = Vec::new();
        let mut wanted_names = BTreeSet::new();
        for model in target
            .models
            .values()
            .filter(|it| is_shown(&it.pinned.kind))
        {
            let pinned = &model.pinned;
            let view = view_of_pinned(pinned, environment);
            if self.is_left_to_base(&pinned.model, &pinned.version) {
                continue;
            }
            wanted_names.insert(view_key(&view.schema, &view.name));
            let shown = known.published.get(&pinned.model);
            let planned = actions.get(pinned.model.as_str());
            let physical = planned
                .map_or(Some(&Action::Keep), |it| Some(&it.action))
                .and_then(|action| self.physical(action, pinned));
            let is_same = shown.is_some_and(|shown| {
                shown.version == pinned.version
                    && Some(&shown.physical) == physical.as_ref()
                    && view_key(&shown.view_schema, &shown.view_name)
                        == view_key(&view.schema, &view.name)
            });
            if is_same {
                continue;
            }
            let change = match shown {
                Some(_) => ViewChange::Replace,
                None => ViewChange::Create,
            };
            views.push(self.view_plan(&view, change, physical));
        }
        let gone = known.published.values().filter(|shown| {
            !target.models.contains_key(&shown.model)
                && !wanted_names.contains(&view_key(&shown.view_schema, &shown.view_name))
        });
        views.extend(gone.map(|shown| {
            let view = Name::new(&shown.view_schema, &shown.view_name);
            self.view_plan(&view, ViewChange::Drop, None)
        }));
        views.sort_by(|one, other| one.view.cmp(&other.view));
        views
    }

    /// Whether an environment that shows only what differs from its base leaves a view to it.
    fn is_left_to_base(&self, model: &str, version: &str) -> bool {
        let situation = self.actions.situation;
        if situation.place.environment.publication != Publication::Changed {
            return false;
        }
        let Some(base) = situation.pointer().map(|pointer| pointer.base.as_str()) else {
            return false;
        };
        let shown = situation.known.elsewhere.of(base, model);
        shown.is_some_and(|shown| shown.version == version)
    }

    fn view_plan(&self, view: &Name, change: ViewChange, physical: Option<String>) -> ViewPlan {
        let dialect = dialect_of(self.actions.situation.place.engine.kind);
        let statement = dialect.and_then(|dialect| match (change, &physical) {
            (ViewChange::Drop, _) => Some(dialect.drop_view(view)),
            (_, Some(physical)) => Some(show_statement(dialect, view, physical)),
            (_, None) => None,
        });
        ViewPlan {
            view: format!("{}.{}", view.schema, view.name),
            change,
            physical,
            statement,
        }
    }

    /// The table that an action leaves a model with, where that is known already.
    fn physical(&self, action: &Action, pinned: &crate::state::PinnedModel) -> Option<String> {
        match action {
            Action::Adopt { physical, .. } | Action::Continue { physical, .. } => {
                Some(physical.clone())
            }
            Action::Keep | Action::Reuse { .. } | Action::Fill(_) => self
                .actions
                .snapshot(&pinned.model, &pinned.version)
                .map(|snapshot| snapshot.physical.clone()),
            Action::Build | Action::Withdraw => None,
        }
    }
}

fn why_unchanged(action: &Action, reads_changed: bool) -> String {
    match action {
        Action::Build if reads_changed => "reads rows that will be others".to_owned(),
        Action::Reuse { .. } => "built before".to_owned(),
        _ => "asked for".to_owned(),
    }
}

fn sql_change(difference: &Difference) -> Option<SqlChange> {
    let text = |definition: &Option<super::Definition>| {
        let sql = definition.as_ref().map(|definition| definition.sql.clone());
        sql.unwrap_or_default()
    };
    let change = SqlChange {
        before: text(&difference.old),
        after: text(&difference.new),
    };
    (change.before != change.after).then_some(change)
}

fn removed(difference: &Difference) -> Option<ModelPlan> {
    let before = difference.before.as_ref()?;
    Some(ModelPlan {
        model: before.model.clone(),
        relation: format!("{}.{}", before.schema, before.name),
        kind: before.kind.clone(),
        change: ChangeKind::Removed,
        category: None,
        reason: difference.reason.clone(),
        renamed_from: None,
        columns: Columns::default(),
        reaches: Vec::new(),
        version_before: before.version.clone(),
        version: String::new(),
        preview: false,
        action: match is_shown(&before.kind) {
            true => Action::Withdraw,
            false => Action::Keep,
        },
        sql: sql_change(difference),
        last_took_ms: None,
    })
}

/// Refuses what would be built from a project that isn't the program's.
///
/// # Errors
/// `other-project`.
pub fn check_buildable((plan, target): (&Plan, &Target), program: &Project) -> Result<()> {
    let is_program = plan.to.project_hash == program.def.hash.as_str();
    // Where only a part of some project is shown, the program may have all that is needed.
    let is_part = plan.to.project_hash.is_empty();
    let mut builds = plan.models.iter().filter(|model| model.action.builds());
    let other = builds.find(|model| {
        let may_build = is_program || is_part && is_ours(target, program, &model.model);
        !may_build
    });
    match other {
        Some(model) => Err(Error::new(
            Kind::Refused,
            Code::OtherProject,
            format!(
                "`{}` has to be built, and this program is of another version of the project",
                model.relation
            ),
        )
        .hint("use the program of that version")),
        None => Ok(()),
    }
}

/// Whether the program has a model of a target with all that it reads.
fn is_ours(target: &Target, program: &Project, path: &str) -> bool {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut waiting = vec![path];
    while let Some(path) = waiting.pop() {
        if !seen.insert(path) {
            continue;
        }
        match target.models.get(path).and_then(|model| model.relation) {
            None => return false,
            Some(Relation::Model(index)) => {
                let imports = program.model(index).imports.iter();
                waiting.extend(imports.map(|import| program.path_of(*import)));
            }
            Some(Relation::Seed(_) | Relation::Source(_)) => {}
        }
    }
    true
}

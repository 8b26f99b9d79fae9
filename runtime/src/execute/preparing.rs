//! Everything that can be refused or decided before an environment is taken, and what is written at the
//! beginning of a job.

use super::columns::{alterations_of, wanted_query};
use super::context::{Columns, Context, command_of, run_of};
use super::failure::opening_failed;
use super::inputs;
use super::job::Job;
use super::opening::Opening;
use crate::adapters::{Adapter, RelationKind, Session};
use crate::error::{Code, Error, Kind, Result};
use crate::events::Event;
use crate::plan::{Action, Definition, is_shown};
use crate::project::Relation;
use crate::situation::{Histories, Place, Restated, Window, is_readable, physical_relation};
use crate::state::{BrokenOff, Change, Known, ProjectVersion, RunRecord, Snapshot, State};
use crate::version::{Versions, fingerprint};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What is decided before an environment is taken.
#[derive(Clone)]
pub struct Preparation {
    run_id: String,
    earlier_runs: Vec<String>,
    broken_off: Vec<BrokenOff>,
    actions: HashMap<Relation, Action>,
    adopted: Vec<Snapshot>,
    columns: HashMap<String, Columns>,
    proofs: Vec<String>,
    restated: Restated,
    histories: Histories,
    windows: [Window; 2],
}

/// Decides all that, and refuses what can be refused.
///
/// # Errors
/// `parent-not-built`, `columns-changed`, what the engine says of a `changed_by`.
pub fn prepare(
    opening: &mut Opening<'_>,
    job: &Job<'_>,
    (selected, _seeds): (&BTreeSet<usize>, &BTreeSet<usize>),
) -> Result<Preparation> {
    let project = opening.situation.place.project;
    let mut actions = HashMap::new();
    for model in &job.plan.models {
        let relation = job.target.models.get(&model.model);
        if let Some(relation) = relation.and_then(|target| target.relation) {
            actions.insert(relation, model.action.clone());
        }
    }
    let adopted = adopted(opening, &actions);
    let asked = &job.plan.options;
    let histories = Histories::of(&opening.situation, &asked.destroy_history)?;
    let restated = Restated::of(&opening.situation, asked, &histories)?;
    let place = &opening.situation.place;
    let windows = [place.window(true), place.window(false)];
    let preparation = Preparation {
        run_id: new_id(&mut opening.situation.state)?,
        earlier_runs: match job.resume {
            true => {
                let scope = &opening.situation.place.scope;
                let state = &mut opening.situation.state;
                state.runs_of_plan(&scope.project, &job.plan.id)?
            }
            false => Vec::new(),
        },
        broken_off: {
            let situation = &mut opening.situation;
            situation.state.broken_off(&situation.place.scope)?
        },
        columns: described(opening, &actions)?,
        proofs: proofs(opening, selected)?,
        actions,
        adopted,
        restated,
        histories,
        windows,
    };
    for &index in selected {
        for parent in project.stored_parents(index) {
            preparation.check_parent(opening, job, index, parent)?;
        }
        preparation.check_columns(opening, index)?;
    }
    Ok(preparation)
}

/// The snapshots of versions that go on with tables of earlier ones.
fn adopted(opening: &Opening<'_>, actions: &HashMap<Relation, Action>) -> Vec<Snapshot> {
    let situation = &opening.situation;
    let project = situation.place.project;
    let mut adopted = Vec::new();
    for (relation, action) in actions {
        let Action::Adopt { model, version, .. } = action else {
            continue;
        };
        let path = project.path_of(*relation);
        let before = model.as_deref().unwrap_or(path).to_owned();
        let name = situation.place.environment.name;
        let Some(snapshot) = situation.known.snapshot(name, &before, version) else {
            continue;
        };
        adopted.push(Snapshot {
            model: path.to_owned(),
            version: situation.versions.get(*relation).to_owned(),
            ..snapshot.clone()
        });
    }
    adopted.sort_by(|one, other| one.model.cmp(&other.model));
    adopted
}

/// The columns of tables that another version of their model goes on with.
fn described(
    opening: &mut Opening<'_>,
    actions: &HashMap<Relation, Action>,
) -> Result<HashMap<String, Columns>> {
    let mut found = HashMap::new();
    for (relation, action) in actions {
        let (Relation::Model(index), Action::Continue { physical, .. }) = (relation, action) else {
            continue;
        };
        let model = opening.situation.place.project.model(*index);
        let dialect = opening.adapter.dialect();
        let table = dialect.relation(&physical_relation(physical));
        let wanted = wanted_query(model, dialect);
        let session = &mut opening.session;
        let engine = &opening.situation.place.engine;
        let mut describe = |query: &str| {
            let columns = session.describe(query);
            columns.map_err(|error| opening_failed(&error, engine))
        };
        let columns = Columns {
            present: describe(&format!("SELECT * FROM {table}"))?,
            wanted: describe(&wanted)?,
        };
        found.insert(physical.clone(), columns);
    }
    Ok(found)
}

/// The proofs of all sources that the given models read.
fn proofs(opening: &mut Opening<'_>, models: &BTreeSet<usize>) -> Result<Vec<String>> {
    let place = &opening.situation.place;
    let project = place.project;
    let needed = |source: Relation| {
        (0..project.models().len()).any(|index| {
            let model = project.model(index);
            (models.contains(&index) || !model.is_stored()) && model.imports.contains(&source)
        })
    };
    let dialect = opening.adapter.dialect();
    inputs::proofs(
        (project, &place.facts),
        needed,
        dialect,
        &mut opening.session,
    )
}

impl Preparation {
    /// Refuses a selection that leaves out something that isn't built.
    fn check_parent(
        &self,
        opening: &Opening<'_>,
        job: &Job<'_>,
        index: usize,
        parent: Relation,
    ) -> Result<()> {
        let Relation::Model(parent_index) = parent else {
            return Ok(());
        };
        let situation = &opening.situation;
        let project = situation.place.project;
        let path = project.path_of(parent);
        let target = job.target.models.get(path);
        let window = &self.windows[usize::from(!situation.versions.is_preview(parent_index))];
        if target.is_some_and(|target| target.selected)
            || is_readable(
                (&situation.known, situation.place.environment.name),
                (project, &situation.versions),
                window,
                parent_index,
            )
        {
            return Ok(());
        }
        Err(Error::new(
            Kind::Usage,
            Code::ParentNotBuilt,
            format!(
                "`{}` reads `{}`, which isn't selected and isn't wholly built in its present version",
                project.model(index).relation(),
                project.name_of(parent)
            ),
        )
        .hint(format!(
            "select it too: `--select +{}`",
            project.model(index).relation()
        )))
    }

    /// Refuses a table whose columns can't become those that its model has now.
    fn check_columns(&self, opening: &Opening<'_>, index: usize) -> Result<()> {
        let Some(Action::Continue { physical, .. }) = self.actions.get(&Relation::Model(index))
        else {
            return Ok(());
        };
        let Some(columns) = self.columns.get(physical) else {
            return Ok(());
        };
        let model = opening.situation.place.project.model(index);
        alterations_of(columns, model, physical, opening.adapter.dialect()).map(|_| ())
    }

    /// Writes that the job begins, before it changes anything: should it end badly, the next one
    /// completes it from the ledger.
    pub fn begin(&self, opening: &mut Opening<'_>, job: &Job<'_>, token: u64) -> Result<()> {
        let _ = token;
        opening.mark = opening
            .session
            .ledger_mark()
            .map_err(|error| opening_failed(&error, &opening.situation.place.engine))?;
        self.save_version(opening, job)?;
        let situation = &mut opening.situation;
        let mut changes = std::mem::take(&mut opening.changes);
        changes.extend(self.adopted.iter().cloned().map(Change::Snapshot));
        changes.push(Change::RunStarted(RunRecord {
            id: self.run_id.clone(),
            project_hash: situation.place.project.def.hash.to_string(),
            started_at: situation.place.now,
            command: command_of(job.command, job.plan.options.full_refresh),
            plan: job.plan.id.clone(),
            by: job.options.author.name.clone(),
        }));
        situation.state.apply(&situation.place.scope, &changes)
    }

    /// Writes down what the environment is going to point to.
    fn save_version(&self, opening: &mut Opening<'_>, job: &Job<'_>) -> Result<()> {
        if job.plan.from.project_version == job.plan.to.project_version {
            return Ok(());
        }
        let situation = &mut opening.situation;
        let version = ProjectVersion {
            id: job.plan.to.project_version.clone(),
            project_hash: job.plan.to.project_hash.clone(),
            commit: job.plan.to.commit.clone(),
            created_at: situation.place.now,
            created_by: job.options.author.name.clone(),
            tool_version: job.plan.tool_version.clone(),
            models: job
                .target
                .models
                .values()
                .map(|it| it.pinned.clone())
                .collect(),
        };
        // Another environment may have had the same models: what is known isn't written out again.
        let wanted: BTreeMap<&str, Relation> = (job.target.models.values())
            .filter_map(|model| {
                let before = situation.pinned.get(&model.pinned.model);
                let definition = model.pinned.definition.as_str();
                let is_known = before.is_some_and(|before| before.definition == definition);
                Some((definition, model.relation.filter(|_| !is_known)?))
            })
            .collect();
        let project = situation.place.scope.project.clone();
        let ids: Vec<String> = wanted.keys().map(|id| (*id).to_owned()).collect();
        let mut missing = situation.state.missing_definitions(&project, &ids)?;
        let mut written = BTreeMap::new();
        loop {
            for id in missing {
                let of = (&situation.versions, &situation.place.facts);
                let relation = wanted.get(id.as_str()).copied();
                if let Some(relation) = relation {
                    let definition = Definition::of(situation.place.project, relation, of)?;
                    written.insert(id, definition.to_json());
                }
            }
            let relied = ids.iter().filter(|id| !written.contains_key(*id));
            let relied: Vec<String> = relied.cloned().collect();
            let state = &mut situation.state;
            missing = state.save_project_version(&project, &version, (&written, &relied))?;
            if missing.is_empty() {
                return Ok(());
            }
        }
    }

    /// Tells that the job has begun.
    pub fn announce(&self, opening: &Opening<'_>, job: &Job<'_>, listener: &mut dyn FnMut(Event)) {
        let place = &opening.situation.place;
        let selected = job.target.models.values();
        let selected = selected.filter(|it| it.selected && is_shown(&it.pinned.kind));
        let names = selected
            .clone()
            .map(|it| it.pinned.schema.chars().count() + 1 + it.pinned.name.chars().count());
        let changed = job.plan.models.iter().filter(|model| {
            let is_model = is_shown(&model.kind) && model.kind != "seed";
            is_model && model.version != model.version_before
        });
        listener(Event::RunStarted {
            id: self.run_id.clone(),
            environment: place.scope.environment.clone(),
            engine: (place.engine.kind.to_owned(), place.engine.shown.clone()),
            models: place.project.models().len(),
            selected: selected.clone().count(),
            longest_name: names.max().unwrap_or(0),
            changed: changed.count(),
        });
        for note in opening.notes.iter().chain(&job.plan.notes) {
            listener(Event::Note(note.clone()));
        }
    }

    /// The tables that the job would write, by the names of their leases; nothing where whoever has the engine
    /// open is alone with it.
    pub fn leases<'a>(
        &self,
        opening: &Opening<'a>,
        job: &Job<'a>,
        selected: (&BTreeSet<usize>, &BTreeSet<usize>),
    ) -> Option<BTreeSet<String>> {
        if !opening.is_for_many() {
            return None;
        }
        let situation = &opening.situation;
        let parts = Parts {
            place: &situation.place,
            known: situation.known.clone(),
            versions: situation.versions.clone(),
            adapter: opening.adapter.clone(),
            catalog: opening.catalog.clone(),
            users: opening.users.clone(),
        };
        let context = self.clone().assembled(parts, job, (0, None));
        Some(super::leases::wanted(&context, selected))
    }

    /// What is fixed from now on, with the state, a session, and the ledger's mark.
    pub fn context<'a>(
        self,
        opening: Opening<'a>,
        job: &Job<'a>,
        taken: (u64, Option<BTreeSet<String>>),
    ) -> (Context<'a>, State, Session, String) {
        let situation = opening.situation;
        let parts = Parts {
            place: &situation.place,
            known: situation.known,
            versions: situation.versions,
            adapter: opening.adapter,
            catalog: opening.catalog,
            users: opening.users,
        };
        let context = self.assembled(parts, job, taken);
        (context, situation.state, opening.session, opening.mark)
    }

    fn assembled<'a>(
        self,
        parts: Parts<'a, '_>,
        job: &Job<'a>,
        (token, leases): (u64, Option<BTreeSet<String>>),
    ) -> Context<'a> {
        let place = parts.place;
        let mut known = parts.known;
        for snapshot in &self.adopted {
            known.apply(&Change::Snapshot(snapshot.clone()), place.environment.name);
        }
        let promoted = job.plan.purpose.promoted().map(str::to_owned);
        let preferred = (place.environment.name, promoted.as_deref());
        let own = own_generations((&known, &self.broken_off), preferred, &parts.catalog);
        Context {
            own,
            promoted,
            project: place.project,
            options: job.options,
            mode: job.mode,
            environment: place.environment,
            plan: place.facts.clone(),
            versions: parts.versions,
            adapter: parts.adapter,
            scope: place.scope.clone(),
            known,
            adopted: self.adopted,
            actions: self.actions,
            restated: self.restated,
            full_refresh: job.plan.options.full_refresh,
            histories: self.histories,
            windows: self.windows,
            catalog: parts.catalog,
            columns: self.columns,
            users: parts.users,
            proofs: self.proofs,
            run_id: self.run_id,
            earlier_runs: self.earlier_runs,
            broken_off: self.broken_off,
            plan_id: job.plan.id.clone(),
            author: job.options.author.name.clone(),
            token,
            leases,
            now: place.now,
            in_doubt: AtomicBool::new(false),
            lost: Arc::new(AtomicBool::new(false)),
        }
    }
}

/// What a context takes of what was opened.
struct Parts<'a, 'o> {
    place: &'o Place<'a>,
    known: Known,
    versions: Versions,
    adapter: Arc<dyn Adapter>,
    catalog: HashMap<String, RelationKind>,
    users: HashMap<(String, String), RelationKind>,
}

/// The tables that are preferred to those which were built last. Views are left out: they are made anew
/// over whatever their tables are, and so is what one of the environment's runs built that was broken off.
fn own_generations(
    (known, broken_off): (&Known, &[BrokenOff]),
    (here, promoted): (&str, Option<&str>),
    catalog: &HashMap<String, RelationKind>,
) -> HashMap<(String, String), Snapshot> {
    let elsewhere = known.elsewhere.iter();
    let promoted_entries = elsewhere
        .filter(|(environment, _)| promoted == Some(environment.as_str()))
        .map(|(_, entry)| entry);
    let shown: BTreeSet<(&str, &str)> = known
        .published
        .values()
        .chain(promoted_entries)
        // Where nobody built it again, which is usual, there is nothing to choose.
        .filter(|entry| {
            let latest = known.snapshot(here, &entry.model, &entry.version);
            latest.is_some_and(|latest| {
                let run = run_of(&latest.load);
                latest.physical != entry.physical && !broken_off.iter().any(|it| it.id == run)
            })
        })
        .map(|entry| (entry.model.as_str(), entry.version.as_str()))
        .collect();
    let mut own = HashMap::new();
    for (model, version) in shown {
        let tables = known.generations((here, promoted), model, version);
        let mut tables = tables.into_iter();
        let table = tables.find(|table| catalog.contains_key(&table.physical));
        if let Some(table) = table.filter(|table| table.kind != "view") {
            own.insert((model.to_owned(), version.to_owned()), table);
        }
    }
    own
}

/// Eight hexadecimal digits that no other run of this state has: they are the key of its batches.
fn new_id(state: &mut State) -> Result<String> {
    loop {
        let id = random_id();
        if !state.has_run(&id)? {
            return Ok(id);
        }
    }
}

fn random_id() -> String {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let random = RandomState::new().build_hasher().finish().to_string();
    let process = std::process::id().to_string();
    let now = Timestamp::now().to_string();
    fingerprint([random.as_str(), &process, &now])[..8].to_owned()
}

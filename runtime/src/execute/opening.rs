//! Engine and state, opened side by side, and the ledger copied where state lacks it.

use super::columns::{adopted, wanted_query};
use super::context::{Columns, Context};
use super::details::from_ledger;
use super::failure::opening_failed;
use super::inputs;
use super::interrupt::Interrupt;
use super::naming::{physical_relation, view_key, view_schema};
use super::options::RunOptions;
use crate::adapters::{
    self, Adapter, BOOKKEEPING_FORMAT, BOOKKEEPING_SCHEMA, CommittedBatch, EngineError,
    OpenOptions, Relation as Name, RelationKind, Session,
};
use crate::config::{self, EngineSettings, Lookup};
use crate::error::{Code, Error, Kind, Result};
use crate::project::{PlanFacts, Project, Relation, Variables};
use crate::state::{Change, Scope, State};
use crate::version::{Versions, fingerprint};
use jiff::Timestamp;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Everything that a run needs, opened.
pub struct Opening<'a> {
    pub context: Context<'a>,
    pub state: State,
    pub session: Session,
    pub engine: EngineSettings,
    /// The schemas of the environment's views.
    view_schemas: BTreeSet<String>,
    /// The mark of the engine's ledger; empty where there is none yet.
    pub mark: String,
    /// The last lease that the engine knows; 0 where there was none yet.
    pub epoch: u64,
    /// Whether the engine belonged to another state database until now.
    pub adopts: bool,
    /// What has to be written to the state before anything else.
    pub changes: Vec<Change>,
    /// What people should know.
    pub notes: Vec<String>,
}

struct OpenEngine {
    adapter: Arc<dyn Adapter>,
    session: Session,
    names: Vec<(Name, RelationKind)>,
}

/// Opens what a run needs.
///
/// # Errors
/// Settings that can't be read, an engine that is held or fails, a state that fails.
pub fn open<'a>(
    project: &'a Project,
    options: &'a RunOptions,
    interrupt: &Interrupt,
) -> Result<Opening<'a>> {
    let folder = project.folder().unwrap_or_else(|| Path::new("."));
    let lookup = Lookup::new(folder)?;
    let environment = config::environment(project, &lookup)?;
    let engine = config::engine(project, &lookup)?;
    let state_address = config::state_address(project, &lookup)?;
    let schemas = view_schemas(project, environment)?;
    let plan = PlanFacts {
        environment,
        engine: engine.kind,
        variables: Variables::new(project, &options.variables)?,
    };
    let scope = Scope {
        project: project.def.name.to_string(),
        engine: engine.name.to_owned(),
        environment: environment.to_owned(),
    };
    // What is missing is made by opening it, so whatever can be refused without it comes first.
    let versions = match Path::new(&engine.location).exists() {
        true => None,
        false => Some(Versions::new(project, &plan)?),
    };
    let (opened, known) = std::thread::scope(|threads| {
        let knowing = threads.spawn(|| {
            let versions = versions.map_or_else(|| Versions::new(project, &plan), Ok)?;
            let mut state = State::open(&state_address)?;
            let known = state.known(&scope)?;
            Ok((state, known, versions))
        });
        // The engine takes longer and allocates more, which costs less in the first thread.
        let opened = open_engine(&engine, &schemas, interrupt);
        let known = knowing.join().unwrap_or_else(|_| {
            Err(Error::new(
                Kind::Failed,
                Code::StateFailed,
                "reading the state failed",
            ))
        });
        (opened, known)
    });
    // A held database is told before anything about the state, as it is the likelier cause.
    let OpenEngine {
        adapter,
        session,
        names,
    } = opened.map_err(|error| explain(error, folder))?;
    let (mut state, mut known, versions) = known.map_err(|error| explain(error, folder))?;
    // The run that held the engine until a moment ago may have ended after the state was read.
    if state.is_stale()? {
        known = state.known(&scope)?;
    }
    let (physical, users) = sort_catalog(names);
    let run_id = new_id(&mut state)?;
    let context = Context {
        project,
        options,
        plan,
        versions,
        adapter,
        scope,
        known,
        moved: HashMap::new(),
        catalog: physical,
        columns: HashMap::new(),
        users,
        proofs: Vec::new(),
        run_id,
        token: 0,
        now: Timestamp::now(),
        in_doubt: AtomicBool::new(false),
    };
    let mut opening = Opening {
        context,
        state,
        session,
        engine,
        view_schemas: schemas,
        mark: String::new(),
        epoch: 0,
        adopts: false,
        changes: Vec::new(),
        notes: Vec::new(),
    };
    opening.reconcile()?;
    Ok(opening)
}

fn open_engine(
    engine: &EngineSettings,
    schemas: &BTreeSet<String>,
    interrupt: &Interrupt,
) -> Result<OpenEngine> {
    let options = OpenOptions {
        settings: engine.settings.clone(),
        read_only: false,
        wait: None,
    };
    let open = || -> std::result::Result<OpenEngine, EngineError> {
        let adapter = adapters::open(engine.kind, &engine.location, &options)?;
        let mut session = adapter.session()?;
        interrupt.watch(session.canceller());
        let mut names: Vec<&str> = schemas.iter().map(String::as_str).collect();
        names.push(BOOKKEEPING_SCHEMA);
        let names = session.names(&names)?;
        Ok(OpenEngine {
            adapter,
            session,
            names,
        })
    };
    open().map_err(|error| opening_failed(&error, engine))
}

type Catalog = (
    HashMap<String, RelationKind>,
    HashMap<(String, String), RelationKind>,
);

fn sort_catalog(names: Vec<(Name, RelationKind)>) -> Catalog {
    let (mut physical, mut users) = (HashMap::new(), HashMap::new());
    for (relation, kind) in names {
        if relation.schema == BOOKKEEPING_SCHEMA {
            physical.insert(relation.name, kind);
        } else {
            users.insert(view_key(&relation.schema, &relation.name), kind);
        }
    }
    (physical, users)
}

/// The schemas of the environment's views.
fn view_schemas(project: &Project, environment: &str) -> Result<BTreeSet<String>> {
    let schemas = |sources: bool| -> BTreeSet<&str> {
        project
            .relations()
            .filter(|relation| sources || !matches!(relation, Relation::Source(_)))
            .map(|relation| project.schema_and_name(relation).0)
            .collect()
    };
    let real = schemas(true);
    let views: BTreeSet<String> = schemas(false)
        .into_iter()
        .map(|schema| view_schema(schema, environment))
        .collect();
    if environment != "prod"
        && let Some(schema) = views.iter().find(|schema| real.contains(schema.as_str()))
    {
        return Err(Error::new(
            Kind::Refused,
            Code::EnvironmentName,
            format!("the views of `{environment}` would be in `{schema}`, a schema of the project"),
        ));
    }
    Ok(views)
}

impl Opening<'_> {
    /// Looks into schemas that only views of former models are in.
    fn look_for_former_views(&mut self) -> Result<()> {
        let context = &mut self.context;
        let former: BTreeSet<&str> = context
            .known
            .published
            .values()
            .map(|entry| entry.view_schema.as_str())
            .filter(|schema| !self.view_schemas.contains(*schema))
            .collect();
        if former.is_empty() {
            return Ok(());
        }
        let schemas: Vec<&str> = former.into_iter().collect();
        let found = self
            .session
            .names(&schemas)
            .map_err(|error| opening_failed(&error, &self.engine))?;
        context.users.extend(sort_catalog(found).1);
        Ok(())
    }

    /// Believes the state only if it is in line with the engine's ledger; otherwise everything
    /// is read from the ledger.
    fn reconcile(&mut self) -> Result<()> {
        if self.has_ledger() {
            self.check_owner()?;
            let engine = self.engine.clone();
            let failed = |error: EngineError| opening_failed(&error, &engine);
            let mark = self.session.ledger_mark().map_err(failed)?;
            let known = &self.context.known;
            if known.ledger.as_ref() != Some(&mark) || !known.unfinished.is_empty() {
                let ledger = self.session.ledger().map_err(failed)?;
                self.believe(&ledger)?;
            }
            self.mark = mark;
        }
        for id in &self.context.known.unfinished {
            self.changes.push(Change::RunEnded {
                id: id.clone(),
                status: "broken off",
                duration_ms: None,
            });
        }
        self.look_for_former_views()?;
        self.forget_missing()?;
        self.context.moved = self.context.moved_models();
        self.describe_adopted()
    }

    /// Whether the engine has dbgo's own tables.
    pub fn has_ledger(&self) -> bool {
        self.context.catalog.contains_key("ledger") && self.context.catalog.contains_key("meta")
    }

    /// Refuses an engine that a newer version or another state database wrote. A state that knows
    /// nothing of it yet takes it over.
    fn check_owner(&mut self) -> Result<()> {
        let meta = self.session.meta();
        let meta = meta.map_err(|error| opening_failed(&error, &self.engine))?;
        let Some(meta) = meta else { return Ok(()) };
        if meta.format != BOOKKEEPING_FORMAT {
            return Err(another_format(meta.format, &self.engine.shown));
        }
        self.epoch = meta.epoch;
        self.adopts = meta.state_id != self.state.identity();
        if self.adopts && !self.context.known.is_empty() {
            return Err(Error::new(
                Kind::Refused,
                Code::StateDiffers,
                format!(
                    "`{}` was last written with another state database than this one",
                    self.engine.shown
                ),
            )
            .hint("use that one, or remove this one: everything is then read from the database"));
        }
        Ok(())
    }

    /// Takes what the ledger tells in place of what the state knew.
    fn believe(&mut self, ledger: &[CommittedBatch]) -> Result<()> {
        self.check_lost()?;
        let context = &mut self.context;
        let scope = &context.scope;
        let (known, changes) = from_ledger(ledger, (&scope.project, &scope.environment));
        let before = std::mem::replace(&mut context.known, known);
        if before.unfinished.is_empty() && !before.is_empty() {
            self.notes.push(format!(
                "`{}` isn't as the last run left it: what is built is read from it anew",
                self.engine.shown
            ));
        }
        context.known.unfinished = before.unfinished;
        self.changes = changes;
        Ok(())
    }

    /// Looks at the columns of tables that another version of their model will go on with.
    fn describe_adopted(&mut self) -> Result<()> {
        let context = &mut self.context;
        for (index, model) in context.project.models().iter().enumerate() {
            let (path, version) = (model.def.path.as_str(), context.versions.model(index));
            if !model.keeps_table() || context.snapshot(path, version).is_some() {
                continue;
            }
            let Some(base) = adopted(context, model) else {
                continue;
            };
            let table = context
                .dialect()
                .relation(&physical_relation(&base.physical));
            let wanted = wanted_query(model, context.dialect());
            let mut describe = |query: &str| {
                let columns = self.session.describe(query);
                columns.map_err(|error| opening_failed(&error, &self.engine))
            };
            let columns = Columns {
                present: describe(&format!("SELECT * FROM {table}"))?,
                wanted: describe(&wanted)?,
            };
            context.columns.insert(base.physical, columns);
        }
        Ok(())
    }

    /// What the state knows and the engine doesn't have.
    fn missing(&self) -> Vec<String> {
        let context = &self.context;
        let names = context.known.objects.keys();
        names
            .filter(|name| !context.catalog.contains_key(*name))
            .cloned()
            .collect()
    }

    /// Those of them that a snapshot names. What none names was swept by a run that ended before
    /// it could say so.
    fn gone<'b>(&self, missing: &'b [String]) -> Vec<&'b String> {
        let snapshots = self.context.known.snapshots.values();
        let named: HashSet<&str> = snapshots
            .map(|snapshot| snapshot.physical.as_str())
            .collect();
        missing
            .iter()
            .filter(|name| named.contains(name.as_str()))
            .collect()
    }

    /// Refuses to go on where something is gone that can't be computed again.
    fn check_lost(&self) -> Result<()> {
        let context = &self.context;
        let missing = self.missing();
        let gone = self.gone(&missing);
        let lost: Vec<String> = context
            .project
            .models()
            .iter()
            .filter(|model| model.keeps_history())
            .filter(|model| {
                let path = model.def.path.as_str();
                gone.iter()
                    .any(|name| context.known.objects[*name].model == path)
            })
            .map(|model| format!("`{}`", model.relation()))
            .collect();
        if lost.is_empty() {
            Ok(())
        } else {
            Err(tables_gone(&self.engine.shown, &lost))
        }
    }

    /// Forgets what isn't in the engine any more, unless it can't be computed again.
    fn forget_missing(&mut self) -> Result<()> {
        let missing = self.missing();
        if missing.is_empty() {
            return Ok(());
        }
        self.check_lost()?;
        let gone = self.gone(&missing);
        if !gone.is_empty() {
            let one = gone.len() == 1;
            self.notes.push(format!(
                "{} {} that this project made {} gone from `{}` and built anew",
                gone.len(),
                if one { "table" } else { "tables" },
                if one { "is" } else { "are" },
                self.engine.shown,
            ));
        }
        for physical in missing {
            let change = Change::Dropped { physical };
            let context = &mut self.context;
            context.known.apply(&change, &context.scope.environment);
            self.changes.push(change);
        }
        Ok(())
    }

    /// Takes the proofs of all sources that the given models read.
    pub fn prove_sources(&mut self, models: &BTreeSet<usize>) -> Result<()> {
        let project = self.context.project;
        let needed = |source: Relation| {
            (0..project.models().len()).any(|index| {
                let model = project.model(index);
                (models.contains(&index) || !model.is_stored()) && model.imports.contains(&source)
            })
        };
        let dialect = self.context.adapter.dialect();
        self.context.proofs = inputs::proofs(project, needed, dialect, &mut self.session)?;
        Ok(())
    }
}

fn another_format(format: u32, shown: &str) -> Error {
    let (which, hint) = match format > BOOKKEEPING_FORMAT {
        true => ("a newer", "use that version"),
        false => (
            "an older",
            "use that version, or drop the schema `_dbgo` to build everything anew",
        ),
    };
    Error::new(
        Kind::Refused,
        Code::StateMovedOn,
        format!("{which} version of dbgo wrote `{shown}`"),
    )
    .hint(hint)
}

fn tables_gone(shown: &str, lost: &[String]) -> Error {
    Error::new(
        Kind::Refused,
        Code::TablesGone,
        format!(
            "`{shown}` has lost tables that can't be computed again: {}",
            lost.join(", ")
        ),
    )
    .hint("put the database back, or run once without these models to start their histories anew")
}

/// The error itself, or the reason behind it where nothing can be written.
fn explain(error: Error, folder: &Path) -> Error {
    if error.kind != Kind::Failed || !is_read_only(folder) {
        return error;
    }
    Error::new(
        Kind::Finding,
        Code::ReadOnlyFolder,
        format!("nothing can be written to `{}`", folder.display()),
    )
    .hint("a run keeps its database and `.dbgo/` there")
}

fn is_read_only(folder: &Path) -> bool {
    let probe = folder.join(format!(".dbgo-probe-{}", std::process::id()));
    match std::fs::File::create_new(&probe) {
        Ok(_) => {
            // A file that could be created can be removed.
            let _ = std::fs::remove_file(&probe);
            false
        }
        Err(error) => {
            use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
            matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem)
        }
    }
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

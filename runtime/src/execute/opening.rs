//! Engine and state, opened side by side, and the ledger copied where state lacks it.

use super::context::open_options;
use super::details::from_ledger;
use super::failure::opening_failed;
use super::interrupt::Interrupt;
use super::mend::is_called;
use super::with_others::Committed;
use crate::adapters::{
    self, Adapter, BOOKKEEPING_FORMAT, BOOKKEEPING_SCHEMA, CommittedBatch, EngineError,
    Relation as Name, RelationKind, Session, is_bookkeeping,
};
use crate::config::EngineSettings;
use crate::environments::view_key;
use crate::error::{Code, Error, Kind, Result};
use crate::project::Project;
use crate::situation::{Belief, Place, Request, Situation, pinned};
use crate::state::{Change, Known, Object, State};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Everything that a change of an environment needs, opened.
pub struct Opening<'a> {
    pub situation: Situation<'a>,
    pub adapter: Arc<dyn Adapter>,
    pub session: Session,
    /// What is in `_dbgo`, by name.
    pub catalog: HashMap<String, RelationKind>,
    /// The schemas and names, in lower case, of everything in the schemas of users' views.
    pub users: HashMap<(String, String), RelationKind>,
    /// The mark of the engine's ledger; empty where there is none yet.
    pub mark: String,
    /// The token under which the engine was written last.
    pub epoch: u64,
    /// Whether the engine belonged to another state database until now.
    pub adopts: bool,
    /// What has to be written to the state before anything else.
    pub changes: Vec<Change>,
    /// What people should know.
    pub notes: Vec<String>,
    /// Whether a publication that had been begun was ended before.
    pub finished_begun: bool,
    /// The batches that the ledger had, by what the tables' generations have in common, where others may
    /// write the engine as well.
    pub committed: Committed,
    /// The environment, and its revision, that a new environment is made from.
    pub base: Option<(String, u64)>,
}

struct OpenEngine {
    adapter: Arc<dyn Adapter>,
    session: Session,
    names: Vec<(Name, RelationKind)>,
}

/// Opens what a change of an environment needs. `wait`: how long to wait for an engine that another
/// process holds.
///
/// # Errors
/// Settings that can't be read, an engine that is held or fails, a state that fails.
pub fn open<'a>(
    project: &'a Project,
    request: &Request,
    wait: Option<Duration>,
    interrupt: &Interrupt,
) -> Result<Opening<'a>> {
    let folder = project.folder().unwrap_or_else(|| Path::new("."));
    let place = Place::of(project, request)?;
    // What is missing is made by opening it, so whatever can be refused without it comes first.
    if !Path::new(&place.engine.location).exists() {
        place.versions(&Known::default())?;
    }
    let (opened, known) = std::thread::scope(|threads| {
        let knowing = threads.spawn(|| place.known());
        // The engine takes longer and allocates more, which costs less in the first thread.
        let opened = open_engine(&place, wait, interrupt);
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
    let engine = opened.map_err(|error| explain(error, folder))?;
    let (mut state, mut known) = known.map_err(|error| explain(error, folder))?;
    // Who held the engine until a moment ago may have ended after the state was read.
    if state.is_stale()? {
        known = state.known(&place.scope)?;
    }
    join(engine, place, state, known)
}

fn join<'a>(
    engine: OpenEngine,
    place: Place<'a>,
    state: State,
    known: Known,
) -> Result<Opening<'a>> {
    let (catalog, users) = sort_catalog(engine.names);
    let mut opening = Opening {
        situation: Situation::joined(place, state, known)?,
        adapter: engine.adapter,
        session: engine.session,
        catalog,
        users,
        mark: String::new(),
        epoch: 0,
        adopts: false,
        changes: Vec::new(),
        notes: Vec::new(),
        finished_begun: false,
        committed: Committed::default(),
        base: None,
    };
    opening.reconcile()?;
    Ok(opening)
}

fn open_engine(
    place: &Place<'_>,
    wait: Option<Duration>,
    interrupt: &Interrupt,
) -> Result<OpenEngine> {
    let engine = &place.engine;
    let options = open_options(engine, &place.scope.project, wait);
    let open = || -> std::result::Result<OpenEngine, EngineError> {
        let adapter = adapters::open(engine.kind, &engine.location, &options)?;
        let mut session = adapter.session()?;
        interrupt.watch(session.canceller());
        let mut names: Vec<&str> = place.view_schemas.iter().map(String::as_str).collect();
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

/// What is in `_dbgo` by name, and in the schemas of users' views by both names in lower case.
pub type Catalog = (
    HashMap<String, RelationKind>,
    HashMap<(String, String), RelationKind>,
);

/// What is in `_dbgo`, but for the fences, and everything else.
pub fn sort_catalog(names: Vec<(Name, RelationKind)>) -> Catalog {
    let (mut physical, mut users) = (HashMap::new(), HashMap::new());
    for (relation, kind) in names {
        if relation.schema == BOOKKEEPING_SCHEMA {
            if is_bookkeeping(&relation.name) && relation.name.starts_with("fence_") {
                continue;
            }
            physical.insert(relation.name, kind);
        } else {
            users.insert(view_key(&relation.schema, &relation.name), kind);
        }
    }
    (physical, users)
}

/// Keeps what the state recorded, the engine has and the ledger tells nothing of: whoever forgot a model was broken
/// off before the state knew. No snapshot names it, so that it is dropped like all that nobody needs.
fn untold(
    before: &HashMap<String, Object>,
    (known, catalog): (&mut Known, &HashMap<String, RelationKind>),
) -> Vec<Change> {
    let mut changes = Vec::new();
    for (name, object) in before {
        if catalog.contains_key(name) && !known.objects.contains_key(name) {
            known.objects.insert(name.clone(), object.clone());
            changes.push(Change::Object(object.clone()));
        }
    }
    changes
}

impl Opening<'_> {
    pub(super) fn engine(&self) -> &EngineSettings {
        &self.situation.place.engine
    }

    /// Looks into schemas that only views of former models are in.
    pub(super) fn look_for_former_views(&mut self) -> Result<()> {
        let situation = &self.situation;
        let former: BTreeSet<&str> = situation
            .known
            .published
            .values()
            .map(|entry| entry.view_schema.as_str())
            .filter(|schema| !situation.place.view_schemas.contains(*schema))
            .collect();
        if former.is_empty() {
            return Ok(());
        }
        let schemas: Vec<&str> = former.into_iter().collect();
        let found = self
            .session
            .names(&schemas)
            .map_err(|error| opening_failed(&error, &self.situation.place.engine))?;
        self.users.extend(sort_catalog(found).1);
        Ok(())
    }

    /// Believes the state only if it is in line with the engine's ledger; otherwise everything
    /// is read from the ledger.
    fn reconcile(&mut self) -> Result<()> {
        if self.is_for_many() {
            return self.reconcile_with_others();
        }
        if self.has_ledger() {
            self.check_owner()?;
            let engine = self.engine().clone();
            let failed = |error: EngineError| opening_failed(&error, &engine);
            let mark = self.session.ledger_mark().map_err(failed)?;
            let known = &self.situation.known;
            let rereads = matches!(self.situation.place.belief, Belief::Ledger | Belief::Adopt);
            if rereads || known.ledger.as_ref() != Some(&mark) || !known.unfinished.is_empty() {
                let ledger = self.session.ledger().map_err(failed)?;
                self.believe(&ledger)?;
            }
            self.mark = mark;
        } else {
            self.check_bookkeeping_is_there()?;
        }
        for id in &self.situation.known.unfinished {
            self.changes.push(Change::RunEnded {
                id: id.clone(),
                status: "broken off",
                duration_ms: None,
            });
        }
        self.look_for_former_views()?;
        self.forget_missing()
    }

    /// Whether other processes may write the engine at the same time.
    pub fn is_for_many(&self) -> bool {
        self.adapter.capabilities().many_processes
    }

    /// Whether the engine has dbgo's own tables.
    pub fn has_ledger(&self) -> bool {
        self.catalog.contains_key("ledger") && self.catalog.contains_key("meta")
    }

    /// A state that knows of tables in an engine without dbgo's own tables: somebody removed them, or it
    /// is another database.
    pub(super) fn check_bookkeeping_is_there(&self) -> Result<()> {
        self.check_lost()?;
        let missing = self.missing();
        let gone = self.gone(&missing);
        let is_asked = matches!(
            self.situation.place.belief,
            Belief::Nothing | Belief::Without(_)
        );
        if gone.is_empty() || is_asked {
            return Ok(());
        }
        let shown = &self.engine().shown;
        let count = gone.len();
        let things = if count == 1 {
            "1 table or view"
        } else {
            "tables and views"
        };
        let things = match count {
            1 => things.to_owned(),
            _ => format!("{count} {things}"),
        };
        Err(Error::new(
            Kind::Refused,
            Code::TablesGone,
            format!("`{shown}` has nothing of the {things} that the state knows of"),
        )
        .hint("is it the right database? `run --rebuild` builds everything anew in it"))
    }

    /// Refuses an engine that a newer version or another state database wrote. A state that knows
    /// nothing of it yet takes it over.
    pub(super) fn check_owner(&mut self) -> Result<()> {
        let meta = self.session.meta();
        let meta = meta.map_err(|error| opening_failed(&error, self.engine()))?;
        let Some(meta) = meta else { return Ok(()) };
        if meta.format != BOOKKEEPING_FORMAT {
            return Err(another_format(meta.format, &self.engine().shown));
        }
        self.epoch = meta.epoch;
        self.adopts = meta.state_id != self.situation.state.identity();
        let is_asked = self.situation.place.belief == Belief::Adopt;
        if self.adopts && !is_asked && !self.situation.known.is_empty() {
            return Err(Error::new(
                Kind::Refused,
                Code::StateDiffers,
                format!(
                    "`{}` was last written with another state database than this one",
                    self.engine().shown
                ),
            )
            .hint("use that one, or take the database over with `state adopt`"));
        }
        Ok(())
    }

    /// Takes what the ledger tells in place of what the state knew. Environments are the state's own:
    /// where they point to isn't in doubt.
    fn believe(&mut self, ledger: &[CommittedBatch]) -> Result<()> {
        self.check_lost()?;
        let situation = &mut self.situation;
        let scope = &situation.place.scope;
        let (known, changes) = from_ledger(ledger, (&scope.project, &scope.environment));
        let before = std::mem::replace(&mut situation.known, known);
        // Whoever asks for it isn't told that it was necessary.
        let is_asked = matches!(situation.place.belief, Belief::Ledger | Belief::Adopt);
        if !is_asked && before.unfinished.is_empty() && !before.is_empty() {
            self.notes.push(format!(
                "`{}` isn't as the last run left it: what is built is read from it anew",
                situation.place.engine.shown
            ));
        }
        situation.known.unfinished = before.unfinished;
        situation.known.environments = before.environments;
        situation.known.ledger = before.ledger;
        self.changes = changes;
        self.changes.extend(untold(
            &before.objects,
            (&mut situation.known, &self.catalog),
        ));
        situation.versions = situation.place.versions(&situation.known)?;
        situation.pinned = pinned(&mut situation.state, &situation.place, &situation.known)?;
        Ok(())
    }

    /// What the state knows and the engine doesn't have.
    fn missing(&self) -> Vec<String> {
        let names = self.situation.known.objects.keys();
        names
            .filter(|name| !self.catalog.contains_key(*name))
            .cloned()
            .collect()
    }

    /// Those of them that a snapshot names. What none names was swept by a run that ended before
    /// it could say so.
    fn gone<'b>(&self, missing: &'b [String]) -> Vec<&'b String> {
        let snapshots = self.situation.known.snapshots.values();
        let named: HashSet<&str> = snapshots
            .map(|snapshot| snapshot.physical.as_str())
            .collect();
        missing
            .iter()
            .filter(|name| named.contains(name.as_str()))
            .collect()
    }

    /// Refuses to go on where something is gone that can't be computed again.
    pub(super) fn check_lost(&self) -> Result<()> {
        let situation = &self.situation;
        let missing = self.missing();
        let gone = self.gone(&missing);
        let models = situation.place.project.models().iter();
        let lost: Vec<String> = models
            .filter(|model| model.keeps_history())
            .filter(|model| {
                let path = model.def.path.as_str();
                if let Belief::Without(models) = &situation.place.belief
                    && models.iter().any(|wanted| is_called(path, wanted))
                {
                    return false;
                }
                gone.iter().any(|name| {
                    let object = &situation.known.objects[*name];
                    object.model == path && object.preview.is_empty()
                })
            })
            .map(|model| format!("`{}`", model.relation()))
            .collect();
        if lost.is_empty() {
            Ok(())
        } else {
            Err(tables_gone(&self.engine().shown, &lost))
        }
    }

    /// Forgets what isn't in the engine any more, unless it can't be computed again.
    pub(super) fn forget_missing(&mut self) -> Result<()> {
        let mut missing = self.missing();
        if let Belief::Without(models) = &self.situation.place.belief {
            // Whoever forgets these says nothing of the others.
            let objects = &self.situation.known.objects;
            let is_named = |name: &String| {
                let model = &objects[name].model;
                models.iter().any(|wanted| is_called(model, wanted))
            };
            missing.retain(is_named);
        }
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
                self.engine().shown,
            ));
        }
        let environment = self.situation.place.scope.environment.clone();
        for physical in missing {
            let change = Change::Dropped { physical };
            self.situation.known.apply(&change, &environment);
            self.changes.push(change);
        }
        self.situation.versions = self.situation.place.versions(&self.situation.known)?;
        Ok(())
    }
}

/// What to do about an engine whose own tables have another layout.
fn another_format(format: u32, shown: &str) -> Error {
    let refused = |message: String| Error::new(Kind::Refused, Code::StateMovedOn, message);
    if format > BOOKKEEPING_FORMAT {
        refused(format!("a newer version of dbgo wrote `{shown}`")).hint("use that version")
    } else {
        refused(format!("an older version of dbgo wrote `{shown}`"))
            .hint("use that version, or another database")
    }
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
    .hint(format!(
        "put the database back, or start their histories anew with `state forget {} --destroy-history`",
        lost.join(" ").replace('`', "")
    ))
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

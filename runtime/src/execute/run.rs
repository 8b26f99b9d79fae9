//! A run from its beginning to its end.

use super::columns::{adopted, alterations};
use super::context::Context;
use super::decide::is_readable;
use super::failure::opening_failed;
use super::interrupt::Interrupt;
use super::opening::{self, Opening};
use super::options::{RunOptions, RunOutcome};
use super::publish::{self, Publication};
use super::schedule::{Schedule, Walk};
use crate::adapters::{EngineError, Session};
use crate::config;
use crate::error::{Code, Error, Kind, Result};
use crate::events::{Event, Summary};
use crate::project::{Project, Relation};
use crate::selection::{self, Facts};
use crate::state::{Change, RunRecord, State, Writer};
use dbgo_contract::Materialization;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Instant;

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
    let started = Instant::now();
    let mut opening = opening::open(project, options, interrupt)?;
    let selected = opening.select()?;
    let seeds = needed_seeds(project, options, &selected);
    let scope = scope(project, &selected, &seeds);
    opening.prove_sources(&selected)?;
    opening.check(&selected, &scope)?;
    opening.begin()?;
    opening.announce(&scope, listener);
    let Opening {
        context,
        state,
        mut session,
        mark,
        ..
    } = opening;
    let workers = workers(project, options);
    let writer = Writer::start(state, context.scope.clone());
    let schedule = Schedule::new(&context, (&selected, seeds), (interrupt, &writer), listener);
    let mut walk = schedule.run(workers);
    let whole = options.select.is_empty() && options.exclude.is_empty();
    let publication = Publication::new(&context, &scope, &walk, whole && walk.trouble.is_none());
    let published = match refusal(&context, &scope, &walk, interrupt) {
        Some(reason) => {
            if publication.len() > 0 {
                listener(Event::NotPublished(reason));
            }
            Ok(0)
        }
        None => show_and_sweep(
            &context,
            (&mut session, &writer, interrupt),
            &publication,
            &walk,
            listener,
        ),
    };
    if let Err(error) = &published {
        walk.trouble = Some(error.kind);
    }
    if interrupt.is_wished() {
        walk.trouble = Some(Kind::Interrupted);
    }
    let mut summary = summary(&context, &walk, started);
    summary.published = published.as_ref().copied().unwrap_or(0);
    let wrote = publication.len() > 0 || walk.steps.iter().any(|step| step.status != "unchanged");
    end(
        &context,
        &writer,
        (&walk, &summary),
        (!wrote).then_some(mark),
    );
    let written = writer.finish().and_then(State::close);
    listener(Event::Finished(summary.clone()));
    let published = published?;
    written?;
    Ok(RunOutcome {
        summary,
        steps: walk.steps,
        published,
        trouble: walk.trouble,
    })
}

/// Writes that the run ended, and with which ledger: the next run believes the state if it finds
/// the same one. `mark` is the ledger's if nothing was committed.
///
/// Where the result of a commit is unknown, the engine can't tell what it holds, or somebody else
/// writes to it, the run stays as it is, and the next one reads the ledger.
fn end(
    context: &Context<'_>,
    writer: &Writer,
    (walk, summary): (&Walk, &Summary),
    mark: Option<String>,
) {
    let is_taken_over = walk.trouble == Some(Kind::Refused);
    if is_taken_over || context.in_doubt.load(Ordering::Relaxed) {
        return;
    }
    // A session of its own: an interrupt has ended the others.
    let read = || context.adapter.session()?.ledger_mark();
    let Ok(mark) = mark.map_or_else(read, Ok) else {
        return;
    };
    if context.known.ledger.as_ref() != Some(&mark) {
        writer.send(Change::Ledger { mark });
    }
    writer.send(Change::RunEnded {
        id: context.run_id.clone(),
        status: match walk.trouble {
            None => "done",
            Some(Kind::Interrupted) => "interrupted",
            Some(_) => "failed",
        },
        duration_ms: u64::try_from(summary.duration.as_millis()).ok(),
    });
}

/// Publishes, drops what isn't needed any more, and gives the number of views that changed.
fn show_and_sweep(
    context: &Context<'_>,
    (session, writer, interrupt): (&mut Session, &Writer, &Interrupt),
    publication: &Publication,
    walk: &Walk,
    listener: &mut dyn FnMut(Event),
) -> Result<usize> {
    let changes = publication.publish(context, session, interrupt)?;
    let swept = publish::sweep(context, session, walk, &changes);
    changes.into_iter().for_each(|change| writer.send(change));
    match swept {
        Ok(changes) => changes.into_iter().for_each(|change| writer.send(change)),
        Err(error) => listener(Event::Note(format!(
            "old tables are left for the next run: {}",
            error.message
        ))),
    }
    let views = publication.len();
    listener(Event::Published { views });
    Ok(views)
}

/// Why nothing may be published, if so.
fn refusal(
    context: &Context<'_>,
    scope: &[Relation],
    walk: &Walk,
    interrupt: &Interrupt,
) -> Option<String> {
    if interrupt.is_wished() {
        return Some("the run was interrupted; what was built stays for the next one".to_owned());
    }
    let is_model = |relation: &&Relation| matches!(relation, Relation::Model(_));
    let models: Vec<Relation> = scope.iter().filter(is_model).copied().collect();
    let changed = publish::changed(context, scope);
    if walk.trouble.is_some() && changed > 0 {
        let changed = publish::changed(context, &models);
        let what = match changed {
            0 => "changed seeds".to_owned(),
            1 => "1 changed model".to_owned(),
            _ => format!("{changed} changed models"),
        };
        return Some(format!(
            "{what} and a failure; what was built stays for the next run\n  {}",
            without_failures(walk)
        ));
    }
    None
}

/// How the models that didn't fail can be published.
fn without_failures(walk: &Walk) -> String {
    const SHOWN: usize = 5;
    let failed: Vec<String> = (walk.steps.iter())
        .filter(|step| step.status == "failed")
        .map(|step| match step.kind.as_str() {
            "seed" => format!("source:{}+", step.model),
            _ => format!("{}+", step.model),
        })
        .collect();
    if failed.is_empty() || failed.len() > SHOWN {
        return "hint: leave out what fails to publish the rest: `--exclude …+`".to_owned();
    }
    format!(
        "hint: publish the rest without what fails: `--exclude '{}'`",
        failed.join(" ")
    )
}

fn workers(project: &Project, options: &RunOptions) -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let declared = usize::try_from(project.def.workers)
        .ok()
        .filter(|workers| *workers > 0);
    options.workers.or(declared).unwrap_or(processors).max(1)
}

fn summary(context: &Context<'_>, walk: &Walk, started: Instant) -> Summary {
    let count = |status: &str| {
        walk.steps
            .iter()
            .filter(|step| step.status == status)
            .count()
    };
    Summary {
        id: context.run_id.clone(),
        unchanged: count("unchanged"),
        built: count("built"),
        failed: count("failed"),
        skipped: count("skipped"),
        cancelled: count("interrupted"),
        published: 0,
        duration: started.elapsed(),
    }
}

/// The seeds that the selected models read, through ephemeral ones too; all if nothing is
/// selected.
fn needed_seeds(
    project: &Project,
    options: &RunOptions,
    selected: &BTreeSet<usize>,
) -> BTreeSet<usize> {
    if options.select.is_empty() && options.exclude.is_empty() {
        return (0..project.seeds().len()).collect();
    }
    let inputs = selected
        .iter()
        .flat_map(|index| stored_parents(project, *index));
    inputs
        .filter_map(|relation| match relation {
            Relation::Seed(index) => Some(index),
            _ => None,
        })
        .collect()
}

/// What a model reads with ephemeral models replaced by what they read.
fn stored_parents(project: &Project, index: usize) -> BTreeSet<Relation> {
    let mut found = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut waiting = project.model(index).imports.clone();
    while let Some(relation) = waiting.pop() {
        match relation {
            Relation::Model(parent)
                if project.model(parent).materialization == Materialization::Ephemeral =>
            {
                if seen.insert(parent) {
                    waiting.extend(&project.model(parent).imports);
                }
            }
            other => {
                found.insert(other);
            }
        }
    }
    found
}

/// Everything that this run may publish.
fn scope(project: &Project, selected: &BTreeSet<usize>, seeds: &BTreeSet<usize>) -> Vec<Relation> {
    let models = selected
        .iter()
        .filter(|index| project.model(**index).is_stored());
    let models = models.map(|index| Relation::Model(*index));
    seeds
        .iter()
        .map(|index| Relation::Seed(*index))
        .chain(models)
        .collect()
}

impl Opening<'_> {
    fn select(&mut self) -> Result<BTreeSet<usize>> {
        let facts = StateFacts {
            context: &self.context,
            state: RefCell::new(&mut self.state),
        };
        let options = self.context.options;
        let selection = selection::select(
            self.context.project,
            &options.select,
            &options.exclude,
            &facts,
        )?;
        let unmatched = selection.unmatched.iter();
        self.notes
            .extend(unmatched.map(|term| format!("no model matches `{term}`")));
        Ok(selection.models)
    }

    /// Everything that can be refused before anything is written.
    fn check(&mut self, selected: &BTreeSet<usize>, scope: &[Relation]) -> Result<()> {
        let context = &self.context;
        publish::check_ownership(context, scope)?;
        for &index in selected {
            let model = context.project.model(index);
            for parent in stored_parents(context.project, index) {
                check_parent(context, selected, index, parent)?;
            }
            if !model.keeps_table() {
                continue;
            }
            let path = model.def.path.as_str();
            let rebuilds = context.options.full_refresh && !model.keeps_history();
            if !rebuilds
                && context
                    .snapshot(path, context.versions.model(index))
                    .is_none()
                && let Some(base) = adopted(context, model)
            {
                alterations(context, model, &base.physical)?;
            }
            if context.options.full_refresh && model.keeps_history() {
                self.notes.push(format!(
                    "`{}` keeps its history and isn't built anew: its rows can't be computed again",
                    model.relation()
                ));
            }
        }
        Ok(())
    }

    /// Writes that the run begins, before it changes anything: should it end badly, the next one
    /// completes it from the ledger.
    fn begin(&mut self) -> Result<()> {
        self.prepare_engine()
            .map_err(|error| opening_failed(&error, &self.engine))?;
        let mut changes = std::mem::take(&mut self.changes);
        changes.push(Change::RunStarted(RunRecord {
            id: self.context.run_id.clone(),
            command: "run".to_owned(),
            plan: String::new(),
            by: config::user(),
            project_hash: self.context.project.def.hash.to_string(),
            started_at: self.context.now,
        }));
        self.state.apply(&self.context.scope, &changes)
    }

    /// Makes the engine's own tables where they are missing, names this state in them, and takes
    /// the fence.
    fn prepare_engine(&mut self) -> std::result::Result<(), EngineError> {
        if !self.has_ledger() {
            self.session.create_bookkeeping(self.state.identity())?;
            self.mark = self.session.ledger_mark()?;
        }
        if self.adopts {
            self.session.adopt(self.state.identity())?;
        }
        let token = self.epoch + 1;
        let holder = format!(
            "process {} (run {})",
            std::process::id(),
            self.context.run_id
        );
        self.session.fence(self.state.identity(), token, &holder)?;
        self.context.token = token;
        Ok(())
    }

    fn announce(&self, scope: &[Relation], listener: &mut dyn FnMut(Event)) {
        let is_model = |relation: &&Relation| matches!(relation, Relation::Model(_));
        let models: Vec<Relation> = scope.iter().filter(is_model).copied().collect();
        listener(Event::RunStarted {
            id: self.context.run_id.clone(),
            environment: self.context.scope.environment.clone(),
            engine: (self.engine.kind.to_owned(), self.engine.shown.clone()),
            models: self.context.project.models().len(),
            selected: scope.len(),
            longest_name: scope
                .iter()
                .map(|relation| self.context.project.name_of(*relation).chars().count())
                .max()
                .unwrap_or(0),
            changed: publish::changed(&self.context, &models),
        });
        for note in &self.notes {
            listener(Event::Note(note.clone()));
        }
    }
}

/// Refuses a selection that leaves out something that isn't built.
fn check_parent(
    context: &Context<'_>,
    selected: &BTreeSet<usize>,
    index: usize,
    parent: Relation,
) -> Result<()> {
    let Relation::Model(parent_index) = parent else {
        return Ok(());
    };
    if selected.contains(&parent_index) || is_readable(context, parent_index) {
        return Ok(());
    }
    let model = context.project.model(index).relation();
    Err(Error::new(
        Kind::Usage,
        Code::ParentNotBuilt,
        format!(
            "`{model}` reads `{}`, which isn't selected and isn't wholly built in its present version",
            context.project.name_of(parent)
        ),
    )
    .hint(format!("select it too: `--select +{model}`")))
}

struct StateFacts<'a> {
    context: &'a Context<'a>,
    state: RefCell<&'a mut State>,
}

impl Facts for StateFacts<'_> {
    fn is_changed(&self, model: usize) -> Result<bool> {
        let stored = self.context.project.model(model).is_stored();
        Ok(stored && publish::changed(self.context, &[Relation::Model(model)]) > 0)
    }

    fn with_result(&self, status: &str) -> Result<BTreeSet<usize>> {
        let mut state = self.state.borrow_mut();
        let runs = state.runs(&self.context.scope.project, 1)?;
        let Some(last) = runs.first() else {
            return Ok(BTreeSet::new());
        };
        let steps = state.steps(&last.id)?;
        let ended = steps.iter().filter(|step| step.status == status);
        Ok(ended
            .filter_map(|step| match self.context.project.find(&step.model) {
                Ok(Relation::Model(index)) => Some(index),
                _ => None,
            })
            .collect())
    }
}

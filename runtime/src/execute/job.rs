//! A plan, carried out: what it says is built, and published together at the end.

use super::around::{Around, run_around};
use super::claim::{Wanted, claim, finish, lease_of, taken_over};
use super::context::{Context, Mode};
use super::interrupt::Interrupt;
use super::opening::Opening;
use super::options::{RunOptions, RunOutcome};
use super::preparing::{Preparation, prepare};
use super::publish::{Publication, Publishing, check_ownership, publish_time};
use super::retire::retire;
use super::schedule::{Schedule, Walk};
use super::sweep::sweep;
use super::tidying::tidy_up;
use crate::adapters::Session;
use crate::config::EngineSettings;
use crate::error::{Kind, Result};
use crate::events::{Event, Summary};
use crate::plan::{Plan, Target};
use crate::project::{Project, Relation};
use crate::state::{Change, Pointer, State, Writer};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// What is carried out.
pub struct Job<'a> {
    pub plan: &'a Plan,
    pub target: &'a Target,
    pub mode: Mode,
    /// The command: `run`, `apply`, …
    pub command: &'static str,
    pub options: &'a RunOptions,
    /// Whether the plan was begun before.
    pub resume: bool,
}

impl Job<'_> {
    /// The models and seeds that are looked at.
    fn selected(&self) -> (BTreeSet<usize>, BTreeSet<usize>) {
        let (mut models, mut seeds) = (BTreeSet::new(), BTreeSet::new());
        for model in self.target.models.values().filter(|model| model.selected) {
            match model.relation {
                Some(Relation::Model(index)) => models.insert(index),
                Some(Relation::Seed(index)) => seeds.insert(index),
                _ => false,
            };
        }
        (models, seeds)
    }

    /// Whether the environment will point to something else.
    fn moves_pointer(&self) -> bool {
        self.plan.from != self.plan.to
    }
}

/// Carries out a plan.
///
/// # Errors
/// What keeps it from starting, or the state database's failure. A model that fails is no error
/// here; [`RunOutcome::trouble`] tells it.
pub fn perform(
    mut opening: Opening<'_>,
    job: &Job<'_>,
    interrupt: &Interrupt,
    listener: &mut dyn FnMut(Event),
) -> Result<RunOutcome> {
    let started = Instant::now();
    check_ownership(
        job.target,
        &opening.situation.place.environment,
        &opening.situation.known.published,
        &opening.users,
    )?;
    let (selected, seeds) = job.selected();
    let preparation = prepare(&mut opening, job, (&selected, &seeds))?;
    let lease = lease_of(&opening);
    let leases = preparation.leases(&opening, job, (&selected, &seeds));
    let wanted = Wanted {
        plan: job.plan,
        resume: job.resume,
        author: &job.options.author.name,
        leases: leases.as_ref(),
        wait: job.options.wait,
        interrupt,
    };
    let token = claim(&mut opening, &wanted)?;
    let begun = preparation.begin(&mut opening, job, token);
    if let Err(error) = begun {
        let scope = &opening.situation.place.scope;
        // What kept it from starting is what has to be told.
        let _ = opening
            .situation
            .state
            .release(&scope.project, &scope.engine, token);
        return Err(error);
    }
    preparation.announce(&opening, job, listener);
    let mut running = Running::new(opening, job, (preparation, (token, leases)), lease);
    let mut walk = match running.around(Around::Before) {
        Ok(()) => running.walk((selected, seeds), interrupt, listener),
        Err(error) => {
            listener(Event::Note(error.message.clone()));
            Walk {
                trouble: Some(error.kind),
                ..Walk::default()
            }
        }
    };
    let state = running.writer.take().map(Writer::finish).transpose()?;
    let Some(mut state) = state else {
        return Err(taken_over(&running.context.scope.environment));
    };
    let published = running.publish(&mut state, job, (&walk, interrupt), listener);
    if let Err(error) = &published {
        walk.trouble = Some(error.kind);
    }
    if walk.trouble.is_none()
        && let Err(error) = running.around(Around::After)
    {
        listener(Event::Note(error.message.clone()));
        walk.trouble = Some(error.kind);
    }
    if interrupt.is_wished() {
        walk.trouble = Some(Kind::Interrupted);
    }
    let mut summary = summary(&running.context, &walk, started);
    summary.published = published.as_ref().copied().unwrap_or(0);
    let written = running.end(state, (&walk, &summary), listener);
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

/// A job that has begun.
struct Running<'a> {
    context: Context<'a>,
    engine: EngineSettings,
    session: Session,
    writer: Option<Writer>,
    /// The mark of the ledger before anything was committed.
    mark: String,
    /// Whether the state was told how the job ended, and so holds no lease any more.
    finished: bool,
    /// Whether anything was committed to the engine.
    wrote: bool,
    /// What was published, and what may be swept by now; nothing if that was done already.
    unswept: Option<Vec<Change>>,
}

impl<'a> Running<'a> {
    fn new(
        opening: Opening<'a>,
        job: &Job<'a>,
        (preparation, taken): (Preparation, (u64, Option<BTreeSet<String>>)),
        lease: Duration,
    ) -> Self {
        let engine = opening.situation.place.engine.clone();
        let (context, state, session, mark) = preparation.context(opening, job, taken);
        let heartbeat = crate::state::Heartbeat {
            token: context.token,
            lease,
            lost: context.lost.clone(),
        };
        let writer = Writer::start(state, context.scope.clone(), Some(heartbeat));
        Self {
            context,
            engine,
            session,
            writer: Some(writer),
            mark,
            finished: false,
            wrote: true,
            unswept: None,
        }
    }

    /// Runs the project's statements before or after everything else.
    fn around(&mut self, around: Around) -> Result<()> {
        let run = &self.context.project.def.run;
        let statements = match around {
            Around::Before => &run.before,
            Around::After => &run.after,
        };
        let by = (self.context.token, &self.engine);
        run_around(&mut self.session, (around, statements.as_slice()), by)
    }

    fn walk(
        &mut self,
        (selected, seeds): (BTreeSet<usize>, BTreeSet<usize>),
        interrupt: &Interrupt,
        listener: &mut dyn FnMut(Event),
    ) -> Walk {
        let Some(writer) = &self.writer else {
            return Walk::default();
        };
        let workers = workers(self.context.project, self.context.options);
        let schedule = Schedule::new(
            &self.context,
            (&selected, seeds),
            (interrupt, writer),
            listener,
        );
        schedule.run(workers)
    }

    /// Publishes what is ready, all together, and gives the number of views that changed.
    fn publish(
        &mut self,
        state: &mut State,
        job: &Job<'_>,
        (walk, interrupt): (&Walk, &Interrupt),
        listener: &mut dyn FnMut(Event),
    ) -> Result<usize> {
        let context = &self.context;
        let is_well = walk.trouble.is_none();
        let whole = is_well && job.target.models.values().all(|model| model.selected);
        let pointer = (is_well && job.moves_pointer()).then(|| Pointer {
            project_version: job.plan.to.project_version.clone(),
            project_hash: job.plan.to.project_hash.clone(),
            commit: job.plan.to.commit.clone(),
            action: job.plan.purpose.word().to_owned(),
        });
        let publication = Publication::new(context, job.target, walk, (whole, pointer));
        self.wrote =
            !publication.is_empty() || walk.steps.iter().any(|step| step.status != "unchanged");
        if let Some(reason) = refusal(job, walk, interrupt) {
            if publication.view_count() > 0 {
                listener(Event::NotPublished(reason));
            }
            return Ok(0);
        }
        if publication.is_empty() {
            // What an earlier one that was broken off has left.
            self.sweep(state, (walk, &[]), listener)?;
            return Ok(0);
        }
        let scope = &context.scope;
        let intent = publication.intent(context);
        let text = serde_json::to_string(&intent).unwrap_or_default();
        let (project, environment) = (scope.project.as_str(), scope.environment.as_str());
        if !state.intend(project, environment, &scope.engine, context.token, &text)? {
            return Err(taken_over(environment));
        }
        intent.publish(
            &*context.adapter,
            &mut self.session,
            &Publishing {
                interrupt,
                in_doubt: &context.in_doubt,
                token: context.token,
                time: publish_time(context.project),
            },
        )?;
        let changes = intent.changes();
        finish(state, scope, &intent, (context.token, changes.clone()))?;
        self.finished = true;
        listener(Event::Published {
            views: publication.view_count(),
        });
        self.sweep(state, (walk, &changes), listener)?;
        Ok(publication.view_count())
    }

    /// Drops what nobody needs any more. A failure is told, and leaves it to the next one.
    fn sweep(
        &mut self,
        state: &mut State,
        (walk, published): (&Walk, &[Change]),
        listener: &mut dyn FnMut(Event),
    ) -> Result<()> {
        if self.context.leases.is_some() {
            // Others may be at work: it is done when nothing is leased any more.
            self.unswept = Some(published.to_vec());
            return Ok(());
        }
        let retired = match self.context.mode {
            Mode::Run => {
                let mut known = Cow::Borrowed(&self.context.known);
                for change in published {
                    known
                        .to_mut()
                        .apply(change, &self.context.scope.environment);
                }
                retire(state, &self.context, &known)?
            }
            Mode::Apply => Vec::new(),
        };
        let moved = (walk, published);
        match sweep(&self.context, &mut self.session, moved, &retired) {
            Ok(changes) => {
                self.wrote |= !changes.is_empty();
                state.apply(&self.context.scope, &changes)
            }
            Err(error) => {
                listener(left_behind(&error.message));
                Ok(())
            }
        }
    }

    /// Writes that the run ended, and with which ledger: the next one believes the state if it finds
    /// the same one.
    ///
    /// Where the result of a commit is unknown, the engine can't tell what it holds, or somebody else
    /// writes to it, the run stays as it is, and the next one reads the ledger.
    fn end(
        mut self,
        mut state: State,
        (walk, summary): (&Walk, &Summary),
        listener: &mut dyn FnMut(Event),
    ) -> Result<()> {
        let context = &self.context;
        let scope = &context.scope;
        let is_taken_over = walk.trouble == Some(Kind::Refused);
        let in_doubt = context.in_doubt.load(Ordering::Relaxed);
        // A session of its own: an interrupt has ended the others.
        let read = || context.adapter.session()?.ledger_mark();
        let mark = match self.wrote && context.leases.is_none() {
            true => read().ok(),
            false => Some(self.mark.clone()),
        };
        if let (false, false, Some(mark)) = (is_taken_over, in_doubt, mark) {
            let mut changes = Vec::new();
            // Where others write as well, nobody relies on it.
            if context.leases.is_none() && context.known.ledger.as_ref() != Some(&mark) {
                changes.push(Change::Ledger { mark });
            }
            changes.push(Change::RunEnded {
                id: context.run_id.clone(),
                status: match walk.trouble {
                    None => "done",
                    Some(Kind::Interrupted) => "interrupted",
                    Some(_) => "failed",
                },
                duration_ms: u64::try_from(summary.duration.as_millis()).ok(),
            });
            state.apply(scope, &changes)?;
        }
        if !self.finished {
            let status = if walk.trouble.is_some() {
                "failed"
            } else {
                "applied"
            };
            state.release(&scope.project, &scope.engine, context.token)?;
            state.set_plan_status(&scope.project, &context.plan_id, status)?;
        }
        if let Some(published) = self.unswept.take() {
            let versions = self.context.mode == Mode::Run;
            let by = (&self.engine, versions);
            let with = (&mut state, &mut self.session);
            let tidied = tidy_up(&self.context, with, (walk, &published), by);
            if let Err(error) = tidied {
                listener(left_behind(&error.message));
            }
        }
        state.close()
    }
}

fn left_behind(why: &str) -> Event {
    Event::Note(format!("old tables are left for the next run: {why}"))
}

/// Why nothing may be published, if so.
fn refusal(job: &Job<'_>, walk: &Walk, interrupt: &Interrupt) -> Option<String> {
    if interrupt.is_wished() {
        return Some("the run was interrupted; what was built stays for the next one".to_owned());
    }
    if walk.trouble.is_none() || !job.moves_pointer() {
        return None;
    }
    let changed = job.plan.models.iter();
    let changed = changed.filter(|model| model.version != model.version_before);
    let models = changed.clone().filter(|model| model.kind != "seed").count();
    let what = match models {
        0 => "changed seeds".to_owned(),
        1 => "1 changed model".to_owned(),
        _ => format!("{models} changed models"),
    };
    Some(format!(
        "{what} and a failure; what was built stays for the next run\n  {}",
        without_failures(walk)
    ))
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
        unchanged: count("unchanged") + walk.kept,
        built: count("built"),
        failed: count("failed"),
        skipped: count("skipped"),
        cancelled: count("interrupted"),
        published: 0,
        duration: started.elapsed(),
    }
}

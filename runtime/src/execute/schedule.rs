//! The graph over the workers: what is ready is decided here and built there.
//!
//! One thread decides and reports; each worker has a session and builds one model at a time.
//! Of several that are ready, the one with the longest path of readers starts first.

use super::build::{Done, Worker};
use super::context::Context;
use super::decide::{self, Decision, Ready, ReadySet, subject};
use super::details::{superseded, supersedes};
use super::failure::Failure;
use super::interrupt::Interrupt;
use super::task::{Task, Work};
use crate::error::Kind;
use crate::events::{AuditOutcome, Event};
use crate::project::Relation;
use crate::state::{AuditRecord, Change, StepRecord, Writer};
use jiff::Timestamp;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What workers tell.
enum Message {
    Batch(Relation, usize, usize),
    Ended(Box<Ended>),
}

struct Ended {
    task: Task,
    result: std::result::Result<Done, Failure>,
    changes: Vec<Change>,
    audits: Vec<AuditOutcome>,
    duration: Duration,
}

/// What a schedule came to.
#[derive(Default)]
pub struct Walk {
    pub ready: ReadySet,
    /// The changes of the state that tell what exists now.
    pub changes: Vec<Change>,
    pub steps: Vec<StepRecord>,
    /// How many a plan leaves as they are, of which nothing more is told.
    pub kept: usize,
    pub trouble: Option<Kind>,
}

/// The walk over the graph.
pub struct Schedule<'a> {
    context: &'a Context<'a>,
    interrupt: &'a Interrupt,
    writer: &'a Writer,
    listener: &'a mut dyn FnMut(Event),
    selected: &'a BTreeSet<usize>,
    seeds: BTreeSet<usize>,
    heights: Vec<usize>,
    waiting: HashMap<Relation, usize>,
    readers: HashMap<Relation, Vec<usize>>,
    queue: BinaryHeap<(usize, Reverse<Relation>)>,
    tasks: BTreeMap<(usize, Reverse<Relation>), Task>,
    broken: HashMap<Relation, String>,
    /// Why nothing is started any more.
    stop: Option<String>,
    /// How many batches of a model are committed, and how many there are.
    batches: HashMap<Relation, (usize, usize)>,
    walk: Walk,
}

impl<'a> Schedule<'a> {
    /// Prepares the walk over the selected models and the seeds that are wanted.
    pub fn new(
        context: &'a Context<'a>,
        (selected, seeds): (&'a BTreeSet<usize>, BTreeSet<usize>),
        (interrupt, writer): (&'a Interrupt, &'a Writer),
        listener: &'a mut dyn FnMut(Event),
    ) -> Self {
        let project = context.project;
        let mut schedule = Self {
            context,
            interrupt,
            writer,
            listener,
            selected,
            seeds,
            heights: project.graph().heights(),
            waiting: HashMap::new(),
            readers: HashMap::new(),
            queue: BinaryHeap::new(),
            tasks: BTreeMap::new(),
            broken: HashMap::new(),
            stop: None,
            batches: HashMap::new(),
            walk: Walk::default(),
        };
        for index in 0..project.models().len() {
            let parents: HashSet<Relation> = project
                .model(index)
                .imports
                .iter()
                .filter(|import| !matches!(import, Relation::Source(_)))
                .copied()
                .collect();
            schedule
                .waiting
                .insert(Relation::Model(index), parents.len());
            for parent in parents {
                schedule.readers.entry(parent).or_default().push(index);
            }
        }
        schedule
    }

    /// Walks until everything has ended.
    pub fn run(mut self, workers: usize) -> Walk {
        let (to_workers, tasks) = channel::<Task>();
        let (report, messages) = channel::<Message>();
        let tasks = Arc::new(Mutex::new(tasks));
        std::thread::scope(|threads| {
            for _ in 0..workers {
                let (tasks, report) = (Arc::clone(&tasks), report.clone());
                let (context, interrupt) = (self.context, self.interrupt.clone());
                threads.spawn(move || work(context, &interrupt, &tasks, &report));
            }
            drop(report);
            self.start();
            self.coordinate(workers, &to_workers, &messages);
            drop(to_workers);
        });
        self.walk
    }

    fn start(&mut self) {
        let roots: Vec<Relation> = self
            .waiting
            .iter()
            .filter(|(_, count)| **count == 0)
            .map(|(node, _)| *node)
            .collect();
        for index in 0..self.context.project.seeds().len() {
            self.settle(Relation::Seed(index));
        }
        for root in roots {
            self.enqueue(root);
        }
    }

    fn coordinate(&mut self, workers: usize, tasks: &Sender<Task>, messages: &Receiver<Message>) {
        let mut running = 0;
        loop {
            self.dispatch(&mut running, workers, tasks);
            while let Some((_, node)) = self.queue.pop() {
                self.settle(node.0);
                self.dispatch(&mut running, workers, tasks);
            }
            if running == 0 && self.tasks.is_empty() && self.queue.is_empty() {
                return;
            }
            if running == 0 {
                continue;
            }
            match messages.recv() {
                Ok(Message::Batch(node, done, of)) => {
                    let subject = subject(self.context, node);
                    self.batches.insert(node, (done, of));
                    (self.listener)(Event::BatchDone { subject, done, of });
                }
                Ok(Message::Ended(ended)) => {
                    running -= 1;
                    self.ended(*ended);
                }
                Err(_) => return,
            }
        }
    }

    /// Hands tasks to idle workers, those with the longest path of readers first.
    fn dispatch(&mut self, running: &mut usize, workers: usize, tasks: &Sender<Task>) {
        while *running < workers {
            let Some((_, task)) = self.tasks.pop_last() else {
                return;
            };
            if self.stops(&task) {
                continue;
            }
            (self.listener)(Event::Started(task.subject.clone()));
            if tasks.send(task).is_ok() {
                *running += 1;
            }
        }
    }

    /// Whether a task isn't started any more, because of an interrupt or `--fail-fast`.
    fn stops(&mut self, task: &Task) -> bool {
        if self.interrupt.is_wished() {
            self.cancelled(task.relation, Duration::ZERO);
            return true;
        }
        let Some(reason) = self.stop.clone() else {
            return false;
        };
        self.skip(task.relation, reason);
        true
    }

    fn enqueue(&mut self, node: Relation) {
        self.queue
            .push((height(&self.heights, node), Reverse(node)));
    }

    /// Decides on something whose parents have all ended.
    fn settle(&mut self, node: Relation) {
        match node {
            Relation::Seed(index) if self.seeds.contains(&index) => {
                let decision = decide::seed(self.context, index);
                self.follow(node, Ok(decision));
            }
            Relation::Model(index) => self.settle_model(node, index),
            other => {
                let ready = decide::unselected(self.context, other, &self.walk.ready);
                self.walk.ready.extend(ready.map(|ready| (other, ready)));
                self.release(other);
            }
        }
    }

    fn settle_model(&mut self, node: Relation, index: usize) {
        let ephemeral = !self.context.project.model(index).is_stored();
        if !ephemeral && !self.selected.contains(&index) {
            let ready = decide::unselected(self.context, node, &self.walk.ready);
            self.walk.ready.extend(ready.map(|ready| (node, ready)));
            self.release(node);
            return;
        }
        let parents = self.context.project.model(index).imports.clone();
        let cause = parents
            .iter()
            .find_map(|parent| self.broken.get(parent))
            .cloned();
        match cause {
            Some(cause) if ephemeral => {
                self.broken.insert(node, cause);
                self.release(node);
            }
            Some(cause) => self.skip(node, format!("needs {cause}")),
            None => {
                let decision = decide::model(self.context, index, &self.walk.ready);
                self.follow(node, decision);
            }
        }
    }

    fn follow(&mut self, node: Relation, decision: std::result::Result<Decision, Failure>) {
        match decision {
            Ok(Decision::Through(ready)) => {
                self.walk.ready.insert(node, ready);
                self.release(node);
            }
            Ok(Decision::Unchanged(ready, _)) if self.context.is_kept(node) => {
                self.walk.kept += 1;
                self.walk.ready.insert(node, ready);
                self.release(node);
            }
            Ok(Decision::Unchanged(ready, reason)) => self.unchanged(node, ready, reason),
            Ok(Decision::Build(task)) if !self.context.is_leased(&task.snapshot.physical) => {
                let message = "nobody knew that it would be built when the tables were leased";
                self.failed(node, Failure::finding(message), Duration::ZERO);
            }
            Ok(Decision::Build(task)) => {
                let key = (height(&self.heights, node), Reverse(node));
                self.tasks.insert(key, *task);
            }
            Err(failure) => self.failed(node, failure, Duration::ZERO),
        }
    }

    fn unchanged(&mut self, node: Relation, ready: Ready, reason: String) {
        let subject = subject(self.context, node);
        self.step(node, ("unchanged", None), Duration::ZERO, &reason);
        (self.listener)(Event::Unchanged { subject, reason });
        self.walk.ready.insert(node, ready);
        self.release(node);
    }

    fn ended(&mut self, ended: Ended) {
        let Ended {
            task,
            result,
            changes,
            audits,
            duration,
        } = ended;
        for change in changes {
            let superseded = match &change {
                Change::Snapshot(snapshot) if supersedes(&self.context.known, snapshot) => {
                    Some(superseded(snapshot))
                }
                _ => None,
            };
            for change in [Some(change), superseded].into_iter().flatten() {
                self.writer.send(change.clone());
                self.walk.changes.push(change);
            }
        }
        for outcome in audits {
            let record = audit_record(self.context, &task, &outcome);
            self.writer.send(Change::Audit(record));
            let subject = task.subject.clone();
            (self.listener)(Event::Audited { subject, outcome });
        }
        match result {
            Ok(done) => self.built(task, done, duration),
            Err(failure) if failure.kind == Kind::Interrupted => {
                self.cancelled(task.relation, duration);
            }
            Err(failure) => self.failed(task.relation, failure, duration),
        }
    }

    fn built(&mut self, task: Task, done: Done, duration: Duration) {
        let node = task.relation;
        if let Work::Audits { reason, .. } = task.work {
            let reason = format!("{reason}; its rows pass all audits");
            let ready = Ready {
                load: task.snapshot.load,
                physical: Some(task.snapshot.physical),
            };
            self.unchanged(node, ready, reason);
            return;
        }
        self.step(node, ("built", done.rows), duration, "");
        (self.listener)(Event::Built {
            subject: task.subject,
            rows: done.rows,
            added: done.added,
            intervals: done.intervals,
            duration,
        });
        // Of several batches the last one's id is the table's load.
        let last = self
            .walk
            .changes
            .iter()
            .rev()
            .find_map(|change| match change {
                Change::Snapshot(snapshot) if snapshot.model == task.snapshot.model => {
                    Some(snapshot.load.clone())
                }
                _ => None,
            });
        let ready = Ready {
            load: task.load.or(last).unwrap_or(task.snapshot.load),
            physical: Some(task.snapshot.physical),
        };
        self.walk.ready.insert(node, ready);
        self.release(node);
    }

    fn failed(&mut self, node: Relation, mut failure: Failure, duration: Duration) {
        if let Some(place) = source_place(self.context, &failure) {
            let separator = if failure.detail.is_empty() { "" } else { "\n" };
            failure.detail = format!("{}{separator}{place}", failure.detail);
        }
        let subject = subject(self.context, node);
        let name = subject.name.clone();
        let note = format!("{}\n{}", failure.message, failure.detail);
        self.step(node, ("failed", None), duration, note.trim());
        self.walk.trouble = Some(worse(self.walk.trouble, failure.kind));
        (self.listener)(Event::Failed {
            subject,
            message: failure.message,
            detail: failure.detail,
            duration,
        });
        if failure.kind == Kind::Refused {
            let reason = "the database was taken over";
            self.stop.get_or_insert_with(|| reason.to_owned());
        } else if self.context.options.fail_fast {
            self.stop
                .get_or_insert_with(|| format!("`--fail-fast` after {name}"));
        }
        self.broken.insert(node, name);
        self.release(node);
    }

    fn cancelled(&mut self, node: Relation, duration: Duration) {
        let subject = subject(self.context, node);
        let kept = self.batches.get(&node).copied();
        let note = kept.map(|(done, of)| format!("{done} of {of} batches kept"));
        let note = note.unwrap_or_default();
        self.step(node, ("interrupted", None), duration, &note);
        self.broken.insert(node, subject.name.clone());
        (self.listener)(Event::Cancelled { subject, kept });
        self.walk.trouble = Some(Kind::Interrupted);
        self.release(node);
    }

    fn skip(&mut self, node: Relation, reason: String) {
        let subject = subject(self.context, node);
        self.step(node, ("skipped", None), Duration::ZERO, &reason);
        self.broken.insert(node, subject.name.clone());
        (self.listener)(Event::Skipped { subject, reason });
        self.release(node);
    }

    /// Tells the readers that one of their parents has ended.
    fn release(&mut self, node: Relation) {
        for reader in self.readers.get(&node).cloned().unwrap_or_default() {
            let reader = Relation::Model(reader);
            if let Some(count) = self.waiting.get_mut(&reader) {
                *count -= 1;
                if *count == 0 {
                    self.enqueue(reader);
                }
            }
        }
    }

    fn step(
        &mut self,
        node: Relation,
        (status, rows): (&str, Option<u64>),
        duration: Duration,
        note: &str,
    ) {
        let record = StepRecord {
            position: self.walk.steps.len() as u64,
            model: self.context.project.path_of(node).to_owned(),
            version: self.context.versions.get(node).to_owned(),
            kind: subject(self.context, node).kind.to_owned(),
            status: status.to_owned(),
            rows,
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            note: note.to_owned(),
        };
        self.writer.send(Change::Step {
            run: self.context.run_id.clone(),
            record: record.clone(),
        });
        self.walk.steps.push(record);
    }
}

/// What a run ends with after another failure: a lost lease outweighs a broken engine, and that a
/// failed model.
fn worse(trouble: Option<Kind>, failure: Kind) -> Kind {
    let known = [trouble, Some(failure)];
    let worst = [Kind::Refused, Kind::Failed];
    worst
        .into_iter()
        .find(|kind| known.contains(&Some(*kind)))
        .unwrap_or(Kind::Finding)
}

fn height(heights: &[usize], node: Relation) -> usize {
    match node {
        Relation::Model(index) => heights[index],
        _ => usize::MAX,
    }
}

/// What the state keeps of what an audit found.
fn audit_record(context: &Context<'_>, task: &Task, outcome: &AuditOutcome) -> AuditRecord {
    let row = |row: &Vec<(String, Option<String>)>| -> serde_json::Value {
        let values = row.iter().cloned();
        values.collect::<BTreeMap<_, _>>().into_iter().collect()
    };
    let sample: serde_json::Value = outcome.sample.iter().map(row).collect();
    AuditRecord {
        run: context.run_id.clone(),
        model: context.project.path_of(task.relation).to_owned(),
        audit: outcome.call.clone(),
        severity: outcome.severity.to_owned(),
        status: outcome.status.word().to_owned(),
        failing_rows: outcome.failing_rows,
        sample: sample.to_string(),
        at: Timestamp::now(),
    }
}

/// A worker's thread: builds what comes until nothing comes any more.
fn work(
    context: &Context<'_>,
    interrupt: &Interrupt,
    tasks: &Mutex<Receiver<Task>>,
    report: &Sender<Message>,
) {
    let mut session = None;
    loop {
        let received = tasks.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(task) = received else { return };
        let started = Instant::now();
        let (mut changes, mut audits) = (Vec::new(), Vec::new());
        let node = task.relation;
        let progress = |done, of| {
            // Nobody listens any more only when the run has ended.
            let _ = report.send(Message::Batch(node, done, of));
        };
        let opened = match session.take() {
            Some(session) => Ok(session),
            None => context
                .adapter
                .session()
                .inspect(|session| interrupt.watch(session.canceller())),
        };
        let result = opened.map_err(Failure::from).and_then(|opened| {
            let mut worker = Worker::new(context, (opened, interrupt.clone()), &progress);
            // A panic is a mistake of ours; it must not leave the others waiting for its end.
            let building = AssertUnwindSafe(|| worker.build(&task, &mut changes));
            let result = catch_unwind(building).unwrap_or_else(|_| {
                context.in_doubt.store(true, Ordering::Relaxed);
                Err(Failure::finding("building it panicked"))
            });
            audits = worker.outcomes();
            session = Some(worker.session);
            result
        });
        let ended = Ended {
            task,
            result,
            changes,
            audits,
            duration: started.elapsed(),
        };
        if report.send(Message::Ended(Box::new(ended))).is_err() {
            return;
        }
    }
}

/// The file of the source whose data a failure is about, where the engine names that data.
fn source_place(context: &Context<'_>, failure: &Failure) -> Option<String> {
    let project = context.project;
    let source = project.sources().iter().find(|source| {
        let location = source.location.as_str();
        let path = project.resolve_path(location);
        let path = path.to_string_lossy();
        let is_named = |text: &str| text.contains(location) || text.contains(&*path);
        !location.is_empty() && (is_named(&failure.message) || is_named(&failure.detail))
    })?;
    Some(format!(
        "it is the `location` of the source `{}`",
        source.file
    ))
}

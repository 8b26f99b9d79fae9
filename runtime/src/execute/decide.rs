//! Whether a model or seed is built, and how.
//!
//! Something is left as it is only if its version is built and nothing that it read has
//! changed; a view also needs the same physical names under it. What can't be proved unchanged
//! counts as changed.

use super::audits;
use super::build::promised;
use super::columns::alterations;
use super::context::{Context, Mode};
use super::failure::Failure;
use super::slots::PhysicalSlots;
use super::task::{Adding, Task, TimeRangeWork, Work};
use crate::events::{Subject, grouped};
use crate::plan::Action;
use crate::project::{BatchFacts, Model, Relation, compose};
use crate::situation::{Reads, agree, load_through, proved_equal};
use crate::situation::{
    Restated, Window, interval_of, missing_in, physical_relation, source_text, unit_of,
};
use crate::state::Snapshot;
use crate::version::fingerprint;
use dbgo_contract::{ColumnDef, Materialization, Outside, Strategy};
use std::collections::HashMap;

/// What its readers need to know of something that is ready.
#[derive(Clone, Debug, Default)]
pub struct Ready {
    /// Its name in `_dbgo`; none for an ephemeral model.
    pub physical: Option<String>,
    /// What its readers compare; empty where nothing is proved.
    pub load: String,
}

/// What is ready so far.
pub type ReadySet = HashMap<Relation, Ready>;

/// What becomes of a model or seed.
pub enum Decision {
    /// It is an expression in its readers.
    Through(Ready),
    /// It stays as it is.
    Unchanged(Ready, String),
    /// It is built.
    Build(Box<Task>),
}

/// The name of something as its lines show it.
pub fn subject(context: &Context<'_>, relation: Relation) -> Subject {
    Subject {
        name: context.project.name_of(relation),
        kind: match relation {
            Relation::Model(index) => context.project.model(index).kind(),
            Relation::Seed(_) => "seed",
            Relation::Source(_) => "source",
        },
    }
}

/// Decides on a seed: its content is its version.
pub fn seed(context: &Context<'_>, index: usize) -> Decision {
    let seed = &context.project.seeds()[index];
    let relation = Relation::Seed(index);
    let version = context.versions.get(relation);
    if let Some(snapshot) = context.snapshot(seed.path.as_str(), version) {
        return Decision::Unchanged(ready(snapshot), "unchanged: same content".to_owned());
    }
    let task = task(
        context,
        relation,
        seed.columns.as_slice(),
        Reads::new(),
        Work::Seed(seed),
    );
    Decision::Build(Box::new(task))
}

fn ready(snapshot: &Snapshot) -> Ready {
    Ready {
        physical: Some(snapshot.physical.clone()),
        load: snapshot.load.clone(),
    }
}

/// Decides on a model whose parents are ready.
pub fn model(
    context: &Context<'_>,
    index: usize,
    ready_set: &ReadySet,
) -> Result<Decision, Failure> {
    let model = context.project.model(index);
    let texts = texts(context, model, ready_set);
    let inputs = Inputs {
        context,
        index,
        model,
        version: context.versions.model(index),
        reads: reads(context, model, ready_set),
        uses: uses(&texts, ready_set),
        texts,
        volatile: model.def.volatile || context.versions.reads_clock(index),
        audits: audits::fingerprints(context, index)?,
    };
    if let Some(shared) = inputs.shared() {
        return Ok(shared);
    }
    if let Some(snapshot) = inputs.kept_by_plan() {
        return Ok(inputs.unchanged(&snapshot, "kept by the plan".to_owned()));
    }
    if context.mode == Mode::Run
        && let Some(snapshot) = inputs.snapshot()
        && let Some(reason) = inputs.not_due(snapshot)?
    {
        return Ok(inputs.unchanged(snapshot, reason));
    }
    match (model.materialization, model.strategy) {
        (Materialization::Ephemeral, _) => Ok(Decision::Through(Ready {
            physical: None,
            load: load_through(inputs.version, inputs.volatile, &inputs.reads),
        })),
        (Materialization::View, _) => inputs.view(),
        (Materialization::Table, _) => inputs.table(),
        (_, Strategy::TimeRange) => inputs.time_range(),
        _ => inputs.adding(),
    }
}

/// What a model that isn't selected offers its readers, if it is built in its present version.
pub fn unselected(
    context: &Context<'_>,
    relation: Relation,
    ready_set: &ReadySet,
) -> Option<Ready> {
    let Relation::Model(index) = relation else {
        let snapshot = context.snapshot(
            context.project.path_of(relation),
            context.versions.get(relation),
        )?;
        return Some(ready(snapshot));
    };
    let snapshot = context.snapshot(
        context.project.path_of(relation),
        context.versions.model(index),
    )?;
    if snapshot.kind != "view" {
        return Some(ready(snapshot));
    }
    // A view shows what lies under it now, if it would still be created as it was.
    let load = match model(context, index, ready_set) {
        Ok(Decision::Unchanged(now, _)) => now.load,
        _ => String::new(),
    };
    Some(Ready {
        load,
        ..ready(snapshot)
    })
}

fn reads(context: &Context<'_>, model: &Model, ready_set: &ReadySet) -> Reads {
    model
        .imports
        .iter()
        .map(|import| {
            let load = match import {
                Relation::Source(index) => context.proofs.get(*index).cloned(),
                other => ready_set.get(other).map(|ready| ready.load.clone()),
            };
            (
                context.project.path_of(*import).to_owned(),
                load.unwrap_or_default(),
            )
        })
        .collect()
}

/// The text of everything that a query reads, through ephemeral models too.
fn texts(context: &Context<'_>, model: &Model, ready_set: &ReadySet) -> HashMap<Relation, String> {
    let mut texts = HashMap::new();
    let mut waiting: Vec<Relation> = model.imports.clone();
    while let Some(relation) = waiting.pop() {
        if texts.contains_key(&relation) {
            continue;
        }
        let text = match relation {
            Relation::Source(index) => {
                let source = &context.project.sources()[index];
                let of = (context.project, &context.plan);
                Some(source_text(of, source, context.dialect()))
            }
            other => ready_set
                .get(&other)
                .and_then(|ready| ready.physical.as_ref())
                .map(|name| context.dialect().relation(&physical_relation(name))),
        };
        match (text, relation) {
            (Some(text), _) => {
                texts.insert(relation, text);
            }
            (None, Relation::Model(parent)) => {
                let parent = context.project.model(parent);
                if parent.materialization == Materialization::Ephemeral {
                    waiting.extend(&parent.imports);
                }
            }
            _ => {}
        }
    }
    texts
}

/// The physical names among what a query reads.
fn uses(texts: &HashMap<Relation, String>, ready_set: &ReadySet) -> Vec<String> {
    let ready = texts.keys().filter_map(|relation| ready_set.get(relation));
    ready.filter_map(|ready| ready.physical.clone()).collect()
}

fn column_types(columns: &[ColumnDef]) -> Vec<(String, String)> {
    columns
        .iter()
        .map(|column| (column.name.to_string(), column.sql_type.to_string()))
        .collect()
}

/// A task for the next generation of a relation's version.
fn task(
    context: &Context<'_>,
    relation: Relation,
    columns: &[ColumnDef],
    reads: Reads,
    work: Work,
) -> Task {
    let path = context.project.path_of(relation);
    let version = context.versions.get(relation);
    let names = context.project.schema_and_name(relation);
    let (physical, generation) = context.next_generation(path, names, version);
    let subject = subject(context, relation);
    Task {
        relation,
        load: None,
        texts: HashMap::new(),
        retries: 0,
        timeout_seconds: 0,
        audited: true,
        work,
        snapshot: Snapshot {
            model: path.to_owned(),
            version: version.to_owned(),
            physical,
            generation,
            kind: subject.kind.to_owned(),
            load: format!("{}/{path}/1", context.run_id),
            reads,
            columns: column_types(columns),
            definition: String::new(),
            uses: Vec::new(),
            loaded_at: context.now,
            audits: Vec::new(),
            preview: match relation {
                Relation::Model(index) if context.versions.is_preview(index) => {
                    context.environment.name.to_owned()
                }
                _ => String::new(),
            },
        },
        subject,
    }
}

/// A model with everything that it reads.
struct Inputs<'a> {
    context: &'a Context<'a>,
    index: usize,
    model: &'a Model,
    version: &'a str,
    reads: Reads,
    texts: HashMap<Relation, String>,
    uses: Vec<String>,
    volatile: bool,
    /// Fingerprints of the model's audits.
    audits: Vec<String>,
}

impl<'a> Inputs<'a> {
    fn snapshot(&self) -> Option<&'a Snapshot> {
        self.context
            .snapshot(self.model.def.path.as_str(), self.version)
    }

    /// Leaves a table as it is, and only runs audits that its rows were never held to.
    fn unchanged(self, snapshot: &Snapshot, reason: String) -> Decision {
        if self.are_audited(snapshot) {
            return Decision::Unchanged(ready(snapshot), reason);
        }
        let mut snapshot = snapshot.clone();
        let new = self.audits.iter().cloned();
        let new = new.filter(|audit| !snapshot.audits.contains(audit));
        let all: Vec<String> = snapshot.audits.iter().cloned().chain(new).collect();
        snapshot.audits = all;
        let model = self.index;
        let mut task = self.task(Work::Audits { model, reason });
        task.snapshot = snapshot;
        Decision::Build(Box::new(task))
    }

    /// Whether the rows of a table were held to all of the model's audits.
    fn are_audited(&self, snapshot: &Snapshot) -> bool {
        let mut audits = self.audits.iter();
        audits.all(|audit| snapshot.audits.contains(audit))
    }

    /// Why a table isn't filled now though something may have changed: it isn't due.
    fn not_due(&self, snapshot: &Snapshot) -> Result<Option<String>, Failure> {
        let anew = self.is_refreshed();
        let stored = self.model.materialization != Materialization::View;
        let Some(schedule) = self.model.schedule.as_ref().filter(|_| stored && !anew) else {
            return Ok(None);
        };
        let now = self.context.now;
        let is_due = match (self.model.strategy, schedule.last_until(now)) {
            // What had ended when it was due last is all that has to be there.
            (Strategy::TimeRange, Some(due)) => {
                let filled = self.context.known.filled.get(&snapshot.physical);
                let filled = filled.cloned().unwrap_or_default();
                let window = Window {
                    now: due,
                    ..*self.context.window(self.index)
                };
                let missing = missing_in(&window, self.model, &filled)?;
                !missing.batches.is_empty()
            }
            _ => schedule.is_due(snapshot.loaded_at, now),
        };
        Ok((!is_due).then(|| match schedule.next_after(now) {
            Some(next) => format!("not due before {}", schedule.describe(next)),
            None => "never due".to_owned(),
        }))
    }

    /// The snapshot of something that holds rows.
    fn table_of_version(&self) -> Option<&'a Snapshot> {
        let holds_rows = !matches!(
            self.model.materialization,
            Materialization::Ephemeral | Materialization::View
        );
        self.snapshot().filter(|_| holds_rows)
    }

    /// Tables that a protected environment shows are only read by others.
    fn shared(&self) -> Option<Decision> {
        self.table_of_version()?;
        self.generations().iter().find_map(|table| {
            let environment = self.context.shared_with(&table.physical)?;
            self.reads_the_same_as(environment).then(|| {
                let reason = format!("shared with `{environment}`: not touched");
                Decision::Unchanged(ready(table), reason)
            })
        })
    }

    /// All tables of this version, those first that are preferred.
    fn generations(&self) -> Vec<Snapshot> {
        let path = self.model.def.path.as_str();
        self.context.generations(path, self.version)
    }

    /// Whether a table that is built as a whole reads here what the same version of it reads in another
    /// environment: a seed with other rows there, and its readers' tables are others too. Another version
    /// that goes on with the same table was proved to have the same rows.
    fn reads_the_same_as(&self, environment: &str) -> bool {
        let path = self.model.def.path.as_str();
        let shown = self.context.shown_in(environment, path);
        let is_same_version = shown.is_some_and(|shown| shown.version == self.version);
        if self.model.materialization != Materialization::Table || !is_same_version {
            return true;
        }
        self.model.imports.iter().all(|import| {
            let path = self.context.project.path_of(*import);
            let there = self.context.shown_in(environment, path);
            there.is_none_or(|there| self.uses.contains(&there.physical))
        })
    }

    /// A table that a plan says nothing of, or that it keeps, or that an earlier run of it has built.
    fn kept_by_plan(&self) -> Option<Snapshot> {
        let snapshot = self.table_of_version()?;
        let action = self.context.actions.get(&Relation::Model(self.index));
        let by_range = action.is_some_and(|action| action.fill().is_some());
        if self.context.mode != Mode::Apply || by_range {
            return None;
        }
        if action.is_some_and(Action::builds) {
            let mut tables = self.generations().into_iter();
            return tables.find(|table| {
                self.context.built_in_plan(&table.load) && agree(&table.reads, &self.reads)
            });
        }
        if agree(&snapshot.reads, &self.reads) {
            return Some(snapshot.clone());
        }
        // The plan was made knowing that one of them was built of what is read here.
        let mut tables = self.generations().into_iter();
        let fitting = tables.find(|table| agree(&table.reads, &self.reads));
        Some(fitting.unwrap_or_else(|| snapshot.clone()))
    }

    /// Whether the plan has a table built anew under its version.
    fn is_built_anew(&self) -> bool {
        self.context.mode == Mode::Apply
            && self.context.actions.get(&Relation::Model(self.index)) == Some(&Action::Build)
    }

    /// Whether a table is filled anew on request, and wasn't yet by a run that was broken off.
    fn is_refreshed(&self) -> bool {
        self.context.full_refresh
            && !self.context.histories.keep(self.index, self.model)
            && !self.is_begun_anew()
    }

    /// Whether a full refresh that was broken off made the table.
    fn is_begun_anew(&self) -> bool {
        self.snapshot()
            .is_some_and(|table| self.context.is_refreshed(table))
    }

    /// Whether the plan has the rows of a table that is there computed again.
    fn is_restated(&self) -> bool {
        self.is_built_anew() && self.context.restated.range(self.index).is_some()
    }

    /// Why nothing has to be done, if what was read is proved to be the same.
    fn same_loads(&self, snapshot: &Snapshot) -> Option<String> {
        if self.is_built_anew() || self.volatile || !proved_equal(&snapshot.reads, &self.reads) {
            return None;
        }
        Some(match self.reads.len() {
            0 => "unchanged: reads nothing".to_owned(),
            1 => "unchanged: 1 input, same load".to_owned(),
            count => format!("unchanged: {count} inputs, same loads"),
        })
    }

    fn compose(&self, facts: BatchFacts, this: Option<String>) -> Result<String, Failure> {
        let slots = PhysicalSlots {
            dialect: self.context.dialect(),
            model: self.model,
            texts: &self.texts,
            this: this.as_deref().map(physical_relation),
            range: None,
            now: self.context.now,
        };
        Ok(compose(
            self.context.project,
            self.index,
            &self.context.plan,
            facts,
            &slots,
        )?
        .sql)
    }

    fn task(self, work: Work) -> Task {
        let def = self.model.def;
        let relation = Relation::Model(self.index);
        let mut task = Task {
            texts: self.texts,
            retries: def.retries,
            timeout_seconds: def.timeout_seconds,
            ..task(
                self.context,
                relation,
                def.columns.as_slice(),
                self.reads,
                work,
            )
        };
        task.snapshot.audits = self.audits;
        task
    }

    fn view(self) -> Result<Decision, Failure> {
        let sql = self.compose(BatchFacts::default(), None)?;
        let definition = fingerprint([sql.as_str()]);
        let load = load_through(self.version, self.volatile, &self.reads);
        let columns = self.model.def.columns.as_slice();
        let made = self
            .snapshot()
            .filter(|known| known.definition == definition);
        // What a view promises was checked with the rows that it showed when it was made.
        let holds = |known: &&Snapshot| {
            let promises = !promised(columns).is_empty() || !self.model.audits.is_empty();
            !promises || (!load.is_empty() && known.load == load && self.are_audited(known))
        };
        if let Some(snapshot) = made.filter(holds) {
            let ready = Ready {
                load,
                ..ready(snapshot)
            };
            return Ok(Decision::Unchanged(
                ready,
                "unchanged: same query and tables".to_owned(),
            ));
        }
        let mut uses = self.uses.clone();
        uses.sort();
        let made = made.cloned();
        // Under the same name, so that nothing changes for what reads it.
        let mut task = in_table(self.task(Work::View { sql, columns }), made);
        task.snapshot.definition = definition;
        task.snapshot.uses = uses;
        task.snapshot.load = load.clone();
        task.load = Some(load);
        Ok(Decision::Build(Box::new(task)))
    }

    fn table(self) -> Result<Decision, Failure> {
        let full_refresh = self.context.full_refresh;
        let snapshot = self.snapshot();
        if let (Some(snapshot), false) = (snapshot, full_refresh && !self.is_begun_anew())
            && let Some(reason) = self.same_loads(snapshot)
        {
            return Ok(self.unchanged(snapshot, reason));
        }
        // What was built for another environment may be what would be built here.
        if !full_refresh {
            for table in self.generations() {
                if let Some(reason) = self.same_loads(&table) {
                    return Ok(self.unchanged(&table, reason));
                }
            }
        }
        let facts = BatchFacts {
            is_incremental: false,
            full_refresh,
        };
        let sql = self.compose(facts, snapshot.map(|snapshot| snapshot.physical.clone()))?;
        let columns = self.model.def.columns.as_slice();
        Ok(Decision::Build(Box::new(
            self.task(Work::Table { sql, columns }),
        )))
    }

    /// The table to go on with, if any: that of this version or, where a change of the query keeps
    /// it, of an earlier one, with the statements that give it the query's columns.
    fn base(&self, full_refresh: bool) -> Result<(Option<Snapshot>, Vec<String>), Failure> {
        match self.snapshot() {
            _ if full_refresh => Ok((None, Vec::new())),
            Some(snapshot) => Ok((Some(snapshot.clone()), Vec::new())),
            None => match self.context.continued(self.index) {
                None => Ok((None, Vec::new())),
                Some(base) => {
                    let alterations = alterations(self.context, self.model, &base.physical)?;
                    Ok((Some(base), alterations))
                }
            },
        }
    }

    fn time_range(self) -> Result<Decision, Failure> {
        if self.model.outside == Outside::Keep && self.model.def.incremental.lookback > 0 {
            return Err(
                Failure::finding("`outside='keep'` and `lookback` can't be together")
                    .detail("rows outside a batch would be added again each time it is done again"),
            );
        }
        let full_refresh = self.is_refreshed();
        let snapshot = self.snapshot();
        let (base, alterations) = self.base(full_refresh)?;
        let filled = base
            .as_ref()
            .and_then(|base| self.context.known.filled.get(&base.physical));
        let filled = filled.cloned().unwrap_or_default();
        let window = self.context.window(self.index);
        let restated = self.context.restated.range(self.index);
        let missing = match restated.filter(|_| snapshot.is_some()) {
            Some(range) => Restated::missing(window, self.model, range)?,
            None => missing_in(window, self.model, &filled)?,
        };
        let unit = unit_of(interval_of(self.model), missing.all);
        if let (Some(snapshot), Some(_)) = (snapshot, restated)
            && self.is_last_of_plan(snapshot, missing.batches.len())
        {
            return Ok(self.unchanged(snapshot, "kept by the plan".to_owned()));
        }
        if let (Some(snapshot), true) = (snapshot, missing.batches.is_empty()) {
            let all = grouped(missing.all);
            return Ok(self.unchanged(snapshot, format!("complete: {all} of {all} {unit}")));
        }
        let work = TimeRangeWork {
            model: self.index,
            batches: missing.batches,
            filled,
            intervals: missing.intervals,
            all: missing.all,
            unit,
            exists: base.is_some(),
            adopts: base.is_some() && snapshot.is_none(),
            alterations,
            aside: snapshot.is_some() && full_refresh,
            full_refresh,
        };
        Ok(Decision::Build(Box::new(in_table(
            self.task(Work::TimeRange(work)),
            base,
        ))))
    }

    /// Whether an earlier run of the plan has done all of a number of batches. What read them since isn't to
    /// be told that they were done again.
    fn is_last_of_plan(&self, snapshot: &Snapshot, batches: usize) -> bool {
        let number = snapshot.load.rsplit('/').next();
        self.context.built_in_plan(&snapshot.load) && number == Some(&batches.to_string())
    }

    fn adding(self) -> Result<Decision, Failure> {
        // What isn't filled by time is computed again as a whole.
        let full_refresh = self.is_refreshed() || self.is_restated();
        let snapshot = self.snapshot();
        if let (Some(snapshot), false) = (snapshot, full_refresh)
            && let Some(reason) = self.same_loads(snapshot)
        {
            return Ok(self.unchanged(snapshot, reason));
        }
        let (base, alterations) = self.base(full_refresh)?;
        let incremental = self.model.materialization == Materialization::Incremental;
        let facts = BatchFacts {
            is_incremental: incremental && base.is_some(),
            full_refresh,
        };
        let sql = self.compose(facts, base.as_ref().map(|base| base.physical.clone()))?;
        let work = Adding {
            model: self.index,
            sql,
            exists: base.is_some(),
            facts,
            adopts: base.is_some() && snapshot.is_none(),
            alterations,
        };
        Ok(Decision::Build(Box::new(in_table(
            self.task(Work::Adding(work)),
            base,
        ))))
    }
}

/// The same task, in the table of an earlier snapshot if there is one.
fn in_table(mut task: Task, base: Option<Snapshot>) -> Task {
    if let Some(base) = base {
        let mut audits = task.snapshot.audits.iter();
        task.audited = audits.all(|audit| base.audits.contains(audit));
        task.snapshot.physical = base.physical;
        task.snapshot.generation = base.generation;
    }
    task
}

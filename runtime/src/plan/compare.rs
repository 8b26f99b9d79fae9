//! What differs between what an environment points to and a target, and what that reaches.

use super::definition::Definition;
use super::document::{ChangeKind, Columns};
use super::target::{Target, TargetModel};
use crate::error::Result;
use crate::project::Relation;
use crate::situation::Situation;
use crate::state::PinnedModel;
use crate::version::History;
use dbgo_changes::{
    Category, Change, EffectiveChange, Exposure, Graph, ModelLineage, OwnChange, Reach, Table,
    change,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What differs in one model.
#[derive(Clone, Debug)]
pub struct Difference {
    /// What the environment points to; none for a new model.
    pub before: Option<PinnedModel>,
    /// What it shall point to; none for one that is gone.
    pub after: Option<TargetModel>,
    pub kind: ChangeKind,
    pub category: Option<Category>,
    pub reason: String,
    /// Where the earlier path was another one.
    pub renamed_from: Option<String>,
    /// What differs in its own columns.
    pub columns: Columns,
    /// Whether its data, or data that it is made of, is other data.
    pub affected: bool,
    pub old: Option<Definition>,
    pub new: Option<Definition>,
}

/// All that differs.
#[derive(Debug, Default)]
pub struct Comparison {
    /// By import path; of what is gone: its earlier one.
    pub differences: BTreeMap<String, Difference>,
    graph: Graph,
    own: BTreeMap<String, OwnChange>,
}

impl Comparison {
    /// What the change of one model alone reaches.
    pub fn reach(&self, path: &str) -> Reach {
        match self.own.get(path) {
            Some(own) => self.graph.reach(path, own),
            None => Reach::default(),
        }
    }
}

/// Compares.
///
/// # Errors
/// `state-failed`, or a variable without a value.
pub fn compare(situation: &mut Situation<'_>, target: &Target) -> Result<Comparison> {
    let renamed = renamed(situation, target);
    let mut differences = differing(situation, target, &renamed);
    if differences.is_empty() {
        return Ok(Comparison::default());
    }
    define(situation, &mut differences)?;
    let graph = graph(situation, target, &differences);
    let mut own = BTreeMap::new();
    for (path, difference) in &mut differences {
        if difference.after.is_none() {
            continue;
        }
        let read = match difference.old {
            Some(_) => graph.read_columns(path),
            None => BTreeSet::new(),
        };
        let (change, reason, category) = difference.own(&read);
        difference.reason = reason;
        difference.category = category;
        own.extend(change.map(|change| (path.clone(), change)));
    }
    let effective = graph.effective(&own);
    let nothing = EffectiveChange::default();
    for (path, difference) in &mut differences {
        if difference.after.is_some() {
            let effective = effective.get(path).unwrap_or(&nothing);
            difference.judge(effective, own.contains_key(path));
            difference.tell_history(situation);
        }
    }
    Ok(Comparison {
        differences,
        graph,
        own,
    })
}

/// Models that have another path: the earlier one by the present one. Each has the version that a path
/// had which is gone, and no other model has it; or it says itself what it was.
fn renamed(situation: &Situation<'_>, target: &Target) -> HashMap<String, String> {
    let project = situation.place.project;
    let gone: Vec<&PinnedModel> = situation
        .pinned
        .values()
        .filter(|pinned| !target.models.contains_key(&pinned.model))
        .filter(|pinned| pinned.kind != "source")
        .collect();
    let mut found = HashMap::new();
    if gone.is_empty() {
        return found;
    }
    let new: Vec<&TargetModel> = target
        .models
        .values()
        .filter(|model| !situation.pinned.contains_key(&model.pinned.model))
        .collect();
    for model in &new {
        let version = model.pinned.version.as_str();
        let said = match model.relation {
            Some(Relation::Model(index)) => project.model(index).def.was.as_str(),
            _ => "",
        };
        if let Some(was) = gone.iter().find(|pinned| pinned.model == said) {
            found.insert(model.pinned.model.clone(), was.model.clone());
            continue;
        }
        let mut alike = gone.iter().filter(|pinned| pinned.version == version);
        let others = new.iter().filter(|other| other.pinned.version == version);
        if let (Some(was), None, 1) = (alike.next(), alike.next(), others.count()) {
            found.insert(model.pinned.model.clone(), was.model.clone());
        }
    }
    found
}

fn differing(
    situation: &Situation<'_>,
    target: &Target,
    renamed: &HashMap<String, String>,
) -> BTreeMap<String, Difference> {
    let mut differences = BTreeMap::new();
    for (path, model) in &target.models {
        let earlier = renamed.get(path);
        let before = situation.pinned.get(earlier.unwrap_or(path));
        if before.is_some_and(|before| *before == model.pinned) {
            continue;
        }
        differences.insert(
            path.clone(),
            Difference {
                before: before.cloned(),
                after: Some(model.clone()),
                kind: ChangeKind::Unchanged,
                category: None,
                reason: String::new(),
                renamed_from: earlier.cloned(),
                columns: Columns::default(),
                affected: false,
                old: None,
                new: None,
            },
        );
    }
    let kept: BTreeSet<&String> = renamed.values().collect();
    for (path, before) in &situation.pinned {
        if target.models.contains_key(path) || kept.contains(path) {
            continue;
        }
        differences.insert(
            path.clone(),
            Difference {
                before: Some(before.clone()),
                after: None,
                kind: ChangeKind::Removed,
                category: None,
                reason: "no longer in the project".to_owned(),
                renamed_from: None,
                columns: Columns::default(),
                affected: true,
                old: None,
                new: None,
            },
        );
    }
    differences
}

/// Finds the definitions of all that differs: the earlier ones in the state, the present ones in the
/// program or, for what it doesn't have, in the state as well.
fn define(
    situation: &mut Situation<'_>,
    differences: &mut BTreeMap<String, Difference>,
) -> Result<()> {
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    for difference in differences.values() {
        wanted.extend(difference.before.iter().map(|it| it.definition.clone()));
        let after = difference.after.iter().filter(|it| it.relation.is_none());
        wanted.extend(after.map(|it| it.pinned.definition.clone()));
    }
    let wanted: Vec<String> = wanted.into_iter().collect();
    let known = match wanted.is_empty() {
        true => HashMap::new(),
        false => situation
            .state
            .definitions(&situation.place.scope.project, &wanted)?,
    };
    let read = |id: &String| -> Option<Definition> { serde_json::from_str(known.get(id)?).ok() };
    for difference in differences.values_mut() {
        difference.old = difference
            .before
            .as_ref()
            .and_then(|it| read(&it.definition));
        difference.new = match &difference.after {
            None => None,
            Some(after) => match after.relation {
                Some(relation) => Some(Definition::of(
                    situation.place.project,
                    relation,
                    (&situation.versions, &situation.place.facts),
                )?),
                None => read(&after.pinned.definition),
            },
        };
    }
    Ok(())
}

impl Difference {
    /// What its own definition changes in its data, and in words.
    fn own(
        &self,
        read_by_others: &BTreeSet<String>,
    ) -> (Option<OwnChange>, String, Option<Category>) {
        let everything = Some(OwnChange::Everything);
        let (Some(before), Some(after)) = (&self.before, &self.after) else {
            return (everything, "new".to_owned(), None);
        };
        let (Some(old), Some(new)) = (&self.old, &self.new) else {
            let breaking = Some(Category::Breaking);
            return (
                everything,
                "its earlier definition isn't known".to_owned(),
                breaking,
            );
        };
        if before.kind == "seed" && before.version != after.pinned.version {
            return (
                everything,
                "other rows in its file".to_owned(),
                Some(Category::Breaking),
            );
        }
        if old.kind == "source" && old.own == new.own && old.columns != new.columns {
            let change = of_columns(&old.columns, &new.columns);
            let (reason, category) = (in_words(&change), change.category);
            return (Some(OwnChange::Compared(change)), reason, Some(category));
        }
        if old.own == new.own {
            let word = if old.description == new.description {
                "metadata"
            } else {
                "description"
            };
            let category = (before.version == after.pinned.version).then_some(Category::Metadata);
            return (None, format!("{word} only"), category);
        }
        if old.values != new.values {
            return (
                everything,
                "other values of variables".to_owned(),
                Some(Category::Breaking),
            );
        }
        match (old.profile(), new.profile()) {
            (Some(before), Some(after)) => match change(&before, &after, read_by_others) {
                Ok(change) => {
                    let category = match change.category {
                        Category::Unchanged => Category::Metadata,
                        other => other,
                    };
                    let reason = in_words(&change);
                    let own =
                        (category != Category::Metadata).then_some(OwnChange::Compared(change));
                    (own, reason, Some(category))
                }
                Err(_) => (
                    everything,
                    "another version of dbgo profiled it".to_owned(),
                    Some(Category::Breaking),
                ),
            },
            _ => (
                everything,
                "another definition".to_owned(),
                Some(Category::Breaking),
            ),
        }
    }
}

/// What differs in the columns of a table that somebody else fills.
fn of_columns(old: &[(String, String)], new: &[(String, String)]) -> Change {
    let find = |name: &str, within: &[(String, String)]| {
        let mut columns = within.iter();
        columns
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, sql_type)| sql_type.clone())
    };
    let without = |these: &[(String, String)], those: &[(String, String)]| -> Vec<String> {
        let names = these.iter().map(|(name, _)| name);
        names
            .filter(|name| find(name, those).is_none())
            .map(|name| name.to_lowercase())
            .collect()
    };
    let changed = old
        .iter()
        .filter(|(name, sql_type)| find(name, new).is_some_and(|other| other != *sql_type));
    let changed: Vec<String> = changed.map(|(name, _)| name.to_lowercase()).collect();
    let (added, removed) = (without(new, old), without(old, new));
    let category = match (changed.is_empty() && removed.is_empty(), added.is_empty()) {
        (false, _) => Category::Breaking,
        (true, false) => Category::Additive,
        (true, true) => Category::Metadata,
    };
    Change {
        category,
        rows: false,
        order: false,
        storage: false,
        added,
        unsafe_additions: Vec::new(),
        removed,
        missed: Vec::new(),
        changed,
        widened: Vec::new(),
        moved: Vec::new(),
    }
}

/// A change of a model's own data in a few words.
fn in_words(change: &Change) -> String {
    let list = |names: &[String]| {
        let shown: Vec<String> = names
            .iter()
            .take(3)
            .map(|name| format!("`{name}`"))
            .collect();
        let more = names.len().saturating_sub(3);
        match more {
            0 => shown.join(", "),
            _ => format!("{} and {more} more", shown.join(", ")),
        }
    };
    let mut parts = Vec::new();
    if change.rows {
        parts.push("other rows".to_owned());
    }
    if change.storage {
        parts.push("kept in another way".to_owned());
    }
    for (names, what) in [
        (&change.added, "added"),
        (&change.removed, "removed"),
        (&change.changed, "computed otherwise"),
        (&change.widened, "of a wider type"),
    ] {
        let follows = change.rows && what == "computed otherwise";
        if !names.is_empty() && !follows {
            parts.push(format!("{} {what}", list(names)));
        }
    }
    if !change.moved.is_empty() {
        parts.push("columns in another order".to_owned());
    }
    if change.order {
        parts.push("rows in another order".to_owned());
    }
    if parts.is_empty() {
        parts.push("written otherwise".to_owned());
    }
    parts.join(", ")
}

/// All that differs and all that reads it, with their lineage, and who uses them.
fn graph(
    situation: &Situation<'_>,
    target: &Target,
    differences: &BTreeMap<String, Difference>,
) -> Graph {
    let tables = build_order(situation, target, differences)
        .into_iter()
        .map(|path| {
            let (lineage, imports) = lineage_of(situation, target, &path);
            Table {
                path,
                imports,
                lineage,
            }
        });
    let exposures = situation
        .place
        .project
        .def
        .exposures
        .iter()
        .map(|exposure| {
            let reads = exposure.reads.iter().map(|used| {
                let columns = used.columns.iter().map(ToString::to_string).collect();
                (used.path.to_string(), columns)
            });
            Exposure {
                path: exposure.path.to_string(),
                reads: reads.collect(),
            }
        });
    Graph::new(tables.collect(), exposures.collect())
}

/// Everything that differs and all that reads it at any distance, parents first.
fn build_order(
    situation: &Situation<'_>,
    target: &Target,
    differences: &BTreeMap<String, Difference>,
) -> Vec<String> {
    let project = situation.place.project;
    let mut order: Vec<String> = Vec::new();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for relation in project.relations() {
        let path = project.path_of(relation);
        let is_model = matches!(relation, Relation::Model(_));
        if !is_model && differences.get(path).is_some_and(|it| it.after.is_some()) {
            seen.insert(path);
            order.push(path.to_owned());
        }
    }
    for &index in project.graph().order() {
        let model = project.model(index);
        let path = model.def.path.as_str();
        let differs = differences.get(path).is_some_and(|it| it.after.is_some());
        let reads = model.def.imports.iter();
        let reads_one = reads
            .into_iter()
            .any(|import| seen.contains(import.path.as_str()));
        if target.models.contains_key(path) && (differs || reads_one) {
            seen.insert(path);
            order.push(path.to_owned());
        }
    }
    // What the program doesn't have is never built: its place doesn't matter.
    let rest = differences
        .iter()
        .filter(|(path, difference)| difference.after.is_some() && !seen.contains(path.as_str()));
    let rest: Vec<String> = rest.map(|(path, _)| path.clone()).collect();
    order.extend(rest);
    order
}

fn lineage_of(
    situation: &Situation<'_>,
    target: &Target,
    path: &str,
) -> (ModelLineage, Vec<String>) {
    let project = situation.place.project;
    match target.models.get(path).and_then(|model| model.relation) {
        Some(Relation::Model(index)) => {
            let def = project.model(index).def;
            let imports: Vec<String> = def
                .imports
                .iter()
                .map(|import| import.path.to_string())
                .collect();
            let columns = def.columns.iter().map(|it| it.name.as_str().to_lowercase());
            let lineage = ModelLineage::from_text(def.lineage.as_str()).unwrap_or_else(|_| {
                ModelLineage::unknown(columns, u32::try_from(imports.len()).unwrap_or(u32::MAX))
            });
            (lineage, imports)
        }
        Some(relation) => {
            let columns = match relation {
                Relation::Seed(index) => project.seeds()[index].columns,
                Relation::Source(index) => project.sources()[index].columns,
                Relation::Model(_) => return (ModelLineage::default(), Vec::new()),
            };
            let names = columns.iter().map(|it| it.name.as_str().to_lowercase());
            (ModelLineage::of_table(names), Vec::new())
        }
        None => (ModelLineage::default(), Vec::new()),
    }
}

impl Difference {
    /// Says what kind of change it is.
    fn judge(&mut self, effective: &EffectiveChange, owns: bool) {
        self.affected = effective.is_other_data();
        self.columns = columns_of(effective);
        self.kind = self.judged(owns);
        match self.kind {
            ChangeKind::Unaffected => self.reason = "reads nothing that has changed".to_owned(),
            ChangeKind::Affected => self.reason = "reads what has changed".to_owned(),
            ChangeKind::Renamed => {
                let was = self.renamed_from.as_deref().unwrap_or_default();
                self.reason = format!("was {}", was.trim_start_matches("models."));
            }
            _ => return,
        }
        self.category = None;
    }

    /// Says where only the history is another one: whole, cut, or the environment's own.
    fn tell_history(&mut self, situation: &Situation<'_>) {
        let (Some(before), Some(after)) = (&self.before, &self.after) else {
            return;
        };
        let is_quiet = matches!(self.kind, ChangeKind::Unaffected | ChangeKind::Metadata);
        let Some(Relation::Model(index)) = after.relation.filter(|_| is_quiet) else {
            return;
        };
        let environment = situation.place.environment.name;
        let known = &situation.known;
        let known = known.snapshot(environment, &before.model, &before.version);
        let was_preview = known.is_some_and(|snapshot| !snapshot.preview.is_empty());
        if was_preview == after.preview || known.is_none() {
            return;
        }
        let reason = match (after.preview, situation.versions.history(index)) {
            (true, History::Forked) => "a table of its own",
            (true, History::Cut) => "its history is cut here",
            (true, History::Whole) => "reads a preview",
            (false, _) => "no preview any more",
        };
        self.kind = ChangeKind::Modified;
        self.category = None;
        self.reason = reason.to_owned();
    }

    fn judged(&self, owns: bool) -> ChangeKind {
        let (Some(before), Some(after)) = (&self.before, &self.after) else {
            return match self.after {
                Some(_) => ChangeKind::Added,
                None => ChangeKind::Removed,
            };
        };
        if self.renamed_from.is_some() && before.version == after.pinned.version {
            return ChangeKind::Renamed;
        }
        if before.version == after.pinned.version {
            return ChangeKind::Metadata;
        }
        match self.category {
            Some(Category::Metadata) if !self.affected => ChangeKind::Metadata,
            Some(_) if owns => ChangeKind::Modified,
            _ if self.affected => ChangeKind::Affected,
            _ => ChangeKind::Unaffected,
        }
    }
}

fn columns_of(effective: &EffectiveChange) -> Columns {
    let names = |names: &BTreeSet<String>| names.iter().cloned().collect();
    Columns {
        rows: effective.rows,
        added: names(&effective.added),
        removed: names(&effective.removed),
        changed: names(&effective.columns),
        widened: names(&effective.widened),
    }
}

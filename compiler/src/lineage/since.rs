//! What differs between two states of a project, and what that reaches downstream.

use super::project::{Place, ProjectLineage, Table, TableKind};
use super::{Part, Uses};
use crate::fingerprint::{self, Category};
use crate::name::same_name;
use crate::typed::{TypedModel, TypedProject};
use std::collections::{BTreeMap, BTreeSet};

/// The differences of two states of a project.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Since {
    /// The tables that differ, ordered by path.
    pub changes: Vec<TableChange>,
    /// What they reach: tables of the later state that aren't among the changed ones or have
    /// other columns that are reached.
    pub reached: Vec<Reached>,
    /// Who uses from outside what differs or is reached, and through which relations.
    pub exposures: Vec<(String, Vec<String>)>,
}

/// How a table differs.
#[derive(Clone, Debug, PartialEq)]
pub struct TableChange {
    /// Its import path.
    pub path: String,
    /// Its relation.
    pub relation: String,
    /// `model`, `seed` or `source`.
    pub kind: &'static str,
    /// Whether it is new, gone or another one.
    pub state: State,
    /// New columns.
    pub added: Vec<String>,
    /// Columns that are gone.
    pub removed: Vec<String>,
    /// Columns with another type, and the types.
    pub retyped: Vec<(String, String, String)>,
    /// Columns of a model that are computed otherwise.
    pub changed: Vec<String>,
    /// Whether a model's query gives other rows, or another number of them.
    pub rows: bool,
    /// Whether a model's rows are kept in another way.
    pub storage: bool,
    /// Whether a seed's data is other data, or a source lies elsewhere.
    pub content: bool,
    /// How much of a model's data is touched.
    pub category: Option<Category>,
}

/// What became of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum State {
    Added,
    Removed,
    Modified,
}

/// What is reached of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Reached {
    /// Its import path.
    pub path: String,
    /// Its relation.
    pub relation: String,
    /// How its rows are, if they are.
    pub rows: Option<Uses>,
    /// Its columns that are, and how.
    pub columns: Vec<(String, Uses)>,
}

/// Compares two states of a project. Exposures are those of the later one.
pub fn since(before: &ProjectLineage<'_>, after: &ProjectLineage<'_>) -> Since {
    let changes = changes(before, after);
    let mut reached: BTreeMap<Place, Uses> = BTreeMap::new();
    let mut own = BTreeSet::new();
    for change in &changes {
        if let Some(table) = table_of(before, &change.path) {
            for place in lost(before, table, change) {
                for (place, uses) in before.down(place) {
                    if let Some(place) = moved(before, after, place) {
                        add(&mut reached, place, uses);
                    }
                }
            }
        }
        if let Some(table) = table_of(after, &change.path) {
            for place in changed(after, table, change) {
                own.insert(place);
                for (place, uses) in after.down(place) {
                    add(&mut reached, place, uses);
                }
            }
        }
    }
    reached.retain(|place, _| !own.contains(place));
    let exposures = exposures(after, &own, &reached);
    Since {
        changes,
        reached: by_table(after, &reached),
        exposures,
    }
}

fn add(reached: &mut BTreeMap<Place, Uses>, place: Place, uses: Uses) {
    let known = reached.entry(place).or_default();
    *known = known.and(uses);
}

fn table_of(project: &ProjectLineage<'_>, path: &str) -> Option<usize> {
    project.tables.iter().position(|table| table.path == path)
}

/// The columns that are gone; of a table that is gone all.
fn lost(project: &ProjectLineage<'_>, table: usize, change: &TableChange) -> Vec<Place> {
    match change.state {
        State::Removed => whole(project, table),
        State::Added => Vec::new(),
        State::Modified => columns(project, table, |name| {
            change.removed.iter().any(|own| own == name)
        }),
    }
}

/// The columns that are others; with other rows or other data all of them.
fn changed(project: &ProjectLineage<'_>, table: usize, change: &TableChange) -> Vec<Place> {
    match change.state {
        State::Modified if change.content || change.rows => whole(project, table),
        State::Modified => columns(project, table, |name| {
            let mut others = change.added.iter().chain(&change.changed);
            let mut retyped = change.retyped.iter();
            others.any(|own| own == name) || retyped.any(|(own, ..)| own == name)
        }),
        State::Added | State::Removed => Vec::new(),
    }
}

fn columns(
    project: &ProjectLineage<'_>,
    table: usize,
    wanted: impl Fn(&str) -> bool,
) -> Vec<Place> {
    let columns = (0..).zip(project.tables[table].columns);
    columns
        .filter(|(_, column)| wanted(&column.name))
        .map(|(position, _)| Place {
            table,
            part: Part::Column(position),
        })
        .collect()
}

/// All columns and the rows.
fn whole(project: &ProjectLineage<'_>, table: usize) -> Vec<Place> {
    let mut places = columns(project, table, |_| true);
    places.push(Place {
        table,
        part: Part::Rows,
    });
    places
}

/// A place of the earlier state in the later one.
fn moved(before: &ProjectLineage<'_>, after: &ProjectLineage<'_>, place: Place) -> Option<Place> {
    let old = &before.tables[place.table];
    let table = table_of(after, old.path)?;
    let part = match place.part {
        Part::Column(position) => {
            let column = old.columns.get(position as usize)?;
            Part::Column(after.tables[table].position(&column.name)?)
        }
        part => part,
    };
    Some(Place { table, part })
}

fn changes(before: &ProjectLineage<'_>, after: &ProjectLineage<'_>) -> Vec<TableChange> {
    let mut paths: BTreeSet<&str> = BTreeSet::new();
    paths.extend(before.tables.iter().map(|table| table.path));
    paths.extend(after.tables.iter().map(|table| table.path));
    let of = |project: &ProjectLineage<'_>, path: &str| table_of(project, path);
    paths
        .into_iter()
        .filter_map(|path| match (of(before, path), of(after, path)) {
            (Some(old), Some(new)) => {
                modified(before, &before.tables[old], after, &after.tables[new])
            }
            (Some(old), None) => Some(named(&before.tables[old], State::Removed)),
            (None, Some(new)) => Some(named(&after.tables[new], State::Added)),
            (None, None) => None,
        })
        .collect()
}

fn named(table: &Table<'_>, state: State) -> TableChange {
    TableChange {
        path: table.path.to_owned(),
        relation: table.relation.clone(),
        kind: match table.kind {
            TableKind::Model(_) => "model",
            TableKind::Seed => "seed",
            TableKind::Source => "source",
        },
        state,
        added: Vec::new(),
        removed: Vec::new(),
        retyped: Vec::new(),
        changed: Vec::new(),
        rows: false,
        storage: false,
        content: false,
        category: None,
    }
}

/// How a table of both states differs; `None` if it doesn't.
fn modified(
    before: &ProjectLineage<'_>,
    old: &Table<'_>,
    after: &ProjectLineage<'_>,
    new: &Table<'_>,
) -> Option<TableChange> {
    let mut change = named(new, State::Modified);
    for column in old.columns {
        let mut columns = new.columns.iter();
        match columns.find(|now| same_name(&now.name, &column.name)) {
            None => change.removed.push(column.name.clone()),
            Some(now) if now.sql_type != column.sql_type => {
                let (from, to) = (column.sql_type.to_string(), now.sql_type.to_string());
                change.retyped.push((now.name.clone(), from, to));
            }
            Some(_) => {}
        }
    }
    for column in new.columns {
        if old.position(&column.name).is_none() {
            change.added.push(column.name.clone());
        }
    }
    match (old.model(), new.model()) {
        (Some(was), Some(is)) => compare(&mut change, was, is, &read_columns(before, old.path)),
        (None, None) => change.content = !same_data(before.project, after.project, new.path),
        _ => change.content = true,
    }
    let is_same = [&change.added, &change.removed, &change.changed]
        .iter()
        .all(|columns| columns.is_empty())
        && change.retyped.is_empty()
        && !(change.rows || change.storage || change.content)
        && change
            .category
            .is_none_or(|category| category == Category::Unchanged);
    (!is_same).then_some(change)
}

/// Compares what two models' data is made of.
fn compare(
    change: &mut TableChange,
    old: &TypedModel,
    new: &TypedModel,
    read_by_others: &BTreeSet<String>,
) {
    let Ok(found) = fingerprint::change(&old.profile, &new.profile, read_by_others) else {
        // Of other algorithms nothing can be said.
        change.rows = true;
        return;
    };
    let own_name = |name: &String| {
        let mut columns = new.columns.iter();
        let column = columns.find(|column| same_name(&column.name, name));
        column.map_or(name.clone(), |column| column.name.clone())
    };
    let is_retyped = |name: &String| {
        let mut retyped = change.retyped.iter();
        retyped.any(|(own, ..)| same_name(own, name))
    };
    let changed = found.changed.iter().filter(|name| !is_retyped(name));
    change.changed = changed.map(own_name).collect();
    change.rows = found.rows;
    change.storage = found.storage;
    change.category = Some(found.category);
}

/// The columns of a table, in lower case, that somebody reads.
fn read_columns(project: &ProjectLineage<'_>, path: &str) -> BTreeSet<String> {
    let Some(table) = table_of(project, path) else {
        return BTreeSet::new();
    };
    let is_read = |place: &Place| {
        let mut exposed = project.exposures.iter().flat_map(|exposure| &exposure.uses);
        !project.uses_of(*place).is_empty() || exposed.any(|used| used.names(place))
    };
    let columns = (0..).zip(project.tables[table].columns);
    columns
        .filter(|(position, _)| {
            let part = Part::Column(*position);
            is_read(&Place { table, part })
        })
        .map(|(_, column)| column.name.to_lowercase())
        .collect()
}

/// Whether a seed has the same data, or a source lies at the same place.
fn same_data(before: &TypedProject, after: &TypedProject, path: &str) -> bool {
    let seed = |project: &TypedProject| {
        let mut seeds = project.seeds.iter();
        let seed = seeds.find(|seed| seed.path == path)?;
        Some((
            seed.hash.clone(),
            seed.delimiter.clone(),
            seed.null.clone(),
            seed.quote.clone(),
        ))
    };
    let source = |project: &TypedProject| {
        let mut sources = project.sources.iter();
        let source = sources.find(|source| source.path == path)?;
        Some((
            source.catalog.clone(),
            source.location.clone(),
            source.format.clone(),
        ))
    };
    seed(before) == seed(after) && source(before) == source(after)
}

fn by_table(project: &ProjectLineage<'_>, reached: &BTreeMap<Place, Uses>) -> Vec<Reached> {
    let mut tables: Vec<Reached> = Vec::new();
    let mut last = None;
    for (place, uses) in reached {
        let table = &project.tables[place.table];
        if last != Some(place.table) {
            last = Some(place.table);
            tables.push(Reached {
                path: table.path.to_owned(),
                relation: table.relation.clone(),
                rows: None,
                columns: Vec::new(),
            });
        }
        let Some(own) = tables.last_mut() else {
            continue;
        };
        match place.part {
            Part::Rows => own.rows = Some(*uses),
            Part::Any => {}
            Part::Column(position) => {
                if let Some(column) = table.columns.get(position as usize) {
                    own.columns.push((column.name.clone(), *uses));
                }
            }
        }
    }
    tables
}

fn exposures(
    project: &ProjectLineage<'_>,
    own: &BTreeSet<Place>,
    reached: &BTreeMap<Place, Uses>,
) -> Vec<(String, Vec<String>)> {
    let places: BTreeSet<Place> = own.iter().chain(reached.keys()).copied().collect();
    let mut found = Vec::new();
    for exposure in &project.exposures {
        let uses = exposure.uses.iter();
        let through: Vec<String> = uses
            .filter(|used| places.iter().any(|place| used.names(place)))
            .map(|used| project.tables[used.table].relation.clone())
            .collect();
        if !through.is_empty() {
            found.push((exposure.name.clone(), through));
        }
    }
    found
}

//! What happens downstream if a column, or a whole table, goes away, gets another name, another
//! type or other values.

use super::project::{Place, ProjectLineage};
use super::{Input, Part, Relation, Uses};
use crate::name::same_name;
use crate::typed::{Materialization, RowChange, TypedModel};
use std::collections::{BTreeMap, BTreeSet};

/// What a change of a place reaches.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Impact {
    /// What doesn't compile any more if it goes away or is renamed.
    pub breaks: Vec<Break>,
    /// Columns that go away, or are renamed, with it, as a star makes them, and the column that
    /// each is made of.
    pub loses: BTreeMap<Place, Place>,
    /// Models that can't be built until what breaks is mended, as they read it.
    pub stops: BTreeSet<usize>,
    /// What is made of it at any distance, and how.
    pub reaches: BTreeMap<Place, Uses>,
    /// Who uses it from outside, directly or through what is made of it.
    pub exposures: Vec<ExposureImpact>,
}

/// A model that doesn't compile without a column or table.
#[derive(Clone, Debug, PartialEq)]
pub struct Break {
    /// The model.
    pub table: usize,
    /// What it needs.
    pub needs: Place,
    /// The byte of the model's file where that is named; `None` for an import and a header.
    pub at: Option<u32>,
}

/// An exposure that is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExposureImpact {
    /// Its position in [`ProjectLineage::exposures`].
    pub exposure: usize,
    /// Whether it names what goes away.
    pub breaks: bool,
    /// Through which tables it is reached.
    pub through: BTreeSet<usize>,
}

/// The impact of a column, or of a whole table.
pub fn impact(project: &ProjectLineage<'_>, table: usize, column: Option<u32>) -> Impact {
    let columns = 0..project.tables[table].columns.len();
    let columns = columns.filter_map(|position| u32::try_from(position).ok());
    let mut starts: Vec<Place> = columns
        .filter(|position| column.is_none_or(|only| only == *position))
        .map(|position| Place {
            table,
            part: Part::Column(position),
        })
        .collect();
    let mut impact = Impact::default();
    if column.is_none() {
        let part = Part::Rows;
        starts.push(Place { table, part });
        impact.breaks = readers_of(project, table);
    } else {
        lose(project, starts[0], &mut impact);
    }
    for start in &starts {
        for (place, uses) in project.down(*start) {
            let known = impact.reaches.entry(place).or_default();
            *known = known.and(uses);
        }
    }
    if column.is_none() {
        impact.reaches.retain(|place, _| place.table != table);
    }
    impact.stops = stopped(project, &impact.breaks);
    impact.exposures = exposures(project, &starts, &impact);
    impact
}

/// All that reads a table stops compiling without it.
fn readers_of(project: &ProjectLineage<'_>, table: usize) -> Vec<Break> {
    let readers = project.tables[table].readers.iter();
    let breaks = readers.map(|reader| Break {
        table: *reader,
        needs: Place {
            table,
            part: Part::Rows,
        },
        at: None,
    });
    breaks.collect()
}

/// Follows a column that goes away: a model that names it breaks, one that has it by a star loses
/// a column of its own.
fn lose(project: &ProjectLineage<'_>, start: Place, impact: &mut Impact) {
    let mut gone = BTreeSet::from([start]);
    let mut waiting = vec![start];
    while let Some(place) = waiting.pop() {
        let readers = project.tables[place.table].readers.iter();
        for reader in readers.chain([&place.table]) {
            let Some(model) = project.tables[*reader].model() else {
                continue;
            };
            let named = named(project, *reader, place);
            if let Some(at) = named {
                impact.breaks.push(Break {
                    table: *reader,
                    needs: place,
                    at: Some(at),
                });
                continue;
            }
            for (position, column) in (0..).zip(&model.lineage.columns) {
                let own = Place {
                    table: *reader,
                    part: Part::Column(position),
                };
                let made_of = column.by_star.iter();
                let mut made_of = made_of.filter_map(|input| project.place(*reader, *input));
                let is_gone =
                    !column.by_star.is_empty() && made_of.all(|from| gone.contains(&from));
                if is_gone && gone.insert(own) {
                    impact.loses.insert(own, place);
                    if is_declared(model, position) {
                        impact.breaks.push(Break {
                            table: *reader,
                            needs: own,
                            at: None,
                        });
                    }
                    waiting.push(own);
                }
            }
        }
    }
    impact
        .breaks
        .sort_by_key(|found| (found.table, found.needs));
}

/// The first place of a model's file that names a column of another table.
fn named(project: &ProjectLineage<'_>, reader: usize, place: Place) -> Option<u32> {
    let lineage = &project.tables[reader].model()?.lineage;
    let imports = (0..).zip(&project.tables[reader].imports);
    let relations = imports
        .filter(|(_, import)| **import == Some(place.table))
        .map(|(index, _)| Relation::Import(index));
    let this = (reader == place.table).then_some(Relation::This);
    let inputs: Vec<Input> = relations
        .chain(this)
        .map(|relation| Input {
            relation,
            part: place.part,
        })
        .collect();
    let named = lineage.named.iter();
    named
        .filter(|named| inputs.contains(&named.input))
        .map(|named| named.at)
        .min()
}

/// Whether a model's header names one of its columns, so that it can't do without it.
fn is_declared(model: &TypedModel, position: u32) -> bool {
    let Some(column) = model.columns.get(position as usize) else {
        return false;
    };
    let is = |name: &String| same_name(name, &column.name);
    let is_key = match &model.materialization {
        Materialization::Incremental(settings) => {
            let keys = settings.unique_key.iter().chain(&settings.partition_by);
            keys.chain(&settings.time_column).any(is)
        }
        Materialization::Scd2(settings) => {
            let is_change = match &settings.change {
                RowChange::UpdatedAt(name) => is(name),
                RowChange::Check(checked) => !checked.all && checked.columns.iter().any(is),
            };
            is_change || settings.unique_key.iter().any(is)
        }
        Materialization::View | Materialization::Table | Materialization::Ephemeral => false,
    };
    is_key || column.checked || !column.description.is_empty()
}

/// The models that read what breaks, at any distance.
fn stopped(project: &ProjectLineage<'_>, breaks: &[Break]) -> BTreeSet<usize> {
    let broken: BTreeSet<usize> = breaks.iter().map(|found| found.table).collect();
    let mut stopped = BTreeSet::new();
    let mut waiting: Vec<usize> = broken.iter().copied().collect();
    while let Some(table) = waiting.pop() {
        for reader in &project.tables[table].readers {
            if !broken.contains(reader) && stopped.insert(*reader) {
                waiting.push(*reader);
            }
        }
    }
    stopped
}

fn exposures(
    project: &ProjectLineage<'_>,
    starts: &[Place],
    impact: &Impact,
) -> Vec<ExposureImpact> {
    let lost: BTreeSet<Place> = starts.iter().chain(impact.loses.keys()).copied().collect();
    let mut reached: BTreeSet<Place> = impact.reaches.keys().copied().collect();
    reached.extend(&lost);
    let mut found = Vec::new();
    for (index, exposure) in project.exposures.iter().enumerate() {
        let mut through = BTreeSet::new();
        let mut breaks = false;
        for used in &exposure.uses {
            let names = |place: &Place| used.names(place);
            if reached.iter().any(names) {
                through.insert(used.table);
            }
            breaks |= used.columns.is_some() && lost.iter().any(names);
            // All of a table is gone.
            breaks |= starts
                .iter()
                .any(|start| start.part == Part::Rows && start.table == used.table);
        }
        if !through.is_empty() {
            found.push(ExposureImpact {
                exposure: index,
                breaks,
                through,
            });
        }
    }
    found
}

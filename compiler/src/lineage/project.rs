//! The lineage of a whole project: from column to column over all models, down to sources and
//! seeds and up again.

use super::{Input, Part, Relation, UseSet, Uses};
use crate::diagnostic::nearest;
use crate::graph::{ExposureImport, Graph};
use crate::span::Spanned;
use crate::typed::{TypedColumn, TypedModel, TypedProject};
use std::collections::BTreeMap;

/// What a table is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TableKind<'p> {
    /// A model.
    Model(&'p TypedModel),
    /// A seed.
    Seed,
    /// A source.
    Source,
}

/// A model, seed or source.
#[derive(Clone, Debug)]
pub struct Table<'p> {
    /// Its import path.
    pub path: &'p str,
    /// Its relation: `finance.revenue`.
    pub relation: String,
    /// Its file, relative to the project's folder.
    pub file: &'p str,
    /// What it is.
    pub kind: TableKind<'p>,
    /// Its columns.
    pub columns: &'p [TypedColumn],
    /// The tables that it imports, in the order of its header; `None` for one that isn't there.
    pub imports: Vec<Option<usize>>,
    /// The models that import it.
    pub readers: Vec<usize>,
}

impl<'p> Table<'p> {
    /// The model, if it is one.
    pub fn model(&self) -> Option<&'p TypedModel> {
        match self.kind {
            TableKind::Model(model) => Some(model),
            TableKind::Seed | TableKind::Source => None,
        }
    }

    /// The position of a column, whatever the case of its letters.
    pub fn position(&self, column: &str) -> Option<u32> {
        let mut names = self.columns.iter();
        let position = names.position(|own| crate::name::same_name(&own.name, column))?;
        u32::try_from(position).ok()
    }
}

/// A column of a table, or its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The table: an index into [`ProjectLineage::tables`].
    pub table: usize,
    /// What of it.
    pub part: Part,
}

/// Something outside the project that uses it, such as a dashboard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exposure {
    /// Its name.
    pub name: String,
    /// What it uses.
    pub uses: Vec<ExposureUse>,
}

/// A table that an exposure uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExposureUse {
    /// The table: an index into [`ProjectLineage::tables`].
    pub table: usize,
    /// The positions of the columns that it uses; `None` for all.
    pub columns: Option<Vec<u32>>,
}

impl ExposureUse {
    /// Whether it uses a place; of the rows of its table it always does.
    pub fn names(&self, place: &Place) -> bool {
        place.table == self.table
            && match (&self.columns, place.part) {
                (Some(columns), Part::Column(position)) => columns.contains(&position),
                (Some(_), Part::Rows | Part::Any) | (None, _) => true,
            }
    }
}

/// A name that means no table or column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What is wrong: "there is no model `x`".
    pub message: String,
    /// A name that may be meant.
    pub hint: Option<String>,
}

/// The lineage of a project.
#[derive(Debug)]
pub struct ProjectLineage<'p> {
    /// The project.
    pub project: &'p TypedProject,
    /// The tables: models, seeds and sources, each ordered by path.
    pub tables: Vec<Table<'p>>,
    /// Who uses the project from outside.
    pub exposures: Vec<Exposure>,
    /// What is directly made of a place: the reverse of lineage.
    readers: BTreeMap<Place, Vec<(Place, Uses)>>,
}

impl<'p> ProjectLineage<'p> {
    /// The lineage of all tables of a project.
    pub fn new(project: &'p TypedProject) -> Self {
        let mut tables = tables(project);
        let index: BTreeMap<&str, usize> = tables
            .iter()
            .enumerate()
            .map(|(index, table)| (table.path, index))
            .collect();
        for number in 0..tables.len() {
            let Some(model) = tables[number].model() else {
                continue;
            };
            let imports = model.imports.iter();
            let imports: Vec<Option<usize>> = imports
                .map(|(_, path)| index.get(path.as_str()).copied())
                .collect();
            for import in imports.iter().flatten() {
                let readers = &mut tables[*import].readers;
                if readers.last() != Some(&number) {
                    readers.push(number);
                }
            }
            tables[number].imports = imports;
        }
        let mut lineage = Self {
            project,
            tables,
            exposures: Vec::new(),
            readers: BTreeMap::new(),
        };
        lineage.readers = lineage.reversed();
        lineage
    }

    /// The same with the exposures of its graph.
    #[must_use]
    pub fn with_exposures(mut self, graph: &Graph) -> Self {
        let index: BTreeMap<&str, usize> = (self.tables.iter().enumerate())
            .map(|(index, table)| (table.path, index))
            .collect();
        let uses = |import: &ExposureImport| {
            let table = *index.get(graph.node(import.edge.target?).path.as_str())?;
            let position = |name: &Spanned<String>| self.tables[table].position(&name.value);
            let columns = import.columns.as_ref();
            Some(ExposureUse {
                table,
                columns: columns.map(|names| names.iter().filter_map(position).collect()),
            })
        };
        let exposures = graph.exposures.iter().map(|exposure| Exposure {
            name: exposure.name.clone(),
            uses: exposure.imports.iter().filter_map(uses).collect(),
        });
        self.exposures = exposures.collect();
        self
    }

    /// What each place is read by. What decides a table's rows leads to its rows, and those to
    /// each of its columns.
    fn reversed(&self) -> BTreeMap<Place, Vec<(Place, Uses)>> {
        let mut readers: BTreeMap<Place, Vec<(Place, Uses)>> = BTreeMap::new();
        for (table, own) in self.tables.iter().enumerate() {
            let Some(model) = own.model() else { continue };
            let mut put = |to: Place, uses: &UseSet| {
                for (input, uses) in uses.iter() {
                    if let Some(from) = self.place(table, input) {
                        readers.entry(from).or_default().push((to, uses));
                    }
                }
            };
            let rows = Place {
                table,
                part: Part::Rows,
            };
            put(rows, &model.lineage.rows);
            for (position, column) in (0..).zip(&model.lineage.columns) {
                let part = Part::Column(position);
                put(Place { table, part }, &column.uses);
            }
        }
        readers
    }

    /// Where an input of a table comes from.
    pub fn place(&self, table: usize, input: Input) -> Option<Place> {
        let table = match input.relation {
            Relation::This => table,
            Relation::Import(index) => (*self.tables[table].imports.get(index as usize)?)?,
        };
        Some(Place {
            table,
            part: input.part,
        })
    }

    /// What a place is directly made of; for a column with what decides its rows.
    pub fn inputs(&self, place: Place) -> Vec<(Place, Uses)> {
        let Some(model) = self.tables[place.table].model() else {
            return Vec::new();
        };
        let uses = match place.part {
            Part::Rows => model.lineage.rows.clone(),
            Part::Column(position) => model.lineage.whole(position as usize),
            Part::Any => model.lineage.all(),
        };
        self.places(place.table, &uses)
    }

    /// Inputs of a table as places.
    pub fn places(&self, table: usize, uses: &UseSet) -> Vec<(Place, Uses)> {
        let places = uses.iter();
        places
            .filter_map(|(input, uses)| Some((self.place(table, input)?, uses)))
            .collect()
    }

    /// What is directly made of a place.
    pub fn uses_of(&self, place: Place) -> Vec<(Place, Uses)> {
        let of = |part| {
            let place = Place { part, ..place };
            self.readers.get(&place).cloned().unwrap_or_default()
        };
        let mut uses = of(place.part);
        match place.part {
            // A column that can't be told may be this one.
            Part::Column(_) => uses.extend(of(Part::Any)),
            Part::Rows => {
                let columns = self.tables[place.table].columns.len();
                uses.extend((0..columns).filter_map(|position| {
                    let part = Part::Column(u32::try_from(position).ok()?);
                    Some((Place { part, ..place }, Uses::PASSED))
                }));
            }
            Part::Any => {}
        }
        uses
    }

    /// All that a place is made of at any distance.
    pub fn up(&self, place: Place) -> BTreeMap<Place, Uses> {
        closure(place, |place| self.inputs(place))
    }

    /// All that is made of a place at any distance.
    pub fn down(&self, place: Place) -> BTreeMap<Place, Uses> {
        closure(place, |place| self.uses_of(place))
    }

    /// A place as people name it: `finance.revenue.usd_amount`.
    pub fn name(&self, place: Place) -> String {
        let table = &self.tables[place.table];
        match place.part {
            Part::Rows => table.relation.clone(),
            Part::Any => format!("{}.?", table.relation),
            Part::Column(position) => {
                let column = table.columns.get(position as usize);
                let name = column.map_or("?", |column| column.name.as_str());
                format!("{}.{name}", table.relation)
            }
        }
    }

    /// The table and, if one is named, the column of `MODEL[.COLUMN]`. A table goes by its import
    /// path, its relation, or its name where no other one has it.
    ///
    /// # Errors
    /// What isn't there or isn't unique, with a name that may be meant.
    pub fn find(&self, wanted: &str) -> Result<(usize, Option<u32>), Unknown> {
        if let Some(table) = self.table(wanted)? {
            return Ok((table, None));
        }
        if let Some((table_name, column)) = wanted.rsplit_once('.')
            && let Some(table) = self.table(table_name)?
        {
            return match self.tables[table].position(column) {
                Some(position) => Ok((table, Some(position))),
                None => Err(self.unknown_column(table, column)),
            };
        }
        let names = self.tables.iter();
        let names = names.flat_map(|table| [table.path, table.relation.as_str(), stem(table)]);
        let near = nearest(wanted, names).or_else(|| {
            let names = self.tables.iter();
            let (table_name, _) = wanted.rsplit_once('.')?;
            nearest(
                table_name,
                names.flat_map(|table| [table.path, table.relation.as_str(), stem(table)]),
            )
        });
        Err(Unknown {
            message: format!("there is no model, seed or source `{wanted}`"),
            hint: near.map(|near| format!("did you mean `{near}`?")),
        })
    }

    fn table(&self, wanted: &str) -> Result<Option<usize>, Unknown> {
        let by = |name: &dyn Fn(&Table<'p>) -> bool| {
            let tables = self.tables.iter().enumerate();
            let found = tables.filter(|(_, table)| name(table));
            found.map(|(index, _)| index).collect::<Vec<usize>>()
        };
        let whole = by(&|table| table.path == wanted || table.relation == wanted);
        if let [table, ..] = whole[..] {
            return Ok(Some(table));
        }
        let stems = by(&|table| stem(table) == wanted || name_of(table) == wanted);
        match stems[..] {
            [] => Ok(None),
            [only] => Ok(Some(only)),
            [first, second, ..] => Err(Unknown {
                message: format!("several tables have the name `{wanted}`"),
                hint: Some(format!(
                    "write `{}` or `{}`",
                    self.tables[first].path, self.tables[second].path
                )),
            }),
        }
    }

    fn unknown_column(&self, table: usize, column: &str) -> Unknown {
        let table = &self.tables[table];
        let names = table.columns.iter().map(|column| column.name.as_str());
        let hint = match nearest(column, names.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
                format!("its columns are {}", names.join(", "))
            }
        };
        Unknown {
            message: format!("`{}` has no column `{column}`", table.relation),
            hint: Some(hint),
        }
    }
}

/// All that is reached from a place, with how its uses compose on the way. Ways only add up, so
/// that this ends, also where a table reads itself.
fn closure(start: Place, next: impl Fn(Place) -> Vec<(Place, Uses)>) -> BTreeMap<Place, Uses> {
    let mut found: BTreeMap<Place, Uses> = BTreeMap::new();
    let mut waiting = next(start);
    while let Some((place, uses)) = waiting.pop() {
        let known = found.entry(place).or_default();
        let new = uses.without(*known);
        if new.is_empty() {
            continue;
        }
        *known = known.and(new);
        let further = next(place).into_iter();
        waiting.extend(further.map(|(place, uses)| (place, uses.within(new))));
    }
    found
}

fn tables(project: &TypedProject) -> Vec<Table<'_>> {
    let models = project.models.iter().map(|model| Table {
        path: &model.path,
        relation: format!("{}.{}", model.schema, model.name),
        file: &model.file,
        kind: TableKind::Model(model),
        columns: &model.columns,
        imports: Vec::new(),
        readers: Vec::new(),
    });
    let seeds = project.seeds.iter().map(|seed| Table {
        path: &seed.path,
        relation: format!("{}.{}", seed.schema, seed.name),
        file: &seed.file,
        kind: TableKind::Seed,
        columns: &seed.columns,
        imports: Vec::new(),
        readers: Vec::new(),
    });
    let sources = project.sources.iter().map(|source| Table {
        path: &source.path,
        relation: format!("{}.{}", source.schema, source.name),
        file: &source.file,
        kind: TableKind::Source,
        columns: &source.columns,
        imports: Vec::new(),
        readers: Vec::new(),
    });
    models.chain(seeds).chain(sources).collect()
}

/// The last part of the import path.
fn stem<'t>(table: &Table<'t>) -> &'t str {
    table.path.rsplit('.').next().unwrap_or(table.path)
}

/// The name of the relation without its schema.
fn name_of<'t>(table: &'t Table<'_>) -> &'t str {
    table
        .relation
        .split_once('.')
        .map_or(table.relation.as_str(), |(_, name)| name)
}

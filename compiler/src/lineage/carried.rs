//! The lineage that a program carries, out of that of a typed model: the union over the variants,
//! with columns by name.

use super::{Part, UseSet};
use crate::typed::{TypedColumn, TypedModel, TypedProject};
use dbgo_changes::{self as carried, ColumnLineage, Relation};
use std::collections::BTreeMap;

pub use dbgo_changes::ModelLineage;

/// The columns of all tables of a project, by import path.
#[derive(Clone, Debug, Default)]
pub struct TableColumns<'p>(BTreeMap<&'p str, &'p [TypedColumn]>);

impl<'p> TableColumns<'p> {
    /// Those of a project.
    pub fn of(project: &'p TypedProject) -> Self {
        let models = project.models.iter();
        let models = models.map(|model| (model.path.as_str(), model.columns.as_slice()));
        let seeds = project.seeds.iter();
        let seeds = seeds.map(|seed| (seed.path.as_str(), seed.columns.as_slice()));
        let sources = project.sources.iter();
        let sources = sources.map(|source| (source.path.as_str(), source.columns.as_slice()));
        Self(models.chain(seeds).chain(sources).collect())
    }

    /// The name of a column in lower case; `None` if it isn't known.
    fn name(&self, table: &str, position: u32) -> Option<String> {
        let column = self.0.get(table)?.get(position as usize)?;
        Some(column.name.to_lowercase())
    }
}

/// The lineage of a model that a program carries. A column that isn't among those of its table
/// counts as one that can't be told.
pub fn carried(model: &TypedModel, tables: &TableColumns<'_>) -> ModelLineage {
    let inputs = |uses: &UseSet| inputs(model, uses, tables);
    let columns = model.columns.iter().enumerate();
    ModelLineage {
        rows: inputs(&model.lineage.rows),
        columns: columns
            .map(|(position, column)| ColumnLineage {
                name: column.name.to_lowercase(),
                inputs: match model.lineage.columns.get(position) {
                    Some(column) => inputs(&column.uses),
                    // One that the query doesn't give: dbgo adds it to the rows.
                    None => inputs(&model.lineage.all().unknown()),
                },
            })
            .collect(),
    }
}

fn inputs(model: &TypedModel, uses: &UseSet, tables: &TableColumns<'_>) -> Vec<carried::Input> {
    let table = |relation: Relation| match relation {
        Relation::This => Some(model.path.as_str()),
        Relation::Import(index) => {
            let import = model.imports.get(index as usize);
            import.map(|(_, path)| path.as_str())
        }
    };
    let name = |relation, position| tables.name(table(relation)?, position);
    uses.iter()
        .map(|(input, uses)| carried::Input {
            relation: input.relation,
            part: match input.part {
                Part::Rows => carried::Part::Rows,
                Part::Any => carried::Part::Any,
                Part::Column(position) => match name(input.relation, position) {
                    Some(name) => carried::Part::Column(name),
                    None => carried::Part::Any,
                },
            },
            uses,
        })
        .collect()
}

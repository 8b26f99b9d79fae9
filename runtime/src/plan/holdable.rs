//! What the environment's engine can't hold: types of columns, and indexes.

use super::target::Target;
use crate::adapters::{Limits, limits_of};
use crate::error::{Code, Error, Kind, Result};
use crate::project::{Project, Relation};
use crate::situation::Situation;
use dbgo_contract::{ColumnDef, Materialization};

/// Refuses a target with a table that the engine can't hold.
///
/// # Errors
/// `engine-cannot-hold` with the column, or with the model that has an index.
pub fn check_holdable(situation: &Situation<'_>, target: &Target) -> Result<()> {
    let project = situation.place.project;
    let limits = limits_of(situation.place.engine.kind);
    let selected = target.models.values().filter(|model| model.selected);
    for relation in selected.filter_map(|model| model.relation) {
        if let Some(columns) = stored_columns(project, relation) {
            check_columns(&limits, &project.name_of(relation), columns)?;
        }
        check_indexes(&limits, project, relation)?;
    }
    Ok(())
}

/// The columns of what has a table; a view's aren't stored.
fn stored_columns(project: &Project, relation: Relation) -> Option<&'static [ColumnDef]> {
    match relation {
        Relation::Model(index) => {
            let model = project.model(index);
            let is_stored = !matches!(
                model.materialization,
                Materialization::View | Materialization::Ephemeral
            );
            is_stored.then(|| model.def.columns.as_slice())
        }
        Relation::Seed(index) => Some(project.seeds()[index].columns.as_slice()),
        Relation::Source(_) => None,
    }
}

fn check_columns(limits: &Limits, name: &str, columns: &[ColumnDef]) -> Result<()> {
    for column in columns {
        let Some(part) = (limits.refuses)(column.sql_type.as_str()) else {
            continue;
        };
        let message = format!(
            "{} can't hold the column `{}` of `{name}`: `{part}`",
            limits.name, column.name
        );
        let hint = "cast it in the query, or use another engine for this environment";
        return Err(cannot_hold(message).hint(hint));
    }
    Ok(())
}

fn check_indexes(limits: &Limits, project: &Project, relation: Relation) -> Result<()> {
    let Relation::Model(index) = relation else {
        return Ok(());
    };
    let has_any = !project.model(index).def.indexes.as_slice().is_empty();
    if limits.indexes || !has_any {
        return Ok(());
    }
    let name = project.name_of(relation);
    let message = format!("{} has no indexes, and `{name}` declares one", limits.name);
    let hint = "leave the line out; an audit `unique(…)` tells what a unique one promises";
    Err(cannot_hold(message).hint(hint))
}

fn cannot_hold(message: String) -> Error {
    Error::new(Kind::Finding, Code::EngineCannotHold, message)
}

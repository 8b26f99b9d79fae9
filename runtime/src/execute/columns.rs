//! Tables that outlive a change of their model's query, and what becomes of their columns.

use super::context::Context;
use super::naming::physical_relation;
use crate::adapters::{Column, Relation as Name};
use crate::error::{Code, Error, Kind};
use crate::project::Model;
use crate::state::Snapshot;
use dbgo_contract::OnSchemaChange;

/// The table that an earlier version of a model left, for one that keeps its history.
pub fn adopted(context: &Context<'_>, model: &Model) -> Option<Snapshot> {
    let path = model.def.path.as_str();
    let published = context
        .known
        .published
        .get(path)
        .map(|entry| entry.version.as_str());
    let mut earlier: Vec<&Snapshot> = context
        .known
        .snapshots
        .values()
        .filter(|snapshot| snapshot.model == path && snapshot.kind == "incremental")
        .filter(|snapshot| context.catalog.contains_key(&snapshot.physical))
        .collect();
    earlier.sort_by_key(|snapshot| {
        (
            Some(snapshot.version.as_str()) != published,
            &snapshot.version,
        )
    });
    earlier.first().map(|snapshot| (*snapshot).clone())
}

/// The statements that give an earlier table the model's columns, by the model's own rule.
pub fn alterations(
    context: &Context<'_>,
    model: &Model,
    physical: &str,
) -> Result<Vec<String>, Error> {
    let Some(present) = context.columns.get(physical) else {
        return Ok(Vec::new());
    };
    let wanted: Vec<Column> = model
        .def
        .columns
        .iter()
        .map(|column| Column::new(column.name.as_str(), column.sql_type.as_str()))
        .collect();
    let same_name = |a: &Column, b: &Column| a.name.eq_ignore_ascii_case(&b.name);
    let added: Vec<&Column> = wanted
        .iter()
        .filter(|column| !present.iter().any(|other| same_name(column, other)))
        .collect();
    let removed: Vec<&Column> = present
        .iter()
        .filter(|column| !wanted.iter().any(|other| same_name(column, other)))
        .collect();
    if added.is_empty() && removed.is_empty() {
        return Ok(Vec::new());
    }
    let dialect = context.dialect();
    let name: Name = physical_relation(physical);
    let add = added.iter().map(|column| dialect.add_column(&name, column));
    match model.on_schema_change {
        OnSchemaChange::Ignore => Ok(Vec::new()),
        OnSchemaChange::Append => Ok(add.collect()),
        OnSchemaChange::Sync => Ok(add
            .chain(
                removed
                    .iter()
                    .map(|column| dialect.drop_column(&name, &column.name)),
            )
            .collect()),
        OnSchemaChange::Fail => Err(refused_columns(model, &added, &removed)),
    }
}

fn refused_columns(model: &Model, added: &[&Column], removed: &[&Column]) -> Error {
    let list = |columns: &[&Column]| {
        let names: Vec<String> = columns
            .iter()
            .map(|column| format!("`{}`", column.name))
            .collect();
        names.join(", ")
    };
    let mut parts = Vec::new();
    if !added.is_empty() {
        parts.push(format!("{} added", list(added)));
    }
    if !removed.is_empty() {
        parts.push(format!("{} removed", list(removed)));
    }
    Error::new(
        Kind::Refused,
        Code::ColumnsChanged,
        format!(
            "`{}` keeps its history, and its columns changed: {}",
            model.relation(),
            parts.join(", ")
        ),
    )
    .hint("set `on_schema_change='append'`, `'sync'` or `'ignore'`")
}

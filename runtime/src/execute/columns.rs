//! Tables that outlive a change of their model's query, and what becomes of their columns.

use super::context::{Columns, Context};
use super::naming::physical_relation;
use crate::adapters::{Column, Dialect, Relation as Name};
use crate::error::{Code, Error, Kind};
use crate::project::Model;
use dbgo_contract::OnSchemaChange;

/// A query without a meaning of its own, whose columns are those that a model promises.
pub fn wanted_query(model: &Model, dialect: &dyn Dialect) -> String {
    let columns = model.def.columns.iter().map(|column| {
        let name = dialect.identifier(column.name.as_str());
        format!("CAST(NULL AS {}) AS {name}", column.sql_type)
    });
    format!("SELECT {}", columns.collect::<Vec<_>>().join(", "))
}

/// How the columns of a table differ from those that its model wants.
struct Difference<'a> {
    added: Vec<&'a Column>,
    removed: Vec<&'a Column>,
    /// What there is, and what is wanted, under one name.
    retyped: Vec<(&'a Column, &'a Column)>,
}

impl<'a> Difference<'a> {
    fn new(columns: &'a Columns) -> Self {
        let same_name = |a: &Column, b: &Column| a.name.eq_ignore_ascii_case(&b.name);
        let without = |these: &'a [Column], those: &'a [Column]| {
            let is_new = |column: &&Column| !those.iter().any(|other| same_name(column, other));
            these.iter().filter(is_new).collect()
        };
        let pairs = columns.wanted.iter().filter_map(|wanted| {
            let mut present = columns.present.iter();
            let present = present.find(|column| same_name(column, wanted))?;
            (present.sql_type != wanted.sql_type).then_some((present, wanted))
        });
        Self {
            added: without(&columns.wanted, &columns.present),
            removed: without(&columns.present, &columns.wanted),
            retyped: pairs.collect(),
        }
    }
}

/// The statements that give an earlier table the model's columns, by the model's own rule.
///
/// # Errors
/// `columns-changed` where the rule is to fail, and where a column has another type: the engine
/// would round or cut what doesn't fit the type that the old rows have, without a word.
pub fn alterations(
    context: &Context<'_>,
    model: &Model,
    physical: &str,
) -> Result<Vec<String>, Error> {
    match context.columns.get(physical) {
        Some(columns) => alterations_of(columns, model, physical, context.dialect()),
        None => Ok(Vec::new()),
    }
}

/// The same statements, where the columns of table and model are known.
///
/// # Errors
/// Those of [`alterations`].
pub fn alterations_of(
    columns: &Columns,
    model: &Model,
    physical: &str,
    dialect: &dyn Dialect,
) -> Result<Vec<String>, Error> {
    let difference = Difference::new(columns);
    if !difference.retyped.is_empty() {
        return Err(refused_types(model, &difference));
    }
    if difference.added.is_empty() && difference.removed.is_empty() {
        return Ok(Vec::new());
    }
    let name: Name = physical_relation(physical);
    let added = difference.added.iter();
    let add = added.map(|column| dialect.add_column(&name, column));
    let removed = difference.removed.iter();
    let remove = removed.map(|column| dialect.drop_column(&name, &column.name));
    match model.on_schema_change {
        OnSchemaChange::Ignore => Ok(Vec::new()),
        OnSchemaChange::Append => Ok(add.collect()),
        OnSchemaChange::Sync => Ok(add.chain(remove).collect()),
        OnSchemaChange::Fail => Err(refused_columns(model, &difference)),
    }
}

fn refused_types(model: &Model, difference: &Difference<'_>) -> Error {
    let retyped = difference.retyped.iter();
    let parts: Vec<String> = retyped
        .map(|(present, wanted)| {
            format!(
                "`{}` from {} to {}",
                present.name, present.sql_type, wanted.sql_type
            )
        })
        .collect();
    let (present, _) = difference.retyped[0];
    Error::new(
        Kind::Refused,
        Code::ColumnsChanged,
        format!(
            "`{}` keeps its history, and types of its columns changed: {}",
            model.relation(),
            parts.join(", ")
        ),
    )
    .hint(format!(
        "write `CAST(… AS {})` in the query, or give the new column another name",
        present.sql_type
    ))
}

fn refused_columns(model: &Model, difference: &Difference<'_>) -> Error {
    let list = |columns: &[&Column]| {
        let names: Vec<String> = columns
            .iter()
            .map(|column| format!("`{}`", column.name))
            .collect();
        names.join(", ")
    };
    let mut parts = Vec::new();
    if !difference.added.is_empty() {
        parts.push(format!("{} added", list(&difference.added)));
    }
    if !difference.removed.is_empty() {
        parts.push(format!("{} removed", list(&difference.removed)));
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

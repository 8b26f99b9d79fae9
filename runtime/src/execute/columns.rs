//! Tables that outlive a change of their model's query, and what becomes of their columns.

use super::context::{Columns, Context};
use crate::adapters::{Column, Dialect, Relation as Name};
use crate::error::{Code, Error, Kind};
use crate::project::Model;
use crate::situation::physical_relation;
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
    /// What there is, and what is wanted, under one name: a type that holds all values of the
    /// other.
    widened: Vec<(&'a Column, &'a Column)>,
    /// The same, with any other type.
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
        let (widened, retyped) = pairs.partition(|(present, wanted): &(&Column, &Column)| {
            dbgo_changes::sql_type::is_wider(&wanted.sql_type, &present.sql_type)
        });
        Self {
            added: without(&columns.wanted, &columns.present),
            removed: without(&columns.present, &columns.wanted),
            widened,
            retyped,
        }
    }
}

/// The statements that give an earlier table the model's columns, by the model's own rule.
///
/// # Errors
/// `columns-changed` where the rule is to fail, and where a column has another type that isn't
/// wider, or has to stay as it is: the engine would round or cut what doesn't fit the type that
/// the old rows have, without a word.
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
    let widens = matches!(
        model.on_schema_change,
        OnSchemaChange::Append | OnSchemaChange::Sync
    );
    let mut refused = difference.retyped.clone();
    if !widens {
        refused.extend(&difference.widened);
    }
    if !refused.is_empty() {
        let rule_helps = difference.retyped.is_empty();
        return Err(refused_types(model, &refused, rule_helps));
    }
    let name: Name = physical_relation(physical);
    let widened = difference.widened.iter();
    let widen = widened.map(|(_, wanted)| dialect.widen_column(&name, wanted));
    let added = difference.added.iter();
    let add = added.map(|column| dialect.add_column(&name, column));
    let removed = difference.removed.iter();
    let remove = removed.map(|column| dialect.drop_column(&name, &column.name));
    match model.on_schema_change {
        OnSchemaChange::Ignore => Ok(Vec::new()),
        OnSchemaChange::Append => Ok(widen.chain(add).collect()),
        OnSchemaChange::Sync => Ok(widen.chain(add).chain(remove).collect()),
        OnSchemaChange::Fail if difference.added.is_empty() && difference.removed.is_empty() => {
            Ok(Vec::new())
        }
        OnSchemaChange::Fail => Err(refused_columns(model, &difference)),
    }
}

/// `rule_helps` says that another rule for changed columns would widen them.
fn refused_types(model: &Model, refused: &[(&Column, &Column)], rule_helps: bool) -> Error {
    let parts: Vec<String> = refused
        .iter()
        .map(|(present, wanted)| {
            format!(
                "`{}` from {} to {}",
                present.name, present.sql_type, wanted.sql_type
            )
        })
        .collect();
    let present = refused
        .first()
        .map_or("…", |(present, _)| &present.sql_type);
    let hint = match rule_helps {
        true => "set `on_schema_change='append'` or `'sync'`, which widen them".to_owned(),
        false => format!(
            "write `CAST(… AS {present})` in the query, or give the new column another name"
        ),
    };
    Error::new(
        Kind::Refused,
        Code::ColumnsChanged,
        format!(
            "`{}` {}, and types of its columns changed: {}",
            model.relation(),
            what_it_keeps(model),
            parts.join(", ")
        ),
    )
    .hint(hint)
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
            "`{}` {}, and its columns changed: {}",
            model.relation(),
            what_it_keeps(model),
            parts.join(", ")
        ),
    )
    .hint("set `on_schema_change='append'`, `'sync'` or `'ignore'`")
}

fn what_it_keeps(model: &Model) -> &'static str {
    if model.keeps_history() {
        "keeps its history"
    } else {
        "goes on with its table"
    }
}

//! `show`

use super::arguments::ShowArguments;
use super::table::{Column, Table};
use super::terminal::{Terminal, print, print_json, say};
use crate::adapters::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use crate::adapters::arrow::datatypes::{DataType, Float32Type, Float64Type};
use crate::adapters::arrow::util::display::{ArrayFormatter, FormatOptions};
use crate::adapters::{Column as EngineColumn, Dialect, EngineError, QueryResult, Session};
use crate::environments::view_of;
use crate::error::{Code, Error, Kind, Result};
use crate::events::grouped;
use crate::execute::{Opened, open_for_reading};
use crate::project::{BatchFacts, Project, Relation, compose};
use crate::situation::{Place, Request, ShownSlots, source_text};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Shows rows of a relation as it is published.
pub fn show(project: &Project, arguments: &ShowArguments, terminal: &Terminal) -> ExitCode {
    super::finish(try_show(project, arguments, terminal), terminal)
}

fn try_show(project: &Project, arguments: &ShowArguments, terminal: &Terminal) -> Result<ExitCode> {
    let relation = project.find(&arguments.model)?;
    let request = Request {
        environment: arguments.env.clone(),
        ..Request::default()
    };
    let place = Place::of(project, &request)?;
    let location = place.engine.location.as_str();
    let is_file = !location.contains("://") && !location.starts_with(':');
    if is_file && !std::path::Path::new(location).exists() {
        return Err(not_built(project, relation));
    }
    let mut opened = open_for_reading(project, &request)?;
    let from = from(&place, &mut opened, relation)?;
    let failed = |error: EngineError| {
        Error::new(
            Kind::Failed,
            Code::EngineFailed,
            error.message.trim().to_owned(),
        )
    };
    let every = format!("SELECT * FROM {from}");
    let columns = opened.session.describe(&every).map_err(failed)?;
    let printed = printed(opened.adapter.dialect(), &columns, arguments.json);
    let query = format!("SELECT {printed} FROM {from}\nLIMIT {}", arguments.limit);
    let rows = opened.session.query(&query).map_err(failed)?;
    let total = count(&mut opened.session, &from).map_err(failed)?;
    if arguments.json {
        let columns: Vec<Value> = columns
            .iter()
            .map(|column| json!({ "name": column.name, "type": column.sql_type }))
            .collect();
        print_json(&json!({
            "schema": "dbgo/show/1",
            "relation": project.name_of(relation),
            "environment": opened.environment.name,
            "columns": columns,
            "rows": rows.batches.iter().flat_map(json_rows).collect::<Vec<_>>(),
            "row_count": total.to_string(),
        }));
        return Ok(ExitCode::SUCCESS);
    }
    let (text, left_out) = table(&rows, &columns).text(terminal.width);
    print(&text);
    let shown = rows.row_count() as u64;
    if shown < total {
        say(&format!("{} of {} rows\n", grouped(shown), grouped(total)));
    } else {
        say(&format!(
            "{} row{}\n",
            grouped(total),
            if total == 1 { "" } else { "s" }
        ));
    }
    if !left_out.is_empty() {
        say(&format!(
            "not shown, as they don't fit: {}\n",
            left_out.join(", ")
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether a version of the relation is built, though no view shows it.
fn is_built(place: &Place<'_>, relation: Relation) -> Result<bool> {
    if crate::config::state_address(place.project, &place.lookup)?.is_missing() {
        return Ok(false);
    }
    let (state, known) = place.known()?;
    state.close()?;
    let model = place.project.path_of(relation);
    Ok(known.all_snapshots().any(|built| built.model == model))
}

fn not_published(project: &Project, relation: Relation) -> Error {
    Error::new(
        Kind::Finding,
        Code::NotBuilt,
        format!(
            "`{}` is built, but not published",
            project.name_of(relation)
        ),
    )
    .hint("a run without a failure publishes it: leave out what fails with `run --exclude`")
}

fn not_built(project: &Project, relation: Relation) -> Error {
    Error::new(
        Kind::Finding,
        Code::NotBuilt,
        format!("`{}` isn't built yet", project.name_of(relation)),
    )
    .hint("`run` builds it")
}

/// What stands in the `FROM`: the environment's view, the source, or an ephemeral model's query.
fn from(place: &Place<'_>, opened: &mut Opened, relation: Relation) -> Result<String> {
    let project = place.project;
    let dialect = opened.adapter.dialect();
    match relation {
        Relation::Source(index) => {
            let of = (project, &opened.plan);
            return Ok(source_text(of, &project.sources()[index], dialect));
        }
        Relation::Model(index) if !project.model(index).is_stored() => {
            let slots = ShownSlots {
                project,
                environment: Some(&opened.environment),
                model: index,
                dialect: Some((dialect, &opened.plan)),
            };
            let facts = BatchFacts::default();
            let query = compose(project, index, &opened.plan, facts, &slots)?.sql;
            return Ok(format!("(\n{query}\n)"));
        }
        _ => {}
    }
    let view = view_of(project.schema_and_name(relation), &opened.environment);
    let text = dialect.relation(&view);
    let found = opened.session.relations(&[&view.schema]).map_err(|error| {
        Error::new(
            Kind::Failed,
            Code::EngineFailed,
            error.message.trim().to_owned(),
        )
    })?;
    if found
        .iter()
        .any(|other| other.relation.name.eq_ignore_ascii_case(&view.name))
    {
        Ok(text)
    } else if is_built(place, relation)? {
        Err(not_published(project, relation))
    } else {
        Err(not_built(project, relation))
    }
}

fn count(session: &mut Session, from: &str) -> std::result::Result<u64, EngineError> {
    let answer = session.query(&format!("SELECT CAST(count(*) AS VARCHAR) FROM {from}"))?;
    let text = answer
        .batches
        .first()
        .and_then(|batch| text_of(batch.column(0), 0));
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
}

pub(super) fn text_of(column: &ArrayRef, row: usize) -> Option<String> {
    if column.is_null(row) {
        return None;
    }
    let options = FormatOptions::default();
    let formatter = ArrayFormatter::try_new(column, &options).ok()?;
    Some(formatter.value(row).to_string())
}

/// The columns as the engine itself prints them: Arrow has no form for some of its types, as for
/// an infinite time. JSON has forms of its own for truth values, inexact and small numbers, and
/// what holds other values.
pub(super) fn printed(dialect: &dyn Dialect, columns: &[EngineColumn], as_json: bool) -> String {
    let printed = columns.iter().map(|column| {
        let name = dialect.identifier(&column.name);
        if as_json && has_json_form(&column.sql_type) {
            name
        } else {
            format!("CAST({name} AS VARCHAR) AS {name}")
        }
    });
    printed.collect::<Vec<_>>().join(", ")
}

fn has_json_form(sql_type: &str) -> bool {
    const FORMS: [&str; 9] = [
        "BOOLEAN",
        "FLOAT",
        "DOUBLE",
        "TINYINT",
        "SMALLINT",
        "INTEGER",
        "UTINYINT",
        "USMALLINT",
        "UINTEGER",
    ];
    FORMS.contains(&sql_type) || sql_type.ends_with("[]") || sql_type.starts_with("STRUCT(")
}

fn is_number(sql_type: &str) -> bool {
    let name = sql_type.split('(').next().unwrap_or(sql_type);
    let is_number = matches!(name, "DECIMAL" | "FLOAT" | "DOUBLE") || name.ends_with("INT");
    (is_number || name.ends_with("INTEGER")) && !sql_type.ends_with(']')
}

pub(super) fn table(rows: &QueryResult, columns: &[EngineColumn]) -> Table {
    let mut table = Table::new(columns.iter().map(|column| {
        if is_number(&column.sql_type) {
            Column::number(column.name.as_str())
        } else {
            Column::text(column.name.as_str())
        }
    }));
    for batch in &rows.batches {
        for row in 0..batch.num_rows() {
            table.push(batch.columns().iter().map(|column| text_of(column, row)));
        }
    }
    table
}

pub(super) fn json_rows(batch: &RecordBatch) -> Vec<Value> {
    (0..batch.num_rows())
        .map(|row| {
            batch
                .columns()
                .iter()
                .map(|column| json_value(column, row))
                .collect()
        })
        .collect()
}

/// A value as JSON: numbers that a double can't hold are text, and so is all that JSON has no
/// form for.
fn json_value(column: &ArrayRef, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Boolean => json!(column.as_boolean().value(row)),
        DataType::Float32 => float(f64::from(column.as_primitive::<Float32Type>().value(row))),
        DataType::Float64 => float(column.as_primitive::<Float64Type>().value(row)),
        DataType::List(_) => {
            let items = column.as_list::<i32>().value(row);
            (0..items.len())
                .map(|index| json_value(&items, index))
                .collect()
        }
        DataType::Struct(fields) => {
            let parts = column.as_struct();
            let members = fields.iter().zip(parts.columns());
            let members =
                members.map(|(field, part)| (field.name().clone(), json_value(part, row)));
            Value::Object(members.collect())
        }
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32 => {
            let number = text_of(column, row).and_then(|text| text.parse::<i64>().ok());
            json!(number)
        }
        _ => json!(text_of(column, row)),
    }
}

fn float(number: f64) -> Value {
    if number.is_finite() {
        json!(number)
    } else {
        json!(number.to_string())
    }
}

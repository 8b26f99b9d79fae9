//! Rows of a model's query as it stands, over what its environment shows: what the development loop
//! shows after an edit. Nothing is built, and nothing written.

use super::show::{json_rows, printed, table};
use crate::adapters::{Column, EngineError, ErrorClass, QueryResult, Session};
use crate::environments::{Environment, view_key, view_of};
use crate::error::{Code, Error, Kind, Result};
use crate::execute::{Interrupt, Opened, PhysicalSlots, open_for_reading};
use crate::intervals::{Range, parse_instant_in};
use crate::project::{BatchFacts, Project, Relation, Slots, compose};
use crate::situation::{Place, Request, ShownSlots};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};

/// What is shown of a model.
#[derive(Clone, Debug)]
pub struct PreviewOptions {
    /// The environment; the project's default without one.
    pub environment: Option<String>,
    /// The most rows.
    pub limit: u64,
    /// Whether values are wanted as JSON has them, and not as text.
    pub as_json: bool,
}

/// Rows of a query.
pub struct Preview {
    columns: Vec<Column>,
    rows: QueryResult,
    limit: u64,
}

impl Preview {
    /// How many rows are shown.
    pub fn row_count(&self) -> u64 {
        (self.rows.row_count() as u64).min(self.limit)
    }

    /// Whether there are more.
    pub fn has_more(&self) -> bool {
        self.rows.row_count() as u64 > self.limit
    }

    /// The rows as a table, and the names of the columns that didn't fit into `width`.
    pub fn table(&self, width: Option<usize>) -> (String, Vec<String>) {
        table(&self.shown(), &self.columns).text(width)
    }

    /// Columns and rows as `dbgo/show/1` has them.
    pub fn json(&self) -> (Value, Value) {
        let columns = self.columns.iter();
        let columns = columns.map(|column| json!({ "name": column.name, "type": column.sql_type }));
        let rows = self.shown();
        (
            columns.collect(),
            rows.batches.iter().flat_map(json_rows).collect(),
        )
    }

    /// The rows without the one that only tells that there are more.
    fn shown(&self) -> QueryResult {
        let mut left = self.row_count() as usize;
        let batches = self.rows.batches.iter().map(|batch| {
            let length = batch.num_rows().min(left);
            left -= length;
            batch.slice(0, length)
        });
        QueryResult {
            schema: self.rows.schema.clone(),
            batches: batches.collect(),
        }
    }
}

/// Runs a model's query, as it is when its table is built for the first time, over what the
/// environment shows of what it reads.
///
/// # Errors
/// `not-built` if something that it reads isn't there, and what the engine says.
pub fn preview(
    project: &Project,
    model: usize,
    options: &PreviewOptions,
    interrupt: &Interrupt,
) -> Result<Preview> {
    let (mut opened, query) = opened(project, model, options, interrupt)?;
    let rows = rows(&mut opened, &query, options);
    rows.map_err(|error| failed(&error, (project, &mut opened), model))
}

/// How many rows the engine expects in the largest table that a model's query reads, or step that it
/// takes; nothing where it can't tell.
pub fn largest_step(
    project: &Project,
    model: usize,
    options: &PreviewOptions,
    interrupt: &Interrupt,
) -> Option<u64> {
    let (mut opened, query) = opened(project, model, options, interrupt).ok()?;
    largest_in_plan(&mut opened.session, &query)
}

/// The engine, and the query over what the environment shows.
fn opened(
    project: &Project,
    model: usize,
    options: &PreviewOptions,
    interrupt: &Interrupt,
) -> Result<(Opened, String)> {
    let request = Request {
        environment: options.environment.clone(),
        ..Request::default()
    };
    let place = Place::of(project, &request)?;
    let opened = open_for_reading(project, &request)?;
    interrupt.watch(opened.session.canceller());
    let query = query((project, &place), &opened, model)?;
    Ok((opened, query))
}

fn rows(
    opened: &mut Opened,
    query: &str,
    options: &PreviewOptions,
) -> std::result::Result<Preview, EngineError> {
    let from = format!("FROM (\n{query}\n)");
    let columns = opened.session.describe(&format!("SELECT * {from}"))?;
    let printed = printed(opened.adapter.dialect(), &columns, options.as_json);
    let most = options.limit.saturating_add(1);
    let rows = opened
        .session
        .query(&format!("SELECT {printed} {from}\nLIMIT {most}"))?;
    Ok(Preview {
        columns,
        rows,
        limit: options.limit,
    })
}

/// The query over the environment's views.
fn query(
    (project, place): (&Project, &Place<'_>),
    opened: &Opened,
    index: usize,
) -> Result<String> {
    let model = project.model(index);
    let dialect = opened.adapter.dialect();
    let shown = ShownSlots {
        project,
        environment: Some(&opened.environment),
        model: index,
        dialect: Some((dialect, &opened.plan)),
    };
    let texts: Result<HashMap<Relation, String>> = project
        .stored_parents(index)
        .into_iter()
        .map(|relation| Ok((relation, shown.relation(relation)?)))
        .collect();
    let start = parse_instant_in(model.def.incremental.start.as_str(), &model.zone);
    let from = place.window(true).from.or(start);
    let until = place.until.unwrap_or(place.now);
    let slots = PhysicalSlots {
        dialect,
        model,
        texts: &texts?,
        this: None,
        range: Range::new(from.unwrap_or_else(|| a_month_before(until)), until),
        now: place.now,
    };
    let facts = BatchFacts::default();
    Ok(compose(project, index, &opened.plan, facts, &slots)?.sql)
}

/// Where a model begins that doesn't say it.
fn a_month_before(instant: Timestamp) -> Timestamp {
    let month = SignedDuration::from_hours(30 * 24);
    instant.checked_sub(month).unwrap_or(instant)
}

/// An engine's refusal, or what is missing behind it.
fn failed(error: &EngineError, (project, opened): (&Project, &mut Opened), model: usize) -> Error {
    match error.class {
        ErrorClass::Interrupted => {
            return Error::new(Kind::Interrupted, Code::Interrupted, "interrupted");
        }
        ErrorClass::Catalog => {
            if let Some(missing) = missing(project, opened, model) {
                return not_built(project, model, &missing);
            }
        }
        _ => {}
    }
    let message = opened.engine.conceal(error.message.trim());
    Error::new(Kind::Failed, Code::EngineFailed, message)
}

fn not_built(project: &Project, model: usize, missing: &[String]) -> Error {
    let names = missing.join(", ");
    let are = if missing.len() == 1 {
        "isn't"
    } else {
        "aren't"
    };
    let reader = project.model(model).relation();
    let message = format!("`{reader}` reads {names}, which {are} built here yet");
    Error::new(Kind::Finding, Code::NotBuilt, message)
}

/// What a model reads that the environment doesn't show; nothing if all is there, or can't be told.
fn missing(project: &Project, opened: &mut Opened, model: usize) -> Option<Vec<String>> {
    let environment: &Environment = &opened.environment;
    let parents = project.stored_parents(model).into_iter();
    let parents: Vec<(String, (String, String))> = parents
        .filter(|parent| !matches!(parent, Relation::Source(_)))
        .map(|parent| {
            let view = view_of(project.schema_and_name(parent), environment);
            let name = format!("`{}`", project.name_of(parent));
            (name, view_key(&view.schema, &view.name))
        })
        .collect();
    let schemas: BTreeSet<&str> = parents.iter().map(|(_, key)| key.0.as_str()).collect();
    let schemas: Vec<&str> = schemas.into_iter().collect();
    let found = opened.session.names(&schemas).ok()?;
    let found: BTreeSet<(String, String)> = found
        .iter()
        .map(|(name, _)| view_key(&name.schema, &name.name))
        .collect();
    let missing = parents.into_iter().filter(|(_, key)| !found.contains(key));
    let missing: Vec<String> = missing.map(|(name, _)| name).collect();
    (!missing.is_empty()).then_some(missing)
}

/// The largest number of rows in the engine's plan of a query.
fn largest_in_plan(session: &mut Session, query: &str) -> Option<u64> {
    let plan = session
        .query(&format!("EXPLAIN (FORMAT json) {query}"))
        .ok()?;
    let batch = plan.batches.first()?;
    let text = super::show::text_of(batch.columns().last()?, 0)?;
    largest_in(&serde_json::from_str(&text).ok()?)
}

fn largest_in(plan: &Value) -> Option<u64> {
    match plan {
        Value::Array(steps) => steps.iter().filter_map(largest_in).max(),
        Value::Object(step) => {
            let own = step.get("Estimated Cardinality").and_then(Value::as_str);
            let own = own.and_then(|text| text.trim_start_matches('~').parse().ok());
            step.values().filter_map(largest_in).chain(own).max()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_step_of_a_plan_is_found() {
        let plan = json!([{
            "name": "PROJECTION",
            "children": [{
                "name": "SEQ_SCAN",
                "children": [],
                "extra_info": { "Table": "t", "Estimated Cardinality": "10000" }
            }],
            "extra_info": { "Estimated Cardinality": "2000" }
        }]);
        assert_eq!(largest_in(&plan), Some(10_000));
        assert_eq!(largest_in(&json!([])), None);
    }
}

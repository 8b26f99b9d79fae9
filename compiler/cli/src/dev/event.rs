//! What is told, as data, and as JSON: an object a line.

use super::changes::{Changes, ColumnChange};
use crate::workspace::Steps;
use dbgo_runtime::cli::Preview;
use dbgo_runtime::error::Error;
use dbgo_runtime::events::Event as RunEvent;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

/// Something that happened in the development loop.
pub enum Event {
    /// The project was read for the first time.
    Started {
        /// The project's name; empty if it can't be told.
        project: String,
        /// The environment and where its engine is.
        place: Option<(String, String)>,
        /// How many models there are.
        models: usize,
    },
    /// Files were saved, or something else happened to them.
    Saved {
        /// Their paths. An empty one stands for more than the system tells.
        files: BTreeSet<String>,
    },
    /// The project has findings.
    Findings {
        /// For people.
        text: String,
        /// As `dbgo check --json` writes them.
        json: Value,
        /// Whether the last good version goes on.
        has_errors: bool,
        /// From the save until now.
        took: Duration,
    },
    /// The project's definitions don't fit together, or a command failed.
    Failed(Error),
    /// A state of the project is loaded.
    Loaded {
        /// How many models there are.
        models: usize,
        /// What differs from the one before.
        changes: Changes,
        /// When each step was done.
        steps: Steps,
    },
    /// A model has other columns.
    Columns {
        /// The model.
        model: String,
        /// What differs.
        changes: Vec<ColumnChange>,
    },
    /// Rows of a model's query.
    Rows {
        /// The model.
        model: String,
        /// The rows.
        preview: Box<Preview>,
        /// How long the engine took.
        took: Duration,
        /// From the save until now.
        since_save: Duration,
    },
    /// There are no rows to show.
    NoRows {
        /// The model.
        model: String,
        /// Why.
        error: Error,
    },
    /// Who reads the model that is shown; all still check.
    Downstream {
        /// The model.
        model: String,
        /// How many models read it.
        readers: usize,
    },
    /// A model isn't built by itself.
    NotBuilt {
        /// The model.
        model: String,
        /// The rows that its query has to go through.
        rows: u64,
        /// The most that it may have.
        most: u64,
    },
    /// Something happened in a run.
    Run(RunEvent),
    /// Something that was asked for.
    Shown {
        /// What it is: `sql` or `lineage`.
        what: &'static str,
        /// The model.
        model: String,
        /// The text.
        text: String,
    },
    /// The engine was let go of; the next save takes it back.
    Released,
    /// Something worth knowing.
    Note(String),
    /// What was begun is done; nothing goes on.
    Done {
        /// Whether it was broken off, because of what happened meanwhile.
        broken_off: bool,
        /// How long it took in all.
        took: Duration,
    },
}

impl Event {
    /// The event as one line of JSON; nothing for one that only people are told.
    pub fn json(&self) -> Option<String> {
        let (name, rest) = self.document()?;
        let mut document = json!({ "schema": "dbgo/dev/1", "event": name });
        if let (Value::Object(document), Value::Object(rest)) = (&mut document, rest) {
            document.extend(rest);
        }
        Some(document.to_string())
    }

    fn document(&self) -> Option<(&'static str, Value)> {
        Some(match self {
            Event::Started {
                project,
                place,
                models,
            } => {
                let environment = place.as_ref().map(|(environment, _)| environment);
                let engine = place.as_ref().map(|(_, engine)| engine);
                let document = json!({
                    "project": project, "environment": environment, "engine": engine,
                    "models": models,
                });
                ("started", document)
            }
            Event::Saved { files } => ("saved", json!({ "files": files })),
            Event::Findings {
                json: findings,
                has_errors,
                took,
                ..
            } => {
                let document = json!({
                    "findings": findings, "has_errors": has_errors, "took_ms": milliseconds(*took),
                });
                ("findings", document)
            }
            Event::Failed(error) => ("failed", error_document(error)),
            Event::Loaded {
                models,
                changes,
                steps,
            } => {
                let document = json!({
                    "models": models, "changed": changes.changed, "added": changes.added,
                    "removed": changes.removed, "checked_ms": milliseconds(steps.checked),
                    "compiled_ms": milliseconds(steps.compiled),
                    "loaded_ms": milliseconds(steps.loaded),
                });
                ("loaded", document)
            }
            Event::Columns { model, changes } => {
                let changes: Vec<Value> = changes.iter().map(column_document).collect();
                ("columns", json!({ "model": model, "changes": changes }))
            }
            Event::Rows {
                model,
                preview,
                took,
                since_save,
            } => {
                let (columns, rows) = preview.json();
                let document = json!({
                    "model": model, "columns": columns, "rows": rows,
                    "has_more": preview.has_more(), "took_ms": milliseconds(*took),
                    "since_save_ms": milliseconds(*since_save),
                });
                ("rows", document)
            }
            Event::NoRows { model, error } => {
                let mut document = error_document(error);
                document["model"] = json!(model);
                ("no_rows", document)
            }
            Event::Downstream { model, readers } => {
                ("downstream", json!({ "model": model, "readers": readers }))
            }
            Event::NotBuilt { model, rows, most } => {
                let document = json!({
                    "model": model, "rows": rows.to_string(), "most": most.to_string(),
                });
                ("not_built", document)
            }
            Event::Run(event) => return run_document(event),
            Event::Shown { what, model, text } => (
                "shown",
                json!({ "what": what, "model": model, "text": text }),
            ),
            Event::Released => ("released", json!({})),
            Event::Note(text) => ("note", json!({ "text": text })),
            Event::Done { broken_off, took } => {
                let document = json!({ "broken_off": broken_off, "took_ms": milliseconds(*took) });
                ("done", document)
            }
        })
    }
}

fn error_document(error: &Error) -> Value {
    json!({ "code": error.code.to_string(), "message": error.message, "hint": error.hint })
}

fn column_document(change: &ColumnChange) -> Value {
    match change {
        ColumnChange::Added { name, sql_type } => {
            json!({ "change": "added", "name": name, "type": sql_type })
        }
        ColumnChange::Removed { name } => json!({ "change": "removed", "name": name }),
        ColumnChange::Retyped {
            name,
            before,
            after,
        } => json!({ "change": "retyped", "name": name, "type": after, "before": before }),
    }
}

fn run_document(event: &RunEvent) -> Option<(&'static str, Value)> {
    let of_model = |name: &str, status: &str, message: Option<&String>, rows: Option<u64>| {
        let rows = rows.map(|rows| rows.to_string());
        json!({ "model": name, "status": status, "message": message, "rows": rows })
    };
    Some(match event {
        RunEvent::RunStarted { id, .. } => ("run_started", json!({ "run": id })),
        RunEvent::Note(text) => ("note", json!({ "text": text })),
        RunEvent::Built { subject, rows, .. } => {
            ("run_step", of_model(&subject.name, "built", None, *rows))
        }
        RunEvent::Unchanged { subject, reason } => {
            let document = of_model(&subject.name, "unchanged", Some(reason), None);
            ("run_step", document)
        }
        RunEvent::Skipped { subject, reason } => {
            let document = of_model(&subject.name, "skipped", Some(reason), None);
            ("run_step", document)
        }
        RunEvent::Failed {
            subject, message, ..
        } => {
            let document = of_model(&subject.name, "failed", Some(message), None);
            ("run_step", document)
        }
        RunEvent::Cancelled { subject, .. } => {
            let document = of_model(&subject.name, "cancelled", None, None);
            ("run_step", document)
        }
        RunEvent::NotPublished(reason) => ("note", json!({ "text": reason })),
        RunEvent::Finished(summary) => {
            let document = json!({
                "run": summary.id, "unchanged": summary.unchanged, "built": summary.built,
                "failed": summary.failed, "skipped": summary.skipped,
                "interrupted": summary.cancelled, "published_views": summary.published,
                "took_ms": milliseconds(summary.duration),
            });
            ("run_finished", document)
        }
        RunEvent::Started(_)
        | RunEvent::BatchDone { .. }
        | RunEvent::Audited { .. }
        | RunEvent::Published { .. } => return None,
    })
}

/// Whole milliseconds and tenths of them.
fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 10_000.0).round() / 10.0
}

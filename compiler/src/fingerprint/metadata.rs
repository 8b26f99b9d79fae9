//! All of a model that isn't data, as one hash: its text byte for byte, what is said about it, how
//! its runs are handled. Its path and file say which model it is, and nothing about it.

use super::ALGORITHM;
use super::hash::{Encoding, Fingerprint, Tag, hashed};
use crate::header::History;
use crate::typed::{
    BodyCondition, BodyNode, Comparison, Materialization, OnSchemaChange, Slot, TypedModel,
};

/// The hash of a model's metadata. It holds more than that: what is data as well has changed the
/// other hashes of the profile, which come first.
pub(super) fn metadata(model: &TypedModel) -> Fingerprint {
    hashed(|encoding| {
        encoding.tag(Tag::Metadata);
        encoding.number(ALGORITHM as usize);
        for text in [&model.schema, &model.name, &model.description, &model.owner] {
            encoding.text(text);
        }
        encoding.number(model.tags.len());
        for tag in &model.tags {
            encoding.text(tag);
        }
        encoding.number(model.imports.len());
        for (alias, path) in &model.imports {
            encoding.text(alias);
            encoding.text(path);
        }
        encoding.number(model.columns.len());
        for column in &model.columns {
            encoding.text(&column.name);
            encoding.flag(column.not_null);
            encoding.flag(column.checked);
            encoding.text(&column.description);
        }
        encoding.number(model.variables.len());
        for variable in &model.variables {
            encoding.text(&variable.name);
            encoding.text(&variable.sql_type.to_string());
            encoding.text(variable.default.as_deref().unwrap_or("no default"));
        }
        runs(model, encoding);
        nodes(&model.body, encoding);
        guards(model, encoding);
    })
}

/// What is looked at and made besides the rows; nothing of a model that has none of it.
fn guards(model: &TypedModel, encoding: &mut Encoding) {
    for audit in &model.audits {
        encoding.text("audit");
        encoding.text(&audit.call);
        encoding.flag(audit.warns);
        encoding.flag(audit.store_failures);
        for threshold in [&audit.warn_if, &audit.error_if] {
            encoding.text(threshold.as_deref().unwrap_or_default());
        }
        nodes(&audit.body, encoding);
    }
    for grant in &model.grants {
        encoding.text("grant");
        encoding.text(&grant.privilege);
        encoding.number(grant.to.len());
        for name in &grant.to {
            encoding.text(name);
        }
    }
    for index in &model.indexes {
        encoding.text("index");
        encoding.flag(index.unique);
        encoding.number(index.columns.len());
        for column in &index.columns {
            encoding.text(column);
        }
    }
    for (when, statements) in [("before", &model.before), ("after", &model.after)] {
        for statement in statements {
            encoding.text(when);
            nodes(statement, encoding);
        }
    }
}

fn runs(model: &TypedModel, encoding: &mut Encoding) {
    encoding.text(match model.on_schema_change {
        OnSchemaChange::Fail => "fail",
        OnSchemaChange::Append => "append",
        OnSchemaChange::Sync => "sync",
        OnSchemaChange::Ignore => "ignore",
    });
    encoding.number(model.retries as usize);
    encoding.text(&model.timeout_seconds.to_string());
    // What isn't said leaves no trace, so that a model without it has the profile that it had.
    let history = model.history.map_or("", History::word);
    let said = [
        ("cron", model.cron.as_str()),
        ("cron_tz", &model.cron_tz),
        ("history", history),
        ("forward_only", if model.forward_only { "true" } else { "" }),
        ("was", &model.was),
    ];
    for (key, value) in said.iter().filter(|(_, value)| !value.is_empty()) {
        encoding.text(key);
        encoding.text(value);
    }
    if let Materialization::Incremental(incremental) = &model.materialization {
        encoding.number(incremental.lookback as usize);
        encoding.number(incremental.batch_size as usize);
    }
}

fn nodes(body: &[BodyNode], encoding: &mut Encoding) {
    written(body, encoding, &|text, encoding| encoding.text(text));
}

/// What the pieces of a text are; `write` says what their text is.
pub(super) fn written(
    body: &[BodyNode],
    encoding: &mut Encoding,
    write: &dyn Fn(&str, &mut Encoding),
) {
    encoding.number(body.len());
    for node in body {
        match node {
            BodyNode::Text(text) => write(text, encoding),
            BodyNode::Slot(slot) => encoding.text(&slot_text(*slot)),
            BodyNode::If {
                branches,
                otherwise,
            } => {
                encoding.number(branches.len());
                for (condition, inner) in branches {
                    self::condition(condition, encoding);
                    written(inner, encoding, write);
                }
                written(otherwise, encoding, write);
            }
        }
    }
}

fn slot_text(slot: Slot) -> String {
    match slot {
        Slot::Relation { import, aliased } => format!("relation {import} {aliased}"),
        Slot::This { aliased } => format!("this {aliased}"),
        Slot::Variable(variable) => format!("variable {variable}"),
        Slot::StartTimestamp => "start_ts".to_owned(),
        Slot::EndTimestamp => "end_ts".to_owned(),
        Slot::StartDate => "start_date".to_owned(),
        Slot::EndDate => "end_date".to_owned(),
        Slot::ExecutionTimestamp => "execution_ts".to_owned(),
    }
}

fn condition(condition: &BodyCondition, encoding: &mut Encoding) {
    match condition {
        BodyCondition::Constant(value) => encoding.text(if *value { "true" } else { "false" }),
        BodyCondition::IsIncremental => encoding.text("is_incremental"),
        BodyCondition::FullRefresh => encoding.text("full_refresh"),
        BodyCondition::Environment(name) => encoding.text(&format!("env {name}")),
        BodyCondition::Engine(name) => encoding.text(&format!("engine {name}")),
        BodyCondition::Variable {
            index,
            comparison,
            literal,
        } => {
            let sign = match comparison {
                Comparison::Equal => "==",
                Comparison::Less => "<",
                Comparison::LessOrEqual => "<=",
                Comparison::Greater => ">",
                Comparison::GreaterOrEqual => ">=",
            };
            encoding.text(&format!("variable {index} {sign} {literal}"));
        }
        BodyCondition::Not(inner) => {
            encoding.text("not");
            self::condition(inner, encoding);
        }
        BodyCondition::And(left, right) | BodyCondition::Or(left, right) => {
            let is_and = matches!(condition, BodyCondition::And(..));
            encoding.text(if is_and { "and" } else { "or" });
            self::condition(left, encoding);
            self::condition(right, encoding);
        }
    }
}

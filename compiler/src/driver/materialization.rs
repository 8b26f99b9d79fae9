//! What becomes of a model's query, as the typed model has it.

use crate::graph::Node;
use crate::header::{self, Materialized};
use crate::name::same_name;
use crate::span::Spanned;
use crate::typed::{self, Incremental, Materialization, TypedColumn};

/// The materialization of a model with these columns.
pub(super) fn materialization(node: &Node, columns: &[TypedColumn]) -> Materialization {
    match node.materialized() {
        Materialized::View => Materialization::View,
        Materialized::Table => Materialization::Table,
        Materialized::Ephemeral => Materialization::Ephemeral,
        Materialized::Incremental => Materialization::Incremental(incremental(node)),
        Materialized::Scd2 => match &node.config.scd2 {
            Some(settings) => Materialization::Scd2(scd2(settings, columns)),
            // What is wrong with its settings was reported, and the model goes nowhere.
            None => Materialization::Table,
        },
    }
}

fn incremental(node: &Node) -> Incremental {
    let mut settings = Incremental {
        strategy: typed::Strategy::Append,
        time_column: None,
        unique_key: Vec::new(),
        start: None,
        end: None,
        interval: None,
        interval_tz: None,
        partition_by: Vec::new(),
        lookback: 0,
        batch_size: 0,
        outside: typed::Outside::Error,
    };
    match &node.config.incremental {
        Some(header::Incremental::TimeRange(range)) => {
            settings.strategy = typed::Strategy::TimeRange;
            settings.time_column = Some(range.time_column.value.clone());
            settings.start = Some(range.start.value.text.clone());
            settings.end = range.end.as_ref().map(|end| end.value.text.clone());
            settings.interval = Some(range.interval.value.canonical());
            settings.interval_tz = range.interval_tz.as_ref().map(|zone| zone.value.clone());
            settings.lookback = range.lookback.value;
            settings.batch_size = range.batch_size.as_ref().map_or(0, |size| size.value);
            settings.outside = match range.outside.value {
                header::Outside::Error => typed::Outside::Error,
                header::Outside::Drop => typed::Outside::Drop,
                header::Outside::Keep => typed::Outside::Keep,
            };
        }
        Some(header::Incremental::UniqueKey(key)) => {
            settings.strategy = typed::Strategy::UniqueKey;
            settings.unique_key = names(&key.value);
        }
        Some(header::Incremental::Partition(columns)) => {
            settings.strategy = typed::Strategy::Partition;
            settings.partition_by = names(&columns.value);
        }
        Some(header::Incremental::Append) | None => {}
    }
    settings
}

fn scd2(settings: &header::Scd2, columns: &[TypedColumn]) -> typed::Scd2 {
    let unique_key = names(&settings.unique_key.value);
    let change = match &settings.change {
        header::RowChange::UpdatedAt(column) => typed::RowChange::UpdatedAt(column.value.clone()),
        header::RowChange::Check(checked) => typed::RowChange::Check(match &checked.value {
            header::Checked::All => {
                let is_added = |name: &str| settings.is_added(name);
                let is_key = |name: &str| unique_key.iter().any(|key| same_name(key, name));
                let columns = columns.iter().map(|column| column.name.as_str());
                let columns = columns.filter(|name| !is_added(name) && !is_key(name));
                typed::Checked {
                    all: true,
                    columns: columns.map(str::to_owned).collect(),
                }
            }
            header::Checked::Columns(columns) => typed::Checked {
                all: false,
                columns: names(columns),
            },
        }),
    };
    typed::Scd2 {
        unique_key,
        change,
        hard_deletes: settings.hard_deletes.value,
        valid_from: settings.valid_from.value.clone(),
        valid_to: settings.valid_to.value.clone(),
    }
}

fn names(names: &[Spanned<String>]) -> Vec<String> {
    names.iter().map(|name| name.value.clone()).collect()
}

pub(super) fn on_schema_change(rule: header::OnSchemaChange) -> typed::OnSchemaChange {
    match rule {
        header::OnSchemaChange::Fail => typed::OnSchemaChange::Fail,
        header::OnSchemaChange::Append => typed::OnSchemaChange::Append,
        header::OnSchemaChange::Sync => typed::OnSchemaChange::Sync,
        header::OnSchemaChange::Ignore => typed::OnSchemaChange::Ignore,
    }
}

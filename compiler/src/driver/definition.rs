//! A typed model's definition: its settings, and its text with slots.

use super::model::Work;
use super::variants::TypedVariant;
use crate::check;
use crate::directives::{self, DirectiveTree};
use crate::graph::Node;
use crate::header::{Incremental, Materialized};
use crate::print::{Printer, SlotPlace, Slots};
use crate::typed::{self, Slot, TypedModel};

/// The names of the batch's bounds and of the run's clock.
const BOUNDS: [(&str, Slot); 5] = [
    ("start_ts", Slot::StartTimestamp),
    ("end_ts", Slot::EndTimestamp),
    ("start_date", Slot::StartDate),
    ("end_date", Slot::EndDate),
    ("execution_ts", Slot::ExecutionTimestamp),
];

impl Work<'_> {
    pub(super) fn body(
        &self,
        tree: &DirectiveTree,
        typed: &[TypedVariant],
        contract: &check::contract::Contracted,
    ) -> Vec<typed::BodyNode> {
        let slots = self.slots(tree, typed);
        let variables: Vec<String> = self
            .variables
            .iter()
            .map(|variable| variable.name.clone())
            .collect();
        let dialect = self.context.outline.settings.dialect.word();
        let printer = Printer {
            text: self.text,
            dialect,
            slots: &slots,
            variables: &variables,
        };
        contract.wrap(printer.body(tree))
    }

    fn slots(&self, tree: &DirectiveTree, typed: &[TypedVariant]) -> Slots {
        let mut slots = Slots::default();
        let import = |name: &str| {
            let index = self
                .node
                .imports
                .iter()
                .position(|edge| edge.alias.value.eq_ignore_ascii_case(name));
            index.and_then(|index| u32::try_from(index).ok())
        };
        for used in typed.iter().flat_map(|variant| &variant.relations) {
            let slot = match import(&used.name) {
                Some(import) => Slot::Relation {
                    import,
                    aliased: used.aliased,
                },
                None => Slot::This {
                    aliased: used.aliased,
                },
            };
            slots.insert(SlotPlace {
                span: used.span,
                slot,
            });
        }
        for (name, span) in directives::references(self.text, &tree.tokens) {
            let variable = self
                .variables
                .iter()
                .position(|variable| variable.name.eq_ignore_ascii_case(name));
            let bound = BOUNDS
                .iter()
                .find(|(bound, _)| bound.eq_ignore_ascii_case(name));
            let slot = match (variable, bound) {
                (Some(index), _) => Slot::Variable(u32::try_from(index).unwrap_or(u32::MAX)),
                (None, Some((_, slot))) => *slot,
                (None, None) => continue,
            };
            slots.insert(SlotPlace { span, slot });
        }
        slots
    }

    pub(super) fn model(
        &self,
        typed: &[TypedVariant],
        columns: Vec<typed::TypedColumn>,
        body: Vec<typed::BodyNode>,
    ) -> TypedModel {
        let config = &self.node.config;
        let import = |edge: &crate::graph::Edge| {
            let target = edge
                .target
                .map(|id| self.context.outline.graph.node(id).path.clone());
            (edge.alias.value.clone(), target.unwrap_or_default())
        };
        TypedModel {
            path: self.node.path.clone(),
            file: self
                .context
                .outline
                .files
                .sources
                .file(self.file)
                .path
                .clone(),
            schema: config.schema.value.clone(),
            name: config.name.value.clone(),
            description: self.node.description.clone(),
            owner: config
                .owner
                .as_ref()
                .map(|owner| owner.value.clone())
                .unwrap_or_default(),
            tags: config.tags.value.clone(),
            materialization: materialization(self.node),
            imports: self.node.imports.iter().map(import).collect(),
            columns,
            variables: self.variables.clone(),
            volatile: typed.iter().any(|variant| variant.volatile),
            reads_this: typed.iter().any(|variant| variant.reads_this),
            on_schema_change: on_schema_change(config.on_schema_change.value),
            retries: config.retries.value,
            timeout_seconds: config
                .timeout
                .as_ref()
                .map_or(0, |timeout| timeout.value.seconds),
            body,
        }
    }
}

fn materialization(node: &Node) -> typed::Materialization {
    match node.materialized() {
        Materialized::View => typed::Materialization::View,
        Materialized::Table => typed::Materialization::Table,
        Materialized::Ephemeral => typed::Materialization::Ephemeral,
        Materialized::Incremental => typed::Materialization::Incremental(incremental(node)),
    }
}

fn incremental(node: &Node) -> typed::Incremental {
    let mut settings = typed::Incremental {
        strategy: typed::Strategy::Append,
        time_column: None,
        unique_key: Vec::new(),
        start: None,
        end: None,
        interval: None,
        lookback: 0,
        batch_size: 0,
        outside: typed::Outside::Error,
    };
    match &node.config.incremental {
        Some(Incremental::TimeRange(range)) => {
            settings.strategy = typed::Strategy::TimeRange;
            settings.time_column = Some(range.time_column.value.clone());
            settings.start = Some(range.start.value.text.clone());
            settings.end = range.end.as_ref().map(|end| end.value.text.clone());
            settings.interval = Some(range.interval.value.text.clone());
            settings.lookback = range.lookback.value;
            settings.batch_size = range.batch_size.as_ref().map_or(0, |size| size.value);
            settings.outside = match range.outside.value {
                crate::header::Outside::Error => typed::Outside::Error,
                crate::header::Outside::Drop => typed::Outside::Drop,
                crate::header::Outside::Keep => typed::Outside::Keep,
            };
        }
        Some(Incremental::UniqueKey(key)) => {
            settings.strategy = typed::Strategy::UniqueKey;
            settings.unique_key = key
                .value
                .iter()
                .map(|column| column.value.clone())
                .collect();
        }
        Some(Incremental::Append) | None => {}
    }
    settings
}

fn on_schema_change(rule: crate::header::OnSchemaChange) -> typed::OnSchemaChange {
    match rule {
        crate::header::OnSchemaChange::Fail => typed::OnSchemaChange::Fail,
        crate::header::OnSchemaChange::Append => typed::OnSchemaChange::Append,
        crate::header::OnSchemaChange::Sync => typed::OnSchemaChange::Sync,
        crate::header::OnSchemaChange::Ignore => typed::OnSchemaChange::Ignore,
    }
}

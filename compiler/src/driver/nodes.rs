//! All nodes of a project, each after those that it imports: kept ones as they were, the others
//! typed.

use super::kept::{Inputs, Interface, Record, Typed};
use super::model::{self, Context};
use super::{KnownKind, Outline, audits, levels, tables};
use crate::cache::{Store, Table};
use crate::check;
use crate::diagnostic::Diagnostic;
use crate::graph::{Node, NodeId};
use crate::header::FileKind;
use crate::parallel::side_by_side;
use crate::resolve::Schema;
use std::collections::BTreeSet;
use std::sync::OnceLock;

/// The nodes in the order of the graph.
#[derive(Default)]
pub(super) struct Nodes {
    /// `None` for those that take no part.
    pub(super) nodes: Vec<Option<Settled>>,
    pub(super) findings: Vec<Diagnostic>,
    /// How many were typed, and not kept.
    pub(super) typed: usize,
}

/// A node that is kept or typed.
pub(super) struct Settled {
    pub(super) is_broken: bool,
    /// What the program needs of it, where that was asked for.
    pub(super) value: Option<KnownKind>,
    /// The hash of all that its generated code depends on; `None` for what may be another result the
    /// next time.
    pub(super) identity: Option<[u8; 32]>,
    interface: Interface,
    /// What readers see of it: read from the store when the first reader needs it.
    schema: OnceLock<Schema>,
}

/// Whether the nodes' values are needed.
#[derive(Clone, Copy)]
pub(super) enum Values<'a> {
    /// Only what is wrong with them.
    Left,
    /// For code or for a look at them.
    Taken,
    /// Those of models with an identity that isn't known, and of all that isn't a model.
    Unknown(&'a (dyn Fn(&[u8; 32]) -> bool + Sync)),
}

impl Values<'_> {
    fn is_taken(self, kind: FileKind, identity: Option<&[u8; 32]>) -> bool {
        match self {
            Values::Left => false,
            Values::Taken => true,
            Values::Unknown(is_known) => kind != FileKind::Model || !identity.is_some_and(is_known),
        }
    }
}

/// Settles all nodes. What is typed is put into the store.
pub(super) fn settle(context: &Context<'_>, store: &mut Store, values: Values<'_>) -> Nodes {
    let graph = &context.outline.graph;
    let mut all = Nodes::default();
    all.nodes.resize_with(graph.nodes.len(), || None);
    for level in levels::levels(graph) {
        let place = Place {
            context,
            store,
            settled: &all.nodes,
            values,
        };
        // Most are kept, which takes less time than to hand them to another processor; but for
        // their values, which are many bytes.
        let kept = match values {
            Values::Left | Values::Unknown(_) => {
                level.iter().map(|id| place.kept(graph.node(*id))).collect()
            }
            Values::Taken => side_by_side(&level, |id| place.kept(graph.node(id))),
        };
        let missing: Vec<NodeId> = (level.iter().zip(&kept))
            .filter_map(|(id, kept)| kept.is_none().then_some(*id))
            .collect();
        let typed = side_by_side(&missing, |id| place.typed(graph.node(id)));
        all.typed += missing.len();
        let mut typed = typed.into_iter();
        let done = kept.into_iter().map(|kept| kept.or_else(|| typed.next()));
        let done: Vec<Option<Done>> = done.collect();
        for (id, done) in level.into_iter().zip(done) {
            let Some(done) = done else { continue };
            all.findings.extend(done.findings);
            if let Some(record) = done.record {
                let file = context.outline.files.sources.file(graph.node(id).file);
                store.put(Table::Node, &file.path, record);
            }
            all.nodes[id.0 as usize] = Some(done.settled);
        }
    }
    let mut in_exposures = Vec::new();
    let place = Place {
        context,
        store,
        settled: &all.nodes,
        values,
    };
    let columns = |id: NodeId| place.schema(id).columns;
    check::exposures::check(graph, columns, &mut in_exposures);
    let in_audits = audits::check_definitions(context, |id| place.schema(id));
    // What is wrong with an audit itself is said once, and not of each call.
    let is_of_audit = |found: &Diagnostic| in_audits.iter().any(|other| is_same(found, other));
    all.findings.retain(|found| !is_of_audit(found));
    all.findings.extend(in_audits);
    all.findings.extend(in_exposures);
    if matches!(values, Values::Unknown(_)) {
        take_imports(context, store, &mut all.nodes);
    }
    all
}

/// Takes the values of what the models import whose values were taken: their code names columns.
fn take_imports(context: &Context<'_>, store: &Store, nodes: &mut [Option<Settled>]) {
    let Outline { graph, files, .. } = context.outline;
    let is_taken = |id: NodeId| {
        let settled = nodes[id.0 as usize].as_ref();
        settled.is_some_and(|settled| settled.value.is_some())
    };
    let readers = graph.iter().filter(|(id, _)| is_taken(*id));
    let imported = readers.flat_map(|(_, node)| node.imports.iter().filter_map(|edge| edge.target));
    let missing: BTreeSet<NodeId> = imported.filter(|id| !is_taken(*id)).collect();
    for id in missing {
        let file = graph.node(id).file;
        let value = Record::read(file, &files.sources, store)
            .and_then(|record| record.value(file, &files.sources));
        if let Some(settled) = &mut nodes[id.0 as usize] {
            settled.value = value;
        }
    }
}

/// Whether two findings say the same of one place.
fn is_same(left: &Diagnostic, right: &Diagnostic) -> bool {
    let place = |found: &Diagnostic| found.primary.as_ref().map(|label| label.span);
    left.code == right.code && place(left) == place(right)
}

/// Where a node is settled: what it may look at.
struct Place<'a> {
    context: &'a Context<'a>,
    store: &'a Store,
    settled: &'a [Option<Settled>],
    values: Values<'a>,
}

struct Done {
    settled: Settled,
    findings: Vec<Diagnostic>,
    /// What the store is to have of it.
    record: Option<Vec<u8>>,
}

impl Place<'_> {
    fn inputs(&self, node: &Node) -> Inputs {
        let imports = node.imports.iter();
        let interfaces = imports.map(|edge| Some(self.settled_at(edge.target?)?.interface));
        Inputs::of(self.context, node, interfaces)
    }

    fn kept(&self, node: &Node) -> Option<Done> {
        let sources = &self.context.outline.files.sources;
        let inputs = self.inputs(node);
        let record = Record::find(self.context, node, &inputs, self.store)?;
        let identity = Some(inputs.identity(node, &record.value_hash));
        let value = match self.values.is_taken(node.kind, identity.as_ref()) {
            true => Some(record.value(node.file, sources)?),
            false => None,
        };
        Some(Done {
            findings: record.findings(node.file, sources)?,
            settled: Settled {
                is_broken: record.is_broken,
                value,
                identity,
                interface: record.interface,
                schema: OnceLock::new(),
            },
            record: None,
        })
    }

    fn typed(&self, node: &Node) -> Done {
        let schema_of = |id: NodeId| self.schema(id);
        let typed = match node.kind {
            FileKind::Model => model::compile(self.context, node, schema_of),
            FileKind::Seed => tables::seed(self.context.outline, node),
            FileKind::Source => tables::source(self.context.outline, node),
            // Neither is a node: nobody reads it.
            FileKind::Exposure | FileKind::Audit => {
                Typed::broken(self.context.outline, node, Vec::new())
            }
        };
        let inputs = self.inputs(node);
        let (record, value_hash) = typed.record(self.context, node, &inputs).unzip();
        let identity = value_hash.map(|hash| inputs.identity(node, &hash));
        Done {
            settled: Settled {
                is_broken: matches!(typed.kind, KnownKind::Broken),
                value: (self.values.is_taken(node.kind, identity.as_ref())).then_some(typed.kind),
                identity,
                interface: typed.interface,
                schema: OnceLock::from(typed.schema),
            },
            findings: typed.findings,
            record,
        }
    }

    fn settled_at(&self, id: NodeId) -> Option<&Settled> {
        self.settled[id.0 as usize].as_ref()
    }

    /// What readers see of a node; nothing of one that takes no part.
    fn schema(&self, id: NodeId) -> Schema {
        let Some(settled) = self.settled_at(id) else {
            return Schema::unknown();
        };
        let outline: &Outline = self.context.outline;
        let read = || {
            let own = outline.graph.node(id).file;
            let sources = &outline.files.sources;
            // It was read when the node was found unchanged.
            let record = Record::read(own, sources, self.store);
            let schema = record.and_then(|record| record.schema(own, sources));
            schema.unwrap_or_default()
        };
        settled.schema.get_or_init(read).clone()
    }
}

//! The graph of a project, from its headers alone: which file makes which relation, and who
//! imports whom. No query is read here, so that an import that no query uses is an edge as well.

mod audits;
mod build;
mod cycles;
mod exposures;
mod former;
mod text;

#[cfg(test)]
mod tests;

use crate::cache::Lazy;
use crate::header::{EffectiveConfig, FileKind, Materialized};
use crate::span::{FileId, Span, Spanned};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub use audits::Audit;
pub use build::build;
pub use exposures::{Exposure, ExposureImport};

/// A node: an index into [`Graph::nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct NodeId(pub u32);

/// A model, a seed or a source.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Node {
    /// What it is.
    pub kind: FileKind,
    /// The import path: `models.finance.revenue`.
    pub path: String,
    /// The file that it is made of: for a seed its data.
    pub file: FileId,
    /// The file with its header; `None` for a seed without a typing file.
    pub header: Option<FileId>,
    /// What holds for it, its relation's schema and name among that.
    pub config: Lazy<EffectiveConfig>,
    is_enabled: bool,
    /// What it means; empty where nobody says.
    pub description: String,
    /// What it imports, in the order of its header, and behind that what only its audits do.
    pub imports: Vec<Edge>,
}

impl Node {
    /// Whether it takes part.
    pub fn is_enabled(&self) -> bool {
        self.is_enabled
    }

    /// The word for what it is: a model's materialization, `seed` or `source`.
    pub fn kind_word(&self) -> &'static str {
        match self.kind {
            FileKind::Model => self.materialized().word(),
            FileKind::Seed => "seed",
            FileKind::Source => "source",
            FileKind::Exposure => "exposure",
            FileKind::Audit => "audit",
        }
    }

    /// What becomes of a model's query.
    pub fn materialized(&self) -> Materialized {
        self.config.materialized.value
    }

    /// The relation: `finance.revenue`.
    pub fn relation(&self) -> String {
        format!("{}.{}", self.config.schema.value, self.config.name.value)
    }
}

/// An import.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Edge {
    /// The name that the importing file uses.
    pub alias: Spanned<String>,
    /// What it imports; `None` if there is no such file, which has been reported.
    pub target: Option<NodeId>,
    /// The whole pragma.
    pub span: Span,
    /// Whether an audit's file imports it, and the model itself doesn't.
    pub of_audit: bool,
}

/// The graph of a project.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    /// All nodes, ordered by import path; disabled ones too.
    pub nodes: Vec<Node>,
    /// Every enabled node after all that it imports; otherwise ordered by path. Nodes in a cycle,
    /// which has been reported, and those that need them are left out.
    pub order: Vec<NodeId>,
    /// Who uses the nodes, ordered by path.
    pub exposures: Vec<Exposure>,
    /// The files of `audits/`, in their order.
    pub audits: Vec<Audit>,
    by_path: BTreeMap<String, NodeId>,
}

impl Graph {
    /// A graph of nodes that are ordered by import path, and that know what they import.
    pub fn new(
        nodes: Vec<Node>,
        order: Vec<NodeId>,
        exposures: Vec<Exposure>,
        audits: Vec<Audit>,
    ) -> Self {
        let by_path = paths(&nodes);
        Self {
            nodes,
            order,
            exposures,
            audits,
            by_path,
        }
    }

    /// A node by its id.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// A node by its import path.
    pub fn find(&self, path: &str) -> Option<NodeId> {
        self.by_path.get(path).copied()
    }

    /// All nodes with their ids, ordered by import path.
    pub fn iter(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes
            .iter()
            .enumerate()
            .map(|(index, node)| (NodeId(index as u32), node))
    }
}

/// The first node of each import path.
fn paths(nodes: &[Node]) -> BTreeMap<String, NodeId> {
    let mut by_path: Vec<(String, NodeId)> = (nodes.iter().zip(0..))
        .map(|(node, index)| (node.path.clone(), NodeId(index)))
        .collect();
    by_path.dedup_by(|later, first| later.0 == first.0);
    BTreeMap::from_iter(by_path)
}

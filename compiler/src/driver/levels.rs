//! Which nodes can be worked on at once.

use crate::graph::{Graph, NodeId};

/// The nodes in levels: each imports nodes of earlier levels only.
pub(super) fn levels(graph: &Graph) -> Vec<Vec<NodeId>> {
    let mut depth: Vec<Option<usize>> = vec![None; graph.nodes.len()];
    let mut levels: Vec<Vec<NodeId>> = Vec::new();
    for &id in &graph.order {
        let imports = graph.node(id).imports.iter().filter_map(|edge| edge.target);
        let level = imports
            .filter_map(|target| depth[target.0 as usize])
            .max()
            .map_or(0, |deepest| deepest + 1);
        depth[id.0 as usize] = Some(level);
        if levels.len() <= level {
            levels.resize_with(level + 1, Vec::new);
        }
        levels[level].push(id);
    }
    levels
}

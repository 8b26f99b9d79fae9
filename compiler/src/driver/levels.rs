//! Which nodes can be worked on at once, and working on them at once.

use crate::graph::{Graph, NodeId};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

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

/// Applies a function to each item on all processors and gives the results in the items' order.
pub fn side_by_side<T: Copy + Sync, R: Send>(items: &[T], work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let workers = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .min(items.len());
    if workers <= 1 {
        return items.iter().map(|item| work(*item)).collect();
    }
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let mut done = Vec::new();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else { break };
                    done.push((index, work(*item)));
                }
                results
                    .lock()
                    .unwrap_or_else(|poisoned| poisoned.into_inner())
                    .extend(done);
            });
        }
    });
    let mut results = results
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

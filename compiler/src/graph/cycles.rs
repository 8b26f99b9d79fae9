//! Imports that go round in a circle.

use super::{Edge, Graph, NodeId};
use crate::diagnostic::{Code, Diagnostic};
use std::collections::{BTreeMap, VecDeque};

/// Reports a shortest cycle of each group of nodes that all reach each other.
pub(super) fn find(graph: &Graph) -> Vec<Diagnostic> {
    groups(graph)
        .into_iter()
        .filter_map(|group| shortest(graph, &group))
        .map(|cycle| report(graph, &cycle))
        .collect()
}

fn targets(graph: &Graph, from: NodeId) -> impl Iterator<Item = (NodeId, &Edge)> {
    graph
        .node(from)
        .imports
        .iter()
        .filter_map(|edge| edge.target.map(|target| (target, edge)))
        .filter(|(target, _)| graph.node(*target).is_enabled())
}

/// What Tarjan's algorithm knows of a node.
#[derive(Clone, Copy)]
struct Mark {
    index: usize,
    low: usize,
    on_stack: bool,
}

/// The strongly connected components of the enabled nodes, after Tarjan, "Depth-First Search and
/// Linear Graph Algorithms" (1972), with a stack of its own, as a chain of models may be long.
fn groups(graph: &Graph) -> Vec<Vec<NodeId>> {
    let mut marks: BTreeMap<NodeId, Mark> = BTreeMap::new();
    let mut stack = Vec::new();
    let mut groups = Vec::new();
    for (root, node) in graph.iter() {
        if !node.is_enabled() || marks.contains_key(&root) {
            continue;
        }
        let mut path: Vec<(NodeId, usize)> = vec![(root, 0)];
        while let Some((id, next)) = path.last_mut() {
            let id = *id;
            let count = marks.len();
            let mark = marks.entry(id).or_insert_with(|| {
                stack.push(id);
                Mark {
                    index: count,
                    low: count,
                    on_stack: true,
                }
            });
            if let Some((target, _)) = targets(graph, id).nth(*next) {
                *next += 1;
                match marks.get(&target).copied() {
                    None => path.push((target, 0)),
                    Some(seen) if seen.on_stack => lower(&mut marks, id, seen.index),
                    Some(_) => {}
                }
                continue;
            }
            let Mark { index, low, .. } = *mark;
            path.pop();
            if let Some((parent, _)) = path.last() {
                lower(&mut marks, *parent, low);
            }
            if index == low {
                let start = stack.iter().rposition(|other| *other == id).unwrap_or(0);
                let mut group = stack.split_off(start);
                for member in &group {
                    if let Some(mark) = marks.get_mut(member) {
                        mark.on_stack = false;
                    }
                }
                group.sort_unstable();
                groups.push(group);
            }
        }
    }
    groups
}

fn lower(marks: &mut BTreeMap<NodeId, Mark>, id: NodeId, low: usize) {
    if let Some(mark) = marks.get_mut(&id) {
        mark.low = mark.low.min(low);
    }
}

/// A shortest way from the group's first node back to it, by breadth-first search; `None` for a
/// single node that doesn't import itself.
fn shortest<'g>(graph: &'g Graph, group: &[NodeId]) -> Option<Vec<(NodeId, &'g Edge)>> {
    let start = *group.first()?;
    let mut came_from: BTreeMap<NodeId, (NodeId, &Edge)> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(id) = queue.pop_front() {
        for (target, edge) in targets(graph, id) {
            if target == start {
                let mut cycle = vec![(id, edge)];
                let mut at = id;
                while let Some((before, edge)) = came_from.get(&at) {
                    cycle.push((*before, edge));
                    at = *before;
                }
                cycle.reverse();
                return Some(cycle);
            }
            if group.binary_search(&target).is_ok() && !came_from.contains_key(&target) {
                came_from.insert(target, (id, edge));
                queue.push_back(target);
            }
        }
    }
    None
}

fn report(graph: &Graph, cycle: &[(NodeId, &Edge)]) -> Diagnostic {
    let name = |id: NodeId| format!("`{}`", graph.node(id).path);
    let mut names: Vec<String> = cycle.iter().map(|(id, _)| name(*id)).collect();
    names.extend(names.first().cloned());
    let says = |index: usize| format!("{} imports {}", names[index], names[index + 1]);
    let first = cycle[0].1.span;
    let mut finding = Diagnostic::error(
        Code::ImportCycle,
        first,
        format!("imports go round in a circle: {}", names.join(" → ")),
    )
    .saying(says(0));
    for (index, (_, edge)) in cycle.iter().enumerate().skip(1) {
        finding = finding.and_at(edge.span, says(index));
    }
    let hint = if cycle.len() == 1 {
        "a model reads its own table as `:this`"
    } else {
        "remove one of these imports"
    };
    finding.hint(hint)
}

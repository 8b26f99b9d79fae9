//! Who reads whom, among models.

use super::{Model, Relation};
use std::collections::BTreeSet;

/// The graph of models by their indexes.
#[derive(Debug)]
pub struct Graph {
    parents: Vec<Vec<usize>>,
    children: Vec<Vec<usize>>,
    order: Vec<usize>,
}

impl Graph {
    /// Builds the graph; a path on a cycle is the error.
    pub(super) fn new(models: &[Model]) -> Result<Self, &'static str> {
        let mut children = vec![Vec::new(); models.len()];
        let mut parents = Vec::with_capacity(models.len());
        for (child, model) in models.iter().enumerate() {
            let of_model: BTreeSet<usize> = model
                .imports
                .iter()
                .filter_map(|import| match import {
                    Relation::Model(parent) => Some(*parent),
                    _ => None,
                })
                .collect();
            for parent in &of_model {
                children[*parent].push(child);
            }
            parents.push(of_model.into_iter().collect::<Vec<_>>());
        }
        let order = sort(&parents, &children).map_err(|index| models[index].def.path.as_str())?;
        Ok(Self {
            parents,
            children,
            order,
        })
    }

    /// The models that this one reads, each once.
    pub fn parents(&self, model: usize) -> &[usize] {
        &self.parents[model]
    }

    /// The models that read this one.
    pub fn children(&self, model: usize) -> &[usize] {
        &self.children[model]
    }

    /// All models, each after its parents; those without a choice by path.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// The models on the longest path that starts at each model, itself included: what is
    /// started first when several could be.
    pub fn heights(&self) -> Vec<usize> {
        let mut heights = vec![1; self.order.len()];
        for &model in self.order.iter().rev() {
            for &child in &self.children[model] {
                heights[model] = heights[model].max(heights[child] + 1);
            }
        }
        heights
    }

    /// Everything that `start` reaches over at most `depth` steps along `next`, itself included.
    pub fn reach(&self, start: usize, depth: usize, downstream: bool) -> BTreeSet<usize> {
        let mut reached = BTreeSet::from([start]);
        let mut edge = vec![start];
        for _ in 0..depth {
            let mut following = Vec::new();
            for model in edge {
                let next = if downstream {
                    &self.children[model]
                } else {
                    &self.parents[model]
                };
                following.extend(next.iter().copied().filter(|other| reached.insert(*other)));
            }
            if following.is_empty() {
                break;
            }
            edge = following;
        }
        reached
    }
}

/// Kahn's algorithm, with the smallest index first among those that are ready.
fn sort(parents: &[Vec<usize>], children: &[Vec<usize>]) -> Result<Vec<usize>, usize> {
    let mut missing: Vec<usize> = parents.iter().map(Vec::len).collect();
    let mut ready: BTreeSet<usize> = (0..parents.len())
        .filter(|model| missing[*model] == 0)
        .collect();
    let mut order = Vec::with_capacity(parents.len());
    while let Some(model) = ready.pop_first() {
        order.push(model);
        for &child in &children[model] {
            missing[child] -= 1;
            if missing[child] == 0 {
                ready.insert(child);
            }
        }
    }
    match missing.iter().position(|count| *count > 0) {
        Some(model) => Err(model),
        None => Ok(order),
    }
}

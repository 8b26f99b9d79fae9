//! Which tables a job takes leases of, where several processes write an engine: those that it is going to
//! write, and those that a protected environment is going to show for the first time: nobody else may change
//! a table from then on.
//!
//! It is decided by walking over the graph as the job will, with nothing built: what would be built has a
//! load that nobody knows yet, so that its readers would be built as well. What is decided in the walk
//! itself is thus among it.

use super::context::Context;
use super::decide::{self, Decision, Ready, ReadySet};
use crate::project::Relation;
use crate::situation::stem;
use std::collections::{BTreeSet, HashSet};

/// The names of the leases of all tables and views that a job would write, or show for the first time in a
/// protected environment.
pub fn wanted(
    context: &Context<'_>,
    (selected, seeds): (&BTreeSet<usize>, &BTreeSet<usize>),
) -> BTreeSet<String> {
    let mut walk = DryWalk {
        context,
        ready: ReadySet::new(),
        broken: BTreeSet::new(),
        leases: BTreeSet::new(),
        shown: {
            let shown = context.known.published.values();
            shown.map(|entry| entry.physical.as_str()).collect()
        },
    };
    for index in 0..context.project.seeds().len() {
        walk.seed(index, seeds.contains(&index));
    }
    for &index in context.project.graph().order() {
        walk.model(index, selected);
    }
    walk.leases
}

struct DryWalk<'a> {
    context: &'a Context<'a>,
    ready: ReadySet,
    /// What can't be decided on, and whatever reads it: it won't be built.
    broken: BTreeSet<Relation>,
    leases: BTreeSet<String>,
    /// The tables and views that the environment shows.
    shown: HashSet<&'a str>,
}

impl DryWalk<'_> {
    fn seed(&mut self, index: usize, is_selected: bool) {
        let node = Relation::Seed(index);
        match is_selected {
            true => self.follow(node, decide::seed(self.context, index)),
            false => self.unselected(node),
        }
    }

    fn model(&mut self, index: usize, selected: &BTreeSet<usize>) {
        let (node, model) = (Relation::Model(index), self.context.project.model(index));
        let is_broken = model.imports.iter().any(|it| self.broken.contains(it));
        if model.is_stored() && !selected.contains(&index) {
            self.unselected(node);
        } else if is_broken {
            self.broken.insert(node);
        } else {
            match decide::model(self.context, index, &self.ready) {
                Ok(decision) => self.follow(node, decision),
                Err(_) => {
                    self.broken.insert(node);
                }
            }
        }
    }

    fn unselected(&mut self, node: Relation) {
        let ready = decide::unselected(self.context, node, &self.ready);
        ready.iter().for_each(|ready| self.show(ready));
        self.ready.extend(ready.map(|ready| (node, ready)));
    }

    /// Takes what isn't written and is going to be shown; what the environment shows already nobody else writes.
    fn show(&mut self, ready: &Ready) {
        if let Some(physical) = &ready.physical
            && self.context.environment.protected
            && !self.shown.contains(physical.as_str())
        {
            self.leases.insert(stem(physical).to_owned());
        }
    }

    fn follow(&mut self, node: Relation, decision: Decision) {
        let ready = match decision {
            Decision::Through(ready) | Decision::Unchanged(ready, _) => {
                self.show(&ready);
                ready
            }
            Decision::Build(task) => {
                let physical = task.snapshot.physical;
                self.leases.insert(stem(&physical).to_owned());
                Ready {
                    load: task.load.unwrap_or(task.snapshot.load),
                    physical: Some(physical),
                }
            }
        };
        self.ready.insert(node, ready);
    }
}

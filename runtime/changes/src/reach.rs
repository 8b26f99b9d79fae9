//! What a change of one table reaches downstream, as it is shown.

use crate::effective::EffectiveChange;
use crate::graph::{Graph, OwnChange};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a change of one table reaches. Tables are named by their import paths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// The tables whose rows or columns it reaches, without the changed one, in the graph's order.
    pub tables: Vec<ReachedTable>,
    /// The exposures that it reaches, ordered as in the graph.
    pub exposures: Vec<ReachedExposure>,
    /// The tables that read the changed one, directly or through others, and of which it reaches
    /// nothing, in the graph's order.
    pub spared: Vec<String>,
}

/// What is reached of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachedTable {
    /// Its import path.
    pub path: String,
    /// Whether its rows are others; then so are all its columns.
    pub rows: bool,
    /// The columns with other values, in the table's order.
    pub columns: Vec<String>,
}

/// An exposure that is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachedExposure {
    /// Its path.
    pub path: String,
    /// The import paths through which it is reached, in the order of its header.
    pub through: Vec<String>,
}

impl Graph {
    /// What a change of one table reaches if nothing else changes. Of a path that isn't in the graph
    /// nothing is reached.
    pub fn reach(&self, path: &str, own: &OwnChange) -> Reach {
        let Some(changed) = self.index.get(path).copied() else {
            return Reach::default();
        };
        let known = self.settled(&BTreeMap::from([(path.to_owned(), own.clone())]));
        let mut reach = Reach::default();
        for table in self.downstream(changed) {
            let found = self.reached(table, &known[table]);
            match known[table].is_other_data() {
                true => reach.tables.push(found),
                false => reach.spared.push(found.path),
            }
        }
        for exposure in &self.exposures {
            let reads = exposure.reads.iter();
            let through: Vec<String> = reads
                .filter(|(path, columns)| {
                    let table = self.index.get(path);
                    table.is_some_and(|table| is_used(&known[*table], columns))
                })
                .map(|(path, _)| path.clone())
                .collect();
            if !through.is_empty() {
                let path = exposure.path.clone();
                reach.exposures.push(ReachedExposure { path, through });
            }
        }
        reach
    }

    fn reached(&self, table: usize, change: &EffectiveChange) -> ReachedTable {
        let table = &self.tables[table];
        let columns = table.lineage.columns.iter().map(|column| &column.name);
        ReachedTable {
            path: table.path.clone(),
            rows: change.rows,
            columns: columns
                .filter(|name| change.columns.contains(*name))
                .cloned()
                .collect(),
        }
    }
}

/// Whether a change of a table is one for who uses these columns of it; none for all.
fn is_used(change: &EffectiveChange, columns: &[String]) -> bool {
    let mut columns = columns.iter();
    match columns.len() {
        0 => change.is_other_data(),
        _ => {
            change.rows
                || columns
                    .any(|name| change.columns.contains(name) || change.removed.contains(name))
        }
    }
}

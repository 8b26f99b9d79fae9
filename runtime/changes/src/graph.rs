//! A project's tables with their lineage, and who uses them: what changes are followed through.

use crate::{Change, Input, ModelLineage, OtherAlgorithm, Part, Profile, Relation, change};
use std::collections::{BTreeMap, BTreeSet};

/// A model, a seed or a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Its import path.
    pub path: String,
    /// The import paths of what it reads, in the order of its header. What isn't in the graph never
    /// changes.
    pub imports: Vec<String>,
    /// What its rows and columns are made of.
    pub lineage: ModelLineage,
}

/// Somebody outside the project who uses it, such as a dashboard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exposure {
    /// Its path: `exposures.board_pack`.
    pub path: String,
    /// The import paths of what it uses, each with the columns in lower case; none for all.
    pub reads: Vec<(String, Vec<String>)>,
}

/// How a table itself differs from what it was before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnChange {
    /// As two change profiles say.
    Compared(Change),
    /// In every way: it is new, what it was can't be compared, or its data is other data, as that of
    /// a seed whose file was edited.
    Everything,
}

impl OwnChange {
    /// How a table differs from what it was before, if it was there. `read_by_others` are its columns,
    /// in lower case, that somebody reads.
    pub fn between(
        old: Option<&Profile>,
        new: &Profile,
        read_by_others: &BTreeSet<String>,
    ) -> OwnChange {
        match old.map(|old| change(old, new, read_by_others)) {
            Some(Ok(change)) => OwnChange::Compared(change),
            Some(Err(OtherAlgorithm)) | None => OwnChange::Everything,
        }
    }
}

/// Tables and who uses them. What is computed of them doesn't depend on their order, and is fastest
/// if each comes after those that it imports.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    pub(crate) tables: Vec<Table>,
    pub(crate) exposures: Vec<Exposure>,
    /// The tables by path.
    pub(crate) index: BTreeMap<String, usize>,
    /// For each table those that import it, each once.
    pub(crate) readers: Vec<Vec<usize>>,
}

impl Graph {
    /// Of tables with paths of their own. Of several with the same path the last one counts.
    pub fn new(tables: Vec<Table>, exposures: Vec<Exposure>) -> Self {
        let paths = tables.iter().enumerate();
        let index: BTreeMap<String, usize> = paths
            .map(|(number, table)| (table.path.clone(), number))
            .collect();
        let mut readers = vec![Vec::new(); tables.len()];
        for (number, table) in tables.iter().enumerate() {
            let imports: BTreeSet<usize> = (table.imports.iter())
                .filter_map(|path| index.get(path).copied())
                .collect();
            for import in imports {
                readers[import].push(number);
            }
        }
        Self {
            tables,
            exposures,
            index,
            readers,
        }
    }

    /// The table that a relation of another one means; `None` for one that isn't in the graph.
    pub(crate) fn target(&self, table: usize, relation: Relation) -> Option<usize> {
        match relation {
            Relation::This => Some(table),
            Relation::Import(index) => {
                let path = self.tables[table].imports.get(index as usize)?;
                self.index.get(path).copied()
            }
        }
    }

    /// The columns of a table, in lower case, that other tables or exposures read. All of them if
    /// somebody's columns can't be told.
    pub fn read_columns(&self, path: &str) -> BTreeSet<String> {
        let Some(table) = self.index.get(path).copied() else {
            return BTreeSet::new();
        };
        let mut read = BTreeSet::new();
        let mut is_all = false;
        for reader in &self.readers[table] {
            let own = |input: &&Input| self.target(*reader, input.relation) == Some(table);
            for input in self.tables[*reader].lineage.inputs().filter(own) {
                match &input.part {
                    Part::Rows => {}
                    Part::Any => is_all = true,
                    Part::Column(name) => {
                        read.insert(name.clone());
                    }
                }
            }
        }
        let uses = self.exposures.iter().flat_map(|exposure| &exposure.reads);
        for (_, columns) in uses.filter(|(used, _)| used == path) {
            is_all |= columns.is_empty();
            read.extend(columns.iter().cloned());
        }
        if is_all {
            let columns = self.tables[table].lineage.columns.iter();
            read.extend(columns.map(|column| column.name.clone()));
        }
        read
    }

    /// All tables that read one of them, directly or through others, in the graph's order.
    pub(crate) fn downstream(&self, table: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut waiting = self.readers[table].clone();
        while let Some(reader) = waiting.pop() {
            if found.insert(reader) {
                waiting.extend(&self.readers[reader]);
            }
        }
        found.remove(&table);
        found
    }
}

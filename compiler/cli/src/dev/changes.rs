//! What differs between two states of a project.

use crate::workspace::Loaded;
use dbgo_contract::{ColumnDef, ModelDef};
use dbgo_runtime::project::Relation;
use std::collections::{BTreeMap, BTreeSet};

/// The models of a project that differ from those of an earlier state, by import path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Whose code differs.
    pub changed: BTreeSet<String>,
    /// That weren't there.
    pub added: BTreeSet<String>,
    /// That are gone.
    pub removed: BTreeSet<String>,
}

impl Changes {
    /// What differs between two projects, each by the hashes of its bodies.
    pub fn between(
        before: &BTreeMap<&'static str, [u8; 32]>,
        after: &BTreeMap<&'static str, [u8; 32]>,
    ) -> Self {
        let mut changes = Self::default();
        for (path, hash) in after {
            match before.get(path) {
                Some(other) if other == hash => {}
                Some(_) => {
                    changes.changed.insert((*path).to_owned());
                }
                None => {
                    changes.added.insert((*path).to_owned());
                }
            }
        }
        let gone = before.keys().filter(|path| !after.contains_key(*path));
        changes.removed = gone.map(|path| (*path).to_owned()).collect();
        changes
    }

    /// All that can be looked at now.
    pub fn present(&self) -> impl Iterator<Item = &String> {
        self.changed.iter().chain(&self.added)
    }
}

/// What an edit did to a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnChange {
    /// It is new.
    Added {
        /// Its name.
        name: String,
        /// Its type.
        sql_type: String,
    },
    /// It is gone.
    Removed {
        /// Its name.
        name: String,
    },
    /// It has another type.
    Retyped {
        /// Its name.
        name: String,
        /// What it was.
        before: String,
        /// What it is.
        after: String,
    },
}

/// What differs between the columns of two versions of a model.
pub fn columns(before: &ModelDef, after: &ModelDef) -> Vec<ColumnChange> {
    let of = |model: &ModelDef| -> Vec<(String, String)> {
        let column = |column: &ColumnDef| (column.name.to_string(), column.sql_type.to_string());
        model.columns.iter().map(column).collect()
    };
    let (before, after) = (of(before), of(after));
    let find = |columns: &[(String, String)], name: &str| {
        let mut columns = columns.iter();
        let found = columns.find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, sql_type)| sql_type.clone())
    };
    let mut changes = Vec::new();
    for (name, sql_type) in &after {
        match find(&before, name) {
            None => changes.push(ColumnChange::Added {
                name: name.clone(),
                sql_type: sql_type.clone(),
            }),
            Some(other) if other != *sql_type => changes.push(ColumnChange::Retyped {
                name: name.clone(),
                before: other,
                after: sql_type.clone(),
            }),
            Some(_) => {}
        }
    }
    let gone = before
        .iter()
        .filter(|(name, _)| find(&after, name).is_none());
    changes.extend(gone.map(|(name, _)| ColumnChange::Removed { name: name.clone() }));
    changes
}

/// The models of these files, and those that read a seed or source of these files.
pub fn touched(loaded: &Loaded, files: &BTreeSet<String>) -> BTreeSet<String> {
    let project = &loaded.project;
    let data: BTreeSet<Relation> = project
        .relations()
        .filter(|relation| match relation {
            Relation::Model(_) => false,
            Relation::Seed(index) => files.contains(project.seeds()[*index].file.as_str()),
            Relation::Source(index) => files.contains(project.sources()[*index].file.as_str()),
        })
        .collect();
    let models = project.models().iter();
    let models = models.filter(|model| {
        let reads = |relation| data.contains(relation);
        files.contains(model.def.file.as_str()) || model.imports.iter().any(reads)
    });
    models.map(|model| model.def.path.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_compared_by_their_code() {
        let before = BTreeMap::from([("a", [1; 32]), ("b", [2; 32]), ("c", [3; 32])]);
        let after = BTreeMap::from([("a", [1; 32]), ("b", [9; 32]), ("d", [3; 32])]);
        let changes = Changes::between(&before, &after);
        let set = |path: &str| BTreeSet::from([path.to_owned()]);
        assert_eq!(changes.changed, set("b"));
        assert_eq!(changes.added, set("d"));
        assert_eq!(changes.removed, set("c"));
        assert_eq!(Changes::between(&after, &after), Changes::default());
    }
}

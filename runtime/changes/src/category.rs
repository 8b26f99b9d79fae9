//! What a change of a model means for its data and for those who read it.
//!
//! Pure functions of two profiles and of who reads what; they know no environment and no table.

use crate::sql_type::is_wider;
use crate::{ColumnProfile, ObstacleKind, Profile};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// How much of a model's data a change touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Category {
    /// Nothing has changed.
    Unchanged,
    /// No data has changed: a comment, white space, a description, a renamed common table.
    Metadata,
    /// All rows and columns stay, and there are more columns.
    Additive,
    /// What others read stays: a column that nobody reads is gone, a type is wider, the order is
    /// another one.
    Compatible,
    /// Anything else: see which columns, or whether the rows.
    Breaking,
}

impl Category {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Category::Unchanged => "unchanged",
            Category::Metadata => "metadata",
            Category::Additive => "additive",
            Category::Compatible => "compatible",
            Category::Breaking => "breaking",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// What changes from one profile to another. Columns are named in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// How much of the data is touched.
    pub category: Category,
    /// Whether other rows come, or another number of them. All columns have changed then.
    pub rows: bool,
    /// Whether the query gives its rows in another order.
    pub order: bool,
    /// Whether the rows are kept in another way.
    pub storage: bool,
    /// New columns.
    pub added: Vec<String>,
    /// Those of [`added`](Self::added) that can't be put beside the others, with the reason.
    pub unsafe_additions: Vec<(String, ObstacleKind)>,
    /// Columns that are gone.
    pub removed: Vec<String>,
    /// Those of [`removed`](Self::removed) that somebody reads.
    pub missed: Vec<String>,
    /// Columns with other values, or with a type that has other values.
    pub changed: Vec<String>,
    /// Columns with the same values in a wider type.
    pub widened: Vec<String>,
    /// Columns that stand before or behind others than they did.
    pub moved: Vec<String>,
}

/// Two profiles that can't be compared: two algorithms made them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherAlgorithm;

/// What a change means. `read_by_others` are the columns, in lower case, that somebody reads:
/// models, exposures, tests.
///
/// # Errors
/// If the profiles were made by different algorithms.
pub fn change(
    old: &Profile,
    new: &Profile,
    read_by_others: &BTreeSet<String>,
) -> Result<Change, OtherAlgorithm> {
    if old.algorithm != new.algorithm {
        return Err(OtherAlgorithm);
    }
    let mut change = Change {
        category: Category::Unchanged,
        rows: old.rows != new.rows,
        order: old.order != new.order,
        storage: old.storage != new.storage,
        added: Vec::new(),
        unsafe_additions: Vec::new(),
        removed: Vec::new(),
        missed: Vec::new(),
        changed: Vec::new(),
        widened: Vec::new(),
        moved: moved(old, new),
    };
    for column in &old.columns {
        match new.column(&column.name) {
            None => change.removed.push(column.name.clone()),
            Some(now) => change.compare(column, now),
        }
    }
    for column in &new.columns {
        if old.column(&column.name).is_none() {
            change.added.push(column.name.clone());
            if let Some(obstacle) = column.obstacle {
                let addition = (column.name.clone(), obstacle.kind);
                change.unsafe_additions.push(addition);
            }
        }
    }
    let missed = change.removed.iter();
    change.missed = missed
        .filter(|name| read_by_others.contains(*name))
        .cloned()
        .collect();
    change.category = change.judged(old.metadata != new.metadata);
    Ok(change)
}

impl Change {
    fn compare(&mut self, old: &ColumnProfile, new: &ColumnProfile) {
        if old.values != new.values {
            self.changed.push(new.name.clone());
        } else if old.sql_type != new.sql_type {
            match is_wider(&new.sql_type, &old.sql_type) {
                true => self.widened.push(new.name.clone()),
                false => self.changed.push(new.name.clone()),
            }
        }
    }

    fn judged(&self, metadata: bool) -> Category {
        let is_breaking = self.rows
            || self.storage
            || !self.unsafe_additions.is_empty()
            || !self.missed.is_empty()
            || !self.changed.is_empty()
            || !self.moved.is_empty();
        if is_breaking {
            Category::Breaking
        } else if self.order || !self.removed.is_empty() || !self.widened.is_empty() {
            Category::Compatible
        } else if !self.added.is_empty() {
            Category::Additive
        } else if metadata {
            Category::Metadata
        } else {
            Category::Unchanged
        }
    }

    /// Whether a model that reads these columns, named in lower case, has to be built anew: if the
    /// rows are others, or one of its columns is another one or gone.
    pub fn affects(&self, reads: &BTreeSet<String>) -> bool {
        self.rows || self.touched(reads).next().is_some()
    }

    /// The columns of these that have changed or are gone. If the rows are others, so are all
    /// columns, and this names only those that changed besides.
    pub fn touched<'a>(&'a self, reads: &'a BTreeSet<String>) -> impl Iterator<Item = &'a str> {
        let columns = self.changed.iter().chain(&self.removed);
        columns
            .filter(|name| reads.contains(*name))
            .map(String::as_str)
    }
}

/// The columns of both that stand before or behind others than they did.
fn moved(old: &Profile, new: &Profile) -> Vec<String> {
    let common = |of: &Profile, within: &Profile| -> Vec<String> {
        let names = of.columns.iter().map(|column| column.name.clone());
        names.filter(|name| within.column(name).is_some()).collect()
    };
    let (before, after) = (common(old, new), common(new, old));
    let pairs = before.iter().zip(&after);
    pairs
        .filter(|(before, after)| before != after)
        .map(|(_, after)| after.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ALGORITHM, Fingerprint, Obstacle};

    /// A fingerprint that tells these texts apart.
    fn fingerprint(text: &str) -> Fingerprint {
        let mut bytes = [0; 16];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Fingerprint::from_bytes(bytes)
    }

    fn profile(rows: &str, columns: &[(&str, &str)]) -> Profile {
        let column = |(name, values): &(&str, &str)| ColumnProfile {
            name: (*name).to_owned(),
            sql_type: "INTEGER".to_owned(),
            values: fingerprint(values),
            obstacle: None,
        };
        Profile {
            algorithm: ALGORITHM,
            rows: fingerprint(rows),
            columns: columns.iter().map(column).collect(),
            ..Profile::default()
        }
    }

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn judged(old: &Profile, new: &Profile) -> Change {
        change(old, new, &names(&["a"])).unwrap()
    }

    #[test]
    fn a_child_is_affected_by_what_it_reads() {
        let old = profile("r", &[("a", "a"), ("b", "b")]);
        let new = profile("r", &[("a", "a"), ("b", "other")]);
        let found = judged(&old, &new);
        assert_eq!(found.category, Category::Breaking);
        assert_eq!(found.changed, ["b"]);
        assert!(!found.affects(&names(&["a"])));
        assert!(found.affects(&names(&["a", "b"])));
        assert!(!found.affects(&names(&[])));
        let other_rows = judged(&old, &profile("other", &[("a", "a"), ("b", "b")]));
        assert!(other_rows.affects(&names(&[])));
    }

    #[test]
    fn a_removed_column_breaks_who_reads_it() {
        let old = profile("r", &[("a", "a"), ("b", "b")]);
        let without_b = judged(&old, &profile("r", &[("a", "a")]));
        assert_eq!(without_b.category, Category::Compatible);
        let without_a = judged(&old, &profile("r", &[("b", "b")]));
        assert_eq!(without_a.category, Category::Breaking);
        assert_eq!(without_a.missed, ["a"]);
    }

    #[test]
    fn an_addition_has_to_be_safe() {
        let old = profile("r", &[("a", "a")]);
        let mut new = profile("r", &[("new", "n"), ("a", "a")]);
        assert_eq!(judged(&old, &new).category, Category::Additive);
        new.columns[0].obstacle = Some(Obstacle {
            kind: ObstacleKind::Volatile,
            at: 1,
        });
        assert_eq!(judged(&old, &new).category, Category::Breaking);
    }

    #[test]
    fn a_wider_type_is_compatible_and_a_narrower_one_is_not() {
        let old = profile("r", &[("a", "a")]);
        let mut wider = old.clone();
        wider.columns[0].sql_type = "BIGINT".to_owned();
        assert_eq!(judged(&old, &wider).category, Category::Compatible);
        assert_eq!(judged(&wider, &old).category, Category::Breaking);
        wider.columns[0].sql_type = "DOUBLE".to_owned();
        assert_eq!(judged(&old, &wider).category, Category::Breaking);
    }

    #[test]
    fn order_and_metadata_alone_change_no_data() {
        let old = profile("r", &[("a", "a")]);
        let mut new = old.clone();
        assert_eq!(judged(&old, &new).category, Category::Unchanged);
        new.metadata = fingerprint("other");
        assert_eq!(judged(&old, &new).category, Category::Metadata);
        new.order = fingerprint("other");
        assert_eq!(judged(&old, &new).category, Category::Compatible);
        new.storage = fingerprint("other");
        assert_eq!(judged(&old, &new).category, Category::Breaking);
    }

    #[test]
    fn columns_that_change_places_are_named() {
        let old = profile("r", &[("a", "a"), ("b", "b"), ("c", "c")]);
        let new = profile("r", &[("a", "a"), ("c", "c"), ("new", "n"), ("b", "b")]);
        assert_eq!(judged(&old, &new).moved, ["c", "b"]);
        assert_eq!(judged(&old, &new).category, Category::Breaking);
    }

    #[test]
    fn profiles_of_two_algorithms_are_not_compared() {
        let old = profile("r", &[]);
        let new = Profile {
            algorithm: ALGORITHM + 1,
            ..old.clone()
        };
        assert_eq!(change(&old, &new, &names(&[])), Err(OtherAlgorithm));
    }
}

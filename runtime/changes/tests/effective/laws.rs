//! Laws, over random graphs.

use crate::{naive, unchanged};
use dbgo_changes::{
    ColumnLineage, EffectiveChange, Graph, Input, ModelLineage, OwnChange, Part, Relation, Table,
    Uses,
};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use std::collections::{BTreeMap, BTreeSet};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

/// The most tables of a graph.
const TABLES: usize = 7;

fn names() -> impl Strategy<Value = Vec<String>> {
    subsequence(NAMES.to_vec(), 0..=NAMES.len())
        .prop_map(|names| names.into_iter().map(str::to_owned).collect())
}

fn few_names() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![2 => Just(Vec::new()), 1 => names()]
}

fn uses() -> impl Strategy<Value = Uses> {
    let ways: Vec<Uses> = Uses::WORDS.iter().map(|(way, _)| *way).collect();
    subsequence(ways, 1..=2).prop_map(|ways| ways.into_iter().fold(Uses::NONE, Uses::and))
}

fn input() -> impl Strategy<Value = Input> {
    let relation = prop_oneof![
        8 => (0u32..3).prop_map(Relation::Import),
        1 => Just(Relation::This),
    ];
    let part = prop_oneof![
        2 => Just(Part::Rows),
        6 => prop::sample::select(&NAMES[..]).prop_map(|name| Part::Column(name.to_owned())),
        1 => Just(Part::Any),
    ];
    (relation, part, uses()).prop_map(|(relation, part, uses)| Input {
        relation,
        part,
        uses,
    })
}

fn lineage() -> impl Strategy<Value = ModelLineage> {
    let inputs = || prop::collection::vec(input(), 0..3);
    let columns = names().prop_flat_map(move |names| {
        let inputs = prop::collection::vec(inputs(), names.len());
        (Just(names), inputs)
    });
    (prop::collection::vec(input(), 0..2), columns).prop_map(|(rows, (names, inputs))| {
        let columns = names.into_iter().zip(inputs);
        ModelLineage {
            rows,
            columns: columns
                .map(|(name, inputs)| ColumnLineage { name, inputs })
                .collect(),
        }
    })
}

/// Tables that import any of the others: mostly earlier ones, also in circles.
fn tables() -> impl Strategy<Value = Vec<Table>> {
    let table = (
        lineage(),
        prop::collection::vec(any::<Index>(), 0..3),
        prop::bool::weighted(0.1),
    );
    prop::collection::vec(table, 1..=TABLES).prop_map(|tables| {
        let count = tables.len();
        let each = tables.into_iter().enumerate();
        each.map(|(number, (lineage, imports, is_free))| {
            let among = if is_free || number == 0 {
                count
            } else {
                number
            };
            Table {
                path: path(number),
                imports: imports
                    .iter()
                    .map(|import| path(import.index(among)))
                    .collect(),
                lineage,
            }
        })
        .collect()
    })
}

fn path(number: usize) -> String {
    format!("models.m{number}")
}

fn own_change() -> impl Strategy<Value = OwnChange> {
    let compared = (
        prop::bool::weighted(0.2),
        few_names(),
        few_names(),
        few_names(),
        few_names(),
    );
    let compared = compared.prop_map(|(rows, changed, widened, added, removed)| {
        OwnChange::Compared(dbgo_changes::Change {
            rows,
            changed,
            widened,
            added,
            removed,
            ..unchanged()
        })
    });
    prop_oneof![8 => compared, 1 => Just(OwnChange::Everything)]
}

fn own() -> impl Strategy<Value = BTreeMap<String, OwnChange>> {
    prop::collection::btree_map((0..TABLES).prop_map(path), own_change(), 0..3)
}

/// Both changes together.
fn joined(left: &OwnChange, right: &OwnChange) -> OwnChange {
    let compared = |change: &OwnChange| match change {
        OwnChange::Compared(change) => change.clone(),
        OwnChange::Everything => dbgo_changes::Change {
            rows: true,
            ..unchanged()
        },
    };
    let (left, right) = (compared(left), compared(right));
    let both = |left: Vec<String>, right: Vec<String>| [left, right].concat();
    OwnChange::Compared(dbgo_changes::Change {
        rows: left.rows || right.rows,
        changed: both(left.changed, right.changed),
        widened: both(left.widened, right.widened),
        added: both(left.added, right.added),
        removed: both(left.removed, right.removed),
        ..unchanged()
    })
}

/// Whether one says all that another one says, or more.
fn covers(more: &EffectiveChange, less: &EffectiveChange) -> bool {
    let wider_or_other: BTreeSet<String> = more.widened.union(&more.columns).cloned().collect();
    (more.rows || !less.rows)
        && less.columns.is_subset(&more.columns)
        && less.widened.is_subset(&wider_or_other)
        && less.added.is_subset(&more.added)
        && less.removed.is_subset(&more.removed)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_rules_say_the_same(tables in tables(), own in own()) {
        let found = Graph::new(tables.clone(), Vec::new()).effective(&own);
        prop_assert_eq!(found, naive::effective(&tables, &own));
    }

    #[test]
    fn nothing_comes_of_nothing(tables in tables()) {
        let graph = Graph::new(tables.clone(), Vec::new());
        prop_assert!(graph.effective(&BTreeMap::new()).is_empty());
        let idle = tables.into_iter().map(|table| (table.path, OwnChange::Compared(unchanged())));
        prop_assert!(graph.effective(&idle.collect()).is_empty());
    }

    #[test]
    fn more_changes_reach_more(tables in tables(), own in own(), more in own()) {
        let graph = Graph::new(tables, Vec::new());
        let mut both = own.clone();
        for (path, change) in &more {
            let change = own.get(path).map_or(change.clone(), |own| joined(own, change));
            both.insert(path.clone(), change);
        }
        let (less, more) = (graph.effective(&own), graph.effective(&both));
        for (path, change) in &less {
            let covered = more.get(path).is_some_and(|more| covers(more, change));
            prop_assert!(covered, "{path}: {change:?}, then {:?}", more.get(path));
        }
    }

    #[test]
    fn the_order_of_the_tables_is_no_matter(tables in tables(), own in own()) {
        let mut turned = tables.clone();
        turned.reverse();
        let found = Graph::new(tables, Vec::new()).effective(&own);
        prop_assert_eq!(found, Graph::new(turned, Vec::new()).effective(&own));
    }

    #[test]
    fn what_is_reached_and_what_is_spared_is_all_that_is_downstream(
        tables in tables(),
        change in own_change(),
    ) {
        let graph = Graph::new(tables, Vec::new());
        let reach = graph.reach(&path(0), &change);
        let alone = graph.effective(&BTreeMap::from([(path(0), change)]));
        let reached: BTreeSet<&String> = reach.tables.iter().map(|table| &table.path).collect();
        prop_assert!(reach.spared.iter().all(|path| !reached.contains(path)));
        let others = alone.iter().filter(|(path, change)| **path != self::path(0) && change.is_other_data());
        prop_assert_eq!(others.map(|(path, _)| path).collect::<BTreeSet<_>>(), reached);
    }
}

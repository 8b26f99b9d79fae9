//! Changes that are followed through a graph.

mod laws;
mod naive;
mod reach;
mod shop;

use dbgo_changes::{Category, Change, EffectiveChange, OwnChange};
use shop::{column, graph, names, own, rows};
use std::collections::BTreeMap;

/// A change of which nothing is changed yet.
fn unchanged() -> Change {
    Change {
        category: Category::Unchanged,
        rows: false,
        order: false,
        storage: false,
        added: Vec::new(),
        unsafe_additions: Vec::new(),
        removed: Vec::new(),
        missed: Vec::new(),
        changed: Vec::new(),
        widened: Vec::new(),
        moved: Vec::new(),
    }
}

/// The effective changes if one table changes.
fn effective(path: &str, change: OwnChange) -> BTreeMap<String, EffectiveChange> {
    graph().effective(&BTreeMap::from([(path.to_owned(), change)]))
}

/// Paths with the columns that are others, and `*` where the rows are.
fn shown(effective: &BTreeMap<String, EffectiveChange>) -> Vec<String> {
    let each = effective.iter().map(|(path, change)| {
        let columns: Vec<&str> = change.columns.iter().map(String::as_str).collect();
        let rows = if change.rows { "* " } else { "" };
        format!("{path}: {rows}{}", columns.join(" "))
    });
    each.map(|line| line.trim_end().to_owned()).collect()
}

#[test]
fn a_column_reaches_what_is_made_of_it() {
    let found = effective("orders", own(|change| change.changed = names(&["amount"])));
    assert_eq!(
        shown(&found),
        [
            "daily: total",
            "latest: amount",
            "orders: amount",
            "report: * day share total",
        ]
    );
}

#[test]
fn a_condition_makes_other_rows() {
    let found = effective("orders", own(|change| change.changed = names(&["status"])));
    assert_eq!(
        shown(&found),
        [
            "daily: * day total",
            "orders: status",
            "report: * day share total"
        ]
    );
    assert!(!found.contains_key("customers"));
}

#[test]
fn other_rows_reach_who_reads_rows_and_lookups_alone_where_they_look() {
    let found = effective("customers", own(|change| change.rows = true));
    assert_eq!(shown(&found), ["customers: * id name", "latest: name"]);
}

#[test]
fn additions_reach_only_who_cannot_tell_its_columns() {
    let found = effective("orders", own(|change| change.added = names(&["note"])));
    assert_eq!(shown(&found), ["orders:"]);
    assert!(!found["orders"].is_other_data());
    let found = effective("daily", own(|change| change.added = names(&["note"])));
    assert_eq!(shown(&found), ["daily:", "report: * day share total"]);
}

#[test]
fn a_wider_type_is_handed_on_and_changes_what_is_computed() {
    let found = effective("orders", own(|change| change.widened = names(&["amount"])));
    assert_eq!(
        shown(&found),
        [
            "daily: total",
            "latest:",
            "orders:",
            "report: * day share total"
        ]
    );
    assert_eq!(
        found["latest"].widened.iter().collect::<Vec<_>>(),
        ["amount"]
    );
    let found = effective("orders", own(|change| change.widened = names(&["day"])));
    assert_eq!(
        shown(&found)[0],
        "daily:",
        "rows are told apart by the same values"
    );
}

#[test]
fn a_column_that_goes_is_another_one_for_its_readers() {
    let found = effective("orders", own(|change| change.removed = names(&["amount"])));
    assert!(found["latest"].columns.contains("amount"));
    assert!(found["orders"].is_other_data());
}

#[test]
fn what_changes_no_data_reaches_nobody() {
    let found = effective(
        "orders",
        own(|change| {
            change.category = Category::Breaking;
            change.order = true;
            change.storage = true;
            change.moved = names(&["day", "amount"]);
        }),
    );
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn everything_changes_with_what_cannot_be_compared() {
    use dbgo_changes::{ALGORITHM, Profile};
    let new = Profile {
        algorithm: ALGORITHM,
        ..Profile::default()
    };
    let other = Profile {
        algorithm: ALGORITHM + 1,
        ..Profile::default()
    };
    let nobody = Default::default();
    assert_eq!(
        OwnChange::between(None, &new, &nobody),
        OwnChange::Everything
    );
    assert_eq!(
        OwnChange::between(Some(&other), &new, &nobody),
        OwnChange::Everything
    );
    let same = OwnChange::between(Some(&new), &new, &nobody);
    assert_eq!(same, OwnChange::Compared(unchanged()));
    assert!(effective("orders", same).is_empty());
    let found = effective("customers", OwnChange::Everything);
    assert_eq!(shown(&found), ["customers: * id name", "latest: name"]);
}

#[test]
fn a_table_that_reads_itself_changes_as_a_whole() {
    use dbgo_changes::{Graph, Relation, Table, Uses};
    // A running total: `total` is made of the table's own `total`, which decides its rows too.
    let lineage = shop::lineage(
        &[
            rows(Relation::This),
            column(Relation::This, "state", Uses::CONDITION),
        ],
        &[
            (
                "total",
                vec![column(Relation::This, "total", Uses::COMPUTED)],
            ),
            (
                "state",
                vec![column(Relation::This, "total", Uses::COMPUTED)],
            ),
            ("id", vec![]),
        ],
    );
    let table = Table {
        path: "sums".to_owned(),
        imports: Vec::new(),
        lineage,
    };
    let graph = Graph::new(vec![table], Vec::new());
    let of = |name: &str| {
        let change = own(|change| change.changed = names(&[name]));
        shown(&graph.effective(&BTreeMap::from([("sums".to_owned(), change)])))
    };
    assert_eq!(of("id"), ["sums: id"]);
    assert_eq!(of("total"), ["sums: * id state total"]);
}

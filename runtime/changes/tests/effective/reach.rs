//! What is shown of a change's way.

use crate::shop::{graph, names, own};
use dbgo_changes::{OwnChange, Reach, ReachedExposure, ReachedTable};

fn table(path: &str, rows: bool, columns: &[&str]) -> ReachedTable {
    ReachedTable {
        path: path.to_owned(),
        rows,
        columns: names(columns),
    }
}

fn exposure(path: &str, through: &[&str]) -> ReachedExposure {
    ReachedExposure {
        path: path.to_owned(),
        through: names(through),
    }
}

#[test]
fn tables_exposures_and_what_is_spared_are_named() {
    let change = own(|change| change.changed = names(&["status"]));
    let expected = Reach {
        tables: vec![
            table("daily", true, &["day", "total"]),
            table("report", true, &["day", "total", "share"]),
        ],
        exposures: vec![exposure("exposures.board", &["daily"])],
        spared: names(&["latest"]),
    };
    assert_eq!(graph().reach("orders", &change), expected);
}

#[test]
fn exposures_see_the_columns_that_they_use() {
    let of = |path: &str, column: &str| {
        let change = own(|change| change.changed = names(&[column]));
        graph().reach(path, &change).exposures
    };
    let export = exposure("exposures.export", &["latest"]);
    assert_eq!(of("latest", "amount"), std::slice::from_ref(&export));
    let board = exposure("exposures.board", &["latest"]);
    assert_eq!(of("customers", "name"), [board, export]);
    assert_eq!(of("daily", "day"), []);
}

#[test]
fn additions_reach_no_exposure_and_spare_the_readers() {
    let change = own(|change| change.added = names(&["note"]));
    let reach = graph().reach("orders", &change);
    assert_eq!(reach.exposures, []);
    assert_eq!(reach.spared, ["latest", "daily", "report"]);
}

#[test]
fn of_an_unknown_table_nothing_is_reached() {
    let reach = graph().reach("elsewhere", &OwnChange::Everything);
    assert_eq!(reach, Reach::default());
    assert!(graph().read_columns("elsewhere").is_empty());
}

#[test]
fn columns_that_somebody_reads_are_found() {
    let read = |path: &str| graph().read_columns(path).into_iter().collect::<Vec<_>>();
    assert_eq!(read("orders"), ["amount", "day", "id", "status"]);
    assert_eq!(read("customers"), ["name"]);
    assert_eq!(read("daily"), ["day", "total"], "the report may read all");
    assert_eq!(
        read("latest"),
        ["amount", "id", "name"],
        "the export reads all"
    );
    assert!(read("report").is_empty());
}

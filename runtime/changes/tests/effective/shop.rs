//! A small project by hand.

use crate::unchanged;
use dbgo_changes::{
    Change, ColumnLineage, Exposure, Graph, Input, ModelLineage, OwnChange, Part, Relation, Table,
    Uses,
};

/// Owned names.
pub fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// An own change.
pub fn own(edit: impl FnOnce(&mut Change)) -> OwnChange {
    let mut change = unchanged();
    edit(&mut change);
    OwnChange::Compared(change)
}

fn input(relation: Relation, part: Part, uses: Uses) -> Input {
    Input {
        relation,
        part,
        uses,
    }
}

/// That a relation's rows are handed on.
pub fn rows(relation: Relation) -> Input {
    input(relation, Part::Rows, Uses::PASSED)
}

/// A use of a column.
pub fn column(relation: Relation, name: &str, uses: Uses) -> Input {
    input(relation, Part::Column(name.to_owned()), uses)
}

/// A lineage.
pub fn lineage(rows: &[Input], columns: &[(&str, Vec<Input>)]) -> ModelLineage {
    let column = |(name, inputs): &(&str, Vec<Input>)| ColumnLineage {
        name: (*name).to_owned(),
        inputs: inputs.clone(),
    };
    ModelLineage {
        rows: rows.to_vec(),
        columns: columns.iter().map(column).collect(),
    }
}

fn table(path: &str, imports: &[&str], lineage: ModelLineage) -> Table {
    Table {
        path: path.to_owned(),
        imports: names(imports),
        lineage,
    }
}

/// Orders and customers; the orders with their customers' names, looked up; the totals by day of
/// what is paid; and a report into which nobody looked.
pub fn graph() -> Graph {
    let (first, second) = (Relation::Import(0), Relation::Import(1));
    let latest = lineage(
        &[rows(first)],
        &[
            ("id", vec![column(first, "id", Uses::PASSED)]),
            ("amount", vec![column(first, "amount", Uses::PASSED)]),
            (
                "name",
                vec![
                    column(second, "name", Uses::PASSED),
                    input(second, Part::Rows, Uses::CONDITION),
                ],
            ),
        ],
    );
    let day = |uses| column(first, "day", uses);
    let daily = lineage(
        &[
            rows(first),
            day(Uses::GROUPING),
            column(first, "status", Uses::CONDITION),
        ],
        &[
            ("day", vec![day(Uses::PASSED)]),
            ("total", vec![column(first, "amount", Uses::AGGREGATED)]),
        ],
    );
    let report = ModelLineage::unknown(names(&["day", "total", "share"]), 1);
    let exposure = |path: &str, reads: &[(&str, &[&str])]| Exposure {
        path: path.to_owned(),
        reads: reads
            .iter()
            .map(|(path, columns)| ((*path).to_owned(), names(columns)))
            .collect(),
    };
    Graph::new(
        vec![
            table(
                "orders",
                &[],
                ModelLineage::of_table(names(&["id", "day", "status", "amount"])),
            ),
            table(
                "customers",
                &[],
                ModelLineage::of_table(names(&["id", "name"])),
            ),
            table("latest", &["orders", "customers"], latest),
            table("daily", &["orders", "a table that isn't there"], daily),
            table("report", &["daily"], report),
        ],
        vec![
            exposure(
                "exposures.board",
                &[("daily", &["total"]), ("latest", &["name"])],
            ),
            exposure("exposures.export", &[("latest", &[])]),
        ],
    )
}

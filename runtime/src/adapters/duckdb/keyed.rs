//! DuckDB's SQL for rows that are told apart by keys: merges that a model steers, partitions,
//! versions of rows.
//!
//! All of it is made of `DELETE`, `UPDATE` and `INSERT` over joins that say themselves which row
//! goes with which. `MERGE INTO` takes any one of several matching rows without an error.

use super::ddl::{identifier, identifiers, instant_literal, relation_name};
use crate::adapters::relation::{Merge, Relation, RowChange, VersionedRows};

/// The column that tells matched rows from others; no column of a user has such a name.
const MATCHED: &str = "dbgo matched";

/// `left.a = right.a AND left.b = right.b`
fn equal_keys(left: &str, right: &str, key: &[&str]) -> String {
    all_of(key, |column| format!("{left}.{column} = {right}.{column}"))
}

fn all_of(columns: &[&str], condition: impl Fn(&str) -> String) -> String {
    let conditions: Vec<String> = columns
        .iter()
        .map(|column| condition(&identifier(column)))
        .collect();
    conditions.join(" AND ")
}

fn contains(names: &[&str], name: &str) -> bool {
    names.iter().any(|other| other.eq_ignore_ascii_case(name))
}

pub(super) fn delete_partitions(target: &Relation, source: &Relation, columns: &[&str]) -> String {
    let same = all_of(columns, |column| {
        format!("existing.{column} IS NOT DISTINCT FROM batch.{column}")
    });
    format!(
        "DELETE FROM {} AS existing\nUSING (SELECT DISTINCT {} FROM {}) AS batch\nWHERE {same}",
        relation_name(target),
        identifiers(columns),
        relation_name(source)
    )
}

pub(super) fn merged_rows(merge: &Merge<'_>) -> String {
    let updated = |column: &str| merge.update.is_empty() || contains(merge.update, column);
    let matched = identifier(MATCHED);
    let value = |column: &&str| {
        let name = identifier(column);
        if updated(column) || contains(merge.key, column) {
            format!("\"new\".{name}")
        } else {
            format!(
                "CASE WHEN \"this\".{matched} THEN \"this\".{name} ELSE \"new\".{name} END AS {name}"
            )
        }
    };
    let kept = |column: &&str| format!("\"this\".{}", identifier(column));
    let values: Vec<String> = (merge.columns.iter().map(value))
        .chain(merge.kept.iter().map(kept))
        .collect();
    // A user's text stands on lines of its own, because it may end with a comment.
    let replaces = match merge.on {
        "" => "true".to_owned(),
        on => format!("(\"this\".{matched} IS NULL OR (\n{on}\n))"),
    };
    let remains = match merge.delete_when {
        "" => "true".to_owned(),
        condition => format!("(\n{condition}\n) IS NOT TRUE"),
    };
    format!(
        "SELECT {}\nFROM {} AS \"new\"\n\
         LEFT JOIN (SELECT *, true AS {matched} FROM {}) AS \"this\" ON {}\n\
         WHERE {replaces} AND {remains}",
        values.join(", "),
        relation_name(merge.source),
        relation_name(merge.target),
        equal_keys("\"this\"", "\"new\"", merge.key)
    )
}

pub(super) fn delete_matched(merge: &Merge<'_>) -> String {
    let replaces = match merge.on {
        "" => String::new(),
        on => format!(" AND (\n{on}\n)"),
    };
    format!(
        "DELETE FROM {} AS \"this\" USING {} AS \"new\"\nWHERE {}{replaces}",
        relation_name(merge.target),
        relation_name(merge.source),
        equal_keys("\"this\"", "\"new\"", merge.key)
    )
}

pub(super) fn repeated_keys(
    table: &Relation,
    new: &Relation,
    key: &[&str],
    limit: usize,
) -> String {
    let is_new = format!(
        "EXISTS (SELECT 1 FROM {} AS batch WHERE {})",
        relation_name(new),
        equal_keys("batch", "keyed", key)
    );
    repeated(table, key, &is_new, limit)
}

pub(super) fn repeated_values(relation: &Relation, columns: &[&str], limit: usize) -> String {
    let present = all_of(columns, |column| format!("keyed.{column} IS NOT NULL"));
    repeated(relation, columns, &present, limit)
}

fn repeated(relation: &Relation, columns: &[&str], condition: &str, limit: usize) -> String {
    let of_each = |text: &dyn Fn(&str) -> String| -> String {
        let names = columns.iter().map(|column| text(&identifier(column)));
        names.collect::<Vec<_>>().join(", ")
    };
    format!(
        "SELECT {}, count(*) AS occurrences FROM {} AS keyed\nWHERE {condition}\n\
         GROUP BY {} HAVING count(*) > 1 LIMIT {limit}",
        of_each(&|column| format!("CAST(keyed.{column} AS VARCHAR) AS {column}")),
        relation_name(relation),
        of_each(&|column| format!("keyed.{column}"))
    )
}

/// The run's clock, in the type of the columns in which versions begin and end.
fn now(rows: &VersionedRows<'_>) -> String {
    let instant = instant_literal(rows.now, rows.time_type);
    format!("CAST({instant} AS {})", rows.time_type)
}

/// `greatest` leaves out nulls, which a key without any version has.
pub(super) fn beginning_versions(rows: &VersionedRows<'_>) -> String {
    let (from, to) = (identifier(rows.valid_from), identifier(rows.valid_to));
    let target = relation_name(rows.target);
    let columns = rows.columns.iter();
    let values: Vec<String> = columns
        .map(|column| format!("batch.{}", identifier(column)))
        .collect();
    let (begins, changed) = match rows.change {
        RowChange::Later(column) => {
            let column = identifier(column);
            (
                format!("CAST(batch.{column} AS {})", rows.time_type),
                format!("present.{column} IS NULL OR batch.{column} > present.{column}"),
            )
        }
        RowChange::Different(columns) => {
            let differences: Vec<String> = (columns.iter())
                .map(|column| identifier(column))
                .map(|column| format!("batch.{column} IS DISTINCT FROM present.{column}"))
                .collect();
            let changed = match differences.is_empty() {
                true => "false".to_owned(),
                false => differences.join(" OR "),
            };
            (now(rows), changed)
        }
    };
    format!(
        "SELECT {}, greatest({begins}, latest.ended) AS {from}\nFROM {} AS batch\n\
         LEFT JOIN (SELECT {key}, max(coalesce({to}, {from})) AS ended FROM {target} \
         GROUP BY {key}) AS latest ON {}\n\
         LEFT JOIN (SELECT * FROM {target} WHERE {to} IS NULL) AS present ON {}\n\
         WHERE present.{from} IS NULL OR {changed}",
        values.join(", "),
        relation_name(rows.source),
        equal_keys("latest", "batch", rows.key),
        equal_keys("present", "batch", rows.key),
        key = identifiers(rows.key),
    )
}

pub(super) fn end_replaced_versions(rows: &VersionedRows<'_>) -> Vec<String> {
    let (from, to) = (identifier(rows.valid_from), identifier(rows.valid_to));
    let (target, beginning) = (relation_name(rows.target), relation_name(rows.beginning));
    let present = format!(
        "{} AND existing.{to} IS NULL",
        equal_keys("existing", "next", rows.key)
    );
    vec![
        format!(
            "DELETE FROM {target} AS existing USING {beginning} AS next\n\
             WHERE {present} AND next.{from} <= existing.{from}"
        ),
        format!(
            "UPDATE {target} AS existing SET {to} = next.{from} FROM {beginning} AS next\n\
             WHERE {present}"
        ),
    ]
}

pub(super) fn end_missing_versions(rows: &VersionedRows<'_>) -> Vec<String> {
    let (from, to) = (identifier(rows.valid_from), identifier(rows.valid_to));
    let target = relation_name(rows.target);
    let now = now(rows);
    let missing = format!(
        "existing.{to} IS NULL AND NOT EXISTS (SELECT 1 FROM {} AS batch WHERE {})",
        relation_name(rows.source),
        equal_keys("batch", "existing", rows.key)
    );
    vec![
        format!("DELETE FROM {target} AS existing\nWHERE {missing} AND existing.{from} >= {now}"),
        format!("UPDATE {target} AS existing SET {to} = {now}\nWHERE {missing}"),
    ]
}

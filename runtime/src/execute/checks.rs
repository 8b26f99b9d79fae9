//! What a batch's rows must satisfy before they are committed, and reading small answers.

use super::commit::Stop;
use super::failure::Failure;
use crate::adapters::arrow::util::display::{ArrayFormatter, FormatOptions};
use crate::adapters::{Dialect, QueryResult, Relation, TimeColumn, TimeRange, Transaction};
use crate::events::grouped;

/// How many keys an error shows.
const EXAMPLES: usize = 10;

/// How many rows with a null an error shows.
const SHOWN_NULLS: usize = 3;

/// All values of an answer as text, row by row; a null is nothing.
pub fn cells(result: &QueryResult) -> Vec<Vec<Option<String>>> {
    let options = FormatOptions::default();
    let mut rows = Vec::new();
    for batch in &result.batches {
        for row in 0..batch.num_rows() {
            let cells = batch
                .columns()
                .iter()
                .map(|column| {
                    if column.is_null(row) {
                        return None;
                    }
                    let formatter = ArrayFormatter::try_new(column, &options).ok()?;
                    Some(formatter.value(row).to_string())
                })
                .collect();
            rows.push(cells);
        }
    }
    rows
}

fn numbers(result: &QueryResult) -> Vec<u64> {
    let first = cells(result).into_iter().next().unwrap_or_default();
    first
        .into_iter()
        .map(|cell| cell.and_then(|text| text.parse().ok()).unwrap_or(0))
        .collect()
}

/// Fails if a column that promises no nulls has one.
pub fn not_null(
    transaction: &mut Transaction<'_>,
    dialect: &dyn Dialect,
    relation: &Relation,
    columns: &[&str],
) -> Result<(), Stop> {
    if columns.is_empty() {
        return Ok(());
    }
    let counts = numbers(&transaction.query(&dialect.null_counts(relation, columns))?);
    let broken: Vec<(&str, u64)> = (columns.iter().copied())
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .collect();
    let Some((first, _)) = broken.first() else {
        return Ok(());
    };
    let mut detail = examples(transaction, dialect, relation, first)?;
    detail.push("nothing of it was written".to_owned());
    let detail = detail.join("\n");
    let broken: Vec<String> = broken
        .iter()
        .map(|(column, count)| format!("`{column}` in {}", rows(*count)))
        .collect();
    Err(
        Failure::finding(format!("contract `not null` broken: {}", broken.join(", ")))
            .detail(detail)
            .into(),
    )
}

/// Some rows in which a column is null, with their other columns.
fn examples(
    transaction: &mut Transaction<'_>,
    dialect: &dyn Dialect,
    relation: &Relation,
    column: &str,
) -> Result<Vec<String>, Stop> {
    const SHOWN_COLUMNS: usize = 6;
    let found = transaction.query(&dialect.rows_with_null(relation, column, SHOWN_NULLS))?;
    let fields = found.schema.fields();
    let is_null = |name: &str| name.eq_ignore_ascii_case(column);
    let shown: Vec<usize> = (0..fields.len())
        .filter(|index| !is_null(fields[*index].name()))
        .take(SHOWN_COLUMNS)
        .collect();
    let line = |row: &Vec<Option<String>>| {
        let values = shown.iter().map(|index| {
            let value = row.get(*index).and_then(Option::as_deref).unwrap_or("null");
            format!("{} = {value}", fields[*index].name())
        });
        values.collect::<Vec<_>>().join(", ")
    };
    let rows = cells(&found);
    Ok(rows
        .iter()
        .map(line)
        .filter(|line| !line.is_empty())
        .collect())
}

/// Fails if a key has a null or stands in several rows, with some of them.
pub fn keys(
    transaction: &mut Transaction<'_>,
    dialect: &dyn Dialect,
    relation: &Relation,
    key: &[&str],
) -> Result<(), Stop> {
    let found = cells(&transaction.query(&dialect.key_violations(relation, key, EXAMPLES))?);
    let nulls = found
        .iter()
        .any(|row| row.iter().take(key.len()).any(Option::is_none));
    let what = if nulls { "has nulls" } else { "isn't unique" };
    if found.is_empty() {
        return Ok(());
    }
    let message = format!("the key `{}` {what} in the new rows", key.join(", "));
    let detail = occurrences(&found, key).join("\n");
    Err(Failure::finding(message).detail(detail).into())
}

/// Values that columns have together in several rows of a table, one a line; of those alone that
/// new rows have, if any are given. Nulls are no values.
pub fn repeated(
    transaction: &mut Transaction<'_>,
    dialect: &dyn Dialect,
    (table, new): (&Relation, Option<&Relation>),
    columns: &[&str],
) -> Result<Vec<String>, Stop> {
    let query = match new {
        Some(new) => dialect.repeated_keys(table, new, columns, EXAMPLES),
        None => dialect.repeated_values(table, columns, EXAMPLES),
    };
    Ok(occurrences(&cells(&transaction.query(&query)?), columns))
}

/// Rows of values, the last of which is how often they occur.
fn occurrences(found: &[Vec<Option<String>>], columns: &[&str]) -> Vec<String> {
    let line = |row: &Vec<Option<String>>| {
        let (values, count) = row.split_at(columns.len().min(row.len()));
        let values: Vec<String> = columns
            .iter()
            .zip(values)
            .map(|(column, value)| format!("{column} = {}", value.as_deref().unwrap_or("null")))
            .collect();
        let count = count.first().and_then(Option::as_deref).unwrap_or("?");
        let word = if count == "1" { "row" } else { "rows" };
        format!("{} in {count} {word}", values.join(", "))
    };
    found.iter().map(line).collect()
}

/// Fails if a row doesn't say when it was changed.
pub fn times(
    transaction: &mut Transaction<'_>,
    dialect: &dyn Dialect,
    relation: &Relation,
    column: &str,
) -> Result<(), Stop> {
    let counted = transaction.query(&dialect.null_counts(relation, &[column]))?;
    let nulls = numbers(&counted).first().copied().unwrap_or(0);
    if nulls == 0 {
        return Ok(());
    }
    let detail = examples(transaction, dialect, relation, column)?.join("\n");
    Err(
        Failure::finding(format!("{} without `{column}`", rows(nulls)))
            .detail(detail)
            .into(),
    )
}

/// Fails if a row has no time or one outside the batch's range.
pub fn inside(
    transaction: &mut Transaction<'_>,
    dialect: &dyn Dialect,
    relation: &Relation,
    time: TimeColumn<'_>,
    range: TimeRange,
) -> Result<(), Stop> {
    let answer = transaction.query(&dialect.rows_outside_range(relation, time, range))?;
    let row = cells(&answer).into_iter().next().unwrap_or_default();
    let text = |index: usize| row.get(index).cloned().flatten().unwrap_or_default();
    let number = |index: usize| text(index).parse::<u64>().unwrap_or(0);
    let (nulls, outside) = (number(0), number(1));
    if nulls == 0 && outside == 0 {
        return Ok(());
    }
    let mut parts = Vec::new();
    if nulls > 0 {
        parts.push(format!("{} without `{}`", rows(nulls), time.name));
    }
    if outside > 0 {
        let (first, last) = (text(2), text(3));
        parts.push(format!("{} from {first} to {last}", rows(outside)));
    }
    Err(Failure::finding(format!(
        "rows outside the batch's range: {}",
        parts.join(", ")
    ))
    .detail("filter by `:start_ts` and `:end_ts`, or set `outside='drop'` or `'keep'`")
    .into())
}

fn rows(count: u64) -> String {
    format!(
        "{} row{}",
        grouped(count),
        if count == 1 { "" } else { "s" }
    )
}

//! DuckDB's SQL that fills, changes and checks tables.

use super::ddl::{identifier, identifiers, instant_literal, relation_name, string};
use crate::adapters::ledger::TimeRange;
use crate::adapters::relation::{Column, FileFormat, Relation, SeedFile, SourceFiles, TimeColumn};

pub(super) fn insert_query(table: &Relation, columns: &[&str], query: &str) -> String {
    let (name, columns) = (relation_name(table), identifiers(columns));
    // Through a subquery, by name: the query may give its columns in another order.
    format!("INSERT INTO {name} ({columns})\nSELECT {columns} FROM (\n{query}\n) AS batch")
}

/// Values as text are cast once, in a query over all rows, and not each by itself.
pub(super) fn insert_values(
    table: &Relation,
    columns: &[Column],
    rows: &[Vec<Option<String>>],
) -> String {
    let value = |value: &Option<String>| match value {
        Some(text) => string(text),
        None => "CAST(NULL AS VARCHAR)".to_owned(),
    };
    let rows: Vec<String> = rows
        .iter()
        .map(|row| row.iter().map(value).collect::<Vec<_>>().join(", "))
        .map(|values| format!("({values})"))
        .collect();
    let casts: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| format!("CAST(c{index} AS {})", column.sql_type))
        .collect();
    let names: Vec<String> = (0..columns.len())
        .map(|index| format!("c{index}"))
        .collect();
    format!(
        "INSERT INTO {}\nSELECT {} FROM (VALUES {}) AS given({})",
        relation_name(table),
        casts.join(", "),
        rows.join(", "),
        names.join(", ")
    )
}

fn in_range(time: TimeColumn<'_>, range: TimeRange) -> String {
    let column = identifier(time.name);
    let start = instant_literal(range.start, time.sql_type);
    let end = instant_literal(range.end, time.sql_type);
    format!("{column} >= {start} AND {column} < {end}")
}

pub(super) fn delete_range(table: &Relation, time: TimeColumn<'_>, range: TimeRange) -> String {
    let (name, condition) = (relation_name(table), in_range(time, range));
    format!("DELETE FROM {name} WHERE {condition}")
}

pub(super) fn rows_in_range(query: &str, time: TimeColumn<'_>, range: TimeRange) -> String {
    let condition = in_range(time, range);
    format!("SELECT * FROM (\n{query}\n) AS batch WHERE {condition}")
}

pub(super) fn rows_outside_range(
    relation: &Relation,
    time: TimeColumn<'_>,
    range: TimeRange,
) -> String {
    let (name, column) = (relation_name(relation), identifier(time.name));
    let outside = format!("NOT ({})", in_range(time, range));
    format!(
        "SELECT count(*) FILTER ({column} IS NULL) AS null_times,\n\
         \x20 count(*) FILTER ({outside}) AS outside,\n\
         \x20 CAST(min({column}) FILTER ({outside}) AS VARCHAR) AS earliest,\n\
         \x20 CAST(max({column}) FILTER ({outside}) AS VARCHAR) AS latest\n\
         FROM {name}"
    )
}

/// Delete and insert, in two statements. `MERGE INTO` would do the same in one, but updates in
/// place what it matches, which DuckDB does as delete and insert too, and takes one of several
/// matching rows without an error. An anti join instead of `NOT IN`: it needs no care for nulls.
pub(super) fn merge(
    target: &Relation,
    source: &Relation,
    columns: &[&str],
    key: &[&str],
) -> Vec<String> {
    let (target_name, source_name) = (relation_name(target), relation_name(source));
    let matches: Vec<_> = key
        .iter()
        .map(|column| identifier(column))
        .map(|column| format!("existing.{column} = batch.{column}"))
        .collect();
    let columns = identifiers(columns);
    vec![
        format!(
            "DELETE FROM {target_name} AS existing USING {source_name} AS batch WHERE {}",
            matches.join(" AND ")
        ),
        format!("INSERT INTO {target_name} ({columns})\nSELECT {columns} FROM {source_name}"),
    ]
}

pub(super) fn key_violations(relation: &Relation, key: &[&str], limit: usize) -> String {
    let name = relation_name(relation);
    let of_each = |text: &dyn Fn(&str) -> String| -> Vec<String> {
        key.iter().map(|column| text(&identifier(column))).collect()
    };
    let printed = of_each(&|column| format!("CAST(keyed.{column} AS VARCHAR) AS {column}"));
    let columns = of_each(&|column| format!("keyed.{column}"));
    let nulls = of_each(&|column| format!("keyed.{column} IS NULL"));
    format!(
        "SELECT {}, count(*) AS occurrences FROM {name} AS keyed\n\
         GROUP BY {} HAVING count(*) > 1 OR {} LIMIT {limit}",
        printed.join(", "),
        columns.join(", "),
        nulls.join(" OR ")
    )
}

pub(super) fn null_counts(relation: &Relation, columns: &[&str]) -> String {
    let counts: Vec<_> = columns
        .iter()
        .map(|column| identifier(column))
        .map(|column| format!("count(*) - count({column}) AS {column}"))
        .collect();
    let name = relation_name(relation);
    format!("SELECT {} FROM {name}", counts.join(", "))
}

/// Every declared column under its name and type. In a CSV the declared columns are the file's,
/// read strictly: a ragged row, a missing quote and a value that doesn't fit are errors, and
/// nothing is guessed from the data. DuckDB itself would round `1.5` to fit an `INTEGER`, so exact
/// numbers are read as text and looked at first. A Parquet file has types of its own and is cast.
pub(super) fn seed_query(seed: &SeedFile) -> String {
    let path = string(&seed.path.to_string_lossy());
    match seed.format {
        FileFormat::Csv => {
            let as_read: Vec<_> = seed.columns.iter().map(column_as_read).collect();
            let options = [
                ("delim", string(&seed.delimiter)),
                ("quote", string(&seed.quote)),
                ("escape", string(&seed.quote)),
                ("nullstr", string(&seed.null)),
                ("columns", column_struct(&as_read)),
                ("header", "true".to_owned()),
                ("auto_detect", "false".to_owned()),
                ("strict_mode", "true".to_owned()),
                ("null_padding", "false".to_owned()),
                ("ignore_errors", "false".to_owned()),
            ];
            let options: Vec<_> = options
                .iter()
                .map(|(name, value)| format!("{name} = {value}"))
                .collect();
            let values: Vec<_> = seed.columns.iter().map(checked_value).collect();
            format!(
                "SELECT {} FROM read_csv({path}, {})",
                values.join(", "),
                options.join(", ")
            )
        }
        FileFormat::Parquet => select_cast(&seed.columns, &format!("read_parquet({path})")),
        FileFormat::Json => format!(
            "SELECT * FROM read_json({path}, columns = {})",
            column_struct(&seed.columns)
        ),
    }
}

/// A column of a CSV as DuckDB is told to read it: exact numbers as text.
fn column_as_read(column: &Column) -> Column {
    match digits_after_point(&column.sql_type) {
        Some(_) => Column::new(&column.name, "VARCHAR"),
        None => column.clone(),
    }
}

/// The value of a column of a CSV in its declared type. A number with more digits behind the point
/// than its type has, zeros aside, is an error instead of being rounded.
fn checked_value(column: &Column) -> String {
    let name = identifier(&column.name);
    let sql_type = &column.sql_type;
    let Some(digits) = digits_after_point(sql_type) else {
        return name;
    };
    let pattern = format!(r"\s*[+-]?([0-9]+(\.[0-9]{{0,{digits}}}0*)?|\.[0-9]{{1,{digits}}}0*)\s*");
    let pattern = string(&pattern.replace("{1,0}", "{0}"));
    let (before, after) = (
        string("`"),
        string(&format!(
            "` in the column `{}` doesn't fit {sql_type}",
            column.name
        )),
    );
    format!(
        "CAST(CASE WHEN {name} IS NULL OR regexp_full_match({name}, {pattern}) THEN {name} \
         ELSE error({before} || {name} || {after}) END AS {sql_type}) AS {name}"
    )
}

/// How many digits behind the point an exact number's type has; `None` for every other type.
fn digits_after_point(sql_type: &str) -> Option<u32> {
    /// The scale of `DECIMAL` and of `DECIMAL(p)`.
    const DEFAULT_SCALE: (u32, u32) = (3, 0);
    let upper = sql_type.trim().to_ascii_uppercase();
    let (name, arguments) = match upper.split_once('(') {
        Some((name, arguments)) => (name.trim(), Some(arguments.trim_end_matches(')'))),
        None => (upper.as_str(), None),
    };
    match name {
        "TINYINT" | "SMALLINT" | "INTEGER" | "INT" | "BIGINT" | "HUGEINT" | "UTINYINT"
        | "USMALLINT" | "UINTEGER" | "UBIGINT" | "UHUGEINT" => Some(0),
        "DECIMAL" | "NUMERIC" => match arguments.map(|arguments| arguments.split_once(',')) {
            None => Some(DEFAULT_SCALE.0),
            Some(None) => Some(DEFAULT_SCALE.1),
            Some(Some((_, scale))) => scale.trim().parse().ok(),
        },
        _ => None,
    }
}

pub(super) fn source_files(source: &SourceFiles) -> String {
    let location = string(&source.location);
    let declared = !source.columns.is_empty();
    match source.format {
        FileFormat::Parquet if declared => {
            let files = format!("read_parquet({location}, union_by_name = true)");
            format!("({})", select_cast(&source.columns, &files))
        }
        FileFormat::Parquet => format!("read_parquet({location})"),
        FileFormat::Csv if declared => {
            // Types by name, so that a file may have more columns, or others in front.
            let types = column_struct(&source.columns);
            let files = format!("read_csv({location}, header = true, types = {types})");
            format!("({})", select_cast(&source.columns, &files))
        }
        FileFormat::Csv => format!("read_csv({location})"),
        FileFormat::Json if declared => {
            let columns = column_struct(&source.columns);
            format!("read_json({location}, columns = {columns})")
        }
        FileFormat::Json => format!("read_json({location})"),
    }
}

fn select_cast(columns: &[Column], from: &str) -> String {
    let columns: Vec<_> = columns
        .iter()
        .map(|column| (identifier(&column.name), &column.sql_type))
        .map(|(name, sql_type)| format!("CAST({name} AS {sql_type}) AS {name}"))
        .collect();
    format!("SELECT {} FROM {from}", columns.join(", "))
}

/// `{'id': 'INTEGER', 'name': 'VARCHAR'}`
fn column_struct(columns: &[Column]) -> String {
    let entries: Vec<_> = columns
        .iter()
        .map(|column| format!("{}: {}", string(&column.name), string(&column.sql_type)))
        .collect();
    format!("{{{}}}", entries.join(", "))
}

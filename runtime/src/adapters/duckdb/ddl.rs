//! DuckDB's SQL: the dialect, with everything that creates and drops.
//!
//! Queries are put on lines of their own, because one may end with a `--` comment.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{dml, keyed};
use crate::adapters::dialect::Dialect;
use crate::adapters::ledger::TimeRange;
use crate::adapters::relation::{
    Column, Merge, Relation, SeedFile, SourceFiles, TimeColumn, VersionedRows,
};

/// The catalog and schema of tables that only their session sees.
const TEMPORARY: (&str, &str) = ("temp", "main");

/// Writes DuckDB's SQL.
pub(in crate::adapters) struct DuckDbDialect;

impl Dialect for DuckDbDialect {
    fn identifier(&self, name: &str) -> String {
        identifier(name)
    }

    fn relation(&self, relation: &Relation) -> String {
        relation_name(relation)
    }

    fn string(&self, text: &str) -> String {
        string(text)
    }

    fn literal(&self, value: &str, sql_type: &str) -> String {
        format!("CAST({} AS {sql_type})", string(value))
    }

    fn instant(&self, instant: Timestamp, sql_type: &str) -> String {
        instant_literal(instant, sql_type)
    }

    fn date(&self, instant: Timestamp) -> String {
        format!("DATE '{}'", instant.to_zoned(TimeZone::UTC).date())
    }

    fn create_schema(&self, schema: &str) -> String {
        format!("CREATE SCHEMA IF NOT EXISTS {}", identifier(schema))
    }

    fn create_table(&self, table: &Relation, columns: &[Column]) -> String {
        let columns: Vec<_> = columns.iter().map(column_definition).collect();
        let name = relation_name(table);
        format!("CREATE TABLE {name} ({})", columns.join(", "))
    }

    fn create_table_as(&self, table: &Relation, query: &str) -> String {
        format!("CREATE TABLE {} AS\n{query}\n", relation_name(table))
    }

    fn temporary_relation(&self, name: &str) -> Relation {
        Relation::in_catalog(TEMPORARY.0, TEMPORARY.1, name)
    }

    fn create_temporary_table_as(&self, name: &str, query: &str) -> String {
        let name = relation_name(&self.temporary_relation(name));
        format!("CREATE OR REPLACE TEMPORARY TABLE {name} AS\n{query}\n")
    }

    fn insert_query(&self, table: &Relation, columns: &[&str], query: &str) -> String {
        dml::insert_query(table, columns, query)
    }

    fn delete_range(&self, table: &Relation, time: TimeColumn<'_>, range: TimeRange) -> String {
        dml::delete_range(table, time, range)
    }

    fn rows_in_range(&self, query: &str, time: TimeColumn<'_>, range: TimeRange) -> String {
        dml::rows_in_range(query, time, range)
    }

    fn rows_outside_range(
        &self,
        relation: &Relation,
        time: TimeColumn<'_>,
        range: TimeRange,
    ) -> String {
        dml::rows_outside_range(relation, time, range)
    }

    fn merge(
        &self,
        target: &Relation,
        source: &Relation,
        columns: &[&str],
        key: &[&str],
    ) -> Vec<String> {
        dml::merge(target, source, columns, key)
    }

    fn merged_rows(&self, merge: &Merge<'_>) -> String {
        keyed::merged_rows(merge)
    }

    fn delete_matched(&self, merge: &Merge<'_>) -> String {
        keyed::delete_matched(merge)
    }

    fn delete_partitions(&self, target: &Relation, source: &Relation, columns: &[&str]) -> String {
        keyed::delete_partitions(target, source, columns)
    }

    fn beginning_versions(&self, rows: &VersionedRows<'_>) -> String {
        keyed::beginning_versions(rows)
    }

    fn end_replaced_versions(&self, rows: &VersionedRows<'_>) -> Vec<String> {
        keyed::end_replaced_versions(rows)
    }

    fn end_missing_versions(&self, rows: &VersionedRows<'_>) -> Vec<String> {
        keyed::end_missing_versions(rows)
    }

    fn repeated_keys(
        &self,
        table: &Relation,
        new: &Relation,
        key: &[&str],
        limit: usize,
    ) -> String {
        keyed::repeated_keys(table, new, key, limit)
    }

    fn repeated_values(&self, relation: &Relation, columns: &[&str], limit: usize) -> String {
        keyed::repeated_values(relation, columns, limit)
    }

    fn key_violations(&self, relation: &Relation, key: &[&str], limit: usize) -> String {
        dml::key_violations(relation, key, limit)
    }

    fn rows_with_null(&self, relation: &Relation, column: &str, limit: usize) -> String {
        format!(
            "SELECT * FROM {} WHERE {} IS NULL LIMIT {limit}",
            relation_name(relation),
            identifier(column)
        )
    }

    fn null_counts(&self, relation: &Relation, columns: &[&str]) -> String {
        dml::null_counts(relation, columns)
    }

    fn row_count(&self, relation: &Relation) -> String {
        format!(
            "SELECT count(*) AS row_count FROM {}",
            relation_name(relation)
        )
    }

    fn query_row_count(&self, query: &str) -> String {
        format!("SELECT count(*) AS row_count FROM (\n{query}\n) AS counted")
    }

    fn rows_as_text(&self, query: &str, limit: usize) -> String {
        format!("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (\n{query}\n) AS shown LIMIT {limit}")
    }

    fn insert_values(
        &self,
        table: &Relation,
        columns: &[Column],
        rows: &[Vec<Option<String>>],
    ) -> String {
        dml::insert_values(table, columns, rows)
    }

    fn create_or_replace_view(&self, view: &Relation, query: &str) -> String {
        format!(
            "CREATE OR REPLACE VIEW {} AS\n{query}\n",
            relation_name(view)
        )
    }

    // DuckDB drops what depends on it with neither word, and refuses nothing for a view's sake;
    // `RESTRICT` is written all the same, because it is what is meant.
    fn drop_table(&self, table: &Relation) -> String {
        format!("DROP TABLE IF EXISTS {} RESTRICT", relation_name(table))
    }

    fn drop_view(&self, view: &Relation) -> String {
        format!("DROP VIEW IF EXISTS {} RESTRICT", relation_name(view))
    }

    fn add_column(&self, table: &Relation, column: &Column) -> String {
        let (name, column) = (relation_name(table), column_definition(column));
        format!("ALTER TABLE {name} ADD COLUMN {column}")
    }

    fn drop_column(&self, table: &Relation, column: &str) -> String {
        let (name, column) = (relation_name(table), identifier(column));
        format!("ALTER TABLE {name} DROP COLUMN {column} RESTRICT")
    }

    fn widen_column(&self, table: &Relation, column: &Column) -> String {
        let (name, of) = (relation_name(table), identifier(&column.name));
        format!(
            "ALTER TABLE {name} ALTER COLUMN {of} SET DATA TYPE {}",
            column.sql_type
        )
    }

    // Never a unique one. DuckDB 1.5 refuses keys that were removed in the same transaction where
    // the file was opened after the index was made, and counts removed rows when it makes one.
    fn create_index(&self, table: &Relation, name: &str, _: bool, columns: &[&str]) -> String {
        let (name, table) = (identifier(name), relation_name(table));
        format!("CREATE INDEX {name} ON {table} ({})", identifiers(columns))
    }

    fn drop_index(&self, table: &Relation, name: &str) -> String {
        let index = Relation {
            name: name.to_owned(),
            ..table.clone()
        };
        format!("DROP INDEX {}", relation_name(&index))
    }

    fn index_names(&self, table: &Relation) -> String {
        format!(
            "SELECT index_name FROM duckdb_indexes() \
             WHERE database_name = current_database() AND schema_name = {} AND table_name = {}",
            string(&table.schema),
            string(&table.name)
        )
    }

    fn seed_query(&self, seed: &SeedFile) -> String {
        dml::seed_query(seed)
    }

    fn source_files(&self, source: &SourceFiles) -> String {
        dml::source_files(source)
    }
}

/// A quoted name.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quoted names with commas between them.
pub(super) fn identifiers(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| identifier(name)).collect();
    names.join(", ")
}

/// A quoted relation.
pub(super) fn relation_name(relation: &Relation) -> String {
    let (schema, name) = (identifier(&relation.schema), identifier(&relation.name));
    match &relation.catalog {
        Some(catalog) => format!("{}.{schema}.{name}", identifier(catalog)),
        None => format!("{schema}.{name}"),
    }
}

/// A text literal. A backslash means itself in it.
pub(super) fn string(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A column's quoted name with its type.
pub(super) fn column_definition(column: &Column) -> String {
    format!("{} {}", identifier(&column.name), column.sql_type)
}

/// An instant in a time column's type.
pub(super) fn instant_literal(instant: Timestamp, sql_type: &str) -> String {
    let utc = instant.to_zoned(TimeZone::UTC).datetime();
    let (date, time) = (utc.date(), utc.time());
    let kind = sql_type.trim().to_ascii_uppercase();
    if kind == "DATE" && time == jiff::civil::Time::midnight() {
        return format!("DATE '{date}'");
    }
    match kind.as_str() {
        "TIMESTAMPTZ" | "TIMESTAMP WITH TIME ZONE" => format!("TIMESTAMPTZ '{date} {time}+00'"),
        "TIMESTAMP_NS" => format!("TIMESTAMP_NS '{date} {time}'"),
        _ => format!("TIMESTAMP '{date} {time}'"),
    }
}

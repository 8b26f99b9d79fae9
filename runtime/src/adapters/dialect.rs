//! The SQL that dbgo itself sends to an engine, as text.
//!
//! A dialect is pure: it never talks to an engine. Queries that are put into its statements are
//! single queries without a closing semicolon; everything else that it takes is quoted by it.

use jiff::Timestamp;

use super::ledger::TimeRange;
use super::relation::{Column, Merge, Relation, SeedFile, SourceFiles, TimeColumn, VersionedRows};

/// Writes one engine's SQL.
pub trait Dialect: Send + Sync {
    /// A quoted name.
    fn identifier(&self, name: &str) -> String;

    /// A relation's quoted name with its schema and, where it has one, its catalog.
    fn relation(&self, relation: &Relation) -> String;

    /// A text literal.
    fn string(&self, text: &str) -> String;

    /// A value given as text, as a literal of a type: `CAST('3' AS INTEGER)`.
    fn literal(&self, value: &str, sql_type: &str) -> String;

    /// An instant as a literal of a time column's type. For a date column an instant that isn't
    /// midnight (UTC) is written as a timestamp, because a date would move it.
    fn instant(&self, instant: Timestamp, sql_type: &str) -> String;

    /// The date of an instant in UTC, as a literal.
    fn date(&self, instant: Timestamp) -> String;

    /// Creates a schema where it is missing.
    fn create_schema(&self, schema: &str) -> String;

    /// Creates an empty table.
    fn create_table(&self, table: &Relation, columns: &[Column]) -> String;

    /// Creates a table of a query's rows.
    fn create_table_as(&self, table: &Relation, query: &str) -> String;

    /// The name under which [`Dialect::create_temporary_table_as`] makes a table visible.
    fn temporary_relation(&self, name: &str) -> Relation;

    /// Creates, or replaces, a table of a query's rows that only its session sees.
    fn create_temporary_table_as(&self, name: &str, query: &str) -> String;

    /// Adds a query's rows to a table, by the names of the columns.
    fn insert_query(&self, table: &Relation, columns: &[&str], query: &str) -> String;

    /// Removes the rows whose time is in a range.
    fn delete_range(&self, table: &Relation, time: TimeColumn<'_>, range: TimeRange) -> String;

    /// The rows of a query whose time is in a range.
    fn rows_in_range(&self, query: &str, time: TimeColumn<'_>, range: TimeRange) -> String;

    /// A query for the rows of a relation that don't belong to a range: one row with the columns
    /// `null_times` (rows without a time), `outside` (rows with a time outside), `earliest` and
    /// `latest` (as text, of the rows outside).
    fn rows_outside_range(
        &self,
        relation: &Relation,
        time: TimeColumn<'_>,
        range: TimeRange,
    ) -> String;

    /// Statements that replace the rows of `target` whose key `source` holds, and add those whose
    /// key is new; the last one's row count is the number of rows of `source`. They trust that
    /// [`Dialect::key_violations`] found nothing.
    fn merge(
        &self,
        target: &Relation,
        source: &Relation,
        columns: &[&str],
        key: &[&str],
    ) -> Vec<String>;

    /// A query for the rows that the new ones of a merge become: those that are in the table
    /// afterwards, with the merge's `columns` and then those that only the table has.
    fn merged_rows(&self, merge: &Merge<'_>) -> String;

    /// Removes the rows of the table that new ones replace or take away.
    fn delete_matched(&self, merge: &Merge<'_>) -> String;

    /// Removes the rows of `target` whose values in some columns a row of `source` has too; a
    /// null is a value here.
    fn delete_partitions(&self, target: &Relation, source: &Relation, columns: &[&str]) -> String;

    /// A query for the versions that begin: the columns of the rows, and the one in which a
    /// version begins.
    fn beginning_versions(&self, rows: &VersionedRows<'_>) -> String;

    /// Statements that end the present versions of the keys for which others begin, or remove
    /// those that would last for no time.
    fn end_replaced_versions(&self, rows: &VersionedRows<'_>) -> Vec<String>;

    /// Statements that end the present versions of the keys that aren't there any more, or remove
    /// those that would last for no time.
    fn end_missing_versions(&self, rows: &VersionedRows<'_>) -> Vec<String>;

    /// A query for keys that stand in `new` and in several rows of `table`, as
    /// [`Dialect::key_violations`] gives them.
    fn repeated_keys(&self, table: &Relation, new: &Relation, key: &[&str], limit: usize)
    -> String;

    /// A query for values that columns have together in several rows, without those with a null,
    /// as [`Dialect::key_violations`] gives them.
    fn repeated_values(&self, relation: &Relation, columns: &[&str], limit: usize) -> String;

    /// A query for keys of a relation that a merge can't go by: those with a null and those of
    /// several rows. Its columns are the key's, as text, and `occurrences`; it gives at most `limit` rows,
    /// in no particular order.
    fn key_violations(&self, relation: &Relation, key: &[&str], limit: usize) -> String;

    /// A query that counts the nulls of columns: one row, one number per column, under the
    /// columns' names.
    fn null_counts(&self, relation: &Relation, columns: &[&str]) -> String;

    /// Rows in which a column is null, at most `limit` of them.
    fn rows_with_null(&self, relation: &Relation, column: &str, limit: usize) -> String;

    /// A query for the number of rows of a relation: one row, one number.
    fn row_count(&self, relation: &Relation) -> String;

    /// A query for the number of rows of a query: one row, one number.
    fn query_row_count(&self, query: &str) -> String;

    /// The first rows of a query, at most `limit` of them, with all values as text that
    /// [`Dialect::insert_values`] reads back without loss.
    fn rows_as_text(&self, query: &str, limit: usize) -> String;

    /// Adds rows of values given as text to a table with these columns; a null is nothing.
    fn insert_values(
        &self,
        table: &Relation,
        columns: &[Column],
        rows: &[Vec<Option<String>>],
    ) -> String;

    /// Creates or replaces a view.
    fn create_or_replace_view(&self, view: &Relation, query: &str) -> String;

    /// Drops a table where it exists. What depends on it is never dropped with it.
    fn drop_table(&self, table: &Relation) -> String;

    /// Drops a view where it exists. What depends on it is never dropped with it.
    fn drop_view(&self, view: &Relation) -> String;

    /// Adds a column, null in the rows that are there.
    fn add_column(&self, table: &Relation, column: &Column) -> String;

    /// Drops a column.
    fn drop_column(&self, table: &Relation, column: &str) -> String;

    /// Gives a column another type, which holds all values of the one that it has.
    fn widen_column(&self, table: &Relation, column: &Column) -> String;

    /// Creates an index of a table. It stands in the table's schema. An engine that can't be
    /// trusted with a unique one creates a plain one: its callers look for duplicates themselves.
    fn create_index(&self, table: &Relation, name: &str, unique: bool, columns: &[&str]) -> String;

    /// Drops an index of a table.
    fn drop_index(&self, table: &Relation, name: &str) -> String;

    /// A query for the names of a table's indexes.
    fn index_names(&self, table: &Relation) -> String;

    /// A query for a seed's rows: every declared column, in order, under its name and type. It
    /// fails on a ragged row and on a value that doesn't fit.
    fn seed_query(&self, seed: &SeedFile) -> String;

    /// What stands in a `FROM` for the files of a source.
    fn source_files(&self, source: &SourceFiles) -> String;
}

//! `PIVOT` and `UNPIVOT` in the tree.

use super::ast::{Expr, Name, Query, SelectItem, TableExpr};
use crate::span::Span;

/// Columns made of values: `PIVOT table ON a IN (…) USING sum(b) GROUP BY c`, and behind a table
/// `PIVOT (sum(b) FOR a IN (…) GROUP BY c)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pivot {
    /// What is turned.
    pub table: TableExpr,
    /// What the values are taken of.
    pub on: Vec<PivotColumn>,
    /// The aggregates; without any, rows are counted.
    pub aggregates: Vec<SelectItem>,
    /// `GROUP BY`; empty if it isn't said.
    pub groups: Vec<Name>,
    /// All of it.
    pub span: Span,
}

/// One of the things that a pivot takes its columns of.
#[derive(Clone, Debug, PartialEq)]
pub struct PivotColumn {
    /// One expression, or several of which a value is a row.
    pub exprs: Vec<Expr>,
    /// Which values become columns.
    pub values: PivotValues,
}

/// Which values become columns.
#[derive(Clone, Debug, PartialEq)]
pub enum PivotValues {
    /// `IN ('a', 'b' AS c)`
    Listed(Vec<SelectItem>),
    /// `IN name`: the values of an enumeration.
    Enum(Name),
    /// `IN (query)`
    Query(Box<Query>),
    /// Nothing is said: those that there are.
    All,
}

/// Rows made of columns: `UNPIVOT table ON a, b INTO NAME n VALUE v`, and behind a table
/// `UNPIVOT (v FOR n IN (a, b))`.
#[derive(Clone, Debug, PartialEq)]
pub struct Unpivot {
    /// What is turned.
    pub table: TableExpr,
    /// The columns, or rows of columns.
    pub entries: Vec<SelectItem>,
    /// The new column that holds their names; `None` for `name`.
    pub name: Option<Name>,
    /// The new columns that hold their values; empty for `value`.
    pub values: Vec<Name>,
    /// `INCLUDE NULLS`
    pub include_nulls: bool,
    /// All of it.
    pub span: Span,
}

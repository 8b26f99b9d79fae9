//! What the generated interface of a model implements, and the row it reads.

use std::fmt;
use std::marker::PhantomData;

use crate::from_value::FromValue;
use crate::read_error::{Mismatch, ReadError};
use crate::value::Value;

/// A column as the compiler knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ColumnDef {
    /// The name in SQL.
    pub name: &'static str,
    /// The type as the engine writes it, such as `DECIMAL(18,2)`.
    pub sql_type: &'static str,
    /// Whether it may hold nulls. If not, it is proven or claimed not to.
    pub nullable: bool,
    /// What the column means, in its author's words; empty without.
    pub description: &'static str,
}

/// The row type of a model. Implemented by generated code.
pub trait Model: Sized {
    /// The relation's name, `schema.name`.
    const NAME: &'static str;

    /// The columns, in the model's order.
    fn columns() -> &'static [ColumnDef];

    /// Reads one row.
    ///
    /// # Errors
    /// Names the first column whose value doesn't fit its Rust type.
    fn read(row: &Row<'_>) -> Result<Self, ReadError>;

    /// Checks the audits that look at one row alone.
    ///
    /// # Errors
    /// Every violation, in the order of the columns.
    fn validate(&self) -> Result<(), Vec<Violation>> {
        Ok(())
    }
}

/// A column of model `M` whose values are read as `T`.
///
/// ```
/// # use dbgo_rows::{Column, ColumnDef, Model, ReadError, Row, Value};
/// # struct Order { id: i64 }
/// # impl Model for Order {
/// #     const NAME: &'static str = "shop.orders";
/// #     fn columns() -> &'static [ColumnDef] {
/// #         &[ColumnDef { name: "id", sql_type: "BIGINT", nullable: false, description: "" }]
/// #     }
/// #     fn read(row: &Row<'_>) -> Result<Self, ReadError> {
/// #         Ok(Self { id: row.get(0)? })
/// #     }
/// # }
/// const ID: Column<Order, i64> = Column::new("id", 0);
///
/// let row = Row::from_values::<Order>(&[Value::BigInt(7)])?;
/// assert_eq!(ID.get(&row)?, 7);
/// # Ok::<(), ReadError>(())
/// ```
pub struct Column<M, T> {
    name: &'static str,
    index: usize,
    marker: PhantomData<fn() -> (M, T)>,
}

impl<M, T> Column<M, T> {
    /// A handle of the column with this name at this place in
    /// [`Model::columns`].
    pub const fn new(name: &'static str, index: usize) -> Self {
        Self {
            name,
            index,
            marker: PhantomData,
        }
    }

    /// The name in SQL.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The place in [`Model::columns`].
    pub const fn index(&self) -> usize {
        self.index
    }
}

impl<M: Model, T: FromValue> Column<M, T> {
    /// Reads this column alone.
    ///
    /// # Errors
    /// As [`Row::get`].
    pub fn get(&self, row: &Row<'_>) -> Result<T, ReadError> {
        row.get(self.index)
    }
}

impl<M, T> Clone for Column<M, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M, T> Copy for Column<M, T> {}

impl<M, T> fmt::Debug for Column<M, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Column")
            .field("name", &self.name)
            .field("index", &self.index)
            .finish()
    }
}

/// Where a row's values come from, if not from a slice.
pub(crate) trait Source {
    /// The value of the column at this place in the model's order.
    fn value(&self, index: usize) -> Result<Value, Mismatch>;
}

/// One row of data, its columns in the order of the model that reads it.
pub struct Row<'a> {
    model: &'static str,
    columns: &'static [ColumnDef],
    source: Place<'a>,
}

enum Place<'a> {
    Values(&'a [Value]),
    Source(&'a dyn Source),
}

impl<'a> Row<'a> {
    /// A row of values in the model's order.
    ///
    /// # Errors
    /// There are fewer values than columns.
    pub fn from_values<M: Model>(values: &'a [Value]) -> Result<Self, ReadError> {
        let row = Self::new::<M>(Place::Values(values));
        if values.len() < row.columns.len() {
            return Err(row.error(values.len(), Mismatch::missing_column()));
        }
        Ok(row)
    }

    #[cfg_attr(not(feature = "arrow"), allow(dead_code))]
    pub(crate) fn from_source<M: Model>(source: &'a dyn Source) -> Self {
        Self::new::<M>(Place::Source(source))
    }

    fn new<M: Model>(source: Place<'a>) -> Self {
        Self {
            model: M::NAME,
            columns: M::columns(),
            source,
        }
    }

    /// Reads the column at this place as `T`.
    ///
    /// # Errors
    /// The value doesn't fit `T`, or there is no such column.
    pub fn get<T: FromValue>(&self, index: usize) -> Result<T, ReadError> {
        self.value(index)
            .and_then(T::from_value)
            .map_err(|mismatch| self.error(index, mismatch))
    }

    fn value(&self, index: usize) -> Result<Value, Mismatch> {
        match self.source {
            Place::Values(values) => values
                .get(index)
                .cloned()
                .ok_or_else(Mismatch::missing_column),
            Place::Source(source) => source.value(index),
        }
    }

    fn error(&self, index: usize, mismatch: Mismatch) -> ReadError {
        let (column, sql_type) = match self.columns.get(index) {
            Some(column) => (column.name, column.sql_type),
            None => ("", ""),
        };
        ReadError::new(self.model, column, sql_type, mismatch)
    }
}

/// A row that an audit of the model rejects.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Violation {
    /// The column's name.
    pub column: &'static str,
    /// The audit as it was written, such as `accepted_values(status, ['paid'])`.
    pub audit: &'static str,
    /// The value that was found, as text.
    pub found: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            column,
            audit,
            found,
        } = self;
        write!(f, "column `{column}` holds `{found}`, against `{audit}`")
    }
}

impl std::error::Error for Violation {}

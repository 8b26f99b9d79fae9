//! Models and values from and to Arrow (version 58).
//!
//! Reads what the engine exports with [`SESSION_SETTINGS`](crate::SESSION_SETTINGS)
//! and [`read_projection`](crate::read_projection), and what
//! [`write_array`] writes. Types are told by the Arrow type and, where that
//! doesn't say it (`BIT` in bytes, an interval as text), by the field's
//! extension name or by the SQL type that the caller knows.
//!
//! Not a general Arrow reader: forms that no SQL engine exports (durations,
//! run-end encoding, 256-bit decimals) are refused with
//! [`ReadErrorKind::Format`](crate::ReadErrorKind::Format).
//!
//! ```
//! use std::sync::Arc;
//!
//! use arrow_array::RecordBatch;
//! use arrow_schema::Schema;
//! use dbgo_rows::arrow::{read_batch, write_array};
//! use dbgo_rows::{ColumnDef, Model, ReadError, Row, Value};
//!
//! struct Order {
//!     id: i64,
//! }
//!
//! impl Model for Order {
//!     const NAME: &'static str = "shop.orders";
//!     fn columns() -> &'static [ColumnDef] {
//!         &[ColumnDef { name: "id", sql_type: "BIGINT", nullable: false, description: "" }]
//!     }
//!     fn read(row: &Row<'_>) -> Result<Self, ReadError> {
//!         Ok(Self { id: row.get(0)? })
//!     }
//! }
//!
//! let values = [Value::BigInt(7), Value::BigInt(8)];
//! let (field, array) = write_array("id", &"BIGINT".parse()?, &values)?;
//! let batch = RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![array])?;
//!
//! let orders: Vec<Order> = read_batch(&batch).collect::<Result<_, _>>()?;
//! assert_eq!(orders[1].id, 8);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod decode;
mod encode;
mod extension;
mod reader;

use arrow_array::{Array, RecordBatch};

pub use encode::write_array;
pub use reader::ValueReader;

use crate::model::{ColumnDef, Model, Row, Source};
use crate::read_error::{Mismatch, ReadError};
use crate::sql_type::SqlType;
use crate::value::Value;

/// Reads each row of a batch as a model. Columns are found by name, without
/// regard to case where no name is the same; others are ignored.
///
/// # Errors
/// Each row fails for itself, with the first column that doesn't fit.
pub fn read_batch<M: Model>(
    batch: &RecordBatch,
) -> impl Iterator<Item = Result<M, ReadError>> + '_ {
    let columns: Vec<_> = M::columns()
        .iter()
        .map(|column| BatchColumn::find(column, batch))
        .collect();
    (0..batch.num_rows()).map(move |row| {
        let source = BatchRow {
            columns: &columns,
            row,
        };
        M::read(&Row::from_source::<M>(&source))
    })
}

/// A column of a batch and how to read it; what is wrong with it is told when
/// a row is read.
struct BatchColumn<'a> {
    array: &'a dyn Array,
    reader: ValueReader,
}

impl<'a> BatchColumn<'a> {
    fn find(column: &ColumnDef, batch: &'a RecordBatch) -> Result<Self, Mismatch> {
        let schema = batch.schema_ref();
        let index = schema
            .fields()
            .iter()
            .position(|field| field.name() == column.name)
            .or_else(|| {
                schema
                    .fields()
                    .iter()
                    .position(|field| field.name().eq_ignore_ascii_case(column.name))
            })
            .ok_or_else(Mismatch::missing_column)?;
        let declared = column.sql_type.parse::<SqlType>().ok();
        Ok(Self {
            array: batch.column(index),
            reader: ValueReader::new(schema.field(index), declared.as_ref())?,
        })
    }
}

struct BatchRow<'a> {
    columns: &'a [Result<BatchColumn<'a>, Mismatch>],
    row: usize,
}

impl Source for BatchRow<'_> {
    fn value(&self, index: usize) -> Result<Value, Mismatch> {
        match self.columns.get(index) {
            Some(Ok(column)) => column.reader.read(column.array, self.row),
            Some(Err(mismatch)) => Err(mismatch.clone()),
            None => Err(Mismatch::missing_column()),
        }
    }
}

//! Lossless SQL values, and the traits that generated row types implement.
//!
//! dbgo's compiler writes a struct for each model; this crate is all that such
//! a struct needs. It knows no database and no Arrow by itself (see the
//! features), and reading never panics.
//!
//! # Reading rows
//! What the compiler writes for a model looks like this, and is used like
//! this:
//!
//! ```
//! use dbgo_rows::{Column, ColumnDef, Decimal, Model, ReadError, Row, Value};
//!
//! /// Orders that were paid.
//! #[derive(Debug, Clone, PartialEq)]
//! pub struct PaidOrder {
//!     /// `id BIGINT NOT NULL`
//!     pub id: i64,
//!     /// `amount DECIMAL(18,2)`: in US dollars
//!     pub amount: Option<Decimal>,
//! }
//!
//! impl Model for PaidOrder {
//!     const NAME: &'static str = "shop.paid_order";
//!
//!     fn columns() -> &'static [ColumnDef] {
//!         const COLUMNS: &[ColumnDef] = &[
//!             ColumnDef { name: "id", sql_type: "BIGINT", nullable: false, description: "" },
//!             ColumnDef {
//!                 name: "amount",
//!                 sql_type: "DECIMAL(18,2)",
//!                 nullable: true,
//!                 description: "in US dollars",
//!             },
//!         ];
//!         COLUMNS
//!     }
//!
//!     fn read(row: &Row<'_>) -> Result<Self, ReadError> {
//!         Ok(Self {
//!             id: row.get(0)?,
//!             amount: row.get(1)?,
//!         })
//!     }
//! }
//!
//! /// Handles of the columns.
//! pub mod columns {
//!     use super::*;
//!
//!     pub const ID: Column<PaidOrder, i64> = Column::new("id", 0);
//!     pub const AMOUNT: Column<PaidOrder, Option<Decimal>> = Column::new("amount", 1);
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let values = [Value::BigInt(1), Value::Decimal("9.90".parse()?)];
//! let row = Row::from_values::<PaidOrder>(&values)?;
//! assert_eq!(PaidOrder::read(&row)?.id, 1);
//! assert_eq!(columns::AMOUNT.get(&row)?, Some("9.90".parse()?));
//!
//! // a claim that doesn't hold is an error with a name, not a panic
//! let values = [Value::Null, Value::Null];
//! let error = PaidOrder::read(&Row::from_values::<PaidOrder>(&values)?).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "column `id` of `shop.paid_order` is claimed to be `BIGINT NOT NULL`, but holds a null"
//! );
//! # Ok(())
//! # }
//! ```
//!
//! # Types
//! | SQL | Rust |
//! |---|---|
//! | `BOOLEAN` | `bool` |
//! | `TINYINT`, `SMALLINT`, `INTEGER`, `BIGINT`, `HUGEINT` | `i8`, `i16`, `i32`, `i64`, `i128` |
//! | `UTINYINT`, `USMALLINT`, `UINTEGER`, `UBIGINT`, `UHUGEINT` | `u8`, `u16`, `u32`, `u64`, `u128` |
//! | `FLOAT`, `DOUBLE` | `f32`, `f64` |
//! | `DECIMAL(w,s)`, `BIGNUM` | [`Decimal`], [`BigNum`] |
//! | `VARCHAR`, `BLOB`, `BIT` | `String`, [`Blob`], [`Bit`] |
//! | `DATE` | [`Date`] |
//! | `TIME`, `TIME_NS`, `TIME WITH TIME ZONE` | [`Time`], [`TimeNs`], [`TimeTz`] |
//! | `TIMESTAMP`, `TIMESTAMP_S`, `TIMESTAMP_MS`, `TIMESTAMP_NS` | [`Timestamp`], [`TimestampS`], [`TimestampMs`], [`TimestampNs`] |
//! | `TIMESTAMP WITH TIME ZONE` | [`TimestampTz`] |
//! | `INTERVAL`, `UUID`, `JSON`, `GEOMETRY` | [`Interval`], [`Uuid`], [`Json`], [`Geometry`] |
//! | `T[]`, `T[n]` | `Vec<Option<T>>`, `[Option<T>; n]` |
//! | `MAP(K, V)` | [`Map<K, Option<V>>`](Map) |
//! | `STRUCT(…)` | a generated struct, read with [`Fields`] |
//! | `ENUM(…)` | a generated enum, read with [`read_label`] |
//! | `UNION(…)` | a generated enum, read with [`read_member`] |
//! | a bare `NULL`, or an unknown type | [`Value`] |
//! | `VARIANT` | `String`, its text (see [`read_projection`]) |
//!
//! A nullable column is an `Option` of that. Inside lists, structs, maps and
//! unions the engine promises nothing about nulls, so there all but a map's
//! keys are `Option`s. Every one of these types can also be read as
//! [`Value`], which holds any of them.
//!
//! # From the engine
//! With the feature `arrow`, [`arrow::read_batch`] reads models from Arrow
//! record batches (version 58). For the engine's export to lose nothing,
//! 1. the session needs [`SESSION_SETTINGS`]: without `arrow_lossless_conversion`,
//!    `HUGEINT` and `UHUGEINT` arrive cut to 38 digits, `TIME WITH TIME ZONE`
//!    without its zone, `BIT` as bytes with a padding header, `UUID` and
//!    `JSON` as bare text;
//! 2. columns that hold an `INTERVAL` or a `UNION` at any depth must be
//!    selected through [`read_projection`] ([`select_list`] does it for a whole
//!    model): an interval's microseconds become
//!    nanoseconds in Arrow and overflow beyond 292 years, and an Arrow union
//!    has no null of its own, so that a null union and a union whose member is
//!    null look alike.
//!
//! `VARIANT` is the one type without a lossless way: the engine exports it to
//! nothing but text.
//!
//! # Features
//! None is on by default, and without any the crate has no dependencies.
//!
//! | feature | gives |
//! |---|---|
//! | `arrow` | [`mod@arrow`]: reading models and values from record batches, writing values to arrays |
//! | `chrono`, `jiff` | conversions of dates, times and timestamps |
//! | `rust_decimal` | conversions of [`Decimal`] |
//! | `uuid` | conversions of [`Uuid`] |
//! | `serde_json` | conversions of [`Json`] |
//! | `serde` | `Serialize` and `Deserialize` for all value types |
//!
//! Conversions are `From` where nothing can be lost and `TryFrom` where the
//! other side can't hold every value (infinities, years, digits); those fail
//! with [`ParseError`].

#![warn(missing_docs)]
#![forbid(unsafe_code)]
#![cfg_attr(not(feature = "arrow"), allow(rustdoc::broken_intra_doc_links))]

#[cfg(feature = "arrow")]
pub mod arrow;
mod bignum;
mod bytes;
mod calendar;
mod conversions;
mod date;
mod decimal;
mod float_text;
mod from_value;
mod generated;
mod geometry;
mod interval;
mod into_value;
mod literal;
mod map;
mod model;
mod parse_error;
mod projection;
mod read_error;
mod sql_type;
mod time;
mod timestamp;
mod value;

pub use bignum::BigNum;
pub use bytes::{Bit, Blob, Json, Uuid};
pub use date::Date;
pub use decimal::Decimal;
pub use from_value::FromValue;
pub use generated::{Fields, read_label, read_member, unknown_member};
pub use geometry::Geometry;
pub use interval::Interval;
pub use literal::sql_literal;
pub use map::Map;
pub use model::{Column, ColumnDef, Model, Row, Violation};
pub use parse_error::ParseError;
pub use projection::{SESSION_SETTINGS, read_projection, select_list};
pub use read_error::{Mismatch, ReadError, ReadErrorKind};
pub use sql_type::SqlType;
pub use time::{Time, TimeNs, TimeTz};
pub use timestamp::{Timestamp, TimestampMs, TimestampNs, TimestampS, TimestampTz};
pub use value::Value;

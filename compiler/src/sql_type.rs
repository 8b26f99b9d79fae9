//! The types of SQL values, as DuckDB has and writes them.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The type of a column or expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum SqlType {
    Boolean,
    TinyInt,
    SmallInt,
    Integer,
    BigInt,
    HugeInt,
    UTinyInt,
    USmallInt,
    UInteger,
    UBigInt,
    UHugeInt,
    BigNum,
    Float,
    Double,
    /// `DECIMAL(precision, scale)`
    Decimal(u8, u8),
    Varchar,
    Blob,
    Bit,
    Date,
    Time,
    TimeNs,
    TimeTz,
    Timestamp,
    TimestampS,
    TimestampMs,
    TimestampNs,
    TimestampTz,
    Interval,
    Uuid,
    Json,
    Enum(Vec<String>),
    List(Box<SqlType>),
    Array(Box<SqlType>, u32),
    Struct(Vec<(String, SqlType)>),
    Map(Box<SqlType>, Box<SqlType>),
    Union(Vec<(String, SqlType)>),
    /// The type of a bare `NULL`: fits everywhere, and is written `"NULL"`.
    Null,
    /// A type that the engine has and dbgo has no own name for, as the engine writes it.
    Other(String),
    /// Not known to dbgo's own binder. Whatever follows from it is unknown as well.
    Unknown,
}

impl fmt::Display for SqlType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self:?}")
    }
}

//! The types of SQL values, as DuckDB has and writes them.
//!
//! [`SqlType`] is what a column or an expression has. [`read`] reads every spelling that DuckDB
//! accepts, [`coerce`] holds what fits into what. Values aren't a matter of this module.

pub mod cast;
pub mod coerce;
pub mod combine;
pub mod families;
pub mod keywords;
pub mod read;

pub use combine::{Common, common_type, forced_type};
pub use families::{meant_type, unknown_type_hint};
pub use keywords::quote_identifier;

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
    /// The fields in order. A row without names, `(1, 'a')`, has empty names.
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

impl SqlType {
    /// A list of this type.
    pub fn list(element: SqlType) -> SqlType {
        SqlType::List(Box::new(element))
    }

    /// Whether it, or a type within it, is unknown.
    pub fn has_unknown(&self) -> bool {
        self.any(&|part| matches!(part, SqlType::Unknown))
    }

    /// Whether nothing follows from it: it isn't known, or no more of it than its name is.
    pub fn is_vague(&self) -> bool {
        match self {
            SqlType::Unknown => true,
            SqlType::Other(name) => {
                !self.is_variant() && !self.is_geometry() && !name.starts_with("AGGREGATE_STATE<")
            }
            _ => false,
        }
    }

    /// Whether it is a geometry, with or without a reference system. The engine casts none implicitly, not
    /// even to a text.
    pub fn is_geometry(&self) -> bool {
        matches!(self, SqlType::Other(name) if name == "GEOMETRY" || name.starts_with("GEOMETRY("))
    }

    /// Whether its values carry their types with them.
    pub fn is_variant(&self) -> bool {
        matches!(self, SqlType::Other(name) if name == "VARIANT")
    }

    /// Whether it, or a type within it, satisfies `test`.
    pub fn any(&self, test: &dyn Fn(&SqlType) -> bool) -> bool {
        test(self)
            || match self {
                SqlType::List(element) | SqlType::Array(element, _) => element.any(test),
                SqlType::Map(key, value) => key.any(test) || value.any(test),
                SqlType::Struct(fields) | SqlType::Union(fields) => {
                    fields.iter().any(|(_, field)| field.any(test))
                }
                _ => false,
            }
    }

    /// The type that a column gets where an expression has this one: the engine makes `INTEGER`
    /// of a bare `NULL`, also within lists, structs and maps.
    pub fn as_column(&self) -> SqlType {
        let fields = |fields: &[(String, SqlType)]| {
            fields
                .iter()
                .map(|(name, field)| (name.clone(), field.as_column()))
                .collect()
        };
        match self {
            SqlType::Null => SqlType::Integer,
            SqlType::List(element) => SqlType::list(element.as_column()),
            SqlType::Array(element, size) => SqlType::Array(Box::new(element.as_column()), *size),
            SqlType::Map(key, value) => {
                SqlType::Map(Box::new(key.as_column()), Box::new(value.as_column()))
            }
            SqlType::Struct(members) => SqlType::Struct(fields(members)),
            SqlType::Union(members) => SqlType::Union(fields(members)),
            other => other.clone(),
        }
    }

    /// Whether it is a whole number with or without a sign.
    pub fn is_integer(&self) -> bool {
        use SqlType::*;
        matches!(
            self,
            TinyInt
                | SmallInt
                | Integer
                | BigInt
                | HugeInt
                | UTinyInt
                | USmallInt
                | UInteger
                | UBigInt
                | UHugeInt
        )
    }

    /// Whether arithmetic works on it.
    pub fn is_numeric(&self) -> bool {
        use SqlType::*;
        self.is_integer() || matches!(self, BigNum | Float | Double | Decimal(..))
    }

    /// Whether it is a date, a time, a timestamp or an interval.
    pub fn is_temporal(&self) -> bool {
        use SqlType::*;
        matches!(self, Date | Time | TimeNs | TimeTz | Interval) || self.is_timestamp()
    }

    /// Whether it is a timestamp of any precision.
    pub fn is_timestamp(&self) -> bool {
        use SqlType::*;
        matches!(
            self,
            Timestamp | TimestampS | TimestampMs | TimestampNs | TimestampTz
        )
    }

    /// Whether it has parts.
    pub fn is_nested(&self) -> bool {
        use SqlType::*;
        matches!(self, List(_) | Array(..) | Struct(_) | Map(..) | Union(_))
    }

    /// The word that the engine writes for a type without parameters.
    fn word(&self) -> Option<&'static str> {
        use SqlType::*;
        Some(match self {
            Boolean => "BOOLEAN",
            TinyInt => "TINYINT",
            SmallInt => "SMALLINT",
            Integer => "INTEGER",
            BigInt => "BIGINT",
            HugeInt => "HUGEINT",
            UTinyInt => "UTINYINT",
            USmallInt => "USMALLINT",
            UInteger => "UINTEGER",
            UBigInt => "UBIGINT",
            UHugeInt => "UHUGEINT",
            BigNum => "BIGNUM",
            Float => "FLOAT",
            Double => "DOUBLE",
            Varchar => "VARCHAR",
            Blob => "BLOB",
            Bit => "BIT",
            Date => "DATE",
            Time => "TIME",
            TimeNs => "TIME_NS",
            TimeTz => "TIME WITH TIME ZONE",
            Timestamp => "TIMESTAMP",
            TimestampS => "TIMESTAMP_S",
            TimestampMs => "TIMESTAMP_MS",
            TimestampNs => "TIMESTAMP_NS",
            TimestampTz => "TIMESTAMP WITH TIME ZONE",
            Interval => "INTERVAL",
            Uuid => "UUID",
            Json => "JSON",
            Null => "\"NULL\"",
            Unknown => "UNKNOWN",
            _ => return None,
        })
    }
}

/// As `DESCRIBE` and `typeof` of DuckDB 1.5.5 write it.
impl fmt::Display for SqlType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(word) = self.word() {
            return formatter.write_str(word);
        }
        match self {
            SqlType::Decimal(precision, scale) => write!(formatter, "DECIMAL({precision},{scale})"),
            SqlType::Enum(values) => {
                let quoted: Vec<String> = values
                    .iter()
                    .map(|value| format!("'{}'", value.replace('\'', "''")))
                    .collect();
                write!(formatter, "ENUM({})", quoted.join(", "))
            }
            SqlType::List(element) => write!(formatter, "{element}[]"),
            SqlType::Array(element, size) => write!(formatter, "{element}[{size}]"),
            SqlType::Map(key, value) => write!(formatter, "MAP({key}, {value})"),
            SqlType::Struct(fields) => write!(formatter, "STRUCT({})", Fields(fields)),
            SqlType::Union(fields) => write!(formatter, "UNION({})", Fields(fields)),
            SqlType::Other(text) => formatter.write_str(text),
            _ => Ok(()),
        }
    }
}

struct Fields<'a>(&'a [(String, SqlType)]);

impl fmt::Display for Fields<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, field)) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str(", ")?;
            }
            if !name.is_empty() {
                write!(formatter, "{} ", quote_identifier(name))?;
            }
            write!(formatter, "{field}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;

//! One value of any SQL type.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::float_text::{write_f32, write_f64};
use crate::{
    BigNum, Bit, Blob, Date, Decimal, Geometry, Interval, Json, Time, TimeNs, TimeTz, Timestamp,
    TimestampMs, TimestampNs, TimestampS, TimestampTz, Uuid,
};

/// One value of any type that the engine has, nothing lost.
///
/// Equality is total and asks for the same type and the same content: `NaN`
/// equals `NaN`, `-0.0` isn't `0.0`, an `INTEGER` is never a `BIGINT`, and
/// pairs of a map and fields of a struct have an order. Decimals are the one
/// looseness: `1.0` equals `1.00`.
///
/// `Display` writes what `CAST(… AS VARCHAR)` gives in a session whose
/// `TimeZone` is `UTC`, except where that would be less:
/// - floats have the shortest digits that read back as the same number (the
///   engine now and then writes more);
/// - a decimal below one has its zero (the engine writes `.5` where width and
///   scale are equal);
/// - an offset of `-00:00:01` has all its parts (the engine writes `-00:01`);
/// - moments beyond the year 285,000 have all their digits (the engine rounds
///   those of `TIMESTAMP WITH TIME ZONE` to the millisecond's neighbour).
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Value {
    /// `NULL`, of any type.
    Null,
    /// `BOOLEAN`
    Boolean(bool),
    /// `TINYINT`
    TinyInt(i8),
    /// `SMALLINT`
    SmallInt(i16),
    /// `INTEGER`
    Integer(i32),
    /// `BIGINT`
    BigInt(i64),
    /// `HUGEINT`
    HugeInt(i128),
    /// `UTINYINT`
    UTinyInt(u8),
    /// `USMALLINT`
    USmallInt(u16),
    /// `UINTEGER`
    UInteger(u32),
    /// `UBIGINT`
    UBigInt(u64),
    /// `UHUGEINT`
    UHugeInt(u128),
    /// `FLOAT`
    Float(f32),
    /// `DOUBLE`
    Double(f64),
    /// `DECIMAL(width, scale)`
    Decimal(Decimal),
    /// `BIGNUM`
    BigNum(BigNum),
    /// `VARCHAR`
    Varchar(String),
    /// `BLOB`
    Blob(Blob),
    /// `BIT`
    Bit(Bit),
    /// `DATE`
    Date(Date),
    /// `TIME`
    Time(Time),
    /// `TIME_NS`
    TimeNs(TimeNs),
    /// `TIME WITH TIME ZONE`
    TimeTz(TimeTz),
    /// `TIMESTAMP`
    Timestamp(Timestamp),
    /// `TIMESTAMP_S`
    TimestampS(TimestampS),
    /// `TIMESTAMP_MS`
    TimestampMs(TimestampMs),
    /// `TIMESTAMP_NS`
    TimestampNs(TimestampNs),
    /// `TIMESTAMP WITH TIME ZONE`
    TimestampTz(TimestampTz),
    /// `INTERVAL`
    Interval(Interval),
    /// `UUID`
    Uuid(Uuid),
    /// `JSON`
    Json(Json),
    /// `ENUM`: the label. Which labels there are says the column's
    /// [`SqlType`](crate::SqlType).
    Enum(String),
    /// `GEOMETRY`
    Geometry(Geometry),
    /// A list, `T[]`.
    List(Vec<Value>),
    /// An array of fixed length, `T[n]`.
    Array(Vec<Value>),
    /// `STRUCT`: fields by name, in order; without names, the names are empty.
    Struct(Vec<(String, Value)>),
    /// `MAP`: pairs in the engine's order.
    Map(Vec<(Value, Value)>),
    /// `UNION`: the member's name and its value, which may be null although
    /// the union isn't.
    Union(String, Box<Value>),
}

impl Value {
    /// Whether this is `NULL`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The name of its type, without parameters: `DECIMAL`, `LIST`.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Boolean(_) => "BOOLEAN",
            Self::TinyInt(_) => "TINYINT",
            Self::SmallInt(_) => "SMALLINT",
            Self::Integer(_) => "INTEGER",
            Self::BigInt(_) => "BIGINT",
            Self::HugeInt(_) => "HUGEINT",
            Self::UTinyInt(_) => "UTINYINT",
            Self::USmallInt(_) => "USMALLINT",
            Self::UInteger(_) => "UINTEGER",
            Self::UBigInt(_) => "UBIGINT",
            Self::UHugeInt(_) => "UHUGEINT",
            Self::Float(_) => "FLOAT",
            Self::Double(_) => "DOUBLE",
            Self::Decimal(_) => "DECIMAL",
            Self::BigNum(_) => "BIGNUM",
            Self::Varchar(_) => "VARCHAR",
            Self::Blob(_) => "BLOB",
            Self::Bit(_) => "BIT",
            Self::Date(_) => "DATE",
            Self::Time(_) => "TIME",
            Self::TimeNs(_) => "TIME_NS",
            Self::TimeTz(_) => "TIME WITH TIME ZONE",
            Self::Timestamp(_) => "TIMESTAMP",
            Self::TimestampS(_) => "TIMESTAMP_S",
            Self::TimestampMs(_) => "TIMESTAMP_MS",
            Self::TimestampNs(_) => "TIMESTAMP_NS",
            Self::TimestampTz(_) => "TIMESTAMP WITH TIME ZONE",
            Self::Interval(_) => "INTERVAL",
            Self::Uuid(_) => "UUID",
            Self::Json(_) => "JSON",
            Self::Enum(_) => "ENUM",
            Self::Geometry(_) => "GEOMETRY",
            Self::List(_) => "LIST",
            Self::Array(_) => "ARRAY",
            Self::Struct(_) => "STRUCT",
            Self::Map(_) => "MAP",
            Self::Union(..) => "UNION",
        }
    }
}

/// The bits that tell two numbers apart: all NaNs are one.
fn identity_f32(number: f32) -> u32 {
    if number.is_nan() {
        f32::NAN.to_bits()
    } else {
        number.to_bits()
    }
}

/// As [`identity_f32`].
fn identity_f64(number: f64) -> u64 {
    if number.is_nan() {
        f64::NAN.to_bits()
    } else {
        number.to_bits()
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Boolean(a), Self::Boolean(b)) => a == b,
            (Self::TinyInt(a), Self::TinyInt(b)) => a == b,
            (Self::SmallInt(a), Self::SmallInt(b)) => a == b,
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::BigInt(a), Self::BigInt(b)) => a == b,
            (Self::HugeInt(a), Self::HugeInt(b)) => a == b,
            (Self::UTinyInt(a), Self::UTinyInt(b)) => a == b,
            (Self::USmallInt(a), Self::USmallInt(b)) => a == b,
            (Self::UInteger(a), Self::UInteger(b)) => a == b,
            (Self::UBigInt(a), Self::UBigInt(b)) => a == b,
            (Self::UHugeInt(a), Self::UHugeInt(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => identity_f32(*a) == identity_f32(*b),
            (Self::Double(a), Self::Double(b)) => identity_f64(*a) == identity_f64(*b),
            (Self::Decimal(a), Self::Decimal(b)) => a == b,
            (Self::BigNum(a), Self::BigNum(b)) => a == b,
            (Self::Varchar(a), Self::Varchar(b)) | (Self::Enum(a), Self::Enum(b)) => a == b,
            (Self::Blob(a), Self::Blob(b)) => a == b,
            (Self::Bit(a), Self::Bit(b)) => a == b,
            (Self::Date(a), Self::Date(b)) => a == b,
            (Self::Time(a), Self::Time(b)) => a == b,
            (Self::TimeNs(a), Self::TimeNs(b)) => a == b,
            (Self::TimeTz(a), Self::TimeTz(b)) => a == b,
            (Self::Timestamp(a), Self::Timestamp(b)) => a == b,
            (Self::TimestampS(a), Self::TimestampS(b)) => a == b,
            (Self::TimestampMs(a), Self::TimestampMs(b)) => a == b,
            (Self::TimestampNs(a), Self::TimestampNs(b)) => a == b,
            (Self::TimestampTz(a), Self::TimestampTz(b)) => a == b,
            (Self::Interval(a), Self::Interval(b)) => a == b,
            (Self::Uuid(a), Self::Uuid(b)) => a == b,
            (Self::Json(a), Self::Json(b)) => a == b,
            (Self::Geometry(a), Self::Geometry(b)) => a == b,
            (Self::List(a), Self::List(b)) | (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Struct(a), Self::Struct(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::Union(a, x), Self::Union(b, y)) => a == b && x == y,
            _ => false,
        }
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Null => {}
            Self::Boolean(value) => value.hash(state),
            Self::TinyInt(value) => value.hash(state),
            Self::SmallInt(value) => value.hash(state),
            Self::Integer(value) => value.hash(state),
            Self::BigInt(value) => value.hash(state),
            Self::HugeInt(value) => value.hash(state),
            Self::UTinyInt(value) => value.hash(state),
            Self::USmallInt(value) => value.hash(state),
            Self::UInteger(value) => value.hash(state),
            Self::UBigInt(value) => value.hash(state),
            Self::UHugeInt(value) => value.hash(state),
            Self::Float(value) => identity_f32(*value).hash(state),
            Self::Double(value) => identity_f64(*value).hash(state),
            Self::Decimal(value) => value.hash(state),
            Self::BigNum(value) => value.hash(state),
            Self::Varchar(value) | Self::Enum(value) => value.hash(state),
            Self::Blob(value) => value.hash(state),
            Self::Bit(value) => value.hash(state),
            Self::Date(value) => value.hash(state),
            Self::Time(value) => value.hash(state),
            Self::TimeNs(value) => value.hash(state),
            Self::TimeTz(value) => value.hash(state),
            Self::Timestamp(value) => value.hash(state),
            Self::TimestampS(value) => value.hash(state),
            Self::TimestampMs(value) => value.hash(state),
            Self::TimestampNs(value) => value.hash(state),
            Self::TimestampTz(value) => value.hash(state),
            Self::Interval(value) => value.hash(state),
            Self::Uuid(value) => value.hash(state),
            Self::Json(value) => value.hash(state),
            Self::Geometry(value) => value.hash(state),
            Self::List(values) | Self::Array(values) => values.hash(state),
            Self::Struct(fields) => fields.hash(state),
            Self::Map(pairs) => pairs.hash(state),
            Self::Union(member, value) => (member, value).hash(state),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Boolean(value) => value.fmt(f),
            Self::TinyInt(value) => value.fmt(f),
            Self::SmallInt(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::BigInt(value) => value.fmt(f),
            Self::HugeInt(value) => value.fmt(f),
            Self::UTinyInt(value) => value.fmt(f),
            Self::USmallInt(value) => value.fmt(f),
            Self::UInteger(value) => value.fmt(f),
            Self::UBigInt(value) => value.fmt(f),
            Self::UHugeInt(value) => value.fmt(f),
            Self::Float(value) => write_f32(f, *value),
            Self::Double(value) => write_f64(f, *value),
            Self::Decimal(value) => value.fmt(f),
            Self::BigNum(value) => value.fmt(f),
            Self::Varchar(value) | Self::Enum(value) => f.write_str(value),
            Self::Blob(value) => value.fmt(f),
            Self::Bit(value) => value.fmt(f),
            Self::Date(value) => value.fmt(f),
            Self::Time(value) => value.fmt(f),
            Self::TimeNs(value) => value.fmt(f),
            Self::TimeTz(value) => value.fmt(f),
            Self::Timestamp(value) => value.fmt(f),
            Self::TimestampS(value) => value.fmt(f),
            Self::TimestampMs(value) => value.fmt(f),
            Self::TimestampNs(value) => value.fmt(f),
            Self::TimestampTz(value) => value.fmt(f),
            Self::Interval(value) => value.fmt(f),
            Self::Uuid(value) => value.fmt(f),
            Self::Json(value) => value.fmt(f),
            Self::Geometry(value) => value.fmt(f),
            Self::List(values) => write_list(f, values, |f, value| match value {
                // quoted in structs and maps, but not in lists
                Self::Json(json) => json.fmt(f),
                value => write_nested(f, value),
            }),
            // the engine quotes nothing in an array
            Self::Array(values) => write_list(f, values, |f, value| value.fmt(f)),
            Self::Struct(fields) => write_struct(f, fields),
            Self::Map(pairs) => write_map(f, pairs),
            Self::Union(_, value) => value.fmt(f),
        }
    }
}

fn write_list(
    f: &mut fmt::Formatter<'_>,
    values: &[Value],
    element: fn(&mut fmt::Formatter<'_>, &Value) -> fmt::Result,
) -> fmt::Result {
    f.write_str("[")?;
    for (index, value) in values.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { ", " })?;
        element(f, value)?;
    }
    f.write_str("]")
}

fn write_struct(f: &mut fmt::Formatter<'_>, fields: &[(String, Value)]) -> fmt::Result {
    let unnamed = fields.iter().all(|(name, _)| name.is_empty());
    f.write_str(if unnamed { "(" } else { "{" })?;
    for (index, (name, value)) in fields.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { ", " })?;
        if !unnamed {
            write_quoted(f, name)?;
            f.write_str(": ")?;
        }
        write_nested(f, value)?;
    }
    f.write_str(if unnamed { ")" } else { "}" })
}

fn write_map(f: &mut fmt::Formatter<'_>, pairs: &[(Value, Value)]) -> fmt::Result {
    f.write_str("{")?;
    for (index, (key, value)) in pairs.iter().enumerate() {
        f.write_str(if index == 0 { "" } else { ", " })?;
        write_nested(f, key)?;
        f.write_str("=")?;
        write_nested(f, value)?;
    }
    f.write_str("}")
}

/// Writes a value inside another: text that could be mistaken for structure
/// is quoted. Source: DuckDB, `src/include/duckdb/common/types/nested_to_varchar_cast.hpp`.
fn write_nested(f: &mut fmt::Formatter<'_>, value: &Value) -> fmt::Result {
    let text = value.to_string();
    let structured = matches!(
        value,
        Value::Null
            | Value::List(_)
            | Value::Array(_)
            | Value::Struct(_)
            | Value::Map(_)
            | Value::Union(..)
    );
    if structured || !needs_quotes(&text) {
        f.write_str(&text)
    } else {
        write_quoted(f, &text)
    }
}

fn needs_quotes(text: &str) -> bool {
    // what C's `isspace` holds for a space
    let space = |byte: &u8| matches!(byte, b' ' | b'\t'..=b'\r');
    let bytes = text.as_bytes();
    bytes.first().is_none_or(space)
        || bytes.last().is_none_or(space)
        || text.eq_ignore_ascii_case("null")
        || bytes.iter().any(|byte| b"\"'(),:=[]{}".contains(byte))
}

fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let escaped = text.replace('\\', "\\\\").replace('\'', "\\'");
    write!(f, "'{escaped}'")
}

//! From [`Value`] to the Rust type of a column.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use crate::map::Map;
use crate::read_error::Mismatch;
use crate::value::Value;
use crate::{
    BigNum, Bit, Blob, Date, Decimal, Geometry, Interval, Json, Time, TimeNs, TimeTz, Timestamp,
    TimestampMs, TimestampNs, TimestampS, TimestampTz, Uuid,
};

/// A type that a column can be read as.
///
/// Nothing is lost on the way: numbers widen (`INTEGER` reads as `i64`), but
/// never round or wrap. Every type but `Option` and [`Value`] refuses nulls.
pub trait FromValue: Sized {
    /// Takes the value over.
    ///
    /// # Errors
    /// The value is null, of another type, or doesn't fit.
    fn from_value(value: Value) -> Result<Self, Mismatch>;
}

impl FromValue for Value {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        Ok(value)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl<T: FromValue> FromValue for Box<T> {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        T::from_value(value).map(Self::new)
    }
}

macro_rules! from_one_variant {
    ($($rust:ty: $variant:ident, $sql:literal;)*) => {$(
        impl FromValue for $rust {
            fn from_value(value: Value) -> Result<Self, Mismatch> {
                match value {
                    Value::$variant(value) => Ok(value),
                    other => Err(Mismatch::of_type($sql, &other)),
                }
            }
        }
    )*};
}

from_one_variant! {
    bool: Boolean, "a BOOLEAN";
    BigNum: BigNum, "a BIGNUM";
    Blob: Blob, "a BLOB";
    Bit: Bit, "a BIT";
    Date: Date, "a DATE";
    Time: Time, "a TIME";
    TimeNs: TimeNs, "a TIME_NS";
    TimeTz: TimeTz, "a TIME WITH TIME ZONE";
    Timestamp: Timestamp, "a TIMESTAMP";
    TimestampS: TimestampS, "a TIMESTAMP_S";
    TimestampMs: TimestampMs, "a TIMESTAMP_MS";
    TimestampNs: TimestampNs, "a TIMESTAMP_NS";
    TimestampTz: TimestampTz, "a TIMESTAMP WITH TIME ZONE";
    Geometry: Geometry, "a GEOMETRY";
    f32: Float, "a FLOAT";
}

impl FromValue for f64 {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Double(value) => Ok(value),
            Value::Float(value) => Ok(Self::from(value)),
            other => Err(Mismatch::of_type("a DOUBLE", &other)),
        }
    }
}

/// Any integer type to any that holds the number.
macro_rules! from_integers {
    ($($rust:ty: $sql:literal;)*) => {$(
        impl FromValue for $rust {
            fn from_value(value: Value) -> Result<Self, Mismatch> {
                let converted = match &value {
                    Value::TinyInt(number) => Self::try_from(*number).ok(),
                    Value::SmallInt(number) => Self::try_from(*number).ok(),
                    Value::Integer(number) => Self::try_from(*number).ok(),
                    Value::BigInt(number) => Self::try_from(*number).ok(),
                    Value::HugeInt(number) => Self::try_from(*number).ok(),
                    Value::UTinyInt(number) => Self::try_from(*number).ok(),
                    Value::USmallInt(number) => Self::try_from(*number).ok(),
                    Value::UInteger(number) => Self::try_from(*number).ok(),
                    Value::UBigInt(number) => Self::try_from(*number).ok(),
                    Value::UHugeInt(number) => Self::try_from(*number).ok(),
                    other => return Err(Mismatch::of_type($sql, other)),
                };
                converted.ok_or_else(|| Mismatch::of_value($sql, &value))
            }
        }
    )*};
}

from_integers! {
    i8: "a TINYINT";
    i16: "a SMALLINT";
    i32: "an INTEGER";
    i64: "a BIGINT";
    i128: "a HUGEINT";
    u8: "a UTINYINT";
    u16: "a USMALLINT";
    u32: "a UINTEGER";
    u64: "a UBIGINT";
    u128: "a UHUGEINT";
}

impl FromValue for Decimal {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Decimal(value) => Ok(value),
            Value::TinyInt(number) => Ok(number.into()),
            Value::SmallInt(number) => Ok(number.into()),
            Value::Integer(number) => Ok(number.into()),
            Value::BigInt(number) => Ok(number.into()),
            other => Err(Mismatch::of_type("a DECIMAL", &other)),
        }
    }
}

impl FromValue for String {
    /// Also takes the label of an `ENUM`, whose type the engine turns into
    /// text on many ways.
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Varchar(text) | Value::Enum(text) => Ok(text),
            other => Err(Mismatch::of_type("a VARCHAR", &other)),
        }
    }
}

impl FromValue for Json {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Json(json) => Ok(json),
            Value::Varchar(text) => Ok(Self(text)),
            other => Err(Mismatch::of_type("a JSON", &other)),
        }
    }
}

/// Types that also come as text, where a projection made them so or an older
/// export has no type of its own for them.
macro_rules! from_variant_or_text {
    ($($rust:ident, $sql:literal;)*) => {$(
        impl FromValue for $rust {
            fn from_value(value: Value) -> Result<Self, Mismatch> {
                match value {
                    Value::$rust(value) => Ok(value),
                    Value::Varchar(text) => {
                        text.parse().map_err(|_| Mismatch::of_value($sql, text))
                    }
                    other => Err(Mismatch::of_type($sql, &other)),
                }
            }
        }
    )*};
}

from_variant_or_text! {
    Interval, "an INTERVAL";
    Uuid, "a UUID";
}

fn read_elements<T: FromValue>(values: Vec<Value>) -> Result<Vec<T>, Mismatch> {
    values
        .into_iter()
        .enumerate()
        .map(|(index, value)| {
            // positions as SQL counts them
            T::from_value(value).map_err(|mismatch| mismatch.inside(format!("[{}]", index + 1)))
        })
        .collect()
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::List(values) | Value::Array(values) => read_elements(values),
            other => Err(Mismatch::of_type("a list", &other)),
        }
    }
}

impl<T: FromValue, const N: usize> FromValue for [T; N] {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        let expected = || format!("an array of {N}");
        match value {
            Value::List(values) | Value::Array(values) => {
                let elements: Vec<T> = read_elements(values)?;
                let count = elements.len();
                elements
                    .try_into()
                    .map_err(|_| Mismatch::of_value(expected(), format!("{count} elements")))
            }
            other => Err(Mismatch::of_type(expected(), &other)),
        }
    }
}

fn read_pairs<K: FromValue, V: FromValue>(
    value: Value,
) -> Result<impl Iterator<Item = Result<(K, V), Mismatch>>, Mismatch> {
    let Value::Map(pairs) = value else {
        return Err(Mismatch::of_type("a MAP", &value));
    };
    Ok(pairs.into_iter().enumerate().map(|(index, (key, value))| {
        let step = |part| format!(".{part}[{}]", index + 1);
        let key = K::from_value(key).map_err(|mismatch| mismatch.inside(step("keys")))?;
        let value = V::from_value(value).map_err(|mismatch| mismatch.inside(step("values")))?;
        Ok((key, value))
    }))
}

impl<K: FromValue, V: FromValue> FromValue for Map<K, V> {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        read_pairs(value)?.collect::<Result<_, _>>().map(Self)
    }
}

impl<K: FromValue + Ord, V: FromValue> FromValue for BTreeMap<K, V> {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        read_pairs(value)?.collect()
    }
}

impl<K: FromValue + Eq + Hash, V: FromValue> FromValue for HashMap<K, V> {
    fn from_value(value: Value) -> Result<Self, Mismatch> {
        read_pairs(value)?.collect()
    }
}

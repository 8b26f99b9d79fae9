//! From Rust values to [`Value`].

use crate::value::Value;
use crate::{
    BigNum, Bit, Blob, Date, Decimal, Geometry, Interval, Json, Map, Time, TimeNs, TimeTz,
    Timestamp, TimestampMs, TimestampNs, TimestampS, TimestampTz, Uuid,
};

macro_rules! into_value {
    ($($rust:ty: $variant:ident;)*) => {$(
        impl From<$rust> for Value {
            fn from(value: $rust) -> Self {
                Self::$variant(value)
            }
        }
    )*};
}

into_value! {
    bool: Boolean;
    i8: TinyInt;
    i16: SmallInt;
    i32: Integer;
    i64: BigInt;
    i128: HugeInt;
    u8: UTinyInt;
    u16: USmallInt;
    u32: UInteger;
    u64: UBigInt;
    u128: UHugeInt;
    f32: Float;
    f64: Double;
    Decimal: Decimal;
    BigNum: BigNum;
    String: Varchar;
    Blob: Blob;
    Bit: Bit;
    Date: Date;
    Time: Time;
    TimeNs: TimeNs;
    TimeTz: TimeTz;
    Timestamp: Timestamp;
    TimestampS: TimestampS;
    TimestampMs: TimestampMs;
    TimestampNs: TimestampNs;
    TimestampTz: TimestampTz;
    Interval: Interval;
    Uuid: Uuid;
    Json: Json;
    Geometry: Geometry;
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Varchar(text.to_string())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>, const N: usize> From<[T; N]> for Value {
    fn from(values: [T; N]) -> Self {
        Self::Array(values.into_iter().map(Into::into).collect())
    }
}

impl<K: Into<Value>, V: Into<Value>> From<Map<K, V>> for Value {
    fn from(pairs: Map<K, V>) -> Self {
        let pairs = pairs.into_iter();
        Self::Map(
            pairs
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
        )
    }
}

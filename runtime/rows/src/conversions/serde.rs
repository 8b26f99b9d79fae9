//! `serde`: scalar types as the text that `Display` writes and `FromStr`
//! reads, so that no format can lose digits and no data can break a type's
//! bounds. `Value` is an enum with the variant's name; maps are lists of
//! pairs; blobs and geometries lists of bytes. JSON itself has no `NaN`: a
//! `Value::Double` of one is written as `null` there and can't be read back.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use ::serde::de::{Deserialize, Deserializer, Error, Visitor};
use ::serde::ser::{Serialize, Serializer};

use crate::{
    BigNum, Bit, Blob, Date, Decimal, Geometry, Interval, Json, Map, Time, TimeNs, TimeTz,
    Timestamp, TimestampMs, TimestampNs, TimestampS, TimestampTz, Uuid,
};

struct TextVisitor<T>(PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for TextVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text of a SQL value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

macro_rules! as_text {
    ($($name:ty),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(TextVisitor(PhantomData))
            }
        }
    )*};
}

as_text!(
    BigNum,
    Bit,
    Date,
    Decimal,
    Interval,
    Time,
    TimeNs,
    TimeTz,
    Timestamp,
    TimestampMs,
    TimestampNs,
    TimestampS,
    TimestampTz,
    Uuid
);

macro_rules! as_content {
    ($($name:ident: $content:ty),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <$content>::deserialize(deserializer).map(Self)
            }
        }
    )*};
}

as_content!(Blob: Vec<u8>, Geometry: Vec<u8>, Json: String);

impl<K: Serialize, V: Serialize> Serialize for Map<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Map<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self)
    }
}

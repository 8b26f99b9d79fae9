//! A value that is read when somebody looks at it.

use crate::span::without_numbering;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};
use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

/// A value that was made, or the bytes of one that was kept. It can be used as the value.
///
/// Ids of files are written as they are: it is for values that are kept together with the list of
/// files.
pub struct Lazy<T> {
    value: OnceLock<Box<T>>,
    /// Empty for a value that was made.
    bytes: Box<[u8]>,
}

impl<T> From<T> for Lazy<T> {
    fn from(value: T) -> Self {
        Self {
            value: OnceLock::from(Box::new(value)),
            bytes: Box::default(),
        }
    }
}

impl<T: DeserializeOwned + Default> Deref for Lazy<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.value.get_or_init(|| {
            let read = without_numbering(|| postcard::from_bytes(&self.bytes));
            // The bytes are those that were written, by this very program: their hash was right.
            read.unwrap_or_default()
        })
    }
}

impl<T: Clone> Clone for Lazy<T> {
    fn clone(&self) -> Self {
        Self {
            value: self.value.clone(),
            bytes: self.bytes.clone(),
        }
    }
}

impl<T: DeserializeOwned + Default + fmt::Debug> fmt::Debug for Lazy<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, formatter)
    }
}

impl<T: Serialize> Serialize for Lazy<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value.get() {
            None => serializer.serialize_bytes(&self.bytes),
            Some(value) => {
                let bytes = without_numbering(|| postcard::to_stdvec(value));
                serializer.serialize_bytes(&bytes.map_err(ser::Error::custom)?)
            }
        }
    }
}

impl<'de, T> Deserialize<'de> for Lazy<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = <&[u8]>::deserialize(deserializer).map_err(D::Error::custom)?;
        Ok(Self {
            value: OnceLock::new(),
            bytes: bytes.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_when_it_is_looked_at() {
        let made: Vec<Lazy<String>> = vec![Lazy::from("a".to_owned()), Lazy::from("b".to_owned())];
        let bytes = postcard::to_stdvec(&made).unwrap();
        let kept: Vec<Lazy<String>> = postcard::from_bytes(&bytes).unwrap();
        assert!(kept[0].value.get().is_none());
        assert_eq!(postcard::to_stdvec(&kept).unwrap(), bytes);
        assert_eq!((kept[0].as_str(), made[1].as_str()), ("a", "b"));
        assert_eq!(postcard::to_stdvec(&kept).unwrap(), bytes);
    }
}

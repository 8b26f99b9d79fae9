//! `uuid`: the same 128 bits.

use crate::Uuid;

impl From<Uuid> for ::uuid::Uuid {
    fn from(uuid: Uuid) -> Self {
        Self::from_bytes(uuid.bytes())
    }
}

impl From<::uuid::Uuid> for Uuid {
    fn from(uuid: ::uuid::Uuid) -> Self {
        Self::from_bytes(uuid.into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_write_the_same() {
        let uuid: Uuid = "0e07a026-f74e-4f6b-9891-71fb9e8b3b9b".parse().unwrap();
        let there = ::uuid::Uuid::from(uuid);
        assert_eq!(there.to_string(), uuid.to_string());
        assert_eq!(Uuid::from(there), uuid);
    }
}

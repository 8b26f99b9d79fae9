//! `create_sort_key(value, order, …)`: what it takes and what it gives.

use super::call::Outcome;
use super::{Typed, Value};
use crate::sql_type::SqlType;

/// What is wrong with the order of a sort key.
///
/// Source: `OrderModifiers::Parse` of DuckDB.
pub(super) fn wrong_order(order: &Typed) -> Option<String> {
    let right = match (&order.value, &order.sql_type) {
        (Value::Text(text), _) => {
            let lower = text.to_lowercase().replace('_', " ");
            let starts = lower.starts_with("asc") || lower.starts_with("desc");
            starts && (lower.ends_with("nulls first") || lower.ends_with("nulls last"))
        }
        (_, SqlType::Null) => false,
        (_, SqlType::Varchar | SqlType::Json | SqlType::Enum(_) | SqlType::Blob) => true,
        (_, vague) => vague.is_vague() || vague.is_variant(),
    };
    (!right).then(|| "the order of a sort key is a text such as `'ASC NULLS LAST'`".to_owned())
}

/// A sort key is a number where all keys, each with a byte for nulls, fit into eight bytes.
///
/// Source: `CreateSortKeyBind` of DuckDB 1.5.5.
pub(super) fn sort_key(arguments: &[Typed]) -> Outcome {
    let keys = arguments.iter().step_by(2);
    let mut bytes = 0;
    for key in keys {
        if !key.is_known() {
            return Outcome::Unknown;
        }
        let Some(own) = fixed_bytes(&key.sql_type) else {
            return Outcome::Type(SqlType::Blob);
        };
        bytes += own + 1;
    }
    Outcome::Type(match bytes {
        ..=8 => SqlType::BigInt,
        _ => SqlType::Blob,
    })
}

/// How many bytes each value of a type takes in the engine; `None` if that differs.
fn fixed_bytes(sql_type: &SqlType) -> Option<u32> {
    use SqlType::*;
    Some(match sql_type {
        Boolean | TinyInt | UTinyInt => 1,
        SmallInt | USmallInt => 2,
        Integer | UInteger | Float | Date | Null => 4,
        BigInt | UBigInt | Double | Time | TimeNs | TimeTz => 8,
        moment if moment.is_timestamp() => 8,
        HugeInt | UHugeInt | Uuid | Interval => 16,
        Decimal(precision, _) => match precision {
            ..=4 => 2,
            5..=9 => 4,
            10..=18 => 8,
            _ => 16,
        },
        Enum(values) => match values.len() {
            ..=255 => 1,
            256..=65535 => 2,
            _ => 4,
        },
        _ => return None,
    })
}

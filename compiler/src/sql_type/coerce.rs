//! What fits into what: DuckDB 1.5.5's implicit casts and common types.
//!
//! Source of the rules: `src/function/cast_rules.cpp` and `src/common/types.cpp` of DuckDB, held
//! against the engine's own answers in `coercions.tsv`.

use super::SqlType;

/// The digits before the point that a whole number needs as a decimal.
pub fn decimal_digits(sql_type: &SqlType) -> Option<u8> {
    use SqlType::*;
    Some(match sql_type {
        TinyInt | UTinyInt => 3,
        SmallInt | USmallInt => 5,
        Integer | UInteger => 10,
        BigInt => 19,
        UBigInt => 20,
        HugeInt | UHugeInt => 38,
        _ => return None,
    })
}

fn struct_cost(from: &[(String, SqlType)], to: &[(String, SqlType)]) -> Option<u32> {
    if from.len() != to.len() {
        return None;
    }
    let unnamed = |fields: &[(String, SqlType)]| fields.iter().all(|(name, _)| name.is_empty());
    if !unnamed(from) && !unnamed(to) {
        return fields_cost(from, to);
    }
    let mut pairs = from.iter().zip(to);
    pairs.try_fold(0, |most, ((_, from), (_, to))| {
        Some(most.max(implicit_cost(from, to)?))
    })
}

/// The cost of fields or members that go to those of their names; `None` if one has none.
fn fields_cost(from: &[(String, SqlType)], to: &[(String, SqlType)]) -> Option<u32> {
    from.iter().try_fold(0, |most, (name, field)| {
        let mut same = to.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        let (_, target) = same.next()?;
        Some(most.max(implicit_cost(field, target)?))
    })
}

/// The bits of a whole number, and whether it has a sign.
fn bits(sql_type: &SqlType) -> Option<(u16, bool)> {
    use SqlType::*;
    Some(match sql_type {
        TinyInt => (8, true),
        SmallInt => (16, true),
        Integer => (32, true),
        BigInt => (64, true),
        HugeInt => (128, true),
        UTinyInt => (8, false),
        USmallInt => (16, false),
        UInteger => (32, false),
        UBigInt => (64, false),
        UHugeInt => (128, false),
        _ => return None,
    })
}

/// The cost that DuckDB gives a cast to a type: among several functions the cheapest is taken.
pub fn target_cost(target: &SqlType) -> u32 {
    use SqlType::*;
    match target {
        BigInt => 101,
        Integer => 102,
        HugeInt => 103,
        Double => 104,
        Decimal(..) => 105,
        TimestampNs => 119,
        Timestamp => 120,
        TimestampMs => 121,
        TimestampS => 122,
        TimestampTz => 123,
        Varchar => 149,
        target if target.is_nested() => 160,
        _ => 110,
    }
}

/// The cost of DuckDB's implicit cast from one type to another; `None` if it makes none.
///
/// Types with an unknown part have no cost here: the caller decides what that means.
pub fn implicit_cost(from: &SqlType, to: &SqlType) -> Option<u32> {
    use SqlType::*;
    match (from, to) {
        // Registered by the engine's extension for JSON, beside the rules.
        (Json, Json) => Some(0),
        (_, Json) | (Json, Varchar) => Some(target_cost(to)),
        _ => rule_cost(from, to),
    }
}

/// The same by the engine's rules alone, which give a type with a name of its own, as `JSON` is, no cast.
pub(super) fn rule_cost(from: &SqlType, to: &SqlType) -> Option<u32> {
    use SqlType::*;
    if from == to {
        return Some(0);
    }
    if *from == Null || from.is_variant() {
        return Some(target_cost(to));
    }
    if *from == Json || *to == Json {
        return None;
    }
    if let Some(nested) = nested_cost(from, to) {
        return nested;
    }
    let fits = match (from, to) {
        (from, to) if from.is_geometry() && to.is_geometry() => return Some(0),
        (Decimal(..), Decimal(..)) => return Some(0),
        (Enum(_), Enum(_) | Varchar) => true,
        (Float, Double | BigNum) | (Double, BigNum) | (BigNum, Double) => true,
        (Decimal(..), Float | Double) => true,
        (Date, to) => to.is_timestamp(),
        (Timestamp, TimestampNs | TimestampTz) => true,
        (TimestampS, Timestamp | TimestampMs | TimestampNs) => true,
        (TimestampMs, Timestamp | TimestampNs) => true,
        (TimestampNs, Timestamp) => true,
        (from, to) => integer_fits(from, to),
    };
    fits.then(|| target_cost(to))
}

fn integer_fits(from: &SqlType, to: &SqlType) -> bool {
    use SqlType::*;
    let Some((from_bits, from_signed)) = bits(from) else {
        return false;
    };
    match bits(to) {
        Some((to_bits, to_signed)) => {
            to_bits > from_bits && (to_signed || !from_signed)
                || (to_bits, to_signed) == (from_bits, from_signed)
        }
        None => matches!(to, Float | Double | Decimal(..) | BigNum),
    }
}

fn nested_cost(from: &SqlType, to: &SqlType) -> Option<Option<u32>> {
    use SqlType::*;
    Some(match (from, to) {
        // A list of texts goes before a text.
        (List(from), List(to)) => rule_cost(from, to).map(|cost| cost.saturating_sub(1)),
        (Array(from, _), List(to)) => rule_cost(from, to).map(|cost| cost + 1),
        (List(from), Array(to, _)) => rule_cost(from, to),
        (Array(from, from_size), Array(to, to_size)) => {
            if from_size != to_size {
                return Some(None);
            }
            rule_cost(from, to).map(|cost| if cost >= 100 { cost - 1 } else { cost })
        }
        // The engine leaves it to the cast what becomes of keys and values.
        (Map(..), Map(..)) => Some(0),
        (Struct(from), Struct(to)) => struct_cost(from, to),
        (Union(from), Union(to)) => fields_cost(from, to),
        (from, Union(members)) => {
            let costs = members.iter().filter_map(|(_, to)| rule_cost(from, to));
            costs.min()
        }
        _ => return None,
    })
}

/// Whether a value of the type can be stored in a column of another without loss and without an
/// explicit cast. This is what a contract asks.
///
/// DuckDB's own `INSERT` casts nearly everything and fails on values; this is the part of it that
/// can't fail. An unknown type fits: whoever knows better decides.
pub fn fits_into(from: &SqlType, to: &SqlType) -> bool {
    use SqlType::*;
    if from == to || from.has_unknown() || to.has_unknown() {
        return true;
    }
    match (from, to) {
        (Null, _) => true,
        (Decimal(from_precision, from_scale), Decimal(precision, scale)) => {
            from_scale <= scale && from_precision - from_scale <= precision - scale
        }
        (whole, Decimal(precision, scale)) if whole.is_integer() => {
            let digits = if matches!(whole, HugeInt | UHugeInt) {
                39
            } else {
                decimal_digits(whole).unwrap_or(39)
            };
            digits <= precision - scale
        }
        (whole, Float) if whole.is_integer() => bits(whole).is_some_and(|(bits, _)| bits <= 16),
        (whole, Double) if whole.is_integer() => bits(whole).is_some_and(|(bits, _)| bits <= 32),
        (Float, Double) => true,
        (Decimal(precision, _), Double) => *precision <= 15,
        (Decimal(..) | Float | Double, _) => false,
        (TimestampNs, Timestamp) | (Date, TimestampNs) | (Timestamp, TimestampNs) => false,
        (Json, Varchar) | (Enum(_), Varchar) => true,
        (Enum(from), Enum(to)) => from.iter().all(|value| to.contains(value)),
        (_, Json) => false,
        (List(from), List(to)) => fits_into(from, to),
        (Array(from, _), List(to)) => fits_into(from, to),
        (Array(from, from_size), Array(to, size)) => from_size == size && fits_into(from, to),
        (List(_), Array(..)) => false,
        (Map(from_key, from_value), Map(key, value)) => {
            fits_into(from_key, key) && fits_into(from_value, value)
        }
        (Struct(from), Struct(to)) => {
            from.len() == to.len()
                && from.iter().zip(to).all(|(from, to)| {
                    from.0.eq_ignore_ascii_case(&to.0) && fits_into(&from.1, &to.1)
                })
        }
        (BigNum, _) | (_, BigNum) => from.is_integer() && *to == BigNum,
        _ => implicit_cost(from, to).is_some(),
    }
}

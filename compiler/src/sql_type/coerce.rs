//! What fits into what: DuckDB 1.5.5's implicit casts and common types.
//!
//! Source of the rules: `src/function/cast_rules.cpp` and `src/common/types.cpp` of DuckDB, held
//! against the engine's own answers in `coercions.tsv`.

use super::SqlType;

/// What two types become together, as in `UNION`, `CASE` or a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Common {
    /// This type.
    Type(SqlType),
    /// Nothing: the engine refuses them.
    Incompatible,
    /// Not known here; the engine may have an answer.
    Unknown,
}

impl Common {
    /// The type, [`SqlType::Unknown`] if there is none or it isn't known.
    pub fn or_unknown(self) -> SqlType {
        match self {
            Common::Type(sql_type) => sql_type,
            Common::Incompatible | Common::Unknown => SqlType::Unknown,
        }
    }

    fn map(self, wrap: impl FnOnce(SqlType) -> SqlType) -> Common {
        match self {
            Common::Type(sql_type) => Common::Type(wrap(sql_type)),
            other => other,
        }
    }
}

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
    if from == to {
        return Some(0);
    }
    if *from == Null || from.is_variant() {
        return Some(target_cost(to));
    }
    if let Some(nested) = nested_cost(from, to) {
        return nested;
    }
    let fits = match (from, to) {
        (_, Json) => true,
        (Enum(_) | Json, Varchar) => true,
        (Enum(_), Enum(_)) => true,
        (Decimal(..), Decimal(..)) => return Some(0),
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
        (List(from), List(to)) => implicit_cost(from, to).map(|cost| cost.saturating_sub(1)),
        (Array(from, _), List(to)) => implicit_cost(from, to).map(|cost| cost + 1),
        (List(from), Array(to, _)) => implicit_cost(from, to),
        (Array(from, from_size), Array(to, to_size)) => {
            if from_size != to_size {
                return Some(None);
            }
            implicit_cost(from, to).map(|cost| if cost >= 100 { cost - 1 } else { cost })
        }
        (Map(from_key, from_value), Map(to_key, to_value)) => {
            match (
                implicit_cost(from_key, to_key),
                implicit_cost(from_value, to_value),
            ) {
                (Some(key), Some(value)) => Some(key.max(value)),
                _ => None,
            }
        }
        (Struct(from), Struct(to)) => {
            if from.len() != to.len() {
                return Some(None);
            }
            from.iter().zip(to).try_fold(0, |most, (from, to)| {
                let same =
                    from.0.eq_ignore_ascii_case(&to.0) || from.0.is_empty() || to.0.is_empty();
                let cost = implicit_cost(&from.1, &to.1)?;
                same.then_some(most.max(cost))
            })
        }
        _ => return None,
    })
}

/// The type that values of both types have together where the engine casts neither by force: in
/// `CASE`, `COALESCE`, `IN`, lists and comparisons.
pub fn common_type(left: &SqlType, right: &SqlType) -> Common {
    use SqlType::*;
    if left == right {
        return Common::Type(left.clone());
    }
    match (left, right) {
        (vague, _) | (_, vague) if vague.is_vague() => Common::Unknown,
        _ if rows_differ(left, right) => Common::Incompatible,
        (Json, variant) | (variant, Json) if variant.is_variant() => Common::Unknown,
        (variant, _) | (_, variant) if variant.is_variant() => Common::Type(variant.clone()),
        (Null, other) | (other, Null) => Common::Type(other.clone()),
        (Json, _) | (_, Json) => Common::Type(Json),
        (Union(members), other) | (other, Union(members)) => beside_union(members, other),
        (Decimal(..), Decimal(..)) => decimals(left, right),
        (Enum(_), Enum(_) | Varchar) | (Varchar, Enum(_)) => Common::Type(Varchar),
        (Boolean, other) | (other, Boolean) if other.is_integer() => Common::Type(other.clone()),
        (List(_) | Array(..) | Struct(_) | Map(..), _)
        | (_, List(_) | Array(..) | Struct(_) | Map(..)) => nested(left, right),
        _ if left.is_numeric() && right.is_numeric() => numbers(left, right),
        _ if left.is_temporal() && right.is_temporal() => times(left, right),
        _ => Common::Incompatible,
    }
}

/// Whether neither of two types can be cast to the other, here or in what they are made of: rows without names
/// to those of another number of members or to maps, unions that each lack a member of the other.
///
/// Source: `StructBoundCastData::BindStructToStructCast`, `StructToMapBoundCastData` and `UnionCast` of
/// DuckDB 1.5.5.
pub fn rows_differ(left: &SqlType, right: &SqlType) -> bool {
    use SqlType::*;
    let is_row = |fields: &[(String, SqlType)]| fields.iter().all(|(name, _)| name.is_empty());
    match (left, right) {
        (List(left) | Array(left, _), List(right) | Array(right, _)) => rows_differ(left, right),
        (Map(key, value), Map(other_key, other_value)) => {
            rows_differ(key, other_key) || rows_differ(value, other_value)
        }
        (Struct(fields), Map(..)) | (Map(..), Struct(fields)) => is_row(fields),
        (Union(left), Union(right)) => unions_differ(left, right),
        (Struct(left), Struct(right)) if is_row(left) || is_row(right) => {
            let mut members = left.iter().zip(right);
            left.len() != right.len()
                || members.any(|((_, left), (_, right))| rows_differ(left, right))
        }
        (Struct(left), Struct(right)) => left.iter().any(|(name, left)| {
            let mut same = right
                .iter()
                .filter(|(other, _)| other.eq_ignore_ascii_case(name));
            same.any(|(_, right)| rows_differ(left, right))
        }),
        _ => false,
    }
}

/// Whether each of two unions has a member that the other one lacks, so that neither can be cast to the other.
fn unions_differ(left: &[(String, SqlType)], right: &[(String, SqlType)]) -> bool {
    let lacks = |all: &[(String, SqlType)], name: &str| {
        let mut names = all.iter();
        !names.any(|(own, _)| own.eq_ignore_ascii_case(name))
    };
    right.iter().any(|(name, _)| lacks(left, name))
        && left.iter().any(|(name, _)| lacks(right, name))
}

/// A union takes in what one of its members takes.
fn beside_union(members: &[(String, SqlType)], other: &SqlType) -> Common {
    let open = SqlType::is_vague;
    let takes = members.iter().any(|(_, member)| {
        member.any(&open) || *member == *other || implicit_cost(other, member).is_some()
    });
    match takes || other.any(&open) || matches!(other, SqlType::Union(_)) {
        true => Common::Unknown,
        false => Common::Incompatible,
    }
}

fn nested(left: &SqlType, right: &SqlType) -> Common {
    use SqlType::*;
    match (left, right) {
        (List(left), List(right)) => common_type(left, right).map(SqlType::list),
        (Array(a, size), Array(b, other)) if size == other => {
            let size = *size;
            common_type(a, b).map(|element| Array(Box::new(element), size))
        }
        (Map(left_key, left_value), Map(right_key, right_value)) => {
            match (
                common_type(left_key, right_key),
                common_type(left_value, right_value),
            ) {
                (Common::Type(key), Common::Type(value)) => {
                    Common::Type(Map(Box::new(key), Box::new(value)))
                }
                (Common::Incompatible, _) | (_, Common::Incompatible) => Common::Incompatible,
                _ => Common::Unknown,
            }
        }
        (Struct(left), Struct(right)) => structs(left, right),
        // A list beside an array becomes one or the other, depending on the elements.
        (List(_) | Array(..), List(_) | Array(..)) => Common::Unknown,
        _ => Common::Incompatible,
    }
}

fn structs(left: &[(String, SqlType)], right: &[(String, SqlType)]) -> Common {
    let same_names = left.len() == right.len()
        && left
            .iter()
            .zip(right)
            .all(|(left, right)| left.0.eq_ignore_ascii_case(&right.0));
    let unnamed = |fields: &[(String, SqlType)]| fields.iter().all(|(name, _)| name.is_empty());
    if left.len() != right.len() && (unnamed(left) || unnamed(right)) {
        return Common::Incompatible;
    }
    // Without names on one side the fields go together by their positions.
    if !same_names && !unnamed(left) && !unnamed(right) {
        return Common::Unknown;
    }
    let mut fields = Vec::with_capacity(left.len());
    for ((name, left), (other, right)) in left.iter().zip(right) {
        let name = if name.is_empty() { other } else { name };
        match common_type(left, right) {
            Common::Type(field) => fields.push((name.clone(), field)),
            other => return other,
        }
    }
    Common::Type(SqlType::Struct(fields))
}

fn decimals(left: &SqlType, right: &SqlType) -> Common {
    let (
        SqlType::Decimal(left_precision, left_scale),
        SqlType::Decimal(right_precision, right_scale),
    ) = (left, right)
    else {
        return Common::Unknown;
    };
    let scale = *left_scale.max(right_scale);
    let whole = (left_precision - left_scale).max(right_precision - right_scale);
    // What doesn't fit is taken from the digits behind the point.
    let precision = (whole + scale).min(38);
    Common::Type(SqlType::Decimal(precision, scale.min(precision - whole)))
}

fn numbers(left: &SqlType, right: &SqlType) -> Common {
    use SqlType::*;
    Common::Type(match (left, right) {
        (BigNum, Decimal(..)) | (Decimal(..), BigNum) => return Common::Unknown,
        (Double, _) | (_, Double) => Double,
        (BigNum, _) | (_, BigNum) => BigNum,
        (Float, _) | (_, Float) => Float,
        (Decimal(precision, scale), whole) | (whole, Decimal(precision, scale)) => {
            let digits = decimal_digits(whole).unwrap_or(38).max(precision - scale);
            Decimal(digits.saturating_add(*scale).min(38), *scale)
        }
        _ => return integers(left, right),
    })
}

fn integers(left: &SqlType, right: &SqlType) -> Common {
    use SqlType::*;
    let (Some((left_bits, left_signed)), Some((right_bits, right_signed))) =
        (bits(left), bits(right))
    else {
        return Common::Unknown;
    };
    if left_signed == right_signed {
        let wider = if left_bits >= right_bits { left } else { right };
        return Common::Type(wider.clone());
    }
    // The engine's rules for the widest unsigned type beside a signed one follow no order.
    if *left == UHugeInt || *right == UHugeInt {
        return Common::Unknown;
    }
    let (signed, unsigned, signed_type) = if left_signed {
        (left_bits, right_bits, left)
    } else {
        (right_bits, left_bits, right)
    };
    if signed > unsigned {
        return Common::Type(signed_type.clone());
    }
    Common::Type(match unsigned {
        8 => SmallInt,
        16 => Integer,
        32 => BigInt,
        _ => HugeInt,
    })
}

fn times(left: &SqlType, right: &SqlType) -> Common {
    use SqlType::*;
    Common::Type(match (left, right) {
        (Date, other) | (other, Date) if other.is_timestamp() => other.clone(),
        (TimestampTz, Timestamp) | (Timestamp, TimestampTz) => TimestampTz,
        (TimestampTz, other) | (other, TimestampTz) if other.is_timestamp() => {
            return Common::Unknown;
        }
        _ if left.is_timestamp() && right.is_timestamp() => {
            let rank = |sql_type: &SqlType| match sql_type {
                TimestampS => 0,
                TimestampMs => 1,
                Timestamp => 2,
                _ => 3,
            };
            if rank(left) >= rank(right) {
                left.clone()
            } else {
                right.clone()
            }
        }
        _ => return Common::Incompatible,
    })
}

/// The type of a set operation's column. The engine casts by force, so that hardly any pair is
/// refused: a pair without a common type becomes the one that holds more.
pub fn set_operation_type(left: &SqlType, right: &SqlType) -> Common {
    use SqlType::*;
    match (left, right) {
        (Varchar, other) | (other, Varchar)
            if *other == Boolean || other.is_numeric() && *other != BigNum =>
        {
            Common::Type(Varchar)
        }
        _ => match common_type(left, right) {
            Common::Incompatible => larger(left, right),
            common => common,
        },
    }
}

/// Of two types that don't become one another the one with the higher score; the left one of two
/// with the same.
///
/// Source: `LogicalType::ForceMaxLogicalType` of DuckDB. Types of one kind it puts together part by
/// part, and the values of an enum are texts.
fn larger(left: &SqlType, right: &SqlType) -> Common {
    let kind = std::mem::discriminant::<SqlType>;
    match (left, right) {
        (SqlType::Enum(_), SqlType::Enum(_)) => return Common::Unknown,
        (SqlType::Enum(_), other) => return set_operation_type(&SqlType::Varchar, other),
        (other, SqlType::Enum(_)) => return set_operation_type(other, &SqlType::Varchar),
        _ => {}
    }
    match (score(left), score(right)) {
        (Some(_), Some(_)) if kind(left) == kind(right) => Common::Unknown,
        (Some(first), Some(second)) if first < second => Common::Type(right.clone()),
        (Some(_), Some(_)) => Common::Type(left.clone()),
        _ => Common::Unknown,
    }
}

/// Source: `GetLogicalTypeScore` of DuckDB.
fn score(sql_type: &SqlType) -> Option<u32> {
    use SqlType::*;
    Some(match sql_type {
        Boolean => 10,
        UTinyInt => 11,
        TinyInt => 12,
        USmallInt => 13,
        SmallInt => 14,
        UInteger => 15,
        Integer => 16,
        UBigInt => 17,
        BigInt => 18,
        UHugeInt => 19,
        HugeInt => 20,
        Decimal(..) => 21,
        Float => 22,
        Double => 23,
        Time | TimeTz => 50,
        TimeNs => 51,
        Date => 52,
        TimestampS => 53,
        TimestampMs => 54,
        Timestamp | TimestampTz => 55,
        TimestampNs => 56,
        Interval => 58,
        Varchar => 77,
        Bit => 100,
        Blob => 101,
        Uuid => 102,
        BigNum => 103,
        Struct(_) => 125,
        List(_) | Array(..) => 126,
        Map(..) => 127,
        Union(_) => 150,
        Enum(_) | Json | Null | Other(_) | Unknown => return None,
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

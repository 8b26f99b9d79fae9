//! The type that two types become together: DuckDB 1.5.5's, step by step.
//!
//! Source: `TryGetMaxLogicalTypeInternal`, `ForceMaxLogicalType` and what they call in
//! `src/common/types.cpp` of DuckDB, held against the engine's own answers in `coercions.tsv`.

use super::SqlType;
use super::cast::refusal;
use super::coerce::{decimal_digits, rule_cost};

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

/// The type that values of both types have together where the engine casts neither by force: in
/// `CASE`, `COALESCE`, lists and `<`.
pub fn common_type(left: &SqlType, right: &SqlType) -> Common {
    cast_to(left, right, combined(left, right, Mode::Try))
}

/// The type that values of both types have together where the engine casts by force, so that hardly
/// any pair is refused: in set operations and in `=`. A pair without a common type becomes the one that holds
/// more.
pub fn forced_type(left: &SqlType, right: &SqlType) -> Common {
    cast_to(left, right, combined(left, right, Mode::Force))
}

/// Nothing, where the engine has no cast for one of the sides.
fn cast_to(left: &SqlType, right: &SqlType, together: Common) -> Common {
    match together {
        Common::Type(target)
            if refusal(left, &target).is_some() || refusal(right, &target).is_some() =>
        {
            Common::Incompatible
        }
        together => together,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Try,
    Force,
}

fn combined(left: &SqlType, right: &SqlType, mode: Mode) -> Common {
    use SqlType::Json;
    if left == right {
        return Common::Type(left.clone());
    }
    if left.is_vague() || right.is_vague() {
        return Common::Unknown;
    }
    let together = match (left, right) {
        // The engine's `JSON` is a type with a name of its own, and those go first.
        (Json, _) | (_, Json) => Common::Type(Json),
        _ if std::mem::discriminant(left) == std::mem::discriminant(right)
            && left.is_variant() == right.is_variant() =>
        {
            of_one_kind(left, right, mode)
        }
        _ => of_two_kinds(left, right, mode),
    };
    match together {
        Common::Incompatible if mode == Mode::Force => {
            let more = score(left) < score(right);
            Common::Type(if more { right } else { left }.clone())
        }
        together => together,
    }
}

/// `CombineEqualTypes`: what differs is within the types.
fn of_one_kind(left: &SqlType, right: &SqlType, mode: Mode) -> Common {
    use SqlType::*;
    match (left, right) {
        (Enum(_), Enum(_)) => Common::Type(Varchar),
        (Decimal(..), Decimal(..)) => decimals(left, right),
        (List(left), List(right)) => combined(left, right, mode).map(SqlType::list),
        (Array(left, size), Array(right, other)) => {
            let size = *size.max(other);
            combined(left, right, mode).map(|element| Array(Box::new(element), size))
        }
        (Map(left_key, left_value), Map(right_key, right_value)) => {
            let key = combined(left_key, right_key, mode);
            let value = combined(left_value, right_value, mode);
            match (key, value) {
                (Common::Type(key), Common::Type(value)) => {
                    Common::Type(Map(Box::new(key), Box::new(value)))
                }
                (Common::Incompatible, _) | (_, Common::Incompatible) => Common::Incompatible,
                _ => Common::Unknown,
            }
        }
        (Struct(left), Struct(right)) => structs(left, right, mode),
        (Union(members), Union(others)) if others.len() > members.len() => {
            Common::Type(right.clone())
        }
        _ => Common::Type(left.clone()),
    }
}

/// `CombineStructTypes`: by position where one side has no names, and else all fields of both.
fn structs(left: &[(String, SqlType)], right: &[(String, SqlType)], mode: Mode) -> Common {
    let unnamed = |fields: &[(String, SqlType)]| fields.iter().all(|(name, _)| name.is_empty());
    if unnamed(left) || unnamed(right) {
        return rows(left, right, mode);
    }
    let of = |fields: &[(String, SqlType)], name: &str| {
        let mut same = fields
            .iter()
            .filter(|(own, _)| own.eq_ignore_ascii_case(name));
        same.next().map(|(_, field)| field.clone())
    };
    let mut fields = Vec::with_capacity(left.len());
    for (name, own) in left {
        let field = match of(right, name) {
            None => own.clone(),
            Some(other) => match combined(own, &other, mode) {
                Common::Type(field) => field,
                other => return other,
            },
        };
        fields.push((name.clone(), field));
    }
    for (name, other) in right {
        if of(left, name).is_none() {
            fields.push((name.clone(), other.clone()));
        }
    }
    known(SqlType::Struct(fields))
}

fn rows(left: &[(String, SqlType)], right: &[(String, SqlType)], mode: Mode) -> Common {
    if left.len() != right.len() {
        return Common::Incompatible;
    }
    let mut fields = Vec::with_capacity(left.len());
    for ((name, left), (other, right)) in left.iter().zip(right) {
        let name = if name.is_empty() { other } else { name };
        match combined(left, right, mode) {
            Common::Type(field) => fields.push((name.clone(), field)),
            other => return other,
        }
    }
    known(SqlType::Struct(fields))
}

fn known(sql_type: SqlType) -> Common {
    match sql_type.any(&SqlType::is_vague) {
        true => Common::Unknown,
        false => Common::Type(sql_type),
    }
}

/// `CombineUnequalTypes`
fn of_two_kinds(left: &SqlType, right: &SqlType, mode: Mode) -> Common {
    use SqlType::*;
    match (left, right) {
        (variant, _) | (_, variant) if variant.is_variant() => {
            return Common::Type(variant.clone());
        }
        (Null, other) | (other, Null) => return Common::Type(other.clone()),
        (Enum(_), other) => return combined(&Varchar, other, mode),
        (other, Enum(_)) => return combined(other, &Varchar, mode),
        _ if left.any(&SqlType::is_vague) || right.any(&SqlType::is_vague) => {
            return Common::Unknown;
        }
        _ => {}
    }
    let to_right = rule_cost(left, right);
    let to_left = rule_cost(right, left);
    if let Some(cost) = to_right
        && to_left.is_none_or(|other| cost < other)
    {
        return Common::Type(with_digits(right, left));
    }
    if to_left.is_some() {
        return Common::Type(with_digits(left, right));
    }
    match (left, right) {
        (BigNum, Decimal(..)) | (Decimal(..), BigNum) => Common::Unknown,
        _ if left.is_numeric() && right.is_numeric() => integers(left, right),
        (Boolean, other) | (other, Boolean) if other.is_integer() => Common::Type(other.clone()),
        _ => Common::Incompatible,
    }
}

/// `DecimalSizeCheck`: a decimal that takes in a whole number gets the digits for it.
fn with_digits(target: &SqlType, from: &SqlType) -> SqlType {
    match (target, decimal_digits(from)) {
        (SqlType::Decimal(precision, scale), Some(digits)) if digits > precision - scale => {
            SqlType::Decimal(digits.saturating_add(*scale).min(38), *scale)
        }
        _ => target.clone(),
    }
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

/// `CombineNumericTypes`: whole numbers that are no part of one another. It goes through the types in
/// the order of their numbers in the engine, which puts the unsigned ones behind the signed ones, and the
/// two widest last.
fn integers(left: &SqlType, right: &SqlType) -> Common {
    use SqlType::*;
    const ORDER: [SqlType; 10] = [
        TinyInt, SmallInt, Integer, BigInt, UTinyInt, USmallInt, UInteger, UBigInt, UHugeInt,
        HugeInt,
    ];
    let place = |of: &SqlType| ORDER.iter().position(|own| own == of);
    let (first, last) = match place(left) > place(right) {
        true => (right, left),
        false => (left, right),
    };
    Common::Type(match (first, last) {
        (BigInt, _) | (_, UBigInt) => HugeInt,
        (Integer, _) | (_, UInteger) => BigInt,
        (SmallInt, _) | (_, USmallInt) => Integer,
        (TinyInt, _) | (_, UTinyInt) => SmallInt,
        (UHugeInt, _) | (_, HugeInt) => Double,
        _ => return Common::Unknown,
    })
}

/// `GetLogicalTypeScore`: of two types that have nothing in common, the one that holds more.
fn score(sql_type: &SqlType) -> u32 {
    use SqlType::*;
    match sql_type {
        Null => 0,
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
        Varchar | Json => 77,
        Enum(_) => 78,
        Bit => 100,
        Blob => 101,
        Uuid => 102,
        BigNum => 103,
        geometry if geometry.is_geometry() => 104,
        Struct(_) => 125,
        List(_) | Array(..) => 126,
        Map(..) => 127,
        Union(_) => 150,
        variant if variant.is_variant() => 150,
        _ => 1000,
    }
}

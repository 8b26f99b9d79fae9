//! Types of which no value of one is ever a value of the other.
//!
//! DuckDB binds `date = bigint` and unions of the two with a cast that it hasn't got, so that the
//! query fails at the first row without a null ("Unimplemented type for cast"). Measured with DuckDB
//! 1.5.5 over all pairs of types; where a pair is in doubt, it isn't told apart here.

use super::SqlType;
use crate::diagnostic::{nearest, only_near};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Number,
    Bit,
    Blob,
    Uuid,
    Day,
    Clock,
    Interval,
    List,
    Record,
}

impl Family {
    /// `None` for texts, which are cast to anything, and for what isn't known.
    fn of(sql_type: &SqlType) -> Option<Self> {
        Some(match sql_type {
            SqlType::Boolean => Self::Number,
            number if number.is_numeric() => Self::Number,
            SqlType::Bit => Self::Bit,
            SqlType::Blob => Self::Blob,
            SqlType::Uuid => Self::Uuid,
            SqlType::Date => Self::Day,
            moment if moment.is_timestamp() => Self::Day,
            SqlType::Time | SqlType::TimeNs | SqlType::TimeTz => Self::Clock,
            SqlType::Interval => Self::Interval,
            SqlType::List(_) | SqlType::Array(..) => Self::List,
            SqlType::Struct(_) | SqlType::Map(..) => Self::Record,
            _ => return None,
        })
    }
}

/// Whether no value of one type can be cast to the other, so that a comparison, a join or a set
/// operation of the two can only fail.
pub fn never_meet(left: &SqlType, right: &SqlType) -> bool {
    let (Some(left), Some(right)) = (Family::of(left), Family::of(right)) else {
        return false;
    };
    let meet = |one, other| (left, right) == (one, other) || (right, left) == (one, other);
    left != right
        && !meet(Family::Number, Family::Bit)
        && !meet(Family::Blob, Family::Bit)
        && !meet(Family::Blob, Family::Uuid)
}

/// Whether values of a type can stand where a condition must.
pub fn is_condition(sql_type: &SqlType) -> bool {
    matches!(
        Family::of(sql_type),
        None | Some(Family::Number | Family::Bit)
    )
}

/// The names of types that a misspelt one may be.
const NAMES: [&str; 32] = [
    "bigint",
    "bit",
    "blob",
    "boolean",
    "date",
    "decimal",
    "double",
    "enum",
    "float",
    "hugeint",
    "int",
    "integer",
    "interval",
    "json",
    "map",
    "numeric",
    "real",
    "smallint",
    "string",
    "struct",
    "text",
    "time",
    "timestamp",
    "timestamptz",
    "timestamp_ns",
    "tinyint",
    "ubigint",
    "uinteger",
    "union",
    "utinyint",
    "uuid",
    "varchar",
];

/// What to write where a type stands that doesn't exist: the nearest one, or what types look like.
pub fn unknown_type_hint(written: &str) -> String {
    let end = written.find(['(', '[', ' ']).unwrap_or(written.len());
    match nearest(&written[..end], NAMES) {
        Some(near) => format!("did you mean `{near}{}`?", &written[end..]),
        None => {
            "write a type of DuckDB, such as `bigint`, `decimal(18, 2)` or `timestamp`".to_owned()
        }
    }
}

/// The type that a text which is none can only mean.
pub fn meant_type(written: &str) -> Option<String> {
    let end = written.find(['(', '[', ' ']).unwrap_or(written.len());
    let near = only_near(&written[..end], NAMES)?;
    let meant = format!("{near}{}", &written[end..]);
    let read = meant.parse::<SqlType>().ok()?;
    (!matches!(read, SqlType::Other(_))).then_some(meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_of_types() {
        let never =
            |left: &str, right: &str| never_meet(&left.parse().unwrap(), &right.parse().unwrap());
        assert!(
            never("date", "bigint")
                && never("timestamp", "boolean")
                && never("varchar[]", "integer")
        );
        assert!(never("time", "date") && never("uuid", "integer") && never("interval", "date"));
        assert!(
            !never("date", "timestamptz")
                && !never("varchar", "date")
                && !never("boolean", "integer")
        );
        assert!(
            !never("blob", "uuid")
                && !never("json", "integer[]")
                && !never("decimal(4,1)", "double")
        );
    }
}

//! What is written in two ways and means the same in the engine.

/// The one spelling of an operation.
pub(super) fn operation(text: &str) -> &str {
    match text {
        "==" => "=",
        "!=" => "<>",
        "~~" => "like",
        "!~~" => "not like",
        "~~*" => "ilike",
        "!~~*" => "not ilike",
        "~~~" => "glob",
        "**" => "^",
        same => same,
    }
}

/// Whether a chain of it means the same however it is put into parentheses.
pub(super) fn is_chain(text: &str) -> bool {
    matches!(text, "and" | "or")
}

/// Whether a function's first argument is a part of a date, `year` or `YEAR`.
pub(super) fn takes_date_part(name: &str) -> bool {
    matches!(
        name,
        "extract"
            | "date_part"
            | "datepart"
            | "date_trunc"
            | "datetrunc"
            | "date_diff"
            | "datediff"
            | "date_sub"
            | "datesub"
    )
}

/// The parts of a literal with its type in front, `DATE '2020-01-01'`, which means the cast of a
/// text. One with quotes or escapes in its text stays what it is.
pub(super) fn typed_literal(text: &str) -> Option<(&str, &str)> {
    let is_typed = text.starts_with(|first: char| first.is_ascii_alphabetic());
    let (sql_type, rest) = text.split_once(" '")?;
    let value = rest.strip_suffix('\'')?;
    let is_plain = !value.contains(['\'', '\\']);
    (is_typed && is_plain).then_some((sql_type, value))
}

/// A cast to a type whose values another type of the same family has as well: what is cast to
/// either is the same value, or can't be cast. The family of a decimal is its number of decimals.
pub(super) fn cast_family(text: &str) -> Option<String> {
    let sql_type = text.strip_prefix("cast ")?;
    match sql_type {
        "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "HUGEINT" => Some("integer".to_owned()),
        "UTINYINT" | "USMALLINT" | "UINTEGER" | "UBIGINT" | "UHUGEINT" => {
            Some("integer".to_owned())
        }
        _ => {
            let inner = sql_type.strip_prefix("DECIMAL(")?.strip_suffix(')')?;
            let (_, scale) = inner.split_once(',')?;
            Some(format!("decimal {}", scale.trim()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_before_a_text_is_a_cast() {
        assert_eq!(
            typed_literal("DATE '2020-01-01'"),
            Some(("DATE", "2020-01-01"))
        );
        for same in ["'a 'b'", "DATE 'it''s'", "1", "x'00'", "null"] {
            assert_eq!(typed_literal(same), None, "{same}");
        }
    }

    #[test]
    fn families_hold_types_with_the_same_values() {
        assert_eq!(cast_family("cast INTEGER"), cast_family("cast BIGINT"));
        assert_eq!(
            cast_family("cast DECIMAL(10,2)"),
            cast_family("cast DECIMAL(18,2)")
        );
        assert_ne!(
            cast_family("cast DECIMAL(10,2)"),
            cast_family("cast DECIMAL(18,3)")
        );
        for none in ["cast DOUBLE", "try_cast INTEGER", "cast DATE", "list"] {
            assert_eq!(cast_family(none), None, "{none}");
        }
    }
}

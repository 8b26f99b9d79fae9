//! Types as DuckDB writes them, read as far as it takes to tell which is wider.

/// What is known of a type.
enum Kind {
    /// A whole number with a sign, by its rank: one more is twice as many bits.
    Signed(u8),
    /// A whole number without a sign, by its rank.
    Unsigned(u8),
    /// Digits in all, and of these decimals.
    Decimal(u32, u32),
    Other,
}

impl Kind {
    fn of(text: &str) -> Self {
        match text {
            "TINYINT" => Kind::Signed(1),
            "SMALLINT" => Kind::Signed(2),
            "INTEGER" => Kind::Signed(3),
            "BIGINT" => Kind::Signed(4),
            "HUGEINT" => Kind::Signed(5),
            "UTINYINT" => Kind::Unsigned(1),
            "USMALLINT" => Kind::Unsigned(2),
            "UINTEGER" => Kind::Unsigned(3),
            "UBIGINT" => Kind::Unsigned(4),
            "UHUGEINT" => Kind::Unsigned(5),
            _ => decimal(text).unwrap_or(Kind::Other),
        }
    }
}

/// `DECIMAL(18,2)`
fn decimal(text: &str) -> Option<Kind> {
    let inner = text.strip_prefix("DECIMAL(")?.strip_suffix(')')?;
    let (digits, decimals) = inner.split_once(',')?;
    let number = |text: &str| text.trim().parse().ok();
    Some(Kind::Decimal(number(digits)?, number(decimals)?))
}

/// A list or an array as what it is made of and its brackets: `INTEGER[]`, `FLOAT[3]`.
fn element(text: &str) -> Option<(&str, &str)> {
    let open = text.rfind('[')?;
    let length = text[open..].strip_prefix('[')?.strip_suffix(']')?;
    let is_brackets = length.bytes().all(|byte| byte.is_ascii_digit());
    is_brackets.then(|| text.split_at(open))
}

/// Whether a type has all values of another one, each as the same value, and more than those: a
/// longer integer, a decimal with more digits and as many decimals, lists and arrays of those. `DOUBLE`
/// isn't wider than `FLOAT`: the `FLOAT` nearest to 0.1 is written as 0.1, and as a `DOUBLE` it isn't.
/// Types are as DuckDB writes them.
pub fn is_wider(wide: &str, narrow: &str) -> bool {
    if let (Some((wide, brackets)), Some((narrow, own))) = (element(wide), element(narrow)) {
        return brackets == own && is_wider(wide, narrow);
    }
    match (Kind::of(wide), Kind::of(narrow)) {
        (Kind::Signed(wide), Kind::Signed(narrow) | Kind::Unsigned(narrow))
        | (Kind::Unsigned(wide), Kind::Unsigned(narrow)) => wide > narrow,
        (Kind::Decimal(wide, decimals), Kind::Decimal(narrow, own)) => {
            decimals == own && wide > narrow
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_wider;

    #[test]
    fn wider_types_have_the_same_values_and_more() {
        for (wide, narrow) in [
            ("BIGINT", "INTEGER"),
            ("HUGEINT", "UBIGINT"),
            ("UBIGINT", "UTINYINT"),
            ("DECIMAL(18,2)", "DECIMAL(10,2)"),
            ("BIGINT[]", "INTEGER[]"),
            ("BIGINT[3][]", "SMALLINT[3][]"),
        ] {
            assert!(is_wider(wide, narrow), "{wide} {narrow}");
            assert!(!is_wider(narrow, wide), "{narrow} {wide}");
        }
    }

    #[test]
    fn other_types_are_not() {
        for (left, right) in [
            ("INTEGER", "INTEGER"),
            ("BIGINT", "UBIGINT"),
            ("UBIGINT", "TINYINT"),
            ("DECIMAL(18,2)", "DECIMAL(10,3)"),
            ("DECIMAL(18,2)", "INTEGER"),
            ("DOUBLE", "INTEGER"),
            ("DOUBLE", "FLOAT"),
            ("VARCHAR", "INTEGER"),
            ("BIGINT[]", "INTEGER"),
            ("BIGINT[3]", "INTEGER[4]"),
            ("BIGINT[3]", "INTEGER[]"),
            ("STRUCT(a BIGINT)", "STRUCT(a INTEGER)"),
            ("STRUCT(\"a[\" BIGINT)", "STRUCT(\"a[\" INTEGER)"),
            ("ENUM('a[]')", "ENUM('b[]')"),
            ("DECIMAL(", "DECIMAL()"),
            ("]", "["),
            ("", ""),
        ] {
            assert!(!is_wider(left, right), "{left} {right}");
            assert!(!is_wider(right, left), "{right} {left}");
        }
    }
}

//! The types that a table of a lake can't hold.

/// Types that DuckLake has none for. A lake's files are Parquet, whose types are fewer.
const REFUSED: &[&str] = &[
    "ENUM",
    "BIT",
    "BITSTRING",
    "UNION",
    "BIGNUM",
    "VARINT",
    "TIME_NS",
];

/// The part of a type that a table of a lake can't hold; nothing where it can hold all of it.
pub(super) fn refused(sql_type: &str) -> Option<String> {
    let text = sql_type.trim();
    if let Some(inner) = text.strip_suffix(']') {
        let (element, length) = inner.rsplit_once('[')?;
        return match length.trim().is_empty() {
            true => refused(element),
            false => Some(text.to_owned()),
        };
    }
    let (name, arguments) = match text.split_once('(') {
        Some((name, rest)) => (name.trim(), rest.strip_suffix(')').unwrap_or(rest)),
        None => (text, ""),
    };
    let name = name.to_ascii_uppercase();
    if REFUSED.contains(&name.as_str()) {
        return Some(text.to_owned());
    }
    match name.as_str() {
        "STRUCT" | "ROW" => parts(arguments)
            .into_iter()
            .find_map(|field| refused(without_name(field))),
        "MAP" => parts(arguments).into_iter().find_map(refused),
        _ => None,
    }
}

/// What stands between the commas that no parenthesis and no quotes enclose.
fn parts(arguments: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut depth, mut quote) = (0, 0_usize, None);
    for (index, character) in arguments.char_indices() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                parts.push(&arguments[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&arguments[start..]);
    parts
}

/// The type of a field, behind its name.
fn without_name(field: &str) -> &str {
    let field = field.trim();
    let Some(quoted) = field.strip_prefix('"') else {
        return field.split_once(' ').map_or("", |(_, of)| of);
    };
    // A doubled quote is a part of the name.
    let mut rest = quoted;
    while let Some((_, after)) = rest.split_once('"') {
        match after.strip_prefix('"') {
            Some(further) => rest = further,
            None => return after,
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::refused;

    #[test]
    fn what_a_lake_can_t_hold_is_found_wherever_it_stands() {
        for (text, part) in [
            ("ENUM('a', 'b')", "ENUM('a', 'b')"),
            ("bit", "bit"),
            ("UNION(a INTEGER, b VARCHAR)", "UNION(a INTEGER, b VARCHAR)"),
            ("INTEGER[3]", "INTEGER[3]"),
            ("INTEGER[3][]", "INTEGER[3]"),
            ("BIGNUM[]", "BIGNUM"),
            (
                "STRUCT(a INTEGER, \"b c\" ENUM('x, y', ')'))",
                "ENUM('x, y', ')')",
            ),
            ("MAP(VARCHAR, STRUCT(\"bit\" BIT))", "BIT"),
        ] {
            assert_eq!(refused(text).as_deref(), Some(part), "{text}");
        }
    }

    #[test]
    fn what_it_can_hold_is_let_be() {
        for text in [
            "INTEGER",
            "DECIMAL(18,3)",
            "TIMESTAMP WITH TIME ZONE",
            "VARCHAR[]",
            "STRUCT(bit INTEGER, \"enum\" VARCHAR, \"a\"\"b, c\" DATE)",
            "STRUCT(v STRUCT(\"union\" INTEGER)[])",
            "MAP(VARCHAR, INTEGER[])",
            "JSON",
            "UUID",
            "]",
            "STRUCT(",
            "",
        ] {
            assert_eq!(refused(text), None, "{text}");
        }
    }
}

//! How names and texts are written in SQL, and which known name a wrong one is near to.

/// An identifier in double quotes, so that any name is valid.
pub fn quote(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

/// A text literal.
pub fn quote_text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The known name nearest to a wrong one, if any is near enough to be meant.
pub fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let longest = (wrong.chars().count() / 3).max(1);
    known
        .map(|name| (strsim::damerau_levenshtein(wrong, name), name))
        .filter(|(distance, _)| *distance <= longest)
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(quote("a\"b"), "\"a\"\"b\"");
        assert_eq!(quote_text("it's"), "'it''s'");
    }

    #[test]
    fn only_near_names_are_proposed() {
        let known = ["stg_orders", "stg_customers"];
        assert_eq!(nearest("stg_order", known.into_iter()), Some("stg_orders"));
        assert_eq!(nearest("revenue", known.into_iter()), None);
    }
}

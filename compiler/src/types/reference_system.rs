//! Texts that name the reference system of a geometry: `OGC:CRS84`, WKT2, PROJJSON.
//!
//! Source: `src/common/types/geometry_crs.cpp` of DuckDB 1.5.5. An extension may know more codes of
//! authorities than the engine itself, so that nothing is said of these.

use serde_json::Value;

/// Authorities whose codes an extension may know.
const AUTHORITIES: &[&str] = &["EPSG", "ESRI", "IAU", "IGNF", "NKG", "OGC", "SR"];

/// Words that a definition in WKT2 begins with.
const WKT: &[&str] = &[
    "BOUNDCRS",
    "COMPOUNDCRS",
    "ENGCRS",
    "ENGINEERINGCRS",
    "GEODCRS",
    "GEODETICCRS",
    "GEOGCRS",
    "GEOGRAPHICCRS",
    "PARAMETRICCRS",
    "PROJCRS",
    "PROJECTEDCRS",
    "TIMECRS",
    "VERTCRS",
    "VERTICALCRS",
];

/// Types of a definition in PROJJSON.
const PROJJSON: &[&str] = &[
    "BoundCRS",
    "CompoundCRS",
    "EngineeringCRS",
    "GeodeticCRS",
    "GeographicCRS",
    "ParametricCRS",
    "ProjectedCRS",
    "TemporalCRS",
    "VerticalCRS",
];

/// The deepest nesting that the engine reads.
const MOST_NODES: usize = 1000;

/// What is wrong in a definition in WKT2, which the engine reads even where it takes any text.
pub fn unread(text: &str) -> Option<String> {
    let trimmed = text.trim();
    if trimmed.starts_with('{') || is_code(trimmed).is_some() {
        return None;
    }
    let mut reader = Reader {
        rest: trimmed,
        nodes: 0,
    };
    let message = reader.node().err()?;
    Some(format!("`{text}` can't be read as WKT: {message}"))
}

/// The authority of `AUTHORITY:CODE`.
fn is_code(trimmed: &str) -> Option<&str> {
    let (authority, code) = trimmed.split_once(':')?;
    let read = authority.chars().all(|letter| letter.is_ascii_alphabetic())
        && code.chars().all(|letter| letter.is_ascii_alphanumeric());
    read.then_some(authority)
}

/// Why the engine doesn't take a text; `None` if it may.
pub fn refusal(text: &str) -> Option<String> {
    let trimmed = text.trim();
    let unknown = || Some(format!("there is no reference system `{text}`"));
    if let Some(authority) = is_code(trimmed) {
        let known = AUTHORITIES
            .iter()
            .any(|own| own.eq_ignore_ascii_case(authority));
        return if known { None } else { unknown() };
    }
    if trimmed.starts_with('{') {
        let json = serde_json::from_str::<Value>(trimmed).ok();
        let Some(kind) = json
            .as_ref()
            .map(|json| json.get("type").and_then(Value::as_str))
        else {
            // The engine's reader is another one.
            return match trimmed.ends_with('}') {
                true => None,
                false => unknown(),
            };
        };
        let known =
            kind.is_some_and(|kind| PROJJSON.iter().any(|own| own.eq_ignore_ascii_case(kind)));
        return if known { None } else { unknown() };
    }
    let mut reader = Reader {
        rest: trimmed,
        nodes: 0,
    };
    let begins = trimmed.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
    if !begins {
        return unknown();
    }
    match reader.node() {
        Err(message) => Some(format!("`{text}` can't be read as WKT: {message}")),
        Ok(Node::Keyword(word, children)) => {
            let known = WKT.iter().any(|own| own.eq_ignore_ascii_case(word));
            let named = match word.eq_ignore_ascii_case("BOUNDCRS") {
                true => children.len() >= 3,
                false => matches!(children.first(), Some(Node::Text)),
            };
            if known && named { None } else { unknown() }
        }
        Ok(_) => unknown(),
    }
}

/// A node of WKT.
enum Node<'a> {
    Keyword(&'a str, Vec<Node<'a>>),
    Text,
    Number,
    Nothing,
}

struct Reader<'a> {
    rest: &'a str,
    nodes: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, letter: char) -> bool {
        match self.rest.strip_prefix(letter) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn node(&mut self) -> Result<Node<'a>, String> {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            return Err("it is too long".to_owned());
        }
        if self.rest.starts_with('"') {
            return self.text();
        }
        let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        if self
            .rest
            .starts_with(|first: char| letter(first) && !first.is_ascii_digit())
        {
            let end = self
                .rest
                .find(|next| !letter(next))
                .unwrap_or(self.rest.len());
            let (word, rest) = self.rest.split_at(end);
            self.rest = rest.trim_start();
            for (open, close) in [('[', ']'), ('(', ')')] {
                if self.take(open) {
                    return Ok(Node::Keyword(word, self.children(close)?));
                }
            }
            return Ok(Node::Keyword(word, Vec::new()));
        }
        let number = |next: char| next.is_ascii_digit() || "+-.eE".contains(next);
        let end = self
            .rest
            .find(|next| !number(next))
            .unwrap_or(self.rest.len());
        let (digits, rest) = self.rest.split_at(end);
        if digits.parse::<f64>().is_err() {
            return Ok(Node::Nothing);
        }
        self.rest = rest.trim_start();
        Ok(Node::Number)
    }

    fn children(&mut self, close: char) -> Result<Vec<Node<'a>>, String> {
        let mut children = Vec::new();
        loop {
            match self.node()? {
                Node::Nothing => break,
                child => children.push(child),
            }
            if !self.take(',') {
                break;
            }
        }
        match self.take(close) {
            true => Ok(children),
            false => Err(format!("`{close}` is missing")),
        }
    }

    fn text(&mut self) -> Result<Node<'a>, String> {
        let mut rest = &self.rest[1..];
        loop {
            let Some(end) = rest.find('"') else {
                return Err("a text isn't closed".to_owned());
            };
            rest = &rest[end + 1..];
            match rest.strip_prefix('"') {
                Some(behind) => rest = behind,
                None => break,
            }
        }
        self.rest = rest.trim_start();
        Ok(Node::Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_systems() {
        for taken in [
            "OGC:CRS84",
            "EPSG:4326",
            r#"GEOGCRS["WGS 84"]"#,
            r#"GEOGCRS["a ""b""", 1, 2.5, -3e5, KEY["x"]]"#,
            r#"GEOGCRS("a",foo[])"#,
            r#"{"type": "GeographicCRS"}"#,
        ] {
            assert_eq!(refusal(taken), None, "{taken}");
        }
        for refused in [
            "",
            " ",
            "foo",
            "a:b",
            "a:b:c",
            "GEOGCRS",
            "GEOGCRS[",
            r#"GEOGCRS["a"#,
            r#"GEOGCRS["a",foo[]"#,
            "{}",
            "{",
            "[1]",
            r#"{"type": "x"}"#,
        ] {
            assert!(refusal(refused).is_some(), "{refused}");
        }
        let deep = "GEOGCRS[".repeat(5000);
        assert!(refusal(&deep).is_some());
    }
}

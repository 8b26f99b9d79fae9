//! The type in a cast.
//!
//! Source: `TypeExpression::ToString` and `TransformTypeExpression` of DuckDB: spellings of the
//! engine's own types become their names, and a name stands in quotes unless it is one of the few
//! that the grammar has as keywords for types.

use crate::sql_type::{SqlType, quote_identifier};

/// The engine's own type names that are keywords of the category that needs no quotes.
const BARE: &[&str] = &[
    "BIGINT",
    "BIT",
    "BOOLEAN",
    "DECIMAL",
    "FLOAT",
    "INTEGER",
    "INTERVAL",
    "SMALLINT",
    "TIME",
    "TIMESTAMP",
    "VARCHAR",
];

/// A type as the engine writes it within a cast.
pub(super) fn written(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some((element, bound)) = subscripted(text) {
        return Some(format!("{}[{bound}]", written(element)?));
    }
    if let Some(element) = strip_word(text, "array") {
        return Some(format!("{}[]", written(element)?));
    }
    let (name, arguments) = match text.find('(') {
        Some(open) => {
            let close = text.rfind(')')?;
            let behind = text[close + 1..].trim();
            let name = format!("{} {behind}", text[..open].trim());
            let mut arguments = split(&text[open + 1..close]);
            arguments.retain(|argument| !argument.is_empty());
            let arguments = (!arguments.is_empty()).then_some(arguments);
            (name.trim().to_owned(), arguments)
        }
        None => (text.to_owned(), None),
    };
    let lower = name.to_lowercase();
    match (lower.as_str(), &arguments) {
        ("struct" | "row", Some(fields)) => return with_fields("STRUCT", fields),
        ("union", Some(fields)) => return with_fields("UNION", fields),
        ("map", Some(parts)) => {
            let [key, value] = parts.as_slice() else {
                return None;
            };
            return Some(format!("MAP({}, {})", written(key)?, written(value)?));
        }
        ("enum", Some(values)) => return Some(format!("\"ENUM\"({})", values.join(", "))),
        ("float", Some(bits)) => {
            let bits: u32 = bits.first()?.parse().ok()?;
            return Some(if bits > 24 { "\"DOUBLE\"" } else { "FLOAT" }.to_owned());
        }
        ("interval", Some(_)) => return Some("INTERVAL".to_owned()),
        ("char" | "character" | "nchar", None) => return Some("VARCHAR(1)".to_owned()),
        ("bit", None) => return Some("BIT(1)".to_owned()),
        _ => {}
    }
    let base = base(&name)?;
    Some(match arguments {
        Some(arguments) => format!("{base}({})", arguments.join(", ")),
        None => base,
    })
}

/// A type's name without its parameters.
fn base(name: &str) -> Option<String> {
    if name.starts_with('"') && name.ends_with('"') && name.len() > 2 {
        let inner = name[1..name.len() - 1].replace("\"\"", "\"");
        return base(&inner).filter(|_| !inner.contains('"'));
    }
    if name.contains('.') || name.contains('"') {
        return None;
    }
    let own = match name.to_lowercase().as_str() {
        "geometry" => "GEOMETRY".to_owned(),
        "type" => "TYPE".to_owned(),
        "variant" => "VARIANT".to_owned(),
        "decimal" | "numeric" | "dec" => "DECIMAL".to_owned(),
        // Not one of the engine's own types, but one that an extension names.
        "json" => return Some(format!("\"{name}\"")),
        _ => match name.parse::<SqlType>() {
            Ok(SqlType::Other(_)) => {
                return (!name.contains(' ')).then(|| format!("\"{name}\""));
            }
            Ok(sql_type) => sql_type.to_string(),
            Err(_) => return None,
        },
    };
    // The type of nulls has its quotes already.
    Some(if BARE.contains(&own.as_str()) || own.starts_with('"') {
        own
    } else {
        format!("\"{own}\"")
    })
}

fn with_fields(word: &str, fields: &[String]) -> Option<String> {
    let fields: Option<Vec<String>> = fields
        .iter()
        .map(|field| {
            let end = match field.strip_prefix('"') {
                Some(rest) => rest.find('"')? + 2,
                None => field.find(' ')?,
            };
            let name = field[..end].trim_matches('"');
            Some(format!(
                "{} {}",
                quote_identifier(name),
                written(&field[end..])?
            ))
        })
        .collect();
    Some(format!("{word}({})", fields?.join(", ")))
}

/// `type[n]` and `type[]`: the type, and what stands between the last brackets.
fn subscripted(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_suffix(']')?;
    let open = inner.rfind('[')?;
    let element = inner[..open].trim_end();
    let element = strip_word(element, "array").unwrap_or(element);
    Some((element, inner[open + 1..].trim()))
}

fn strip_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let at = text.len().checked_sub(word.len() + 1)?;
    let (before, last) = (text.get(..at)?, text.get(at..)?);
    last.trim()
        .eq_ignore_ascii_case(word)
        .then_some(before.trim())
}

/// What commas separate outside of parentheses and quotes.
fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut depth, mut quote) = (0_u32, None);
    for c in text.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None => match c {
                '\'' | '"' => quote = Some(c),
                '(' | '[' => depth += 1,
                ')' | ']' => depth = depth.saturating_sub(1),
                ',' if depth == 0 => {
                    parts.push(String::new());
                    continue;
                }
                _ => {}
            },
        }
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts
        .into_iter()
        .map(|part| part.trim().to_owned())
        .collect()
}

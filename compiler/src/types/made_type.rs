//! Types made of a name and modifiers: `make_type('LIST', make_type('INTEGER'))`.
//!
//! Source: the bind functions of `src/catalog/default/default_types.cpp` of DuckDB 1.5.5.

use super::type_names::unknown_name;
use crate::sql_type::SqlType;

/// What stands in the place of a modifier.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// A type.
    Type,
    /// A null, of whatever type.
    Null,
    /// A text.
    Text(String),
    /// A whole number.
    Number(i128),
    /// Another value.
    Other,
    /// It isn't known.
    Unknown,
}

/// A modifier, with its name if it has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Modifier {
    /// `a` of `a := …`
    pub name: Option<String>,
    /// Its value.
    pub part: Part,
}

/// Why a name with these modifiers is no type; `None` if it may be one.
pub fn refusal(name: &str, modifiers: &[Modifier]) -> Option<String> {
    let unknown = |modifier: &Modifier| modifier.part == Part::Unknown;
    if modifiers.iter().any(unknown) {
        return None;
    }
    let lower = name.to_lowercase();
    match lower.as_str() {
        "decimal" | "dec" | "numeric" => decimal(modifiers),
        "timestamp" | "datetime" => timestamp(modifiers),
        "varchar" | "bpchar" | "string" | "char" | "nvarchar" | "text" => {
            at_most_one(name, modifiers)
                .filter(|_| modifiers.len() > 2 || !modifiers.iter().any(is_collation))
        }
        "bit" | "bitstring" | "interval" => at_most_one(name, modifiers),
        "enum" => values(modifiers),
        "list" => list(modifiers),
        "array" => array(modifiers),
        "struct" | "row" => fields(modifiers),
        "map" => map(modifiers),
        "union" => members(modifiers),
        "geometry" => geometry(modifiers),
        _ if modifiers.is_empty() => unknown_name(name),
        _ => match name.parse::<SqlType>() {
            Ok(SqlType::Other(_)) | Err(_) => unknown_name(name),
            Ok(_) => Some(format!("the type `{name}` takes no parameters")),
        },
    }
}

fn is_collation(modifier: &Modifier) -> bool {
    let named = modifier.name.as_deref();
    named.is_some_and(|name| name.eq_ignore_ascii_case("collation"))
}

fn at_most_one(name: &str, modifiers: &[Modifier]) -> Option<String> {
    (modifiers.len() > 1).then(|| format!("the type `{name}` takes one parameter at most"))
}

/// A modifier as a number of one byte; a text with digits is one too.
fn small(part: &Part) -> Option<i128> {
    let number = match part {
        Part::Number(number) => *number,
        Part::Text(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    (0..256).contains(&number).then_some(number)
}

fn decimal(modifiers: &[Modifier]) -> Option<String> {
    let wrong = "a decimal has 1 to 38 digits, and no more behind its point: `decimal(18, 2)`";
    let [first, rest @ ..] = modifiers else {
        return None;
    };
    if *first
        == (Modifier {
            name: first.name.clone(),
            part: Part::Other,
        })
    {
        return None;
    }
    let width = small(&first.part);
    let scale = rest.first().map(|modifier| small(&modifier.part));
    let fits = match (width, scale) {
        _ if rest.len() > 1 => false,
        (Some(width), None) => (1..=38).contains(&width),
        (Some(width), Some(Some(scale))) => (1..=38).contains(&width) && scale <= width,
        _ => false,
    };
    (!fits).then(|| wrong.to_owned())
}

fn timestamp(modifiers: &[Modifier]) -> Option<String> {
    let [first, rest @ ..] = modifiers else {
        return None;
    };
    let fits = match first.part {
        Part::Other => true,
        _ => small(&first.part).is_some_and(|digits| digits <= 9),
    };
    (!fits || !rest.is_empty()).then(|| "a timestamp has at most 9 digits of seconds".to_owned())
}

fn values(modifiers: &[Modifier]) -> Option<String> {
    let mut seen: Vec<&str> = Vec::new();
    for modifier in modifiers {
        match &modifier.part {
            Part::Text(text) if modifier.name.is_none() && !seen.contains(&text.as_str()) => {
                seen.push(text);
            }
            _ => return Some(VALUES.to_owned()),
        }
    }
    seen.is_empty()
        .then(|| "an enum has at least one value".to_owned())
}

const VALUES: &str = "the values of an enum are texts, each of which stands once";

fn list(modifiers: &[Modifier]) -> Option<String> {
    (!matches!(
        modifiers,
        [Modifier {
            part: Part::Type,
            ..
        }]
    ))
    .then(|| "a list has the type of its elements, and nothing else".to_owned())
}

fn array(modifiers: &[Modifier]) -> Option<String> {
    let fits = match modifiers {
        [
            Modifier {
                part: Part::Type, ..
            },
            Modifier {
                part: Part::Number(size),
                ..
            },
        ] => (1..=100_000).contains(size),
        _ => false,
    };
    (!fits).then(|| "an array has the type of its elements, and 1 to 100000 of them".to_owned())
}

fn fields(modifiers: &[Modifier]) -> Option<String> {
    if modifiers.is_empty() {
        return Some("a struct has at least one field".to_owned());
    }
    if modifiers.iter().any(|modifier| modifier.part != Part::Type) {
        return Some("the fields of a struct are types".to_owned());
    }
    let named = modifiers.iter().filter(|modifier| modifier.name.is_some());
    if !matches!(named.count(), count if count == 0 || count == modifiers.len()) {
        return Some("either all fields of a struct have names, or none has".to_owned());
    }
    twice(modifiers).map(|name| format!("the struct has two fields `{name}`"))
}

fn map(modifiers: &[Modifier]) -> Option<String> {
    let types = modifiers.iter().all(|modifier| modifier.part == Part::Type);
    (modifiers.len() != 2 || !types)
        .then(|| "a map has a type of keys and one of values: `map(varchar, integer)`".to_owned())
}

fn members(modifiers: &[Modifier]) -> Option<String> {
    let wrong = |modifier: &Modifier| modifier.name.is_none() || modifier.part != Part::Type;
    if modifiers.is_empty() || modifiers.iter().any(wrong) {
        return Some("the members of a union have names and types".to_owned());
    }
    twice(modifiers).map(|name| format!("the union has two members `{name}`"))
}

fn twice(modifiers: &[Modifier]) -> Option<&str> {
    let mut seen: Vec<&str> = Vec::new();
    for name in modifiers
        .iter()
        .filter_map(|modifier| modifier.name.as_deref())
    {
        if seen.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            return Some(name);
        }
        seen.push(name);
    }
    None
}

fn geometry(modifiers: &[Modifier]) -> Option<String> {
    match modifiers {
        [] => None,
        [
            Modifier {
                part: Part::Text(text),
                ..
            },
        ] => super::reference_system::refusal(text),
        [_] => Some("the reference system of a geometry is a text".to_owned()),
        _ => Some("a geometry has one reference system at most".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: Option<&str>, part: Part) -> Modifier {
        Modifier {
            name: name.map(str::to_owned),
            part,
        }
    }

    #[test]
    fn modifiers_that_fit() {
        let number = |number| of(None, Part::Number(number));
        let text = |text: &str| of(None, Part::Text(text.to_owned()));
        assert_eq!(refusal("decimal", &[number(4), number(1)]), None);
        assert_eq!(refusal("Decimal", &[text("4")]), None);
        assert_eq!(refusal("list", &[of(None, Part::Type)]), None);
        assert_eq!(refusal("array", &[of(None, Part::Type), number(3)]), None);
        assert_eq!(refusal("struct", &[of(Some("a"), Part::Type)]), None);
        assert_eq!(refusal("enum", &[text("a"), text("b")]), None);
        assert_eq!(refusal("varchar", &[number(10)]), None);
        assert_eq!(refusal("list", &[of(None, Part::Unknown)]), None);
        for (name, modifiers) in [
            ("decimal", vec![number(39)]),
            ("decimal", vec![number(1), number(4)]),
            ("decimal", vec![text("a")]),
            ("timestamp", vec![number(10)]),
            ("enum", vec![text("a"), text("a")]),
            ("list", vec![]),
            ("array", vec![of(None, Part::Type), number(0)]),
            (
                "struct",
                vec![of(None, Part::Type), of(Some("a"), Part::Type)],
            ),
            ("union", vec![of(None, Part::Type)]),
            ("integer", vec![number(1)]),
            ("geometry", vec![number(4326)]),
        ] {
            assert!(refusal(name, &modifiers).is_some(), "{name}");
        }
    }
}

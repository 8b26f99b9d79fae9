//! All naming rules of generated code.
//!
//! [`rust_name`] keeps lower and upper case letters, digits and single underscores, and writes
//! any other character as `_x` + hexadecimal code point + `_`. An underscore is written so as
//! well where it could be read otherwise: first, last, after another one, or before something
//! that looks like such a code. So two different names never meet, also not when several are
//! joined by `__`, as in [`module_name`].

use proc_macro2::{Ident, Span};

/// The words that can't be an identifier even as `r#word`.
const NEVER_RAW: [&str; 5] = ["crate", "self", "super", "Self", "_"];

/// A name as an identifier: of a field, or of a part of a module's path.
pub fn rust_name(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut identifier = String::with_capacity(name.len());
    for (index, &character) in characters.iter().enumerate() {
        let plain = match character {
            'a'..='z' | 'A'..='Z' => true,
            '0'..='9' => index > 0,
            '_' => !is_misleading_underscore(&characters, index),
            _ => false,
        };
        if plain {
            identifier.push(character);
        } else {
            identifier.push_str(&escaped(character));
        }
    }
    if NEVER_RAW.contains(&identifier.as_str()) || identifier.is_empty() {
        identifier = format!("{identifier}_x_");
    }
    identifier
}

fn escaped(character: char) -> String {
    format!("_x{:x}_", u32::from(character))
}

/// Whether an underscore has to be escaped so that the name can be read back.
fn is_misleading_underscore(characters: &[char], index: usize) -> bool {
    let follows_underscore = index > 0 && characters[index - 1] == '_';
    let rest = &characters[index + 1..];
    let code: Vec<&char> = rest
        .iter()
        .take_while(|character| **character != '_')
        .collect();
    let looks_like_code = code.len() > 1
        && *code[0] == 'x'
        && code[1..]
            .iter()
            .all(|character| character.is_ascii_hexdigit());
    index == 0 || rest.is_empty() || follows_underscore || looks_like_code
}

/// The identifier of a field; keywords are written raw.
pub fn field(name: &str) -> Ident {
    identifier(&rust_name(name))
}

/// An identifier of a name that follows the rules; keywords are written raw.
pub fn identifier(name: &str) -> Ident {
    match syn::parse_str::<Ident>(name) {
        Ok(identifier) => identifier,
        Err(_) => Ident::new_raw(name, Span::call_site()),
    }
}

/// The flat module of an import path: `models.finance.revenue` → `models__finance__revenue`.
pub fn module_name(path: &str) -> String {
    path.split('.')
        .map(rust_name)
        .collect::<Vec<_>>()
        .join("__")
}

/// The struct of a relation: `daily_delays` → `DailyDelays`.
pub fn struct_name(name: &str) -> String {
    let mut camel = String::new();
    let mut upper = true;
    for character in name.chars() {
        if character.is_ascii_alphanumeric() {
            if upper {
                camel.push(character.to_ascii_uppercase());
            } else {
                camel.push(character);
            }
            upper = character.is_ascii_digit();
        } else {
            upper = true;
        }
    }
    if camel.starts_with(|first: char| first.is_ascii_digit())
        || camel.is_empty()
        || camel == "Self"
    {
        camel.insert_str(0, "Row");
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_names_stay_as_they_are() {
        for name in ["amount", "usd_amount", "C_NAME", "x1", "max_x_y"] {
            assert_eq!(rust_name(name), name);
        }
        assert_eq!(rust_name("a-b"), "a_x2d_b");
        assert_eq!(rust_name("1st"), "_x31_st");
        assert_eq!(field("type").to_string(), "r#type");
        assert_eq!(field("self").to_string(), "self_x_");
        assert_eq!(struct_name("daily_delays"), "DailyDelays");
        assert_eq!(module_name("models.a_.b"), "models__a_x5f___b");
    }

    fn names() -> impl Strategy<Value = String> {
        "[ax_2f.é-]{1,6}|[a-z_]{1,4}"
    }

    proptest! {
        #[test]
        fn different_names_never_meet(left in names(), right in names()) {
            prop_assert!(syn::parse_str::<Ident>(&rust_name(&left)).is_ok() || field(&left).to_string().starts_with("r#"));
            prop_assert_eq!(rust_name(&left) == rust_name(&right), left == right);
        }

        #[test]
        fn different_paths_never_meet(left in "[ax_.]{1,7}", right in "[ax_.]{1,7}") {
            prop_assert_eq!(module_name(&left) == module_name(&right), left == right);
        }
    }
}

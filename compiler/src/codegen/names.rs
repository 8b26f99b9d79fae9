//! All naming rules of generated code.
//!
//! [`rust_name`] keeps lower and upper case letters, digits and single underscores, and writes
//! any other character as `_x` + hexadecimal code point + `_`. An underscore is written so as
//! well where it could be read otherwise: first, last, after another one, or before something
//! that looks like such a code. So two different names never meet, also not when several are
//! joined by `__`, as in [`module_name`].

use proc_macro2::{Ident, Span};
use std::collections::BTreeSet;

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
    if is_keyword(name) {
        return Ident::new_raw(name, Span::call_site());
    }
    Ident::new(name, Span::call_site())
}

/// Whether a word is a keyword in edition 2024, which generated code is of. `syn` knows those of
/// earlier editions.
fn is_keyword(word: &str) -> bool {
    word == "gen" || syn::parse_str::<Ident>(word).is_err()
}

/// The longest module name. A file is named after it, and file systems take 255 bytes, of which a
/// file that is being written needs some more.
const LONGEST_MODULE: usize = 200;

/// How much of a longer one stays.
const KEPT: usize = 160;

/// The flat module of an import path: `models.finance.revenue` → `models__finance__revenue`. Of a
/// name that no file system would take, the end is written as a hash of the path.
pub fn module_name(path: &str) -> String {
    let module = path
        .split('.')
        .map(rust_name)
        .collect::<Vec<_>>()
        .join("__");
    if module.len() <= LONGEST_MODULE {
        return module;
    }
    // All characters are ASCII.
    let hash = blake3::hash(path.as_bytes()).to_hex();
    format!("{}__{}", &module[..KEPT], &hash[..32])
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

/// The constants of columns' handles: `usd_amount` → `USD_AMOUNT`. Where two would meet, which
/// only names that differ in nothing but case do, all keep their case.
pub fn handle_names(columns: &[&str]) -> Vec<Ident> {
    let upper: Vec<String> = columns
        .iter()
        .map(|column| rust_name(&column.to_ascii_lowercase()).to_ascii_uppercase())
        .collect();
    if all_different(&upper) {
        return upper.iter().map(|name| identifier(name)).collect();
    }
    columns.iter().map(|column| field(column)).collect()
}

/// The variants of an enum: `paid` → `Paid`. Where this would lose something, because two labels
/// meet or one has characters that no identifier has, all are written by [`rust_name`].
pub fn variant_names(labels: &[&str]) -> Vec<Ident> {
    let camel: Vec<String> = labels.iter().map(|label| struct_name(label)).collect();
    let readable = labels.iter().all(|label| {
        let allowed = |character: char| {
            character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | ' ')
        };
        label.chars().all(allowed) && label.starts_with(|first: char| first.is_ascii_alphabetic())
    });
    if readable && all_different(&camel) {
        return camel.iter().map(|name| identifier(name)).collect();
    }
    labels.iter().map(|label| field(label)).collect()
}

fn all_different(names: &[String]) -> bool {
    let different: BTreeSet<&String> = names.iter().collect();
    different.len() == names.len()
}

/// Crates that every program knows by these names.
const KNOWN_CRATES: [&str; 6] = ["alloc", "core", "dbgo_rows", "proc_macro", "std", "test"];

/// The package of a project's facade: the project's name where cargo allows it. All other
/// generated packages begin with it and an underscore, so that none has its name and those of
/// two projects don't meet in a program that depends on both.
pub fn package_name(project: &str) -> String {
    let mut package: String = project
        .chars()
        .map(|character| {
            if character.is_ascii_alphanumeric() || character == '-' {
                character
            } else {
                '_'
            }
        })
        .collect();
    if !package.starts_with(|first: char| first.is_ascii_alphabetic()) {
        package.insert_str(0, "project_");
    }
    let library = package.replace('-', "_");
    if KNOWN_CRATES.contains(&library.as_str()) || is_keyword(&library) {
        package.push_str("_project");
    }
    package
}

/// The library of a package, as Rust code names it.
pub fn crate_name(package: &str) -> Ident {
    identifier(&package.replace('-', "_"))
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

    /// The strict and the reserved keywords of edition 2024 ("Keywords" in the Rust reference).
    const KEYWORDS: [&str; 52] = [
        "Self", "abstract", "as", "async", "await", "become", "box", "break", "const", "continue",
        "crate", "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if",
        "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv",
        "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true", "try",
        "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
    ];

    #[test]
    fn keywords_are_never_bare() {
        for word in KEYWORDS {
            let name = field(word).to_string();
            assert!(
                name == format!("r#{word}") || name == format!("{word}_x_"),
                "{name}"
            );
            assert_eq!(
                package_name(&word.to_lowercase()),
                format!("{}_project", word.to_lowercase())
            );
        }
    }

    #[test]
    fn a_long_path_is_a_name_that_file_systems_take() {
        let path = |last: char| format!("models.{}{last}", "\u{6708}".repeat(60));
        let names = [module_name(&path('a')), module_name(&path('b'))];
        assert_ne!(names[0], names[1]);
        for name in names {
            assert!(name.len() <= LONGEST_MODULE, "{name}");
            assert_eq!(identifier(&name).to_string(), name);
        }
    }

    fn texts(identifiers: &[Ident]) -> Vec<String> {
        identifiers.iter().map(Ident::to_string).collect()
    }

    #[test]
    fn variants_are_readable_unless_that_loses_something() {
        assert_eq!(
            texts(&variant_names(&["paid", "not paid"])),
            ["Paid", "NotPaid"]
        );
        assert_eq!(texts(&variant_names(&["paid", "Paid"])), ["paid", "Paid"]);
        assert_eq!(texts(&variant_names(&["é", ""])), ["_xe9_", "_x_"]);
    }

    #[test]
    fn handles_are_upper_case_unless_two_meet() {
        assert_eq!(texts(&handle_names(&["id", "type"])), ["ID", "TYPE"]);
        assert_eq!(texts(&handle_names(&["id", "ID"])), ["id", "ID"]);
        assert_eq!(
            texts(&handle_names(&["a-b", "a_X2D_b"])),
            ["A_X2D_B", "A_X5F_X2D_B"]
        );
    }

    #[test]
    fn packages_are_named_as_the_project_where_cargo_allows_it() {
        assert_eq!(package_name("nyc-flights"), "nyc-flights");
        assert_eq!(package_name("2013 flüge"), "project_2013_fl_ge");
        assert_eq!(package_name("core"), "core_project");
        assert_eq!(package_name("match"), "match_project");
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
        fn different_labels_never_meet(left in names(), right in names()) {
            let variants = variant_names(&[&left, &right]);
            prop_assert_eq!(variants[0] == variants[1], left == right);
            let handles = handle_names(&[&left, &right]);
            prop_assert_eq!(handles[0] == handles[1], left == right);
        }

        #[test]
        fn different_paths_never_meet(left in "[ax_.]{1,7}", right in "[ax_.]{1,7}") {
            prop_assert_eq!(module_name(&left) == module_name(&right), left == right);
        }
    }
}

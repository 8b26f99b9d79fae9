//! Profiles of what has no query: sources and seeds.
//!
//! What is in them is no part of it: other rows come by themselves, or with a load.

use super::hash::{Encoding, Fingerprint, Tag, hashed};
use super::{ALGORITHM, ColumnProfile, Profile};
use crate::typed::{TypedColumn, TypedSeed, TypedSource};

/// The profile of a source: where it is, and what columns it has.
pub fn of_source(source: &TypedSource) -> Profile {
    let rows = hash(Tag::Source, |encoding| {
        for text in [
            &source.catalog,
            &source.schema,
            &source.name,
            &source.location,
            &source.format,
        ] {
            encoding.text(text);
        }
    });
    let about = [&source.description, &source.changed_by];
    profile(rows, &about, &source.columns)
}

/// The profile of a seed: how its file is read, and what columns it has.
pub fn of_seed(seed: &TypedSeed) -> Profile {
    let rows = hash(Tag::Seed, |encoding| {
        encoding.flag(seed.parquet);
        for text in [&seed.delimiter, &seed.null, &seed.quote] {
            encoding.text(text);
        }
    });
    let about = [&seed.schema, &seed.name, &seed.description];
    profile(rows, &about, &seed.columns)
}

fn profile(rows: Fingerprint, about: &[&String], columns: &[TypedColumn]) -> Profile {
    let column = |column: &TypedColumn| {
        let name = column.name.to_lowercase();
        ColumnProfile {
            values: hash(Tag::NamedColumn, |encoding| encoding.text(&name)),
            name,
            sql_type: column.sql_type.to_string(),
            obstacle: None,
        }
    };
    Profile {
        algorithm: ALGORITHM,
        rows,
        order: Fingerprint::default(),
        storage: Fingerprint::default(),
        metadata: hash(Tag::Metadata, |encoding| {
            for text in about {
                encoding.text(text);
            }
            for column in columns {
                encoding.text(&column.name);
                encoding.flag(column.not_null);
                encoding.text(&column.description);
            }
        }),
        columns: columns.iter().map(column).collect(),
    }
}

fn hash(tag: Tag, write: impl FnOnce(&mut Encoding)) -> Fingerprint {
    hashed(|encoding| {
        encoding.tag(tag);
        encoding.number(ALGORITHM as usize);
        write(encoding);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::{Category, change};
    use crate::sql_type::SqlType;
    use std::collections::BTreeSet;

    fn source(sql_type: SqlType, location: &str) -> TypedSource {
        TypedSource {
            path: "sources.orders".to_owned(),
            file: "sources/orders.sql".to_owned(),
            catalog: String::new(),
            schema: "main".to_owned(),
            name: "orders".to_owned(),
            description: String::new(),
            location: location.to_owned(),
            format: String::new(),
            changed_by: String::new(),
            columns: vec![TypedColumn {
                name: "ID".to_owned(),
                sql_type,
                not_null: false,
                checked: false,
                description: String::new(),
            }],
        }
    }

    #[test]
    fn a_source_changes_with_its_types_and_its_place() {
        let category = |new: &TypedSource| {
            let old = of_source(&source(SqlType::Integer, ""));
            let change = change(&old, &of_source(new), &BTreeSet::new()).unwrap();
            (change.category, change.rows)
        };
        let same = source(SqlType::Integer, "");
        assert_eq!(category(&same), (Category::Unchanged, false));
        let wider = source(SqlType::BigInt, "");
        assert_eq!(category(&wider), (Category::Compatible, false));
        let other = source(SqlType::Varchar, "");
        assert_eq!(category(&other), (Category::Breaking, false));
        let moved = source(SqlType::Integer, "orders.parquet");
        assert_eq!(category(&moved), (Category::Breaking, true));
        let described = TypedSource {
            description: "all orders".to_owned(),
            ..same
        };
        assert_eq!(category(&described), (Category::Metadata, false));
    }
}

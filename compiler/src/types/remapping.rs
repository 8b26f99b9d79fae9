//! `remap_struct(value, NULL::TARGET, mapping, defaults)`: whether each field of the target gets one
//! value, from the value's fields or from the defaults.
//!
//! Source: `RemapStructBind` in `src/function/scalar/struct/remap_struct.cpp` of DuckDB 1.5.5.

use crate::sql_type::SqlType;

/// Where a field of the target comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mapping {
    /// From this field of the source.
    Field(String),
    /// From this field of the source, and from its fields in turn.
    Within(String, Vec<(String, Mapping)>),
}

/// A field of the target that has been given a value.
struct Entry {
    name: String,
    within: Option<Vec<Entry>>,
}

/// Nothing, or what is wrong.
pub type Checked = Result<(), String>;

/// Checks a remapping. `defaults` is the type of the defaults, that of a bare null if there are none.
///
/// # Errors
/// What the engine finds wrong. Of types that aren't known nothing is said.
pub fn check(
    source: &SqlType,
    target: &SqlType,
    mapping: &[(String, Mapping)],
    defaults: &SqlType,
) -> Checked {
    check_types(source, target)?;
    if [source, target, defaults]
        .iter()
        .any(|one| one.has_unknown())
    {
        return Ok(());
    }
    let (Some(sources), Some(targets)) = (fields_of(source), fields_of(target)) else {
        return Ok(());
    };
    let mut entries = Vec::new();
    for (name, from) in mapping {
        remap(name, from, &sources, &targets, &mut entries)?;
    }
    match defaults {
        SqlType::Null => {}
        SqlType::Struct(fields) => {
            for (name, sql_type) in fields {
                default(name, sql_type, &targets, &mut entries)?;
            }
        }
        other => return Err(format!("the defaults are a struct, and this is `{other}`")),
    }
    complete(&targets, &entries)
}

/// Checks that a type can be remapped to another.
///
/// # Errors
/// What the engine finds wrong.
pub fn check_types(source: &SqlType, target: &SqlType) -> Checked {
    if source.has_unknown() || target.has_unknown() {
        return Ok(());
    }
    for sql_type in [source, target] {
        match sql_type {
            SqlType::Other(_) => return Ok(()),
            SqlType::Struct(fields) if fields.iter().all(|(name, _)| name.is_empty()) => {
                return Err("the fields of both structs need names".to_owned());
            }
            nested if fields_of(nested).is_some() => {}
            other => {
                return Err(format!(
                    "it takes structs, lists and maps, and this is `{other}`"
                ));
            }
        }
    }
    same_kind(source, target)
}

/// The fields of a nested type, as a remapping names them.
fn fields_of(sql_type: &SqlType) -> Option<Vec<(String, SqlType)>> {
    match sql_type {
        SqlType::Struct(fields) => Some(fields.clone()),
        SqlType::List(element) => Some(vec![("list".to_owned(), (**element).clone())]),
        SqlType::Map(key, value) => Some(vec![
            ("key".to_owned(), (**key).clone()),
            ("value".to_owned(), (**value).clone()),
        ]),
        _ => None,
    }
}

fn same_kind(source: &SqlType, target: &SqlType) -> Checked {
    if std::mem::discriminant(source) == std::mem::discriminant(target) {
        return Ok(());
    }
    Err(format!("`{source}` doesn't become `{target}`"))
}

fn find<'f>(fields: &'f [(String, SqlType)], name: &str) -> Option<&'f SqlType> {
    fields
        .iter()
        .find(|(own, _)| own.eq_ignore_ascii_case(name))
        .map(|(_, sql_type)| sql_type)
}

fn remap(
    name: &str,
    from: &Mapping,
    sources: &[(String, SqlType)],
    targets: &[(String, SqlType)],
    entries: &mut Vec<Entry>,
) -> Checked {
    let (field, inner) = match from {
        Mapping::Field(field) => (field, None),
        Mapping::Within(field, inner) => (field, Some(inner)),
    };
    let source = find(sources, field).ok_or_else(|| format!("the value has no field `{field}`"))?;
    let target = find(targets, name).ok_or_else(|| format!("the target has no field `{name}`"))?;
    let nested = (fields_of(source), fields_of(target));
    if nested.0.is_some() || nested.1.is_some() || inner.is_some() {
        same_kind(source, target)?;
    }
    let within = match (inner, nested) {
        (None, _) => None,
        (Some(inner), (Some(sources), Some(targets))) => {
            let mut within = Vec::new();
            for (name, from) in inner {
                remap(name, from, &sources, &targets, &mut within)?;
            }
            Some(within)
        }
        (Some(_), _) => return Err(format!("`{source}` has no fields to map")),
    };
    if !entries
        .iter()
        .any(|entry| entry.name.eq_ignore_ascii_case(name))
    {
        entries.push(Entry {
            name: name.to_owned(),
            within,
        });
    }
    Ok(())
}

fn default(
    name: &str,
    sql_type: &SqlType,
    targets: &[(String, SqlType)],
    entries: &mut Vec<Entry>,
) -> Checked {
    let target = find(targets, name).ok_or_else(|| format!("the target has no field `{name}`"))?;
    let given = entries
        .iter()
        .position(|entry| entry.name.eq_ignore_ascii_case(name));
    let SqlType::Struct(fields) = sql_type else {
        if sql_type != target {
            return Err(format!(
                "the default of `{name}` is `{sql_type}`, and the target has `{target}`"
            ));
        }
        if given.is_some() {
            return Err(format!("`{name}` gets a value and a default"));
        }
        entries.push(Entry {
            name: name.to_owned(),
            within: None,
        });
        return Ok(());
    };
    let Some(inner) = fields_of(target) else {
        return Err(format!(
            "the default of `{name}` is a struct, and the target has `{target}`"
        ));
    };
    let index = given.unwrap_or_else(|| {
        entries.push(Entry {
            name: name.to_owned(),
            within: Some(Vec::new()),
        });
        entries.len() - 1
    });
    let Some(within) = &mut entries[index].within else {
        return Err(format!("the fields of `{name}` aren't mapped one by one"));
    };
    fields
        .iter()
        .try_for_each(|(name, field)| default(name, field, &inner, within))
}

fn complete(targets: &[(String, SqlType)], entries: &[Entry]) -> Checked {
    for (name, target) in targets {
        let entry = entries
            .iter()
            .find(|entry| entry.name.eq_ignore_ascii_case(name))
            .ok_or_else(|| format!("`{name}` gets neither a value nor a default"))?;
        if let (Some(inner), Some(within)) = (fields_of(target), &entry.within) {
            complete(&inner, within)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(target: &str, source: &str) -> (String, Mapping) {
        (target.to_owned(), Mapping::Field(source.to_owned()))
    }

    fn checked(
        source: &str,
        target: &str,
        mapping: &[(String, Mapping)],
        defaults: &str,
    ) -> Checked {
        let read = |text: &str| match text {
            "" => SqlType::Null,
            text => text.parse().unwrap(),
        };
        check(&read(source), &read(target), mapping, &read(defaults))
    }

    #[test]
    fn each_field_of_the_target_gets_one_value() {
        let (source, target) = (
            "STRUCT(i INTEGER, j INTEGER)",
            "STRUCT(a INTEGER, b VARCHAR)",
        );
        let both = [field("a", "j"), field("b", "i")];
        assert_eq!(checked(source, target, &both, ""), Ok(()));
        assert_eq!(
            checked(source, target, &both[..1], "STRUCT(b VARCHAR)"),
            Ok(())
        );
        for (mapping, defaults) in [
            (&both[..1], ""),
            (&both[..], "STRUCT(b VARCHAR)"),
            (&both[..1], "STRUCT(b INTEGER)"),
            (&[field("a", "k")][..], "STRUCT(b VARCHAR)"),
            (&[field("c", "i")][..], "STRUCT(b VARCHAR)"),
        ] {
            assert!(
                checked(source, target, mapping, defaults).is_err(),
                "{mapping:?}"
            );
        }
    }

    #[test]
    fn nested_fields_are_mapped_in_turn() {
        let inner = Mapping::Within("list".to_owned(), vec![field("a", "i")]);
        let mapping = [("list".to_owned(), inner)];
        let (source, target) = ("STRUCT(i INTEGER)[]", "STRUCT(a INTEGER, b DATE)[]");
        let default = "STRUCT(list STRUCT(b DATE))";
        assert_eq!(checked(source, target, &mapping, default), Ok(()));
        assert!(checked(source, target, &mapping, "").is_err());
        assert!(checked(source, "MAP(INTEGER, DATE)", &mapping, "").is_err());
    }
}

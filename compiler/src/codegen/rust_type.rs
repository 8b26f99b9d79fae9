//! SQL types → Rust types of `dbgo-rows`, with the types that have to be generated: a struct for
//! each `STRUCT`, an enum for each `ENUM` and `UNION`.

use super::names::{field, struct_name, variant_names};
use crate::sql_type::SqlType;
use crate::typed::TypedColumn;
use proc_macro2::Ident;
use quote::format_ident;
use std::collections::BTreeSet;

/// A Rust type, before it is decided how its name is written.
#[derive(Clone, Debug, PartialEq)]
pub enum RustType {
    /// A type of the language: `i64`.
    Primitive(&'static str),
    /// `String`
    Text,
    /// A type of `dbgo-rows`.
    Rows(&'static str),
    /// A type generated in the same module.
    Generated(Ident),
    /// `Option<T>`
    Optional(Box<RustType>),
    /// `Vec<T>`
    List(Box<RustType>),
    /// `[T; n]`
    Array(Box<RustType>, u32),
    /// `Map<K, V>`
    Map(Box<RustType>, Box<RustType>),
}

/// A type that a module has to define beside its model's struct.
#[derive(Clone, Debug)]
pub struct GeneratedType {
    /// Its name.
    pub name: Ident,
    /// Where it is used: `details`, `details.items`.
    pub place: String,
    /// What it is in SQL.
    pub sql_type: String,
    /// What it is made of.
    pub shape: Shape,
}

/// What a generated type is made of.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Fields: the name in SQL, the name in Rust, the type.
    Struct(Vec<(String, Ident, RustType)>),
    /// Labels.
    Enum(Vec<(String, Ident)>),
    /// Members: the name in SQL, the variant, the type.
    Union(Vec<(String, Ident, RustType)>),
}

/// The types of one module.
#[derive(Debug)]
pub struct ModuleTypes {
    taken: BTreeSet<String>,
    /// The generated types, each after the one that uses it.
    pub generated: Vec<GeneratedType>,
}

impl ModuleTypes {
    /// The types of a module whose row struct has this name.
    pub fn new(row: &str) -> Self {
        Self {
            taken: BTreeSet::from([row.to_owned()]),
            generated: Vec::new(),
        }
    }

    /// Whether the module defines a type of this name.
    pub fn defines(&self, name: &str) -> bool {
        self.taken.contains(name)
    }

    /// The type of a column's field in the struct `row`.
    pub fn column(&mut self, row: &str, column: &TypedColumn) -> RustType {
        let name = format!("{row}{}", struct_name(&column.name));
        let rust_type = self.of(&column.sql_type, &name, &column.name);
        if column.not_null {
            rust_type
        } else {
            optional(rust_type)
        }
    }

    /// The type of values that aren't null. `name` is what a generated type would be called.
    fn of(&mut self, sql_type: &SqlType, name: &str, place: &str) -> RustType {
        match sql_type {
            SqlType::List(element) => {
                RustType::List(Box::new(optional(self.of(element, name, place))))
            }
            SqlType::Array(element, length) => {
                RustType::Array(Box::new(optional(self.of(element, name, place))), *length)
            }
            SqlType::Map(key, value) => {
                let key = self.of(key, &format!("{name}Key"), place);
                let value = self.of(value, &format!("{name}Value"), place);
                RustType::Map(Box::new(key), Box::new(optional(value)))
            }
            SqlType::Struct(fields) => self.define(sql_type, name, place, |types, name| {
                Shape::Struct(types.fields(fields, name, place))
            }),
            SqlType::Union(members) => self.define(sql_type, name, place, |types, name| {
                Shape::Union(types.members(members, name, place))
            }),
            SqlType::Enum(labels) => self.define(sql_type, name, place, |_, _| {
                let texts: Vec<&str> = labels.iter().map(String::as_str).collect();
                Shape::Enum(labels.iter().cloned().zip(variant_names(&texts)).collect())
            }),
            simple => self::simple(simple),
        }
    }

    /// Adds a type under a free name.
    fn define(
        &mut self,
        sql_type: &SqlType,
        name: &str,
        place: &str,
        shape: impl FnOnce(&mut Self, &str) -> Shape,
    ) -> RustType {
        let mut free = name.to_owned();
        let mut number = 2;
        while !self.taken.insert(free.clone()) {
            free = format!("{name}{number}");
            number += 1;
        }
        let identifier = format_ident!("{free}");
        let index = self.generated.len();
        let shape = shape(self, &free);
        self.generated.insert(
            index,
            GeneratedType {
                name: identifier.clone(),
                place: place.to_owned(),
                sql_type: sql_type.to_string(),
                shape,
            },
        );
        RustType::Generated(identifier)
    }

    fn fields(
        &mut self,
        fields: &[(String, SqlType)],
        parent: &str,
        place: &str,
    ) -> Vec<(String, Ident, RustType)> {
        let unnamed = fields.iter().any(|(name, _)| name.is_empty());
        let mut typed = Vec::with_capacity(fields.len());
        for (index, (name, sql_type)) in fields.iter().enumerate() {
            let shown = if unnamed {
                format!("field_{}", index + 1)
            } else {
                name.clone()
            };
            let rust_type = self.of(
                sql_type,
                &format!("{parent}{}", struct_name(&shown)),
                &format!("{place}.{shown}"),
            );
            typed.push((name.clone(), field(&shown), optional(rust_type)));
        }
        typed
    }

    fn members(
        &mut self,
        members: &[(String, SqlType)],
        parent: &str,
        place: &str,
    ) -> Vec<(String, Ident, RustType)> {
        let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        let variants = variant_names(&names);
        let mut typed = Vec::with_capacity(members.len());
        for ((name, sql_type), variant) in members.iter().zip(variants) {
            let rust_type = self.of(
                sql_type,
                &format!("{parent}{}", struct_name(name)),
                &format!("{place}.{name}"),
            );
            typed.push((name.clone(), variant, optional(rust_type)));
        }
        typed
    }
}

/// `Option<T>`, but for `Value`, which has a null of its own.
fn optional(rust_type: RustType) -> RustType {
    match rust_type {
        RustType::Rows("Value") => rust_type,
        other => RustType::Optional(Box::new(other)),
    }
}

fn simple(sql_type: &SqlType) -> RustType {
    use RustType::{Primitive, Rows};
    match sql_type {
        SqlType::Boolean => Primitive("bool"),
        SqlType::TinyInt => Primitive("i8"),
        SqlType::SmallInt => Primitive("i16"),
        SqlType::Integer => Primitive("i32"),
        SqlType::BigInt => Primitive("i64"),
        SqlType::HugeInt => Primitive("i128"),
        SqlType::UTinyInt => Primitive("u8"),
        SqlType::USmallInt => Primitive("u16"),
        SqlType::UInteger => Primitive("u32"),
        SqlType::UBigInt => Primitive("u64"),
        SqlType::UHugeInt => Primitive("u128"),
        SqlType::Float => Primitive("f32"),
        SqlType::Double => Primitive("f64"),
        SqlType::Varchar => RustType::Text,
        SqlType::BigNum => Rows("BigNum"),
        SqlType::Decimal(..) => Rows("Decimal"),
        SqlType::Blob => Rows("Blob"),
        SqlType::Bit => Rows("Bit"),
        SqlType::Date => Rows("Date"),
        SqlType::Time => Rows("Time"),
        SqlType::TimeNs => Rows("TimeNs"),
        SqlType::TimeTz => Rows("TimeTz"),
        SqlType::Timestamp => Rows("Timestamp"),
        SqlType::TimestampS => Rows("TimestampS"),
        SqlType::TimestampMs => Rows("TimestampMs"),
        SqlType::TimestampNs => Rows("TimestampNs"),
        SqlType::TimestampTz => Rows("TimestampTz"),
        SqlType::Interval => Rows("Interval"),
        SqlType::Uuid => Rows("Uuid"),
        SqlType::Json => Rows("Json"),
        SqlType::Other(name) => match name.to_ascii_uppercase().as_str() {
            "GEOMETRY" => Rows("Geometry"),
            // The engine exports its text and nothing more.
            "VARIANT" => RustType::Text,
            _ => Rows("Value"),
        },
        _ => Rows("Value"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codegen::format_file;
    use crate::codegen::interface::{Interface, interface};
    use proptest::prelude::*;

    /// Names that meet in many ways once they are written as Rust names.
    fn names(count: usize) -> impl Strategy<Value = Vec<String>> {
        proptest::collection::btree_set("[aAé_ -]{1,3}|self|type|Value|String", 1..=count)
            .prop_map(|names| names.into_iter().collect())
    }

    fn types() -> impl Strategy<Value = SqlType> {
        let leaf = prop_oneof![
            Just(SqlType::Integer),
            Just(SqlType::Decimal(38, 10)),
            Just(SqlType::Null),
            Just(SqlType::Other("GEOMETRY".to_owned())),
            names(3).prop_map(SqlType::Enum),
        ];
        leaf.prop_recursive(4, 24, 3, |inner| {
            let members = || {
                (names(3), proptest::collection::vec(inner.clone(), 3))
                    .prop_map(|(names, types)| names.into_iter().zip(types).collect())
            };
            prop_oneof![
                inner.clone().prop_map(SqlType::list),
                inner
                    .clone()
                    .prop_map(|element| SqlType::Array(Box::new(element), 3)),
                (inner.clone(), inner.clone())
                    .prop_map(|(key, value)| SqlType::Map(Box::new(key), Box::new(value))),
                members().prop_map(SqlType::Struct),
                members().prop_map(SqlType::Union),
            ]
        })
    }

    fn are_different<'a>(names: impl IntoIterator<Item = &'a Ident>) -> bool {
        let mut seen = BTreeSet::new();
        names.into_iter().all(|name| seen.insert(name.to_string()))
    }

    proptest! {
        #[test]
        fn no_two_items_of_a_module_meet(
            relation in "[aAé_ -]{1,3}|self|option|value",
            columns in proptest::collection::vec(types(), 3),
            names in names(3),
            not_null in any::<bool>(),
        ) {
            let columns: Vec<TypedColumn> = names
                .into_iter()
                .zip(columns)
                .map(|(name, sql_type)| TypedColumn {
                    name,
                    sql_type,
                    not_null,
                    checked: not_null,
                    description: "*/ \"\n\r".to_owned(),
                })
                .collect();
            let row = struct_name(&relation);
            let mut types = ModuleTypes::new(&row);
            for column in &columns {
                types.column(&row, column);
            }
            prop_assert!(are_different(types.generated.iter().map(|generated| &generated.name)));
            prop_assert!(types.generated.iter().all(|generated| generated.name != row.as_str()));
            for generated in &types.generated {
                let different = match &generated.shape {
                    Shape::Struct(parts) | Shape::Union(parts) => {
                        are_different(parts.iter().map(|(_, name, _)| name))
                    }
                    Shape::Enum(labels) => are_different(labels.iter().map(|(_, name)| name)),
                };
                prop_assert!(different, "{generated:?}");
            }
            let text = format_file(interface(&Interface {
                path: "models.m",
                file: "models/m.sql",
                schema: "main",
                name: &relation,
                description: "",
                columns: &columns,
            }));
            prop_assert!(text.contains(&format!("pub struct {row} {{")), "{text}");
        }
    }
}

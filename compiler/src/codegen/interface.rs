//! What other Rust code may use of one relation: a struct of its rows, how they are read, and
//! typed handles of its columns. It changes when columns change, and names nothing of any other
//! relation, so that a changed model recompiles no other.

mod types;

use super::file_tree::FileTree;
use super::names::{field, handle_names, identifier, module_name, struct_name};
use super::rust_type::{ModuleTypes, RustType};
use super::shard::{shard_count, shard_of};
use super::tokens::{documentation, format_file};
use crate::typed::{TypedColumn, TypedProject};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// A relation whose rows get a type: a model, a seed or a source.
#[derive(Clone, Copy, Debug)]
pub struct Interface<'a> {
    /// The import path.
    pub path: &'a str,
    /// The file, relative to the project's folder.
    pub file: &'a str,
    /// The schema of the relation.
    pub schema: &'a str,
    /// The name of the relation.
    pub name: &'a str,
    /// The description.
    pub description: &'a str,
    /// The columns.
    pub columns: &'a [TypedColumn],
}

/// All relations of a project that get an interface, ordered by path.
pub fn interfaces(project: &TypedProject) -> Vec<Interface<'_>> {
    macro_rules! interface {
        ($typed:expr) => {
            Interface {
                path: &$typed.path,
                file: &$typed.file,
                schema: &$typed.schema,
                name: &$typed.name,
                description: &$typed.description,
                columns: &$typed.columns,
            }
        };
    }
    let models = project.models.iter().map(|model| interface!(model));
    let seeds = project.seeds.iter().map(|seed| interface!(seed));
    let sources = project.sources.iter().map(|source| interface!(source));
    let mut all: Vec<Interface<'_>> = models.chain(seeds).chain(sources).collect();
    all.sort_by_key(|interface| interface.path);
    all
}

/// The interfaces of each crate: those of one shard, ordered by path.
pub fn shards<'a>(interfaces: &[Interface<'a>]) -> Vec<Vec<Interface<'a>>> {
    let count = shard_count(interfaces.len());
    let mut shards = vec![Vec::new(); count];
    for interface in interfaces {
        shards[shard_of(interface.path, count)].push(*interface);
    }
    shards
}

/// The sources of a crate of interfaces: a file for each relation and the root that lists them.
pub fn interface_sources(shard: &[Interface<'_>]) -> FileTree {
    let mut tree = FileTree::default();
    let mut modules = Vec::new();
    for interface in shard {
        let module = module_name(interface.path);
        tree.insert(
            format!("src/{module}.rs"),
            format_file(self::interface(interface)),
        );
        modules.push(identifier(&module));
    }
    // Names come from SQL and keep their case.
    let root = quote! {
        #![doc = " The rows of some of the project's relations."]
        #![allow(non_snake_case, non_camel_case_types, non_upper_case_globals)]

        #(pub mod #modules;)*
    };
    tree.insert("src/lib.rs", format_file(root));
    tree
}

/// The file of one relation's interface.
pub fn interface(interface: &Interface<'_>) -> TokenStream {
    let row = struct_name(interface.name);
    let mut types = ModuleTypes::new(&row);
    let rust_types: Vec<RustType> = interface
        .columns
        .iter()
        .map(|column| types.column(&row, column))
        .collect();
    let names = TypeNames {
        types: &types,
        used: RefCell::default(),
    };
    let row = format_ident!("{row}");
    let items = [
        row_struct(interface, &row, &rust_types, &names),
        model_impl(interface, &row, &names),
        types::generated_types(&types.generated, &row, &names),
        handles(interface.columns, &row, &rust_types, &names),
    ];
    let about = documentation(&format!("`{}`", interface.file), true);
    let used = names.used.into_inner();
    let used = used.iter().map(|name| format_ident!("{name}"));
    quote! {
        #about
        use dbgo_rows::{#(#used),*};

        #(#items)*
    }
}

/// How types are named in one module: shortly, unless the module defines a type of that name.
struct TypeNames<'a> {
    types: &'a ModuleTypes,
    used: RefCell<BTreeSet<&'static str>>,
}

impl TypeNames<'_> {
    /// An item of `dbgo-rows`.
    fn rows(&self, name: &'static str) -> TokenStream {
        let identifier = format_ident!("{name}");
        if self.types.defines(name) {
            return quote!(dbgo_rows::#identifier);
        }
        self.used.borrow_mut().insert(name);
        quote!(#identifier)
    }

    /// An item that every module knows without naming its crate.
    fn prelude(&self, module: &str, name: &str) -> TokenStream {
        let (module, identifier) = (format_ident!("{module}"), format_ident!("{name}"));
        if self.types.defines(name) {
            quote!(std::#module::#identifier)
        } else {
            quote!(#identifier)
        }
    }

    fn result(&self, value: TokenStream, error: TokenStream) -> TokenStream {
        let result = self.prelude("result", "Result");
        quote!(#result<#value, #error>)
    }

    fn of(&self, rust_type: &RustType) -> TokenStream {
        match rust_type {
            RustType::Primitive(name) => {
                let identifier = format_ident!("{name}");
                quote!(#identifier)
            }
            RustType::Text => self.prelude("string", "String"),
            RustType::Rows(name) => self.rows(name),
            RustType::Generated(name) => quote!(#name),
            RustType::Optional(inner) => {
                let (option, inner) = (self.prelude("option", "Option"), self.of(inner));
                quote!(#option<#inner>)
            }
            RustType::List(element) => {
                let (list, element) = (self.prelude("vec", "Vec"), self.of(element));
                quote!(#list<#element>)
            }
            RustType::Array(element, length) => {
                let element = self.of(element);
                let length = proc_macro2::Literal::u32_unsuffixed(*length);
                quote!([#element; #length])
            }
            RustType::Map(key, value) => {
                let (map, key, value) = (self.rows("Map"), self.of(key), self.of(value));
                quote!(#map<#key, #value>)
            }
        }
    }
}

fn row_struct(
    interface: &Interface<'_>,
    row: &Ident,
    rust_types: &[RustType],
    names: &TypeNames<'_>,
) -> TokenStream {
    let relation = format!("{}.{}", interface.schema, interface.name);
    let text = if interface.description.trim().is_empty() {
        format!("A row of `{relation}`.")
    } else {
        interface.description.to_owned()
    };
    let about = documentation(&text, false);
    let fields = interface
        .columns
        .iter()
        .zip(rust_types)
        .map(|(column, rust_type)| {
            let about = documentation(&column_text(column), false);
            let (name, rust_type) = (field(&column.name), names.of(rust_type));
            quote!(#about pub #name: #rust_type)
        });
    quote! {
        #about
        #[derive(Debug, Clone, PartialEq)]
        pub struct #row { #(#fields),* }
    }
}

fn column_text(column: &TypedColumn) -> String {
    let not_null = if column.not_null { " NOT NULL" } else { "" };
    let definition = format!("`{} {}{not_null}`", column.name, column.sql_type);
    if column.description.trim().is_empty() {
        definition
    } else {
        format!("{}\n\n{definition}", column.description)
    }
}

fn model_impl(interface: &Interface<'_>, row: &Ident, names: &TypeNames<'_>) -> TokenStream {
    let relation = format!("{}.{}", interface.schema, interface.name);
    let (model, column_def) = (names.rows("Model"), names.rows("ColumnDef"));
    let row_type = names.rows("Row");
    let result = names.result(quote!(Self), names.rows("ReadError"));
    let columns = interface.columns.iter().map(|column| {
        let (name, sql_type) = (&column.name, column.sql_type.to_string());
        let (nullable, description) = (!column.not_null, &column.description);
        quote!(#column_def {
            name: #name,
            sql_type: #sql_type,
            nullable: #nullable,
            description: #description,
        })
    });
    let reads = interface.columns.iter().enumerate().map(|(index, column)| {
        let name = field(&column.name);
        let index = proc_macro2::Literal::usize_unsuffixed(index);
        quote!(#name: row.get(#index)?)
    });
    quote! {
        impl #model for #row {
            const NAME: &'static str = #relation;

            fn columns() -> &'static [#column_def] {
                const COLUMNS: &[#column_def] = &[#(#columns),*];
                COLUMNS
            }

            fn read(row: &#row_type<'_>) -> #result {
                Ok(Self { #(#reads),* })
            }
        }
    }
}

fn handles(
    columns: &[TypedColumn],
    row: &Ident,
    rust_types: &[RustType],
    names: &TypeNames<'_>,
) -> TokenStream {
    let sql_names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let constants = handle_names(&sql_names);
    let column_type = names.rows("Column");
    let handles = columns.iter().zip(rust_types).zip(constants).enumerate().map(
        |(index, ((column, rust_type), constant))| {
            let about = documentation(&column_text(column), false);
            let (name, rust_type) = (&column.name, names.of(rust_type));
            let index = proc_macro2::Literal::usize_unsuffixed(index);
            quote! {
                #about
                pub const #constant: #column_type<#row, #rust_type> = #column_type::new(#name, #index);
            }
        },
    );
    let about = documentation(&format!("Handles of the columns of [`{row}`]."), false);
    quote! {
        #about
        pub mod columns {
            use super::*;

            #(#handles)*
        }
    }
}

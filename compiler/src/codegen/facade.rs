//! The crate that a project's Rust users name: every interface under the path of its file, as
//! `models::finance::revenue::Revenue`. Where the interfaces live is nobody's business but this
//! crate's.

use super::file_tree::FileTree;
use super::interface::Interface;
use super::names::{field, identifier, module_name};
use super::tokens::{documentation, format_file};
use proc_macro2::{Ident, TokenStream};
use quote::quote;
use std::collections::BTreeMap;

/// A module of the facade. A path can be both a relation and a folder: `models/finance.sql`
/// stands beside `models/finance/revenue.sql`.
#[derive(Default)]
struct Module<'a> {
    relation: Option<(&'a Interface<'a>, &'a Ident)>,
    below: BTreeMap<&'a str, Module<'a>>,
}

/// The sources of the facade. Each of `shards` is a crate of interfaces, by its name in Rust,
/// with what it holds.
pub fn facade_sources(project: &str, shards: &[(Ident, Vec<Interface<'_>>)]) -> FileTree {
    let mut root = Module::default();
    for (crate_name, interfaces) in shards {
        for interface in interfaces {
            let mut module = &mut root;
            for part in interface.path.split('.') {
                module = module.below.entry(part).or_default();
            }
            module.relation = Some((interface, crate_name));
        }
    }
    let about = documentation(
        &format!(
            "The rows of the project `{project}`, as Rust types.\n\n\
             Each relation has a module of its own, named as its file: the struct of its rows, \
             and handles of its columns in `columns`. The features are those of [`dbgo_rows`]: \
             `arrow` reads rows from record batches.\n\n\
             A program depends on this crate by its path, and on no other of the generated ones."
        ),
        true,
    );
    let modules = modules(&root);
    let mut tree = FileTree::default();
    tree.insert(
        "src/lib.rs",
        format_file(quote! {
            #about
            #![allow(non_snake_case)]

            pub use dbgo_rows;

            #modules
        }),
    );
    tree
}

fn modules(module: &Module<'_>) -> TokenStream {
    let below = module.below.iter().map(|(name, module)| {
        let name = field(name);
        let about = module
            .relation
            .map(|(interface, _)| documentation(&format!("`{}`", interface.file), false));
        let exports = module.relation.map(|(interface, crate_name)| {
            let interface = identifier(&module_name(interface.path));
            quote! {
                #[doc(inline)]
                pub use #crate_name::#interface::*;
            }
        });
        let modules = modules(module);
        quote! {
            #about
            pub mod #name {
                #exports
                #modules
            }
        }
    });
    quote!(#(#below)*)
}

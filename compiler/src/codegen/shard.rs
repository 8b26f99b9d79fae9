//! A crate of bodies. One source serves both ways to run: cargo links it into a program, and
//! rustc, given `--cfg dbgo_library`, makes a library of it that `dbgo` loads.

use super::file_tree::FileTree;
use super::names::{identifier, module_name};
use super::tokens::format_file;
use proc_macro2::TokenStream;
use quote::quote;

/// How many models share a crate, at most by expectation: more make one changed model slow to
/// compile, fewer make a large project slow to link.
const MODELS_PER_SHARD: usize = 256;

/// How many shards hold this many models: a power of two, so that a growing project moves
/// models between crates only when the number doubles.
pub fn shard_count(models: usize) -> usize {
    models.div_ceil(MODELS_PER_SHARD).max(1).next_power_of_two()
}

/// The shard of a model: a stable hash of its path.
pub fn shard_of(path: &str, count: usize) -> usize {
    let hash = blake3::hash(path.as_bytes());
    let [first, second, third, fourth, ..] = *hash.as_bytes();
    u32::from_le_bytes([first, second, third, fourth]) as usize % count
}

/// The sources of a crate of bodies: a file for each model and the root that lists them.
/// `bodies` holds each model's import path and its file's text, ordered by path.
pub fn shard_sources<'a>(bodies: impl IntoIterator<Item = (&'a str, &'a str)>) -> FileTree {
    let mut tree = FileTree::default();
    let mut modules = Vec::new();
    for (path, text) in bodies {
        let module = module_name(path);
        tree.insert(format!("src/{module}.rs"), text);
        modules.push(identifier(&module));
    }
    let definitions = modules.iter().map(|module| quote!(#module::DEFINITION));
    let library = library(&quote!(dbgo_shard), &quote!(ShardDef), &quote!(SHARD));
    let root = quote! {
        #![doc = " What runs of some of the project's models."]
        #![no_std]
        #![allow(non_snake_case)]

        use dbgo_contract::{List, ShardDef};

        #(pub mod #modules;)*

        #[doc = " The models of this crate."]
        pub static SHARD: ShardDef = ShardDef { models: List::new(&[#(#definitions),*]) };

        #library
    };
    tree.insert("src/lib.rs", format_file(root));
    tree
}

/// What a library exports: the stamp of its contract and one definition.
pub fn library(
    function: &TokenStream,
    definition: &TokenStream,
    value: &TokenStream,
) -> TokenStream {
    quote! {
        #[cfg(dbgo_library)]
        mod library {
            #[unsafe(no_mangle)]
            pub static DBGO_ABI: [u8; 32] = dbgo_contract::ABI;

            #[unsafe(no_mangle)]
            pub extern "C" fn #function() -> *const dbgo_contract::#definition {
                &raw const super::#value
            }

            #[doc = " Named by unwinding tables of `core`; nothing here ever unwinds."]
            #[unsafe(no_mangle)]
            pub extern "C" fn rust_eh_personality() {}

            #[panic_handler]
            fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
                loop {}
            }
        }
    }
}

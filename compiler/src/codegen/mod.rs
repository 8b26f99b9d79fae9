//! Typed project → files of Rust. Nothing here touches a disk.
//!
//! | module | makes |
//! |---|---|
//! | [`names`] | every Rust name, by one injective rule |
//! | [`file_tree`] | the set of files that codegen gives |
//! | [`body`] | what runs of one model: its `render` and its definition |
//! | [`shard`] | a crate of bodies |
//! | [`definition`] | the crate with the project's own definition |
//! | [`rust_type`] | SQL types as Rust types |
//! | [`interface`] | what other Rust code may use of one relation, and the crates of that |
//! | [`facade`] | the crate that users name |
//! | [`workspace`] | the cargo workspace of all of them, with the program |
//!
//! Generated code has no logic but the `if`s of `render`; behaviour lives in the runtime.

pub mod body;
pub mod definition;
pub mod facade;
pub mod file_tree;
pub mod interface;
mod materialization;
pub mod names;
pub mod rust_type;
mod settings;
pub mod shard;
mod tokens;
pub mod workspace;

pub use file_tree::FileTree;
pub use tokens::format_file;

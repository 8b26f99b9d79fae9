//! From tokens to a tree.

pub mod ast;
mod uses;

pub use uses::{RelationUse, relation_uses_by_tokens};

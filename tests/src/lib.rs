//! dbgo.

pub mod catalogue;
pub mod mutations;

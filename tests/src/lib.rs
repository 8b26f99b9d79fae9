//! dbgo.

pub mod catalogue;

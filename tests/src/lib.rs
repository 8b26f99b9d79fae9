//! dbgo.

pub mod catalogue;
pub mod mutations;
pub mod oracle;

//! dbgo.

pub mod catalogue;
pub mod oracle;

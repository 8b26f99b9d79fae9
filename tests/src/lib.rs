//! dbgo.

pub mod catalogue;
pub mod crash;
pub mod mutations;
pub mod oracle;

//! dbgo.

pub mod catalogue;
pub mod contend;
pub mod crash;
pub mod data;
pub mod differential;
pub mod mutations;
pub mod options;
pub mod oracle;
pub mod runs;

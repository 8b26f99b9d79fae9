//! The commands, one file each.

pub mod build;
pub mod check;
pub mod explain;
pub mod fix;
pub mod graph;
pub mod impact;
pub mod init;
pub mod lineage;
pub mod placeholders;
pub mod render;
pub mod sources;
pub mod workflow;

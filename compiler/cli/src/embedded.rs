//! Files of the repository that the executable carries: paths, with `/`, and bytes.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The versions that the runtime's crates were tested with.
pub const LOCK: &str = include_str!("../../../Cargo.lock");

//! Files of the repository that the executable carries: paths, with `/`, and bytes.

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

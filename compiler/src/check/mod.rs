//! What a typed model promises, held against what its query gives.

mod column;
pub mod contract;
pub mod environments;
pub mod exposures;
pub mod keys;
pub mod named;
pub mod table;
pub mod time_range;
pub mod variables;
pub mod versions;

pub use column::OutputColumn;

//! What a typed model promises, held against what its query gives.

pub mod contract;
pub mod data_columns;
pub mod keys;
pub mod table;
pub mod time_range;
pub mod variables;

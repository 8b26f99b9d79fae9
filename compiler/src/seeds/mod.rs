//! seeds.

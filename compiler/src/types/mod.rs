//! Types and nullability.

pub mod oracle;

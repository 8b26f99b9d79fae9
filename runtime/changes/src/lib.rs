//! What a change of a model means for its data, and what it reaches.
//!
//! The compiler makes a [`Profile`] and a [`ModelLineage`] of each model, and a program carries
//! them; the runtime compares those of two versions. Both know this crate. Everything here is a
//! pure function: there is no engine, no file, no clock, and no SQL is read.
//!
//! | module | holds |
//! |---|---|
//! | [`fingerprint`] | a hash of 128 bits |
//! | [`profile`] | what a model's data is made of, as hashes |
//! | [`category`] | what a change from one profile to another means |
//! | [`sql_type`] | whether a type is wider than another one |
//! | [`uses`] | how an input is used |
//! | [`lineage`] | what a model's rows and columns are made of |
//! | [`graph`] | a project's tables, and who uses them |
//! | [`effective`] | what changes of some tables mean for all of them |
//! | [`reach`] | what a change of one table reaches, as it is shown |
#![warn(missing_docs)]

pub mod category;
pub mod effective;
pub mod fingerprint;
pub mod graph;
pub mod lineage;
pub mod profile;
pub mod reach;
pub mod sql_type;
pub mod uses;

pub use category::{Category, Change, OtherAlgorithm, change};
pub use effective::EffectiveChange;
pub use fingerprint::Fingerprint;
pub use graph::{Exposure, Graph, OwnChange, Table};
pub use lineage::{ColumnLineage, Input, ModelLineage, Part, Relation};
pub use profile::{ALGORITHM, ColumnProfile, Obstacle, ObstacleKind, Profile};
pub use reach::{Reach, ReachedExposure, ReachedTable};
pub use uses::Uses;

/// A text of a profile or of a lineage that can't be read: another version of dbgo made it, or it
/// was cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong and where, in the words of the JSON reader.
    pub reason: String,
}

impl std::fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.reason)
    }
}

impl std::error::Error for Unreadable {}

/// A value as JSON, which can't fail for what this crate has.
fn to_json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    serde_json::from_str(text).map_err(|error| Unreadable {
        reason: error.to_string(),
    })
}

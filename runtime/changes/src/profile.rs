//! Change profiles: what a model's data is made of, as hashes that can be compared.
//!
//! The compiler makes them (`compiler/src/fingerprint` says how). A profile says what a query makes
//! of what it reads, and knows no environment, no value of a variable and no parent.

use crate::{Fingerprint, Unreadable, from_json, to_json};
use serde::{Deserialize, Serialize};

/// The number of the algorithm that makes profiles. Profiles of two algorithms can't be compared.
pub const ALGORITHM: u32 = 1;

/// What a model's data is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The algorithm that made it, see [`ALGORITHM`].
    pub algorithm: u32,
    /// What decides which rows there are: a change of it is a change of all columns.
    pub rows: Fingerprint,
    /// The order of the rows where the query ends with an `ORDER BY` that decides nothing else.
    pub order: Fingerprint,
    /// How the rows are kept: as a view, a table, …
    pub storage: Fingerprint,
    /// All that isn't data: the text as it is written, names, descriptions, owners.
    pub metadata: Fingerprint,
    /// The columns in order.
    pub columns: Vec<ColumnProfile>,
}

/// What a column's values are made of. A program carries many, so that their keys are short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnProfile {
    /// Its name in lower case.
    #[serde(rename = "n")]
    pub name: String,
    /// Its type, as DuckDB writes it: `DECIMAL(18,2)`.
    #[serde(rename = "t")]
    pub sql_type: String,
    /// What its values are made of, apart from the type that they are cast to in the end if that
    /// has no other values than a wider one.
    #[serde(rename = "v")]
    pub values: Fingerprint,
    /// Why a table can't simply get this column beside the ones that it has.
    #[serde(rename = "o")]
    pub obstacle: Option<Obstacle>,
}

/// Why adding a column isn't safe, and where that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obstacle {
    /// Why.
    pub kind: ObstacleKind,
    /// The byte of the model's file at which that is written.
    pub at: u32,
}

/// Why adding a column isn't safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObstacleKind {
    /// Its expression may give several rows.
    SetReturning,
    /// Its expression may give other values in another run.
    Volatile,
    /// It goes through a set operation that matches columns by position.
    Union,
    /// Rows are compared by all columns.
    Distinct,
    /// Nobody looked into the query.
    Opaque,
}

impl Profile {
    /// The profile as the text that a program carries.
    pub fn to_text(&self) -> String {
        to_json(self)
    }

    /// Reads what [`to_text`](Self::to_text) gives.
    ///
    /// # Errors
    /// A text that is none.
    pub fn from_text(text: &str) -> Result<Self, Unreadable> {
        from_json(text)
    }

    /// The column with this name, which is in lower case.
    pub fn column(&self, name: &str) -> Option<&ColumnProfile> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether the data of two models is made of the same, whatever their texts are. Places of
    /// obstacles don't matter.
    pub fn same_data(&self, other: &Profile) -> bool {
        let same = |(left, right): (&ColumnProfile, &ColumnProfile)| {
            left.name == right.name
                && left.sql_type == right.sql_type
                && left.values == right.values
        };
        self.algorithm == other.algorithm
            && self.rows == other.rows
            && self.order == other.order
            && self.storage == other.storage
            && self.columns.len() == other.columns.len()
            && self.columns.iter().zip(&other.columns).all(same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_goes_through_its_text() {
        let profile = Profile {
            algorithm: ALGORITHM,
            rows: Fingerprint::from_bytes([1; 16]),
            columns: vec![ColumnProfile {
                name: "größe \"x\"".to_owned(),
                sql_type: "DECIMAL(18,2)[]".to_owned(),
                values: Fingerprint::from_bytes([0xab; 16]),
                obstacle: Some(Obstacle {
                    kind: ObstacleKind::SetReturning,
                    at: 7,
                }),
            }],
            ..Profile::default()
        };
        let text = profile.to_text();
        assert!(
            text.contains(r#""o":{"kind":"set-returning","at":7}"#),
            "{text}"
        );
        assert_eq!(Profile::from_text(&text), Ok(profile));
        for cut in [0, 1, text.len() / 2, text.len() - 1] {
            let cut = text.get(..cut).unwrap_or_default();
            assert!(Profile::from_text(cut).is_err(), "{cut}");
        }
    }
}

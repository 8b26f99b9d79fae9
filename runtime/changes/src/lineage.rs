//! What a model's rows and columns are made of, as a program carries it.
//!
//! The compiler knows more: places in files, columns by position, each variant by itself
//! (`compiler/src/lineage`). This is the union over a model's variants, with columns by their
//! names, so that it says the same whatever the order of the columns is.
//!
//! # The text
//! JSON: `{"r":[…],"c":[{"n":"total","i":[…]},…]}` with the inputs of the rows (`r`) and of each
//! column (`c`: its name `n` and its inputs `i`). An input is a list of three: the import's position
//! in the model's header or null for the model's own table; the column's name, null for the rows or
//! true for columns that can't be told; and its uses as a number. `[0,"amount",4]` is the column
//! `amount` of the first import, aggregated.

use crate::{Unreadable, Uses, from_json, to_json};
use serde::{Deserialize, Serialize};

/// A relation that a model reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Relation {
    /// The import at this position in the model's header.
    Import(u32),
    /// The model's own table.
    This,
}

/// What of a relation is used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// That its rows are there: what `count(*)` counts, and what `from orders` reads whatever the
    /// columns.
    Rows,
    /// The column with this name, in lower case.
    Column(String),
    /// Columns that can't be told.
    Any,
}

/// An input of a model.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "InputText", into = "InputText")]
pub struct Input {
    /// The relation.
    pub relation: Relation,
    /// What of it.
    pub part: Part,
    /// How it is used.
    pub uses: Uses,
}

/// What a column is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnLineage {
    /// Its name in lower case.
    #[serde(rename = "n")]
    pub name: String,
    /// Its own inputs, without what decides the rows.
    #[serde(rename = "i")]
    pub inputs: Vec<Input>,
}

/// What a model's rows and columns are made of. Nothing is left out: where the compiler can't tell,
/// every input that may be used is there with [`Uses::UNKNOWN`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelLineage {
    /// What decides which rows there are: part of every column's lineage.
    #[serde(rename = "r")]
    pub rows: Vec<Input>,
    /// The columns, in the order of the model's.
    #[serde(rename = "c")]
    pub columns: Vec<ColumnLineage>,
}

impl ModelLineage {
    /// That of a table with these columns, in lower case, that isn't made of anything in the
    /// project: a source or a seed.
    pub fn of_table(columns: impl IntoIterator<Item = String>) -> Self {
        Self::all_made_of(columns, &[])
    }

    /// That of a model with these columns, in lower case, of which nothing is known: all of it is
    /// made of all that it imports.
    pub fn unknown(columns: impl IntoIterator<Item = String>, imports: u32) -> Self {
        let relations = (0..imports).map(Relation::Import);
        let inputs: Vec<Input> = relations
            .flat_map(|relation| [(relation, Part::Rows), (relation, Part::Any)])
            .map(|(relation, part)| Input {
                relation,
                part,
                uses: Uses::UNKNOWN,
            })
            .collect();
        Self::all_made_of(columns, &inputs)
    }

    fn all_made_of(columns: impl IntoIterator<Item = String>, inputs: &[Input]) -> Self {
        let column = |name| ColumnLineage {
            name,
            inputs: inputs.to_vec(),
        };
        Self {
            rows: inputs.to_vec(),
            columns: columns.into_iter().map(column).collect(),
        }
    }

    /// All inputs: those of the rows, and of each column.
    pub fn inputs(&self) -> impl Iterator<Item = &Input> {
        let columns = self.columns.iter();
        let of_columns = columns.flat_map(|column| &column.inputs);
        self.rows.iter().chain(of_columns)
    }

    /// The lineage as the text that a program carries.
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
}

/// An input as a list of three.
#[derive(Serialize, Deserialize)]
struct InputText(Option<u32>, PartText, Uses);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum PartText {
    Rows(()),
    Any(bool),
    Column(String),
}

impl From<Input> for InputText {
    fn from(input: Input) -> Self {
        let import = match input.relation {
            Relation::Import(index) => Some(index),
            Relation::This => None,
        };
        let part = match input.part {
            Part::Rows => PartText::Rows(()),
            Part::Any => PartText::Any(true),
            Part::Column(name) => PartText::Column(name),
        };
        InputText(import, part, input.uses)
    }
}

impl From<InputText> for Input {
    fn from(InputText(import, part, uses): InputText) -> Self {
        Input {
            relation: import.map_or(Relation::This, Relation::Import),
            part: match part {
                PartText::Rows(()) => Part::Rows,
                PartText::Any(_) => Part::Any,
                PartText::Column(name) => Part::Column(name),
            },
            uses,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(relation: Relation, part: Part, uses: Uses) -> Input {
        Input {
            relation,
            part,
            uses,
        }
    }

    #[test]
    fn a_lineage_goes_through_its_text() {
        let amount = Part::Column("amount".to_owned());
        let lineage = ModelLineage {
            rows: vec![
                input(Relation::Import(0), Part::Rows, Uses::PASSED),
                input(Relation::Import(1), Part::Any, Uses::UNKNOWN),
            ],
            columns: vec![
                ColumnLineage {
                    name: "total".to_owned(),
                    inputs: vec![
                        input(Relation::Import(0), amount, Uses::AGGREGATED),
                        input(Relation::This, Part::Rows, Uses::CONDITION),
                    ],
                },
                ColumnLineage {
                    name: "one".to_owned(),
                    inputs: Vec::new(),
                },
            ],
        };
        let text = lineage.to_text();
        assert_eq!(
            text,
            r#"{"r":[[0,null,1],[1,true,32]],"c":[{"n":"total","i":[[0,"amount",4],[null,null,8]]},{"n":"one","i":[]}]}"#
        );
        assert_eq!(ModelLineage::from_text(&text), Ok(lineage));
        assert!(ModelLineage::from_text(r#"{"r":[[0,1,1]],"c":[]}"#).is_err());
        assert!(ModelLineage::from_text("").is_err());
    }

    #[test]
    fn what_is_unknown_is_made_of_everything() {
        let lineage = ModelLineage::unknown(["a".to_owned()], 2);
        assert_eq!(lineage.rows.len(), 4);
        assert_eq!(lineage.columns[0].inputs, lineage.rows);
        assert!(ModelLineage::of_table(["a".to_owned()]).rows.is_empty());
    }
}

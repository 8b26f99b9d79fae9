//! The macros that every project has.
//!
//! `surrogate_key` gives what `generate_surrogate_key` of dbt_utils 1.x gives: the MD5 of its
//! columns as text, nulls as a text of their own, joined with `-`.

use super::definition::Form;

/// A built-in macro.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BuiltIn {
    SurrogateKey,
    SafeDivide,
    DateSpine,
    Deduplicate,
}

/// A piece of what a call stands for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text(&'static str),
    Owned(String),
    /// The argument at this position.
    Argument(usize, Form),
}

/// The text for a null in a surrogate key.
const NULL: &str = "'_dbt_utils_surrogate_key_null_'";

/// The steps of a `date_spine`: whether each is a date, and not a time.
const STEPS: [(&str, bool); 8] = [
    ("day", true),
    ("week", true),
    ("month", true),
    ("quarter", true),
    ("year", true),
    ("hour", false),
    ("minute", false),
    ("second", false),
];

impl BuiltIn {
    /// The one of a name in lower case.
    pub(super) fn of(name: &str) -> Option<BuiltIn> {
        Some(match name {
            "surrogate_key" => BuiltIn::SurrogateKey,
            "safe_divide" => BuiltIn::SafeDivide,
            "date_spine" => BuiltIn::DateSpine,
            "deduplicate" => BuiltIn::Deduplicate,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            BuiltIn::SurrogateKey => "surrogate_key",
            BuiltIn::SafeDivide => "safe_divide",
            BuiltIn::DateSpine => "date_spine",
            BuiltIn::Deduplicate => "deduplicate",
        }
    }

    pub(super) fn is_table(self) -> bool {
        matches!(self, BuiltIn::DateSpine | BuiltIn::Deduplicate)
    }

    /// Its parameters; `None` for any number, but one at least.
    pub(super) fn parameters(self) -> Option<&'static [&'static str]> {
        match self {
            BuiltIn::SurrogateKey => None,
            BuiltIn::SafeDivide => Some(&["numerator", "denominator"]),
            BuiltIn::DateSpine => Some(&["step", "first", "last"]),
            BuiltIn::Deduplicate => Some(&["relation", "partition_by", "order_by"]),
        }
    }

    /// What a call stands for. `texts` are its arguments as they are written.
    ///
    /// # Errors
    /// The position of an argument that can't stand there, and what is wrong with it.
    pub(super) fn pieces(self, texts: &[&str]) -> Result<Vec<Piece>, (usize, String)> {
        use Form::{Plain, Table, Value};
        use Piece::{Argument, Owned, Text};
        Ok(match self {
            BuiltIn::SurrogateKey => {
                let mut pieces = vec![Text("md5(")];
                for index in 0..texts.len() {
                    if index > 0 {
                        pieces.push(Text(" || '-' || "));
                    }
                    pieces.push(Text("coalesce(cast("));
                    pieces.push(Argument(index, Value));
                    pieces.push(Owned(format!(" as varchar), {NULL})")));
                }
                pieces.push(Text(")"));
                pieces
            }
            BuiltIn::SafeDivide => vec![
                Argument(0, Value),
                Text(" / nullif("),
                Argument(1, Value),
                Text(", 0)"),
            ],
            BuiltIn::DateSpine => {
                let step = texts[0].trim_matches('\'').to_lowercase();
                let known = STEPS.iter().find(|(name, _)| *name == step);
                let Some((step, is_date)) = known.filter(|_| texts[0].starts_with('\'')) else {
                    let names: Vec<String> = STEPS
                        .iter()
                        .map(|(name, _)| format!("`'{name}'`"))
                        .collect();
                    return Err((0, format!("the step is one of {}", names.join(", "))));
                };
                let sql_type = if *is_date { "date" } else { "timestamp" };
                vec![
                    Owned(format!(
                        "select cast(dbgo_spine.moment as {sql_type}) as date_{step} from range(cast("
                    )),
                    Argument(1, Value),
                    Text(" as timestamp), cast("),
                    Argument(2, Value),
                    Owned(format!(
                        " as timestamp), interval '1' {step}) as dbgo_spine(moment)"
                    )),
                ]
            }
            BuiltIn::Deduplicate => vec![
                Text("select * from "),
                // Its own name stays visible for the other arguments.
                Argument(0, Table { aliased: true }),
                Text(" qualify row_number() over (partition by "),
                Argument(1, Plain),
                Text(" order by "),
                Argument(2, Plain),
                Text(") = 1"),
            ],
        })
    }
}

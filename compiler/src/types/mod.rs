//! The types of expressions: literals, operators and functions.
//!
//! [`catalogue`] is DuckDB's own list of functions, as data. [`call`] takes the overload that the
//! engine takes and gives its result; what a signature can't say is in [`rules`] by hand. Names,
//! scopes and trees are the matter of [`resolve`](crate::resolve).

pub mod aggregate_states;
pub mod call;
pub mod catalogue;
pub mod date_parts;
mod decimal;
pub mod extension_functions;
pub mod json_path;
pub mod json_refusals;
mod json_shape;
pub mod literal;
pub mod made_type;
pub mod nested;
pub mod never_null;
pub mod null_handling;
pub mod oracle;
pub mod reference_system;
pub mod refusals;
pub mod regular_expression;
pub mod remapping;
pub mod rules;
pub mod schemas;
pub mod settings;
mod sort_keys;
mod struct_refusals;
pub mod tables;
pub mod time_refusals;
pub mod type_names;

use crate::sql_type::cast::refusal;
use crate::sql_type::{Common, SqlType, common_type, forced_type};

/// The type of an expression, and what the engine still remembers of a literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// Its type.
    pub sql_type: SqlType,
    /// Whether it can be null.
    pub nullable: bool,
    /// What is known of its value.
    pub value: Value,
}

/// What is known of an expression's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Any,
    /// A whole number written out: it takes the type of what stands beside it, if it fits.
    Integer(i128),
    /// A text written out: it takes the type of what stands beside it.
    Text(String),
    /// A text that takes the type of what stands beside it as well, and that isn't known.
    SomeText,
    /// A list of texts written out.
    Texts(Vec<String>),
    /// A null that was given a type.
    Null,
}

impl Typed {
    /// An expression that isn't a literal and can be null.
    pub fn of(sql_type: SqlType) -> Self {
        Typed {
            sql_type,
            nullable: true,
            value: Value::Any,
        }
    }

    /// An expression that can't be null.
    pub fn not_null(sql_type: SqlType) -> Self {
        Typed {
            nullable: false,
            ..Typed::of(sql_type)
        }
    }

    /// Nothing is known.
    pub fn unknown() -> Self {
        Typed::of(SqlType::Unknown)
    }

    /// The same, with another nullability.
    #[must_use]
    pub fn nullable_if(self, nullable: bool) -> Self {
        Typed { nullable, ..self }
    }

    /// The same, as a column of a query gives it: no longer a literal.
    #[must_use]
    pub fn as_value(self) -> Self {
        Typed {
            value: Value::Any,
            ..self
        }
    }

    /// Whether it is a text written out, or one that is as good.
    pub fn is_text_literal(&self) -> bool {
        matches!(self.value, Value::Text(_) | Value::SomeText)
    }

    /// Whether its type is known through and through.
    pub fn is_known(&self) -> bool {
        !self.sql_type.any(&SqlType::is_vague)
    }
}

/// The type that two expressions have together in `CASE`, `COALESCE`, lists and `<`: as
/// [`common_type`], but literals give way.
pub fn common(left: &Typed, right: &Typed) -> Common {
    together(left, right, common_type)
}

/// The type that two expressions are compared in by `=`: as [`forced_type`], but literals give way.
pub fn compared(left: &Typed, right: &Typed) -> Common {
    together(left, right, forced_type)
}

fn together(left: &Typed, right: &Typed, types: fn(&SqlType, &SqlType) -> Common) -> Common {
    match (&left.value, &right.value) {
        _ if left.is_text_literal() && right.is_text_literal() => Common::Type(SqlType::Varchar),
        _ if left.is_text_literal() => beside_text(&right.sql_type),
        _ if right.is_text_literal() => beside_text(&left.sql_type),
        (Value::Integer(number), _) if takes(&right.sql_type, *number) => {
            Common::Type(right.sql_type.clone())
        }
        (_, Value::Integer(number)) if takes(&left.sql_type, *number) => {
            Common::Type(left.sql_type.clone())
        }
        _ => types(&left.sql_type, &right.sql_type),
    }
}

fn beside_text(other: &SqlType) -> Common {
    match other {
        SqlType::Enum(_) | SqlType::Null => Common::Type(SqlType::Varchar),
        union @ SqlType::Union(_) if refusal(&SqlType::Varchar, union).is_some() => {
            Common::Incompatible
        }
        vague if vague.is_vague() => Common::Unknown,
        other => Common::Type(other.clone()),
    }
}

/// Whether a whole number written out becomes this type.
fn takes(other: &SqlType, number: i128) -> bool {
    other.is_integer() && literal::fits(number, other)
}

/// The common type of several expressions. A list without any is `NULL`.
pub fn common_of<'a>(all: impl IntoIterator<Item = &'a Typed>) -> Common {
    let mut together: Option<Typed> = None;
    for next in all {
        together = Some(match together {
            None => next.clone(),
            Some(before) => match common(&before, next) {
                Common::Type(sql_type) => {
                    // Two texts are a text still, and two whole numbers only if they are the same.
                    let keeps_value = match (&before.value, &next.value) {
                        (Value::Integer(before), Value::Integer(next)) => before == next,
                        (Value::Text(_) | Value::SomeText, Value::Text(_) | Value::SomeText) => {
                            true
                        }
                        _ => false,
                    };
                    Typed {
                        value: if keeps_value {
                            before.value
                        } else {
                            Value::Any
                        },
                        ..Typed::of(sql_type)
                    }
                }
                other => return other,
            },
        });
    }
    Common::Type(together.map_or(SqlType::Null, |typed| typed.sql_type))
}

#[cfg(test)]
mod tests;

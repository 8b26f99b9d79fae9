//! The values of constant expressions, as the engine computes them while it prepares a query.
//!
//! In goes an expression as it is written, out comes its value, the message of the error that
//! computing it is, or that neither is known. The evaluator is never wrong: what it doesn't know for
//! certain is [`Stop::Unknown`], and nothing follows from that. Where the engine computes constants,
//! and what it makes of an error, is the matter of [`resolve`](crate::resolve).
//!
//! | file | what |
//! |---|---|
//! | `evaluate` | expressions |
//! | `operators` | arithmetic, comparisons, logic |
//! | `functions` | calls |
//! | `casts` | from one type to another |
//! | `numbers`, `moments`, `intervals`, `texts` | what a text is as a value of another type |
//! | `nested` | texts of lists, structs and maps |

mod casts;
mod evaluate;
mod functions;
mod intervals;
mod moments;
mod nested;
mod numbers;
mod operators;
mod texts;

use crate::sql_type::SqlType;
use crate::types::{self, Typed};

pub use evaluate::Evaluator;

/// A value and its type.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// Its type.
    pub sql_type: SqlType,
    /// What it is.
    pub datum: Datum,
    /// Whether it is written out: a text takes the type of what stands beside it then, and so does
    /// a whole number.
    pub literal: bool,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    /// No value.
    Null,
    /// `true` or `false`
    Boolean(bool),
    /// A whole number of any width.
    Integer(i128),
    /// A decimal: its digits without the point, which its type places.
    Decimal(i128),
    /// A `FLOAT` or `DOUBLE`.
    Double(f64),
    /// A text.
    Text(String),
    /// A date, in days since 1970.
    Date(i64),
    /// The elements of a list, or the members of a struct, in order.
    List(Vec<Datum>),
    /// A value, or a null, that isn't looked at any closer.
    Some,
}

/// Why there is no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The engine fails to compute it, and says so.
    Fails(String),
    /// Not known here.
    Unknown,
}

/// What is known of an expression.
pub type Evaluated<T = Constant> = Result<T, Stop>;

/// All values, or why there are none. One that isn't known may be no constant at all, and then
/// the engine computes none of them.
fn all(values: impl IntoIterator<Item = Evaluated>) -> Evaluated<Vec<Constant>> {
    let mut found = Vec::new();
    let mut failure = None;
    for value in values {
        match value {
            Ok(value) => found.push(value),
            Err(Stop::Unknown) => return Err(Stop::Unknown),
            Err(failed) => failure = failure.or(Some(failed)),
        }
    }
    failure.map_or(Ok(found), Err)
}

/// As [`all`], of two.
fn both(left: Evaluated, right: Evaluated) -> Evaluated<(Constant, Constant)> {
    match (left, right) {
        (Err(Stop::Unknown), _) | (_, Err(Stop::Unknown)) => Err(Stop::Unknown),
        (left, right) => Ok((left?, right?)),
    }
}

/// An error of the engine.
fn fails<T>(message: impl Into<String>) -> Evaluated<T> {
    Err(Stop::Fails(message.into()))
}

impl Constant {
    /// A value that was computed.
    pub fn new(sql_type: SqlType, datum: Datum) -> Constant {
        Constant {
            sql_type,
            datum,
            literal: false,
        }
    }

    fn boolean(value: Option<bool>) -> Constant {
        Constant::new(SqlType::Boolean, value.map_or(Datum::Null, Datum::Boolean))
    }

    /// The same value as another type.
    ///
    /// # Errors
    /// Where the engine fails, or what it does isn't known.
    pub fn cast(&self, to: &SqlType) -> Evaluated {
        casts::cast(self, to)
    }

    /// Whether it is a null.
    pub fn is_null(&self) -> bool {
        self.datum == Datum::Null
    }

    /// The same as the types of operators and functions are looked up by.
    pub fn typed(&self) -> Typed {
        let value = match &self.datum {
            Datum::Integer(number) if self.literal => types::Value::Integer(*number),
            Datum::Text(text) if self.literal => types::Value::Text(text.clone()),
            Datum::Null if self.sql_type != SqlType::Null => types::Value::Null,
            _ => types::Value::Any,
        };
        Typed {
            value,
            ..Typed::of(self.sql_type.clone())
        }
    }

    /// A number as a floating point number; `None` if it is none.
    pub fn as_double(&self) -> Option<f64> {
        match (&self.datum, &self.sql_type) {
            (Datum::Integer(number), _) => Some(*number as f64),
            (Datum::Double(number), _) => Some(*number),
            (Datum::Decimal(digits), SqlType::Decimal(_, scale)) => {
                Some(*digits as f64 / 10f64.powi(i32::from(*scale)))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;

//! What generated code leans on to read `STRUCT`, `ENUM` and `UNION` columns,
//! for which the compiler writes Rust types.

use crate::from_value::FromValue;
use crate::read_error::Mismatch;
use crate::value::Value;

/// The fields of a `STRUCT`, taken out one by one by generated code.
///
/// ```
/// use dbgo_rows::{Fields, FromValue, Mismatch, Value};
///
/// struct Address {
///     street: Option<String>,
///     number: Option<i32>,
/// }
///
/// impl FromValue for Address {
///     fn from_value(value: Value) -> Result<Self, Mismatch> {
///         let mut fields = Fields::of(value)?;
///         Ok(Self {
///             street: fields.take("street")?,
///             number: fields.take("number")?,
///         })
///     }
/// }
///
/// let value = Value::Struct(vec![
///     ("street".into(), Value::Varchar("Main".into())),
///     ("number".into(), Value::Null),
/// ]);
/// let address = Address::from_value(value)?;
/// assert_eq!(address.street.as_deref(), Some("Main"));
/// assert_eq!(address.number, None);
/// # Ok::<(), Mismatch>(())
/// ```
#[derive(Debug)]
pub struct Fields {
    rest: std::vec::IntoIter<(String, Value)>,
    skipped: Vec<(String, Value)>,
}

impl Fields {
    /// The fields of a value.
    ///
    /// # Errors
    /// The value is null or no struct.
    pub fn of(value: Value) -> Result<Self, Mismatch> {
        match value {
            Value::Struct(fields) => Ok(Self {
                rest: fields.into_iter(),
                skipped: Vec::new(),
            }),
            other => Err(Mismatch::of_type("a STRUCT", &other)),
        }
    }

    /// Takes out the next field of this name; without names (`ROW(1, 2)`),
    /// the next of the name `""`.
    ///
    /// # Errors
    /// There is none, or its value doesn't fit.
    pub fn take<T: FromValue>(&mut self, name: &str) -> Result<T, Mismatch> {
        let value = self
            .find(name)
            .ok_or_else(|| Mismatch::of_value("a STRUCT with the field", format!(".{name}")))?;
        T::from_value(value).map_err(|mismatch| mismatch.inside(format!(".{name}")))
    }

    fn find(&mut self, name: &str) -> Option<Value> {
        if let Some(index) = self.skipped.iter().position(|(field, _)| field == name) {
            return Some(self.skipped.remove(index).1);
        }
        // generated code asks in the type's order, so the first one is it
        for (field, value) in self.rest.by_ref() {
            if field == name {
                return Some(value);
            }
            self.skipped.push((field, value));
        }
        None
    }
}

/// The label of an `ENUM` as the Rust value beside it. For generated code:
///
/// ```
/// use dbgo_rows::{FromValue, Mismatch, Value, read_label};
///
/// #[derive(Debug, Clone, Copy, PartialEq, Eq)]
/// enum Status {
///     Paid,
///     Void,
/// }
///
/// impl FromValue for Status {
///     fn from_value(value: Value) -> Result<Self, Mismatch> {
///         read_label(value, &[("paid", Self::Paid), ("void", Self::Void)])
///     }
/// }
///
/// assert_eq!(Status::from_value(Value::Enum("void".into())), Ok(Status::Void));
/// assert!(Status::from_value(Value::Enum("lost".into())).is_err());
/// ```
///
/// # Errors
/// The value is null, no enum or text, or its label isn't listed.
pub fn read_label<T: Copy>(value: Value, labels: &[(&str, T)]) -> Result<T, Mismatch> {
    let label = match value {
        Value::Enum(label) | Value::Varchar(label) => label,
        other => return Err(Mismatch::of_type("an ENUM", &other)),
    };
    labels
        .iter()
        .find(|(known, _)| *known == label)
        .map(|(_, rust)| *rust)
        .ok_or_else(|| {
            let known: Vec<&str> = labels.iter().map(|(label, _)| *label).collect();
            Mismatch::of_value(format!("one of {}", known.join(", ")), label)
        })
}

/// The member and value of a `UNION`. For generated code:
///
/// ```
/// use dbgo_rows::{FromValue, Mismatch, Value, read_member, unknown_member};
///
/// #[derive(Debug, PartialEq)]
/// enum Amount {
///     Count(Option<i64>),
///     Text(Option<String>),
/// }
///
/// impl FromValue for Amount {
///     fn from_value(value: Value) -> Result<Self, Mismatch> {
///         let (member, value) = read_member(value)?;
///         match member.as_str() {
///             "count" => FromValue::from_value(value).map(Self::Count),
///             "text" => FromValue::from_value(value).map(Self::Text),
///             _ => Err(unknown_member(&member)),
///         }
///     }
/// }
///
/// let value = Value::Union("count".into(), Box::new(Value::BigInt(3)));
/// assert_eq!(Amount::from_value(value), Ok(Amount::Count(Some(3))));
/// ```
///
/// # Errors
/// The value is null or no union.
pub fn read_member(value: Value) -> Result<(String, Value), Mismatch> {
    match value {
        Value::Union(member, value) => Ok((member, *value)),
        other => Err(Mismatch::of_type("a UNION", &other)),
    }
}

/// The error for a member that a generated type doesn't have.
pub fn unknown_member(member: &str) -> Mismatch {
    Mismatch::of_value("a known member of the UNION", member)
}

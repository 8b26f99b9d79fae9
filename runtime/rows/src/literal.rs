//! Values as SQL text.

use crate::sql_type::{SqlType, quote_text};
use crate::value::Value;

/// The value as a SQL expression of exactly this type, which the engine
/// evaluates to exactly this value.
///
/// ```
/// use dbgo_rows::{Value, sql_literal};
///
/// let sql = sql_literal(&Value::from("it's"), &"VARCHAR".parse()?);
/// assert_eq!(sql, "CAST('it''s' AS VARCHAR)");
/// # Ok::<(), dbgo_rows::ParseError>(())
/// ```
///
/// A value that is not of the type is left to the engine to cast or refuse.
pub fn sql_literal(value: &Value, sql_type: &SqlType) -> String {
    let cast = |text: String| format!("CAST({text} AS {sql_type})");
    match (value, sql_type) {
        (Value::Null, _) => cast("NULL".to_string()),
        (Value::Varchar(text), _) => cast(text_expression(text)),
        (Value::Json(json), _) => cast(text_expression(json)),
        (Value::Enum(label), _) => cast(text_expression(label)),
        (Value::Blob(blob), _) => format!("from_hex('{}')", hexadecimal(blob)),
        (Value::Interval(interval), _) => format!(
            "(to_months(CAST('{}' AS INTEGER)) + to_days(CAST('{}' AS INTEGER)) + to_microseconds(CAST('{}' AS BIGINT)))",
            interval.months, interval.days, interval.micros
        ),
        (Value::List(values), SqlType::List(element))
        | (Value::Array(values), SqlType::Array(element, _)) => {
            let elements = values.iter().map(|value| sql_literal(value, element));
            cast(format!("[{}]", joined(elements)))
        }
        (Value::Struct(fields), SqlType::Struct(types)) => {
            let values = fields.iter().zip(types);
            let values = values.map(|((_, value), (_, field))| sql_literal(value, field));
            // by place: names come with the cast
            cast(format!("row({})", joined(values)))
        }
        (Value::Map(pairs), SqlType::Map(key_type, value_type)) => {
            let keys = joined(pairs.iter().map(|(key, _)| sql_literal(key, key_type)));
            let values = joined(
                pairs
                    .iter()
                    .map(|(_, value)| sql_literal(value, value_type)),
            );
            cast(format!("map([{keys}], [{values}])"))
        }
        (Value::Union(tag, value), SqlType::Union(members)) => {
            let member = members.iter().find(|(name, _)| name == tag);
            let value = match member {
                Some((_, member)) => sql_literal(value, member),
                None => quote_text(&value.to_string()),
            };
            cast(format!(
                "union_value({} := {value})",
                crate::sql_type::always_quote(tag)
            ))
        }
        (scalar, _) => cast(text_expression(&scalar.to_string())),
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

/// A text as SQL; statements can't hold the NUL character.
fn text_expression(text: &str) -> String {
    let parts: Vec<String> = text.split('\0').map(quote_text).collect();
    if parts.len() == 1 {
        return parts.concat();
    }
    format!("({})", parts.join(" || chr(0) || "))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

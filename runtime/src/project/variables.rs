//! Values of variables: where each comes from, how it is written in SQL and compared.

use super::{Project, quote_text};
use crate::error::{Code, Error, Kind, Result};
use dbgo_contract::{Comparison, ModelDef, SettingDef, VariableDef};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A variable's value in its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The SQL literal.
    pub literal: String,
    /// The value as text, without quotes.
    pub text: String,
    numeric: bool,
    is_null: bool,
}

impl Value {
    fn new(variable: &VariableDef, text: &str) -> std::result::Result<Self, String> {
        let sql_type = variable.sql_type.as_str();
        let base = base_type(sql_type);
        let numeric = is_numeric(&base);
        let (literal, text) = match base.as_str() {
            _ if numeric => {
                let text = digits(text);
                let Some(value) = number(&text) else {
                    return Err(format!("`{text}` isn't of type {sql_type}"));
                };
                // The engine would round it, and `#if` would compare what was given.
                if scale(&base, sql_type).is_some_and(|scale| value.scale() > scale) {
                    return Err(format!("`{text}` has more digits than a {sql_type}"));
                }
                (format!("CAST({text} AS {sql_type})"), text)
            }
            "VARCHAR" | "TEXT" | "STRING" | "CHAR" => (quote_text(text), text.to_owned()),
            "BOOLEAN" | "BOOL" => {
                let Some(value) = boolean(text) else {
                    return Err(format!("`{text}` is neither `true` nor `false`"));
                };
                (value.to_string(), value.to_string())
            }
            _ => (
                format!("CAST({} AS {sql_type})", quote_text(text)),
                text.to_owned(),
            ),
        };
        Ok(Self {
            literal,
            text,
            numeric,
            is_null: false,
        })
    }

    /// A declaration's default, in the form that the compiler writes it: `null`, a text in quotes,
    /// or a number or boolean as it is.
    fn of_default(variable: &VariableDef) -> std::result::Result<Self, String> {
        match variable.default.as_str() {
            "null" => Ok(Self {
                literal: format!("CAST(NULL AS {})", variable.sql_type),
                text: String::new(),
                numeric: false,
                is_null: true,
            }),
            default => Self::new(variable, &unquote(default)),
        }
    }

    /// Compares with a literal, as the type orders them: numbers by value, the rest as text. A
    /// null is neither equal to anything nor less nor greater.
    pub fn compare(&self, comparison: Comparison, literal: &str) -> bool {
        if self.is_null {
            return false;
        }
        let ordering = match (self.numeric, number(&self.text), number(literal)) {
            (true, Some(left), Some(right)) => compare_numbers(&left, &right),
            _ => self.text.as_str().cmp(literal),
        };
        match comparison {
            Comparison::Equal => ordering == Ordering::Equal,
            Comparison::NotEqual => ordering != Ordering::Equal,
            Comparison::Less => ordering == Ordering::Less,
            Comparison::LessOrEqual => ordering != Ordering::Greater,
            Comparison::Greater => ordering == Ordering::Greater,
            Comparison::GreaterOrEqual => ordering != Ordering::Less,
        }
    }
}

/// The values that a run gives to variables.
#[derive(Clone, Debug, Default)]
pub struct Variables {
    given: BTreeMap<String, String>,
}

impl Variables {
    /// Takes `name=value` pairs of the command line over the environment's own values, and those
    /// over the project's.
    ///
    /// # Errors
    /// A usage error for a pair without `=` or a name that no model declares.
    pub fn new(project: &Project, environment: &[SettingDef], pairs: &[String]) -> Result<Self> {
        let mut given: BTreeMap<String, String> = project
            .def
            .variables
            .iter()
            .chain(environment)
            .map(|setting| (setting.name.to_string(), setting.value.to_string()))
            .collect();
        for pair in pairs {
            let Some((name, value)) = pair.split_once('=') else {
                return Err(Error::new(
                    Kind::Usage,
                    Code::VariableValue,
                    format!("`{pair}` gives a variable no value"),
                )
                .hint(format!("write `--var {pair}=value`")));
            };
            let declared = project
                .models()
                .iter()
                .any(|model| model.def.variables.iter().any(|v| v.name.as_str() == name));
            if !declared && !given.contains_key(name) {
                return Err(Error::new(
                    Kind::Usage,
                    Code::UnknownVariable,
                    format!("no model declares a variable named `{name}`"),
                ));
            }
            given.insert(name.to_owned(), value.to_owned());
        }
        Ok(Self { given })
    }

    /// The value that a variable is given, as it is written; none where its declaration decides.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.given.get(name).map(String::as_str)
    }

    /// The values of a model's variables, in the order it declares them.
    ///
    /// # Errors
    /// A variable without a value, or with one that isn't of its type.
    pub fn of_model(&self, model: &ModelDef) -> Result<Vec<Value>> {
        model
            .variables
            .iter()
            .map(|variable| self.value(model, variable))
            .collect()
    }

    fn value(&self, model: &ModelDef, variable: &VariableDef) -> Result<Value> {
        let value = match self.given.get(variable.name.as_str()) {
            Some(given) => Value::new(variable, given),
            None if variable.default.is_empty() => {
                return Err(Error::new(
                    Kind::Usage,
                    Code::VariableValue,
                    format!("`{}` in `{}` has no value", variable.name, model.file),
                )
                .hint(format!(
                    "set it in `[vars]` of `dbgo.toml`, or with `--var {}=…`",
                    variable.name
                )));
            }
            None => Value::of_default(variable),
        };
        value.map_err(|reason| {
            Error::new(
                Kind::Usage,
                Code::VariableValue,
                format!("`{}` of `{}`: {reason}", variable.name, model.file),
            )
        })
    }
}

/// The text of a SQL literal: without its quotes and the type before them, if it has any.
fn unquote(literal: &str) -> String {
    let literal = literal.trim();
    let quoted = literal
        .split_once('\'')
        .filter(|(before, _)| before.chars().all(|c| c.is_ascii_alphabetic() || c == ' '))
        .and_then(|(_, rest)| rest.strip_suffix('\''));
    quoted.map_or_else(|| literal.to_owned(), |inner| inner.replace("''", "'"))
}

/// `DECIMAL` of `DECIMAL(18,2)`.
fn base_type(sql_type: &str) -> String {
    let base = sql_type.split('(').next().unwrap_or(sql_type);
    base.trim().to_ascii_uppercase()
}

/// The boolean that a cast of DuckDB makes of a text.
fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" | "yes" | "y" => Some(true),
        "false" | "f" | "0" | "no" | "n" => Some(false),
        _ => None,
    }
}

/// A number without the `_` between its digits and the blanks around it.
fn digits(text: &str) -> String {
    text.trim().replace('_', "")
}

fn is_numeric(base: &str) -> bool {
    matches!(
        base,
        "TINYINT"
            | "SMALLINT"
            | "INTEGER"
            | "INT"
            | "BIGINT"
            | "HUGEINT"
            | "UTINYINT"
            | "USMALLINT"
            | "UINTEGER"
            | "UBIGINT"
            | "UHUGEINT"
            | "BIGNUM"
            | "DECIMAL"
            | "NUMERIC"
            | "FLOAT"
            | "REAL"
            | "DOUBLE"
    )
}

/// A decimal number taken apart, so that comparing it loses nothing.
struct Number {
    negative: bool,
    digits: Vec<u8>,
    /// The power of ten of the first digit.
    magnitude: i64,
}

impl Number {
    /// How many digits stand behind the point.
    fn scale(&self) -> i64 {
        if self.digits.is_empty() {
            return 0;
        }
        (self.digits.len() as i64 - self.magnitude).max(0)
    }
}

/// How many digits an exact type has behind the point; nothing for an inexact one.
fn scale(base: &str, sql_type: &str) -> Option<i64> {
    /// The scale of a `DECIMAL` without arguments, as DuckDB has it.
    const DEFAULT: i64 = 3;
    match base {
        "DECIMAL" | "NUMERIC" => {
            let Some((_, arguments)) = sql_type.split_once('(') else {
                return Some(DEFAULT);
            };
            let scale = arguments.trim_end().trim_end_matches(')').split_once(',');
            scale.map_or(Some(0), |(_, scale)| scale.trim().parse().ok())
        }
        "FLOAT" | "DOUBLE" | "REAL" | "FLOAT4" | "FLOAT8" => None,
        _ => Some(0),
    }
}

fn number(text: &str) -> Option<Number> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    let mut significant = digits[zeros..].to_vec();
    while significant.last() == Some(&b'0') {
        significant.pop();
    }
    Some(Number {
        negative: negative && !significant.is_empty(),
        magnitude: whole.len() as i64 - zeros as i64 + i64::from(exponent),
        digits: significant,
    })
}

fn compare_numbers(left: &Number, right: &Number) -> Ordering {
    match (left.negative, right.negative) {
        (true, false) => return Ordering::Less,
        (false, true) => return Ordering::Greater,
        _ => {}
    }
    let size = match (left.digits.is_empty(), right.digits.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        // Digits have no trailing zeros, so that the shorter of two equal beginnings is smaller.
        (false, false) => (left.magnitude, &left.digits).cmp(&(right.magnitude, &right.digits)),
    };
    if left.negative { size.reverse() } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dbgo_contract::Str;
    use proptest::prelude::*;

    fn value(sql_type: &'static str, text: &str) -> Value {
        let variable = VariableDef {
            name: Str::new("v"),
            sql_type: Str::new(sql_type),
            default: Str::EMPTY,
        };
        Value::new(&variable, text).unwrap()
    }

    #[test]
    fn literals_have_the_variable_s_type() {
        assert_eq!(
            value("DECIMAL(18,2)", "-5.5").literal,
            "CAST(-5.5 AS DECIMAL(18,2))"
        );
        assert_eq!(value("VARCHAR", "it's").literal, "'it''s'");
        assert_eq!(value("BOOLEAN", "TRUE").literal, "true");
        assert_eq!(
            value("DATE", "2024-01-01").literal,
            "CAST('2024-01-01' AS DATE)"
        );
    }

    #[test]
    fn a_value_is_compared_in_the_form_that_it_is_written_in() {
        assert!(value("BOOLEAN", "TRUE").compare(Comparison::Equal, "true"));
        assert!(value("BOOLEAN", "no").compare(Comparison::Equal, "false"));
        assert!(value("BIGNUM", "9").compare(Comparison::Less, "10"));
        assert_eq!(value("INTEGER", "1_000").literal, "CAST(1000 AS INTEGER)");
    }

    #[test]
    fn a_default_of_null_is_no_text() {
        let default = |default: &'static str| {
            let variable = VariableDef {
                name: Str::new("v"),
                sql_type: Str::new("VARCHAR"),
                default: Str::new(default),
            };
            Value::of_default(&variable).unwrap()
        };
        assert_eq!(default("null").literal, "CAST(NULL AS VARCHAR)");
        assert!(!default("null").compare(Comparison::Equal, "null"));
        assert_eq!(default("'null'").literal, "'null'");
        assert_eq!(default("''").literal, "''");
    }

    #[test]
    fn a_number_that_is_none_is_refused() {
        let variable = VariableDef {
            name: Str::new("v"),
            sql_type: Str::new("INTEGER"),
            default: Str::EMPTY,
        };
        assert!(Value::new(&variable, "1; drop table x").is_err());
        assert!(Value::new(&variable, "").is_err());
        assert!(Value::new(&variable, "5.5").is_err());
        assert!(Value::new(&variable, "5.00").is_ok() && Value::new(&variable, "5e1").is_ok());
        assert!(Value::new(&variable, "0.00").is_ok());
        let decimal = VariableDef {
            sql_type: Str::new("DECIMAL(18, 2)"),
            ..variable
        };
        assert!(Value::new(&decimal, "0.05").is_ok() && Value::new(&decimal, "0.055").is_err());
        let double = VariableDef {
            sql_type: Str::new("DOUBLE"),
            ..variable
        };
        assert!(Value::new(&double, "0.055").is_ok());
    }

    #[test]
    fn equal_numbers_are_equal_however_they_are_written() {
        assert!(value("DECIMAL(18,2)", "5.0").compare(Comparison::Equal, "5"));
        assert!(value("DOUBLE", "1e3").compare(Comparison::Equal, "1000.00"));
        assert!(value("DOUBLE", "-0").compare(Comparison::Equal, "0"));
        assert!(value("VARCHAR", "10").compare(Comparison::Less, "9"));
    }

    #[test]
    fn defaults_lose_their_quotes() {
        assert_eq!(unquote("'it''s'"), "it's");
        assert_eq!(unquote("DATE '2013-01-01'"), "2013-01-01");
        assert_eq!(unquote(" -5.0 "), "-5.0");
        assert_eq!(unquote("true"), "true");
    }

    proptest! {
        #[test]
        fn numbers_compare_as_numbers(left in -100_000i64..100_000, right in -100_000i64..100_000, scale in 0usize..4) {
            let write = |number: i64| {
                let digits = format!("{:0width$}", number.abs(), width = scale + 1);
                let (whole, fraction) = digits.split_at(digits.len() - scale);
                format!("{}{whole}.{fraction}", if number < 0 { "-" } else { "" })
            };
            let value = value("DECIMAL(18,4)", &write(left));
            prop_assert_eq!(value.compare(Comparison::Less, &write(right)), left < right);
            prop_assert_eq!(value.compare(Comparison::Equal, &write(right)), left == right);
        }
    }
}

//! Values that conditions compare with.

use std::cmp::Ordering;
use std::fmt;

/// The kind of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValueKind {
    /// A text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
}

impl fmt::Display for ValueKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            ValueKind::Text => "a text",
            ValueKind::Integer | ValueKind::Number => "a number",
            ValueKind::Boolean => "a boolean",
        })
    }
}

/// A literal in a condition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// `'text'`
    Text(String),
    /// `12.5`
    Number(Number),
    /// `true`, `false`
    Boolean(bool),
}

impl Value {
    /// Whether values of this kind can be compared with it.
    pub fn fits(&self, kind: ValueKind) -> bool {
        match self {
            Value::Text(_) => kind == ValueKind::Text,
            Value::Number(_) => matches!(kind, ValueKind::Integer | ValueKind::Number),
            Value::Boolean(_) => kind == ValueKind::Boolean,
        }
    }

    /// What to call it.
    pub fn kind(&self) -> ValueKind {
        match self {
            Value::Text(_) => ValueKind::Text,
            Value::Number(_) => ValueKind::Number,
            Value::Boolean(_) => ValueKind::Boolean,
        }
    }

    /// The order of two values of one kind; texts are ordered by their bytes.
    pub fn order(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
            (Value::Number(left), Value::Number(right)) => Some(left.cmp(right)),
            (Value::Boolean(left), Value::Boolean(right)) => Some(left.cmp(right)),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Text(text) => write!(formatter, "'{}'", text.replace('\'', "''")),
            Value::Number(number) => number.fmt(formatter),
            Value::Boolean(value) => value.fmt(formatter),
        }
    }
}

/// An exact decimal number: `digits` / 10^`scale`, with the smallest scale that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Number {
    digits: i128,
    scale: u32,
}

/// So many digits that sums of two numbers at a common scale still fit.
const MAXIMUM_DIGITS: usize = 18;

impl Number {
    /// Reads `12`, `1_000` or `12.50`; `None` if it has an exponent or more than 18 digits on a side.
    pub fn read(text: &str) -> Option<Number> {
        let text: String = text.chars().filter(|c| *c != '_').collect();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let fits = |part: &str| {
            part.len() <= MAXIMUM_DIGITS && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !fits(whole) || !fits(fraction) || whole.len() + fraction.len() == 0 {
            return None;
        }
        let digits = format!("0{whole}{fraction}").parse().ok()?;
        let scale = u32::try_from(fraction.len()).ok()?;
        Some(Number { digits, scale }.smallest())
    }

    /// The number with the other sign.
    #[must_use]
    pub fn negated(self) -> Number {
        Number {
            digits: -self.digits,
            ..self
        }
    }

    /// The largest whole number that isn't above it.
    #[must_use]
    pub fn floor(self) -> Number {
        Number {
            digits: self.digits.div_euclid(power(self.scale)),
            scale: 0,
        }
    }

    /// The number and a whole one added.
    #[must_use]
    pub fn plus(self, whole: i128) -> Number {
        Number {
            digits: self.digits + whole * power(self.scale),
            ..self
        }
    }

    /// The number in the middle of two.
    #[must_use]
    pub fn middle(self, other: Number) -> Number {
        let scale = self.scale.max(other.scale);
        Number {
            // Half of a sum has one digit more: (a + b) / 2 = 5 (a + b) / 10.
            digits: 5 * (self.at(scale) + other.at(scale)),
            scale: scale + 1,
        }
        .smallest()
    }

    fn at(self, scale: u32) -> i128 {
        self.digits * power(scale - self.scale)
    }

    fn smallest(mut self) -> Number {
        while self.scale > 0 && self.digits % 10 == 0 {
            self.digits /= 10;
            self.scale -= 1;
        }
        self
    }
}

fn power(scale: u32) -> i128 {
    10_i128.pow(scale)
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        self.at(scale).cmp(&other.at(scale))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.digits < 0 { "-" } else { "" };
        let (digits, unit) = (self.digits.abs(), power(self.scale));
        write!(formatter, "{sign}{}", digits / unit)?;
        if self.scale > 0 {
            let width = self.scale as usize;
            write!(formatter, ".{:0width$}", digits % unit)?;
        }
        Ok(())
    }
}

//! What a condition is, with its names resolved.

use super::value::{Value, ValueKind};
use crate::span::Span;
use std::cmp::Ordering;
use std::fmt;

/// A variable that conditions may name.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What its values are; `None` if conditions can't compare them.
    pub kind: Option<ValueKind>,
    /// Its values, if it is a list, which is known when compiling: it stands behind `in`.
    pub list: Option<Vec<Value>>,
}

/// A condition and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// What it is.
    pub kind: ConditionKind,
    /// From its first to its last token.
    pub span: Span,
}

impl Condition {
    /// One that couldn't be read, which was reported: what holds it is read no further.
    pub(super) fn invalid(span: Span) -> Self {
        Self {
            kind: ConditionKind::Constant(true),
            span,
        }
    }
}

/// What a condition is.
#[derive(Clone, Debug, PartialEq)]
pub enum ConditionKind {
    /// `a or b`
    Or(Vec<Condition>),
    /// `a and b`
    And(Vec<Condition>),
    /// `not a`; also what `!=` is: the negation of `==`.
    Not(Box<Condition>),
    /// A comparison of one fact or variable.
    Test(Test),
    /// `true`, `false`, or a comparison of literals.
    Constant(bool),
}

/// A comparison of one fact or variable with literals: the atom of conditions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Test {
    /// What is compared.
    pub subject: Subject,
    /// How.
    pub comparison: Comparison,
}

/// A fact or variable, and with it the time when it is fixed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The model's dialect: fixed when building.
    Dialect,
    /// The type of the environment's engine: fixed for a plan.
    Engine,
    /// The environment's name: fixed for a plan.
    Env,
    /// Whether a run adds to a table that is there: fixed for a batch.
    IsIncremental,
    /// Whether a run builds everything anew: fixed for a batch.
    FullRefresh,
    /// A scalar variable: fixed for a plan.
    Variable {
        /// Its name.
        name: String,
        /// What its values are.
        kind: ValueKind,
    },
}

impl Subject {
    /// The facts and their names.
    pub const FACTS: [(&'static str, Subject); 5] = [
        ("dialect", Subject::Dialect),
        ("engine", Subject::Engine),
        ("env", Subject::Env),
        ("is_incremental", Subject::IsIncremental),
        ("full_refresh", Subject::FullRefresh),
    ];

    /// What its values are.
    pub fn kind(&self) -> ValueKind {
        match self {
            Subject::Dialect | Subject::Engine | Subject::Env => ValueKind::Text,
            Subject::IsIncremental | Subject::FullRefresh => ValueKind::Boolean,
            Subject::Variable { kind, .. } => *kind,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Subject::Dialect => "dialect",
            Subject::Engine => "engine",
            Subject::Env => "env",
            Subject::IsIncremental => "is_incremental",
            Subject::FullRefresh => "full_refresh",
            Subject::Variable { name, .. } => name,
        })
    }
}

/// How a fact or variable is compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comparison {
    /// A boolean alone: it holds if it is true.
    Holds,
    /// `== 'prod'`
    With(Operator, Value),
    /// `in ['a', 'b']`
    In(Vec<Value>),
}

/// An operator of comparison. `!=` is the negation of [`Operator::Equal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Operator {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    /// As it is written.
    pub fn text(self) -> &'static str {
        match self {
            Operator::Equal => "==",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
        }
    }

    /// Whether it holds for sides of this order.
    pub fn holds(self, order: Ordering) -> bool {
        match self {
            Operator::Equal => order.is_eq(),
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => order.is_le(),
            Operator::Greater => order.is_gt(),
            Operator::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl Comparison {
    /// Whether a value meets it.
    pub fn holds(&self, value: &Value) -> bool {
        match self {
            Comparison::Holds => *value == Value::Boolean(true),
            Comparison::With(operator, with) => {
                value.order(with).is_some_and(|order| operator.holds(order))
            }
            Comparison::In(values) => values.contains(value),
        }
    }

    /// The literals in it.
    pub fn literals(&self) -> &[Value] {
        match self {
            Comparison::Holds => &[],
            Comparison::With(_, value) => std::slice::from_ref(value),
            Comparison::In(values) => values,
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.subject.fmt(formatter)?;
        match &self.comparison {
            Comparison::Holds => Ok(()),
            Comparison::With(operator, value) => write!(formatter, " {} {value}", operator.text()),
            Comparison::In(values) => {
                let shown: Vec<String> = values.iter().map(Value::to_string).collect();
                write!(formatter, " in [{}]", shown.join(", "))
            }
        }
    }
}

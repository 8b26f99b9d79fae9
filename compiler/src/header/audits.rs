//! `@audit: name(args), key=value, …` in models, and `@param` in the files of `audits/`.
//!
//! What an argument means depends on the parameter that it is given to, which is the matter of
//! [`audit`](crate::audit): here it is told apart by its shape alone.

mod read;

use super::words::Severity;
use crate::span::{Span, Spanned};
use serde::{Deserialize, Serialize};

pub(super) use read::{audit, parameter};

/// `@audit: name(args), severity='warn', …`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditNote {
    /// The audit.
    pub name: Spanned<String>,
    /// What stands between the parentheses.
    pub arguments: Vec<AuditArgument>,
    /// The call as it is written, in one line: `not_null(year)`.
    pub call: Spanned<String>,
    /// What failing rows mean; an error unless said otherwise.
    pub severity: Option<Spanned<Severity>>,
    /// `where`: a condition on the rows that are looked at, with the place of its quotes.
    pub filter: Option<Spanned<String>>,
    /// The number of failing rows at which it warns.
    pub warn_if: Option<Spanned<Threshold>>,
    /// The number of failing rows at which it is an error.
    pub error_if: Option<Spanned<Threshold>>,
    /// Whether failing rows are kept in a table.
    pub store_failures: bool,
    /// The whole pragma, from `@` on.
    pub span: Span,
}

impl AuditNote {
    /// Whether a table that passed the audit has no failing row at all: every row is looked at, and
    /// a single one that fails is an error.
    pub fn is_proof(&self) -> bool {
        let is_error = |severity: &Spanned<Severity>| severity.value == Severity::Error;
        self.filter.is_none()
            && self.severity.as_ref().is_none_or(is_error)
            && (self.error_if.as_ref()).is_none_or(|threshold| threshold.value.holds(1))
    }
}

/// An argument of an audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditArgument {
    /// The parameter, where it is named: `name := value`.
    pub name: Option<Spanned<String>>,
    /// What is given.
    pub value: AuditValue,
    /// All of it.
    pub span: Span,
}

/// What an argument or a default is, by its shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AuditValue {
    /// `year`, `"year"`, or `:customers.id`.
    Column {
        /// The alias of an import, or `this`; its place has the colon.
        relation: Option<Spanned<String>>,
        /// The column, without quotes; its place has them.
        name: Spanned<String>,
    },
    /// `:customers` or `:min_amount`; the place has the colon.
    Reference(Spanned<String>),
    /// Anything else, as it is written.
    Literal(Spanned<String>),
    /// `['a', 'b']`, each as it is written.
    List(Vec<Spanned<String>>),
}

impl AuditValue {
    /// The import or variable, or `this`, that it names.
    pub fn reference(&self) -> Option<&Spanned<String>> {
        match self {
            AuditValue::Reference(name) => Some(name),
            AuditValue::Column { relation, .. } => relation.as_ref(),
            AuditValue::Literal(_) | AuditValue::List(_) => None,
        }
    }

    /// What it is, with its article.
    pub fn what(&self) -> &'static str {
        match self {
            AuditValue::Column { .. } => "a column",
            AuditValue::Reference(_) => "a reference",
            AuditValue::Literal(_) => "a value",
            AuditValue::List(_) => "a list",
        }
    }
}

/// A comparison with the number of failing rows: `> 10`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Threshold {
    /// `>`, `>=`, `<`, `<=`, `=` or `!=`.
    pub operator: String,
    /// What the number is compared with.
    pub rows: u64,
}

impl Threshold {
    /// Reads `> 10`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (operator, number) = text.split_at(text.find(|c: char| c.is_ascii_digit())?);
        let operator = match operator.trim_end() {
            "==" => "=",
            "<>" => "!=",
            known @ (">" | ">=" | "<" | "<=" | "=" | "!=") => known,
            _ => return None,
        };
        Some(Self {
            operator: operator.to_owned(),
            rows: number.parse().ok()?,
        })
    }

    /// Whether a number of rows is so.
    pub fn holds(&self, rows: u64) -> bool {
        match self.operator.as_str() {
            ">" => rows > self.rows,
            ">=" => rows >= self.rows,
            "<" => rows < self.rows,
            "<=" => rows <= self.rows,
            "=" => rows == self.rows,
            _ => rows != self.rows,
        }
    }
}

impl std::fmt::Display for Threshold {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.operator, self.rows)
    }
}

/// `@param: name column|relation|TYPE [= default]`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterNote {
    /// The name.
    pub name: Spanned<String>,
    /// What it takes.
    pub kind: ParameterKind,
    /// What it is where a call doesn't say.
    pub default: Option<AuditValue>,
    /// The whole pragma, from `@` on.
    pub span: Span,
}

/// What a parameter takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParameterKind {
    /// A column, of the audited relation or of an import.
    Column,
    /// A relation.
    Relation,
    /// A value of a type, as it was written.
    Value(Spanned<String>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_have_one_form() {
        let form = |text: &str| Threshold::parse(text).map(|threshold| threshold.to_string());
        for (written, read) in [
            ("> 10", Some("> 10")),
            (">=1", Some(">= 1")),
            ("== 0", Some("= 0")),
            (" <> 3 ", Some("!= 3")),
            ("10", None),
            ("> -1", None),
            ("> 1.5", None),
            ("> 1 and < 3", None),
            ("~ 1", None),
            (">", None),
            ("> 99999999999999999999", None),
        ] {
            assert_eq!(form(written).as_deref(), read, "{written}");
        }
    }

    #[test]
    fn a_threshold_holds_as_it_says() {
        let holds = |text: &str, rows| Threshold::parse(text).is_some_and(|read| read.holds(rows));
        assert!(holds("> 0", 1) && !holds("> 0", 0));
        assert!(holds("!= 0", 1) && holds("<= 2", 2) && !holds("< 2", 2));
        assert!(!holds("> 1", 1) && holds(">= 1", 1) && holds("= 3", 3));
    }
}

//! Collations that meet: two texts that are compared, or arguments of one function, have one.
//!
//! Source: `BoundComparisonExpression::TryBindComparison` and `ExtractCollation` of DuckDB. Only
//! collations that stand in the expression are known; that of a column is its table's matter.

use super::Binder;
use super::deep::without_parentheses;
use super::placement::function_of;
use crate::diagnostic::{Code, Diagnostic};
use crate::parse::ast::{self, ExprKind};
use crate::sql_type::SqlType;
use crate::types::Typed;
use crate::types::catalogue::{self, Kind, Parameter};

/// Functions that take their arguments' collation although they give no text.
const COMPARING: &[&str] = &["contains", "instr", "position", "starts_with", "strpos"];

const COMPARISONS: &[&str] = &[
    "=",
    "<>",
    "<",
    "<=",
    ">",
    ">=",
    "is distinct from",
    "is not distinct from",
];

/// How far the collation of a text is looked for.
const DEEPEST: usize = 30;

impl Binder<'_> {
    /// Checks an expression whose parts have been bound.
    pub(super) fn check_collations(&mut self, expr: &ast::Expr, typed: &Typed) {
        if !self.collates {
            return;
        }
        let texts: Vec<&ast::Expr> = match &expr.kind {
            ExprKind::Binary {
                operator,
                left,
                right,
                ..
            } => {
                let compares = COMPARISONS.contains(&operator.as_str());
                let joins = operator == "||" && typed.sql_type == SqlType::Varchar;
                match compares || joins {
                    true => vec![left, right],
                    false => return,
                }
            }
            ExprKind::Like {
                operand,
                pattern,
                operator,
                ..
            } if operator != "similar to" => vec![operand, pattern],
            ExprKind::InList { operand, list, .. } => {
                std::iter::once(&**operand).chain(list).collect()
            }
            ExprKind::Function(function) if combines(function, typed) => function
                .arguments
                .iter()
                .map(|argument| &argument.value)
                .collect(),
            _ => return,
        };
        let mut first: Option<(String, &ast::Expr)> = None;
        for text in texts {
            let Some(collation) = collation_of(text, DEEPEST) else {
                continue;
            };
            match &first {
                Some((before, place)) if *before != collation => {
                    let message =
                        format!("texts of two collations meet here: `{before}` and `{collation}`");
                    let finding = Diagnostic::error(Code::TypeMismatch, text.span, message)
                        .and_at(place.span, format!("this has `{before}`"));
                    return self.report(finding.hint("give both the same collation"));
                }
                Some(_) => {}
                None => first = Some((collation, text)),
            }
        }
    }
}

/// Whether a function's arguments have one collation.
fn combines(function: &ast::Function, typed: &Typed) -> bool {
    let Some(name) = function.name.last() else {
        return false;
    };
    let lower = name.value.to_lowercase();
    let scalar = function.over.is_none()
        && catalogue::find(&lower).is_some_and(|entry| {
            entry.is(Kind::Scalar) && !entry.is(Kind::Aggregate) && !entry.is(Kind::Macro)
        });
    let form = matches!(lower.as_str(), "coalesce" | "ifnull" | "if" | "try");
    lower == "nullif"
        || scalar
            && !form
            && (COMPARING.contains(&lower.as_str()) || typed.sql_type == SqlType::Varchar)
}

/// The collation that an expression gives its text, as it is written in it.
fn collation_of(expr: &ast::Expr, deepest: usize) -> Option<String> {
    let deepest = deepest.checked_sub(1)?;
    match &without_parentheses(expr).kind {
        ExprKind::Collate { collation, .. } => Some(collation.value.to_lowercase()),
        ExprKind::Binary {
            operator,
            left,
            right,
            ..
        } if operator == "||" => {
            collation_of(left, deepest).or_else(|| collation_of(right, deepest))
        }
        ExprKind::Query(query) => match &query.body {
            ast::QueryBody::Select(select) => match select.items.as_slice() {
                [only] => collation_of(&only.expr, deepest),
                _ => None,
            },
            _ => None,
        },
        _ => {
            let function = function_of(expr)?;
            let name = function.name.last()?.value.to_lowercase();
            // The greatest few are a list.
            let several = matches!(name.as_str(), "min" | "max") && function.arguments.len() > 1;
            let keeps = keeps_collation(&name) && !several;
            if !keeps || function.over.is_some() {
                return None;
            }
            let values = function.arguments.iter().map(|argument| &argument.value);
            let mut found = values.filter_map(|value| collation_of(value, deepest));
            let first = found.next()?;
            // Two that differ make none where they are no mistake.
            found.all(|other| other == first).then_some(first)
        }
    }
}

/// Whether a call gives a text with the collation of those that it is given.
fn keeps_collation(name: &str) -> bool {
    const OTHERS: &[&str] = &[
        "any_value",
        "coalesce",
        "first",
        "ifnull",
        "last",
        "max",
        "min",
    ];
    let texts = |entry: &catalogue::Entry| {
        let signatures = entry.signatures();
        let mut results = signatures.iter().map(|signature| &signature.result);
        let text = Parameter::Type(SqlType::Varchar);
        !signatures.is_empty() && results.all(|result| *result == text)
    };
    OTHERS.contains(&name)
        || catalogue::find(name).is_some_and(|entry| {
            entry.is(Kind::Scalar)
                && !entry.is(Kind::Aggregate)
                && !entry.is(Kind::Macro)
                && texts(entry)
        })
}

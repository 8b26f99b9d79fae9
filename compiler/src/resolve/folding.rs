//! Constants that the engine computes while it prepares a query, wherever they stand.
//!
//! Most of what it computes early may fail without a word: it is computed again when the query runs.
//! Conditions of `CASE` may not, nor what a text is searched for. The engine goes from the top
//! down: what is a constant as a whole is replaced by its value, and with it all that is within.
//!
//! Source: `ExpressionRewriter::ApplyRules` and `src/optimizer/rule` of DuckDB 1.5.5.

use super::Binder;
use super::grouping::{parts, walk};
use super::placement::{function_of, needs_of};
use crate::constant::{Datum, Evaluated, Evaluator, Stop};
use crate::diagnostic::{Code, Diagnostic};
use crate::parse::ast::{self, ExprKind};
use crate::types::null_handling::looks_at_nulls;

/// How deep an expression is looked into.
const MOST_LEVELS: u32 = 64;

/// Functions that look at what they search for when they are prepared.
const SEARCHES: &[&str] = &["contains", "prefix", "suffix"];

impl Binder<'_> {
    pub(super) fn evaluator(&self) -> Evaluator<'_> {
        Evaluator::new(self.input.text)
    }

    /// Checks an expression as it stands in a query, with all that is within.
    pub(super) fn check_folding(&mut self, expr: &ast::Expr) {
        let mut looked_at = false;
        walk(expr, &mut |part| {
            looked_at |= is_case(part) || searched_for(part).is_some();
            !looked_at
        });
        // What stands in a macro has its places elsewhere.
        if looked_at && self.macros == 0 && self.texts == 0 && self.lambdas == 0 {
            self.fold(expr, 0);
        }
    }

    /// Reports a constant that can't be computed.
    pub(super) fn report_failing(&mut self, expr: &ast::Expr, message: &str) {
        let finding = Diagnostic::error(Code::InvalidConstant, expr.span, message.to_owned());
        self.report(finding.note("the engine computes this before it reads a row"));
    }

    fn fold(&mut self, expr: &ast::Expr, level: u32) {
        if level > MOST_LEVELS {
            return;
        }
        let value = self.evaluator().value(expr);
        match (&value, &expr.kind) {
            (_, ExprKind::Lambda { .. } | ExprKind::Comprehension { .. }) | (Ok(_), _) => return,
            (Err(Stop::Unknown), _) if !self.never_folds(expr) => return,
            (_, ExprKind::Nested(inner)) => return self.fold(inner, level + 1),
            (
                _,
                ExprKind::Case {
                    operand,
                    branches,
                    otherwise,
                },
            ) => {
                let branches: Vec<_> = branches.iter().map(|(when, then)| (when, then)).collect();
                return self.fold_case(operand.as_deref(), &branches, otherwise.as_deref(), level);
            }
            _ => {}
        }
        if let Some([condition, then, otherwise]) = arguments_of_if(expr) {
            return self.fold_case(None, &[(condition, then)], Some(otherwise), level);
        }
        let within = members(expr);
        if self.is_decided(expr, &within) {
            return;
        }
        if let Some(needle) = searched_for(expr)
            && let Err(Stop::Fails(message)) = self.evaluator().value(needle)
        {
            self.report_failing(needle, &message);
        }
        for part in within {
            self.fold(part, level + 1);
        }
    }

    /// The conditions of a `CASE`, until one holds. Branches whose conditions don't hold go away.
    fn fold_case(
        &mut self,
        operand: Option<&ast::Expr>,
        branches: &[(&ast::Expr, &ast::Expr)],
        otherwise: Option<&ast::Expr>,
        level: u32,
    ) {
        let mut left: Vec<&ast::Expr> = Vec::new();
        let mut rest = otherwise;
        for (condition, result) in branches {
            match self.holds(operand, condition) {
                Ok(Some(true)) => {
                    rest = Some(result);
                    break;
                }
                Ok(_) => {}
                Err(Stop::Fails(message)) => {
                    return self.report_failing(condition, &message);
                }
                Err(Stop::Unknown) => {
                    let varies = |part: &ast::Expr| self.never_folds(part);
                    if !operand.is_some_and(varies) && !varies(condition) {
                        return;
                    }
                    left.extend(operand.into_iter().chain([*condition, *result]));
                }
            }
        }
        for part in left.into_iter().chain(rest) {
            self.fold(part, level + 1);
        }
    }

    fn holds(&self, operand: Option<&ast::Expr>, condition: &ast::Expr) -> Evaluated<Option<bool>> {
        match operand {
            Some(operand) => self.evaluator().equals(operand, condition),
            None => self.evaluator().condition(condition),
        }
    }

    /// Whether one part makes all of it a constant, so that the engine drops the others: a null in
    /// an operation, or `FALSE` in `AND`.
    fn is_decided(&self, expr: &ast::Expr, within: &[&ast::Expr]) -> bool {
        if matches!(
            expr.kind,
            ExprKind::List(_) | ExprKind::Struct(_) | ExprKind::Row(_) | ExprKind::Map(_)
        ) {
            return false;
        }
        let takes_nulls = function_of(expr)
            .and_then(|function| function.name.last())
            .is_some_and(|name| looks_at_nulls(&name.value.to_lowercase()));
        if takes_nulls {
            return false;
        }
        let decides = match &expr.kind {
            ExprKind::Binary { operator, .. } => match operator.as_str() {
                "and" => Some(false),
                "or" => Some(true),
                _ => None,
            },
            _ => None,
        };
        within
            .iter()
            .any(|part| match (decides, self.evaluator().value(part)) {
                (Some(decides), Ok(value)) => match value.datum {
                    Datum::Boolean(value) => value == decides,
                    Datum::Null => false,
                    _ => true,
                },
                (Some(_), Err(Stop::Unknown)) => !self.never_folds(part),
                (None, Ok(value)) => matches!(value.datum, Datum::Null | Datum::Some),
                _ => false,
            })
    }

    /// Whether an expression is certain to be no constant.
    pub(super) fn never_folds(&self, expr: &ast::Expr) -> bool {
        if self.varies(expr) {
            return true;
        }
        let mut found = false;
        walk(expr, &mut |part| {
            found |= needs_of(part).is_some();
            !found
        });
        found
    }
}

/// The parts of an expression; of `a AND b AND c` all members.
pub(super) fn members(expr: &ast::Expr) -> Vec<&ast::Expr> {
    let ExprKind::Binary { operator, .. } = &expr.kind else {
        return parts(expr);
    };
    let mut found = Vec::new();
    let mut first = expr;
    while let ExprKind::Binary {
        operator: own,
        left,
        right,
        ..
    } = &first.kind
        && own == operator
    {
        found.push(&**right);
        first = left;
    }
    found.push(first);
    found.reverse();
    found
}

fn is_case(expr: &ast::Expr) -> bool {
    matches!(expr.kind, ExprKind::Case { .. }) || arguments_of_if(expr).is_some()
}

/// `if(condition, then, otherwise)`
fn arguments_of_if(expr: &ast::Expr) -> Option<[&ast::Expr; 3]> {
    let function = function_of(expr).filter(|function| is_named(function, &["if"]))?;
    match function.arguments.as_slice() {
        [condition, then, otherwise] if matches!(expr.kind, ExprKind::Function(_)) => {
            Some([&condition.value, &then.value, &otherwise.value])
        }
        _ => None,
    }
}

/// What `contains(text, part)` and its like look for.
fn searched_for(expr: &ast::Expr) -> Option<&ast::Expr> {
    match &expr.kind {
        ExprKind::Function(function) if is_named(function, SEARCHES) => {
            match function.arguments.as_slice() {
                [_, needle] => Some(&needle.value),
                _ => None,
            }
        }
        _ => None,
    }
}

pub(super) fn is_named(function: &ast::Function, names: &[&str]) -> bool {
    match function.name.as_slice() {
        [only] => names.contains(&only.value.to_lowercase().as_str()),
        _ => false,
    }
}

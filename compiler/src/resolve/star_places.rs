//! Where a star and a `COLUMNS(…)` may stand, and what stands in a `COLUMNS(…)`.
//!
//! Source: `Binder::FindStarExpression`, `ReplaceUnpackedStarExpression` and `TableFunctionBinder` of
//! DuckDB. A star is an item as a whole, or it stands in a `COLUMNS(…)`; `f(*)` is a call without
//! arguments. What is in a `COLUMNS(…)` is a constant that knows no column.

use super::Binder;
use super::deep::{query_of, without_parentheses};
use super::grouping::{parts, walk};
use super::placement::{Needs, function_of, needs_of};
use super::scope::{Alias, Env, Scope};
use crate::bound::What;
use crate::diagnostic::{Code, Diagnostic};
use crate::parse::ast::{self, ExprKind};
use crate::span::Span;
use crate::sql_type::SqlType;
use crate::types::{Typed, Value};

impl Binder<'_> {
    /// Checks the stars within an expression that may be one itself.
    pub(super) fn check_star_places(&mut self, expr: &ast::Expr) {
        let mut found = Vec::new();
        misplaced(expr, true, &mut found);
        for span in found {
            self.report(
                Diagnostic::error(
                    Code::InvalidStar,
                    span,
                    "a star can't be part of an expression",
                )
                .hint("`columns(*)` repeats an expression for each column"),
            );
        }
        self.check_unpacked(expr);
    }

    /// `*COLUMNS(…)` stands for several arguments of a call, and beside it no operator is one that isn't
    /// a call to the engine.
    fn check_unpacked(&mut self, expr: &ast::Expr) {
        let mut unpacked = false;
        let mut misplaced: Option<(Span, &str)> = None;
        walk(expr, &mut |part| {
            let taken = takers(part);
            for child in parts(part).into_iter().filter(|child| is_unpacking(child)) {
                unpacked = true;
                if !taken.iter().any(|taker| std::ptr::eq(*taker, child)) {
                    let message = "`*columns(…)` can't stand here: it gives several values";
                    misplaced = misplaced.or(Some((child.span, message)));
                }
            }
            true
        });
        if !unpacked {
            return;
        }
        walk(expr, &mut |part| {
            if is_plain_operator(part) {
                let message = "this operator can't stand beside `*columns(…)`";
                misplaced = misplaced.or(Some((part.span, message)));
            }
            misplaced.is_none()
        });
        if let Some((span, message)) = misplaced {
            self.report(
                Diagnostic::error(Code::InvalidStar, span, message)
                    .hint("functions and lists take several values: `coalesce(*columns(…))`"),
            );
        }
    }

    /// Checks an expression of a clause that isn't repeated for columns.
    pub(super) fn check_no_columns(&mut self, expr: &ast::Expr, clause: &str) {
        let mut found = None;
        walk(expr, &mut |part| {
            if let ExprKind::Columns { .. } = &part.kind {
                found = found.or(Some(part.span));
            }
            found.is_none()
        });
        if let Some(span) = found {
            let message = format!("`columns(…)` can't stand in {clause}");
            self.report(Diagnostic::error(Code::InvalidStar, span, message));
        }
        let mut stars = Vec::new();
        misplaced(expr, false, &mut stars);
        if let (Some(span), None) = (stars.first(), found) {
            let message = format!("a star can't stand in {clause}");
            self.report(Diagnostic::error(Code::InvalidStar, *span, message));
        }
    }

    /// Checks what stands in the `COLUMNS(…)` of an expression.
    pub(super) fn check_selector(&mut self, expr: &ast::Expr) {
        let mut selectors: Vec<&ast::Expr> = Vec::new();
        walk(expr, &mut |part| {
            if let ExprKind::Columns { selector, .. } = &part.kind {
                selectors.push(selector);
                return false;
            }
            true
        });
        for selector in selectors {
            let before = self.diagnostics.len();
            self.check_constant(selector);
            if self.diagnostics.len() == before {
                self.check_selector_type(selector);
            }
            if self.diagnostics.len() > before {
                return;
            }
        }
    }

    fn check_constant(&mut self, selector: &ast::Expr) {
        let mut found: Option<(Span, &str)> = None;
        walk(selector, &mut |part| {
            let what = if query_of(part).is_some() {
                Some("a subquery")
            } else {
                match needs_of(part) {
                    Some(Needs::Group) => Some("an aggregate"),
                    Some(Needs::Window) => Some("a window function"),
                    Some(Needs::Rows) => Some("`unnest`"),
                    None => super::placement::is_volatile(part).then_some("a volatile function"),
                }
            };
            if let ExprKind::Star(star) = &part.kind
                && !std::ptr::eq(part, without_parentheses(selector))
                && !(star.replace.is_empty() && star.rename.is_empty())
            {
                found = found.or(Some((part.span, "a star that replaces or renames columns")));
            }
            found = found.or(what.map(|what| (part.span, what)));
            found.is_none()
        });
        if let Some((span, what)) = found {
            let message = format!("`columns(…)` doesn't take {what}");
            self.report(Diagnostic::error(Code::InvalidStar, span, message));
        }
    }

    /// A selector is a text or a list of texts, or a condition over a name.
    fn check_selector_type(&mut self, selector: &ast::Expr) {
        let root = without_parentheses(selector);
        if let ExprKind::Star(star) = &root.kind {
            if star.pattern.is_some() {
                let message = "`columns(…)` takes no star with a pattern";
                self.report(
                    Diagnostic::error(Code::InvalidStar, selector.span, message)
                        .hint("choose by a lambda: `columns(c -> c like '…')`"),
                );
            }
            return;
        }
        let before = self.diagnostics.len();
        let outer = std::mem::replace(&mut self.selecting, true);
        let chosen = self.chosen.take();
        let nothing = Scope::default();
        let env = Env::new(&nothing, None);
        let typed = self.unwritten(|binder| match &root.kind {
            ExprKind::Lambda { parameters, body } => binder.condition_over(parameters, body, &env),
            _ => binder.expression(selector, &env),
        });
        self.selecting = outer;
        self.chosen = chosen;
        for finding in &mut self.diagnostics[before..] {
            if finding.code == Code::UnknownColumn {
                finding.message =
                    "`columns(…)` reads no column: it takes constants and the parameter of a lambda"
                        .to_owned();
                finding.hints =
                    vec!["names are written as texts: `columns(['a', 'b'])`".to_owned()];
                finding.fix = None;
            }
        }
        let is_text = |sql_type: &SqlType| {
            matches!(
                sql_type,
                SqlType::Varchar | SqlType::Json | SqlType::Unknown | SqlType::Other(_)
            )
        };
        let may = match &typed.sql_type {
            SqlType::List(element) => is_text(element),
            other => is_text(other),
        };
        if self.diagnostics.len() > before || matches!(root.kind, ExprKind::Lambda { .. }) {
            return;
        }
        let message = if !may {
            "columns are chosen by a pattern, a list of names or a lambda"
        } else if typed.sql_type == SqlType::Varchar && typed.value == Value::Null {
            "a null chooses no column"
        } else {
            return;
        };
        self.report(Diagnostic::error(Code::InvalidStar, selector.span, message));
    }

    /// The condition of a lambda, which is called with the name of each column.
    fn condition_over(
        &mut self,
        parameters: &[ast::Name],
        body: &ast::Expr,
        env: &Env<'_>,
    ) -> Typed {
        self.check_lambda("list_filter", parameters, body, body.span);
        let types = [SqlType::Varchar, SqlType::BigInt];
        let named: Vec<Alias> = parameters
            .iter()
            .zip(types)
            .zip(0..)
            .map(|((name, sql_type), position)| Alias {
                name: name.value.clone(),
                typed: Typed::of(sql_type),
                what: What::Parameter {
                    depth: self.lambdas,
                    position,
                },
            })
            .collect();
        let nothing = Scope::default();
        let mut inner = Env::new(&nothing, Some(env));
        inner.parameters = &named;
        self.lambdas += 1;
        let typed = self.expression(body, &inner);
        self.lambdas -= 1;
        if let Value::Text(text) = &typed.value {
            let words = ["true", "false", "t", "f", "yes", "no", "y", "n", "1", "0"];
            if !words.contains(&text.to_lowercase().as_str()) {
                let message = "a condition is true or false, and this is another text";
                self.report(Diagnostic::error(Code::InvalidStar, body.span, message));
            }
        }
        typed
    }
}

/// The parts of an expression each of which several values may stand for.
///
/// Source: `Binder::ReplaceUnpackedStarExpression` of DuckDB 1.5.5.
fn takers(expr: &ast::Expr) -> Vec<&ast::Expr> {
    let of_call = |function: &'_ ast::Function| {
        let name = function.name.last().map(|name| name.value.to_lowercase());
        // `if` is a `CASE`.
        function.over.is_none() && !matches!(name.as_deref(), Some("if" | "try" | "unpack"))
    };
    match &expr.kind {
        ExprKind::Function(function) if of_call(function) => {
            let arguments = function.arguments.iter().map(|argument| &argument.value);
            let orders = function.order_by.iter().map(|item| &item.expr);
            arguments.chain(orders).collect()
        }
        ExprKind::List(_)
        | ExprKind::Struct(_)
        | ExprKind::Row(_)
        | ExprKind::Map(_)
        | ExprKind::InList { .. }
        | ExprKind::Like { .. }
        | ExprKind::Method { .. }
        // What the walk goes on into.
        | ExprKind::Nested(_) => parts(expr),
        ExprKind::Binary { operator, .. } if !is_condition(operator) => parts(expr),
        ExprKind::Unary { operator, .. } if operator != "not" => parts(expr),
        _ => Vec::new(),
    }
}

/// Whether two operands are compared or joined to a condition, which is no call to the engine.
fn is_condition(operator: &str) -> bool {
    matches!(
        operator,
        "=" | "=="
            | "<>"
            | "!="
            | "<"
            | "<="
            | ">"
            | ">="
            | "and"
            | "or"
            | "is distinct from"
            | "is not distinct from"
    )
}

/// Whether it is an operator that the engine allows nowhere beside `*COLUMNS(…)`.
fn is_plain_operator(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ExprKind::Unary { operator, .. } => operator == "not",
        ExprKind::Is { what, .. } => what.eq_ignore_ascii_case("null"),
        _ => false,
    }
}

/// Whether it is `*COLUMNS(…)` or `UNPACK(…)`.
pub(super) fn is_unpacking(expr: &ast::Expr) -> bool {
    match &expr.kind {
        ExprKind::Columns { unpacked, .. } => *unpacked,
        ExprKind::Nested(inner) => is_unpacking(inner),
        _ => function_of(expr)
            .and_then(|function| function.name.last())
            .is_some_and(|name| name.value.eq_ignore_ascii_case("unpack")),
    }
}

/// Stars that are neither the whole nor the only argument of a call.
fn misplaced(expr: &ast::Expr, root: bool, found: &mut Vec<Span>) {
    super::with_stack(|| match &expr.kind {
        ExprKind::Star(_) if root => {}
        // `NOT` turns the choice of a pattern around.
        ExprKind::Unary { operator, operand }
            if root
                && operator == "not"
                && matches!(&operand.kind, ExprKind::Star(star) if star.pattern.is_some()) => {}
        ExprKind::Star(_) => found.push(expr.span),
        ExprKind::Columns { .. } => {}
        ExprKind::Nested(inner) => misplaced(inner, root, found),
        ExprKind::Like { operand, .. } if root && matches!(operand.kind, ExprKind::Star(_)) => {}
        _ => {
            let only = only_argument(expr);
            for part in parts(expr) {
                let skipped = only.is_some_and(|only| std::ptr::eq(only, part));
                if !skipped {
                    misplaced(part, false, found);
                }
            }
        }
    });
}

/// The star that is the only argument of a call, which stands for none.
fn only_argument(expr: &ast::Expr) -> Option<&ast::Expr> {
    let only = match &expr.kind {
        ExprKind::List(items) => match items.as_slice() {
            [only] => only,
            _ => return None,
        },
        _ => {
            let function = function_of(expr)?;
            let plain = !function.distinct && function.order_by.is_empty();
            let name = function.name.last()?.value.to_lowercase();
            let is_operator = matches!(
                name.as_str(),
                "coalesce" | "nullif" | "grouping" | "grouping_id" | "unpack" | "struct_pack"
            );
            match (&expr.kind, function.arguments.as_slice()) {
                (ExprKind::Function(_), [only]) if plain && !is_operator => &only.value,
                _ => return None,
            }
        }
    };
    match &without_parentheses(only).kind {
        ExprKind::Star(star) => {
            (star.exclude.is_empty() && star.replace.is_empty() && star.pattern.is_none())
                .then_some(only)
        }
        _ => None,
    }
}

//! Operators and comparisons.

use super::Binder;
use super::expression::is_null_value;
use super::function::value_of;
use super::scope::{Env, Found, OutputColumn};
use crate::bound::What;
use crate::constant::Stop;
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::parse::ast::{self, ExprKind};
use crate::span::Span;
use crate::sql_type::families::{is_condition, never_meet};
use crate::sql_type::{Common, SqlType, forced_type};
use crate::types::call::{Outcome, call};
use crate::types::catalogue::find;
use crate::types::json_path::finds_several;
use crate::types::null_handling::folds;
use crate::types::refusals::refusal;
use crate::types::regular_expression::fault;
use crate::types::{Typed, Value, common, common_of, compared, literal};

/// What the engine does with values of types that never meet.
pub(super) const FAILS_LATER: &str =
    "the engine takes the query, and fails at the first row that has both values";

impl Binder<'_> {
    pub(super) fn unary(
        &mut self,
        operator: &str,
        operand: &ast::Expr,
        span: Span,
        env: &Env<'_>,
    ) -> Typed {
        let typed = self.expression(operand, env);
        match operator {
            "not" => return Typed::of(SqlType::Boolean).nullable_if(typed.nullable),
            "-" if is_opposite_of_least(operand) => return literal::whole(i128::MIN),
            "-" => {
                if let Some(negated) = literal::negated(&typed) {
                    return negated;
                }
            }
            _ => {}
        }
        let is_behind = operand.span.start == span.start;
        let (exists, place) = match is_behind {
            true => (matches!(operator, "!" | "%"), "behind"),
            false => (PREFIXES.contains(&operator), "in front of"),
        };
        if !exists {
            let message = format!("there is no operator `{operator}` {place} a value");
            self.report(Diagnostic::error(Code::UnknownFunction, span, message));
            return Typed::unknown();
        }
        let called = match operator {
            "!" => "!__postfix",
            other => other,
        };
        let outcome = call(called, std::slice::from_ref(&typed));
        if outcome == Outcome::Refused && typed.is_known() {
            self.report(Diagnostic::error(
                Code::TypeMismatch,
                span,
                format!("`{operator}` doesn't work on `{}`", typed.sql_type),
            ));
        }
        self.outcome(outcome).nullable_if(typed.nullable)
    }

    /// A chain of operators. It is walked in a loop along its left side, since `a AND b AND …`
    /// is as deep as it is long.
    pub(super) fn binary(&mut self, expr: &ast::Expr, env: &Env<'_>) -> Typed {
        let mut links = Vec::new();
        let mut first = expr;
        while let ExprKind::Binary {
            operator,
            operator_span,
            left,
            right,
        } = &first.kind
        {
            links.push((
                operator.as_str(),
                *operator_span,
                first.span,
                left.span,
                &**right,
            ));
            first = left;
        }
        let mark = self.tree.mark();
        let mut left = self.expression(first, env);
        for (operator, operator_span, span, left_span, right) in links.into_iter().rev() {
            let mut right_typed = self.expression(right, env);
            if !is_null_value(&left) {
                self.compute_pattern(operator, right, &mut right_typed);
            }
            let place = Place {
                operator,
                operator_span,
                left: left_span,
                right: right.span,
            };
            left = self.operation(&left, &right_typed, &place);
            let what = What::Operation(operator.to_owned());
            self.tree.close(mark, what, span);
        }
        left
    }

    /// Whether what reads like a lambda is a path into JSON: its parameter is a column.
    pub(super) fn is_arrow(
        &self,
        expr: &ast::Expr,
        parameters: &[ast::Name],
        env: &Env<'_>,
    ) -> bool {
        let written = self.plain_text(expr.span).starts_with("lambda ");
        match parameters {
            [only] if !written => !matches!(env.find(&only.value), Found::Nothing),
            _ => false,
        }
    }

    /// `value -> path`
    pub(super) fn arrow(&mut self, value: &Typed, path: &Typed, places: (Span, Span)) -> Typed {
        let place = Place {
            operator: "->",
            operator_span: places.0.to(places.1),
            left: places.0,
            right: places.1,
        };
        self.operation(value, path, &place)
    }

    fn operation(&mut self, left: &Typed, right: &Typed, place: &Place<'_>) -> Typed {
        let nullable = left.nullable || right.nullable;
        match place.operator {
            "=" | "==" | "<>" | "!=" => {
                if compared(left, right) == Common::Incompatible {
                    self.incomparable(left, right, place);
                } else if never_meet(&left.sql_type, &right.sql_type) {
                    self.never_equal(left, right, place);
                }
                Typed::of(SqlType::Boolean).nullable_if(nullable)
            }
            "and" | "or" => Typed::of(SqlType::Boolean).nullable_if(nullable),
            "<" | "<=" | ">" | ">=" => {
                if common(left, right) == Common::Incompatible {
                    self.incomparable(left, right, place);
                }
                Typed::of(SqlType::Boolean).nullable_if(nullable)
            }
            "is distinct from" | "is not distinct from" => {
                if compared(left, right) == Common::Incompatible {
                    self.incomparable(left, right, place);
                }
                Typed::not_null(SqlType::Boolean)
            }
            "similar to" | "not similar to" | "~" | "!~" => {
                self.check_operands("regexp_full_match", left, right, place);
                if let Value::Text(pattern) = &right.value
                    && let Some(message) = fault(pattern)
                {
                    self.wrong_constant(place.right, message);
                }
                Typed::of(SqlType::Boolean).nullable_if(nullable)
            }
            "~~" | "!~~" | "~~*" | "!~~*" | "~~~" | "^@" | "glob" => {
                self.check_operands(texts_operator(place.operator), left, right, place);
                Typed::of(SqlType::Boolean).nullable_if(nullable)
            }
            "->" | "->>" => match (&left.sql_type, &right.value) {
                _ if self.no_path(left, right, place) => Typed::unknown(),
                (SqlType::Json | SqlType::Varchar, _)
                    if let Some(message) =
                        refusal(place.operator, &[left.clone(), right.clone()]) =>
                {
                    self.wrong_constant(place.right, message);
                    Typed::unknown()
                }
                // With a wildcard the engine gives a list.
                (SqlType::Json | SqlType::Varchar, Value::Text(path))
                    if finds_several(path) != Ok(false) =>
                {
                    let one = match place.operator {
                        "->" => SqlType::Json,
                        _ => SqlType::Varchar,
                    };
                    match finds_several(path) {
                        Ok(_) => Typed::of(SqlType::list(one)),
                        Err(_) => Typed::unknown(),
                    }
                }
                (SqlType::Json | SqlType::Varchar, _) => {
                    let one = match place.operator {
                        "->" => SqlType::Json,
                        _ => SqlType::Varchar,
                    };
                    Typed::of(match &right.sql_type {
                        // A value for each path.
                        SqlType::List(_) => SqlType::list(one),
                        _ => one,
                    })
                }
                _ => Typed::unknown(),
            },
            operator if operator == "@" || find(operator).is_none() => {
                let message = format!("there is no operator `{operator}`");
                let place = place.operator_span;
                self.report(Diagnostic::error(Code::UnknownFunction, place, message));
                Typed::unknown()
            }
            "&&" if no_lists(left, right) => {
                self.no_operation(left, right, place);
                Typed::of(SqlType::Boolean).nullable_if(nullable)
            }
            operator => {
                let outcome = call(operator, &[left.clone(), right.clone()]);
                let both = [left.clone(), right.clone()];
                let refused = outcome == Outcome::Refused
                    || !folds(operator, &both) && refusal(operator, &both).is_some();
                if refused {
                    self.no_operation(left, right, place);
                }
                // A division by zero gives an infinity or NaN: the sessions of dbgo's adapter say so.
                let never_null = matches!(operator, "+" | "-" | "*" | "/") && !nullable;
                let typed = self.outcome(outcome).nullable_if(
                    !never_null || !left.sql_type.is_numeric() || !right.sql_type.is_numeric(),
                );
                let value = value_of(operator, &both, &typed);
                Typed { value, ..typed }
            }
        }
    }

    /// Reports a path into JSON that is none, or into what is no JSON.
    fn no_path(&mut self, left: &Typed, right: &Typed, place: &Place<'_>) -> bool {
        let called = match place.operator {
            "->" => "json_extract",
            operator => operator,
        };
        let known = left.is_known() && right.is_known();
        let refused = known && call(called, &[left.clone(), right.clone()]) == Outcome::Refused;
        if refused {
            self.no_operation(left, right, place);
        }
        refused
    }

    pub(super) fn between(
        &mut self,
        operand: &ast::Expr,
        low: &ast::Expr,
        high: &ast::Expr,
        env: &Env<'_>,
    ) -> Typed {
        let value = self.expression(operand, env);
        let low_value = self.expression(low, env);
        let high_value = self.expression(high, env);
        let nullable = value.nullable || low_value.nullable || high_value.nullable;
        let all = [value, low_value, high_value];
        if common_of(&all) == Common::Incompatible {
            let spans = [operand.span, low.span, high.span];
            self.mixed("BETWEEN", &all, &spans, operand.span.to(high.span));
        }
        Typed::of(SqlType::Boolean).nullable_if(nullable)
    }

    /// A condition of a `WHERE`, `HAVING`, `QUALIFY` or `ON`.
    pub(super) fn condition(&mut self, condition: &ast::Expr, env: &Env<'_>) {
        let typed = self.expression(condition, env);
        if !is_condition(&typed.sql_type) {
            self.report(
                Diagnostic::warning(
                    Code::TypeMismatch,
                    condition.span,
                    format!("a condition is `BOOLEAN`, and this is `{}`", typed.sql_type),
                )
                .hint("compare it with something, or ask whether it `is not null`")
                .note("the engine takes the query, and fails at the first row that has a value"),
            );
        }
    }

    /// The columns of a set operation's sides, by their positions.
    pub(super) fn sides(&mut self, operator: &str, left: &OutputColumn, right: &OutputColumn) {
        if forced_type(&left.typed.sql_type, &right.typed.sql_type) == Common::Incompatible {
            let message = format!(
                "`{operator}` can't put `{}` and `{}` into one column",
                left.typed.sql_type, right.typed.sql_type
            );
            self.report(
                Diagnostic::error(Code::TypeMismatch, right.span, message)
                    .saying(format!("this is `{}`", right.typed.sql_type))
                    .and_at(left.span, format!("this is `{}`", left.typed.sql_type)),
            );
        } else if never_meet(&left.typed.sql_type, &right.typed.sql_type) {
            self.report(
                Diagnostic::warning(
                    Code::TypeMismatch,
                    right.span,
                    format!(
                        "`{operator}` can't put `{}` and `{}` into one column",
                        left.typed.sql_type, right.typed.sql_type
                    ),
                )
                .saying(format!("this is `{}`", right.typed.sql_type))
                .and_at(left.span, format!("this is `{}`", left.typed.sql_type))
                .hint("cast one of them: `x::TYPE`")
                .note(FAILS_LATER),
            );
        }
    }

    /// `x IN (query)`: what can't be compared there.
    pub(super) fn comparable_in(
        &mut self,
        left: &Typed,
        right: &Typed,
        left_span: Span,
        right_span: Span,
    ) {
        let place = Place {
            operator: "in",
            operator_span: left_span,
            left: left_span,
            right: right_span,
        };
        if common(left, right) == Common::Incompatible {
            self.incomparable(left, right, &place);
        } else if never_meet(&left.sql_type, &right.sql_type) {
            self.never_equal(left, right, &place);
        }
    }

    /// `x IN (a, b)`: the engine compares as `=` does.
    pub(super) fn equal_in(
        &mut self,
        left: &Typed,
        right: &Typed,
        left_span: Span,
        right_span: Span,
    ) {
        let place = Place {
            operator: "in",
            operator_span: left_span,
            left: left_span,
            right: right_span,
        };
        if compared(left, right) == Common::Incompatible {
            self.incomparable(left, right, &place);
        } else if never_meet(&left.sql_type, &right.sql_type) {
            self.never_equal(left, right, &place);
        }
    }

    /// The engine takes such a comparison, and fails at the first row that has both values.
    fn never_equal(&mut self, left: &Typed, right: &Typed, place: &Place<'_>) {
        let before = self.diagnostics.len();
        self.incomparable(left, right, place);
        for finding in &mut self.diagnostics[before..] {
            finding.severity = Severity::Warning;
            finding.notes.push(FAILS_LATER.to_owned());
        }
    }

    fn incomparable(&mut self, left: &Typed, right: &Typed, place: &Place<'_>) {
        let operator = place.operator.to_uppercase();
        self.report(
            Diagnostic::error(
                Code::TypeMismatch,
                place.operator_span,
                format!(
                    "`{operator}` can't compare `{}` with `{}`",
                    left.sql_type, right.sql_type
                ),
            )
            .and_at(place.left, format!("this is `{}`", left.sql_type))
            .and_at(place.right, format!("this is `{}`", right.sql_type))
            .hint("cast one of them: `x::TYPE`"),
        );
    }

    /// Checks the operands of an operator that is a function of texts.
    fn check_operands(&mut self, called: &str, left: &Typed, right: &Typed, place: &Place<'_>) {
        if call(called, &[left.clone(), right.clone()]) == Outcome::Refused {
            self.no_operation(left, right, place);
        }
    }

    /// Checks `x LIKE y`, `ILIKE` and `GLOB`.
    pub(super) fn check_like(
        &mut self,
        operator: &str,
        (left, left_span): (&Typed, Span),
        (right, right_span): (&Typed, Span),
    ) {
        let place = Place {
            operator,
            operator_span: left_span.to(right_span),
            left: left_span,
            right: right_span,
        };
        self.check_operands(texts_operator(operator), left, right, &place);
        if operator == "similar to"
            && let Value::Text(pattern) = &right.value
            && let Some(message) = fault(pattern)
        {
            self.wrong_constant(right_span, message);
        }
    }

    /// Checks `… ESCAPE x`.
    pub(super) fn check_escape(&mut self, escape: &Typed, span: Span) {
        let text = Typed::of(SqlType::Varchar);
        if call("like_escape", &[text.clone(), text, escape.clone()]) == Outcome::Refused {
            let message = format!("`ESCAPE` takes a text, and this is `{}`", escape.sql_type);
            self.report(Diagnostic::error(Code::TypeMismatch, span, message));
        }
    }

    /// Checks `x IN collection`.
    pub(super) fn check_contained(
        &mut self,
        (member, member_span): (&Typed, Span),
        (collection, collection_span): (&Typed, Span),
    ) {
        if let SqlType::Struct(fields) = &collection.sql_type
            && fields.iter().any(|(name, _)| !name.is_empty())
            && member.sql_type != SqlType::Null
        {
            self.report(
                Diagnostic::error(
                    Code::TypeMismatch,
                    collection_span,
                    format!("`IN` takes a list, and this is `{}`", collection.sql_type),
                )
                .hint("compare with its fields: `x in (s.a, s.b)`"),
            );
            return;
        }
        let open = matches!(
            collection.sql_type,
            SqlType::Struct(_) | SqlType::Unknown | SqlType::Other(_) | SqlType::Null
        );
        if !open && call("contains", &[collection.clone(), member.clone()]) == Outcome::Refused {
            let place = Place {
                operator: "in",
                operator_span: member_span.to(collection_span),
                left: member_span,
                right: collection_span,
            };
            self.no_operation(member, collection, &place);
        }
    }

    /// What a list is searched for is computed while the query is prepared: `contains(list, 'text')`.
    pub(super) fn check_needle(&mut self, collection: &SqlType, needle: &ast::Expr) {
        let element = match collection {
            SqlType::List(element) | SqlType::Array(element, _) => element,
            SqlType::Map(key, _) => key,
            _ => return,
        };
        let is_text = matches!(needle.kind, ExprKind::Literal(ast::Literal::Text(_)));
        if !is_text || self.macros > 0 || self.texts > 0 || self.lambdas > 0 {
            return;
        }
        if let Err(Stop::Fails(message)) = self.evaluator().cast(needle, element) {
            self.report_failing(needle, &message);
        }
    }

    fn no_operation(&mut self, left: &Typed, right: &Typed, place: &Place<'_>) {
        // What made a type unknown was told, or isn't known well enough to tell of it.
        if left.sql_type.has_unknown() || right.sql_type.has_unknown() {
            return;
        }
        self.report(
            Diagnostic::error(
                Code::TypeMismatch,
                place.operator_span,
                format!(
                    "`{}` doesn't work on `{}` and `{}`",
                    place.operator.to_uppercase(),
                    left.sql_type,
                    right.sql_type
                ),
            )
            .and_at(place.left, format!("this is `{}`", left.sql_type))
            .and_at(place.right, format!("this is `{}`", right.sql_type))
            .hint("cast one of them: `x::TYPE`"),
        );
    }
}

/// Operators with one operand behind them.
const PREFIXES: [&str; 4] = ["+", "-", "@", "~"];

/// Whether `&&` stands between what are neither lists nor geometries.
fn no_lists(left: &Typed, right: &Typed) -> bool {
    let geometry = left.sql_type.is_geometry() || right.sql_type.is_geometry();
    !geometry && (is_no_list(left) || is_no_list(right))
}

/// Whether something is known to be no list, and no text that may be read as one.
fn is_no_list(typed: &Typed) -> bool {
    let may_be = match &typed.sql_type {
        SqlType::List(_) | SqlType::Array(..) | SqlType::Null => true,
        SqlType::Varchar => matches!(typed.value, Value::Text(_)),
        vague => vague.is_vague(),
    };
    !may_be
}

/// The function that an operator on texts is.
fn texts_operator(operator: &str) -> &str {
    match operator {
        "like" | "~~" | "!~~" => "~~",
        "ilike" | "~~*" | "!~~*" => "~~*",
        "glob" | "~~~" => "~~~",
        "similar to" => "regexp_full_match",
        other => other,
    }
}

struct Place<'a> {
    operator: &'a str,
    operator_span: Span,
    left: Span,
    right: Span,
}

/// Whether a sign in front of an expression makes it the least `HUGEINT`.
fn is_opposite_of_least(operand: &ast::Expr) -> bool {
    match &operand.kind {
        ExprKind::Nested(inner) => is_opposite_of_least(inner),
        ExprKind::Literal(ast::Literal::Number(written)) => literal::opposes_least(written),
        _ => false,
    }
}

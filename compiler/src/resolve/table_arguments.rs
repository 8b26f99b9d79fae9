//! The arguments of a function in a `FROM`.
//!
//! Source: `BindTableFunctionParameters` and `TableFunctionBinder` of DuckDB 1.5.5. A function that
//! turns rows into rows takes expressions over the tables before it; the others take constants, and
//! a name that is no column there stands for its own text.

use super::Binder;
use super::deep::{query_of, without_parentheses};
use super::grouping::walk;
use super::names::keyword_value;
use super::placement::{Needs, is_constant, needs_of};
use super::scope::{Env, Found};
use super::table_function_checks::option_of;
use crate::bound::What;
use crate::constant::Stop;
use crate::diagnostic::{Code, Diagnostic};
use crate::parse::ast::{self, ExprKind};
use crate::sql_type::SqlType;
use crate::types::catalogue::{self, Kind};
use crate::types::{Typed, Value};

/// What a function does with its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    /// It turns rows into rows: arguments may read the tables before it.
    Rows,
    /// It takes a whole query.
    Query,
    /// It takes constants.
    Constants,
    /// It is a macro, or isn't known.
    Anything,
}

impl Takes {
    fn of(name: &str) -> Takes {
        match name {
            "generate_series" | "json_each" | "json_tree" | "range" | "unnest" => Takes::Rows,
            "summary" => Takes::Query,
            _ if catalogue::find(name).is_some_and(|entry| entry.is(Kind::Table)) => {
                Takes::Constants
            }
            _ => Takes::Anything,
        }
    }
}

/// What stands in an argument.
#[derive(Default)]
struct Parts<'a> {
    names: Vec<&'a [ast::Name]>,
    /// Whether names in it may be those of a lambda.
    lambda: bool,
    query: Option<&'a ast::Expr>,
    star: Option<&'a ast::Expr>,
    /// A call that needs a place of its own.
    placed: Option<&'a ast::Expr>,
}

/// Whether a call has a plain star as its only argument.
pub(super) fn is_lone_star(function: &ast::Function) -> bool {
    let [only] = function.arguments.as_slice() else {
        return false;
    };
    match &without_parentheses(&only.value).kind {
        ExprKind::Star(star) => {
            star.exclude.is_empty() && star.replace.is_empty() && !function.distinct
        }
        _ => false,
    }
}

/// Whether a call may be the aggregate of a query around this one, or the elements of a list in a table
/// before the function.
fn may_be_outer(call: &ast::Expr) -> bool {
    let needs = needs_of(call);
    matches!(needs, Some(Needs::Group | Needs::Rows)) && !is_constant(call)
}

fn is_columns(call: &ast::Function) -> bool {
    matches!(call.name.as_slice(), [only] if only.value.eq_ignore_ascii_case("columns"))
}

fn parts_of(argument: &ast::Expr) -> Parts<'_> {
    let mut parts = Parts::default();
    walk(argument, &mut |part| {
        if needs_of(part).is_some() {
            parts.placed = parts.placed.or(Some(part));
            return false;
        }
        if query_of(part).is_some() {
            parts.query = parts.query.or(Some(part));
            return false;
        }
        match &part.kind {
            ExprKind::Name(names) => parts.names.push(names),
            ExprKind::Star(_) | ExprKind::Columns { .. } => {
                parts.star = parts.star.or(Some(part));
            }
            ExprKind::Function(call) if is_columns(call) => {
                parts.star = parts.star.or(Some(part));
            }
            ExprKind::Lambda { .. } | ExprKind::Comprehension { .. } => parts.lambda = true,
            _ => {}
        }
        true
    });
    parts
}

impl Binder<'_> {
    /// Binds the arguments of a function in a `FROM`, those with a name too.
    pub(super) fn table_arguments(
        &mut self,
        name: &str,
        function: &ast::Function,
        env: &Env<'_>,
    ) -> Vec<Typed> {
        let takes = Takes::of(name);
        if is_lone_star(function) {
            // It is read as no argument.
            self.opaque(&function.arguments[0].value);
            return Vec::new();
        }
        let values = function.arguments.iter().map(|argument| {
            let option = option_of(argument);
            (
                option.is_some(),
                option.map_or(&argument.value, |(_, value)| value),
            )
        });
        let values: Vec<(bool, &ast::Expr)> = values.collect();
        let reads = takes == Takes::Rows
            && values.iter().any(|(_, value)| {
                let parts = parts_of(value);
                let aggregates = parts.placed.is_some_and(may_be_outer);
                !parts.names.is_empty() || parts.query.is_some() || aggregates
            });
        let bound = values.iter().map(|(named, value)| match takes {
            _ if matches!(value.kind, ExprKind::Star(_)) => {
                if takes != Takes::Anything {
                    self.star_given(value);
                }
                self.opaque(value)
            }
            Takes::Rows if parts_of(value).star.is_some() => {
                self.check_no_columns(value, "an argument of a function in `FROM`");
                self.opaque(value)
            }
            Takes::Rows if reads && *named => self.opaque(value),
            Takes::Rows if reads => {
                let typed = self.expression(value, env);
                self.check_argument_aggregates(value, env);
                typed
            }
            Takes::Rows | Takes::Constants => self.constant_argument(value, name, env),
            Takes::Query | Takes::Anything if *named => self.opaque(value),
            Takes::Query | Takes::Anything => self.quietly(|binder| binder.expression(value, env)),
        });
        bound.collect()
    }

    /// An aggregate among the arguments belongs to a query around this one.
    fn check_argument_aggregates(&mut self, value: &ast::Expr, env: &Env<'_>) {
        let mut found = None;
        walk(value, &mut |part| {
            let Some(needs) = needs_of(part) else {
                return true;
            };
            let mut columns = self.columns_within(part.span).peekable();
            let outer = columns.peek().is_some() && columns.all(|id| id.scope != env.scope.id);
            if needs != Needs::Rows && !(needs == Needs::Group && outer) {
                found = found.or(Some((needs, part)));
            }
            false
        });
        if let Some((needs, part)) = found {
            self.misplaced(needs, part, "an argument of a function in `FROM`");
        }
    }

    fn opaque(&mut self, value: &ast::Expr) -> Typed {
        let text = self.plain_text(value.span);
        self.tree.leaf(What::Opaque(text), value.span);
        Typed::unknown()
    }

    fn star_given(&mut self, star: &ast::Expr) {
        let message = "a star can't be an argument of a function in `FROM`";
        self.report(Diagnostic::error(Code::InvalidStar, star.span, message));
    }

    fn constant_argument(&mut self, value: &ast::Expr, called: &str, env: &Env<'_>) -> Typed {
        let parts = parts_of(value);
        self.check_no_grouping(value);
        if self.is_refused(&parts, called, env) {
            return self.opaque(value);
        }
        if let ExprKind::Name(names) = &value.kind {
            let written: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
            let last = written.last().copied().unwrap_or_default();
            let typed = self.quietly(|binder| binder.expression(value, env));
            return match keyword_value(last) {
                Some(sql_type) => Typed::of(sql_type),
                None if typed.is_known() => typed,
                None => Typed {
                    value: Value::Text(written.join(".")),
                    ..Typed::not_null(SqlType::Varchar)
                },
            };
        }
        let outer = std::mem::replace(&mut self.names_are_texts, true);
        let before = self.diagnostics.len();
        let typed = self.expression(value, env);
        self.names_are_texts = outer;
        let is_constant = !parts.lambda && parts.names.is_empty();
        if is_constant
            && self.diagnostics.len() == before
            && let Err(Stop::Fails(message)) = self.evaluator().value(value)
        {
            self.report_failing(value, &message);
        }
        typed
    }

    /// Whether something stands in an argument that no constant has, which is told then.
    fn is_refused(&mut self, parts: &Parts<'_>, called: &str, env: &Env<'_>) -> bool {
        if let Some(placed) = parts.placed {
            if let Some(needs) = needs_of(placed) {
                self.misplaced(needs, placed, "an argument of a function in `FROM`");
            }
            return true;
        }
        if let Some(star) = parts.star {
            self.star_given(star);
            return true;
        }
        let wrong = parts.query.map(|query| (query.span, "subquery".to_owned()));
        let wrong = wrong.or_else(|| {
            let mut columns = parts.names.iter().filter(|names| is_column(names, env));
            let names = columns.next().filter(|_| !parts.lambda)?;
            let (first, last) = (names.first()?, names.last()?);
            let message = format!("column `{}` of another table", last.value);
            Some((first.span.to(last.span), message))
        });
        let Some((span, what)) = wrong else {
            return false;
        };
        let message = format!("`{called}` takes constants, and this is a {what}");
        self.report(Diagnostic::error(Code::WrongArguments, span, message));
        true
    }
}

/// Whether a name means a column of a table that stands before it, or around the query.
fn is_column(names: &[ast::Name], env: &Env<'_>) -> bool {
    match names {
        [only] => matches!(
            env.find(&only.value),
            Found::Column(..) | Found::Alias(..) | Found::Row(..)
        ),
        [first, second, ..] => match env.relation_with(&first.value, &second.value) {
            Some((scope, index)) => {
                let relation = &scope.relations[index];
                let hidden = || relation.hidden_position(&second.value);
                relation.position(&second.value).or_else(hidden).is_some()
            }
            None => matches!(env.find(&first.value), Found::Column(..)),
        },
        [] => false,
    }
}

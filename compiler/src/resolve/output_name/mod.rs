//! The name that the engine gives to an expression without an alias: the expression, as the engine
//! writes it.
//!
//! Source: `ParsedExpression::GetName` and `ToString` of DuckDB 1.5.5 (`src/parser/expression`), and
//! its transformer (`src/parser/transform/expression`), which rewrites some expressions before they
//! are named. What isn't written here is `None`, and the engine is asked.
//!
//! | file | what |
//! |---|---|
//! | `expression` | operators, comparisons, collections |
//! | `call` | functions and windows |
//! | `literal` | numbers, texts, intervals |
//! | `cast_type` | the type in a cast |
//! | `query` | subqueries |

mod call;
mod cast_type;
mod expression;
mod literal;
mod query;

use super::Binder;
use super::scope::{CommonTable, Env, Found};
use crate::parse::ast::{self, ExprKind};

/// What the text of an expression depends on besides the expression.
#[derive(Clone, Copy)]
pub(super) struct Writer<'a> {
    /// The file's text.
    pub text: &'a str,
    /// The windows that the `SELECT` names.
    pub windows: &'a [(ast::Name, ast::WindowSpec)],
    /// The members of `WITH` that can be read: relations that are named as they are written.
    pub members: &'a [CommonTable],
    /// Those of the subqueries that are being written.
    pub inner: Option<&'a Members<'a>>,
}

/// The members of a `WITH` within an expression, and those around it.
pub(super) struct Members<'a> {
    pub own: &'a [ast::CommonTable],
    pub outer: Option<&'a Members<'a>>,
}

impl Binder<'_> {
    pub(super) fn output_name(&self, expr: &ast::Expr, env: &Env<'_>) -> Option<String> {
        match &expr.kind {
            ExprKind::Nested(inner) => self.output_name(inner, env),
            ExprKind::Name(names) => column_name(names, env),
            ExprKind::Position(position) => match env.scope.relations.as_slice() {
                [only] if !only.open => {
                    let index = (*position as usize).checked_sub(1)?;
                    only.columns.get(index)?.name.clone()
                }
                _ => None,
            },
            _ => self.writer(env).expression(expr),
        }
    }

    pub(super) fn writer<'w>(&'w self, env: &Env<'w>) -> Writer<'w> {
        Writer {
            text: self.input.text,
            windows: env.windows,
            members: &self.common_tables,
            inner: None,
        }
    }
}

impl Writer<'_> {
    /// An expression as the engine writes it.
    pub(super) fn written(self, expr: &ast::Expr) -> Option<String> {
        self.expression(expr)
    }
}

/// A number, with its sign, as the engine writes it.
pub(super) fn constant_name(expr: &ast::Expr) -> Option<String> {
    expression::constant(expr)
}

/// The name of a column is the column's own, whatever case it is written in.
fn column_name(names: &[ast::Name], env: &Env<'_>) -> Option<String> {
    let (last, rest) = names.split_last()?;
    let Some(qualifier) = rest.last() else {
        return match env.find(&last.value) {
            Found::Column(_, name, _) => Some(name),
            Found::Nothing if is_value_word(&last.value) => Some(last.value.clone()),
            Found::Open | Found::Nothing => None,
            _ => Some(last.value.clone()),
        };
    };
    match env.relation(&qualifier.value) {
        Some((scope, index)) => {
            let relation = &scope.relations[index];
            match relation.position(&last.value) {
                Some(position) => relation.columns[position].name.clone(),
                None if relation.is_open() => None,
                None => Some(last.value.clone()),
            }
        }
        None => match env.find(&rest[0].value) {
            Found::Column(..) | Found::Alias(..) => Some(last.value.clone()),
            // `table.column.field`
            _ if rest.len() > 1 && env.relation(&rest[0].value).is_some() => {
                Some(last.value.clone())
            }
            _ => None,
        },
    }
}

/// Whether a word that is no column gives a value all the same: the clock's, or a row's number.
fn is_value_word(word: &str) -> bool {
    word.eq_ignore_ascii_case("rowid") || super::names::keyword_value(word).is_some()
}

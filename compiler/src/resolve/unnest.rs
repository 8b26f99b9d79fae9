//! `unnest(…)` as an item of a select list: a list gives rows, a struct gives columns.
//!
//! Source: `SelectBinder::BindUnnest` of DuckDB 1.5.5.

use super::Binder;
use super::deep::without_parentheses;
use super::grouping::walk;
use super::scope::{Env, Output, OutputColumn};
use crate::bound::What;
use crate::diagnostic::{Code, Diagnostic};
use crate::parse::ast::{self, ExprKind, Literal};
use crate::sql_type::SqlType;
use crate::types::Typed;

/// How deep, and how what comes out is named.
struct Options {
    depth: usize,
    keeps_parent_names: bool,
}

/// What comes out of an `unnest`.
enum Unnested {
    One(SqlType),
    /// The fields of a struct.
    Fields(Vec<(String, SqlType)>),
}

impl Binder<'_> {
    /// An item that is an `unnest`; `false` if it is another, or nobody knows what comes out.
    pub(super) fn unnested_item(
        &mut self,
        item: &ast::SelectItem,
        env: &Env<'_>,
        output: &mut Output,
    ) -> bool {
        let Some((function, argument)) = unnest(&item.expr) else {
            return false;
        };
        let Some(options) = options(&function.arguments[1..]) else {
            return false;
        };
        let typed =
            self.unwritten(|binder| binder.quietly(|binder| binder.expression(argument, env)));
        match unnested(&typed.sql_type, &options) {
            None => false,
            Some(Unnested::One(sql_type)) => {
                let mark = self.tree.mark();
                self.expression(&item.expr, env);
                let name = match &item.alias {
                    Some(alias) => Some(alias.value.clone()),
                    None => self.output_name(&item.expr, env),
                };
                let node = self
                    .tree
                    .close(mark, What::Output { name: name.clone() }, item.span);
                output.columns.push(OutputColumn {
                    name,
                    typed: Typed::of(sql_type),
                    span: item.span,
                    node: Some(node),
                });
                true
            }
            Some(Unnested::Fields(fields)) => {
                for (index, (name, sql_type)) in fields.into_iter().enumerate() {
                    let mark = self.tree.mark();
                    match index {
                        0 => drop(self.expression(&item.expr, env)),
                        _ => drop(self.quietly(|binder| binder.expression(&item.expr, env))),
                    }
                    let what = What::Operation(format!("field {index} {}", name.to_lowercase()));
                    self.tree.close(mark, what, item.span);
                    let name = Some(name);
                    let what = What::Output { name: name.clone() };
                    let node = self.tree.close(mark, what, item.span);
                    output.columns.push(OutputColumn {
                        name,
                        typed: Typed::of(sql_type),
                        span: item.span,
                        node: Some(node),
                    });
                }
                true
            }
        }
    }
}

impl Binder<'_> {
    /// Checks that structs are unnested as whole items only: they give columns.
    pub(super) fn check_unnested_structs(&mut self, select: &ast::Select, env: &Env<'_>) {
        for item in &select.items {
            let root = without_parentheses(&item.expr);
            if unnest(root).is_none() {
                self.check_inner_unnest(root, env);
            }
        }
        if let Some(ast::Distinct::On(keys)) = &select.distinct {
            for key in keys {
                self.check_inner_unnest(key, env);
            }
        }
    }

    /// Checks an item of `ORDER BY`.
    pub(super) fn check_ordered_unnest(&mut self, expr: &ast::Expr, env: &Env<'_>) {
        self.check_inner_unnest(expr, env);
    }

    fn check_inner_unnest(&mut self, expr: &ast::Expr, env: &Env<'_>) {
        let mut found = Vec::new();
        walk(expr, &mut |part| {
            if matches!(
                part.kind,
                ExprKind::Lambda { .. } | ExprKind::Comprehension { .. }
            ) {
                return false;
            }
            found.extend(unnest(part).map(|(_, argument)| (part.span, argument)));
            true
        });
        for (span, argument) in found {
            let typed =
                self.unwritten(|binder| binder.quietly(|binder| binder.expression(argument, env)));
            if let SqlType::Struct(_) = typed.sql_type {
                let message = "a struct is unnested as a whole item of the select list only";
                self.report(
                    Diagnostic::error(Code::MisplacedUnnest, span, message)
                        .hint("take one field of it: `x.field`"),
                );
            }
        }
    }
}

fn unnest(expr: &ast::Expr) -> Option<(&ast::Function, &ast::Expr)> {
    match &expr.kind {
        ExprKind::Nested(inner) => unnest(inner),
        ExprKind::Function(function) => {
            let [name] = function.name.as_slice() else {
                return None;
            };
            let named = ["unnest", "unlist"]
                .iter()
                .any(|own| name.value.eq_ignore_ascii_case(own));
            let first = function.arguments.first()?;
            (named && first.name.is_none()).then_some((function, &first.value))
        }
        _ => None,
    }
}

fn options(arguments: &[ast::Argument]) -> Option<Options> {
    let mut options = Options {
        depth: 1,
        keeps_parent_names: false,
    };
    for argument in arguments {
        let name = argument.name.as_ref()?.value.to_lowercase();
        match (name.as_str(), &argument.value.kind) {
            ("recursive", ExprKind::Literal(Literal::Boolean(true))) => options.depth = usize::MAX,
            ("recursive", ExprKind::Literal(Literal::Boolean(false))) => {}
            ("max_depth", ExprKind::Literal(Literal::Number(depth))) => {
                options.depth = depth.parse().ok().filter(|depth| *depth > 0)?;
            }
            ("keep_parent_names", ExprKind::Literal(Literal::Boolean(keeps))) => {
                options.keeps_parent_names = *keeps;
            }
            _ => return None,
        }
    }
    Some(options)
}

fn unnested(sql_type: &SqlType, options: &Options) -> Option<Unnested> {
    let mut inner = sql_type;
    let mut lists = 0;
    while let SqlType::List(element) | SqlType::Array(element, _) = inner {
        // Only the outermost array becomes a list.
        if lists > 0 && matches!(inner, SqlType::Array(..)) {
            break;
        }
        inner = element;
        lists += 1;
        if lists >= options.depth {
            break;
        }
    }
    match inner {
        SqlType::Struct(_) if options.depth > lists => {
            let mut fields = vec![(String::new(), inner.clone())];
            for level in 0..options.depth - lists {
                let (next, had_structs) = opened(fields, level, options.keeps_parent_names)?;
                fields = next;
                if !had_structs {
                    break;
                }
            }
            Some(Unnested::Fields(fields))
        }
        SqlType::Null if lists == 0 => Some(Unnested::One(SqlType::Null)),
        inner if lists > 0 && !inner.has_unknown() => Some(Unnested::One(inner.clone())),
        _ => None,
    }
}

/// The fields of the structs among some columns; whether there were any.
fn opened(
    columns: Vec<(String, SqlType)>,
    level: usize,
    keeps_parent_names: bool,
) -> Option<(Vec<(String, SqlType)>, bool)> {
    let mut opened = Vec::new();
    let mut had_structs = false;
    for (parent, sql_type) in columns {
        let SqlType::Struct(fields) = sql_type else {
            if sql_type.has_unknown() {
                return None;
            }
            opened.push((parent, sql_type));
            continue;
        };
        had_structs = true;
        for (index, (name, field)) in fields.into_iter().enumerate() {
            let name = match (name.is_empty(), keeps_parent_names && level > 0) {
                (true, _) => format!("element{}", index + 1),
                (false, true) => format!("{parent}.{name}"),
                (false, false) => name,
            };
            opened.push((name, field));
        }
    }
    Some((opened, had_structs))
}

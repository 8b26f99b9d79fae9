//! Where aggregates, window functions and `unnest` may stand.
//!
//! Source: the clause binders of DuckDB (`src/planner/expression_binder`). An aggregate over
//! columns of an outer query belongs to that query, so that only one with a column of its own
//! query, or in a query without an outer one, is certain to be misplaced.

use super::Binder;
use super::deep::{group_keys, has_query};
use super::grouping::{is_aggregate, walk, window_parts};
use super::scope::{Env, Scope};
use crate::diagnostic::{Code, Diagnostic};
use crate::parse::ast::{self, ExprKind};
use crate::types::catalogue::{self, Kind};

/// What a call needs a place for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// The rows of a group.
    Group,
    /// The rows of a window.
    Window,
    /// A row for each element.
    Rows,
}

/// A place where some calls can't stand.
#[derive(Clone, Copy)]
struct Ground<'a> {
    /// How a message names it.
    name: &'a str,
    aggregates: bool,
    windows: bool,
    unnest: bool,
    /// Whether it belongs to no rows.
    rowless: bool,
}

const CONDITION: Ground<'static> = Ground {
    name: "",
    aggregates: false,
    windows: false,
    unnest: false,
    rowless: false,
};

impl Binder<'_> {
    /// Checks the clauses of a `SELECT` that has been bound.
    pub(super) fn check_placement(
        &mut self,
        select: &ast::Select,
        scope: &Scope,
        parent: Option<&Env<'_>>,
    ) {
        let lone = is_lone(parent);
        let named = |name| Ground { name, ..CONDITION };
        if let Some(filter) = &select.filter {
            self.check_ground(filter, named("`WHERE`"), scope, lone);
            for part in self.outer_aggregates(filter, scope, parent) {
                self.misplaced(Needs::Group, part, "`WHERE`");
            }
        }
        for key in group_keys(select) {
            let stands_for = self.meaning(key, select).unwrap_or(key);
            if std::ptr::eq(stands_for, key) {
                self.check_ground(key, named("`GROUP BY`"), scope, lone);
            } else if let Some(needs) = first_needs(stands_for) {
                self.misplaced(needs, key, "`GROUP BY`");
            }
            if !self.outer_aggregates(stands_for, scope, parent).is_empty() {
                self.misplaced(Needs::Group, key, "`GROUP BY`");
            }
        }
        let having = Ground {
            aggregates: true,
            ..named("`HAVING`")
        };
        if let Some(having_condition) = &select.having {
            self.check_ground(having_condition, having, scope, lone);
            self.check_nested_aggregates(having_condition, scope, parent);
        }
        let qualify = Ground {
            aggregates: true,
            windows: true,
            ..named("`QUALIFY`")
        };
        if let Some(condition) = &select.qualify {
            self.check_ground(condition, qualify, scope, lone);
            self.check_qualify(select, condition);
            self.check_window_columns(condition, select, parent);
        }
        for (name, window) in &select.windows {
            if super::windows::uses_window(select, &name.value) {
                self.check_defined_window(window);
            }
        }
        for item in &select.items {
            self.check_inside(&item.expr, scope, lone);
            self.check_nested_aggregates(&item.expr, scope, parent);
            self.check_window_columns(&item.expr, select, parent);
        }
        if let Some(ast::Distinct::On(keys)) = &select.distinct {
            for key in keys {
                self.check_window_columns(key, select, parent);
            }
        }
    }

    /// What stands in a window that is defined behind `WINDOW`.
    fn check_defined_window(&mut self, window: &ast::WindowSpec) {
        for part in window_parts(window) {
            if let Some(needs @ (Needs::Window | Needs::Rows)) = first_needs(part) {
                self.misplaced(needs, part, "a window function");
            }
        }
    }

    /// An aggregate in a subquery may belong to this query, and then can't stand in another one.
    fn check_nested_aggregates(
        &mut self,
        expr: &ast::Expr,
        scope: &Scope,
        parent: Option<&Env<'_>>,
    ) {
        let mut found = Vec::new();
        walk(expr, &mut |part| {
            let aggregates = needs_of(part) == Some(Needs::Group);
            if aggregates {
                found.extend(self.outer_aggregates(part, scope, parent));
            }
            !aggregates
        });
        for part in found {
            self.misplaced(Needs::Group, part, "an aggregate");
        }
    }

    /// A window can't read a column of an outer query but in a subquery of its own.
    pub(super) fn check_window_columns(
        &mut self,
        expr: &ast::Expr,
        select: &ast::Select,
        parent: Option<&Env<'_>>,
    ) {
        let outer: Vec<u32> = parent
            .into_iter()
            .flat_map(Env::outwards)
            .map(|env| env.scope.id)
            .filter(|id| *id != 0)
            .collect();
        let mut found = None;
        walk(expr, &mut |part| {
            if needs_of(part) == Some(Needs::Window) {
                let mut parts = vec![part];
                parts.extend(super::windows::parts_by_name(part, select));
                let reads = parts.iter().any(|part| self.names_column_of(part, &outer));
                found = found.or(reads.then_some(part.span));
            }
            found.is_none()
        });
        if let Some(span) = found {
            let message = "a window function can't read a column of an outer query";
            self.report(
                Diagnostic::error(Code::MisplacedWindow, span, message)
                    .hint("compute the window in a subquery of `FROM`"),
            );
        }
    }

    /// Whether a name outside of subqueries means a column of one of the scopes.
    fn names_column_of(&self, expr: &ast::Expr, scopes: &[u32]) -> bool {
        let mut found = false;
        walk(expr, &mut |part| {
            let is_name = matches!(part.kind, ExprKind::Name(_));
            found |= is_name
                && self
                    .columns_within(part.span)
                    .any(|column| scopes.contains(&column.scope));
            !found
        });
        found
    }

    /// Checks the condition of a join.
    pub(super) fn check_join_placement(
        &mut self,
        condition: &ast::Expr,
        scope: &Scope,
        parent: Option<&Env<'_>>,
    ) {
        let lone = is_lone(parent);
        let ground = Ground {
            name: "the condition of a join",
            ..CONDITION
        };
        self.check_no_columns(condition, ground.name);
        self.check_ground(condition, ground, scope, lone);
        for part in self.outer_aggregates(condition, scope, parent) {
            self.misplaced(Needs::Group, part, ground.name);
        }
    }

    /// Checks what stands in `ORDER BY`, where all is allowed but within one another.
    pub(super) fn check_order_placement(
        &mut self,
        expr: &ast::Expr,
        scope: &Scope,
        parent: Option<&Env<'_>>,
    ) {
        self.check_inside(expr, scope, is_lone(parent));
    }

    /// Checks an expression that belongs to no rows: of `VALUES` or `LIMIT`.
    pub(super) fn check_rowless(&mut self, expr: &ast::Expr, name: &str, parent: Option<&Env<'_>>) {
        let lone = is_lone(parent);
        self.check_no_columns(expr, name);
        self.check_no_grouping(expr);
        // Within a query an aggregate may be of that query's rows.
        let ground = Ground {
            name,
            aggregates: !lone,
            rowless: true,
            ..CONDITION
        };
        self.check_ground(expr, ground, &Scope::default(), lone);
    }

    fn check_ground(&mut self, expr: &ast::Expr, ground: Ground<'_>, scope: &Scope, lone: bool) {
        let mut found = Vec::new();
        walk(expr, &mut |part| {
            let Some(needs) = needs_of(part) else {
                return true;
            };
            let stands = match needs {
                Needs::Group => ground.aggregates,
                Needs::Window => ground.windows,
                Needs::Rows => ground.unnest,
            };
            // Within a query a constant aggregate may be of none of the queries around it.
            let constant = || is_constant(part);
            let own = || lone || constant() || self.has_own_column(part, scope);
            let refused = match needs {
                Needs::Group if stands => ground.rowless && constant(),
                Needs::Group => own(),
                Needs::Window | Needs::Rows => !stands,
            };
            if refused {
                found.push((needs, part));
            }
            stands
        });
        for (needs, part) in &found {
            self.misplaced(*needs, part, ground.name);
        }
        if found.is_empty() {
            self.check_inside(expr, scope, lone);
        }
    }

    /// What stands within the parentheses and clauses of an aggregate or window function.
    fn check_inside(&mut self, expr: &ast::Expr, scope: &Scope, lone: bool) {
        let mut found = Vec::new();
        walk(expr, &mut |outer| {
            let Some(outer_needs) = needs_of(outer) else {
                return true;
            };
            let mut clean = true;
            walk(outer, &mut |part| {
                if std::ptr::eq(part, outer) {
                    return true;
                }
                let Some(needs) = needs_of(part) else {
                    return true;
                };
                let wrong = match (outer_needs, needs) {
                    (Needs::Group, Needs::Group) => {
                        lone || is_constant(part)
                            || !names_beside(outer)
                            || self.has_own_column(part, scope)
                    }
                    (Needs::Group | Needs::Window, Needs::Window | Needs::Rows)
                    | (Needs::Rows, Needs::Rows) => true,
                    (Needs::Window, Needs::Group) | (Needs::Rows, _) => false,
                };
                if wrong {
                    clean = false;
                    found.push((outer_needs, needs, part));
                }
                !wrong
            });
            clean
        });
        found.dedup_by_key(|(_, _, part)| part.span);
        for (outer, needs, part) in found {
            let name = match outer {
                Needs::Group => "an aggregate",
                Needs::Window => "a window function",
                Needs::Rows => "another `unnest`",
            };
            self.misplaced(needs, part, name);
        }
    }

    /// Whether a column of this query's own tables stands in an expression.
    fn has_own_column(&self, expr: &ast::Expr, scope: &Scope) -> bool {
        self.columns_within(expr.span)
            .any(|column| column.scope == scope.id)
    }

    pub(super) fn misplaced(&mut self, needs: Needs, part: &ast::Expr, place: &str) {
        let (code, what) = match needs {
            Needs::Group => (Code::MisplacedAggregate, "an aggregate"),
            Needs::Window => (Code::MisplacedWindow, "a window function"),
            Needs::Rows => (Code::MisplacedUnnest, "`unnest`"),
        };
        let hint = match (needs, place) {
            (Needs::Group, "`WHERE`") => "a condition over groups stands in `HAVING`",
            (Needs::Window, "`WHERE`" | "`HAVING`") => {
                "a condition over windows stands in `QUALIFY`"
            }
            _ => "compute it in a subquery or a member of `WITH`, and use its column here",
        };
        let preposition = match place.starts_with('`') {
            true => "in",
            false => "within",
        };
        self.report(
            Diagnostic::error(
                code,
                part.span,
                format!("{what} can't stand {preposition} {place}"),
            )
            .hint(hint),
        );
    }

    /// `QUALIFY` is there for windows.
    fn check_qualify(&mut self, select: &ast::Select, condition: &ast::Expr) {
        let mut unclear = false;
        let mut windows = false;
        for expr in (select.items.iter().map(|item| &item.expr)).chain([condition]) {
            walk(expr, &mut |part| {
                windows |= needs_of(part) == Some(Needs::Window);
                unclear |= is_unlisted(part);
                true
            });
        }
        if !windows && !unclear {
            self.report(
                Diagnostic::error(
                    Code::MisplacedWindow,
                    condition.span,
                    "`QUALIFY` needs a window function, here or in the select list",
                )
                .hint("a condition over rows stands in `WHERE`, one over groups in `HAVING`"),
            );
        }
    }

    /// `try(…)`: what can't stand in it.
    pub(super) fn check_try(&mut self, argument: &ast::Expr) {
        let mut found = None;
        walk(argument, &mut |part| {
            found = found.or(needs_of(part).map(|needs| (needs, part)));
            found.is_none()
        });
        if let Some((needs, part)) = found {
            return self.misplaced(needs, part, "`TRY`");
        }
        let mut refused = None;
        walk(argument, &mut |part| {
            if is_volatile(part) {
                refused = refused.or(Some(("a volatile function", part.span)));
            }
            refused.is_none()
        });
        if has_query(argument) {
            refused = refused.or(Some(("a subquery", argument.span)));
        }
        if let Some((what, span)) = refused {
            let message = format!("`TRY` doesn't take {what}");
            self.report(Diagnostic::error(Code::WrongArguments, span, message));
        }
    }
}

/// Whether there is no query around that an aggregate could belong to.
pub(super) fn is_lone(parent: Option<&Env<'_>>) -> bool {
    parent.is_none_or(|parent| parent.outwards().all(|env| env.scope.relations.is_empty()))
}

/// Whether an aggregate reads nothing: it is one of the query in which it stands.
pub(super) fn is_constant(expr: &ast::Expr) -> bool {
    !holds(expr, |part| {
        matches!(
            part.kind,
            ExprKind::Name(_) | ExprKind::Columns { .. } | ExprKind::Position(_)
        ) || super::deep::query_of(part).is_some()
    })
}

/// Whether an aggregate may read a column outside of the aggregates within it: only then one of these can
/// be of a query further out.
fn names_beside(outer: &ast::Expr) -> bool {
    let mut found = false;
    walk(outer, &mut |part| {
        let inner = !std::ptr::eq(part, outer) && needs_of(part) == Some(Needs::Group);
        found |= !inner
            && (matches!(part.kind, ExprKind::Name(_) | ExprKind::Columns { .. })
                || super::deep::query_of(part).is_some());
        !inner && !found
    });
    found
}

/// Whether a part of an expression passes.
fn holds(expr: &ast::Expr, passes: impl Fn(&ast::Expr) -> bool) -> bool {
    let mut found = false;
    walk(expr, &mut |part| {
        found |= passes(part);
        !found
    });
    found
}

/// Whether it is a call that gives another value each time.
pub(super) fn is_volatile(expr: &ast::Expr) -> bool {
    function_of(expr)
        .and_then(|function| function.name.last())
        .and_then(|name| catalogue::find(&name.value))
        .is_some_and(catalogue::Entry::is_volatile)
}

/// The call that an expression is.
pub(super) fn function_of(expr: &ast::Expr) -> Option<&ast::Function> {
    match &expr.kind {
        ExprKind::Function(function) => Some(function),
        ExprKind::Method { call, .. } => Some(call),
        _ => None,
    }
}

pub(super) fn needs_of(expr: &ast::Expr) -> Option<Needs> {
    let function = function_of(expr)?;
    let name = function.name.last()?.value.to_lowercase();
    if function.over.is_some() {
        return Some(Needs::Window);
    }
    // The last two are macros over it.
    if matches!(
        name.as_str(),
        "unnest" | "unlist" | "generate_subscripts" | "regexp_split_to_table"
    ) {
        return Some(Needs::Rows);
    }
    let aggregate = match name.as_str() {
        "percentile_cont" | "percentile_disc" => true,
        "grouping" | "grouping_id" => false,
        _ => catalogue::find(&name).is_some_and(|entry| match entry.is_macro() {
            true => aggregates(entry, 0),
            false => entry.is(Kind::Aggregate),
        }),
    };
    aggregate.then_some(Needs::Group)
}

/// How many macros are looked through that call one another.
const MOST_MACROS: usize = 3;

/// Whether the definition of a macro calls an aggregate.
fn aggregates(entry: &catalogue::Entry, depth: usize) -> bool {
    let mut definitions = entry.macros().peekable();
    let calls = |text: &str| {
        let words = text
            .split_inclusive('(')
            .filter_map(|part| part.strip_suffix('('));
        let mut names = words.filter_map(|part| part.rsplit(|c: char| !is_of_name(c)).next());
        names.any(|name| {
            catalogue::find(name).is_some_and(|entry| match entry.is_macro() {
                true => depth < MOST_MACROS && aggregates(entry, depth + 1),
                false => entry.is(Kind::Aggregate),
            })
        })
    };
    definitions.peek().is_some() && definitions.all(|(_, text)| calls(text))
}

/// Whether what a macro is given stands in its definition as it is, and in no aggregate.
pub(super) fn macro_shows_arguments(entry: &catalogue::Entry) -> bool {
    let shows = |parameters: &[&str], text: &str| {
        let mut words = text.split(|letter: char| !is_of_name(letter));
        parameters
            .iter()
            .all(|name| words.clone().any(|word| word == *name))
            && !words.any(|word| word.eq_ignore_ascii_case("select"))
    };
    !aggregates(entry, 0) && (entry.macros()).all(|(parameters, text)| shows(&parameters, text))
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// The first call in an expression that can't be grouped by.
pub(super) fn first_needs(expr: &ast::Expr) -> Option<Needs> {
    let mut found = None;
    walk(expr, &mut |part| {
        found = found.or(needs_of(part));
        found.is_none() && !matches!(part.kind, ExprKind::Lambda { .. })
    });
    found
}

/// Whether it is the call of a function that the engine's list doesn't have.
fn is_unlisted(expr: &ast::Expr) -> bool {
    function_of(expr).is_some_and(|function| {
        function
            .name
            .last()
            .is_some_and(|name| !super::names::is_function(&name.value) && !is_aggregate(expr))
    })
}

//! Windows: names, what one may add to another, and the bounds of frames.
//!
//! Source: `Transformer::TransformWindowDef` and `BindWindow` of DuckDB.

use super::Binder;
use super::names::as_name;
use super::placement::function_of;
use super::scope::Env;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::name::same_name;
use crate::parse::ast::{self, ExprKind, Window, WindowSpec};
use crate::span::Span;
use crate::sql_type::{Common, SqlType, common_type};
use crate::types::call::{Outcome, call};
use crate::types::{Typed, Value};

/// The end of a frame.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bound {
    UnboundedPreceding,
    Preceding,
    CurrentRow,
    Following,
    UnboundedFollowing,
}

impl Binder<'_> {
    /// Checks the windows that a `SELECT` defines, and those that its expressions use.
    pub(super) fn check_windows(&mut self, select: &ast::Select) {
        for (_, window) in &select.windows {
            self.check_bounds(window);
        }
        for call in windowed_calls(select) {
            if let Some(window) = &call.over {
                self.check_used(window, select);
                self.check_argument_order(call, window, select);
            }
        }
    }

    /// What orders the arguments of a window function: not all can have it, and few of them in a
    /// frame that leaves rows out.
    ///
    /// Source: `IsOrderableWindowFunction` and `IsExcludableWindowFunction` of DuckDB.
    fn check_argument_order(
        &mut self,
        call: &ast::Function,
        window: &Window,
        select: &ast::Select,
    ) {
        let mut orders = call.order_by.iter().chain(&call.within_group);
        let (Some(first), Some(name)) = (orders.next(), call.name.last()) else {
            return;
        };
        let lower = name.value.to_lowercase();
        let refuse =
            |message: String| Diagnostic::error(Code::InvalidWindow, first.expr.span, message);
        if matches!(lower.as_str(), "dense_rank" | "rank_dense") {
            return self.report(refuse(format!("`{lower}` takes no `ORDER BY` in its call")));
        }
        let spec = match window {
            Window::Spec(spec) => Some(spec),
            Window::Named(name) => {
                let mut windows = select.windows.iter();
                windows
                    .find(|(own, _)| same_name(&own.value, &name.value))
                    .map(|(_, spec)| spec)
            }
        };
        let Some((span, _)) = spec.and_then(|spec| spec.frame.as_ref()) else {
            return;
        };
        let frame = self.plain_text(*span).to_lowercase();
        let excludes = frame.contains(" exclude ") && !frame.ends_with("no others");
        let may = matches!(lower.as_str(), "first_value" | "last_value" | "nth_value")
            || !crate::types::rules::is_window(&lower);
        if excludes && !may {
            let message = format!("`{lower}` with an `ORDER BY` takes no frame with `EXCLUDE`");
            self.report(refuse(message));
        }
    }

    fn check_used(&mut self, window: &Window, select: &ast::Select) {
        match window {
            Window::Named(name) => {
                if let Some(spec) = self.named_window(name, select) {
                    self.check_use(spec, select);
                }
            }
            Window::Spec(spec) => self.check_use(spec, select),
        }
    }

    fn named_window<'b>(
        &mut self,
        name: &ast::Name,
        select: &'b ast::Select,
    ) -> Option<&'b WindowSpec> {
        let mut windows = select.windows.iter();
        if let Some((_, found)) = windows.find(|(own, _)| same_name(&own.value, &name.value)) {
            return Some(found);
        }
        if self.windows.contains(&name.value.to_lowercase()) {
            return None;
        }
        let known = select.windows.iter().map(|(own, _)| own.value.as_str());
        let mut finding = Diagnostic::error(
            Code::InvalidWindow,
            name.span,
            format!("there is no window `{}`", name.value),
        );
        finding = match nearest(&name.value, known.clone()) {
            Some(similar) => finding.hint(format!("did you mean `{similar}`?")).fix_name(
                &name.value,
                name.span,
                known,
                as_name,
            ),
            None => finding.hint(format!("define it: `WINDOW {} AS (…)`", name.value)),
        };
        self.report(finding);
        None
    }

    fn check_use(&mut self, spec: &WindowSpec, select: &ast::Select) {
        let base = match &spec.base {
            None => None,
            Some(name) => match self.named_window(name, select) {
                // An outer query defines it.
                None => return,
                Some(base) => Some((name, base)),
            },
        };
        if let Some((name, base)) = base {
            let wrong = if base.frame.is_some() {
                Some("has a frame, so that nothing can be added to it")
            } else if !base.order_by.is_empty() && !spec.order_by.is_empty() {
                Some("is ordered already")
            } else if !base.partition_by.is_empty() && !spec.partition_by.is_empty() {
                Some("is partitioned already")
            } else {
                None
            };
            if let Some(wrong) = wrong {
                self.report(Diagnostic::error(
                    Code::InvalidWindow,
                    spec.span,
                    format!("the window `{}` {wrong}", name.value),
                ));
            }
        }
        let base = base.map(|(_, base)| base);
        let orders = base.into_iter().chain([spec]);
        if let Some(all) = orders
            .flat_map(|spec| &spec.order_by)
            .find(|item| orders_all(item))
        {
            let message = "a window can't be ordered by all columns";
            let finding = Diagnostic::error(Code::InvalidWindow, all.expr.span, message);
            self.report(finding.hint("name the columns"));
        }
        self.check_frame(spec, base);
    }

    /// The distances of a `RANGE` frame are measured on what the window is ordered by.
    pub(super) fn check_distances(&mut self, spec: &WindowSpec, bounds: &[Typed], env: &Env<'_>) {
        let ([order], Some((span, written))) = (spec.order_by.as_slice(), &spec.frame) else {
            return;
        };
        if !self.plain_text(*span).starts_with("range") {
            return;
        }
        let ordered = self.silently(&order.expr, env);
        let follows = self.following_bounds(*span, bounds.len());
        for (index, (bound, expr)) in bounds.iter().zip(written).enumerate() {
            let operator = match follows.get(index) {
                Some(follows) if *follows != order.descending.unwrap_or(false) => "+",
                _ => "-",
            };
            let both = [ordered.clone(), bound.clone()];
            let refused = bound.sql_type == SqlType::Null && bound.value != Value::Null
                || match call(operator, &both) {
                    Outcome::Refused => true,
                    // What is measured must be a number or a time, and compared with what is ordered.
                    Outcome::Type(reached) => {
                        reached.is_nested()
                            || reached == SqlType::BigNum
                            || common_type(&ordered.sql_type, &reached) == Common::Incompatible
                    }
                    _ => false,
                };
            if refused {
                self.report(
                    Diagnostic::error(
                        Code::InvalidWindow,
                        expr.span,
                        format!(
                            "a window over `{}` can't be framed by a distance of `{}`",
                            ordered.sql_type, bound.sql_type
                        ),
                    )
                    .and_at(order.expr.span, format!("this is `{}`", ordered.sql_type)),
                );
            }
        }
    }

    /// Whether each bound of a frame that is a distance follows the row, in their order.
    fn following_bounds(&self, frame: Span, count: usize) -> Vec<bool> {
        let Some((start, end)) = bounds_of(&self.plain_text(frame).to_lowercase()) else {
            return Vec::new();
        };
        let distances: Vec<bool> = [start, end]
            .iter()
            .filter(|bound| matches!(bound, Bound::Preceding | Bound::Following))
            .map(|bound| *bound == Bound::Following)
            .collect();
        match distances.len() == count {
            true => distances,
            false => Vec::new(),
        }
    }

    /// Checks a call with `OVER`.
    pub(super) fn check_window_call(
        &mut self,
        called: &str,
        function: &ast::Function,
        arguments: &[Typed],
        env: &Env<'_>,
    ) {
        let spec = match &function.over {
            Some(Window::Spec(spec)) if spec.base.is_none() => spec,
            Some(Window::Named(name)) => {
                let mut windows = env.windows.iter();
                let found = windows.find(|(own, _)| same_name(&own.value, &name.value));
                match found {
                    Some((_, spec)) if spec.base.is_none() => spec,
                    _ => return,
                }
            }
            _ => return,
        };
        if called == "fill" {
            self.check_fill(spec, function, arguments, env);
        }
    }

    /// Checks `fill(x) OVER (ORDER BY y)`, which interpolates.
    fn check_fill(
        &mut self,
        spec: &WindowSpec,
        function: &ast::Function,
        arguments: &[Typed],
        env: &Env<'_>,
    ) {
        let [value] = arguments else { return };
        // What stands in the call goes before what stands in the window.
        let orders = [&function.order_by, &function.within_group, &spec.order_by];
        let orders = orders.into_iter().find(|orders| !orders.is_empty());
        let orders = orders.map_or(&[][..], Vec::as_slice);
        let [order] = orders else {
            let message = "`fill` needs a window with one `ORDER BY` expression";
            self.report(Diagnostic::error(Code::InvalidWindow, spec.span, message));
            return;
        };
        let ordered = self.silently(&order.expr, env);
        let argument = function
            .arguments
            .first()
            .map(|argument| argument.value.span);
        let places = [(value, argument), (&ordered, Some(order.expr.span))];
        for (index, (typed, place)) in places.into_iter().enumerate() {
            let measures = match &typed.sql_type {
                // The engine orders by the moment that it is.
                SqlType::TimeTz => index == 1,
                SqlType::Interval | SqlType::BigNum => false,
                other => other.is_numeric() || other.is_temporal() || !typed.is_known(),
            };
            if let (false, Some(place)) = (measures, place) {
                let message = format!("`fill` can't interpolate `{}`", typed.sql_type);
                self.report(Diagnostic::error(Code::InvalidWindow, place, message));
            }
        }
    }

    /// The type of an expression that was bound before.
    fn silently(&mut self, expr: &ast::Expr, env: &Env<'_>) -> Typed {
        self.unwritten(|binder| binder.quietly(|binder| binder.expression(expr, env)))
    }

    /// Checks that a frame begins before it ends.
    fn check_bounds(&mut self, spec: &WindowSpec) -> Option<(Bound, Bound)> {
        let (span, _) = spec.frame.as_ref()?;
        let (start, end) = bounds_of(&self.plain_text(*span).to_lowercase())?;
        let wrong = match (start, end) {
            (Bound::UnboundedFollowing, _) => Some("a frame can't begin at its end"),
            (_, Bound::UnboundedPreceding) => Some("a frame can't end at its beginning"),
            (Bound::CurrentRow, Bound::Preceding)
            | (Bound::Following, Bound::Preceding | Bound::CurrentRow) => {
                Some("this frame ends before it begins")
            }
            _ => None,
        };
        if let Some(wrong) = wrong {
            self.report(Diagnostic::error(Code::InvalidWindow, *span, wrong));
            return None;
        }
        Some((start, end))
    }

    fn check_frame(&mut self, spec: &WindowSpec, base: Option<&WindowSpec>) {
        let Some((start, end)) = self.check_bounds(spec) else {
            return;
        };
        let Some((span, _)) = &spec.frame else { return };
        let ordered = spec.order_by.len() + base.map_or(0, |base| base.order_by.len());
        let counts = [start, end]
            .iter()
            .any(|bound| matches!(bound, Bound::Preceding | Bound::Following));
        let ranges = self.plain_text(*span).to_lowercase().starts_with("range");
        // Of a window that an outer query defines nobody knows how it is ordered.
        let known = spec.base.is_none() || base.is_some_and(|base| base.base.is_none());
        if ranges && counts && ordered != 1 && known {
            self.report(
                Diagnostic::error(
                    Code::InvalidWindow,
                    *span,
                    "a `RANGE` frame with a distance needs one `ORDER BY` expression",
                )
                .hint("count rows with `ROWS`"),
            );
        }
    }
}

/// `ALL`, `*` or `COLUMNS(*)`.
fn orders_all(item: &ast::OrderItem) -> bool {
    match &item.expr.kind {
        ExprKind::Keyword(word) => word == "all",
        ExprKind::Star(_) => true,
        ExprKind::Columns { selector, .. } => matches!(selector.kind, ExprKind::Star(_)),
        _ => false,
    }
}

/// The windows that a select list, `HAVING` and `QUALIFY` use.
fn used_windows(select: &ast::Select) -> Vec<&Window> {
    let calls = windowed_calls(select).into_iter();
    calls.filter_map(|call| call.over.as_ref()).collect()
}

/// The calls with a window in a select list, `HAVING` and `QUALIFY`.
fn windowed_calls(select: &ast::Select) -> Vec<&ast::Function> {
    let clauses = [&select.filter, &select.having, &select.qualify];
    let expressions =
        (select.items.iter().map(|item| &item.expr)).chain(clauses.into_iter().flatten());
    let mut used = Vec::new();
    for expr in expressions {
        super::grouping::walk(expr, &mut |part| {
            used.extend(function_of(part).filter(|function| function.over.is_some()));
            true
        });
    }
    used
}

/// The expressions of the windows that a call names.
pub(super) fn parts_by_name<'a>(call: &ast::Expr, select: &'a ast::Select) -> Vec<&'a ast::Expr> {
    let over = super::placement::function_of(call).and_then(|function| function.over.as_ref());
    let mut name = match over {
        Some(Window::Named(name)) => Some(name),
        Some(Window::Spec(spec)) => spec.base.as_ref(),
        None => None,
    };
    let mut parts = Vec::new();
    // One may be based on another one.
    for _ in 0..=select.windows.len() {
        let Some(wanted) = name else { break };
        let mut windows = select.windows.iter();
        let found = windows.find(|(own, _)| same_name(&own.value, &wanted.value));
        let Some((_, window)) = found else { break };
        parts.extend(super::grouping::window_parts(window));
        name = window.base.as_ref();
    }
    parts
}

/// Whether an expression of a select list, `HAVING` or `QUALIFY` uses a window, or another window
/// that is based on it and is used itself.
pub(super) fn uses_window(select: &ast::Select, name: &str) -> bool {
    let used = used_windows(select);
    let is_used = |name: &str| {
        let uses = |written: &ast::Name| same_name(&written.value, name);
        used.iter().any(|window| match window {
            Window::Named(used) => uses(used),
            Window::Spec(spec) => spec.base.as_ref().is_some_and(uses),
        })
    };
    let mut windows = select.windows.iter();
    let based = windows.any(|(own, window)| {
        let base = window.base.as_ref();
        base.is_some_and(|base| same_name(&base.value, name)) && is_used(&own.value)
    });
    based || is_used(name)
}

/// The bounds of a frame, as written in lower case with single spaces. A bound alone is the
/// start.
fn bounds_of(written: &str) -> Option<(Bound, Bound)> {
    let (_, rest) = written.split_once(' ')?;
    let rest = rest.split(" exclude ").next().unwrap_or(rest);
    match rest.strip_prefix("between ") {
        None => Some((bound_of(rest)?, Bound::CurrentRow)),
        // An `and` within a bound's expression: the last one parts the bounds.
        Some(both) => {
            let (start, end) = both.rsplit_once(" and ")?;
            Some((bound_of(start)?, bound_of(end)?))
        }
    }
}

fn bound_of(written: &str) -> Option<Bound> {
    let written = written.trim();
    Some(match written {
        "unbounded preceding" => Bound::UnboundedPreceding,
        "unbounded following" => Bound::UnboundedFollowing,
        "current row" => Bound::CurrentRow,
        _ if written.ends_with(" preceding") => Bound::Preceding,
        _ if written.ends_with(" following") => Bound::Following,
        _ => return None,
    })
}

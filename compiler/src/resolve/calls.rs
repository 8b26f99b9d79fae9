//! What is wrong with the form of a call: clauses that its kind of function doesn't take, windows
//! without `OVER`, lambdas with too many parameters.
//!
//! Source: `Transformer::TransformFuncCall` and `ExpressionBinder::BindExpression(FunctionExpression)`
//! of DuckDB. What arguments a function takes is the matter of [`types`](crate::types) and of
//! `arguments`.

use super::Binder;
use super::deep::query_of;
use super::grouping::walk;
use super::placement::{Needs, needs_of};
use crate::diagnostic::{Code, Diagnostic};
use crate::name::same_name;
use crate::parse::ast::{self, ExprKind};
use crate::span::Span;
use crate::sql_type::SqlType;
use crate::types::catalogue::{self, Kind};
use crate::types::{Typed, Value};

/// Functions that are windows only, with the least and greatest number of their arguments.
const WINDOWS: &[(&str, usize, usize)] = &[
    ("cume_dist", 0, 0),
    ("dense_rank", 0, 0),
    ("fill", 1, 1),
    ("first_value", 1, 1),
    ("lag", 1, 3),
    ("last_value", 1, 1),
    ("lead", 1, 3),
    ("nth_value", 2, 2),
    ("ntile", 1, 1),
    ("percent_rank", 0, 0),
    ("rank", 0, 0),
    ("rank_dense", 0, 0),
    ("row_number", 0, 0),
];

/// Aggregates whose state can be exported: those without a bind function of their own.
const EXPORTED: &[&str] = &[
    "any_value",
    "approx_count_distinct",
    "arbitrary",
    "avg",
    "bit_and",
    "bit_or",
    "bit_xor",
    "bool_and",
    "bool_or",
    "corr",
    "count",
    "count_if",
    "count_star",
    "countif",
    "covar_pop",
    "covar_samp",
    "favg",
    "first",
    "fsum",
    "kahan_sum",
    "kurtosis",
    "kurtosis_pop",
    "last",
    "max",
    "mean",
    "min",
    "product",
    "regr_avgx",
    "regr_avgy",
    "regr_count",
    "regr_intercept",
    "regr_r2",
    "regr_slope",
    "regr_sxx",
    "regr_sxy",
    "regr_syy",
    "sem",
    "skewness",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "sumkahan",
    "var_pop",
    "var_samp",
    "variance",
];

impl Binder<'_> {
    /// Checks the form of a call whose function exists. Whether nothing was found.
    pub(super) fn check_form(
        &mut self,
        called: &str,
        function: &ast::Function,
        span: Span,
    ) -> bool {
        let entry = catalogue::find(called);
        if matches!(called, "percentile_cont" | "percentile_disc") {
            if function.within_group.is_empty() {
                let message = format!("`{called}` needs `WITHIN GROUP (ORDER BY …)`");
                return self.wrong_form((Code::UnknownFunction, message, None), span);
            }
            if function.distinct {
                let message = format!("`{called}` takes no `DISTINCT`");
                return self.wrong_form((Code::WrongArguments, message, None), span);
            }
        }
        if let Some(wrong) = wrong_over(called, entry, function) {
            return self.wrong_form(wrong, span);
        }
        let Some(entry) = entry else {
            return true;
        };
        let wrong = match WINDOWS.iter().find(|(name, _, _)| *name == called) {
            Some(window) => wrong_window(window, function),
            // The engine puts the definition of a macro in the place of the call, without its clauses.
            None if entry.is_macro() => wrong_scalar(called, function),
            None if entry.is(Kind::Aggregate) => wrong_aggregate(called, function),
            None if entry.is(Kind::Scalar) => wrong_scalar(called, function),
            None => return true,
        };
        match wrong {
            None => true,
            Some(wrong) => self.wrong_form(wrong, span),
        }
    }

    fn wrong_form(&mut self, (code, message, hint): Wrong, span: Span) -> bool {
        let mut finding = Diagnostic::error(code, span, message);
        if let Some(hint) = hint {
            finding = finding.hint(hint);
        }
        self.report(finding);
        false
    }

    /// Checks the constants of `lead(x, offset, default)`, which the engine casts.
    pub(super) fn check_shifted(
        &mut self,
        called: &str,
        function: &ast::Function,
        arguments: &[Typed],
    ) {
        // Only where rows go by one after the other the engine computes them beforehand.
        let streams = matches!(
            &function.over,
            Some(ast::Window::Spec(spec))
                if spec.base.is_none() && spec.partition_by.is_empty() && spec.order_by.is_empty()
        );
        let ignores = function.ignore_nulls == Some(true);
        if !matches!(called, "lag" | "lead") || !streams || ignores || !function.order_by.is_empty()
        {
            return;
        }
        let is_number = |text: &str| text.trim().parse::<f64>().is_ok();
        for (index, argument) in arguments.iter().enumerate().skip(1) {
            let Some(written) = function.arguments.get(index) else {
                return;
            };
            if self.varies(&written.value) {
                continue;
            }
            let target = match index {
                1 => &SqlType::BigInt,
                _ => &arguments[0].sql_type,
            };
            let wrong = match &argument.value {
                Value::Text(text) if target.is_numeric() => !is_number(text) && !text.contains('_'),
                _ => index == 1 && argument.sql_type == SqlType::Date,
            };
            if wrong {
                let message = format!("`{called}` takes `{target}` here");
                self.wrong_constant(written.value.span, message);
            }
        }
    }

    /// `f(*)` is a call without arguments.
    pub(super) fn check_star_argument(&mut self, called: &str, span: Span) {
        let Some(entry) = catalogue::find(called) else {
            return;
        };
        if matches!(called, "unnest" | "unlist") {
            let message = format!("`{called}` takes a list or a struct, and no star");
            self.report(Diagnostic::error(Code::WrongArguments, span, message));
            return;
        }
        let refused = match entry.macro_counts() {
            Some(counts) => !counts.contains(&0),
            None => {
                !entry.is_macro()
                    && called != "count"
                    && crate::types::call::call(called, &[])
                        == crate::types::call::Outcome::WrongCount
            }
        };
        if refused {
            let message = format!("`{called}` doesn't take a star");
            let finding = Diagnostic::error(Code::WrongArguments, span, message);
            self.report(finding.hint(format!("`{called}(columns(*))` calls it for each column")));
        }
    }

    /// Checks a lambda that is given to a function of lists.
    pub(super) fn check_lambda(
        &mut self,
        called: &str,
        names: &[ast::Name],
        body: &ast::Expr,
        span: Span,
    ) {
        let reduces = called.ends_with("reduce");
        let (least, most) = if reduces { (2, 3) } else { (1, 2) };
        if names.len() > most || names.len() < least {
            self.report(Diagnostic::error(
                Code::WrongArguments,
                span,
                format!(
                    "the lambda of `{called}` has {least} or {most} parameters, and this one has {}",
                    names.len()
                ),
            ));
        }
        self.check_unnested_lambda(body);
        self.check_parameters(names, body);
        if let ExprKind::Lambda { .. } = &body.kind {
            self.misplaced_lambda(body.span);
        }
        self.check_queries_within(body);
    }

    /// A lambda holds no subquery.
    pub(super) fn check_queries_within(&mut self, body: &ast::Expr) {
        let mut query = None;
        walk(body, &mut |part| {
            query = query.or(query_of(part).map(|query| query.span));
            query.is_none()
        });
        if let Some(span) = query {
            self.report(
                Diagnostic::error(Code::WrongArguments, span, "a lambda can't hold a subquery")
                    .hint("compute the subquery in `FROM` or a member of `WITH`"),
            );
        }
    }

    /// The parameters of a lambda have names of their own, and an aggregate doesn't see them.
    pub(super) fn check_parameters(&mut self, names: &[ast::Name], body: &ast::Expr) {
        for (index, name) in names.iter().enumerate() {
            let mut earlier = names[..index].iter();
            if earlier.any(|other| same_name(&other.value, &name.value)) {
                let message = format!("two parameters are named `{}`", name.value);
                self.report(Diagnostic::error(Code::DuplicateName, name.span, message));
            }
        }
        let mut found: Option<&ast::Name> = None;
        walk(body, &mut |part| {
            if needs_of(part) != Some(Needs::Group) {
                return found.is_none();
            }
            walk(part, &mut |inner| {
                if let ExprKind::Name(parts) = &inner.kind
                    && let [first, ..] = parts.as_slice()
                    && names
                        .iter()
                        .any(|name| same_name(&name.value, &first.value))
                {
                    found = found.or(Some(first));
                }
                found.is_none() && !matches!(inner.kind, ExprKind::Lambda { .. })
            });
            false
        });
        if let Some(name) = found {
            let message = format!("an aggregate doesn't see the parameter `{}`", name.value);
            self.report(
                Diagnostic::error(Code::UnknownColumn, name.span, message)
                    .hint("`list_sum`, `list_max` and their like compute over a list"),
            );
        }
    }

    /// A lambda makes no rows.
    pub(super) fn check_unnested_lambda(&mut self, body: &ast::Expr) {
        let mut found = None;
        walk(body, &mut |part| {
            if needs_of(part) == Some(Needs::Rows) {
                found = found.or(Some(part));
            }
            found.is_none()
        });
        if let Some(part) = found {
            self.misplaced(Needs::Rows, part, "a lambda");
        }
    }

    /// A comprehension names an element and its position.
    pub(super) fn check_variables(&mut self, variables: &[ast::Name], span: Span) {
        if variables.len() > 2 {
            let message = "a comprehension names an element and its position, and nothing else";
            self.report(Diagnostic::error(Code::WrongArguments, span, message));
        }
    }

    /// Reports a lambda where none can stand.
    pub(super) fn misplaced_lambda(&mut self, span: Span) {
        self.report(
            Diagnostic::error(Code::WrongArguments, span, "a lambda can't stand here").hint(
                "functions such as `list_transform`, `list_filter` and `list_reduce` take lambdas",
            ),
        );
    }

    /// The value that a reduction begins with has no type in common with the list's elements.
    pub(super) fn check_beginning(&mut self, element: &SqlType, span: Span) {
        let message = format!("the reduction can't begin with this: the elements are `{element}`");
        self.report(
            Diagnostic::error(Code::TypeMismatch, span, message)
                .hint("cast it to the type of the elements: `x::TYPE`"),
        );
    }

    /// Checks `struct_insert(base, a := 1)`, `struct_update(…)` and `union_value(a := 1)`.
    pub(super) fn check_named_fields(
        &mut self,
        called: &str,
        base: Option<&Typed>,
        fields: &[(String, SqlType)],
        unnamed: Option<Span>,
        span: Span,
    ) {
        if let Some(place) = unnamed {
            let message = format!("`{called}` takes values with names");
            self.report(
                Diagnostic::error(Code::WrongArguments, place, message)
                    .hint("write `name := value`"),
            );
            return;
        }
        let wrong = match (called, base.map(|base| &base.sql_type)) {
            ("union_value", _) => {
                (fields.len() != 1).then(|| "`union_value` takes one value".to_owned())
            }
            (_, None) => Some(format!("`{called}` takes a struct and values with names")),
            (_, Some(SqlType::Struct(own))) => repeated(called, own, fields),
            (_, Some(SqlType::Unknown | SqlType::Other(_))) => None,
            (_, Some(other)) => Some(format!("`{called}` takes a struct, and this is `{other}`")),
        };
        if let Some(message) = wrong {
            self.report(Diagnostic::error(Code::WrongArguments, span, message));
        }
    }

    /// Checks the arguments of a function that takes a list and a lambda.
    pub(super) fn check_higher_order(
        &mut self,
        called: &str,
        list: Option<&SqlType>,
        lambdas: usize,
        others: usize,
        span: Span,
    ) {
        let reduces = called.ends_with("reduce");
        let fits = lambdas == 1 && (others == 1 || reduces && others == 2);
        if !fits {
            let message = format!("`{called}` takes a list and a lambda");
            let finding = Diagnostic::error(Code::WrongArguments, span, message);
            self.report(finding.hint(format!("write `{called}(list, lambda x: …)`")));
            return;
        }
        let is_list = |sql_type: &SqlType| {
            matches!(
                sql_type,
                SqlType::List(_)
                    | SqlType::Array(..)
                    | SqlType::Null
                    | SqlType::Unknown
                    | SqlType::Other(_)
            )
        };
        if let Some(sql_type) = list.filter(|sql_type| !is_list(sql_type)) {
            let message = format!("`{called}` takes a list, and this is `{sql_type}`");
            self.report(Diagnostic::error(Code::WrongArguments, span, message));
        }
    }

    /// Checks the names of a struct's fields: `{'a': 1, 'A': 2}` has one twice.
    pub(super) fn check_field_names<'b>(
        &mut self,
        names: impl IntoIterator<Item = (&'b str, Span)>,
    ) {
        let mut seen: Vec<String> = Vec::new();
        for (name, span) in names {
            let lower = name.to_lowercase();
            if !lower.is_empty() && seen.contains(&lower) {
                let message = format!("the struct has two fields `{name}`");
                self.report(Diagnostic::error(Code::DuplicateName, span, message));
            }
            seen.push(lower);
        }
    }

    /// Checks `{'a': 1}`: its fields have names, and a star is no value.
    pub(super) fn check_struct_literal(&mut self, items: &[(ast::Name, ast::Expr)], span: Span) {
        let unnamed =
            |(name, value): &&(ast::Name, ast::Expr)| name.value.is_empty() && !names_itself(value);
        if let Some((name, _)) = items.iter().find(unnamed) {
            let message = "this field of the struct has no name";
            self.report(Diagnostic::error(Code::WrongArguments, name.span, message));
        }
        if let [(_, only)] = items
            && matches!(only.kind, ExprKind::Star(_))
        {
            let message = "a struct has at least one field";
            self.report(Diagnostic::error(Code::WrongArguments, span, message));
        }
    }

    /// A list has elements of one type.
    pub(super) fn check_elements(&mut self, items: &[ast::Expr], typed: &[Typed], span: Span) {
        let common = crate::types::common_of(typed);
        if common == crate::sql_type::Common::Incompatible {
            let spans: Vec<Span> = items.iter().map(|item| item.span).collect();
            self.mixed("[…]", typed, &spans, span);
        }
    }

    /// `struct_pack(a := 1)`: a name for each field.
    pub(super) fn check_struct_pack(&mut self, function: &ast::Function, span: Span) {
        let nothing = match function.arguments.as_slice() {
            [] => true,
            [only] => matches!(only.value.kind, ExprKind::Star(_)),
            _ => false,
        };
        if nothing {
            let message = "a struct has at least one field";
            self.report(Diagnostic::error(Code::WrongArguments, span, message));
        }
        for argument in &function.arguments {
            let named = argument.name.is_some() || names_itself(&argument.value);
            if !named {
                self.report(
                    Diagnostic::error(
                        Code::WrongArguments,
                        argument.value.span,
                        "this field of the struct has no name",
                    )
                    .hint("write `struct_pack(name := value)`"),
                );
            }
        }
        let names = function.arguments.iter().filter_map(|argument| {
            let name = match (&argument.name, &argument.value.kind) {
                (Some(name), _) => name,
                // A column gives its name to the field.
                (None, ExprKind::Name(names)) => names.last()?,
                _ => return None,
            };
            Some((name.value.as_str(), name.span))
        });
        self.check_field_names(names);
    }
}

/// Whether a struct's field may take its name of its value.
fn names_itself(value: &ast::Expr) -> bool {
    !matches!(
        value.kind,
        ExprKind::Literal(_)
            | ExprKind::Binary { .. }
            | ExprKind::Unary { .. }
            | ExprKind::Cast { .. }
            | ExprKind::Case { .. }
            | ExprKind::List(_)
            | ExprKind::Typed { .. }
            | ExprKind::Interval { .. }
            | ExprKind::Field { .. }
            | ExprKind::Struct(_)
            | ExprKind::Map(_)
    )
}

/// What is wrong with the names of fields that are put into a struct.
fn repeated(
    called: &str,
    own: &[(String, SqlType)],
    fields: &[(String, SqlType)],
) -> Option<String> {
    if fields.is_empty() {
        return Some(format!("`{called}` takes a value with a name"));
    }
    let inserts = called == "struct_insert";
    let mut seen: Vec<String> = match inserts {
        true => own.iter().map(|(name, _)| name.to_lowercase()).collect(),
        false => Vec::new(),
    };
    seen.retain(|name| !name.is_empty());
    for (name, _) in fields {
        let lower = name.to_lowercase();
        if seen.contains(&lower) {
            return Some(format!("the struct would have two fields `{name}`"));
        }
        seen.push(lower);
    }
    None
}

type Wrong = (Code, String, Option<String>);

/// What no window can be made of: what is no function but syntax, aggregates over an order, macros
/// that aren't one aggregate.
///
/// Source: `ExpressionBinder::BindMacro` of DuckDB.
fn wrong_over(
    called: &str,
    entry: Option<&'static catalogue::Entry>,
    function: &ast::Function,
) -> Option<Wrong> {
    function.over.as_ref()?;
    let is_aggregate =
        |name: &str| catalogue::find(name.trim()).is_some_and(|entry| entry.is(Kind::Aggregate));
    let is_macro = entry.is_some_and(|entry| {
        let mut definitions = entry.macros();
        entry.is_macro()
            && !definitions.any(|(_, text)| {
                text.split_once('(')
                    .is_some_and(|(name, _)| is_aggregate(name))
            })
    });
    if !is_macro
        && !matches!(called, "date" | "percentile_cont" | "percentile_disc")
        && !crate::types::rules::SYNTAX.contains(&called)
    {
        return None;
    }
    Some((
        Code::MisplacedWindow,
        format!("`{called}` takes no `OVER` here"),
        Some("only aggregates and window functions do".to_owned()),
    ))
}

fn wrong_window(
    (name, least, most): &(&str, usize, usize),
    function: &ast::Function,
) -> Option<Wrong> {
    if function.over.is_none() {
        return Some((
            Code::MisplacedWindow,
            format!("`{name}` is a window function and needs `OVER`"),
            Some(format!("write `{name}(…) over (order by …)`")),
        ));
    }
    let count = function.arguments.len();
    let starred = function
        .arguments
        .iter()
        .any(|argument| matches!(argument.value.kind, ExprKind::Columns { .. }));
    // The engine reads a star as no argument.
    let count = match function.arguments.as_slice() {
        [only] if matches!(only.value.kind, ExprKind::Star(_)) => 0,
        _ => count,
    };
    if (count < *least || count > *most) && !starred {
        return Some((
            Code::WrongArguments,
            format!("`{name}` doesn't take {}", arguments(count)),
            None,
        ));
    }
    let clause = match (function.distinct, function.filter.is_some()) {
        (true, _) => "DISTINCT",
        (_, true) => "FILTER",
        _ if function.export_state => "EXPORT_STATE",
        _ => return None,
    };
    Some((
        Code::WrongArguments,
        format!("`{name}` doesn't take `{clause}`, which only aggregates do"),
        None,
    ))
}

fn wrong_aggregate(called: &str, function: &ast::Function) -> Option<Wrong> {
    let windowed = matches!(called, "first" | "last") && function.over.is_some();
    if function.ignore_nulls.is_some() && !windowed {
        return Some((
            Code::WrongArguments,
            format!("`{called}` doesn't take `IGNORE NULLS` or `RESPECT NULLS`"),
            Some("only window functions such as `lag` and `first_value` do".to_owned()),
        ));
    }
    // To the engine these are `first_value` and `last_value`.
    if windowed && (function.distinct || function.filter.is_some()) {
        return Some((
            Code::WrongArguments,
            format!("`{called}` takes no `DISTINCT` and no `FILTER` in front of `OVER`"),
            None,
        ));
    }
    if !function.export_state {
        return None;
    }
    if function.over.is_some() || !EXPORTED.contains(&called) {
        return Some((
            Code::WrongArguments,
            format!("the state of `{called}` can't be exported here"),
            None,
        ));
    }
    None
}

fn wrong_scalar(called: &str, function: &ast::Function) -> Option<Wrong> {
    if function.over.is_some() {
        return Some((
            Code::MisplacedWindow,
            format!(
                "`{called}` is neither an aggregate nor a window function, and takes no `OVER`"
            ),
            None,
        ));
    }
    let clause = if function.distinct {
        "DISTINCT"
    } else if function.filter.is_some() {
        "FILTER"
    } else if !function.order_by.is_empty() {
        "ORDER BY"
    } else if function.ignore_nulls.is_some() {
        "IGNORE NULLS"
    } else {
        return None;
    };
    Some((
        Code::WrongArguments,
        format!("`{called}` is no aggregate and takes no `{clause}`"),
        None,
    ))
}

fn arguments(count: usize) -> String {
    match count {
        1 => "1 argument".to_owned(),
        count => format!("{count} arguments"),
    }
}

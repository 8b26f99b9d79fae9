//! Calls of functions.

use super::Binder;
use super::deep::without_parentheses;
use super::expression::{element_parameters, list_of};
use super::methods::method_operand;
use super::names::{is_function, keyword_value};
use super::scope::{Alias, Env, Scope};
use super::star_places::is_unpacking;
use crate::bound::{Clause, What};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::parse::ast::{self, ExprKind};
use crate::span::Span;
use crate::sql_type::{Common, SqlType};
use crate::types::aggregate_states::state_of;
use crate::types::call::{Outcome, call};
use crate::types::catalogue::{self, Kind};
use crate::types::nested::with_fields;
use crate::types::null_handling::folds;
use crate::types::refusals::refusal;
use crate::types::{Typed, Value, extension_functions, nested, rules};

impl Binder<'_> {
    /// `name(…)`, or `operand.name(…)`.
    pub(super) fn function(
        &mut self,
        function: &ast::Function,
        operand: Option<&ast::Expr>,
        span: Span,
        env: &Env<'_>,
    ) -> Typed {
        let Some((name, qualifiers)) = function.name.split_last() else {
            return Typed::unknown();
        };
        let mut arguments = Vec::new();
        let mut written: Vec<&ast::Expr> = Vec::new();
        if let Some(operand) = operand {
            arguments.push(self.expression(operand, env));
            written.push(operand);
        }
        let called = name.value.to_lowercase();
        let named;
        if let Some(method_of) = method_operand(qualifiers, &called) {
            let place = method_of[0].span.to(method_of[method_of.len() - 1].span);
            self.check_method_table(method_of, env);
            arguments.push(self.name_expression(method_of, place, env));
            self.check_method_operand(place, env);
            named = ast::Expr {
                kind: ExprKind::Name(method_of.to_vec()),
                span: place,
            };
            written.push(&named);
        }
        written.extend(function.arguments.iter().map(|argument| &argument.value));
        let outside = self.clauses_of(function, env);
        if let ("date", [only], None) = (
            called.as_str(),
            function.arguments.as_slice(),
            &function.over,
        ) {
            // The engine's parser makes a cast of it.
            let operand = self.expression(&only.value, env);
            return Typed::of(SqlType::Date).nullable_if(operand.nullable);
        }
        if takes_lambda(&called) {
            self.check_form(&called, function, span);
            return self.higher_order(&called, function, arguments, span, env);
        }
        if !is_function(&called) {
            self.volatile = true;
            if !extension_functions::is_function(&called) {
                self.unknown_function(name);
            }
            self.arguments(function, env);
            return Typed::unknown();
        }
        let is_star = matches!(
            function.arguments.as_slice(),
            [only] if matches!(without_parentheses(&only.value).kind, ExprKind::Star(_))
        );
        if matches!(called.as_str(), "try" | "unpack")
            && (function.arguments.len() != 1 || is_star && called == "try")
        {
            let message = format!("`{called}` takes one expression");
            self.report(Diagnostic::error(Code::WrongArguments, span, message));
        }
        if is_for_from(&called) {
            self.volatile = true;
            self.for_from(name);
            self.arguments(function, env);
            return Typed::unknown();
        }
        let mut well_formed = self.check_form(&called, function, span);
        let entry = catalogue::find(&called);
        self.volatile |= entry.is_some_and(|entry| !entry.is_consistent())
            || keyword_value(&called).is_some()
            || called == "getvariable";
        // Of what is no aggregate there is no state, and the engine ignores the word.
        if function.export_state && entry.is_some_and(|entry| entry.is(Kind::Aggregate)) {
            let arguments = self.arguments(function, env);
            if well_formed {
                let outcome = call(&called, &arguments);
                self.check_call(name, function, &arguments, &outcome, span);
                self.check_exported(&called, &arguments, span);
            }
            let rows = is_count_of_rows(function);
            return Typed::of(state_of(&called, if rows { &[] } else { &arguments }));
        }

        if function.arguments.len() > 1 {
            self.check_stars_among(function);
        }
        if called == "struct_pack" {
            self.check_struct_pack(function, span);
            return self.struct_pack(function, env);
        }
        if matches!(
            called.as_str(),
            "struct_insert" | "struct_update" | "union_value"
        ) {
            return self.with_named_fields(&called, function, arguments, span, env);
        }
        if is_star {
            self.check_star_argument(&called, span);
            if called == "count" && is_count_of_rows(function) {
                return Typed::not_null(SqlType::BigInt);
            }
            self.arguments(function, env);
            return match called.as_str() {
                "count" => Typed::not_null(SqlType::BigInt),
                _ => Typed::unknown(),
            };
        }
        arguments.extend(match entry.filter(|entry| entry.is_macro()) {
            Some(entry) => self.macro_arguments(entry, function, env),
            None => self.arguments(function, env),
        });
        if let (
            "struct_extract" | "struct_extract_at" | "union_extract",
            [operand, key],
            [_, place],
        ) = (
            called.as_str(),
            arguments.as_mut_slice(),
            written.as_slice(),
        ) {
            self.compute_key(&operand.sql_type, place, key);
        }
        if entry.is_some_and(|entry| entry.is(Kind::Aggregate)) {
            self.check_aggregate_order(&called, function);
        }
        // Before `OVER` what is within the group only orders the arguments.
        if called == "percentile_cont"
            || called == "percentile_disc"
            || !function.within_group.is_empty() && function.over.is_none()
        {
            self.check_percentile(function, &arguments, &called);
            let outcome = ordered_set(&called, &arguments, &outside);
            if outcome == Outcome::Refused && outside.iter().all(Typed::is_known) {
                let types: Vec<String> = outside
                    .iter()
                    .map(|ordered| ordered.sql_type.to_string())
                    .collect();
                let message = format!("`{called}` isn't taken of `({})`", types.join(", "));
                self.report(Diagnostic::error(Code::WrongArguments, span, message));
            }
            return self.outcome(outcome);
        }
        if function.over.is_some() {
            self.check_window_call(&called, function, &arguments, env);
        }
        well_formed &= self.check_constants(&called, (function, &written), &arguments, span);
        if function.over.is_some() {
            self.check_shifted(&called, function, &arguments);
        }
        if outside.is_empty() {
            self.check_parts(&called, function, &arguments);
        }
        let outcome = match call(&called, &arguments) {
            Outcome::Unknown => match entry {
                Some(entry) if super::macros::in_order(entry, function) => {
                    known(self.macro_call(entry, &arguments).sql_type)
                }
                _ => Outcome::Unknown,
            },
            outcome => outcome,
        };
        let nullable = self.call_is_nullable(&called, function, &arguments);
        if let Some(entry) = entry {
            well_formed &= self.check_macro_names(entry, function);
        }
        if let Some(entry) = entry
            && well_formed
            && self.macro_refuses(entry, &arguments)
        {
            let types: Vec<String> = arguments
                .iter()
                .map(|argument| argument.sql_type.to_string())
                .collect();
            let message = format!("`{}` doesn't take `({})`", name.value, types.join(", "));
            self.report(Diagnostic::error(Code::WrongArguments, span, message));
            return Typed::unknown();
        }
        if well_formed {
            self.check_call(name, function, &arguments, &outcome, span);
        }
        let typed = self.outcome(outcome).nullable_if(nullable);
        let value = value_of(&called, &arguments, &typed);
        Typed { value, ..typed }
    }

    /// Binds what stands around the arguments, and gives the types of `WITHIN GROUP`.
    fn clauses_of(&mut self, function: &ast::Function, env: &Env<'_>) -> Vec<Typed> {
        self.ordered_items(&function.order_by, env);
        if let Some(filter) = &function.filter {
            self.clause(Clause::Filter, filter.span, |binder| {
                binder.expression(filter, env);
            });
        }
        match &function.over {
            Some(ast::Window::Spec(window)) => self.window(window, env),
            Some(ast::Window::Named(name)) => {
                let clause = Clause::Over {
                    base: Some(name.value.to_lowercase()),
                    frame: None,
                };
                self.clause(clause, name.span, |_| ());
            }
            None => {}
        }
        let Some(first) = function.within_group.first() else {
            return Vec::new();
        };
        self.clause(Clause::WithinGroup, first.expr.span, |binder| {
            let items = function.within_group.iter();
            let bind =
                |item| binder.ordered_item(item, |binder| binder.expression(&item.expr, env));
            items.map(bind).collect()
        })
    }

    fn arguments(&mut self, function: &ast::Function, env: &Env<'_>) -> Vec<Typed> {
        let mut all = Vec::with_capacity(function.arguments.len());
        for argument in &function.arguments {
            if let Some(values) = self.unpacked(&argument.value, env) {
                all.extend(values.into_iter().map(|(_, typed)| typed));
                continue;
            }
            all.push(match &argument.value.kind {
                ExprKind::Star(_) => {
                    let span = argument.value.span;
                    let text = self.plain_text(span);
                    self.tree.leaf(What::Opaque(text), span);
                    Typed::unknown()
                }
                _ => self.expression(&argument.value, env),
            });
        }
        all
    }

    /// The arguments of a macro: one that its definition doesn't read is never bound.
    fn macro_arguments(
        &mut self,
        entry: &catalogue::Entry,
        function: &ast::Function,
        env: &Env<'_>,
    ) -> Vec<Typed> {
        let plain = function
            .arguments
            .iter()
            .all(|argument| argument.name.is_none() && !self.gives_several_here(&argument.value));
        let count = function.arguments.len();
        let unread = |index: usize| match entry.is(Kind::Scalar) || entry.is(Kind::Aggregate) {
            true => false,
            false => super::macros::ignores(entry, count, index),
        };
        if !plain || !(0..count).any(unread) {
            return self.arguments(function, env);
        }
        let arguments = function.arguments.iter().enumerate();
        arguments
            .map(|(index, argument)| match unread(index) {
                true => self.quietly(|binder| binder.expression(&argument.value, env)),
                false => self.expression(&argument.value, env),
            })
            .collect()
    }

    fn struct_pack(&mut self, function: &ast::Function, env: &Env<'_>) -> Typed {
        let mut fields = Some(Vec::new());
        for argument in &function.arguments {
            if let Some(values) = self.unpacked(&argument.value, env) {
                let values = values
                    .into_iter()
                    .map(|(name, typed)| (name, typed.sql_type));
                fields
                    .iter_mut()
                    .for_each(|fields| fields.extend(values.clone()));
                continue;
            }
            let typed = self.expression(&argument.value, env);
            let name = match (&argument.name, &argument.value.kind) {
                (Some(name), _) => Some(name.value.clone()),
                (None, ExprKind::Name(names)) => names.last().map(|name| name.value.clone()),
                _ => None,
            };
            match (&mut fields, name) {
                (Some(known), Some(name)) => known.push((name, typed.sql_type)),
                _ => fields = None,
            }
        }
        Typed::of(fields.map_or(SqlType::Unknown, SqlType::Struct))
    }

    /// `struct_insert(s, x := 1)`, `struct_update(s, x := 1)`, `union_value(x := 1)`.
    fn with_named_fields(
        &mut self,
        called: &str,
        function: &ast::Function,
        mut base: Vec<Typed>,
        span: Span,
        env: &Env<'_>,
    ) -> Typed {
        let mut fields = Vec::new();
        let mut unnamed = None;
        // Whether a field has the name of a column that only its position tells.
        let mut open = false;
        for argument in &function.arguments {
            let typed = self.expression(&argument.value, env);
            let takes_base = called != "union_value" && base.is_empty();
            match (&argument.name, &argument.value.kind) {
                (None, _) if takes_base => base.push(typed),
                (Some(name), _) => fields.push((name.value.clone(), typed.sql_type)),
                // A column gives its name to the field.
                (None, ExprKind::Name(names)) => {
                    let name = names.last().map(|name| name.value.clone());
                    fields.push((name.unwrap_or_default(), typed.sql_type));
                }
                (None, ExprKind::Position(_)) => open = true,
                (None, _) => unnamed = unnamed.or(Some(argument.value.span)),
            }
        }
        if open && unnamed.is_none() {
            return Typed::unknown();
        }
        self.check_named_fields(called, base.first(), &fields, unnamed, span);
        Typed::of(match (called, base.as_slice()) {
            _ if unnamed.is_some() => SqlType::Unknown,
            ("union_value", []) if fields.len() == 1 => SqlType::Union(fields),
            ("struct_insert" | "struct_update", [base]) => with_fields(&base.sql_type, fields),
            _ => SqlType::Unknown,
        })
    }

    /// `list_transform(list, x -> …)` and its like.
    fn higher_order(
        &mut self,
        called: &str,
        function: &ast::Function,
        mut arguments: Vec<Typed>,
        span: Span,
        env: &Env<'_>,
    ) -> Typed {
        let mut body = None;
        let reduces = matches!(called, "list_reduce" | "array_reduce" | "reduce");
        let mut reduction = SqlType::Unknown;
        let mut lambdas = 0;
        for (index, argument) in function.arguments.iter().enumerate() {
            match lambda(&argument.value) {
                Some((names, result)) if !arguments.is_empty() => {
                    lambdas += 1;
                    // A null has no elements that two of them would be made of.
                    if !(reduces && names.len() == 1 && arguments[0].sql_type == SqlType::Null) {
                        self.check_lambda(called, &names, result, argument.value.span);
                    }
                    let list = arguments[0].sql_type.clone();
                    let parameters = match called {
                        _ if reduces => {
                            // What it begins with stands behind the lambda.
                            let initial = function.arguments.get(index + 1).map(|initial| {
                                self.unwritten(|binder| {
                                    binder.quietly(|binder| binder.expression(&initial.value, env))
                                })
                            });
                            let place = function.arguments.get(index + 1);
                            reduction = match &list {
                                SqlType::List(element) | SqlType::Array(element, _) => {
                                    let common = nested::reduced(element, initial.as_ref());
                                    if let (Common::Incompatible, Some(place)) = (&common, place) {
                                        self.check_beginning(element, place.value.span);
                                    }
                                    common.or_unknown()
                                }
                                _ => SqlType::Unknown,
                            };
                            reduced(&reduction, &names, self.lambdas)
                        }
                        _ => element_parameters(&list, &names, self.lambdas),
                    };
                    let nothing = Scope::default();
                    let mut inner = Env::new(&nothing, Some(env));
                    inner.parameters = &parameters;
                    self.lambdas += 1;
                    body = Some(self.clause(Clause::Lambda, result.span, |binder| {
                        binder.expression(result, &inner)
                    }));
                    self.lambdas -= 1;
                    let list = function
                        .arguments
                        .first()
                        .map_or(span, |list| list.value.span);
                    self.check_lambda_columns(list, result.span, env);
                }
                _ => arguments.push(self.expression(&argument.value, env)),
            }
        }
        let first = arguments.first().map(|list| &list.sql_type);
        self.check_higher_order(called, first, lambdas, arguments.len(), span);
        let list = arguments
            .first()
            .map_or(SqlType::Unknown, |list| list.sql_type.clone());
        let element = match &list {
            SqlType::List(element) | SqlType::Array(element, _) => (**element).clone(),
            _ => SqlType::Unknown,
        };
        Typed::of(match called {
            _ if list == SqlType::Null => SqlType::Null,
            "list_filter" | "array_filter" | "filter" => list_of(&element),
            // The engine casts what the lambda gives.
            _ if reduces => reduction,
            _ => match (&list, body) {
                (SqlType::List(_) | SqlType::Array(..), Some(body)) => list_of(&body.sql_type),
                _ => SqlType::Unknown,
            },
        })
    }

    /// A star is the only argument of a call, or none of them.
    fn check_stars_among(&mut self, function: &ast::Function) {
        let star = function
            .arguments
            .iter()
            .find(|argument| matches!(argument.value.kind, ExprKind::Star(_)));
        if let Some(star) = star {
            let message = "a star can't stand beside other arguments";
            let finding = Diagnostic::error(Code::InvalidStar, star.value.span, message);
            self.report(finding.hint("`columns(*)` calls the function for each column"));
        }
    }

    /// A function that stands in `FROM` only.
    fn for_from(&mut self, name: &ast::Name) {
        let message = format!("`{}` is a function for `FROM`", name.value);
        self.report(
            Diagnostic::error(Code::UnknownFunction, name.span, message)
                .hint(format!("read it as a table: `FROM {}(…)`", name.value)),
        );
    }

    fn unknown_function(&mut self, name: &ast::Name) {
        let mut finding = Diagnostic::error(
            Code::UnknownFunction,
            name.span,
            format!("there is no function `{}`", name.value),
        );
        if let Some(similar) = nearest(&name.value, catalogue::callable_names()) {
            finding = finding.hint(format!("did you mean `{similar}`?")).fix_name(
                &name.value,
                name.span,
                catalogue::callable_names(),
                str::to_owned,
            );
        }
        self.report(finding);
    }

    fn check_call(
        &mut self,
        name: &ast::Name,
        function: &ast::Function,
        arguments: &[Typed],
        outcome: &Outcome,
        span: Span,
    ) {
        let written = match name.value.eq_ignore_ascii_case("extract") {
            // The grammar's name of the function.
            true => "date_part",
            false => &name.value,
        };
        let certain = catalogue::find(written).is_some_and(|entry| {
            (entry.is(Kind::Scalar) || entry.is(Kind::Aggregate)) && !entry.is_macro()
        }) && !rules::SYNTAX.contains(&written.to_lowercase().as_str())
            // A name in front of an argument means nothing to the engine.
            && function
                .arguments
                .iter()
                .all(|argument| {
                    let several = self.gives_several_here(&argument.value);
                    !several || self.chosen.is_some() && is_unpacking(&argument.value)
                });
        if !certain {
            if *outcome == Outcome::Refused
                && matches!(
                    name.value.to_lowercase().as_str(),
                    "coalesce" | "ifnull" | "if"
                )
            {
                let spans: Vec<Span> = function
                    .arguments
                    .iter()
                    .map(|argument| argument.value.span)
                    .collect();
                self.mixed(&name.value.to_uppercase(), arguments, &spans, span);
            }
            return;
        }
        let types: Vec<String> = arguments
            .iter()
            .map(|argument| argument.sql_type.to_string())
            .collect();
        match outcome {
            Outcome::Refused => self.report(
                Diagnostic::error(
                    Code::WrongArguments,
                    span,
                    format!("`{}` doesn't take `({})`", name.value, types.join(", ")),
                )
                .hint("cast the arguments: `x::TYPE`"),
            ),
            // How many a window takes was checked.
            Outcome::WrongCount if rules::is_window(&name.value.to_lowercase()) => {}
            Outcome::WrongCount => self.report(Diagnostic::error(
                Code::WrongArguments,
                span,
                format!(
                    "`{}` doesn't take {}",
                    name.value,
                    match arguments.len() {
                        1 => "1 argument".to_owned(),
                        count => format!("{count} arguments"),
                    }
                ),
            )),
            Outcome::Type(_) | Outcome::Unknown => {}
        }
    }
}

/// What the engine puts in the place of a call when it binds it: a null for one with a null among its
/// arguments, and the name of a type. A text of either kind is as good as one written out.
pub(super) fn value_of(called: &str, arguments: &[Typed], typed: &Typed) -> Value {
    match typed.sql_type {
        SqlType::Varchar if called == "typeof" => Value::SomeText,
        SqlType::Varchar if folds(called, arguments) => Value::SomeText,
        SqlType::Null => Value::Any,
        _ if folds(called, arguments) => Value::Null,
        _ => Value::Any,
    }
}

fn known(sql_type: SqlType) -> Outcome {
    match sql_type {
        SqlType::Unknown => Outcome::Unknown,
        known => Outcome::Type(known),
    }
}

/// Whether the only argument is a star alone: `count(*)` counts rows, `count(t.*)` values.
fn is_count_of_rows(function: &ast::Function) -> bool {
    let [only] = function.arguments.as_slice() else {
        return false;
    };
    match &only.value.kind {
        ExprKind::Star(star) => {
            star.qualifier.is_empty()
                && star.exclude.is_empty()
                && star.replace.is_empty()
                && star.rename.is_empty()
                && star.pattern.is_none()
        }
        _ => false,
    }
}

/// Whether the engine has a function of this name in `FROM` and nowhere else.
fn is_for_from(called: &str) -> bool {
    catalogue::find(called).is_some_and(|entry| {
        ![Kind::Scalar, Kind::Aggregate, Kind::Macro]
            .iter()
            .any(|kind| entry.is(*kind))
    }) && !rules::SYNTAX.contains(&called)
        && keyword_value(called).is_none()
}

fn takes_lambda(name: &str) -> bool {
    matches!(
        name,
        "list_transform"
            | "array_transform"
            | "list_apply"
            | "array_apply"
            | "apply"
            | "list_filter"
            | "array_filter"
            | "filter"
            | "list_reduce"
            | "array_reduce"
            | "reduce"
    )
}

/// The parts of a lambda, also of one that reads like a JSON arrow.
fn lambda(expr: &ast::Expr) -> Option<(Vec<ast::Name>, &ast::Expr)> {
    match &expr.kind {
        ExprKind::Lambda { parameters, body } => Some((parameters.clone(), body)),
        ExprKind::Binary {
            operator,
            left,
            right,
            ..
        } if operator == "->" => Some((lambda_parameters(left)?, right)),
        ExprKind::Nested(inner) => lambda(inner),
        _ => None,
    }
}

fn lambda_parameters(expr: &ast::Expr) -> Option<Vec<ast::Name>> {
    match &expr.kind {
        ExprKind::Name(names) => match names.as_slice() {
            [only] => Some(vec![only.clone()]),
            _ => None,
        },
        ExprKind::Nested(inner) => lambda_parameters(inner),
        ExprKind::Row(items) => items
            .iter()
            .map(lambda_parameters)
            .collect::<Option<Vec<_>>>()
            .map(|names| names.concat()),
        _ => None,
    }
}

/// The parameters of a reduction: what was reduced so far, an element, its position.
fn reduced(reduction: &SqlType, names: &[ast::Name], depth: u32) -> Vec<Alias> {
    let mut parameters = element_parameters(&SqlType::Unknown, names, depth);
    for (parameter, sql_type) in
        parameters
            .iter_mut()
            .zip([reduction.clone(), reduction.clone(), SqlType::BigInt])
    {
        parameter.typed = Typed::of(sql_type);
    }
    parameters
}

/// `percentile_cont(0.5) WITHIN GROUP (ORDER BY x)`, `mode() WITHIN GROUP (ORDER BY x)`.
fn ordered_set(called: &str, arguments: &[Typed], ordered: &[Typed]) -> Outcome {
    let ([value], positions) = (ordered, arguments) else {
        return Outcome::Unknown;
    };
    let name = match called {
        "percentile_cont" => "quantile_cont",
        "percentile_disc" => "quantile_disc",
        "mode" => "mode",
        _ => return Outcome::Unknown,
    };
    let all: Vec<Typed> = std::iter::once(value).chain(positions).cloned().collect();
    match refusal(name, &all) {
        Some(_) => Outcome::Refused,
        None => call(name, &all),
    }
}

//! Arguments that the engine looks at when it binds a call: names of date parts, formats, patterns,
//! separators, shares of quantiles, and the counts of `LIMIT`.
//!
//! Each rule follows the bind function that DuckDB 1.5.5 has for the function. What can't be told
//! from the text, such as the value of a computed constant, isn't checked.

use super::Binder;
use super::deep::{has_query, query_of, without_parentheses};
use super::grouping::walk;
use super::placement::function_of;
use super::scope::Env;
use crate::constant::{Datum, Stop};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::parse::ast::{self, ExprKind, Literal};
use crate::span::Span;
use crate::sql_type::SqlType;
use crate::types::null_handling::folds;
use crate::types::refusals::refusal;
use crate::types::rules::is_window;
use crate::types::time_refusals::is_part_of_clock;
use crate::types::{Typed, Value, catalogue, date_parts};

/// What may stand behind `%` in a format of times, and behind `%-`: `StrTimeFormat::ParseFormatSpecifier`.
const FORMAT_LETTERS: &str = "abcdfghjmnpuwxyzABGHIMSTUVWXYZ%";
const BARE_LETTERS: &str = "djmyHIMS";

impl Binder<'_> {
    /// Checks the constants among a call's arguments. Whether nothing was found.
    pub(super) fn check_constants(
        &mut self,
        called: &str,
        (function, written): (&ast::Function, &[&ast::Expr]),
        arguments: &[Typed],
        span: Span,
    ) -> bool {
        let one = self.chosen.as_ref().is_some_and(|chosen| chosen.len() == 1);
        let widens = |argument: &ast::Argument| {
            matches!(argument.value.kind, ExprKind::Star(_))
                || matches!(argument.value.kind, ExprKind::Columns { unpacked, .. } if unpacked || !one)
                || function_of(&argument.value)
                    .and_then(|function| function.name.last())
                    .is_some_and(|name| name.value.eq_ignore_ascii_case("unpack"))
        };
        // Beside a constant null a function is folded away before it looks at its constants.
        if folds(called, arguments) || function.arguments.iter().any(widens) {
            return true;
        }
        let before = self.diagnostics.len();
        let computed;
        let mut arguments = arguments;
        if written.len() == arguments.len() {
            computed = self.computed(called, written, arguments);
            arguments = &computed;
            if self.diagnostics.len() > before {
                return false;
            }
            self.check_written(called, written, arguments, span);
            if let ("contains", [collection, _], [_, needle]) = (called, arguments, written) {
                self.check_needle(&collection.sql_type, needle);
            }
            if matches!(called, "unnest" | "unlist") {
                self.check_unnest(function, span);
            }
        }
        // Within a lambda the engine looks at the part of a time of day only when it runs.
        let later = self.lambdas > 0 && is_part_of_clock(called, arguments);
        if self.diagnostics.len() == before
            && !later
            && let Some(message) = refusal(called, arguments)
        {
            self.report(Diagnostic::error(Code::WrongArguments, span, message));
        }
        self.diagnostics.len() == before
    }

    /// Checks the arguments of a call that has no other operand.
    fn check_written(
        &mut self,
        called: &str,
        written: &[&ast::Expr],
        arguments: &[Typed],
        span: Span,
    ) {
        self.check_constness(called, written, arguments);
        match (called, written) {
            ("date_part" | "datepart" | "extract", [part, _])
            | ("date_trunc" | "datetrunc", [part, _]) => {
                self.check_date_part(part, &arguments[0], &arguments[1], called);
            }
            ("strftime", [time, format]) => {
                let is_text = |typed: &Typed| typed.sql_type == SqlType::Varchar;
                match (&arguments[0], &arguments[1]) {
                    // With a time zone the format is taken for each row.
                    (moment, _) if moment.sql_type == SqlType::TimestampTz => {}
                    (first, second) if is_text(first) && !is_text(second) => {
                        self.check_format(time, first, called);
                    }
                    (_, second) => self.check_format(format, second, called),
                }
            }
            ("strptime" | "try_strptime", [_, format]) => {
                self.check_format(format, &arguments[1], called);
            }
            ("quantile" | "quantile_cont" | "quantile_disc", [_, share]) => {
                self.check_share(share, &arguments[1], -1.0, called);
            }
            ("approx_quantile" | "reservoir_quantile", [_, share, ..]) => {
                self.check_share(share, &arguments[1], 0.0, called);
            }
            ("quantile" | "quantile_disc", [only]) => {
                self.wrong_constant(
                    only.span,
                    format!("`{called}` needs a share between 0 and 1"),
                );
            }
            ("string_agg" | "group_concat" | "listagg", [_, separator])
                if self.varies(separator) =>
            {
                self.wrong_constant(
                    separator.span,
                    format!("the separator of `{called}` must be a constant"),
                );
            }
            (name, _)
                if name.starts_with("regexp_")
                    || matches!(name, "string_split_regex" | "str_split_regex") =>
            {
                self.check_pattern_call(name, written, arguments);
            }
            ("nextval" | "currval", [sequence]) => {
                self.check_sequence(sequence, &arguments[0], called)
            }
            ("current_setting", [setting]) => {
                let empty = matches!(&arguments[0].value, Value::Text(name) if name.is_empty());
                let null =
                    arguments[0].sql_type == SqlType::Null || arguments[0].value == Value::Null;
                if empty || null || self.varies(setting) {
                    let message = "the name of a setting is a constant text".to_owned();
                    self.wrong_constant(setting.span, message);
                } else if let Value::Text(name) = &arguments[0].value {
                    self.check_setting(name, setting.span);
                }
            }
            ("round" | "trunc" | "round_even" | "roundbankers", [_, precision])
                if matches!(arguments[0].sql_type, SqlType::Decimal(..))
                    && self.varies(precision) =>
            {
                let message = format!("`{called}` of a decimal takes a constant number of digits");
                self.wrong_constant(precision.span, message);
            }
            // A macro over `=`.
            ("nullif", [value, other]) => {
                self.equal_in(&arguments[0], &arguments[1], value.span, other.span);
            }
            ("lag" | "lead", [_, _, otherwise]) => {
                self.check_cast(
                    &arguments[2].sql_type,
                    &arguments[0].sql_type,
                    otherwise.span,
                );
            }
            ("list_resize" | "array_resize", [_, _, filling]) => {
                if let SqlType::List(element) = &arguments[0].sql_type {
                    self.check_cast(&arguments[2].sql_type, element, filling.span);
                }
            }
            ("sum_no_overflow", _) => {
                let message = "`sum_no_overflow` is for the engine's own use: write `sum`";
                self.report(Diagnostic::error(Code::WrongArguments, span, message));
            }
            ("list_zip" | "array_zip", _) => self.check_zipped(written, arguments, called, span),
            ("current_schemas", [implicit]) if self.varies(implicit) => {
                let message = format!("`{called}` takes a constant");
                self.wrong_constant(implicit.span, message);
            }
            ("try", [argument]) => self.check_try(argument),
            (
                "list_sort" | "array_sort" | "list_reverse_sort" | "array_reverse_sort",
                [_, orders @ ..],
            ) => self.check_orders(called, orders, &arguments[1..]),
            ("list_grade_up" | "array_grade_up" | "grade_up", [_, orders @ ..]) => {
                self.check_orders(called, orders, &arguments[1..]);
            }
            (
                "list_aggregate" | "array_aggregate" | "list_aggr" | "array_aggr" | "aggregate",
                [_, _, ..],
            ) if arguments[0].sql_type != SqlType::Null => {
                self.check_list_aggregate(written, arguments, span);
            }
            ("ifnull", [_] | [_, _, _, ..]) | ("if", [_] | [_, _] | [_, _, _, _, ..]) => {
                let count = if called == "if" { 3 } else { 2 };
                let message = format!("`{called}` takes {count} arguments");
                self.report(Diagnostic::error(Code::WrongArguments, span, message));
            }
            _ => {}
        }
    }

    fn check_unnest(&mut self, function: &ast::Function, span: Span) {
        if function.arguments.is_empty() {
            let message = "`unnest` takes a list or a struct";
            self.report(Diagnostic::error(Code::WrongArguments, span, message));
        }
        if function.distinct || function.filter.is_some() || !function.order_by.is_empty() {
            let message = "`unnest` takes no `DISTINCT`, `FILTER` or `ORDER BY`";
            self.report(Diagnostic::error(Code::WrongArguments, span, message));
        }
        for argument in function.arguments.iter().skip(1) {
            self.check_unnest_option(argument);
            let known = argument.name.as_ref().is_some_and(|name| {
                matches!(
                    name.value.to_lowercase().as_str(),
                    "recursive" | "max_depth" | "keep_parent_names"
                )
            });
            if !known {
                let message = "`unnest` takes one value, and `recursive`, `max_depth` and \
                               `keep_parent_names` by name";
                let place = argument.value.span;
                self.report(Diagnostic::error(Code::WrongArguments, place, message));
            }
        }
    }

    /// The options of `unnest` are constants: how deep, and whether at all.
    fn check_unnest_option(&mut self, argument: &ast::Argument) {
        let Some(name) = &argument.name else { return };
        let value = without_parentheses(&argument.value);
        let number = self.evaluator().value(value).ok();
        let number = number.and_then(|number| number.as_double());
        let wrong = match (name.value.to_lowercase().as_str(), &value.kind) {
            (_, ExprKind::Name(_)) => true,
            ("max_depth", ExprKind::Literal(Literal::Text(text))) => {
                text.trim().parse::<u32>().is_err()
            }
            ("max_depth", _) => number.is_some_and(|depth| depth < 1.0),
            ("recursive" | "keep_parent_names", ExprKind::Literal(Literal::Text(text))) => {
                let text = text.trim().to_lowercase();
                !matches!(
                    text.as_str(),
                    "true" | "false" | "t" | "f" | "1" | "0" | "yes" | "no"
                )
            }
            _ => false,
        };
        if wrong {
            let message = format!("`{}` doesn't take this", name.value);
            self.wrong_constant(value.span, message);
        }
    }

    /// `list_sort(list, 'DESC', 'NULLS FIRST')`, `list_reverse_sort(list, 'NULLS FIRST')`
    fn check_orders(&mut self, called: &str, orders: &[&ast::Expr], arguments: &[Typed]) {
        const ORDERS: &[&str] = &[
            "ASC",
            "ASCENDING",
            "DEFAULT",
            "DESC",
            "DESCENDING",
            "INVALID",
            "ORDER_DEFAULT",
        ];
        const NULL_ORDERS: &[&str] = &[
            "DEFAULT",
            "INVALID",
            "NULLS FIRST",
            "NULLS LAST",
            "NULLS_FIRST",
            "NULLS_LAST",
            "ORDER_DEFAULT",
        ];
        let reverses = called.contains("reverse");
        for (index, (order, typed)) in orders.iter().zip(arguments).enumerate() {
            if self.varies(order) {
                let message = format!("the order of `{called}` must be a constant");
                return self.wrong_constant(order.span, message);
            }
            let known = if reverses || index == 1 {
                NULL_ORDERS
            } else {
                ORDERS
            };
            if let Value::Text(text) = &typed.value
                && !known.contains(&text.to_uppercase().as_str())
            {
                let message = format!("`{called}` knows no order `{text}`");
                self.wrong_constant(order.span, message);
            }
        }
    }

    /// `list_aggregate(list, 'name', …)`
    fn check_list_aggregate(&mut self, written: &[&ast::Expr], arguments: &[Typed], span: Span) {
        /// Aggregates that need what stands behind their first argument only to be bound.
        const TAKING_PARAMETERS: &[&str] = &[
            "approx_quantile",
            "bitstring_agg",
            "group_concat",
            "listagg",
            "quantile",
            "quantile_cont",
            "quantile_disc",
            "reservoir_quantile",
            "string_agg",
        ];
        let (name, typed) = (written[1], &arguments[1]);
        if self.varies(name) {
            let message = "the name of an aggregate must be a constant".to_owned();
            return self.wrong_constant(name.span, message);
        }
        let aggregate = match &typed.value {
            Value::Text(aggregate) => aggregate.as_str(),
            // The engine looks for an aggregate of this name.
            _ if typed.sql_type == SqlType::Null || typed.value == Value::Null => "NULL",
            _ => return,
        };
        let aggregate = aggregate.to_lowercase();
        let known = catalogue::find(&aggregate)
            .is_some_and(|entry| entry.is(catalogue::Kind::Aggregate) && !is_window(&aggregate));
        if !known {
            let message = format!("there is no aggregate `{aggregate}`");
            return self.report(Diagnostic::error(Code::UnknownFunction, name.span, message));
        }
        if written.len() > 2 && !TAKING_PARAMETERS.contains(&aggregate.as_str()) {
            let message = format!("over a list `{aggregate}` takes nothing but the list");
            return self.report(Diagnostic::error(Code::WrongArguments, span, message));
        }
        let (SqlType::List(element) | SqlType::Array(element, _)) = &arguments[0].sql_type else {
            return;
        };
        let mut inner = vec![Typed::of((**element).clone())];
        inner.extend(arguments[2..].iter().cloned());
        let mut rest = vec![written[0]];
        rest.extend(&written[2..]);
        self.check_written(&aggregate, &rest, &inner, span);
    }

    /// `percentile_cont(0.5) WITHIN GROUP (…)`: the share.
    pub(super) fn check_percentile(
        &mut self,
        function: &ast::Function,
        arguments: &[Typed],
        called: &str,
    ) {
        if let ([share], [typed]) = (function.arguments.as_slice(), arguments) {
            if typed.sql_type == SqlType::Varchar {
                let message = format!("the share of `{called}` is a number, and this is a text");
                return self.wrong_constant(share.value.span, message);
            }
            self.check_share(&share.value, typed, 0.0, called);
        }
    }

    /// Checks the count of a `LIMIT` or `OFFSET`.
    pub(super) fn check_limit(&mut self, bound: &ast::Expr, typed: &Typed) {
        if let ExprKind::Unary { operator, operand } = &bound.kind
            && operator == "%"
        {
            return self.check_percentage(operand);
        }
        if typed.sql_type == SqlType::Null || typed.value == Value::Null {
            return;
        }
        // What a subquery gives is cast when the query runs.
        let several = matches!(
            typed.sql_type,
            SqlType::List(_) | SqlType::Array(..) | SqlType::Struct(_) | SqlType::Map(..)
        );
        if several && !has_query(bound) {
            let message = format!(
                "a number of rows is a number, and this is `{}`",
                typed.sql_type
            );
            return self.wrong_constant(bound.span, message);
        }
        let counted = self.evaluator().cast(bound, &SqlType::BigInt);
        let wrong = match &typed.value {
            _ if matches!(&counted, Ok(value) if matches!(value.datum, Datum::Integer(..0))) => {
                "is negative".to_owned()
            }
            Value::Integer(count) if *count > i128::from(i64::MAX) => "is too large".to_owned(),
            Value::Text(text) => match text.trim().parse::<f64>() {
                Ok(count) if count <= -1.0 => "is negative".to_owned(),
                Ok(_) => return,
                Err(_) => "is no number".to_owned(),
            },
            _ if typed.sql_type.is_temporal() && !has_query(bound) => {
                format!("is `{}`", typed.sql_type)
            }
            _ => {
                if let Err(Stop::Fails(message)) = counted {
                    self.report_failing(bound, &message);
                }
                return;
            }
        };
        let message = format!("`LIMIT` and `OFFSET` take a number of rows, and this {wrong}");
        self.wrong_constant(bound.span, message);
    }

    /// In a query that reads columns of one around it, rows are counted for each of its rows, so
    /// that only a constant number of them can be asked for.
    ///
    /// Source: `FlattenDependentJoins` of DuckDB.
    pub(super) fn check_correlated_limit(
        &mut self,
        bound: &ast::Expr,
        query: &ast::Query,
        parent: Option<&Env<'_>>,
    ) {
        let outer: Vec<u32> = parent
            .into_iter()
            .flat_map(Env::outwards)
            .map(|env| env.scope.id)
            .filter(|id| *id != 0)
            .collect();
        let percentage = matches!(&bound.kind, ExprKind::Unary { operator, .. } if operator == "%");
        // Without a subquery the bound itself mustn't read a column.
        let place = match percentage || has_query(bound) {
            true => query.span,
            false => bound.span,
        };
        let correlated = self
            .columns_within(place)
            .any(|column| outer.contains(&column.scope));
        if correlated {
            let message = "a query that reads a column of an outer query takes a constant number \
                           of rows"
                .to_owned();
            self.wrong_constant(bound.span, message);
        }
    }

    /// The limit of a set operation holds no subquery.
    pub(super) fn check_set_limit(&mut self, bound: &ast::Expr, query: &ast::Query) {
        let mut body = &query.body;
        while let ast::QueryBody::Nested(inner) = body {
            body = &inner.body;
        }
        if matches!(body, ast::QueryBody::SetOperation(_)) && has_query(bound) {
            let message = "the limit of a set operation can't be a subquery".to_owned();
            self.wrong_constant(bound.span, message);
        }
    }

    /// Checks `LIMIT 10 %`.
    fn check_percentage(&mut self, share: &ast::Expr) {
        let share = without_parentheses(share);
        let fits = match &share.kind {
            ExprKind::Literal(Literal::Text(text)) => text.trim().parse::<f64>().is_ok(),
            ExprKind::Typed { .. } => false,
            _ => match self.evaluator().cast(share, &SqlType::Double) {
                Ok(value) => value
                    .as_double()
                    .is_none_or(|number| (0.0..=100.0).contains(&number)),
                Err(stop) => stop == Stop::Unknown,
            },
        };
        if !fits {
            let message = "a percentage of rows lies between 0 and 100".to_owned();
            self.wrong_constant(share.span, message);
        }
    }

    /// The name of a sequence: up to three names with dots between.
    fn check_sequence(&mut self, sequence: &ast::Expr, typed: &Typed, called: &str) {
        if self.varies(sequence) {
            let message = format!("the sequence of `{called}` must be a constant");
            return self.wrong_constant(sequence.span, message);
        }
        let Value::Text(name) = &typed.value else {
            return;
        };
        let quotes = name.matches('"').count();
        let message = if !quotes.is_multiple_of(2) {
            "a quote in the name of this sequence isn't closed"
        } else if quotes == 0 && name.matches('.').count() > 2 {
            "the name of a sequence has at most three parts"
        } else {
            return;
        };
        self.wrong_constant(sequence.span, message.to_owned());
    }

    fn check_date_part(&mut self, part: &ast::Expr, typed: &Typed, of: &Typed, called: &str) {
        // Truncating an interval, or a time with its zone, looks at the name when it runs.
        if called.ends_with("trunc")
            && (of.sql_type == SqlType::TimestampTz
                || !(of.sql_type == SqlType::Date || of.sql_type.is_timestamp()))
        {
            return;
        }
        let names: Vec<&String> = match &typed.value {
            Value::Text(name) => vec![name],
            Value::Texts(names) => names.iter().collect(),
            _ => return,
        };
        for name in names {
            if date_parts::is_part(name) {
                continue;
            }
            let message = format!("there is no date part `{name}`");
            let mut finding = Diagnostic::error(Code::InvalidConstant, part.span, message);
            if let Some(similar) = nearest(name, date_parts::names()) {
                finding = finding.hint(format!("did you mean `{similar}`?"));
            }
            self.report(finding);
        }
    }

    fn check_format(&mut self, format: &ast::Expr, typed: &Typed, called: &str) {
        if self.varies(format) {
            let message = format!("the format of `{called}` must be a constant");
            return self.wrong_constant(format.span, message);
        }
        let formats: Vec<&String> = match &typed.value {
            Value::Text(format) => vec![format],
            Value::Texts(formats) => formats.iter().collect(),
            _ => return,
        };
        for text in formats {
            if let Some(wrong) = wrong_format(text, called) {
                self.wrong_constant(format.span, wrong);
            }
        }
    }

    fn check_share(&mut self, share: &ast::Expr, typed: &Typed, least: f64, called: &str) {
        if self.varies(share) {
            let message = format!("the share of `{called}` must be a constant");
            return self.wrong_constant(share.span, message);
        }
        let members: Vec<&ast::Expr> = match &without_parentheses(share).kind {
            ExprKind::List(items) => items.iter().collect(),
            _ => vec![share],
        };
        for member in &members {
            let outside = |number: f64| !(least..=1.0).contains(&number);
            let number = match self.evaluator().cast(member, &SqlType::Double) {
                Err(Stop::Fails(message)) => {
                    self.report_failing(member, &message);
                    continue;
                }
                value => value.ok().and_then(|value| value.as_double()),
            };
            if number.is_some_and(outside) {
                let message = format!("a share of `{called}` lies between {least} and 1");
                self.wrong_constant(member.span, message);
            }
        }
        self.check_shares(&members, called);
        if typed.sql_type == SqlType::Null || typed.value == Value::Null {
            self.wrong_constant(share.span, format!("the share of `{called}` can't be null"));
        }
    }

    fn check_zipped(
        &mut self,
        written: &[&ast::Expr],
        arguments: &[Typed],
        called: &str,
        span: Span,
    ) {
        let count = arguments.len();
        if count == 0 {
            let message = format!("`{called}` takes a list or several");
            self.report(Diagnostic::error(Code::WrongArguments, span, message));
        }
        for (index, (expr, typed)) in written.iter().zip(arguments).enumerate() {
            let list = matches!(
                typed.sql_type,
                SqlType::List(_) | SqlType::Array(..) | SqlType::Null
            ) || typed.sql_type.is_vague();
            let cuts = index + 1 == count && count > 1 && typed.sql_type == SqlType::Boolean;
            if !list && !cuts {
                let message = format!("`{called}` takes lists, and this is `{}`", typed.sql_type);
                self.report(Diagnostic::error(Code::WrongArguments, expr.span, message));
            }
        }
    }

    /// Whether an expression is certain to be no constant: it reads a column, or calls something
    /// volatile, or holds a subquery.
    pub(super) fn varies(&self, expr: &ast::Expr) -> bool {
        let mut varies = false;
        walk(expr, &mut |part| {
            varies |= query_of(part).is_some();
            if let ExprKind::Name(_) = &part.kind {
                varies |= self
                    .resolved
                    .contains_key(&(part.span.start, part.span.end));
            }
            if let Some(name) = function_of(part).and_then(|function| function.name.last()) {
                varies |= catalogue::find(&name.value).is_some_and(catalogue::Entry::is_volatile);
            }
            !varies
        });
        varies
    }

    pub(super) fn wrong_constant(&mut self, span: Span, message: String) {
        self.report(Diagnostic::error(Code::InvalidConstant, span, message));
    }
}

/// The number that is written out.
pub(super) fn number_of(expr: &ast::Expr) -> Option<f64> {
    match &expr.kind {
        ExprKind::Nested(inner) => number_of(inner),
        ExprKind::Literal(Literal::Number(digits)) => digits.replace('_', "").parse().ok(),
        ExprKind::Unary { operator, operand } if operator == "-" => {
            number_of(operand).map(|number| -number)
        }
        _ => None,
    }
}

/// What is wrong in a format of times.
pub(super) fn wrong_format(format: &str, called: &str) -> Option<String> {
    if format.is_empty() {
        return Some(format!("the format of `{called}` is empty"));
    }
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            continue;
        }
        let (known, specifier) = match letters.next() {
            None => return Some("the format ends with `%`; a per cent sign is `%%`".to_owned()),
            Some('-') => {
                let bare = letters.next();
                let known = bare.is_some_and(|letter| BARE_LETTERS.contains(letter));
                (
                    known,
                    format!("%-{}", bare.map_or(String::new(), String::from)),
                )
            }
            Some(letter) => (FORMAT_LETTERS.contains(letter), format!("%{letter}")),
        };
        if !known {
            return Some(format!("formats of times have no `{specifier}`"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_times() {
        assert_eq!(wrong_format("%Y-%m-%-d %H:%M:%S.%f", "strptime"), None);
        assert!(wrong_format("%Q", "strftime").is_some());
        assert!(wrong_format("%-q", "strptime").is_some());
        assert!(wrong_format("100%", "strftime").is_some());
        assert!(wrong_format("", "strptime").is_some() && wrong_format("", "strftime").is_some());
    }
}

//! Arguments that must be constants, or hold no null: lists of date parts and shares, sizes of
//! samples, separators, paths and shapes of JSON, keys of structs.
//!
//! Each rule follows the bind function that DuckDB 1.5.5 has for the function, as in `arguments`.

use super::Binder;
use super::deep::without_parentheses;
use super::patterns::is_null;
use super::table_function_checks::is_log;
use crate::constant::{Datum, Stop};
use crate::diagnostic::{Code, Diagnostic};
use crate::parse::ast::{self, ExprKind, Literal};
use crate::sql_type::SqlType;
use crate::types::json_refusals;
use crate::types::remapping::{self, Mapping};
use crate::types::{Typed, Value};

/// Which arguments of which functions must be constants, and what they are called.
const CONSTANTS: &[(&[&str], &[usize], &str)] = &[
    (&["bitstring_agg"], &[1, 2], "a bound"),
    (
        &["array_to_string", "array_to_string_comma_default"],
        &[1],
        "the separator",
    ),
    (
        &[
            "json_transform",
            "json_transform_strict",
            "from_json",
            "from_json_strict",
        ],
        &[1],
        "the shape",
    ),
    (&["st_setcrs"], &[1], "the reference system"),
    (&["create_sort_key"], &[1, 3, 5, 7, 9], "the order"),
    (&["constant_or_null"], &[0], "the value"),
    (&["getvariable"], &[0], "the name"),
    (&["icu_sort_key"], &[1], "the collation"),
    (&["make_type"], &[0, 1, 2, 3], "a part"),
    (
        &["json_serialize_sql", "json_serialize_plan"],
        &[1, 2, 3, 4],
        "an option",
    ),
    (&["parse_duckdb_log_message"], &[0], "the log"),
    (&["remap_struct"], &[3], "the struct of defaults"),
];

/// Which arguments of which functions the engine computes when it binds the call.
const COMPUTED: &[(&[&str], &[usize])] = &[
    (&["date_part", "datepart", "extract"], &[0]),
    (&["strptime", "try_strptime"], &[1]),
    (&["regexp_matches", "regexp_full_match"], &[1, 2]),
    (
        &[
            "regexp_split_to_array",
            "string_split_regex",
            "str_split_regex",
        ],
        &[1, 2],
    ),
    (&["regexp_replace"], &[1, 3]),
    (&["regexp_extract"], &[1, 2, 3]),
    (&["regexp_extract_all"], &[1, 3]),
    (&["list_sort", "array_sort"], &[1, 2]),
    (
        &[
            "list_reverse_sort",
            "array_reverse_sort",
            "string_agg",
            "group_concat",
            "listagg",
            "json_transform",
            "json_transform_strict",
            "from_json",
            "from_json_strict",
        ],
        &[1],
    ),
    (
        &["current_setting", "make_type", "parse_duckdb_log_message"],
        &[0],
    ),
    (
        &[
            "list_aggregate",
            "array_aggregate",
            "list_aggr",
            "array_aggr",
            "aggregate",
        ],
        &[1],
    ),
    (&["list_grade_up", "array_grade_up", "grade_up"], &[1, 2]),
    (&["reservoir_quantile"], &[2]),
];

impl Binder<'_> {
    /// The arguments with the values that the engine computes, which are reported where it fails.
    pub(super) fn computed(
        &mut self,
        called: &str,
        written: &[&ast::Expr],
        arguments: &[Typed],
    ) -> Vec<Typed> {
        let mut arguments = arguments.to_vec();
        let mut places: Vec<usize> = COMPUTED
            .iter()
            .filter(|(names, _)| names.contains(&called))
            .flat_map(|(_, places)| places.iter().copied())
            .collect();
        let is = |place: usize, test: fn(&SqlType) -> bool| {
            arguments
                .get(place)
                .is_some_and(|typed| test(&typed.sql_type))
        };
        let is_text: fn(&SqlType) -> bool = |sql_type| *sql_type == SqlType::Varchar;
        let is_local: fn(&SqlType) -> bool = |sql_type| {
            sql_type.is_timestamp() && *sql_type != SqlType::TimestampTz
                || *sql_type == SqlType::Date
        };
        match called {
            "strftime" if is(1, is_local) && is(0, is_text) => places.push(0),
            "strftime" if is(0, is_local) => places.push(1),
            "date_trunc" | "datetrunc" if is(1, is_local) => places.push(0),
            "round" if is(0, |sql_type| matches!(sql_type, SqlType::Decimal(..))) => {
                places.push(1);
            }
            _ if json_refusals::WITH_PATH.contains(&called) => places.push(1),
            _ => {}
        }
        for place in places {
            let (Some(expr), Some(typed)) = (written.get(place), arguments.get_mut(place)) else {
                continue;
            };
            if typed.value != Value::Any || self.macros > 0 || self.texts > 0 {
                continue;
            }
            match self.evaluator().value(expr) {
                Ok(value) => match value.datum {
                    Datum::Text(text) => typed.value = Value::Text(text),
                    Datum::Integer(number) => typed.value = Value::Integer(number),
                    Datum::List(items) => {
                        let texts = items.into_iter().map(|item| match item {
                            Datum::Text(text) => Some(text),
                            _ => None,
                        });
                        if let Some(texts) = texts.collect() {
                            typed.value = Value::Texts(texts);
                        }
                    }
                    _ => {}
                },
                Err(Stop::Fails(message)) => self.report_failing(expr, &message),
                Err(Stop::Unknown) => {}
            }
        }
        arguments
    }

    /// Gives a key the value that the engine computes, where it takes a part of a struct or union.
    pub(super) fn compute_key(&mut self, operand: &SqlType, written: &ast::Expr, key: &mut Typed) {
        let keyed = matches!(operand, SqlType::Struct(_) | SqlType::Union(_));
        if !keyed || key.value != Value::Any || self.macros > 0 || self.texts > 0 {
            return;
        }
        match self.evaluator().value(written) {
            Ok(value) => match value.datum {
                Datum::Text(text) => key.value = Value::Text(text),
                Datum::Integer(number) => key.value = Value::Integer(number),
                _ => {}
            },
            Err(Stop::Fails(message)) => self.report_failing(written, &message),
            Err(Stop::Unknown) => {}
        }
    }

    /// Checks what a call's constants are. `written` and `arguments` have one length.
    pub(super) fn check_constness(
        &mut self,
        called: &str,
        written: &[&ast::Expr],
        arguments: &[Typed],
    ) {
        let before = self.diagnostics.len();
        for (_, places, what) in CONSTANTS
            .iter()
            .filter(|(names, ..)| names.contains(&called))
        {
            for argument in places.iter().filter_map(|place| written.get(*place)) {
                self.must_be_constant(argument, &format!("{what} of `{called}`"));
            }
        }
        if self.diagnostics.len() == before {
            self.check_values(called, written, arguments);
        }
    }

    /// Checks what stands in constants.
    fn check_values(&mut self, called: &str, written: &[&ast::Expr], arguments: &[Typed]) {
        match (called, written) {
            ("date_part" | "datepart" | "extract", [parts, _]) => {
                self.check_list_of_parts(parts, &arguments[0], called);
            }
            ("strptime" | "try_strptime", [_, formats]) if is_empty_list(formats) => {
                self.wrong_constant(formats.span, format!("`{called}` needs a format"));
            }
            ("reservoir_quantile", [_, _, size]) => self.check_sample(size, &arguments[2]),
            (name, [_, path])
                if json_refusals::WITH_PATH.contains(&name)
                    && matches!(arguments[1].sql_type, SqlType::List(_)) =>
            {
                self.check_paths(path, called);
            }
            (
                "struct_extract" | "struct_extract_at" | "union_extract" | "array_extract",
                [_, key],
            ) => self.check_key(&arguments[0].sql_type, key),
            ("remap_struct", [_, _, mapping, _]) => self.check_remapping(mapping, arguments),
            ("switch", [_, cases, ..]) => self.check_cases(cases),
            ("create_sort_key", [first, ..]) if !written.len().is_multiple_of(2) => {
                let message = "`create_sort_key` takes an order for each key".to_owned();
                self.wrong_constant(first.span, message);
            }
            ("parse_duckdb_log_message", [log, _]) => match &arguments[0].value {
                Value::Text(name) if !is_log(name) => {
                    self.wrong_constant(log.span, format!("there is no log `{name}`"));
                }
                _ => {}
            },
            ("cast_to_type", [_, target]) | ("replace_type", [_, _, target])
                if is_bare_null(target) =>
            {
                self.wrong_constant(target.span, "a null has no type of its own".to_owned());
            }
            _ => {}
        }
    }

    /// `remap_struct(value, NULL::TARGET, mapping, defaults)`
    fn check_remapping(&mut self, mapping: &ast::Expr, arguments: &[Typed]) {
        let [source, target, _, defaults] = arguments else {
            return;
        };
        let (source, target) = (&source.sql_type, &target.sql_type);
        let checked = match mapping_of(mapping) {
            Some(read) => remapping::check(source, target, &read, &defaults.sql_type),
            None => remapping::check_types(source, target),
        };
        if let Err(message) = checked {
            let finding = Diagnostic::error(Code::WrongArguments, mapping.span, message);
            self.report(finding);
        }
    }

    /// Checks a key that a part of a struct or union is taken by: it is known before the query runs.
    pub(super) fn check_key(&mut self, operand: &SqlType, key: &ast::Expr) {
        if matches!(operand, SqlType::Struct(_) | SqlType::Union(_)) || operand.is_variant() {
            self.must_be_constant(key, "the key of a struct's field");
        }
    }

    fn must_be_constant(&mut self, expr: &ast::Expr, what: &str) {
        if self.varies(expr) {
            self.wrong_constant(expr.span, format!("{what} must be a constant"));
        }
    }

    fn check_list_of_parts(&mut self, parts: &ast::Expr, typed: &Typed, called: &str) {
        if !matches!(typed.sql_type, SqlType::List(_)) {
            return;
        }
        self.must_be_constant(parts, &format!("a list of parts for `{called}`"));
        let ExprKind::List(items) = &without_parentheses(parts).kind else {
            return;
        };
        if items.is_empty() {
            self.wrong_constant(parts.span, "the list of parts is empty".to_owned());
        }
        if let Some(null) = items.iter().find(|item| is_null(item)) {
            self.wrong_constant(null.span, "the name of a part can't be null".to_owned());
        }
    }

    /// `switch(x, map {1: 'a'})`: the keys are written out.
    fn check_cases(&mut self, cases: &ast::Expr) {
        let ExprKind::Map(entries) = &without_parentheses(cases).kind else {
            return self.must_be_constant(cases, "the map of `switch`");
        };
        if entries.is_empty() {
            self.wrong_constant(cases.span, "`switch` has no cases".to_owned());
        }
        for (key, _) in entries {
            let message = match &key.kind {
                _ if is_null(key) => "the key of a map can't be null",
                ExprKind::Binary { .. } | ExprKind::Cast { .. } => {
                    "the keys of `switch` are written out"
                }
                _ => continue,
            };
            self.wrong_constant(key.span, message.to_owned());
        }
    }

    /// The third argument of `reservoir_quantile`.
    fn check_sample(&mut self, size: &ast::Expr, typed: &Typed) {
        let message = match typed.value {
            Value::Integer(count) if count <= 0 => "a sample has one row or more",
            _ if is_null(size) => "the size of a sample can't be null",
            _ => return self.must_be_constant(size, "the size of a sample"),
        };
        self.wrong_constant(size.span, message.to_owned());
    }

    fn check_paths(&mut self, paths: &ast::Expr, called: &str) {
        self.must_be_constant(paths, &format!("a list of paths for `{called}`"));
        if let ExprKind::List(items) = &without_parentheses(paths).kind
            && let Some(null) = items.iter().find(|item| is_null(item))
        {
            self.wrong_constant(null.span, "a path can't be null".to_owned());
        }
    }

    /// The shares of a quantile: no nulls, and, in one list, either all counted from the least or
    /// all from the most.
    pub(super) fn check_shares(&mut self, members: &[&ast::Expr], called: &str) {
        let numbers: Vec<f64> = members
            .iter()
            .filter_map(|member| super::arguments::number_of(member))
            .collect();
        if numbers.iter().any(|share| *share < 0.0) && numbers.iter().any(|share| *share > 0.0) {
            let first = members[0].span;
            let message = format!("the shares of `{called}` have different signs");
            self.report(Diagnostic::error(Code::InvalidConstant, first, message));
        }
        if members.len() > 1
            && let Some(null) = members.iter().find(|member| is_null(member))
        {
            self.wrong_constant(null.span, format!("a share of `{called}` can't be null"));
        }
    }
}

fn is_bare_null(expr: &ast::Expr) -> bool {
    matches!(
        without_parentheses(expr).kind,
        ExprKind::Literal(Literal::Null)
    )
}

fn is_empty_list(expr: &ast::Expr) -> bool {
    matches!(&without_parentheses(expr).kind, ExprKind::List(items) if items.is_empty())
}

/// The mapping of `remap_struct` as it is written; `None` if it is written otherwise.
fn mapping_of(expr: &ast::Expr) -> Option<Vec<(String, Mapping)>> {
    let text = |expr: &ast::Expr| match &without_parentheses(expr).kind {
        ExprKind::Literal(Literal::Text(text)) => Some(text.clone()),
        _ => None,
    };
    match &without_parentheses(expr).kind {
        ExprKind::Literal(Literal::Null) => Some(Vec::new()),
        ExprKind::Struct(items) => items
            .iter()
            .map(|(name, from)| {
                let mapping = match &without_parentheses(from).kind {
                    ExprKind::Row(members) => match members.as_slice() {
                        [field, inner] => Mapping::Within(text(field)?, mapping_of(inner)?),
                        _ => return None,
                    },
                    _ => Mapping::Field(text(from)?),
                };
                Some((name.value.clone(), mapping))
            })
            .collect(),
        _ => None,
    }
}

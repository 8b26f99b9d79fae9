//! Types and nullability of expressions.

use super::Binder;
use super::compared_rows::members_of;
use super::deep::without_parentheses;
use super::nullability::gives_one_row;
use super::scope::{Alias, Env, Scope};
use crate::bound::What;
use crate::diagnostic::{Code, Diagnostic};
use crate::parse::ast::{self, ExprKind};
use crate::span::Span;
use crate::sql_type::{Common, SqlType};
use crate::types::call::Outcome;
use crate::types::rules::gives_null_for_null;
use crate::types::{Typed, Value, common_of, literal};

impl Binder<'_> {
    /// Binds an expression.
    pub(super) fn expression(&mut self, expr: &ast::Expr, env: &Env<'_>) -> Typed {
        if self.depth >= super::MOST_LEVELS {
            self.too_deep(expr.span);
            let text = self.plain_text(expr.span);
            self.tree.leaf(What::Opaque(text), expr.span);
            return Typed::unknown();
        }
        self.depth += 1;
        let mark = self.tree.mark();
        let within = std::mem::replace(&mut self.within, true);
        let typed = super::with_stack(|| self.kind(expr, env));
        self.within = within;
        self.check_collations(expr, &typed);
        if !within {
            self.check_folding(expr);
        }
        if let Some(what) = self.written_as(expr) {
            self.tree.close(mark, what, expr.span);
        }
        self.depth -= 1;
        typed
    }

    fn kind(&mut self, expr: &ast::Expr, env: &Env<'_>) -> Typed {
        match &expr.kind {
            ExprKind::Name(names) => self.name_expression(names, expr.span, env),
            ExprKind::Reference(name) => self.reference(name),
            ExprKind::Literal(written) => literal::typed(written),
            ExprKind::Position(position) => self.position(*position, expr.span, env.scope),
            ExprKind::Interval { value, .. } => {
                let value = self.expression(value, env);
                Typed::of(SqlType::Interval).nullable_if(value.nullable)
            }
            ExprKind::Typed { type_name, .. } => {
                self.check_type(type_name);
                Typed::not_null(read_type(type_name))
            }
            ExprKind::Nested(inner) => self.expression(inner, env),
            ExprKind::Unary { operator, operand } => self.unary(operator, operand, expr.span, env),
            ExprKind::Binary { .. } => self.binary(expr, env),
            ExprKind::Like {
                operand,
                pattern,
                escape,
                operator,
                ..
            } => {
                let places = (operand.span, pattern.span);
                let operand = self.expression(operand, env);
                let written = pattern;
                let mut pattern = self.expression(pattern, env);
                if escape.is_none() && !is_null_value(&operand) {
                    self.compute_pattern(operator, written, &mut pattern);
                }
                self.check_like(operator, (&operand, places.0), (&pattern, places.1));
                if let (Some(escape), true) = (escape, operator.ends_with("similar to")) {
                    let message = "`SIMILAR TO` takes no `ESCAPE`";
                    self.report(Diagnostic::error(
                        Code::WrongArguments,
                        escape.span,
                        message,
                    ));
                }
                let escape = escape.as_ref().map(|escape| {
                    let typed = self.expression(escape, env);
                    self.check_escape(&typed, escape.span);
                    typed
                });
                let nullable = operand.nullable
                    || pattern.nullable
                    || escape.is_some_and(|escape| escape.nullable);
                Typed::of(SqlType::Boolean).nullable_if(nullable)
            }
            ExprKind::Is { operand, .. } => {
                self.expression(operand, env);
                Typed::not_null(SqlType::Boolean)
            }
            ExprKind::Between {
                operand, low, high, ..
            } => self.between(operand, low, high, env),
            ExprKind::Cast {
                operand,
                type_name,
                fallible,
            } => {
                self.check_type(type_name);
                let operand = self.expression(operand, env);
                let target = read_type(type_name);
                self.check_cast(&operand.sql_type, &target, expr.span);
                let nullable = operand.nullable
                    || *fallible
                    || operand.sql_type == SqlType::Json
                    || matches!(operand.sql_type, SqlType::Union(_))
                    || loses_infinity(&operand.sql_type, &target)
                    || !operand.is_known();
                Typed {
                    value: match (&operand.sql_type, &operand.value) {
                        (SqlType::Null, _) | (_, Value::Null) => Value::Null,
                        _ => Value::Any,
                    },
                    ..Typed::of(target).nullable_if(nullable)
                }
            }
            ExprKind::Case {
                operand,
                branches,
                otherwise,
            } => self.case(
                operand.as_deref(),
                branches,
                otherwise.as_deref(),
                expr.span,
                env,
            ),
            ExprKind::Function(function) => self.function(function, None, expr.span, env),
            ExprKind::Method { operand, call } => {
                self.function(call, Some(operand), expr.span, env)
            }
            ExprKind::Collate { operand, collation } => {
                let operand = self.expression(operand, env).as_value();
                self.check_collation(&operand, collation);
                match operand.sql_type {
                    // It is compared as a text.
                    SqlType::Json => Typed::of(SqlType::Varchar).nullable_if(operand.nullable),
                    _ => operand,
                }
            }
            ExprKind::AtTimeZone { operand, zone } => {
                let operand = self.expression(operand, env);
                let place = zone.span;
                let zone = self.expression(zone, env);
                self.check_time_zone((&operand, expr.span), (&zone, place));
                Typed::of(at_time_zone(&operand.sql_type))
            }
            ExprKind::Keyword(word) => {
                if word == "default" {
                    let message = "`default` is no value of a query";
                    self.report(Diagnostic::error(Code::SyntaxError, expr.span, message));
                }
                Typed::unknown()
            }
            _ => self.collection(expr, env),
        }
    }

    /// Lists, structs, maps, subqueries and what is taken out of them.
    fn collection(&mut self, expr: &ast::Expr, env: &Env<'_>) -> Typed {
        match &expr.kind {
            ExprKind::InList { operand, list, .. } => {
                let typed = self.expression(operand, env);
                let mut nullable = typed.nullable;
                for value in list {
                    if self.unpacked(value, env).is_some() {
                        nullable = true;
                        continue;
                    }
                    let value_typed = self.expression(value, env);
                    self.equal_in(&typed, &value_typed, operand.span, value.span);
                    nullable |= value_typed.nullable;
                }
                Typed::of(SqlType::Boolean).nullable_if(nullable)
            }
            ExprKind::InValue {
                operand,
                collection,
                ..
            } => {
                let member = self.expression(operand, env);
                let all = self.expression(collection, env);
                self.check_contained((&member, operand.span), (&all, collection.span));
                self.check_needle(&all.sql_type, operand);
                Typed::of(SqlType::Boolean)
            }
            ExprKind::InQuery { operand, query, .. } => {
                let operand_type = self.expression(operand, env);
                let output = self.query(query, Some(env));
                self.check_compared((operand, &operand_type), "=", &output, query.span);
                if members_of(operand).is_some() {
                    self.check_correlated_row(&output, query, env);
                }
                Typed::of(SqlType::Boolean)
            }
            ExprKind::Exists { query, .. } => {
                self.query(query, Some(env));
                Typed::not_null(SqlType::Boolean)
            }
            ExprKind::Quantified {
                left,
                right,
                operator,
                ..
            } => {
                let operand = self.expression(left, env);
                if let ExprKind::Query(query) = &right.kind {
                    let output = self.query(query, Some(env));
                    self.check_compared((left, &operand), operator, &output, query.span);
                    let apart = matches!(operator.as_str(), "=" | "<>" | "!=");
                    if apart && members_of(left).is_some() {
                        self.check_correlated_row(&output, query, env);
                    }
                } else {
                    let list = self.expression(right, env);
                    self.check_quantified(&list.sql_type, right.span);
                    if let SqlType::List(element) | SqlType::Array(element, _) = &list.sql_type
                        && **element != SqlType::Null
                    {
                        let element = Typed::of(element.as_column());
                        let operand = only_member(left, operand);
                        self.comparable_in(&operand, &element, left.span, right.span);
                    }
                }
                Typed::of(SqlType::Boolean)
            }
            ExprKind::Query(query) => {
                let output = self.query(query, Some(env));
                self.check_value_width(&output, query.span);
                match (output.columns.as_slice(), output.open) {
                    ([column], false) => {
                        let nullable = column.typed.nullable
                            || !gives_one_row(query)
                            || self.aggregates_outside(query, env);
                        column.typed.clone().nullable_if(nullable)
                    }
                    _ => Typed::unknown(),
                }
            }
            ExprKind::ArrayQuery(query) => {
                let output = self.query(query, Some(env));
                self.check_array_width(query, &output);
                match (output.columns.as_slice(), output.open) {
                    ([column], false) => Typed::of(list_of(&column.typed.sql_type)),
                    ([column, ..], false)
                        if matches!(
                            query.body,
                            ast::QueryBody::Select(_) | ast::QueryBody::Values(_)
                        ) =>
                    {
                        Typed::of(list_of(&column.typed.sql_type))
                    }
                    _ => Typed::unknown(),
                }
            }
            ExprKind::Field { operand, field } => self.field_of(operand, field, env),
            ExprKind::Index { operand, index } => {
                let operand = self.expression(operand, env);
                let (place, written) = (index.span, index);
                let mut index = self.expression(index, env);
                self.compute_key(&operand.sql_type, written, &mut index);
                self.check_index(&operand, &index, place);
                self.check_key(&operand.sql_type, written);
                let parts = [operand, index];
                // A null that is no value of a type makes a null of all that a list has.
                let list = matches!(parts[0].sql_type, SqlType::List(_) | SqlType::Array(..));
                let nothing = list && parts[1].sql_type == SqlType::Null;
                match nothing || gives_null_for_null("array_extract", &parts) {
                    true => Typed::of(SqlType::Null),
                    false => Typed::of(indexed(&parts[0].sql_type, &parts[1])),
                }
            }
            ExprKind::Slice {
                operand,
                start,
                end,
                step,
            } => {
                let operand = self.expression(operand, env);
                let bounds = [start, end, step].map(|bound| {
                    let bound = bound.as_deref()?;
                    let typed = match bound.kind {
                        ExprKind::Keyword(_) => Typed::unknown(),
                        // `[a:b]`, which reads like a reference, names a column.
                        _ if super::deep::holds_reference(bound) => {
                            self.quietly(|binder| binder.expression(bound, env))
                        }
                        _ => self.expression(bound, env),
                    };
                    Some((typed, bound.span))
                });
                self.check_slice(&operand.sql_type, &bounds, expr.span);
                Typed::of(match &operand.sql_type {
                    SqlType::Array(element, _) => SqlType::list((**element).clone()),
                    list @ (SqlType::List(_) | SqlType::Varchar) => list.clone(),
                    _ => SqlType::Unknown,
                })
            }
            _ => self.constructed(expr, env),
        }
    }

    fn constructed(&mut self, expr: &ast::Expr, env: &Env<'_>) -> Typed {
        match &expr.kind {
            ExprKind::Row(items) => {
                if items.is_empty() {
                    let message = "a row has at least one member";
                    self.report(Diagnostic::error(Code::WrongArguments, expr.span, message));
                }
                let fields = items
                    .iter()
                    .map(|item| (String::new(), self.expression(item, env).sql_type))
                    .collect();
                Typed::not_null(SqlType::Struct(fields))
            }
            ExprKind::Struct(items) => {
                self.check_struct_literal(items, expr.span);
                let names = items
                    .iter()
                    .map(|(name, _)| (name.value.as_str(), name.span));
                self.check_field_names(names);
                let fields = items
                    .iter()
                    .map(|(name, item)| (name.value.clone(), self.expression(item, env).sql_type))
                    .collect();
                if items.iter().any(|(name, _)| name.value.is_empty()) {
                    // The value gives its name.
                    return Typed::not_null(SqlType::Unknown);
                }
                Typed::not_null(SqlType::Struct(fields))
            }
            ExprKind::List(items) => self.list(items, expr.span, env),
            ExprKind::Map(entries) => {
                let (mut keys, mut values) = (Vec::new(), Vec::new());
                for (key, value) in entries {
                    keys.push(self.expression(key, env));
                    values.push(self.expression(value, env));
                }
                for (what, typed) in [("the keys of MAP", &keys), ("MAP", &values)] {
                    if common_of(typed.iter()) == Common::Incompatible {
                        let spans: Vec<Span> =
                            entries.iter().map(|(_, value)| value.span).collect();
                        self.mixed(what, typed, &spans, expr.span);
                    }
                }
                Typed::of(match (common_of(&keys), common_of(&values)) {
                    (Common::Type(key), Common::Type(value)) => {
                        SqlType::Map(Box::new(key), Box::new(value))
                    }
                    _ => SqlType::Unknown,
                })
            }
            ExprKind::Comprehension {
                result,
                variables,
                list,
                condition,
            } => {
                let place = list.span;
                let list = self.expression(list, env);
                self.check_higher_order("list_transform", Some(&list.sql_type), 1, 1, place);
                let mut parameters = element_parameters(&list.sql_type, variables, self.lambdas);
                let mut inner = Env {
                    parameters: &[],
                    ..*env
                };
                inner.parent = Some(env);
                let nothing = Scope::default();
                inner.scope = &nothing;
                inner.aliases = &[];
                parameters
                    .iter_mut()
                    .for_each(|parameter| parameter.typed.nullable = true);
                inner.parameters = &parameters;
                for part in condition.as_deref().into_iter().chain([&**result]) {
                    self.check_unnested_lambda(part);
                    self.check_queries_within(part);
                }
                self.check_variables(variables, expr.span);
                for part in condition.as_deref().into_iter().chain([&**result]) {
                    self.check_parameters(variables, part);
                }
                self.lambdas += 1;
                if let Some(condition) = condition {
                    self.expression(condition, &inner);
                }
                let body = result.span;
                let result = self.expression(result, &inner);
                self.lambdas -= 1;
                self.check_lambda_columns(place, body, env);
                if let Some(condition) = condition {
                    self.check_lambda_columns(place, condition.span, env);
                }
                match list.sql_type {
                    SqlType::List(_) | SqlType::Array(..) => Typed::of(list_of(&result.sql_type)),
                    _ => Typed::unknown(),
                }
            }
            ExprKind::Lambda { parameters, body } if self.is_arrow(expr, parameters, env) => {
                let mark = self.tree.mark();
                let operand = self.name_expression(parameters, parameters[0].span, env);
                let path = self.expression(body, env);
                let what = What::Operation("->".to_owned());
                self.tree.close(mark, what, expr.span);
                self.arrow(&operand, &path, (parameters[0].span, body.span))
            }
            ExprKind::Lambda { parameters, body } => {
                self.misplaced_lambda(expr.span);
                let unknown: Vec<Alias> = parameters
                    .iter()
                    .zip(0..)
                    .map(|(name, position)| Alias {
                        name: name.value.clone(),
                        typed: Typed::unknown(),
                        what: What::Parameter {
                            depth: self.lambdas,
                            position,
                        },
                    })
                    .collect();
                let nothing = Scope::default();
                let mut inner = Env::new(&nothing, Some(env));
                inner.parameters = &unknown;
                self.lambdas += 1;
                self.expression(body, &inner);
                self.lambdas -= 1;
                Typed::unknown()
            }
            ExprKind::Star(_) if self.selecting => Typed::not_null(SqlType::list(SqlType::Varchar)),
            ExprKind::Columns {
                selector,
                unpacked: false,
                ..
            } if self.chosen.is_some() => self.columns_expression(selector, expr.span, env),
            ExprKind::Columns { selector, .. } => {
                self.unwritten(|binder| binder.quietly(|binder| binder.expression(selector, env)));
                Typed::unknown()
            }
            _ => Typed::unknown(),
        }
    }

    /// `#1`: a column by its position.
    fn position(&mut self, position: u32, span: Span, scope: &Scope) -> Typed {
        let found = match scope.relations.as_slice() {
            [only] if !only.open => (position as usize)
                .checked_sub(1)
                .and_then(|index| Some((only.source(index), only.columns.get(index)?))),
            _ => None,
        };
        match found {
            Some(((relation, position), column)) => {
                self.tree.leaf(What::Column { relation, position }, span);
                column.typed.clone()
            }
            None => {
                if self.lambdas == 0 {
                    self.check_column_position(position, span, scope);
                }
                self.tree.leaf(What::Opaque(format!("#{position}")), span);
                Typed::unknown()
            }
        }
    }

    fn list(&mut self, items: &[ast::Expr], span: Span, env: &Env<'_>) -> Typed {
        let mut typed: Vec<Typed> = Vec::with_capacity(items.len());
        for item in items {
            match self.unpacked(item, env) {
                Some(values) => typed.extend(values.into_iter().map(|(_, value)| value)),
                None => typed.push(self.expression(item, env)),
            }
        }
        if typed.len() == items.len() {
            self.check_elements(items, &typed, span);
        } else if common_of(&typed) == Common::Incompatible {
            self.mixed("[…]", &typed, &vec![span; typed.len()], span);
        }
        let texts: Option<Vec<String>> = typed
            .iter()
            .map(|item| match &item.value {
                Value::Text(text) => Some(text.clone()),
                _ => None,
            })
            .collect();
        let sql_type = match common_of(&typed) {
            Common::Type(element) => list_of(&element),
            _ => SqlType::Unknown,
        };
        Typed {
            value: match texts {
                Some(texts) if !texts.is_empty() => Value::Texts(texts),
                _ => Value::Any,
            },
            ..Typed::not_null(sql_type)
        }
    }

    /// `x.field`; also `:orders.amount`, a column of an import.
    fn field_of(&mut self, operand: &ast::Expr, field: &ast::Name, env: &Env<'_>) -> Typed {
        if let ExprKind::Reference(name) = &operand.kind
            && env.relation(&name.value).is_some()
        {
            let names = [name.clone(), field.clone()];
            return self.name_expression(&names, operand.span.to(field.span), env);
        }
        let typed = self.expression(operand, env);
        let found = self.field(&typed, field);
        match typed.sql_type.is_nested() && gives_null_for_null("struct_extract", &[typed]) {
            true => Typed::of(SqlType::Null),
            false => found,
        }
    }

    fn case(
        &mut self,
        operand: Option<&ast::Expr>,
        branches: &[(ast::Expr, ast::Expr)],
        otherwise: Option<&ast::Expr>,
        span: Span,
        env: &Env<'_>,
    ) -> Typed {
        let compared = operand.map(|operand| (self.expression(operand, env), operand.span));
        let mut results = Vec::with_capacity(branches.len() + 1);
        let mut spans = Vec::with_capacity(branches.len() + 1);
        for (condition, result) in branches {
            let value = self.expression(condition, env);
            if let Some((compared, place)) = &compared {
                self.equal_in(compared, &value, *place, condition.span);
            }
            results.push(self.expression(result, env));
            spans.push(result.span);
        }
        if let Some(otherwise) = otherwise {
            results.push(self.expression(otherwise, env));
            spans.push(otherwise.span);
        }
        let nullable = otherwise.is_none() || results.iter().any(|result| result.nullable);
        // The engine begins with what stands behind `ELSE`, which orders the fields of structs.
        let (branches, otherwise) = results.split_at(branches.len());
        let common = common_of(otherwise.iter().chain(branches));
        if common == Common::Incompatible {
            self.mixed("CASE", &results, &spans, span);
        }
        Typed::of(common.or_unknown()).nullable_if(nullable)
    }

    /// Several values that should have one type and don't.
    pub(super) fn mixed(&mut self, what: &str, values: &[Typed], spans: &[Span], span: Span) {
        let mut finding = Diagnostic::error(
            Code::TypeMismatch,
            span,
            format!("the values of `{what}` have types that don't go together"),
        );
        for (value, place) in values.iter().zip(spans) {
            if value.is_known() && value.sql_type != SqlType::Null {
                finding = finding.and_at(*place, format!("this is `{}`", value.sql_type));
            }
        }
        self.report(finding.hint("cast them to one type: `x::TYPE`"));
    }

    pub(super) fn outcome(&self, outcome: Outcome) -> Typed {
        Typed::of(outcome.or_unknown())
    }
}

/// A type as written; one that can't be read is left to the engine.
pub(super) fn read_type(type_name: &ast::TypeName) -> SqlType {
    match type_name.text.parse::<SqlType>() {
        Ok(sql_type) if !sql_type.any(&is_foreign) => sql_type,
        _ => SqlType::Unknown,
    }
}

/// Whether a type isn't one that the engine always has.
fn is_foreign(part: &SqlType) -> bool {
    matches!(part, SqlType::Other(name) if name != "VARIANT" && name != "GEOMETRY")
}

/// A list of something; of an unknown type if that is unknown.
pub(super) fn list_of(element: &SqlType) -> SqlType {
    if element.has_unknown() {
        SqlType::Unknown
    } else {
        SqlType::list(element.clone())
    }
}

/// The parameters of a lambda over a list: an element, then its position.
pub(super) fn element_parameters(list: &SqlType, names: &[ast::Name], depth: u32) -> Vec<Alias> {
    let element = match list {
        SqlType::List(element) | SqlType::Array(element, _) => (**element).clone(),
        _ => SqlType::Unknown,
    };
    names
        .iter()
        .zip(
            [element, SqlType::BigInt]
                .into_iter()
                .chain(std::iter::repeat(SqlType::Unknown)),
        )
        .zip(0..)
        .map(|((name, sql_type), position)| Alias {
            name: name.value.clone(),
            typed: Typed::of(sql_type),
            what: What::Parameter { depth, position },
        })
        .collect()
}

/// A row of one member is compared as that member.
fn only_member(operand: &ast::Expr, typed: Typed) -> Typed {
    let is_text =
        |member: &ast::Expr| matches!(&member.kind, ExprKind::Literal(ast::Literal::Text(_)));
    let (row, text) = match &without_parentheses(operand).kind {
        ExprKind::Row(members) => (true, members.iter().any(is_text)),
        ExprKind::Function(function) => {
            let name = function.name.last();
            let mut arguments = function.arguments.iter();
            (
                name.is_some_and(|name| name.value.eq_ignore_ascii_case("row")),
                arguments.any(|argument| is_text(&argument.value)),
            )
        }
        _ => (false, false),
    };
    match typed.sql_type.clone() {
        SqlType::Struct(mut fields) if row && fields.len() == 1 => {
            let value = if text { Value::SomeText } else { Value::Any };
            let member = Typed::of(fields.remove(0).1).nullable_if(typed.nullable);
            Typed { value, ..member }
        }
        _ => typed,
    }
}

/// Whether it is a null, maybe with a type.
pub(super) fn is_null_value(typed: &Typed) -> bool {
    typed.sql_type == SqlType::Null || typed.value == Value::Null
}

/// Whether a cast makes a null of `infinity`, which has no time of day.
fn loses_infinity(from: &SqlType, to: &SqlType) -> bool {
    *from == SqlType::TimestampTz && *to == SqlType::TimeTz
}

fn at_time_zone(sql_type: &SqlType) -> SqlType {
    match sql_type {
        SqlType::TimestampTz => SqlType::Timestamp,
        SqlType::Timestamp | SqlType::Date => SqlType::TimestampTz,
        SqlType::TimeTz => SqlType::TimeTz,
        _ => SqlType::Unknown,
    }
}

fn indexed(operand: &SqlType, index: &Typed) -> SqlType {
    match operand {
        SqlType::List(element) | SqlType::Array(element, _) => (**element).clone(),
        SqlType::Map(_, value) => (**value).clone(),
        same @ (SqlType::Varchar | SqlType::Json) => same.clone(),
        variant if variant.is_variant() => variant.clone(),
        SqlType::Struct(fields) => match &index.value {
            Value::Text(name) => {
                crate::types::rules::field(operand, name).unwrap_or(SqlType::Unknown)
            }
            Value::Integer(position) => usize::try_from(position - 1)
                .ok()
                .and_then(|position| fields.get(position))
                .map_or(SqlType::Unknown, |(_, field)| field.clone()),
            _ => SqlType::Unknown,
        },
        _ => SqlType::Unknown,
    }
}

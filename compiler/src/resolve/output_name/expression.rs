//! Operators, comparisons, collections.

use super::Writer;
use crate::parse::ast::{self, ExprKind, Literal};
use crate::sql_type::quote_identifier;

impl Writer<'_> {
    /// An expression as the engine writes it.
    pub(super) fn expression(self, expr: &ast::Expr) -> Option<String> {
        crate::resolve::with_stack(|| self.kind(expr))
    }

    /// Expressions with commas between.
    pub(super) fn list<'e>(self, all: impl IntoIterator<Item = &'e ast::Expr>) -> Option<String> {
        let written: Option<Vec<String>> =
            all.into_iter().map(|expr| self.expression(expr)).collect();
        Some(written?.join(", "))
    }

    fn kind(self, expr: &ast::Expr) -> Option<String> {
        Some(match &expr.kind {
            ExprKind::Nested(inner) => self.expression(inner)?,
            ExprKind::Name(names) => dotted(names),
            ExprKind::Literal(literal) => self.literal(literal, expr.span)?,
            ExprKind::Position(position) => format!("#{position}"),
            ExprKind::Interval { value, unit } => self.interval(value, unit.as_ref())?,
            ExprKind::Typed { type_name, text } => {
                let text = super::literal::quoted(&self.unescaped(*text)?);
                format!(
                    "CAST({text} AS {})",
                    super::cast_type::written(&type_name.text)?
                )
            }
            ExprKind::Unary { operator, operand } => self.unary(operator, operand)?,
            ExprKind::Binary {
                operator,
                left,
                right,
                ..
            } => self.binary(operator, left, right)?,
            ExprKind::Like {
                negated,
                operator,
                operand,
                pattern,
                escape,
            } => self.like(*negated, operator, operand, pattern, escape.as_deref())?,
            ExprKind::Is {
                negated,
                what,
                operand,
            } => self.is(*negated, what, &self.expression(operand)?)?,
            ExprKind::Between {
                negated,
                operand,
                low,
                high,
            } => not_if(
                *negated,
                format!(
                    "({} BETWEEN {} AND {})",
                    self.expression(operand)?,
                    self.expression(low)?,
                    self.expression(high)?
                ),
            ),
            ExprKind::InList {
                negated,
                operand,
                list,
            } => {
                let not = if *negated { "NOT " } else { "" };
                format!(
                    "({} {not}IN ({}))",
                    self.expression(operand)?,
                    self.list(list)?
                )
            }
            ExprKind::InValue {
                negated,
                operand,
                collection,
            } => not_if(
                *negated,
                format!(
                    "contains({}, {})",
                    self.expression(collection)?,
                    self.expression(operand)?
                ),
            ),
            _ => self.collection(expr)?,
        })
    }

    fn collection(self, expr: &ast::Expr) -> Option<String> {
        Some(match &expr.kind {
            ExprKind::InQuery {
                negated,
                operand,
                query,
            } => not_if(
                *negated,
                format!(
                    "({} = ANY({}))",
                    self.expression(operand)?,
                    self.query(query)?
                ),
            ),
            ExprKind::Exists { negated, query } => {
                not_if(*negated, format!("EXISTS({})", self.query(query)?))
            }
            ExprKind::Quantified {
                operator,
                all,
                left,
                right,
            } => self.quantified(operator, *all, left, right)?,
            ExprKind::Query(query) => format!("({})", self.query(query)?),
            ExprKind::ArrayQuery(query) => self.array_of(query)?,
            ExprKind::Row(items) => format!("main.\"row\"({})", self.list(items)?),
            ExprKind::Cast {
                operand,
                type_name,
                fallible,
            } => {
                let word = if *fallible { "TRY_CAST" } else { "CAST" };
                let type_name = super::cast_type::written(&type_name.text)?;
                format!("{word}({} AS {type_name})", self.expression(operand)?)
            }
            ExprKind::Case {
                operand,
                branches,
                otherwise,
            } => self.case(operand.as_deref(), branches, otherwise.as_deref())?,
            ExprKind::Function(function) => self.call(function, None)?,
            ExprKind::Method { operand, call } => self.call(call, Some(operand))?,
            ExprKind::Field { operand, field } => {
                if matches!(operand.kind, ExprKind::Reference(_)) {
                    return None;
                }
                format!(
                    "({}).{}",
                    self.expression(operand)?,
                    quote_identifier(&field.value)
                )
            }
            ExprKind::Index { operand, index } => {
                format!("{}[{}]", self.expression(operand)?, self.expression(index)?)
            }
            ExprKind::Slice {
                operand,
                start,
                end,
                step,
            } => {
                let bound = |bound: &Option<Box<ast::Expr>>| match bound {
                    Some(bound) => self.expression(bound),
                    None => Some(String::new()),
                };
                let (operand, start) = (self.expression(operand)?, bound(start)?);
                match step {
                    Some(step) => {
                        let end = match end {
                            Some(end) => self.expression(end)?,
                            None => "-".to_owned(),
                        };
                        format!("{operand}[{start}:{end}:{}]", self.expression(step)?)
                    }
                    None => format!("{operand}[{start}:{}]", bound(end)?),
                }
            }
            _ => self.constructed(expr)?,
        })
    }

    fn constructed(self, expr: &ast::Expr) -> Option<String> {
        Some(match &expr.kind {
            ExprKind::List(items) if self.begins_with(expr, "array") => {
                format!("(ARRAY[{}])", self.list(items)?)
            }
            ExprKind::List(items) => format!("main.list_value({})", self.list(items)?),
            ExprKind::Struct(fields) if fields.iter().any(|(name, _)| name.value.is_empty()) => {
                return None;
            }
            ExprKind::Struct(fields) => {
                let fields: Option<Vec<String>> = fields
                    .iter()
                    .map(|(name, value)| {
                        let name = quote_identifier(&name.value);
                        Some(format!("{name} := {}", self.expression(value)?))
                    })
                    .collect();
                format!("main.struct_pack({})", fields?.join(", "))
            }
            ExprKind::Map(entries) => format!(
                "main.\"map\"(main.list_value({}), main.list_value({}))",
                self.list(entries.iter().map(|(key, _)| key))?,
                self.list(entries.iter().map(|(_, value)| value))?
            ),
            ExprKind::Lambda { parameters, body } => {
                let body = self.expression(body)?;
                let names: Vec<_> = parameters
                    .iter()
                    .map(|name| quote_identifier(&name.value))
                    .collect();
                match names.as_slice() {
                    _ if self.begins_with(expr, "lambda") => {
                        format!("(lambda {}: {body})", names.join(", "))
                    }
                    [one] => format!("({one} -> {body})"),
                    _ => format!("(main.\"row\"({}) -> {body})", names.join(", ")),
                }
            }
            ExprKind::Comprehension {
                result,
                variables,
                list,
                condition,
            } => {
                let names: Vec<_> = variables
                    .iter()
                    .map(|name| quote_identifier(&name.value))
                    .collect();
                let (names, list) = (names.join(", "), self.expression(list)?);
                let result = self.expression(result)?;
                match condition {
                    None => format!("main.list_apply({list}, (lambda {names}: {result}))"),
                    Some(condition) => {
                        filtered(&list, &names, &result, &self.expression(condition)?)
                    }
                }
            }
            ExprKind::Collate { operand, collation } => format!(
                "{} COLLATE {}",
                self.expression(operand)?,
                quote_identifier(&collation.value)
            ),
            ExprKind::AtTimeZone { operand, zone } => format!(
                "main.timezone({}, {})",
                self.expression(zone)?,
                self.expression(operand)?
            ),
            _ => return None,
        })
    }

    /// Whether an expression begins with a word: lists and lambdas have two ways to be written.
    fn begins_with(self, expr: &ast::Expr, word: &str) -> bool {
        let written = self.text.get(expr.span.range()).unwrap_or_default();
        written
            .get(..word.len())
            .is_some_and(|first| first.eq_ignore_ascii_case(word))
            && !written[word.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
    }

    fn unary(self, operator: &str, operand: &ast::Expr) -> Option<String> {
        if operator == "-"
            && let Some(number) = negated_number(operand)
        {
            return number;
        }
        if operator == "not" {
            return self.negation(operand);
        }
        let written = self.expression(operand)?;
        Some(match operator {
            "!" => format!("(({written})!)"),
            "-" | "+" | "~" | "@" => format!("{operator}({written})"),
            _ => return None,
        })
    }

    /// `NOT x`: comparisons and `IN` are turned round.
    fn negation(self, operand: &ast::Expr) -> Option<String> {
        let mut inner = operand;
        while let ExprKind::Nested(nested) = &inner.kind {
            inner = nested;
        }
        match &inner.kind {
            ExprKind::Binary {
                operator,
                left,
                right,
                ..
            } => {
                if let Some(turned) = turned(operator) {
                    return Some(format!(
                        "({} {turned} {})",
                        self.expression(left)?,
                        self.expression(right)?
                    ));
                }
            }
            ExprKind::InList {
                negated: false,
                operand,
                list,
            } => {
                return Some(format!(
                    "({} NOT IN ({}))",
                    self.expression(operand)?,
                    self.list(list)?
                ));
            }
            // `NOT x IS TRUE` is turned round as well, in two steps.
            ExprKind::Is { what, .. } if what == "true" || what == "false" => return None,
            ExprKind::Unary { operator, .. } if operator == "not" => {
                let written = self.expression(inner)?;
                return written
                    .starts_with("(NOT ")
                    .then(|| format!("(NOT {written})"));
            }
            _ => {}
        }
        Some(not_if(true, self.expression(inner)?))
    }

    fn binary(self, operator: &str, left: &ast::Expr, right: &ast::Expr) -> Option<String> {
        if matches!(operator, "and" | "or") {
            let mut parts = Vec::new();
            self.conjunction(operator, left, &mut parts)?;
            self.conjunction(operator, right, &mut parts)?;
            return Some(format!(
                "({})",
                parts.join(&format!(" {} ", operator.to_uppercase()))
            ));
        }
        let (left, right) = (self.expression(left)?, self.expression(right)?);
        Some(match operator {
            "~" | "similar to" => format!("regexp_full_match({left}, {right})"),
            "!~" | "not similar to" => format!("(NOT regexp_full_match({left}, {right}))"),
            "glob" => format!("({left} ~~~ {right})"),
            "<>" => format!("({left} != {right})"),
            "==" => format!("({left} = {right})"),
            "is distinct from" | "is not distinct from" => {
                format!("({left} {} {right})", operator.to_uppercase())
            }
            symbols if !symbols.contains(|c: char| c.is_alphanumeric() || c == ' ') => {
                format!("({left} {symbols} {right})")
            }
            _ => return None,
        })
    }

    /// The parts of `a AND b AND c`, whatever parentheses are around some of them.
    fn conjunction(self, operator: &str, expr: &ast::Expr, parts: &mut Vec<String>) -> Option<()> {
        crate::resolve::with_stack(|| match &expr.kind {
            ExprKind::Nested(inner) => self.conjunction(operator, inner, parts),
            ExprKind::Binary {
                operator: own,
                left,
                right,
                ..
            } if own == operator => {
                self.conjunction(operator, left, parts)?;
                self.conjunction(operator, right, parts)
            }
            _ => {
                parts.push(self.expression(expr)?);
                Some(())
            }
        })
    }

    fn like(
        self,
        negated: bool,
        operator: &str,
        operand: &ast::Expr,
        pattern: &ast::Expr,
        escape: Option<&ast::Expr>,
    ) -> Option<String> {
        let (left, right) = (self.expression(operand)?, self.expression(pattern)?);
        let not = if negated { "!" } else { "" };
        Some(match (operator, escape) {
            ("like" | "ilike", Some(escape)) => {
                let not = if negated { "not_" } else { "" };
                let escape = self.expression(escape)?;
                format!("main.{not}{operator}_escape({left}, {right}, {escape})")
            }
            ("like", None) => format!("({left} {not}~~ {right})"),
            ("ilike", None) => format!("({left} {not}~~* {right})"),
            ("glob", None) if !negated => format!("({left} ~~~ {right})"),
            ("similar to", None) => not_if(negated, format!("regexp_full_match({left}, {right})")),
            _ => return None,
        })
    }

    fn is(self, negated: bool, what: &str, operand: &str) -> Option<String> {
        Some(match (what, negated) {
            ("null" | "unknown", false) => format!("({operand} IS NULL)"),
            ("null" | "unknown", true) => format!("({operand} IS NOT NULL)"),
            ("true" | "false", false) => {
                format!("(CAST({operand} AS BOOLEAN) IS NOT DISTINCT FROM {what})")
            }
            ("true" | "false", true) => {
                format!("(CAST({operand} AS BOOLEAN) IS DISTINCT FROM {what})")
            }
            _ => return None,
        })
    }

    fn quantified(
        self,
        operator: &str,
        all: bool,
        left: &ast::Expr,
        right: &ast::Expr,
    ) -> Option<String> {
        let left = self.expression(left)?;
        let query = match &right.kind {
            ExprKind::Query(query) => self.query(query)?,
            _ => format!("SELECT unnest({})", self.expression(right)?),
        };
        let operator = match operator {
            "<>" => "!=",
            "==" => "=",
            "=" | "!=" | "<" | "<=" | ">" | ">=" => operator,
            _ => return None,
        };
        let operator = if all { turned(operator)? } else { operator };
        Some(not_if(all, format!("({left} {operator} ANY({query}))")))
    }

    pub(super) fn case(
        self,
        operand: Option<&ast::Expr>,
        branches: &[(ast::Expr, ast::Expr)],
        otherwise: Option<&ast::Expr>,
    ) -> Option<String> {
        let operand = match operand {
            Some(operand) => Some(self.expression(operand)?),
            None => None,
        };
        let mut text = "CASE ".to_owned();
        for (condition, result) in branches {
            let condition = self.expression(condition)?;
            let condition = match &operand {
                Some(operand) => format!("({operand} = {condition})"),
                None => condition,
            };
            text.push_str(&format!(
                " WHEN ({condition}) THEN ({})",
                self.expression(result)?
            ));
        }
        let otherwise = match otherwise {
            Some(otherwise) => self.expression(otherwise)?,
            None => "NULL".to_owned(),
        };
        Some(format!("{text} ELSE {otherwise} END"))
    }
}

/// A dotted name, each part in quotes where it needs them.
pub(super) fn dotted(names: &[ast::Name]) -> String {
    let parts: Vec<_> = names
        .iter()
        .map(|name| quote_identifier(&name.value))
        .collect();
    parts.join(".")
}

fn not_if(negated: bool, written: String) -> String {
    if negated {
        format!("(NOT {written})")
    } else {
        written
    }
}

/// The comparison that is true where this one is false.
fn turned(operator: &str) -> Option<&'static str> {
    Some(match operator {
        "=" | "==" => "!=",
        "!=" | "<>" => "=",
        "<" => ">=",
        ">" => "<=",
        "<=" => ">",
        ">=" => "<",
        "is distinct from" => "IS NOT DISTINCT FROM",
        "is not distinct from" => "IS DISTINCT FROM",
        _ => return None,
    })
}

/// A number, maybe with signs in front, or a null.
pub(super) fn constant(expr: &ast::Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Literal(literal) => super::literal::constant(literal, false),
        ExprKind::Unary { operator, operand } if operator == "-" => negated_number(operand)?,
        _ => None,
    }
}

/// A number with the other sign: the engine's grammar folds the minus in. The outer `None` says
/// that the operand isn't a number.
fn negated_number(operand: &ast::Expr) -> Option<Option<String>> {
    let mut inner = operand;
    let mut negative = true;
    loop {
        match &inner.kind {
            ExprKind::Nested(nested) => inner = nested,
            ExprKind::Unary { operator, operand } if operator == "-" => {
                inner = operand;
                negative = !negative;
            }
            ExprKind::Literal(literal @ Literal::Number(_)) => {
                return Some(super::literal::constant(literal, negative));
            }
            _ => return None,
        }
    }
}

/// `[result for names in list if condition]`
fn filtered(list: &str, names: &str, result: &str, condition: &str) -> String {
    format!(
        "main.list_apply(main.list_filter(main.list_apply({list}, (lambda {names}: \
         main.struct_pack(\"filter\" := {condition}, result := {result}))), (lambda elem: \
         main.struct_extract(elem, 'filter'))), (lambda elem: main.struct_extract(elem, 'result')))"
    )
}

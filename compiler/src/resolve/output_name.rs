//! The name that the engine gives to an expression without an alias.
//!
//! Source: `ParsedExpression::GetName` and `ToString` of DuckDB 1.5.5. Only the shapes whose text
//! is certain are written; for all others the engine is asked.

use super::Binder;
use super::scope::{Env, Found};
use crate::parse::ast::{self, ExprKind, Literal};
use crate::sql_type::{SqlType, quote_identifier};

/// Calls that the engine's grammar has productions of their own for: it writes them qualified.
const GRAMMAR: &[&str] = &["substring", "trim", "position", "overlay"];

/// Calls whose written name differs from the called one, or that become other expressions.
const REWRITTEN: &[&str] = &[
    "if",
    "ifnull",
    "list_value",
    "extract",
    "date_part",
    "unnest",
    "row",
    "struct_pack",
    "map",
    "grouping",
    "percentile_cont",
    "percentile_disc",
    "columns",
    "try",
    "ltrim",
    "rtrim",
    "btrim",
    "timezone",
    "count_star",
    "operator",
    "struct_extract",
    "array_extract",
    "list_slice",
    "array_slice",
    "not",
    "like_escape",
    "list_apply",
];

impl Binder<'_> {
    pub(super) fn output_name(&self, expr: &ast::Expr, env: &Env<'_>) -> Option<String> {
        match &expr.kind {
            ExprKind::Nested(inner) => self.output_name(inner, env),
            ExprKind::Name(names) => column_name(names, env),
            ExprKind::Literal(Literal::Boolean(_)) => None,
            _ => written(expr),
        }
    }
}

/// The name of a column is the column's own, whatever case it is written in.
fn column_name(names: &[ast::Name], env: &Env<'_>) -> Option<String> {
    let (last, rest) = names.split_last()?;
    let Some(qualifier) = rest.last() else {
        return match env.find(&last.value) {
            Found::Column(_, name, _) => Some(name),
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
            _ => None,
        },
    }
}

/// An expression as the engine writes it.
fn written(expr: &ast::Expr) -> Option<String> {
    super::with_stack(|| written_kind(expr))
}

fn written_kind(expr: &ast::Expr) -> Option<String> {
    Some(match &expr.kind {
        ExprKind::Nested(inner) => written(inner)?,
        ExprKind::Name(names) => names
            .iter()
            .map(|name| quote_identifier(&name.value).into_owned())
            .collect::<Vec<_>>()
            .join("."),
        ExprKind::Literal(literal) => written_literal(literal)?,
        ExprKind::Unary { operator, operand } if operator == "-" => match &operand.kind {
            ExprKind::Literal(Literal::Number(_)) => format!("-{}", written(operand)?),
            _ => format!("-({})", written(operand)?),
        },
        ExprKind::Binary {
            operator,
            left,
            right,
            ..
        } => binary(operator, left, right)?,
        ExprKind::Cast {
            operand,
            type_name,
            fallible,
        } => {
            let word = if *fallible { "TRY_CAST" } else { "CAST" };
            format!(
                "{word}({} AS {})",
                written(operand)?,
                cast_type(&type_name.text)?
            )
        }
        ExprKind::Case {
            operand: None,
            branches,
            otherwise,
        } => {
            let mut text = "CASE ".to_owned();
            for (condition, result) in branches {
                text.push_str(&format!(
                    " WHEN ({}) THEN ({})",
                    written(condition)?,
                    written(result)?
                ));
            }
            let otherwise = match otherwise {
                Some(otherwise) => written(otherwise)?,
                None => "NULL".to_owned(),
            };
            format!("{text} ELSE {otherwise} END")
        }
        ExprKind::Is {
            negated,
            what,
            operand,
        } if what == "null" => {
            let not = if *negated { "NOT " } else { "" };
            format!("({} IS {not}NULL)", written(operand)?)
        }
        ExprKind::Function(function) => call(function)?,
        _ => return None,
    })
}

fn written_literal(literal: &Literal) -> Option<String> {
    match literal {
        Literal::Null => Some("NULL".to_owned()),
        Literal::Text(text) => Some(format!("'{}'", text.replace('\'', "''"))),
        Literal::Number(digits) => {
            // Longer ones may become another type, and are written as its values are.
            let plain = digits
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.');
            let short = digits.len() <= 18;
            (plain
                && short
                && !digits.ends_with('.')
                && !(digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.")))
            .then(|| digits.clone())
        }
        Literal::Boolean(_) | Literal::Blob(_) => None,
    }
}

fn binary(operator: &str, left: &ast::Expr, right: &ast::Expr) -> Option<String> {
    let operator = match operator {
        "<>" => "!=",
        "==" => "=",
        "+" | "-" | "*" | "/" | "//" | "%" | "||" | "=" | "!=" | "<" | "<=" | ">" | ">=" | "^"
        | "**" | "&" | "|" => operator,
        _ => return None,
    };
    Some(format!(
        "({} {operator} {})",
        written(left)?,
        written(right)?
    ))
}

/// The type in a cast. Words that only the type system knows are written in quotes.
fn cast_type(text: &str) -> Option<String> {
    let sql_type: SqlType = text.parse().ok()?;
    Some(match sql_type {
        SqlType::Decimal(precision, scale) if text.contains('(') && text.contains(',') => {
            format!("DECIMAL({precision}, {scale})")
        }
        SqlType::Decimal(..) if !text.contains('(') => "DECIMAL".to_owned(),
        SqlType::Date => "\"DATE\"".to_owned(),
        SqlType::Double => "\"DOUBLE\"".to_owned(),
        SqlType::TinyInt => "\"TINYINT\"".to_owned(),
        SqlType::Boolean
        | SqlType::SmallInt
        | SqlType::Integer
        | SqlType::BigInt
        | SqlType::Float
        | SqlType::Timestamp
            if !text.contains('(') =>
        {
            sql_type.to_string()
        }
        SqlType::Varchar if !text.contains('(') => sql_type.to_string(),
        _ => return None,
    })
}

fn call(function: &ast::Function) -> Option<String> {
    let [name] = function.name.as_slice() else {
        return None;
    };
    let simple = function.order_by.is_empty()
        && function.within_group.is_empty()
        && function.filter.is_none()
        && function.ignore_nulls.is_none()
        && function.over.is_none()
        && !function.export_state
        && function
            .arguments
            .iter()
            .all(|argument| argument.name.is_none());
    let called = name.value.to_lowercase();
    if !simple || REWRITTEN.contains(&called.as_str()) {
        return None;
    }
    if called == "count" && counts_rows(function) {
        return Some("count_star()".to_owned());
    }
    let arguments = function
        .arguments
        .iter()
        .map(|argument| written(&argument.value))
        .collect::<Option<Vec<String>>>()?
        .join(", ");
    let distinct = if function.distinct { "DISTINCT " } else { "" };
    Some(match called.as_str() {
        "coalesce" => format!("COALESCE({arguments})"),
        _ if GRAMMAR.contains(&called.as_str()) => {
            format!("main.{}({arguments})", quote_identifier(&called))
        }
        _ => format!("{}({distinct}{arguments})", quote_identifier(&called)),
    })
}

fn counts_rows(function: &ast::Function) -> bool {
    match function.arguments.as_slice() {
        [] => true,
        [only] => matches!(only.value.kind, ExprKind::Star(_)),
        _ => false,
    }
}

//! Which column names a pattern, or a condition over a name, picks: for `COLUMNS(…)` and
//! `* LIKE '…'`.
//!
//! Only what is certain is decided. Patterns are the engine's: `LIKE`, `GLOB`, and RE2's, which the
//! crate `regex` reads alike as long as both the pattern and the names are plain ASCII.

use crate::name::same_name;
use crate::parse::ast::{self, ExprKind, Literal};
use regex::Regex;

/// A pattern that compares like the engine's; `None` if the two may differ.
pub(super) fn regular(pattern: &str, whole: bool) -> Option<Regex> {
    // What one of the two libraries has and the other hasn't, or reads differently.
    let differing = [
        "&&", "--", "~~", "[[", "\\Q", "\\C", "\\<", "\\>", "\\b{", "(?x", "(?u", "(?R",
    ];
    if !pattern.is_ascii() || differing.iter().any(|part| pattern.contains(part)) {
        return None;
    }
    let pattern = if whole {
        format!("^(?:{pattern})$")
    } else {
        pattern.to_owned()
    };
    Regex::new(&pattern).ok()
}

/// Whether a name passes `LIKE`, `ILIKE`, `GLOB` or `SIMILAR TO`, with or without `NOT`.
pub(super) fn passes(
    name: &str,
    operator: &str,
    pattern: &str,
    escape: Option<char>,
) -> Option<bool> {
    if !name.is_ascii() || !pattern.is_ascii() {
        return None;
    }
    if let Some(operator) = operator.strip_prefix("not ") {
        return passes(name, operator, pattern, escape).map(|passed| !passed);
    }
    Some(match operator {
        "like" | "~~" => like(name.as_bytes(), pattern.as_bytes(), escape),
        "ilike" | "~~*" => {
            let (name, pattern) = (name.to_ascii_lowercase(), pattern.to_ascii_lowercase());
            like(name.as_bytes(), pattern.as_bytes(), escape)
        }
        "glob" | "~~~" => glob(name, pattern)?,
        "similar to" | "~" => regular(pattern, true)?.is_match(name),
        _ => return None,
    })
}

fn like(text: &[u8], pattern: &[u8], escape: Option<char>) -> bool {
    let Some((first, rest)) = pattern.split_first() else {
        return text.is_empty();
    };
    if escape.is_some_and(|escape| char::from(*first) == escape) {
        return match (rest.split_first(), text.split_first()) {
            (Some((literal, rest)), Some((next, text))) => {
                literal == next && like(text, rest, escape)
            }
            _ => false,
        };
    }
    match first {
        b'%' => (0..=text.len()).any(|start| like(&text[start..], rest, escape)),
        b'_' => !text.is_empty() && like(&text[1..], rest, escape),
        literal => text.first() == Some(literal) && like(&text[1..], rest, escape),
    }
}

/// `GLOB` with stars and question marks; classes are left open.
fn glob(text: &str, pattern: &str) -> Option<bool> {
    if pattern.contains(['[', ']', '\\']) {
        return None;
    }
    let translated = regex::escape(pattern)
        .replace("\\*", ".*")
        .replace("\\?", ".");
    Some(
        Regex::new(&format!("^(?s:{translated})$"))
            .ok()?
            .is_match(text),
    )
}

/// What a constant expression over the names of columns gives.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Boolean(bool),
    Number(i128),
    Text(String),
    List(Vec<Value>),
}

impl Value {
    fn text(self) -> Option<String> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    fn boolean(self) -> Option<bool> {
        match self {
            Value::Boolean(value) => Some(value),
            _ => None,
        }
    }
}

/// Whether a condition over a name, the parameter, is true for it; `None` if that isn't certain.
pub(super) fn holds(condition: &ast::Expr, parameter: &str, name: &str) -> Option<bool> {
    let evaluation = Evaluation {
        parameters: vec![(parameter, Value::Text(name.to_owned()))],
        names: None,
    };
    match evaluation.value(condition)? {
        Value::Boolean(value) => Some(value),
        Value::Null => Some(false),
        _ => None,
    }
}

/// What the selector of a `COLUMNS(…)` gives, in which a star stands for the list of these names;
/// `None` if that isn't certain.
pub(super) fn selected(selector: &ast::Expr, names: &[&str]) -> Option<Value> {
    let evaluation = Evaluation {
        parameters: Vec::new(),
        names: Some(names),
    };
    evaluation.value(selector)
}

struct Evaluation<'a> {
    /// The parameters of the lambdas around the place.
    parameters: Vec<(&'a str, Value)>,
    /// What a star stands for.
    names: Option<&'a [&'a str]>,
}

impl<'a> Evaluation<'a> {
    fn value(&self, expr: &'a ast::Expr) -> Option<Value> {
        super::with_stack(|| self.kind(expr))
    }

    fn text(&self, expr: &'a ast::Expr) -> Option<String> {
        self.value(expr)?.text()
    }

    fn parameter(&self, name: &ast::Name) -> Option<Value> {
        let mut innermost = self.parameters.iter().rev();
        innermost
            .find(|(own, _)| same_name(own, &name.value))
            .map(|(_, value)| value.clone())
    }

    fn kind(&self, expr: &'a ast::Expr) -> Option<Value> {
        Some(match &expr.kind {
            ExprKind::Nested(inner) => self.value(inner)?,
            ExprKind::Name(names) => match names.as_slice() {
                [only] => self.parameter(only)?,
                _ => return None,
            },
            ExprKind::Literal(literal) => constant(literal)?,
            ExprKind::Star(star) => self.starred(star)?,
            ExprKind::List(items) => {
                let items = items.iter().map(|item| self.value(item));
                Value::List(items.collect::<Option<Vec<Value>>>()?)
            }
            ExprKind::Comprehension {
                result,
                variables,
                list,
                condition,
            } => self.comprehension(result, variables, list, condition.as_deref())?,
            // What isn't changed by it.
            ExprKind::Cast {
                operand, type_name, ..
            } => match (self.value(operand)?, type_name.text.to_lowercase().as_str()) {
                (value @ (Value::Text(_) | Value::Null), "varchar" | "text" | "string") => value,
                (value @ (Value::List(_) | Value::Null), "varchar[]" | "text[]") => value,
                _ => return None,
            },
            ExprKind::Unary { operator, operand } if operator == "not" => {
                Value::Boolean(!self.value(operand)?.boolean()?)
            }
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
            } => {
                let escape = match escape {
                    Some(escape) => Some(self.text(escape)?.chars().next()?),
                    None => None,
                };
                let (text, pattern) = (self.text(operand)?, self.text(pattern)?);
                Value::Boolean(passes(&text, operator, &pattern, escape)? != *negated)
            }
            ExprKind::InList {
                negated,
                operand,
                list,
            } => {
                let value = self.value(operand)?;
                let list: Option<Vec<Value>> = list.iter().map(|item| self.value(item)).collect();
                let list = list?;
                if list.contains(&Value::Null) || value == Value::Null {
                    return None;
                }
                Value::Boolean(list.contains(&value) != *negated)
            }
            ExprKind::Function(function) => {
                let arguments: Vec<&ast::Expr> = function
                    .arguments
                    .iter()
                    .map(|argument| &argument.value)
                    .collect();
                match function.name.as_slice() {
                    [name] => self.call(&name.value, &arguments)?,
                    // `x.starts_with('a')`
                    [operand, name] => {
                        let operand = self.parameter(operand)?;
                        self.called(&name.value, operand, &arguments)?
                    }
                    _ => return None,
                }
            }
            _ => return None,
        })
    }

    /// The names that a star stands for, but for those that it excludes.
    fn starred(&self, star: &ast::Star) -> Option<Value> {
        let plain = star.qualifier.is_empty()
            && star.replace.is_empty()
            && star.rename.is_empty()
            && star.pattern.is_none()
            && star.exclude.iter().all(|name| name.len() == 1);
        let excluded = |name: &str| {
            let mut excluded = star.exclude.iter().flatten();
            excluded.any(|own| same_name(&own.value, name))
        };
        let names = self.names.filter(|_| plain)?.iter();
        let names = names.filter(|name| !excluded(name));
        Some(Value::List(
            names.map(|name| Value::Text((*name).to_owned())).collect(),
        ))
    }

    fn comprehension(
        &self,
        result: &'a ast::Expr,
        variables: &'a [ast::Name],
        list: &'a ast::Expr,
        condition: Option<&'a ast::Expr>,
    ) -> Option<Value> {
        let ([variable], Value::List(items)) = (variables, self.value(list)?) else {
            return None;
        };
        let mut results = Vec::new();
        for item in items {
            let mut parameters = self.parameters.clone();
            parameters.push((&variable.value, item));
            let inner = Evaluation {
                parameters,
                names: self.names,
            };
            let holds = match condition {
                Some(condition) => match inner.value(condition)? {
                    Value::Boolean(holds) => holds,
                    Value::Null => false,
                    _ => return None,
                },
                None => true,
            };
            if holds {
                results.push(inner.value(result)?);
            }
        }
        Some(Value::List(results))
    }

    fn binary(&self, operator: &str, left: &'a ast::Expr, right: &'a ast::Expr) -> Option<Value> {
        if operator == "and" || operator == "or" {
            let (left, right) = (self.value(left)?.boolean()?, self.value(right)?.boolean()?);
            let value = if operator == "and" {
                left && right
            } else {
                left || right
            };
            return Some(Value::Boolean(value));
        }
        if matches!(
            operator,
            "~~" | "~~*" | "~~~" | "~" | "similar to" | "not similar to" | "glob"
        ) {
            let (text, pattern) = (self.text(left)?, self.text(right)?);
            return passes(&text, operator, &pattern, None).map(Value::Boolean);
        }
        let (left, right) = (self.value(left)?, self.value(right)?);
        if operator == "||" {
            return Some(match (left, right) {
                (Value::Text(left), Value::Text(right)) => Value::Text(left + &right),
                (Value::List(left), Value::List(right)) => {
                    Value::List(left.into_iter().chain(right).collect())
                }
                _ => return None,
            });
        }
        let order = match (&left, &right) {
            (Value::Text(left), Value::Text(right)) => left.cmp(right),
            (Value::Number(left), Value::Number(right)) => left.cmp(right),
            _ => return None,
        };
        Some(Value::Boolean(match operator {
            "=" | "==" => order.is_eq(),
            "<>" | "!=" => order.is_ne(),
            "<" => order.is_lt(),
            "<=" => order.is_le(),
            ">" => order.is_gt(),
            ">=" => order.is_ge(),
            "^@" => match (left, right) {
                (Value::Text(text), Value::Text(start)) => text.starts_with(&start),
                _ => return None,
            },
            _ => return None,
        }))
    }

    fn call(&self, name: &str, arguments: &[&'a ast::Expr]) -> Option<Value> {
        let (first, rest) = arguments.split_first()?;
        let first = self.value(first)?;
        self.called(name, first, rest)
    }

    /// A function of its first argument and others.
    fn called(&self, name: &str, first: Value, rest: &[&'a ast::Expr]) -> Option<Value> {
        let name = name.to_lowercase();
        let lists = matches!(name.as_str(), "list_concat" | "array_concat" | "list_cat");
        if let (Value::List(items), true, [other]) = (&first, lists, rest) {
            let Value::List(others) = self.value(other)? else {
                return None;
            };
            return Some(Value::List(items.iter().cloned().chain(others).collect()));
        }
        let text = first.text()?;
        let second = || self.text(rest.first()?);
        Some(match (name.as_str(), rest.len() + 1) {
            ("starts_with" | "prefix", 2) => Value::Boolean(text.starts_with(&second()?)),
            ("ends_with" | "suffix", 2) => Value::Boolean(text.ends_with(&second()?)),
            ("contains", 2) => Value::Boolean(text.contains(&second()?)),
            ("concat", 2) => Value::Text(text + &second()?),
            ("lower" | "lcase", 1) if text.is_ascii() => Value::Text(text.to_ascii_lowercase()),
            ("upper" | "ucase", 1) if text.is_ascii() => Value::Text(text.to_ascii_uppercase()),
            ("length" | "len", 1) if text.is_ascii() => {
                Value::Number(i128::try_from(text.len()).ok()?)
            }
            ("regexp_matches", 2) if text.is_ascii() => {
                Value::Boolean(regular(&second()?, false)?.is_match(&text))
            }
            ("regexp_full_match", 2) if text.is_ascii() => {
                Value::Boolean(regular(&second()?, true)?.is_match(&text))
            }
            _ => return None,
        })
    }
}

fn constant(literal: &Literal) -> Option<Value> {
    Some(match literal {
        Literal::Text(text) => Value::Text(text.clone()),
        Literal::Boolean(value) => Value::Boolean(*value),
        Literal::Number(digits) => Value::Number(digits.parse().ok()?),
        Literal::Null => Value::Null,
        Literal::Blob(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_pick_as_the_engine_does() {
        for (name, operator, pattern, passed) in [
            ("col1", "like", "col%", true),
            ("Col1", "like", "col%", false),
            ("Col1", "ilike", "col_", true),
            ("col1", "not like", "%1", false),
            ("col1", "glob", "c*1", true),
            ("col1", "glob", "c?1", false),
            ("col1", "similar to", "col", false),
            ("col1", "similar to", "col|col1", true),
        ] {
            assert_eq!(
                passes(name, operator, pattern, None),
                Some(passed),
                "{name} {pattern}"
            );
        }
        assert_eq!(passes("_a", "like", "\\_%", Some('\\')), Some(true));
        assert_eq!(passes("ba", "like", "\\_%", Some('\\')), Some(false));
    }

    #[test]
    fn what_may_differ_is_left_open() {
        assert!(regular("[a&&b]", false).is_none());
        assert!(regular("ä", false).is_none());
        assert_eq!(passes("ä", "like", "_", None), None);
        assert_eq!(passes("a", "glob", "[a-z]", None), None);
    }
}

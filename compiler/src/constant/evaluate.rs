//! Expressions.

use super::casts::cast;
use super::operators::{arithmetic, comparison, comparison_type, concatenated, is_like, negated};
use super::{Constant, Datum, Evaluated, Stop, all, both, fails, functions};
use crate::parse::ast::{Expr, ExprKind, Literal, TypeName};
use crate::span::Span;
use crate::sql_type::{Common, SqlType};
use crate::types::{common_of, literal};

/// How deep an expression is looked into.
const MOST_LEVELS: u32 = 64;

/// Evaluates expressions of a text.
#[derive(Clone, Copy, Debug)]
pub struct Evaluator<'a> {
    text: &'a str,
    level: u32,
}

impl<'a> Evaluator<'a> {
    /// An evaluator of expressions whose places are in this text.
    pub fn new(text: &'a str) -> Self {
        Evaluator { text, level: 0 }
    }

    /// The value of an expression.
    pub fn value(self, expr: &Expr) -> Evaluated {
        if self.level >= MOST_LEVELS {
            return Err(Stop::Unknown);
        }
        let inner = Evaluator {
            level: self.level + 1,
            ..self
        };
        inner.kind(expr)
    }

    /// The value of an expression as another type.
    pub fn cast(self, expr: &Expr, to: &SqlType) -> Evaluated {
        cast(&self.value(expr)?, to)
    }

    /// A condition: `None` for a null.
    pub fn condition(self, expr: &Expr) -> Evaluated<Option<bool>> {
        truth(&cast(&self.value(expr)?, &SqlType::Boolean)?)
    }

    /// `left = right`
    pub fn equals(self, left: &Expr, right: &Expr) -> Evaluated<Option<bool>> {
        let (left, right) = both(self.value(left), self.value(right))?;
        truth(&comparison("=", &left, &right)?)
    }

    fn kind(self, expr: &Expr) -> Evaluated {
        match &expr.kind {
            ExprKind::Nested(inner) => self.value(inner),
            ExprKind::Literal(written) => of_literal(written),
            ExprKind::Typed { type_name, text } => self.typed_text(type_name, *text),
            ExprKind::Interval { value, unit } => self.interval(value, unit.is_some()),
            ExprKind::Unary { operator, operand } => self.unary(operator, operand),
            ExprKind::Binary {
                operator,
                left,
                right,
                ..
            } => self.binary(operator, left, right),
            ExprKind::Like {
                negated,
                operator,
                operand,
                pattern,
                escape: None,
            } => {
                let (text, pattern) = both(self.value(operand), self.value(pattern))?;
                is_like(operator, *negated, &text, &pattern)
            }
            ExprKind::Is {
                negated,
                what,
                operand,
            } => self.is(*negated, what, operand),
            ExprKind::Between {
                negated,
                operand,
                low,
                high,
            } => self.between(*negated, [operand, low, high]),
            ExprKind::InList {
                negated,
                operand,
                list,
            } => self.in_list(*negated, operand, list),
            ExprKind::Cast {
                operand,
                type_name,
                fallible,
            } => self.written_cast(operand, type_name, *fallible),
            ExprKind::Case {
                operand,
                branches,
                otherwise,
            } => self.case(operand.as_deref(), branches, otherwise.as_deref()),
            ExprKind::List(items) => self.list(items),
            ExprKind::Struct(items) => {
                let values = all(items.iter().map(|(_, item)| self.value(item)))?;
                let names = items.iter().map(|(name, _)| name.value.clone());
                let types = values.into_iter().map(|value| value.sql_type);
                let fields = names.zip(types).collect();
                Ok(Constant::new(SqlType::Struct(fields), Datum::Some))
            }
            ExprKind::Map(entries) => self.map(entries),
            ExprKind::Function(function) => functions::call(self, function),
            _ => Err(Stop::Unknown),
        }
    }

    fn typed_text(self, type_name: &TypeName, text: Span) -> Evaluated {
        let written = self.text.get(text.range()).ok_or(Stop::Unknown)?;
        let inner = written
            .strip_prefix('\'')
            .and_then(|rest| rest.strip_suffix('\''))
            .ok_or(Stop::Unknown)?;
        let text = Constant::new(SqlType::Varchar, Datum::Text(inner.replace("''", "'")));
        cast(&text, &named(type_name)?)
    }

    fn interval(self, value: &Expr, counted: bool) -> Evaluated {
        let value = self.value(value)?;
        if value.is_null() {
            return Ok(Constant::new(SqlType::Interval, Datum::Null));
        }
        if !counted {
            return cast(&value, &SqlType::Interval);
        }
        let count = cast(&value, &SqlType::Double)?;
        match count.datum {
            Datum::Double(number) if number.abs() < 1e5 => {
                Ok(Constant::new(SqlType::Interval, Datum::Some))
            }
            _ => Err(Stop::Unknown),
        }
    }

    fn unary(self, operator: &str, operand: &Expr) -> Evaluated {
        match operator {
            "not" => {
                let value = self.condition(operand)?;
                Ok(Constant::boolean(value.map(|value| !value)))
            }
            "-" => negated(&self.value(operand)?),
            _ => Err(Stop::Unknown),
        }
    }

    fn binary(self, operator: &str, left: &Expr, right: &Expr) -> Evaluated {
        match operator {
            "and" => return self.logic(left, right, false),
            "or" => return self.logic(left, right, true),
            _ => {}
        }
        let (left, right) = both(self.value(left), self.value(right))?;
        match operator {
            "=" | "==" | "<>" | "!=" | "<" | "<=" | ">" | ">=" => {
                comparison(operator, &left, &right)
            }
            "||" => concatenated(&left, &right),
            _ => arithmetic(operator, &left, &right),
        }
    }

    /// `AND` and `OR`, where one value decides alone. Whether the engine looks at a failing side
    /// beside that value depends on where it stands.
    fn logic(self, left: &Expr, right: &Expr, decides: bool) -> Evaluated {
        let sides = [self.condition(left), self.condition(right)];
        let neutral = Some(!decides);
        match sides {
            [Ok(left), Ok(right)] => {
                let value = match (left, right) {
                    _ if left == Some(decides) || right == Some(decides) => Some(decides),
                    (Some(_), Some(_)) => neutral,
                    _ => None,
                };
                Ok(Constant::boolean(value))
            }
            [Err(Stop::Fails(message)), Ok(other)] | [Ok(other), Err(Stop::Fails(message))]
                if other == neutral =>
            {
                Err(Stop::Fails(message))
            }
            [Err(Stop::Fails(message)), Err(Stop::Fails(_))] => Err(Stop::Fails(message)),
            _ => Err(Stop::Unknown),
        }
    }

    fn is(self, negated: bool, what: &str, operand: &Expr) -> Evaluated {
        let value = self.value(operand)?;
        if value.datum == Datum::Some {
            return Ok(Constant::new(SqlType::Boolean, Datum::Some));
        }
        let holds = match what {
            "null" => value.is_null(),
            "true" | "false" | "unknown" => {
                let truth = truth(&cast(&value, &SqlType::Boolean)?)?;
                match what {
                    "true" => truth == Some(true),
                    "false" => truth == Some(false),
                    _ => truth.is_none(),
                }
            }
            _ => return Err(Stop::Unknown),
        };
        Ok(Constant::boolean(Some(holds != negated)))
    }

    fn between(self, not: bool, parts: [&Expr; 3]) -> Evaluated {
        let values = all(parts.map(|part| self.value(part)))?;
        let [value, low, high] = values.as_slice() else {
            return Err(Stop::Unknown);
        };
        let sql_type = comparison_type([value, low, high])?;
        let as_type = |part: &Constant| cast(part, &sql_type);
        let (value, low, high) = (as_type(value)?, as_type(low)?, as_type(high)?);
        let above = truth(&comparison(">=", &value, &low)?)?;
        let below = truth(&comparison("<=", &value, &high)?)?;
        let within = match (above, below) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        };
        Ok(Constant::boolean(within.map(|within| within != not)))
    }

    fn in_list(self, not: bool, operand: &Expr, list: &[Expr]) -> Evaluated {
        let values = all(std::iter::once(operand)
            .chain(list)
            .map(|part| self.value(part)))?;
        let sql_type = comparison_type(&values)?;
        let (value, members) = values.split_first().ok_or(Stop::Unknown)?;
        let value = cast(value, &sql_type)?;
        let mut found = Some(false);
        for member in members {
            let member = cast(member, &sql_type).map_err(|stop| match found {
                // What stands behind a match may not be looked at.
                Some(true) => Stop::Unknown,
                _ => stop,
            })?;
            match truth(&comparison("=", &value, &member)?)? {
                Some(true) => found = Some(true),
                None if found == Some(false) => found = None,
                _ => {}
            }
        }
        Ok(Constant::boolean(found.map(|found| found != not)))
    }

    fn written_cast(self, operand: &Expr, type_name: &TypeName, fallible: bool) -> Evaluated {
        let to = named(type_name)?;
        let value = self.value(operand)?;
        match cast(&value, &to) {
            Err(Stop::Fails(_)) if fallible => Ok(Constant::new(to, Datum::Null)),
            cast => cast,
        }
    }

    /// The engine looks at no more of the branches than it needs.
    fn case(
        self,
        operand: Option<&Expr>,
        branches: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
    ) -> Evaluated {
        // Each part is looked at once: cases within cases would be looked at again and again.
        let whens = branches.iter().map(|(when, _)| self.value(when));
        let whens: Vec<Evaluated> = whens.collect();
        let thens = branches.iter().map(|(_, then)| then).chain(otherwise);
        let thens: Vec<Evaluated> = thens.map(|then| self.value(then)).collect();
        let operand = operand.map(|operand| self.value(operand));
        let parts = || whens.iter().chain(&thens).chain(&operand);
        // What isn't known may be no constant.
        if parts().any(|part| *part == Err(Stop::Unknown)) {
            return Err(Stop::Unknown);
        }
        let mut chosen = branches.len();
        for (place, when) in whens.iter().enumerate() {
            let when = when.clone()?;
            let holds = match &operand {
                Some(operand) => comparison("=", &operand.clone()?, &when)?,
                None => cast(&when, &SqlType::Boolean)?,
            };
            if truth(&holds)? == Some(true) {
                chosen = place;
                break;
            }
        }
        let value = thens.get(chosen).cloned().transpose()?;
        // The type is that of all results.
        let typed = thens.iter().map(|then| then.as_ref().map(Constant::typed));
        let typed: Result<Vec<_>, _> = typed.collect();
        match (typed.map(|typed| common_of(&typed)), value) {
            (Ok(Common::Type(sql_type)), Some(value)) => cast(&value, &sql_type),
            (Ok(Common::Type(sql_type)), None) => Ok(Constant::new(sql_type, Datum::Null)),
            _ => Err(Stop::Unknown),
        }
    }

    fn list(self, items: &[Expr]) -> Evaluated {
        let members = all(items.iter().map(|item| self.value(item)))?;
        let typed: Vec<_> = members.iter().map(Constant::typed).collect();
        let Common::Type(element) = common_of(&typed) else {
            return Err(Stop::Unknown);
        };
        let members = members
            .iter()
            .map(|member| Ok(cast(member, &element)?.datum))
            .collect::<Evaluated<Vec<_>>>()?;
        Ok(Constant::new(SqlType::list(element), Datum::List(members)))
    }

    /// Only the keys are looked at: no two are the same, and none is null.
    fn map(self, entries: &[(Expr, Expr)]) -> Evaluated {
        let mut seen: Vec<Constant> = Vec::new();
        all(entries.iter().map(|(_, value)| self.value(value)))?;
        for key in all(entries.iter().map(|(key, _)| self.value(key)))? {
            if key.is_null() {
                return fails("the key of a map can't be null");
            }
            let plain = matches!(key.datum, Datum::Integer(_) | Datum::Text(_));
            if !plain || seen.iter().any(|other| other.sql_type != key.sql_type) {
                return Err(Stop::Unknown);
            }
            if seen.iter().any(|other| other.datum == key.datum) {
                return fails("two keys of the map are the same");
            }
            seen.push(key);
        }
        Err(Stop::Unknown)
    }
}

/// The type that a cast names.
fn named(type_name: &TypeName) -> Evaluated<SqlType> {
    let sql_type = type_name.text.parse::<SqlType>();
    let known = sql_type
        .ok()
        .filter(|sql_type| !sql_type.any(&SqlType::is_vague));
    known.ok_or(Stop::Unknown)
}

/// What a boolean says; nothing is known of one that isn't looked at.
fn truth(value: &Constant) -> Evaluated<Option<bool>> {
    match value.datum {
        Datum::Boolean(value) => Ok(Some(value)),
        Datum::Null => Ok(None),
        _ => Err(Stop::Unknown),
    }
}

fn of_literal(written: &Literal) -> Evaluated {
    let typed = literal::typed(written);
    let datum = match written {
        Literal::Null => Datum::Null,
        Literal::Boolean(value) => Datum::Boolean(*value),
        Literal::Text(text) => Datum::Text(text.clone()),
        Literal::Number(digits) => number(digits, &typed)?,
        Literal::Blob(_) => return Err(Stop::Unknown),
    };
    Ok(Constant {
        literal: matches!(datum, Datum::Text(_) | Datum::Integer(_)),
        sql_type: typed.sql_type,
        datum,
    })
}

fn number(written: &str, typed: &crate::types::Typed) -> Evaluated<Datum> {
    let digits = written.replace('_', "");
    match (&typed.value, &typed.sql_type) {
        (crate::types::Value::Integer(number), _) => Ok(Datum::Integer(*number)),
        (_, SqlType::Decimal(..)) => {
            let all = digits.replace('.', "");
            all.parse().map(Datum::Decimal).map_err(|_| Stop::Unknown)
        }
        (_, SqlType::Double) => digits.parse().map(Datum::Double).map_err(|_| Stop::Unknown),
        _ => Err(Stop::Unknown),
    }
}

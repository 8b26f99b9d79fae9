//! From the tokens of a directive's line to a [`Condition`].
//!
//! ```text
//! condition := both { "or" both }
//! both      := one { "and" one }
//! one       := "not" one | "(" condition ")" | operand [ compare operand | ["not"] "in" list ]
//! operand   := fact | variable | text | number | "true" | "false"
//! list      := "[" operand { "," operand } "]"
//! ```

use super::condition::{Comparison, Condition, ConditionKind, Operator, Subject, Test, Variable};
use super::value::{Number, Value, ValueKind};
use crate::diagnostic::{Code, Diagnostic, Fix, nearest};
use crate::span::Span;
use crate::token::{Token, TokenKind};

/// How deep parentheses and `not` may nest.
const MAXIMUM_DEPTH: usize = 100;

/// Reads the tokens behind `#if` or `#elif`, comments left out. `directive` is where that word
/// stands.
pub(super) fn parse(
    text: &str,
    tokens: &[Token],
    directive: Span,
    variables: &[Variable],
) -> Result<Condition, Diagnostic> {
    let mut parser = Parser {
        text,
        tokens,
        position: 0,
        depth: 0,
        last: directive,
        variables,
    };
    let condition = parser.either()?;
    match parser.tokens.get(parser.position) {
        None => Ok(condition),
        Some(token) => {
            let found = parser.text_of(*token);
            let error = malformed(token.span, format!("`{found}` can't follow a condition"));
            Err(match found {
                "&&" => error
                    .hint("write `and`")
                    .fix(spaced(text, token.span, "and")),
                "||" => error.hint("write `or`").fix(spaced(text, token.span, "or")),
                _ => error,
            })
        }
    }
}

/// Writes a word for a sign, with the blanks that a word needs.
fn spaced(text: &str, sign: Span, word: &str) -> Fix {
    let is_blank = |character: Option<char>| character.is_some_and(char::is_whitespace);
    let before = text.get(..sign.start as usize).unwrap_or_default();
    let behind = text.get(sign.end as usize..).unwrap_or_default();
    let left = if is_blank(before.chars().next_back()) {
        ""
    } else {
        " "
    };
    let right = if is_blank(behind.chars().next()) {
        ""
    } else {
        " "
    };
    Fix {
        title: format!("write `{word}`"),
        ..Fix::replace(sign, format!("{left}{word}{right}"))
    }
}

fn malformed(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::MalformedCondition, span, message)
}

struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token],
    position: usize,
    depth: usize,
    /// The token read last, for what is missing behind it.
    last: Span,
    variables: &'a [Variable],
}

enum Operand {
    Subject(Subject),
    Literal(Value),
}

impl<'a> Parser<'a> {
    fn text_of(&self, token: Token) -> &'a str {
        self.text.get(token.span.range()).unwrap_or_default()
    }

    fn peek(&self) -> Option<&'a str> {
        self.tokens
            .get(self.position)
            .map(|token| self.text_of(*token))
    }

    fn next(&mut self) -> Option<Token> {
        let token = *self.tokens.get(self.position)?;
        self.position += 1;
        self.last = token.span;
        Some(token)
    }

    fn take(&mut self, word: &str) -> bool {
        let taken = self
            .peek()
            .is_some_and(|text| text.eq_ignore_ascii_case(word));
        if taken {
            self.next();
        }
        taken
    }

    fn either(&mut self) -> Result<Condition, Diagnostic> {
        self.chain("or", Self::both, ConditionKind::Or)
    }

    fn both(&mut self) -> Result<Condition, Diagnostic> {
        self.chain("and", Self::one, ConditionKind::And)
    }

    fn chain(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Result<Condition, Diagnostic>,
        make: fn(Vec<Condition>) -> ConditionKind,
    ) -> Result<Condition, Diagnostic> {
        let first = part(self)?;
        if !self
            .peek()
            .is_some_and(|text| text.eq_ignore_ascii_case(word))
        {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.take(word) {
            parts.push(part(self)?);
        }
        let span = parts[0].span.to(self.last);
        Ok(Condition {
            kind: make(parts),
            span,
        })
    }

    fn one(&mut self) -> Result<Condition, Diagnostic> {
        self.depth += 1;
        if self.depth > MAXIMUM_DEPTH {
            let message = "this condition is nested too deep";
            return Err(Diagnostic::error(Code::TooDeep, self.last, message));
        }
        let condition = self.one_inside();
        self.depth -= 1;
        condition
    }

    fn one_inside(&mut self) -> Result<Condition, Diagnostic> {
        if self.take("not") {
            let start = self.last;
            let inner = self.one()?;
            return Ok(negated(inner, start));
        }
        if self.take("(") {
            let open = self.last;
            let inner = self.either()?;
            if !self.take(")") {
                return Err(self
                    .missing("`)`")
                    .and_at(open, "this parenthesis is never closed"));
            }
            return Ok(Condition {
                span: open.to(self.last),
                ..inner
            });
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Condition, Diagnostic> {
        let (left, start) = self.operand()?;
        let turned_list = self
            .peek()
            .is_some_and(|text| text.eq_ignore_ascii_case("not"));
        if turned_list {
            self.next();
        }
        if self.take("in") {
            let test = self.in_list(left, start)?;
            return Ok(match turned_list {
                true => negated(test, start),
                false => test,
            });
        }
        if turned_list {
            return Err(self.missing("`in`"));
        }
        match self.operator()? {
            None => alone(left, start),
            Some((operator, negate, minus)) => {
                let (right, _) = match minus {
                    true => self.number_behind_minus()?,
                    false => self.operand()?,
                };
                let span = start.to(self.last);
                let condition = compare(left, operator, right, span)?;
                Ok(match negate {
                    true => negated(condition, span),
                    false => condition,
                })
            }
        }
    }

    /// An operator, whether it is negated, and whether a minus sign runs into it as in `!=-1`.
    fn operator(&mut self) -> Result<Option<(Operator, bool, bool)>, Diagnostic> {
        let Some(token) = self.tokens.get(self.position).copied() else {
            return Ok(None);
        };
        if token.kind != TokenKind::Symbol {
            return Ok(None);
        }
        let text = self.text_of(token);
        let operator = match text {
            "==" => (Operator::Equal, false, false),
            "!=" => (Operator::Equal, true, false),
            "!=-" => (Operator::Equal, true, true),
            "<" => (Operator::Less, false, false),
            "<=" => (Operator::LessOrEqual, false, false),
            ">" => (Operator::Greater, false, false),
            ">=" => (Operator::GreaterOrEqual, false, false),
            "=" | "<>" => {
                let meant = if text == "=" { "==" } else { "!=" };
                return Err(
                    malformed(token.span, format!("`{text}` compares nothing here"))
                        .hint(format!("write `{meant}`"))
                        .fix(Fix::replace(token.span, meant)),
                );
            }
            _ => return Ok(None),
        };
        self.next();
        Ok(Some(operator))
    }

    fn in_list(&mut self, left: Operand, start: Span) -> Result<Condition, Diagnostic> {
        let values = self.list()?;
        let span = start.to(self.last);
        let kind = match left {
            Operand::Literal(value) => {
                ConditionKind::Constant(values.iter().any(|(other, _)| *other == value))
            }
            Operand::Subject(subject) => {
                for (value, place) in &values {
                    check(&subject, value, *place)?;
                }
                let values = values.into_iter().map(|(value, _)| value).collect();
                ConditionKind::Test(Test {
                    subject,
                    comparison: Comparison::In(values),
                })
            }
        };
        Ok(Condition { kind, span })
    }

    /// `['a', 'b']`, or a variable that is a list.
    fn list(&mut self) -> Result<Vec<(Value, Span)>, Diagnostic> {
        if !self.take("[") {
            let named = self.peek().and_then(|name| {
                let variable = self
                    .variables
                    .iter()
                    .find(|variable| variable.name == name)?;
                variable.list.clone()
            });
            let Some(values) = named else {
                return Err(self
                    .missing("a list")
                    .hint("write it as `in ['a', 'b']`, or name a list of `[vars]`"));
            };
            self.next();
            return Ok(values.into_iter().map(|value| (value, self.last)).collect());
        }
        let mut values = Vec::new();
        while !self.take("]") {
            let (operand, span) = self.operand()?;
            match operand {
                Operand::Literal(value) => values.push((value, span)),
                Operand::Subject(subject) => {
                    return Err(malformed(span, format!("`{subject}` is no literal"))
                        .hint("a list in a condition holds texts, numbers or booleans"));
                }
            }
            if !self.take(",") && self.peek() != Some("]") {
                return Err(self.missing("`,` or `]`"));
            }
        }
        Ok(values)
    }

    fn number_behind_minus(&mut self) -> Result<(Operand, Span), Diagnostic> {
        let start = self.last;
        let (operand, span) = self.operand()?;
        match operand {
            Operand::Literal(Value::Number(number)) => Ok((
                Operand::Literal(Value::Number(number.negated())),
                start.to(span),
            )),
            _ => Err(malformed(span, "a minus sign needs a number behind it")),
        }
    }

    fn operand(&mut self) -> Result<(Operand, Span), Diagnostic> {
        let Some(token) = self.next() else {
            return Err(self.missing("a fact, a variable or a literal"));
        };
        let text = self.text_of(token);
        let literal = |value| Ok((Operand::Literal(value), token.span));
        match token.kind {
            TokenKind::Text if text.starts_with('\'') => literal(Value::Text(unquoted(text))),
            TokenKind::Number => match Number::read(text) {
                Some(number) => literal(Value::Number(number)),
                None => Err(
                    malformed(token.span, format!("`{text}` is too long a number")).hint(
                        "a number in a condition has up to 18 digits on each side of its point",
                    ),
                ),
            },
            TokenKind::Symbol if text == "-" => self.number_behind_minus(),
            TokenKind::Word if text.eq_ignore_ascii_case("true") => literal(Value::Boolean(true)),
            TokenKind::Word if text.eq_ignore_ascii_case("false") => literal(Value::Boolean(false)),
            TokenKind::Word if !is_keyword(text) => {
                Ok((self.subject(text, token.span)?, token.span))
            }
            TokenKind::Reference => Err(malformed(
                token.span,
                "a condition names a variable without a colon",
            )
            .hint(format!("write `{}`", text.trim_start_matches(':')))
            .fix(Fix::replace(token.span, text.trim_start_matches(':')))),
            _ => Err(malformed(
                token.span,
                format!("expected a fact, a variable or a literal, found `{text}`"),
            )),
        }
    }

    fn subject(&self, name: &str, span: Span) -> Result<Operand, Diagnostic> {
        if let Some((_, fact)) = Subject::FACTS.into_iter().find(|(fact, _)| *fact == name) {
            return Ok(Operand::Subject(fact));
        }
        if let Some(variable) = self.variables.iter().find(|variable| variable.name == name) {
            let Some(kind) = variable.kind else {
                return Err(malformed(
                    span,
                    format!("`{name}` is of a type that conditions can't compare, or may be null"),
                )
                .hint("texts, numbers and booleans without the default `null` can be compared"));
            };
            return Ok(Operand::Subject(Subject::Variable {
                name: variable.name.clone(),
                kind,
            }));
        }
        let names = Subject::FACTS
            .iter()
            .map(|(fact, _)| *fact)
            .chain(self.variables.iter().map(|variable| variable.name.as_str()));
        let error = Diagnostic::error(
            Code::UnknownFact,
            span,
            format!("there is no fact and no variable `{name}`"),
        );
        Err(match nearest(name, names.clone()) {
            Some(meant) => error.hint(format!("did you mean `{meant}`?")).fix_name(
                name,
                span,
                names,
                str::to_owned,
            ),
            None => error.hint(format!("declare it: `-- @var: {name} type = default`")),
        })
    }

    fn missing(&self, what: &str) -> Diagnostic {
        match self.tokens.get(self.position) {
            Some(token) => malformed(
                token.span,
                format!("expected {what}, found `{}`", self.text_of(*token)),
            ),
            None => malformed(
                self.last,
                format!(
                    "expected {what} behind `{}`",
                    self.text.get(self.last.range()).unwrap_or_default()
                ),
            ),
        }
    }
}

fn is_keyword(word: &str) -> bool {
    ["and", "or", "not", "in"]
        .iter()
        .any(|keyword| word.eq_ignore_ascii_case(keyword))
}

fn unquoted(text: &str) -> String {
    let inner = text.strip_prefix('\'').unwrap_or(text);
    inner.strip_suffix('\'').unwrap_or(inner).replace("''", "'")
}

fn negated(inner: Condition, start: Span) -> Condition {
    Condition {
        span: start.to(inner.span),
        kind: ConditionKind::Not(Box::new(inner)),
    }
}

/// A fact or boolean without a comparison.
fn alone(operand: Operand, span: Span) -> Result<Condition, Diagnostic> {
    let kind = match operand {
        Operand::Literal(Value::Boolean(value)) => ConditionKind::Constant(value),
        Operand::Literal(value) => {
            return Err(malformed(span, format!("{} is no condition", value.kind())));
        }
        Operand::Subject(subject) if subject.kind() == ValueKind::Boolean => {
            ConditionKind::Test(Test {
                subject,
                comparison: Comparison::Holds,
            })
        }
        Operand::Subject(subject) => {
            let example = match subject.kind() {
                ValueKind::Text => "'…'",
                _ => "0",
            };
            return Err(malformed(
                span,
                format!("`{subject}` is {}, no condition", subject.kind()),
            )
            .hint(format!("compare it, as in `{subject} == {example}`")));
        }
    };
    Ok(Condition { kind, span })
}

fn compare(
    left: Operand,
    operator: Operator,
    right: Operand,
    span: Span,
) -> Result<Condition, Diagnostic> {
    let (subject, operator, value) = match (left, right) {
        (Operand::Subject(subject), Operand::Literal(value)) => (subject, operator, value),
        (Operand::Literal(value), Operand::Subject(subject)) => (subject, turned(operator), value),
        (Operand::Literal(left), Operand::Literal(right)) => {
            let Some(order) = left.order(&right) else {
                return Err(malformed(
                    span,
                    format!("{} and {} can't be compared", left.kind(), right.kind()),
                ));
            };
            return Ok(Condition {
                kind: ConditionKind::Constant(operator.holds(order)),
                span,
            });
        }
        (Operand::Subject(left), Operand::Subject(right)) => {
            return Err(malformed(
                span,
                format!("`{left}` and `{right}` can't be compared with each other"),
            )
            .hint("compare a fact or a variable with a literal"));
        }
    };
    check(&subject, &value, span)?;
    let is_name = matches!(subject, Subject::Env | Subject::Engine | Subject::Dialect);
    if is_name && operator != Operator::Equal {
        return Err(malformed(span, format!("`{subject}` has no order"))
            .hint("compare it with `==`, `!=` or `in`"));
    }
    let kind = match (operator, &value) {
        (Operator::Equal, Value::Boolean(expected)) => {
            let test = ConditionKind::Test(Test {
                subject,
                comparison: Comparison::Holds,
            });
            match expected {
                true => test,
                false => ConditionKind::Not(Box::new(Condition { kind: test, span })),
            }
        }
        _ => ConditionKind::Test(Test {
            subject,
            comparison: Comparison::With(operator, value),
        }),
    };
    Ok(Condition { kind, span })
}

/// The operator that says the same with its sides exchanged.
fn turned(operator: Operator) -> Operator {
    match operator {
        Operator::Equal => Operator::Equal,
        Operator::Less => Operator::Greater,
        Operator::LessOrEqual => Operator::GreaterOrEqual,
        Operator::Greater => Operator::Less,
        Operator::GreaterOrEqual => Operator::LessOrEqual,
    }
}

fn check(subject: &Subject, value: &Value, span: Span) -> Result<(), Diagnostic> {
    if value.fits(subject.kind()) {
        return Ok(());
    }
    Err(malformed(
        span,
        format!(
            "`{subject}` is {}, `{value}` is {}",
            subject.kind(),
            value.kind()
        ),
    ))
}

//! Expressions by operator precedence, in the levels of the engine's grammar.
//!
//! From loose to tight: `->` and `->>` (on their left), `or`, `and`, `not`, `is`, comparisons,
//! `between` `in` `like`, all other operators (`||`, `->>` on its right, `&`, …), `+ -`,
//! `* / % //`, `^ **`, `at time zone`, `collate`, signs, `::`. All lean to the left; comparisons
//! don't chain. `==` compares, too, and is one of the other operators.

use super::MAXIMUM_CHAIN;
use super::ast::{Expr, ExprKind};
use super::cursor::{Parsed, Parser};
use super::keyword::{self, Category, Keyword};
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::token::TokenKind;

/// How tight an operator binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Power {
    Anything,
    Arrow,
    Or,
    And,
    Not,
    Is,
    Comparison,
    Between,
    Escape,
    Other,
    Sum,
    Product,
    Exponent,
    TimeZone,
    Collate,
    Sign,
    Cast,
    /// Tighter than every operator.
    Operand,
}

impl Power {
    /// The next tighter power: what the right side of an operator that leans left needs.
    fn tighter(self) -> Power {
        match self {
            Power::Anything => Power::Arrow,
            Power::Arrow => Power::Or,
            Power::Or => Power::And,
            Power::And => Power::Not,
            Power::Not => Power::Is,
            Power::Is => Power::Comparison,
            Power::Comparison => Power::Between,
            Power::Between => Power::Escape,
            Power::Escape => Power::Other,
            Power::Other => Power::Sum,
            Power::Sum => Power::Product,
            Power::Product => Power::Exponent,
            Power::Exponent => Power::TimeZone,
            Power::TimeZone => Power::Collate,
            Power::Collate => Power::Sign,
            Power::Sign => Power::Cast,
            Power::Cast | Power::Operand => Power::Operand,
        }
    }
}

/// What stands behind an operand.
#[derive(Clone, Copy)]
enum Infix {
    /// An operator with a power for its left and one for its right side.
    Operator(Power, Power),
    Is,
    IsNull,
    NotNull,
    Between,
    In,
    Like,
    TimeZone,
    Collate,
    Cast,
}

impl Infix {
    fn power(self) -> Power {
        match self {
            Infix::Operator(left, _) => left,
            Infix::Is | Infix::IsNull | Infix::NotNull => Power::Is,
            Infix::Between | Infix::In | Infix::Like => Power::Between,
            Infix::TimeZone => Power::TimeZone,
            Infix::Collate => Power::Collate,
            Infix::Cast => Power::Cast,
        }
    }
}

impl Parser<'_> {
    /// An expression.
    pub(super) fn expression(&mut self) -> Parsed<Expr> {
        self.expression_above(Power::Anything)
    }

    /// An expression of operators that bind at least so tight.
    pub(super) fn expression_above(&mut self, least: Power) -> Parsed<Expr> {
        self.nested(|parser| {
            let start = parser.position();
            let first = parser.prefix()?;
            parser.operators(start, first, least)
        })
    }

    fn operators(&mut self, start: usize, first: Expr, least: Power) -> Parsed<Expr> {
        let mut left = first;
        let mut chain = 0;
        let mut compared: Option<Span> = None;
        // `a IS DISTINCT FROM b` takes no other test behind it without parentheses.
        let mut distinct_test = false;
        while let Some(infix) = self.infix() {
            if infix.power() < least {
                break;
            }
            chain += 1;
            if chain > MAXIMUM_CHAIN {
                return Err(self.too_deep());
            }
            self.grow()?;
            if distinct_test && infix.power() == Power::Is {
                return Err(self.unexpected("the end of the expression"));
            }
            let comparison = infix.power() == Power::Comparison;
            if let Some(first) = compared.filter(|_| comparison) {
                return Err(self.chained_comparison(first));
            }
            compared = comparison.then(|| self.span());
            let kind = self.apply(infix, left)?;
            // `a > all (…)` is no comparison to the grammar.
            compared = compared.filter(|_| !matches!(kind, ExprKind::Quantified { .. }));
            distinct_test = matches!(infix, Infix::Is) && matches!(kind, ExprKind::Binary { .. });
            left = Expr {
                kind,
                span: self.span_from(start),
            };
        }
        Ok(left)
    }

    fn chained_comparison(&self, first: Span) -> Box<Diagnostic> {
        let message = "comparisons can't follow each other";
        Box::new(
            Diagnostic::error(Code::SyntaxError, self.span(), message)
                .and_at(first, "the first one")
                .hint("join them with `and`, or put one in parentheses"),
        )
    }

    fn infix(&self) -> Option<Infix> {
        match self.kind(0)? {
            TokenKind::Word => self.infix_word(),
            TokenKind::Symbol => symbol_power(self.text()),
            _ => None,
        }
    }

    fn infix_word(&self) -> Option<Infix> {
        let like = |ahead: usize| match self.keyword(ahead) {
            keyword::LIKE | keyword::ILIKE | keyword::GLOB => Some(Infix::Like),
            keyword::SIMILAR if self.keyword(ahead + 1) == keyword::TO => Some(Infix::Like),
            _ => None,
        };
        match self.keyword(0) {
            keyword::AND => Some(Infix::Operator(Power::And, Power::Not)),
            keyword::OR => Some(Infix::Operator(Power::Or, Power::And)),
            keyword::IS => Some(Infix::Is),
            keyword::ISNULL => Some(Infix::IsNull),
            keyword::NOTNULL => Some(Infix::NotNull),
            keyword::BETWEEN => Some(Infix::Between),
            keyword::IN => Some(Infix::In),
            keyword::AT if self.keyword(1) == keyword::TIME => Some(Infix::TimeZone),
            keyword::COLLATE => Some(Infix::Collate),
            keyword::OPERATOR if self.symbol_is(1, "(") => {
                Some(Infix::Operator(Power::Other, Power::Sum))
            }
            keyword::NOT => match self.keyword(1) {
                keyword::BETWEEN => Some(Infix::Between),
                keyword::IN => Some(Infix::In),
                keyword::NULL => Some(Infix::NotNull),
                // The grammar has no `NOT GLOB`.
                keyword::GLOB => None,
                _ => like(1),
            },
            keyword::OVERLAPS => Some(Infix::Operator(Power::Other, Power::Sum)),
            _ => like(0),
        }
    }

    fn apply(&mut self, infix: Infix, left: Expr) -> Parsed<ExprKind> {
        let operand = Box::new(left);
        Ok(match infix {
            Infix::Operator(_, right) => return self.binary(operand, right),
            Infix::Is => return self.is_test(operand),
            Infix::IsNull => {
                self.advance();
                is_null(operand, false)
            }
            Infix::NotNull => {
                if self.take(keyword::NOT) {
                    self.expect(keyword::NULL)?;
                } else {
                    self.advance();
                }
                is_null(operand, true)
            }
            Infix::Between => {
                let negated = self.take(keyword::NOT);
                self.expect(keyword::BETWEEN)?;
                if self.at(keyword::SYMMETRIC) {
                    return Err(self.unexpected("a value: the engine has no `BETWEEN SYMMETRIC`,"));
                }
                self.take(keyword::ASYMMETRIC);
                let low = Box::new(self.expression_above(Power::Comparison)?);
                self.expect(keyword::AND)?;
                let high = Box::new(self.expression_above(Power::Escape)?);
                ExprKind::Between {
                    negated,
                    operand,
                    low,
                    high,
                }
            }
            Infix::In => return self.membership(operand),
            Infix::Like => return self.pattern(operand),
            Infix::TimeZone => {
                self.advance();
                self.expect(keyword::TIME)?;
                self.expect(keyword::ZONE)?;
                let zone = Box::new(self.expression_above(Power::Collate)?);
                ExprKind::AtTimeZone { operand, zone }
            }
            Infix::Collate => {
                self.advance();
                let mut collation = self.name("a collation")?;
                while self.take_symbol(".") {
                    let part = self.any_name("a collation")?;
                    collation.value = format!("{}.{}", collation.value, part.value);
                    collation.span = collation.span.to(part.span);
                }
                ExprKind::Collate { operand, collation }
            }
            Infix::Cast => {
                self.advance();
                let type_name = self.type_name()?;
                ExprKind::Cast {
                    operand,
                    type_name,
                    fallible: false,
                }
            }
        })
    }

    fn binary(&mut self, left: Box<Expr>, least: Power) -> Parsed<ExprKind> {
        let (operator, operator_span) = self.operator()?;
        let compares = least == Power::Comparison.tighter() || least == Power::Sum;
        if compares && self.at_any(&[keyword::ANY, keyword::ALL, keyword::SOME]) {
            return self.quantified(left, operator, least);
        }
        // `x!`, and the `%` of a percentage, have nothing behind them.
        let named = matches!(operator.as_str(), "->>" | "overlaps");
        let postfix = (least == Power::Sum && !named) || (operator == "%" && self.percentages);
        if postfix && !self.at_operand() {
            return Ok(ExprKind::Unary {
                operator,
                operand: left,
            });
        }
        let right = Box::new(self.expression_above(least)?);
        let left = match (star_pattern(&operator), left.kind) {
            (Some(operator), ExprKind::Star(mut star)) if star.pattern.is_none() => {
                star.pattern = Some((operator.to_owned(), right));
                return Ok(ExprKind::Star(star));
            }
            (_, kind) => Box::new(Expr { kind, ..*left }),
        };
        if operator == "->"
            && let Some(parameters) = row_of_names(&left)
        {
            return Ok(ExprKind::Lambda {
                parameters,
                body: right,
            });
        }
        Ok(ExprKind::Binary {
            operator,
            operator_span,
            left,
            right,
        })
    }

    /// An operator: a symbol, a word, or `OPERATOR(schema.+)`.
    fn operator(&mut self) -> Parsed<(String, Span)> {
        let start = self.position();
        if self.take(keyword::OPERATOR) {
            let open = self.expect_symbol("(")?;
            let first = self.position();
            while self.name_at(0) {
                self.advance();
                self.expect_symbol(".")?;
            }
            if self.kind(0) != Some(TokenKind::Symbol) || self.at_symbol(")") {
                return Err(self.unexpected("an operator"));
            }
            self.advance();
            // With its schemas, in which there are no operators.
            let operator = self.slice(self.span_from(first)).to_owned();
            self.close(")", open)?;
            return Ok((operator, self.span_from(start)));
        }
        let span = self.advance();
        let operator = match self.slice(span) {
            "==" => "=".to_owned(),
            "!=" => "<>".to_owned(),
            text => text.to_ascii_lowercase(),
        };
        Ok((operator, span))
    }

    fn quantified(&mut self, left: Box<Expr>, operator: String, least: Power) -> Parsed<ExprKind> {
        const COMPARISONS: [&str; 6] = ["=", "<>", "<", "<=", ">", ">="];
        if least == Power::Sum && !COMPARISONS.contains(&operator.as_str()) {
            return Err(self.unexpected("an expression"));
        }
        let all = self.at(keyword::ALL);
        self.advance();
        if !self.at_symbol("(") {
            return Err(self.unexpected("`(`"));
        }
        let start = self.position();
        let kind = match self.at_nested_query() {
            true => ExprKind::Query(Box::new(self.parenthesized(Parser::query)?)),
            false => ExprKind::Nested(Box::new(self.parenthesized(Parser::expression)?)),
        };
        let right = Box::new(Expr {
            kind,
            span: self.span_from(start),
        });
        Ok(ExprKind::Quantified {
            operator,
            all,
            left,
            right,
        })
    }

    fn is_test(&mut self, operand: Box<Expr>) -> Parsed<ExprKind> {
        let start = self.position();
        self.advance();
        let negated = self.take(keyword::NOT);
        if self.take_all(&[keyword::DISTINCT, keyword::FROM]) {
            let operator_span = self.span_from(start);
            let right = Box::new(self.expression_above(Power::Comparison)?);
            let operator = match negated {
                true => "is not distinct from",
                false => "is distinct from",
            };
            return Ok(ExprKind::Binary {
                operator: operator.to_owned(),
                operator_span,
                left: operand,
                right,
            });
        }
        if !self.at_any(&[
            keyword::NULL,
            keyword::TRUE,
            keyword::FALSE,
            keyword::UNKNOWN,
        ]) {
            return Err(self.unexpected("`null`, `true`, `false`, `unknown` or `distinct from`"));
        }
        let what = self.keyword(0).text().to_owned();
        self.advance();
        Ok(ExprKind::Is {
            negated,
            what,
            operand,
        })
    }

    fn membership(&mut self, operand: Box<Expr>) -> Parsed<ExprKind> {
        let negated = self.take(keyword::NOT);
        self.expect(keyword::IN)?;
        if !self.at_symbol("(") {
            if matches!(self.kind(0), Some(TokenKind::Text | TokenKind::Number)) {
                return Err(self.unexpected("a list"));
            }
            let collection = Box::new(self.nested(Parser::operand)?);
            return Ok(ExprKind::InValue {
                negated,
                operand,
                collection,
            });
        }
        if self.at_nested_query() {
            let query = Box::new(self.parenthesized(Parser::query)?);
            return Ok(ExprKind::InQuery {
                negated,
                operand,
                query,
            });
        }
        let open = self.advance();
        let list = self.list_until(")")?;
        if list.is_empty() {
            return Err(self.unexpected("an expression"));
        }
        self.close(")", open)?;
        Ok(ExprKind::InList {
            negated,
            operand,
            list,
        })
    }

    /// Expressions up to a closing bracket, a comma behind the last one allowed.
    pub(super) fn list_until(&mut self, close: &str) -> Parsed<Vec<Expr>> {
        let mut list = Vec::new();
        while !self.at_symbol(close) {
            list.push(self.expression()?);
            if !self.take_symbol(",") {
                break;
            }
        }
        Ok(list)
    }

    fn pattern(&mut self, operand: Box<Expr>) -> Parsed<ExprKind> {
        let negated = self.take(keyword::NOT);
        let operator = self.pattern_operator();
        let pattern = Box::new(self.expression_above(Power::Escape)?);
        let escape = match operator != "glob" && self.take(keyword::ESCAPE) {
            true => Some(Box::new(self.expression_above(Power::Other)?)),
            false => None,
        };
        Ok(ExprKind::Like {
            negated,
            operator,
            operand,
            pattern,
            escape,
        })
    }

    /// `like`, `ilike`, `glob` or `similar to`.
    pub(super) fn pattern_operator(&mut self) -> String {
        let text = self.keyword(0).text();
        self.advance();
        match self.take(keyword::TO) {
            true => format!("{text} to"),
            false => text.to_owned(),
        }
    }

    fn prefix(&mut self) -> Parsed<Expr> {
        let start = self.position();
        let least = match self.kind(0) {
            Some(TokenKind::Word) if self.at(keyword::NOT) => Power::Not,
            Some(TokenKind::Word) if self.at(keyword::OPERATOR) && self.symbol_is(1, "(") => {
                Power::Sum
            }
            Some(TokenKind::Symbol) => match self.text() {
                "-" | "+" => Power::Sign,
                "*" => return self.star_or_columns(),
                text if symbol_power(text).is_some_and(|infix| infix.power() == Power::Other) => {
                    Power::Sum
                }
                _ => return self.operand(),
            },
            _ => return self.operand(),
        };
        if least == Power::Not && self.keyword(1) == keyword::EXISTS && self.symbol_is(2, "(") {
            self.advance();
            self.advance();
            let query = Box::new(self.parenthesized(Parser::query)?);
            let kind = ExprKind::Exists {
                negated: true,
                query,
            };
            return Ok(Expr {
                kind,
                span: self.span_from(start),
            });
        }
        let (operator, _) = self.operator()?;
        let operand = Box::new(self.expression_above(least)?);
        Ok(Expr {
            kind: ExprKind::Unary { operator, operand },
            span: self.span_from(start),
        })
    }

    /// Whether an expression can begin here.
    pub(super) fn at_operand(&self) -> bool {
        match self.kind(0) {
            None => false,
            Some(TokenKind::Word) => {
                let keyword = self.keyword(0);
                keyword.category() != Some(Category::Reserved) || STARTS.contains(&keyword)
            }
            Some(TokenKind::Symbol) => {
                let text = self.text();
                matches!(text, "(" | "[" | "{" | "+" | "-" | "#")
                    || symbol_power(text).is_some_and(|infix| infix.power() == Power::Other)
            }
            Some(_) => true,
        }
    }
}

/// Reserved words that begin an expression.
const STARTS: [Keyword; 8] = [
    keyword::ARRAY,
    keyword::CASE,
    keyword::CAST,
    keyword::FALSE,
    keyword::LAMBDA,
    keyword::NOT,
    keyword::NULL,
    keyword::TRUE,
];

fn is_null(operand: Box<Expr>, negated: bool) -> ExprKind {
    ExprKind::Is {
        negated,
        what: "null".to_owned(),
        operand,
    }
}

/// The names of `(x, y)` in front of an arrow.
fn row_of_names(expr: &Expr) -> Option<Vec<super::ast::Name>> {
    let ExprKind::Row(items) = &expr.kind else {
        return None;
    };
    items.iter().map(single_name).collect()
}

/// A name without qualifiers.
pub(super) fn single_name(expr: &Expr) -> Option<super::ast::Name> {
    match &expr.kind {
        ExprKind::Name(parts) if parts.len() == 1 => parts.first().cloned(),
        ExprKind::Nested(inner) => single_name(inner),
        _ => None,
    }
}

fn symbol_power(text: &str) -> Option<Infix> {
    let leaning_left = |power: Power| Some(Infix::Operator(power, power.tighter()));
    match text {
        "->" => leaning_left(Power::Arrow),
        "->>" => Some(Infix::Operator(Power::Arrow, Power::Sum)),
        "=" | "<>" | "!=" | "<" | "<=" | ">" | ">=" => leaning_left(Power::Comparison),
        "+" | "-" => leaning_left(Power::Sum),
        "*" | "/" | "//" | "%" => leaning_left(Power::Product),
        "^" | "**" => leaning_left(Power::Exponent),
        "::" => Some(Infix::Cast),
        "=>" | ":=" => None,
        _ => text
            .starts_with([
                '~', '!', '@', '^', '&', '|', '`', '%', '+', '-', '*', '/', '<', '>', '=',
            ])
            .then_some(Infix::Operator(Power::Other, Power::Sum)),
    }
}

/// The pattern that an operator behind a star stands for.
///
/// Source: `TryTransformStarLike` of DuckDB, and what its parser makes of these operators.
fn star_pattern(operator: &str) -> Option<&'static str> {
    Some(match operator {
        "~" => "similar to",
        "!~" => "not similar to",
        "~~" => "like",
        "!~~" => "not like",
        "~~*" => "ilike",
        "!~~*" => "not ilike",
        "~~~" => "glob",
        _ => return None,
    })
}

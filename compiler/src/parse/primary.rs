//! Operands: what stands between operators, with the fields, methods and indexes behind it.

use super::MAXIMUM_CHAIN;
use super::ast::{Argument, Expr, ExprKind, Name};
use super::cursor::{Parsed, Parser};
use super::expression::Power;
use super::keyword::{self, Category};
use crate::token::TokenKind;

impl Parser<'_> {
    /// An operand with what is attached to it, without a cast.
    pub(super) fn operand(&mut self) -> Parsed<Expr> {
        self.tree(|parser| {
            let start = parser.position();
            let kind = parser.simple()?;
            let expr = Expr {
                kind,
                span: parser.span_from(start),
            };
            parser.attached(start, expr)
        })
    }

    /// `.field`, `.method(…)`, `[index]`
    fn attached(&mut self, start: usize, first: Expr) -> Parsed<Expr> {
        let mut expr = first;
        let mut chain = 0;
        while !matches!(
            expr.kind,
            ExprKind::Star(_) | ExprKind::Columns { .. } | ExprKind::Lambda { .. }
        ) {
            let constant = match &expr.kind {
                ExprKind::Literal(super::ast::Literal::Text(_)) => false,
                ExprKind::Literal(_) | ExprKind::Typed { .. } | ExprKind::Interval { .. } => true,
                _ => false,
            };
            if constant {
                break;
            }
            let kind = if self.take_symbol(".") {
                self.member(expr)?
            } else if self.at_symbol("[") {
                self.index(expr)?
            } else {
                break;
            };
            chain += 1;
            if chain > MAXIMUM_CHAIN {
                return Err(self.too_deep());
            }
            self.grow()?;
            expr = Expr {
                kind,
                span: self.span_from(start),
            };
        }
        Ok(expr)
    }

    fn member(&mut self, operand: Expr) -> Parsed<ExprKind> {
        let name_position = self.position();
        let name = self.any_name("a field or a method")?;
        let operand = Box::new(operand);
        if !self.at_symbol("(") {
            return Ok(ExprKind::Field {
                operand,
                field: name,
            });
        }
        if matches!(operand.kind, ExprKind::Literal(_)) {
            let error = self.unexpected("an operator");
            return Err(Box::new(
                error.hint("put the text in parentheses, or call the function"),
            ));
        }
        if begins_with_query(&operand) {
            let error = self.unexpected("an operator");
            return Err(Box::new(error.hint("call the function: `f((select …))`")));
        }
        let call = Box::new(self.call(vec![name], name_position)?);
        Ok(ExprKind::Method { operand, call })
    }

    fn index(&mut self, operand: Expr) -> Parsed<ExprKind> {
        let operand = Box::new(operand);
        let open = self.advance();
        let start = match self.at_symbol(":") {
            true => None,
            false => Some(Box::new(self.expression()?)),
        };
        if !self.take_symbol(":") {
            let Some(index) = start else {
                return Err(self.unexpected("an index"));
            };
            self.close("]", open)?;
            return Ok(ExprKind::Index { operand, index });
        }
        let end = match self.at_symbol(":") || self.at_symbol("]") {
            true => None,
            // `[a:-:step]`: a lone minus stands for the end.
            false if self.at_symbol("-") && self.symbol_is(1, ":") => {
                self.advance();
                None
            }
            false => Some(Box::new(self.expression()?)),
        };
        let step = match self.take_symbol(":") && !self.at_symbol("]") {
            true => Some(Box::new(self.expression()?)),
            false => None,
        };
        self.close("]", open)?;
        Ok(ExprKind::Slice {
            operand,
            start,
            end,
            step,
        })
    }

    fn simple(&mut self) -> Parsed<ExprKind> {
        match self.kind(0) {
            Some(TokenKind::Word) => self.word(),
            Some(TokenKind::QuotedName) => self.named(),
            Some(TokenKind::Text | TokenKind::DollarText | TokenKind::Number) => self.literal(),
            Some(TokenKind::Reference) => Ok(ExprKind::Reference(self.reference())),
            Some(TokenKind::Symbol) => match self.text() {
                "(" => self.parentheses(),
                "[" => self.list(),
                "{" => self.structure(),
                "#" => self.column_position(),
                _ => Err(self.unexpected("an expression")),
            },
            _ => Err(self.unexpected("an expression")),
        }
    }

    /// `:name`, without its colon.
    pub(super) fn reference(&mut self) -> Name {
        let span = self.advance();
        Name {
            value: self.slice(span).trim_start_matches(':').to_owned(),
            quoted: false,
            span,
        }
    }

    fn word(&mut self) -> Parsed<ExprKind> {
        let called = self.symbol_is(1, "(");
        match self.keyword(0) {
            keyword::NULL | keyword::TRUE | keyword::FALSE => return self.literal(),
            keyword::CASE => return self.case(),
            keyword::CAST | keyword::TRY_CAST if called => return self.cast(),
            keyword::INTERVAL => {
                if let Some(interval) = self.interval()? {
                    return Ok(interval);
                }
            }
            keyword::ARRAY => return self.array(),
            keyword::MAP if self.symbol_is(1, "{") => return self.map(),
            keyword::LAMBDA => return self.lambda(),
            keyword::EXISTS if called => {
                self.advance();
                let query = Box::new(self.parenthesized(Parser::query)?);
                return Ok(ExprKind::Exists {
                    negated: false,
                    query,
                });
            }
            keyword::ROW if called => {
                self.advance();
                let open = self.advance();
                let items = self.list_until(")")?;
                self.close(")", open)?;
                return Ok(ExprKind::Row(items));
            }
            keyword::COLUMNS if called => return self.columns(None, false),
            keyword::DEFAULT if !self.symbol_is(1, ".") => {
                self.advance();
                return Ok(ExprKind::Keyword("default".to_owned()));
            }
            _ => {}
        }
        self.named()
    }

    /// A column, a function, a star with a qualifier, or a type in front of a text.
    fn named(&mut self) -> Parsed<ExprKind> {
        let start = self.position();
        if !self.may_be_named() {
            return Err(self.unexpected("an expression"));
        }
        if let Some(typed) = self.typed_literal()? {
            return Ok(typed);
        }
        if let Some(special) = self.special_call()? {
            return Ok(special);
        }
        let mut parts = vec![self.any_name("a name")?];
        while self.at_symbol(".") {
            if self.symbol_is(1, "*") {
                self.advance();
                if parts.len() > 1 {
                    return Err(self.unexpected("a name: a star has one name in front of it"));
                }
                return self.star(parts);
            }
            if self.keyword(1) == keyword::COLUMNS && self.symbol_is(2, "(") && parts.len() == 1 {
                self.advance();
                return self.columns(parts.pop(), false);
            }
            self.advance();
            parts.push(self.any_name("a name")?);
            if parts.len() > MAXIMUM_CHAIN {
                return Err(self.too_deep());
            }
        }
        if !self.at_symbol("(") {
            return Ok(ExprKind::Name(parts));
        }
        if parts.len() > 3 {
            return Err(self.unexpected("an operator: a function has at most three names"));
        }
        let call = self.call(parts, start)?;
        if self.kind(0) == Some(TokenKind::Text) && !self.new_line_before() {
            // `decimal(4, 1) '2.5'`
            let constant = |argument: &Argument| {
                matches!(argument.value.kind, ExprKind::Literal(_)) && argument.name.is_none()
            };
            if call.arguments.is_empty() || !call.arguments.iter().all(constant) {
                return Err(self.unexpected("an operator"));
            }
            return self.typed_text(start);
        }
        Ok(ExprKind::Function(Box::new(call)))
    }

    /// Whether a column or a function can begin here.
    fn may_be_named(&self) -> bool {
        if self.kind(0) == Some(TokenKind::QuotedName) || self.symbol_is(1, "(") {
            return self.keyword(0).category() != Some(Category::Reserved)
                && !self.at_any(&[keyword::VALUES, keyword::BETWEEN]);
        }
        self.keyword(0).names_columns()
    }

    /// `(query)`, `(a, b)` or `(x)`
    fn parentheses(&mut self) -> Parsed<ExprKind> {
        if self.at_nested_query() {
            let query = self.parenthesized(Parser::query)?;
            return Ok(ExprKind::Query(Box::new(query)));
        }
        let open = self.advance();
        let percentages = std::mem::take(&mut self.percentages);
        let first = self.expression()?;
        let kind = if self.take_symbol(",") {
            let mut items = vec![first];
            items.extend(self.comma_separated(Parser::expression)?);
            ExprKind::Row(items)
        } else if let ExprKind::Star(_) = first.kind {
            // Parentheses around a star mean nothing.
            first.kind
        } else {
            ExprKind::Nested(Box::new(first))
        };
        self.percentages = percentages;
        self.close(")", open)?;
        Ok(kind)
    }

    /// `[a, b]` or `[x + 1 for x in list if x > 2]`
    fn list(&mut self) -> Parsed<ExprKind> {
        let open = self.advance();
        if self.take_symbol("]") {
            return Ok(ExprKind::List(Vec::new()));
        }
        let first = self.expression()?;
        if self.take(keyword::FOR) {
            let variables = self.comma_separated(|parser| parser.name("a name"))?;
            self.expect(keyword::IN)?;
            let before = self.position();
            let list = Box::new(self.expression()?);
            // In front of `IF` the grammar takes an operand alone.
            let operators = match list.kind {
                ExprKind::Binary { .. } | ExprKind::Unary { .. } => true,
                ExprKind::Cast { .. } => !self.text_at(before).to_lowercase().ends_with("cast"),
                _ => false,
            };
            let condition = match !operators && self.take(keyword::IF) {
                true => Some(Box::new(self.expression()?)),
                false => None,
            };
            self.close("]", open)?;
            return Ok(ExprKind::Comprehension {
                result: Box::new(first),
                variables,
                list,
                condition,
            });
        }
        let mut items = vec![first];
        if self.take_symbol(",") {
            items.extend(self.list_until("]")?);
        }
        self.close("]", open)?;
        Ok(ExprKind::List(items))
    }

    /// `{'a': 1, b: 2}`
    fn structure(&mut self) -> Parsed<ExprKind> {
        let open = self.advance();
        let mut fields = Vec::new();
        while fields.is_empty() || !self.at_symbol("}") {
            let key = match self.kind(0) {
                Some(TokenKind::Text) => self.text_as_name()?,
                _ => self.name("the name of a field")?,
            };
            self.expect_symbol(":")?;
            fields.push((key, self.expression()?));
            if !self.take_symbol(",") {
                break;
            }
        }
        self.close("}", open)?;
        Ok(ExprKind::Struct(fields))
    }

    /// `MAP {k: v}`
    fn map(&mut self) -> Parsed<ExprKind> {
        self.advance();
        let open = self.advance();
        let mut entries = Vec::new();
        while !self.at_symbol("}") {
            let key = self.expression()?;
            self.expect_symbol(":")?;
            entries.push((key, self.expression()?));
            if !self.take_symbol(",") {
                break;
            }
        }
        self.close("}", open)?;
        Ok(ExprKind::Map(entries))
    }

    /// `ARRAY[a, b]` or `ARRAY (query)`
    fn array(&mut self) -> Parsed<ExprKind> {
        self.advance();
        if self.at_symbol("(") {
            let query = self.parenthesized(Parser::query)?;
            return Ok(ExprKind::ArrayQuery(Box::new(query)));
        }
        let open = self.expect_symbol("[")?;
        let items = self.list_until("]")?;
        self.close("]", open)?;
        Ok(ExprKind::List(items))
    }

    /// `lambda x, y: …`
    fn lambda(&mut self) -> Parsed<ExprKind> {
        self.advance();
        let parameters = self.comma_separated(|parser| parser.name("a parameter"))?;
        self.expect_symbol(":")?;
        let body = Box::new(self.expression()?);
        Ok(ExprKind::Lambda { parameters, body })
    }

    /// `CASE [x] WHEN a THEN b … [ELSE c] END`
    fn case(&mut self) -> Parsed<ExprKind> {
        self.advance();
        let operand = match self.at(keyword::WHEN) {
            true => None,
            false => Some(Box::new(self.expression()?)),
        };
        let mut branches = Vec::new();
        while self.take(keyword::WHEN) {
            let condition = self.expression()?;
            self.expect(keyword::THEN)?;
            branches.push((condition, self.expression()?));
        }
        if branches.is_empty() {
            return Err(self.unexpected("`when`"));
        }
        let otherwise = match self.take(keyword::ELSE) {
            true => Some(Box::new(self.expression()?)),
            false => None,
        };
        self.expect(keyword::END)?;
        Ok(ExprKind::Case {
            operand,
            branches,
            otherwise,
        })
    }

    /// `CAST(x AS t)`, `TRY_CAST(x AS t)`
    fn cast(&mut self) -> Parsed<ExprKind> {
        let fallible = self.at(keyword::TRY_CAST);
        self.advance();
        let open = self.advance();
        let operand = Box::new(self.expression_above(Power::Anything)?);
        self.expect(keyword::AS)?;
        let type_name = self.type_name()?;
        self.close(")", open)?;
        Ok(ExprKind::Cast {
            operand,
            type_name,
            fallible,
        })
    }
}

/// Whether an expression is a subquery, or a field of what it gives.
fn begins_with_query(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Query(_) => true,
        ExprKind::Nested(inner) | ExprKind::Field { operand: inner, .. } => {
            begins_with_query(inner)
        }
        _ => false,
    }
}

//! Calls of functions, also those with a syntax of their own.
//!
//! What has a syntax of its own becomes a call with its arguments in the order of the function
//! behind it: `extract(year from d)` is `extract('year', d)`, `position(a in b)` is
//! `position(b, a)`: text first, then what is looked for; `trim(leading x from s)` is `ltrim(s, x)`.

use super::ast::{Argument, Expr, ExprKind, Function, Literal, Name, OrderItem};
use super::cursor::{Parsed, Parser};
use super::expression::single_name;
use super::keyword::{self, Category};
use crate::token::TokenKind;

impl Parser<'_> {
    /// The call of a function whose name has been read, at its parenthesis.
    pub(super) fn call(&mut self, name: Vec<Name>, start: usize) -> Parsed<Function> {
        let mut function = plain(name, Vec::new());
        let open = self.expect_symbol("(")?;
        self.nested(|parser| parser.call_inside(&mut function))?;
        self.close(")", open)?;
        self.call_behind(&mut function, start)?;
        Ok(function)
    }

    fn call_inside(&mut self, function: &mut Function) -> Parsed<()> {
        function.distinct = self.take(keyword::DISTINCT);
        if !function.distinct {
            self.take(keyword::ALL);
        }
        let ordered = self.at(keyword::ORDER) && self.keyword(1) == keyword::BY;
        if function.distinct || !(self.at_symbol(")") || ordered) {
            function.arguments = self.comma_separated(Self::argument)?;
        }
        if self.take_all(&[keyword::ORDER, keyword::BY]) {
            function.order_by = all_columns(self.order_items_or_all()?);
        }
        function.ignore_nulls = self.nulls_treatment();
        Ok(())
    }

    fn nulls_treatment(&mut self) -> Option<bool> {
        if self.take_all(&[keyword::IGNORE, keyword::NULLS]) {
            return Some(true);
        }
        self.take_all(&[keyword::RESPECT, keyword::NULLS])
            .then_some(false)
    }

    fn argument(&mut self) -> Parsed<Argument> {
        let variadic = self.take(keyword::VARIADIC);
        let named = self.symbol_is(1, ":=") || self.symbol_is(1, "=>");
        let name = match named {
            // `type_function_name` of the grammar.
            true if matches!(
                self.keyword(0).category(),
                Some(Category::Reserved | Category::Column)
            ) =>
            {
                return Err(self.unexpected("the name of an argument"));
            }
            true => {
                let name = self.any_name("the name of an argument")?;
                self.advance();
                Some(name)
            }
            false => None,
        };
        let value = self.expression()?;
        if variadic && self.at_symbol(",") {
            return Err(self.unexpected("the end of the arguments"));
        }
        Ok(Argument {
            name,
            value: self.argument_lambda(value),
        })
    }

    /// Reads `x -> …` as a lambda where an argument is one.
    ///
    /// The engine's grammar doesn't tell a lambda from a path into JSON; as an argument of a
    /// function, an arrow behind one name is taken for a lambda. The binder knows the function.
    pub(super) fn argument_lambda(&self, value: Expr) -> Expr {
        let ExprKind::Binary { operator, left, .. } = &value.kind else {
            return value;
        };
        let Some(parameter) = single_name(left).filter(|_| operator == "->") else {
            return value;
        };
        let span = value.span;
        let ExprKind::Binary { right: body, .. } = value.kind else {
            return value;
        };
        Expr {
            kind: ExprKind::Lambda {
                parameters: vec![parameter],
                body,
            },
            span,
        }
    }

    /// `WITHIN GROUP`, `FILTER`, `EXPORT_STATE`, `OVER`
    fn call_behind(&mut self, function: &mut Function, start: usize) -> Parsed<()> {
        if self.keyword(0).category() != Some(Category::Unreserved) {
            return Ok(());
        }
        if self.take_all(&[keyword::WITHIN, keyword::GROUP]) {
            function.within_group = self.parenthesized(|parser| {
                parser.expect(keyword::ORDER)?;
                parser.expect(keyword::BY)?;
                parser.order_items_or_all()
            })?;
            if function.distinct || !function.order_by.is_empty() {
                let message = "`within group` can't stand behind `distinct` or another `order by`";
                return Err(self.refused(start, message.to_owned()));
            }
        }
        if self.at(keyword::FILTER) && self.symbol_is(1, "(") {
            self.advance();
            function.filter = Some(self.parenthesized(|parser| {
                parser.take(keyword::WHERE);
                parser.expression()
            })?);
        }
        function.export_state = self.take(keyword::EXPORT_STATE);
        if self.take(keyword::OVER) {
            function.over = Some(self.over()?);
        } else if !function.within_group.is_empty() {
            self.check_ordered_set(function, start)?;
        }
        Ok(())
    }

    /// The engine's own rules for `WITHIN GROUP`.
    fn check_ordered_set(&self, function: &Function, start: usize) -> Parsed<()> {
        let name = function.name.last().map_or("", |name| name.value.as_str());
        let arguments = match name.to_ascii_lowercase().as_str() {
            "mode" => 0,
            "percentile_cont" | "percentile_disc" => 1,
            _ => return Err(self.refused(start, format!("`{name}` has no `within group`"))),
        };
        if function.within_group.len() != 1 {
            let message = "`within group` orders by one expression";
            return Err(self.refused(start, message.to_owned()));
        }
        if function.arguments.len() != arguments {
            let message = format!("`{name}` with `within group` takes {arguments} arguments");
            return Err(self.refused(start, message));
        }
        Ok(())
    }

    fn refused(&self, start: usize, message: String) -> Box<crate::diagnostic::Diagnostic> {
        let span = self.span_from(start);
        Box::new(crate::diagnostic::Diagnostic::error(
            crate::diagnostic::Code::SyntaxError,
            span,
            message,
        ))
    }

    /// Functions with a syntax of their own; `None` if none stands here.
    pub(super) fn special_call(&mut self) -> Parsed<Option<ExprKind>> {
        if !self.symbol_is(1, "(") {
            return Ok(None);
        }
        let special: fn(&mut Self) -> Parsed<Vec<Expr>> = match self.keyword(0) {
            keyword::EXTRACT => Self::extract_arguments,
            keyword::POSITION => Self::position_arguments,
            keyword::SUBSTRING => Self::substring_arguments,
            keyword::OVERLAY => Self::overlay_arguments,
            keyword::TRIM => return self.trim().map(Some),
            keyword => match keyword.text() {
                "treat" => return self.treat().map(Some),
                "coalesce" | "grouping" | "grouping_id" => Self::some_expressions,
                "nullif" => Self::two_expressions,
                _ => return Ok(None),
            },
        };
        let name = self.any_name("a function")?;
        let arguments = self.nested(|parser| parser.parenthesized(special))?;
        Ok(Some(ExprKind::Function(Box::new(plain(
            vec![name],
            arguments.into_iter().map(positional).collect(),
        )))))
    }

    /// Expressions and nothing else, a comma behind the last one allowed.
    fn some_expressions(&mut self) -> Parsed<Vec<Expr>> {
        match self.at_symbol(")") {
            true => Err(self.unexpected("an expression")),
            false => self.list_until(")"),
        }
    }

    fn two_expressions(&mut self) -> Parsed<Vec<Expr>> {
        let first = self.expression()?;
        self.expect_symbol(",")?;
        Ok(vec![first, self.expression()?])
    }

    /// `year FROM d`, `'year' FROM d`
    fn extract_arguments(&mut self) -> Parsed<Vec<Expr>> {
        let start = self.position();
        let part = match self.kind(0) {
            Some(TokenKind::Text) => self.text_as_name()?,
            _ => self.any_name("a part of a date")?,
        };
        let part = Expr {
            kind: ExprKind::Literal(Literal::Text(part.value)),
            span: self.span_from(start),
        };
        self.expect(keyword::FROM)?;
        Ok(vec![part, self.expression()?])
    }

    /// `needle IN text`
    fn position_arguments(&mut self) -> Parsed<Vec<Expr>> {
        let needle = self.expression_above(super::expression::Power::Escape)?;
        self.expect(keyword::IN)?;
        Ok(vec![self.expression()?, needle])
    }

    /// `text FROM start FOR length`, either part alone, or plain arguments.
    fn substring_arguments(&mut self) -> Parsed<Vec<Expr>> {
        if self.at_symbol(")") {
            return Ok(Vec::new());
        }
        let text = self.expression()?;
        let (mut from, mut length) = (None, None);
        for _ in 0..2 {
            if from.is_none() && self.take(keyword::FROM) {
                from = Some(self.expression()?);
            } else if length.is_none() && self.take(keyword::FOR) {
                length = Some(self.expression()?);
            }
        }
        if from.is_none() && length.is_none() {
            return self.plain_arguments(text);
        }
        let from = from.unwrap_or_else(|| Expr {
            kind: ExprKind::Literal(Literal::Number("1".to_owned())),
            span: text.span.after(),
        });
        Ok([Some(text), Some(from), length]
            .into_iter()
            .flatten()
            .collect())
    }

    fn plain_arguments(&mut self, first: Expr) -> Parsed<Vec<Expr>> {
        let mut arguments = vec![first];
        while self.take_symbol(",") {
            arguments.push(self.expression()?);
        }
        Ok(arguments)
    }

    /// `text PLACING new FROM start FOR length`
    fn overlay_arguments(&mut self) -> Parsed<Vec<Expr>> {
        let mut arguments = vec![self.expression()?];
        self.expect(keyword::PLACING)?;
        arguments.push(self.expression()?);
        self.expect(keyword::FROM)?;
        arguments.push(self.expression()?);
        if self.take(keyword::FOR) {
            arguments.push(self.expression()?);
        }
        Ok(arguments)
    }

    /// `TRIM([BOTH | LEADING | TRAILING] [characters] [FROM] text)`
    fn trim(&mut self) -> Parsed<ExprKind> {
        let mut name = self.any_name("a function")?;
        let arguments = self.nested(|parser| {
            parser.parenthesized(|parser| {
                match parser.keyword(0) {
                    keyword::LEADING => name.value = "ltrim".to_owned(),
                    keyword::TRAILING => name.value = "rtrim".to_owned(),
                    _ => {}
                }
                if parser.at_any(&[keyword::BOTH, keyword::LEADING, keyword::TRAILING]) {
                    parser.advance();
                }
                if parser.take(keyword::FROM) {
                    return parser.comma_separated(Self::expression);
                }
                let first = parser.expression()?;
                if parser.take(keyword::FROM) {
                    let mut arguments = parser.comma_separated(Self::expression)?;
                    arguments.push(first);
                    return Ok(arguments);
                }
                parser.plain_arguments(first)
            })
        })?;
        let arguments = arguments.into_iter().map(positional).collect();
        Ok(ExprKind::Function(Box::new(plain(vec![name], arguments))))
    }

    /// `TREAT(x AS t)`: the engine calls a function of the type's name.
    fn treat(&mut self) -> Parsed<ExprKind> {
        self.advance();
        self.parenthesized(|parser| {
            let operand = parser.expression()?;
            parser.expect(keyword::AS)?;
            let type_name = parser.type_name()?;
            let word = type_name.text.split('(').next().unwrap_or_default();
            let name = Name {
                value: word.trim().trim_matches('"').to_owned(),
                quoted: word.starts_with('"'),
                span: type_name.span,
            };
            Ok(ExprKind::Function(Box::new(plain(
                vec![name],
                vec![positional(operand)],
            ))))
        })
    }
}

/// In a call `ORDER BY ALL` is `ORDER BY COLUMNS(*)`: it is repeated for each column.
fn all_columns(mut items: Vec<OrderItem>) -> Vec<OrderItem> {
    for item in &mut items {
        if let ExprKind::Keyword(_) = &item.expr.kind {
            let star = Expr {
                kind: ExprKind::Star(Box::default()),
                span: item.expr.span,
            };
            item.expr.kind = ExprKind::Columns {
                qualifier: None,
                selector: Box::new(star),
                unpacked: false,
            };
        }
    }
    items
}

fn positional(value: Expr) -> Argument {
    Argument { name: None, value }
}

fn plain(name: Vec<Name>, arguments: Vec<Argument>) -> Function {
    Function {
        name,
        arguments,
        distinct: false,
        order_by: Vec::new(),
        within_group: Vec::new(),
        filter: None,
        ignore_nulls: None,
        over: None,
        export_state: false,
    }
}

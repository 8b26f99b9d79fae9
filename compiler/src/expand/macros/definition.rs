//! A definition of a macro: its parameters, and where they stand in its body.

use super::call::written;
use super::without_comments;
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::name::same_name;
use crate::parse::ast::{Expr, ExprKind, Name};
use crate::parse::walk::AnyNode;
use crate::parse::{is_alias, parse_expression, parse_query, walk};
use crate::span::{FileId, Span, Spanned};
use crate::token::{Token, TokenKind};
use crate::types::catalogue;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// One definition.
#[derive(Debug)]
pub(super) struct Definition {
    pub name: Spanned<String>,
    pub text: Arc<str>,
    pub is_table: bool,
    pub parameters: Vec<Parameter>,
    /// The body's tokens.
    pub tokens: Vec<Token>,
    /// Where parameters stand, by the first byte.
    pub uses: BTreeMap<u32, Use>,
    /// The parameters of its lambdas, and its common table expressions.
    pub own_names: Vec<String>,
}

/// A parameter.
#[derive(Debug)]
pub(super) struct Parameter {
    pub name: Spanned<String>,
    /// The tokens of its default.
    pub default: Option<Vec<Token>>,
    /// Whether it stands somewhere within a query of the body, or in a lambda.
    pub is_within: bool,
    /// How often it stands in the body.
    pub count: usize,
}

/// A place of a parameter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use {
    pub parameter: usize,
    pub form: Form,
}

/// How an argument is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As an expression.
    Value,
    /// As a table; if it has no alias, it gets the parameter's name as one.
    Table { aliased: bool },
    /// As it is: an order, several columns.
    Plain,
}

pub(super) fn malformed(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(Code::MalformedMacro, span, message)
}

impl Definition {
    /// Where the body stands.
    pub(super) fn body(&self) -> Range<usize> {
        match (self.tokens.first(), self.tokens.last()) {
            (Some(first), Some(last)) => first.span.range().start..last.span.range().end,
            _ => 0..0,
        }
    }

    pub(super) fn file(&self) -> FileId {
        self.name.span.file
    }

    /// How few arguments it takes.
    pub(super) fn least(&self) -> usize {
        let needed = |parameter: &&Parameter| parameter.default.is_none();
        self.parameters.iter().filter(needed).count()
    }

    /// Whether its body calls something volatile by itself.
    pub(super) fn is_volatile(&self) -> bool {
        calls_volatile(&self.text, &without_comments(&self.tokens))
    }

    /// Reads the body and finds the parameters in it.
    pub(super) fn look(&mut self) -> Vec<Diagnostic> {
        let mut names = Vec::new();
        let mut lambdas = Vec::new();
        let mut values = Vec::new();
        let mut given = BTreeSet::new();
        let text = Arc::clone(&self.text);
        let mut see_expression = |expr: &Expr| match &expr.kind {
            ExprKind::Name(parts) => names.push(parts.clone()),
            ExprKind::Reference(name) => values.push(name.clone()),
            // Another macro may take a table.
            ExprKind::Function(function) => {
                given.extend((function.arguments.iter()).map(|argument| argument.value.span.start))
            }
            ExprKind::Lambda { parameters, .. } => lambdas.extend(parameters.iter().cloned()),
            ExprKind::Comprehension { variables, .. } => lambdas.extend(variables.iter().cloned()),
            _ => {}
        };
        let mut see = |node: AnyNode<'_>| {
            if let AnyNode::Expression(expr) = node {
                see_expression(expr);
            }
        };
        let read = match self.is_table {
            true => parse_query(&text, &self.tokens).map(|query| walk::query(&query, &mut see)),
            false => {
                parse_expression(&text, &self.tokens).map(|expr| walk::expression(&expr, &mut see))
            }
        };
        if let Err(error) = read {
            let error = match error.primary {
                Some(_) => error,
                None => error.at(self.name.span, "behind this name"),
            };
            return vec![error];
        }
        let mut found = Vec::new();
        let levels = self.query_levels();
        for parts in names {
            found.extend(self.name_of_body(&parts, &lambdas, &levels));
        }
        // The span of a reference begins at its colon.
        values.retain(|name| !given.contains(&name.span.start));
        found.extend(values.into_iter().map(|name| {
            malformed(name.span, format!("`:{}` is no table here", name.value)).hint(format!(
                "a parameter that is a value has no colon: `{}`",
                name.value
            ))
        }));
        found.extend(self.references());
        for lambda in &lambdas {
            if let Some(parameter) = self.parameter(&lambda.value) {
                let place = self.parameters[parameter].name.span;
                found.push(
                    malformed(
                        lambda.span,
                        format!("`{}` is also a parameter of the macro", lambda.value),
                    )
                    .and_at(place, "here"),
                );
            }
        }
        self.own_names = lambdas.into_iter().map(|name| name.value).collect();
        let common_tables = self.common_tables();
        self.own_names.extend(common_tables);
        found
    }

    fn parameter(&self, name: &str) -> Option<usize> {
        let mut parameters = self.parameters.iter();
        parameters.position(|parameter| same_name(&parameter.name.value, name))
    }

    /// A name in the body: a parameter, or something that its own queries have.
    fn name_of_body(
        &mut self,
        parts: &[Name],
        lambdas: &[Name],
        levels: &[Range<u32>],
    ) -> Option<Diagnostic> {
        let first = parts.first()?;
        let is_inside = levels.iter().any(|level| level.contains(&first.span.start));
        if lambdas
            .iter()
            .any(|name| same_name(&name.value, &first.value))
        {
            return None;
        }
        // `rel.id` is a column of the relation, which is visible under the parameter's name.
        if let Some(parameter) = self.parameter(&first.value)
            && !(parts.len() > 1 && self.is_relation(&first.value))
        {
            self.add_use(first.span, parameter, Form::Value);
            self.parameters[parameter].is_within |= is_inside;
            return None;
        }
        if is_inside || self.is_table {
            return None;
        }
        let error = malformed(
            first.span,
            format!("`{}` is no parameter of `{}`", first.value, self.name.value),
        );
        let names = self
            .parameters
            .iter()
            .map(|parameter| parameter.name.value.as_str());
        Some(match nearest(&first.value, names) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error
                .hint("a macro sees nothing but its parameters: add one, and give it the column"),
        })
    }

    fn add_use(&mut self, span: Span, parameter: usize, form: Form) {
        self.parameters[parameter].count += 1;
        self.uses.insert(span.start, Use { parameter, form });
    }

    /// Whether a parameter is read as `:name`.
    fn is_relation(&self, name: &str) -> bool {
        self.tokens.iter().any(|token| {
            token.kind == TokenKind::Reference
                && same_name(written(&self.text, token).trim_start_matches(':'), name)
        })
    }

    /// Each `:name`, which must be a parameter.
    fn references(&mut self) -> Vec<Diagnostic> {
        let text = Arc::clone(&self.text);
        let tokens: Vec<Token> = without_comments(&self.tokens)
            .into_iter()
            .copied()
            .collect();
        let mut found = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            if token.kind != TokenKind::Reference {
                continue;
            }
            let name = written(&text, token).trim_start_matches(':');
            let Some(parameter) = self.parameter(name) else {
                found.push(
                    malformed(
                        token.span,
                        format!("`:{name}` is no parameter of `{}`", self.name.value),
                    )
                    .hint("a macro has no imports: the model gives it what it reads"),
                );
                continue;
            };
            let next = tokens.get(index + 1);
            let aliased = next.is_some_and(|next| is_alias(next.kind, written(&text, next)));
            self.add_use(token.span, parameter, Form::Table { aliased });
        }
        found
    }

    /// The parentheses that hold a query.
    fn query_levels(&self) -> Vec<Range<u32>> {
        let tokens = without_comments(&self.tokens);
        let mut open: Vec<(u32, bool)> = Vec::new();
        let mut levels = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            match written(&self.text, token) {
                "(" => {
                    let first = tokens
                        .get(index + 1)
                        .map_or("", |next| written(&self.text, next));
                    let starts = [
                        "select", "with", "from", "values", "table", "pivot", "unpivot", "(",
                    ];
                    let is_query = starts.iter().any(|word| first.eq_ignore_ascii_case(word));
                    open.push((token.span.start, is_query));
                }
                ")" => {
                    if let Some((start, true)) = open.pop() {
                        levels.push(start..token.span.end);
                    }
                }
                _ => {}
            }
        }
        levels
    }

    /// The names of its common table expressions.
    fn common_tables(&self) -> Vec<String> {
        let tokens = without_comments(&self.tokens);
        let word = |index: usize| {
            tokens
                .get(index)
                .map_or("", |token| written(&self.text, token))
        };
        let mut names = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            if !matches!(token.kind, TokenKind::Word | TokenKind::QuotedName) {
                continue;
            }
            let mut behind = index + 1;
            if word(behind) == "(" {
                while behind < tokens.len() && word(behind) != ")" {
                    behind += 1;
                }
                behind += 1;
            }
            let opens = |at: usize| {
                word(at) == "("
                    || ["materialized", "not"]
                        .iter()
                        .any(|w| word(at).eq_ignore_ascii_case(w))
            };
            if word(behind).eq_ignore_ascii_case("as") && opens(behind + 1) {
                names.push(super::call::name(&self.text, **token).to_owned());
            }
        }
        names
    }
}

/// Whether tokens call a function of the engine whose every call may give another result.
pub(super) fn calls_volatile(text: &str, tokens: &[&Token]) -> bool {
    tokens.windows(2).any(|pair| {
        super::call::is_call(text, &[*pair[0], *pair[1]])
            && catalogue::find(&written(text, pair[0]).to_lowercase())
                .is_some_and(|entry| entry.is_volatile())
    })
}

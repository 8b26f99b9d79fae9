//! A query with the places in it that can be changed.

use dbgo_compiler::lexer::lex;
use dbgo_compiler::parse::ast::{ExprKind, Function};
use dbgo_compiler::parse::parse_query;
use dbgo_compiler::parse::walk::{self, AnyNode};
use dbgo_compiler::span::FileId;
use dbgo_compiler::token::{Token, TokenKind};
use std::ops::Range;

/// A place in the text, in bytes.
pub type Place = Range<usize>;

/// A call of a function.
pub struct Call {
    /// All of it.
    pub place: Place,
    /// The name.
    pub name: Place,
    /// The arguments, without their names.
    pub arguments: Vec<Place>,
}

/// A query and what is in it. What our parser can't read has tokens only.
pub struct Source<'t> {
    /// The query.
    pub text: &'t str,
    /// Its tokens without comments.
    pub tokens: Vec<Token>,
    /// All expressions.
    pub expressions: Vec<Place>,
    /// Those that are names of one part.
    pub names: Vec<Place>,
    /// Those that are literals.
    pub literals: Vec<Place>,
    /// Stars.
    pub stars: Vec<Place>,
    /// Calls.
    pub calls: Vec<Call>,
    /// Operators with two sides.
    pub operators: Vec<Place>,
    /// Types as written.
    pub types: Vec<Place>,
    /// What a `FROM` reads.
    pub tables: Vec<Place>,
    /// Queries, the whole one first.
    pub queries: Vec<Place>,
}

impl<'t> Source<'t> {
    /// Reads a query.
    pub fn read(text: &'t str) -> Source<'t> {
        let (mut tokens, _) = lex(FileId(0), text, 0..text.len());
        tokens.retain(|token| token.kind != TokenKind::Comment);
        let mut source = Source {
            text,
            tokens,
            expressions: Vec::new(),
            names: Vec::new(),
            literals: Vec::new(),
            stars: Vec::new(),
            calls: Vec::new(),
            operators: Vec::new(),
            types: Vec::new(),
            tables: Vec::new(),
            queries: Vec::new(),
        };
        match parse_query(text, &source.tokens) {
            Ok(tree) => walk::query(&tree, &mut |node| source.see(node)),
            Err(_) => source.guess(),
        }
        source
    }

    /// The text at a place.
    pub fn at(&self, place: &Place) -> &'t str {
        self.text.get(place.clone()).unwrap_or_default()
    }

    /// The text of a token.
    pub fn word(&self, index: usize) -> &'t str {
        self.tokens
            .get(index)
            .map_or("", |token| self.at(&token.span.range()))
    }

    /// Whether a token is a word, written in any case.
    pub fn is(&self, index: usize, word: &str) -> bool {
        self.word(index).eq_ignore_ascii_case(word)
    }

    /// The query with another text at a place.
    pub fn with(&self, place: &Place, text: &str) -> String {
        let before = self.text.get(..place.start).unwrap_or_default();
        let after = self.text.get(place.end..).unwrap_or_default();
        format!("{before}{text}{after}")
    }

    fn see(&mut self, node: AnyNode<'_>) {
        match node {
            AnyNode::Query(query) => self.queries.push(query.span.range()),
            AnyNode::Table(table) => self.tables.push(table.span.range()),
            AnyNode::Expression(expr) => {
                let place = expr.span.range();
                self.expressions.push(place.clone());
                match &expr.kind {
                    ExprKind::Name(parts) if parts.len() == 1 => self.names.push(place),
                    ExprKind::Literal(_) => self.literals.push(place),
                    ExprKind::Star(_) => self.stars.push(place),
                    ExprKind::Binary { operator_span, .. } => {
                        self.operators.push(operator_span.range());
                    }
                    ExprKind::Cast { type_name, .. } => self.types.push(type_name.span.range()),
                    ExprKind::Function(call) => self.add_call(place, call),
                    _ => {}
                }
            }
        }
    }

    fn add_call(&mut self, place: Place, call: &Function) {
        let Some(name) = call.name.last() else { return };
        let arguments = call.arguments.iter();
        self.calls.push(Call {
            place,
            name: name.span.range(),
            arguments: arguments.map(|given| given.value.span.range()).collect(),
        });
    }

    /// The places that tokens alone show.
    fn guess(&mut self) {
        for index in 0..self.tokens.len() {
            let place = self.tokens[index].span.range();
            match self.tokens[index].kind {
                TokenKind::Number | TokenKind::Text => {
                    self.literals.push(place.clone());
                    self.expressions.push(place);
                }
                TokenKind::QuotedName => self.names.push(place),
                TokenKind::Symbol if ["=", "<", ">", "+", "-", "||"].contains(&self.at(&place)) => {
                    self.operators.push(place);
                }
                _ => {}
            }
        }
        self.queries.push(0..self.text.len());
    }
}

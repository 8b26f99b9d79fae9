//! A block's statements, which semicolons separate.
//!
//! A statement may hold choices, and a choice may hold whole statements; each of these becomes a
//! statement that the choice is around, so that it is empty where its branch isn't taken.

use super::tree::{Branch, DirectiveTree, Node, Otherwise};
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::token::{Token, TokenKind};
use std::ops::Range;

/// The statements of some nodes, without those that are empty.
///
/// # Errors
/// `unbalanced-directive`: a statement begins in a branch and ends behind it, or the reverse.
pub fn statements(
    text: &str,
    tree: &DirectiveTree,
    nodes: &[Node],
) -> Result<Vec<Vec<Node>>, Diagnostic> {
    let mut splitting = Splitting {
        text,
        tree,
        done: Vec::new(),
        current: Vec::new(),
        has_sql: false,
    };
    splitting.nodes(nodes)?;
    splitting.finish();
    Ok(splitting.done)
}

struct Splitting<'a> {
    text: &'a str,
    tree: &'a DirectiveTree,
    done: Vec<Vec<Node>>,
    current: Vec<Node>,
    /// Whether `current` has more than comments.
    has_sql: bool,
}

impl Splitting<'_> {
    fn is_semicolon(&self, token: &Token) -> bool {
        token.kind == TokenKind::Symbol && self.text.get(token.span.range()) == Some(";")
    }

    fn finish(&mut self) {
        let statement = std::mem::take(&mut self.current);
        if self.has_sql {
            self.done.push(statement);
        }
        self.has_sql = false;
    }

    fn nodes(&mut self, nodes: &[Node]) -> Result<(), Diagnostic> {
        for node in nodes {
            match node {
                Node::Text { span, tokens } => self.piece(*span, tokens.clone()),
                Node::If { .. } if !self.splits(node) => {
                    self.has_sql |= self.holds(node, |token| token.kind != TokenKind::Comment);
                    self.current.push(node.clone());
                }
                Node::If {
                    branches,
                    otherwise,
                    span,
                } => self.choice(branches, otherwise.as_ref(), *span)?,
                Node::Error { .. } => {
                    self.has_sql = true;
                    self.current.push(node.clone());
                }
                Node::Block { .. } => {}
            }
        }
        Ok(())
    }

    /// Text, which ends a statement at each of its semicolons.
    fn piece(&mut self, span: Span, tokens: Range<usize>) {
        let (mut start, mut first) = (span.start, tokens.start);
        let end = tokens.end;
        for index in tokens {
            let Some(token) = self.tree.tokens.get(index).copied() else {
                continue;
            };
            if self.is_semicolon(&token) {
                self.text(span, start..token.span.start, first..index);
                self.finish();
                (start, first) = (token.span.end, index + 1);
            }
        }
        self.text(span, start..span.end, first..end);
    }

    fn text(&mut self, whole: Span, bytes: Range<u32>, tokens: Range<usize>) {
        let held = self.tree.tokens_of(&tokens);
        self.has_sql |= held.iter().any(|token| token.kind != TokenKind::Comment);
        let mut bytes = bytes;
        if self.current.is_empty() {
            // What separates it from the one before is no part of it.
            bytes.start = held.first().map_or(bytes.end, |first| first.span.start);
        }
        self.current.push(Node::Text {
            span: Span {
                start: bytes.start,
                end: bytes.end,
                ..whole
            },
            tokens,
        });
    }

    /// A choice that holds whole statements.
    fn choice(
        &mut self,
        branches: &[Branch],
        otherwise: Option<&Otherwise>,
        span: Span,
    ) -> Result<(), Diagnostic> {
        if self.has_sql {
            let message = "whole statements stand in this `#if`, and it begins within another one";
            return Err(Diagnostic::error(Code::UnbalancedDirective, span, message)
                .hint("close the statement in front of the `#if` with `;`"));
        }
        self.finish();
        for (index, branch) in branches.iter().enumerate() {
            for statement in self.whole(&branch.nodes, branch.span)? {
                let taken = |(at, other): (usize, &Branch)| Branch {
                    nodes: match at == index {
                        true => statement.clone(),
                        false => Vec::new(),
                    },
                    ..other.clone()
                };
                let branches = branches[..=index].iter().enumerate().map(taken);
                self.push_choice(branches.collect(), None, span);
            }
        }
        if let Some(otherwise) = otherwise {
            for statement in self.whole(&otherwise.nodes, otherwise.span)? {
                let passed = |other: &Branch| Branch {
                    nodes: Vec::new(),
                    ..other.clone()
                };
                let last = Otherwise {
                    span: otherwise.span,
                    nodes: statement,
                };
                self.push_choice(branches.iter().map(passed).collect(), Some(last), span);
            }
        }
        Ok(())
    }

    fn push_choice(&mut self, branches: Vec<Branch>, otherwise: Option<Otherwise>, span: Span) {
        self.done.push(vec![Node::If {
            branches,
            otherwise,
            span,
        }]);
    }

    /// The statements of a branch, each of which must end in it.
    fn whole(&self, nodes: &[Node], line: Span) -> Result<Vec<Vec<Node>>, Diagnostic> {
        let mut inner = Splitting {
            text: self.text,
            tree: self.tree,
            done: Vec::new(),
            current: Vec::new(),
            has_sql: false,
        };
        inner.nodes(nodes)?;
        if inner.has_sql {
            let message = "the last statement of this branch isn't closed";
            return Err(Diagnostic::error(Code::UnbalancedDirective, line, message)
                .hint("close it with `;`, as statements stand in the other branches"));
        }
        Ok(inner.done)
    }

    /// Whether a choice holds a semicolon, and so whole statements.
    fn splits(&self, node: &Node) -> bool {
        self.holds(node, |token| self.is_semicolon(token))
    }

    fn holds(&self, node: &Node, is_meant: impl Fn(&Token) -> bool + Copy) -> bool {
        match node {
            Node::Text { tokens, .. } => self.tree.tokens_of(tokens).iter().any(is_meant),
            Node::If {
                branches,
                otherwise,
                ..
            } => {
                let inner = branches.iter().map(|branch| &branch.nodes);
                let inner = inner.chain(otherwise.iter().map(|otherwise| &otherwise.nodes));
                inner.flatten().any(|node| self.holds(node, is_meant))
            }
            Node::Block { .. } | Node::Error { .. } => false,
        }
    }
}

//! The tree of a file's directives: pieces of text and choices between them.

use super::condition::Condition;
use crate::span::{FileId, Span};
use crate::token::Token;
use std::ops::Range;

/// A file's text below its header, cut at its directives.
#[derive(Clone, Debug, PartialEq)]
pub struct DirectiveTree {
    /// The file.
    pub file: FileId,
    /// All tokens outside directive lines, in order, comments too.
    pub tokens: Vec<Token>,
    /// The pieces, in order.
    pub nodes: Vec<Node>,
}

/// A piece of text, or a choice.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Text between directive lines, with its white space and line ends.
    Text {
        /// Where it stands: from the line after a directive to the start of the next one's line.
        span: Span,
        /// Which of the tree's tokens it holds.
        tokens: Range<usize>,
    },
    /// `#if … #elif … #else … #endif`
    If {
        /// `#if` and each `#elif`, in order.
        branches: Vec<Branch>,
        /// `#else`
        otherwise: Option<Otherwise>,
        /// From the `#` of `#if` to the end of `#endif`'s line.
        span: Span,
    },
    /// `#before … #end` or `#after … #end`, outside every `#if`: no part of the query.
    Block {
        /// When its statements run.
        kind: BlockKind,
        /// What it holds.
        nodes: Vec<Node>,
        /// From the `#` of its first line to the end of `#end`'s.
        span: Span,
    },
    /// `#error 'text'`: no variant may come here.
    Error {
        /// The directive's line without blanks around it.
        span: Span,
        /// Its text; `None` if what stood here has been reported already.
        message: Option<String>,
    },
}

/// When the statements of a block run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockKind {
    /// Before a batch's rows are written.
    Before,
    /// After they are written.
    After,
}

impl BlockKind {
    /// The directive that begins it.
    pub const fn word(self) -> &'static str {
        match self {
            BlockKind::Before => "before",
            BlockKind::After => "after",
        }
    }
}

/// `#if` or `#elif` and what stands below it.
#[derive(Clone, Debug, PartialEq)]
pub struct Branch {
    /// When it is taken, provided that none before it is.
    pub condition: Condition,
    /// The directive's line without blanks around it.
    pub span: Span,
    /// What it holds.
    pub nodes: Vec<Node>,
}

/// `#else` and what stands below it.
#[derive(Clone, Debug, PartialEq)]
pub struct Otherwise {
    /// The directive's line without blanks around it.
    pub span: Span,
    /// What it holds.
    pub nodes: Vec<Node>,
}

impl DirectiveTree {
    /// Whether there is any choice: without one, the file has one variant.
    pub fn has_choices(&self) -> bool {
        self.nodes
            .iter()
            .any(|node| matches!(node, Node::If { .. }))
    }

    /// The blocks of a kind, in order.
    pub fn blocks(&self, wanted: BlockKind) -> impl Iterator<Item = (&[Node], Span)> {
        self.nodes.iter().filter_map(move |node| match node {
            Node::Block { kind, nodes, span } if *kind == wanted => Some((nodes.as_slice(), *span)),
            _ => None,
        })
    }

    /// The tokens of a piece of text.
    pub fn tokens_of(&self, tokens: &Range<usize>) -> &[Token] {
        self.tokens.get(tokens.clone()).unwrap_or_default()
    }
}

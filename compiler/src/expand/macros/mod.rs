//! Macros: what a call stands for is written in its place, so that they work on every engine.
//!
//! `CREATE MACRO f(a, b := 2) AS expression` is written in parentheses, with its arguments in
//! parentheses; `CREATE MACRO f(rel, x) AS TABLE SELECT … FROM :rel` as a query in parentheses. A
//! definition is read by the parser, which says where its parameters stand. As expressions are
//! closed by parentheses and names can't be captured (see `write`), the text means what an
//! expansion of the tree would.
//!
//! | file | what |
//! |---|---|
//! | `read` | files in `macros/` → definitions |
//! | `definition` | a definition and where its parameters stand |
//! | `call` | where a text calls a macro, and with what |
//! | `overload` | which definition a call means |
//! | `check` | what must hold of a call |
//! | `write` | calls → text |
//! | `built_in` | `surrogate_key`, `safe_divide`, `date_spine`, `deduplicate` |
//!
//! A macro with the name of a function of the engine hides it, as in DuckDB.

mod built_in;
mod call;
mod check;
mod definition;
mod overload;
mod read;
#[cfg(test)]
mod tests;
mod write;

use crate::diagnostic::Diagnostic;
use crate::directives::{DirectiveTree, Node};
use crate::source::ProjectFiles;
use crate::token::{Token, TokenKind};
use definition::Definition;
use std::collections::BTreeMap;

pub use write::{Caller, write_out};

/// The macros of a project.
#[derive(Debug, Default)]
pub struct Library {
    /// By the name in lower case.
    macros: BTreeMap<String, Macro>,
}

/// All definitions of one name.
#[derive(Debug)]
struct Macro {
    /// As it is written.
    name: String,
    /// With different numbers of parameters.
    overloads: Vec<Definition>,
    /// Whether something is wrong with it, which was reported.
    broken: bool,
    /// Whether each evaluation may give another value.
    volatile: bool,
}

impl Macro {
    fn is_table(&self) -> bool {
        self.overloads.iter().any(|overload| overload.is_table)
    }
}

/// What a name stands for.
#[derive(Clone, Copy)]
enum Callee<'l> {
    Own(&'l Macro),
    BuiltIn(built_in::BuiltIn),
}

impl Library {
    /// Reads all files in `macros/`.
    pub fn new(files: &ProjectFiles) -> (Self, Vec<Diagnostic>) {
        read::library(files)
    }

    fn find(&self, name: &str) -> Option<Callee<'_>> {
        let name = name.to_lowercase();
        let own = self.macros.get(&name).map(Callee::Own);
        own.or_else(|| built_in::BuiltIn::of(&name).map(Callee::BuiltIn))
    }

    /// Whether there is a macro of this name.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Whether a text may call a macro, by a look at the names in front of parentheses.
    pub fn may_be_called(&self, text: &str, tree: &DirectiveTree) -> bool {
        let is_sql = |token: &&Token| token.kind != TokenKind::Comment;
        let mut tokens = tree.tokens.iter().filter(is_sql);
        let Some(mut before) = tokens.next() else {
            return false;
        };
        tokens.any(|token| {
            let pair = [*before, *token];
            before = token;
            call::is_call(text, &pair) && self.find(call::name(text, pair[0])).is_some()
        })
    }
}

/// The pieces of a tree in the order of the text: the tokens of each without comments, and how
/// deep in choices it stands.
fn pieces<'t>(tree: &'t DirectiveTree, nodes: &'t [Node], see: &mut dyn FnMut(Piece<'t>)) {
    for node in nodes {
        match node {
            Node::Text { span, tokens } => see(Piece::Text {
                range: span.range(),
                tokens: without_comments(tree.tokens_of(tokens)),
            }),
            Node::If {
                branches,
                otherwise,
                ..
            } => {
                see(Piece::Choice);
                for branch in branches {
                    see(Piece::Branch);
                    pieces(tree, &branch.nodes, see);
                }
                if let Some(otherwise) = otherwise {
                    see(Piece::Branch);
                    pieces(tree, &otherwise.nodes, see);
                }
                see(Piece::End);
            }
            // Its statements have nothing to do with the query around them.
            Node::Block { nodes, .. } => {
                see(Piece::Choice);
                pieces(tree, nodes, see);
                see(Piece::Branch);
                see(Piece::End);
            }
            Node::Error { .. } => {}
        }
    }
}

/// A step through a tree.
enum Piece<'t> {
    Text {
        range: std::ops::Range<usize>,
        tokens: Vec<&'t Token>,
    },
    Choice,
    Branch,
    End,
}

fn without_comments(tokens: &[Token]) -> Vec<&Token> {
    let is_sql = |token: &&Token| token.kind != TokenKind::Comment;
    tokens.iter().filter(is_sql).collect()
}

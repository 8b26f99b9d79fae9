//! Directives that choose: `#if`, `#elif`, `#else`, `#endif` and `#error` on lines of their own, and
//! the variants of a model that they make; `#before`, `#after` and `#end`, which set statements apart.
//!
//! A directive is a line whose first character that isn't blank is `#`, directly followed by a
//! letter, outside texts, comments and dollar quotes (`#1` is SQL). [`read`] makes a
//! [`DirectiveTree`] of token slices; [`variants`] says which selections of tokens can be reached.
//! Loops and includes are written out before, by [`expand`](crate::expand).
//!
//! Nothing here knows SQL beyond its tokens, and nothing evaluates a condition for a real run:
//! that is what generated code does.

#![allow(
    clippy::result_large_err,
    reason = "an error ends the work, so its size costs nothing"
)]

mod condition;
mod condition_parser;
mod reader;
mod split;
mod tree;
mod value;
mod variants;
mod worlds;

#[cfg(test)]
mod tests;

pub use condition::{Comparison, Condition, ConditionKind, Operator, Subject, Test, Variable};
pub use reader::read;
pub(crate) use reader::{directive_line, word_of};
pub use split::statements;
pub use tree::{BlockKind, Branch, DirectiveTree, Node, Otherwise};
pub use value::{Number, Value, ValueKind};
pub use variants::{Assignment, Atom, MAXIMUM_VARIANTS, Reached, Variant, Variants, variants};
pub use worlds::{Context, Place};

use crate::span::Span;
use crate::token::{Token, TokenKind};

/// Every use of a `:name`: the name without its colon, and the place with it.
pub fn references<'a>(
    text: &'a str,
    tokens: &'a [Token],
) -> impl Iterator<Item = (&'a str, Span)> + 'a {
    tokens
        .iter()
        .filter(|token| token.kind == TokenKind::Reference)
        .filter_map(|token| {
            let written = text.get(token.span.range())?;
            Some((written.strip_prefix(':')?, token.span))
        })
}

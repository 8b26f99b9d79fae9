//! What the lexer makes of a file: tokens with their places, nothing thrown away but white space.
//!
//! A file is lexed once. A variant of a model is a selection of its tokens, so that every place
//! that a later stage names lies in the user's own file.

use crate::span::Span;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A word without quotes: a name or a keyword.
    Word,
    /// `"name"`, with the quotes.
    QuotedName,
    /// `'text'`, with the quotes; also `E'…'` and `X'…'`.
    Text,
    /// `$tag$ … $tag$`
    DollarText,
    /// A number, also `1_000`, `1e5`.
    Number,
    /// `$1`, `?`, `?1` or `$name`: a parameter of a prepared statement, which no model has.
    Parameter,
    /// `:name`, a reference of dbgo: an import, a variable, `:this`, a bound of the batch.
    Reference,
    /// An operator or punctuation mark: the longest that fits, such as `::`, `->>`, `<=`, `(`.
    Symbol,
    /// `-- …` to the end of the line, or `/* … */`.
    Comment,
}

/// A token and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it stands.
    pub span: Span,
}

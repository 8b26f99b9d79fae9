//! Where a query names relations.

use crate::span::Span;
use crate::token::{Token, TokenKind};

/// A place where a query reads an import or the model's own table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationUse {
    /// The name: `:orders`, or `orders` alone.
    pub span: Span,
    /// The import's alias in lower case, or `this`.
    pub name: String,
    /// Whether the query goes on with an alias of its own: `:orders as o`.
    pub aliased: bool,
}

/// The words that may follow a table in a `FROM` and aren't an alias of it.
const FOLLOWING: [&str; 42] = [
    "where",
    "join",
    "inner",
    "left",
    "right",
    "full",
    "cross",
    "natural",
    "asof",
    "positional",
    "semi",
    "anti",
    "on",
    "using",
    "group",
    "having",
    "window",
    "qualify",
    "order",
    "limit",
    "offset",
    "union",
    "intersect",
    "except",
    "pivot",
    "unpivot",
    "tablesample",
    "select",
    "from",
    "lateral",
    "with",
    "at",
    "set",
    "when",
    "then",
    "else",
    "end",
    "and",
    "or",
    "fetch",
    "for",
    "returning",
];

/// Whether a token behind a table begins an alias of it.
pub(crate) fn is_alias(kind: TokenKind, written: &str) -> bool {
    match kind {
        TokenKind::QuotedName => true,
        TokenKind::Word => !FOLLOWING.contains(&written.to_lowercase().as_str()),
        _ => false,
    }
}

/// The words behind which a statement names a relation and nothing else: no alias may follow.
const BARE: [&str; 12] = [
    "analyze",
    "copy",
    "describe",
    "desc",
    "exists",
    "index",
    "on",
    "only",
    "show",
    "summarize",
    "table",
    "truncate",
];

/// The uses in a statement, which has no tree. Where the grammar allows an alias, the relation is
/// visible under its name: `update :this set …`, `insert into :this select …`.
pub fn relation_uses_in_statement(text: &str, tokens: &[Token]) -> Vec<RelationUse> {
    let written = |token: &Token| text.get(token.span.range()).unwrap_or_default();
    let mut uses = relation_uses_by_tokens(text, tokens);
    for used in &mut uses {
        let index = tokens.iter().position(|token| token.span == used.span);
        let before = index
            .and_then(|index| index.checked_sub(1))
            .map(|before| written(&tokens[before]).to_lowercase());
        used.aliased |= before.is_some_and(|before| BARE.contains(&before.as_str()));
    }
    uses
}

/// The uses in a query that has no tree: each `:name`, with a look at the token behind it.
pub fn relation_uses_by_tokens(text: &str, tokens: &[Token]) -> Vec<RelationUse> {
    let tokens: Vec<&Token> = tokens
        .iter()
        .filter(|token| token.kind != TokenKind::Comment)
        .collect();
    let written = |token: &Token| text.get(token.span.range()).unwrap_or_default();
    tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| token.kind == TokenKind::Reference)
        .map(|(index, token)| {
            let aliased = tokens
                .get(index + 1)
                .is_some_and(|next| is_alias(next.kind, written(next)));
            // `DESCRIBE :orders` names a relation and takes no alias.
            let described = index.checked_sub(1).is_some_and(|before| {
                let word = written(tokens[before]).to_lowercase();
                ["describe", "desc", "summarize", "show"].contains(&word.as_str())
            });
            let aliased = aliased || described;
            let name = written(token).trim_start_matches(':').to_lowercase();
            RelationUse {
                span: token.span,
                name,
                aliased,
            }
        })
        .collect()
}

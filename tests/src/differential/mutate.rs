//! A query with one or a few changes.

use super::pool::{Pool, WORDS, word};
use super::source::Source;
use super::{calls, clauses, expressions, tables};
use crate::crash::random::Random;
use dbgo_compiler::lexer::lex;
use dbgo_compiler::span::FileId;
use dbgo_compiler::token::TokenKind;

/// A change: the query with it, or nothing where it has no place for it.
type Change = fn(&Source<'_>, &Pool, &mut Random) -> Option<String>;

/// The changes, the frequent ones several times.
const CHANGES: &[Change] = &[
    expressions::replace,
    expressions::replace,
    expressions::replace,
    expressions::literal,
    expressions::name,
    expressions::qualify,
    expressions::operator,
    expressions::cast_type,
    expressions::wrap,
    expressions::wrap,
    expressions::wrap,
    expressions::star,
    calls::rename,
    calls::rename,
    calls::arguments,
    calls::arguments,
    calls::modify,
    calls::modify,
    tables::replace,
    tables::decorate,
    tables::join,
    tables::join_kind,
    tables::turn,
    clauses::set,
    clauses::set,
    clauses::set,
    clauses::remove,
    clauses::add_item,
    clauses::around,
    clauses::around,
    clauses::set_operation,
    tokens,
];

/// Changes a query; nothing if no change was found.
pub fn mutant(text: &str, pool: &Pool, random: &mut Random) -> Option<String> {
    let count = match random.below(10) {
        0..6 => 1,
        6..9 => 2,
        _ => 3,
    };
    let mut changed = text.to_owned();
    for _ in 0..count {
        let source = Source::read(&changed);
        let next = (0..8).find_map(|_| random.of(CHANGES)(&source, pool, random));
        changed = next?;
    }
    (changed != text).then_some(changed)
}

/// A query without its comments.
pub fn without_comments(text: &str) -> String {
    let (tokens, _) = lex(FileId(0), text, 0..text.len());
    let mut plain = text.to_owned();
    let comments = tokens
        .iter()
        .filter(|token| token.kind == TokenKind::Comment);
    for comment in comments.rev() {
        plain.replace_range(comment.span.range(), " ");
    }
    plain
}

/// Leaves out, doubles, swaps, replaces or puts in a token.
fn tokens(source: &Source<'_>, _: &Pool, random: &mut Random) -> Option<String> {
    if source.tokens.is_empty() {
        return None;
    }
    let at = random.below(source.tokens.len() as u64) as usize;
    let place = source.tokens[at].span.range();
    let text = source.at(&place);
    Some(match random.below(5) {
        0 => source.with(&place, " "),
        1 => source.with(&place, &format!("{text} {text}")),
        2 => {
            let next = source.tokens.get(at + 1)?.span.range();
            let both = format!("{} {text}", source.at(&next));
            source.with(&(place.start..next.end), &both)
        }
        3 => source.with(&place, &format!(" {} ", word(WORDS, random))),
        _ => source.with(
            &(place.start..place.start),
            &format!(" {} ", word(WORDS, random)),
        ),
    })
}

//! The range of a `time_range` model: each variant reads only its batch's rows.

use crate::diagnostic::{Code, Diagnostic};
use crate::directives::{Variant, references};
use crate::graph::Node;
use crate::header::Incremental;
use crate::span::Span;
use crate::token::{Token, TokenKind};

/// Looks for the bounds in each variant of a `time_range` model.
pub fn check(node: &Node, text: &str, variants: &[Variant], diagnostics: &mut Vec<Diagnostic>) {
    let Some(Incremental::TimeRange(range)) = &node.config.incremental else {
        return;
    };
    let uses = |variant: &Variant, bound: &str| {
        references(text, &variant.tokens).any(|(name, _)| name.to_lowercase().starts_with(bound))
    };
    let missing = |bound| variants.iter().any(|variant| !uses(variant, bound));
    let words: Vec<&str> = [("start_", "`:start_ts`"), ("end_", "`:end_ts`")]
        .into_iter()
        .filter(|(bound, _)| missing(bound))
        .map(|(_, word)| word)
        .collect();
    if !words.is_empty() {
        let column = &range.time_column;
        let span = column.span().unwrap_or(Span::new(node.file, 0, 0));
        let message = format!(
            "a `time_range` model must read its range, and this one doesn't use {}",
            words.join(" and ")
        );
        diagnostics.push(
            Diagnostic::error(Code::TimeRangeUnused, span, message).hint(format!(
                "add `where {0} >= :start_ts and {0} < :end_ts` on the rows that the query reads",
                column.value
            )),
        );
    }
    let mut reported = Vec::new();
    for variant in variants {
        for span in inclusive_ranges(text, &variant.tokens) {
            if !reported.contains(&span) {
                reported.push(span);
                diagnostics.push(
                    Diagnostic::warning(Code::InclusiveRange, span, "`between` takes the end of the range as well, which belongs to the next batch")
                        .hint("write `>= :start_…` and `< :end_…`"),
                );
            }
        }
    }
}

/// Each `between :start_… and :end_…`.
fn inclusive_ranges(text: &str, tokens: &[Token]) -> Vec<Span> {
    let tokens: Vec<&Token> = tokens
        .iter()
        .filter(|token| token.kind != TokenKind::Comment)
        .collect();
    let word = |token: &Token| {
        text.get(token.span.range())
            .unwrap_or_default()
            .to_lowercase()
    };
    tokens
        .windows(4)
        .filter(|window| {
            word(window[0]) == "between"
                && word(window[1]).starts_with(":start_")
                && word(window[2]) == "and"
                && word(window[3]).starts_with(":end_")
        })
        .map(|window| window[0].span.to(window[3].span))
        .collect()
}

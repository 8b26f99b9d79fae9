//! The range of a `time_range` model: each variant reads only its batch's rows.

use crate::diagnostic::{Code, Diagnostic, Edit, Fix};
use crate::directives::{Variant, references};
use crate::graph::Node;
use crate::header::Incremental;
use crate::span::Span;
use crate::token::{Token, TokenKind};

/// The names of a batch's first moment, and those of the first one behind it.
const STARTS: [&str; 2] = ["start_ts", "start_date"];
const ENDS: [&str; 2] = ["end_ts", "end_date"];

/// Looks for the bounds in each variant of a `time_range` model.
pub fn check(node: &Node, text: &str, variants: &[Variant], diagnostics: &mut Vec<Diagnostic>) {
    let Some(Incremental::TimeRange(range)) = &node.config.incremental else {
        return;
    };
    let uses = |variant: &Variant, bounds: [&str; 2]| {
        references(text, &variant.tokens)
            .any(|(name, _)| bounds.contains(&name.to_lowercase().as_str()))
    };
    let missing = |bounds| variants.iter().any(|variant| !uses(variant, bounds));
    let words: Vec<&str> = [(STARTS, "`:start_ts`"), (ENDS, "`:end_ts`")]
        .into_iter()
        .filter(|(bounds, _)| missing(*bounds))
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
        for range in inclusive_ranges(text, &variant.tokens) {
            if !reported.contains(&range.span) {
                reported.push(range.span);
                let finding = Diagnostic::warning(
                    Code::InclusiveRange,
                    range.span,
                    "`between` takes the end of the range as well, which belongs to the next batch",
                )
                .hint("write `>= :start_…` and `< :end_…`");
                diagnostics.push(match range.fix {
                    Some(fix) => finding.fix(fix),
                    None => finding,
                });
            }
        }
    }
}

/// A `between :start_… and :end_…`.
struct InclusiveRange {
    /// From `between` to the end.
    span: Span,
    /// The two comparisons that were meant.
    fix: Option<Fix>,
}

fn inclusive_ranges(text: &str, tokens: &[Token]) -> Vec<InclusiveRange> {
    let tokens: Vec<&Token> = tokens
        .iter()
        .filter(|token| token.kind != TokenKind::Comment)
        .collect();
    let word = |token: &Token| {
        text.get(token.span.range())
            .unwrap_or_default()
            .to_lowercase()
    };
    let is_one = |word: &str, bounds: [&str; 2]| {
        word.strip_prefix(':')
            .is_some_and(|name| bounds.contains(&name))
    };
    tokens
        .windows(4)
        .enumerate()
        .filter(|(_, window)| {
            word(window[0]) == "between"
                && is_one(&word(window[1]), STARTS)
                && word(window[2]) == "and"
                && is_one(&word(window[3]), ENDS)
        })
        .map(|(at, window)| InclusiveRange {
            span: window[0].span.to(window[3].span),
            fix: compared(text, &tokens[..at]).map(|compared| Fix {
                title: "compare with `>=` and `<`".to_owned(),
                edits: vec![
                    Edit {
                        span: window[0].span,
                        text: ">=".to_owned(),
                    },
                    Edit {
                        span: window[3].span.before(),
                        text: format!("{compared} < "),
                    },
                ],
            }),
        })
        .collect()
}

/// The column in front of a `between`, if it is all that is compared: a name, with a keyword or a
/// bracket before it behind which a condition begins.
fn compared(text: &str, before: &[&Token]) -> Option<String> {
    let written = |token: &Token| text.get(token.span.range()).unwrap_or_default();
    let is_name = |token: &Token| matches!(token.kind, TokenKind::Word | TokenKind::QuotedName);
    let mut at = before.len().checked_sub(1)?;
    let last = before[at];
    while is_name(before[at]) && at >= 2 && written(before[at - 1]) == "." {
        at -= 2;
    }
    let first = before[at];
    let begins = ["where", "and", "or", "on", "(", "having", "qualify", "when"];
    let begin = written(before[at.checked_sub(1)?]).to_lowercase();
    if !is_name(first) || !begins.contains(&begin.as_str()) {
        return None;
    }
    let span = first.span.to(last.span);
    text.get(span.range()).map(str::to_owned)
}

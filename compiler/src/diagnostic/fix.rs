//! Fixes: what to write where a finding has one answer, and applying them to texts in memory.
//!
//! Nothing is written to disk here, and nothing is guessed: a name is taken for misspelt only if
//! exactly one other is near enough to be meant.

use super::{Diagnostic, distance};
use crate::source::SourceSet;
use crate::span::{FileId, Span};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A text that takes the place of another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// What is replaced; empty where something is only added.
    pub span: Span,
    /// What is written there.
    pub text: String,
}

/// Edits that mend a finding without changing what was meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// What is done, as an order: "write `amount`".
    pub title: String,
    /// The edits; none overlaps another one.
    pub edits: Vec<Edit>,
}

impl Fix {
    /// Writes a text in the place of another one.
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            title: format!("write `{text}`"),
            edits: vec![Edit { span, text }],
        }
    }

    /// Removes the lines that a span lies in.
    pub fn remove_lines(text: &str, span: Span) -> Self {
        let start = text[..span.range().start.min(text.len())]
            .rfind('\n')
            .map_or(0, |end| end + 1);
        let last = span.range().end.min(text.len());
        let end = text[last..]
            .find('\n')
            .map_or(text.len(), |end| last + end + 1);
        Self {
            title: "remove the line".to_owned(),
            edits: vec![Edit {
                span: Span::new(span.file, start, end),
                text: String::new(),
            }],
        }
    }
}

/// The one candidate that a word is a misspelling of; `None` if there is none or more than one.
///
/// Near enough is one slip (a letter too many, too few, another one, or two swapped) in four
/// letters, in words of at least three. Only of a single slip it is said that it is likelier than
/// two. Words with other digits are other names: `q1` is no misspelt `q2`.
pub fn only_near<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = |word: &str| word.to_lowercase().chars().collect::<Vec<char>>();
    let digits = |word: &[char]| -> Vec<char> {
        let digits = word.iter().filter(|letter| letter.is_numeric());
        digits.copied().collect()
    };
    let word = letters(word);
    let mut near: Vec<(usize, Vec<char>, &str)> = Vec::new();
    for candidate in candidates {
        let other = letters(candidate);
        let length = word.len().max(other.len());
        let slips = distance(&word, &other);
        if length >= 3
            && digits(&word) == digits(&other)
            && slips <= (length / 4).max(1)
            && !near.iter().any(|(_, known, _)| *known == other)
        {
            near.push((slips, other, candidate));
        }
    }
    near.sort();
    match near.as_slice() {
        [(_, _, only)] => Some(only),
        [(first, _, nearest), (second, ..), ..] if *first <= 1 && second > first => Some(nearest),
        _ => None,
    }
}

/// What applying fixes gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fixed {
    /// The new texts of the files that change.
    pub texts: BTreeMap<FileId, String>,
    /// The findings that were mended, as indexes.
    pub applied: Vec<usize>,
}

/// Applies the fixes of findings to their files' texts. A fix that overlaps an earlier one is left
/// out: checking again tells whether it is still needed.
pub fn apply(sources: &SourceSet, diagnostics: &[Diagnostic]) -> Fixed {
    let mut accepted: Vec<&Edit> = Vec::new();
    let mut fixed = Fixed::default();
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        let Some(fix) = &diagnostic.fix else { continue };
        let fits = |edit: &Edit| {
            let text = &sources.file(edit.span.file).text;
            text.get(edit.span.range()).is_some()
                && !accepted.iter().any(|other| conflict(edit, other))
        };
        if !fix.edits.is_empty() && fix.edits.iter().all(fits) {
            fixed.applied.push(index);
            for edit in &fix.edits {
                if !accepted.contains(&edit) {
                    accepted.push(edit);
                }
            }
        }
    }
    // From the end of each file on, so that the places before stay true.
    accepted.sort_by_key(|edit| (edit.span.file, std::cmp::Reverse(edit.span.start)));
    for edit in accepted {
        let text = fixed
            .texts
            .entry(edit.span.file)
            .or_insert_with(|| sources.file(edit.span.file).text.to_string());
        text.replace_range(edit.span.range(), &edit.text);
    }
    fixed
}

/// Whether two edits can't both be made. The same edit asked for twice is one.
fn conflict(left: &Edit, right: &Edit) -> bool {
    let (a, b) = (left.span, right.span);
    if left == right || a.file != b.file {
        return false;
    }
    let is_empty = |span: Span| span.start == span.end;
    if is_empty(a) || is_empty(b) {
        a.start <= b.end && b.start <= a.end
    } else {
        a.start < b.end && b.start < a.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    #[test]
    fn only_one_name_may_be_meant() {
        let columns = ["amount", "status", "q1", "q2", "day"];
        assert_eq!(only_near("amout", columns), Some("amount"));
        assert_eq!(only_near("Staus", columns), Some("status"));
        assert_eq!(only_near("dya", columns), Some("day"));
        assert_eq!(only_near("q3", columns), None);
        assert_eq!(only_near("q11", ["q1"]), None);
        assert_eq!(only_near("ab", ["ac"]), None);
        assert_eq!(only_near("price", columns), None);
        assert_eq!(only_near("order_ib", ["order_id", "order_in"]), None);
        assert_eq!(only_near("ordr", ["order", "ORDER"]), Some("order"));
        assert_eq!(
            only_near("interger", ["uinteger", "integer"]),
            Some("integer")
        );
        assert_eq!(
            only_near("customre_ib", ["customer_id", "customer_ik"]),
            None
        );
    }

    fn finding(start: usize, end: usize, text: &str) -> Diagnostic {
        let span = Span::new(FileId(0), start, end);
        Diagnostic::error(Code::UnknownColumn, span, "x").fix(Fix::replace(span, text))
    }

    #[test]
    fn edits_that_overlap_wait() {
        let mut sources = SourceSet::default();
        sources.add("a.sql", "abcdef");
        let findings = [
            finding(4, 6, "XYZ"),
            finding(0, 2, "1"),
            finding(1, 3, "2"),
            finding(2, 4, "-"),
            finding(2, 2, "no"),
            finding(0, 2, "1"),
        ];
        let fixed = apply(&sources, &findings);
        assert_eq!(fixed.applied, [0, 1, 3, 5]);
        assert_eq!(fixed.texts[&FileId(0)], "1-XYZ");
    }

    #[test]
    fn lines_go_with_their_ends() {
        let text = "-- a\r\n-- b(\n--  c)\nselect 1";
        let at = |part: &str| text.find(part).unwrap();
        let fix = Fix::remove_lines(text, Span::new(FileId(0), at("b("), at("c)") + 2));
        let span = fix.edits[0].span;
        assert_eq!(&text[span.range()], "-- b(\n--  c)\n");
        let fix = Fix::remove_lines(text, Span::new(FileId(0), at("a"), at("a") + 1));
        assert_eq!(&text[fix.edits[0].span.range()], "-- a\r\n");
        let fix = Fix::remove_lines(text, Span::new(FileId(0), at("sel"), text.len()));
        assert_eq!(&text[fix.edits[0].span.range()], "select 1");
    }

    proptest::proptest! {
        #[test]
        fn no_edits_break_a_text(edits in proptest::collection::vec((0_usize..14, 0_usize..6), 0..8)) {
            let text = "ab\u{e9}def ghij";
            let mut sources = SourceSet::default();
            sources.add("a.sql", text);
            let findings: Vec<Diagnostic> = edits.iter().map(|(at, length)| finding(*at, at + length, "!")).collect();
            let fixed = apply(&sources, &findings);
            // An edit that would cut a letter in two, or lies behind the end, is never made.
            for index in &fixed.applied {
                let range = edits[*index].0..edits[*index].0 + edits[*index].1;
                proptest::prop_assert!(text.get(range).is_some());
            }
            proptest::prop_assert_eq!(fixed.texts.is_empty(), fixed.applied.is_empty());
        }
    }
}

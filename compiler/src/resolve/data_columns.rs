//! Pivots whose columns are the values of a column: nobody knows them before the query runs.

use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;
use crate::token::{Token, TokenKind};

/// What to do about columns that depend on data.
pub const HINT: &str = "or name the columns with their types in `-- @column: name type` lines, in a table or an incremental model";

/// Looks for `PIVOT … ON column` without a list of values. The standard's form, `PIVOT (… FOR column
/// IN (…))`, always has one.
pub fn check(text: &str, tokens: &[Token], diagnostics: &mut Vec<Diagnostic>) {
    let words = Words::new(text, tokens);
    for index in 0..words.tokens.len() {
        if !matches!(words.at(index), "pivot" | "pivot_wider")
            || !words.begins_query(index)
            || words.is_operator(index)
        {
            continue;
        }
        let Some(on) = words.ahead(index + 1).find(|at| words.at(*at) == "on") else {
            continue;
        };
        for (first, last) in words.elements(on + 1) {
            if words.has_list(first, last) {
                continue;
            }
            let span = words.tokens[first].span.to(words.tokens[last].span);
            let written = text.get(span.range()).unwrap_or_default();
            diagnostics.push(
                Diagnostic::error(
                    Code::ColumnsDependOnData,
                    span,
                    format!("the columns of this pivot are the values of `{written}`, which aren't known before it runs"),
                )
                .hint(format!("list them: `{written} in ('…', '…')`"))
                .hint(HINT),
            );
        }
    }
}

/// The tokens of a variant without comments, as words in lower case.
struct Words<'t> {
    tokens: Vec<&'t Token>,
    lower: Vec<String>,
}

impl<'t> Words<'t> {
    fn new(text: &str, tokens: &'t [Token]) -> Self {
        let tokens: Vec<&Token> = tokens
            .iter()
            .filter(|token| token.kind != TokenKind::Comment)
            .collect();
        let written = |token: &&Token| {
            text.get(token.span.range())
                .unwrap_or_default()
                .to_lowercase()
        };
        let lower = tokens.iter().map(written).collect();
        Self { tokens, lower }
    }

    fn at(&self, index: usize) -> &str {
        self.lower.get(index).map_or("", String::as_str)
    }

    /// The tokens from an index on that stand in no bracket, to the end of the query around them.
    fn ahead(&self, from: usize) -> impl Iterator<Item = usize> + '_ {
        let mut depth = 0_usize;
        let mut ended = false;
        (from..self.lower.len()).filter(move |index| {
            match self.at(*index) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" if depth == 0 => ended = true,
                ")" | "]" | "}" => depth -= 1,
                ";" => ended = true,
                _ => return depth == 0 && !ended,
            }
            false
        })
    }

    /// Whether a query may begin here, so that the word is no name.
    fn begins_query(&self, index: usize) -> bool {
        let before = index.checked_sub(1).map_or("", |before| self.at(before));
        let joins = [
            "",
            "(",
            ")",
            "union",
            "except",
            "intersect",
            "all",
            "distinct",
            "name",
        ];
        joins.contains(&before)
    }

    /// `table PIVOT (… FOR …)`, and not a query that begins with `PIVOT`.
    fn is_operator(&self, index: usize) -> bool {
        self.at(index + 1) == "(" && self.ahead(index + 2).any(|at| self.at(at) == "for")
    }

    /// The elements behind `ON`, each as its first and its last token.
    fn elements(&self, from: usize) -> Vec<(usize, usize)> {
        let mut elements = Vec::new();
        let mut first = from;
        let mut depth = 0_usize;
        for index in from..=self.lower.len() {
            let ends_list = match self.at(index) {
                "" | ";" => true,
                "using" | "group" | "order" | "limit" | "union" | "except" | "intersect" => {
                    depth == 0
                }
                ")" | "]" | "}" if depth == 0 => true,
                ")" | "]" | "}" => {
                    depth -= 1;
                    false
                }
                "(" | "[" | "{" => {
                    depth += 1;
                    false
                }
                _ => false,
            };
            if (ends_list || depth == 0 && self.at(index) == ",") && index > first {
                elements.push((first, index - 1));
                first = index + 1;
            }
            if ends_list {
                break;
            }
        }
        elements
    }

    /// Whether an element ends in `IN` and something other than a query.
    fn has_list(&self, first: usize, last: usize) -> bool {
        let within = self.ahead(first).take_while(|index| *index <= last);
        let Some(within) = within.filter(|index| self.at(*index) == "in").last() else {
            return false;
        };
        self.at(within + 1) != "(" || !matches!(self.at(within + 2), "select" | "from" | "with")
    }
}

/// A query that reads a file, whose columns are those of the file.
pub fn file(span: Span) -> Diagnostic {
    Diagnostic::error(
        Code::ColumnsDependOnData,
        span,
        "the columns of this file aren't known before the query runs",
    )
    .hint("make a source of it: a `create table` in `sources/` with `-- @config: location='…'`")
    .hint(HINT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::lex;
    use crate::span::FileId;

    fn found(text: &str) -> Vec<&str> {
        let (tokens, _) = lex(FileId(0), text, 0..text.len());
        let mut diagnostics = Vec::new();
        check(text, &tokens, &mut diagnostics);
        diagnostics
            .iter()
            .filter_map(|found| text.get(found.primary.as_ref()?.span.range()))
            .collect()
    }

    #[test]
    fn values_that_are_not_listed() {
        assert_eq!(
            found("pivot t on channel using sum(a) group by b"),
            ["channel"]
        );
        assert_eq!(
            found("select * from (PIVOT t ON a || b) x join y on x.id = y.id"),
            ["a || b"]
        );
        assert_eq!(
            found("with x as (select 1) pivot x on a in (1, 2), b"),
            ["b"]
        );
        assert_eq!(
            found("pivot (select 1 as a) on a in (select 2) using count(*)"),
            ["a in (select 2)"]
        );
    }

    #[test]
    fn values_that_are_listed() {
        for text in [
            "pivot t on channel in ('a', 'b') using sum(a)",
            "pivot t on (a, b) in ((1, 2))",
            "from t pivot (sum(a) for b in (1, 2)) join u on t.id = u.id",
            "unpivot t on a, b",
            "select pivot from t join u on t.a = u.a",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
    }
}

//! Where a text calls a macro, whether that is in a `FROM`, and what stands between its
//! parentheses. Found by tokens, so that a query of any shape may call macros.

use crate::sql_type::keywords::is_keyword;
use crate::token::{Token, TokenKind};
use std::ops::Range;

/// A call: positions in a list of tokens without comments.
#[derive(Debug)]
pub(super) struct Call {
    /// The name's.
    pub name: usize,
    /// The closing parenthesis'; `None` if it isn't in the list.
    pub close: Option<usize>,
    /// Whether a table is expected here.
    pub in_from: bool,
    /// Whether it is a part of `a.f(…)`.
    pub is_method: bool,
}

/// An argument of a call.
#[derive(Debug)]
pub(super) struct Argument {
    /// `name := …`: the name's position.
    pub name: Option<usize>,
    /// The value's tokens.
    pub tokens: Range<usize>,
}

pub(super) fn written<'t>(text: &'t str, token: &Token) -> &'t str {
    text.get(token.span.range()).unwrap_or_default()
}

/// A name without its quotes.
pub(super) fn name(text: &str, token: Token) -> &str {
    let written = written(text, &token);
    match token.kind {
        TokenKind::QuotedName => written.trim_start_matches('"').trim_end_matches('"'),
        _ => written,
    }
}

fn is_word(text: &str, token: &Token, words: &[&str]) -> bool {
    let written = written(text, token);
    token.kind == TokenKind::Word && words.iter().any(|word| written.eq_ignore_ascii_case(word))
}

/// Whether two tokens are a name and a parenthesis.
pub(super) fn is_call(text: &str, pair: &[Token]) -> bool {
    let [first, second] = pair else { return false };
    matches!(first.kind, TokenKind::Word | TokenKind::QuotedName)
        && second.kind == TokenKind::Symbol
        && written(text, second) == "("
}

/// Whether the name at an index, with a parenthesis behind it, is called there: it is neither an
/// alias with columns nor a common table expression.
pub(super) fn call_at(
    text: &str,
    tokens: &[&Token],
    index: usize,
    clauses: &Clauses,
) -> Option<Call> {
    let at = |index: usize| tokens.get(index).copied();
    let (first, second) = (at(index)?, at(index + 1)?);
    if !is_call(text, &[*first, *second]) {
        return None;
    }
    let before = index.checked_sub(1).and_then(at);
    let is_method = before.is_some_and(|token| written(text, token) == ".");
    let is_alias = before.is_some_and(|token| match token.kind {
        TokenKind::QuotedName => true,
        TokenKind::Word => is_word(text, token, &["as"]) || !is_keyword(written(text, token)),
        TokenKind::Reference => true,
        TokenKind::Symbol => matches!(written(text, token), ")" | "]"),
        _ => false,
    });
    if is_alias {
        return None;
    }
    let close = closing(text, tokens, index + 1);
    let is_common_table = close.is_some_and(|close| {
        at(close + 1).is_some_and(|token| is_word(text, token, &["as", "using"]))
            && at(close + 2).is_some_and(|token| {
                written(text, token) == "(" || is_word(text, token, &["materialized", "not", "key"])
            })
            && before.is_some_and(|token| {
                written(text, token) == "," || is_word(text, token, &["with", "recursive"])
            })
            && !clauses.in_select
    });
    (!is_common_table).then_some(Call {
        name: index,
        close,
        in_from: clauses.table_expected(),
        is_method,
    })
}

/// The parenthesis that closes the one at an index.
fn closing(text: &str, tokens: &[&Token], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        if token.kind != TokenKind::Symbol {
            continue;
        }
        match written(text, token) {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(index);
                }
            }
            _ => {}
        }
    }
    None
}

/// The arguments between two parentheses.
pub(super) fn arguments(text: &str, tokens: &[&Token], inside: Range<usize>) -> Vec<Argument> {
    let mut found = Vec::new();
    let mut depth = 0_usize;
    let mut start = inside.start;
    let mut end = |range: Range<usize>| {
        let assigned = range.len() > 1
            && matches!(written(text, tokens[range.start + 1]), ":=" | "=>")
            && matches!(
                tokens[range.start].kind,
                TokenKind::Word | TokenKind::QuotedName
            );
        found.push(match assigned {
            true => Argument {
                name: Some(range.start),
                tokens: range.start + 2..range.end,
            },
            false => Argument {
                name: None,
                tokens: range,
            },
        });
    };
    for index in inside.clone() {
        match written(text, tokens[index]) {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            "," if depth == 0 => {
                end(start..index);
                start = index + 1;
            }
            _ => {}
        }
    }
    if !inside.is_empty() {
        end(start..inside.end);
    }
    found
}

/// In which clause of a query a text is, token by token.
#[derive(Clone, Debug)]
pub(super) struct Clauses {
    levels: Vec<Level>,
    /// Whether the innermost query's select list has begun.
    pub in_select: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Level {
    /// Whether the `FROM` of a query goes on here.
    from: bool,
    /// Whether the next token begins a table.
    table: bool,
    /// Whether `FROM` is a part of a call here, as in `extract(year FROM d)`.
    call: bool,
    /// Whether a select list goes on here.
    select: bool,
}

/// Calls with `FROM` in their parentheses.
const WITH_FROM: [&str; 4] = ["extract", "trim", "substring", "overlay"];
/// What ends a `FROM`.
const ENDS: [&str; 15] = [
    "select",
    "where",
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
    "values",
    "set",
    "returning",
];

impl Clauses {
    /// At the start of a query.
    pub(super) fn new() -> Self {
        Self {
            levels: vec![Level::default()],
            in_select: false,
        }
    }

    /// At a place where a table is expected.
    pub(super) fn at_table() -> Self {
        let mut clauses = Self::new();
        clauses.here().from = true;
        clauses.here().table = true;
        clauses
    }

    fn here(&mut self) -> &mut Level {
        if self.levels.is_empty() {
            self.levels.push(Level::default());
        }
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }

    fn table_expected(&self) -> bool {
        self.levels.last().is_some_and(|level| level.table)
    }

    /// Behind a whole call.
    pub(super) fn behind_call(&mut self) {
        self.here().table = false;
    }

    /// Steps over the token at an index.
    pub(super) fn step(&mut self, text: &str, tokens: &[&Token], index: usize) {
        let token = tokens[index];
        let word = written(text, token);
        let before = |back: usize| {
            let token = tokens.get(index.checked_sub(back)?)?;
            Some(written(text, token))
        };
        let is_before = |back: usize, words: &[&str]| {
            before(back).is_some_and(|found| words.iter().any(|w| found.eq_ignore_ascii_case(w)))
        };
        match (token.kind, word) {
            (TokenKind::Symbol, "(" | "[" | "{") => {
                let inner = Level {
                    from: self.table_expected(),
                    table: self.table_expected(),
                    call: is_before(1, &WITH_FROM),
                    select: false,
                };
                self.here().table = false;
                self.levels.push(inner);
            }
            (TokenKind::Symbol, ")" | "]" | "}") => {
                self.levels.pop();
                self.here().table = false;
            }
            (TokenKind::Symbol, ",") => {
                let level = self.here();
                level.table = level.from;
            }
            (TokenKind::Word, _) => self.word(
                word,
                is_before(1, &["distinct"]) && is_before(2, &["is", "not"]),
            ),
            _ => self.here().table = false,
        }
        self.in_select = self.levels.last().is_some_and(|level| level.select);
    }

    fn word(&mut self, word: &str, distinct_from: bool) {
        let is = |words: &[&str]| words.iter().any(|known| word.eq_ignore_ascii_case(known));
        let level = self.here();
        level.table = false;
        if is(&["from"]) && !level.call && !distinct_from {
            level.from = true;
            level.table = true;
            level.select = false;
        } else if is(&["join", "lateral"]) {
            level.from = true;
            level.table = true;
        } else if is(&[
            "pivot",
            "unpivot",
            "pivot_wider",
            "pivot_longer",
            "describe",
            "summarize",
        ]) {
            level.table = true;
        } else if is(&["using"]) {
            // `USING (…)` names columns; a comma behind it goes on with the tables.
        } else if is(&ENDS) {
            level.from = false;
            level.select = is(&["select"]);
        }
    }
}

//! From a file's text to its loops and includes. All other directives are lines that stay.

use super::list::{Item, List, malformed, unquoted};
use crate::diagnostic::{Code, Diagnostic, Fix};
use crate::directives::{directive_line, word_of};
use crate::lexer::{Lexer, lex};
use crate::span::{FileId, Span, Spanned};
use crate::token::{Token, TokenKind};
use std::ops::Range;

/// How deep blocks may nest in one file.
const MAXIMUM_DEPTH: usize = 64;

/// A file's text, cut at what is to be written out.
#[derive(Debug)]
pub(super) struct Template {
    /// The file.
    pub file: FileId,
    /// All tokens outside directive lines.
    pub tokens: Vec<Token>,
    /// The pieces, in order.
    pub parts: Vec<Part>,
    /// Whether anything is to be written out.
    pub expands: bool,
}

/// A piece of a text.
#[derive(Debug)]
pub(super) enum Part {
    /// Text between directives.
    Text {
        range: Range<usize>,
        /// Which of the template's tokens it holds.
        tokens: Range<usize>,
    },
    /// A directive that stays, with the end of its line.
    Line {
        range: Range<usize>,
        /// What stands behind its word.
        tokens: Vec<Token>,
        /// Whether names in it may be those of loops: it is a condition.
        is_condition: bool,
    },
    /// `#for … #endfor`
    For(Box<Loop>),
    /// `#include`
    Include(Box<Include>),
    /// What couldn't be read, which was reported.
    Broken(Span),
}

/// `#for variable in list sep 'text'`
#[derive(Debug)]
pub(super) struct Loop {
    /// The line.
    pub span: Span,
    pub variable: Spanned<String>,
    pub list: List,
    /// Where the list is written.
    pub list_span: Span,
    pub separator: Option<Spanned<String>>,
    pub parts: Vec<Part>,
}

/// `#include 'path' (name='text', …)`
#[derive(Debug)]
pub(super) struct Include {
    /// The line.
    pub span: Span,
    pub path: Spanned<String>,
    pub arguments: Vec<(Spanned<String>, Item)>,
}

/// Whether a text may hold something that this module writes out: a quick look, which may be
/// wrong in one direction only.
pub(super) fn may_expand(text: &str) -> bool {
    text.match_indices('#').any(|(at, _)| {
        let word = text[at + 1..].trim_start_matches([' ', '\t']);
        ["for", "endfor", "include"]
            .iter()
            .any(|known| word.starts_with(known))
    })
}

/// Reads a range of a file. In a fragment (`alone`) each `#if` must have its end.
pub(super) fn read(
    file: FileId,
    text: &str,
    range: Range<usize>,
    alone: bool,
) -> (Template, Vec<Diagnostic>) {
    let mut reader = Reader {
        file,
        text,
        end: range.end.min(text.len()),
        alone,
        template: Template {
            file,
            tokens: Vec::new(),
            parts: Vec::new(),
            expands: false,
        },
        open: Vec::new(),
        piece_start: range.start,
        piece_tokens: 0,
        diagnostics: Vec::new(),
    };
    let mut lexer = Lexer::new(file, text, range);
    while lexer.skip_space() {
        let position = lexer.position();
        if let Some((line, next)) = directive_line(text, position, reader.end) {
            reader.directive(position, line, next);
            lexer.skip_to(next);
        } else if let Some(token) = lexer.next_token() {
            reader.template.tokens.push(token);
        }
    }
    reader.diagnostics.extend(lexer.into_diagnostics());
    reader.finish()
}

struct Reader<'t> {
    file: FileId,
    text: &'t str,
    end: usize,
    alone: bool,
    template: Template,
    open: Vec<Open>,
    piece_start: usize,
    piece_tokens: usize,
    diagnostics: Vec<Diagnostic>,
}

/// A block that hasn't met its end.
enum Open {
    If(Span),
    For {
        head: Box<Loop>,
        /// Whether its line could be read.
        whole: bool,
    },
}

impl Reader<'_> {
    /// Takes a directive. `line` ends before white space, `next` is the start of the next line.
    fn directive(&mut self, start: usize, line: usize, next: usize) {
        let line_start = self.text[..start].rfind('\n').map_or(0, |end| end + 1);
        self.close_piece(line_start.max(self.piece_start));
        self.piece_start = next;
        let behind = &self.text[start + 1..line];
        let blanks = behind.len() - behind.trim_start_matches([' ', '\t']).len();
        let word = word_of(&behind[blanks..]);
        let word_end = start + 1 + blanks + word.len();
        let span = Span::new(self.file, start, line);
        let (tokens, _) = lex(self.file, self.text, word_end..line);
        let tokens: Vec<Token> = tokens
            .into_iter()
            .filter(|token| token.kind != TokenKind::Comment)
            .collect();
        let mut read = Line {
            text: self.text,
            tokens: &tokens,
            position: 0,
            last: Span::new(self.file, start, word_end),
        };
        match word {
            "for" => {
                let (head, whole) = match read.head(span) {
                    Ok(head) => (head, true),
                    Err(error) => {
                        self.diagnostics.push(error);
                        (Loop::broken(span), false)
                    }
                };
                if blanks > 0 {
                    self.blank_behind_sign(read.last, word);
                }
                self.template.expands = true;
                self.opens(Open::For {
                    head: Box::new(head),
                    whole,
                });
            }
            "endfor" => {
                self.template.expands = true;
                if let Some(token) = tokens.first() {
                    self.diagnostics
                        .push(malformed(token.span, "nothing stands behind `#endfor`"));
                }
                self.end_for(span);
            }
            "include" => {
                self.template.expands = true;
                let part = match read.include(span) {
                    Ok(include) => Part::Include(Box::new(include)),
                    Err(error) => {
                        self.diagnostics.push(error);
                        Part::Broken(span)
                    }
                };
                self.push(part);
            }
            _ => {
                self.stays(word, span);
                self.push(Part::Line {
                    range: line_start..next,
                    tokens,
                    is_condition: matches!(word, "if" | "elif"),
                });
            }
        }
    }

    fn blank_behind_sign(&mut self, span: Span, word: &str) {
        self.diagnostics.push(
            Diagnostic::error(
                Code::UnknownDirective,
                span,
                "a blank stands behind the `#` of a directive",
            )
            .hint(format!("write `#{word}`"))
            .fix(Fix::replace(span, format!("#{word}"))),
        );
    }

    /// A directive of `#if`, which must not begin in one loop and end in another.
    fn stays(&mut self, word: &str, span: Span) {
        match word {
            "if" => self.opens(Open::If(span)),
            "elif" | "else" | "endif" => match self.open.last() {
                Some(Open::If(_)) if word == "endif" => {
                    self.open.pop();
                }
                Some(Open::If(_)) => {}
                Some(Open::For { head, .. }) => {
                    let head = head.span;
                    self.unbalanced(
                        span,
                        format!("`#{word}` stands in a loop, and its `#if` doesn't"),
                        Some((head, "the loop")),
                    );
                }
                None if self.alone => {
                    self.unbalanced(span, format!("`#{word}` without an `#if`"), None);
                }
                // The stage of conditions says it.
                None => {}
            },
            _ => {}
        }
    }

    fn opens(&mut self, block: Open) {
        if self.open.len() == MAXIMUM_DEPTH {
            let span = match &block {
                Open::If(span) => *span,
                Open::For { head, .. } => head.span,
            };
            let message = format!("directives are nested more than {MAXIMUM_DEPTH} deep");
            self.unbalanced(span, message, None);
        }
        self.open.push(block);
    }

    fn unbalanced(&mut self, span: Span, message: String, other: Option<(Span, &str)>) {
        let error = Diagnostic::error(Code::UnbalancedDirective, span, message);
        self.diagnostics.push(match other {
            Some((other, label)) => error.and_at(other, label),
            None => error,
        });
    }

    fn end_for(&mut self, span: Span) {
        if !self
            .open
            .iter()
            .any(|block| matches!(block, Open::For { .. }))
        {
            self.unbalanced(span, "`#endfor` without a `#for`".to_owned(), None);
            return;
        }
        while let Some(block) = self.open.pop() {
            match block {
                Open::If(start) => self.unbalanced(
                    start,
                    "this `#if` begins in a loop that ends before its `#endif`".to_owned(),
                    Some((span, "the loop ends here")),
                ),
                Open::For { head, whole } => {
                    // Deeper ones were reported; leaving them out keeps every walk shallow.
                    if self.open.len() < MAXIMUM_DEPTH {
                        self.push(match whole {
                            true => Part::For(head),
                            false => Part::Broken(head.span),
                        });
                    }
                    return;
                }
            }
        }
    }

    fn close_piece(&mut self, end: usize) {
        let tokens = self.piece_tokens..self.template.tokens.len();
        self.piece_tokens = self.template.tokens.len();
        if end > self.piece_start {
            self.push(Part::Text {
                range: self.piece_start..end,
                tokens,
            });
        }
    }

    fn push(&mut self, part: Part) {
        let innermost = self.open.iter_mut().rev().find_map(|block| match block {
            Open::For { head, .. } => Some(head),
            Open::If(_) => None,
        });
        match innermost {
            Some(head) => head.parts.push(part),
            None => self.template.parts.push(part),
        }
    }

    fn finish(mut self) -> (Template, Vec<Diagnostic>) {
        self.close_piece(self.end);
        while let Some(block) = self.open.pop() {
            match block {
                Open::For { head, .. } => {
                    let error = Diagnostic::error(
                        Code::UnbalancedDirective,
                        head.span,
                        "this `#for` has no `#endfor`",
                    )
                    .hint("write `#endfor` on a line of its own where the loop ends");
                    self.diagnostics.push(error);
                }
                Open::If(span) if self.alone => {
                    self.unbalanced(span, "this `#if` has no `#endif`".to_owned(), None);
                }
                Open::If(_) => {}
            }
        }
        (self.template, self.diagnostics)
    }
}

impl Loop {
    fn broken(span: Span) -> Self {
        Self {
            span,
            variable: Spanned::new(String::new(), span),
            list: List::Items(Vec::new()),
            list_span: span,
            separator: None,
            parts: Vec::new(),
        }
    }
}

/// What stands behind a directive's word.
pub(super) struct Line<'l> {
    text: &'l str,
    tokens: &'l [Token],
    position: usize,
    /// The token read last.
    pub(super) last: Span,
}

impl<'l> Line<'l> {
    pub(super) fn text(&self, span: Span) -> &'l str {
        self.text.get(span.range()).unwrap_or_default()
    }

    pub(super) fn token(&self) -> Option<Token> {
        self.tokens.get(self.position).copied()
    }

    pub(super) fn peek(&self) -> Option<&'l str> {
        self.token().map(|token| self.text(token.span))
    }

    pub(super) fn next(&mut self) {
        if let Some(token) = self.token() {
            self.last = token.span;
            self.position += 1;
        }
    }

    pub(super) fn take(&mut self, word: &str) -> bool {
        let taken = self
            .peek()
            .is_some_and(|text| text.eq_ignore_ascii_case(word));
        if taken {
            self.next();
        }
        taken
    }

    pub(super) fn expected(&self, what: &str) -> Diagnostic {
        match self.token() {
            Some(token) => malformed(
                token.span,
                format!("expected {what}, found `{}`", self.text(token.span)),
            ),
            None => malformed(
                self.last,
                format!("expected {what} behind `{}`", self.text(self.last)),
            ),
        }
    }

    /// `#for x in list [sep 'text']`
    fn head(&mut self, span: Span) -> Result<Loop, Diagnostic> {
        let example = "write it as `#for method in ['card', 'cash'] sep ','`";
        let variable = self
            .name("a name for the elements")
            .map_err(|error| error.hint(example))?;
        if !self.take("in") {
            return Err(self.expected("`in`").hint(example));
        }
        let start = self.token().map_or(self.last.after(), |token| token.span);
        let list = self.list()?;
        let list_span = start.to(self.last);
        let separator = match self.take("sep") {
            true => Some(self.quoted("a text between the rounds, as `','`")?),
            false => None,
        };
        self.ends()?;
        Ok(Loop {
            span,
            variable,
            list,
            list_span,
            separator,
            parts: Vec::new(),
        })
    }

    /// `#include 'path' [(name='text', …)]`
    fn include(&mut self, span: Span) -> Result<Include, Diagnostic> {
        let path = self.quoted("the path of a fragment, as `'fragments/f.sql'`")?;
        let mut arguments: Vec<(Spanned<String>, Item)> = Vec::new();
        if self.take("(") {
            let open = self.last;
            while !self.take(")") {
                let name = self.name("a name")?;
                if !self.take("=") {
                    return Err(self
                        .expected("`=`")
                        .hint(format!("write `{} = '…'`", name.value)));
                }
                let item = self.item()?;
                if let Some((first, _)) = arguments
                    .iter()
                    .find(|(before, _)| before.value == name.value)
                {
                    return Err(
                        malformed(name.span, format!("`{}` is given twice", name.value))
                            .and_at(first.span, "the first"),
                    );
                }
                arguments.push((name, item));
                if !self.take(",") && self.peek() != Some(")") {
                    return Err(self
                        .expected("`,` or `)`")
                        .and_at(open, "this isn't closed"));
                }
            }
        }
        self.ends()?;
        Ok(Include {
            span,
            path,
            arguments,
        })
    }

    fn quoted(&mut self, what: &str) -> Result<Spanned<String>, Diagnostic> {
        match self.token() {
            Some(token)
                if token.kind == TokenKind::Text && self.text(token.span).starts_with('\'') =>
            {
                self.next();
                Ok(Spanned::new(unquoted(self.text(token.span)), token.span))
            }
            Some(token) if token.kind == TokenKind::QuotedName => Err(self
                .expected(what)
                .hint("a text stands between single quotes: `'…'`")),
            _ => Err(self.expected(what)),
        }
    }

    fn ends(&self) -> Result<(), Diagnostic> {
        match self.token() {
            None => Ok(()),
            Some(_) => Err(self.expected("the end of the line")),
        }
    }
}

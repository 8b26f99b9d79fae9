//! From a file's text to its [`DirectiveTree`].

use super::condition::{Condition, Variable};
use super::condition_parser;
use super::tree::{BlockKind, Branch, DirectiveTree, Node, Otherwise};
use crate::diagnostic::{Code, Diagnostic, Fix, nearest};
use crate::expand::REPORTED;
use crate::lexer::{Lexer, lex};
use crate::span::{FileId, Span};
use crate::token::{Token, TokenKind};
use std::ops::Range;

const KNOWN: [&str; 8] = [
    "if", "elif", "else", "endif", "for", "endfor", "include", "error",
];
/// Those of a choice, for which a misspelt word is taken.
const CHOICE: [&str; 4] = ["if", "elif", "else", "endif"];
/// Those of a block of statements.
const BLOCK: [&str; 3] = ["before", "after", "end"];
const ALL: &str = "directives are `#if`, `#elif`, `#else`, `#endif`, `#for`, `#endfor`, `#include`, \
                   `#before`, `#after`, `#end` and `#error`";

/// How deep `#if` may nest.
const MAXIMUM_DEPTH: usize = 64;

/// Reads the text below a header: its tokens, cut at its directives.
///
/// `variables` are those that the header declares. The tree is usable even if something is
/// wrong: what can't be read is left out.
pub fn read(
    file: FileId,
    text: &str,
    range: Range<usize>,
    variables: &[Variable],
) -> (DirectiveTree, Vec<Diagnostic>) {
    let mut reader = Reader {
        file,
        text,
        end: range.end.min(text.len()),
        variables,
        tokens: Vec::with_capacity(range.len() / 4),
        diagnostics: Vec::new(),
        done: Vec::new(),
        open: Vec::new(),
        piece_start: range.start,
        piece_tokens: 0,
        block: None,
    };
    let mut lexer = Lexer::new(file, text, range);
    while lexer.skip_space() {
        let position = lexer.position();
        if let Some((_, next)) = directive_line(text, position, reader.end) {
            reader.directive(position);
            lexer.skip_to(next);
        } else if let Some(token) = lexer.next_token() {
            reader.tokens.push(token);
        }
    }
    reader.diagnostics.extend(lexer.into_diagnostics());
    reader.finish()
}

/// The letters, digits and `_` at the start of a text.
pub(crate) fn word_of(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

/// If a directive begins at a byte, where it ends without white space, and where the next line
/// begins: a `#` that starts a line, with a letter behind it, or with blanks and a directive's
/// word.
pub(crate) fn directive_line(text: &str, position: usize, end: usize) -> Option<(usize, usize)> {
    let line = &text[position..end];
    let behind = line.strip_prefix('#')?;
    let word = behind.trim_start_matches([' ', '\t']);
    let is_one = match word.len() < behind.len() {
        true => KNOWN.contains(&word_of(word)),
        false => word.starts_with(|c: char| c.is_ascii_alphabetic()),
    };
    let starts_line = text[line_start(text, position)..position]
        .chars()
        .all(char::is_whitespace);
    if !is_one || !starts_line {
        return None;
    }
    let length = line.find('\n').map_or(line.len(), |newline| newline + 1);
    let last = position + line[..length].trim_end().len();
    Some((last, position + length))
}

fn line_start(text: &str, position: usize) -> usize {
    let before = &text[..position];
    before.rfind('\n').map_or(0, |newline| newline + 1)
}

/// A text between quotes of either kind.
fn said(written: &str) -> String {
    let quote = if written.starts_with('"') { '"' } else { '\'' };
    let inner = written.strip_prefix(quote).unwrap_or(written);
    let inner = inner.strip_suffix(quote).unwrap_or(inner);
    inner.replace(&format!("{quote}{quote}"), &quote.to_string())
}

struct Reader<'a> {
    file: FileId,
    text: &'a str,
    end: usize,
    variables: &'a [Variable],
    tokens: Vec<Token>,
    diagnostics: Vec<Diagnostic>,
    /// The nodes outside every `#if`.
    done: Vec<Node>,
    open: Vec<Open>,
    piece_start: usize,
    piece_tokens: usize,
    /// A `#before` or `#after` that hasn't met its `#end`.
    block: Option<OpenBlock>,
}

/// A block of statements that hasn't met its `#end`.
struct OpenBlock {
    kind: BlockKind,
    span: Span,
    nodes: Vec<Node>,
    /// How many `#if` were open where it began: more than none is a mistake.
    depth: usize,
}

/// An `#if` that hasn't met its `#endif`.
struct Open {
    span: Span,
    branches: Vec<Branch>,
    otherwise: Option<Otherwise>,
}

impl Open {
    fn nodes(&mut self) -> Option<&mut Vec<Node>> {
        match &mut self.otherwise {
            Some(otherwise) => Some(&mut otherwise.nodes),
            None => self.branches.last_mut().map(|branch| &mut branch.nodes),
        }
    }
}

impl Reader<'_> {
    fn directive(&mut self, start: usize) {
        let line = &self.text[start..self.end];
        let length = line.find('\n').map_or(line.len(), |newline| newline + 1);
        let span = Span::new(self.file, start, start + line[..length].trim_end().len());
        let blanks = line.len() - 1 - line[1..].trim_start_matches([' ', '\t']).len();
        let word = word_of(&line[1 + blanks..]);
        let word_span = Span::new(self.file, start, start + 1 + blanks + word.len());
        if blanks > 0 {
            let message = "a blank stands behind the `#` of a directive";
            self.diagnostics.push(
                Diagnostic::error(Code::UnknownDirective, word_span, message)
                    .hint(format!("write `#{word}`"))
                    .fix(Fix::replace(word_span, format!("#{word}"))),
            );
        }
        self.close_piece(line_start(self.text, start));
        self.piece_start = start + length;
        let (tokens, wrong) = lex(
            self.file,
            self.text,
            word_span.range().end..span.range().end,
        );
        self.diagnostics.extend(wrong);
        let tokens: Vec<Token> = tokens
            .into_iter()
            .filter(|token| token.kind != TokenKind::Comment)
            .collect();
        match word {
            "if" => {
                let condition = self.condition(&tokens, word_span);
                self.open_if(span, condition);
            }
            "elif" => {
                let condition = self.condition(&tokens, word_span);
                self.add_branch(span, condition);
            }
            "else" => {
                self.nothing_behind(word, &tokens);
                self.add_otherwise(span);
            }
            // Other languages' words for the same. They are taken for what they mean, so that the
            // rest of the choice isn't reported as well.
            "ifdef" | "ifndef" => {
                self.other_word(word, "if", word_span);
                self.open_if(span, Condition::invalid(word_span));
            }
            "elseif" | "elsif" => {
                self.other_word(word, "elif", word_span);
                self.add_branch(span, Condition::invalid(word_span));
            }
            "end" | "fi" | "end_if" if !self.open.is_empty() && self.block.is_none() => {
                self.other_word(word, "endif", word_span);
                self.close_if(span);
            }
            "endif" => {
                self.nothing_behind(word, &tokens);
                self.close_if(span);
            }
            "error" => self.error(span, word_span, &tokens),
            "before" => self.open_block(BlockKind::Before, span, &tokens),
            "after" => self.open_block(BlockKind::After, span, &tokens),
            "end" => self.close_block(span, &tokens),
            "for" | "endfor" | "include" => {
                // They are written out before, unless the file's structure is broken.
                let message = format!("`#{word}` can't stand here");
                let error = self.unbalanced(word_span, &message);
                self.diagnostics.push(error);
            }
            _ => self.other(word, span, word_span),
        }
    }

    /// `#error 'text'`
    fn error(&mut self, line: Span, word: Span, tokens: &[Token]) {
        let written = |token: &Token| &self.text[token.span.range()];
        let message = match tokens {
            [text] if matches!(text.kind, TokenKind::Text | TokenKind::QuotedName) => {
                Some(said(written(text)))
            }
            [text]
                if self.file.is_written_out()
                    && text.kind == TokenKind::DollarText
                    && written(text) == REPORTED =>
            {
                None
            }
            _ => {
                let span = match tokens {
                    [] => word,
                    [only] => only.span,
                    [_, second, ..] => second.span,
                };
                self.diagnostics.push(
                    Diagnostic::error(
                        Code::MalformedDirective,
                        span,
                        "`#error` needs one text, and nothing behind it",
                    )
                    .hint("write `#error 'what is wrong'`"),
                );
                return;
            }
        };
        self.push(Node::Error {
            span: line,
            message,
        });
    }

    fn condition(&mut self, tokens: &[Token], word: Span) -> Condition {
        condition_parser::parse(self.text, tokens, word, self.variables).unwrap_or_else(|error| {
            self.diagnostics.push(error);
            Condition::invalid(word)
        })
    }

    fn other_word(&mut self, word: &str, meant: &str, span: Span) {
        let message = format!("there is no directive `#{word}`");
        let error = Diagnostic::error(Code::UnknownDirective, span, message)
            .hint(format!("write `#{meant}`"));
        self.diagnostics.push(match meant {
            "elif" => error.fix(Fix::replace(span, "#elif")),
            _ => error,
        });
    }

    fn nothing_behind(&mut self, word: &str, tokens: &[Token]) {
        if let Some(token) = tokens.first() {
            let error = Diagnostic::error(
                Code::MalformedCondition,
                token.span,
                format!("`#{word}` has no condition"),
            );
            self.diagnostics.push(match word {
                "else" => error.hint("write `#elif` in front of a condition"),
                _ => error.hint("a remark stands behind `--`"),
            });
        }
    }

    fn close_piece(&mut self, end: usize) {
        let tokens = self.piece_tokens..self.tokens.len();
        self.piece_tokens = self.tokens.len();
        if end > self.piece_start {
            let span = Span::new(self.file, self.piece_start, end);
            self.push(Node::Text { span, tokens });
        }
    }

    fn push(&mut self, node: Node) {
        let outside = self
            .block
            .as_ref()
            .is_some_and(|block| self.open.len() <= block.depth);
        match (self.open.last_mut().and_then(Open::nodes), &mut self.block) {
            (_, Some(block)) if outside => block.nodes.push(node),
            (Some(nodes), _) => nodes.push(node),
            (None, _) => self.done.push(node),
        }
    }

    /// `#before` or `#after`
    fn open_block(&mut self, kind: BlockKind, span: Span, tokens: &[Token]) {
        let word = kind.word();
        if let Some(token) = tokens.first() {
            let message = format!("nothing stands behind `#{word}`");
            let error = Diagnostic::error(Code::MalformedDirective, token.span, message);
            self.diagnostics
                .push(error.hint("write the statements on lines of their own below it"));
        }
        if let Some(outer) = &self.block {
            let outer_span = outer.span;
            let message = format!("`#{word}` stands in another block of statements");
            let error = self
                .unbalanced(span, &message)
                .and_at(outer_span, "this one");
            self.diagnostics
                .push(error.hint("write `#end` in front of it"));
            return;
        }
        if let Some(open) = self.open.last() {
            let opener = open.span;
            let message = format!("`#{word}` stands in an `#if`");
            let error = self.unbalanced(span, &message).and_at(opener, "this one");
            self.diagnostics
                .push(error.hint(format!("write the `#if` between `#{word}` and its `#end`")));
        }
        self.block = Some(OpenBlock {
            kind,
            span,
            nodes: Vec::new(),
            depth: self.open.len(),
        });
    }

    /// `#end`
    fn close_block(&mut self, span: Span, tokens: &[Token]) {
        if let Some(token) = tokens.first() {
            let error = Diagnostic::error(
                Code::MalformedDirective,
                token.span,
                "nothing stands behind `#end`",
            );
            self.diagnostics.push(error);
        }
        let Some(depth) = self.block.as_ref().map(|block| block.depth) else {
            let error = self.unbalanced(span, "`#end` without a `#before` or `#after`");
            self.diagnostics.push(error);
            return;
        };
        while self.open.len() > depth {
            self.unclosed(span.before());
        }
        if let Some(block) = self.block.take() {
            self.push(Node::Block {
                kind: block.kind,
                nodes: block.nodes,
                span: block.span.to(span),
            });
        }
    }

    /// Reports an `#if` without its end, and ends it at a place.
    fn unclosed(&mut self, end: Span) {
        if let Some(open) = self.open.last() {
            let span = open.span;
            let error = self
                .unbalanced(span, "this `#if` has no `#endif`")
                .hint("write `#endif` on a line of its own where the choice ends");
            self.diagnostics.push(error);
            self.close_if(end);
        }
    }

    fn unbalanced(&mut self, span: Span, message: &str) -> Diagnostic {
        Diagnostic::error(Code::UnbalancedDirective, span, message)
    }

    fn open_if(&mut self, span: Span, condition: Condition) {
        if self.open.len() == MAXIMUM_DEPTH {
            let message = format!("`#if` is nested more than {MAXIMUM_DEPTH} deep");
            let error = Diagnostic::error(Code::TooDeep, span, message);
            self.diagnostics.push(error);
        }
        self.open.push(Open {
            span,
            branches: vec![Branch {
                condition,
                span,
                nodes: Vec::new(),
            }],
            otherwise: None,
        });
    }

    fn add_branch(&mut self, span: Span, condition: Condition) {
        let error = match self.open.last_mut() {
            Some(Open {
                otherwise: None,
                branches,
                ..
            }) => {
                branches.push(Branch {
                    condition,
                    span,
                    nodes: Vec::new(),
                });
                return;
            }
            Some(Open {
                span: opener,
                otherwise: Some(otherwise),
                ..
            }) => {
                let (opener, otherwise) = (*opener, otherwise.span);
                self.unbalanced(span, "`#elif` stands behind `#else`")
                    .and_at(otherwise, "the `#else`")
                    .and_at(opener, "their `#if`")
            }
            None => self.unbalanced(span, "`#elif` without an `#if`"),
        };
        self.diagnostics.push(error);
    }

    fn add_otherwise(&mut self, span: Span) {
        let error = match self.open.last_mut() {
            Some(Open {
                otherwise: otherwise @ None,
                ..
            }) => {
                *otherwise = Some(Otherwise {
                    span,
                    nodes: Vec::new(),
                });
                return;
            }
            Some(Open {
                span: opener,
                otherwise: Some(otherwise),
                ..
            }) => {
                let (opener, otherwise) = (*opener, otherwise.span);
                self.unbalanced(span, "a second `#else`")
                    .and_at(otherwise, "the first")
                    .and_at(opener, "their `#if`")
            }
            None => self.unbalanced(span, "`#else` without an `#if`"),
        };
        self.diagnostics.push(error);
    }

    fn close_if(&mut self, span: Span) {
        match self.open.pop() {
            Some(open) => {
                // Deeper ones were reported; leaving them out keeps every walk of the tree shallow.
                if self.open.len() < MAXIMUM_DEPTH {
                    self.push(Node::If {
                        branches: open.branches,
                        otherwise: open.otherwise,
                        span: open.span.to(span),
                    });
                }
            }
            None => {
                let error = self.unbalanced(span, "`#endif` without an `#if`");
                self.diagnostics.push(error);
            }
        }
    }

    fn other(&mut self, word: &str, line: Span, span: Span) {
        let error = Diagnostic::error(
            Code::UnknownDirective,
            span,
            format!("there is no directive `#{word}`"),
        );
        let lower = word.to_ascii_lowercase();
        let known = KNOWN.into_iter().chain(BLOCK);
        self.diagnostics.push(match nearest(&lower, known.clone()) {
            Some(meant) => error.hint(format!("did you mean `#{meant}`?")).fix_name(
                &lower,
                span,
                known,
                |meant| format!("#{meant}"),
            ),
            None => error.hint(ALL),
        });
        // It is taken for what it most likely means, so that the choice has its end.
        match nearest(&lower, CHOICE) {
            Some("if") => self.open_if(line, Condition::invalid(span)),
            Some("elif") if !self.open.is_empty() => {
                self.add_branch(line, Condition::invalid(span));
            }
            Some("endif") if !self.open.is_empty() => self.close_if(line),
            _ => {}
        }
    }

    fn finish(mut self) -> (DirectiveTree, Vec<Diagnostic>) {
        self.close_piece(self.end);
        let end = Span::new(self.file, self.end, self.end);
        if let Some(block) = &self.block {
            let (word, span) = (block.kind.word(), block.span);
            let error = self.unbalanced(span, &format!("this `#{word}` has no `#end`"));
            self.diagnostics
                .push(error.hint("write `#end` on a line of its own where the statements end"));
            self.block = None;
        }
        while !self.open.is_empty() {
            self.unclosed(end);
        }
        self.diagnostics
            .sort_by_key(|found| found.primary.as_ref().map(|label| label.span.start));
        let tree = DirectiveTree {
            file: self.file,
            tokens: self.tokens,
            nodes: self.done,
        };
        (tree, self.diagnostics)
    }
}

//! Finding the pragmas of a header and what they are; what stands in each is read by
//! [`values`] and [`declarations`].

use super::lines::{Line, scan};
use super::tokens::{Brackets, OpenQuote, Token, tokenize};
use super::{FileKind, Header, audits, damage, declarations, exposure, relation, values};
use crate::diagnostic::{Code, Diagnostic, Edit, Fix, nearest};
use crate::span::{FileId, Span, Spanned};

const PRAGMAS: &[&str] = &[
    "config",
    "import",
    "column",
    "var",
    "description",
    "exposure",
    "uses",
    "audit",
    "param",
    "merge",
    "grant",
    "index",
];

/// The kinds of files that a pragma may stand in.
fn places(pragma: &str) -> &'static [FileKind] {
    use FileKind::{Audit, Exposure, Model, Seed, Source};
    match pragma {
        "config" | "column" => &[Model, Source, Seed],
        "import" => &[Model, Exposure, Audit],
        "var" | "audit" | "merge" | "grant" | "index" => &[Model],
        "exposure" | "uses" => &[Exposure],
        "param" => &[Audit],
        _ => &[Model, Source, Seed, Exposure, Audit],
    }
}
const DIRECTIVES: &[&str] = &["#if", "#elif", "#else", "#endif"];

pub(super) fn parse(file: FileId, text: &str, kind: FileKind) -> (Header, Vec<Diagnostic>) {
    let (lines, body_start) = scan(text);
    let mut reading = Reading {
        file,
        text,
        kind,
        lines: &lines,
        header: Header {
            body_start,
            has_body: body_start < text.len(),
            ..Header::default()
        },
        diagnostics: Vec::new(),
    };
    let mut at = 0;
    while at < lines.len() {
        at = reading.line(at);
    }
    match kind {
        FileKind::Exposure => reading.exposure(),
        // Directives in an audit are found with its query.
        FileKind::Audit => reading.empty_body(),
        FileKind::Model | FileKind::Source | FileKind::Seed => {
            reading.directive_above_query();
            reading.empty_body();
        }
    }
    (reading.header, reading.diagnostics)
}

/// A pragma: its name, and what stands after the colon.
pub(super) struct Pragma<'t> {
    pub(super) file: FileId,
    pub(super) text: &'t str,
    /// `import`
    pub(super) name: &'t str,
    /// The name with its `@`.
    pub(super) name_span: Span,
    /// From `@` to the end of the last line.
    pub(super) span: Span,
    /// What stands after the colon on the first line, without white space around it.
    pub(super) rest: Spanned<&'t str>,
    /// The tokens after the colon, over all lines.
    pub(super) tokens: Vec<Token>,
}

impl<'t> Pragma<'t> {
    pub(super) fn span_of(&self, token: Token) -> Span {
        Span::new(self.file, token.start, token.end)
    }

    pub(super) fn text_of(&self, token: Token) -> &'t str {
        &self.text[token.start..token.end]
    }

    /// The text of several tokens as it was written; where a line ends, there is one space.
    pub(super) fn slice(&self, tokens: &[Token]) -> Option<Spanned<String>> {
        let (first, last) = (*tokens.first()?, *tokens.last()?);
        let mut text = String::new();
        for line in tokens.chunk_by(|a, b| a.line == b.line) {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&self.text[line[0].start..line[line.len() - 1].end]);
        }
        Some(Spanned::new(
            text,
            self.span_of(first).to(self.span_of(last)),
        ))
    }

    /// A finding about how the pragma is written.
    pub(super) fn malformed(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(Code::MalformedPragma, span, message)
            .hint(format!("the form is `{}`", form_of(self.name)))
    }

    /// The place after the last token, or after the colon.
    pub(super) fn end(&self) -> Span {
        match self.tokens.last() {
            Some(token) => self.span_of(*token).after(),
            None => self.rest.span.after(),
        }
    }
}

fn form_of(name: &str) -> &'static str {
    match name {
        "config" => "-- @config: key='value', key=['a', 'b'], key=1",
        "import" => "-- @import: alias = models.folder.file",
        "column" => "-- @column: name [type] [not null] [\"text\"]",
        "var" => "-- @var: name type = default",
        "exposure" => "-- @exposure: type='dashboard', owner='…', url='…'",
        "uses" => "-- @uses: alias.column, alias.column",
        "audit" => "-- @audit: name(column, :import, 'value'), severity='warn'",
        "param" => "-- @param: name column|relation|type [= default]",
        "merge" => "-- @merge: on …, update (a, b), delete when …",
        "grant" => "-- @grant: select to a, b",
        "index" => "-- @index: [unique] (a, b)",
        _ => "-- @description: text",
    }
}

struct Reading<'t> {
    file: FileId,
    text: &'t str,
    kind: FileKind,
    lines: &'t [Line],
    header: Header,
    diagnostics: Vec<Diagnostic>,
}

impl<'t> Reading<'t> {
    /// Reads the line with this index and those that its pragma goes on over; the next index.
    fn line(&mut self, at: usize) -> usize {
        let Line::Comment { start, end } = self.lines[at] else {
            return at + 1;
        };
        let Some((sign, name_end)) = pragma_name(self.text, start, end) else {
            return at + 1;
        };
        let name = &self.text[sign + 1..name_end];
        let name_span = Span::new(self.file, sign, name_end);
        if !PRAGMAS.contains(&name) {
            if let Some(meant) = nearest(name, PRAGMAS.iter().copied()) {
                damage::note(meant, &self.text[name_end..end], &mut self.header);
            }
            self.diagnostics.push(unknown(name, name_span, self.kind));
            return at + 1;
        }
        if !places(name).contains(&self.kind) {
            let kinds: Vec<&str> = places(name).iter().map(|kind| kind.plural()).collect();
            let kinds = match kinds.split_last() {
                Some((last, others)) if !others.is_empty() => {
                    format!("{} and {last}", others.join(", "))
                }
                _ => kinds.concat(),
            };
            let message = format!("`@{name}` is for {kinds}, not for {}", self.kind.plural());
            let finding = Diagnostic::error(Code::UnknownPragma, name_span, message);
            self.diagnostics.push(finding.hint("remove the line"));
            return at + 1;
        }
        let after = self.text[name_end..end].trim_start();
        if !after.starts_with(':') {
            damage::note(name, after, &mut self.header);
            let finding = Diagnostic::error(
                Code::MalformedPragma,
                name_span,
                format!("`@{name}` needs a `:`"),
            );
            let colon = Fix {
                title: "write the `:`".to_owned(),
                edits: vec![Edit {
                    span: name_span.after(),
                    text: ":".to_owned(),
                }],
            };
            self.diagnostics.push(
                finding
                    .hint(format!("the form is `{}`", form_of(name)))
                    .fix(colon),
            );
            return at + 1;
        }
        let content = end - after.len() + 1;
        let pragma = self.pragma(name, name_span, content, end);
        self.collect(at, content, end, pragma)
    }

    fn pragma(&self, name: &'t str, name_span: Span, content: usize, end: usize) -> Pragma<'t> {
        let rest = self.text[content..end].trim();
        let start = end - self.text[content..end].trim_start().len();
        Pragma {
            file: self.file,
            text: self.text,
            name,
            name_span,
            span: name_span.to(Span::new(self.file, start, start + rest.len())),
            rest: Spanned::new(rest, Span::new(self.file, start, start + rest.len())),
            tokens: Vec::new(),
        }
    }

    /// Reads the tokens of a pragma over all its lines, then what they mean.
    fn collect(&mut self, at: usize, content: usize, end: usize, mut pragma: Pragma<'t>) -> usize {
        if matches!(pragma.name, "description" | "import") {
            self.read(&pragma);
            return at + 1;
        }
        let mut next = at + 1;
        let (mut from, mut to, mut line) = (content, end, 0);
        let mut brackets = Brackets::default();
        loop {
            if let Err(finding) = self.tokens(&mut pragma, &mut brackets, (from, to, line)) {
                damage::note(pragma.name, pragma.rest.value, &mut self.header);
                self.diagnostics.push(finding);
                return next;
            }
            let Some(open) = brackets.last() else { break };
            match self.lines.get(next) {
                Some(Line::Comment { start, end })
                    if pragma_name(self.text, *start, *end).is_none() =>
                {
                    (from, to) = (*start, *end);
                    line += 1;
                    next += 1;
                }
                _ => {
                    damage::note(pragma.name, pragma.rest.value, &mut self.header);
                    let span = pragma.span_of(open);
                    let finding = pragma.malformed(span, "this bracket isn't closed");
                    self.diagnostics
                        .push(finding.hint("close it on this line or on the next `--` lines"));
                    return next;
                }
            }
        }
        self.read(&pragma);
        next
    }

    /// Adds the tokens of one line of a pragma.
    fn tokens(
        &self,
        pragma: &mut Pragma<'t>,
        brackets: &mut Brackets,
        (from, to, line): (usize, usize, usize),
    ) -> Result<(), Diagnostic> {
        let before = pragma.tokens.len();
        pragma.span = pragma.span.to(Span::new(self.file, from, to));
        tokenize(self.text, from, to, line, &mut pragma.tokens).map_err(|OpenQuote(quote)| {
            let span = Span::new(self.file, quote, to);
            pragma.malformed(span, "this quote isn't closed on its line")
        })?;
        for token in &pragma.tokens[before..] {
            brackets.take(*token).map_err(|token| {
                pragma.malformed(pragma.span_of(token), "this bracket closes nothing")
            })?;
        }
        Ok(())
    }

    fn read(&mut self, pragma: &Pragma<'t>) {
        let (header, diagnostics) = (&mut self.header, &mut self.diagnostics);
        match pragma.name {
            "config" => values::config(pragma, self.kind, &mut header.config, diagnostics),
            "import" => declarations::import(pragma, header, diagnostics),
            "column" => declarations::column(pragma, header, diagnostics),
            "var" => declarations::variable(pragma, header, diagnostics),
            "exposure" => exposure::exposure(pragma, header, diagnostics),
            "uses" => exposure::uses(pragma, header, diagnostics),
            "audit" => audits::audit(pragma, header, diagnostics),
            "param" => audits::parameter(pragma, header, diagnostics),
            "merge" => relation::merge(pragma, header, diagnostics),
            "grant" => relation::grant(pragma, header, diagnostics),
            "index" => relation::index(pragma, header, diagnostics),
            _ => declarations::description(pragma, header, diagnostics),
        }
    }

    /// A header is read without knowing any fact, so that no directive can stand around it; and
    /// since a directive there would be taken for that, none may stand before the query's first
    /// line.
    fn directive_above_query(&mut self) {
        let at = self.header.body_start;
        let line = self.text[at..].lines().next().unwrap_or_default();
        let trimmed = line.trim();
        let word = trimmed.split_whitespace().next().unwrap_or_default();
        if !DIRECTIVES.contains(&word) {
            return;
        }
        self.header.interrupted = true;
        let start = at + (line.len() - line.trim_start().len());
        self.diagnostics.push(
            Diagnostic::error(
                Code::DirectiveAboveQuery,
                Span::new(self.file, start, start + trimmed.len()),
                format!("`{word}` can't stand above the query"),
            )
            .hint("what differs by environment belongs in `[env.X]` of `dbgo.toml`")
            .hint("inside the query, from its second line on, directives may stand"),
        );
    }

    /// An exposure is nothing but its header, and says what it is and what it uses.
    fn exposure(&mut self) {
        let place = |start, end| Span::new(self.file, start, end);
        let is_silent = !self.diagnostics.is_empty();
        let finding = exposure::whole(&self.header, self.text, place, is_silent);
        self.diagnostics.extend(finding);
    }

    fn empty_body(&mut self) {
        let (code, message, hint) = match self.kind {
            _ if self.header.has_body => return,
            FileKind::Model => (
                Code::EmptyModel,
                "this model has no query",
                "write a `select`, or remove the file",
            ),
            FileKind::Source => (
                Code::MalformedTable,
                "this source has no columns",
                "write `create table name (column type, …)`",
            ),
            FileKind::Audit => (
                Code::MalformedAudit,
                "this audit has no query",
                "write the `select` that gives the rows that are wrong, read from `:this`",
            ),
            // A seed's columns can come from its data, and an exposure has none.
            FileKind::Seed | FileKind::Exposure => return,
        };
        let end = self.text.trim_end().len();
        self.diagnostics
            .push(Diagnostic::error(code, Span::new(self.file, end, end), message).hint(hint));
    }
}

/// Where a comment's `@` stands and where the name after it ends; `None` if it is no pragma.
fn pragma_name(text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let content = &text[start..end];
    let trimmed = content.trim_start();
    let name = trimmed.strip_prefix('@')?;
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let length = name
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(name.len());
    let sign = end - trimmed.len();
    Some((sign, sign + 1 + length))
}

fn unknown(name: &str, span: Span, kind: FileKind) -> Diagnostic {
    let finding = Diagnostic::error(
        Code::UnknownPragma,
        span,
        format!("there is no pragma `@{name}`"),
    );
    let here = || {
        let pragmas = PRAGMAS.iter().copied();
        pragmas.filter(|pragma| places(pragma).contains(&kind))
    };
    match nearest(name, here()) {
        Some(near) => finding.hint(format!("write `@{near}`")).fix_name(
            name,
            span,
            PRAGMAS.iter().copied(),
            |near| format!("@{near}"),
        ),
        None => finding.hint("a comment that is no pragma can't begin with `@` in a header"),
    }
}

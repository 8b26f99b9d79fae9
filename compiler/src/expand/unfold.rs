//! Loops and includes → text.

use super::list::Element;
use super::template::{self, Include, Loop, Part, Template};
use super::text::{Expanded, ExpansionKind};
use super::{REPORTED, substitute};
use crate::diagnostic::{Code, Diagnostic, nearest};
use crate::project::Variable;
use crate::resolve::Schema;
use crate::seeds::CsvOptions;
use crate::source::ProjectFiles;
use crate::span::{FileId, Origin, Span, Spanned};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

/// How many expansions may stand within each other.
pub const MAXIMUM_LEVELS: usize = 32;
/// How many rounds all loops of a model may have together.
pub const MAXIMUM_ITERATIONS: usize = 10_000;
/// How many bytes a model's text may have when it is written out, that of all its variants
/// together: no variant has more.
pub const MAXIMUM_BYTES: usize = 4 << 20;

/// What loops and includes may name.
pub struct Surroundings<'a> {
    /// The project's files.
    pub files: &'a ProjectFiles,
    /// `[vars]`
    pub variables: &'a [Variable],
    /// The columns of each import, by its alias in lower case.
    pub imports: &'a BTreeMap<String, Schema>,
    /// The seeds among the imports, by the alias in lower case.
    pub seeds: BTreeMap<String, SeedText<'a>>,
}

/// The data of a seed.
pub struct SeedText<'a> {
    /// The text of a CSV; `None` for Parquet, whose values aren't read when compiling.
    pub text: Option<&'a str>,
    /// The file.
    pub file: FileId,
    /// How it is written.
    pub options: CsvOptions,
}

/// What came of a text.
#[derive(Debug)]
pub struct Unfolded {
    /// The text.
    pub expanded: Expanded,
    /// The imports, in lower case, that lists name.
    pub used: BTreeSet<String>,
    /// The seeds whose values were read.
    pub seeds: BTreeSet<FileId>,
}

/// Writes out the loops and includes of a file's range; `None` if there are none, or if the
/// file's structure can't be read. [`may_unfold`] is a quick look before. What can't be written out is a branch that says nothing more.
pub fn unfold(
    file: FileId,
    text: &str,
    range: Range<usize>,
    around: &Surroundings<'_>,
) -> (Option<Unfolded>, Vec<Diagnostic>) {
    let (template, found) = template::read(file, text, range, false);
    if !template.expands {
        // The stage of conditions reads the file itself and says the same.
        return (None, Vec::new());
    }
    let unreadable =
        |found: &Diagnostic| matches!(found.code, Code::UnbalancedDirective | Code::SyntaxError);
    if found.iter().any(unreadable) {
        return (None, found);
    }
    let mut unfolding = Unfolding {
        around,
        out: Expanded::new(file),
        diagnostics: found,
        used: BTreeSet::new(),
        seeds: BTreeSet::new(),
        iterations: 0,
        stopped: false,
        tail: None,
        fragments: BTreeMap::new(),
        open: Vec::new(),
        level: 0,
    };
    let here = Here {
        text,
        template: &template,
        origin: Origin::WRITTEN,
        bindings: &[],
    };
    unfolding.parts(&template.parts, &here);
    let Unfolding {
        out,
        mut diagnostics,
        used,
        seeds,
        ..
    } = unfolding;
    let mut seen = BTreeSet::new();
    // What each round of a loop would say is said once.
    diagnostics.retain(|found| {
        let place = found.primary.as_ref().map(|label| label.span);
        seen.insert((found.code, place, found.message.clone()))
    });
    let unfolded = Unfolded {
        expanded: out,
        used,
        seeds,
    };
    (Some(unfolded), diagnostics)
}

/// Whether a text may hold loops or includes: a quick look, which is wrong in one direction only.
pub fn may_unfold(text: &str) -> bool {
    template::may_expand(text)
}

/// A name and what it stands for.
pub(super) type Binding = (String, Element);

/// The file that is written out, and what its names stand for.
pub(super) struct Here<'h> {
    text: &'h str,
    template: &'h Template,
    origin: Origin,
    pub(super) bindings: &'h [Binding],
}

pub(super) struct Unfolding<'s, 'a> {
    pub(super) around: &'s Surroundings<'a>,
    out: Expanded,
    diagnostics: Vec<Diagnostic>,
    pub(super) used: BTreeSet<String>,
    pub(super) seeds: BTreeSet<FileId>,
    iterations: usize,
    /// Whether a bound was exceeded, so that nothing more is written.
    stopped: bool,
    /// Behind the last token that was written, if no directive follows it.
    tail: Option<usize>,
    fragments: BTreeMap<FileId, Option<Rc<Template>>>,
    /// The fragments that are being written out.
    open: Vec<FileId>,
    level: usize,
}

impl<'s> Unfolding<'s, '_> {
    fn report(&mut self, found: Diagnostic, origin: Origin) {
        let found = self.out.explain(found, origin);
        self.diagnostics.push(found);
    }

    fn parts(&mut self, parts: &[Part], here: &Here<'_>) {
        for part in parts {
            if self.stopped {
                return;
            }
            let start = self.out.text().len();
            match part {
                Part::Text { range, tokens } => self.piece(range, tokens, here),
                Part::Line {
                    range,
                    tokens,
                    is_condition,
                } => {
                    self.tail = None;
                    let found = substitute::line(
                        &mut self.out,
                        here.text,
                        range.clone(),
                        tokens,
                        (*is_condition, here.template.file, here.origin),
                        here.bindings,
                    );
                    self.report_all(found, here.origin);
                    self.end_line(range.end, here);
                }
                Part::For(head) => self.rounds(head, here),
                Part::Include(include) => self.include(include, here),
                Part::Broken(span) => self.broken(*span, here.origin),
            }
            if !self.stopped && self.out.text().len() > MAXIMUM_BYTES {
                self.too_large(part, here, start);
            }
        }
    }

    /// Reports what is wrong in a piece, so that the variants with it say nothing more.
    fn report_all(&mut self, found: Vec<Diagnostic>, origin: Origin) {
        let spans = found.iter().filter_map(|found| found.primary.as_ref());
        let first = spans.map(|label| label.span).next();
        for found in found {
            self.report(found, origin);
        }
        if let Some(span) = first {
            let file = Span::new(span.file, span.end as usize, span.end as usize);
            self.out.push_made("\n", at(file, origin));
            self.broken(span, origin);
        }
    }

    /// A piece without a line's end, as at the end of a fragment, gets one.
    fn end_line(&mut self, end: usize, here: &Here<'_>) {
        if !self.out.text().ends_with('\n') {
            let span = Span::new(here.template.file, end, end);
            self.out.push_made("\n", at(span, here.origin));
        }
    }

    fn piece(&mut self, range: &Range<usize>, tokens: &Range<usize>, here: &Here<'_>) {
        let tokens = here.template.tokens.get(tokens.clone()).unwrap_or_default();
        let is_sql = |token: &&crate::token::Token| token.kind != crate::token::TokenKind::Comment;
        let last = tokens
            .iter()
            .rfind(is_sql)
            .map(|token| token.span.range().end);
        // A text with `${x}` may end in one, which has tokens of its own.
        let cut = last.unwrap_or(range.start);
        let place = (here.template.file, here.origin);
        for (part, is_head) in [(range.start..cut, true), (cut..range.end, false)] {
            let found =
                substitute::piece(&mut self.out, here.text, part, tokens, place, here.bindings);
            self.report_all(found, here.origin);
            if is_head && last.is_some() {
                self.tail = Some(self.out.text().len());
            }
        }
    }

    /// Something that was reported: the variants that reach it say nothing more.
    fn broken(&mut self, span: Span, origin: Origin) {
        self.tail = None;
        let line = format!("#error {REPORTED}\n");
        self.out.push_made(&line, at(span, origin));
    }

    fn too_large(&mut self, part: &Part, here: &Here<'_>, before: usize) {
        self.stopped = true;
        let span = match part {
            Part::For(head) => head.span,
            Part::Include(include) => include.span,
            Part::Text { range, .. } | Part::Line { range, .. } => {
                Span::new(here.template.file, range.start, range.start)
            }
            Part::Broken(span) => *span,
        };
        let error = Diagnostic::error(
            Code::ExpansionTooLarge,
            span,
            "the written-out text of this model has more than 4 MiB",
        )
        .note(format!("up to here it has {before} bytes"));
        self.report(error, here.origin);
        self.broken(span, here.origin);
    }

    /// Enters an expansion; `false` if it lies too deep.
    fn enter(&mut self, span: Span, origin: Origin) -> bool {
        if self.level < MAXIMUM_LEVELS {
            self.level += 1;
            return true;
        }
        let message =
            format!("more than {MAXIMUM_LEVELS} loops and includes stand within each other");
        self.report(
            Diagnostic::error(Code::ExpansionTooLarge, span, message),
            origin,
        );
        self.broken(span, origin);
        false
    }

    fn rounds(&mut self, head: &Loop, here: &Here<'_>) {
        let elements = match self.elements(head, here) {
            Ok(elements) => elements,
            Err(found) => {
                self.report(found, here.origin);
                return self.broken(head.span, here.origin);
            }
        };
        if !self.enter(head.span, here.origin) {
            return;
        }
        let count = elements.len();
        let variable: Arc<str> = head.variable.value.as_str().into();
        for (index, element) in elements.into_iter().enumerate() {
            if self.stopped || !self.round_fits(head, here.origin) {
                break;
            }
            self.tail = None;
            let kind = ExpansionKind::Iteration {
                variable: Arc::clone(&variable),
                value: Arc::clone(&element.text),
                element: element.span,
                round: (index + 1, count),
            };
            let origin = self.out.add(kind, at(head.span, here.origin));
            let mut bindings = here.bindings.to_vec();
            bindings.push((head.variable.value.clone(), element));
            let inner = Here {
                origin,
                bindings: &bindings,
                ..*here
            };
            self.parts(&head.parts, &inner);
            if let Some(separator) = head.separator.as_ref().filter(|_| index + 1 < count) {
                self.separate(separator, here.origin);
            }
        }
        self.tail = None;
        self.level -= 1;
    }

    fn round_fits(&mut self, head: &Loop, origin: Origin) -> bool {
        self.iterations += 1;
        if self.iterations <= MAXIMUM_ITERATIONS {
            return true;
        }
        let message = format!("the loops of this model have more than {MAXIMUM_ITERATIONS} rounds");
        self.report(
            Diagnostic::error(Code::ExpansionTooLarge, head.span, message),
            origin,
        );
        self.broken(head.span, origin);
        self.stopped = true;
        false
    }

    /// Writes what stands between two rounds: behind the last token of the first, so that no
    /// comment swallows it; where a directive ends the round, on a line of its own.
    fn separate(&mut self, separator: &Spanned<String>, origin: Origin) {
        let span = at(separator.span, origin);
        let text = &separator.value;
        match self.tail {
            Some(tail) => {
                let is_word = |c: char| c.is_alphanumeric() || c == '_';
                let ends = self.out.text()[..tail].ends_with(is_word);
                match ends && text.starts_with(is_word) {
                    true => self.out.insert_made(tail, &format!(" {text}"), span),
                    false => self.out.insert_made(tail, text, span),
                }
            }
            None => self.out.push_made(&format!("{text}\n"), span),
        }
    }

    fn include(&mut self, include: &Include, here: &Here<'_>) {
        let bound = self.arguments(include, here);
        let fragment =
            match bound.and_then(|bindings| Ok((bindings, self.fragment(include, here)?))) {
                Ok((bindings, Some(fragment))) => (bindings, fragment),
                // What is wrong in the fragment was reported there.
                Ok((_, None)) => return self.broken(include.span, here.origin),
                Err(found) => {
                    self.report(found, here.origin);
                    return self.broken(include.span, here.origin);
                }
            };
        if !self.enter(include.span, here.origin) {
            return;
        }
        let (bindings, template) = fragment;
        let file = self.around.files.sources.file(template.file);
        if let Some(found) = unused_argument(include, &file.text, &file.path) {
            self.report(found, here.origin);
        }
        let kind = ExpansionKind::Include {
            path: file.path.as_str().into(),
        };
        let origin = self.out.add(kind, at(include.span, here.origin));
        self.open.push(template.file);
        let inner = Here {
            text: &file.text,
            template: &template,
            origin,
            bindings: &bindings,
        };
        self.parts(&template.parts, &inner);
        self.end_line(file.text.len(), &inner);
        self.open.pop();
        self.level -= 1;
    }

    fn arguments(
        &mut self,
        include: &Include,
        here: &Here<'_>,
    ) -> Result<Vec<Binding>, Diagnostic> {
        let mut bindings = Vec::with_capacity(include.arguments.len());
        for (name, item) in &include.arguments {
            bindings.push((name.value.clone(), self.item(item, here)?));
        }
        Ok(bindings)
    }

    /// The fragment that is meant; `None` if it can't be read, which was reported.
    fn fragment(
        &mut self,
        include: &Include,
        here: &Here<'_>,
    ) -> Result<Option<Rc<Template>>, Diagnostic> {
        let span = include.path.span;
        let path = substitute::text(&include.path.value, here.bindings)
            .map_err(|name| substitute::unknown(&name, span, here.bindings))?;
        let files = self.around.files;
        let paths = |file: &FileId| files.sources.file(*file).path.as_str();
        let clean = path.trim_start_matches("./");
        let Some(file) = files.fragments.iter().find(|file| paths(file) == clean) else {
            return Err(no_fragment(&path, span, files.fragments.iter().map(paths)));
        };
        if !files.is_usable(*file) {
            return Ok(None);
        }
        if self.open.contains(file) {
            let message = format!("`{path}` includes itself");
            return Err(Diagnostic::error(Code::RecursiveExpansion, span, message)
                .hint("a fragment's text would never end: loop with `#for` instead"));
        }
        if let Some(known) = self.fragments.get(file) {
            return Ok(known.clone());
        }
        let text = &files.sources.file(*file).text;
        let (template, found) = template::read(*file, text, 0..text.len(), true);
        let unreadable = found
            .iter()
            .any(|found| matches!(found.code, Code::UnbalancedDirective | Code::SyntaxError));
        self.diagnostics.extend(found);
        let template = (!unreadable).then(|| Rc::new(template));
        self.fragments.insert(*file, template.clone());
        Ok(template)
    }
}

fn at(span: Span, origin: Origin) -> Span {
    Span { origin, ..span }
}

fn no_fragment<'p>(path: &str, span: Span, known: impl Iterator<Item = &'p str>) -> Diagnostic {
    let error = |message: String| Diagnostic::error(Code::UnknownFragment, span, message);
    if path.split('/').any(|part| part == "..") || path.starts_with('/') {
        return error(format!("`{path}` may lie outside the project"))
            .hint("a path starts at the project's folder: `fragments/f.sql`");
    }
    let missing = match path.starts_with("fragments/") && path.ends_with(".sql") {
        true => error(format!("there is no file `{path}`")),
        false => error(format!("`{path}` is no fragment")),
    };
    match nearest(path, known) {
        Some(near) => missing.hint(format!("did you mean `{near}`?")),
        None => missing.hint("fragments are `.sql` files in the folder `fragments/`"),
    }
}

/// An argument that a fragment has no place for is most likely a misspelt one.
fn unused_argument(include: &Include, text: &str, path: &str) -> Option<Diagnostic> {
    let (name, _) = include.arguments.iter().find(|(name, _)| {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        !text.split(|c| !word(c)).any(|part| part == name.value)
    })?;
    let error = Diagnostic::error(
        Code::UnknownLoopVariable,
        name.span,
        format!("`{path}` has no place for `{}`", name.value),
    );
    let names: Vec<String> = substitute::names(text);
    Some(
        match nearest(&name.value, names.iter().map(String::as_str)) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint(format!("remove it, or write `${{{}}}` there", name.value)),
        },
    )
}

//! A text that was written out, and the way from its bytes back to the user's files.
//!
//! The text is cut into segments. A segment is either a piece of a file byte for byte, or was made
//! from a place, as a value that stands for `${x}`. Its span's [`Origin`] is the expansion that it
//! belongs to; an expansion's own place has the origin of what is around it. So a span of the text
//! whose ends belong to different expansions is that of the innermost one around both.

use crate::diagnostic::{Diagnostic, Fix};
use crate::span::{FileId, Origin, Span};
use std::sync::Arc;

/// How many expansions around each other a finding names.
const SHOWN_LEVELS: usize = 4;

/// A written-out text.
#[derive(Clone, Debug)]
pub struct Expanded {
    text: String,
    file: FileId,
    segments: Vec<Segment>,
    expansions: Vec<Expansion>,
}

#[derive(Clone, Copy, Debug)]
struct Segment {
    /// Its first byte in the text.
    start: u32,
    /// Whether it is the bytes at `source`, and not something made there.
    verbatim: bool,
    /// Where it comes from, with the expansion that it belongs to.
    source: Span,
}

/// Something that was written out.
#[derive(Clone, Debug)]
pub struct Expansion {
    /// What it is.
    pub kind: ExpansionKind,
    /// The directive or call, with the expansion around it.
    pub place: Span,
}

/// What was written out.
#[derive(Clone, Debug)]
pub enum ExpansionKind {
    /// One round of a `#for`.
    Iteration {
        /// The loop's variable.
        variable: Arc<str>,
        /// What it stands for.
        value: Arc<str>,
        /// Where that is written.
        element: Span,
        /// Which round, from 1, and of how many.
        round: (usize, usize),
    },
    /// `#include`
    Include {
        /// The fragment.
        path: Arc<str>,
    },
    /// A call of a macro.
    Call {
        /// The macro.
        name: Arc<str>,
    },
    /// A call of an audit.
    Audit {
        /// The audit.
        name: Arc<str>,
    },
}

impl Expanded {
    /// An empty text that stands for a file's.
    pub fn new(file: FileId) -> Self {
        Self {
            text: String::new(),
            file: file.written_out(),
            segments: Vec::new(),
            expansions: Vec::new(),
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the text's spans have as their file.
    pub fn file(&self) -> FileId {
        self.file
    }

    /// Adds an expansion.
    pub(crate) fn add(&mut self, kind: ExpansionKind, place: Span) -> Origin {
        self.expansions.push(Expansion { kind, place });
        Origin(u32::try_from(self.expansions.len()).unwrap_or(u32::MAX))
    }

    fn expansion(&self, origin: Origin) -> Option<&Expansion> {
        let index = (origin.0 as usize).checked_sub(1)?;
        self.expansions.get(index)
    }

    /// Adds the bytes at a place, which `text` are.
    pub(crate) fn push(&mut self, text: &str, source: Span) {
        self.push_segment(text, source, true);
    }

    /// Adds something that was made from what stands at a place.
    pub(crate) fn push_made(&mut self, text: &str, source: Span) {
        self.push_segment(text, source, false);
    }

    fn push_segment(&mut self, text: &str, source: Span, verbatim: bool) {
        if text.is_empty() {
            return;
        }
        let start = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.text.push_str(text);
        if let Some(last) = self.segments.last_mut()
            && verbatim
            && last.verbatim
            && last.source.end == source.start
            && last.source.file == source.file
            && last.source.origin == source.origin
        {
            last.source.end = source.end;
            return;
        }
        self.segments.push(Segment {
            start,
            verbatim,
            source,
        });
    }

    /// An empty text that goes on with the expansions of another one.
    pub(super) fn after(before: &Expanded) -> Self {
        Self {
            text: String::new(),
            file: before.file,
            segments: Vec::new(),
            expansions: before.expansions.clone(),
        }
    }

    /// Adds a range of the text that this one goes on from.
    pub(super) fn push_from(&mut self, before: &Expanded, range: std::ops::Range<usize>) {
        let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let (from, to) = (byte(range.start), byte(range.end));
        let first = before
            .segments
            .partition_point(|segment| segment.start <= from);
        for (index, segment) in before
            .segments
            .iter()
            .enumerate()
            .skip(first.saturating_sub(1))
        {
            let next = before.segments.get(index + 1);
            let end = next
                .map_or(byte(before.text.len()), |next| next.start)
                .min(to);
            let start = segment.start.max(from);
            if start >= end {
                break;
            }
            let mut source = segment.source;
            if segment.verbatim {
                source.end = source.start + (end - segment.start);
                source.start += start - segment.start;
            }
            let text = &before.text[start as usize..end as usize];
            self.push_segment(text, source, segment.verbatim);
        }
    }

    /// Puts something made between what stands there already, near its end.
    pub(super) fn insert_made(&mut self, at: usize, text: &str, source: Span) {
        let behind = self.text.split_off(at.min(self.text.len()));
        let cut = u32::try_from(at).unwrap_or(u32::MAX);
        let first = self.segments.partition_point(|segment| segment.start < cut);
        let mut moved = self.segments.split_off(first);
        if let Some(last) = self.segments.last_mut()
            && moved.first().is_none_or(|next| next.start > cut)
            && !behind.is_empty()
        {
            let mut rest = *last;
            if last.verbatim {
                last.source.end = last.source.start + (cut - last.start);
                rest.source.start = last.source.end;
            }
            rest.start = cut;
            moved.insert(0, rest);
        }
        self.push_made(text, source);
        let shift = u32::try_from(text.len()).unwrap_or(u32::MAX);
        self.text.push_str(&behind);
        self.segments
            .extend(moved.into_iter().map(|segment| Segment {
                start: segment.start + shift,
                ..segment
            }));
    }

    /// The segment of a byte.
    fn segment(&self, byte: u32) -> Option<&Segment> {
        let after = self
            .segments
            .partition_point(|segment| segment.start <= byte);
        self.segments.get(after.checked_sub(1)?)
    }

    /// Where a span of this text was written, with the innermost expansion around it. Other spans
    /// are left as they are.
    pub fn origin(&self, span: Span) -> Span {
        if span.file != self.file {
            return span;
        }
        let last_byte = match span.end > span.start {
            true => span.end - 1,
            false => span.start.saturating_sub(1),
        };
        let first_byte = match span.end > span.start {
            true => span.start,
            false => last_byte,
        };
        let (Some(first), Some(last)) = (self.segment(first_byte), self.segment(last_byte)) else {
            return Span::new(FileId(self.file.0 & !(1 << 31)), 0, 0);
        };
        let mut from = first.source;
        if first.verbatim {
            from.start += first_byte - first.start;
        }
        let mut to = last.source;
        if last.verbatim {
            to.end = to.end.min(to.start + (last_byte + 1 - last.start));
        }
        let (innermost_first, innermost_last) = (from.origin, to.origin);
        // What is around an expansion was added before it, so that both ends meet.
        while from.origin != to.origin {
            let outer = |span: Span| {
                let around = self.expansion(span.origin);
                around.map_or(span, |expansion| expansion.place)
            };
            if from.origin > to.origin {
                from = outer(from);
            } else {
                to = outer(to);
            }
        }
        // Of a directive or call that an end has become, all is meant.
        if to.origin != innermost_last && from.file == to.file {
            from.start = from.start.min(to.start);
        }
        if from.origin != innermost_first && from.file == to.file {
            to.end = to.end.max(from.end);
        }
        let whole = match from.file == to.file && from.start <= to.end {
            true => Span {
                end: to.end,
                ..from
            },
            false => from,
        };
        match span.end > span.start {
            true => whole,
            // An empty span stays one behind the same byte.
            false if last.verbatim && span.start == 0 => Span {
                end: whole.start,
                ..whole
            },
            false if last.verbatim => whole.after(),
            false => whole,
        }
    }

    /// Where a span of this text was written.
    pub fn place(&self, span: Span) -> Span {
        Span {
            origin: Origin::WRITTEN,
            ..self.origin(span)
        }
    }

    /// Where a span of this text was written in one file: what another file holds stands at the
    /// directive or call that brought it here.
    pub fn place_in(&self, file: FileId, span: Span) -> Span {
        let mut place = self.origin(span);
        while place.file != file
            && let Some(expansion) = self.expansion(place.origin)
        {
            place = expansion.place;
        }
        Span {
            origin: Origin::WRITTEN,
            ..place
        }
    }

    /// A finding about this text as one about the user's files, with notes that name what was
    /// written out there.
    pub fn finding(&self, mut found: Diagnostic) -> Diagnostic {
        for label in &mut found.secondary {
            label.span = self.place(label.span);
        }
        found.fix = found.fix.take().and_then(|fix| self.fix(fix));
        let Some(primary) = &mut found.primary else {
            return found;
        };
        let origin = self.origin(primary.span);
        primary.span = Span {
            origin: Origin::WRITTEN,
            ..origin
        };
        self.explain(found, origin.origin)
    }

    /// A fix of this text as one of the user's files; `None` if it would change what isn't written
    /// there as it stands here.
    fn fix(&self, mut fix: Fix) -> Option<Fix> {
        for edit in &mut fix.edits {
            if edit.span.file == self.file {
                edit.span = self.verbatim(edit.span)?;
            }
        }
        Some(fix)
    }

    /// The place of a text that was taken over byte for byte, in one piece, from the model's own
    /// file: a fragment may mean something else where another model includes it.
    fn verbatim(&self, span: Span) -> Option<Span> {
        let last_byte = span.end.saturating_sub(1).max(span.start);
        let first = self.segment(span.start).filter(|first| first.verbatim)?;
        let last = self.segment(last_byte)?;
        let place = |byte: u32| (first.source.start + (byte - first.start)) as usize;
        let is_own = first.source.file.written_out() == self.file;
        (is_own && first.start == last.start && place(span.end) <= first.source.end as usize)
            .then(|| Span::new(first.source.file, place(span.start), place(span.end)))
    }

    /// Says of a finding in which expansions it was made.
    pub(super) fn explain(&self, mut found: Diagnostic, origin: Origin) -> Diagnostic {
        let mut around = self.expansion(origin);
        for _ in 0..SHOWN_LEVELS {
            let Some(expansion) = around else { break };
            let (note, place, label) = expansion.told();
            let place = Span {
                origin: Origin::WRITTEN,
                ..place
            };
            let is_shown = found.primary.iter().any(|label| label.span == place);
            found = found.note(note);
            if !is_shown && let Some(label) = label {
                found = found.and_at(place, label);
            }
            around = self.expansion(expansion.place.origin);
        }
        found
    }
}

impl Expansion {
    /// What a finding says of it: a note, and a place with what is said there.
    fn told(&self) -> (String, Span, Option<String>) {
        match &self.kind {
            ExpansionKind::Iteration {
                variable,
                value,
                element,
                round: (number, count),
            } => (
                format!(
                    "in round {number} of {count} of `#for {variable}`: `{variable}` is `{value}`"
                ),
                *element,
                Some(format!("`{variable}` is `{value}`")),
            ),
            ExpansionKind::Include { path } => (
                format!("in `{path}`, which is included"),
                self.place,
                Some("it is included here".to_owned()),
            ),
            ExpansionKind::Call { name } => (
                format!("in the macro `{name}`"),
                self.place,
                Some("it is called here".to_owned()),
            ),
            ExpansionKind::Audit { name } => (
                format!("in the audit `{name}`"),
                self.place,
                Some("it is called here".to_owned()),
            ),
        }
    }
}

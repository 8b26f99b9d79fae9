//! Findings with the lines they are about, as people read them on a terminal.

use super::lines::boundary;
use crate::diagnostic::{Diagnostic, Label, Severity};
use crate::source::{SourceFile, SourceSet};
use crate::span::FileId;
use annotate_snippets::{Annotation, AnnotationKind, Level, Renderer, Snippet};
use std::fmt::Write;
use std::ops::Range;

/// The width that long source lines are cut to, in columns.
const WIDTH: usize = 80;

/// Every finding with its source lines, its hints and its notes, and a blank line after each.
pub fn full(sources: &SourceSet, diagnostics: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.term_width(WIDTH);
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&one(sources, diagnostic, &renderer));
        text.push('\n');
        for (word, lines) in [("hint", &diagnostic.hints), ("note", &diagnostic.notes)] {
            for line in lines {
                let _ = writeln!(text, "{}: {line}", heading(word, colour));
            }
        }
        let _ = writeln!(
            text,
            "{}: `dbgo explain {}` tells more\n",
            heading("note", colour),
            diagnostic.code
        );
    }
    text
}

/// `hint` and `note` stand at the line's start, where annotate-snippets has no place for them.
fn heading(word: &str, colour: bool) -> String {
    if colour {
        format!("\u{1b}[1m\u{1b}[96m{word}\u{1b}[0m")
    } else {
        word.to_owned()
    }
}

fn one(sources: &SourceSet, diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code.text());
    let mut group = title.elements(std::iter::empty::<Snippet<'_, Annotation<'_>>>());
    for (file, labels) in by_file(diagnostic) {
        group = group.element(snippet(sources.file(file), &labels));
    }
    renderer.render(&[group]).to_string()
}

/// The labels by their files, the primary one's first; the others in the order they come.
fn by_file(diagnostic: &Diagnostic) -> Vec<(FileId, Vec<(AnnotationKind, &Label)>)> {
    let mut files: Vec<(FileId, Vec<(AnnotationKind, &Label)>)> = Vec::new();
    let primary = diagnostic
        .primary
        .iter()
        .map(|label| (AnnotationKind::Primary, label));
    let secondary = diagnostic
        .secondary
        .iter()
        .map(|label| (AnnotationKind::Context, label));
    for (kind, label) in primary.chain(secondary) {
        match files.iter_mut().find(|(file, _)| *file == label.span.file) {
            Some((_, labels)) => labels.push((kind, label)),
            None => files.push((label.span.file, vec![(kind, label)])),
        }
    }
    files
}

/// How many lines are kept around the labels of a file: what annotate-snippets shows at most.
const LINES_AROUND: usize = 2;

/// A snippet of only the part of a file that its labels lie in, so that the cost of rendering
/// doesn't grow with the file.
fn snippet<'s>(
    file: &'s SourceFile,
    labels: &[(AnnotationKind, &'s Label)],
) -> Snippet<'s, Annotation<'s>> {
    let text: &str = &file.text;
    let ranges: Vec<Range<usize>> = labels
        .iter()
        .map(|(_, label)| {
            let start = boundary(text, label.span.start as usize);
            start..boundary(text, label.span.end as usize).max(start)
        })
        .collect();
    let first = ranges.iter().map(|range| range.start).min().unwrap_or(0);
    let last = ranges.iter().map(|range| range.end).max().unwrap_or(0);
    let from = lines_before(text, first, LINES_AROUND);
    let to = lines_after(text, last, LINES_AROUND);
    let line = text[..from].bytes().filter(|byte| *byte == b'\n').count() + 1;
    let annotations = labels.iter().zip(ranges).map(|((kind, label), range)| {
        let annotation = kind.span(range.start - from..range.end - from);
        if label.text.is_empty() {
            annotation
        } else {
            annotation.label(label.text.as_str())
        }
    });
    Snippet::source(&text[from..to])
        .line_start(line)
        .path(file.path.as_str())
        .annotations(annotations)
}

fn lines_before(text: &str, at: usize, count: usize) -> usize {
    let ends = text[..at].rmatch_indices('\n').map(|(end, _)| end + 1);
    ends.into_iter().nth(count).unwrap_or(0)
}

fn lines_after(text: &str, at: usize, count: usize) -> usize {
    let mut ends = text[at..].match_indices('\n').map(|(end, _)| at + end + 1);
    ends.nth(count).unwrap_or(text.len())
}
